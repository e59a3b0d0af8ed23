//! Orders as shops and files write them, read into the [`Intake`] that a store
//! merges.
//!
//! [`read_row`] knows a body by its fields: a WooCommerce order (REST v3 and
//! webhooks), a Shopify order (REST and webhooks), or ordertop's own
//! [`Placement`]. How statuses map stands in `docs/ORDERS.md`, and in code in
//! `woocommerce` and `shopify` alone. Nothing here does input or output.

mod field;
#[cfg(test)]
mod samples;
mod shopify;
mod woocommerce;

use jiff::Timestamp;
use ordertop::order::intake::Intake;
use ordertop::order::money::MoneyError;
use ordertop::order::placement::{MAX_LINES, Placement, PlacementError};
use ordertop::order::text::{MAX_NAME_CHARS, clean, clean_opt};
use ordertop::order::{Currency, InvalidId, InvalidQty, OrderNumber, VendorId};
use serde_json::value::RawValue;

use self::field::Object;

/// What is understood, for those whose row is not.
const UNDERSTOOD: &str = "a WooCommerce order (`line_items` with `billing` or `order_key`), \
     a Shopify order (`line_items` with `financial_status`), \
     or an ordertop order (`order_number` with `lines`) is needed";

/// Why a row was not taken, and which order it was about where that is known.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct RowError {
    /// The order's number as far as it could be read, cleaned.
    pub order_number: Option<String>,
    /// Why.
    pub why: Refusal,
}

impl RowError {
    /// A stable code: `unknown_kind` or `invalid_order`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.why {
            Refusal::NotAnObject { .. } | Refusal::UnknownKind { .. } => "unknown_kind",
            _ => "invalid_order",
        }
    }
}

/// Why a row is not an order; the field is given by its way from the top:
/// `line_items[0].price`.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Not an object.
    #[error("this is {seen}, but {UNDERSTOOD}")]
    NotAnObject {
        /// What it is.
        seen: &'static str,
    },
    /// An object, but no order.
    #[error("this is {seen}, but {UNDERSTOOD}")]
    UnknownKind {
        /// What it looks like.
        seen: String,
    },
    /// A field is needed and absent, `null` or blank.
    #[error("`{field}` is missing")]
    Missing {
        /// Where.
        field: String,
    },
    /// A field has another type.
    #[error("`{field}` is {seen}, but {wanted} is needed")]
    Type {
        /// Where.
        field: String,
        /// What it is.
        seen: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
    /// Half a surrogate pair, for one.
    #[error("`{field}` is not valid Unicode")]
    Unicode {
        /// Where.
        field: String,
    },
    /// A bad amount.
    #[error("`{field}`: {source}")]
    Amount {
        /// Where.
        field: String,
        /// Why.
        source: MoneyError,
    },
    /// A sum or product that does not fit.
    #[error("`{field}` comes to more than can be counted")]
    TooLarge {
        /// Where.
        field: String,
    },
    /// A bad time.
    #[error("`{field}`: `{text}` is not a time such as 2026-11-23T17:00:00Z")]
    Time {
        /// Where.
        field: String,
        /// As given, cleaned and cut.
        text: String,
    },
    /// A bad quantity.
    #[error("`{field}`: {source}")]
    Qty {
        /// Where.
        field: String,
        /// Why.
        source: InvalidQty,
    },
    /// A bad whole number.
    #[error("`{field}`: `{text}` is not a whole number from 0 to {most}")]
    Whole {
        /// Where.
        field: String,
        /// As given, cleaned and cut.
        text: String,
        /// The largest that is taken.
        most: u64,
    },
    /// More lines than an order may have.
    #[error("`line_items` holds {0} lines: {MAX_LINES} at most")]
    Lines(usize),
    /// A bad order number.
    #[error("`{field}`: {source}")]
    Number {
        /// Where.
        field: String,
        /// Why.
        source: InvalidId,
    },
    /// One of ordertop's own orders that does not read.
    #[error("{0}")]
    PlacementSyntax(String),
    /// One of ordertop's own orders that does not hold together.
    #[error(transparent)]
    Placement(#[from] PlacementError),
}

/// Reads one order of `vendor` from a row. `now` stands in for a missing
/// `placed_at` in one of ordertop's own orders.
///
/// # Errors
/// What is wrong with it first, with the field's name.
pub fn read_row(row: &RawValue, vendor: &VendorId, now: Timestamp) -> Result<Intake, RowError> {
    let anonymous = |why| RowError {
        order_number: None,
        why,
    };
    let object = Object::row(row).map_err(anonymous)?;
    let kind = Kind::of(&object);
    let read = match kind {
        Kind::Placement => placement(row, vendor, now),
        Kind::WooCommerce => woocommerce::read(&object, vendor),
        Kind::Shopify => shopify::read(&object, vendor),
        Kind::Other => Err(Refusal::UnknownKind {
            seen: seen(&object),
        }),
    };
    read.map_err(|why| RowError {
        order_number: kind.number_for_report(&object),
        why,
    })
}

/// What a row is, by its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Placement,
    WooCommerce,
    Shopify,
    Other,
}

