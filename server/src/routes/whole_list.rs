//! The list as the old system gives it: whole where no limit is named, sent page by page as the
//! caller reads, so that its length costs no memory.

use std::sync::Arc;

use bytes::Bytes;
use ordertop::order::OrderStatus;
use ordertop::protocol::ListedOrder;
use ordertop::protocol::listed::View;
use tokio::sync::mpsc;
use warp::Reply;
use warp::reply::Response;

use crate::reply::{self, ApiError};
use crate::request::Query;
use crate::state::AppState;
use crate::store::{ListPage, ListQuery, StoreError};

/// Orders that are read at a time.
const PAGE: usize = 250;

/// What an old caller's query asks for, taken as the old system takes it.
pub(super) struct Asked {
    /// The statuses that exist, of those that were named.
    pub(super) statuses: Vec<OrderStatus>,
    /// Whether a status was named, and none that exists: no order has it.
    pub(super) nothing: bool,
    /// Most orders to answer; `None` for all.
    pub(super) limit: Option<usize>,
}

impl Asked {
    /// Reads the query. A limit that is no count is none, a status that does not exist matches nothing.
    pub(super) fn of(query: &Query) -> Self {
        let named = query.get("status").unwrap_or_default().split(',');
        let named: Vec<_> = named
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect();
        let statuses: Vec<OrderStatus> =
            named.iter().filter_map(|name| name.parse().ok()).collect();
        Self {
            nothing: statuses.is_empty() && !named.is_empty(),
            statuses,
            limit: query.get("limit").and_then(|limit| limit.parse().ok()),
        }
    }
}

/// Answers the orders of the query, at most `limit`.
///
/// # Errors
/// When the store is away. Where it goes away later, the answer breaks off.
pub(super) async fn answer(
    state: &Arc<AppState>,
    query: ListQuery,
    view: View,
    limit: Option<usize>,
) -> Result<(Response, ListPage), ApiError> {
    let mut rest = Rest {
        query,
        view,
        left: limit.unwrap_or(usize::MAX),
        begun: false,
    };
    rest.query.limit = PAGE.min(rest.left).max(1);
    let mut first = state.store.list(rest.query.clone()).await?;
    let chunk = rest.take(&first);
    first.orders = Vec::new();
    let (send, mut receive) = mpsc::channel::<Result<Bytes, StoreError>>(1);
    let ended = rest.has_ended(&first);
    let mut next = first.next;
    let state = state.clone();
    let tasks = state.tasks.clone();
    tasks.spawn(async move {
        if send.send(Ok(chunk)).await.is_err() || ended {
            return;
        }
        loop {
            rest.query.cursor = next;
            rest.query.limit = PAGE.min(rest.left);
            let page = match state.store.list(rest.query.clone()).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::error!(%error, "a list broke off");
                    let _ = send.send(Err(error)).await;
                    return;
                }
            };
            let chunk = rest.take(&page);
            // A caller that has gone away wants no more.
            if send.send(Ok(chunk)).await.is_err() || rest.has_ended(&page) {
                return;
            }
            next = page.next;
        }
    });
    let chunks = futures_util::stream::poll_fn(move |cx| receive.poll_recv(cx));
    let mut response = warp::reply::stream(chunks).into_response();
    reply::private_json(response.headers_mut());
    Ok((response, first))
}

/// The part of a list that was not sent yet.
struct Rest {
    query: ListQuery,
    view: View,
    left: usize,
    begun: bool,
}

impl Rest {
    /// The page as a part of the array, with its brackets where it is the first or the last.
    fn take(&mut self, page: &ListPage) -> Bytes {
        let mut json = Vec::new();
        for order in page.orders.iter().take(self.left) {
            json.push(if self.begun { b',' } else { b'[' });
            self.begun = true;
            // Our own types always encode.
            let _ = serde_json::to_writer(&mut json, &ListedOrder::new(order, self.view));
        }
        self.left -= page.orders.len().min(self.left);
        if self.has_ended(page) {
            if !self.begun {
                json.push(b'[');
            }
            json.push(b']');
        }
        json.into()
    }

    fn has_ended(&self, page: &ListPage) -> bool {
        self.left == 0 || page.next.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_limits_and_statuses_are_taken_as_the_old_system_takes_them() {
        let table = [
            ("", None, false, 0),
            ("limit=", None, false, 0),
            ("limit=5", Some(5), false, 0),
            ("limit=0", Some(0), false, 0),
            ("limit=-1", None, false, 0),
            ("limit=abc", None, false, 0),
            ("limit=5000", Some(5_000), false, 0),
            ("status=Paid", None, false, 1),
            ("status=Lost", None, true, 0),
            ("status=Lost,Paid", None, false, 1),
        ];
        for (query, limit, nothing, statuses) in table {
            let asked = Asked::of(&Query::new(query));
            assert_eq!(
                (asked.limit, asked.nothing, asked.statuses.len()),
                (limit, nothing, statuses),
                "{query}"
            );
        }
    }
}
