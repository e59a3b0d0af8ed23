//! `ordertop-server import`.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use ordertop::clock::{Clock, SystemClock};
use ordertop::order::VendorId;
use ordertop::order::intake::Intake;
use ordertop::protocol::rest::RowResult;

use super::StoreArgs;
use super::managed::Managed;
use crate::import::{self, ImportArgs, Sink};

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
    let mut orders = OrdersOf {
        managed: Managed::open(&args.store.store).await?,
        vendor: Some(args.import.vendor.clone()),
    };
    let mut out = std::io::stdout();
    let imported = import::run(&args.import, SystemClock.now(), &mut orders, &mut out).await;
    orders.managed.close().await?;
    Ok(ExitCode::from(imported?.exit_code()))
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
