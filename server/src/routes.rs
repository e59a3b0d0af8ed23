//! The whole HTTP surface on one page. Every path is taken with and without
//! its last slash.

use std::convert::Infallible;
use std::sync::Arc;

use http::StatusCode;
use http::header::{ALLOW, HeaderValue};
use ordertop::protocol::VERSION;
use warp::filters::BoxedFilter;
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Filter, Rejection};

use crate::reply::ApiError;
use crate::request::{Answer, Incoming, PROTOCOL, Query, decode_segment};
use crate::state::AppState;

mod bulk;
mod cors;
mod events;
mod health;
mod import;
mod live;
mod methods;
mod notes;
mod orders;
mod place;
mod shipments;
mod status;
mod vendors;
mod whole_list;

/// Every route.
pub fn routes(state: Arc<AppState>) -> BoxedFilter<(Response,)> {
    let cors = cors::cors(&state.config.allow_origins);
    let incoming = incoming(state);
    let api = warp::path("api");
    let orders = api.and(warp::path("orders"));
    let number = || warp::path::param::<String>().map(|segment: String| decode_segment(&segment));

    let list = orders
        .and(warp::path!("vendor"))
        .and(get())
        .and(incoming.clone())
        .then(|i| answer(orders::list(i)));
    let events_since = orders
        .and(warp::path!("vendor" / "events"))
        .and(get())
        .and(incoming.clone())
        .then(|i| answer(events::since(i)));
    let events_all = orders
        .and(warp::path!("events"))
        .and(warp::post())
        .and(incoming.clone())
        .and(warp::body::stream())
        .then(|i, body| answer(events::since_for_all(i, body)));
    let detail = orders
        .and(number())
        .and(warp::path!("vendor-detail"))
        .and(get())
        .and(incoming.clone())
        .then(|number, i| answer(orders::detail(number, i)));
    let history = orders
        .and(number())
        .and(warp::path!("history"))
        .and(get())
        .and(incoming.clone())
        .then(|number, i| answer(orders::history(number, i)));
    let update_status = orders
        .and(number())
        .and(warp::path!("update-status"))
        .and(warp::post())
        .and(incoming.clone())
        .and(warp::body::stream())
        .then(|number, i, body| answer(status::update(number, i, body)));
    let add_note = orders
        .and(number())
        .and(warp::path!("notes"))
        .and(warp::post())
        .and(incoming.clone())
        .and(warp::body::stream())
        .then(|number, i, body| answer(notes::add(number, i, body)));
    let track = orders
        .and(number())
        .and(warp::path!("shipments"))
        .and(warp::post())
        .and(incoming.clone())
        .and(warp::body::stream())
        .then(|number, i, body| answer(shipments::track(number, i, body)));
    let bulk = orders
        .and(warp::path!("update-status"))
        .and(warp::post())
        .and(incoming.clone())
        .and(warp::body::stream())
        .then(|i, body| answer(bulk::update(i, body)));
    let import = orders
        .and(warp::path!("import"))
        .and(warp::post())
        .and(incoming.clone())
        .and(warp::body::stream())
        .then(|i, body| answer(import::import(i, body)));
    let place = orders
        .and(warp::path::end())
        .and(warp::post())
        .and(incoming.clone())
        .and(warp::body::stream())
        .then(|i, body| answer(place::place(i, body)));
    let vendors = api
        .and(warp::path!("vendors"))
        .and(get())
        .and(incoming.clone())
        .then(|i| answer(vendors::list(i)));
    let add_vendor = api
        .and(warp::path!("vendors"))
        .and(warp::post())
        .and(incoming.clone())
        .and(warp::body::stream())
        .then(|i, body| answer(vendors::add(i, body)));

    let one_vendor_live = warp::path!("ws" / "vendor" / String / "orders")
        .and(warp::get())
        .and(incoming.clone())
        .and(live::on_upgrade())
        .then(|vendor, i, upgrade| answer(live::one_vendor(vendor, i, upgrade)));
    let all_vendors_live = warp::path!("ws" / "orders")
        .and(warp::get())
        .and(incoming.clone())
        .and(live::on_upgrade())
        .then(|i, upgrade| answer(live::all_vendors(i, upgrade)));

    let livez = warp::path!("livez").and(get()).map(health::livez);
    let readyz = warp::path!("readyz")
        .and(get())
        .and(incoming.clone())
        .then(|i| answer(health::readyz(i)));
    let status_page = warp::path!("status")
        .and(get())
        .and(incoming)
        .then(|i| answer(health::status(i)));

    // The hottest first: each path is tried in turn.
    let rest = update_status
        .or(list)
        .unify()
        .or(events_since)
        .unify()
        .or(detail)
        .unify()
        .or(place)
        .unify()
        .boxed()
        .or(events_all
            .or(history)
            .unify()
            .or(bulk)
            .unify()
            .or(import)
            .unify()
            .or(add_note)
            .unify()
            .or(track)
            .unify()
            .boxed())
        .unify()
        .or(vendors.or(add_vendor).unify().boxed())
        .unify();
    let live = one_vendor_live.or(all_vendors_live).unify().boxed();
    let health = livez.or(readyz).unify().or(status_page).unify().boxed();
    let all = rest
        .or(live)
        .unify()
        .or(health)
        .unify()
        .recover(refused)
        .unify()
        .boxed();
    // An origin that is not allowed is refused by the wrapper itself.
    let all = all.with(cors).recover(refused).map(reply);
    let all = warp::path::full().and(all);
    all.map(|path: FullPath, response| finish(path.as_str(), response))
        .boxed()
}

fn reply(reply: impl warp::Reply) -> Response {
    reply.into_response()
}

/// Adds what every answer carries: the protocol, by which clients know this server from another, and
/// with a 405 the methods of the path.
#[must_use]
pub fn finish(path: &str, mut response: Response) -> Response {
    let wrong_method = response.status() == StatusCode::METHOD_NOT_ALLOWED;
    let headers = response.headers_mut();
    headers.insert(PROTOCOL, HeaderValue::from(VERSION));
    if wrong_method && let Some(methods) = methods::allowed(path) {
        headers.insert(ALLOW, HeaderValue::from_static(methods));
    }
    response
}

/// GET, and HEAD, which is GET without the body (RFC 9110, section 9.3.2): the
/// body is left out by hyper.
fn get() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    warp::get().or(warp::head()).unify()
}

/// State, path, headers and query.
fn incoming(
    state: Arc<AppState>,
) -> impl Filter<Extract = (Incoming,), Error = Infallible> + Clone {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::path::full()
        .and(warp::header::headers_cloned())
        .and(query)
        .map(move |path, headers, query: String| Incoming {
            state: state.clone(),
            path,
            headers,
            query: Query::new(&query),
        })
}

async fn answer(handler: impl Future<Output = Answer>) -> Response {
    handler.await.unwrap_or_else(ApiError::into_response)
}

/// What warp refuses before a handler is reached.
async fn refused(rejection: Rejection) -> Result<Response, Infallible> {
    let error = if rejection.find::<warp::cors::CorsForbidden>().is_some() {
        ApiError::Forbidden("this origin is not allowed: start the server with --allow-origin")
    } else if rejection.find::<warp::reject::MethodNotAllowed>().is_some() {
        ApiError::Method
    } else {
        ApiError::UnknownPath
    };
    Ok(error.into_response())
}
