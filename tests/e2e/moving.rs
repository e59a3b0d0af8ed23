//! The move from the old server: proxies that split its paths between it and ours.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use tokio::process::{Child, Command};

use crate::support::{Caller, OldServer, Socket, TOKEN, TestServer, paid, within};

/// Between two looks whether the proxy listens: it does not say.
const TRY_AGAIN: Duration = Duration::from_millis(50);

/// A proxy in front of both servers.
struct Proxy {
    address: SocketAddr,
    _child: Child,
    _dir: tempfile::TempDir,
}

impl Proxy {
    /// HAProxy or nginx with its sample configuration.
    async fn start(program: &str, ours: SocketAddr, old: SocketAddr) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ops = Path::new(env!("CARGO_MANIFEST_DIR")).join("ops");
        loop {
            // Neither takes port 0: another program may take this one first.
            let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
            let address = free.expect("a free port");
            let mut command = Command::new(program);
            if program == "haproxy" {
                command
                    .arg("-db")
                    .arg("-f")
                    .arg(ops.join("old-server-haproxy.cfg"));
                command.env("ORDERTOP_FRONT", address.to_string());
                command.env("ORDERTOP", ours.to_string());
                command.env("OLD_SERVER", old.to_string());
            } else {
                let sample = std::fs::read_to_string(ops.join("old-server-nginx.conf")).unwrap();
                let mut config = sample;
                for (written, real) in [("8088", address), ("8080", ours), ("8000", old)] {
                    let written = format!("127.0.0.1:{written}");
                    assert!(config.contains(&written), "{written}");
                    config = config.replace(&written, &real.to_string());
                }
                let path = dir.path().join("nginx.conf");
                std::fs::write(&path, config).unwrap();
                command.arg("-p").arg(dir.path()).arg("-c").arg(&path);
                command.args(["-e", "stderr", "-g", "daemon off; master_process off;"]);
            }
            let child = command
                .kill_on_drop(true)
                .stdin(Stdio::null())
                .stderr(Stdio::null())
                .spawn();
            let mut child = child.unwrap_or_else(|e| panic!("install {program}: {e}"));
            let ready = within("the proxy to listen", async {
                while child.try_wait().expect("a child").is_none() {
                    if tokio::net::TcpStream::connect(address).await.is_ok() {
                        return true;
                    }
                    tokio::time::sleep(TRY_AGAIN).await;
                }
                false
            });
            if ready.await {
                return Self {
                    address,
                    _child: child,
                    _dir: dir,
                };
            }
        }
    }
}

async fn paths_are_split(program: &str) {
    let server = TestServer::start_with(&["--open-sockets"], &["42"]).await;
    let old = OldServer::start().await;
    let proxy = Proxy::start(program, server.address(), old.address()).await;
    server.support().place(&paid("42", "A-1")).await;
    let base = format!("http://{}", proxy.address);
    let vendor = Caller::anonymous(&base).token(TOKEN).vendor("42");

    // As the old dashboard does it: list, socket without credentials, detail, step.
    for path in [
        "/api/orders/vendor/",
        "/api/orders/vendor",
        "/api/orders/vendor/?status=Paid",
    ] {
        let list = vendor.get(path).await;
        assert_eq!(list.header("ordertop-protocol"), "1", "{path}: {list:?}");
        assert_eq!(list.expect(200)[0]["order_number"], "A-1");
    }
    let socket = Socket::open_old(proxy.address, "/ws/vendor/42/orders/", &[]).await;
    let mut socket = socket.expect("the old dashboard's socket opens");
    socket.is_quiet().await;
    assert_eq!(vendor.detail("A-1").await["status"], "Paid");
    vendor.set("A-1", "Shipped").await.expect(200);
    let event = socket.next_of("order_status_update").await;
    assert_eq!(
        (&event["order_number"], &event["status"]),
        (&json!("A-1"), &json!("Shipped"))
    );

    // All else is the old server's.
    old.asked();
    for path in [
        "/",
        "/api/orders/",
        "/api/auth/login/",
        "/api/notifications/vendor-notifications/",
    ] {
        let answer = vendor.get(path).await;
        assert_eq!(answer.header("ordertop-protocol"), "", "{path}: {answer:?}");
        old.is_asked(&format!("GET {path}")).await;
    }
}

#[tokio::test]
async fn haproxy_splits_the_paths_between_the_old_server_and_ours() {
    paths_are_split("haproxy").await;
}

#[tokio::test]
async fn nginx_splits_the_paths_between_the_old_server_and_ours() {
    paths_are_split("nginx").await;
}
