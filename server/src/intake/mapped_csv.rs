//! Orders of a CSV file whose columns are mapped to fields: one record an order, or one a line item with the order's
//! own fields repeated or in its first record alone.

mod times;

use jiff::Timestamp;
use ordertop::order::intake::{Intake, Moments};
use ordertop::order::placement::MAX_LINES;
use ordertop::order::text::{MAX_NAME_CHARS, MAX_NOTE_CHARS, clean, clean_opt};
use ordertop::order::{
    Address, Buyer, Currency, Flags, Line, OrderContent, OrderStatus, Qty, Shipment, Source, Totals,
};

use self::times::time;
use super::cells::Cells;
use super::column_map::ColumnMap;
use super::decimal::Decimal;
use super::field::{Field, Object};
use super::refusal::Refusal;
use super::settings::Settings;
use super::shopify::money::is_paid_later;
use super::totals::{LineIds, Parts, need_something_bought};
use super::woocommerce;

/// The records of one order, read through a map.
struct Order<'a> {
    cells: Cells<'a>,
    map: &'a ColumnMap,
}

/// Reads the records of one order.
pub(super) fn read(
    row: &Object<'_>,
    map: &ColumnMap,
    settings: &Settings,
) -> Result<Intake, Refusal> {
    let order = Order {
        cells: Cells::of(row)?,
        map,
    };
    let number = super::needed::order_number([order.needed("order_number")])?;
    let id = order
        .field("id")
        .map(|field| super::needed::shops_id(&field))
        .transpose()?
        .flatten();
    let currency = order.currency(settings)?;
    let status_raw = order.field("status").and_then(|field| field.name());
    let way = order.field("payment_method").and_then(|field| field.word());
    let later = way.is_some_and(|way| is_paid_later(&way));
    let (status, flags) = order.status(status_raw.as_deref(), later);
    let left = matches!(
        status,
        OrderStatus::Shipped | OrderStatus::Delivered | OrderStatus::Completed
    );
    let (lines, items) = order.lines(left, currency)?;
    let totals = order.totals(items, lines.len(), currency);
    let mapped = ["lines.title", "lines.sku", "lines.packed"];
    let mapped = mapped.into_iter().find_map(|name| order.field(name));
    let named = mapped.unwrap_or_else(|| order.needed("lines.title"));
    need_something_bought(lines.len(), &totals, &named)?;
    let moments = Moments {
        paid_at: order.time("paid_at"),
        shipped_at: order.time("shipped_at"),
        ..Moments::default()
    };
    let modified_at = order.time("modified_at");
    let times = [moments.paid_at, modified_at, moments.shipped_at];
    let found = times.into_iter().fold(order.time("placed_at"), Option::or);
    let (placed_at, undated) =
        super::needed::placed_at(found, &order.needed("placed_at"), settings);
    let buyer = Buyer {
        name: order
            .name("buyer.name")
            .or_else(|| order.full_name("buyer")),
        email: order.name("buyer.email"),
        phone: order.name("buyer.phone"),
    };
    Ok(Intake {
        vendor_id: settings.vendor.clone(),
        number,
        status,
        flags,
        prior: prior(status, moments),
        moments,
        undated,
        content: OrderContent {
            group: None,
            source: Some(order.source(id, status_raw, modified_at)),
            payment_state: None,
            placed_at,
            placed_as: None,
            ship_by: None,
            currency,
            totals,
            lines,
            shipments: order.shipments(),
            ship_to: order.ship_to(&buyer),
            buyer,
            buyer_note: order
                .field("buyer_note")
                .and_then(|field| field.clean(MAX_NOTE_CHARS)),
            attributes: Vec::new(),
            notes: Vec::new(),
        },
    })
}

/// What a record is that is no order yet.
pub(super) fn skipped(row: &Object<'_>, map: &ColumnMap) -> Option<String> {
    let column = map.column("status")?;
    let word = row
        .fields()
        .find_map(|(_, record)| record.record().get(column).text_if_any())?;
    let word = word.trim().to_lowercase().replace([' ', '_'], "-");
    let word = word.strip_prefix("wc-").unwrap_or(&word);
    matches!(word, "checkout-draft" | "auto-draft" | "draft")
        .then(|| format!("a draft (`{word}`): no order yet"))
}

/// The furthest status that a cancelled, refunded or disputed order proves.
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

