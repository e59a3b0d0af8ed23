//! Changing the status of many orders in one request.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Buf;
use futures_util::Stream;
use http::StatusCode;
use ordertop::order::{OrderKey, OrderStatus, VendorOrder};
use ordertop::protocol::listed::View;
use ordertop::protocol::rest::{BulkChange, BulkRow, Outcome, RowResult, RowResults, StatusChange};
use ordertop::protocol::{ListedOrder, MAX_BULK_ANSWER_BYTES, MAX_ORDERS};
use serde_json::value::RawValue;

use super::status;
use crate::body_error;
use crate::caller::Caller;
use crate::decision::at_most_of_each;
use crate::idempotency;
use crate::reply::{self, ApiError};
use crate::request;
use crate::request::{Answer, Incoming};
use crate::store::{self, Change, ChangeOutcome, Decide, Once, Refusal};

/// `POST /api/orders/update-status/`: one result a row, in order.
pub(super) async fn update(
    incoming: Incoming,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Answer {
    let state = &incoming.state;
    let caller = Caller::of_our_call(state, &incoming.headers).await?;
    let body = request::read_body(state, &incoming.headers, body).await?;
    let once = idempotency::once(&incoming, &caller, &body)?;
    let bulk: BulkChange =
        request::parse_object(&body).map_err(|error| wrong_row(&body).unwrap_or(error))?;
    at_most(bulk.orders.len())?;
    // Every row is read first, one after the other; then those that could be
    // read are changed in one commit, in their order.
    let any = matches!(caller, Caller::Master).then_some("*");
    let asked = bulk.orders.iter().map(|row| {
        let vendor = row.vendor_id.as_deref().or(incoming.vendor());
        (vendor.or(any), row.order_number.as_str())
    });
    let asked: Vec<_> = asked.collect();
    let keys = caller.order_keys(state, &asked).await?;
    let mut rows = Vec::with_capacity(bulk.orders.len());
    for (row, key) in bulk.orders.into_iter().zip(keys) {
        let BulkRow {
            order_number,
            vendor_id,
            change,
        } = row;
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
    let changes = rows.iter_mut().filter_map(|row| row.change.as_mut().ok());
    at_most_of_each(changes.map(|(key, decide)| (&*key, decide)));
    let changed = change_rows(&incoming, rows, once).await?;
    Ok(reply::json(StatusCode::OK, &answer(changed, &caller)))
}

/// The results of a bulk change. Each order is shown once, with the last row that changed it or
/// met a conflict, so that the answer is bounded by what changed and not by what was asked.
fn answer(changed: Vec<ChangedRow>, caller: &Caller) -> RowResults {
    let mut shown = Shown::new(caller.view());
    // From the last row on: it knows the order as the request left it.
    let results = changed.into_iter().rev().map(|row| {
        let ChangedRow {
            vendor_id,
            order_number,
            key,
            changed,
        } = row;
        let change = match changed {
            Ok(change) => change,
            Err(error) => return result(vendor_id, order_number, Err(error)),
        };
        let order = change.order.as_deref();
        let outcome = match &change.outcome {
            ChangeOutcome::Written => Ok(Outcome::Changed),
            ChangeOutcome::Kept => Ok(Outcome::Unchanged),
            ChangeOutcome::Refused(refusal) => Err(refused(refusal, order, caller)),
        };
        let conflict = matches!(
            change.outcome,
            ChangeOutcome::Refused(Refusal::VersionConflict(_))
        );
        let news = conflict || change.outcome == ChangeOutcome::Written;
        let mut told = result(vendor_id, order_number, outcome);
        // An order that was none when it was asked for may have come to be since.
        let unknown = change.outcome == ChangeOutcome::Refused(Refusal::UnknownOrder);
        if let (Some(key), Some(order), false) = (key, &change.order, unknown) {
            told.status = Some(shown.status(&key, order));
            told.version = Some(change.version);
            told.order = news.then(|| shown.order(key, order)).flatten();
        }
        if change.outcome == ChangeOutcome::Written {
            told.position = change.position;
        }
        told
    });
    let mut results: Vec<_> = results.collect();
    results.reverse();
    RowResults { results }
}

/// A refusal by the store as an error, without a copy of the order.
fn refused(refusal: &Refusal, order: Option<&VendorOrder>, caller: &Caller) -> ApiError {
    match (refusal, order) {
        (Refusal::VersionConflict(_), Some(order)) => {
            let (by, at) = (&order.state.status_by, order.state.updated_at);
            ApiError::Conflict {
                code: "version_conflict",
                error: reply::version_conflict(by, at, order.state.status),
            }
        }
        _ => status::refused(refusal, caller),
    }
}

/// The orders that an answer has shown so far.
struct Shown {
    view: View,
    orders: HashSet<OrderKey>,
    last: HashMap<OrderKey, OrderStatus>,
    bytes: usize,
}

impl Shown {
    fn new(view: View) -> Self {
        Self {
            view,
            orders: HashSet::new(),
            last: HashMap::new(),
            bytes: 0,
        }
    }

    /// Where the order stands after the request: as the last of its rows found it.
    fn status(&mut self, key: &OrderKey, order: &VendorOrder) -> OrderStatus {
        *self.last.entry(key.clone()).or_insert(order.state.status)
    }

    /// The order, unless it was shown, or there is no room for more.
    fn order(&mut self, key: OrderKey, order: &Arc<VendorOrder>) -> Option<ListedOrder> {
        if self.bytes >= MAX_BULK_ANSWER_BYTES || !self.orders.insert(key) {
            return None;
        }
        let listed = ListedOrder::new(order, self.view);
        self.bytes += serde_json::to_vec(&listed).map_or(0, |json| json.len());
        Some(listed)
    }
}

/// The field of a row that cannot be read; reading rows as they are written does not say which.
fn wrong_row(body: &[u8]) -> Option<ApiError> {
    #[derive(serde::Deserialize)]
    struct Rows<'a> {
        #[serde(borrow)]
        orders: Vec<&'a RawValue>,
    }
    let rows: Rows<'_> = serde_json::from_slice(body).ok()?;
    rows.orders.iter().enumerate().find_map(|(at, row)| {
        let mut json = serde_json::Deserializer::from_str(row.get());
        let error = serde_path_to_error::deserialize::<_, StatusChange>(&mut json).err()?;
        let path = match error.path().to_string().as_str() {
            "." => format!("orders[{at}]"),
            path => format!("orders[{at}].{path}"),
        };
        let words = body_error::words(&path, &error.into_inner());
        Some(ApiError::bad("invalid_body", words))
    })
}

/// A row as it was read: vendor and number as written, and what to ask the store.
pub(super) struct Row {
    pub(super) vendor_id: Option<String>,
    pub(super) order_number: Option<String>,
    pub(super) change: Result<(OrderKey, Decide), ApiError>,
}

/// A row with what the store made of it.
pub(super) struct ChangedRow {
    pub(super) vendor_id: Option<String>,
    pub(super) order_number: Option<String>,
    /// The order, where the row could be read.
    pub(super) key: Option<OrderKey>,
    pub(super) changed: Result<Change, ApiError>,
}

/// Asks the store for all rows that could be read, in one commit, in their order.
pub(super) async fn change_rows(
    incoming: &Incoming,
    rows: Vec<Row>,
    once: Option<Once>,
) -> Result<Vec<ChangedRow>, ApiError> {
    let mut names = Vec::with_capacity(rows.len());
    let changes = rows.into_iter().map(|row| {
        let key = row.change.as_ref().ok().map(|(key, _)| key.clone());
        names.push((row.vendor_id, row.order_number, key));
        row.change
    });
    let changes = changes.collect();
    let changed = store::change_rows(&*incoming.state.store, changes, once).await?;
    let rows = names.into_iter().zip(changed);
    let rows = rows.map(|((vendor_id, order_number, key), changed)| ChangedRow {
        vendor_id,
        order_number,
        key,
        changed,
    });
    Ok(rows.collect())
}

/// What became of a row, as an answer says it.
pub(super) fn result(
    vendor_id: Option<String>,
    order_number: Option<String>,
    outcome: Result<Outcome, ApiError>,
) -> RowResult {
    let error = match outcome {
        Ok(outcome) => return RowResult::new(vendor_id, order_number, outcome),
        Err(error) => error,
    };
    let (code, sentence) = error.code_and_sentence();
    RowResult {
        code: Some(code),
        error: Some(sentence),
        ..RowResult::new(vendor_id, order_number, Outcome::Refused)
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
