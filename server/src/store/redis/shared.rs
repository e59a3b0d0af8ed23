//! What every part of the store uses: the connection, the scripts, and what is remembered of vendors and of Redis' health.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ordertop::order::VendorId;
use ordertop::protocol::Mark;
use redis::FromRedisValue;
use tokio::sync::Semaphore;

use super::connect::Connector;
use super::error::failed;
use super::keys::{self, VendorKeys};
use super::link::Link;
use super::rights::Uses;
use super::rows;
use super::script::Script;
use super::waiters::Waiters;
use crate::store::url::RedisUrl;
use crate::store::{Retention, StoreError, StoreOptions, StoreSummary, VendorRecord};

/// Searches by text at once, as they read many orders.
pub(super) const MAX_SEARCHES: usize = 2;

/// Numbers for new orders that are taken at a time.
pub(super) const ORDER_IDS_AT_ONCE: u64 = 1_000;

/// How long a vendor that was there is taken to be there.
pub(super) const KNOWN_FOR: Duration = Duration::from_secs(30);

/// Vendors that are remembered so; with more of them all are asked for anew.
pub(super) const MAX_KNOWN: usize = 100_000;

/// A look at Redis that is older says nothing.
pub(super) const HEALTH_FRESH: Duration = Duration::from_secs(5);

/// What every part of the store uses.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) link: Link,
    /// Connections for commits that wait for replicas.
    pub(super) waiters: Waiters,
    pub(super) scripts: Scripts,
    pub(super) retention: Retention,
    pub(super) redis_wait: u32,
    pub(super) searches: Semaphore,
    pub(super) order_ids: tokio::sync::Mutex<std::ops::Range<u64>>,
    /// Vendors that were there when they were asked for, with the moment.
    pub(super) known_vendors: Mutex<HashMap<VendorId, tokio::time::Instant>>,
    pub(super) counters: Counters,
    /// How Redis was at the last look, and when that was; `None` before the first.
    pub(super) health: Mutex<Option<(tokio::time::Instant, Result<(), String>)>>,
}

#[derive(Debug)]
pub(super) struct Scripts {
    pub(super) commit: Script,
    pub(super) orders: Script,
    pub(super) events: Script,
    pub(super) ids: Script,
    pub(super) vendor: Script,
    pub(super) restore: Script,
    pub(super) find: Script,
    pub(super) index: Script,
}

/// Figures since the start.
#[derive(Debug, Default)]
pub(super) struct Counters {
    /// Published messages did not arrive, though Redis was there.
    pub(super) pubsub_silent: AtomicU64,
    /// Events were read from a stream because no message told them.
    pub(super) gaps_repaired: AtomicU64,
    /// Redis went away.
    pub(super) away: AtomicU64,
}

impl Counters {
    pub(super) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Shared {
    pub(super) fn new(url: &RedisUrl, options: &StoreOptions) -> Self {
        let connector = Arc::new(Connector::new(url.clone()));
        Self {
            link: Link::new(connector.clone()),
            waiters: Waiters::new(connector),
            scripts: Scripts {
                commit: Script::new(include_str!("commit.lua")),
                orders: Script::new(include_str!("orders.lua")),
                events: Script::new(include_str!("events.lua")),
                ids: Script::new(include_str!("ids.lua")),
                vendor: Script::new(include_str!("vendor.lua")),
                restore: Script::new(include_str!("restore.lua")),
                find: Script::new(include_str!("find.lua")),
                index: Script::new(include_str!("index.lua")),
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

    pub(super) fn is_cluster(&self) -> bool {
        self.link.connector().is_cluster()
    }

    /// What Redis is used for, and its user needs the rights to.
    pub(super) fn uses(&self) -> Uses {
        Uses {
            cluster: self.is_cluster(),
            waits: self.redis_wait > 0,
        }
    }

    /// The key of the log that every commit is written to; none on a cluster.
    pub(super) fn commit_log(&self) -> Option<String> {
        (!self.is_cluster()).then(|| keys::COMMITS.to_owned())
    }

    /// The command that publishes: to a sharded channel on a cluster.
    pub(super) fn publish(&self) -> &'static str {
        if self.is_cluster() {
            "SPUBLISH"
        } else {
            "PUBLISH"
        }
    }

    /// Runs a script that may be run twice.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        keys: &[String],
        args: &[String],
    ) -> Result<T, StoreError> {
        let run = |connection| script.run(connection, keys, args);
        self.link.run(run).await.map_err(|error| failed(&error))
    }

    pub(super) fn set_health(&self, health: Result<(), String>) {
        let mut last = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((tokio::time::Instant::now(), health));
    }

    /// A number for a new order, never given before.
    pub(super) async fn next_order_id(&self) -> Result<u64, StoreError> {
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
    pub(super) async fn has_vendor(&self, id: &VendorId) -> Result<bool, StoreError> {
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

    pub(super) async fn add_vendor(
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

    pub(super) async fn summary(&self) -> Result<StoreSummary, StoreError> {
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
    pub(super) async fn probe(&self, watched: bool) -> Result<(), StoreError> {
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
