//! Bad input: a clear error or clean text each time, and the server goes on.

use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, RawConnection, Socket, TOKEN, TestServer, paid};

const ORDERS: &str = "/api/orders/";

async fn post_raw(server: &TestServer, path: &str, kind: &str, body: Vec<u8>) -> Answer {
    let request = server.vendor("42").request(Method::POST, path);
    Answer::to(request.header("Content-Type", kind).body(body)).await
}

/// A JSON error: an object with a sentence, or the seed's list of sentences.
fn check_error(answer: &Answer, status: u16) {
    let body = answer.expect(status);
    let said = body.get("error").or_else(|| body.get("status"));
    assert!(said.is_some_and(|said| !said.is_null()), "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn a_body_of_two_mebibytes_is_too_large() {
    let server = TestServer::start().await;
    let body = format!("{{\"order_number\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    for path in [ORDERS, "/api/orders/A-1/update-status/"] {
        let answer = post_raw(&server, path, "application/json", body.clone().into()).await;
        check_error(&answer, 413);
        server.is_well().await;
    }
    // The same without a length, in chunks: the limit counts what comes.
    let mut chunked = RawConnection::open(server.address()).await;
    let head = format!(
        "POST {ORDERS} HTTP/1.1\r\nHost: x\r\nX-Master-Token: {TOKEN}\r\nX-Vendor-ID: 42\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    chunked.write(&head).await;
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x1_0000));
    for _ in 0..17 {
        chunked.write(&chunk).await;
    }
    chunked.write("0\r\n\r\n").await;
    assert_eq!(chunked.status().await, 413);
    server.is_well().await;
}

#[tokio::test]
async fn what_is_not_json_is_refused() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let paths = [
        ORDERS,
        "/api/orders/A-1/update-status/",
        "/api/orders/update-status/",
    ];
    for path in paths {
        for body in [
            "",
            "not json",
            "{",
            "7",
            "null",
            "\u{0}",
            "{\"status\":\"Shipped\"}}",
        ] {
            let answer = post_raw(&server, path, "application/json", body.into()).await;
            check_error(&answer, 400);
        }
        let latin = post_raw(
            &server,
            path,
            "application/json",
            b"{\"status\":\"\xe9\"}".to_vec(),
        );
        check_error(&latin.await, 400);
        let deep = "[".repeat(100_000);
        check_error(
            &post_raw(&server, path, "application/json", deep.into()).await,
            400,
        );
        let form = post_raw(
            &server,
            path,
            "application/x-www-form-urlencoded",
            "status=Shipped".into(),
        );
        // The old system takes a form there.
        if path != "/api/orders/A-1/update-status/" {
            check_error(&form.await, 415);
        }
        let charset = post_raw(&server, path, "text/html; charset=utf-8", "{}".into());
        check_error(&charset.await, 415);
        server.is_well().await;
    }
    assert_eq!(server.vendor("42").detail("A-1").await["status"], "Paid");
}

#[tokio::test]
async fn wrong_types_are_refused_and_change_nothing() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let vendor = server.vendor("42");
    for wrong in [
        json!({"status": 7}),
        json!({"status": null}),
        json!({"status": ["Shipped"]}),
        json!({"status": {"Shipped": true}}),
        json!({"status": ""}),
        json!({"status": "Shipped", "expected_version": "one"}),
        json!({"status": "Shipped", "expected_version": -1}),
        json!({"status": "Shipped", "shipment": "by post"}),
        json!({"status": "Shipped", "reason": 7}),
        json!([{"status": "Shipped"}]),
        // A list of a request's fields is no request.
        json!(["Shipped"]),
    ] {
        let answer = vendor.post("/api/orders/A-1/update-status/", &wrong).await;
        check_error(&answer, 400);
    }
    server.is_well().await;
    assert_eq!(vendor.detail("A-1").await["version"], 1);
}

#[tokio::test]
async fn unknown_paths_and_methods_answer_as_json() {
    let server = TestServer::start().await;
    for (method, path, status) in [
        (Method::GET, "/", 404),
        (Method::GET, "/api/", 404),
        (Method::GET, "/api/orders/vendor/../../../etc/passwd", 404),
        (Method::GET, "/api/orders/%00/vendor-detail/", 404),
        (Method::GET, "/api/orders/%ff%fe/vendor-detail/", 404),
        (Method::DELETE, "/api/orders/vendor/", 405),
        (Method::GET, "/api/orders/A-1/update-status/", 405),
    ] {
        let answer = Answer::to(server.vendor("42").request(method.clone(), path)).await;
        // An order number that cannot be one is as good a 400 as a 404.
        let fits = answer.status == status || path.contains('%') && answer.status == 400;
        assert!(fits, "{method} {path}: {answer:?}");
        assert!(
            answer.json()["error"].is_string(),
            "{method} {path}: {answer:?}"
        );
    }
    let long = format!("/api/orders/{}/vendor-detail/", "9".repeat(5_000));
    let answer = server.vendor("42").get(&long).await;
    assert!(matches!(answer.status, 400 | 404 | 414), "{answer:?}");
    server.is_well().await;
}

