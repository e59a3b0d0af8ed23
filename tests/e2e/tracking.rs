//! Parcels that are added and corrected after an order has left.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, TestServer, paid};

const PATH: &str = "/api/orders/A-1/shipments/";

fn numbers(order: &Value) -> Vec<&str> {
    let shipments = order["shipments"].as_array().map_or(&[][..], Vec::as_slice);
    let numbers = shipments.iter().map(|parcel| &parcel["tracking_number"]);
    numbers
        .map(|number| number.as_str().unwrap_or("-"))
        .collect()
}

#[tokio::test]
async fn a_parcel_is_filled_in_added_corrected_and_told() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let vendor = server.vendor("42");
    let early = json!({"carrier": "DHL", "tracking_number": "JJD1"});
    let refused = vendor.post(PATH, &early).await;
    refused.refused(400, "not_shipped");
    let shipment = json!({"status": "Shipped", "shipment": {"carrier": "DHL"}});
    let update = "/api/orders/A-1/update-status/";
    vendor.post(update, &shipment).await.expect(200);

    let mut socket = server.socket("42").await;
    let filled = vendor.post(PATH, &early).await.expect(200);
    assert_eq!(filled["changed"], true, "{filled}");
    assert_eq!(numbers(&filled["order"]), ["JJD1"]);
    let event = socket.next_of("order_updated").await;
    assert_eq!(event["position"], filled["position"], "{event}");
    assert_eq!(numbers(&event["order"]), ["JJD1"]);

    let again = vendor.post(PATH, &early).await.expect(200);
    assert_eq!(again["changed"], false, "{again}");
    let more = json!({"carrier": "DHL", "tracking_number": "JJD2"});
    let added = vendor.post(PATH, &more).await.expect(200);
    assert_eq!(numbers(&added["order"]), ["JJD1", "JJD2"]);
    let mended = json!({"tracking_number": "JJD3", "replaces": "JJD2"});
    let corrected = vendor.post(PATH, &mended).await.expect(200);
    assert_eq!(numbers(&corrected["order"]), ["JJD1", "JJD3"]);
    let unknown = json!({"tracking_number": "JJD4", "replaces": "JJD9"});
    let unknown = vendor.post(PATH, &unknown).await;
    unknown.refused(404, "unknown_parcel");

    let history = vendor.get("/api/orders/A-1/history/").await.expect(200);
    let actions = history["history"].as_array().unwrap().iter();
    let actions: Vec<_> = actions
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions,
        ["placed", "status", "shipment", "shipment", "shipment"]
    );
}

#[tokio::test]
async fn a_parcel_sent_with_a_status_that_stands_is_added_or_refused() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let vendor = server.vendor("42");
    vendor.set("A-1", "Shipped").await.expect(200);
    let update = "/api/orders/A-1/update-status/";
    let with = |status: &str| json!({"status": status, "shipment": {"tracking_number": "JJD1"}});
    let added = vendor.post(update, &with("Shipped")).await.expect(200);
    assert_eq!(added["changed"], true, "{added}");
    assert_eq!(added["new_status"], "Shipped");
    assert_eq!(numbers(&added["order"]), ["JJD1"]);
    let again = vendor.post(update, &with("Shipped")).await.expect(200);
    assert_eq!(again["changed"], false, "{again}");
    vendor.set("A-1", "Delivered").await.expect(200);
    let odd = vendor.post(update, &with("Delivered")).await;
    odd.refused(400, "shipment_without_shipping");
}

#[tokio::test]
async fn a_parcel_sent_again_under_its_key_is_there_once() {
    let server = TestServer::start_with(&[], &["42", "43"]).await;
    server.support().place(&paid("42", "A-1")).await;
    let vendor = server.vendor("42");
    vendor.set("A-1", "Shipped").await.expect(200);
    let send = |key: &'static str, number: &'static str| {
        let request = vendor.request(Method::POST, PATH);
        let request = request.header("Idempotency-Key", key);
        Answer::to(request.json(&json!({"tracking_number": number})))
    };
    let first = send("k-1", "JJD1").await.expect(200);
    assert_eq!(first["changed"], true);
    send("k-2", "JJD2").await.expect(200);
    let again = send("k-1", "JJD1").await.expect(200);
    assert_eq!(again["changed"], true, "{again}");
    assert_eq!(again["position"], first["position"]);
    send("k-1", "JJD3").await.refused(409, "key_reused");
    assert_eq!(numbers(&vendor.detail("A-1").await), ["JJD1", "JJD2"]);

    let parcel = json!({"tracking_number": "JJD9"});
    let other = server.vendor("43").post(PATH, &parcel).await;
    other.refused(404, "unknown_order");
    let nobody = server.anonymous().post(PATH, &parcel).await;
    nobody.refused(401, "unauthorized");
    let odd = json!({"tracking_number": "JJD9", "number": "JJD9"});
    vendor.post(PATH, &odd).await.refused(400, "invalid_body");
    vendor
        .post(PATH, &json!({}))
        .await
        .refused(400, "empty_shipment");
}
