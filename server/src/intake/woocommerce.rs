//! An order as WooCommerce writes it: REST API v3, which is also the body of
//! its `order.*` webhooks.
//! <https://woocommerce.github.io/woocommerce-rest-api-docs/#order-properties>
//!
//! Totals are taken as they are. A line's `total` is after discounts and before
//! tax; `items` is the sum of these, and `discount` says what was taken off
//! already.

use ordertop::order::intake::{Intake, Moments};
use ordertop::order::placement::MAX_LINES;
use ordertop::order::text::{MAX_NAME_CHARS, MAX_NOTE_CHARS, clean};
use ordertop::order::{
    Address, Buyer, Currency, Flags, Line, OrderContent, OrderNumber, OrderStatus, Qty, Source,
    Totals, VendorId,
};

use super::Refusal;
use super::field::Object;

/// The channel's name in [`Source`].
const CHANNEL: &str = "woocommerce";

/// Reads an order of `vendor`.
pub(super) fn read(order: &Object<'_>, vendor: &VendorId) -> Result<Intake, Refusal> {
    let number = number(order)?;
    let status_raw = order.get("status").word()?;
    let status_raw = status_raw.ok_or_else(|| order.get("status").missing())?;
    let pay_on_delivery = order.get("payment_method").word()?.as_deref() == Some("cod");
    let (status, flags) = status(&status_raw, pay_on_delivery);
    let currency = currency(order)?;
    let lines = lines(order, status, currency)?;
    let billing = order.get("billing").object()?;
    let buyer = buyer(&billing)?;
    let time = |name: &str| order.get(name).time();
    let completed_at = time("date_completed_gmt")?;
    let placed_at = match time("date_created_gmt")? {
        Some(placed_at) => placed_at,
        // Bodies made by hand lack it; the site's own time is better than none.
        None => time("date_created")?.ok_or_else(|| order.get("date_created_gmt").missing())?,
    };
    Ok(Intake {
        vendor_id: vendor.clone(),
        number,
        status,
        flags,
        prior: None,
        moments: Moments {
            paid_at: time("date_paid_gmt")?,
            shipped_at: completed_at.filter(|_| status == OrderStatus::Shipped),
            ..Moments::default()
        },
        content: OrderContent {
            group: None,
            source: Some(source(order, status_raw)?),
            payment_state: None,
            placed_at,
            placed_as: None,
            ship_by: None,
            currency,
            totals: totals(order, &lines, currency)?,
            lines,
            shipments: Vec::new(),
            ship_to: ship_to(order, &billing, &buyer)?,
            buyer,
            attributes: Vec::new(),
            buyer_note: order.get("customer_note").clean(MAX_NOTE_CHARS)?,
            notes: Vec::new(),
        },
    })
}

/// The table of ORDERS.md. A status that it does not know (a plugin's own) is
/// kept: the order waits as Pending, on hold, with the shop's word beside it,
/// until somebody looks.
fn status(word: &str, cod: bool) -> (OrderStatus, Flags) {
    let plain = Flags::default();
    let on_hold = Flags {
        on_hold: true,
        ..plain
    };
    match word.strip_prefix("wc-").unwrap_or(word) {
        "pending" | "failed" => (OrderStatus::Pending, plain),
        "processing" => {
            let flags = Flags {
                pay_on_delivery: cod,
                ..plain
            };
            (OrderStatus::Paid, flags)
        }
        "completed" => (OrderStatus::Shipped, plain),
        "cancelled" => (OrderStatus::Cancelled, plain),
        "trash" => {
            let flags = Flags {
                source_deleted: true,
                ..plain
            };
            (OrderStatus::Cancelled, flags)
        }
        "refunded" => (OrderStatus::Refunded, plain),
        // "on-hold", and whatever else.
        _ => (OrderStatus::Pending, on_hold),
    }
}

