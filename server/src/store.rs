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
use ordertop::order::{
    Actor, HistoryEntry, OrderKey, OrderNumber, OrderStatus, VendorId, VendorOrder,
};
use ordertop::protocol::message::Unrecovered;
use ordertop::protocol::{Mark, Position};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::decision::Refusal;
use crate::hub::Following;

mod fact;
pub mod lock;
pub mod redis;
pub mod redis_config;
pub mod sqlite;
pub mod url;

pub use redis::RedisStore;
pub use sqlite::SqliteStore;
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
    /// With `once`, what was answered before under that key is answered again,
    /// and nothing is done; [`StoreError::KeyReused`] when it was another request.
    fn change_all(
        &self,
        changes: Vec<(OrderKey, Decide)>,
        once: Option<Once>,
    ) -> StoreFuture<'_, Vec<Change>>;

    /// [`Self::change_all`] for one order.
    fn change(&self, key: OrderKey, decide: Decide, once: Option<Once>) -> StoreFuture<'_, Change> {
        let changing = self.change_all(vec![(key, decide)], once);
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

/// Opens the store at `url`; its news go to `feed`.
///
/// # Errors
/// [`StoreError::Open`], with what to do.
pub async fn open(
    url: &StoreUrl,
    options: &StoreOptions,
    feed: Option<Feed>,
) -> Result<Arc<dyn Store>, StoreError> {
    Ok(match url {
        StoreUrl::File(path) => {
            let store = SqliteStore::open(path, options, feed).await?;
            Arc::new(store)
        }
        StoreUrl::Redis(url) => Arc::new(RedisStore::open(url, options, feed).await?),
    })
}

/// Changes those rows that could be read, in one commit and their order, and puts
/// what became of them back among those that could not.
///
/// # Errors
/// When the store is away: then nothing was changed.
pub async fn change_rows<E>(
    store: &dyn Store,
    rows: Vec<Result<(OrderKey, Decide), E>>,
    once: Option<Once>,
) -> Result<Vec<Result<Change, E>>, StoreError> {
    let mut changes = Vec::with_capacity(rows.len());
    let keep = |row: Result<_, E>| row.map(|change| changes.push(change));
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

/// Makes a request happen once: an `Idempotency-Key` and what came under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// The key with the caller who sent it: two callers' keys never meet.
    pub key: String,
    /// The digest of the request, in hex: the same key with another is refused.
    pub digest: String,
}

impl Once {
    /// The same for those rows of the request that are 1, the others being 0.
    fn of_rows(mut self, rows: &[u8]) -> Self {
        if rows.contains(&0) {
            self.digest = digest(&[self.digest.as_bytes(), rows]);
        }
        self
    }
}

/// A digest of these parts, in hex.
#[must_use]
pub fn digest(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        // The lengths keep `ab`, `c` from being `a`, `bc`.
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let hex = |byte: &u8| format!("{byte:02x}");
    digest.finalize().iter().map(hex).collect()
}

/// For how long an `Idempotency-Key` is remembered with its answer.
pub const ONCE_FOR: Duration = Duration::from_secs(24 * 60 * 60);

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

/// An order as another store kept it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptOrder {
    /// The order, with the id that it had.
    pub order: VendorOrder,
    /// What was done to it, oldest first.
    pub history: Vec<HistoryEntry>,
}

impl KeptOrder {
    /// Whether a store that holds `order` with `history` holds this very order.
    /// Its id is the store's own.
    #[must_use]
    pub fn is_kept_as(&self, order: &VendorOrder, history: &[HistoryEntry]) -> bool {
        let ours = &self.order;
        ours.key() == order.key()
            && ours.state == order.state
            && ours.content == order.content
            && self.history == history
    }

    /// Whether a store can keep it for this vendor.
    fn check_of(&self, vendor: &VendorId) -> Result<(), StoreError> {
        let key = self.order.key();
        if key.vendor != *vendor {
            let why = format!("order {key} is not of vendor {vendor}");
            return Err(StoreError::Failed(why));
        }
        if self.history.is_empty() {
            return Err(StoreError::Failed(format!("order {key} has no history")));
        }
        Ok(())
    }
}

/// What [`Store::restore`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Restored {
    /// Orders written.
    pub written: u64,
    /// Orders that were there already, exactly so.
    pub present: u64,
    /// Orders that were there already, otherwise: left as they are.
    pub different: u64,
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

/// What kind of event it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// An order came to be.
    OrderCreated,
    /// A status changed.
    OrderStatusUpdate,
    /// Anything else changed.
    OrderUpdated,
}

/// What came of a [`Store::change`]. Serialised to be remembered with an
/// `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// What was done.
    pub outcome: ChangeOutcome,
    /// The order as it is now.
    pub order: Option<Arc<VendorOrder>>,
    /// The event that this made, or the vendor's newest.
    pub position: Option<Position>,
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

