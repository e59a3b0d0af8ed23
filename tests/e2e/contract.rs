//! The contract of the system that ordertop replaces, line by line, with the
//! corrections that `docs/PROTOCOL.md` names: an unknown order and another
//! vendor's answer 404, a body that is not JSON 400.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Caller, Socket, TOKEN, TestServer, order, paid, placed_at};

const NO_CREDENTIALS: &str =
    r#"{"error":"Vendor authentication required. Please provide X-Vendor-ID header."}"#;
const SUCCESS: &str = "Order status updated successfully";

/// A server where vendor 42 has three orders, placed a minute apart.
async fn three_orders() -> TestServer {
    let server = TestServer::start_with(&[], &["42", "43"]).await;
    for (minute, (number, status)) in [("A-1", "Pending"), ("A-2", "Paid"), ("A-3", "Shipped")]
        .into_iter()
        .enumerate()
    {
        let mut order = order("42", number, status);
        order["placed_at"] = placed_at(u32::try_from(minute).unwrap()).into();
        server.support().place(&order).await;
    }
    server
}

#[tokio::test]
async fn the_list_is_an_array_newest_first() {
    let server = three_orders().await;
    let vendor = server.vendor("42");
    for path in ["/api/orders/vendor/", "/api/orders/vendor"] {
        assert_eq!(vendor.numbers(path).await, ["A-3", "A-2", "A-1"], "{path}");
    }
    let other = server.vendor("43").get("/api/orders/vendor/").await;
    assert_eq!(other.expect(200), json!([]));
}

#[tokio::test]
async fn the_list_is_filtered_by_status_and_cut_by_limit() {
    let server = three_orders().await;
    let vendor = server.vendor("42");
    let table: [(&str, &[&str]); 8] = [
        ("?status=Shipped", &["A-3"]),
        ("?status=Pending,Shipped", &["A-3", "A-1"]),
        ("?status=Delivered", &[]),
        ("?limit=1", &["A-3"]),
        ("?limit=2", &["A-3", "A-2"]),
        ("?limit=1000", &["A-3", "A-2", "A-1"]),
        ("?status=Paid&limit=1", &["A-2"]),
        ("?a_field_of_tomorrow=1", &["A-3", "A-2", "A-1"]),
    ];
    for (query, numbers) in table {
        let path = format!("/api/orders/vendor/{query}");
        assert_eq!(vendor.numbers(&path).await, numbers, "{query}");
    }
    // Outside our range: as the old system takes it, and refused to callers who speak our protocol.
    let all: &[&str] = &["A-3", "A-2", "A-1"];
    let table = [
        ("?limit=0", &[][..]),
        ("?limit=-1", all),
        ("?limit=many", all),
        ("?limit=5000", all),
        ("?status=Lost", &[]),
        ("?status=Lost&limit=5000", &[]),
    ];
    for (query, numbers) in table {
        let path = format!("/api/orders/vendor/{query}");
        assert_eq!(vendor.numbers(&path).await, numbers, "{query}");
        let request = vendor.request(Method::GET, &path);
        let answer = Answer::to(request.header("Ordertop-Protocol", "1")).await;
        answer.refused(400, "bad_query");
    }
}

