//! Orders as shops and files write them, read into the [`Intake`] that a store merges.
//!
//! [`read_row`] knows a body by its fields (`sniff`): a WooCommerce order (REST v3 and webhooks), a Shopify order (REST
//! and webhooks), an order of the old system, or ordertop's own [`Placement`]. Records of a CSV file come as an object
//! of their cells, with the [`Form`] that their header has. How statuses map stands in `docs/ORDERS.md`, and in code
//! in the mappers alone. Nothing here does input or output, and what is read is a function of the row and the
//! settings: the same row reads the same at any time. An order that tells no time is marked as undated.

mod cells;
mod column_map;
mod decimal;
mod field;
mod mapped_csv;
mod old_server;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod samples;
mod shopify;
mod shopify_csv;
mod sniff;
mod totals;
mod warnings;
mod woocommerce;

use std::sync::Arc;

use jiff::Timestamp;
use ordertop::order::intake::Intake;
use ordertop::order::money::MoneyError;
use ordertop::order::placement::{MAX_LINES, Placement, PlacementError};
use ordertop::order::text::{MAX_NAME_CHARS, clean, clean_opt};
use ordertop::order::{Currency, InvalidId, OrderNumber, Source, VendorId};
use serde_json::value::RawValue;

pub use self::column_map::{ColumnMap, MAP_FIELDS, MapError};
use self::field::{Field, Object};
use self::sniff::Kind;
use self::warnings::Collector;
pub use self::warnings::Warnings;
use crate::body_error;

/// The kinds of row that are read, for whoever sent another one.
const UNDERSTOOD: &str = "a WooCommerce order (`line_items` with `billing` or `order_key`), \
     a Shopify order (`line_items` with `financial_status`), \
     or an ordertop order (`order_number` with `lines`) is needed";

/// How the rows of a file are to be read.
#[derive(Debug, Clone)]
pub enum Form {
    /// JSON bodies, known by their fields.
    Body,
    /// Records of Shopify's orders CSV.
    ShopifyCsv,
    /// Records of a CSV whose columns are mapped.
    Mapped(Arc<ColumnMap>),
}

/// What the operator said about the rows of a file.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The vendor whose orders they are.
    pub vendor: VendorId,
    /// The time for a missing `placed_at`.
    pub now: Timestamp,
    /// The currency of rows that name none.
    pub currency: Option<Currency>,
    /// The declared name of their source.
    pub source: Option<String>,
    /// A text before every order number.
    pub prefix: String,
}

impl Settings {
    /// Settings of a vendor, with nothing declared.
    #[must_use]
    pub fn new(vendor: VendorId, now: Timestamp) -> Self {
        Self {
            vendor,
            now,
            currency: None,
            source: None,
            prefix: String::new(),
        }
    }
}

/// What a row turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// An order.
    Order {
        /// The order.
        intake: Box<Intake>,
        /// What was left out of it.
        warnings: Warnings,
    },
    /// Something that is known and is not an order to be kept, such as a draft.
    Skipped {
        /// Its number, as far as it could be read, cleaned.
        order_number: Option<String>,
        /// What it is.
        what: String,
    },
}

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
            Refusal::NotAnObject { .. } | Refusal::UnknownKind { .. } | Refusal::Foreign(_) => {
                "unknown_kind"
            }
            _ => "invalid_order",
        }
    }
}

