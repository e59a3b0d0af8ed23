//! Reading orders: list, detail, history.

use http::header::{ETAG, IF_NONE_MATCH, LINK};
use http::{HeaderName, StatusCode};
use ordertop::order::OrderStatus;
use ordertop::protocol::listed::View;
use ordertop::protocol::rest::History;
use ordertop::protocol::{ListedOrder, MAX_ORDERS, Position, TOTAL_COUNT};

use super::whole_list::{self, Asked};
use crate::caller::Caller;
use crate::reply::{self, ApiError};
use crate::request::{Answer, Incoming};
use crate::store::{ListPage, ListQuery};

/// How many orders a list holds.
const TOTAL: HeaderName = HeaderName::from_static(TOTAL_COUNT);

/// `GET /api/orders/vendor/`: the seed's array, newest first.
pub(super) async fn list(incoming: Incoming) -> Answer {
    let Incoming {
        state,
        headers,
        query,
        ..
    } = &incoming;
    let caller = Caller::of_seed_call(state, headers).await?;
    let vendor = caller.list_scope(state, incoming.vendor()).await?;
    if let Some(vendor) = &vendor
        && let Some(known) = headers.get(IF_NONE_MATCH).and_then(|tag| tag.to_str().ok())
        && let Some(now) = state.store.vendor(vendor).await?
        && matches_etag(known, &now.position)
    {
        let mut response = reply::empty(StatusCode::NOT_MODIFIED);
        reply::set(response.headers_mut(), ETAG, &etag(&now.position));
        return Ok(response);
    }
    let time = "a time such as 2026-11-23T17:00:00Z";
    let asked = ListQuery {
        vendor,
        statuses: Vec::new(),
        text: query.get("q").map(|text| text.chars().take(200).collect()),
        search_hidden: caller.view() == View::Support,
        placed_after: query.parse("placed_after", time)?,
        placed_before: query.parse("placed_before", time)?,
        cursor: query.parse("cursor", "the cursor of a `next` link")?,
        limit: MAX_ORDERS,
    };
    if !incoming.speaks_ours() && asked.vendor.is_some() && asked.cursor.is_none() {
        return old_list(&incoming, &caller, asked).await;
    }
    let statuses = query.get("status").map_or("", |list| list).split(',');
    let statuses = statuses.map(str::trim).filter(|name| !name.is_empty());
    let limit = query
        .parse("limit", "a number from 1 to 1000")?
        .unwrap_or(MAX_ORDERS);
    if !(1..=MAX_ORDERS).contains(&limit) {
        return Err(ApiError::bad(
            "bad_query",
            "`limit` is a number from 1 to 1000",
        ));
    }
    let statuses = statuses.map(known_status).collect::<Result<_, _>>()?;
    let asked = ListQuery {
        statuses,
        limit,
        ..asked
    };
    let page = state.store.list(asked).await?;
    Ok(page_response(&page, &incoming, &caller))
}

/// One vendor's list for a caller that does not say that it speaks this protocol: as the old system
/// takes its query. A limit within our range answers a page with its link, as to anyone.
async fn old_list(incoming: &Incoming, caller: &Caller, asked: ListQuery) -> Answer {
    let state = &incoming.state;
    let old = Asked::of(&incoming.query);
    if old.nothing || old.limit == Some(0) {
        return Ok(reply::json(StatusCode::OK, &[(); 0]));
    }
    let query = ListQuery {
        statuses: old.statuses,
        ..asked
    };
    if let Some(limit) = old.limit.filter(|limit| *limit <= MAX_ORDERS) {
        let page = state.store.list(ListQuery { limit, ..query }).await?;
        return Ok(page_response(&page, incoming, caller));
    }
    let (mut response, first) = whole_list::answer(state, query, caller.view(), old.limit).await?;
    if let Some(position) = &first.position {
        reply::set(response.headers_mut(), ETAG, &etag(position));
    }
    Ok(response)
}

fn known_status(name: &str) -> Result<OrderStatus, ApiError> {
    name.parse()
        .map_err(|error: ordertop::order::status::UnknownStatus| {
            ApiError::bad("bad_query", error.to_string())
        })
}

fn page_response(page: &ListPage, incoming: &Incoming, caller: &Caller) -> warp::reply::Response {
    let view = caller.view();
    let rows: Vec<_> = page
        .orders
        .iter()
        .map(|order| ListedOrder::new(order, view))
        .collect();
    let mut response = reply::json(StatusCode::OK, &rows);
    let headers = response.headers_mut();
    if let Some(position) = &page.position {
        reply::set(headers, ETAG, &etag(position));
    }
    if let Some(total) = page.total {
        reply::set(headers, TOTAL, &total.to_string());
    }
    if let Some(cursor) = page.next {
        let mut query = incoming.query.without("cursor");
        let query = query.append_pair("cursor", &cursor.to_string()).finish();
        reply::set(
            headers,
            LINK,
            &format!("</api/orders/vendor/?{query}>; rel=\"next\""),
        );
    }
    response
}

fn etag(position: &Position) -> String {
    format!("\"{position}\"")
}

/// Whether an `If-None-Match` names this position (RFC 9110, section 13.1.2);
/// the weak form counts, as it does for GET.
fn matches_etag(header: &str, position: &Position) -> bool {
    let tag = etag(position);
    header
        .split(',')
        .map(str::trim)
        .any(|one| one == "*" || one.trim_start_matches("W/") == tag)
}

/// `GET /api/orders/{number}/vendor-detail/`.
pub(super) async fn detail(number: String, incoming: Incoming) -> Answer {
    let state = &incoming.state;
    let caller = Caller::of_seed_call(state, &incoming.headers).await?;
    let key = caller.order_key(state, incoming.vendor(), &number).await?;
    let order = state
        .store
        .order(&key)
        .await?
        .ok_or(ApiError::UnknownOrder)?;
    Ok(reply::json(
        StatusCode::OK,
        &ListedOrder::detail(&order, caller.view()),
    ))
}

/// `GET /api/orders/{number}/history/`.
pub(super) async fn history(number: String, incoming: Incoming) -> Answer {
    let state = &incoming.state;
    let caller = Caller::of_our_call(state, &incoming.headers).await?;
    let any = matches!(caller, Caller::Master).then_some("*");
    let key = caller
        .order_key(state, incoming.vendor().or(any), &number)
        .await?;
    let history = state.store.history(&key).await?;
    if history.is_empty() {
        return Err(ApiError::UnknownOrder);
    }
    Ok(reply::json(StatusCode::OK, &History { history }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etag_matches_in_every_form_that_a_client_sends() {
        let position: Position = "3:ab".parse().unwrap();
        for header in ["\"3:ab\"", "W/\"3:ab\"", "\"1:x\", \"3:ab\"", "*"] {
            assert!(matches_etag(header, &position), "{header}");
        }
        for header in ["\"3:ac\"", "3:ab", ""] {
            assert!(!matches_etag(header, &position), "{header}");
        }
    }
}
