//! What one transaction writes: vendors, orders, contents, and the log.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ordertop::order::{OrderId, OrderKey, VendorId, VendorOrder};
use ordertop::protocol::{Mark, Position};
use rusqlite::{Transaction, params};

use super::directory::{Directory, VendorEntry};
use super::read::{self, Stored};
use super::rows::to_json;
use super::sources;
use crate::store::fact::Fact;
use crate::store::{
    Change, ChangeOutcome, Decide, Event, News, Refusal, Target, VendorEvent, VendorRecord,
    Verdict, Write,
};

/// A change with its place in the log, where it was written.
pub(super) struct Placed {
    pub(super) change: Change,
    pub(super) seq: Option<i64>,
}

/// What a transaction has made so far, to be shown after its commit.
#[derive(Default)]
pub(super) struct Pending {
    heads: HashMap<VendorId, NewHead>,
    vendors: Vec<(VendorId, Arc<VendorEntry>)>,
    committed: Vec<News>,
    /// Orders as they stand so far: a request may speak of one in a thousand rows.
    orders: HashMap<OrderKey, Known>,
    /// The log's newest place so far; `None` before this transaction's first event.
    newest: Option<i64>,
    /// How many orders are new.
    pub(super) placed: u64,
    /// How many contents a later revision took the place of.
    pub(super) superseded: u64,
    /// How many `Idempotency-Key`s are new.
    pub(super) keys: u64,
}

