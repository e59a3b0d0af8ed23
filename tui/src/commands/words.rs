//! What several commands read and write alike.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ordertop::order::OrderStatus;
use ordertop::protocol::{OrderEvent, ServerMessage};

use crate::strings;
use crate::text::tame;

/// Reads a status, in capitals or not; completions and help list them.
pub(super) fn status_parser() -> impl TypedValueParser<Value = OrderStatus> {
    PossibleValuesParser::new(OrderStatus::ALL.map(OrderStatus::as_str)).try_map(|name| {
        let mut all = OrderStatus::ALL.into_iter();
        let found = all.find(|status| status.as_str().eq_ignore_ascii_case(&name));
        found.ok_or(ordertop::order::status::UnknownStatus(name))
    })
}

/// A moment in the time zone of the one who reads: to the minute, so that
/// columns stay narrow.
pub(super) fn moment(at: Timestamp, zone: &TimeZone) -> String {
    let at = at.to_zoned_datetime(zone.clone());
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// A frame in words: `A-1  Paid → Shipped  by vendor 42`.
pub(super) fn event(message: &ServerMessage) -> String {
    let Some(event) = message.order_event() else {
        return String::new();
    };
    let number = tame(event.order_number.as_str());
    let by = strings::actor(&event.actor);
    match message {
        ServerMessage::OrderCreated(event) => created(event),
        ServerMessage::OrderStatusUpdate(event) => {
            let name = |status: Option<OrderStatus>| status.map_or("?", OrderStatus::as_str);
            let (from, to) = (name(event.previous_status), name(event.status));
            format!("{number}  {from} → {to}  by {by}")
        }
        ServerMessage::OrderRemoved(_) => format!("{number}  erased  by {by}"),
        _ => format!("{number}  changed  by {by}"),
    }
}

fn created(event: &OrderEvent) -> String {
    let number = tame(event.order_number.as_str());
    let Some(order) = &event.order else {
        return format!("{number}  new");
    };
    let buyer = match tame(&order.customer_name) {
        name if name.is_empty() => strings::NO_BUYER.into(),
        name => name,
    };
    let total = strings::amount(order, &order.total_amount);
    format!("{number}  new, {}  {buyer}  {total}", order.status)
}
