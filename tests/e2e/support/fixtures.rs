//! Orders to place.

use serde_json::{Value, json};

/// When the order with this place in a test's row of orders was placed: later
/// ones later, so that "newest first" has one meaning.
pub(crate) fn placed_at(minute: u32) -> String {
    format!("2026-11-23T17:{minute:02}:00Z")
}

/// An order of two mugs and shipping, 13.90 EUR in all.
pub(crate) fn order(vendor: &str, number: &str, status: &str) -> Value {
    json!({
        "vendor_id": vendor,
        "order_number": number,
        "status": status,
        "currency": "EUR",
        "placed_at": placed_at(0),
        "buyer": {"name": "Ana Souza", "email": "ana@example.com", "phone": "+49 170 1234567"},
        "ship_to": {"line1": "Hauptstr. 1", "city": "Berlin", "postcode": "10115", "country": "DE"},
        "lines": [{"sku": "MUG-1", "title": "Mug", "qty": 2, "unit_price": "5.00"}],
        "totals": {"shipping": "3.90", "total": "13.90"}
    })
}

/// The same, Paid: what a vendor ships.
pub(crate) fn paid(vendor: &str, number: &str) -> Value {
    order(vendor, number, "Paid")
}

/// The same, placed this moment, as the server's clock says: one that rings.
pub(crate) fn paid_now(vendor: &str, number: &str) -> Value {
    let mut order = paid(vendor, number);
    order["placed_at"] = Value::Null;
    order
}
