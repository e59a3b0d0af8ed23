//! The shared store: Redis, Redis Cluster or Valkey, for several servers on one
//! set of orders.
//!
//! A change is read, decided upon in Rust, and compared and set by one script
//! (`change`, `commit`); its event is appended to the vendor's stream and published by the
//! same script. What a server tells its followers comes from its own commits and
//! from published messages; the stream is the truth behind both (`subscriber`).

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ordertop::order::{HistoryEntry, OrderKey, OrderNumber, VendorId, VendorOrder};
use ordertop::protocol::{Mark, Position};
use redis::{FromRedisValue, RedisError};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::url::RedisUrl;
use super::{
    Change, Decide, Feed, KeptOrder, ListPage, ListQuery, Once, Replay, Restored, Retention, Store,
    StoreError, StoreFuture, StoreOptions, StoreSummary, Target, VendorRecord, Watch,
};
use crate::store::Following;
pub(crate) use connect::connection_info;
use connect::{Connection, Connector, Link};
use keys::VendorKeys;
pub(crate) use rights::Uses;
use script::Script;
use subscriber::{Ask, Subscriber};
use waiters::Waiters;
use watches::Begun;

mod change;
mod commit;
mod commits;
mod connect;
mod keys;
mod list;
mod once;
mod open;
mod pulse;
mod read;
mod restore;
mod rights;
mod rows;
mod script;
mod sources;
mod subscriber;
mod tracks;
mod waiters;
mod warn;
mod watches;

/// Searches by text at once, as they read many orders.
const MAX_SEARCHES: usize = 2;
/// Numbers for new orders that are taken at a time.
const ORDER_IDS_AT_ONCE: u64 = 1_000;
/// How long a vendor that was there is taken to be there.
const KNOWN_FOR: Duration = Duration::from_secs(30);
/// Vendors that are remembered so; with more of them all are asked for anew.
const MAX_KNOWN: usize = 100_000;
/// A look at Redis that is older says nothing.
const HEALTH_FRESH: Duration = Duration::from_secs(5);

/// Orders on a Redis.
#[derive(Debug)]
pub struct RedisStore {
    shared: Arc<Shared>,
    subscriber: Mutex<Option<(Subscriber, JoinHandle<()>)>>,
}

/// What every part of the store uses.
#[derive(Debug)]
struct Shared {
    link: Link,
    /// Connections for commits that wait for replicas.
    waiters: Waiters,
    scripts: Scripts,
    retention: Retention,
    redis_wait: u32,
    searches: Semaphore,
    order_ids: tokio::sync::Mutex<std::ops::Range<u64>>,
    /// Vendors that were there when they were asked for, with the moment.
    known_vendors: Mutex<HashMap<VendorId, tokio::time::Instant>>,
    counters: Counters,
    /// How Redis was at the last look, and when that was; `None` before the first.
    health: Mutex<Option<(tokio::time::Instant, Result<(), String>)>>,
}

#[derive(Debug)]
struct Scripts {
    commit: Script,
    orders: Script,
    events: Script,
    ids: Script,
    vendor: Script,
    restore: Script,
    find: Script,
    index: Script,
}

/// Figures since the start.
#[derive(Debug, Default)]
struct Counters {
    /// Published messages did not arrive, though Redis was there.
    pubsub_silent: AtomicU64,
    /// Events were read from a stream because no message told them.
    gaps_repaired: AtomicU64,
    /// Redis went away.
    away: AtomicU64,
}

