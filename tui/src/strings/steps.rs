//! Steps in words: asked, made, refused, and made by somebody else.

use jiff::Timestamp;
use ordertop::client::RequestError;
use ordertop::order::status::Reason;
use ordertop::order::{Actor, OrderKey, OrderStatus};
use ordertop::protocol::ListedOrder;

use super::{actor, number, seconds, sentence};
use crate::model::row::Row;
use crate::model::step::{Aim, FieldKind};
use crate::model::text::grouped;

/// A step is under way already.
#[must_use]
pub fn already_on_its_way(key: &OrderKey, to: OrderStatus) -> String {
    format!("{} is on its way to {to}: wait for the answer", number(key))
}

/// There is no next step.
#[must_use]
pub fn no_next_step(key: &OrderKey, status: OrderStatus, support: bool) -> String {
    let why = why_no_step(status, support);
    format!("no next step for {}, {status}: {why}", number(key))
}

pub(super) fn why_no_step(status: OrderStatus, support: bool) -> &'static str {
    match status {
        OrderStatus::Pending if !support => "it is not paid yet",
        OrderStatus::Pending => "it waits for its payment",
        OrderStatus::Delivered => "it completes by itself, 7 days after delivery",
        OrderStatus::Completed => "it is done",
        OrderStatus::Disputed => "support decides the dispute",
        OrderStatus::Cancelled | OrderStatus::Refunded => "it has ended",
        OrderStatus::Paid | OrderStatus::Shipped => "you may not make it",
    }
}

/// A step was not made; or, when that is open, was not heard to be made.
#[must_use]
pub fn not_done(key: &OrderKey, to: OrderStatus, open: bool, why: &str) -> String {
    let not = if open { "perhaps not" } else { "not" };
    format!("{} {not} {}: {why}", number(key), done(to))
}

/// A step was made.
#[must_use]
pub fn was_done(key: &OrderKey, to: OrderStatus) -> String {
    format!("{} {}", number(key), done(to))
}

/// Who brought it there, as a clause's end; empty when unknown.
pub(super) fn by_whom(by: Option<&Actor>) -> String {
    by.map_or(String::new(), |by| format!(" by {}", actor(by)))
}

/// Somebody was faster; what was typed for the step is lost.
#[must_use]
pub fn was_already(key: &OrderKey, to: OrderStatus, by: Option<&Actor>, typed: bool) -> String {
    let by = by.map_or(String::new(), |by| format!(" (by {})", actor(by)));
    let lost = match typed {
        true => "; carrier and number were not kept",
        false => "",
    };
    format!("{} was already {to}{by}{lost}", number(key))
}

/// The dialog asks for what is so already.
#[must_use]
pub fn is_already(row: &Row) -> String {
    let by = by_whom(row.listed().status_by.as_ref());
    format!("! already {}{by}", row.status())
}

/// Somebody's change took the order under the cursor out of the list.
#[must_use]
pub fn left_the_list(row: &Row) -> String {
    let by = by_whom(row.listed().status_by.as_ref());
    format!("{} was just {}{by}", number(&row.key), done(row.status()))
}

/// A newer order stands above the one that the cursor was on.
#[must_use]
pub fn came_above(key: &OrderKey) -> String {
    format!("another order just came above {}", number(key))
}

/// Said to a key that may have meant the order as it was a moment ago.
#[must_use]
pub fn has_just_changed(row: &Row) -> String {
    let words = left_the_list(row);
    format!("{words}; press again if you mean it as it is now")
}

/// Said to a key that may have meant another order.
#[must_use]
pub fn cursor_was_moved(why: &str, cursor: &OrderKey) -> String {
    format!("{why}; the cursor is on {} now", number(cursor))
}

