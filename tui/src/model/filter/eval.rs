//! Whether a row is what a filter asks for.

use jiff::{SignedDuration, Timestamp};

use super::ast::{Compare, Due, Filter, Mark, Term, Test};
use crate::model::row::{Row, Touch};

impl Filter {
    /// Whether a row is so at `now`.
    #[must_use]
    pub fn matches(&self, row: &Row, now: Timestamp) -> bool {
        self.terms.iter().all(|term| term.holds(row, now))
    }
}

impl Term {
    fn holds(&self, row: &Row, now: Timestamp) -> bool {
        self.test.holds(row, now) != self.negated
    }
}

impl Test {
    fn holds(&self, row: &Row, now: Timestamp) -> bool {
        match self {
            Self::Anywhere(text) => row.matches(std::slice::from_ref(text)),
            Self::Status(any) => any.contains(&row.status()),
            Self::Total(how, any) => any.iter().any(|total| how.holds(&row.amount(), total)),
            Self::Currency(any) => row.currency().is_some_and(|currency| {
                let begins = |code: &String| currency.code().starts_with(code.as_str());
                any.iter().any(begins)
            }),
            Self::Age(how, long) => how.holds(&now.duration_since(row.created_at()), long),
            Self::Since(how, long) => how.holds(&now.duration_since(row.since()), long),
            Self::DueIn(how, long) => {
                let left = row.ship_by().map(|due| due.duration_since(now));
                left.is_some_and(|left: SignedDuration| how.holds(&left, long))
            }
            Self::Due(Due::Late) => row.ship_by().is_some_and(|due| due < now),
            Self::Due(Due::Any) => row.ship_by().is_some(),
            Self::Due(Due::None) => row.ship_by().is_none(),
            Self::Text { part, whole, texts } => texts
                .iter()
                .any(|text| row.part_matches(*part, text, *whole)),
            Self::Flag(any) => any.iter().any(|mark| mark.is_on(row)),
        }
    }
}

impl Compare {
    fn holds<T: Ord>(self, a: &T, b: &T) -> bool {
        match self {
            Self::Equal => a == b,
            Self::Less => a < b,
            Self::More => a > b,
            Self::AtMost => a <= b,
            Self::AtLeast => a >= b,
        }
    }
}

impl Mark {
    fn is_on(self, row: &Row) -> bool {
        let flags = row.flags();
        match self {
            Self::Test => flags.test,
            Self::Hold => flags.on_hold,
            Self::PayOnDelivery => flags.pay_on_delivery,
            Self::CancelRequested => flags.cancel_requested,
            Self::Deleted => flags.source_deleted,
            Self::New => matches!(row.touched(), Some((Touch::New, _))),
        }
    }
}