/// One committed event with the order as it was then.
#[derive(Debug, Clone)]
pub struct Event {
    /// Which kind.
    pub kind: EventKind,
    /// Its place.
    pub position: Position,
    /// The mark of the one before it.
    pub after: Mark,
    /// When it was committed.
    pub at: Timestamp,
    /// Where the order stood before; `None` for a new one.
    pub previous_status: Option<OrderStatus>,
    /// Who did it.
    pub actor: Actor,
    /// The order as it was then.
    pub order: Arc<VendorOrder>,
}

/// An event and whose it is.
#[derive(Debug, Clone)]
pub struct VendorEvent {
    /// Whose.
    pub vendor: VendorId,
    /// The event.
    pub event: Event,
}

/// What a store tells those who follow it, each vendor's events in order and once.
#[derive(Debug, Clone)]
pub enum News {
    /// An order changed.
    Event(Arc<VendorEvent>),
    /// There is a new vendor, at the birth of its stream.
    Vendor(VendorRecord),
    /// Events that were told of this vendor are not in its history any more (a
    /// failover lost them, or a backup was restored): whoever follows it must
    /// ask anew where it stands.
    HistoryChanged(VendorId),
    /// The store is away, for this reason.
    Away(String),
    /// The store is back.
    Back,
}

/// The way of the news to those who follow.
pub type Feed = tokio::sync::mpsc::Sender<Vec<News>>;

/// The answer to [`Store::events`].
#[derive(Debug, Clone)]
pub enum Replay {
    /// The history holds the event that was named.
    Events {
        /// What came after it, in order.
        events: Vec<Event>,
        /// The vendor's newest event.
        head: Position,
    },
    /// It cannot be proved that nothing is missing.
    Unrecovered {
        /// Why.
        reason: Unrecovered,
        /// The vendor's newest event.
        head: Position,
    },
}

/// Which orders to list.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Whose; `None` for everyone's.
    pub vendor: Option<VendorId>,
    /// In any of these statuses; empty for all.
    pub statuses: Vec<OrderStatus>,
    /// With this in the number, the buyer's name, or a SKU.
    pub text: Option<String>,
    /// Whether the text may stand in the buyer's e-mail too: not for one who
    /// sees it masked and could guess it letter by letter.
    pub search_emails: bool,
    /// Placed after this moment.
    pub placed_after: Option<Timestamp>,
    /// Placed before this moment.
    pub placed_before: Option<Timestamp>,
    /// Older than this one in the list's order.
    pub cursor: Option<Cursor>,
    /// How many at most.
    pub limit: usize,
}

impl ListQuery {
    /// Whether an order is among those that are asked for, its place apart: text is
    /// found whatever the case of its ASCII letters.
    #[must_use]
    pub fn matches(&self, order: &VendorOrder) -> bool {
        let placed = order.content.placed_at;
        let in_time = self.placed_after.is_none_or(|after| placed > after)
            && self.placed_before.is_none_or(|before| placed < before);
        let in_status = self.statuses.is_empty() || self.statuses.contains(&order.state.status);
        in_time
            && in_status
            && self
                .text
                .as_deref()
                .is_none_or(|text| self.holds(order, text))
    }

    fn holds(&self, order: &VendorOrder, text: &str) -> bool {
        let text = text.to_ascii_lowercase();
        let has = |place: &str| place.to_ascii_lowercase().contains(&text);
        let buyer = &order.content.buyer;
        has(order.number.as_str())
            || buyer.name.as_deref().is_some_and(has)
            || (self.search_emails && buyer.email.as_deref().is_some_and(has))
            || order.content.lines.iter().any(|line| has(&line.sku))
    }
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct ListPage {
    /// One vendor's list: its newest event when the page was read.
    pub position: Option<Position>,
    /// Newest first.
    pub orders: Vec<VendorOrder>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
}

/// A place in a list: the last order of a page. Opaque text to callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// When it was placed, in microseconds since 1970.
    pub placed_us: i64,
    /// Its id.
    pub id: u64,
}

impl Cursor {
    /// The place of this order.
    #[must_use]
    pub fn of(order: &VendorOrder) -> Self {
        Self {
            placed_us: order.content.placed_at.as_microsecond(),
            id: order.id.0,
        }
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.placed_us, self.id)
    }
}

impl std::str::FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (placed, id) = text.split_once('.').ok_or(())?;
        let id: i64 = id.parse().map_err(|_| ())?;
        Ok(Self {
            placed_us: placed.parse().map_err(|_| ())?,
            id: u64::try_from(id).map_err(|_| ())?,
        })
    }
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
