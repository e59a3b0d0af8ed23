//! `ordertop set`.

use std::io::{self, BufRead as _};

use clap::Args;
use futures_util::{StreamExt as _, stream};
use ordertop::client::{RequestError, Rest};
use ordertop::order::{OrderNumber, OrderStatus, Shipment, VendorId};
use ordertop::protocol::ListedOrder;
use ordertop::protocol::rest::{StatusChange, StatusChanged};
use serde_json::{Value, json};

use super::output::{Output, OutputArgs, Tint};
use super::{ConnectArgs, Exit, Failure, exit, say, words};
use crate::carrier::tracking_link;
use crate::text::tame;

/// How many orders are under way at once.
const AT_ONCE: usize = 4;
/// Where numbers are read from stdin.
const STDIN: &str = "-";

const EXAMPLES: &str = "\
Examples:
  ordertop set A-1001 shipped --vendor 42 --carrier DHL --tracking JJD000123
  ordertop set A-1001 A-1002 A-1003 delivered
      several; a result for each, in their order
  ordertop list --status paid --json --limit 0 | jq -r .order_number | ordertop set - shipped
      numbers from stdin, one a line
  ordertop set A-1001 cancelled --reason 'sold out' --expect-version 4
      only if nobody changed it since you saw version 4

An order that stands there already is left as it is, and that is a success: the
same line may be run again. With --json each line is {order_number, vendor_id,
result, status, version, code, error}; result is changed, unchanged, requested
(a vendor may only ask for it), refused or failed.";

/// Which orders, and what to make of them.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SetArgs {
    /// Numbers of orders; - reads them from stdin, one a line
    #[arg(value_name = "NUMBER", required = true, num_args = 1..)]
    numbers: Vec<String>,
    /// The new status
    #[arg(value_name = "STATUS", required = true, ignore_case = true, value_parser = words::status_parser())]
    status: OrderStatus,
    /// Why; support's changes off the usual way need one
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Shipped: who carries it
    #[arg(long, value_name = "NAME")]
    carrier: Option<String>,
    /// Shipped: the carrier's number
    #[arg(long, value_name = "NUMBER")]
    tracking: Option<String>,
    /// Shipped: where a person can follow it; known carriers have a link without
    #[arg(long, value_name = "URL")]
    tracking_url: Option<String>,
    /// Refuse when the order is at another version by now; for one order
    #[arg(long, value_name = "N")]
    expect_version: Option<u64>,
    #[command(flatten)]
    pub(super) connect: ConnectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Changes the status of orders.
