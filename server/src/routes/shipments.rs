//! Parcels of an order that has left: added and corrected.

use bytes::Buf;
use futures_util::Stream;
use http::StatusCode;
use ordertop::order::Shipment;
use ordertop::protocol::ListedOrder;
use ordertop::protocol::rest::{TrackingChange, TrackingChanged};

use super::status;
use crate::caller::Caller;
use crate::decision::tracking::{self, TrackingRequest};
use crate::idempotency;
use crate::reply;
use crate::request;
use crate::request::{Answer, Incoming};
use crate::store::ChangeOutcome;

/// `POST /api/orders/{number}/shipments/`.
pub(super) async fn track(
    number: String,
    incoming: Incoming,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Answer {
    let state = &incoming.state;
    let caller = Caller::of_our_call(state, &incoming.headers).await?;
    let body = request::read_body(state, &incoming.headers, body).await?;
    let once = idempotency::once(&incoming, &caller, &body)?;
    let TrackingChange {
        carrier,
        tracking_number,
        tracking_url,
        replaces,
    } = request::parse_object(&body)?;
    let request = TrackingRequest {
        actor: caller.actor(),
        parcel: Shipment {
            carrier,
            tracking_number,
            tracking_url,
            ..Shipment::default()
        },
        replaces,
        request_id: incoming.request_id(),
    };
    let any = matches!(caller, Caller::Master).then_some("*");
    let key = caller
        .order_key(state, incoming.vendor().or(any), &number)
        .await?;
    let decide = tracking::track(request, state.now());
    let change = state.store.change(key, decide, once).await?;
    let changed = change.outcome == ChangeOutcome::Written;
    let position = change.position.clone();
    let order = status::taken(change, &caller)?;
    let answer = TrackingChanged {
        changed,
        position,
        order: ListedOrder::new(&order, caller.view()),
    };
    Ok(reply::json(StatusCode::OK, &answer))
}
