//! JSON for programs, one object a line, safe to look at in a terminal.

use std::fmt::Write as _;

use ordertop::protocol::ListedOrder;
use serde::Serialize;
use serde_json::Value;

/// An order in the protocol's own shape, without what the old system repeats:
/// `vendor_items` (as `items`) and `vendor_total` (as `total_amount`).
pub(super) fn order(order: &ListedOrder) -> Value {
    let mut value = value(order);
    without_repeats(&mut value);
    value
}

/// Takes what the old system repeats out of an order.
pub(super) fn without_repeats(order: &mut Value) {
    if let Value::Object(fields) = order {
        fields.remove("vendor_items");
        fields.remove("vendor_total");
    }
}

/// Anything that has a JSON form; what has none is null.
pub(super) fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or(Value::Null)
}

/// The text of a value in one line. What could steer a terminal or deceive the
/// eye is written as an escape, which means the same to a program (RFC 8259,
/// section 7): outside of strings JSON has no such characters.
pub(super) fn safe(value: &Value) -> String {
    let text = value.to_string();
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    if !text.contains(steers) {
        return text;
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if steers(c) {
            // All of them are in the basic plane; writing to a string cannot fail.
            let _ = write!(safe, "\\u{:04x}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    safe
}
