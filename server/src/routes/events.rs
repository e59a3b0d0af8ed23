//! Events over REST: what a client reads while its socket is down.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Buf;
use futures_util::Stream;
use http::StatusCode;
use ordertop::order::VendorId;
use ordertop::protocol::listed::View;
use ordertop::protocol::message::{ServerMessage, Unrecovered};
use ordertop::protocol::rest::{EventsByVendor, EventsPage, EventsRequest, VendorEvents};
use ordertop::protocol::{MAX_ORDERS, MAX_WAIT_S, Position};
use tokio::time::Instant;

use crate::caller::Caller;
use crate::hub::Bell;
use crate::publication::message;
use crate::reply::{self, ApiError};
use crate::request;
use crate::request::{Answer, Incoming};
use crate::state::AppState;
use crate::store::{Event, Following, Replay, Watch};

/// `GET /api/orders/vendor/events/?since=offset:mark&wait=25`.
pub(super) async fn since(incoming: Incoming) -> Answer {
    let Incoming {
        state,
        headers,
        query,
        ..
    } = &incoming;
    let caller = Caller::of_seed_call(state, headers).await?;
    let vendor = caller.list_scope(state, incoming.vendor()).await?;
    let Some(vendor) = vendor else {
        let error = "for every vendor's events use POST /api/orders/events/";
        return Err(ApiError::bad("bad_query", error));
    };
    let wait = query
        .parse("wait", "a number of seconds from 0 to 30")?
        .unwrap_or(0);
    let since = query.parse("since", "a position `offset:mark`, as the server gave it,")?;
    let mut turn = Turn::new(state, Following::Vendor(vendor.clone()), wait).await?;
    let since: Position = match since {
        Some(since) => since,
        // There is nothing to be after: the answer says where to begin.
        None => match state.store.vendor(&vendor).await? {
            Some(vendor) => vendor.position,
            None => return Err(ApiError::UnknownVendor(vendor.to_string())),
        },
    };
    loop {
        match state
            .store
            .events(&vendor, &since, None, MAX_ORDERS)
            .await?
        {
            Replay::Unrecovered { reason, .. } => return Err(ApiError::Gone(reason)),
            Replay::Events { events, .. } if events.is_empty() && turn.wait().await => {}
            Replay::Events { events, .. } => {
                let page = page(&vendor, &since, &events, caller.view());
                return Ok(reply::json(StatusCode::OK, &page));
            }
        }
    }
}

/// `POST /api/orders/events/`: the same for every vendor that the caller may see.
pub(super) async fn since_for_all(
    incoming: Incoming,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Answer {
    let state = &incoming.state;
    let caller = Caller::of_our_call(state, &incoming.headers).await?;
    let asked: EventsRequest = request::read_json(state, &incoming.headers, body).await?;
    let following = match &caller {
        Caller::Vendor(vendor) => Following::Vendor(vendor.clone()),
        Caller::Master => Following::All,
    };
    let mut turn = Turn::new(state, following, asked.wait).await?;
    loop {
        let vendors = for_all(state, &caller, &asked).await?;
        let news = |vendor: &VendorEvents| !vendor.recovered || !vendor.events.is_empty();
        if vendors.values().any(news) || !turn.wait().await {
            return Ok(reply::json(StatusCode::OK, &EventsByVendor { vendors }));
        }
    }
}

async fn for_all(
    state: &AppState,
    caller: &Caller,
    asked: &EventsRequest,
) -> Result<BTreeMap<VendorId, VendorEvents>, ApiError> {
    let mut vendors = BTreeMap::new();
    let mut room = MAX_ORDERS;
    for vendor in state.store.vendors().await? {
        if matches!(caller, Caller::Vendor(own) if *own != vendor.id) {
            continue;
        }
        let unrecovered = |position, reason| VendorEvents {
            position,
            recovered: false,
            reason: Some(reason),
            events: Vec::new(),
        };
        let told = match asked.positions.get(&vendor.id) {
            None => unrecovered(vendor.position, Unrecovered::NoPosition),
            // Nothing happened: most vendors, most times.
            Some(since) if *since == vendor.position => VendorEvents {
                position: vendor.position,
                recovered: true,
                reason: None,
                events: Vec::new(),
            },
            Some(since) => match state.store.events(&vendor.id, since, None, room).await? {
                Replay::Unrecovered { reason, head } => unrecovered(head, reason),
                Replay::Events { events, .. } => {
                    room -= events.len();
                    let EventsPage { position, events } =
                        page(&vendor.id, since, &events, caller.view());
                    VendorEvents {
                        position,
                        recovered: true,
                        reason: None,
                        events,
                    }
                }
            },
        };
        vendors.insert(vendor.id, told);
    }
    Ok(vendors)
}

fn page(vendor: &VendorId, since: &Position, events: &[Event], view: View) -> EventsPage {
    let position = events.last().map_or(since, |last| &last.position).clone();
    let events: Vec<ServerMessage> = events
        .iter()
        .map(|event| message(vendor, event, view))
        .collect();
    EventsPage { position, events }
}

/// A caller's time to wait for something to happen.
struct Turn<'a> {
    state: &'a AppState,
    /// Rings as long as the store's news are wanted.
    bell: Option<(Bell, Watch)>,
    until: Instant,
}

impl<'a> Turn<'a> {
    /// Begins to listen before the first look, so that nothing falls between.
    async fn new(state: &'a AppState, following: Following, wait_s: u64) -> Result<Self, ApiError> {
        if wait_s > MAX_WAIT_S {
            return Err(ApiError::bad(
                "bad_query",
                "`wait` is a number of seconds from 0 to 30",
            ));
        }
        let until = Instant::now() + Duration::from_secs(wait_s);
        let mut bell = None;
        if wait_s > 0 {
            let rings = state.hub.bell(following.clone());
            bell = Some((rings, state.store.watch(&following).await?));
        }
        Ok(Self { state, bell, until })
    }

    /// Waits until something happened; `false` when there is no time left, or
    /// the server stops.
    async fn wait(&mut self) -> bool {
        let Some((bell, _)) = &self.bell else {
            return false;
        };
        tokio::select! {
            () = self.state.draining.cancelled() => false,
            () = tokio::time::sleep_until(self.until) => false,
            () = bell.rung() => true,
        }
    }
}
