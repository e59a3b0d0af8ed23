//! What one transaction writes: vendors, orders, contents, and the log.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ordertop::order::{OrderId, OrderKey, VendorId};
use ordertop::protocol::{Mark, Position};
use rusqlite::{Transaction, params};

use super::rows::{Fact, to_json};
use super::{Directory, VendorEntry, read};
use crate::decision::Refusal;
use crate::store::{
    Change, ChangeOutcome, Committed, Decide, Event, VendorEvent, VendorRecord, Verdict, Write,
};

/// What a transaction has made so far, to be shown after its commit.
#[derive(Default)]
pub(super) struct Pending {
    heads: HashMap<VendorId, NewHead>,
    vendors: Vec<(VendorId, Arc<VendorEntry>)>,
    committed: Vec<Committed>,
    /// How many orders are new.
    pub(super) placed: u64,
}

/// Where a vendor's stream stands after the transaction.
struct NewHead {
    entry: Arc<VendorEntry>,
    /// Where it stood before, as this process knows.
    since: Position,
    position: Position,
    /// Its place in the log.
    newest: i64,
}

impl Pending {
    /// Writes where each vendor stands: once a transaction, however many events
    /// it had. A vendor that stands elsewhere than this process knows was
    /// written by another one, which must not be: the transaction fails.
    pub(super) fn write_heads(&self, db: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut update = db.prepare_cached(
            r#"UPDATE vendors SET "offset" = ?2, mark = ?3, newest = ?4
               WHERE ref = ?1 AND "offset" = ?5 AND mark = ?6"#,
        )?;
        for head in self.heads.values() {
            let NewHead {
                entry,
                since,
                position,
                newest,
            } = head;
            let written = update.execute(params![
                entry.row,
                position.offset,
                position.mark.as_str(),
                newest,
                since.offset,
                since.mark.as_str()
            ])?;
            if written != 1 {
                return Err(rusqlite::Error::StatementChangedRows(written));
            }
        }
        Ok(())
    }

    /// After the commit: shows the new vendors and heads to readers, and hands
    /// out what happened.
    pub(super) fn show(self, directory: &Directory) -> Vec<Committed> {
        for head in self.heads.into_values() {
            head.entry.newest.store(head.newest, Ordering::Relaxed);
            let mut shown = head
                .entry
                .head
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *shown = head.position;
        }
        if !self.vendors.is_empty() {
            let mut directory = directory.write().unwrap_or_else(PoisonError::into_inner);
            directory.extend(self.vendors);
        }
        self.committed
    }

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

/// Adds a vendor; whether it is new.
pub(super) fn add_vendor(
    db: &Transaction<'_>,
    directory: &Directory,
    pending: &mut Pending,
    id: &VendorId,
    name: &str,
) -> rusqlite::Result<(VendorRecord, bool)> {
    if let Some(entry) = pending.entry(directory, id) {
        return Ok((entry.record(id), false));
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
    Ok((record, true))
}

/// Shows an order to a decision and writes what it decides.
pub(super) fn change(
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
    let known = head.clone();
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
    let since = pending
        .heads
        .get(&key.vendor)
        .map_or(known, |head| head.since.clone());
    let head = NewHead {
        entry: vendor,
        since,
        position,
        newest,
    };
    pending.heads.insert(key.vendor.clone(), head);
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
        if content_changed {
            // A shop may correct when an order was placed; lists go by it.
            let placed_at = order.content.placed_at.as_microsecond();
            db.prepare_cached("UPDATE orders SET placed_at = ?2 WHERE id = ?1")?
                .execute(params![order.id.0, placed_at])?;
        }
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
