//! An order as the old back office lists it (`GET /api/orders/vendor/`), and as its database dump has it: the dump's
//! reader (`import/rows/dump.rs`) puts order, items, products and buyer together in the list's form.
//!
//! An order of several vendors shows the whole order in `items` and `total_amount`, and the vendor's own part in
//! `vendor_items` and `vendor_total`: the part is what is taken. Nothing in it names a currency, unless it is a list of
//! ordertop's own.

use ordertop::order::intake::{Intake, Moments};
use ordertop::order::{
    Address, Buyer, Currency, Flags, Line, OrderContent, OrderStatus, Qty, Source, Totals,
};

use super::decimal::Decimal;
use super::field::{Object, first_time};
use super::needed::line_objects;
use super::refusal::Refusal;
use super::settings::Settings;
use super::texts::first_name;
use super::totals::{LineIds, Parts, need_something_bought};

/// The channel's name in [`Source`].
const CHANNEL: &str = "old-server";

/// Reads an order.
pub(super) fn read(order: &Object<'_>, settings: &Settings) -> Result<Intake, Refusal> {
    let id = super::needed::shops_id(&order.get("id"))?;
    let number = super::needed::order_number([order.get("order_number")])?;
    let total = ["vendor_total", "total_amount"].map(|name| order.get(name));
    let [own, whole] = &total;
    let total = if own.is_there() { own } else { whole };
    let currency = super::needed::currency(&order.get("currency"), total, settings.currency)?;
    let word = order.get("status").name();
    let (status, flags) = status(order, word.as_deref());
    let delivered_at = order.get("delivered_at").time();
    let left = matches!(
        status,
        OrderStatus::Shipped | OrderStatus::Delivered | OrderStatus::Completed
    ) || (status.is_exception() && delivered_at.is_some());
    let (lines, items) = lines(order, left, currency)?;
    let totals = totals(order, items, lines.len(), currency);
    need_something_bought(lines.len(), &totals, &order.get("items"))?;
    let placed_at = first_time(["created_at", "updated_at"].map(|name| order.get(name)));
    let (placed_at, undated) =
        super::needed::placed_at(placed_at, &order.get("created_at"), settings);
    Ok(Intake {
        vendor_id: settings.vendor.clone(),
        number,
        status,
        flags,
        prior: status.is_exception().then_some(match delivered_at {
            Some(_) => OrderStatus::Delivered,
            // A dispute is about something that was paid.
            None if status == OrderStatus::Disputed => OrderStatus::Paid,
            None => OrderStatus::Pending,
        }),
        moments: Moments {
            paid_at: order.get("paid_at").time(),
            shipped_at: order.get("shipped_at").time(),
            delivered_at,
            ..Moments::default()
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
                status_raw: word,
                modified_at: order.get("updated_at").time(),
            }),
            payment_state: None,
            placed_at,
            placed_as: None,
            ship_by: None,
            currency,
            totals,
            lines,
            shipments: Vec::new(),
            ship_to: Address {
                line1: order.get("shipping_address").name(),
                ..Address::default()
            },
            buyer: Buyer {
                name: order.get("customer_name").name(),
                email: order.get("customer_email").name(),
                phone: order.get("customer_phone").name(),
            },
            buyer_note: None,
            attributes: Vec::new(),
            notes: Vec::new(),
        },
    })
}

/// The status by its word; one that is not known waits on hold until somebody looks.
fn status(order: &Object<'_>, word: Option<&str>) -> (OrderStatus, Flags) {
    match word.map(str::parse::<OrderStatus>) {
        Some(Ok(status)) => (status, Flags::default()),
        read => {
            let words = if read.is_none() {
                "missing"
            } else {
                "not a status"
            };
            order
                .get("status")
                .warn(format!("{words}: the order is put on hold"));
            let flags = Flags {
                on_hold: true,
                ..Flags::default()
            };
            (OrderStatus::Pending, flags)
        }
    }
}

fn lines(
    order: &Object<'_>,
    left: bool,
    currency: Currency,
) -> Result<(Vec<Line>, Decimal), Refusal> {
    let own = order.get("vendor_items");
    let items = if own.is_there() && !own.list().is_empty() {
        own
    } else {
        order.get("items")
    };
    let objects = line_objects(&items)?;
    let mut ids = LineIds::default();
    let mut sum = Decimal::default();
    let mut lines = Vec::with_capacity(objects.len());
    for line in &objects {
        let product = line.get("product").object();
        let qty = line.get("quantity").line_qty(Decimal::parse);
        let price = line.get("unit_price").exact(currency);
        let price = price.or_else(|| product.get("price").exact(currency));
        let total = line.get("total_price").exact(currency);
        let total = total.unwrap_or_else(|| price.unwrap_or_default().times(qty));
        sum = sum + total;
        let sku = product.get("sku").name().unwrap_or_default();
        let title = first_name([product.get("name"), line.get("product_name")]);
        lines.push(Line {
            id: ids.next(line.get("id").id()),
            title: title.unwrap_or_else(|| sku.clone()),
            sku,
            variant: None,
            properties: Vec::new(),
            qty,
            qty_shipped: if left { qty } else { Qty::ZERO },
            shop_shipped: Qty::ZERO,
            unit_price: price
                .unwrap_or_else(|| total.per(qty))
                .minor(currency)
                .unwrap_or_default(),
            total: total.minor(currency).unwrap_or_default(),
        });
    }
    Ok((lines, sum))
}

fn totals(order: &Object<'_>, items: Decimal, lines: usize, currency: Currency) -> Totals {
    let own = order.get("vendor_total");
    let total = if own.is_there() {
        own
    } else {
        order.get("total_amount")
    };
    // What ordertop's own list says beside it.
    let parts = order.get("totals").object();
    let part = |name: &str| parts.get(name).exact(currency).unwrap_or_default();
    let mut parts = Parts {
        items,
        discount: part("discount"),
        shipping: part("shipping"),
        fees: part("fees"),
        tips: part("tips"),
        gift_cards: part("gift_cards"),
        tax: part("tax"),
        tax_included: false,
        refunded: part("refunded"),
    };
    // The dump's reader leaves out the lines of other vendors, and with them the total of all.
    let is_part = order.get("vendor_part").flag();
    let given = match is_part {
        true => items.minor(currency),
        false => total.amount(currency),
    };
    parts.include_tax_where_it_fits(given, currency);
    parts.totals(given, &total, lines, currency)
}
