//! What the binary's command line does: one file a command.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub mod backup;
pub mod doctor;
pub mod export;
pub mod import;
pub mod managed;
pub mod serve;
mod store_args;
pub mod vendor;
mod whole_file;

pub use store_args::StoreArgs;

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
    Export(export::ExportArgs),
    Backup(backup::BackupArgs),
    Doctor(doctor::DoctorArgs),
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
        Command::Export(args) => export::run(args).await,
        Command::Backup(args) => backup::run(args).await,
        Command::Doctor(args) => doctor::run(args).await,
    }
}
