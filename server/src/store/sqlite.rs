//! The embedded store: SQLite in one file, nothing to install.
//!
//! One thread writes: it takes all commands that wait, runs them in one
//! transaction, commits, and answers after the commit (group commit; WAL with
//! `synchronous=FULL`, so an answered commit survives loss of power:
//! <https://www.sqlite.org/pragma.html#pragma_synchronous>). Readers have
//! connections of their own and never wait for the writer; lists read in short
//! turns, so that no read transaction is long. The vendors with
//! their newest positions are kept in memory, for the one process that holds
//! the store's lock is the only one that changes them.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ordertop::clock::Clock;
use ordertop::order::{HistoryEntry, OrderKey, OrderNumber, VendorId, VendorOrder};
use ordertop::protocol::Position;
use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};
use tokio::sync::{mpsc, oneshot};

use super::{
    Change, Decide, Feed, KeptOrder, ListPage, ListQuery, Once, Replay, Restored, Retention, Store,
    StoreError, StoreFuture, StoreOptions, StoreSummary, Target, VendorRecord,
};
use connect::{connect, make_private};
use directory::{Directory, VendorEntry};
use error::explain;
use gate::Gate;
use identity::Identity;
use list::{Turn, Walk};
use read::EventsQuery;
use readers::Readers;
use trim::Trim;
use wal::Wal;
use writer::Command;

pub mod backup;
mod commit;
mod connect;
mod directory;
mod error;
mod gate;
mod identity;
mod list;
mod once;
mod read;
mod readers;
mod restore;
mod rows;
mod sources;
mod trim;
mod wal;
mod writer;

/// Commands that may wait for the writing thread; a caller beyond that waits
/// its turn in line, so a burst is slowed down and not refused.
const COMMANDS_IN_LINE: usize = 1_024;

/// Readers of single orders and events at once; more would only wait for the same disk.
const MAX_READERS: usize = 8;

/// Most lists that have their turn at once. They have connections of their own: however many
/// lists are asked for, single orders are read beside them.
const MAX_LISTS: usize = 4;

/// Numbered SQL, only ever added to.
const STEPS: &[M<'_>] = &[
    M::up(include_str!("../../migrations/001_orders.sql")),
    M::up(include_str!("../../migrations/002_once.sql")),
    M::up(include_str!("../../migrations/004_superseded.sql")),
    M::up(include_str!("../../migrations/005_sources.sql")),
    M::up(include_str!("../../migrations/006_rare.sql")),
];

/// Orders in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    commands: mpsc::Sender<Command>,
    writer: Mutex<Option<std::thread::JoinHandle<()>>>,
    readers: Readers,
    /// For lists, which may walk through all orders: they take turns ([`list::Walk`]).
    lists: Readers,
    directory: Directory,
    /// How many orders there are; counting them anew would read them all.
    orders: Arc<AtomicU64>,
    retention: Retention,
    clock: Arc<dyn Clock>,
}

impl SqliteStore {
    /// Opens the file at `path`, makes it where there is none, and brings its
    /// schema up to date. Events go to `feed` after they are committed; where
    /// the feed is full the writer waits.
    ///
    /// # Errors
    /// [`StoreError::Open`], with what to do.
    pub async fn open(
        path: &Path,
        options: &StoreOptions,
        feed: Option<Feed>,
    ) -> Result<Self, StoreError> {
        let (path, options) = (path.to_owned(), options.clone());
        let failed = format!("{}", path.display());
        tokio::task::spawn_blocking(move || Self::open_now(&path, options, feed))
            .await
            .map_err(|panic| StoreError::Open {
                path: failed,
                reason: panic.to_string(),
            })?
    }

