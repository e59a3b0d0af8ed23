//! What a typed filter means: `status:paid,shipped total>100 age<2h -flag:test ana`.
//!
//! ```text
//! filter = { term }                        every term must hold
//! term   = [ "-" | "!" ] ( field op values | text )
//! op     = ":" | "=" | "<" | ">" | "<=" | ">="
//! values = text { "," text }               any of them; after ":" and "=" only
//! text   = word | '"' characters '"'
//! ```
//!
//! A text without a field occurs somewhere in number, buyer, status, vendor,
//! items, address, e-mail, tracking numbers, or notes as far as
//! [`notes_excerpt`](ordertop::protocol::ListedOrder::notes_excerpt) has them.
//! After `:` a text occurs in the field, or a word begins its value; after `=` it is the
//! whole of it. Case, accents and apostrophes do not
//! matter: `obrien` is `O'Brien`.
//!
//! Pure: [`Filter::parse`] reads no clock and [`Filter::matches`] is told the
//! time. A filter that looks at it says so ([`Filter::is_timed`]), since rows
//! come and go then without being changed.

mod ast;
pub mod complete;
mod error;
mod eval;
mod lexer;
mod parser;
#[cfg(test)]
mod tests;

pub use ast::{Compare, Due, Filter, Mark, Term, Test};
pub use error::FilterError;

/// A name that can stand before an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// Where the order stands.
    Status,
    /// What the buyer pays.
    Total,
    /// Three letters of ISO 4217.
    Currency,
    /// How long ago it was placed.
    Age,
    /// How long it has stood where it stands.
    Since,
    /// How long until it is to be shipped.
    Due,
    /// Whose order, by id or name.
    Vendor,
    /// The number that people use.
    Number,
    /// Who bought it.
    Buyer,
    /// What was bought.
    Item,
    /// The vendor's number for what was bought.
    Sku,
    /// A mark.
    Flag,
}

impl Field {
    /// Every field with its names, the usual one first.
    pub const ALL: [(Self, &'static [&'static str]); 12] = [
        (Self::Status, &["status"]),
        (Self::Total, &["total"]),
        (Self::Currency, &["currency"]),
        (Self::Age, &["age"]),
        (Self::Since, &["since"]),
        (Self::Due, &["due", "ship-by", "shipby"]),
        (Self::Vendor, &["vendor"]),
        (Self::Number, &["number"]),
        (Self::Buyer, &["buyer"]),
        (Self::Item, &["item"]),
        (Self::Sku, &["sku"]),
        (Self::Flag, &["flag"]),
    ];

    /// The field of a name, in upper or lower case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_lowercase();
        (Self::ALL.iter())
            .find(|(_, names)| names.contains(&name.as_str()))
            .map(|(field, _)| *field)
    }

    /// Its usual name.
    #[must_use]
    pub fn name(self) -> &'static str {
        (Self::ALL.iter())
            .find(|(field, _)| *field == self)
            .and_then(|(_, names)| names.first())
            .map_or("", |name| *name)
    }
}