/// An order within a transaction, with its content's revision and its newest event.
#[derive(Clone)]
struct Known {
    order: Arc<VendorOrder>,
    row: (i64, i64),
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
    pub(super) fn show(self, directory: &Directory) -> Vec<News> {
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

    pub(super) fn entry(&self, directory: &Directory, id: &VendorId) -> Option<Arc<VendorEntry>> {
        let new = self.vendors.iter().find(|(new, _)| new == id);
        new.map(|(_, entry)| entry.clone()).or_else(|| {
            directory
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .get(id)
                .cloned()
        })
    }

    /// The order as it stands so far.
    fn stored(
        &mut self,
        db: &Transaction<'_>,
        vendor: i64,
        key: &OrderKey,
    ) -> rusqlite::Result<Option<Known>> {
        if let Some(known) = self.orders.get(key) {
            return Ok(Some(known.clone()));
        }
        let Some(stored) = read::stored(db, vendor, key)? else {
            return Ok(None);
        };
        let Stored {
            order,
            revision,
            newest,
        } = stored;
        let known = Known {
            order: Arc::new(order),
            row: (revision, newest),
        };
        self.orders.insert(key.clone(), known.clone());
        Ok(Some(known))
    }

    /// The next place in the log, which is only ever added to.
    pub(super) fn next_place(&mut self, db: &Transaction<'_>) -> rusqlite::Result<i64> {
        let newest = match self.newest {
            Some(newest) => newest,
            None => db
                .prepare_cached("SELECT coalesce(max(seq), 0) FROM events")?
                .query_row([], |row| row.get(0))?,
        };
        Ok(*self.newest.insert(newest + 1))
    }

    /// Where the vendor stands so far, and that event's place in the log.
    pub(super) fn head(&self, id: &VendorId, entry: &VendorEntry) -> (Position, Option<i64>) {
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
    pending.committed.push(News::Vendor(record.clone()));
    Ok((record, true))
}

/// Shows an order to a decision and writes what it decides.
pub(super) fn change(
    db: &Transaction<'_>,
    directory: &Directory,
    pending: &mut Pending,
    target: &Target,
    decide: &Decide,
) -> rusqlite::Result<Placed> {
    let Some(vendor) = pending.entry(directory, &target.key.vendor) else {
        let refusal = Refusal::UnknownVendor(target.key.vendor.clone());
        let change = Change::new(ChangeOutcome::Refused(refusal), None, None);
        return Ok(Placed { change, seq: None });
    };
    let key = match sources::number(db, vendor.row, target)? {
        Ok(number) => number.map_or_else(
            || target.key.clone(),
            |number| OrderKey {
                number,
                ..target.key.clone()
            },
        ),
        Err(refusal) => {
            let head = pending.head(&target.key.vendor, &vendor).0;
            let change = Change::new(ChangeOutcome::Refused(refusal), None, Some(head));
            return Ok(Placed { change, seq: None });
        }
    };
    let known = pending.stored(db, vendor.row, &key)?;
    let (stored, row) = known.map(|known| (known.order, known.row)).unzip();
    let (head, before) = pending.head(&key.vendor, &vendor);
    let unwritten = |outcome, order: Option<_>| Placed {
        change: Change::new(outcome, order, Some(head.clone())),
        seq: None,
    };
    let write = match decide(stored.as_deref()) {
        Verdict::Write(write) => *write,
        Verdict::Keep => return Ok(unwritten(ChangeOutcome::Kept, stored)),
        Verdict::Remember(order) => {
            db.prepare_cached("UPDATE orders SET state = ?2 WHERE id = ?1")?
                .execute(params![order.id.0, to_json(&order.state)?])?;
            let order = Arc::new(*order);
            if let Some(row) = row {
                let now = Known {
                    order: order.clone(),
                    row,
                };
                pending.orders.insert(key, now);
            }
            return Ok(unwritten(ChangeOutcome::Kept, Some(order)));
        }
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
        seq: pending.next_place(db)?,
    };
    let newest = place.seq;
    pending.superseded += u64::from(row.is_some() && write.content_changed);
    let revision = row.map_or(1, |(revision, _)| {
        revision + i64::from(write.content_changed)
    });
    let event = write_order(db, place, row, write)?;
    let now = Known {
        order: event.order.clone(),
        row: (revision, newest),
    };
    pending.orders.insert(key.clone(), now);
    let change = Change::new(
        ChangeOutcome::Written,
        Some(event.order.clone()),
        Some(event.position.clone()),
    );
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
    pending.committed.push(News::Event(Arc::new(event)));
    Ok(Placed {
        change,
        seq: Some(newest),
    })
}

/// Where an event goes.
struct Place {
    /// The vendor's row.
    vendor: i64,
    position: Position,
    /// The mark of the vendor's event before it, and that event's place in the log.
    after: Mark,
    before: Option<i64>,
    /// Its own place in the log.
    seq: i64,
}

/// Writes order, content and event, whose row is the history's entry too. `row`
/// is the revision and the newest event of an order that is there already.
fn write_order(
    db: &Transaction<'_>,
    place: Place,
    row: Option<(i64, i64)>,
    write: Write,
) -> rusqlite::Result<Event> {
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
        seq,
    } = place;
    let state = to_json(&order.state)?;
    let status = order.state.status.as_str();
    let placed_at = order.content.placed_at.as_microsecond();
    let (revision, content_changed) = match row {
        None => {
            db.prepare_cached(
                "INSERT INTO orders (vendor, number, placed_at, status, revision, newest, state)
                 VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6)",
            )?
            .execute(params![
                vendor,
                order.number.as_str(),
                placed_at,
                status,
                seq,
                state
            ])?;
            order.id = OrderId(db.last_insert_rowid().unsigned_abs());
            (1, true)
        }
        Some((revision, _)) => {
            // The version was compared by the decision, in this very transaction,
            // and nobody else writes.
            let revision = revision + i64::from(content_changed);
            db.prepare_cached(
                "UPDATE orders SET status = ?2, state = ?3, revision = ?4, newest = ?5 WHERE id = ?1",
            )?
            .execute(params![order.id.0, status, state, revision, seq])?;
            if content_changed {
                db.prepare_cached(
                    "INSERT INTO superseded (seq, order_id, revision) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![seq, order.id.0, revision - 1])?;
                // A shop may correct when an order was placed; lists go by it.
                db.prepare_cached("UPDATE orders SET placed_at = ?2 WHERE id = ?1")?
                    .execute(params![order.id.0, placed_at])?;
            }
            (revision, content_changed)
        }
    };
    if content_changed {
        db.prepare_cached("INSERT INTO contents (order_id, revision, body) VALUES (?1, ?2, ?3)")?
            .execute(params![order.id.0, revision, to_json(&order.content)?])?;
    }
    if content_changed {
        sources::record(db, vendor, &order)?;
    }
    let order_before = row.map(|(_, newest)| newest);
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
    Ok(fact.event(position, after, Arc::new(order)))
}
