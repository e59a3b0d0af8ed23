//! One order as the list holds it: what a row shows, sorts by and is found by,
//! worked out once when the order changes and not once a frame.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use ordertop::order::text::fold;
use ordertop::order::{Currency, Flags, OrderKey, OrderStatus, VendorId};
use ordertop::protocol::{ListedOrder, PackedOrder};

use crate::model::text::{money, tame};

/// A text of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The number that people use.
    Number,
    /// The buyer's name.
    Buyer,
    /// The vendor: its id as a whole, or its name.
    Vendor,
    /// Names and variants of what was bought.
    Item,
    /// The vendor's numbers for what was bought.
    Sku,
}

/// Why a row stands out for a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    /// The order is new.
    New,
    /// Something about it changed.
    Changed,
}

/// In milliseconds since 1970; negative when it was changed, 0 for never.
#[derive(Debug, Clone, Copy, Default)]
struct Touched(i64);

/// One order of the list. There may be a hundred thousand: the whole order stays
/// packed, and is shared with the live client.
#[derive(Debug, Clone)]
pub struct Row {
    /// What the order is known by.
    pub key: OrderKey,
    touched: Touched,
    pub(super) order: Arc<PackedOrder>,
    /// Of the vendor, in lower case: the id, a line break, the name. All rows
    /// of the vendor share it.
    pub(super) vendor: Arc<str>,
    pub(super) amount: i64,
    pub(super) urgency: i64,
}

impl Row {
    /// The row of an order; `vendor` is what [`fold_vendor`] made.
    #[must_use]
    pub fn new(key: OrderKey, order: Arc<PackedOrder>, vendor: Arc<str>) -> Self {
        Self {
            amount: scaled(order.total_amount()),
            urgency: urgency(&order),
            touched: Touched::default(),
            key,
            order,
            vendor,
        }
    }

    /// Whether it was new or changed, and when.
    #[must_use]
    pub fn touched(&self) -> Option<(Touch, Timestamp)> {
        let at = Timestamp::from_millisecond(self.touched.0.unsigned_abs().cast_signed());
        match self.touched.0 {
            0 => None,
            1.. => Some((Touch::New, at.ok()?)),
            _ => Some((Touch::Changed, at.ok()?)),
        }
    }

    /// Notes that it was new or changed, and when; `None` changes nothing.
    pub fn touch(&mut self, touched: Option<(Touch, Timestamp)>) {
        let Some((touch, at)) = touched else { return };
        let at = at.as_millisecond().max(1);
        self.touched = Touched(match touch {
            Touch::New => at,
            Touch::Changed => -at,
        });
    }

    /// The whole order as the server last told it, unpacked. Not for what every
    /// row of a list is asked for: that has methods of its own.
    #[must_use]
    pub fn listed(&self) -> Arc<ListedOrder> {
        Arc::new(self.order.unpack())
    }

