//! Moving orders on: versions, conflicts, undo, reasons, history.

use serde_json::{Value, json};

use crate::support::{TestServer, order, paid};

#[tokio::test]
async fn a_stale_version_is_a_conflict_that_names_who_changed_it() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let path = "/api/orders/A-1/update-status/";
    let change = json!({"status": "Shipped", "expected_version": 1});
    let shipped = server.vendor("42").post(path, &change).await.expect(200);
    assert_eq!(shipped["changed"], true);
    assert_eq!(shipped["order"]["version"], 2);

    let stale = json!({"status": "Cancelled", "reason": "sold out", "expected_version": 1});
    let answer = server
        .support()
        .post(&format!("{path}?vendor=42"), &stale)
        .await;
    let body = answer.refused(409, "version_conflict");
    assert_eq!(body["order"]["version"], 2, "{body}");
    assert_eq!(body["order"]["status"], "Shipped", "{body}");
    assert_eq!(body["changed_by"], json!({"kind": "vendor", "id": "42"}));
    assert_eq!(body["changed_at"], body["order"]["updated_at"], "{body}");
    assert_eq!(server.vendor("42").detail("A-1").await["version"], 2);
}

#[tokio::test]
async fn one_of_two_updates_at_once_wins() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let change = json!({"status": "Shipped", "expected_version": 1});
    let vendor = server.vendor("42");
    let attempts = (0..8).map(|_| vendor.post("/api/orders/A-1/update-status/", &change));
    let answers = futures_util::future::join_all(attempts).await;
    let changed = answers
        .iter()
        .filter(|answer| answer.status == 200 && answer.json()["changed"] == true);
    assert_eq!(changed.count(), 1, "{answers:?}");
    assert_eq!(vendor.detail("A-1").await["version"], 2);
}

#[tokio::test]
async fn the_status_it_has_already_is_success_without_a_change() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let vendor = server.vendor("42");
    let first = vendor.set("A-1", "Shipped").await.expect(200);
    let second = vendor.set("A-1", "Shipped").await.expect(200);
    assert_eq!(second["changed"], false, "{second}");
    assert_eq!(second["new_status"], "Shipped");
    assert_eq!(second["order"]["version"], 2);
    assert_eq!(second["position"], first["position"], "no event");
}

#[tokio::test]
async fn a_vendor_undoes_an_own_shipment_but_not_anothers() {
    let server = TestServer::start().await;
    for number in ["A-1", "A-2"] {
        server.support().place(&paid("42", number)).await;
    }
    let vendor = server.vendor("42");
    vendor.set("A-1", "Shipped").await.expect(200);
    let not_a_choice = json!({"status": ["\"Paid\" is not a valid choice."]});
    let refused = vendor.set("A-1", "Paid").await.expect(400);
    assert_eq!(refused, not_a_choice, "an undo is asked for");
    let undo = json!({"undo": true});
    let path = "/api/orders/A-1/update-status/";
    let undone = vendor.post(path, &undo).await.expect(200);
    assert_eq!(undone["new_status"], "Paid");
    assert_eq!(undone["order"]["version"], 3);
    let again = vendor.post(path, &undo).await.expect(400);
    assert_eq!(again["code"], "nothing_to_undo");

    let path = "/api/orders/A-2/update-status/?vendor=42";
    let shipped = json!({"status": "Shipped"});
    server.support().post(path, &shipped).await.expect(200);
    let path = "/api/orders/A-2/update-status/";
    let refused = vendor.post(path, &undo).await.expect(400);
    assert_eq!(refused["code"], "anothers_step");
}

#[tokio::test]
async fn support_gives_a_reason_where_the_table_asks() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let path = "/api/orders/A-1/update-status/?vendor=42";
    let support = server.support();
    let bare = support.post(path, &json!({"status": "Refunded"})).await;
    assert_eq!(bare.status, 400, "{bare:?}");
    assert!(bare.text.contains("reason"), "{bare:?}");
    let given = json!({"status": "Refunded", "reason": "broken on arrival"});
    let body = support.post(path, &given).await.expect(200);
    assert_eq!(body["order"]["prior_status"], "Paid", "{body}");
    let path = "/api/orders/A-1/history/?vendor=42";
    let history = support.get(path).await.expect(200);
    assert_eq!(history["history"][1]["reason"], "broken on arrival");
}

#[tokio::test]
async fn a_vendor_asks_for_a_cancellation() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let body = server
        .vendor("42")
        .set("A-1", "Cancelled")
        .await
        .expect(200);
    assert_eq!(body["new_status"], "Paid", "{body}");
    assert_eq!(body["order"]["flags"], json!({"cancel_requested": true}));
}

