//! Who may open a socket, and which pages may call.

use reqwest::Method;
use serde_json::Value;

use crate::support::{Answer, Socket, TOKEN, TestServer, origin, paid};

#[tokio::test]
async fn a_socket_needs_credentials_before_the_upgrade() {
    let server = TestServer::start_with(&[], &["42", "43"]).await;
    type Headers = &'static [(&'static str, &'static str)];
    let table: [(&str, Headers, u16); 7] = [
        ("/ws/vendor/42/orders/", &[], 401),
        ("/ws/vendor/42/orders/", &[("X-Vendor-ID", "42")], 401),
        (
            "/ws/vendor/42/orders/",
            &[("X-Master-Token", "wrong"), ("X-Vendor-ID", "42")],
            401,
        ),
        (
            "/ws/vendor/42/orders/",
            &[("X-Master-Token", TOKEN), ("X-Vendor-ID", "43")],
            403,
        ),
        ("/ws/vendor/99/orders/", &[("X-Master-Token", TOKEN)], 404),
        ("/ws/orders/", &[], 401),
        ("/ws/orders/", &[("X-Master-Token", "wrong")], 401),
    ];
    for (path, headers, status) in table {
        let refused = Socket::open(server.address(), path, headers).await;
        let refused = refused.expect_err("the handshake is refused");
        assert_eq!(refused.status, status, "{path} {headers:?}: {refused:?}");
        let body: Value = serde_json::from_str(&refused.text).unwrap();
        assert!(body.is_object(), "{body}");
    }
}

#[tokio::test]
async fn open_sockets_let_the_seeds_dashboard_connect() {
    let server = TestServer::start_with(&["--open-sockets"], &["42"]).await;
    let mut socket = Socket::open(server.address(), "/ws/vendor/42/orders/", &[])
        .await
        .expect("no credentials are needed");
    socket.next_of("welcome").await;
    server.support().place(&paid("42", "A-1")).await;
    let created = socket.next_of("order_created").await;
    assert_eq!(created["order_number"], "A-1");
    let email = &created["order"]["customer_email"];
    assert_eq!(email, "a*****@example.com", "masked as for a vendor");

    let unknown = Socket::open(server.address(), "/ws/vendor/99/orders/", &[]).await;
    assert_eq!(unknown.expect_err("no such vendor").status, 404);
    let all = Socket::open(server.address(), "/ws/orders/", &[]).await;
    assert_eq!(
        all.expect_err("every vendor's orders are not open").status,
        401
    );
    let rest = server.anonymous().get("/api/orders/vendor/").await;
    assert_eq!(rest.status, 401, "REST stays closed: {rest:?}");
}

#[tokio::test]
async fn a_page_of_another_origin_is_kept_out() {
    let server = TestServer::start().await;
    let page = origin("https://evil.example");
    let headers = [("X-Master-Token", TOKEN), ("X-Vendor-ID", "42"), page];
    let socket = Socket::open(server.address(), "/ws/vendor/42/orders/", &headers).await;
    assert_eq!(socket.expect_err("kept out").status, 403);

    let preflight = preflight(&server, page.1).await;
    assert!(preflight.status >= 400, "{preflight:?}");
    assert_eq!(preflight.header("access-control-allow-origin"), "");

    let call = server
        .vendor("42")
        .request(Method::GET, "/api/orders/vendor/");
    let answer = Answer::to(call.header("Origin", page.1)).await;
    assert_eq!(answer.status, 403, "{answer:?}");
}

#[tokio::test]
async fn a_page_on_the_list_may_connect_and_call() {
    let allowed = "https://dash.example";
    let args = [
        "--allow-origin",
        allowed,
        "--allow-origin",
        "http://localhost:5173",
    ];
    let server = TestServer::start_with(&args, &["42"]).await;
    server.support().place(&paid("42", "A-1")).await;
    for page in [allowed, "http://localhost:5173"] {
        let headers = [
            ("X-Master-Token", TOKEN),
            ("X-Vendor-ID", "42"),
            origin(page),
        ];
        let socket = Socket::open(server.address(), "/ws/vendor/42/orders/", &headers).await;
        socket.expect("let in").next_of("welcome").await;

        let preflight = preflight(&server, page).await;
        assert!(matches!(preflight.status, 200 | 204), "{preflight:?}");
        assert_eq!(preflight.header("access-control-allow-origin"), page);
        let methods = preflight.header("access-control-allow-methods");
        assert!(methods.contains("POST"), "{preflight:?}");
        let headers = preflight.header("access-control-allow-headers");
        for header in ["x-master-token", "x-vendor-id", "content-type"] {
            assert!(headers.to_ascii_lowercase().contains(header), "{headers}");
        }

        let call = server
            .vendor("42")
            .request(Method::GET, "/api/orders/vendor/");
        let answer = Answer::to(call.header("Origin", page)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), page);
    }
    let headers = [
        ("X-Master-Token", TOKEN),
        ("X-Vendor-ID", "42"),
        origin("https://dash.example.evil.example"),
    ];
    let socket = Socket::open(server.address(), "/ws/vendor/42/orders/", &headers).await;
    assert_eq!(socket.expect_err("not on the list").status, 403);
}

/// What a browser asks before a page's call to `update-status`.
async fn preflight(server: &TestServer, page: &str) -> Answer {
    let path = "/api/orders/A-1/update-status/";
    let request = server
        .anonymous()
        .request(Method::OPTIONS, path)
        .header("Origin", page)
        .header("Access-Control-Request-Method", "POST")
        .header(
            "Access-Control-Request-Headers",
            "content-type,x-master-token,x-vendor-id",
        );
    Answer::to(request).await
}
