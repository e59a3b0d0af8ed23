//! An order as Shopify's REST Admin API writes it, which is also the body of
//! its `orders/*` webhooks.
//! <https://shopify.dev/docs/api/admin-rest/latest/resources/order>
//!
//! Fulfilment and money have a module each, for each has its traps.

mod fulfilment;
mod money;

use ordertop::order::intake::{Intake, Moments};
use ordertop::order::placement::MAX_LINES;
use ordertop::order::text::MAX_NOTE_CHARS;
use ordertop::order::{
    Address, Buyer, Currency, Flags, Line, OrderContent, OrderNumber, OrderStatus, Qty, Source,
    VendorId,
};

use self::fulfilment::{Fulfilments, Progress};
use self::money::{Payment, TotalsSet, totals};
use super::Refusal;
use super::field::Object;

/// The channel's name in [`Source`].
const CHANNEL: &str = "shopify";

/// Reads an order of `vendor`.
pub(super) fn read(order: &Object<'_>, vendor: &VendorId) -> Result<Intake, Refusal> {
    let number = number(order)?;
    let currency = currency(order)?;
    let fulfilments = Fulfilments::read(order)?;
    let money = Payment::read(order)?;
    let (status, on_hold) = status(&money, fulfilments.progress);
    let set = money.set();
    let lines = lines(order, set, &fulfilments, currency)?;
    let time = |name: &str| order.get(name).time();
    let created_at = match time("processed_at")? {
        // The day that the order shows, also when it was brought over from
        // another shop later.
        Some(processed_at) => processed_at,
        None => time("created_at")?.ok_or_else(|| order.get("created_at").missing())?,
    };
    let buyer = buyer(order)?;
    Ok(Intake {
        vendor_id: vendor.clone(),
        number,
        status,
        flags: Flags {
            test: order.get("test").flag()?,
            on_hold,
            ..Flags::default()
        },
        prior: None,
        moments: Moments {
            paid_at: money.is_paid().then_some(created_at),
            shipped_at: fulfilments.shipped_at,
            delivered_at: fulfilments.delivered_at,
            completed_at: None,
            cancelled_at: money.cancelled_at,
        },
        content: OrderContent {
            group: None,
            source: Some(source(order, &money, fulfilments.progress)?),
            payment_state: Some(money.word.clone()).filter(|word| !word.is_empty()),
            placed_at: created_at,
            placed_as: None,
            ship_by: None,
            currency,
            totals: totals(order, set, &lines, currency)?,
            lines,
            shipments: fulfilments.shipments,
            ship_to: ship_to(order, &buyer)?,
            buyer,
            attributes: Vec::new(),
            buyer_note: order.get("note").clean(MAX_NOTE_CHARS)?,
            notes: Vec::new(),
        },
    })
}

/// The table of ORDERS.md, first match, and whether to hold the order back. A
/// payment that it does not know is kept: the order waits as Pending, on hold,
/// until somebody looks.
fn status(money: &Payment, progress: Progress) -> (OrderStatus, bool) {
    let left = progress != Progress::Nothing;
    let status = match money.word.as_str() {
        "refunded" if money.cancelled_at.is_none() || left => OrderStatus::Refunded,
        _ if money.cancelled_at.is_some() => OrderStatus::Cancelled,
        "voided" | "expired" | "pending" | "authorized" | "partially_paid" => OrderStatus::Pending,
        "paid" | "partially_refunded" => match progress {
            Progress::Delivered => OrderStatus::Delivered,
            Progress::Everything => OrderStatus::Shipped,
            Progress::Part | Progress::Nothing => OrderStatus::Paid,
        },
        _ => return (OrderStatus::Pending, true),
    };
    (status, false)
}

fn number(order: &Object<'_>) -> Result<OrderNumber, Refusal> {
    let field = order.get("name");
    let text = field.text()?.ok_or_else(|| field.missing())?;
    let text = text.trim();
    OrderNumber::new(text.strip_prefix('#').unwrap_or(text)).map_err(|source| Refusal::Number {
        field: field.path(),
        source,
    })
}

fn currency(order: &Object<'_>) -> Result<Currency, Refusal> {
    let field = order.get("currency");
    let code = field.text()?.ok_or_else(|| field.missing())?;
    let total = order.get("total_price").text()?.unwrap_or_default();
    super::currency(&field, code.trim(), &total)
}

/// What is to be sent: an edit may have taken a line out again
/// (`current_quantity`), but what left has left.
fn lines(
    order: &Object<'_>,
    set: TotalsSet,
    fulfilments: &Fulfilments,
    currency: Currency,
) -> Result<Vec<Line>, Refusal> {
    let lines = order.get("line_items").objects()?;
    if lines.len() > MAX_LINES {
        return Err(Refusal::Lines(lines.len()));
    }
    let mut read = Vec::with_capacity(lines.len());
    for (at, line) in lines.iter().enumerate() {
        let id = line.get("id").id()?.unwrap_or(at as u64 + 1);
        let bought = line.get("quantity").qty()?.unwrap_or(Qty::ONE);
        let shipped = fulfilments.shipped(id).min(bought);
        let qty = match set {
            TotalsSet::Original => bought,
            TotalsSet::Current => {
                let current = line.get("current_quantity").qty()?;
                current.map_or(bought, |current| current.max(shipped))
            }
        };
        if qty.is_zero() && !bought.is_zero() {
            continue;
        }
        let price = line.get("price");
        let unit_price = price.amount(currency)?.unwrap_or_default();
        let sku = line.get("sku").name()?.unwrap_or_default();
        let variant = line.get("variant_title").name()?;
        read.push(Line {
            id,
            title: line.get("title").name()?.unwrap_or_else(|| sku.clone()),
            sku,
            // What Shopify calls the only variant of a product.
            variant: variant.filter(|variant| variant != "Default Title"),
            properties: Vec::new(),
            qty,
            qty_shipped: shipped,
            unit_price,
            total: qty.price(unit_price).ok_or_else(|| price.too_large())?,
        });
    }
    Ok(read)
}

