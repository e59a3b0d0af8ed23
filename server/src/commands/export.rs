//! `ordertop-server export`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ordertop::clock::{Clock, SystemClock};

use super::store_args::StoreArgs;
use super::whole_file::{Existing, WholeFile};
use crate::archive::{self, Counts, ExportError};
use crate::store::lock::{self, Locked, StoreLock};
use crate::store::{self, Store, StoreOptions, StoreUrl};

/// Writes everything that a store holds as lines of JSON, for import
///
/// Vendors, and orders with their ids, versions and histories; not the events,
/// which the other store counts anew. Works while servers use the store: each
/// order is whole, and what was there at the start is in it. It holds buyers'
/// names and addresses: keep it as you keep the store.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
The format is in docs/EXPORT.md. Exit code: 0 when the export is whole, 1 when not.

Examples:
  ordertop-server export --store old.db | ordertop-server import --store new.db
  ordertop-server export --store orders.db | ordertop-server import --store redis://HOST:6379/0
  ordertop-server export --output backup.jsonl
  ordertop-server export | gzip > backup.jsonl.gz")]
pub struct ExportArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Write to this file instead of standard output, which is `-`
    ///
    /// It comes to be when it is whole, readable by you alone, in the place of
    /// one that was there.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Exports.
///
/// # Errors
/// When the store fails or the file cannot be written.
pub async fn run(args: ExportArgs) -> anyhow::Result<ExitCode> {
    // Before the store is opened: a folder that is not there costs nothing.
    let named = args
        .output
        .as_deref()
        .filter(|path| *path != Path::new("-"));
    let begin = |path| WholeFile::new(path, ".ordertop-export-", Existing::Replace);
    let output = named.map(begin).transpose()?;
    let (store, lock) = open_to_read(&args.store.store).await?;
    let exported = match output {
        Some(output) => to_file(output, &*store).await,
        None => to_standard_output(&*store).await,
    };
    store.close().await?;
    drop(lock);
    let counts = match exported {
        Ok(counts) => counts,
        // `… | head` has seen enough. The export is cut all the same.
        Err(error) if is_broken_pipe(&error) => return Ok(ExitCode::FAILURE),
        Err(error) => return Err(error),
    };
    writeln!(io::stderr(), "exported {counts}")?;
    Ok(ExitCode::SUCCESS)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref(),
        Some(ExportError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe
    )
}

/// The store at `url`. A file that a server has open is read beside it: an
/// order as REST shows it is not all that is kept, and SQLite lets others read.
async fn open_to_read(url: &StoreUrl) -> anyhow::Result<(Arc<dyn Store>, Option<StoreLock>)> {
    let mut held = None;
    if let StoreUrl::File(path) = url {
        anyhow::ensure!(
            path.exists(),
            "there is no store at {url}: say where it is with --store"
        );
        match lock::lock(path).await? {
            Locked::Ours(lock) => held = Some(lock),
            Locked::Theirs(_) => {
                return Ok((store::open_beside(path).await?, None));
            }
        }
    }
    let store = store::open(url, &StoreOptions::default(), None).await?;
    Ok((store, held))
}

async fn to_standard_output(store: &dyn Store) -> anyhow::Result<Counts> {
    // In a pipe the one who reads shows how far we are, and on a terminal the
    // lines do: two bars would write over each other.
    let bar = if is_file(&io::stdout()) {
        progress_bar()
    } else {
        ProgressBar::hidden()
    };
    let out = BufWriter::new(io::stdout().lock());
    let (_, counts) = archive::export(store, SystemClock.now(), out, &bar).await?;
    bar.finish_and_clear();
    Ok(counts)
}

#[cfg(unix)]
fn is_file(stream: &impl std::os::fd::AsFd) -> bool {
    let file = stream.as_fd().try_clone_to_owned().map(File::from);
    file.and_then(|file| file.metadata())
        .is_ok_and(|about| about.is_file())
}

async fn to_file(output: WholeFile, store: &dyn Store) -> anyhow::Result<Counts> {
    let bar = progress_bar();
    let out = BufWriter::new(output.as_file());
    let (out, counts) = archive::export(store, SystemClock.now(), out, &bar).await?;
    bar.finish_and_clear();
    drop(out);
    output.keep()?;
    Ok(counts)
}

/// A bar of orders on standard error, drawn when that is a terminal.
pub(super) fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    match ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} orders, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
