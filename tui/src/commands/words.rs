//! What several commands read and write alike.

use std::sync::LazyLock;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ordertop::order::OrderStatus;
use ordertop::protocol::{OrderEvent, ServerMessage};

use crate::model::text::tame;
use crate::strings;

/// The statuses as people type them.
pub(super) fn typed_statuses() -> [&'static str; OrderStatus::ALL.len()] {
    static TYPED: LazyLock<[String; OrderStatus::ALL.len()]> =
        LazyLock::new(|| OrderStatus::ALL.map(|status| status.as_str().to_lowercase()));
    TYPED.each_ref().map(String::as_str)
}

/// The status of this name, in capitals or not.
pub(super) fn status_named(name: &str) -> Option<OrderStatus> {
    let mut all = OrderStatus::ALL.into_iter();
    all.find(|status| status.as_str().eq_ignore_ascii_case(name))
}

/// Reads a status, in capitals or not; completions and help list them.
pub(super) fn status_parser() -> impl TypedValueParser<Value = OrderStatus> {
    PossibleValuesParser::new(typed_statuses())
        .try_map(|name| status_named(&name).ok_or(ordertop::order::status::UnknownStatus(name)))
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
