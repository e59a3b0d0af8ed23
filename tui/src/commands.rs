//! What `ordertop` does without its screen: one file a command.
//!
//! What always holds: nothing but data goes to stdout, one object a line with
//! `--json`; messages go to stderr; text from outside is tamed before it is
//! shown; a reader that goes away early ends a command quietly and with
//! success; how it ended is told by the [`Exit`] code.

mod completions;
mod connect;
mod exit;
mod follow;
mod json;
pub mod keys;
mod list;
mod man;
mod note;
mod output;
mod set;
mod show;
mod status;
mod table;
mod tail;
mod track;
mod undo;
mod watch_order;
mod words;

#[cfg(test)]
mod tests;

use std::io::Write as _;

use clap::Subcommand;

pub use connect::ConnectArgs;
pub use exit::{EXIT_CODES, Exit, Failure};
pub(crate) use set::as_shown as set_as_shown;

use crate::config::Config;

/// What `ordertop` does without its screen.
#[derive(Debug, Subcommand)]
pub enum OrderCommand {
    /// List orders: by status, vendor or words, sorted, as a table or as JSON
    List(list::ListArgs),
    /// Show one order with everything about it, and its history
    Show(show::ShowArgs),
    /// Change the status of one order or of many
    Set(set::SetArgs),
    /// Take back your newest step of one order or of many
    Undo(undo::UndoArgs),
    /// Add a note to an order
    Note(note::NoteArgs),
    /// Add a parcel to an order that has left, or correct one
    Track(track::TrackArgs),
    /// Follow what happens to orders, a line for each event
    Tail(tail::TailArgs),
    /// Wait until an order changes, or comes to a status
    WatchOrder(watch_order::WatchOrderArgs),
    /// Say how the server is and whether it lets you in
    Status(status::StatusArgs),
    /// Print a shell's completions
    Completions(completions::CompletionsArgs),
    /// Print the manual page, or write one for each command
    Man(man::ManArgs),
}

impl OrderCommand {
    /// Whether it asks a server, and so looks at the configuration: a broken one is
    /// no reason not to print completions.
    #[must_use]
    pub fn asks(&self) -> bool {
        !matches!(self, Self::Completions(_) | Self::Man(_))
    }

    /// Which server and as whom, where the command needs one.
    fn connect(&mut self) -> Option<&mut ConnectArgs> {
        match self {
            Self::List(args) => Some(&mut args.connect),
            Self::Show(args) => Some(&mut args.connect),
            Self::Set(args) => Some(&mut args.connect),
            Self::Undo(args) => Some(&mut args.connect),
            Self::Note(args) => Some(&mut args.connect),
            Self::Track(args) => Some(&mut args.connect),
            Self::Tail(args) => Some(&mut args.connect),
            Self::WatchOrder(args) => Some(&mut args.connect),
            Self::Status(args) => Some(&mut args.connect),
            Self::Completions(_) | Self::Man(_) => None,
        }
    }
}

/// Runs a command to its end, and says on stderr why it failed.
pub async fn run(mut command: OrderCommand, config: &Config) -> Exit {
    let mut credentials = String::new();
    if let Some(connect) = command.connect() {
        if let Err(failure) = connect.settle(config) {
            return failed(&failure, &credentials);
        }
        credentials = connect.credentials();
    }
    // A write that waits for a slow reader must not keep Ctrl-C from ending it.
    tokio::spawn(async {
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(i32::from(Exit::Interrupted.code()));
        }
    });
    let ended = match command {
        OrderCommand::List(args) => list::run(args).await,
        OrderCommand::Show(args) => show::run(args).await,
        OrderCommand::Set(args) => set::run(args).await,
        OrderCommand::Undo(args) => undo::run(args).await,
        OrderCommand::Note(args) => note::run(args).await,
        OrderCommand::Track(args) => track::run(args).await,
        OrderCommand::Tail(args) => output::while_read(tail::run(args)).await,
        OrderCommand::WatchOrder(args) => output::while_read(watch_order::run(args)).await,
        OrderCommand::Status(args) => status::run(args).await,
        OrderCommand::Completions(args) => completions::run(args),
        OrderCommand::Man(args) => man::run(&args),
    };
    ended.unwrap_or_else(|failure| failed(&failure, &credentials))
}

fn failed(failure: &Failure, credentials: &str) -> Exit {
    if let Some(why) = failure.sentence(credentials) {
        say(&why);
    }
    failure.exit()
}

/// A message for a person, on stderr. When that is gone too there is nobody left
/// to tell.
fn say(message: &str) {
    let _ = writeln!(std::io::stderr(), "ordertop: {message}");
}
