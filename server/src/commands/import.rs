//! `ordertop-server import`.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use ordertop::clock::{Clock, SystemClock};

use super::StoreArgs;
use super::managed::Managed;
use crate::import::{self, ImportArgs};

/// Brings orders from files into the store
#[derive(Debug, Clone, Args)]
pub struct ImportCommand {
    #[command(flatten)]
    import: ImportArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// Imports, and adds the vendor where it does not exist yet.
///
/// # Errors
/// When a file or the store fails; what was reported until then is stored.
pub async fn run(args: ImportCommand) -> anyhow::Result<ExitCode> {
    let mut managed = Managed::open(&args.store.store).await?;
    let vendor = args.import.vendor.clone();
    let name = vendor.to_string();
    if managed.add_vendor(vendor.clone(), name).await?.1 {
        // Said aside: standard output is for the rows.
        writeln!(std::io::stderr(), "vendor {vendor} is new and was added")?;
    }
    let mut out = std::io::stdout();
    let imported = import::run(&args.import, SystemClock.now(), &mut managed, &mut out).await;
    managed.close().await?;
    Ok(ExitCode::from(imported?.exit_code()))
}
