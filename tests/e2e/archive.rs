//! `ordertop-server export | ordertop-server import`: a store moves whole.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Output, Stdio};

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::support::{Finished, TestServer, binary, order, paid, run, within};

/// Runs a line of shell in which `$SERVER`, `$A` and `$B` are the program and
/// two stores, and writes `input` to it.
async fn shell(line: &str, stores: [&Path; 2], input: &[u8]) -> Finished {
    let mut command = Command::new("sh");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ORDERTOP_") {
            command.env_remove(name);
        }
    }
    let mut child = command
        .args([OsStr::new("-c"), OsStr::new(line)])
        .env("SERVER", binary("ordertop-server"))
        .envs([("A", stores[0]), ("B", stores[1])])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("a shell");
    let mut stdin = child.stdin.take().expect("a pipe");
    let writing = async move {
        // A program that reads no more is no failure of this end.
        let _ = stdin.write_all(input).await;
        drop(stdin);
    };
    let ending = async { tokio::join!(writing, child.wait_with_output()).1 };
    let Output {
        status,
        stdout,
        stderr,
    } = within(line, ending).await.expect("the shell ends");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Finished {
        code: status.code(),
        stdout: text(stdout),
        stderr: text(stderr),
    }
}

const MOVE: &str = r#""$SERVER" export --store "$A" | "$SERVER" import --store "$B""#;

/// A server whose orders have been through something.
async fn lively() -> TestServer {
    let server = TestServer::start_with(&[], &["42", "7"]).await;
    for (vendor, number) in [("42", "A-1"), ("42", "A-2"), ("7", "A-1"), ("7", "注文 7")] {
        server.support().place(&paid(vendor, number)).await;
    }
    server.support().place(&order("42", "A-3", "Pending")).await;
    let vendor = server.vendor("42");
    let shipment =
        json!({"status": "Shipped", "shipment": {"carrier": "DHL", "tracking_number": "JD 1"}});
    let path = "/api/orders/A-1/update-status/";
    vendor.post(path, &shipment).await.expect(200);
    vendor.set("A-2", "Shipped").await.expect(200);
    vendor.undo("A-2").await.expect(200);
    let dispute = json!({"status": "Disputed", "reason": "the buyer phoned — 電話"});
    let path = "/api/orders/注文%207/update-status/?vendor=7";
    server.support().post(path, &dispute).await.expect(200);
    server
}

/// Everything that REST says of the orders, byte for byte.
async fn everything(server: &TestServer) -> Vec<String> {
    let mut said = vec![server.support().get("/api/vendors/").await.text];
    for vendor in ["42", "7"] {
        let caller = server.vendor(vendor);
        let list = caller.get("/api/orders/vendor/").await;
        let rows: Value = list.expect(200);
        said.push(list.text);
        for row in rows.as_array().expect("a list") {
            let number = row["order_number"].as_str().expect("a number");
            for call in ["vendor-detail", "history"] {
                let answer = caller.get(&format!("/api/orders/{number}/{call}/")).await;
                answer.expect(200);
                said.push(answer.text);
            }
        }
    }
    said
}

/// A server that is down, with a store that nobody has open.
async fn stopped() -> TestServer {
    let mut server = TestServer::start_with(&[], &[]).await;
    server.signal(Signal::TERM);
    server.ended().await;
    server
}

#[tokio::test]
async fn a_store_moves_to_another_server_byte_for_byte() {
    let from = lively().await;
    let mut to = stopped().await;
    let (a, b) = (from.store(), to.store());

    // The first server goes on serving meanwhile.
    let moved = shell(MOVE, [&a, &b], b"").await;
    assert_eq!(moved.code, Some(0), "{moved:?}");
    assert!(
        moved.stdout.contains("5 written, 0 present, 0 different"),
        "{moved:?}"
    );
    assert!(
        moved
            .stderr
            .contains("exported 2 vendors, 5 orders, 9 history entries"),
        "{moved:?}"
    );
    let again = shell(MOVE, [&a, &b], b"").await;
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(
        again.stdout.contains("0 written, 5 present, 0 different"),
        "{again:?}"
    );

    to.restart().await;
    assert_eq!(everything(&to).await, everything(&from).await);
    // Events start anew, and the orders go on.
    let vendor = to.vendor("42");
    assert!(vendor.position().await.starts_with("0:"));
    let mut socket = to.socket("42").await;
    vendor.set("A-1", "Delivered").await.expect(200);
    let event = socket.next_of("order_status_update").await;
    assert!(
        event["position"]
            .as_str()
            .is_some_and(|p| p.starts_with("1:")),
        "{event}"
    );
    let history = vendor.get("/api/orders/A-1/history/").await.expect(200);
    assert_eq!(
        history["history"].as_array().map(Vec::len),
        Some(3),
        "{history}"
    );

    // A server that runs is not written under.
    let refused = shell(MOVE, [&a, &b], b"").await;
    assert!(
        refused.stderr.contains("stop the server first"),
        "{refused:?}"
    );
    assert_ne!(refused.code, Some(0));

    // What is otherwise there is left, named, and told by the exit code.
    to.signal(Signal::TERM);
    to.ended().await;
    let differs = shell(MOVE, [&a, &b], b"").await;
    assert_eq!(differs.code, Some(1), "{differs:?}");
    assert!(
        differs.stdout.contains("0 written, 4 present, 1 different"),
        "{differs:?}"
    );
    assert!(differs.stderr.contains("A-1 of vendor 42"), "{differs:?}");
}