fn number(order: &Object<'_>) -> Result<OrderNumber, Refusal> {
    let mut field = order.get("number");
    let mut text = field.text()?;
    if text.is_none() {
        field = order.get("id");
        text = field.text()?;
    }
    let text = text.ok_or_else(|| order.get("number").missing())?;
    OrderNumber::new(text.trim()).map_err(|source| Refusal::Number {
        field: field.path(),
        source,
    })
}

fn currency(order: &Object<'_>) -> Result<Currency, Refusal> {
    let field = order.get("currency");
    let code = field.text()?.ok_or_else(|| field.missing())?;
    let total = order.get("total").text()?.unwrap_or_default();
    super::currency(&field, code.trim(), &total)
}

fn totals(order: &Object<'_>, lines: &[Line], currency: Currency) -> Result<Totals, Refusal> {
    let amount = |name: &str| {
        order
            .get(name)
            .amount(currency)
            .map(Option::unwrap_or_default)
    };
    let total = order.get("total");
    let mut refunded = 0_i64;
    for refund in order.get("refunds").objects()? {
        let field = refund.get("total");
        let back = field.magnitude(currency)?;
        refunded = refunded
            .checked_add(back)
            .ok_or_else(|| field.too_large())?;
    }
    Ok(Totals {
        items: super::sum(lines.iter().map(|line| line.total))
            .ok_or_else(|| order.get("line_items").too_large())?,
        discount: order.get("discount_total").magnitude(currency)?,
        shipping: amount("shipping_total")?,
        tax: amount("total_tax")?,
        total: total.amount(currency)?.ok_or_else(|| total.missing())?,
        refunded,
        ..Totals::default()
    })
}

fn lines(
    order: &Object<'_>,
    status: OrderStatus,
    currency: Currency,
) -> Result<Vec<Line>, Refusal> {
    let lines = order.get("line_items").objects()?;
    if lines.len() > MAX_LINES {
        return Err(Refusal::Lines(lines.len()));
    }
    let mut read = Vec::with_capacity(lines.len());
    for (at, line) in lines.iter().enumerate() {
        let qty = line.get("quantity").qty()?.unwrap_or(Qty::ONE);
        let total = line.get("total").amount(currency)?.unwrap_or_default();
        let subtotal = line.get("subtotal").amount(currency)?;
        let sku = line.get("sku").name()?.unwrap_or_default();
        read.push(Line {
            id: line.get("id").id()?.unwrap_or(at as u64 + 1),
            title: line.get("name").name()?.unwrap_or_else(|| sku.clone()),
            sku,
            variant: variant(line)?,
            properties: Vec::new(),
            qty,
            // WooCommerce knows no parts: a completed order left as a whole.
            qty_shipped: if status == OrderStatus::Shipped {
                qty
            } else {
                Qty::ZERO
            },
            unit_price: unit_price(qty, total, subtotal),
            total,
        });
    }
    Ok(read)
}

/// The price of one, from the exact sums: `price` itself is a JSON number that
/// may be a third of a cent. Where neither the paid nor the undiscounted sum
/// divides evenly, the nearest minor unit; the line's total stays exact.
fn unit_price(qty: Qty, total: i64, subtotal: Option<i64>) -> i64 {
    if qty.is_zero() {
        return total;
    }
    let qty = i128::from(qty.thousandths());
    let scaled = |sum: i64| i128::from(sum) * 1000;
    let even = |sum: i64| (scaled(sum) % qty == 0).then_some(scaled(sum) / qty);
    let one = even(total).or(subtotal.and_then(even)).unwrap_or_else(|| {
        // Half away from zero.
        let (whole, rest) = (scaled(total) / qty, scaled(total) % qty);
        whole + (2 * rest) / qty
    });
    i64::try_from(one).unwrap_or(total)
}

