//! Changing the status of many orders in one request.

use bytes::Buf;
use futures_util::Stream;
use http::StatusCode;
use ordertop::order::OrderKey;
use ordertop::protocol::rest::{BulkChange, BulkRow, Outcome, RowResult, RowResults};
use ordertop::protocol::{ListedOrder, MAX_ORDERS};

use super::{Answer, Incoming, status};
use crate::caller::Caller;
use crate::reply::{self, ApiError};
use crate::request;
use crate::store::{Change, Decide, StoreError};

/// `POST /api/orders/update-status/`: one result a row, in order.
pub(super) async fn update(
    incoming: Incoming,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Answer {
    let state = &incoming.state;
    let caller = Caller::of_our_call(state, &incoming.headers).await?;
    let bulk: BulkChange = request::read_json(state, &incoming.headers, body).await?;
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
        let decided = key.and_then(|key| {
            let (to, decide) = status::decide(state, &caller, change, incoming.request_id())?;
            Ok((to, (key, decide)))
        });
        rows.push((vendor_id, Some(order_number), decided));
    }
    let results = change_rows(&incoming, rows, |changed, to| {
        let changed = status::answer(changed, to, &caller)?;
        let result = if changed.changed {
            Outcome::Changed
        } else {
            Outcome::Unchanged
        };
        Ok((result, changed.order))
    });
    Ok(reply::json(
        StatusCode::OK,
        &RowResults {
            results: results.await?,
        },
    ))
}

/// A row as it was read: vendor and number as written, and what to ask the store.
pub(super) type Row<T> = (
    Option<String>,
    Option<String>,
    Result<(T, (OrderKey, Decide)), ApiError>,
);

/// Asks the store for all rows that could be read, in one commit; a result a row.
pub(super) async fn change_rows<T>(
    incoming: &Incoming,
    rows: Vec<Row<T>>,
    told: impl Fn(Change, T) -> Result<(Outcome, Option<ListedOrder>), ApiError>,
) -> Result<Vec<RowResult>, ApiError> {
    let mut changes = Vec::with_capacity(rows.len());
    let mut waiting = Vec::with_capacity(rows.len());
    for (vendor, number, decided) in rows {
        let decided = decided.map(|(what, change)| {
            changes.push(change);
            what
        });
        waiting.push((vendor, number, decided));
    }
    let mut changed = incoming.state.store.change_all(changes).await?.into_iter();
    let mut results = Vec::with_capacity(waiting.len());
    for (vendor_id, number, decided) in waiting {
        let result = match decided {
            Ok(what) => {
                let change = changed
                    .next()
                    .ok_or(ApiError::Unavailable(StoreError::Closed))?;
                told(change, what)
            }
            Err(error) => Err(error),
        };
        results.push(match result {
            Ok((result, order)) => RowResult {
                vendor_id,
                order_number: number,
                result,
                code: None,
                error: None,
                order,
            },
            Err(error) => refused_row(vendor_id, number, &error),
        });
    }
    Ok(results)
}

/// A row that was not taken.
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
        order: None,
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
