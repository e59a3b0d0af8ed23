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
    for query in ["?limit=0", "?limit=1001", "?limit=many", "?status=Lost"] {
        let answer = vendor.get(&format!("/api/orders/vendor/{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {answer:?}");
        assert!(answer.json()["error"].is_string(), "{query}: {answer:?}");
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
