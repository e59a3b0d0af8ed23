//! Where orders are kept. One commit is order, history, event and position
//! together; none of them is ever visible without the others.
//!
//! Rules live in Rust: a caller hands a [`Decide`], the store shows it the order
//! as it is, and writes what it decides, compared and set on the version. How a
//! decision and its write are made one is each store's own matter.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ordertop::clock::{Clock, SystemClock};
use ordertop::order::{HistoryEntry, OrderKey, OrderNumber, VendorId, VendorOrder};
use ordertop::protocol::{EventKind, Position};
use serde::{Deserialize, Serialize};

mod fact;
mod following;
mod kept;
pub mod lock;
mod news;
mod once;
mod open;
mod query;
pub mod redis;
pub mod redis_config;
mod refusal;
pub mod sqlite;
mod target;
pub mod url;

pub use following::Following;
pub use kept::{KeptOrder, Restored};
pub use news::{Event, Feed, News, Replay, VendorEvent};
pub use once::{ONCE_FOR, Once, digest};
pub use open::{open, open_beside};
pub use query::{Cursor, ListPage, ListQuery};
pub use refusal::{Refusal, TrackingRefusal};
pub use target::Target;
pub use url::StoreUrl;

/// A future that a store hands out.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Decides what becomes of an order, which it is shown as stored, or `None`
/// where there is none. Asked again when another change came between.
pub type Decide = Box<dyn Fn(Option<&VendorOrder>) -> Verdict + Send + Sync>;

/// A place where orders are kept.
pub trait Store: Send + Sync + std::fmt::Debug {
    /// Every vendor, by id.
    fn vendors(&self) -> StoreFuture<'_, Vec<VendorRecord>>;

    /// One vendor; its position is that of its newest event.
    fn vendor<'a>(&'a self, id: &'a VendorId) -> StoreFuture<'a, Option<VendorRecord>>;

    /// Whether there is such a vendor. Asked for every request: a store may answer
    /// from memory, since vendors do not go.
    fn has_vendor<'a>(&'a self, id: &'a VendorId) -> StoreFuture<'a, bool> {
        Box::pin(async move { Ok(self.vendor(id).await?.is_some()) })
    }

    /// Adds a vendor; whether it is new. One that is there stays as it is.
    fn add_vendor(&self, id: VendorId, name: String) -> StoreFuture<'_, (VendorRecord, bool)>;

    /// Shows each order to its decision and commits what they decide: all in
    /// one commit, in their order, so that a later one sees what an earlier one
    /// did. A vendor that does not exist has no orders and can be given none:
    /// [`Refusal::UnknownVendor`].
    ///
    /// On a store that several servers share, "one commit" is one for each
    /// vendor: all of a vendor's changes or none.
    ///
    /// With `once`, the outcome that is remembered under that key is answered again,
    /// and nothing is done; [`StoreError::KeyReused`] when it was another request.
    /// Outcomes and places are remembered, never copies of orders ([`Change::order`]).
    fn change_all(
        &self,
        changes: Vec<(Target, Decide)>,
        once: Option<Once>,
    ) -> StoreFuture<'_, Vec<Change>>;

