//! The shared store: Redis (or Valkey), for several servers on one set of orders.

use ordertop::order::{HistoryEntry, OrderKey, OrderNumber, VendorId, VendorOrder};
use ordertop::protocol::Position;

use super::url::RedisUrl;
use super::{
    Change, Decide, Feed, KeptOrder, ListPage, ListQuery, Once, Replay, Restored, Store,
    StoreError, StoreFuture, StoreOptions, StoreSummary, VendorRecord,
};

/// Orders on a Redis.
#[derive(Debug)]
pub struct RedisStore;

impl RedisStore {
    /// Connects.
    ///
    /// # Errors
    /// [`StoreError::Open`].
    pub async fn open(
        url: &RedisUrl,
        _options: &StoreOptions,
        _feed: Option<Feed>,
    ) -> Result<Self, StoreError> {
        Err(StoreError::Open {
            path: url.to_string(),
            reason: "Redis stores are being built".into(),
        })
    }
}

fn not_yet<'a, T: Send + 'a>() -> StoreFuture<'a, T> {
    Box::pin(std::future::ready(Err(StoreError::Closed)))
}

impl Store for RedisStore {
    fn vendors(&self) -> StoreFuture<'_, Vec<VendorRecord>> {
        not_yet()
    }
    fn vendor<'a>(&'a self, _id: &'a VendorId) -> StoreFuture<'a, Option<VendorRecord>> {
        not_yet()
    }
    fn add_vendor(&self, _id: VendorId, _name: String) -> StoreFuture<'_, (VendorRecord, bool)> {
        not_yet()
    }
    fn change_all(
        &self,
        _changes: Vec<(OrderKey, Decide)>,
        _once: Option<Once>,
    ) -> StoreFuture<'_, Vec<Change>> {
        not_yet()
    }
    fn order<'a>(&'a self, _key: &'a OrderKey) -> StoreFuture<'a, Option<VendorOrder>> {
        not_yet()
    }
    fn vendors_with<'a>(&'a self, _number: &'a OrderNumber) -> StoreFuture<'a, Vec<VendorId>> {
        not_yet()
    }
    fn list(&self, _query: ListQuery) -> StoreFuture<'_, ListPage> {
        not_yet()
    }
    fn history<'a>(&'a self, _key: &'a OrderKey) -> StoreFuture<'a, Vec<HistoryEntry>> {
        not_yet()
    }
    fn events<'a>(
        &'a self,
        _vendor: &'a VendorId,
        _since: &'a Position,
        _until: Option<u64>,
        _limit: usize,
    ) -> StoreFuture<'a, Replay> {
        not_yet()
    }
    fn restore<'a>(
        &'a self,
        _vendor: &'a VendorId,
        _orders: Vec<KeptOrder>,
    ) -> StoreFuture<'a, Restored> {
        not_yet()
    }
    fn probe(&self) -> StoreFuture<'_, ()> {
        not_yet()
    }
    fn summary(&self) -> StoreFuture<'_, StoreSummary> {
        not_yet()
    }
    fn close(&self) -> StoreFuture<'_, ()> {
        not_yet()
    }
}
