//! The binary: arguments, logging, exit code.

use std::process::ExitCode;

use clap::Parser;
use ordertop_server::commands::{self, Cli};
use tracing_subscriber::EnvFilter;

/// The variable that says what to log.
const LOG_VARIABLE: &str = "ORDERTOP_LOG";

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_env(LOG_VARIABLE)
        .unwrap_or_else(|_| EnvFilter::new("info,rusqlite_migration=warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    match commands::run(cli).await {
        Ok(code) => code,
        Err(error) => {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "ordertop-server: {error:#}");
            ExitCode::FAILURE
        }
    }
}
