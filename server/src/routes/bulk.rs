//! Changing the status of many orders in one request.

use bytes::Buf;
use futures_util::Stream;
use futures_util::future::join_all;
use http::StatusCode;
use ordertop::protocol::MAX_ORDERS;
use ordertop::protocol::rest::{BulkChange, BulkRow, Outcome, RowResult, RowResults};

use super::{Answer, Incoming, status};
use crate::caller::Caller;
use crate::reply::{self, ApiError};
use crate::request;

/// `POST /api/orders/update-status/`: one result a row, in order.
pub(super) async fn update(
    incoming: Incoming,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Answer {
    let state = &incoming.state;
    let caller = Caller::of_our_call(state, &incoming.headers).await?;
    let bulk: BulkChange = request::read_json(state, &incoming.headers, body).await?;
    at_most(bulk.orders.len())?;
    // All at once: they meet in one commit.
    let rows = bulk
        .orders
        .into_iter()
        .map(|row| change_row(&incoming, &caller, row));
    Ok(reply::json(
        StatusCode::OK,
        &RowResults {
            results: join_all(rows).await,
        },
    ))
}

async fn change_row(incoming: &Incoming, caller: &Caller, row: BulkRow) -> RowResult {
    let BulkRow {
        order_number,
        vendor_id,
        change,
    } = row;
    let result = async {
        let asked = vendor_id.as_deref().or(incoming.vendor());
        let any = matches!(caller, Caller::Master).then_some("*");
        let key = caller
            .order_key(&incoming.state, asked.or(any), &order_number)
            .await?;
        status::change(&incoming.state, caller, key, change, incoming.request_id()).await
    };
    match result.await {
        Ok(changed) => RowResult {
            vendor_id,
            order_number: Some(order_number),
            result: if changed.changed {
                Outcome::Changed
            } else {
                Outcome::Unchanged
            },
            code: None,
            error: None,
            order: changed.order,
        },
        Err(error) => refused_row(vendor_id, Some(order_number), &error),
    }
}

/// A row that was not taken.
pub(super) fn refused_row(
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
