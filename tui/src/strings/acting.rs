//! Acting in words: carriers and links, and orders that changed under a dialog.

use jiff::Timestamp;
use ordertop::order::{OrderKey, OrderStatus};

use super::steps::by_whom;
use super::{actor, and_keys, number, seconds};
use crate::model::row::Row;
use crate::model::step::Asked;
use crate::model::text::tame;

/// A carrier that nobody typed.
#[must_use]
pub fn guessed(carrier: &str) -> String {
    format!("{carrier}  (guessed from the number)")
}

/// A tracking number with a wrong digit.
#[must_use]
pub fn mistyped(carrier: &str) -> String {
    format!("! not a number of {carrier}'s: its check digit does not fit")
}

/// The link was copied.
#[must_use]
pub fn link_copied(key: &OrderKey) -> String {
    format!(
        "link of {} copied, if your terminal allows it (OSC 52)",
        number(key)
    )
}

/// There is no link.
#[must_use]
pub fn no_link(key: &OrderKey) -> String {
    format!("{} has no tracking link", number(key))
}

/// Somebody changed the dialog's order, which stood at `from`; the step may be made
/// all the same.
#[must_use]
pub fn changed_since(row: &Row, from: OrderStatus, now: Timestamp, confirm: &str) -> String {
    let what = match row.status() == from {
        true => format!(
            "changed {} ago, still {from}",
            seconds(row.updated_at(), now)
        ),
        false => became(row, now),
    };
    and_keys(
        &format!("! {what}"),
        ": ",
        &[(confirm, "takes it as it is now")],
    )
}

/// Support is asked to cancel the dialog's order.
#[must_use]
pub fn asked(asked: &Asked, now: Timestamp) -> String {
    let by = (asked.by.as_ref()).map_or_else(|| "you".to_owned(), actor);
    let when = match asked.at {
        Some(at) => format!(" {} ago", seconds(at, now)),
        None => String::new(),
    };
    let why = match &asked.reason {
        Some(reason) => format!(": “{}”", tame(reason)),
        None => String::new(),
    };
    format!("! {by} asked to cancel{when}{why}")
}

/// Support was asked to cancel it before.
#[must_use]
pub fn asked_already(key: &OrderKey) -> String {
    format!("support was already asked to cancel {}", number(key))
}

/// Nothing was done yet: the last change waits for the server.
#[must_use]
pub fn waits_to_undo(key: &OrderKey, outbox: &str, delete: &str) -> String {
    let words = format!("{} only waits for the server", number(key));
    let keys = [(outbox, "shows it"), (delete, "there takes it back")];
    and_keys(&words, ": ", &keys)
}

/// Somebody changed the dialog's order; the step is not allowed any more.
#[must_use]
pub fn changed_since_closed(row: &Row, now: Timestamp) -> String {
    format!("! {}: not possible any more", became(row, now))
}

/// `Shipped by support ana 4 s ago`
fn became(row: &Row, now: Timestamp) -> String {
    let order = row.listed();
    let by = by_whom(order.status_by.as_ref());
    format!("{}{by} {} ago", order.status, seconds(row.since(), now))
}
