//! Placing orders: one, or an array with a result a row.

use bytes::Buf;
use futures_util::Stream;
use futures_util::future::join_all;
use http::StatusCode;
use ordertop::order::placement::Placement;
use ordertop::order::{Actor, ActorKind, VendorId};
use ordertop::protocol::ListedOrder;
use ordertop::protocol::rest::{Outcome, PlacedAnswer, RowResult, RowResults};
use serde_json::value::RawValue;

use super::bulk::{at_most, refused_row};
use super::status::refused;
use super::{Answer, Incoming};
use crate::caller::Caller;
use crate::decision;
use crate::reply::{self, ApiError};
use crate::request;
use crate::store::ChangeOutcome;

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
    if bytes.trim_ascii_start().first() != Some(&b'[') {
        let order: Placement = request::parse_json(&bytes)?;
        let placed = place_one(&incoming, &caller, acting.as_ref(), &order).await?;
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
        .map(|row| place_row(&incoming, &caller, acting.as_ref(), row));
    Ok(reply::json(
        StatusCode::OK,
        &RowResults {
            results: join_all(rows).await,
        },
    ))
}

async fn place_one(
    incoming: &Incoming,
    caller: &Caller,
    acting: Option<&VendorId>,
    order: &Placement,
) -> Result<PlacedAnswer, ApiError> {
    let state = &incoming.state;
    let now = state.now();
    let intake = order
        .check(acting, now)
        .map_err(|error| ApiError::bad("invalid_order", error.to_string()))?;
    let key = intake.key();
    let actor = Actor::new(ActorKind::Service, "api");
    let decide = decision::place(intake, actor, incoming.request_id(), now);
    let change = state.store.change(key.clone(), decide).await?;
    let result = match change.outcome {
        ChangeOutcome::Written => Outcome::Placed,
        ChangeOutcome::Kept => Outcome::Unchanged,
        ChangeOutcome::Refused(refusal) => return Err(refused(&refusal, caller)),
    };
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

async fn place_row(
    incoming: &Incoming,
    caller: &Caller,
    acting: Option<&VendorId>,
    row: &RawValue,
) -> RowResult {
    let order: Placement = match request::parse_object(row.get().as_bytes()) {
        Ok(order) => order,
        Err(error) => return refused_row(None, number_of(row), &error),
    };
    match place_one(incoming, caller, acting, &order).await {
        Ok(placed) => RowResult {
            vendor_id: Some(placed.vendor_id.into()),
            order_number: Some(placed.order_number.into()),
            result: placed.result,
            code: None,
            error: None,
            order: None,
        },
        Err(error) => {
            let vendor = acting.map(VendorId::to_string).or(order.vendor_id);
            refused_row(vendor, Some(order.order_number), &error)
        }
    }
}

/// The number of an order that does not read otherwise.
fn number_of(row: &RawValue) -> Option<String> {
    let row: serde_json::Value = serde_json::from_str(row.get()).ok()?;
    ordertop::order::text::clean_opt(row.get("order_number")?.as_str(), 64)
}