#[tokio::test]
async fn strange_credentials_are_only_wrong() {
    let server = TestServer::start().await;
    let list = |name: &'static str, value: Vec<u8>| {
        let value = reqwest::header::HeaderValue::from_bytes(&value).unwrap();
        let request = server
            .anonymous()
            .request(Method::GET, "/api/orders/vendor/");
        Answer::to(request.header("X-Vendor-ID", "42").header(name, value))
    };
    for value in [
        b"".to_vec(),
        b"\xff\xfe".to_vec(),
        "x".repeat(6_000).into_bytes(),
    ] {
        let answer = list("X-Master-Token", value).await;
        assert_eq!(answer.status, 401, "{answer:?}");
    }
    for vendor in ["", "a/b", "42 ", "' OR 1=1 --", "\u{e9}"] {
        let request = server.support().request(Method::GET, "/api/orders/vendor/");
        let value = reqwest::header::HeaderValue::from_bytes(vendor.as_bytes()).unwrap();
        let answer = Answer::to(request.header("X-Vendor-ID", value)).await;
        // Blanks at the ends of a header's value are not part of it.
        let expected = if vendor.trim() == "42" { 200 } else { 401 };
        assert_eq!(answer.status, expected, "{vendor:?}: {answer:?}");
    }
    server.is_well().await;
}

#[tokio::test]
async fn names_come_back_clean() {
    let server = TestServer::start().await;
    let long = "名".repeat(10_000);
    let zalgo = format!("a{}", "\u{301}".repeat(5_000));
    type IsClean = fn(&str) -> bool;
    let table: [(&str, IsClean); 9] = [
        ("", |seen| seen.is_empty()),
        ("   ", |seen| seen.is_empty()),
        (&long, |seen| {
            seen.chars().count() == 200 && seen.ends_with('…')
        }),
        (&zalgo, |seen| seen.chars().count() < 10),
        ("Jane \u{1b}[2J\u{1b}[HDoe", |seen| seen == "Jane Doe"),
        ("\u{1b}]0;owned\u{7}Ana", |seen| seen == "Ana"),
        ("pay\u{202e}cod\u{202c}", |seen| seen == "paycod"),
        ("Ben &amp; J&eacute;r&ocirc;me", |seen| {
            seen == "Ben & Jérôme"
        }),
        ("a\nb\tc\u{0}d", |seen| seen == "a b cd"),
    ];
    let mut socket = server.socket("42").await;
    for (at, (name, is_clean)) in table.iter().enumerate() {
        let number = format!("A-{at}");
        let mut order = paid("42", &number);
        order["buyer"]["name"] = (*name).into();
        order["ship_to"]["line1"] = (*name).into();
        order["lines"][0]["title"] = (*name).into();
        server.support().place(&order).await;
        let seen = server.vendor("42").detail(&number).await;
        let event = socket.next_of("order_created").await;
        for order in [&seen, &event["order"]] {
            let shown = order["customer_name"].as_str().unwrap();
            assert!(is_clean(shown), "{name:.40?} became {shown:?}");
            check_clean(order);
        }
    }
    server.is_well().await;
}

