//! An embedded store: is it there, who has it open, can it be written, is there room.

use std::io::Result;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::deadline::Deadline;
use super::report::Report;
use crate::finding::Finding;
use crate::store::lock::{self, Owner};

/// Below this it is time to make room: SQLite keeps up to as much as the newest
/// commits beside the file (WAL), and a full disk refuses every change.
const LITTLE_SPACE: u64 = 256 * 1024 * 1024;
const NO_SPACE: u64 = 16 * 1024 * 1024;
/// How long to wait for another process's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// The server that has it open, if one has.
pub(super) async fn check(
    path: &Path,
    clock: Deadline,
    report: &mut Report<'_>,
) -> Result<Option<Owner>> {
    let named = format!("store {}", path.display());
    let size = match std::fs::metadata(path) {
        Ok(data) if data.is_file() => data.len(),
        Ok(_) => {
            let says = "this is no file";
            report.add(&Finding::fail(
                named,
                says,
                "name a file with --store, such as orders.db",
            ))?;
            return Ok(None);
        }
        Err(error) => {
            report.add(&Finding::warn(
                named,
                error.to_string(),
                "say where it is with --store, or start `ordertop-server serve` once, which makes it",
            ))?;
            return Ok(None);
        }
    };
    report.add(&Finding::ok(&named, format!("{} KiB", size.div_ceil(1024))))?;
    report.add(&space(path))?;
    match lock::owner(path) {
        Ok(Some(owner)) => {
            let says = format!("process {} has it open and serves {}", owner.pid, owner.url);
            report.add(&Finding::ok("lock", says))?;
            // It alone writes; whether it can, its `/readyz` proves with a commit.
            report.add(&Finding::skip(
                "write",
                "the server that has it open proves it: see `ready`",
            ))?;
            return Ok(Some(owner));
        }
        Ok(None) => report.add(&Finding::ok("lock", "no server has it open"))?,
        Err(error) => report.add(&Finding::fail(
            "lock",
            error.to_string(),
            "run this as the user that runs the server",
        ))?,
    }
    let path = path.to_owned();
    let probing = tokio::task::spawn_blocking(move || probe(&path));
    let probed = clock.wait(async { probing.await.map_err(|panic| panic.to_string())? });
    report.add(&match probed.await {
        Ok(()) => Finding::ok("write", "a transaction could be written, and was taken back"),
        Err(reason) => Finding::fail(
            "write",
            reason,
            "check that this user may write the file and its folder, that the disk is not read-only, and \
             that no other program has the file open; a damaged file is restored from a backup",
        ),
    })?;
    Ok(None)
}

fn space(path: &Path) -> Finding {
    const ABOUT: &str = "disk";
    let free = match rustix::fs::statvfs(path) {
        Ok(fs) => fs.f_bavail.saturating_mul(fs.f_frsize),
        Err(error) => return Finding::skip(ABOUT, error.to_string()),
    };
    let says = format!("{} MiB free", free / (1024 * 1024));
    let remedy =
        "make room, or move the store to a bigger disk: without room every change is refused";
    match free {
        ..NO_SPACE => Finding::fail(ABOUT, says, remedy),
        NO_SPACE..LITTLE_SPACE => Finding::warn(ABOUT, says, remedy),
        _ => Finding::ok(ABOUT, says),
    }
}

/// Writes a table and takes it back: nothing of it is ever committed.
fn probe(path: &Path) -> std::result::Result<(), String> {
    let probe = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        let transaction =
            connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        transaction
            .execute_batch("CREATE TABLE doctor_probe (x); INSERT INTO doctor_probe VALUES (1)")?;
        transaction.rollback()
    };
    probe().map_err(|error| error.to_string())
}