    /// [`Self::change_all`] for one order.
    fn change(&self, key: OrderKey, decide: Decide, once: Option<Once>) -> StoreFuture<'_, Change> {
        let changing = self.change_all(vec![(key.into(), decide)], once);
        Box::pin(async move { changing.await?.pop().ok_or(StoreError::Closed) })
    }

    /// Keeps the news of this vendor, or of all, coming to the feed for as long
    /// as the [`Watch`] is held. When this returns, whatever is committed from
    /// now on will be fed. A store that only this process writes feeds all anyway.
    fn watch<'a>(&'a self, following: &'a Following) -> StoreFuture<'a, Watch> {
        let _ = following;
        Box::pin(std::future::ready(Ok(Watch::default())))
    }

    /// One order.
    fn order<'a>(&'a self, key: &'a OrderKey) -> StoreFuture<'a, Option<VendorOrder>>;

    /// The vendors that have an order of this number.
    fn vendors_with<'a>(&'a self, number: &'a OrderNumber) -> StoreFuture<'a, Vec<VendorId>>;

    /// [`Self::vendors_with`] for each of these numbers, in their order.
    fn vendors_with_each<'a>(
        &'a self,
        numbers: &'a [OrderNumber],
    ) -> StoreFuture<'a, Vec<Vec<VendorId>>> {
        Box::pin(async move {
            let mut with = Vec::with_capacity(numbers.len());
            for number in numbers {
                with.push(self.vendors_with(number).await?);
            }
            Ok(with)
        })
    }

    /// A page of orders, newest first.
    fn list(&self, query: ListQuery) -> StoreFuture<'_, ListPage>;

    /// What was done to an order, oldest first; empty where there is none.
    fn history<'a>(&'a self, key: &'a OrderKey) -> StoreFuture<'a, Vec<HistoryEntry>>;

    /// The events after `since`, at most `limit`, up to the offset `until`
    /// where one is given.
    fn events<'a>(
        &'a self,
        vendor: &'a VendorId,
        since: &'a Position,
        until: Option<u64>,
        limit: usize,
    ) -> StoreFuture<'a, Replay>;

    /// Writes orders as another store kept them, with their histories, for a
    /// vendor that exists: those that are not there yet. No events tell of them.
    fn restore<'a>(
        &'a self,
        vendor: &'a VendorId,
        orders: Vec<KeptOrder>,
    ) -> StoreFuture<'a, Restored>;

    /// Proves with a real commit that the store can be written.
    fn probe(&self) -> StoreFuture<'_, ()>;

    /// Figures of the store's own, for `/status`: name and count since the start.
    fn counters(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// What the store holds.
    fn summary(&self) -> StoreFuture<'_, StoreSummary>;

    /// Finishes what is under way and closes; every later call fails.
    fn close(&self) -> StoreFuture<'_, ()>;
}

/// What opening a store needs to know beside its address.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// How long events can be replayed.
    pub retention: Retention,
    /// A commit on Redis waits for so many replicas; 0 for none.
    pub redis_wait: u32,
    /// How long to wait for a Redis that does not answer yet.
    pub timeout: Duration,
    /// Says how old an event is and until when an answer is remembered. A Redis
    /// goes by its own.
    pub clock: Arc<dyn Clock>,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            retention: Retention::default(),
            redis_wait: 0,
            timeout: Duration::from_secs(10),
            clock: Arc::new(SystemClock),
        }
    }
}

/// Changes those rows that could be read, in one commit and their order, and puts
/// what became of them back among those that could not.
///
/// # Errors
/// When the store is away: then nothing was changed.
pub async fn change_rows<T: Into<Target>, E>(
    store: &dyn Store,
    rows: Vec<Result<(T, Decide), E>>,
    once: Option<Once>,
) -> Result<Vec<Result<Change, E>>, StoreError> {
    let mut changes = Vec::with_capacity(rows.len());
    let keep = |row: Result<(T, Decide), E>| {
        row.map(|(target, decide)| changes.push((target.into(), decide)))
    };
    let waiting: Vec<Result<(), E>> = rows.into_iter().map(keep).collect();
    // Which rows can be read may depend on what is stored. When it is otherwise the
    // second time, the remembered answer would be given to other rows.
    let once = once.map(|once| {
        let read = waiting.iter().map(|row| u8::from(row.is_ok()));
        once.of_rows(&read.collect::<Vec<_>>())
    });
    let mut changed = store.change_all(changes, once).await?.into_iter();
    let results = waiting.into_iter().map(|row| match row {
        Ok(()) => changed.next().map(Ok).ok_or(StoreError::Closed),
        Err(error) => Ok(Err(error)),
    });
    results.collect()
}

