//! The packing slip: what goes into the parcel, as plain text. No prices: what
//! is sent may be a gift.

use std::fmt::Write as _;

use ordertop::order::Address;
use ordertop::protocol::ListedOrder;

use crate::model::text::{tame, wrap};

/// Columns of a slip: a printer's plain text at ten characters an inch, with a margin.
const COLUMNS: usize = 72;

/// The slip of an order; `shop` stands on its top, `date` beside the number.
#[must_use]
pub fn slip(order: &ListedOrder, shop: &str, date: &str) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        let _ = writeln!(out, "{text}");
    };
    line(&tame(shop));
    line(&format!(
        "Packing slip  #{}  {date}",
        tame(order.order_number.as_str())
    ));
    line(&"=".repeat(COLUMNS));
    line("");
    line("Ship to");
    for part in address(order) {
        for text in wrap(&part, COLUMNS - 4) {
            line(&format!("    {text}"));
        }
    }
    line("");
    line("  Qty  Item");
    line(&"-".repeat(COLUMNS));
    for item in &order.items {
        let left = item.quantity.saturating_sub(item.quantity_shipped);
        // What left before is in another parcel; a slip of a shipped order is whole.
        let quantity = if left.is_zero() { item.quantity } else { left };
        let product = &item.product;
        let mut what = tame(&product.name).into_owned();
        if let Some(variant) = &product.variant {
            let _ = write!(what, ", {}", tame(variant));
        }
        if !product.sku.is_empty() {
            let _ = write!(what, "  [{}]", tame(&product.sku));
        }
        for property in &product.properties {
            let _ = write!(
                what,
                "; {}: {}",
                tame(&property.name),
                tame(&property.value)
            );
        }
        for (i, text) in wrap(&what, COLUMNS - 7).into_iter().enumerate() {
            match i {
                0 => line(&format!("{quantity:>5}  {text}")),
                _ => line(&format!("       {text}")),
            }
        }
    }
    line(&"-".repeat(COLUMNS));
    if let Some(note) = order.buyer_note.as_deref().filter(|note| !note.is_empty()) {
        line("");
        line("Buyer's note");
        for text in wrap(&tame(note), COLUMNS - 4) {
            line(&format!("    {text}"));
        }
    }
    out
}

/// The address line by line; an order without its parts has it in one line.
fn address(order: &ListedOrder) -> Vec<String> {
    let buyer = tame(&order.customer_name).into_owned();
    let mut lines = Vec::new();
    match &order.ship_to {
        Some(Address {
            name,
            line1,
            line2,
            city,
            region,
            postcode,
            country,
        }) => {
            let tamed = |part: &Option<String>| part.as_deref().map(|text| tame(text).into_owned());
            lines.push(tamed(name).unwrap_or(buyer));
            lines.extend([tamed(line1), tamed(line2)].into_iter().flatten());
            let town: Vec<_> = [tamed(postcode), tamed(city), tamed(region)]
                .into_iter()
                .flatten()
                .collect();
            lines.push(town.join(" "));
            lines.extend(tamed(country));
        }
        None => {
            lines.push(buyer);
            lines.push(tame(&order.shipping_address).into_owned());
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

#[cfg(test)]
mod tests {
    use ordertop::order::OrderStatus;

    use super::*;
    use crate::model::fixture::listed;

    #[test]
    fn a_slip_says_what_goes_where_and_no_price() {
        let mut order = (*listed("10482", OrderStatus::Paid, 0)).clone();
        order.buyer_note = Some("Ring twice,\u{1b}[2J please".into());
        order.items[0].quantity_shipped = 1.into();
        let rule = "-".repeat(72);
        let expected = [
            "Acme",
            "Packing slip  #10482  23 Nov 2026",
            &"=".repeat(72),
            "",
            "Ship to",
            "    Ana Souza",
            "    Rua Augusta 1200",
            "    01304-001 São Paulo",
            "    BR",
            "",
            "  Qty  Item",
            &rule,
            "    1  Stoneware mug, Sand  [MUG-1]",
            "    1  Linen tea towel  [TOWEL-3]",
            &rule,
            "",
            "Buyer's note",
            "    Ring twice, please",
            "",
        ];
        let slip = slip(&order, "Acme", "23 Nov 2026");
        assert_eq!(slip, expected.join("\n"));
        assert!(!slip.contains("184") && !slip.contains("USD"));
    }

    #[test]
    fn hostile_and_endless_texts_stay_within_the_paper() {
        let mut order = (*listed("1", OrderStatus::Paid, 0)).clone();
        order.ship_to = None;
        order.shipping_address = "x".repeat(10_000);
        order.items[0].product.name = format!("a\u{202e}b\r\nSM{}", "漢".repeat(500));
        let slip = slip(&order, "\u{7}Acme", "");
        assert!(
            slip.lines()
                .all(|line| crate::model::text::width(line) <= 72)
        );
        assert!(!slip.chars().any(|c| c.is_control() && c != '\n'));
    }
}
