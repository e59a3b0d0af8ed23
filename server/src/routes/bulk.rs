//! Changing the status of many orders in one request.

use bytes::Buf;
use futures_util::Stream;
use http::StatusCode;
use ordertop::order::OrderKey;
use ordertop::protocol::rest::{BulkChange, BulkRow, Outcome, RowResult, RowResults};
use ordertop::protocol::{ListedOrder, MAX_ORDERS};

use super::{Answer, Incoming, status};
use crate::caller::Caller;
use crate::idempotency;
use crate::reply::{self, ApiError};
use crate::request;
use crate::store::{self, Change, ChangeOutcome, Decide, Once};

/// `POST /api/orders/update-status/`: one result a row, in order.
pub(super) async fn update(
    incoming: Incoming,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Answer {
    let state = &incoming.state;
    let caller = Caller::of_our_call(state, &incoming.headers).await?;
    let body = request::read_body(state, &incoming.headers, body).await?;
    let once = idempotency::once(&incoming, &caller, &body)?;
    let bulk: BulkChange = request::parse_object(&body)?;
    at_most(bulk.orders.len())?;
    // Every row is read first, one after the other; then those that could be
    // read are changed in one commit, in their order.
    let mut rows = Vec::with_capacity(bulk.orders.len());
    for row in bulk.orders {
        let BulkRow {
            order_number,
            vendor_id,
            change,
        } = row;
        let asked = vendor_id.as_deref().or(incoming.vendor());
        let any = matches!(caller, Caller::Master).then_some("*");
        let key = caller.order_key(state, asked.or(any), &order_number).await;
        let change = key.and_then(|key| {
            let (_, decide) = status::decide(state, &caller, change, incoming.request_id())?;
            Ok((key, decide))
        });
        rows.push(Row {
            vendor_id,
            order_number: Some(order_number),
            change,
        });
    }
    let results = change_rows(&incoming, rows, once, |change| {
        let kept = change.outcome == ChangeOutcome::Kept;
        let order = status::taken(change, &caller)?;
        let outcome = if kept {
            Outcome::Unchanged
        } else {
            Outcome::Changed
        };
        Ok((outcome, Some(ListedOrder::new(&order, caller.view()))))
    });
    Ok(reply::json(StatusCode::OK, &results.await?))
}

/// A row as it was read: vendor and number as written, and what to ask the store.
pub(super) struct Row {
    pub(super) vendor_id: Option<String>,
    pub(super) order_number: Option<String>,
    pub(super) change: Result<(OrderKey, Decide), ApiError>,
}

/// Asks the store for all rows that could be read, in one commit; a result a row.
pub(super) async fn change_rows(
    incoming: &Incoming,
    rows: Vec<Row>,
    once: Option<Once>,
    told: impl Fn(Change) -> Result<(Outcome, Option<ListedOrder>), ApiError>,
) -> Result<RowResults, ApiError> {
    let mut names = Vec::with_capacity(rows.len());
    let changes = rows.into_iter().map(|row| {
        names.push((row.vendor_id, row.order_number));
        row.change
    });
    let changes = changes.collect();
    let changed = store::change_rows(&*incoming.state.store, changes, once).await?;
    let results = names.into_iter().zip(changed);
    let results =
        results.map(
            |((vendor_id, order_number), changed)| match changed.and_then(&told) {
                Ok((result, order)) => RowResult {
                    vendor_id,
                    order_number,
                    result,
                    code: None,
                    error: None,
                    order,
                },
                Err(error) => refused_row(vendor_id, order_number, &error),
            },
        );
    Ok(RowResults {
        results: results.collect(),
    })
}

/// A row that was not taken; after a conflict with the order as it is now, so
/// that the caller can say who was first.
fn refused_row(
    vendor_id: Option<String>,
    order_number: Option<String>,
    error: &ApiError,
) -> RowResult {
    let (code, sentence) = error.code_and_sentence();
    let result = Outcome::Refused;
    RowResult {
        vendor_id,
        order_number,
        result,
        code: Some(code),
        error: Some(sentence),
        order: error.order().cloned(),
    }
}

/// Refuses an array of more than [`MAX_ORDERS`] rows.
pub(super) fn at_most(rows: usize) -> Result<(), ApiError> {
    if rows > MAX_ORDERS {
        let error = format!("{rows} orders in one request: send at most {MAX_ORDERS}");
        return Err(ApiError::bad("too_many_rows", error));
    }
    Ok(())
}
