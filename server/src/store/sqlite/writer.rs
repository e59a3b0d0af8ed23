//! The one thread that writes.
//!
//! It takes every command that waits, runs them in one transaction, commits,
//! answers, and only then lets the events go. When a command fails with an
//! error of the database, the transaction is rolled back and the commands are
//! run again one by one, so that one bad command costs its neighbours nothing;
//! when the transaction itself does not begin or commit, all of them fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};
use ordertop::clock::Clock;
use ordertop::order::VendorId;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::commit::{self, Pending};
use super::directory::Directory;
use super::identity::Identity;
use super::trim::Trim;
use super::wal::Wal;
use super::{once, restore};
use crate::store::{
    Change, Decide, Feed, KeptOrder, News, Once, Restored, StoreError, Target, VendorRecord,
};

/// Most commands that are taken from the line at once.
const MAX_BATCH: usize = 256;
/// A transaction with this many changes takes no further command: beyond it a
/// longer wait buys little. One command may hold as many by itself.
const FULL_TRANSACTION: usize = 1_024;

/// How long a commit that wrote something answers those who ask whether commits work, so that
/// they write nothing themselves.
const PROOF_FOR: SignedDuration = SignedDuration::from_secs(1);

/// The answer that a command waits for.
type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the writing thread is asked to do.
pub(super) enum Command {
    AddVendor {
        id: VendorId,
        name: String,
        answer: Answer<(VendorRecord, bool)>,
    },
    /// All of them in one commit, in their order.
    Change {
        changes: Vec<(Target, Decide)>,
        once: Option<Once>,
        answer: Answer<Vec<Change>>,
    },
    /// Orders that another store kept, for the vendor of this row.
    Restore {
        vendor: i64,
        orders: Vec<KeptOrder>,
        answer: Answer<Restored>,
    },
    Probe {
        answer: Answer<()>,
    },
    Close {
        answer: Answer<()>,
    },
}

/// What a command came to, held until the commit.
enum Done {
    AddedVendor(VendorRecord, bool),
    /// What came of each, or why none was asked: the key came before with
    /// another request.
    Changed(Result<Vec<Change>, StoreError>),
    Restored(Restored),
    Probed,
}

impl Command {
    /// Answers; a caller that has gone away is no matter.
    fn answer(self, done: Result<Done, StoreError>) {
        match (self, done) {
            (Self::AddVendor { answer, .. }, Ok(Done::AddedVendor(record, new))) => {
                let _ = answer.send(Ok((record, new)));
            }
            (Self::Change { answer, .. }, Ok(Done::Changed(change))) => {
                let _ = answer.send(change);
            }
            (Self::Restore { answer, .. }, Ok(Done::Restored(restored))) => {
                let _ = answer.send(Ok(restored));
            }
            (Self::Probe { answer } | Self::Close { answer }, done) => {
                let _ = answer.send(done.map(|_| ()));
            }
            (Self::AddVendor { answer, .. }, Err(error)) => {
                let _ = answer.send(Err(error));
            }
            (Self::Change { answer, .. }, Err(error)) => {
                let _ = answer.send(Err(error));
            }
            (Self::Restore { answer, .. }, Err(error)) => {
                let _ = answer.send(Err(error));
            }
            // An answer of another kind cannot be; dropping it tells `Closed`.
            (Self::AddVendor { .. } | Self::Change { .. } | Self::Restore { .. }, Ok(_)) => {}
        }
    }
}

pub(super) struct Writer {
    db: Connection,
    directory: Directory,
    orders: Arc<AtomicU64>,
    feed: Option<Feed>,
    trim: Trim,
    wal: Wal,
    identity: Arc<Identity>,
    /// When something was committed last.
    written_at: Option<Timestamp>,
    clock: Arc<dyn Clock>,
}