    /// The buyer's name, safe to show; empty when unknown.
    #[must_use]
    pub fn buyer(&self) -> Cow<'_, str> {
        tame(self.order.customer_name())
    }

    /// Counts the changes of the order; 0 from a server that does not count.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.order.version
    }

    /// When anything about it last changed.
    #[must_use]
    pub fn updated_at(&self) -> Timestamp {
        self.order.updated_at()
    }

    /// What the buyer pays, with the currency.
    #[must_use]
    pub fn total(&self) -> String {
        money(self.order.total_amount(), self.order.currency)
    }

    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> OrderStatus {
        self.order.status
    }

    /// Since when it stands there; an old server tells only when it last changed.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        (self.order.status_since()).unwrap_or_else(|| self.order.updated_at())
    }

    /// When the buyer placed it.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        self.order.created_at()
    }

    /// Marks.
    #[must_use]
    pub fn flags(&self) -> Flags {
        self.order.flags
    }

    /// The currency of its amounts; an old server does not tell.
    #[must_use]
    pub fn currency(&self) -> Option<Currency> {
        self.order.currency
    }

    /// What the buyer pays, scaled as [`scaled`] does: comparable within a currency.
    #[must_use]
    pub fn amount(&self) -> i64 {
        self.amount
    }

    /// By when it is to be shipped, while that is still to be done.
    #[must_use]
    pub fn ship_by(&self) -> Option<Timestamp> {
        self.order.ship_by().filter(|_| to_ship(&self.order))
    }

    /// Whether every one of `words`, which are folded, occurs in its number, buyer,
    /// status, vendor, items, address, e-mail, parcels or words.
    #[must_use]
    pub fn matches(&self, words: &[String]) -> bool {
        let occurs = |word: &str| {
            self.order.sought().contains(word)
                || self.vendor.contains(word)
                || self.status_folded().contains(word)
        };
        words.iter().all(|word| occurs(word))
    }

    /// The buyer's name, folded.
    pub(super) fn buyer_folded(&self) -> &str {
        self.order.sought().split('\n').nth(1).unwrap_or_default()
    }

    fn status_folded(&self) -> &'static str {
        match self.status() {
            OrderStatus::Pending => "pending",
            OrderStatus::Paid => "paid",
            OrderStatus::Shipped => "shipped",
            OrderStatus::Delivered => "delivered",
            OrderStatus::Completed => "completed",
            OrderStatus::Cancelled => "cancelled",
            OrderStatus::Refunded => "refunded",
            OrderStatus::Disputed => "disputed",
        }
    }

    /// Whether `text`, which is folded and not empty, is one of the texts of
    /// that part, or occurs in it. A vendor's id counts as a whole only.
    #[must_use]
    pub fn part_matches(&self, part: Part, text: &str, whole: bool) -> bool {
        let fits = |line: &str| {
            if whole {
                line == text
            } else {
                line.contains(text)
            }
        };
        let mut lines = self.order.sought().split('\n');
        match part {
            // The number here, and the shop's where it is another one.
            Part::Number => lines.next().is_some_and(|line| line.split('\t').any(fits)),
            Part::Buyer => lines.nth(1).is_some_and(fits),
            Part::Vendor => {
                let (id, name) = self.vendor.split_once('\n').unwrap_or_default();
                id == text || fits(name)
            }
            // Name, SKU and variant of each item.
            Part::Item => (lines.skip(3).enumerate()).any(|(at, line)| at % 3 != 1 && fits(line)),
            Part::Sku => lines.skip(4).step_by(3).any(fits),
        }
    }

    /// Takes another name of the vendor, as [`fold_vendor`] makes it.
    pub(super) fn rename_vendor(&mut self, vendor: Arc<str>) {
        self.vendor = vendor;
    }

    /// The vendor's name in lower case, or its id where it has no name.
    pub(super) fn vendor_folded(&self) -> &str {
        self.vendor.split_once('\n').map_or("", |(_, name)| name)
    }
}

fn to_ship(order: &PackedOrder) -> bool {
    order.status == OrderStatus::Paid
        || (order.status == OrderStatus::Pending && order.flags.pay_on_delivery)
}

/// A vendor's id and name as rows are searched by them.
#[must_use]
pub fn fold_vendor(id: &VendorId, name: &str) -> Arc<str> {
    let name = name.replace('\n', "");
    let name = if name.is_empty() { id.as_str() } else { &name };
    fold(&format!("{id}\n{name}")).into()
}

/// Rank of the status, then time: oldest first where somebody waits for us.
fn urgency(order: &PackedOrder) -> i64 {
    let since = order.status_since().unwrap_or_else(|| order.updated_at());
    let since = since.as_second();
    let (rank, within) = if to_ship(order) {
        match order.ship_by() {
            Some(due) => (0, due.as_second()),
            None => (1, since),
        }
    } else {
        match order.status {
            OrderStatus::Paid => (1, since),
            OrderStatus::Disputed => (2, since),
            OrderStatus::Pending => (3, -since),
            OrderStatus::Shipped => (4, -since),
            OrderStatus::Delivered => (5, -since),
            OrderStatus::Completed => (6, -since),
            OrderStatus::Cancelled | OrderStatus::Refunded => (7, -since),
        }
    };
    // Seconds of any timestamp fit into 39 bits and a sign.
    (rank << 40) + within
}

/// Decimal text as an integer with four decimals, which is as many as a currency
/// has. What goes beyond them is cut, what is too large is the largest there is.
#[must_use]
pub fn scaled(amount: &str) -> i64 {
    let (negative, digits) = match amount.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, amount),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let digits = whole
        .bytes()
        .chain(fraction.bytes().chain(std::iter::repeat(b'0')).take(4))
        .filter(u8::is_ascii_digit);
    let size = digits.fold(0_i64, |sum, digit| {
        sum.saturating_mul(10)
            .saturating_add(i64::from(digit - b'0'))
    });
    if negative { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_compared_exactly() {
        assert!(scaled("10.5") > scaled("9.99"));
        assert!(scaled("-1") < scaled("0"));
        assert_eq!(scaled("12"), scaled("12.00"));
        assert_eq!(scaled("-1234.5678901"), -12_345_678);
        assert_eq!(scaled("99999999999999999999.99"), i64::MAX);
    }
}