    fn open_now(
        path: &Path,
        options: StoreOptions,
        feed: Option<Feed>,
    ) -> Result<Self, StoreError> {
        let open_error = |reason: String| StoreError::Open {
            path: path.display().to_string(),
            reason,
        };
        if path.is_dir() {
            return Err(open_error(
                "it is a folder: name a file in it, such as orders.db".into(),
            ));
        }
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir())
        {
            let reason = format!(
                "the folder {} does not exist: make it first",
                folder.display()
            );
            return Err(open_error(reason));
        }
        let sqlite_error = |error: rusqlite::Error| open_error(explain(&error));
        make_private(path).map_err(|error| open_error(error.to_string()))?;
        let mut connection = connect(path).map_err(sqlite_error)?;
        Migrations::from_slice(STEPS)
            .to_latest(&mut connection)
            .map_err(|error| match error {
                rusqlite_migration::Error::RusqliteError { err, .. } => open_error(explain(&err)),
                rusqlite_migration::Error::MigrationDefinition(_) => {
                    open_error("it was written by a newer ordertop-server: use that one".into())
                }
                other => open_error(other.to_string()),
            })?;
        Self::start(path, connection, options, feed)
    }

    /// Opens the file at `path` for reading alone, beside the server that owns
    /// it: in WAL mode readers and the writer do not wait for each other
    /// (<https://www.sqlite.org/wal.html>). Its vendors are those of now.
    /// Whatever writes fails.
    ///
    /// # Errors
    /// [`StoreError::Open`], with what to do.
    pub async fn open_beside(path: &Path) -> Result<Self, StoreError> {
        let path = path.to_owned();
        let failed = path.display().to_string();
        tokio::task::spawn_blocking(move || Self::open_beside_now(&path))
            .await
            .map_err(|panic| StoreError::Open {
                path: failed,
                reason: panic.to_string(),
            })?
    }

    fn open_beside_now(path: &Path) -> Result<Self, StoreError> {
        let open_error = |reason: String| StoreError::Open {
            path: path.display().to_string(),
            reason,
        };
        let sqlite_error = |error: rusqlite::Error| open_error(explain(&error));
        let connection = connect(path).map_err(sqlite_error)?;
        let query_only = connection.pragma_update(None, "query_only", true);
        query_only.map_err(sqlite_error)?;
        // The schema is its owner's: it is not ours to bring up to date.
        let behind = Migrations::from_slice(STEPS).pending_migrations(&connection);
        if !matches!(behind, Ok(0)) {
            let reason = "the server that has it open is of another version: use that version, or stop the server";
            return Err(open_error(reason.into()));
        }
        Self::start(path, connection, StoreOptions::default(), None)
    }

    /// Starts the writing thread on a connection whose schema is up to date.
    fn start(
        path: &Path,
        connection: Connection,
        options: StoreOptions,
        feed: Option<Feed>,
    ) -> Result<Self, StoreError> {
        let StoreOptions {
            retention, clock, ..
        } = options;
        let open_error = |reason: String| StoreError::Open {
            path: path.display().to_string(),
            reason,
        };
        let sqlite_error = |error: rusqlite::Error| open_error(explain(&error));
        let entries = read::vendor_entries(&connection).map_err(sqlite_error)?;
        let directory: Directory = Arc::new(RwLock::new(entries));
        let orders = read::count_orders(&connection).map_err(sqlite_error)?;
        let orders = Arc::new(AtomicU64::new(orders));
        let identity = Identity::of(path).map_err(|error| open_error(error.to_string()))?;
        let identity = Arc::new(identity);
        let gate: Arc<Gate> = Arc::default();
        let wal = Wal::of(path, &connection, gate.clone()).map_err(sqlite_error)?;
        let (commands, line) = mpsc::channel(COMMANDS_IN_LINE);
        let writer = writer::Writer::new(
            connection,
            directory.clone(),
            orders.clone(),
            feed,
            (Trim::new(retention), wal, identity.clone()),
            clock.clone(),
        );
        let writer = std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || writer.run(line))
            .map_err(|error| open_error(format!("no thread to write with: {error}")))?;
        Ok(Self {
            commands,
            writer: Mutex::new(Some(writer)),
            readers: Readers::new(identity.clone(), gate.clone(), MAX_READERS),
            lists: Readers::new(identity, gate, lists_at_once()),
            directory,
            orders,
            retention,
            clock,
        })
    }

    /// Sends a command to the writing thread and waits for its answer.
    async fn command<T>(
        &self,
        make: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Command,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.commands
            .send(make(answer))
            .await
            .map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    fn entry(&self, id: &VendorId) -> Option<Arc<VendorEntry>> {
        self.directory
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .cloned()
    }
}

