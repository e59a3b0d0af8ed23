//! The binary: arguments, logging, exit code.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use ordertop_server::commands::{self, Cli};
use tracing_subscriber::EnvFilter;

/// The variable that says what to log.
const LOG_VARIABLE: &str = "ORDERTOP_LOG";
/// What is logged by default: what we say ourselves. A cluster that is down would fill the log
/// with its library's words, which say no more than ours.
const QUIET: &str = "info,rusqlite_migration=warn,redis=off";

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_env(LOG_VARIABLE).unwrap_or_else(|_| EnvFilter::new(QUIET));
    // Colour is for people: not for a file, and not for who asks for none.
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colour)
        .with_writer(std::io::stderr)
        .init();
    match commands::run(cli).await {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "ordertop-server: {error:#}");
            ExitCode::FAILURE
        }
    }
}
