//! Stdout: data alone, for people or for programs.

use std::fmt::Write as _;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write as _};

use clap::Args;
use ordertop::order::OrderStatus;
use serde_json::Value;

use super::{Failure, json};

/// How a command writes.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct OutputArgs {
    /// One JSON object a line, for programs
    #[arg(long)]
    pub json: bool,
}

/// Stdout, as a command writes to it.
#[derive(Debug)]
pub(super) struct Output {
    to: BufWriter<Stdout>,
    /// Whether programs read it.
    pub(super) json: bool,
    /// The terminal's width; `None` where there is no terminal.
    pub(super) columns: Option<usize>,
    colours: bool,
}

impl Output {
    pub(super) fn new(args: OutputArgs) -> Self {
        let terminal = !args.json && io::stdout().is_terminal();
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let size = terminal.then(|| crossterm::terminal::size().ok()).flatten();
        Self {
            to: BufWriter::new(io::stdout()),
            json: args.json,
            // A terminal that does not know its width says 0.
            columns: size
                .map(|(columns, _)| usize::from(columns))
                .filter(|n| *n > 0),
            colours: terminal && !dumb && !set("NO_COLOR"),
        }
    }

    /// Writes one object as a line.
    pub(super) fn object(&mut self, object: &Value) -> Result<(), Failure> {
        self.line(&json::safe(object))
    }

    /// Writes one line.
    pub(super) fn line(&mut self, line: &str) -> Result<(), Failure> {
        writeln!(self.to, "{line}").map_err(Failure::output)
    }

    /// Hands on what was written: at the end, and after each line that somebody
    /// waits for.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.to.flush().map_err(Failure::output)
    }

    /// Adds `text` in a tint, where there are colours.
    pub(super) fn tinted(&self, line: &mut String, text: &str, tint: Tint) {
        let code = tint.code();
        // Writing to a string cannot fail.
        let _ = match (self.colours, code) {
            (true, Some(code)) => write!(line, "\u{1b}[{code}m{text}\u{1b}[0m"),
            _ => write!(line, "{text}"),
        };
    }
}

/// Runs what waits for something to happen, and ends it when whoever read stdout
/// has read enough: `ordertop tail | head -1` must not wait for another event.
pub(super) async fn while_read<T>(
    running: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        ended = running => ended,
        () = reader_gone() => Err(Failure::ReaderGone),
    }
}

/// Waits until a pipe's other end is closed; for ever where that is not told, as
/// of a file.
async fn reader_gone() {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        use tokio::io::Interest;
        use tokio::net::unix::pipe::Sender;
        // Unchecked: the check would make stdout non-blocking for whoever shares
        // it. Nothing is written here.
        let stdout = io::stdout().as_fd().try_clone_to_owned();
        if let Ok(stdout) = stdout.and_then(Sender::from_owned_fd_unchecked)
            && stdout.ready(Interest::ERROR).await.is_ok()
        {
            return;
        }
    }
    std::future::pending().await
}

impl Drop for Output {
    /// What was flushed was told; what was not, after a failure, is of no use:
    /// it must not be tried again and wait for a reader who is gone.
    fn drop(&mut self) {
        let spare = BufWriter::with_capacity(0, io::stdout());
        let (_, unwritten) = std::mem::replace(&mut self.to, spare).into_parts();
        drop(unwritten);
    }
}

/// A colour by what it means: the terminal's own sixteen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Tint {
    /// As the terminal writes.
    #[default]
    Plain,
    /// What may be overlooked.
    Quiet,
    /// Where an order stands.
    Status(OrderStatus),
}

impl Tint {
    /// The parameters of the "select graphic rendition" sequence (ECMA-48).
    fn code(self) -> Option<&'static str> {
        Some(match self {
            Self::Plain => return None,
            Self::Quiet => "2",
            Self::Status(status) => match status {
                OrderStatus::Pending => "33",
                OrderStatus::Paid => "32",
                OrderStatus::Shipped => "36",
                OrderStatus::Delivered => "34",
                OrderStatus::Completed => "2",
                OrderStatus::Disputed => "1;31",
                OrderStatus::Cancelled | OrderStatus::Refunded => "31",
            },
        })
    }
}
