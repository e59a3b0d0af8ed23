//! A running `ordertop-server`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Child;
use tokio::sync::watch;

use super::process::command;
use super::{Caller, Finished, Socket, TOKEN, binary, within};

/// The real server on a port and a store of its own. Dropping it kills the
/// process and removes the store; a failing test shows what the server said.
pub(crate) struct TestServer {
    child: Child,
    address: SocketAddr,
    said: Said,
    settings: Settings,
    dir: TempDir,
}

/// All that the server wrote after its first line.
type Said = watch::Receiver<String>;

struct Settings {
    /// `None` for a file in the server's own directory.
    store: Option<String>,
    args: Vec<String>,
    token: Option<&'static str>,
}

impl TestServer {
    /// A server with the vendor 42, Acme.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[], &["42"]).await
    }

    /// A server with more arguments and these vendors.
    pub(crate) async fn start_with(args: &[&str], vendors: &[&str]) -> Self {
        let server = Self::on(None, args).await;
        for id in vendors {
            let vendor = json!({"id": id, "name": format!("Vendor {id}")});
            let answer = server.support().post("/api/vendors/", &vendor).await;
            assert_eq!(answer.status, 201, "{answer:?}");
        }
        server
    }

    /// A server on this store, which is as it is; several may share it.
    pub(crate) async fn start_on(store: &str, args: &[&str]) -> Self {
        Self::on(Some(store.to_owned()), args).await
    }

    async fn on(store: Option<String>, args: &[&str]) -> Self {
        let args = args.iter().map(ToString::to_string).collect();
        let token = Some(TOKEN);
        Self::new(Settings { store, args, token }).await
    }

    /// A server that is given no token, without vendors.
    pub(crate) async fn start_without_token() -> Self {
        let (args, token) = (Vec::new(), None);
        let store = None;
        Self::new(Settings { store, args, token }).await
    }

    async fn new(settings: Settings) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let (child, address, said) = launch(&dir, "127.0.0.1:0", &settings).await;
        Self {
            child,
            address,
            said,
            settings,
            dir,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.dir.path().join("orders.db")
    }

    /// Someone without credentials.
    pub(crate) fn anonymous(&self) -> Caller {
        Caller::anonymous(&self.url())
    }

    /// Support, service and admin: the master token alone.
    pub(crate) fn support(&self) -> Caller {
        self.anonymous().token(TOKEN)
    }

    /// A vendor.
    pub(crate) fn vendor(&self, vendor: &str) -> Caller {
        self.support().vendor(vendor)
    }

    /// A vendor's socket, open and welcomed.
    pub(crate) async fn socket(&self, vendor: &str) -> Socket {
        let path = format!("/ws/vendor/{vendor}/orders/");
        let headers = [("X-Master-Token", TOKEN), ("X-Vendor-ID", vendor)];
        let mut socket = Socket::open(self.address, &path, &headers)
            .await
            .expect("the socket opens");
        socket.next_of("welcome").await;
        socket
    }

    /// Asks the server to end.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = self.child.id().expect("the server runs");
        let pid = Pid::from_raw(i32::try_from(pid).expect("a process id")).expect("not zero");
        kill_process(pid, signal).expect("the server can be signalled");
    }

    /// Waits for the server's end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        within("the server to end", self.child.wait())
            .await
            .expect("a status")
    }

    /// Kills the server as a power cut would, and waits until it is gone.
    pub(crate) async fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.ended().await;
    }

    /// Starts it again: same store, same port.
    pub(crate) async fn restart(&mut self) {
        let listen = self.address.to_string();
        let (child, address, said) = launch(&self.dir, &listen, &self.settings).await;
        assert_eq!(address, self.address);
        (self.child, self.said) = (child, said);
    }

    /// Starts a second server on the same store, which must refuse; answers
    /// how it ended.
    pub(crate) async fn start_second(&self) -> Finished {
        let store = self.store();
        let store = store.to_str().expect("UTF-8");
        let args = ["serve", "--listen", "127.0.0.1:0", "--store", store];
        let env = [("ORDERTOP_MASTER_TOKEN", TOKEN)];
        super::run("ordertop-server", &args, &env).await
    }

    /// The token that a server without one made and printed.
    pub(crate) async fn made_token(&self) -> String {
        let mut said = self.said.clone();
        let printed = said.wait_for(|said| token_in(said).is_some());
        let said = within("a token to be printed", printed).await;
        let said = said.expect("the server runs");
        token_in(&said).expect("just seen").to_owned()
    }

    /// The server answers and can commit.
    pub(crate) async fn is_well(&self) {
        let answer = self.anonymous().get("/readyz").await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            #[expect(clippy::print_stderr, reason = "libtest shows it with the failure")]
            {
                eprintln!("--- the server on {} said:", self.address);
                eprintln!("{}", *self.said.borrow());
            }
        }
    }
}

/// What follows `ORDERTOP_MASTER_TOKEN=`, once its line is whole.
fn token_in(said: &str) -> Option<&str> {
    let (_, rest) = said.split_once("ORDERTOP_MASTER_TOKEN=")?;
    let (line, _) = rest.split_once('\n')?;
    line.split_whitespace().next()
}

async fn launch(dir: &TempDir, listen: &str, settings: &Settings) -> (Child, SocketAddr, Said) {
    let store = match &settings.store {
        Some(store) => PathBuf::from(store),
        None => dir.path().join("orders.db"),
    };
    let mut child = command(&binary("ordertop-server"))
        .args(["serve", "--listen", listen, "--store"])
        .arg(store)
        .args(&settings.args)
        .envs(settings.token.map(|token| ("ORDERTOP_MASTER_TOKEN", token)))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the server starts");
    let (tell, mut said) = watch::channel(String::new());
    collect(child.stderr.take().expect("a pipe"), tell.clone());
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    within("the server's first line", stdout.read_line(&mut line))
        .await
        .expect("text");
    let Some(address) = line.trim().strip_prefix("listening on http://") else {
        // Wait for the end of stderr, which says why.
        drop((tell, child.start_kill()));
        within("the server to end", async {
            while said.changed().await.is_ok() {}
        })
        .await;
        panic!("the first line was {line:?}; stderr:\n{}", *said.borrow());
    };
    let address = address.parse().expect("an address and a port");
    collect(stdout, tell);
    (child, address, said)
}

/// Keeps reading, so that the server never waits for a full pipe.
fn collect(from: impl AsyncRead + Unpin + Send + 'static, said: watch::Sender<String>) {
    tokio::spawn(async move {
        let mut lines = BufReader::new(from).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            said.send_modify(|said| {
                said.push_str(&line);
                said.push('\n');
            });
        }
    });
}
