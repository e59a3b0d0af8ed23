//! Fetching what a client lacks, by REST: a vendor's snapshot, or the events
//! since a position.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;

use super::error::RequestError;
use super::event::ClientEvent;
use super::rest::{ListQuery, Rest};
use crate::order::VendorId;
use crate::protocol::message::Unrecovered;
use crate::protocol::rest::{EventsRequest, VendorEvents};
use crate::protocol::{PackedOrder, Position};
use crate::replica::Snapshot;

/// A list that goes on longer never ends.
const MAX_PAGES: usize = 10_000;

/// Tells how many orders have come, over all fetches that run together.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    pub(crate) received: Arc<AtomicUsize>,
    pub(crate) out: mpsc::Sender<ClientEvent>,
}

impl Progress {
    fn more(&self, orders: usize) {
        let received = self.received.fetch_add(orders, Ordering::Relaxed) + orders;
        // A figure for the screen: one that finds no room is told by the next.
        let _ = self.out.try_send(ClientEvent::Loading { received });
    }
}

/// All orders of a vendor, page by page.
pub(crate) async fn snapshot(
    rest: &Rest,
    vendor: &VendorId,
    progress: &Progress,
) -> Result<Snapshot, RequestError> {
    // Without a limit: a server of the old kind would cut the list there and
    // give no next page; ours gives as many as a page holds.
    let mut page = rest.orders(vendor, &ListQuery::default()).await?;
    let mut all = Snapshot {
        position: page.position.take(),
        orders: Vec::new(),
    };
    for _ in 0..MAX_PAGES {
        progress.more(page.orders.len());
        // A page at a time, so that the whole list is never here unpacked.
        let packed = page.orders.drain(..).map(|order| PackedOrder::new(&order));
        all.orders.extend(packed.map(Arc::new));
        let Some(next) = page.next.take() else {
            return Ok(all);
        };
        page = rest.orders_next(&next).await?;
    }
    Err(RequestError::Unreadable {
        reason: "the list does not end".to_owned(),
    })
}

/// What happened to one vendor's orders, or to all vendors', since the
/// positions held.
pub(crate) async fn events(
    rest: &Rest,
    vendor: Option<(VendorId, Position)>,
    positions: BTreeMap<VendorId, Position>,
) -> Result<BTreeMap<VendorId, VendorEvents>, RequestError> {
    let Some((vendor, since)) = vendor else {
        let request = EventsRequest { positions, wait: 0 };
        return match rest.events_all(&request).await {
            Ok(answer) => Ok(answer.vendors),
            Err(error) if error.is_unknown_call() && wants_a_vendor(rest).await => {
                Err(RequestError::VendorNeeded)
            }
            Err(error) => Err(error),
        };
    };
    let answer = match rest.events(&vendor, &since, Duration::ZERO).await {
        Ok(page) => VendorEvents {
            position: page.position,
            recovered: true,
            reason: None,
            events: page.events,
        },
        Err(RequestError::Refused {
            status: 410, code, ..
        }) => VendorEvents {
            position: since,
            recovered: false,
            reason: Some(if code == Unrecovered::PositionUnknown.as_str() {
                Unrecovered::PositionUnknown
            } else {
                Unrecovered::PositionExpired
            }),
            events: Vec::new(),
        },
        // A server of the old kind has taken the place of ours: it has a list.
        Err(error) if error.is_unknown_call() => VendorEvents {
            position: since,
            recovered: false,
            reason: None,
            events: Vec::new(),
        },
        Err(error) => return Err(error),
    };
    Ok(BTreeMap::from([(vendor, answer)]))
}

/// Whether the server knows the list, and only misses the vendor: it is of the
/// old kind, and neither a wrong address nor a proxy's error page.
async fn wants_a_vendor(rest: &Rest) -> bool {
    let answer = rest.list_of_nobody().await;
    matches!(answer, Err(RequestError::Refused { status: 401, message, .. }) if message.contains("X-Vendor-ID"))
}
