//! `ordertop undo`.

use std::io;

use clap::Args;
use ordertop::protocol::rest::StatusChange;

use super::output::OutputArgs;
use super::set::{self, Wish};
use super::{ConnectArgs, Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  ordertop undo A-1001 --vendor 42
  ordertop undo A-1001 A-1002 A-1003
      several; a result for each, in their order
  cut -f1 mistaken.txt | ordertop undo -
      numbers from stdin, one a line

Only the newest step of an order is taken back, if it was your own and is not older
than 15 minutes; everything that it changed, its parcel too, is as before. What
cannot be undone is refused: exit code 4. With --json each line is
{order_number, vendor_id, result, status, version, code, error}, as `ordertop set` has it.";

/// Orders whose newest step is taken back.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct UndoArgs {
    /// Numbers of orders; - reads them from stdin, one a line
    #[arg(value_name = "NUMBER", required = true, num_args = 1..)]
    numbers: Vec<String>,
    /// Why; the history keeps it
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    pub(super) connect: ConnectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Takes back the newest step of orders.
///
/// # Errors
/// When a word is no order number, or stdin fails. What became of each order is told
/// in its row.
pub(super) async fn run(args: UndoArgs) -> Result<Exit, Failure> {
    let numbers = set::numbers_of(&args.numbers, io::stdin)?;
    let wish = Wish {
        status: None,
        change: StatusChange {
            undo: true,
            reason: args.reason,
            ..StatusChange::default()
        },
        credentials: args.connect.credentials(),
    };
    set::make(numbers, &wish, &args.connect, args.output).await
}
