//! An order as WooCommerce writes it: REST API v3, which is also the body of its `order.*` webhooks.
//! <https://woocommerce.github.io/woocommerce-rest-api-docs/#order-properties>
//!
//! Its amounts are without tax. A line's `subtotal` is before discounts and its `total` after them; `items` is the sum
//! of the former, and `discount` what was taken off.

mod lines;
mod parcels;

use ordertop::order::intake::{Intake, Moments};
use ordertop::order::text::{MAX_NAME_CHARS, MAX_NOTE_CHARS, clean};
use ordertop::order::{Address, Buyer, Currency, Flags, OrderContent, OrderStatus, Source, Totals};

use self::lines::Lines;
use super::field::{Object, first_time};
use super::refusal::Refusal;
use super::settings::Settings;
use super::totals::{Parts, need_something_bought, sum_of};

/// The channel's name in [`Source`].
pub(super) const CHANNEL: &str = "woocommerce";

/// Reads an order.
pub(super) fn read(order: &Object<'_>, settings: &Settings) -> Result<Intake, Refusal> {
    let id = super::needed::shops_id(&order.get("id"))?;
    let number = super::needed::order_number([order.get("number"), order.get("id")])?;
    let currency = super::needed::currency(
        &order.get("currency"),
        &order.get("total"),
        settings.currency,
    )?;
    let status_raw = order.get("status").word();
    if status_raw.is_none() {
        order
            .get("status")
            .warn("missing: the order is put on hold".into());
    }
    let cod = order.get("payment_method").word().as_deref() == Some("cod");
    let (status, flags) = status(status_raw.as_deref().unwrap_or_default(), cod);
    let moments = moments(order, status);
    let prior = prior(status, moments);
    let left = [Some(status), prior].contains(&Some(OrderStatus::Shipped));
    let lines = Lines::read(order, left, currency)?;
    let totals = totals(order, &lines, currency);
    need_something_bought(lines.lines.len(), &totals, &order.get("line_items"))?;
    let billing = order.get("billing").object();
    let buyer = buyer(&billing);
    let placed_at = first_time(
        // Bodies made by hand lack the first; the site's own time is better than none.
        [
            "date_created_gmt",
            "date_created",
            "date_paid_gmt",
            "date_modified_gmt",
        ]
        .map(|name| order.get(name)),
    );
    let (placed_at, undated) =
        super::needed::placed_at(placed_at, &order.get("date_created_gmt"), settings);
    Ok(Intake {
        vendor_id: settings.vendor.clone(),
        number,
        status,
        flags,
        prior,
        moments,
        undated,
        content: OrderContent {
            group: None,
            source: Some(source(order, id, status_raw)),
            payment_state: None,
            placed_at,
            placed_as: None,
            ship_by: None,
            currency,
            totals,
            lines: lines.lines,
            shipments: parcels::read(order),
            ship_to: ship_to(order, &billing, &buyer),
            buyer,
            buyer_note: order.get("customer_note").clean(MAX_NOTE_CHARS),
            attributes: Vec::new(),
            notes: Vec::new(),
        },
    })
}

/// The table of ORDERS.md. A status that it does not know (a plugin's own) is kept: the order waits as Pending, on
/// hold, with the shop's word beside it, until somebody looks.
pub(super) fn status(word: &str, cod: bool) -> (OrderStatus, Flags) {
    let plain = Flags::default();
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
        _ => {
            let flags = Flags {
                on_hold: true,
                ..plain
            };
            (OrderStatus::Pending, flags)
        }
    }
}

/// The times that the shop says. It keeps the time of its completion also when the order is worked on again: it counts
/// for what stands as completed, or stood so before it was cancelled or refunded.
fn moments(order: &Object<'_>, status: OrderStatus) -> Moments {
    let completed_at = order.get("date_completed_gmt").time();
    Moments {
        paid_at: order.get("date_paid_gmt").time(),
        shipped_at: completed_at
            .filter(|_| status == OrderStatus::Shipped || status.is_exception()),
        ..Moments::default()
    }
}

/// The furthest status that a cancelled or refunded body proves.
fn prior(status: OrderStatus, moments: Moments) -> Option<OrderStatus> {
    status.is_exception().then_some(match moments {
        Moments {
            shipped_at: Some(_),
            ..
        } => OrderStatus::Shipped,
        Moments {
            paid_at: Some(_), ..
        } => OrderStatus::Paid,
        _ => OrderStatus::Pending,
    })
}

fn totals(order: &Object<'_>, lines: &Lines, currency: Currency) -> Totals {
    let exact = |name: &str| order.get(name).exact(currency);
    let sum = |list: &str, name: &str| sum_of(&order.get(list).objects(), name, currency);
    let parts = Parts {
        items: lines.items,
        discount: exact("discount_total").unwrap_or_default(),
        shipping: exact("shipping_total").unwrap_or_else(|| sum("shipping_lines", "total")),
        fees: sum("fee_lines", "total"),
        tips: Default::default(),
        gift_cards: sum("gift_cards", "amount"),
        tax: exact("total_tax").unwrap_or_default(),
        tax_included: false,
        refunded: sum("refunds", "total"),
    };
    let total = order.get("total");
    parts.totals(total.amount(currency), &total, lines.lines.len(), currency)
}

fn buyer(billing: &Object<'_>) -> Buyer {
    Buyer {
        name: full_name(billing).or_else(|| billing.get("company").name()),
        email: billing.get("email").name(),
        phone: billing.get("phone").name(),
    }
}

fn full_name(person: &Object<'_>) -> Option<String> {
    let parts = [
        person.get("first_name").name(),
        person.get("last_name").name(),
    ];
    super::texts::joined(parts, " ")
}

/// The shipping address, or the billing address where there is none.
fn ship_to(order: &Object<'_>, billing: &Object<'_>, buyer: &Buyer) -> Address {
    let shipping = order.get("shipping").object();
    let given = ["address_1", "city", "postcode"]
        .iter()
        .any(|name| shipping.get(name).text_if_any().is_some());
    let from = if given { &shipping } else { billing };
    let name = super::texts::joined([full_name(from), from.get("company").name()], ", ");
    Address {
        name: name.filter(|name| Some(name) != buyer.name.as_ref()),
        line1: from.get("address_1").name(),
        line2: from.get("address_2").name(),
        city: from.get("city").name(),
        region: from.get("state").name(),
        postcode: from.get("postcode").name(),
        country: from.get("country").name(),
    }
}

fn source(order: &Object<'_>, id: Option<String>, status_raw: Option<String>) -> Source {
    let links = order.get("_links").object();
    let own = links.get("self").objects();
    let address = own.first().and_then(|link| link.get("href").text_if_any());
    Source {
        channel: CHANNEL.into(),
        name: None,
        shop: address.and_then(|address| super::texts::host(&address)),
        order_id: id,
        number: None,
        url: None,
        status_raw: status_raw.map(|word| clean(&word, MAX_NAME_CHARS)),
        modified_at: order.get("date_modified_gmt").time(),
    }
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
            ("", Pending, on_hold),
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
}
