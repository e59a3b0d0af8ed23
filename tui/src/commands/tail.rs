//! `ordertop tail`.

use clap::Args;
use jiff::tz::TimeZone;
use ordertop::protocol::{Position, ServerMessage};
use serde_json::{Value, json};

use super::follow::{Follow, Told};
use super::output::{Output, OutputArgs, Tint};
use super::{ConnectArgs, Exit, Failure, json, say, words};

const EXAMPLES: &str = "\
Examples:
  ordertop tail --vendor 42
      a line for each order that comes or changes, until Ctrl-C
  ordertop tail --json | jq -r 'select(.type == \"order_created\") | .order_number'
      of every vendor; each line is an event as docs/PROTOCOL.md has it
  ordertop tail --vendor 42 --json --since 130:7c1e9f --count 10
      ten events after the one whose `position` was 130:7c1e9f, those that have
      happened already first: keep the last position and miss nothing

A server that goes away is waited for, and what happened meanwhile is told. Where
the server no longer keeps what happened, a line with {type: \"gap\", vendor_id,
reason, position} stands for it, and fetching the list is up to you.";

/// Which events to follow.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct TailArgs {
    /// Begin after this event, a `position` that was told; needs --vendor
    #[arg(long, value_name = "POSITION")]
    since: Option<Position>,
    /// End after so many events
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    #[command(flatten)]
    pub(super) connect: ConnectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Tells events as they happen.
///
/// # Errors
/// When the server is not there at the start, refuses, or stdout fails.
pub(super) async fn run(args: TailArgs) -> Result<Exit, Failure> {
    let rest = args.connect.rest()?;
    let mut out = Output::new(args.output);
    let vendor = args.connect.vendor.clone();
    let mut follow = match (vendor, args.since) {
        (Some(vendor), Some(since)) => {
            // A wrong address or token is told at once.
            Follow::from_now(&rest, Some(vendor.clone())).await?;
            Follow::from(&rest, vendor, since)
        }
        (None, Some(_)) => {
            return Err(Failure::Usage(
                "--since is a place in one vendor's stream: name it with --vendor".to_owned(),
            ));
        }
        (vendor, None) => Follow::from_now(&rest, vendor).await?,
    };
    let mut left = args.count.unwrap_or(u64::MAX);
    let zone = TimeZone::system();
    loop {
        for told in follow.next().await? {
            match told {
                Told::Event(message) => {
                    event(&mut out, &message, args.connect.vendor.is_none(), &zone)?;
                    left -= 1;
                }
                Told::Gap {
                    vendor,
                    reason,
                    position,
                } if out.json => out.object(&json!({
                    "type": "gap", "vendor_id": vendor, "reason": reason.as_str(),
                    "position": position,
                }))?,
                Told::Gap { vendor, .. } => say(&format!(
                    "events of vendor {vendor} were missed: the server keeps them no more"
                )),
            }
            if left == 0 {
                break;
            }
        }
        out.flush()?;
        if left == 0 {
            return Ok(Exit::Done);
        }
    }
}

fn event(
    out: &mut Output,
    message: &ServerMessage,
    vendors: bool,
    zone: &TimeZone,
) -> Result<(), Failure> {
    if out.json {
        return out.object(&frame(message));
    }
    let Some(event) = message.order_event() else {
        return Ok(());
    };
    let mut line = String::new();
    let at = event.timestamp.to_zoned_datetime(zone.clone());
    out.tinted(&mut line, &at.strftime("%H:%M:%S").to_string(), Tint::Quiet);
    line.push_str("  ");
    if vendors {
        out.tinted(&mut line, event.vendor_id.as_str(), Tint::Quiet);
        line.push_str("  ");
    }
    let tint = event.status.map_or(Tint::Plain, Tint::Status);
    out.tinted(&mut line, &words::event(message), tint);
    out.line(&line)
}

/// The frame as the socket has it.
pub(super) fn frame(message: &ServerMessage) -> Value {
    let mut frame = json::value(message);
    if let Some(order) = frame.get_mut("order") {
        json::without_repeats(order);
    }
    frame
}
