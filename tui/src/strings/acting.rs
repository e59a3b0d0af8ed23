//! Acting in words: carriers and links, and orders that changed under a dialog.

use jiff::Timestamp;
use ordertop::order::OrderKey;

use super::steps::by_whom;
use super::{number, seconds};
use crate::app::row::Row;

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

/// Somebody changed the dialog's order; the step may be made all the same.
#[must_use]
pub fn changed_since(row: &Row, now: Timestamp) -> String {
    format!("! {}: Enter takes it as it is now", became(row, now))
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
