//! What the binary's command line does: one file a command.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

pub mod import;
pub mod managed;
pub mod serve;
pub mod vendor;

/// The server of ordertop: orders over REST and WebSocket
///
/// Keeps orders in one file, shows them live to every terminal and dashboard
/// that follows them, and takes changes from the keyboard, from scripts and
/// from shops. Nothing else needs to be installed.
#[derive(Debug, Parser)]
#[command(
    name = "ordertop-server",
    version,
    max_term_width = 100,
    after_help = "\
Start here:
  export ORDERTOP_MASTER_TOKEN=$(openssl rand -hex 32)
  ordertop-server vendor add 42 --name \"Acme\"
  ordertop-server serve
  ordertop --server http://127.0.0.1:8080 --vendor 42      # in another terminal"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Vendor(vendor::VendorArgs),
    Import(import::ImportCommand),
}

/// Which store a command works on.
#[derive(Debug, Clone, Args)]
pub struct StoreArgs {
    /// The file with the orders; made where there is none
    ///
    /// While a server has it open, management commands reach the orders through
    /// that server.
    #[arg(
        long,
        value_name = "FILE",
        env = "ORDERTOP_STORE",
        default_value = crate::Config::DEFAULT_STORE,
        value_parser = store_path
    )]
    pub store: PathBuf,
}

fn store_path(text: &str) -> Result<PathBuf, String> {
    match text.split_once("://") {
        Some((scheme, _)) => Err(format!(
            "{scheme} stores are not built yet: give a file, such as orders.db"
        )),
        None if text.is_empty() || text == ":memory:" => {
            Err("orders are kept in a file, such as orders.db".to_owned())
        }
        None => Ok(PathBuf::from(text)),
    }
}

/// Does what the command line asks.
///
/// # Errors
/// What went wrong, in words for the one who typed it.
pub async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Serve(args) => serve::run(args).await,
        Command::Vendor(args) => vendor::run(args).await,
        Command::Import(args) => import::run(args).await,
    }
}