#[tokio::test]
async fn a_list_without_a_limit_is_whole_for_those_who_do_not_page() {
    let server = TestServer::start_with(&[], &["42", "43"]).await;
    for part in 0..3 {
        let orders = (0..450).map(|n| paid("42", &format!("A-{}", part * 450 + n)));
        let orders: Vec<_> = orders.collect();
        let placed = server.support().post("/api/orders/", &json!(orders)).await;
        placed.expect(200);
    }
    let vendor = server.vendor("42");
    let mut paged = Vec::new();
    let mut path = "/api/orders/vendor/".to_owned();
    while !path.is_empty() {
        let request = vendor.request(Method::GET, &path);
        let page = Answer::to(request.header("Ordertop-Protocol", "1")).await;
        let rows = page.expect(200);
        paged.extend(rows.as_array().unwrap().clone());
        let link = page.header("link").split_once('>');
        path = link.map_or(String::new(), |(link, _)| link[1..].to_owned());
    }
    assert_eq!(paged.len(), 1_350);
    let whole = vendor.get("/api/orders/vendor/").await;
    assert_eq!(whole.header("link"), "");
    assert_eq!(whole.header("content-type"), "application/json");
    let position = vendor.position().await;
    assert_eq!(whole.header("etag").trim_matches('"'), position);
    assert!(
        whole.expect(200) == json!(paged),
        "the same orders in the same order"
    );
    let most = vendor
        .get("/api/orders/vendor/?limit=1200")
        .await
        .expect(200);
    assert!(
        most == json!(paged[..1_200]),
        "{}",
        most.as_array().unwrap().len()
    );
    let none = vendor.get("/api/orders/vendor/?status=Refunded").await;
    assert_eq!(none.expect(200), json!([]));
    let support = server.support().get("/api/orders/vendor/?vendor=42").await;
    assert_eq!(support.expect(200).as_array().unwrap().len(), 1_350);
}

#[tokio::test]
async fn a_form_changes_a_status_as_json_does() {
    let server = three_orders().await;
    let vendor = server.vendor("42");
    let send = |number: &str, form: &'static str| {
        let path = format!("/api/orders/{number}/update-status/");
        let request = vendor.request(Method::POST, &path);
        let kind = "application/x-www-form-urlencoded; charset=UTF-8";
        Answer::to(request.header("Content-Type", kind).body(form))
    };
    let shipped = send("A-2", "status=Shipped&expected_version=1&reason=it+left").await;
    let body = shipped.expect(200);
    assert_eq!(
        (&body["status"], &body["new_status"]),
        (&json!(SUCCESS), &json!("Shipped"))
    );
    let stale = send("A-2", "status=Delivered&expected_version=1").await;
    stale.refused(409, "version_conflict");
    let early = send("A-1", "status=Delivered").await.expect(400);
    assert_eq!(
        early,
        json!({"status": ["Order must be shipped before marking as delivered"]})
    );
    for form in ["", "state=Shipped", "{\"status\":\"Shipped\"}"] {
        let required = send("A-1", form).await.expect(400);
        assert_eq!(
            required,
            json!({"status": ["This field is required."]}),
            "{form}"
        );
    }
}

#[tokio::test]
async fn a_socket_of_the_old_dashboard_hears_its_pong_first_and_its_bell() {
    let server = TestServer::start().await;
    let headers = [("X-Master-Token", TOKEN), ("X-Vendor-ID", "42")];
    let path = "/ws/vendor/42/orders/";
    let old = Socket::open_old(server.address(), path, &headers).await;
    let mut old = old.unwrap();
    old.is_quiet().await;
    server.support().place(&paid("42", "A-1")).await;
    assert_eq!(old.next_of("order_created").await["order_number"], "A-1");
    let bell = old.next_of("new_notification").await;
    assert_eq!(bell["data"]["notification_type"], "order_created", "{bell}");
    assert_eq!(bell["data"]["order_number"], "A-1", "{bell}");
    let mut test = paid("42", "A-2");
    test["flags"] = json!({"test": true});
    server.support().place(&test).await;
    old.next_of("order_created").await;
    server.vendor("42").set("A-1", "Shipped").await.expect(200);
    old.next_of("order_status_update").await;
    old.is_quiet().await;

    // Whoever says the protocol, by header, subprotocol or position, is welcomed.
    let position = server.vendor("42").position().await;
    let with_position = format!("{path}?position={position}");
    let subprotocol = ("Sec-WebSocket-Protocol", "other, ordertop.v1");
    let ours = [
        (path, ("Ordertop-Protocol", "1")),
        (path, subprotocol),
        (&with_position, ("X-Request-Id", "1")),
    ];
    for (path, said) in ours {
        let headers = [&headers[..], &[said]].concat();
        let opened = Socket::open_old(server.address(), path, &headers).await;
        let mut socket = opened.unwrap();
        socket.next_of("welcome").await;
        let chosen = socket.headers.get("Sec-WebSocket-Protocol");
        let offered = said == subprotocol;
        assert_eq!(
            chosen.map(|v| v.as_bytes()),
            offered.then_some(&b"ordertop.v1"[..])
        );
    }
}

