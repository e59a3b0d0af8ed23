//! Takes out of a record what is about buyers. Only texts that are known to say
//! nothing about anybody are kept; every other text becomes a word and a number,
//! the same ones for the same text: `Buyer 3`. A field that is added to an order
//! one day is replaced until somebody says here that it may be kept.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;

use crate::model::digest;

/// Texts that are kept, by the name of their field.
const KEPT: [&str; 45] = [
    "order_number",
    "status",
    "total_amount",
    "created_at",
    "updated_at",
    "delivered_at",
    "sku",
    "variant",
    "price",
    "unit_price",
    "total_price",
    "vendor_id",
    "currency",
    "status_since",
    "prior_status",
    "ship_by",
    "paid_at",
    "shipped_at",
    "kind",
    "id",
    "payment_state",
    "position",
    "after",
    "timestamp",
    "previous_status",
    "action",
    "at",
    "from",
    "to",
    "new_status",
    "country",
    "discount",
    "shipping",
    "tax",
    "total",
    "refunded",
    "carrier",
    "visibility",
    "items",
    "vendor",
    "number",
    "amount",
    "result",
    "code",
    "placed_at",
];

/// Remembers what stands for what.
#[derive(Debug, Default)]
pub struct Mask {
    /// Nothing is replaced: the buyers were made up.
    open: bool,
    /// By digest: the texts of a hundred thousand buyers would be many.
    known: HashMap<u64, usize>,
    count: HashMap<&'static str, usize>,
}

impl Mask {
    /// Replaces nothing: for a marketplace that is made up.
    #[must_use]
    pub fn open() -> Self {
        Self {
            open: true,
            ..Self::default()
        }
    }

    /// One that replaces the same, and remembers nothing yet.
    pub(super) fn anew(&self) -> Self {
        Self {
            open: self.open,
            ..Self::default()
        }
    }

    /// What the server wrote, without buyers.
    pub fn body(&mut self, body: &impl Serialize) -> Value {
        let mut value = serde_json::to_value(body).unwrap_or(Value::Null);
        self.walk(&mut value, "", "");
        value
    }

    /// Text that somebody typed or pasted: its form alone.
    #[must_use]
    pub fn typed(&self, text: &str) -> String {
        match self.open {
            true => text.to_owned(),
            false => form(text),
        }
    }

    fn walk(&mut self, value: &mut Value, field: &str, within: &str) {
        match value {
            Value::Object(fields) => {
                // The seed's second names of what stands there already.
                fields.remove("vendor_items");
                fields.remove("vendor_total");
                for (name, value) in fields {
                    self.walk(value, name, field);
                }
            }
            Value::Array(values) => {
                for value in values {
                    self.walk(value, field, within);
                }
            }
            Value::String(text) if !self.open && !kept(field, within) && !text.is_empty() => {
                *text = self.instead(kind(field), text);
            }
            _ => {}
        }
    }

    fn instead(&mut self, kind: &'static str, text: &str) -> String {
        let count = self.count.entry(kind).or_default();
        let known = digest::of_parts([kind.as_bytes(), text.as_bytes()]);
        let n = *self.known.entry(known).or_insert_with(|| {
            *count += 1;
            *count
        });
        match kind {
            "E-mail" => format!("buyer{n}@example.com"),
            "Phone" => format!("+00 {n:07}"),
            _ => format!("{kind} {n}"),
        }
    }
}

/// The form of a text: an `x` for each letter, a `0` for each digit.
pub(super) fn form(text: &str) -> String {
    let form = |c: char| match c {
        c if c.is_numeric() => '0',
        c if c.is_alphabetic() => 'x',
        c => c,
    };
    text.chars().map(form).collect()
}

fn kept(field: &str, within: &str) -> bool {
    KEPT.contains(&field)
        // A product's name, not a person's.
        || (field == "name" && within == "product")
        // The server's own words about a row that it refused.
        || (field == "error" && within == "results")
}

fn kind(field: &str) -> &'static str {
    match field {
        "customer_name" | "name" => "Buyer",
        "customer_email" | "email" => "E-mail",
        "customer_phone" | "phone" => "Phone",
        "shipping_address" | "line1" | "line2" => "Address",
        "city" | "region" => "City",
        "postcode" => "Code",
        "tracking_number" => "Parcel",
        _ => "Text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nothing_of_a_buyer_is_left_and_the_same_one_stays_the_same() {
        let order = |number: &str| {
            json!({
                "order_number": number, "status": "Paid", "customer_name": "Ana Souza",
                "customer_email": "ana@example.org", "customer_phone": "+5511999", "id": 7,
                "shipping_address": "Rua Augusta 1200", "buyer_note": "ring Ana's bell",
                "ship_to": { "name": "Ana Souza", "line1": "Rua Augusta 1200", "city": "São Paulo",
                             "postcode": "01304-001", "country": "BR" },
                "items": [{ "product": { "name": "Stoneware mug", "sku": "MUG-1" } }],
                "notes": [{ "text": "Ana called", "at": "2026-11-23T14:00:00Z" }],
                "shipments": [{ "carrier": "DHL", "tracking_number": "JD0146" }],
                "invented_later": "Ana's birthday",
            })
        };
        let mut mask = Mask::default();
        let (first, second) = (mask.body(&order("A-1")), mask.body(&order("A-2")));
        let text = format!("{first}{second}");
        for secret in [
            "Ana",
            "Souza",
            "ana@",
            "+5511",
            "Augusta",
            "São Paulo",
            "01304",
            "JD0146",
            "bell",
        ] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        for known in ["A-1", "A-2", "Stoneware mug", "MUG-1", "DHL", "BR", "Paid"] {
            assert!(text.contains(known), "{known} not in {text}");
        }
        assert_eq!(first["customer_name"], second["customer_name"]);
        assert_eq!(first["customer_name"], first["ship_to"]["name"]);
        assert_eq!(mask.typed("Ana 42!"), "xxx 00!");
    }
}
