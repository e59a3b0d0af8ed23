//! The shared store: Redis, Redis Cluster or Valkey, for several servers on one
//! set of orders.
//!
//! A change is read, decided upon in Rust, and compared and set by one script
//! (`change`, `commit`); its event is appended to the vendor's stream and published by the
//! same script. What a server tells its followers comes from its own commits and
//! from published messages; the stream is the truth behind both (`subscriber`).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ordertop::order::{HistoryEntry, OrderKey, OrderNumber, VendorId, VendorOrder};
use ordertop::protocol::Position;
use tokio::task::JoinHandle;

use super::url::RedisUrl;
use super::{
    Change, Decide, Feed, KeptOrder, ListPage, ListQuery, Once, Replay, Restored, Store,
    StoreError, StoreFuture, StoreOptions, StoreSummary, Target, VendorRecord, Watch,
};
use crate::store::Following;
pub(crate) use connection::connection_info;
pub(crate) use rights::Uses;
use shared::Shared;
use subscriber::{Ask, Subscriber};
use watches::Begun;

mod change;
mod commit;
mod commits;
mod connect;
mod connection;
mod error;
mod keys;
mod link;
mod list;
mod once;
mod open;
mod pulse;
mod read;
mod restore;
mod rights;
mod rows;
mod script;
mod shared;
mod sources;
mod subscriber;
mod tracks;
mod waiters;
mod warn;
mod watches;

/// Orders on a Redis.
#[derive(Debug)]
pub struct RedisStore {
    shared: Arc<Shared>,
    subscriber: Mutex<Option<(Subscriber, JoinHandle<()>)>>,
}

impl RedisStore {
    /// Connects, waiting for a Redis that does not answer yet for as long as
    /// `options` say. News go to `feed`.
    ///
    /// # Errors
    /// [`StoreError::Open`], with what to do.
    pub async fn open(
        url: &RedisUrl,
        options: &StoreOptions,
        feed: Option<Feed>,
    ) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared::new(url, options));
        open::open(&shared, url, options.timeout).await?;
        // A server's matter; a command that is done in a moment says nothing.
        if feed.is_some() {
            warn::of_dangers(&shared, url).await;
        }
        let subscriber = feed.map(|out| Subscriber::start(shared.clone(), out));
        Ok(Self {
            shared,
            subscriber: Mutex::new(subscriber),
        })
    }

    fn subscriber(&self) -> Option<Subscriber> {
        let subscriber = self
            .subscriber
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        subscriber.as_ref().map(|(handle, _)| handle.clone())
    }
}

impl Store for RedisStore {
    fn vendors(&self) -> StoreFuture<'_, Vec<VendorRecord>> {
        Box::pin(self.shared.vendors())
    }

    fn vendor<'a>(&'a self, id: &'a VendorId) -> StoreFuture<'a, Option<VendorRecord>> {
        Box::pin(self.shared.vendor(id))
    }

    fn has_vendor<'a>(&'a self, id: &'a VendorId) -> StoreFuture<'a, bool> {
        Box::pin(self.shared.has_vendor(id))
    }

    fn add_vendor(&self, id: VendorId, name: String) -> StoreFuture<'_, (VendorRecord, bool)> {
        Box::pin(self.shared.add_vendor(id, name))
    }

    fn change_all(
        &self,
        changes: Vec<(Target, Decide)>,
        once: Option<Once>,
    ) -> StoreFuture<'_, Vec<Change>> {
        let subscriber = self.subscriber();
        Box::pin(async move {
            let (changes, events) = change::change_all(&self.shared, changes, once).await?;
            if let Some(subscriber) = subscriber
                && !events.is_empty()
            {
                subscriber.committed(events).await;
            }
            Ok(changes)
        })
    }

    fn watch<'a>(&'a self, following: &'a Following) -> StoreFuture<'a, Watch> {
        Box::pin(async move {
            let Some(subscriber) = self.subscriber() else {
                return Ok(Watch::default());
            };
            let (watch, begun) = subscriber.watches.begin(following);
            if matches!(begun, Begun::NotYet) {
                match following {
                    Following::All => subscriber.ask(Ask::FollowAll).await?,
                    Following::Vendor(vendor) => {
                        let follow = |answer| Ask::Follow(vendor.clone(), answer);
                        subscriber.ask(follow).await?;
                    }
                }
            }
            Ok(watch)
        })
    }

    fn order<'a>(&'a self, key: &'a OrderKey) -> StoreFuture<'a, Option<VendorOrder>> {
        Box::pin(self.shared.order(key))
    }

    fn vendors_with<'a>(&'a self, number: &'a OrderNumber) -> StoreFuture<'a, Vec<VendorId>> {
        Box::pin(self.shared.vendors_with(number))
    }

    fn vendors_with_each<'a>(
        &'a self,
        numbers: &'a [OrderNumber],
    ) -> StoreFuture<'a, Vec<Vec<VendorId>>> {
        Box::pin(self.shared.vendors_with_each(numbers))
    }

    fn list(&self, query: ListQuery) -> StoreFuture<'_, ListPage> {
        Box::pin(self.shared.list(query))
    }

    fn history<'a>(&'a self, key: &'a OrderKey) -> StoreFuture<'a, Vec<HistoryEntry>> {
        Box::pin(self.shared.history(key))
    }

    fn events<'a>(
        &'a self,
        vendor: &'a VendorId,
        since: &'a Position,
        until: Option<u64>,
        limit: usize,
    ) -> StoreFuture<'a, Replay> {
        Box::pin(self.shared.events(vendor, since, until, limit))
    }

    fn restore<'a>(
        &'a self,
        vendor: &'a VendorId,
        orders: Vec<KeptOrder>,
    ) -> StoreFuture<'a, Restored> {
        Box::pin(restore::restore(&self.shared, vendor, orders))
    }

    fn probe(&self) -> StoreFuture<'_, ()> {
        let watched = self.subscriber().is_some();
        Box::pin(self.shared.probe(watched))
    }

    fn counters(&self) -> Vec<(&'static str, u64)> {
        let counters = &self.shared.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        vec![
            ("pubsub_silent", read(&counters.pubsub_silent)),
            ("gaps_repaired", read(&counters.gaps_repaired)),
            ("away", read(&counters.away)),
        ]
    }

    fn summary(&self) -> StoreFuture<'_, StoreSummary> {
        Box::pin(self.shared.summary())
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        let subscriber = self
            .subscriber
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        Box::pin(async move {
            if let Some((handle, task)) = subscriber {
                // Ends when the last handle is gone; a commit under way has its own.
                drop(handle);
                let _ = task.await;
            }
            Ok(())
        })
    }
}
