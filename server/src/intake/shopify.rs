//! An order as Shopify's REST Admin API writes it, which is also the body of its `orders/*` webhooks.
//! <https://shopify.dev/docs/api/admin-rest/latest/resources/order>
//!
//! Fulfilment and money have a module each, for each has its traps.

pub(super) mod fulfilment;
pub(super) mod money;

use ordertop::order::intake::{Intake, MAX_PROPERTIES, Moments};
use ordertop::order::text::{MAX_NAME_CHARS, MAX_NOTE_CHARS, clean_opt};
use ordertop::order::{Address, Buyer, Currency, Flags, Line, OrderContent, Property, Qty, Source};

use self::fulfilment::{Fulfilments, Progress};
use self::money::{Payment, TotalsSet, totals};
use super::decimal::Decimal;
use super::field::{Field, Object, first_time};
use super::needed::line_objects;
use super::refusal::Refusal;
use super::settings::Settings;
use super::texts::first_name;
use super::totals::{LineIds, need_something_bought};

/// The channel's name in [`Source`].
pub(super) const CHANNEL: &str = "shopify";

/// Reads an order.
pub(super) fn read(order: &Object<'_>, settings: &Settings) -> Result<Intake, Refusal> {
    let id = super::needed::shops_id(&order.get("id"))?;
    let number = super::needed::order_number(["name", "order_number"].map(|name| order.get(name)))?;
    let total = order.get("total_price");
    let currency = super::needed::currency(&order.get("currency"), &total, settings.currency)?;
    let fulfilments = Fulfilments::read(order);
    let money = Payment::read(order);
    let (status, on_hold) = money.status(fulfilments.progress);
    let set = money.set();
    let objects = line_objects(&order.get("line_items"))?;
    // An edit may have taken every one of them out again.
    let listed = objects.len();
    let (lines, items) = lines(&objects, set, &fulfilments, currency);
    let totals = totals(order, set, items, lines.len(), currency);
    need_something_bought(listed, &totals, &order.get("line_items"))?;
    let placed_at = first_time(
        // The day that the order shows, also when it was brought over from another shop later.
        ["processed_at", "created_at", "updated_at"].map(|name| order.get(name)),
    );
    let (placed_at, undated) =
        super::needed::placed_at(placed_at, &order.get("created_at"), settings);
    let buyer = buyer(order);
    Ok(Intake {
        vendor_id: settings.vendor.clone(),
        number,
        status,
        flags: Flags {
            test: order.get("test").flag(),
            on_hold,
            pay_on_delivery: money.pay_on_delivery() && !status.is_exception(),
            ..Flags::default()
        },
        prior: money.prior(status, fulfilments.progress),
        moments: Moments {
            // It does not say when.
            paid_at: None,
            shipped_at: fulfilments.shipped_at,
            delivered_at: fulfilments.delivered_at,
            completed_at: None,
            cancelled_at: money.cancelled_at,
        },
        undated,
        content: OrderContent {
            group: None,
            source: Some(source(order, id, &money, fulfilments.progress)),
            payment_state: Some(money.word.clone()).filter(|word| !word.is_empty()),
            placed_at,
            placed_as: None,
            ship_by: None,
            currency,
            totals,
            lines,
            shipments: fulfilments.shipments,
            ship_to: ship_to(order, &buyer),
            buyer,
            buyer_note: order.get("note").clean(MAX_NOTE_CHARS),
            attributes: properties(&order.get("note_attributes")),
            notes: Vec::new(),
        },
    })
}

