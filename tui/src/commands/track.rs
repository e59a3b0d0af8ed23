//! `ordertop track`.

use clap::Args;
use ordertop::order::OrderNumber;
use ordertop::protocol::rest::TrackingChange;
use serde_json::json;

use super::output::{Output, OutputArgs};
use super::{ConnectArgs, Exit, Failure, json};
use crate::model::carrier::tracking_link;
use crate::model::text::tame;

const EXAMPLES: &str = "\
Examples:
  ordertop track A-1001 JJD000390007 --carrier DHL --vendor 42
      adds a parcel, or fills in the one that was shipped without a number
  ordertop track A-1001 JJD000390008 --replace JJD000390007
      corrects a number; the carrier stays
  ordertop track A-1001 1Z999AA10123456784 --carrier UPS --json

The order must be Shipped, Delivered or Completed; ship it with its number by
ordertop set NUMBER shipped --carrier C --tracking T. The same parcel again changes
nothing and is code 0. A parcel that the shop told of is corrected in the shop: code 4.
With --json: {order_number, vendor_id, version, position, changed, shipments}.";

/// Which order, and which parcel.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct TrackArgs {
    /// The order's number
    #[arg(value_name = "NUMBER")]
    number: OrderNumber,
    /// The carrier's number for the parcel
    #[arg(value_name = "TRACKING")]
    tracking: String,
    /// Who carries it
    #[arg(long, value_name = "CARRIER")]
    carrier: Option<String>,
    /// The tracking number that this one takes the place of
    #[arg(long, value_name = "OLD")]
    replace: Option<String>,
    /// Where a person can follow it; known carriers have a link without
    #[arg(long, value_name = "URL")]
    tracking_url: Option<String>,
    #[command(flatten)]
    pub(super) connect: ConnectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Adds a parcel, or corrects one.
///
/// # Errors
/// When there is no such order or parcel, the server refuses or does not answer, or
/// stdout fails.
pub(super) async fn run(args: TrackArgs) -> Result<Exit, Failure> {
    let rest = args.connect.rest()?;
    let mut out = Output::new(args.output);
    let text = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let Some(number) = text(Some(args.tracking)) else {
        let words = "the tracking number is empty: give the carrier's number";
        return Err(Failure::Usage(words.to_owned()));
    };
    // As the screen does; no carrier is guessed where nobody sees the guess.
    let carrier = text(args.carrier);
    let link = || tracking_link(carrier.as_deref()?, &number);
    let tracking = TrackingChange {
        tracking_url: text(args.tracking_url).or_else(link),
        carrier,
        tracking_number: Some(number.clone()),
        replaces: text(args.replace),
    };
    let key = args.connect.key_to_change(&rest, &args.number).await?;
    let answer = rest.change_tracking(&key, &tracking).await?;
    if out.json {
        out.object(&json!({
            "order_number": key.number, "vendor_id": key.vendor, "version": answer.order.version,
            "position": json::value(&answer.position), "changed": answer.changed,
            "shipments": json::value(&answer.order.shipments),
        }))?;
    } else {
        let what = match (answer.changed, &tracking.replaces) {
            (false, _) => "was there already",
            (true, Some(_)) => "corrected",
            (true, None) => "added",
        };
        let order = tame(key.number.as_str());
        out.line(&format!("{order}  parcel {} {what}", tame(&number)))?;
    }
    out.flush()?;
    Ok(Exit::Done)
}
