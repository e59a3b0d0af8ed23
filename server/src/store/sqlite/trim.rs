//! Removing contents that no event which can be replayed needs any more.
//!
//! The table `superseded` is a queue of them, in the log's order. The writing
//! thread looks at some of them now and then, between two commits and after their
//! answers: four for each that came in, so that the queue is gone through in time
//! and no commit is held up. Events stay: they are the orders' histories.

use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior, params};

use super::rows;
use crate::store::Retention;
use crate::store::fact::Fact;

/// Contents that are superseded before the queue is looked at: each look is a commit.
const EVERY: u64 = 32;
/// Entries that are looked at for each that came in.
const LOOK_PER_ENTRY: u64 = 4;
/// Most entries that are looked at between two commits.
const MAX_LOOK: u64 = 512;

/// Goes through the queue, step by step and round and round.
#[derive(Debug)]
pub(super) struct Trim {
    retention: Retention,
    /// The last entry that was looked at; 0 at the start of a round.
    cursor: i64,
    /// Entries that came in since the last step.
    due: u64,
}

impl Trim {
    pub(super) fn new(retention: Retention) -> Self {
        Self {
            retention,
            cursor: 0,
            due: 0,
        }
    }

    /// Counts entries that were committed; whether a step is due.
    pub(super) fn add(&mut self, entries: u64) -> bool {
        self.due += entries;
        self.due >= EVERY
    }

    /// Removes what has expired at `now` among the next entries.
    pub(super) fn step(&mut self, db: &mut Connection, now: Timestamp) -> rusqlite::Result<()> {
        let look = (self.due * LOOK_PER_ENTRY).min(MAX_LOOK);
        self.due = 0;
        let db = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let entries = entries(&db, self.cursor, look)?;
        // The next round begins when this one is at its end.
        self.cursor = match entries.last() {
            Some(last) if entries.len() as u64 == look => last.seq,
            _ => 0,
        };
        for entry in entries {
            if self.retention.keeps(entry.behind, entry.at, now) {
                continue;
            }
            db.prepare_cached("DELETE FROM contents WHERE order_id = ?1 AND revision = ?2")?
                .execute(params![entry.order, entry.revision])?;
            db.prepare_cached("DELETE FROM superseded WHERE seq = ?1")?
                .execute([entry.seq])?;
        }
        db.commit()
    }
}

/// A content that is superseded.
struct Entry {
    /// The place in the log of the event that superseded it.
    seq: i64,
    order: i64,
    revision: i64,
    /// The events of the vendor from that event on. What the content is needed for came
    /// before it, so it is no longer replayed when that event is not.
    behind: u64,
    /// When that event was committed.
    at: Timestamp,
}

fn entries(db: &Connection, after: i64, limit: u64) -> rusqlite::Result<Vec<Entry>> {
    db.prepare_cached(
        r#"SELECT s.seq, s.order_id, s.revision, v."offset" - e."offset" + 1, e.fact
           FROM superseded s
           JOIN events e ON e.seq = s.seq
           JOIN vendors v ON v.ref = e.vendor
           WHERE s.seq > ?1 ORDER BY s.seq LIMIT ?2"#,
    )?
    .query_map(params![after, limit], |row| {
        let fact: Fact = rows::json(row, 4)?;
        Ok(Entry {
            seq: row.get(0)?,
            order: row.get(1)?,
            revision: row.get(2)?,
            behind: row.get(3)?,
            at: fact.entry.at,
        })
    })?
    .collect()
}
