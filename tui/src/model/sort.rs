//! The ways to sort the list.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::row::Row;

/// How the list is sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// What a vendor should look at first: late and next due, then to be shipped
    /// without a time, the longest paid on top; then disputed, unpaid, on the way,
    /// arrived, ended, the newest on top.
    #[default]
    Urgency,
    /// The newest on top.
    Newest,
    /// By number, as people count: 9 before 10.
    Number,
    /// By the buyer's name.
    Buyer,
    /// The largest on top, each currency by itself.
    Total,
    /// By the vendor's name, the newest of each on top.
    Vendor,
    /// In the order of an order's life, the newest of each on top.
    Status,
    /// What has stood longest where it stands on top. Files of older programs call
    /// it `age`, and older programs read ours.
    #[serde(rename = "age")]
    Since,
    /// The next to be shipped on top, those without a time at the end.
    ShipBy,
}

/// How the list is sorted, and which way round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sorting {
    /// By what.
    pub by: Sort,
    /// Whether the last comes first.
    pub reversed: bool,
}

impl Sorting {
    /// Which of two rows stands above. Never equal for different orders, so
    /// that a row can be found by its place.
    #[must_use]
    pub fn compare(self, a: &Row, b: &Row) -> Ordering {
        if self.by == Sort::ShipBy {
            // Those without a time stand at the end either way round.
            match (a.ship_by(), b.ship_by()) {
                (Some(_), None) => return Ordering::Less,
                (None, Some(_)) => return Ordering::Greater,
                _ => {}
            }
        }
        let by = self.by.compare(a, b);
        if self.reversed { by.reverse() } else { by }
    }
}

impl From<Sort> for Sorting {
    fn from(by: Sort) -> Self {
        Self {
            by,
            reversed: false,
        }
    }
}

impl Sort {
    /// Every way to sort.
    pub const ALL: [Self; 9] = [
        Self::Urgency,
        Self::Newest,
        Self::Number,
        Self::Vendor,
        Self::Buyer,
        Self::Total,
        Self::Status,
        Self::Since,
        Self::ShipBy,
    ];

    /// In a word, as files name it too.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Urgency => "urgency",
            Self::Newest => "newest",
            Self::Number => "number",
            Self::Vendor => "vendor",
            Self::Buyer => "buyer",
            Self::Total => "total",
            Self::Status => "status",
            Self::Since => "since",
            Self::ShipBy => "ship-by",
        }
    }

    /// Which of two rows stands above; never equal for different orders.
    pub(super) fn compare(self, a: &Row, b: &Row) -> Ordering {
        let newest = || b.created_at().cmp(&a.created_at());
        let by = match self {
            Self::Urgency => a.urgency.cmp(&b.urgency),
            Self::Newest => newest(),
            Self::Number => natural(a.key.number.as_str(), b.key.number.as_str()),
            Self::Buyer => (a.buyer_folded().cmp(b.buyer_folded())).then_with(newest),
            Self::Total => (a.order.currency.cmp(&b.order.currency))
                .then_with(|| b.amount.cmp(&a.amount))
                .then_with(newest),
            Self::Vendor => (a.vendor_folded().cmp(b.vendor_folded())).then_with(newest),
            Self::Status => a.status().cmp(&b.status()).then_with(newest),
            Self::Since => a.since().cmp(&b.since()),
            Self::ShipBy => a.ship_by().cmp(&b.ship_by()),
        };
        by.then_with(|| a.key.cmp(&b.key))
    }
}

/// Compares runs of digits by their value and all else by character.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    while let (Some(x), Some(y)) = (a.chars().next(), b.chars().next()) {
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (m, rest_a) = split_digits(a);
            let (n, rest_b) = split_digits(b);
            match m.len().cmp(&n.len()).then_with(|| m.cmp(n)) {
                Ordering::Equal => (a, b) = (rest_a, rest_b),
                differ => return differ,
            }
        } else if x != y {
            return x.cmp(&y);
        } else {
            (a, b) = (&a[x.len_utf8()..], &b[y.len_utf8()..]);
        }
    }
    a.len().cmp(&b.len())
}

/// The digits in front, without their leading zeros, and the rest.
pub(super) fn split_digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    (text[..end].trim_start_matches('0'), &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_as_people_count() {
        for (a, b, expected) in [
            ("9", "10", Ordering::Less),
            ("A-9", "A-10", Ordering::Less),
            ("A-010", "A-10", Ordering::Equal),
            ("10", "A", Ordering::Less),
            ("A", "A-1", Ordering::Less),
        ] {
            assert_eq!(natural(a, b), expected, "{a} {b}");
        }
    }
}
