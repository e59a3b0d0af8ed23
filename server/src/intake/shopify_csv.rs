//! Orders of the CSV file that Shopify's admin exports: one record a line item, the order's own fields in its first
//! record alone. <https://help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders>
//!
//! It says when an order was paid, which the REST body does not, and not when it was last changed.

use ordertop::order::intake::{Intake, Moments};
use ordertop::order::text::{MAX_NAME_CHARS, MAX_NOTE_CHARS, clean_opt};
use ordertop::order::{
    Address, Buyer, Currency, Flags, Line, OrderContent, Property, Qty, Source, Totals,
};

use super::cells::Cells;
use super::decimal::Decimal;
use super::field::Object;
use super::field::first_time;
use super::refusal::Refusal;
use super::settings::Settings;
use super::shopify::fulfilment::Progress;
use super::shopify::money::{Payment, is_paid_later};
use super::shopify::{CHANNEL, status_raw};
use super::texts::first_name;
use super::totals::{Parts, need_something_bought};

/// Reads the records of one order.
pub(super) fn read(row: &Object<'_>, settings: &Settings) -> Result<Intake, Refusal> {
    let order = Cells::of(row)?;
    let number = super::needed::order_number([order.get("Name")])?;
    let id = super::needed::shops_id(&order.get("Id"))?;
    let currency = super::needed::currency(
        &order.get("Currency"),
        &order.get("Total"),
        settings.currency,
    )?;
    let fulfilment = order.get("Fulfillment Status").word();
    let progress = Progress::of(fulfilment.as_deref(), false);
    let money = payment(&order);
    let (status, on_hold) = money.status(progress);
    let fulfilled_at = order.get("Fulfilled at").time();
    let (lines, items) = lines(&order, progress, currency);
    let totals = totals(&order, items, lines.len(), currency);
    need_something_bought(lines.len(), &totals, &order.get("Lineitem name"))?;
    let placed_at =
        first_time(["Created at", "Paid at", "Fulfilled at"].map(|name| order.get(name)));
    let (placed_at, undated) =
        super::needed::placed_at(placed_at, &order.get("Created at"), settings);
    let buyer = buyer(&order);
    Ok(Intake {
        vendor_id: settings.vendor.clone(),
        number,
        status,
        flags: Flags {
            on_hold,
            pay_on_delivery: money.pay_on_delivery() && !status.is_exception(),
            ..Flags::default()
        },
        prior: money.prior(status, progress),
        moments: Moments {
            paid_at: order.get("Paid at").time(),
            shipped_at: fulfilled_at,
            delivered_at: None,
            completed_at: None,
            cancelled_at: money.cancelled_at,
        },
        undated,
        content: OrderContent {
            group: None,
            source: Some(Source {
                channel: CHANNEL.into(),
                name: None,
                shop: None,
                order_id: id,
                number: None,
                url: None,
                status_raw: status_raw(&money, fulfilment, progress),
                modified_at: None,
            }),
            payment_state: Some(money.word.clone()).filter(|word| !word.is_empty()),
            placed_at,
            placed_as: None,
            ship_by: None,
            currency,
            totals,
            lines,
            shipments: Vec::new(),
            ship_to: ship_to(&order, &buyer),
            buyer,
            buyer_note: order.get("Notes").clean(MAX_NOTE_CHARS),
            attributes: attributes(&order),
            notes: Vec::new(),
        },
    })
}

fn payment(order: &Cells<'_>) -> Payment {
    let way = order.get("Payment Method").word();
    let terms = order.get("Payment Terms Name").word();
    Payment {
        word: order.get("Financial Status").word().unwrap_or_default(),
        cancelled_at: order.get("Cancelled at").time(),
        refunds: false,
        paid_later: way.is_some_and(|way| is_paid_later(&way)) || terms.is_some(),
    }
}