impl<'a> Order<'a> {
    fn field(&self, name: &str) -> Option<Field<'a>> {
        Some(self.cells.get(self.map.column(name)?))
    }

    /// A field that stands for its name where it has no column.
    fn needed(&self, name: &str) -> Field<'a> {
        let unmapped = || self.cells.records[0].unnamed(name);
        self.field(name).unwrap_or_else(unmapped)
    }

    fn name(&self, name: &str) -> Option<String> {
        self.field(name)?.name()
    }

    fn full_name(&self, whose: &str) -> Option<String> {
        let parts = ["first_name", "last_name"].map(|part| self.name(&format!("{whose}.{part}")));
        super::texts::joined(parts, " ")
    }

    fn currency(&self, settings: &Settings) -> Result<Currency, Refusal> {
        match self.field("currency") {
            Some(field) => {
                super::needed::currency(&field, &self.needed("totals.total"), settings.currency)
            }
            None => settings.currency.ok_or(Refusal::NoCurrency),
        }
    }

    /// A number of the file's own form.
    fn number(&self, field: &Field<'_>, currency: Currency) -> Option<Decimal> {
        let text = field.text()?;
        let read = Decimal::parse_local(&text, self.map.decimal());
        let read = read.filter(|number| number.minor(currency).is_some());
        if read.is_none() {
            field.leave_out("a decimal number");
        }
        read
    }

    fn amount(&self, name: &str, currency: Currency) -> Option<Decimal> {
        self.number(&self.field(name)?, currency)
    }

    fn time(&self, name: &str) -> Option<Timestamp> {
        let field = self.field(name)?;
        let text = field.text()?;
        let read = time(text.trim(), self.map.date());
        if read.is_none() {
            field.leave_out(
                "a time such as 2026-05-01 10:00 (name another form in the map: date=%d/%m/%Y)",
            );
        }
        read
    }

    /// The status by the words of ordertop and of WooCommerce, with its `completed` as it means it: shipped.
    fn status(&self, word: Option<&str>, later: bool) -> (OrderStatus, Flags) {
        let Some(word) = word else {
            let flags = Flags {
                pay_on_delivery: later,
                ..Flags::default()
            };
            return (OrderStatus::Pending, flags);
        };
        let word = word.to_lowercase().replace([' ', '_'], "-");
        let own = |status| {
            let flags = Flags {
                pay_on_delivery: later
                    && matches!(status, OrderStatus::Pending | OrderStatus::Paid),
                ..Flags::default()
            };
            (status, flags)
        };
        match word.as_str() {
            "paid" => own(OrderStatus::Paid),
            "shipped" => own(OrderStatus::Shipped),
            "delivered" => own(OrderStatus::Delivered),
            "disputed" => own(OrderStatus::Disputed),
            "pending-payment" | "unpaid" => own(OrderStatus::Pending),
            "canceled" => own(OrderStatus::Cancelled),
            word => woocommerce::status(word, later),
        }
    }

    fn totals(&self, items: Decimal, lines: usize, currency: Currency) -> Totals {
        let amount = |name: &str| self.amount(name, currency).unwrap_or_default();
        let mut parts = Parts {
            items,
            discount: amount("totals.discount"),
            shipping: amount("totals.shipping"),
            fees: amount("totals.fees"),
            tips: amount("totals.tips"),
            gift_cards: amount("totals.gift_cards"),
            tax: amount("totals.tax"),
            tax_included: false,
            refunded: amount("totals.refunded"),
        };
        let Some(total) = self.field("totals.total") else {
            return parts.sums(&self.needed("totals.total"), currency);
        };
        let given = self.number(&total, currency);
        let given = given.and_then(|given| given.minor(currency));
        parts.include_tax_where_it_fits(given, currency);
        parts.totals(given, &total, lines, currency)
    }

    fn lines(&self, left: bool, currency: Currency) -> Result<(Vec<Line>, Decimal), Refusal> {
        let records = self.cells.records.iter();
        let mut read: Vec<ReadLine> = records
            .filter_map(|record| self.line(record, currency))
            .collect();
        let packed_cell = self.field("lines.packed");
        if let Some(cell) = &packed_cell
            && let Some(text) = cell.text()
        {
            let items = text.split(';');
            read.extend(items.filter_map(|item| packed(item, cell, self.map, currency)));
        }
        if read.len() > MAX_LINES {
            return Err(Refusal::Lines {
                field: packed_cell.map_or("the order".into(), |cell| cell.path()),
                lines: read.len(),
            });
        }
        let mut items = Decimal::default();
        let mut ids = LineIds::default();
        let line = |line: ReadLine| {
            let total = line
                .total
                .unwrap_or_else(|| line.unit_price.unwrap_or_default().times(line.qty));
            let unit_price = line.unit_price.unwrap_or_else(|| total.per(line.qty));
            items = items + total;
            Line {
                id: ids.next(line.id),
                title: line.title.or_else(|| line.sku.clone()).unwrap_or_default(),
                sku: line.sku.unwrap_or_default(),
                variant: line.variant,
                properties: Vec::new(),
                qty: line.qty,
                qty_shipped: if left { line.qty } else { Qty::ZERO },
                shop_shipped: Qty::ZERO,
                unit_price: unit_price.minor(currency).unwrap_or_default(),
                total: total.minor(currency).unwrap_or_default(),
            }
        };
        let lines = read.into_iter().map(line).collect();
        Ok((lines, items))
    }

    /// The line of a record; `None` where it names no article.
    fn line(&self, record: &Object<'_>, currency: Currency) -> Option<ReadLine> {
        let cell = |name: &str| Some(record.get(self.map.column(name)?));
        let text = |name: &str| cell(name)?.name();
        let (sku, title) = (text("lines.sku"), text("lines.title"));
        if sku.is_none() && title.is_none() {
            return None;
        }
        let amount = |name: &str| self.number(&cell(name)?, currency);
        let qty = cell("lines.qty").map_or(Qty::ONE, |field| {
            field.line_qty(|text| Decimal::parse_local(text, self.map.decimal()))
        });
        Some(ReadLine {
            id: cell("lines.id").and_then(|field| field.id()),
            sku,
            title,
            variant: text("lines.variant"),
            qty,
            unit_price: amount("lines.unit_price"),
            total: amount("lines.total"),
        })
    }

    fn ship_to(&self, buyer: &Buyer) -> Address {
        let part = |name: &str| self.name(&format!("ship_to.{name}"));
        let name = part("name").or_else(|| self.full_name("ship_to"));
        Address {
            name: name.filter(|name| Some(name) != buyer.name.as_ref()),
            line1: part("line1"),
            line2: part("line2"),
            city: part("city"),
            region: part("region"),
            postcode: part("postcode"),
            country: part("country"),
        }
    }

    fn shipments(&self) -> Vec<Shipment> {
        let shipment = |tracking_number| Shipment {
            carrier: self.name("shipments.carrier"),
            tracking_number: Some(tracking_number),
            from_shop: true,
            ..Shipment::default()
        };
        let number = self.name("shipments.tracking_number");
        number.map(shipment).into_iter().collect()
    }

    fn source(
        &self,
        order_id: Option<String>,
        status_raw: Option<String>,
        modified_at: Option<Timestamp>,
    ) -> Source {
        let channel = match self.map.is_woocommerce() {
            true => woocommerce::CHANNEL,
            false => "generic",
        };
        Source {
            channel: channel.into(),
            name: None,
            shop: None,
            order_id,
            number: None,
            url: None,
            status_raw,
            modified_at,
        }
    }
}

