//! The one thread that writes.
//!
//! It takes every command that waits, runs them in one transaction, commits,
//! answers, and only then lets the events go. When a command fails with an
//! error of the database, the transaction is rolled back and the commands are
//! run again one by one, so that one bad command costs its neighbours nothing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ordertop::order::{OrderId, OrderKey, VendorId};
use ordertop::protocol::{Mark, Position};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use tokio::sync::{mpsc, oneshot};

use super::rows::{Fact, to_json};
use super::{Directory, Feed, VendorEntry, read};
use crate::decision::Refusal;
use crate::store::{
    Change, ChangeOutcome, Committed, Decide, Event, StoreError, VendorEvent, VendorRecord,
    Verdict, Write,
};

/// Most commands in one transaction: beyond this a longer wait buys little.
const MAX_BATCH: usize = 256;

/// The answer that a command waits for.
type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the writing thread is asked to do.
pub(super) enum Command {
    AddVendor {
        id: VendorId,
        name: String,
        answer: Answer<(VendorRecord, bool)>,
    },
    Change {
        key: OrderKey,
        decide: Decide,
        answer: Answer<Change>,
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
    Changed(Change),
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
                let _ = answer.send(Ok(change));
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
            // An answer of another kind cannot be; dropping it tells `Closed`.
            (Self::AddVendor { .. } | Self::Change { .. }, Ok(_)) => {}
        }
    }
}

pub(super) struct Writer {
    db: Connection,
    directory: Directory,
    orders: Arc<AtomicU64>,
    feed: Option<Feed>,
}

/// What a transaction has made so far, to be shown after its commit.
#[derive(Default)]
struct Pending {
    heads: HashMap<VendorId, NewHead>,
    vendors: Vec<(VendorId, Arc<VendorEntry>)>,
    committed: Vec<Committed>,
    placed: u64,
}

/// Where a vendor's stream stands after the transaction.
struct NewHead {
    entry: Arc<VendorEntry>,
    position: Position,
    /// Its place in the log.
    newest: i64,
}

impl Pending {
    fn entry(&self, directory: &Directory, id: &VendorId) -> Option<Arc<VendorEntry>> {
        let new = self.vendors.iter().find(|(new, _)| new == id);
        new.map(|(_, entry)| entry.clone()).or_else(|| {
            directory
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .get(id)
                .cloned()
        })
    }

    /// Where the vendor stands so far, and that event's place in the log.
    fn head(&self, id: &VendorId, entry: &VendorEntry) -> (Position, Option<i64>) {
        match self.heads.get(id) {
            Some(head) => (head.position.clone(), Some(head.newest)),
            None => {
                let newest = entry.newest.load(Ordering::Relaxed);
                (entry.head(), (newest != 0).then_some(newest))
            }
        }
    }
}