impl Store for SqliteStore {
    fn vendors(&self) -> StoreFuture<'_, Vec<VendorRecord>> {
        let directory = self
            .directory
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let mut vendors: Vec<_> = directory
            .iter()
            .map(|(id, entry)| entry.record(id))
            .collect();
        vendors.sort_by(|a, b| a.id.cmp(&b.id));
        Box::pin(std::future::ready(Ok(vendors)))
    }

    fn vendor<'a>(&'a self, id: &'a VendorId) -> StoreFuture<'a, Option<VendorRecord>> {
        let record = self.entry(id).map(|entry| entry.record(id));
        Box::pin(std::future::ready(Ok(record)))
    }

    fn add_vendor(&self, id: VendorId, name: String) -> StoreFuture<'_, (VendorRecord, bool)> {
        Box::pin(self.command(|answer| Command::AddVendor { id, name, answer }))
    }

    fn change_all(
        &self,
        changes: Vec<(Target, Decide)>,
        once: Option<Once>,
    ) -> StoreFuture<'_, Vec<Change>> {
        Box::pin(self.command(|answer| Command::Change {
            changes,
            once,
            answer,
        }))
    }

    fn restore<'a>(
        &'a self,
        vendor: &'a VendorId,
        orders: Vec<KeptOrder>,
    ) -> StoreFuture<'a, Restored> {
        let entry = self.entry(vendor);
        Box::pin(async move {
            let entry = restore::check(vendor, entry, &orders)?;
            self.command(|answer| Command::Restore {
                vendor: entry.row,
                orders,
                answer,
            })
            .await
        })
    }

    fn order<'a>(&'a self, key: &'a OrderKey) -> StoreFuture<'a, Option<VendorOrder>> {
        let Some(entry) = self.entry(&key.vendor) else {
            return Box::pin(std::future::ready(Ok(None)));
        };
        let key = key.clone();
        Box::pin(
            self.readers
                .read(move |db| read::order(db, entry.row, &key)),
        )
    }

    fn vendors_with<'a>(&'a self, number: &'a OrderNumber) -> StoreFuture<'a, Vec<VendorId>> {
        let number = number.clone();
        Box::pin(self.readers.read(move |db| read::vendors_with(db, &number)))
    }

    fn list(&self, query: ListQuery) -> StoreFuture<'_, ListPage> {
        Box::pin(async move {
            let mut walk = Box::new(Walk::new(query));
            // A caller who is gone asks for no further turn.
            loop {
                match self.lists.read(move |db| walk.turn(db)).await? {
                    Turn::Again(next) => walk = next,
                    Turn::Done(page) => return Ok(page),
                }
            }
        })
    }

    fn history<'a>(&'a self, key: &'a OrderKey) -> StoreFuture<'a, Vec<HistoryEntry>> {
        let Some(entry) = self.entry(&key.vendor) else {
            return Box::pin(std::future::ready(Ok(Vec::new())));
        };
        let number = key.number.clone();
        Box::pin(
            self.readers
                .read(move |db| read::history(db, entry.row, &number)),
        )
    }

    fn events<'a>(
        &'a self,
        vendor: &'a VendorId,
        since: &'a Position,
        until: Option<u64>,
        limit: usize,
    ) -> StoreFuture<'a, Replay> {
        let Some(entry) = self.entry(vendor) else {
            let gone = StoreError::Failed(format!("there is no vendor {vendor}"));
            return Box::pin(std::future::ready(Err(gone)));
        };
        // The newest event alone: what most callers ask for, and no read at all.
        let head = entry.head();
        if head == *since {
            return Box::pin(std::future::ready(Ok(Replay::Events {
                events: Vec::new(),
                head,
            })));
        }
        let vendor = vendor.clone();
        let query = EventsQuery {
            since: since.clone(),
            until,
            limit,
            retention: self.retention,
            now: self.clock.now(),
        };
        Box::pin(
            self.readers
                .read(move |db| read::events(db, &vendor, entry.row, &query)),
        )
    }

    fn probe(&self) -> StoreFuture<'_, ()> {
        Box::pin(self.command(|answer| Command::Probe { answer }))
    }

    fn summary(&self) -> StoreFuture<'_, StoreSummary> {
        let directory = self
            .directory
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let summary = StoreSummary {
            kind: "sqlite".into(),
            vendors: directory.len() as u64,
            orders: self.orders.load(Ordering::Relaxed),
            events: directory.values().map(|entry| entry.head().offset).sum(),
        };
        Box::pin(std::future::ready(Ok(summary)))
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            self.command(|answer| Command::Close { answer }).await?;
            let writer = self
                .writer
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            if let Some(writer) = writer {
                // It has answered and is on its way out.
                let joined = tokio::task::spawn_blocking(move || writer.join()).await;
                if !matches!(joined, Ok(Ok(()))) {
                    return Err(StoreError::Failed("the writing thread panicked".into()));
                }
            }
            Ok(())
        })
    }
}

/// Lists that have their turn at once: half of the processors are left for everything else.
fn lists_at_once() -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    (processors / 2).clamp(1, MAX_LISTS)
}