/// Why a row is not an order; the field is given by its way from the top: `line_items[0].price`.
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
    /// Something that is known and cannot be taken, with what to do.
    #[error("this is {0}")]
    Foreign(String),
    /// A field is needed and absent, `null` or blank.
    #[error("`{field}` is missing")]
    Missing {
        /// Where.
        field: String,
    },
    /// Nothing names the currency.
    #[error(
        "no field names the currency of the amounts: say which it is, such as `--currency EUR`"
    )]
    NoCurrency,
    /// Nothing was bought.
    #[error("nothing was bought: there is no line in `{field}`, no fee and no total")]
    Empty {
        /// Where lines are expected.
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
    /// A bad currency.
    #[error("`{field}`: {source}")]
    Currency {
        /// Where.
        field: String,
        /// Why.
        source: MoneyError,
    },
    /// More lines than an order may have.
    #[error("`{field}` holds {lines} lines: {MAX_LINES} at most")]
    Lines {
        /// Where.
        field: String,
        /// How many there are.
        lines: usize,
    },
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

/// Reads one row.
///
/// # Errors
/// When something is wrong with what the order cannot do without, with the field's name.
pub fn read_row(row: &RawValue, form: &Form, settings: &Settings) -> Result<Row, RowError> {
    let warnings = Collector::default();
    let nameless = |why| RowError {
        order_number: None,
        why,
    };
    let mut row = row;
    let mut object = Object::row(row, &warnings).map_err(nameless)?;
    if let (Form::Body, Some(inner)) = (form, sniff::wrapped(&object)) {
        row = inner;
        object = Object::row(row, &warnings).map_err(nameless)?;
        // Once alone: a body may be wrapped as many times as its sender likes.
        if let Some(why) = sniff::wrapped_again(&object) {
            return Err(nameless(why));
        }
    }
    let (read, order_number) = match form {
        Form::ShopifyCsv => (
            shopify_csv::read(&object, settings),
            cells::number(&object, "Name"),
        ),
        Form::Mapped(map) => {
            let order_number = cells::number(&object, map.number_column());
            if let Some(what) = mapped_csv::skipped(&object, map) {
                return Ok(Row::Skipped { order_number, what });
            }
            (mapped_csv::read(&object, map, settings), order_number)
        }
        Form::Body => {
            if let Some(what) = sniff::skipped(&object) {
                return Ok(Row::Skipped {
                    order_number: Kind::of(&object).number_for_report(&object),
                    what,
                });
            }
            let kind = Kind::of(&object);
            let read = match kind {
                Kind::Placement => placement(row, settings),
                Kind::WooCommerce => woocommerce::read(&object, settings),
                Kind::Shopify => shopify::read(&object, settings),
                Kind::OldServer => old_server::read(&object, settings),
                Kind::Other => Err(sniff::refusal(&object)),
            };
            (read, kind.number_for_report(&object))
        }
    };
    let declared = read.and_then(|intake| declare(intake, settings));
    match declared {
        Ok(intake) => Ok(Row::Order {
            intake: Box::new(intake),
            warnings: warnings.into_warnings(),
        }),
        Err(why) => Err(RowError { order_number, why }),
    }
}

/// Adds what the operator declared: source name and prefix. A body without an id of its own is known by its number
/// within its source.
fn declare(mut intake: Intake, settings: &Settings) -> Result<Intake, Refusal> {
    let own = intake.number.to_string();
    if let Some(name) = &settings.source {
        let source = intake.content.source.get_or_insert_with(|| Source {
            channel: "generic".into(),
            name: None,
            shop: None,
            order_id: None,
            number: None,
            url: None,
            status_raw: None,
            modified_at: None,
        });
        source.name = Some(name.clone());
    }
    if let Some(source) = &mut intake.content.source {
        source.order_id.get_or_insert_with(|| own.clone());
    }
    if !settings.prefix.is_empty() {
        let number = format!("{}{own}", settings.prefix);
        intake.number = OrderNumber::new(&number).map_err(|source| Refusal::Number {
            field: format!("{number}, with its prefix,"),
            source,
        })?;
    }
    Ok(intake)
}

fn placement(row: &RawValue, settings: &Settings) -> Result<Intake, Refusal> {
    let mut json = serde_json::Deserializer::from_str(row.get());
    let placement: Placement = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        Refusal::PlacementSyntax(body_error::words(&path, &error.into_inner()))
    })?;
    Ok(placement.check(Some(&settings.vendor), settings.now)?)
}

/// The number of an order in the first of the fields that is there; refused when it is no order number.
fn order_number<const N: usize>(fields: [Field<'_>; N]) -> Result<OrderNumber, Refusal> {
    for field in &fields {
        if let Some(text) = field.needed_text()? {
            let text = text.trim();
            let number = OrderNumber::new(text.strip_prefix('#').unwrap_or(text));
            return number.map_err(|source| Refusal::Number {
                field: field.path(),
                source,
            });
        }
    }
    match fields.first() {
        Some(field) => Err(field.missing()),
        None => Err(Refusal::Missing {
            field: "number".into(),
        }),
    }
}

/// The shop's id of an order, which is needed where it is there at all.
fn shops_id(field: &Field<'_>) -> Result<Option<String>, Refusal> {
    Ok(clean_opt(field.needed_text()?.as_deref(), MAX_NAME_CHARS))
}

/// The currency of an order; one that ISO 4217 does not name keeps the decimals of `amount`. `fallback` is the
/// declared one, for bodies that name none.
fn currency(
    field: &Field<'_>,
    amount: &Field<'_>,
    fallback: Option<Currency>,
) -> Result<Currency, Refusal> {
    let Some(code) = field.needed_text()? else {
        return fallback.ok_or(Refusal::NoCurrency);
    };
    let amount = amount.text_if_any().unwrap_or_default();
    let seen = amount.split_once('.').map_or(0, |(_, part)| part.len());
    let seen = u8::try_from(seen).unwrap_or(u8::MAX);
    Currency::with_decimals(code.trim(), seen).map_err(|source| Refusal::Currency {
        field: field.path(),
        source,
    })
}

/// The objects of the lines of an order, bounded.
fn line_objects<'a>(field: &Field<'a>) -> Result<Vec<Object<'a>>, Refusal> {
    let lines = field.objects();
    if lines.len() > MAX_LINES {
        return Err(Refusal::Lines {
            field: field.path(),
            lines: lines.len(),
        });
    }
    Ok(lines)
}

/// When an order was placed, and whether that is unknown: then it is the time of the import, with a warning about the
/// `field` that should say it.
fn placed_at(
    found: Option<Timestamp>,
    field: &Field<'_>,
    settings: &Settings,
) -> (Timestamp, bool) {
    if found.is_none() {
        field.warn("no time of the order can be read: the time of the import is taken".into());
    }
    (found.unwrap_or(settings.now), found.is_none())
}

/// The parts that are there, joined.
fn joined<const N: usize>(parts: [Option<String>; N], between: &str) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| clean(&parts.join(between), MAX_NAME_CHARS))
}

/// The first of the fields that holds a name.
fn first_name<const N: usize>(fields: [Field<'_>; N]) -> Option<String> {
    fields.iter().find_map(Field::name)
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
