//! Parcels of orders that have left, in words.

use ordertop::order::{OrderKey, OrderStatus, Shipment};

use super::{and_keys, number};
use crate::model::text::{grouped, tame};

/// An old server keeps no parcels.
pub const NO_PARCELS_ON_LEGACY: &str = "a legacy server keeps no carrier and no tracking number";
/// Name of the field that says which parcel is meant.
pub const PARCEL: &str = "Parcel";
/// What stands in an empty number.
pub const NUMBER_HINT: &str = "type or scan it";
/// The dialog was confirmed while it said nothing.
pub const PARCEL_BLANK: &str = "a tracking number is needed, or a carrier";

/// Details: a parcel that the shop told of; follows carrier and number.
pub const FROM_SHOP: &str = "from the shop";

/// Details: the shop has given the order another number since.
#[must_use]
pub fn shop_number(number: &str) -> String {
    format!("shop's number {}", tame(number))
}

/// The order has not left.
#[must_use]
pub fn not_left_yet(key: &OrderKey, status: OrderStatus, ship: &str) -> String {
    let words = format!(
        "{} is {status}: tracking goes with what has left",
        number(key)
    );
    match status {
        OrderStatus::Paid => and_keys(&words, "; ", &[(ship, "ships it, with its number")]),
        _ => words,
    }
}

/// The title of the dialog, about an order of this name.
#[must_use]
pub fn track_title(name: &str) -> String {
    format!("Tracking of {name}")
}

/// The button of the dialog.
#[must_use]
pub fn track_button(corrects: bool, fills_in: bool) -> &'static str {
    match (corrects, fills_in) {
        (true, _) => "Correct the parcel",
        (false, true) => "Fill in the parcel",
        (false, false) => "Add the parcel",
    }
}

/// A parcel in a line: `DHL JJD1, from the shop`.
#[must_use]
pub fn parcel(parcel: &Shipment) -> String {
    let words = [&parcel.carrier, &parcel.tracking_number];
    let words: Vec<&str> = words.into_iter().flatten().map(String::as_str).collect();
    let words = match &words[..] {
        [] => "without a number".to_owned(),
        words => words.join(" "),
    };
    let from = match parcel.from_shop {
        true => ", from the shop: corrected there",
        false => "",
    };
    tame(&format!("{words}{from}")).into_owned()
}

/// Which parcel is meant, and how to choose another one.
#[must_use]
pub fn parcel_choice(corrects: Option<&Shipment>, fills_in: bool, has_choice: bool) -> String {
    let which = match (corrects, fills_in) {
        (Some(known), _) => format!("corrects {}", parcel(known)),
        (None, true) => "the one without a number".into(),
        (None, false) => "a further one".into(),
    };
    match has_choice {
        true => format!("{which}  (← →: another one)"),
        false => which,
    }
}

/// A parcel is kept, or was so already.
#[must_use]
pub fn tracked(key: &OrderKey, changed: bool) -> String {
    match changed {
        true => format!("tracking of {} saved", number(key)),
        false => format!("{} has this parcel already", number(key)),
    }
}

/// A parcel waits on disk.
#[must_use]
pub fn tracking_kept(key: &OrderKey) -> String {
    format!(
        "tracking of {} kept: sent when the server answers",
        number(key)
    )
}

/// A parcel could not be written down while the program ended.
#[must_use]
pub fn tracking_not_kept_at_the_end(key: &OrderKey) -> String {
    format!(
        "tracking of {}: not sent, and it could not be kept",
        number(key)
    )
}

/// A parcel is not kept, or nobody said so; `track` is the key that shows what was typed
/// again, while there is a screen.
#[must_use]
pub fn not_tracked(key: &OrderKey, why: &str, track: &str) -> String {
    let words = format!("tracking of {} not saved: {why}", number(key));
    and_keys(&words, "; ", &[(track, "has what you typed")])
}

/// Parcels that wait, in the order's details.
#[must_use]
pub fn parcels_wait(count: usize) -> String {
    match count {
        1 => "⧗ 1 parcel waits for the server".into(),
        more => format!("⧗ {} parcels wait for the server", grouped(more)),
    }
}
