//! What was answered under an `Idempotency-Key`, remembered in the transaction
//! that did it: either both are there after a crash or neither.
//!
//! An order that was written is in the log already, as it was then; only its
//! place is kept. One that was not written is kept whole: nothing else says how
//! it was at that moment.

use std::sync::Arc;

use jiff::Timestamp;
use ordertop::order::VendorOrder;
use ordertop::protocol::Position;
use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use super::read;
use super::rows::{json, to_json};
use crate::store::{Change, ChangeOutcome, ONCE_FOR, Once, StoreError};

/// For each key that is added so many that have expired are removed: more than
/// one, so that the table shrinks again after a busy day.
const FORGET_PER_KEY: u64 = 4;

/// A change with its place in the log, where it was written.
pub(super) struct Placed {
    pub(super) change: Change,
    pub(super) seq: Option<i64>,
}

/// A change as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    outcome: ChangeOutcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<Position>,
    /// The event that holds the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    /// The order, where no event holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<Arc<VendorOrder>>,
}

/// What was answered under this key, if it is remembered at `now`; an error
/// when that was another request.
pub(super) fn recall(
    db: &Transaction<'_>,
    once: &Once,
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
    if !same {
        return Ok(Some(Err(StoreError::KeyReused)));
    }
    let change = |kept: Kept| {
        let order = match kept.seq {
            Some(seq) => Some(Arc::new(read::order_at(db, seq)?)),
            None => kept.order,
        };
        Ok(Change {
            outcome: kept.outcome,
            order,
            position: kept.position,
        })
    };
    let changes: rusqlite::Result<_> = kept.into_iter().map(change).collect();
    Ok(Some(Ok(changes?)))
}

/// Remembers what was done under this key at `now`.
pub(super) fn remember(
    db: &Transaction<'_>,
    once: &Once,
    placed: &[Placed],
    now: Timestamp,
) -> rusqlite::Result<()> {
    let kept = placed.iter().map(|Placed { change, seq }| Kept {
        outcome: change.outcome.clone(),
        position: change.position.clone(),
        seq: *seq,
        order: change.order.clone().filter(|_| seq.is_none()),
    });
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
