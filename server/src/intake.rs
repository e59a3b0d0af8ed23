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
mod needed;
mod old_server;
#[cfg(test)]
mod properties;
mod refusal;
#[cfg(test)]
mod samples;
mod settings;
mod shopify;
mod shopify_csv;
mod sniff;
mod texts;
mod totals;
mod warnings;
mod woocommerce;

use std::sync::Arc;

use ordertop::order::intake::Intake;
use ordertop::order::placement::Placement;
use ordertop::order::{OrderNumber, Source};
use serde_json::value::RawValue;

pub use self::column_map::{ColumnMap, MAP_FIELDS, MapError};
use self::field::Object;
pub use self::refusal::Refusal;
pub use self::settings::Settings;
use self::sniff::Kind;
use self::warnings::Collector;
pub use self::warnings::Warnings;
use crate::body_error;

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