impl Kind {
    fn of(row: &Object<'_>) -> Self {
        let has = |name| row.has(name);
        // Shopify's orders have an `order_number` too, but no `lines`.
        if has("order_number") && has("lines") {
            Self::Placement
        } else if has("line_items") && has("financial_status") {
            Self::Shopify
        } else if has("line_items") && (has("billing") || has("order_key")) {
            Self::WooCommerce
        } else {
            Self::Other
        }
    }

    fn number_for_report(self, row: &Object<'_>) -> Option<String> {
        let names: &[&str] = match self {
            Self::Placement => &["order_number"],
            Self::WooCommerce => &["number", "id"],
            Self::Shopify => &["name", "order_number"],
            Self::Other => &[],
        };
        let text = names.iter().find_map(|name| row.get(name).text_if_any())?;
        let text = clean(text.trim().trim_start_matches('#'), OrderNumber::MAX_CHARS);
        (!text.is_empty()).then_some(text)
    }
}

/// What a row that is no order looks like.
fn seen(row: &Object<'_>) -> String {
    let has = |name| row.has(name);
    if has("order_id") && (has("tracking_company") || has("shipment_status")) {
        return "a Shopify fulfillment (its order's body tells the same)".into();
    }
    if has("order_id") && has("refund_line_items") {
        return "a Shopify refund (its order's body tells the same)".into();
    }
    if has("orders") {
        return "an object with a list under `orders` (give that list itself)".into();
    }
    if has("order") {
        return "an object with an order under `order` (give that object itself)".into();
    }
    let names: Vec<String> = row
        .names()
        .map(|name| format!("`{}`", clean(name, 40)))
        .collect();
    match names.len() {
        0 => "an empty object".into(),
        1 if has("id") => "the notice of a deleted thing (`id` alone)".into(),
        1..=8 => format!("an object with {}", names.join(", ")),
        more => format!(
            "an object with {} and {} more",
            names[..8].join(", "),
            more - 8
        ),
    }
}

fn placement(row: &RawValue, vendor: &VendorId, now: Timestamp) -> Result<Intake, Refusal> {
    let mut json = serde_json::Deserializer::from_str(row.get());
    let placement: Placement = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let words = clean(&error.into_inner().to_string(), 300);
        Refusal::PlacementSyntax(match path.as_str() {
            "." => words,
            path => format!("`{}`: {words}", clean(path, 80)),
        })
    })?;
    Ok(placement.check(Some(vendor), now)?)
}

/// A currency by its code; one that ISO 4217 does not name keeps the decimals
/// of `amount`.
fn currency(field: &field::Field<'_>, code: &str, amount: &str) -> Result<Currency, Refusal> {
    let seen = amount.split_once('.').map_or(0, |(_, part)| part.len());
    let seen = u8::try_from(seen).unwrap_or(u8::MAX);
    Currency::with_decimals(code, seen).map_err(|source| Refusal::Amount {
        field: field.path(),
        source,
    })
}

/// The sum of amounts; `None` when it does not fit.
fn sum(amounts: impl Iterator<Item = i64>) -> Option<i64> {
    amounts.into_iter().try_fold(0_i64, i64::checked_add)
}

/// The parts that are there, joined.
fn joined<const N: usize>(parts: [Option<String>; N], between: &str) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| clean(&parts.join(between), MAX_NAME_CHARS))
}

/// The host of a web address, with its port where one is named.
fn host(address: &str) -> Option<String> {
    let address: http::Uri = address.parse().ok()?;
    let authority = address.authority()?.as_str();
    // Credentials in an address are nobody's business.
    let host = authority.rsplit('@').next()?;
    clean_opt(Some(host), MAX_NAME_CHARS)
}

/// A web address that a person may open.
fn web_address(text: Option<String>) -> Option<String> {
    text.filter(|text| text.starts_with("https://") || text.starts_with("http://"))
}