/// What is to be sent, and what it comes to: an edit may have taken a line out again (`current_quantity`), but what
/// left has left.
fn lines(
    objects: &[Object<'_>],
    set: TotalsSet,
    fulfilments: &Fulfilments,
    currency: Currency,
) -> (Vec<Line>, Decimal) {
    let mut ids = LineIds::default();
    let mut items = Decimal::default();
    let mut lines = Vec::with_capacity(objects.len());
    for line in objects {
        let id = ids.next(line.get("id").id());
        let bought = line.get("quantity").line_qty(Decimal::parse);
        let shipped = fulfilments.shipped(id).min(bought);
        let qty = match set {
            TotalsSet::Original => bought,
            TotalsSet::Current => {
                let current = line.get("current_quantity").qty();
                current.map_or(bought, |current| current.max(shipped))
            }
        };
        if qty.is_zero() && !bought.is_zero() {
            continue;
        }
        let unit_price = line.get("price").exact(currency).unwrap_or_default();
        let total = unit_price.times(qty);
        items = items + total;
        let sku = line.get("sku").name().unwrap_or_default();
        let variant = line.get("variant_title").name();
        let title = first_name([line.get("title"), line.get("name")]);
        lines.push(Line {
            id,
            title: title.unwrap_or_else(|| sku.clone()),
            sku,
            // What Shopify calls the only variant of a product.
            variant: variant.filter(|variant| variant != "Default Title"),
            properties: properties(&line.get("properties")),
            qty,
            qty_shipped: shipped,
            shop_shipped: Qty::ZERO,
            unit_price: unit_price.minor(currency).unwrap_or_default(),
            total: total.minor(currency).unwrap_or_default(),
        });
    }
    (lines, items)
}

/// Named values of an order or a line: a list of `name` and `value`, or an object of them. Names that begin with `_`
/// are hidden from the buyer, for they are apps' own.
fn properties(field: &Field<'_>) -> Vec<Property> {
    let mut properties = Vec::new();
    let mut add = |name: Option<String>, value: Option<String>| {
        if let (Some(name), Some(value)) = (name.filter(|name| !name.starts_with('_')), value) {
            properties.push(Property { name, value });
        }
    };
    for property in field.objects() {
        if property.has("name") {
            add(
                property.get("name").name(),
                property.get("value").clean(MAX_NOTE_CHARS),
            );
        } else {
            for (name, value) in property.fields() {
                add(
                    clean_opt(Some(name), MAX_NAME_CHARS),
                    value.clean(MAX_NOTE_CHARS),
                );
            }
        }
    }
    if properties.len() > MAX_PROPERTIES {
        field.warn(format!(
            "more than {MAX_PROPERTIES} named values: the rest is left out"
        ));
        properties.truncate(MAX_PROPERTIES);
    }
    properties
}

fn buyer(order: &Object<'_>) -> Buyer {
    let customer = order.get("customer").object();
    let billing = order.get("billing_address").object();
    let shipping = order.get("shipping_address").object();
    let customer_name = super::texts::joined(
        [
            customer.get("first_name").name(),
            customer.get("last_name").name(),
        ],
        " ",
    );
    Buyer {
        name: customer_name.or_else(|| {
            first_name([
                billing.get("name"),
                shipping.get("name"),
                billing.get("company"),
            ])
        }),
        email: first_name([
            order.get("email"),
            order.get("contact_email"),
            customer.get("email"),
        ]),
        phone: first_name([
            order.get("phone"),
            customer.get("phone"),
            billing.get("phone"),
            shipping.get("phone"),
        ]),
    }
}

/// The shipping address, or the billing address where there is none (a gift card, or goods fetched at the shop).
fn ship_to(order: &Object<'_>, buyer: &Buyer) -> Address {
    let shipping = order.get("shipping_address").object();
    let given = shipping.names().next().is_some();
    let billing = order.get("billing_address").object();
    let from = if given { &shipping } else { &billing };
    let name = from.get("name").name().or_else(|| {
        let parts = ["first_name", "last_name"].map(|name| from.get(name).name());
        super::texts::joined(parts, " ")
    });
    let name = super::texts::joined([name, from.get("company").name()], ", ");
    Address {
        name: name.filter(|name| Some(name) != buyer.name.as_ref()),
        line1: from.get("address1").name(),
        line2: from.get("address2").name(),
        city: from.get("city").name(),
        region: first_name(["province_code", "province"].map(|name| from.get(name))),
        postcode: from.get("zip").name(),
        country: first_name(["country_code", "country"].map(|name| from.get(name))),
    }
}

fn source(order: &Object<'_>, id: Option<String>, money: &Payment, progress: Progress) -> Source {
    // The page in the address is the buyer's own, with a key: only its host is kept.
    let page = order.get("order_status_url").text_if_any();
    let shop = page.and_then(|page| super::texts::host(&page));
    // A shop with a domain of its own is managed elsewhere.
    let url = match (&shop, &id) {
        (Some(shop), Some(id))
            if shop.ends_with(".myshopify.com") && id.bytes().all(|b| b.is_ascii_digit()) =>
        {
            Some(format!("https://{shop}/admin/orders/{id}"))
        }
        _ => None,
    };
    Source {
        channel: CHANNEL.into(),
        name: None,
        shop,
        order_id: id,
        number: None,
        url,
        status_raw: status_raw(money, order.get("fulfillment_status").word(), progress),
        modified_at: order.get("updated_at").time(),
    }
}

/// The shop's own words for the status.
pub(super) fn status_raw(
    money: &Payment,
    fulfilment: Option<String>,
    progress: Progress,
) -> Option<String> {
    let cancelled = money.cancelled_at.map(|_| "cancelled".to_owned());
    let paid = Some(money.word.clone()).filter(|word| !word.is_empty());
    let left = fulfilment.or_else(|| (progress != Progress::Nothing).then(|| "partial".to_owned()));
    super::texts::joined([cancelled, paid, left], ", ")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use ordertop::order::OrderStatus;

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
                paid_later: false,
            };
            assert_eq!(
                money.status(progress),
                (expected, on_hold),
                "{word}, {progress:?}, cancelled {cancelled}"
            );
        }
    }

    #[test]
    fn what_is_paid_later_leaves_before_it_is_paid() {
        use OrderStatus::{Cancelled, Delivered, Paid, Pending, Refunded, Shipped};
        use Progress::{Everything, Nothing, Part};
        let table = [
            ("pending", Nothing, Pending, true),
            ("pending", Part, Pending, true),
            ("pending", Everything, Shipped, true),
            ("pending", Progress::Delivered, Delivered, true),
            ("partially_paid", Everything, Shipped, true),
            ("paid", Nothing, Paid, false),
            ("paid", Everything, Shipped, false),
            ("voided", Nothing, Pending, false),
        ];
        for (word, progress, expected, on_delivery) in table {
            let mut money = Payment {
                word: word.into(),
                cancelled_at: None,
                refunds: false,
                paid_later: true,
            };
            assert_eq!(
                money.status(progress),
                (expected, false),
                "{word}, {progress:?}"
            );
            assert_eq!(money.pay_on_delivery(), on_delivery, "{word}");
            money.paid_later = false;
            assert!(!money.pay_on_delivery());
        }
        let table = [
            (Cancelled, "pending", Nothing, Some(Pending)),
            (Cancelled, "paid", Part, Some(Paid)),
            (Refunded, "refunded", Nothing, Some(Paid)),
            (Refunded, "refunded", Everything, Some(Shipped)),
            (Refunded, "refunded", Progress::Delivered, Some(Delivered)),
            (Shipped, "paid", Everything, None),
        ];
        for (status, word, progress, prior) in table {
            let money = Payment {
                word: word.into(),
                cancelled_at: None,
                refunds: false,
                paid_later: false,
            };
            assert_eq!(money.prior(status, progress), prior, "{word}, {progress:?}");
        }
    }
}
