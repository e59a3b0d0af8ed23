//! `ordertop watch-order`.

use std::time::Duration;

use clap::Args;
use jiff::tz::TimeZone;
use ordertop::client::Rest;
use ordertop::order::{OrderKey, OrderNumber, OrderStatus};
use ordertop::protocol::{ListedOrder, ServerMessage};
use tokio::time::timeout;

use super::follow::{Follow, Told};
use super::output::{Output, OutputArgs, Tint};
use super::{ConnectArgs, Exit, Failure, json, words};
use crate::model::text::tame;

const EXAMPLES: &str = "\
Examples:
  ordertop watch-order A-1001 --until shipped --timeout 600 && notify-send 'A-1001 is on its way'
      ends at once when it has been shipped already; exit code 7 after ten minutes
  ordertop watch-order A-1001
      until anything about it changes

Writes the order as it is then; with --json as docs/PROTOCOL.md has it.";

/// Which order to wait for, and for what.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct WatchOrderArgs {
    /// The order's number
    #[arg(value_name = "NUMBER")]
    number: OrderNumber,
    /// Wait until it stands there; without it, until it changes
    #[arg(long, value_name = "STATUS", ignore_case = true, value_parser = words::status_parser())]
    until: Option<OrderStatus>,
    /// Give up after so many seconds, with exit code 7; without it, never
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
    #[command(flatten)]
    pub(super) connect: ConnectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Waits for an order.
///
/// # Errors
/// When there is no such order, it is erased, time runs out, the server is not
/// there at the start or refuses, or stdout fails.
pub(super) async fn run(args: WatchOrderArgs) -> Result<Exit, Failure> {
    let rest = args.connect.rest()?;
    let mut out = Output::new(args.output);
    let waiting = wait(&rest, &args);
    let order = match args.timeout.map(Duration::from_secs) {
        None => waiting.await?,
        Some(after) => timeout(after, waiting).await.unwrap_or_else(|_| {
            let number = tame(args.number.as_str());
            let what = match args.until {
                Some(status) => format!("{number} becoming {status}"),
                None => format!("a change of {number}"),
            };
            Err(Failure::TimedOut { what, after })
        })?,
    };
    if out.json {
        out.object(&json::order(&order))?;
    } else {
        let mut line = format!("{}  ", tame(order.order_number.as_str()));
        out.tinted(&mut line, order.status.as_str(), Tint::Status(order.status));
        let zone = TimeZone::system();
        line.push_str(&format!("  {}", words::moment(order.updated_at, &zone)));
        out.line(&line)?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// The order once it is as wished.
async fn wait(rest: &Rest, args: &WatchOrderArgs) -> Result<ListedOrder, Failure> {
    let key = args.connect.order_key(rest, &args.number).await?;
    // The place first, then the order: what happens between is in both, and is
    // known by its version.
    let mut follow = Follow::from_now(rest, Some(key.vendor.clone())).await?;
    let mut order = rest.detail(&key).await?;
    if args.until == Some(order.status) {
        return Ok(order);
    }
    loop {
        for told in follow.next().await? {
            let changed = match told {
                Told::Event(message) => news(&message, &key)?,
                // Whatever was missed, the order itself tells.
                Told::Gap { .. } => Some(rest.detail(&key).await?),
            };
            let Some(changed) = changed else { continue };
            if changed.version <= order.version {
                continue;
            }
            order = changed;
            if args.until.is_none_or(|status| status == order.status) {
                return Ok(order);
            }
        }
    }
}

/// The order in an event that is about it.
fn news(message: &ServerMessage, key: &OrderKey) -> Result<Option<ListedOrder>, Failure> {
    let Some(event) = message.order_event() else {
        return Ok(None);
    };
    if event.order_number != key.number || event.vendor_id != key.vendor {
        return Ok(None);
    }
    match &event.order {
        Some(order) => Ok(Some((**order).clone())),
        None => Err(Failure::Erased),
    }
}