impl Counters {
    fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Shared {
    fn new(url: &RedisUrl, options: &StoreOptions) -> Self {
        let connector = Arc::new(Connector::new(url.clone()));
        Self {
            link: Link::new(connector.clone()),
            waiters: Waiters::new(connector),
            scripts: Scripts {
                commit: Script::new(include_str!("redis/commit.lua")),
                orders: Script::new(include_str!("redis/orders.lua")),
                events: Script::new(include_str!("redis/events.lua")),
                ids: Script::new(include_str!("redis/ids.lua")),
                vendor: Script::new(include_str!("redis/vendor.lua")),
                restore: Script::new(include_str!("redis/restore.lua")),
                find: Script::new(include_str!("redis/find.lua")),
                index: Script::new(include_str!("redis/index.lua")),
            },
            retention: options.retention,
            redis_wait: options.redis_wait,
            searches: Semaphore::new(MAX_SEARCHES),
            order_ids: tokio::sync::Mutex::default(),
            known_vendors: Mutex::default(),
            counters: Counters::default(),
            health: Mutex::default(),
        }
    }

    fn is_cluster(&self) -> bool {
        self.link.connector().is_cluster()
    }

    /// What Redis is used for, and its user needs the rights to.
    fn uses(&self) -> Uses {
        Uses {
            cluster: self.is_cluster(),
            waits: self.redis_wait > 0,
        }
    }

    /// The key of the log that every commit is written to; none on a cluster.
    fn commit_log(&self) -> Option<String> {
        (!self.is_cluster()).then(|| keys::COMMITS.to_owned())
    }

    /// The command that publishes: to a sharded channel on a cluster.
    fn publish(&self) -> &'static str {
        if self.is_cluster() {
            "SPUBLISH"
        } else {
            "PUBLISH"
        }
    }

    /// Runs a script that may be run twice.
    async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        keys: &[String],
        args: &[String],
    ) -> Result<T, StoreError> {
        let run = |connection| script.run(connection, keys, args);
        self.link.run(run).await.map_err(|error| failed(&error))
    }

    fn set_health(&self, health: Result<(), String>) {
        let mut last = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((tokio::time::Instant::now(), health));
    }

    /// A number for a new order, never given before.
    async fn next_order_id(&self) -> Result<u64, StoreError> {
        let mut ids = self.order_ids.lock().await;
        if ids.is_empty() {
            let (keys, args) = (
                [keys::ORDER_IDS.to_owned()],
                [ORDER_IDS_AT_ONCE.to_string()],
            );
            let first: u64 = self.run(&self.scripts.ids, &keys, &args).await?;
            *ids = first..first + ORDER_IDS_AT_ONCE;
        }
        ids.next().ok_or(StoreError::Closed)
    }

    /// Whether there is such a vendor, or was a moment ago.
    async fn has_vendor(&self, id: &VendorId) -> Result<bool, StoreError> {
        let lock = || {
            let known = self.known_vendors.lock();
            known.unwrap_or_else(PoisonError::into_inner)
        };
        let known = lock().get(id).is_some_and(|at| at.elapsed() < KNOWN_FOR);
        if known {
            return Ok(true);
        }
        let there = self.head(id).await?.is_some();
        if there {
            let mut known = lock();
            if known.len() >= MAX_KNOWN {
                known.clear();
            }
            known.insert(id.clone(), tokio::time::Instant::now());
        }
        Ok(there)
    }

    async fn add_vendor(
        &self,
        id: VendorId,
        name: String,
    ) -> Result<(VendorRecord, bool), StoreError> {
        let birth = Mark::from_random(rand::random());
        let keys = [VendorKeys(&id).head()];
        let args = [birth.as_str().to_owned(), name];
        let added = self.run(&self.scripts.vendor, &keys, &args).await?;
        let (new, offset, mark, _birth, name): (bool, String, String, String, String) = added;
        // The list of all vendors is elsewhere on a cluster: it may have lost this
        // one, or never have got it, and gets it now.
        let mut list = redis::cmd("HSET");
        list.arg(keys::VENDORS).arg(id.as_str()).arg(&name);
        self.ask::<()>(&list).await?;
        if new {
            let mut told = redis::cmd(self.publish());
            told.arg(keys::NEW_VENDORS).arg(id.as_str());
            self.ask::<()>(&told).await?;
        }
        let position = rows::position(&offset, &mark)?;
        Ok((VendorRecord { id, name, position }, new))
    }

    async fn summary(&self) -> Result<StoreSummary, StoreError> {
        let vendors = self.vendor_ids().await?;
        let count = |vendor: &VendorId| {
            let mut command = redis::cmd("HLEN");
            command.arg(VendorKeys(vendor).orders());
            command
        };
        let orders: Vec<u64> = self.ask_each(&vendors, count).await?;
        let positions = self.positions(&vendors).await?;
        let offsets = positions.iter().flatten().map(|position| position.offset);
        Ok(StoreSummary {
            kind: self.link.connector().kind().to_owned(),
            vendors: vendors.len() as u64,
            orders: orders.iter().sum(),
            events: offsets.sum(),
        })
    }

    /// Proves that Redis takes writes: by the last look of those who look all the
    /// time, or by one of our own.
    async fn probe(&self, watched: bool) -> Result<(), StoreError> {
        if watched {
            let last = self.health.lock().unwrap_or_else(PoisonError::into_inner);
            return match &*last {
                Some((at, health)) if at.elapsed() < HEALTH_FRESH => {
                    health.clone().map_err(StoreError::Failed)
                }
                _ => Err(StoreError::Failed("Redis was not looked at yet".into())),
            };
        }
        let mut write = redis::cmd("SET");
        write.arg("ordertop:probe").arg(1).arg("PX").arg(60_000);
        self.ask(&write).await
    }
}

