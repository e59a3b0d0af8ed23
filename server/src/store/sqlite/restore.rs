//! Writing orders as another store kept them.
//!
//! Their histories become rows of the log that are nobody's events: no
//! vendor's chain leads to them, so nothing is replayed of them, and the
//! vendor's offsets go on from where they were. An order's own chain is as
//! always, and goes on with its next event.

use std::sync::Arc;

use ordertop::order::{HistoryEntry, OrderId, VendorId, VendorOrder};
use ordertop::protocol::EventKind;
use rusqlite::{OptionalExtension, Transaction, params};

use super::commit::Pending;
use super::directory::VendorEntry;
use super::read::{self, Stored};
use super::rows::to_json;
use super::sources;
use crate::store::fact::Fact;
use crate::store::{KeptOrder, Restored, StoreError};

/// The offset of a row that is nobody's event.
const NO_OFFSET: u64 = 0;
/// Its mark: no event gets one so long.
const NO_MARK: &str = "restored";
/// What the order was like after an entry is not known.
const NO_STATE: &str = "null";

/// Whether such orders can be written at all.
pub(super) fn check(
    vendor: &VendorId,
    entry: Option<Arc<VendorEntry>>,
    orders: &[KeptOrder],
) -> Result<Arc<VendorEntry>, StoreError> {
    let Some(entry) = entry else {
        let why = format!("there is no vendor {vendor}");
        return Err(StoreError::Failed(why));
    };
    for order in orders {
        order.check_of(vendor)?;
    }
    Ok(entry)
}

/// Writes those orders that are not there yet.
pub(super) fn restore(
    db: &Transaction<'_>,
    pending: &mut Pending,
    vendor: i64,
    orders: &[KeptOrder],
) -> rusqlite::Result<Restored> {
    let mut restored = Restored::default();
    for kept in orders {
        match read::stored(db, vendor, &kept.order.key())? {
            None => {
                write(db, pending, vendor, kept)?;
                pending.placed += 1;
                restored.written += 1;
            }
            Some(Stored { order, .. }) => {
                let history = read::history(db, vendor, &order.number)?;
                let same = kept.is_kept_as(&order, &history);
                *if same {
                    &mut restored.present
                } else {
                    &mut restored.different
                } += 1;
            }
        }
    }
    Ok(restored)
}

fn write(
    db: &Transaction<'_>,
    pending: &mut Pending,
    vendor: i64,
    kept: &KeptOrder,
) -> rusqlite::Result<()> {
    let KeptOrder { order, history } = kept;
    let state = to_json(&order.state)?;
    // It is the last of its entries; those are written next.
    let mut newest = 0;
    let id = free_id(db, order.id)?;
    db.prepare_cached(
        "INSERT INTO orders (id, vendor, number, placed_at, status, revision, newest, state)
         VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7)",
    )?
    .execute(params![
        id,
        vendor,
        order.number.as_str(),
        order.content.placed_at.as_microsecond(),
        order.state.status.as_str(),
        newest,
        state
    ])?;
    let id = db.last_insert_rowid();
    db.prepare_cached("INSERT INTO contents (order_id, revision, body) VALUES (?1, 1, ?2)")?
        .execute(params![id, to_json(&order.content)?])?;
    sources::record(
        db,
        vendor,
        &VendorOrder {
            id: OrderId(id.unsigned_abs()),
            ..order.clone()
        },
    )?;
    let mut entries = db.prepare_cached(
        r#"INSERT INTO events
           (seq, vendor, "offset", mark, before, order_id, order_before, revision, state, fact)
           VALUES (?1, ?2, ?3, ?4, NULL, ?5, ?6, 1, ?7, ?8)"#,
    )?;
    let mut before: Option<i64> = None;
    for entry in history {
        newest = pending.next_place(db)?;
        let fact = to_json(&Fact {
            kind: kind_of(entry),
            entry: entry.clone(),
        })?;
        entries.execute(params![
            newest, vendor, NO_OFFSET, NO_MARK, id, before, NO_STATE, fact
        ])?;
        before = Some(newest);
    }
    db.prepare_cached("UPDATE orders SET newest = ?2 WHERE id = ?1")?
        .execute(params![id, newest])?;
    Ok(())
}

/// The id that the order had, unless another order has it here.
fn free_id(db: &Transaction<'_>, id: OrderId) -> rusqlite::Result<Option<u64>> {
    let taken = db
        .prepare_cached("SELECT 1 FROM orders WHERE id = ?1")?
        .query_row([id.0], |_| Ok(()))
        .optional()?;
    Ok((taken.is_none() && id != OrderId::default()).then_some(id.0))
}

fn kind_of(entry: &HistoryEntry) -> EventKind {
    match entry.from {
        None => EventKind::Created,
        Some(from) if from != entry.to => EventKind::Status,
        Some(_) => EventKind::Updated,
    }
}
