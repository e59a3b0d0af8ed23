//! Notes: who may write them, who reads them, and that each is there once.

use ordertop::client::ClientEvent;
use ordertop::order::OrderKey;
use ordertop::protocol::rest::NewNote;
use ordertop::replica::Change;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::support::{Answer, TOKEN, TestServer, follow, paid, within};

const PATH: &str = "/api/orders/A-1/notes/";

fn bodies(order: &Value) -> Vec<&str> {
    let notes = order["notes"].as_array().map_or(&[][..], Vec::as_slice);
    let bodies = notes.iter().map(|note| note["body"].as_str().unwrap());
    bodies.collect()
}

#[tokio::test]
async fn a_note_is_kept_told_and_written_down() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let vendor = server.vendor("42");
    let mut socket = server.socket("42").await;
    let words = json!({"text": "two parcels:\u{1b}[31m\n both red"});
    let added = vendor.post(PATH, &words).await.expect(201);
    assert_eq!(added["note"]["body"], "two parcels: both red", "{added}");
    assert_eq!(added["note"]["visibility"], "vendor");
    assert_eq!(added["note"]["by"], json!({"kind": "vendor", "id": "42"}));
    assert_eq!(added["order"]["version"], 2);

    let event = socket.next_of("order_updated").await;
    assert_eq!(event["position"], added["position"], "{event}");
    let excerpt = &event["order"]["notes_excerpt"];
    assert_eq!(excerpt, "two parcels: both red", "{event}");
    let order = vendor.detail("A-1").await;
    assert_eq!(bodies(&order), ["two parcels: both red"]);
    assert_eq!(order["status"], "Paid");
    let history = vendor.get("/api/orders/A-1/history/").await.expect(200);
    assert_eq!(history["history"][1]["action"], "note");
    assert!(!history.to_string().contains("parcels"), "{history}");
}

#[tokio::test]
async fn support_reads_all_notes_and_a_vendor_those_for_it() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let support = server.support();
    for (text, visibility) in [
        ("inner", json!(null)),
        ("told", json!("vendor")),
        ("kept", json!("support")),
    ] {
        let note = json!({"text": text, "visibility": visibility});
        support.post(PATH, &note).await.expect(201);
    }
    let vendor = server.vendor("42");
    assert_eq!(bodies(&vendor.detail("A-1").await), ["told"]);
    let path = "/api/orders/A-1/vendor-detail/?vendor=42";
    let all = support.get(path).await.expect(200);
    assert_eq!(bodies(&all), ["inner", "told", "kept"]);
}

#[tokio::test]
async fn what_cannot_be_a_note_is_refused() {
    let server = TestServer::start_with(&[], &["42", "43"]).await;
    server.support().place(&paid("42", "A-1")).await;
    let vendor = server.vendor("42");
    let refused = async |note: Value| vendor.post(PATH, &note).await;
    refused(json!({"text": " \n\t "}))
        .await
        .refused(400, "empty_note");
    refused(json!({})).await.refused(400, "invalid_body");
    refused(json!({"text": "a", "for": "b"}))
        .await
        .refused(400, "invalid_body");
    refused(json!({"text": "a", "visibility": "support"}))
        .await
        .refused(403, "forbidden");
    let hello = json!({"text": "hello"});
    let other = server.vendor("43").post(PATH, &hello).await;
    other.refused(404, "unknown_order");
    let nobody = server.anonymous().post(PATH, &hello).await;
    nobody.refused(401, "unauthorized");
    assert_eq!(bodies(&vendor.detail("A-1").await), [""; 0]);

    let long = json!({"text": "x".repeat(5_000)});
    let added = vendor.post(PATH, &long).await.expect(201);
    let kept = added["note"]["body"].as_str().unwrap();
    assert_eq!(kept.chars().count(), 2_000);
    for n in 2..=100 {
        let note = json!({"text": format!("note {n}")});
        vendor.post(PATH, &note).await.expect(201);
    }
    vendor
        .post(PATH, &hello)
        .await
        .refused(409, "too_many_notes");
}

#[tokio::test]
async fn a_note_that_is_sent_again_is_there_once() {
    let mut server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let vendor = server.vendor("42");
    let send = |key: &'static str| {
        let request = vendor.request(Method::POST, PATH);
        let request = request.header("Idempotency-Key", key);
        Answer::to(request.json(&json!({"text": "ring twice"})))
    };
    let first = send("k-1").await.expect(201);
    vendor
        .post(PATH, &json!({"text": "another"}))
        .await
        .expect(201);
    server.kill().await;
    server.restart().await;
    assert_eq!(send("k-1").await.expect(201), first);
    let order = vendor.detail("A-1").await;
    assert_eq!(bodies(&order), ["ring twice", "another"]);
    send("k-2").await.expect(201);
    assert_eq!(bodies(&vendor.detail("A-1").await).len(), 3);
}

#[tokio::test]
async fn the_client_adds_a_note_and_tells_of_the_order() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let (client, mut events) = follow(&server.url(), TOKEN, Some("42"));
    let key = OrderKey {
        vendor: "42".parse().unwrap(),
        number: "A-1".parse().unwrap(),
    };
    let changes = async |events: &mut mpsc::Receiver<ClientEvent>| {
        loop {
            let event = within("changes", events.recv()).await.expect("it runs");
            if let ClientEvent::Changes(changes) = event {
                return changes;
            }
        }
    };
    let first = changes(&mut events).await;
    assert!(matches!(first[..], [Change::Snapshot { .. }]), "{first:?}");
    let note = NewNote {
        text: "weigh it".to_owned(),
        visibility: None,
    };
    let added = client.add_note(&key, &note).await.unwrap();
    assert_eq!(added.note.body, "weigh it");
    // The answer first, unless the event was faster.
    let told = changes(&mut events).await;
    let version = match &told[0] {
        Change::Order { order, .. } => order.version,
        Change::Event { event, .. } => event.version,
        other => panic!("{other:?}"),
    };
    assert_eq!(version, added.order.version);
}
