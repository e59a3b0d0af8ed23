//! What was done under an `Idempotency-Key`, remembered in the transaction that
//! did it: either both are there after a crash or neither.
//!
//! Only outcomes and places in the log are kept, no order: some ten bytes for a
//! change that was written, two for a row that was unchanged. The order of an
//! answer that is given again is read from the log, as the request left it, while
//! the log holds its content; afterwards as it is now. A row that wrote nothing
//! shows the order as it is now.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use ordertop::order::{OrderId, OrderKey, VendorOrder};
use ordertop::protocol::Position;
use rusqlite::{OptionalExtension, Transaction, params};
use serde::Deserialize;

use super::commit::{Pending, Placed};
use super::directory::Directory;
use super::read::{self, AtEvent};
use super::rows::{json, to_json};
use crate::store::once::Remembered;
use crate::store::{Change, ChangeOutcome, Decide, ONCE_FOR, Once, StoreError, Target};

/// For each key that is added so many that have expired are removed: more than
/// one, so that the table shrinks again after a busy day.
const FORGET_PER_KEY: u64 = 4;

/// A change as it is kept: by its place in the log.
type Kept = Remembered<i64, Copied>;

/// A change as earlier builds kept it.
#[derive(Deserialize)]
struct Copied {
    outcome: ChangeOutcome,
    position: Option<Position>,
    seq: Option<i64>,
    order: Option<Arc<VendorOrder>>,
}

/// What was done under this key for these changes, if it is remembered at `now`;
/// an error when that was another request.
pub(super) fn recall(
    db: &Transaction<'_>,
    directory: &Directory,
    pending: &Pending,
    once: &Once,
    changes: &[(Target, Decide)],
    now: Timestamp,
) -> rusqlite::Result<Option<Result<Vec<Change>, StoreError>>> {
    let known = db
        .prepare_cached("SELECT digest, answer FROM once WHERE key = ?1 AND expires > ?2")?
        .query_row(params![once.key, now.as_microsecond()], |row| {
            let kept: Vec<Kept> = json(row, 1)?;
            Ok((row.get_ref(0)?.as_str()? == once.digest, kept))
        })
        .optional()?;
    let Some((same, kept)) = known else {
        return Ok(None);
    };
    if !same || kept.len() != changes.len() {
        return Ok(Some(Err(StoreError::KeyReused)));
    }
    let mut recalling = Recalling {
        db,
        directory,
        pending,
        left: HashMap::new(),
        current: HashMap::new(),
    };
    // From the last on: of an order that several rows changed one copy is read, the one
    // that the request left.
    let rows = kept.into_iter().zip(changes).rev();
    let changes: rusqlite::Result<Vec<_>> = rows
        .map(|(kept, (target, _))| recalling.change(kept, &target.key))
        .collect();
    let mut changes = changes?;
    changes.reverse();
    Ok(Some(Ok(changes)))
}

/// Reads what remembered changes speak of, each order once.
struct Recalling<'a> {
    db: &'a Transaction<'a>,
    directory: &'a Directory,
    pending: &'a Pending,
    /// Orders as the request left them.
    left: HashMap<OrderId, Arc<VendorOrder>>,
    /// Orders as they are now.
    current: HashMap<OrderKey, Option<Arc<VendorOrder>>>,
}

impl Recalling<'_> {
    fn change(&mut self, kept: Kept, key: &OrderKey) -> rusqlite::Result<Change> {
        let outcome = match kept {
            Kept::Written(seq) => return self.written(seq),
            Kept::Copied(copied) => return self.copied(*copied),
            Kept::Kept(_) => ChangeOutcome::Kept,
            Kept::Refused { refused } => ChangeOutcome::Refused(refused),
        };
        let Some(vendor) = self.pending.entry(self.directory, &key.vendor) else {
            return Ok(Change::new(outcome, None, None));
        };
        let order = match self.current.get(key) {
            Some(order) => order.clone(),
            None => {
                let order = read::order(self.db, vendor.row, key)?.map(Arc::new);
                self.current.insert(key.clone(), order.clone());
                order
            }
        };
        let (position, _) = self.pending.head(&key.vendor, &vendor);
        Ok(Change::new(outcome, order, Some(position)))
    }

    fn written(&mut self, seq: i64) -> rusqlite::Result<Change> {
        let AtEvent {
            position,
            order,
            version,
        } = read::at_event(self.db, seq)?;
        let order = match self.left.get(&order) {
            Some(order) => order.clone(),
            None => {
                let read = Arc::new(read::order_at(self.db, seq)?);
                self.left.insert(order, read.clone());
                read
            }
        };
        Ok(Change {
            version,
            ..Change::new(ChangeOutcome::Written, Some(order), Some(position))
        })
    }

    fn copied(&self, copied: Copied) -> rusqlite::Result<Change> {
        let order = match copied.seq {
            Some(seq) => Some(Arc::new(read::order_at(self.db, seq)?)),
            None => copied.order,
        };
        Ok(Change::new(copied.outcome, order, copied.position))
    }
}

/// Remembers what was done under this key at `now`.
pub(super) fn remember(
    db: &Transaction<'_>,
    once: &Once,
    placed: &[Placed],
    now: Timestamp,
) -> rusqlite::Result<()> {
    let kept = placed
        .iter()
        .map(|Placed { change, seq }| Kept::new(change, *seq));
    let kept: Vec<_> = kept.collect();
    let expires = now.saturating_add(ONCE_FOR).unwrap_or(Timestamp::MAX);
    // One that has expired may still be there.
    db.prepare_cached(
        "INSERT OR REPLACE INTO once (key, digest, expires, answer) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        once.key,
        once.digest,
        expires.as_microsecond(),
        to_json(&kept)?
    ])?;
    Ok(())
}

/// Removes some of what has expired at `now`, for a transaction that added
/// `added` keys: never many at once, so that no commit is held up.
pub(super) fn forget(db: &Transaction<'_>, added: u64, now: Timestamp) -> rusqlite::Result<()> {
    db.prepare_cached(
        "DELETE FROM once WHERE rowid IN
         (SELECT rowid FROM once WHERE expires <= ?1 ORDER BY expires LIMIT ?2)",
    )?
    .execute(params![now.as_microsecond(), added * FORGET_PER_KEY])?;
    Ok(())
}