impl Writer {
    pub(super) fn new(
        db: Connection,
        directory: Directory,
        orders: Arc<AtomicU64>,
        feed: Option<Feed>,
        (trim, wal, identity): (Trim, Wal, Arc<Identity>),
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            db,
            directory,
            orders,
            feed,
            trim,
            wal,
            identity,
            written_at: None,
            clock,
        }
    }

    /// Works until it is told to close or nobody can ask any more.
    pub(super) fn run(mut self, mut line: mpsc::Receiver<Command>) {
        let mut batch = Vec::with_capacity(MAX_BATCH);
        while line.blocking_recv_many(&mut batch, MAX_BATCH) > 0 {
            let close_at = batch
                .iter()
                .position(|c| matches!(c, Command::Close { .. }));
            let after_close = close_at.map(|at| batch.split_off(at));
            while !batch.is_empty() {
                let rest = batch.split_off(one_transaction(&batch));
                self.work_off(&mut batch);
                batch = rest;
            }
            if let Some(mut last) = after_close {
                line.close();
                let close = last.remove(0);
                for late in last {
                    late.answer(Err(StoreError::Closed));
                }
                drop(self.db);
                close.answer(Ok(Done::Probed));
                return;
            }
        }
    }

    /// Commits a batch and answers it.
    fn work_off(&mut self, batch: &mut Vec<Command>) {
        if batch.is_empty() {
            return;
        }
        let there = self.identity.check().map_err(Failure::Elsewhere);
        match there.and_then(|()| self.commit(batch)) {
            Ok((done, committed, superseded)) => {
                for (command, done) in batch.drain(..).zip(done) {
                    command.answer(Ok(done));
                }
                self.publish(committed);
                self.trim(superseded);
                self.wal.keep_small(&self.db);
            }
            Err(Failure::Command(error)) if batch.len() > 1 => {
                tracing::warn!(%error, commands = batch.len(), "a command failed; trying each alone");
                for command in std::mem::take(batch) {
                    self.work_off(&mut vec![command]);
                }
            }
            // Trying each alone would make each wait as long as all did.
            Err(Failure::Command(error) | Failure::Transaction(error)) => {
                tracing::error!(%error, commands = batch.len(), "a commit failed");
                self.refuse(batch, &super::error::explain(&error));
            }
            Err(Failure::Elsewhere(why)) => {
                tracing::error!(%why, commands = batch.len(), "nothing was committed");
                self.refuse(batch, &why);
            }
        }
    }

    /// Answers that nothing was done.
    fn refuse(&mut self, batch: &mut Vec<Command>, why: &str) {
        self.written_at = None;
        for command in batch.drain(..) {
            command.answer(Err(StoreError::Failed(why.to_owned())));
        }
    }

    fn commit(&mut self, batch: &[Command]) -> Result<(Vec<Done>, Vec<News>, u64), Failure> {
        let begin = TransactionBehavior::Immediate;
        let transaction = self
            .db
            .transaction_with_behavior(begin)
            .map_err(Failure::Transaction)?;
        let mut pending = Pending::default();
        let now = self.clock.now();
        let written_before = transaction.total_changes();
        let proved = self.written_at.is_some_and(|at| is_proof(at, now));
        let mut run = |command: &Command| match command {
            Command::Probe { .. } if proved => Ok(Done::Probed),
            command => run(&transaction, &self.directory, &mut pending, command, now),
        };
        let done = batch
            .iter()
            .map(&mut run)
            .collect::<Result<_, _>>()
            .map_err(Failure::Command)?;
        pending
            .write_heads(&transaction)
            .map_err(Failure::Command)?;
        if pending.keys > 0 {
            once::forget(&transaction, pending.keys, now).map_err(Failure::Command)?;
        }
        let written = transaction.total_changes() != written_before;
        transaction.commit().map_err(Failure::Transaction)?;
        if written {
            self.written_at = Some(now);
        }
        self.orders.fetch_add(pending.placed, Ordering::Relaxed);
        let superseded = pending.superseded;
        Ok((done, pending.show(&self.directory), superseded))
    }

    /// Removes contents that are no longer replayed, now and then.
    fn trim(&mut self, superseded: u64) {
        if !self.trim.add(superseded) {
            return;
        }
        if let Err(error) = self.trim.step(&mut self.db, self.clock.now()) {
            tracing::warn!(%error, "old contents could not be removed; trying again later");
        }
    }

    /// Hands on what was committed. A full feed makes the writer wait: commits
    /// may not run ahead of those who follow them without bound.
    fn publish(&mut self, committed: Vec<News>) {
        if committed.is_empty() {
            return;
        }
        if let Some(feed) = &self.feed
            && feed.blocking_send(committed).is_err()
        {
            // Nobody follows any more: the server is on its way down.
            self.feed = None;
        }
    }
}

/// How many of the commands, from the first on, one transaction takes.
fn one_transaction(batch: &[Command]) -> usize {
    let mut changes = 0;
    let fits = |command: &&Command| {
        let room = changes < FULL_TRANSACTION;
        changes += match command {
            Command::Change { changes, .. } => changes.len(),
            Command::Restore { orders, .. } => orders.len(),
            _ => 1,
        };
        room
    };
    batch.iter().take_while(fits).count()
}

/// What made a transaction fail.
enum Failure {
    /// One of its commands; the others may go.
    Command(rusqlite::Error),
    /// The transaction itself: none of them would go.
    Transaction(rusqlite::Error),
    /// The store's file is not where it was.
    Elsewhere(String),
}

/// Whether a commit at `written_at` proves at `now` that commits work. A clock that was set
/// back proves nothing.
fn is_proof(written_at: Timestamp, now: Timestamp) -> bool {
    let age = now.duration_since(written_at);
    !age.is_negative() && age < PROOF_FOR
}

fn run(
    db: &Transaction<'_>,
    directory: &Directory,
    pending: &mut Pending,
    command: &Command,
    now: Timestamp,
) -> rusqlite::Result<Done> {
    match command {
        Command::AddVendor { id, name, .. } => {
            let (record, new) = commit::add_vendor(db, directory, pending, id, name)?;
            Ok(Done::AddedVendor(record, new))
        }
        Command::Change { changes, once, .. } => {
            let known = once
                .as_ref()
                .map(|once| once::recall(db, directory, pending, once, changes, now));
            if let Some(answer) = known.transpose()?.flatten() {
                return Ok(Done::Changed(answer));
            }
            let change = |(target, decide): &(Target, Decide)| {
                commit::change(db, directory, pending, target, decide)
            };
            let placed: Vec<_> = changes.iter().map(change).collect::<Result<_, _>>()?;
            if let Some(once) = once {
                once::remember(db, once, &placed, now)?;
                pending.keys += 1;
            }
            let changes = placed.into_iter().map(|placed| placed.change);
            Ok(Done::Changed(Ok(changes.collect())))
        }
        Command::Restore { vendor, orders, .. } => {
            let restored = restore::restore(db, pending, *vendor, orders)?;
            Ok(Done::Restored(restored))
        }
        Command::Probe { .. } | Command::Close { .. } => {
            db.prepare_cached("UPDATE probe SET n = n + 1")?
                .execute([])?;
            Ok(Done::Probed)
        }
    }
}
