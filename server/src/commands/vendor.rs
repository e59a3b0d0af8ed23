//! `ordertop-server vendor`.

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use ordertop::order::VendorId;
use ordertop::order::text::{MAX_NAME_CHARS, clean};

use super::managed::Managed;
use super::store_args::StoreArgs;

/// Adds and lists vendors, whether the server runs or not
#[derive(Debug, Clone, Args)]
pub struct VendorArgs {
    #[command(subcommand)]
    command: VendorCommand,
}

#[derive(Debug, Clone, Subcommand)]
enum VendorCommand {
    /// Adds a vendor; one that is there already stays as it is
    #[command(after_help = "Example:\n  ordertop-server vendor add 42 --name \"Acme\"")]
    Add {
        /// The id: 1 to 64 of A-Z a-z 0-9 . _ -
        id: VendorId,
        /// What people call it; the id where left out
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Lists the vendors, one a line: id, a tab, name
    List {
        #[command(flatten)]
        store: StoreArgs,
    },
}

/// Does what the command line asks.
///
/// # Errors
/// When the store does not open or the server does not answer.
pub async fn run(args: VendorArgs) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    match args.command {
        VendorCommand::Add { id, name, store } => {
            let managed = Managed::open(&store.store).await?;
            let name = clean(name.as_deref().unwrap_or(id.as_str()), MAX_NAME_CHARS);
            let (vendor, new) = managed.add_vendor(id, name).await?;
            managed.close().await?;
            let word = if new { "added" } else { "is there already" };
            writeln!(out, "vendor {} ({}) {word}", vendor.id, vendor.name)?;
        }
        VendorCommand::List { store } => {
            let managed = Managed::open_existing(&store.store).await?;
            for vendor in managed.vendors().await? {
                writeln!(out, "{}\t{}", vendor.id, vendor.name)?;
            }
            managed.close().await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
