//! HTTP as its specifications ask: methods, hosts, identity headers, encodings, and callers who do
//! not read.

use std::time::Duration;

use ordertop_server::config::Timing;
use ordertop_server::{Config, Secret, Server};
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::{Answer, Caller, RawConnection, TOKEN, TestServer, paid, within};

/// Every path, with numbers and vendors for its blanks.
const PATHS: [&str; 17] = [
    "/api/orders/",
    "/api/orders/vendor/",
    "/api/orders/vendor/events/",
    "/api/orders/events/",
    "/api/orders/import/",
    "/api/orders/update-status/",
    "/api/orders/A-1/vendor-detail/",
    "/api/orders/A-1/history/",
    "/api/orders/A-1/update-status/",
    "/api/orders/A-1/notes/",
    "/api/orders/A-1/shipments/",
    "/api/vendors/",
    "/ws/orders/",
    "/ws/vendor/42/orders/",
    "/livez",
    "/readyz",
    "/status",
];

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones_and_every_answer_names_the_protocol() {
    let server = TestServer::start().await;
    let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    for path in PATHS {
        let (mut taken, mut allowed) = (Vec::new(), Vec::new());
        for name in methods {
            let method = Method::from_bytes(name.as_bytes()).unwrap();
            let answer = Answer::to(server.anonymous().request(method, path)).await;
            assert_eq!(answer.header("ordertop-protocol"), "1", "{name} {path}");
            if answer.status == 405 {
                allowed.push(answer.header("allow").to_owned());
            } else {
                taken.push(name);
            }
        }
        let taken = taken.join(", ");
        assert!(!allowed.is_empty(), "{path}");
        assert!(
            allowed.iter().all(|told| *told == taken),
            "{path}: {allowed:?}, but takes {taken}"
        );
    }
    let nothing = server.vendor("42").get("/api/nothing/").await;
    nothing.refused(404, "unknown_path");
    assert_eq!(nothing.header("ordertop-protocol"), "1");
    assert_eq!(nothing.header("allow"), "");
}

#[tokio::test]
async fn a_blank_or_doubled_identity_is_nobody() {
    let server = TestServer::start_with(&[], &["42", "43"]).await;
    server.support().place(&paid("42", "A-1")).await;
    let list = "/api/orders/vendor/?vendor=*";
    let ask = |path: &str, headers: &[(&str, &str)]| {
        let mut request = server.anonymous().request(Method::GET, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::to(request)
    };
    let token = ("X-Master-Token", TOKEN);
    for blank in ["", " ", "\t"] {
        let answer = ask(list, &[token, ("X-Vendor-ID", blank)]).await;
        answer.expect(401);
        let answer = ask("/api/vendors/", &[token, ("X-Vendor-ID", blank)]).await;
        answer.refused(401, "blank_vendor");
    }
    for path in [
        list,
        "/api/vendors/",
        "/api/orders/A-1/history/",
        "/ws/vendor/42/orders/",
    ] {
        let vendors = [token, ("X-Vendor-ID", "42"), ("X-Vendor-ID", "43")];
        ask(path, &vendors).await.refused(400, "doubled_header");
        let tokens = [token, ("X-Master-Token", "another"), ("X-Vendor-ID", "42")];
        ask(path, &tokens).await.refused(400, "doubled_header");
    }
}

#[tokio::test]
async fn a_request_names_its_host_once() {
    let server = TestServer::start().await;
    let handshake = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let table = [
        ("1.1", "", 400),
        ("1.1", "Host: a\r\nHost: b\r\n", 400),
        ("1.1", "Host: a\r\n", 200),
        // Balancers' probes.
        ("1.0", "", 200),
    ];
    for (version, host, status) in table {
        let mut raw = RawConnection::open(server.address()).await;
        raw.write(format!("GET /livez HTTP/{version}\r\n{host}\r\n"))
            .await;
        assert_eq!(raw.status().await, status, "HTTP/{version} {host:?}");
    }
    for (host, status) in [
        ("", 400),
        ("Host: a\r\nHost: b\r\n", 400),
        ("Host: a\r\n", 101),
    ] {
        let mut raw = RawConnection::open(server.address()).await;
        let head = format!(
            "GET /ws/vendor/42/orders/ HTTP/1.1\r\n{host}X-Master-Token: {TOKEN}\r\n{handshake}\r\n"
        );
        raw.write(head).await;
        assert_eq!(raw.status().await, status, "{host:?}");
    }
}

#[tokio::test]
async fn a_compressed_body_is_refused_by_the_name_of_its_encoding() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let post = |coding: &'static str| {
        let path = "/api/orders/A-1/update-status/";
        let request = server.vendor("42").request(Method::POST, path);
        let request = request.header("Content-Encoding", coding);
        Answer::to(request.json(&json!({"status": "Shipped"})))
    };
    let refused = post("gzip").await;
    let body = refused.refused(415, "content_encoding");
    assert!(body["error"].as_str().unwrap().contains("`gzip`"), "{body}");
    assert_eq!(refused.header("accept-encoding"), "identity");
    post("identity").await.expect(200);
}

