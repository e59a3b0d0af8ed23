//! Copying a store into one file, while a server uses it or not.
//!
//! The copy is of one moment: it is read in one read transaction, so that commits meanwhile
//! neither change it nor make it begin anew (as they do for a copy by SQLite's backup interface
//! without one, <https://www.sqlite.org/backup.html>). So it takes one pass over the pages.

use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::connect::BUSY_TIMEOUT;
use super::error::explain;
use crate::store::StoreError;

/// Pages of one step: 4 MiB. Progress is told after each.
const STEP_PAGES: i32 = 1_024;
const PAGE_BYTES: u64 = 4_096;

/// What a copy holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Vendors.
    pub vendors: u64,
    /// Orders.
    pub orders: u64,
    /// Entries of the log.
    pub events: u64,
}

/// Copies the store at `store` into the file `to`, which is there and empty, and verifies the
/// copy: its structure (`PRAGMA integrity_check`) and its counts. It is one file alone, without
/// a write-ahead log. `progress` hears bytes copied and bytes in all, as far as they are known.
/// Blocks for as long as reading and checking takes.
///
/// # Errors
/// [`StoreError::Open`] when this is no store, [`StoreError::Failed`] when it cannot be copied.
pub fn copy(
    store: &Path,
    to: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Copied, StoreError> {
    let open_error = |error: rusqlite::Error| StoreError::Open {
        path: store.display().to_string(),
        reason: explain(&error),
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(store, flags).map_err(open_error)?;
    source.busy_timeout(BUSY_TIMEOUT)?;
    source.pragma_update(None, "query_only", true)?;
    // The first read sets the moment; it lasts until the transaction ends.
    source.execute_batch("BEGIN").map_err(open_error)?;
    let held = count(&source).map_err(|error| match error {
        rusqlite::Error::SqliteFailure(_, Some(why)) if why.starts_with("no such table") => {
            StoreError::Open {
                path: store.display().to_string(),
                reason: "it is not an ordertop store".into(),
            }
        }
        error => open_error(error),
    })?;
    let mut copy = Connection::open_with_flags(to, flags)?;
    // Nobody reads it before it is whole and synced.
    copy.pragma_update(None, "synchronous", "OFF")?;
    {
        let copying = Backup::new(&source, &mut copy)?;
        loop {
            let step = copying.step(STEP_PAGES)?;
            let said = copying.progress();
            let bytes = |pages: i32| u64::try_from(pages).unwrap_or_default() * PAGE_BYTES;
            progress(
                bytes(said.pagecount - said.remaining),
                bytes(said.pagecount),
            );
            match step {
                StepResult::Done => break,
                StepResult::More => {}
                _ => return Err(StoreError::Failed("another program holds its lock".into())),
            }
        }
    }
    source.execute_batch("COMMIT")?;
    drop(source);
    verify(&copy, held)?;
    copy.close().map_err(|(_, error)| error)?;
    Ok(held)
}

fn verify(copy: &Connection, held: Copied) -> Result<(), StoreError> {
    // It came with its source's mode, which needs a second file.
    copy.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    let found: String = copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        let why = format!(
            "the copy is damaged ({found}), and so may the store be: see `ordertop-server doctor`"
        );
        return Err(StoreError::Failed(why));
    }
    let copied = count(copy)?;
    if copied != held {
        let why = format!("the copy holds {copied:?} where the store held {held:?}");
        return Err(StoreError::Failed(why));
    }
    Ok(())
}

fn count(db: &Connection) -> rusqlite::Result<Copied> {
    let count = |table: &str| {
        let sql = format!("SELECT count(*) FROM {table}");
        db.query_row(&sql, [], |row| row.get(0))
    };
    Ok(Copied {
        vendors: count("vendors")?,
        orders: count("orders")?,
        events: count("events")?,
    })
}

#[cfg(test)]
mod tests {
    use rusqlite_migration::Migrations;

    use super::*;

    /// A store of some 16 MiB.
    fn store(path: &Path) -> Connection {
        std::fs::File::create(path).unwrap();
        let mut db = super::super::connect::connect(path).unwrap();
        Migrations::from_slice(super::super::STEPS)
            .to_latest(&mut db)
            .unwrap();
        db.execute_batch("CREATE TABLE filler (body BLOB)").unwrap();
        for _ in 0..16 {
            db.execute("INSERT INTO filler VALUES (zeroblob(1048576))", [])
                .unwrap();
        }
        db
    }

    fn add_vendor(db: &Connection, n: u64) {
        let sql = r#"INSERT INTO vendors (id, name, birth_mark, "offset", mark)
                     VALUES (?1, 'Acme', 'b', 0, 'b')"#;
        db.execute(sql, [n]).unwrap();
    }

    #[test]
    fn commits_meanwhile_do_not_make_a_copy_begin_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.db");
        let db = store(&path);
        add_vendor(&db, 0);
        let to = tempfile::NamedTempFile::new_in(folder.path()).unwrap();
        let mut told = Vec::new();
        let copied = copy(&path, to.path(), &mut |done, total| {
            told.push((done, total));
            add_vendor(&db, told.len() as u64);
        });
        assert_eq!(copied.unwrap().vendors, 1);
        assert!(told.len() > 3, "{told:?}");
        let step = u64::from(STEP_PAGES.unsigned_abs()) * PAGE_BYTES;
        let total = told[0].1;
        assert_eq!(told.len() as u64, total.div_ceil(step), "{told:?}");
        assert!(told.is_sorted());
        // It is one file, and a store.
        let files = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(files, 4, "store, its -wal and -shm, and the copy");
        let count = count(&Connection::open(to.path()).unwrap()).unwrap();
        assert_eq!(count, copied_of(1));
    }

    fn copied_of(vendors: u64) -> Copied {
        Copied {
            vendors,
            orders: 0,
            events: 0,
        }
    }

    #[test]
    fn a_damaged_store_is_not_copied_as_whole() {
        use std::os::unix::fs::FileExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders.db");
        let db = store(&path);
        add_vendor(&db, 0);
        let page: u64 = db
            .query_row(
                "SELECT rootpage FROM sqlite_schema WHERE name = 'orders_newest'",
                [],
                |row| row.get(0),
            )
            .unwrap();
        drop(db);
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.write_all_at(&[0xFF; 64], (page - 1) * PAGE_BYTES)
            .unwrap();
        let to = tempfile::NamedTempFile::new_in(folder.path()).unwrap();
        let copied = copy(&path, to.path(), &mut |_, _| {});
        assert!(copied.is_err(), "{copied:?}");
    }
}
