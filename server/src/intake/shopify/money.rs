//! What an order costs, what was paid and what went back, as Shopify tells it.
//!
//! Of its two sets of totals, `current_*` follows edits but also falls by what was refunded or cancelled, which
//! [`Totals::refunded`] says on its own: so the current set is read until money went back or the order was cancelled,
//! and the original set from then on. Amounts are the shop's (`currency`), never the buyer's (`presentment_currency`).

use jiff::Timestamp;
use ordertop::order::{Currency, OrderStatus, Totals};

use super::super::decimal::Decimal;
use super::super::field::{Field, Object};
use super::super::totals::Parts;
use super::fulfilment::Progress;

/// What the order says about money and cancelling.
pub(in super::super) struct Payment {
    /// `financial_status`.
    pub(in super::super) word: String,
    pub(in super::super) cancelled_at: Option<Timestamp>,
    /// Whether it lists refunds.
    pub(in super::super) refunds: bool,
    /// Whether it is shipped before it is paid: at the door, by hand, or on an invoice with a term.
    pub(in super::super) paid_later: bool,
}

/// Which of the two sets of totals and quantities counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TotalsSet {
    Current,
    Original,
}

impl Payment {
    pub(super) fn read(order: &Object<'_>) -> Self {
        let gateways = order.get("payment_gateway_names").list();
        let gateways = gateways.iter().filter_map(Field::word);
        let mut ways = gateways.chain(order.get("gateway").word());
        let terms = order.get("payment_terms");
        Self {
            word: order.get("financial_status").word().unwrap_or_default(),
            cancelled_at: order.get("cancelled_at").time(),
            refunds: !order.get("refunds").list().is_empty(),
            paid_later: ways.any(|way| is_paid_later(&way))
                || terms.object().names().next().is_some(),
        }
    }

    /// The table of ORDERS.md, first match, and whether to hold the order back. A payment that it does not know is
    /// kept: the order waits as Pending, on hold, until somebody looks.
    pub(in super::super) fn status(&self, progress: Progress) -> (OrderStatus, bool) {
        let left = progress != Progress::Nothing;
        let by_progress = |otherwise| match progress {
            Progress::Delivered => OrderStatus::Delivered,
            Progress::Everything => OrderStatus::Shipped,
            Progress::Part | Progress::Nothing => otherwise,
        };
        let status = match self.word.as_str() {
            "refunded" if self.cancelled_at.is_none() || left => OrderStatus::Refunded,
            _ if self.cancelled_at.is_some() => OrderStatus::Cancelled,
            "pending" | "partially_paid" if self.paid_later => by_progress(OrderStatus::Pending),
            "voided" | "expired" | "pending" | "authorized" | "partially_paid" => {
                OrderStatus::Pending
            }
            "paid" | "partially_refunded" => by_progress(OrderStatus::Paid),
            _ => return (OrderStatus::Pending, true),
        };
        (status, false)
    }

    /// The furthest status that a cancelled or refunded order proves.
    pub(in super::super) fn prior(
        &self,
        status: OrderStatus,
        progress: Progress,
    ) -> Option<OrderStatus> {
        let paid = matches!(
            self.word.as_str(),
            "paid" | "partially_refunded" | "refunded"
        );
        status.is_exception().then_some(match progress {
            Progress::Delivered => OrderStatus::Delivered,
            Progress::Everything => OrderStatus::Shipped,
            Progress::Part | Progress::Nothing if paid => OrderStatus::Paid,
            Progress::Part | Progress::Nothing => OrderStatus::Pending,
        })
    }

    /// Whether the vendor may ship it unpaid.
    pub(in super::super) fn pay_on_delivery(&self) -> bool {
        self.paid_later && matches!(self.word.as_str(), "pending" | "partially_paid")
    }

    pub(super) fn set(&self) -> TotalsSet {
        if self.refunds || self.cancelled_at.is_some() || self.word == "voided" {
            TotalsSet::Original
        } else {
            TotalsSet::Current
        }
    }
}

/// Whether a payment's name, in lower case, says that the order is shipped before it is paid.
pub(in super::super) fn is_paid_later(way: &str) -> bool {
    let mut words = way.split(|c: char| !c.is_alphanumeric());
    words.any(|word| {
        matches!(
            word,
            "cod" | "manual" | "nachnahme" | "contrassegno" | "contrareembolso"
        )
    }) || [
        "cash on delivery",
        "payment on delivery",
        "pay on delivery",
        "cash_on_delivery",
        "contra reembolso",
    ]
    .iter()
    .any(|name| way.contains(name))
}

