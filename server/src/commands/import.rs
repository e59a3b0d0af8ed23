//! `ordertop-server import`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use ordertop::clock::{Clock, SystemClock};
use ordertop::order::VendorId;
use ordertop::order::intake::Intake;
use ordertop::protocol::rest::RowResult;

use super::export::progress_bar;
use super::managed::Managed;
use super::store_args::StoreArgs;
use crate::archive::{self, Outcome, Reader};
use crate::import::{self, ImportArgs, Sink};
use crate::store::lock::{self, Locked, StoreLock};
use crate::store::{self, Store, StoreOptions, StoreUrl};

/// Brings orders from files, or an export, into the store
#[derive(Debug, Clone, Args)]
pub struct ImportCommand {
    #[command(flatten)]
    import: ImportArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// Imports orders of a vendor, who is added where it does not exist yet; or an
/// export, when no vendor is named.
///
/// # Errors
/// When a file or the store fails; what was reported until then is stored.
pub async fn run(args: ImportCommand) -> anyhow::Result<ExitCode> {
    let Some(vendor) = args.import.vendor.clone() else {
        return restore(&args).await;
    };
    let mut out = std::io::stdout();
    if args.import.dry_run {
        // The store is not even opened: it may not be there.
        let read = import::run(&args.import, SystemClock.now(), &mut Nothing, &mut out).await;
        return Ok(ExitCode::from(read?.exit_code()));
    }
    let mut orders = OrdersOf {
        managed: Managed::open(&args.store.store).await?,
        vendor: Some(vendor),
    };
    let imported = import::run(&args.import, SystemClock.now(), &mut orders, &mut out).await;
    orders.managed.close().await?;
    Ok(ExitCode::from(imported?.exit_code()))
}

/// The sink of a dry run, which hands nothing over.
struct Nothing;

impl Sink for Nothing {
    async fn import(
        &mut self,
        _from: &str,
        _orders: Vec<Intake>,
    ) -> anyhow::Result<Vec<RowResult>> {
        anyhow::bail!("a dry run stores nothing")
    }
}

/// The orders of one vendor, who is added with the first of them: a file that
/// cannot be read adds nobody.
struct OrdersOf {
    managed: Managed,
    /// Taken once the vendor is known to exist.
    vendor: Option<VendorId>,
}

impl Sink for OrdersOf {
    async fn import(&mut self, from: &str, orders: Vec<Intake>) -> anyhow::Result<Vec<RowResult>> {
        if let Some(vendor) = self.vendor.take() {
            let name = vendor.to_string();
            if self.managed.add_vendor(vendor.clone(), name).await?.1 {
                // Said aside: standard output is for the rows.
                writeln!(std::io::stderr(), "vendor {vendor} is new and was added")?;
            }
        }
        self.managed.import(from, orders).await
    }
}

/// Brings an export into a store.
async fn restore(args: &ImportCommand) -> anyhow::Result<ExitCode> {
    // The header is read first: what is no export makes no store.
    let mut reader = Reader::new(open_export(&args.import.files)?)?;
    let (store, lock) = open_alone(&args.store.store).await?;
    let bar = progress_bar();
    let mut note = |line: &str| {
        bar.suspend(|| {
            let _ = writeln!(io::stderr(), "{line}");
        });
    };
    let restored = archive::restore(&mut reader, &*store, &bar, &mut note).await;
    bar.finish_and_clear();
    store.close().await?;
    drop(lock);
    let outcome = restored?;
    report(&outcome, args.import.json)?;
    Ok(if outcome.is_complete() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn open_export(files: &[impl AsRef<Path>]) -> anyhow::Result<Box<dyn BufRead>> {
    match files {
        [] if io::stdin().is_terminal() => anyhow::bail!(
            "nothing to import: name files and whose orders they are (--vendor), or an export"
        ),
        [] => Ok(Box::new(io::stdin().lock())),
        [file] if file.as_ref() == Path::new("-") => Ok(Box::new(io::stdin().lock())),
        [file] => {
            let name = file.as_ref().display();
            let failed = || format!("cannot open {name}");
            let file = File::open(file).with_context(failed)?;
            let about = file.metadata().with_context(failed)?;
            anyhow::ensure!(!about.is_dir(), "cannot read {name}: it is a folder");
            Ok(Box::new(BufReader::new(file)))
        }
        _ => anyhow::bail!(
            "say whose orders these are, with --vendor; an export is brought in one at a time"
        ),
    }
}

/// The store at `url`, made where there is none. Nobody may have a file open:
/// a server's clients would not hear of the orders.
async fn open_alone(url: &StoreUrl) -> anyhow::Result<(Arc<dyn Store>, Option<StoreLock>)> {
    let mut held = None;
    if let StoreUrl::File(path) = url {
        match lock::lock(path).await? {
            Locked::Ours(lock) => held = Some(lock),
            Locked::Theirs(owner) => anyhow::bail!(
                "the server on {} (process {}) has {url} open: stop the server first, for its clients would not hear of what is imported",
                owner.url,
                owner.pid
            ),
        }
    }
    let store = store::open(url, &StoreOptions::default(), None).await?;
    Ok((store, held))
}

fn report(outcome: &Outcome, json: bool) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        serde_json::to_writer(&mut out, outcome)?;
        writeln!(out)?;
    } else {
        let Outcome {
            read,
            vendors_new,
            written,
            present,
            different,
            refused,
            held,
            ..
        } = outcome;
        writeln!(out, "read {read}")?;
        writeln!(
            out,
            "orders: {written} written, {present} present, {different} different; {refused} lines refused; {vendors_new} vendors added"
        )?;
        writeln!(out, "the store now holds {held} orders of these vendors")?;
    }
    out.flush()?;
    let mut aside = io::stderr().lock();
    if let Some(flaw) = &outcome.flaw {
        writeln!(
            aside,
            "ordertop-server: {flaw}. What was whole is stored; import a whole export to have the rest"
        )?;
    } else if !outcome.is_complete() {
        writeln!(
            aside,
            "ordertop-server: the store does not hold everything as it was exported"
        )?;
    }
    Ok(())
}
