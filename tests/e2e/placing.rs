//! Placing orders: once, checked, and refused by name.

use serde_json::{Value, json};

use crate::support::{TestServer, paid};

const ORDERS: &str = "/api/orders/";

#[tokio::test]
async fn an_order_is_placed_once_however_often_it_is_sent() {
    let server = TestServer::start().await;
    let support = server.support();
    let first = support.post(ORDERS, &paid("42", "A-1")).await.expect(201);
    assert_eq!(first["result"], "placed", "{first}");
    assert_eq!(first["vendor_id"], "42");
    assert_eq!(first["order_number"], "A-1");
    assert_eq!(first["order"]["total_amount"], "13.90");
    assert_eq!(first["position"], server.vendor("42").position().await);

    let again = support.post(ORDERS, &paid("42", "A-1")).await.expect(200);
    assert_eq!(again["result"], "unchanged", "{again}");
    assert_eq!(again["order"]["id"], first["order"]["id"]);
    assert_eq!(again["position"], first["position"], "no event");

    let mut other = paid("42", "A-1");
    other["lines"][0]["qty"] = 3.into();
    other["totals"] = json!({"shipping": "3.90"});
    support.post(ORDERS, &other).await.expect(409);

    // The same request after the order moved is still the same request.
    server.vendor("42").set("A-1", "Shipped").await.expect(200);
    let late = support.post(ORDERS, &paid("42", "A-1")).await.expect(200);
    assert_eq!(late["result"], "unchanged", "{late}");
    assert_eq!(late["order"]["status"], "Shipped", "{late}");
    assert_eq!(
        server.vendor("42").numbers("/api/orders/vendor/").await,
        ["A-1"]
    );
}

#[tokio::test]
async fn what_is_left_out_of_an_order_is_filled_in() {
    let server = TestServer::start().await;
    let bare = json!({
        "order_number": "A-1", "currency": "JPY",
        "lines": [{"sku": "MUG", "qty": 3, "unit_price": "500"}]
    });
    let body = server.support().vendor("42").place(&bare).await;
    let order = &body["order"];
    assert_eq!(order["vendor_id"], "42", "the header names the vendor");
    assert_eq!(order["status"], "Pending");
    assert_eq!(order["total_amount"], "1500", "yen have no decimals");
    assert_eq!(order["currency"], "JPY");
}

#[tokio::test]
async fn an_array_answers_a_result_for_each_row() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let mut changed = paid("42", "A-1");
    changed["currency"] = "USD".into();
    let rows = json!([
        paid("42", "A-2"),
        paid("42", "A-1"),
        changed,
        paid("99", "A-3"),
        {"vendor_id": "42", "order_number": "A-4", "currency": "EUR", "lines": []},
        "no order",
        paid("42", "A-5"),
    ]);
    let body = server.support().post(ORDERS, &rows).await.expect(200);
    let results = body["results"].as_array().unwrap();
    let words: Vec<_> = results.iter().map(|row| &row["result"]).collect();
    assert_eq!(
        words,
        [
            "placed",
            "unchanged",
            "refused",
            "refused",
            "refused",
            "refused",
            "placed"
        ],
        "{body}"
    );
    for row in results {
        if row["result"] == "refused" {
            assert!(!row["code"].as_str().unwrap().is_empty(), "{row}");
            assert!(!row["error"].as_str().unwrap().is_empty(), "{row}");
        } else {
            assert_eq!(row["vendor_id"], "42", "{row}");
        }
    }
    assert_eq!(results[6]["order_number"], "A-5");
    let mut numbers = server.vendor("42").numbers("/api/orders/vendor/").await;
    numbers.sort();
    assert_eq!(numbers, ["A-1", "A-2", "A-5"]);
}

#[tokio::test]
async fn a_wrong_order_is_refused_with_what_is_wrong() {
    let server = TestServer::start().await;
    let with = |field: &str, value: Value| {
        let mut order = paid("42", "A-1");
        order[field] = value;
        order
    };
    let mut nested = paid("42", "A-1");
    nested["buyer"]["nickname"] = "An".into();
    let table = [
        (with("colour", "red".into()), "colour"),
        (nested, "nickname"),
        (with("totals", json!({"total": "13.91"})), "totals.total"),
        (with("lines", json!([])), "lines"),
        (with("lines", "two mugs".into()), "lines"),
        (with("currency", "EURO".into()), "currency"),
        (with("currency", 978.into()), "currency"),
        (with("status", "Lost".into()), "Lost"),
        (with("order_number", "".into()), "order number"),
        (with("order_number", "A\u{1b}[2J".into()), "order number"),
        (with("placed_at", "yesterday".into()), "placed_at"),
        (
            with("lines", json!([{"sku": "M", "unit_price": 5.0}])),
            "unit_price",
        ),
        (
            with(
                "lines",
                json!([{"sku": "M", "qty": -1, "unit_price": "5.00"}]),
            ),
            "qty",
        ),
        (
            with("lines", json!([{"sku": "M", "unit_price": "5.001"}])),
            "unit_price",
        ),
    ];
    for (wrong, words) in table {
        let answer = server.support().post(ORDERS, &wrong).await;
        let body = answer.expect(400);
        let sentence = body["error"].as_str().unwrap();
        assert!(sentence.contains(words), "{words:?} is not named: {body}");
        assert!(!body["code"].as_str().unwrap().is_empty(), "{body}");
    }
    let missing = json!({"vendor_id": "42", "order_number": "A-1"});
    let body = server.support().post(ORDERS, &missing).await.expect(400);
    assert!(
        body["error"].as_str().unwrap().contains("currency"),
        "{body}"
    );
    let nobody = json!({"order_number": "A-1", "currency": "EUR", "lines": []});
    let body = server.support().post(ORDERS, &nobody).await.expect(400);
    assert!(
        body["error"].as_str().unwrap().contains("vendor_id"),
        "{body}"
    );

    let unknown = server.support().post(ORDERS, &paid("99", "A-1")).await;
    assert_eq!(unknown.status, 404, "{unknown:?}");
    assert!(
        server
            .vendor("42")
            .numbers("/api/orders/vendor/")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_vendor_places_no_orders_for_another() {
    let server = TestServer::start_with(&[], &["42", "43"]).await;
    let answer = server.vendor("42").post(ORDERS, &paid("43", "A-1")).await;
    assert!(matches!(answer.status, 400 | 403), "{answer:?}");
    assert!(
        server
            .vendor("43")
            .numbers("/api/orders/vendor/")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn the_rows_of_an_array_are_committed_in_their_order() {
    let server = TestServer::start().await;
    let begin = server.vendor("42").position().await;
    let numbers: Vec<String> = (0..400).map(|n| format!("R-{n:03}")).collect();
    let rows: Vec<Value> = numbers.iter().map(|number| paid("42", number)).collect();
    let body = server
        .support()
        .post(ORDERS, &json!(rows))
        .await
        .expect(200);
    assert_eq!(body["results"].as_array().unwrap().len(), 400);

    let path = format!("/api/orders/vendor/events/?since={begin}");
    let events = server.vendor("42").get(&path).await.expect(200);
    let events = events["events"].as_array().unwrap();
    let told: Vec<_> = events
        .iter()
        .map(|e| e["order_number"].as_str().unwrap())
        .collect();
    assert_eq!(told, numbers);
}