pub(super) fn totals(
    order: &Object<'_>,
    set: TotalsSet,
    items: Decimal,
    lines: usize,
    currency: Currency,
) -> Totals {
    let pick = |name: &str| match set {
        TotalsSet::Current if order.get(&format!("current_{name}")).is_there() => {
            order.get(&format!("current_{name}"))
        }
        _ => order.get(name),
    };
    let exact = |name: &str| pick(name).exact(currency).unwrap_or_default();
    let shop_money = |name: &str| {
        let shop_money = order.get(name).object().get("shop_money").object();
        shop_money.get("amount").exact(currency)
    };
    let of_set = |name: &str| match set {
        TotalsSet::Current => shop_money(&format!("current_{name}"))
            .or_else(|| shop_money(&format!("original_{name}"))),
        TotalsSet::Original => shop_money(&format!("original_{name}")),
    };
    let duties = of_set("total_duties_set").unwrap_or_default();
    let fees = of_set("total_additional_fees_set").unwrap_or_default();
    let parts = Parts {
        items,
        discount: exact("total_discounts"),
        shipping: shipping(order, set, currency),
        fees: duties + fees,
        tips: order
            .get("total_tip_received")
            .exact(currency)
            .unwrap_or_default(),
        // Gift cards are a way of paying there: they do not lower the total.
        gift_cards: Decimal::default(),
        tax: exact("total_tax"),
        tax_included: order.get("taxes_included").flag(),
        refunded: refunded(order, currency),
    };
    let total = pick("total_price");
    parts.totals(total.amount(currency), &total, lines, currency)
}

/// Shipping, of the total or, in bodies of old interfaces, of the lines of shipping.
fn shipping(order: &Object<'_>, set: TotalsSet, currency: Currency) -> Decimal {
    let shop_money = |name: &str| {
        let shop_money = order.get(name).object().get("shop_money").object();
        shop_money.get("amount").exact(currency)
    };
    let current = match set {
        TotalsSet::Current => shop_money("current_shipping_price_set"),
        TotalsSet::Original => None,
    };
    current
        .or_else(|| shop_money("total_shipping_price_set"))
        .unwrap_or_else(|| {
            let lines = order.get("shipping_lines").objects();
            super::super::totals::sum_of(&lines, "price", currency)
        })
}

/// What went back: each refund's successful transactions, where they are in the shop's currency; else the worth of
/// what was returned, which is.
fn refunded(order: &Object<'_>, currency: Currency) -> Decimal {
    let refunds = order.get("refunds").objects();
    let worth = |refund: &Object<'_>| {
        let lines = refund.get("refund_line_items").objects();
        let parts = lines
            .iter()
            .flat_map(|line| [line.get("subtotal"), line.get("total_tax")])
            .filter_map(|field| field.exact(currency).map(Decimal::abs));
        parts.sum::<Decimal>()
    };
    refunds
        .iter()
        .map(|refund| transactions(refund, currency).unwrap_or_else(|| worth(refund)))
        .sum()
}

/// The sum of a refund's transactions; `None` where there are none, or one is in the buyer's currency.
fn transactions(refund: &Object<'_>, currency: Currency) -> Option<Decimal> {
    let list = refund.get("transactions").objects();
    let mut sum = None;
    for transaction in &list {
        let code = transaction.get("currency").text();
        if code.is_some_and(|code| !code.eq_ignore_ascii_case(currency.code())) {
            return None;
        }
        let kind = transaction.get("kind").word();
        let status = transaction.get("status").word();
        let counts = kind.is_none_or(|kind| kind == "refund" || kind == "void")
            && status.is_none_or(|status| status == "success");
        let amount = match counts {
            true => transaction
                .get("amount")
                .exact(currency)
                .unwrap_or_default(),
            false => Decimal::default(),
        };
        sum = Some(sum.unwrap_or_default() + amount.abs());
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payment_after_shipping_is_known_by_its_name() {
        for way in [
            "cash on delivery (cod)",
            "cod",
            "manual",
            "nachnahme",
            "cash_on_delivery",
        ] {
            assert!(is_paid_later(way), "{way}");
        }
        for way in [
            "shopify_payments",
            "bogus",
            "paypal",
            "bank deposit",
            "codify pay",
            "",
        ] {
            assert!(!is_paid_later(way), "{way}");
        }
    }
}