fn lines(order: &Cells<'_>, progress: Progress, currency: Currency) -> (Vec<Line>, Decimal) {
    let mut lines = Vec::new();
    let mut items = Decimal::default();
    for record in &order.records {
        let title = record.get("Lineitem name").name();
        let sku = record.get("Lineitem sku").name();
        if title.is_none() && sku.is_none() {
            continue;
        }
        let qty = record.get("Lineitem quantity").line_qty(Decimal::parse);
        let price = record
            .get("Lineitem price")
            .exact(currency)
            .unwrap_or_default();
        let total = price.times(qty);
        items = items + total;
        let status = record.get("Lineitem fulfillment status").word();
        let left = status.as_deref() == Some("fulfilled")
            || matches!(progress, Progress::Everything | Progress::Delivered);
        let sku = sku.unwrap_or_default();
        lines.push(Line {
            id: lines.len() as u64 + 1,
            title: title.unwrap_or_else(|| sku.clone()),
            sku,
            // The name holds it: `Mug - Blue`.
            variant: None,
            properties: Vec::new(),
            qty,
            qty_shipped: if left { qty } else { Qty::ZERO },
            shop_shipped: Qty::ZERO,
            unit_price: price.minor(currency).unwrap_or_default(),
            total: total.minor(currency).unwrap_or_default(),
        });
    }
    (lines, items)
}

fn totals(order: &Cells<'_>, items: Decimal, lines: usize, currency: Currency) -> Totals {
    let exact = |name: &str| order.get(name).exact(currency).unwrap_or_default();
    let mut parts = Parts {
        items,
        discount: exact("Discount Amount"),
        shipping: exact("Shipping"),
        fees: exact("Duties"),
        tips: exact("Tip Amount"),
        gift_cards: Decimal::default(),
        tax: exact("Taxes"),
        tax_included: false,
        refunded: exact("Refunded Amount"),
    };
    let total = order.get("Total");
    let given = total.amount(currency);
    parts.include_tax_where_it_fits(given, currency);
    parts.totals(given, &total, lines, currency)
}

fn buyer(order: &Cells<'_>) -> Buyer {
    Buyer {
        name: first_name(
            ["Billing Name", "Shipping Name", "Billing Company"].map(|name| order.get(name)),
        ),
        email: order.get("Email").name(),
        phone: first_name(["Phone", "Billing Phone", "Shipping Phone"].map(|name| order.get(name))),
    }
}

/// The shipping address, or the billing address where there is none. Shopify puts a `'` before a postcode, for
/// spreadsheets.
fn ship_to(order: &Cells<'_>, buyer: &Buyer) -> Address {
    let given = ["Shipping Street", "Shipping City", "Shipping Zip"]
        .iter()
        .any(|name| order.get(name).text_if_any().is_some());
    let kind = if given { "Shipping" } else { "Billing" };
    let part = |name: &str| order.get(&format!("{kind} {name}")).name();
    let name = super::texts::joined([part("Name"), part("Company")], ", ");
    let street = part("Address1").or_else(|| part("Street"));
    let postcode = part("Zip").map(|zip| zip.trim_start_matches('\'').to_owned());
    Address {
        name: name.filter(|name| Some(name) != buyer.name.as_ref()),
        line1: street,
        line2: part("Address2"),
        city: part("City"),
        region: part("Province"),
        postcode: postcode.filter(|postcode| !postcode.is_empty()),
        country: part("Country"),
    }
}

/// `Note Attributes` is a text of `name: value` lines.
fn attributes(order: &Cells<'_>) -> Vec<Property> {
    let Some(text) = order.get("Note Attributes").text() else {
        return Vec::new();
    };
    let attribute = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some(Property {
            name: clean_opt(Some(name), MAX_NAME_CHARS)?,
            value: clean_opt(Some(value), MAX_NOTE_CHARS)?,
        })
    };
    let attributes = text.lines().filter_map(attribute);
    attributes
        .take(ordertop::order::intake::MAX_PROPERTIES)
        .collect()
}
