//! Placing orders: one, or an array with a result a row.

use bytes::Buf;
use futures_util::Stream;
use http::StatusCode;
use ordertop::order::placement::Placement;
use ordertop::order::{Actor, ActorKind, OrderKey, VendorId};
use ordertop::protocol::ListedOrder;
use ordertop::protocol::rest::{Outcome, PlacedAnswer, RowResults};
use serde_json::value::RawValue;

use super::bulk::{self, Row, at_most, change_rows};
use super::status::refused;
use crate::caller::Caller;
use crate::decision;
use crate::idempotency;
use crate::reply::{self, ApiError};
use crate::request;
use crate::request::{Answer, Incoming};
use crate::store::{ChangeOutcome, Decide, Once};

/// `POST /api/orders/`.
pub(super) async fn place(
    incoming: Incoming,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Answer {
    let state = &incoming.state;
    let caller = Caller::of_our_call(state, &incoming.headers).await?;
    let acting = match (&caller, incoming.vendor()) {
        (Caller::Master, None) => None,
        (_, asked) => caller.list_scope(state, asked).await?,
    };
    let bytes = request::read_body(state, &incoming.headers, body).await?;
    let once = idempotency::once(&incoming, &caller, &bytes)?;
    if !request::is_list(&bytes) {
        let order: Placement = request::parse_json(&bytes)?;
        let placed = place_one(&incoming, &caller, acting.as_ref(), &order, once).await?;
        let new = placed.result == Outcome::Placed;
        let status = if new {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        return Ok(reply::json(status, &placed));
    }
    // Row by row, so that one bad order does not refuse its neighbours.
    let rows: Vec<Box<RawValue>> = request::parse_json(&bytes)?;
    at_most(rows.len())?;
    let rows = rows
        .iter()
        .map(|row| read_row(&incoming, acting.as_ref(), row))
        .collect();
    let changed = change_rows(&incoming, rows, once).await?;
    let results = changed.into_iter().map(|row| {
        let placed = row
            .changed
            .and_then(|change| placed(change.outcome, &caller));
        bulk::result(row.vendor_id, row.order_number, placed)
    });
    let results = results.collect();
    Ok(reply::json(StatusCode::OK, &RowResults { results }))
}

async fn place_one(
    incoming: &Incoming,
    caller: &Caller,
    acting: Option<&VendorId>,
    order: &Placement,
    once: Option<Once>,
) -> Result<PlacedAnswer, ApiError> {
    let (key, decide) = decide(incoming, acting, order)?;
    let change = incoming
        .state
        .store
        .change(key.clone(), decide, once)
        .await?;
    let result = placed(change.outcome, caller)?;
    let (Some(order), Some(position)) = (change.order, change.position) else {
        return Err(ApiError::UnknownOrder);
    };
    Ok(PlacedAnswer {
        result,
        vendor_id: key.vendor,
        order_number: key.number,
        position,
        order: ListedOrder::new(&order, caller.view()),
    })
}

fn decide(
    incoming: &Incoming,
    acting: Option<&VendorId>,
    order: &Placement,
) -> Result<(OrderKey, Decide), ApiError> {
    let now = incoming.state.now();
    let intake = order
        .check(acting, now)
        .map_err(|error| ApiError::bad("invalid_order", error.to_string()))?;
    let key = intake.key();
    let actor = Actor::new(ActorKind::Service, "api");
    Ok((
        key,
        decision::place(intake, actor, incoming.request_id(), now),
    ))
}

fn placed(outcome: ChangeOutcome, caller: &Caller) -> Result<Outcome, ApiError> {
    match outcome {
        ChangeOutcome::Written => Ok(Outcome::Placed),
        ChangeOutcome::Kept => Ok(Outcome::Unchanged),
        ChangeOutcome::Refused(refusal) => Err(refused(&refusal, caller)),
    }
}

fn read_row(incoming: &Incoming, acting: Option<&VendorId>, row: &RawValue) -> Row {
    let order: Placement = match request::parse_object(row.get().as_bytes()) {
        Ok(order) => order,
        Err(error) => {
            return Row {
                vendor_id: None,
                order_number: number_of(row),
                change: Err(error),
            };
        }
    };
    let change = decide(incoming, acting, &order);
    Row {
        vendor_id: acting.map(VendorId::to_string).or(order.vendor_id),
        order_number: Some(order.order_number),
        change,
    }
}

/// The number of an order that does not read otherwise.
fn number_of(row: &RawValue) -> Option<String> {
    let row: serde_json::Value = serde_json::from_str(row.get()).ok()?;
    ordertop::order::text::clean_opt(row.get("order_number")?.as_str(), 64)
}