/// A line as a record has it.
struct ReadLine {
    id: Option<u64>,
    sku: Option<String>,
    title: Option<String>,
    variant: Option<String>,
    qty: Qty,
    unit_price: Option<Decimal>,
    total: Option<Decimal>,
}

/// An item of a cell that holds them all: `name:Teapot|sku:T|quantity:1|subtotal:99.00`.
fn packed(item: &str, cell: &Field<'_>, map: &ColumnMap, currency: Currency) -> Option<ReadLine> {
    let parts: Vec<(&str, &str)> = item
        .split('|')
        .filter_map(|part| part.split_once(':'))
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect();
    let text = |names: &[&str]| {
        let part = parts
            .iter()
            .find(|(name, value)| names.contains(name) && !value.is_empty());
        part.map(|(_, value)| *value)
    };
    let number = |text: &str| Decimal::parse_local(text, map.decimal());
    let title = clean_opt(text(&["name"]), MAX_NAME_CHARS);
    let sku = clean_opt(text(&["sku"]), MAX_NAME_CHARS);
    if title.is_none() && sku.is_none() {
        return None;
    }
    let unread = |text: &str, instead: &str| {
        cell.warn(format!("`{}` is not a number: {instead}", clean(text, 40)));
    };
    let amount = |names: &[&str]| {
        let text = text(names)?;
        let read = number(text).filter(|number| number.minor(currency).is_some());
        if read.is_none() {
            unread(text, "left out");
        }
        read
    };
    let qty = text(&["quantity", "qty"]).map_or(Qty::ONE, |text| {
        number(text).and_then(Decimal::qty).map_or_else(
            || {
                unread(text, "1 is taken for it");
                Qty::ONE
            },
            |(qty, _)| qty,
        )
    });
    Some(ReadLine {
        id: text(&["id"]).and_then(|id| id.parse().ok()),
        sku,
        title,
        variant: text(&["variation", "meta"]).map(|text| clean(text, MAX_NAME_CHARS)),
        qty,
        unit_price: None,
        total: amount(&["subtotal", "sub_total"]).or_else(|| amount(&["total"])),
    })
}

#[cfg(test)]
mod tests;
