//! Two servers on one Redis behind HAProxy and behind nginx, with the very configurations
//! of `ops/haproxy.cfg` and `ops/nginx.conf`: nothing is lost when a server stops or dies.

use std::cell::Cell;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use ordertop::client::{Client, ClientConfig, ClientEvent, Credentials};
use ordertop::replica::Change;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use crate::redis_server::Redis;
use crate::support::{Caller, TOKEN, binary, command, paid, within};

/// Between two tries of what a balancer could not pass on just now.
const TRY_AGAIN: Duration = Duration::from_millis(50);

/// One server of several.
struct Node {
    child: Child,
    address: SocketAddr,
    store: String,
}

impl Node {
    async fn start(store: &str) -> Self {
        let (child, address) = Self::launch("127.0.0.1:0", store).await;
        let store = store.to_owned();
        Self {
            child,
            address,
            store,
        }
    }

    /// Starts it again at the address that the balancer knows.
    async fn restart(&mut self) {
        let (child, address) = Self::launch(&self.address.to_string(), &self.store).await;
        assert_eq!(address, self.address);
        self.child = child;
    }

    async fn launch(listen: &str, store: &str) -> (Child, SocketAddr) {
        let mut child = command(&binary("ordertop-server"))
            .args(["serve", "--listen", listen, "--store", store])
            .env("ORDERTOP_MASTER_TOKEN", TOKEN)
            .env("ORDERTOP_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        let read = within("the server's first line", out.read_line(&mut line)).await;
        read.expect("text");
        let address = line.trim().strip_prefix("listening on http://");
        let address = address.unwrap_or_else(|| panic!("not an address: {line:?}"));
        (child, address.parse().expect("an address"))
    }

    async fn end_by(&mut self, signal: Signal) -> ExitStatus {
        let pid = i32::try_from(self.child.id().expect("it runs")).expect("a process id");
        kill_process(Pid::from_raw(pid).expect("not zero"), signal).expect("it runs");
        within("the server to end", self.child.wait())
            .await
            .expect("a status")
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many sockets it has.
    async fn followers(&self) -> u64 {
        let caller = Caller::anonymous(&self.url()).token(TOKEN);
        let status = caller.get("/status").await;
        status.expect(200)["followers"].as_u64().expect("a count")
    }
}

/// Which program balances.
#[derive(Debug, Clone, Copy)]
enum Program {
    Haproxy,
    Nginx,
}

impl Program {
    /// The program with its configuration of `ops/` between these addresses; what it writes
    /// goes to `folder`.
    fn command(self, front: SocketAddr, servers: [SocketAddr; 2], folder: &Path) -> Command {
        let ops = Path::new(env!("CARGO_MANIFEST_DIR")).join("ops");
        let [a, b] = servers.map(|address| address.to_string());
        match self {
            Self::Haproxy => {
                let mut command = Command::new("haproxy");
                command.arg("-db").arg("-f").arg(ops.join("haproxy.cfg"));
                let addresses = [("FRONT", front.to_string()), ("A", a), ("B", b)];
                for (name, address) in addresses {
                    command.env(format!("ORDERTOP_{name}"), address);
                }
                command
            }
            Self::Nginx => {
                // It takes no variables.
                let config = std::fs::read_to_string(ops.join("nginx.conf")).expect("a file");
                let mut ours = config.clone();
                for (port, address) in [(8081, a), (8082, b), (8088, front.to_string())] {
                    let sample = format!("127.0.0.1:{port}");
                    assert_eq!(config.matches(&sample).count(), 1, "{sample}");
                    ours = ours.replace(&sample, &address);
                }
                let file = folder.join("nginx.conf");
                std::fs::write(&file, ours).expect("a file");
                let mut command = Command::new("nginx");
                let in_front = ["-g", "daemon off; master_process off;"];
                command.arg("-p").arg(folder).arg("-c").arg(file);
                command.args(["-e", "stderr"]).args(in_front);
                command
            }
        }
    }
}

/// A balancer in front of two servers.
struct Balancer {
    url: String,
    _child: Child,
    _folder: TempDir,
}

impl Balancer {
    async fn start(program: Program, a: &Node, b: &Node) -> Self {
        loop {
            // They take no port 0: another program may take this one first.
            let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
            let front = free.expect("a free port");
            let folder = tempfile::tempdir().expect("a folder");
            let mut command = program.command(front, [a.address, b.address], folder.path());
            let mut child = command
                .kill_on_drop(true)
                .stdin(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap_or_else(|_| {
                    panic!("install {program:?} (Debian, Ubuntu: apt-get install)")
                });
            let url = format!("http://{front}");
            let ready = within("the balancer to pass requests on", async {
                while child.try_wait().expect("a child").is_none() {
                    if passes(&url).await {
                        return true;
                    }
                    tokio::time::sleep(TRY_AGAIN).await;
                }
                false
            });
            if ready.await {
                return Self {
                    url,
                    _child: child,
                    _folder: folder,
                };
            }
        }
    }

    fn support(&self) -> Caller {
        Caller::anonymous(&self.url).token(TOKEN)
    }

    /// Places an order as a careful caller does: what was not answered is sent
    /// again, and is the same order.
    async fn place(&self, number: &str) {
        let order = paid("42", number);
        within(&format!("{number} to be placed"), async {
            loop {
                let request = self
                    .support()
                    .request(reqwest::Method::POST, "/api/orders/");
                match request.json(&order).send().await {
                    Ok(answer) if answer.status().is_success() => return,
                    Ok(answer) if !answer.status().is_server_error() => {
                        panic!("{number} was answered {answer:?}")
                    }
                    Ok(_) | Err(_) => tokio::time::sleep(TRY_AGAIN).await,
                }
            }
        })
        .await;
    }
}

async fn passes(url: &str) -> bool {
    let ready = reqwest::get(format!("{url}/readyz")).await;
    ready.is_ok_and(|answer| answer.status() == 200)
}

/// A client that follows vendor 42 through the balancer, and what it was told.
struct Follower {
    _client: Client,
    events: mpsc::Receiver<ClientEvent>,
    snapshots: usize,
    /// Offset and order of each event.
    applied: Vec<(u64, String)>,
}

impl Follower {
    async fn start(url: &str) -> Self {
        let credentials = Credentials {
            master_token: TOKEN.to_owned(),
        };
        let vendor = "42".parse().expect("a vendor");
        let server = url.parse().expect("an address");
        let config = ClientConfig::new(server, Some(vendor), credentials);
        let (client, events) = Client::start(config).expect("a client");
        let mut follower = Self {
            _client: client,
            events,
            snapshots: 0,
            applied: Vec::new(),
        };
        while follower.snapshots == 0 {
            follower.read().await;
        }
        follower
    }

    async fn read(&mut self) {
        let event = within("the client to tell something", self.events.recv()).await;
        let ClientEvent::Changes(changes) = event.expect("the client runs") else {
            return;
        };
        for change in changes {
            match change {
                Change::Snapshot { .. } => self.snapshots += 1,
                Change::Event { event, .. } => {
                    let number = event.order_number.to_string();
                    self.applied.push((event.offset, number));
                }
                Change::Order { .. } => {}
            }
        }
    }

    /// Waits until it knows of as many orders as were placed, in their order.
    async fn has_all(&mut self, placed: &[String]) {
        while self.applied.len() < placed.len() {
            self.read().await;
        }
        let expected = (1..).zip(placed.iter().cloned());
        assert_eq!(
            self.applied,
            expected.collect::<Vec<_>>(),
            "each once, in order"
        );
        assert_eq!(self.snapshots, 1, "what was missed was replayed");
    }
}

/// Places some more orders through the balancer, one after the other.
async fn place_some(balancer: &Balancer, placed: &mut Vec<String>) {
    for _ in 0..10 {
        let number = format!("A-{}", placed.len() + 1);
        balancer.place(&number).await;
        placed.push(number);
    }
}

/// The server that has the client's socket.
async fn with_socket(nodes: &mut [Node; 2]) -> &mut Node {
    let socket_is_at = within("the socket to be at one of them", async {
        loop {
            match (nodes[0].followers().await, nodes[1].followers().await) {
                (1, 0) => return 0,
                (0, 1) => return 1,
                _ => tokio::time::sleep(TRY_AGAIN).await,
            }
        }
    });
    let at = socket_is_at.await;
    &mut nodes[at]
}

#[tokio::test]
async fn behind_haproxy_a_server_stops_another_dies_and_nothing_is_lost() {
    a_server_stops_another_dies_and_nothing_is_lost(Program::Haproxy).await;
}

#[tokio::test]
async fn behind_nginx_a_server_stops_another_dies_and_nothing_is_lost() {
    a_server_stops_another_dies_and_nothing_is_lost(Program::Nginx).await;
}

/// One server after the other is restarted, as the documents say, while sockets are open.
#[tokio::test]
async fn behind_nginx_no_request_fails_in_a_rolling_restart() {
    const SOCKETS: usize = 40;
    let redis = Redis::start().await;
    let mut nodes = [
        Node::start(&redis.url()).await,
        Node::start(&redis.url()).await,
    ];
    let balancer = Balancer::start(Program::Nginx, &nodes[0], &nodes[1]).await;
    let vendor: Value = json!({"id": "42", "name": "Acme"});
    let added = balancer.support().post("/api/vendors/", &vendor).await;
    assert_eq!(added.status, 201, "{added:?}");
    let mut followers = Vec::new();
    for _ in 0..SOCKETS {
        followers.push(Follower::start(&balancer.url).await);
    }
    let stop = Cell::new(false);
    let asking = async {
        let (mut asked, mut failed) = (0, Vec::new());
        while !stop.get() {
            let url = format!("{}/api/orders/vendor/", balancer.url);
            let request = reqwest::Client::new().get(url);
            let request = request.header("X-Master-Token", TOKEN);
            let answer = request.header("X-Vendor-ID", "42").send().await;
            asked += 1;
            match answer.map(|answer| answer.status().as_u16()) {
                Ok(200) => {}
                other => failed.push(format!("{other:?}")),
            }
        }
        (asked, failed)
    };
    let restarting = async {
        for _ in 0..2 {
            for node in &mut nodes {
                let status = node.end_by(Signal::TERM).await;
                assert!(status.success(), "{status}");
                node.restart().await;
                within("it to be ready", async {
                    while !passes(&node.url()).await {
                        tokio::time::sleep(TRY_AGAIN).await;
                    }
                })
                .await;
            }
        }
        stop.set(true);
    };
    let ((asked, failed), ()) = tokio::join!(asking, restarting);
    assert!(failed.is_empty(), "{} of {asked}: {failed:?}", failed.len());
    let number = ["A-1".to_owned()];
    balancer.place(&number[0]).await;
    for follower in &mut followers {
        follower.has_all(&number).await;
    }
}

async fn a_server_stops_another_dies_and_nothing_is_lost(program: Program) {
    let redis = Redis::start().await;
    let mut nodes = [
        Node::start(&redis.url()).await,
        Node::start(&redis.url()).await,
    ];
    let balancer = Balancer::start(program, &nodes[0], &nodes[1]).await;
    let vendor: Value = json!({"id": "42", "name": "Acme"});
    let added = balancer.support().post("/api/vendors/", &vendor).await;
    assert_eq!(added.status, 201, "{added:?}");
    let mut follower = Follower::start(&balancer.url).await;

    // Whichever server takes a change, the one with the socket tells of it.
    let mut placed = Vec::new();
    for node in &nodes {
        let number = format!("A-{}", placed.len() + 1);
        let support = Caller::anonymous(&node.url()).token(TOKEN);
        support.place(&paid("42", &number)).await;
        placed.push(number);
    }
    place_some(&balancer, &mut placed).await;
    follower.has_all(&placed).await;

    // A rolling restart: one is stopped while orders come in, and started again.
    let node = with_socket(&mut nodes).await;
    let (status, ()) = tokio::join!(
        node.end_by(Signal::TERM),
        place_some(&balancer, &mut placed)
    );
    assert!(status.success(), "{status}");
    follower.has_all(&placed).await;
    node.restart().await;

    // One dies as by a power cut.
    let node = with_socket(&mut nodes).await;
    let (_, ()) = tokio::join!(
        node.end_by(Signal::KILL),
        place_some(&balancer, &mut placed)
    );
    follower.has_all(&placed).await;

    let listed = balancer.support().vendor("42");
    let mut numbers = listed.numbers("/api/orders/vendor/?limit=1000").await;
    numbers.sort();
    placed.sort();
    assert_eq!(numbers, placed, "the store has what was answered");
}