#[tokio::test]
async fn the_status_page_tells_strangers_only_whether_it_is_ready() {
    let server = TestServer::start().await;
    for stranger in [server.anonymous(), server.anonymous().token("wrong")] {
        let page = stranger.get("/status").await.expect(200);
        assert_eq!(page["ready"], true, "{page}");
        let mut fields: Vec<_> = page.as_object().unwrap().keys().collect();
        fields.sort();
        assert_eq!(fields, ["name", "protocol", "ready", "server_time"]);
    }
    for known in [server.support(), server.vendor("42")] {
        let page = known.get("/status").await.expect(200);
        assert_eq!(page["store"]["kind"], "sqlite", "{page}");
        assert_eq!(page["store"]["vendors"], 1, "{page}");
    }
}

#[tokio::test]
async fn callers_who_never_read_give_their_connections_back() {
    const CONNECTIONS: usize = 4;
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        master_token: Some(Secret::new(TOKEN)),
        timing: Timing {
            write_timeout: Duration::from_millis(300),
            ..Timing::default()
        },
        ..Config::new(dir.path().join("orders.db"))
    };
    config.limits.connections = CONNECTIONS;
    let server = Server::bind(config).await.unwrap();
    let address = server.local_addr();
    let support = Caller::anonymous(&format!("http://{address}")).token(TOKEN);
    let vendor = json!({"id": "42", "name": "Acme"});
    support.post("/api/vendors/", &vendor).await.expect(201);
    let mut order = paid("42", "A-1");
    let line = json!({"title": "Mug", "qty": 1, "unit_price": "1.00"});
    (order["lines"], order["totals"]) = (json!(vec![line; 500]), json!({}));
    support.place(&order).await;
    drop(support);
    let mut greedy = Vec::new();
    for _ in 0..CONNECTIONS {
        // A small buffer: what the kernel takes from the server is soon full.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        greedy.push(tokio::spawn(async move {
            let request = format!(
                "GET /api/orders/vendor/?vendor=42 HTTP/1.1\r\nHost: x\r\nX-Master-Token: {TOKEN}\r\n\r\n"
            );
            let requests = request.repeat(100);
            // Until the server closes: it reads no more once it cannot write.
            while stream.write_all(requests.as_bytes()).await.is_ok() {}
        }));
    }
    for greedy in greedy {
        within("the server to close", greedy).await.unwrap();
    }
    let mut honest = TcpStream::connect(address).await.unwrap();
    let request = "GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    honest.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let reading = honest.read_to_string(&mut answer);
    within("an answer", reading).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_store_whose_file_is_gone_takes_nothing_and_says_so() {
    for replaced in [false, true] {
        let server = TestServer::start().await;
        let support = server.support();
        support.place(&paid("42", "A-1")).await;
        std::fs::remove_file(server.store()).unwrap();
        if replaced {
            std::fs::write(server.store(), "another file").unwrap();
        }
        let refused = support.post("/api/orders/", &paid("42", "A-2")).await;
        let refused = refused.refused(503, "store_unavailable");
        assert!(
            !refused.to_string().contains("orders.db"),
            "a path is not told: {refused}"
        );
        // What was found before the file went is remembered for a second.
        within("a red /readyz", async {
            while support.get("/readyz").await.status != 503 {}
        })
        .await;
        let known = support.get("/readyz").await.expect(503);
        assert!(known["reason"].to_string().contains("orders.db"), "{known}");
        let anonymous = server.anonymous().get("/readyz").await.expect(503);
        assert!(
            !anonymous.to_string().contains("orders.db"),
            "a path is not told: {anonymous}"
        );
    }
}
