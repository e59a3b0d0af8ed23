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

/// What has come and what is to come, over all fetches that run together.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    received: AtomicUsize,
    total: AtomicUsize,
    /// Fetches that run, and have not told how many orders they will bring.
    untold: AtomicUsize,
    /// Fetches that did not begin yet.
    waiting: AtomicUsize,
    /// What the server said of all its orders, where all are fetched; else 0.
    everything: AtomicUsize,
}

impl Counts {
    /// The first fetch of several begins.
    pub(crate) fn reset(&self) {
        let all = [
            &self.received,
            &self.total,
            &self.untold,
            &self.waiting,
            &self.everything,
        ];
        for count in all {
            count.store(0, Ordering::Relaxed);
        }
    }

    /// A fetch begins, and so many wait behind it.
    pub(crate) fn begin(&self, waiting: usize) {
        self.untold.fetch_add(1, Ordering::Relaxed);
        self.waiting.store(waiting, Ordering::Relaxed);
    }

    /// The first page told how many orders there will be.
    fn told(&self, total: usize) {
        self.total.fetch_add(total, Ordering::Relaxed);
        self.untold.fetch_sub(1, Ordering::Relaxed);
    }

    /// So many orders have come, and there will be so many, if that is known.
    fn more(&self, orders: usize) -> (usize, Option<usize>) {
        let received = self.received.fetch_add(orders, Ordering::Relaxed) + orders;
        let open = [&self.untold, &self.waiting].map(|count| count.load(Ordering::Relaxed));
        let total = match open {
            [0, 0] => Some(self.total.load(Ordering::Relaxed)),
            _ => Some(self.everything.load(Ordering::Relaxed)).filter(|all| *all > 0),
        };
        // Orders are placed meanwhile: there are at least those that came.
        (received, total.map(|total| total.max(received)))
    }
}

/// Tells how many orders have come.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    pub(crate) counts: Arc<Counts>,
    /// Who hears of it; nobody of a list that is fetched again and again.
    pub(crate) out: Option<mpsc::Sender<ClientEvent>>,
}

impl Progress {
    /// Asks how many orders the server has, for a client that fetches them all. A
    /// figure for the screen: without an answer, they are counted as they come.
    pub(crate) async fn ask_everything(&self, rest: &Rest) {
        if let Ok(Some(status)) = rest.status().await
            && let Some(orders) = status["store"]["orders"].as_u64()
        {
            let orders = usize::try_from(orders).unwrap_or(usize::MAX);
            self.counts.everything.store(orders, Ordering::Relaxed);
        }
    }

    fn more(&self, orders: usize) {
        let (received, total) = self.counts.more(orders);
        // A figure for the screen: one that finds no room is told by the next.
        if let Some(out) = &self.out {
            let _ = out.try_send(ClientEvent::Loading { received, total });
        }
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
    // One page is all there is.
    let all_here = page.next.is_none().then_some(page.orders.len());
    if let Some(total) = page.total.or(all_here) {
        progress.counts.told(total);
    }
    for _ in 0..MAX_PAGES {
        progress.more(page.orders.len());
        // A page at a time, so that the whole list is never here unpacked.
        let packed = (page.orders.drain(..))
            .map(|order| Arc::new(PackedOrder::from(Arc::unwrap_or_clone(order))));
        all.orders.extend(packed);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_is_told_once_every_fetch_has_told_its_own() {
        let counts = Counts::default();
        counts.begin(1);
        counts.told(3_000);
        assert_eq!(counts.more(1_000), (1_000, None), "one waits");
        counts.begin(0);
        assert_eq!(counts.more(1_000), (2_000, None), "one has not told");
        counts.told(20);
        assert_eq!(counts.more(20), (2_020, Some(3_020)));
        assert_eq!(
            counts.more(1_010),
            (3_030, Some(3_030)),
            "some were placed meanwhile"
        );
        counts.reset();
        counts.begin(0);
        assert_eq!(counts.more(7), (7, None));
        counts.everything.store(5_000, Ordering::Relaxed);
        assert_eq!(counts.more(7), (14, Some(5_000)));
        counts.told(15);
        assert_eq!(
            counts.more(1),
            (15, Some(15)),
            "what the pages say goes first"
        );
    }
}
