//! Alive, ready, and what the server does.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use http::StatusCode;
use serde_json::json;
use warp::reply::Response;

use crate::caller::Caller;
use crate::reply;
use crate::request::{Answer, Incoming};

/// `GET /livez`: the process answers.
pub(super) fn livez() -> Response {
    reply::json(StatusCode::OK, &json!({"status": "alive"}))
}

/// `GET /readyz`: commits work; 503 when they do not, with the store's own words for callers with credentials.
pub(super) async fn readyz(incoming: Incoming) -> Answer {
    let state = &incoming.state;
    if state.draining.is_cancelled() {
        let body = json!({"status": "draining", "reason": "the server stops"});
        return Ok(reply::json(StatusCode::SERVICE_UNAVAILABLE, &body));
    }
    match state.health.check(&state.store).await {
        Ok(()) => Ok(reply::json(StatusCode::OK, &json!({"status": "ready"}))),
        Err(error) => {
            // Paths, addresses and what a library says of them.
            let reason = match Caller::identify(state, &incoming.headers).await {
                Ok(Ok(_)) => error.to_string(),
                _ => "the store takes no changes: see the log, or ask with credentials".to_owned(),
            };
            let body = json!({"status": "store_unavailable", "reason": reason});
            let mut response = reply::json(StatusCode::SERVICE_UNAVAILABLE, &body);
            reply::set(response.headers_mut(), http::header::RETRY_AFTER, "2");
            Ok(response)
        }
    }
}

/// `GET /status`: whether the server is ready; to callers with credentials also a summary of
/// node, store and sockets. While the store is away it says so, and the rest all the same.
pub(super) async fn status(incoming: Incoming) -> Answer {
    let state = &incoming.state;
    let ready = state.health.check(&state.store).await;
    if !matches!(Caller::identify(state, &incoming.headers).await, Ok(Ok(_))) {
        let body = json!({
            "name": "ordertop-server",
            "protocol": ordertop::protocol::VERSION,
            "server_time": state.now(),
            "ready": ready.is_ok(),
        });
        return Ok(reply::json(StatusCode::OK, &body));
    }
    // Counting takes a store that answers.
    let store = match ready {
        Ok(()) => state.health.summary(&state.store).await,
        Err(_) => None,
    };
    let now = state.now();
    let counters: BTreeMap<_, _> = state.store.counters().into_iter().collect();
    let body = json!({
        "name": "ordertop-server",
        "version": env!("CARGO_PKG_VERSION"),
        "protocol": ordertop::protocol::VERSION,
        "started_at": state.started_at,
        "server_time": now,
        "uptime_s": now.duration_since(state.started_at).as_secs(),
        "ready": ready.is_ok(),
        "reason": ready.err().map(|error| error.to_string()),
        "store": store,
        "followers": state.hub.len(),
        "slow_consumers_cut_off": state.hub.cut_off(),
        "store_counters": counters,
        "events_published": state.events_published.load(Ordering::Relaxed),
    });
    Ok(reply::json(StatusCode::OK, &body))
}