/// Held while news of a vendor are wanted.
#[derive(Debug, Default)]
pub struct Watch(#[expect(dead_code, reason = "held, never read")] Option<Box<dyn Held>>);

/// Whatever a store lets go of when a [`Watch`] is dropped.
pub trait Held: Send + Sync + std::fmt::Debug {}

impl Watch {
    /// A watch that ends when `held` is dropped.
    #[must_use]
    pub fn new(held: Box<dyn Held>) -> Self {
        Self(Some(held))
    }
}

/// How long events can be replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// The newest events of a vendor that are kept, at least 1.
    pub events: u64,
    /// For how long they are kept; the newest for ever.
    pub age: Duration,
}

impl Retention {
    /// Whether the events that a reader missed are kept at `now`: `behind` of
    /// them, the oldest committed at `oldest`. A reader who missed none has
    /// nothing to ask.
    #[must_use]
    pub fn keeps(&self, behind: u64, oldest: Timestamp, now: Timestamp) -> bool {
        let age = SignedDuration::try_from(self.age).unwrap_or(SignedDuration::MAX);
        behind <= self.events && now.duration_since(oldest) <= age
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            events: 10_000,
            age: Duration::from_secs(7 * 24 * 60 * 60),
        }
    }
}

/// A vendor as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorRecord {
    /// Its id.
    pub id: VendorId,
    /// What it is called.
    pub name: String,
    /// Its newest event.
    pub position: Position,
}

/// What a [`Decide`] says.
#[derive(Debug)]
pub enum Verdict {
    /// Write this.
    Write(Box<Write>),
    /// All is as wished already: write nothing.
    Keep,
    /// Nothing that anyone sees: write the order's state as it is here, at the same version and without an event.
    Remember(Box<VendorOrder>),
    /// The rules say no: write nothing.
    Refuse(Refusal),
}

/// What is to be written in one commit.
#[derive(Debug, Clone)]
pub struct Write {
    /// The order, one version on. The store gives a new one its id.
    pub order: VendorOrder,
    /// Whether its content changed too; a new order's always did.
    pub content_changed: bool,
    /// What kind of event tells of it.
    pub kind: EventKind,
    /// What the history says of it.
    pub history: HistoryEntry,
}

/// What came of a [`Store::change`].
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What was done.
    pub outcome: ChangeOutcome,
    /// The version that the order got, or has where nothing was written; 0 without an order.
    pub version: u64,
    /// The order after the change. In an answer that is given again: as the request left it while
    /// that can be replayed, as it is now afterwards and where nothing was written.
    pub order: Option<Arc<VendorOrder>>,
    /// The event that this made, or the vendor's newest.
    pub position: Option<Position>,
}

impl Change {
    /// A change that left `order`, whose version is the change's.
    #[must_use]
    pub fn new(
        outcome: ChangeOutcome,
        order: Option<Arc<VendorOrder>>,
        position: Option<Position>,
    ) -> Self {
        Self {
            outcome,
            version: order.as_ref().map_or(0, |order| order.state.version),
            order,
            position,
        }
    }
}

/// What was done with an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeOutcome {
    /// Committed.
    Written,
    /// Nothing was to be done.
    Kept,
    /// The rules said no.
    Refused(Refusal),
}

/// What a store holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreSummary {
    /// `sqlite`, `redis`, `redis-sentinel` or `redis-cluster`.
    pub kind: String,
    /// How many vendors.
    pub vendors: u64,
    /// How many orders.
    pub orders: u64,
    /// How many events, all vendors together.
    pub events: u64,
}

/// Why a store did not do what it was asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened.
    #[error("cannot open the store {path}: {reason}")]
    Open {
        /// Which.
        path: String,
        /// Why, and what to do.
        reason: String,
    },
    /// Reading or writing failed: nothing was changed.
    #[error("the store failed: {0}")]
    Failed(String),
    /// A commit was sent and not answered: it may be done or not.
    #[error("the store did not answer: {0}")]
    Unanswered(String),
    /// The `Idempotency-Key` came before with another request.
    #[error("this Idempotency-Key came before with another request")]
    KeyReused,
    /// It was closed.
    #[error("the store is closed")]
    Closed,
}
