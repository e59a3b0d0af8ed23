//! Why a row is not taken.

use ordertop::order::InvalidId;
use ordertop::order::money::MoneyError;
use ordertop::order::placement::{MAX_LINES, PlacementError};

/// The kinds of row that are read, for whoever sent another one.
const UNDERSTOOD: &str = "a WooCommerce order (`line_items` with `billing` or `order_key`), \
     a Shopify order (`line_items` with `financial_status`), \
     or an ordertop order (`order_number` with `lines`) is needed";

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