impl Writer {
    pub(super) fn new(
        db: Connection,
        directory: Directory,
        orders: Arc<AtomicU64>,
        feed: Option<Feed>,
    ) -> Self {
        Self {
            db,
            directory,
            orders,
            feed,
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
            self.work_off(&mut batch);
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
        match self.commit(batch) {
            Ok((done, committed)) => {
                for (command, done) in batch.drain(..).zip(done) {
                    command.answer(Ok(done));
                }
                self.publish(committed);
            }
            Err(error) if batch.len() == 1 => {
                tracing::error!(%error, "a commit failed");
                for command in batch.drain(..) {
                    command.answer(Err(StoreError::from_ref(&error)));
                }
            }
            Err(error) => {
                tracing::warn!(%error, commands = batch.len(), "a commit failed; trying each alone");
                for command in std::mem::take(batch) {
                    self.work_off(&mut vec![command]);
                }
            }
        }
    }

    fn commit(&mut self, batch: &[Command]) -> rusqlite::Result<(Vec<Done>, Vec<Committed>)> {
        let transaction = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut pending = Pending::default();
        let mut done = Vec::with_capacity(batch.len());
        for command in batch {
            done.push(match command {
                Command::AddVendor { id, name, .. } => {
                    add_vendor(&transaction, &self.directory, &mut pending, id, name)?
                }
                Command::Change { key, decide, .. } => Done::Changed(change(
                    &transaction,
                    &self.directory,
                    &mut pending,
                    key,
                    decide,
                )?),
                Command::Probe { .. } | Command::Close { .. } => {
                    transaction
                        .prepare_cached("UPDATE probe SET n = n + 1")?
                        .execute([])?;
                    Done::Probed
                }
            });
        }
        // Once a vendor and transaction, however many events it had.
        for head in pending.heads.values() {
            transaction
                .prepare_cached(
                    r#"UPDATE vendors SET "offset" = ?2, mark = ?3, newest = ?4 WHERE ref = ?1"#,
                )?
                .execute(params![
                    head.entry.row,
                    head.position.offset,
                    head.position.mark.as_str(),
                    head.newest
                ])?;
        }
        transaction.commit()?;
        self.orders.fetch_add(pending.placed, Ordering::Relaxed);
        for head in pending.heads.into_values() {
            head.entry.newest.store(head.newest, Ordering::Relaxed);
            *head
                .entry
                .head
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = head.position;
        }
        if !pending.vendors.is_empty() {
            let mut directory = self
                .directory
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            directory.extend(pending.vendors);
        }
        Ok((done, pending.committed))
    }

    /// Hands on what was committed. A full feed makes the writer wait: commits
    /// may not run ahead of those who follow them without bound.
    fn publish(&mut self, committed: Vec<Committed>) {
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

impl StoreError {
    fn from_ref(error: &rusqlite::Error) -> Self {
        Self::Failed(super::explain(error))
    }
}

fn add_vendor(
    db: &Transaction<'_>,
    directory: &Directory,
    pending: &mut Pending,
    id: &VendorId,
    name: &str,
) -> rusqlite::Result<Done> {
    if let Some(entry) = pending.entry(directory, id) {
        return Ok(Done::AddedVendor(entry.record(id), false));
    }
    let birth = Position {
        offset: 0,
        mark: Mark::from_random(rand::random()),
    };
    db.prepare_cached(
        r#"INSERT INTO vendors (id, name, birth_mark, "offset", mark) VALUES (?1, ?2, ?3, 0, ?3)"#,
    )?
    .execute(params![id.as_str(), name, birth.mark.as_str()])?;
    let row = db.last_insert_rowid();
    let entry = Arc::new(VendorEntry {
        row,
        name: name.to_owned(),
        head: Mutex::new(birth),
        newest: AtomicI64::new(0),
    });
    let record = entry.record(id);
    pending.vendors.push((id.clone(), entry));
    pending.committed.push(Committed::Vendor(record.clone()));
    Ok(Done::AddedVendor(record, true))
}

fn change(
    db: &Transaction<'_>,
    directory: &Directory,
    pending: &mut Pending,
    key: &OrderKey,
    decide: &Decide,
) -> rusqlite::Result<Change> {
    let Some(vendor) = pending.entry(directory, &key.vendor) else {
        let refusal = Refusal::UnknownVendor(key.vendor.clone());
        return Ok(Change {
            outcome: ChangeOutcome::Refused(refusal),
            order: None,
            position: None,
        });
    };
    let stored = read::order(db, vendor.row, key)?;
    let (head, before) = pending.head(&key.vendor, &vendor);
    let unwritten = |outcome, order: Option<_>| Change {
        outcome,
        order: order.map(Arc::new),
        position: Some(head.clone()),
    };
    let write = match decide(stored.as_ref()) {
        Verdict::Write(write) => *write,
        Verdict::Keep => return Ok(unwritten(ChangeOutcome::Kept, stored)),
        Verdict::Refuse(refusal) => {
            return Ok(unwritten(ChangeOutcome::Refused(refusal), stored));
        }
    };
    let place = Place {
        vendor: vendor.row,
        position: Position {
            offset: head.offset + 1,
            mark: Mark::from_random(rand::random()),
        },
        after: head.mark,
        before,
    };
    let (event, newest) = write_order(db, place, write)?;
    let change = Change {
        outcome: ChangeOutcome::Written,
        order: Some(event.order.clone()),
        position: Some(event.position.clone()),
    };
    let position = event.position.clone();
    pending.heads.insert(
        key.vendor.clone(),
        NewHead {
            entry: vendor,
            position,
            newest,
        },
    );
    pending.placed += u64::from(event.previous_status.is_none());
    let event = VendorEvent {
        vendor: key.vendor.clone(),
        event,
    };
    pending.committed.push(Committed::Event(Arc::new(event)));
    Ok(change)
}

/// Where an event goes.
struct Place {
    /// The vendor's row.
    vendor: i64,
    position: Position,
    /// The mark of the vendor's event before it, and that event's place in the log.
    after: Mark,
    before: Option<i64>,
}

/// Writes order, content and event, whose row is the history's entry too; the
/// event's place in the log.
fn write_order(db: &Transaction<'_>, place: Place, write: Write) -> rusqlite::Result<(Event, i64)> {
    let Write {
        mut order,
        content_changed,
        kind,
        history,
    } = write;
    let Place {
        vendor,
        position,
        after,
        before,
    } = place;
    let new = order.id == OrderId::default();
    let state = to_json(&order.state)?;
    let status = order.state.status.as_str();
    // The log is only ever added to, so its next place is known beforehand.
    let seq: i64 = db
        .prepare_cached("SELECT coalesce(max(seq), 0) + 1 FROM events")?
        .query_row([], |row| row.get(0))?;
    let (revision, order_before): (i64, Option<i64>) = if new {
        db.prepare_cached(
            "INSERT INTO orders (vendor, number, placed_at, status, revision, newest, state)
             VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6)",
        )?
        .execute(params![
            vendor,
            order.number.as_str(),
            order.content.placed_at.as_microsecond(),
            status,
            seq,
            state
        ])?;
        order.id = OrderId(db.last_insert_rowid().unsigned_abs());
        (1, None)
    } else {
        // The version was compared by the decision, in this very transaction,
        // and nobody else writes.
        let (revision, newest): (i64, i64) = db
            .prepare_cached("SELECT revision, newest FROM orders WHERE id = ?1")?
            .query_row([order.id.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let revision = revision + i64::from(content_changed);
        db.prepare_cached(
            "UPDATE orders SET status = ?2, state = ?3, revision = ?4, newest = ?5 WHERE id = ?1",
        )?
        .execute(params![order.id.0, status, state, revision, seq])?;
        (revision, Some(newest))
    };
    if new || content_changed {
        db.prepare_cached("INSERT INTO contents (order_id, revision, body) VALUES (?1, ?2, ?3)")?
            .execute(params![order.id.0, revision, to_json(&order.content)?])?;
    }
    let fact = Fact {
        kind,
        entry: history,
    };
    db.prepare_cached(
        r#"INSERT INTO events
           (seq, vendor, "offset", mark, before, order_id, order_before, revision, state, fact)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"#,
    )?
    .execute(params![
        seq,
        vendor,
        position.offset,
        position.mark.as_str(),
        before,
        order.id.0,
        order_before,
        revision,
        state,
        to_json(&fact)?
    ])?;
    let Fact { kind, entry } = fact;
    let event = Event {
        kind,
        position,
        after,
        at: entry.at,
        previous_status: entry.from,
        actor: entry.actor,
        order: Arc::new(order),
    };
    Ok((event, seq))
}
