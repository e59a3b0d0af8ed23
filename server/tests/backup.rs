//! `ordertop-server backup`: the real binary, beside a real server and alone.

#![expect(
    clippy::unwrap_used,
    reason = "a story that cannot go on fails its test"
)]

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use ordertop::client::{Credentials, Rest};
use ordertop::order::VendorId;
use ordertop::order::placement::Placement;
use ordertop::protocol::rest::Vendor;
use ordertop_server::store::sqlite::SqliteStore;
use ordertop_server::store::{ListQuery, Store, StoreOptions};

const TOKEN: &str = "token-of-the-test-5b1f";

fn server() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ordertop-server"));
    command
        .env("ORDERTOP_MASTER_TOKEN", TOKEN)
        .env("ORDERTOP_LOG", "error")
        .env_remove("ORDERTOP_STORE");
    command
}

fn backup(store: &Path, more: &[&str], file: &Path) -> Output {
    let mut command = server();
    command.arg("backup").arg("--store").arg(store).args(more);
    command.arg(file).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A server that is ended with its test.
struct Running(Child);

impl Running {
    fn start(store: &Path) -> (Self, Rest) {
        let mut command = server();
        command.args(["serve", "--listen", "127.0.0.1:0", "--store"]);
        let mut child = command.arg(store).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap();
        let credentials = Credentials {
            master_token: TOKEN.to_owned(),
        };
        let rest = Rest::new(&address.parse().unwrap(), &credentials).unwrap();
        (Self(child), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn order(n: usize) -> Placement {
    Placement {
        vendor_id: Some("42".to_owned()),
        order_number: format!("A-{n}"),
        currency: "EUR".to_owned(),
        lines: vec![serde_json::from_str(r#"{"sku":"MUG","unit_price":"5.00"}"#).unwrap()],
        ..Placement::default()
    }
}

async fn open(path: &Path) -> SqliteStore {
    let options = StoreOptions::default();
    SqliteStore::open(path, &options, None).await.unwrap()
}

/// How many orders of 42 a store lists.
async fn listed(path: &Path) -> usize {
    let store = open(path).await;
    let query = ListQuery {
        vendor: Some("42".parse::<VendorId>().unwrap()),
        limit: 100_000,
        ..ListQuery::default()
    };
    let listed = store.list(query).await.unwrap().orders.len();
    store.close().await.unwrap();
    listed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_holds_what_was_answered_before_it_and_the_server_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.db");
    let copy = folder.path().join("copy.db");
    let (_server, rest) = Running::start(&path);
    let vendor = Vendor {
        id: "42".parse().unwrap(),
        name: "Acme".to_owned(),
    };
    rest.add_vendor(&vendor).await.unwrap();
    let some: Vec<Placement> = (0..300).map(order).collect();
    rest.place(&some).await.unwrap();
    // Commits one after the other for as long as the backup runs.
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let writing = tokio::spawn(async move {
        let mut n = 300;
        while stopped.try_recv().is_err() {
            rest.place(&[order(n)]).await.unwrap();
            n += 1;
        }
        n
    });
    let (from, to) = (path.clone(), copy.clone());
    let done = tokio::task::spawn_blocking(move || backup(&from, &[], &to));
    let done = done.await.unwrap();
    stop.send(()).unwrap();
    let placed = writing.await.unwrap();
    assert!(done.status.success(), "{}", said(&done));
    assert!(
        said(&done).contains("copied and verified"),
        "{}",
        said(&done)
    );
    let mode = std::fs::metadata(&copy).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let kept = listed(&copy).await;
    assert!((300..=placed).contains(&kept), "{kept} of {placed}");
    let mut left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with("orders.db") && !name.starts_with("copy.db"))
        .collect();
    left.sort();
    assert_eq!(left, [""; 0], "nothing unfinished is left");
}

#[tokio::test]
async fn a_backup_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.db");
    let at = |name: &str| folder.path().join(name);
    let store = open(&path).await;
    store.close().await.unwrap();
    std::fs::write(at("there.db"), "precious").unwrap();
    std::fs::hard_link(&path, at("link.db")).unwrap();
    std::fs::write(
        at("text.txt"),
        "no orders at all, but some words".repeat(200),
    )
    .unwrap();
    let other = rusqlite::Connection::open(at("other.db")).unwrap();
    other.execute_batch("CREATE TABLE t (x)").unwrap();
    drop(other);
    let redis = Path::new("redis://127.0.0.1:1");
    let cases: [(&Path, &str, &[&str], &str); 8] = [
        (&path, "there.db", &[], "replace it with --force"),
        (&path, "orders.db", &["--force"], "is the store itself"),
        (&path, "link.db", &["--force"], "is the store itself"),
        (&path, "missing/copy.db", &[], "cannot write"),
        (&path, ".", &[], "it is a folder"),
        (&at("nothing.db"), "copy.db", &[], "there is no store at"),
        (&at("other.db"), "copy.db", &[], "not an ordertop store"),
        (
            redis,
            "copy.db",
            &[],
            "a Redis is backed up by its own means",
        ),
    ];
    for (store, file, more, expected) in cases {
        let done = backup(store, more, &at(file));
        assert_eq!(done.status.code(), Some(1), "{}", said(&done));
        assert!(said(&done).contains(expected), "{}", said(&done));
    }
    let done = backup(&at("text.txt"), &[], &at("copy.db"));
    assert!(
        said(&done).contains("not an ordertop store"),
        "{}",
        said(&done)
    );
    assert!(!at("copy.db").exists());
    assert_eq!(std::fs::read_to_string(at("there.db")).unwrap(), "precious");
    let done = backup(&path, &["--force"], &at("there.db"));
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!(listed_vendors(&at("there.db")).await, 0);
}

async fn listed_vendors(path: &Path) -> usize {
    open(path).await.vendors().await.unwrap().len()
}
