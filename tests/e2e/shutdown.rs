//! Starting and ending: what an operator and a service manager see.

use std::net::TcpListener;

use rustix::process::Signal;
use serde_json::json;

use crate::support::{Finished, RawConnection, TOKEN, TestServer, paid, run};

#[tokio::test]
async fn a_signal_finishes_requests_and_closes_sockets() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = TestServer::start().await;
        server.support().place(&paid("42", "A-1")).await;
        let mut socket = server.socket("42").await;
        let mut request = half_a_request(&server).await;

        server.signal(signal);
        let mut frames = Vec::new();
        let code = socket.closed(|frame| frames.push(frame)).await;
        assert_eq!(code, Some(4000), "{frames:?}");
        let [draining] = &frames[..] else {
            panic!("one frame before the close, not {frames:?}")
        };
        assert_eq!(draining["type"], "draining");
        assert!(draining["reconnect_after_ms"].is_u64(), "{draining}");

        // The rest of a request that the server had begun to read.
        request.write(BODY).await;
        let answer = request.read_until("new_status").await;
        assert!(answer.contains("HTTP/1.1 200"), "{answer}");
        assert_eq!(server.ended().await.code(), Some(0), "after {signal:?}");

        server.restart().await;
        assert_eq!(server.vendor("42").detail("A-1").await["status"], "Shipped");
    }
}

const BODY: &str = r#"{"status":"Shipped"}"#;

/// A request whose head the server has read and whose body it waits for: it
/// said so (RFC 9110, section 10.1.1).
async fn half_a_request(server: &TestServer) -> RawConnection {
    let mut connection = RawConnection::open(server.address()).await;
    let head = format!(
        "POST /api/orders/A-1/update-status/ HTTP/1.1\r\nHost: localhost\r\n\
         X-Master-Token: {TOKEN}\r\nX-Vendor-ID: 42\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        BODY.len()
    );
    connection.write(&head).await;
    connection.read_until("100 Continue\r\n\r\n").await;
    connection
}

#[tokio::test]
async fn sockets_are_told_to_come_back_at_different_times() {
    let mut server = TestServer::start().await;
    let mut sockets = Vec::new();
    for _ in 0..6 {
        sockets.push(server.socket("42").await);
    }
    server.signal(Signal::TERM);
    let mut waits = std::collections::BTreeSet::new();
    for mut socket in sockets {
        waits.insert(socket.next_of("draining").await["reconnect_after_ms"].as_u64());
    }
    assert!(waits.len() > 1, "all come back at once: {waits:?}");
    assert_eq!(server.ended().await.code(), Some(0));
}

#[tokio::test]
async fn a_waiting_call_does_not_hold_the_server_up() {
    let mut server = TestServer::start().await;
    let position = server.vendor("42").position().await;
    let mut waiting = RawConnection::open(server.address()).await;
    // Two requests in one packet: once the first is answered, the second is next.
    let request = |path: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nX-Master-Token: {TOKEN}\r\nX-Vendor-ID: 42\r\n\r\n"
        )
    };
    let events = format!("/api/orders/vendor/events/?since={position}&wait=30");
    waiting
        .write(&(request("/livez") + &request(&events)))
        .await;
    waiting.read_until("HTTP/1.1 200").await;
    let started = std::time::Instant::now();
    server.signal(Signal::TERM);
    assert_eq!(server.ended().await.code(), Some(0));
    assert!(
        started.elapsed().as_secs() < 15,
        "it waited for the call's 30 s"
    );
}

/// Runs `serve` with arguments that must make it refuse.
async fn serve(args: &[&str], token: Option<&str>) -> Finished {
    let args: Vec<_> = ["serve"].iter().chain(args).copied().collect();
    let env: Vec<_> = token
        .map(|token| ("ORDERTOP_MASTER_TOKEN", token))
        .into_iter()
        .collect();
    run("ordertop-server", &args, &env).await
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("orders.db");
    let args = ["--listen", &address, "--store", store.to_str().unwrap()];
    let finished = serve(&args, Some(TOKEN)).await;
    assert!(finished.one_sentence().contains(&address), "{finished:?}");
    assert_eq!(finished.stdout, "", "it never listened");
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("text.db"), "an invoice, not a database\n".repeat(100)).unwrap();
    std::fs::create_dir(path("a-directory")).unwrap();
    for store in [
        path("text.db"),
        path("a-directory"),
        path("no/such/place/orders.db"),
    ] {
        let args = ["--listen", "127.0.0.1:0", "--store", &store];
        let finished = serve(&args, Some(TOKEN)).await;
        assert!(
            finished.one_sentence().contains(&store),
            "{store}: {finished:?}"
        );
    }
    let text = std::fs::read_to_string(path("text.db")).unwrap();
    assert!(text.starts_with("an invoice"), "it was written to");
}

#[tokio::test]
async fn a_second_server_on_a_store_is_refused() {
    let server = TestServer::start().await;
    let finished = server.start_second().await;
    let said = finished.one_sentence();
    assert!(
        said.contains(&server.address().to_string()),
        "names who holds it: {said}"
    );
    server.is_well().await;
}

#[tokio::test]
async fn a_bad_flag_is_named_with_what_is_right() {
    for (args, words) in [
        (&["--colour", "red"][..], "--colour"),
        (&["--listen", "nowhere"], "nowhere"),
        (&["--allow-origin", "not a url"], "not a url"),
    ] {
        let finished = serve(args, Some(TOKEN)).await;
        assert!(matches!(finished.code, Some(1..)), "{finished:?}");
        assert!(finished.stderr.contains(words), "{finished:?}");
        assert!(!finished.stderr.contains("panicked"), "{finished:?}");
    }
}

#[tokio::test]
async fn beyond_loopback_a_token_and_a_proxy_are_needed() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("orders.db");
    let args = ["--listen", "0.0.0.0:0", "--store", store.to_str().unwrap()];
    let finished = serve(&args, None).await;
    let said = finished.one_sentence();
    assert!(said.contains("ORDERTOP_MASTER_TOKEN"), "{said}");
    let behind: Vec<_> = args.iter().chain(&["--behind-proxy"]).copied().collect();
    let finished = serve(&behind, None).await;
    assert!(
        finished.one_sentence().contains("ORDERTOP_MASTER_TOKEN"),
        "{finished:?}"
    );
    let finished = serve(&args, Some(TOKEN)).await;
    assert!(
        finished.one_sentence().contains("--behind-proxy"),
        "{finished:?}"
    );
}

#[tokio::test]
async fn on_loopback_a_token_is_made_and_shown() {
    let server = TestServer::start_without_token().await;
    let token = server.made_token().await;
    assert!(token.len() >= 16, "{token:?} can be guessed");
    let body = json!({"id": "42", "name": "Acme"});
    let caller = server.anonymous();
    assert_eq!(caller.post("/api/vendors/", &body).await.status, 401);
    assert_eq!(
        caller
            .token(&token)
            .post("/api/vendors/", &body)
            .await
            .status,
        201
    );
}