///
/// # Errors
/// When the command line does not go together, or stdin or stdout fails. What
/// became of each order is told in its row.
pub(super) async fn run(args: SetArgs) -> Result<Exit, Failure> {
    let numbers = numbers(&args.numbers)?;
    if args.expect_version.is_some() && numbers.len() != 1 {
        return Err(Failure::Usage(
            "--expect-version goes with one order: each has a version of its own".to_owned(),
        ));
    }
    let rest = args.connect.rest()?;
    let mut out = Output::new(args.output);
    let change = change(&args);
    let credentials = args.connect.credentials();
    let (rest, change, connect) = (&rest, &change, &args.connect);
    let rows = stream::iter(numbers).map(|number| async move {
        let done = one(rest, connect, &number, change).await;
        (number, done)
    });
    let mut rows = rows.buffered(AT_ONCE);
    let mut ended = Exit::Done;
    while let Some((number, done)) = rows.next().await {
        let exit = done.as_ref().map_or_else(Failure::exit, |_| Exit::Done);
        ended = match (ended, exit) {
            (Exit::Done, exit) => exit,
            (ended, Exit::Done) => ended,
            (ended, exit) if ended == exit => ended,
            _ => Exit::Failed,
        };
        let row = Row::of(&number, args.status, done, &credentials);
        // Each is done and cannot be taken back: it is told at once.
        let told = row.write(&mut out).and_then(|()| out.flush());
        match told {
            // A list of changes is not left half done because nobody reads on.
            Ok(()) | Err(Failure::ReaderGone) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(ended)
}

/// The numbers of the command line, each where it stands, and those of stdin.
fn numbers(given: &[String]) -> Result<Vec<OrderNumber>, Failure> {
    let mut numbers = Vec::new();
    let read = |text: &str| {
        OrderNumber::new(text).map_err(|error| Failure::Usage(format!("`{}`: {error}", tame(text))))
    };
    for text in given {
        if text != STDIN {
            numbers.push(read(text)?);
            continue;
        }
        for line in io::stdin().lock().lines() {
            let line = line.map_err(|error| Failure::Io {
                what: "stdin".to_owned(),
                error,
            })?;
            if !line.trim().is_empty() {
                numbers.push(read(line.trim())?);
            }
        }
    }
    Ok(numbers)
}

fn change(args: &SetArgs) -> StatusChange {
    // As the screen does; no carrier is guessed where nobody sees the guess.
    let link = || tracking_link(args.carrier.as_deref()?, args.tracking.as_deref()?);
    let shipment = Shipment {
        carrier: args.carrier.clone(),
        tracking_number: args.tracking.clone(),
        tracking_url: args.tracking_url.clone().or_else(link),
        ..Shipment::default()
    };
    StatusChange {
        status: Some(args.status.to_string()),
        expected_version: args.expect_version,
        reason: args.reason.clone(),
        shipment: (shipment != Shipment::default()).then_some(shipment),
    }
}

async fn one(
    rest: &Rest,
    connect: &ConnectArgs,
    number: &OrderNumber,
    change: &StatusChange,
) -> Result<(VendorId, StatusChanged), Failure> {
    let key = connect.order_key(rest, number).await?;
    let changed = rest.change_status(&key, change).await?;
    Ok((key.vendor, changed))
}

/// What became of one order.
struct Row {
    number: String,
    vendor: Option<VendorId>,
    result: &'static str,
    status: Option<OrderStatus>,
    version: Option<u64>,
    code: Option<String>,
    error: Option<String>,
    /// It was changed although support is asked to cancel it.
    asked: bool,
}

impl Row {
    fn of(
        number: &OrderNumber,
        to: OrderStatus,
        done: Result<(VendorId, StatusChanged), Failure>,
        credentials: &str,
    ) -> Self {
        let number = number.as_str().to_owned();
        match done {
            Ok((vendor, changed)) => Self {
                number,
                vendor: Some(vendor),
                result: match changed.new_status == to {
                    // A server of the old kind refuses what would change nothing.
                    true if changed.changed || changed.order.is_none() => "changed",
                    true => "unchanged",
                    false => "requested",
                },
                status: Some(changed.new_status),
                asked: changed.new_status == to && is_asked(changed.order.as_ref()),
                version: changed.order.map(|order| order.version),
                code: None,
                error: None,
            },
            Err(failure) => {
                let exit = failure.exit();
                let refused = matches!(exit, Exit::Refused | Exit::NotFound | Exit::Unauthorized);
                let now = match &failure {
                    Failure::Request(RequestError::VersionConflict { order, .. }) => order.clone(),
                    _ => None,
                };
                Self {
                    number,
                    vendor: None,
                    result: if refused { "refused" } else { "failed" },
                    status: now.as_ref().map(|order| order.status),
                    version: now.as_ref().map(|order| order.version),
                    code: Some(code(&failure, exit)),
                    error: failure.sentence(credentials),
                    asked: false,
                }
            }
        }
    }

    fn write(&self, out: &mut Output) -> Result<(), Failure> {
        if out.json {
            let row: Value = json!({
                "order_number": self.number, "vendor_id": self.vendor, "result": self.result,
                "status": self.status, "version": self.version, "code": self.code,
                "error": self.error,
            });
            return out.object(&row);
        }
        let number = tame(&self.number);
        if let Some(error) = &self.error {
            say(&format!("{number}: {error}"));
            return Ok(());
        }
        let mut line = format!("{number}  ");
        if let Some(status) = self.status {
            out.tinted(&mut line, status.as_str(), Tint::Status(status));
        }
        line.push_str("  ");
        line.push_str(self.result);
        out.line(&line)?;
        if self.asked {
            say(&format!("{number}: its vendor has asked to cancel it"));
        }
        Ok(())
    }
}

/// Whether support is asked to cancel it. A cancelled order is not any more.
fn is_asked(order: Option<&ListedOrder>) -> bool {
    order.is_some_and(|order| order.flags.cancel_requested)
}

/// The server's stable code, or ours for what no server said.
fn code(failure: &Failure, exit: Exit) -> String {
    match failure {
        Failure::Request(RequestError::VersionConflict { .. }) => "version_conflict".to_owned(),
        Failure::Request(RequestError::Refused { code, .. }) if !code.is_empty() => code.clone(),
        Failure::Request(error) if exit::of_request(error) == Exit::Unreachable => {
            "unreachable".to_owned()
        }
        _ if exit == Exit::Refused => "status_refused".to_owned(),
        _ if exit == Exit::NotFound => "unknown_order".to_owned(),
        _ if exit == Exit::Unauthorized => "unauthorized".to_owned(),
        _ => "failed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{listed, vendor};

    fn row(to: OrderStatus, now: OrderStatus, asked: bool) -> Row {
        let mut order = (*listed("A-1", now, 0)).clone();
        order.flags.cancel_requested = asked;
        let changed = StatusChanged {
            status: String::new(),
            new_status: now,
            changed: true,
            position: None,
            order: Some(order.clone()),
        };
        Row::of(&order.order_number, to, Ok((vendor(), changed)), "")
    }

    #[test]
    fn a_step_of_what_is_to_be_cancelled_is_told_and_the_wish_itself_is_not() {
        use OrderStatus::{Cancelled, Paid, Shipped};
        assert!(row(Shipped, Shipped, true).asked);
        assert!(!row(Shipped, Shipped, false).asked);
        // Whoever asks knows.
        let wish = row(Cancelled, Paid, true);
        assert!(!wish.asked && wish.result == "requested");
    }
}
