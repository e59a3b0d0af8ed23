//! Whether a step was made once, however often it was sent.

use serde_json::Value;

use super::{FaultProxy, TestServer};

/// How often the step of vendor 42's order to `status` was sent through `proxy`.
/// Panics unless each sending carried one and the same `Idempotency-Key`, and the
/// server made the step, and that once: by its history and by the order's version,
/// which was 1 before.
pub(crate) async fn made_once(
    server: &TestServer,
    proxy: &FaultProxy,
    number: &str,
    status: &str,
) -> usize {
    let sent = proxy.sent(&step_of(number));
    let first = sent.first().expect("it was sent");
    let key = first.key.as_deref().expect("a key");
    assert!(key.len() >= 32, "{key}");
    assert!(sent.iter().all(|one| one == first), "{sent:?}");

    let path = format!("/api/orders/{number}/history/");
    let history = server.vendor("42").get(&path).await.expect(200);
    let entries = history["history"].as_array().expect("a history").clone();
    let made = |entry: &&Value| entry["to"] == status;
    assert_eq!(entries.iter().filter(made).count(), 1, "{history}");
    let order = server.vendor("42").detail(number).await;
    let known = (order["status"].as_str(), order["version"].as_u64());
    assert_eq!(known, (Some(status), Some(2)), "{order}");
    sent.len()
}

/// What the path of every request for a step of this order holds.
pub(crate) fn step_of(number: &str) -> String {
    format!("/api/orders/{number}/update-status/")
}