/// The values of a variation's attributes: `black, M`. Keys that begin with `_`
/// are plugins' own; values that are no text (add-ons write lists) are not
/// shown.
fn variant(line: &Object<'_>) -> Result<Option<String>, Refusal> {
    let mut values = Vec::new();
    for meta in line.get("meta_data").objects()? {
        let key = meta.get("key").text_if_any();
        if key.is_none_or(|key| key.starts_with('_')) {
            continue;
        }
        let shown = meta.get("display_value").text_if_any();
        values.extend(shown.or_else(|| meta.get("value").text_if_any()));
    }
    let values = clean(&values.join(", "), MAX_NAME_CHARS);
    Ok((!values.is_empty()).then_some(values))
}

fn buyer(billing: &Object<'_>) -> Result<Buyer, Refusal> {
    Ok(Buyer {
        name: match full_name(billing)? {
            Some(name) => Some(name),
            None => billing.get("company").name()?,
        },
        email: billing.get("email").name()?,
        phone: billing.get("phone").name()?,
    })
}

fn full_name(person: &Object<'_>) -> Result<Option<String>, Refusal> {
    let parts = [
        person.get("first_name").name()?,
        person.get("last_name").name()?,
    ];
    Ok(super::joined(parts, " "))
}

/// The shipping address, or the billing address where there is none.
fn ship_to(order: &Object<'_>, billing: &Object<'_>, buyer: &Buyer) -> Result<Address, Refusal> {
    let shipping = order.get("shipping").object()?;
    let mut given = false;
    for name in ["address_1", "city", "postcode"] {
        given |= shipping.get(name).text()?.is_some();
    }
    let from = if given { &shipping } else { billing };
    let name = super::joined([full_name(from)?, from.get("company").name()?], ", ");
    Ok(Address {
        name: name.filter(|name| Some(name) != buyer.name.as_ref()),
        line1: from.get("address_1").name()?,
        line2: from.get("address_2").name()?,
        city: from.get("city").name()?,
        region: from.get("state").name()?,
        postcode: from.get("postcode").name()?,
        country: from.get("country").name()?,
    })
}

fn source(order: &Object<'_>, status_raw: String) -> Result<Source, Refusal> {
    let links = order.get("_links").object()?;
    let own = links.get("self").objects()?;
    let address = own.first().and_then(|link| link.get("href").text_if_any());
    Ok(Source {
        channel: CHANNEL.into(),
        name: None,
        number: None,
        shop: address.and_then(|address| super::host(&address)),
        order_id: order.get("id").name()?,
        url: None,
        status_raw: Some(status_raw),
        modified_at: order.get("date_modified_gmt").time()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_map_as_the_table_says() {
        use OrderStatus::{Cancelled, Paid, Pending, Refunded, Shipped};
        let none = Flags::default();
        let on_hold = Flags {
            on_hold: true,
            ..none
        };
        let deleted = Flags {
            source_deleted: true,
            ..none
        };
        let table = [
            ("pending", Pending, none),
            ("failed", Pending, none),
            ("on-hold", Pending, on_hold),
            ("processing", Paid, none),
            ("wc-processing", Paid, none),
            ("completed", Shipped, none),
            ("cancelled", Cancelled, none),
            ("trash", Cancelled, deleted),
            ("refunded", Refunded, none),
            ("awaiting-pickup", Pending, on_hold),
        ];
        for (word, expected, flags) in table {
            assert_eq!(status(word, false), (expected, flags), "{word}");
        }
        let door = Flags {
            pay_on_delivery: true,
            ..none
        };
        assert_eq!(status("processing", true), (Paid, door));
        assert_eq!(status("pending", true), (Pending, none));
    }

    #[test]
    fn the_price_of_one_is_whole_minor_units() {
        let table = [
            (2, 600, Some(600), 300),
            (3, 1000, Some(1200), 400),
            (3, 1000, None, 333),
            (3, 2000, Some(2000), 667),
            (3, -2000, None, -667),
            (0, 500, None, 500),
            (2, i64::MAX, None, i64::MAX / 2 + 1),
        ];
        for (qty, total, subtotal, one) in table {
            assert_eq!(
                unit_price(Qty::whole(qty), total, subtotal),
                one,
                "{total} for {qty}"
            );
        }
    }
}
