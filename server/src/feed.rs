//! The feed: what was committed, on its way from the store to the hub.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ordertop::protocol::message::VendorAdded;
use tokio::sync::mpsc;

use crate::publication::Publication;
use crate::state::AppState;
use crate::store::News;

/// Batches of news that may wait; where they pile up, commits wait.
pub(crate) const BATCHES_IN_FEED: usize = 256;

/// Hands the store's news to the hub, in their order.
pub(crate) async fn feed_hub(state: Arc<AppState>, mut fed: mpsc::Receiver<Vec<News>>) {
    let mut batches = Vec::new();
    let mut publications = Vec::new();
    while fed.recv_many(&mut batches, 64).await > 0 {
        for news in batches.drain(..).flatten() {
            match news {
                News::Event(event) => publications.push(Arc::new(Publication::order(event))),
                News::Vendor(vendor) => {
                    let added = VendorAdded {
                        vendor_id: vendor.id,
                        name: vendor.name,
                        position: vendor.position,
                        timestamp: state.now(),
                    };
                    publications.push(Arc::new(Publication::vendor_added(added)));
                }
                News::HistoryChanged(vendor) => {
                    publish(&state, &mut publications);
                    tracing::warn!(%vendor, "its history has changed: its followers ask anew");
                    state.hub.ask_anew(&vendor);
                }
                News::Away(reason) => {
                    publish(&state, &mut publications);
                    tracing::error!(reason, "the store is away");
                    state.hub.tell_all(&Arc::new(Publication::degraded()));
                }
                News::Back => {
                    publish(&state, &mut publications);
                    tracing::info!("the store is back");
                    state.hub.tell_all(&Arc::new(Publication::restored()));
                }
            }
        }
        publish(&state, &mut publications);
    }
}

fn publish(state: &AppState, publications: &mut Vec<Arc<Publication>>) {
    let count = publications.len() as u64;
    state.events_published.fetch_add(count, Ordering::Relaxed);
    state.hub.publish(publications);
    publications.clear();
}
