//! `ordertop show`.

use clap::Args;
use jiff::tz::TimeZone;
use ordertop::client::RequestError;
use ordertop::order::{HistoryEntry, OrderNumber};
use ordertop::protocol::ListedOrder;
use serde_json::json;

use super::output::{Output, OutputArgs, Tint};
use super::{ConnectArgs, Exit, Failure, json, words};
use crate::model::text::{tame, tame_long};
use crate::strings;

/// How wide the names of fields are.
const NAMES: usize = 14;

const EXAMPLES: &str = "\
Examples:
  ordertop show A-1001 --vendor 42
  ordertop show A-1001
      as support: the number alone does, while one vendor has it
  ordertop show A-1001 --json | jq -r '.order.shipments[].tracking_number'
      one object: `order` and `history` as docs/PROTOCOL.md has them; `history`
      is null where the server keeps none";

/// Which order to show.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ShowArgs {
    /// The order's number
    #[arg(value_name = "NUMBER")]
    number: OrderNumber,
    #[command(flatten)]
    pub(super) connect: ConnectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Shows an order.
///
/// # Errors
/// When there is no such order, the server does not answer or stdout fails.
pub(super) async fn run(args: ShowArgs) -> Result<Exit, Failure> {
    let rest = args.connect.rest()?;
    let mut out = Output::new(args.output);
    let key = args.connect.order_key(&rest, &args.number).await?;
    let (order, history) = tokio::join!(rest.detail(&key), rest.history(&key));
    let order = order?;
    let history = match history {
        Ok(history) => Some(history),
        // A server of the old kind has no such call.
        Err(RequestError::Refused {
            status: 404 | 405, ..
        }) => None,
        Err(error) if error.is_unknown_call() => None,
        Err(error) => return Err(error.into()),
    };
    if out.json {
        let both = json!({"order": json::order(&order), "history": json::value(&history)});
        out.object(&both)?;
    } else {
        people(&mut out, &order)?;
        past(&mut out, history.as_deref())?;
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// One field a line.
fn people(out: &mut Output, order: &ListedOrder) -> Result<(), Failure> {
    let zone = TimeZone::system();
    let moment = |at| words::moment(at, &zone);
    let mut field = |name: &str, value: &str| -> Result<(), Failure> {
        if value.is_empty() {
            return Ok(());
        }
        let mut line = String::new();
        out.tinted(&mut line, &format!("{name:NAMES$}"), Tint::Quiet);
        let status = name == "status";
        let tint = if status {
            Tint::Status(order.status)
        } else {
            Tint::Plain
        };
        out.tinted(&mut line, value, tint);
        out.line(&line)
    };
    let text = |of: &Option<String>| tame(of.as_deref().unwrap_or_default()).into_owned();
    field("number", &tame(order.order_number.as_str()))?;
    field(
        "vendor",
        order.vendor_id.as_ref().map_or("", |id| id.as_str()),
    )?;
    field("status", order.status.as_str())?;
    let by = order.status_by.as_ref().map(strings::actor);
    let by = by.map(|by| format!(", by {by}")).unwrap_or_default();
    let since = order.status_since.map(|at| format!("{}{by}", moment(at)));
    field("since", &since.unwrap_or_default())?;
    field("flags", &strings::flags(order.flags).join(", "))?;
    field("placed", &moment(order.created_at))?;
    field("ship by", &order.ship_by.map(moment).unwrap_or_default())?;
    field("version", &order.version.to_string())?;
    field("buyer", &tame(&order.customer_name))?;
    field("e-mail", &tame(&order.customer_email))?;
    field("phone", &text(&order.customer_phone))?;
    field("ship to", &tame_long(&order.shipping_address))?;
    for item in &order.items {
        let product = &item.product;
        let variant = product.variant.as_deref().unwrap_or_default();
        let about = [variant, &product.sku].map(|text| tame(text).into_owned());
        let about: Vec<_> = about.into_iter().filter(|text| !text.is_empty()).collect();
        let about = if about.is_empty() {
            String::new()
        } else {
            format!(" ({})", about.join(", "))
        };
        let total = strings::amount(order, &item.total_price);
        let name = tame(&product.name);
        field(
            "item",
            &format!("{} × {name}{about}  {total}", item.quantity),
        )?;
        for property in &product.properties {
            let words = format!("{}: {}", tame(&property.name), tame(&property.value));
            field("", &words)?;
        }
    }
    if let Some(totals) = &order.totals {
        for (name, part) in strings::totals(totals) {
            if !part.bytes().all(|b| matches!(b, b'0' | b'.' | b'-')) {
                field(name, &strings::amount(order, &part))?;
            }
        }
    }
    field("total", &strings::amount(order, &order.total_amount))?;
    let number = order.shop_number.as_deref().unwrap_or_default();
    field("shop's number", &tame(number))?;
    for shipment in &order.shipments {
        let parts = [
            &shipment.carrier,
            &shipment.tracking_number,
            &shipment.tracking_url,
        ];
        let parts = parts.into_iter().flatten();
        let mut parts: Vec<String> = parts.map(|part| tame_long(part).into_owned()).collect();
        parts.extend(shipment.shipped_at.map(moment));
        parts.extend(shipment.from_shop.then(|| strings::FROM_SHOP.to_owned()));
        field("shipment", &parts.join("  "))?;
    }
    let said = order.buyer_note.as_deref().unwrap_or_default();
    field("buyer's note", &tame_long(said))?;
    for attribute in &order.attributes {
        let words = format!("{}: {}", tame(&attribute.name), tame_long(&attribute.value));
        field("shop's note", &words)?;
    }
    for note in &order.notes {
        let by = strings::actor(&note.by);
        let words = tame_long(&note.body);
        field("note", &format!("{}  {by}: {words}", moment(note.at)))?;
    }
    Ok(())
}

/// Who did what when, oldest first.
fn past(out: &mut Output, history: Option<&[HistoryEntry]>) -> Result<(), Failure> {
    let zone = TimeZone::system();
    for entry in history.unwrap_or_default() {
        let what = strings::history_action(&entry.action, entry.from, entry.to);
        let by = strings::actor(&entry.actor);
        let reason = entry.reason.as_deref().map(tame_long);
        let reason = reason
            .map(|reason| format!("  “{reason}”"))
            .unwrap_or_default();
        let mut line = String::new();
        out.tinted(&mut line, &format!("{:NAMES$}", "history"), Tint::Quiet);
        line.push_str(&format!(
            "{}  {what}  by {by}{reason}",
            words::moment(entry.at, &zone)
        ));
        out.line(&line)?;
    }
    Ok(())
}
