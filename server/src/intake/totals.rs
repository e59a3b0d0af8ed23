//! The parts of a total, by one convention for every shop: lines before discounts, less discount, with shipping, fees
//! and tips, less gift cards, and with the tax unless it is inside the other amounts already.

use ordertop::order::{Currency, Money, Totals};

use super::decimal::Decimal;
use super::field::{Field, Object};
use super::refusal::Refusal;

/// The parts as they were read, exactly.
pub(super) struct Parts {
    pub(super) items: Decimal,
    pub(super) discount: Decimal,
    pub(super) shipping: Decimal,
    pub(super) fees: Decimal,
    pub(super) tips: Decimal,
    pub(super) gift_cards: Decimal,
    pub(super) tax: Decimal,
    pub(super) tax_included: bool,
    pub(super) refunded: Decimal,
}

impl Parts {
    /// The totals of an order whose form has no total: what the parts come to. `total` is what warnings name.
    pub(super) fn sums(&self, total: &Field<'_>, currency: Currency) -> Totals {
        let minor = |name: &str, part: Decimal| {
            part.minor(currency).unwrap_or_else(|| {
                total.warn(format!(
                    "the sum of {name} is more than can be counted: left out"
                ));
                0
            })
        };
        let mut totals = Totals {
            items: minor("the lines", self.items),
            discount: minor("the discounts", self.discount.abs()),
            shipping: minor("shipping", self.shipping),
            fees: minor("the fees", self.fees),
            tips: minor("the tips", self.tips),
            gift_cards: minor("the gift cards", self.gift_cards.abs()),
            tax: minor("the taxes", self.tax),
            tax_included: self.tax_included,
            total: 0,
            refunded: minor("the refunds", self.refunded.abs()),
        };
        totals.total = computed(&totals);
        totals
    }

    /// The totals of an order. The shop's own total is kept; where it says none, or one that does not follow from its
    /// parts, there is a warning. Shops round each amount on its own: half a unit an amount is no contradiction.
    pub(super) fn totals(
        &self,
        given: Option<i64>,
        total: &Field<'_>,
        lines: usize,
        currency: Currency,
    ) -> Totals {
        let mut totals = self.sums(total, currency);
        let computed = totals.total;
        let shown = |minor| Money::new(minor, currency).to_string();
        match given {
            None => total.warn(format!(
                "missing: {} is what the parts come to",
                shown(computed)
            )),
            Some(given) => {
                totals.total = given;
                let slack = i64::try_from(lines + 5).unwrap_or(i64::MAX) / 2;
                if (given - computed).abs() > slack {
                    total.warn(format!(
                        "the shop's total is {}, but its parts come to {}: the total is kept",
                        shown(given),
                        shown(computed)
                    ));
                }
            }
        }
        totals
    }
}

impl Parts {
    /// Decides for a file that does not say whether its prices hold the tax: they do where that alone makes the parts
    /// come to the total.
    pub(super) fn include_tax_where_it_fits(&mut self, given: Option<i64>, currency: Currency) {
        let inside = self.items - self.discount.abs() + self.shipping + self.fees + self.tips
            - self.gift_cards.abs();
        self.tax_included =
            self.tax != Decimal::default() && given.is_some() && inside.minor(currency) == given;
    }
}

/// What the parts come to.
fn computed(totals: &Totals) -> i64 {
    let tax = if totals.tax_included { 0 } else { totals.tax };
    totals.items - totals.discount + totals.shipping + totals.fees + totals.tips - totals.gift_cards
        + tax
}

/// The sum of an amount of each object.
pub(super) fn sum_of(objects: &[Object<'_>], name: &str, currency: Currency) -> Decimal {
    let amounts = objects
        .iter()
        .filter_map(|object| object.get(name).exact(currency));
    amounts.sum()
}

/// The ids of lines as they are read: the shop's own, else the place from 1, or the next number that is free.
#[derive(Default)]
pub(super) struct LineIds(std::collections::BTreeSet<u64>);

impl LineIds {
    pub(super) fn next(&mut self, own: Option<u64>) -> u64 {
        let mut id = own.unwrap_or(self.0.len() as u64 + 1);
        while own.is_none() && self.0.contains(&id) {
            id += 1;
        }
        self.0.insert(id);
        id
    }
}

/// Refuses an order of which nothing was bought: no line, no fee and no total. One that has a total alone is taken
/// with a warning about the `field` that should hold its lines.
pub(super) fn need_something_bought(
    lines: usize,
    totals: &Totals,
    field: &Field<'_>,
) -> Result<(), Refusal> {
    if lines > 0 || totals.fees != 0 {
        return Ok(());
    }
    if totals.total == 0 {
        return Err(Refusal::Empty {
            field: field.path(),
        });
    }
    field.warn_if_empty("the order is taken without lines");
    Ok(())
}