/// No text anywhere in it can steer a terminal.
fn check_clean(value: &Value) {
    match value {
        Value::String(text) => assert!(!text.chars().any(char::is_control), "{text:?}"),
        Value::Array(items) => items.iter().for_each(check_clean),
        Value::Object(fields) => fields.values().for_each(check_clean),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[tokio::test]
async fn a_reason_comes_back_clean() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let path = "/api/orders/A-1/update-status/?vendor=42";
    let reason = format!("lost\u{1b}[31m {}", "x".repeat(10_000));
    let change = json!({"status": "Refunded", "reason": reason});
    server.support().post(path, &change).await.expect(200);
    let history = server
        .vendor("42")
        .get("/api/orders/A-1/history/")
        .await
        .expect(200);
    let kept = history["history"][1]["reason"].as_str().unwrap();
    assert!(
        kept.starts_with("lost x") && kept.chars().count() == 2_000,
        "{kept:.40}"
    );
    check_clean(&history);
}

#[tokio::test]
async fn a_broken_handshake_is_an_http_error() {
    let server = TestServer::start().await;
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let version = "Sec-WebSocket-Version: 13\r\n";
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    let table = [
        ("no key", "GET", format!("{upgrade}{version}"), 400),
        (
            "a short key",
            "GET",
            format!("{upgrade}{version}Sec-WebSocket-Key: dGhl\r\n"),
            400,
        ),
        ("no version", "GET", format!("{upgrade}{key}"), 426),
        (
            "an old version",
            "GET",
            format!("{upgrade}{key}Sec-WebSocket-Version: 8\r\n"),
            426,
        ),
        (
            "no upgrade",
            "GET",
            format!("Connection: Upgrade\r\n{key}{version}"),
            426,
        ),
        (
            "another upgrade",
            "GET",
            format!("Upgrade: h2c\r\nConnection: Upgrade\r\n{key}{version}"),
            426,
        ),
        (
            "no connection header",
            "GET",
            format!("Upgrade: websocket\r\n{key}{version}"),
            400,
        ),
        (
            "POST",
            "POST",
            format!("{upgrade}{key}{version}Content-Length: 0\r\n"),
            405,
        ),
    ];
    for (what, method, headers, status) in table {
        let mut connection = RawConnection::open(server.address()).await;
        let request = format!(
            "{method} /ws/vendor/42/orders/ HTTP/1.1\r\nHost: x\r\nX-Master-Token: {TOKEN}\r\n\
             X-Vendor-ID: 42\r\n{headers}\r\n"
        );
        connection.write(&request).await;
        let answered = connection.status().await;
        // RFC 6455, section 4.2.2, asks for 426 on a wrong version alone; where
        // nothing was asked to be upgraded, 400 says the same.
        let fits = answered == status || status == 426 && answered == 400;
        assert!(fits, "{what}: {answered}");
        server.is_well().await;
    }
}

#[tokio::test]
async fn a_message_that_is_too_large_closes_the_socket_for_good() {
    let server = TestServer::start().await;
    let mut neighbour = server.socket("42").await;
    let mut socket = server.socket("42").await;
    let text = format!(
        "{{\"type\":\"ping\",\"timestamp\":\"{}\"}}",
        "x".repeat(65 * 1024)
    );
    socket.send_text(&text).await;
    assert_eq!(socket.closed(|frame| panic!("{frame}")).await, Some(4505));
    neighbour.is_quiet().await;
    server.is_well().await;
}

#[tokio::test]
async fn broken_frames_end_only_their_own_socket() {
    let server = TestServer::start().await;
    let mut neighbour = server.socket("42").await;
    // Reserved bits, unmasked, longer than anything; then another protocol.
    for garbage in [&"\u{7f}".repeat(32), "GET / HTTP/1.1\r\n\r\n"] {
        let mut raw = RawConnection::open(server.address()).await;
        let handshake = format!(
            "GET /ws/vendor/42/orders/ HTTP/1.1\r\nHost: x\r\nX-Master-Token: {TOKEN}\r\n\
             X-Vendor-ID: 42\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        raw.write(&handshake).await;
        // The accept value of RFC 6455, section 1.3.
        raw.read_until("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=").await;
        raw.write(garbage).await;
        raw.read_to_end().await;
        neighbour.is_quiet().await;
    }
    server.is_well().await;
}

#[tokio::test]
async fn a_socket_that_leaves_without_a_word_costs_nothing() {
    let server = TestServer::start().await;
    for _ in 0..20 {
        drop(server.socket("42").await);
    }
    let mut socket: Socket = server.socket("42").await;
    server.support().place(&paid("42", "A-1")).await;
    socket.next_of("order_created").await;
    server.is_well().await;
}

#[tokio::test]
async fn whoever_sends_a_head_slowly_is_cut_off() {
    let server = TestServer::start().await;
    let started = Instant::now();
    let mut slow = RawConnection::open(server.address()).await;
    slow.write("GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        .await;
    server.is_well().await;
    let answer = slow.read_to_end().await;
    assert!(!answer.contains("200 OK"), "{answer}");
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
    server.is_well().await;
}

#[tokio::test]
async fn broken_frames_are_told_what_they_are() {
    let server = TestServer::start().await;
    // The close codes as RFC 6455, section 7.4.1, numbers them.
    let table: [(&str, &[u8], &str); 4] = [
        ("unmasked", &[0x81, 0x02, b'h', b'i'], "\u{3}"),
        ("a reserved bit", &[0xc1, 0x80, 0, 0, 0, 0], "\u{3}"),
        ("an unknown opcode", &[0x83, 0x80, 0, 0, 0, 0], "\u{3}"),
        ("no UTF-8", &[0x81, 0x81, 0, 0, 0, 0, 0xff], "\u{3}"),
    ];
    for (what, frame, code) in table {
        let mut raw = RawConnection::open(server.address()).await;
        raw.write(format!(
            "GET /ws/vendor/42/orders/ HTTP/1.1\r\nHost: h\r\nX-Master-Token: {TOKEN}\r\n\
             Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Ordertop-Protocol: 1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ))
        .await;
        raw.read_until("welcome").await;
        raw.write(frame).await;
        let said = raw.read_until("a broken frame").await;
        assert!(said.contains(code), "{what}: {said:?}");
    }
    server.is_well().await;
}