#[tokio::test]
async fn history_tells_who_did_what_when() {
    let server = TestServer::start().await;
    server.support().place(&order("42", "A-1", "Paid")).await;
    let vendor = server.vendor("42");
    vendor.set("A-1", "Shipped").await.expect(200);
    vendor.set("A-1", "Delivered").await.expect(200);
    for path in ["/api/orders/A-1/history/", "/api/orders/A-1/history"] {
        let body = vendor.get(path).await.expect(200);
        let history = body["history"].as_array().unwrap();
        let rows: Vec<_> = history
            .iter()
            .map(|row| (&row["version"], &row["action"], &row["from"], &row["to"]))
            .collect();
        assert_eq!(
            rows,
            [
                (&json!(1), &json!("placed"), &json!(null), &json!("Paid")),
                (
                    &json!(2),
                    &json!("status"),
                    &json!("Paid"),
                    &json!("Shipped")
                ),
                (
                    &json!(3),
                    &json!("status"),
                    &json!("Shipped"),
                    &json!("Delivered")
                ),
            ]
        );
        assert_ne!(history[0]["actor"]["kind"], "vendor");
        assert_eq!(history[2]["actor"], json!({"kind": "vendor", "id": "42"}));
        assert!(history[2]["at"].as_str().unwrap().ends_with('Z'));
    }
    let unknown = vendor.get("/api/orders/Z-9/history/").await;
    assert_eq!(unknown.status, 404, "{unknown:?}");
}

#[tokio::test]
async fn a_shipment_comes_with_the_status() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let change = json!({
        "status": "Shipped",
        "shipment": {"carrier": "DHL", "tracking_number": "JJD0001"}
    });
    let path = "/api/orders/A-1/update-status/";
    server.vendor("42").post(path, &change).await.expect(200);
    let order = server.vendor("42").detail("A-1").await;
    assert_eq!(order["shipments"][0]["carrier"], "DHL", "{order}");
    assert_eq!(order["shipments"][0]["tracking_number"], "JJD0001");
}

#[tokio::test]
async fn many_orders_change_in_one_call() {
    let server = TestServer::start().await;
    for number in ["A-1", "A-2", "A-3"] {
        server.support().place(&paid("42", number)).await;
    }
    let vendor = server.vendor("42");
    vendor.set("A-2", "Shipped").await.expect(200);
    let bulk = json!({"orders": [
        {"order_number": "A-1", "status": "Shipped"},
        {"order_number": "A-2", "status": "Shipped"},
        {"order_number": "A-3", "status": "Delivered"},
        {"order_number": "Z-9", "status": "Shipped"},
        {"order_number": "A-1", "status": "Delivered", "expected_version": 1},
    ]});
    let body = vendor
        .post("/api/orders/update-status/", &bulk)
        .await
        .expect(200);
    let results = body["results"].as_array().unwrap();
    let words: Vec<_> = results.iter().map(|row| &row["result"]).collect();
    assert_eq!(
        words,
        ["changed", "unchanged", "refused", "refused", "refused"],
        "{body}"
    );
    assert_eq!(results[4]["code"], "version_conflict", "{body}");
    assert_eq!(results[0]["order_number"], "A-1", "{body}");
}

#[tokio::test]
async fn the_rows_of_a_bulk_change_follow_one_another() {
    let server = TestServer::start().await;
    let orders: Vec<Value> = (0..200).map(|n| paid("42", &format!("B-{n}"))).collect();
    server
        .support()
        .post("/api/orders/", &json!(orders))
        .await
        .expect(200);
    let steps = (0..200).flat_map(|n| {
        ["Shipped", "Delivered"].map(|to| json!({"order_number": format!("B-{n}"), "status": to}))
    });
    let bulk = json!({"orders": steps.collect::<Vec<_>>()});
    let body = server
        .vendor("42")
        .post("/api/orders/update-status/", &bulk)
        .await
        .expect(200);
    let results = body["results"].as_array().unwrap();
    assert_eq!(results.len(), 400);
    assert!(
        results.iter().all(|row| row["result"] == "changed"),
        "{body}"
    );
    assert_eq!(
        server.vendor("42").detail("B-7").await["status"],
        "Delivered"
    );
}