/// What went wrong with Redis, in words for an operator.
fn explain(error: &RedisError) -> String {
    if error.is_connection_refusal() {
        return "Redis does not take connections: is it running?".into();
    }
    if error.is_timeout() {
        return "Redis does not answer".into();
    }
    if error.kind() == redis::ErrorKind::MasterNameNotFoundBySentinel {
        return "the sentinels know no master of that name: see `sentinel monitor` in their settings".into();
    }
    if is_no_cluster(error) {
        return "it is no cluster: give it as redis://HOST:6379".into();
    }
    match error.code() {
        Some("OOM") => "Redis is out of memory: raise its maxmemory".into(),
        Some("MISCONF") => "Redis cannot save to its disk, and takes no writes: see its log".into(),
        Some("NOREPLICAS") => "Redis has fewer replicas than its min-replicas-to-write".into(),
        Some("LOADING") => "Redis is loading its data".into(),
        Some("READONLY") => "Redis is a replica: give the address of the master".into(),
        Some("CLUSTERDOWN") => "the Redis cluster is down".into(),
        Some("NOPERM") => {
            format!("Redis refuses it to this user, see docs/SEVERAL-SERVERS.md, Redis: {error}")
        }
        Some("NOAUTH" | "WRONGPASS") => "Redis wants another user or password: see --store".into(),
        _ => error.to_string(),
    }
}

/// Whether a Redis alone was given as a cluster; only its words tell.
fn is_no_cluster(error: &RedisError) -> bool {
    error.to_string().contains("cluster support disabled")
}

/// Nothing was changed.
fn failed(error: &RedisError) -> StoreError {
    StoreError::Failed(explain(error))
}

/// A commit was sent so many times, and this is what came of the last: it is done,
/// or not. What Redis itself answers says that it is not, if nothing was sent before.
fn unanswered(error: &RedisError, sent: u32, cluster: bool) -> StoreError {
    // A cluster's connection sends again by itself, and says where it ended.
    let sent_again = cluster
        && matches!(
            error.code(),
            Some(
                "MOVED"
                    | "ASK"
                    | "TRYAGAIN"
                    | "CLUSTERDOWN"
                    | "MASTERDOWN"
                    | "LOADING"
                    | "READONLY"
            )
        );
    let refused = error.code().is_some() && !error.is_io_error() && !sent_again;
    if sent == 0 || (sent == 1 && refused) {
        failed(error)
    } else {
        StoreError::Unanswered(explain(error))
    }
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
