//! Keeping the write-ahead log small.
//!
//! SQLite copies the log back into the file by itself, but begins it anew only at a moment when
//! nobody reads from it (<https://www.sqlite.org/wal.html#avoiding_excessively_large_wal_files>).
//! Under reads that overlap there is no such moment, and the log grows without end. So above a
//! ceiling the writing thread makes one: it copies what it can beside those who read, closes
//! their [`Gate`], waits for those who are in, which is short, and cuts the log. For another
//! program's reads it waits no longer than [`WAIT`] at a time.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use super::gate::Gate;

/// A log of more bytes than this is begun anew. Larger copies are fewer; SQLite's own are of 4 MB.
const CEILING: u64 = 16 * 1024 * 1024;
/// How much a log grows on after an attempt that failed, before the next one.
const RETRY_AFTER: u64 = 16 * 1024 * 1024;
/// How long commits wait for those who read.
const WAIT: Duration = Duration::from_millis(200);

/// The log beside a store.
#[derive(Debug)]
pub(super) struct Wal {
    path: PathBuf,
    /// Our own reads pass it.
    gate: Arc<Gate>,
    ceiling: u64,
    /// The size at which it is begun anew.
    next: u64,
}

impl Wal {
    /// The log of the store at `store`, whose reads pass `gate`. SQLite itself no longer
    /// copies it back on `db`, the connection that writes.
    pub(super) fn of(store: &Path, db: &Connection, gate: Arc<Gate>) -> rusqlite::Result<Self> {
        db.pragma_update(None, "wal_autocheckpoint", 0)?;
        let mut path = store.as_os_str().to_owned();
        path.push("-wal");
        Ok(Self {
            path: path.into(),
            gate,
            ceiling: CEILING,
            next: CEILING,
        })
    }

    /// Copies a log above the ceiling back into the file and cuts it, unless somebody
    /// reads from it for too long.
    pub(super) fn keep_small(&mut self, db: &Connection) {
        let bytes = std::fs::metadata(&self.path).map_or(0, |about| about.len());
        if bytes <= self.next {
            return;
        }
        match self.begin_anew(db) {
            Ok(true) => self.next = self.ceiling,
            Ok(false) => {
                tracing::warn!(
                    bytes,
                    "another program reads the store for long: its log grows"
                );
                self.next = bytes + RETRY_AFTER;
            }
            Err(error) => {
                tracing::warn!(%error, bytes, "the store's log could not be begun anew");
                self.next = bytes + RETRY_AFTER;
            }
        }
    }

    /// Whether the log was copied and cut.
    fn begin_anew(&self, db: &Connection) -> rusqlite::Result<bool> {
        // Most of it, and waiting for nobody: little is left while the gate is closed.
        checkpoint(db, "PASSIVE")?;
        db.busy_timeout(WAIT)?;
        let closed = self.gate.close(WAIT);
        let cut = checkpoint(db, "TRUNCATE");
        drop(closed);
        db.busy_timeout(super::connect::BUSY_TIMEOUT)?;
        cut
    }
}

/// Whether nobody was in the way (<https://www.sqlite.org/pragma.html#pragma_wal_checkpoint>).
fn checkpoint(db: &Connection, mode: &str) -> rusqlite::Result<bool> {
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    let busy: i64 = db.query_row(&sql, [], |row| row.get(0))?;
    Ok(busy == 0)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    const CEILING: u64 = 1024 * 1024;

    fn store(path: &Path) -> (Connection, Wal) {
        std::fs::File::create(path).unwrap();
        let db = super::super::connect::connect(path).unwrap();
        db.execute_batch("CREATE TABLE t (body BLOB)").unwrap();
        let wal = Wal {
            ceiling: CEILING,
            next: CEILING,
            ..Wal::of(path, &db, Arc::default()).unwrap()
        };
        (db, wal)
    }

    /// Commits 128 KiB; how large the log is afterwards.
    fn commit(db: &Connection, wal: &mut Wal) -> u64 {
        db.execute("INSERT INTO t VALUES (zeroblob(131072))", [])
            .unwrap();
        wal.keep_small(db);
        std::fs::metadata(&wal.path).unwrap().len()
    }

    #[test]
    fn reads_that_overlap_do_not_let_the_log_grow() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.db");
        let (db, mut wal) = store(&path);
        let (stop, gate) = (AtomicBool::new(false), wal.gate.clone());
        let read = || {
            let db = super::super::connect::connect(&path).unwrap();
            while !stop.load(Ordering::Relaxed) {
                let _passed = gate.pass();
                let sql = "SELECT sum(length(body)) FROM t";
                db.query_row(sql, [], |row| row.get::<_, Option<i64>>(0))
                    .unwrap();
            }
        };
        let largest = std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(read);
            }
            let largest = (0..80).map(|_| commit(&db, &mut wal)).max();
            stop.store(true, Ordering::Relaxed);
            largest.unwrap()
        });
        // Of the 10 MiB that were committed.
        assert!(largest <= CEILING, "{largest} bytes");
    }

    #[test]
    fn a_read_that_does_not_end_costs_a_short_wait_and_no_commit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.db");
        let (db, mut wal) = store(&path);
        let reader = super::super::connect::connect(&path).unwrap();
        reader.execute_batch("BEGIN").unwrap();
        let count = "SELECT count(*) FROM t";
        let rows = |db: &Connection| db.query_row(count, [], |row| row.get::<_, i64>(0));
        assert_eq!(rows(&reader), Ok(0));
        let largest = (0..12).map(|_| commit(&db, &mut wal)).max().unwrap();
        assert!(largest > CEILING, "{largest} bytes");
        assert!(wal.next > RETRY_AFTER, "the next attempt is put off");
        assert_eq!(rows(&reader), Ok(0));
        reader.execute_batch("COMMIT").unwrap();
        wal.next = CEILING;
        assert_eq!(commit(&db, &mut wal), 0);
        assert_eq!(rows(&db), Ok(13));
    }
}