fn buyer(order: &Object<'_>) -> Result<Buyer, Refusal> {
    let customer = order.get("customer").object()?;
    let billing = order.get("billing_address").object()?;
    let shipping = order.get("shipping_address").object()?;
    let customer_name = super::joined(
        [
            customer.get("first_name").name()?,
            customer.get("last_name").name()?,
        ],
        " ",
    );
    let first = |fields: [super::field::Field<'_>; 3]| {
        for field in fields {
            if let Some(text) = field.name()? {
                return Ok::<_, Refusal>(Some(text));
            }
        }
        Ok(None)
    };
    Ok(Buyer {
        name: match customer_name {
            Some(name) => Some(name),
            None => first([
                billing.get("name"),
                shipping.get("name"),
                billing.get("company"),
            ])?,
        },
        email: first([
            order.get("email"),
            order.get("contact_email"),
            customer.get("email"),
        ])?,
        phone: match first([
            order.get("phone"),
            customer.get("phone"),
            billing.get("phone"),
        ])? {
            Some(phone) => Some(phone),
            None => shipping.get("phone").name()?,
        },
    })
}

/// The shipping address, or the billing address where there is none (a gift
/// card, or goods fetched at the shop).
fn ship_to(order: &Object<'_>, buyer: &Buyer) -> Result<Address, Refusal> {
    let shipping = order.get("shipping_address").object()?;
    let given = shipping.names().next().is_some();
    let billing = order.get("billing_address").object()?;
    let from = if given { &shipping } else { &billing };
    let name = match from.get("name").name()? {
        Some(name) => Some(name),
        None => super::joined(
            [
                from.get("first_name").name()?,
                from.get("last_name").name()?,
            ],
            " ",
        ),
    };
    let name = super::joined([name, from.get("company").name()?], ", ");
    let code_or_name = |code: &str, name: &str| match from.get(code).name()? {
        Some(code) => Ok(Some(code)),
        None => from.get(name).name(),
    };
    Ok(Address {
        name: name.filter(|name| Some(name) != buyer.name.as_ref()),
        line1: from.get("address1").name()?,
        line2: from.get("address2").name()?,
        city: from.get("city").name()?,
        region: code_or_name("province_code", "province")?,
        postcode: from.get("zip").name()?,
        country: code_or_name("country_code", "country")?,
    })
}

fn source(order: &Object<'_>, money: &Payment, progress: Progress) -> Result<Source, Refusal> {
    // The page in the address is the buyer's own, with a key: only its host is kept.
    let page = order.get("order_status_url").text_if_any();
    let shop = page.and_then(|page| super::host(&page));
    let order_id = order.get("id").name()?;
    // A shop with a domain of its own is managed elsewhere.
    let url = match (&shop, &order_id) {
        (Some(shop), Some(id))
            if shop.ends_with(".myshopify.com") && id.bytes().all(|b| b.is_ascii_digit()) =>
        {
            Some(format!("https://{shop}/admin/orders/{id}"))
        }
        _ => None,
    };
    let cancelled = money.cancelled_at.map(|_| "cancelled".to_owned());
    let paid = Some(money.word.clone()).filter(|word| !word.is_empty());
    let left = order.get("fulfillment_status").word()?;
    let left = left.or_else(|| (progress != Progress::Nothing).then(|| "partial".to_owned()));
    Ok(Source {
        channel: CHANNEL.into(),
        name: None,
        number: None,
        shop,
        order_id,
        url,
        status_raw: super::joined([cancelled, paid, left], ", "),
        modified_at: order.get("updated_at").time()?,
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn statuses_map_as_the_table_says() {
        use OrderStatus::{Cancelled, Delivered, Paid, Pending, Refunded, Shipped};
        use Progress::{Everything, Nothing, Part};
        let table = [
            (true, "voided", Nothing, Cancelled, false),
            (true, "refunded", Nothing, Cancelled, false),
            (true, "refunded", Everything, Refunded, false),
            (true, "refunded", Part, Refunded, false),
            (true, "paid", Everything, Cancelled, false),
            (true, "wondrous", Nothing, Cancelled, false),
            (false, "refunded", Nothing, Refunded, false),
            (false, "refunded", Progress::Delivered, Refunded, false),
            (false, "voided", Everything, Pending, false),
            (false, "expired", Nothing, Pending, false),
            (false, "pending", Nothing, Pending, false),
            (false, "authorized", Nothing, Pending, false),
            (false, "partially_paid", Nothing, Pending, false),
            (false, "paid", Nothing, Paid, false),
            (false, "paid", Part, Paid, false),
            (false, "paid", Everything, Shipped, false),
            (false, "paid", Progress::Delivered, Delivered, false),
            (false, "partially_refunded", Everything, Shipped, false),
            (false, "wondrous", Everything, Pending, true),
            (false, "", Nothing, Pending, true),
        ];
        for (cancelled, word, progress, expected, on_hold) in table {
            let money = Payment {
                word: word.into(),
                cancelled_at: cancelled.then_some(Timestamp::UNIX_EPOCH),
                refunds: false,
            };
            assert_eq!(
                status(&money, progress),
                (expected, on_hold),
                "{word}, {progress:?}, cancelled {cancelled}"
            );
        }
    }
}
