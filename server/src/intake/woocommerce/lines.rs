//! What was bought, with the choices of its buyer.

use ordertop::order::intake::MAX_PROPERTIES;
use ordertop::order::text::{MAX_NAME_CHARS, MAX_NOTE_CHARS, clean, clean_opt};
use ordertop::order::{Currency, Line, Property, Qty};

use super::super::decimal::Decimal;
use super::super::field::{Field, Object};
use super::super::needed::line_objects;
use super::super::refusal::Refusal;
use super::super::totals::LineIds;

/// The lines of an order, and what they come to before discounts.
pub(super) struct Lines {
    pub(super) lines: Vec<Line>,
    pub(super) items: Decimal,
}

impl Lines {
    /// Reads the lines; WooCommerce knows no parts, so an order that `left` did so as a whole.
    pub(super) fn read(
        order: &Object<'_>,
        left: bool,
        currency: Currency,
    ) -> Result<Self, Refusal> {
        let objects = line_objects(&order.get("line_items"))?;
        let mut ids = LineIds::default();
        let mut items = Decimal::default();
        let mut lines = Vec::with_capacity(objects.len());
        for line in &objects {
            let qty = line.get("quantity").line_qty(Decimal::parse);
            let before_discount = line.get("subtotal").exact(currency);
            let total = before_discount
                .or_else(|| line.get("total").exact(currency))
                .or_else(|| Some(line.get("price").exact(currency)?.times(qty)))
                .unwrap_or_default();
            items = items + total;
            let sku = line.get("sku").name().unwrap_or_default();
            let (variant, properties) = choices(line);
            lines.push(Line {
                id: ids.next(line.get("id").id()),
                title: line.get("name").name().unwrap_or_else(|| sku.clone()),
                sku,
                variant,
                properties,
                qty,
                qty_shipped: if left { qty } else { Qty::ZERO },
                shop_shipped: Qty::ZERO,
                // From the exact sum: `price` itself may be a third of a cent.
                unit_price: total.per(qty).minor(currency).unwrap_or_default(),
                total: total.minor(currency).unwrap_or_default(),
            });
        }
        Ok(Self { lines, items })
    }
}

/// The values of a variation's attributes in one text (`black, M`), and what else was chosen by name (`Engraving`).
/// Keys that begin with `_` are plugins' own. WooCommerce makes an attribute's key of its name (`pa_color`, `size`);
/// add-ons use the name itself.
fn choices(line: &Object<'_>) -> (Option<String>, Vec<Property>) {
    let is_variation = line
        .get("variation_id")
        .text_if_any()
        .is_some_and(|id| !matches!(id.trim(), "0" | ""));
    let mut values = Vec::new();
    let mut properties = Vec::new();
    let metas = line.get("meta_data");
    for meta in metas.objects() {
        let Some(key) = meta
            .get("key")
            .text_if_any()
            .filter(|key| !key.starts_with('_'))
        else {
            continue;
        };
        let Some(value) = value(&meta) else {
            continue;
        };
        let is_made_of_a_name = key.bytes().all(|b| {
            b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'%')
        });
        if key.starts_with("pa_") || (is_variation && is_made_of_a_name) {
            values.push(value);
            continue;
        }
        if properties.len() == MAX_PROPERTIES {
            metas.warn(format!(
                "more than {MAX_PROPERTIES} choices: the rest is left out"
            ));
            break;
        }
        let shown = meta.get("display_key").text_if_any();
        properties.push(Property {
            name: clean(&shown.unwrap_or(key), MAX_NAME_CHARS),
            value,
        });
    }
    (
        clean_opt(Some(&values.join(", ")), MAX_NAME_CHARS),
        properties,
    )
}

/// The value of a choice, as the shop shows it; of a list, its texts.
fn value(meta: &Object<'_>) -> Option<String> {
    let shown = meta.get("display_value").text_if_any();
    if let Some(text) = shown.or_else(|| meta.get("value").text_if_any()) {
        return clean_opt(Some(&text), MAX_NOTE_CHARS);
    }
    let value = meta.get("value");
    if value.raw_object().is_some() {
        value.leave_out("a text");
        return None;
    }
    let texts = value.list();
    let texts: Vec<_> = texts.iter().filter_map(Field::text).collect();
    clean_opt(Some(&texts.join(", ")), MAX_NOTE_CHARS)
}