#[tokio::test]
async fn an_order_has_the_seeds_fields_and_their_types() {
    let server = TestServer::start().await;
    let placed = json!({
        "vendor_id": "42", "order_number": "A-1", "status": "Paid", "currency": "EUR",
        "placed_at": "2026-11-23T17:31:33.960982Z",
        "buyer": {"name": "cust", "email": "customer@example.com"},
        "lines": [{"sku": "P", "title": "p", "qty": 1, "unit_price": "5.00"}]
    });
    server.support().place(&placed).await;
    let vendor = server.vendor("42");
    let list = vendor.get("/api/orders/vendor/").await;
    let detail = vendor.get("/api/orders/A-1/vendor-detail/").await;
    for (answer, order) in [
        (&list, list.expect(200)[0].clone()),
        (&detail, detail.expect(200)),
    ] {
        check_seed_order(answer, &order);
    }
    let seed = "2026-11-23T17:31:33.960982Z";
    assert_eq!(list.json()[0]["created_at"], seed, "to the microsecond");
}

fn check_seed_order(answer: &Answer, order: &Value) {
    assert!(order["id"].as_u64().is_some_and(|id| id > 0), "{order}");
    assert_eq!(order["order_number"], "A-1");
    assert_eq!(order["status"], "Paid");
    assert_eq!(order["total_amount"], "5.00");
    assert!(
        answer.text.contains(r#""vendor_total":5.00,"#),
        "a number, written exactly: {}",
        answer.text
    );
    assert_eq!(order["customer_name"], "cust");
    assert_eq!(order["customer_email"], "cu*****@example.com");
    assert_eq!(order["shipping_address"], "");
    assert_eq!(order["delivered_at"], Value::Null);
    assert!(order.as_object().unwrap().contains_key("delivered_at"));
    assert_eq!(order["can_update_status"], true);
    for time in ["created_at", "updated_at"] {
        let time = order[time].as_str().unwrap();
        assert!(time.ends_with('Z'), "{time} is no UTC time");
        time.parse::<jiff::Timestamp>().unwrap();
    }
    for items in ["items", "vendor_items"] {
        let items = order[items].as_array().unwrap();
        assert_eq!(items.len(), 1);
        let item = &items[0];
        assert!(item["id"].is_u64(), "{item}");
        assert_eq!(item["quantity"], 1);
        assert_eq!(item["unit_price"], "5.00");
        assert_eq!(item["total_price"], "5.00");
        let product = &item["product"];
        assert!(product["id"].is_u64(), "{product}");
        assert_eq!(product["name"], "p");
        assert_eq!(product["sku"], "P");
        assert_eq!(product["price"], "5.00");
        assert!(product["thumbnail"].is_string(), "{product}");
    }
}

#[tokio::test]
async fn can_update_status_is_true_while_paid_or_shipped() {
    let server = three_orders().await;
    let vendor = server.vendor("42");
    for (number, may) in [("A-1", false), ("A-2", true), ("A-3", true)] {
        let order = vendor.detail(number).await;
        assert_eq!(order["can_update_status"], may, "{order}");
    }
    vendor.set("A-3", "Delivered").await.expect(200);
    assert_eq!(vendor.detail("A-3").await["can_update_status"], false);
}

#[tokio::test]
async fn a_vendor_sees_masks_that_hold_for_short_names() {
    let server = TestServer::start().await;
    let table = [
        ("A-1", "a@x.io", "*****@x.io"),
        ("A-2", "ab@x.io", "*****@x.io"),
        ("A-3", "abc@x.io", "a*****@x.io"),
        ("A-4", "customers@example.com", "cus*****@example.com"),
    ];
    for (number, email, masked) in table {
        let mut order = paid("42", number);
        order["buyer"] = json!({"name": "Ana", "email": email, "phone": "+49 170 1234567"});
        server.support().place(&order).await;
        let seen = server.vendor("42").detail(number).await;
        assert_eq!(seen["customer_email"], masked, "{email}");
        assert_eq!(seen["customer_phone"], "*****67");
        let path = format!("/api/orders/{number}/vendor-detail/?vendor=42");
        let whole = server.support().get(&path).await.expect(200);
        assert_eq!(whole["customer_email"], email, "support sees all");
        assert_eq!(whole["customer_phone"], "+49 170 1234567");
    }
}

#[tokio::test]
async fn detail_shows_one_order_and_nobody_elses() {
    let server = three_orders().await;
    for path in [
        "/api/orders/A-2/vendor-detail/",
        "/api/orders/A-2/vendor-detail",
    ] {
        let order = server.vendor("42").get(path).await.expect(200);
        assert_eq!(order["order_number"], "A-2", "{path}");
        let other = server.vendor("43").get(path).await;
        assert_eq!(
            other.status, 404,
            "another vendor's does not show: {other:?}"
        );
    }
    let other = server.vendor("43");
    let unknown = other.get("/api/orders/Z-9/vendor-detail/").await;
    let others = other.get("/api/orders/A-2/vendor-detail/").await;
    assert_eq!(
        (unknown.status, unknown.text.replace("Z-9", "A-2")),
        (404, others.text),
        "an unknown order and another's answer alike"
    );
}

#[tokio::test]
async fn a_status_update_answers_as_the_seed_does() {
    let server = three_orders().await;
    let vendor = server.vendor("42");
    for (path, status) in [
        ("/api/orders/A-2/update-status/", "Shipped"),
        ("/api/orders/A-2/update-status", "Delivered"),
    ] {
        let body = vendor.post(path, &json!({ "status": status })).await;
        let body = body.expect(200);
        assert_eq!(body["status"], SUCCESS, "{body}");
        assert_eq!(body["new_status"], status, "{body}");
    }
    let order = vendor.detail("A-2").await;
    assert_eq!(order["status"], "Delivered");
    assert!(
        order["delivered_at"].as_str().unwrap().ends_with('Z'),
        "{order}"
    );
}

/// The seed's refusal: 400 and `{"status":[words]}`, nothing else.
#[track_caller]
fn refused(answer: &Answer, words: &str) {
    assert_eq!(answer.expect(400), json!({ "status": [words] }));
}

#[tokio::test]
async fn a_refused_status_update_answers_in_the_seeds_words() {
    let server = three_orders().await;
    let vendor = server.vendor("42");
    let table = [
        (
            "A-1",
            "Shipped",
            "Order must be paid before marking as shipped",
        ),
        (
            "A-2",
            "Delivered",
            "Order must be shipped before marking as delivered",
        ),
        ("A-1", "Paid", "\"Paid\" is not a valid choice."),
        ("A-2", "Refunded", "\"Refunded\" is not a valid choice."),
        ("A-2", "Lost", "\"Lost\" is not a valid choice."),
        ("A-2", "shipped", "\"shipped\" is not a valid choice."),
    ];
    for (number, status, words) in table {
        refused(&vendor.set(number, status).await, words);
    }
    for body in [json!({}), json!({"reason": "because"})] {
        let path = "/api/orders/A-2/update-status/";
        let answer = vendor.post(path, &body).await;
        refused(&answer, "This field is required.");
    }
    for number in ["A-1", "A-2", "A-3"] {
        assert_eq!(vendor.detail(number).await["version"], 1, "{number} moved");
    }
}

#[tokio::test]
async fn unknown_and_foreign_orders_answer_404_and_no_json_400() {
    let server = three_orders().await;
    let foreign = server.vendor("43").set("A-2", "Shipped").await;
    let unknown = server.vendor("43").set("Z-9", "Shipped").await;
    for answer in [foreign, unknown] {
        assert_eq!(answer.status, 404, "{answer:?}");
        assert!(answer.json()["error"].is_string(), "{answer:?}");
    }
    let vendor = server.vendor("42");
    let path = "/api/orders/A-2/update-status/";
    for body in ["", "Shipped", "{\"status\":", "[]", "\"Shipped\""] {
        let request = vendor.request(Method::POST, path);
        let request = request.header("Content-Type", "application/json");
        let answer = Answer::to(request.body(body)).await;
        assert_eq!(answer.status, 400, "{body:?}: {answer:?}");
        answer.json();
    }
    assert_eq!(vendor.detail("A-2").await["status"], "Paid");
}

#[tokio::test]
async fn every_call_needs_a_token_and_a_vendor() {
    let server = three_orders().await;
    let strangers: [(&str, Caller); 6] = [
        ("nothing", server.anonymous()),
        ("no token", server.anonymous().vendor("42")),
        (
            "a wrong token",
            server.anonymous().token("wrong").vendor("42"),
        ),
        (
            "half a token",
            server.anonymous().token(&TOKEN[..8]).vendor("42"),
        ),
        (
            "more than a token",
            server.anonymous().token(&format!("{TOKEN}x")).vendor("42"),
        ),
        ("no vendor", server.anonymous().token(TOKEN)),
    ];
    for (who, stranger) in strangers {
        for answer in seed_calls(&stranger).await {
            assert_eq!(answer.status, 401, "{who}: {answer:?}");
            assert_eq!(answer.text, NO_CREDENTIALS, "{who}");
        }
    }
    for answer in seed_calls(&server.vendor("99")).await {
        assert_eq!(answer.status, 401, "{answer:?}");
        assert_eq!(answer.text, r#"{"detail":"Invalid vendor ID"}"#);
    }
    assert_eq!(server.vendor("42").detail("A-2").await["status"], "Paid");
}

async fn seed_calls(caller: &Caller) -> [Answer; 3] {
    [
        caller.get("/api/orders/vendor/").await,
        caller.get("/api/orders/A-2/vendor-detail/").await,
        caller.set("A-2", "Shipped").await,
    ]
}

#[tokio::test]
async fn a_socket_answers_pings_and_ignores_what_it_does_not_know() {
    let server = TestServer::start().await;
    let mut socket = server.socket("42").await;
    for noise in [
        "hello",
        "",
        "{",
        "[]",
        "null",
        "\"ping\"",
        r#"{"type":"subscribe"}"#,
        r#"{"type":7}"#,
        r#"{"no":"type"}"#,
    ] {
        socket.send_text(noise).await;
    }
    for timestamp in ["2026-11-23T10:00:00.000Z", "anything"] {
        let ping = json!({"type": "ping", "timestamp": timestamp});
        socket.send(&ping).await;
        let pong = socket.next_of("pong").await;
        assert_eq!(pong, json!({"type": "pong", "timestamp": timestamp}));
    }
}

#[tokio::test]
async fn both_kinds_of_frame_carry_the_seeds_fields() {
    let server = TestServer::start().await;
    for path in ["/ws/vendor/42/orders/", "/ws/vendor/42/orders"] {
        let headers = [("X-Master-Token", TOKEN), ("X-Vendor-ID", "42")];
        let mut socket = Socket::open(server.address(), path, &headers)
            .await
            .unwrap();
        socket.next_of("welcome").await;
        let number = format!("ORD-{}", path.len());
        server.support().place(&paid("42", &number)).await;
        let created = socket.next_of("order_created").await;
        server
            .vendor("42")
            .set(&number, "Shipped")
            .await
            .expect(200);
        let updated = socket.next_of("order_status_update").await;
        for frame in [&created, &updated] {
            assert_eq!(frame["order_number"], *number, "{frame}");
            assert_eq!(frame["vendor_id"], "42", "{frame}");
            let timestamp = frame["timestamp"].as_str().unwrap();
            assert!(timestamp.ends_with('Z'), "{frame}");
            timestamp.parse::<jiff::Timestamp>().unwrap();
        }
        assert_eq!(updated["status"], "Shipped", "{updated}");
    }
}
