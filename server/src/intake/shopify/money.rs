//! What an order costs, what was paid and what went back, as Shopify tells it.
//!
//! Of its two sets of totals, `current_*` follows edits but also falls by what
//! was refunded or cancelled, which [`Totals::refunded`] says on its own: so the
//! current set is read until money went back or the order was cancelled, and
//! the original set from then on. Amounts are the shop's (`currency`), never the
//! buyer's (`presentment_currency`).

use jiff::Timestamp;
use ordertop::order::{Currency, Line, Totals};

use super::super::field::Object;
use super::super::{Refusal, sum};

/// What the order says about money and cancelling.
pub(super) struct Payment {
    /// `financial_status`.
    pub(super) word: String,
    pub(super) cancelled_at: Option<Timestamp>,
    /// Whether it lists refunds.
    pub(super) refunds: bool,
}

/// Which of the two sets of totals and quantities counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TotalsSet {
    Current,
    Original,
}

impl Payment {
    pub(super) fn read(order: &Object<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            word: order.get("financial_status").word()?.unwrap_or_default(),
            cancelled_at: order.get("cancelled_at").time()?,
            refunds: !order.get("refunds").list()?.is_empty(),
        })
    }

    pub(super) fn is_paid(&self) -> bool {
        matches!(
            self.word.as_str(),
            "paid" | "partially_refunded" | "refunded"
        )
    }

    pub(super) fn set(&self) -> TotalsSet {
        if self.refunds || self.cancelled_at.is_some() || self.word == "voided" {
            TotalsSet::Original
        } else {
            TotalsSet::Current
        }
    }
}

pub(super) fn totals(
    order: &Object<'_>,
    set: TotalsSet,
    lines: &[Line],
    currency: Currency,
) -> Result<Totals, Refusal> {
    let amount = |name: &str| {
        let current = match set {
            TotalsSet::Current => order.get(&format!("current_{name}")).amount(currency)?,
            TotalsSet::Original => None,
        };
        current.map_or_else(|| order.get(name).amount(currency), |minor| Ok(Some(minor)))
    };
    let discount = amount("total_discounts")?.unwrap_or_default();
    Ok(Totals {
        items: sum(lines.iter().map(|line| line.total))
            .ok_or_else(|| order.get("line_items").too_large())?,
        discount: discount
            .checked_abs()
            .ok_or_else(|| order.get("total_discounts").too_large())?,
        shipping: shipping(order, set, currency)?,
        tax: amount("total_tax")?.unwrap_or_default(),
        total: amount("total_price")?.ok_or_else(|| order.get("total_price").missing())?,
        refunded: refunded(order, currency)?,
        ..Totals::default()
    })
}

fn shipping(order: &Object<'_>, set: TotalsSet, currency: Currency) -> Result<i64, Refusal> {
    let shop_money = |name: &str| {
        let shop_money = order.get(name).object()?.get("shop_money").object()?;
        shop_money.get("amount").amount(currency)
    };
    let current = match set {
        TotalsSet::Current => shop_money("current_shipping_price_set")?,
        TotalsSet::Original => None,
    };
    match current {
        Some(current) => Ok(current),
        None => Ok(shop_money("total_shipping_price_set")?.unwrap_or_default()),
    }
}

/// What went back: each refund's successful transactions, where they are in
/// the shop's currency; else the worth of what was returned, which is.
fn refunded(order: &Object<'_>, currency: Currency) -> Result<i64, Refusal> {
    let mut refunded = 0_i64;
    for refund in order.get("refunds").objects()? {
        let mut back = transactions(&refund, currency)?;
        if back.is_none() {
            let mut worth = 0_i64;
            for line in refund.get("refund_line_items").objects()? {
                for field in [line.get("subtotal"), line.get("total_tax")] {
                    let part = field.magnitude(currency)?;
                    worth = worth.checked_add(part).ok_or_else(|| field.too_large())?;
                }
            }
            back = Some(worth);
        }
        refunded = refunded
            .checked_add(back.unwrap_or_default())
            .ok_or_else(|| order.get("refunds").too_large())?;
    }
    Ok(refunded)
}

/// The sum of a refund's transactions; `None` where there are none, or one is
/// in the buyer's currency.
fn transactions(refund: &Object<'_>, currency: Currency) -> Result<Option<i64>, Refusal> {
    let list = refund.get("transactions");
    let mut sum = None::<i64>;
    for transaction in list.objects()? {
        let code = transaction.get("currency").text()?;
        if code.is_some_and(|code| !code.eq_ignore_ascii_case(currency.code())) {
            return Ok(None);
        }
        let kind = transaction.get("kind").word()?;
        let status = transaction.get("status").word()?;
        let counts = kind.is_none_or(|kind| kind == "refund" || kind == "void")
            && status.is_none_or(|status| status == "success");
        let amount = match counts {
            true => transaction.get("amount").magnitude(currency)?,
            false => 0,
        };
        let so_far = sum.unwrap_or_default();
        sum = Some(so_far.checked_add(amount).ok_or_else(|| list.too_large())?);
    }
    Ok(sum)
}
