//! Every message of protocol version 1, as it was written down: a change that an
//! old client or server would not understand fails here.

#![expect(
    clippy::unwrap_used,
    reason = "a sample that does not read fails its test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ordertop::protocol::{ClientMessage, ServerMessage};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples/v1");

/// Reads a sample and writes it again: nothing may be lost or added.
fn round_trip<M: DeserializeOwned + Serialize>(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let message: M =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut wanted: Value = serde_json::from_str(&text).unwrap();
    let mut written: Value = serde_json::to_value(&message).unwrap();
    // Made from other fields by who writes, skipped by who reads.
    for order in [&mut wanted, &mut written] {
        if let Some(order) = order.get_mut("order").and_then(Value::as_object_mut) {
            order.remove("vendor_total");
            order.remove("vendor_items");
        }
    }
    assert_eq!(written, wanted, "{}", path.display());
    wanted["type"].as_str().unwrap().to_owned()
}

#[test]
fn every_message_reads_and_writes_as_it_was_written_down() {
    let mut kinds = BTreeSet::new();
    for entry in fs::read_dir(SAMPLES).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        kinds.insert(match name.split_once('.') {
            Some(("server", _)) => round_trip::<ServerMessage>(&path),
            Some(("client", _)) => round_trip::<ClientMessage>(&path),
            _ => panic!("{name}: whose message is it?"),
        });
    }
    let all = [
        "degraded",
        "draining",
        "order_created",
        "order_removed",
        "order_status_update",
        "order_updated",
        "ping",
        "pong",
        "restored",
        "resume",
        "vendor_added",
        "welcome",
    ];
    assert!(
        kinds.iter().eq(all),
        "a message without a sample: {kinds:?}"
    );
}

#[test]
fn what_a_reader_does_not_know_is_ignored() {
    let text = r#"{"type":"restored","since":"yesterday","nested":{"a":[1]}}"#;
    assert_eq!(
        serde_json::from_str::<ServerMessage>(text).unwrap(),
        ServerMessage::Restored
    );
}