#[tokio::test]
async fn an_export_to_a_file_comes_back_and_a_cut_one_says_so() {
    let from = lively().await;
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("backup.jsonl");
    let (a, b) = (from.store(), dir.path().join("new.db"));
    let exported = run(
        "ordertop-server",
        &[
            "export",
            "--store",
            a.to_str().unwrap(),
            "--output",
            file.to_str().unwrap(),
        ],
        &[],
    )
    .await;
    assert_eq!(
        (exported.code, exported.stdout.as_str()),
        (Some(0), ""),
        "{exported:?}"
    );
    let bytes = std::fs::read(&file).expect("the export");
    let left: Vec<_> = std::fs::read_dir(dir.path()).expect("files").collect();
    assert_eq!(left.len(), 1, "nothing unfinished stays: {left:?}");

    // Cut in its last order: the others are in, and it is no success.
    let ends: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').collect();
    let cut = &bytes[..ends[ends.len() - 3] + 9];
    let import = r#""$SERVER" import --store "$B""#;
    let finished = shell(import, [&a, &b], cut).await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stdout.contains("4 written"), "{finished:?}");
    assert!(finished.stderr.contains("is cut"), "{finished:?}");

    // From the file, with a summary for a script.
    let line = format!(r#"{import} --json "{}""#, file.display());
    let finished = shell(&line, [&a, &b], b"").await;
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let summary: Value = serde_json::from_str(&finished.stdout).expect("one object");
    let counts = ["written", "present", "different", "refused", "held"];
    let counts = counts.map(|name| summary[name].as_u64().expect("a count"));
    assert_eq!(counts, [1, 4, 0, 0, 5], "{summary}");

    // One line that was tampered with costs that line, and the success.
    let text = String::from_utf8(bytes).expect("text");
    let hostile = text.replacen("\"Ana Souza\"", "\"\\u001b[2JAna\"", 1);
    assert_ne!(hostile, text);
    let other = dir.path().join("other.db");
    let finished = shell(import, [&a, &other], hostile.as_bytes()).await;
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(finished.stdout.contains("4 written"), "{finished:?}");
    assert!(finished.stderr.contains("buyer.name"), "{finished:?}");
    assert!(!finished.stderr.contains('\u{1b}'), "{finished:?}");
}

#[tokio::test]
async fn what_is_no_export_makes_no_store() {
    let dir = tempfile::tempdir().expect("a directory");
    let (a, b) = (dir.path().join("none.db"), dir.path().join("new.db"));
    let import = r#""$SERVER" import --store "$B""#;
    let table = [
        (import, "", "the input is empty"),
        (import, "[{\"order_number\":\"A-1\"}]", "--vendor"),
        (
            import,
            "{\"format\":\"ordertop-export\",\"version\":9}\n",
            "newer",
        ),
        (MOVE, "", "there is no store at"),
    ];
    for (line, input, said) in table {
        let finished = shell(line, [&a, &b], input.as_bytes()).await;
        assert_eq!(finished.code, Some(1), "{finished:?}");
        assert!(finished.stderr.contains(said), "{finished:?}");
        assert!(!b.exists() && !a.exists(), "{line}");
    }
}

#[tokio::test]
async fn an_export_that_is_imported_with_a_vendor_is_known_for_what_it_is() {
    let from = lively().await;
    let dir = tempfile::tempdir().expect("a directory");
    let line =
        r#""$SERVER" export --output - --store "$A" | "$SERVER" import - --vendor 42 --store "$B""#;
    let finished = shell(line, [&from.store(), &dir.path().join("new.db")], b"").await;
    assert_eq!(
        (finished.code, &*finished.stdout),
        (Some(1), ""),
        "{finished:?}"
    );
    assert!(
        finished.stderr.contains("bring it in without --vendor"),
        "{finished:?}"
    );
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_ends_an_export_quietly() {
    let server = lively().await;
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let export = Command::new(binary("ordertop-server"))
        .args([OsStr::new("export"), OsStr::new("--store")])
        .arg(server.store())
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the program starts");
    let ended = within("the export to end", export.wait_with_output()).await;
    let ended = ended.expect("the program ends");
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
    assert_eq!(ended.status.code(), Some(1), "the export is not whole");
}