/// Why a step was refused; a conflict names who was first, a server or store
/// that is away says when to look again, and the key that makes the step.
#[must_use]
pub fn refusal(error: &RequestError, now: Timestamp, next_step: &str) -> String {
    let press = match next_step {
        "" => String::new(),
        key => format!(" and press {key}"),
    };
    let (order, changed_by, changed_at) = match error {
        RequestError::VersionConflict {
            order,
            changed_by,
            changed_at,
        } => (order, changed_by, changed_at),
        RequestError::Away { retry_after, .. } => {
            // What follows is for scripts.
            let said = sentence(error);
            let said = said.split("; ").next().unwrap_or_default();
            let wait = match retry_after {
                Some(wait) => format!("look again in {} s", wait.as_secs().max(1)),
                None => "look again in a moment".into(),
            };
            return format!("{said}; {wait}{press}");
        }
        RequestError::Unreachable { .. } | RequestError::Timeout { .. } => {
            return format!("{}; look again in a moment{press}", sentence(error));
        }
        other => return sentence(other),
    };
    let who = changed_by.as_ref().map_or("somebody".into(), actor);
    let what = match order {
        // Where it stands is no news then: a note, or a wish to cancel.
        Some(order) if order.status_since >= *changed_at => format!("set it to {}", order.status),
        _ => "changed it".into(),
    };
    let when = match changed_at {
        Some(at) => format!(" {} ago", seconds(*at, now)),
        None => String::new(),
    };
    let asked = order
        .as_ref()
        .map_or("", |order| asked_to_cancel_too(order));
    format!("{who} {what}{when}{asked}")
}

/// The end of a sentence about an order that changed, where there is a wish to
/// cancel it.
pub(super) fn asked_to_cancel_too(order: &ListedOrder) -> &'static str {
    match order.flags.cancel_requested {
        true => "; its vendor asks to cancel it",
        false => "",
    }
}

/// What a status does to an order: "not shipped".
#[must_use]
pub fn done(to: OrderStatus) -> String {
    match to {
        OrderStatus::Paid => "marked paid".into(),
        OrderStatus::Delivered => "marked delivered".into(),
        other => other.as_str().to_lowercase(),
    }
}

/// The button that makes a step.
#[must_use]
pub fn step_button(to: OrderStatus) -> &'static str {
    match to {
        OrderStatus::Shipped => "Ship",
        OrderStatus::Paid => "Mark paid",
        OrderStatus::Delivered => "Mark delivered",
        OrderStatus::Cancelled => "Cancel the order",
        OrderStatus::Refunded => "Refund",
        OrderStatus::Disputed => "Open a dispute",
        OrderStatus::Completed => "Complete",
        OrderStatus::Pending => "Set to pending",
    }
}

/// The button of the dialog.
#[must_use]
pub fn dialog_button(aim: Aim, to: OrderStatus) -> &'static str {
    match aim {
        Aim::Step => step_button(to),
        Aim::Undo => "Undo",
        Aim::Ask => ASK_TO_CANCEL,
    }
}

/// The keys that confirm a dialog from within a text: the first goes to its button.
#[must_use]
pub fn twice(first: &str, second: &str) -> String {
    match (first, second) {
        ("", _) | (_, "") => String::new(),
        (first, second) => format!("{first}, then {second}"),
    }
}

/// The question of the dialog, about an order of this name.
#[must_use]
pub fn step_title(aim: Aim, to: OrderStatus, name: &str) -> String {
    format!("{} {name}?", dialog_button(aim, to))
}

/// Dialog: nothing changes by asking; follows the status.
pub const UNTIL_SUPPORT_DECIDES: &str = ", until support decides";
/// What stands in an empty reason that may stay so.
pub const REASON_FOR_SUPPORT: &str = "why: support reads it";
/// A vendor may only ask for it.
pub const ASK_TO_CANCEL: &str = "Ask support to cancel";

/// Support was asked.
#[must_use]
pub fn asked_to_cancel(key: &OrderKey) -> String {
    format!("support was asked to cancel {}", number(key))
}

/// No status may be set.
#[must_use]
pub fn no_status_to_set(key: &OrderKey, status: OrderStatus) -> String {
    format!("{} is {status}: you may not change that", number(key))
}

/// A status to pick: from where to where.
#[must_use]
pub fn status_entry(from: OrderStatus, to: OrderStatus, reason: Reason) -> String {
    let reason = match reason {
        Reason::Given => ", with a reason",
        Reason::Missing => "",
    };
    format!("{from} → {to}{reason}")
}

/// A status to pick for the marked orders.
#[must_use]
pub fn marked_entry(count: usize, all: usize) -> String {
    format!("{} of {} marked", grouped(count), grouped(all))
}

/// The name of an input.
#[must_use]
pub fn field(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Carrier => "Carrier",
        FieldKind::Tracking => "Tracking number",
        FieldKind::Reason => "Reason",
    }
}

/// What stands in an empty input.
#[must_use]
pub fn field_hint(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Carrier => "optional, such as DHL",
        FieldKind::Tracking => "optional: type or scan it",
        FieldKind::Reason => "needed",
    }
}
