//! Taking checked orders from a file: merged, never commanded.

use bytes::Buf;
use futures_util::Stream;
use http::StatusCode;
use ordertop::protocol::rest::{ImportBatch, RowResults};

use super::bulk::at_most;
use crate::caller::Caller;
use crate::idempotency;
use crate::merge;
use crate::reply;
use crate::request;
use crate::request::{Answer, Incoming};

/// `POST /api/orders/import/`: one result a row, in order.
pub(super) async fn import(
    incoming: Incoming,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Answer {
    let state = &incoming.state;
    let why = "only the master token without X-Vendor-ID may import";
    Caller::must_be_master(state, &incoming.headers, why).await?;
    let body = request::read_body(state, &incoming.headers, body).await?;
    let once = idempotency::once(&incoming, &Caller::Master, &body)?;
    let batch: ImportBatch = request::parse_object(&body)?;
    at_most(batch.orders.len())?;
    let results = merge::commit(&*state.store, &batch, once, state.clock()).await?;
    Ok(reply::json(StatusCode::OK, &RowResults { results }))
}
