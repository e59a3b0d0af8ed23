//! `ordertop`: arguments, log file, screen, exit code.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use ordertop_tui::args::{Cli, Command, LOG_VARIABLE};
use ordertop_tui::{commands, demo, run_screen};

/// The exit code of a wrong command line, as clap uses it.
const USAGE: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match log_to_file() {
        Ok(()) => match cli.command {
            Some(Command::Demo(args)) => demo::run(args).await,
            Some(Command::Orders(command)) => return commands::run(command).await.into(),
            None => match cli.watch.screen() {
                Ok(screen) => run_screen(screen).await,
                Err(no_token) => return fail(&no_token.into(), USAGE),
            },
        },
        Err(error) => Err(error),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, 1),
    }
}

fn fail(error: &anyhow::Error, code: u8) -> ExitCode {
    // There is nobody left to tell when stderr is gone too.
    let _ = writeln!(std::io::stderr(), "ordertop: {error:#}");
    ExitCode::from(code)
}

/// The screen has the terminal: the log goes to a file, or nowhere.
fn log_to_file() -> anyhow::Result<()> {
    let Some(path) = std::env::var_os(LOG_VARIABLE).filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .with_context(|| format!("{LOG_VARIABLE}: {} cannot be written", path.display()))?;
    let asked = std::env::var("ORDERTOP_LOG_FILTER").unwrap_or_else(|_| "info".to_owned());
    // Below `info` these write down the handshake, and the token in it.
    let filter = format!("{asked},tungstenite=info,tokio_tungstenite=info");
    let filter = tracing_subscriber::EnvFilter::new(filter);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(file)
        .init();
    Ok(())
}
