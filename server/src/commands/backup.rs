//! `ordertop-server backup`.

use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::store_args::StoreArgs;
use super::whole_file::{Existing, WholeFile};
use crate::archive::Counts;
use crate::store::lock::{self, Locked};
use crate::store::sqlite::backup;
use crate::store::{StoreError, StoreUrl};

/// Copies the file with the orders into another one, while a server uses it or not
///
/// The copy is of one moment and is read in one pass, however much is changed
/// meanwhile. It is verified, written to the disk and readable by you alone
/// before it gets its name. It holds everything, buyers' names and addresses too.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
To bring a copy back: stop the server, remove the store with its -wal and -shm, and put the copy in its place.
Exit code: 0 when the copy is whole and verified, 1 when there is none.

Examples:
  ordertop-server backup /backups/orders-$(date +%F).db
  ordertop-server backup --store /var/lib/ordertop/orders.db --force /backups/orders.db")]
pub struct BackupArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// The copy; its folder must be there, and have room for it
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace FILE when it is there
    #[arg(long)]
    force: bool,
}

/// Copies.
///
/// # Errors
/// When there is no store to copy, FILE is there already, or it cannot be written.
pub async fn run(args: BackupArgs) -> anyhow::Result<ExitCode> {
    let BackupArgs { store, file, force } = args;
    let StoreUrl::File(path) = store.store else {
        bail!(
            "a Redis is backed up by its own means (docs/SEVERAL-SERVERS.md); `ordertop-server export` writes what it holds into a file"
        );
    };
    ensure!(
        path.exists(),
        "there is no store at {}: say where it is with --store",
        path.display()
    );
    refuse_own_files(&path, &file)?;
    let existing = if force {
        Existing::Replace
    } else {
        Existing::Refuse
    };
    let output = WholeFile::new(&file, ".ordertop-backup-", existing)?;
    // Held where no server has it: none starts to migrate it meanwhile. A server's is read beside it.
    let lock = match lock::lock(&path).await? {
        Locked::Ours(lock) => Some(lock),
        Locked::Theirs(_) => None,
    };
    let copying = tokio::task::spawn_blocking(move || {
        let bar = progress_bar();
        let told = &mut |done, total| {
            bar.set_length(total);
            bar.set_position(done);
        };
        let copied = backup::copy(&path, output.unfinished(), told)?;
        bar.finish_and_clear();
        Ok::<_, StoreError>((output, copied))
    });
    let (output, copied) = copying
        .await?
        .with_context(|| format!("no backup was made at {}", file.display()))?;
    drop(lock);
    let bytes = output.keep()?;
    let counts = Counts {
        vendors: copied.vendors,
        orders: copied.orders,
        history: copied.events,
    };
    writeln!(
        io::stderr(),
        "copied and verified {} MB: {counts}",
        bytes.div_ceil(1_000_000)
    )?;
    Ok(ExitCode::SUCCESS)
}

/// The store is not overwritten by its own copy, nor are the files beside it.
fn refuse_own_files(store: &Path, file: &Path) -> anyhow::Result<()> {
    let id = |path: &Path| {
        let about = std::fs::metadata(path).ok()?;
        Some((about.dev(), about.ino()))
    };
    let Some(asked) = id(file) else { return Ok(()) };
    let real = store.canonicalize()?;
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let mut own = real.as_os_str().to_owned();
        own.push(suffix);
        ensure!(
            id(Path::new(&own)) != Some(asked),
            "{} is the store itself or a file of its own: name another file",
            file.display()
        );
    }
    Ok(())
}

/// A bar of bytes on standard error, drawn when that is a terminal.
fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    match ProgressStyle::with_template("{bar:40} {bytes} of {total_bytes}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
