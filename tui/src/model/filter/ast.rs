//! A filter that was understood.

use jiff::SignedDuration;
use ordertop::order::OrderStatus;

use crate::model::row::Part;

/// What rows must be like: every term holds. The default lets everything through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub(super) terms: Vec<Term>,
}

/// One thing that must be so, or must not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Whether it must not be so.
    pub negated: bool,
    /// What is looked at.
    pub test: Test,
}

/// One thing to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// This text, folded, occurs somewhere: see `Row::matches`.
    Anywhere(String),
    /// It stands in one of these.
    Status(Vec<OrderStatus>),
    /// What the buyer pays, in ten-thousandths of the currency's unit, whatever
    /// the currency.
    Total(Compare, Vec<i64>),
    /// Its currency's code begins with one of these, in upper case.
    Currency(Vec<String>),
    /// How long ago it was placed.
    Age(Compare, SignedDuration),
    /// How long it has stood where it stands.
    Since(Compare, SignedDuration),
    /// How long until it is to be shipped; negative when it is late. An order
    /// that is not to be shipped by any time never passes.
    DueIn(Compare, SignedDuration),
    /// Whether there is a time to ship by, or was.
    Due(Due),
    /// One of these texts, folded, is the part, or occurs in it.
    Text {
        /// Where to look.
        part: Part,
        /// Whether it must be the whole of it.
        whole: bool,
        /// Folded.
        texts: Vec<String>,
    },
    /// It has one of these marks.
    Flag(Vec<Mark>),
}

/// How two quantities are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// The same.
    Equal,
    /// Less.
    Less,
    /// More.
    More,
    /// Less, or the same.
    AtMost,
    /// More, or the same.
    AtLeast,
}

/// Words about the time to ship by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// It is over.
    Late,
    /// There is one.
    Any,
    /// There is none, or it was shipped.
    None,
}

impl Due {
    /// Every word.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Late, "late"),
        (Self::Any, "any"),
        (Self::None, "none"),
    ];
}

/// A mark of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Not a real sale.
    Test,
    /// The shop holds it back.
    Hold,
    /// Paid at the door.
    PayOnDelivery,
    /// The vendor asks support to cancel it.
    CancelRequested,
    /// The shop deleted it.
    Deleted,
    /// It came while this program ran, and did not change since.
    New,
}

impl Mark {
    /// Every mark with its word.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Test, "test"),
        (Self::Hold, "hold"),
        (Self::PayOnDelivery, "pod"),
        (Self::CancelRequested, "cancel"),
        (Self::Deleted, "deleted"),
        (Self::New, "new"),
    ];
}

impl Filter {
    /// Whether everything passes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Its terms.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Whether rows come and go by the time alone.
    #[must_use]
    pub fn is_timed(&self) -> bool {
        self.terms.iter().any(|term| {
            matches!(
                term.test,
                Test::Age(..) | Test::Since(..) | Test::DueIn(..) | Test::Due(Due::Late)
            )
        })
    }

    /// Whether all that passes here passes `other` too: then only that need be
    /// looked at. May say no where it is so.
    #[must_use]
    pub fn narrows(&self, other: &Self) -> bool {
        let implied = |old: &Term| self.terms.iter().any(|new| new.implies(old));
        other.terms.iter().all(implied)
    }
}

impl Term {
    /// Whether it has to read texts, which takes longer than comparing numbers.
    pub(super) fn reads_text(&self) -> bool {
        matches!(self.test, Test::Anywhere(_) | Test::Text { .. })
    }

    fn implies(&self, other: &Self) -> bool {
        match (&self.test, &other.test) {
            (Test::Anywhere(new), Test::Anywhere(old)) if !self.negated && !other.negated => {
                new.contains(old.as_str())
            }
            _ => self == other,
        }
    }
}