/// An order of 500 lines.
fn long(number: &str) -> Value {
    let mut order = paid("42", number);
    let line = |n| json!({"sku": format!("S-{n}"), "title": "A mug of some kind", "qty": 1, "unit_price": "1.00"});
    order["lines"] = (0..500).map(line).collect();
    order["totals"] = json!({});
    order
}

#[tokio::test]
async fn a_bulk_change_answers_each_order_once() {
    let server = TestServer::start().await;
    server.support().place(&long("L-1")).await;
    server.support().place(&paid("42", "A-1")).await;
    let vendor = server.vendor("42");
    let rows = vec![json!({"order_number": "L-1", "status": "Shipped"}); 1_000];
    let path = "/api/orders/update-status/";
    let answer = vendor.post(path, &json!({"orders": rows})).await;
    let body = answer.expect(200);
    assert!(answer.text.len() < 500_000, "{} bytes", answer.text.len());
    let results = body["results"].as_array().unwrap();
    assert_eq!(results[0]["result"], "changed");
    assert_eq!(results[0]["order"]["items"].as_array().unwrap().len(), 500);
    assert!(results[0]["position"].is_string());
    for row in results {
        assert_eq!(
            (&row["version"], &row["status"]),
            (&json!(2), &json!("Shipped")),
            "{row}"
        );
    }
    for row in &results[1..] {
        assert_eq!(row["result"], "unchanged", "{row}");
        assert!(
            row.get("order").is_none() && row.get("position").is_none(),
            "{row}"
        );
    }

    // The last row that changed an order, or met a conflict, shows it as the request left it.
    let bulk = json!({"orders": [
        {"order_number": "A-1", "status": "Shipped"},
        {"order_number": "A-1", "status": "Delivered"},
        {"order_number": "A-1", "status": "Paid", "expected_version": 1},
        {"order_number": "A-1", "status": "Delivered"},
    ]});
    let body = vendor.post(path, &bulk).await.expect(200);
    let rows = body["results"].as_array().unwrap();
    let shown: Vec<_> = rows.iter().map(|row| row.get("order").is_some()).collect();
    assert_eq!(shown, [false, false, true, false], "{body}");
    assert_eq!(rows[2]["order"]["version"], 3);
    let versions: Vec<_> = rows.iter().map(|row| row["version"].as_u64()).collect();
    assert_eq!(versions, [Some(2), Some(3), Some(3), Some(3)]);
    assert!(
        rows.iter().all(|row| row["status"] == "Delivered"),
        "{body}"
    );
    assert_eq!(rows[2]["code"], "version_conflict");
    let words = rows[2]["error"].as_str().unwrap();
    assert!(words.starts_with("vendor 42 changed this order"), "{words}");
}

#[tokio::test]
async fn one_request_changes_one_order_at_most_twenty_times() {
    let server = TestServer::start().await;
    server.support().place(&long("L-1")).await;
    let rows = (0..300).map(|n| {
        let shipment = json!({"carrier": "DHL", "tracking_number": format!("JJD{n}")});
        json!({"order_number": "L-1", "vendor_id": "42", "status": "Shipped", "shipment": shipment})
    });
    let bulk = json!({"orders": rows.collect::<Vec<_>>()});
    let path = "/api/orders/update-status/";
    let body = server.support().post(path, &bulk).await.expect(200);
    let results = body["results"].as_array().unwrap();
    let count = |wanted: &str| results.iter().filter(|row| row["result"] == wanted).count();
    assert_eq!(
        (count("changed"), count("refused")),
        (20, 280),
        "{}",
        results[20]
    );
    assert_eq!(results[20]["code"], "too_many_changes");
    let order = server.vendor("42").detail("L-1").await;
    assert_eq!(order["shipments"].as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn a_conflict_after_a_note_names_who_wrote_it() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let note = json!({"text": "call first"});
    let path = "/api/orders/A-1/notes/?vendor=42";
    server.support().post(path, &note).await.expect(201);
    let change = json!({"status": "Shipped", "expected_version": 1});
    let path = "/api/orders/A-1/update-status/";
    let answer = server.vendor("42").post(path, &change).await;
    let body = answer.refused(409, "version_conflict");
    assert_eq!(body["changed_by"]["kind"], "support", "{body}");
}

#[tokio::test]
async fn whoever_moves_an_order_on_has_decided_about_its_cancellation() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let vendor = server.vendor("42");
    vendor.set("A-1", "Cancelled").await.expect(200);
    let shipped = vendor.set("A-1", "Shipped").await.expect(200);
    let flags = &shipped["order"]["flags"];
    assert_ne!(flags["cancel_requested"], true, "{shipped}");
}
