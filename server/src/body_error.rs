//! What is wrong with a JSON body, in words for its sender: which field, what it is, and what to send instead.

pub(crate) mod syntax;

use ordertop::order::text::clean;

/// Longest text that is repeated to its sender, in characters.
const MAX_CHARS: usize = 300;

/// The words for an error of serde's at a path such as `lines[0].qty`; `.` is the body itself.
#[must_use]
pub(crate) fn words(path: &str, error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = text.strip_suffix(&place).unwrap_or(&text);
    let field = (path != ".").then(|| clean(path, 80));
    let is_time = |field: &str| field.ends_with("_at") || field.ends_with("ship_by");
    let words = translated(text, field.as_deref()).unwrap_or_else(|| match &field {
        Some(field) if is_time(field) => {
            format!("`{field}` is not a time such as 2026-11-23T17:00:00Z")
        }
        Some(field) => format!("`{field}`: {text}"),
        None => text.to_owned(),
    });
    clean(&words, MAX_CHARS)
}

/// serde's own messages: <https://docs.rs/serde/latest/serde/de/trait.Error.html>.
fn translated(text: &str, field: Option<&str>) -> Option<String> {
    let named = field.map_or_else(|| "the body".to_owned(), |field| format!("`{field}`"));
    let wrong = |rest: &str| {
        let (found, expected) = rest.split_once(", expected ")?;
        Some(format!(
            "{named} is {}: {} is needed",
            found_words(found),
            expected_words(expected)
        ))
    };
    if let Some(rest) = text.strip_prefix("invalid type: ") {
        return wrong(rest);
    }
    if let Some(rest) = text.strip_prefix("invalid value: ") {
        return wrong(rest);
    }
    if text.starts_with("invalid length ") {
        // serde would take a list of a struct's fields for the struct.
        return Some(format!("{named} is a list: an object is needed"));
    }
    if let Some(what) = syntax::of_value(text) {
        return Some(format!("{named} is {what}"));
    }
    if text == "expected value" {
        // What serde_json says where one of a few words is needed.
        return Some(format!("{named} cannot be this: a text is needed"));
    }
    if let Some(rest) = text.strip_prefix("missing field ") {
        let inside = field
            .map(|field| format!(" in `{field}`"))
            .unwrap_or_default();
        return Some(format!("{rest} is missing{inside}: send it"));
    }
    if let Some(rest) = text.strip_prefix("unknown field ") {
        let (name, choice) = rest.split_once(", ").unwrap_or((rest, ""));
        return Some(format!("{name} is no field here{}", choice_words(choice)));
    }
    if let Some(rest) = text.strip_prefix("unknown variant ") {
        let (value, choice) = rest.split_once(", ").unwrap_or((rest, ""));
        return Some(format!("{named} is {value}{}", choice_words(choice)));
    }
    let twice = text.strip_prefix("duplicate field ")?;
    Some(format!("{twice} is there twice: send it once"))
}

fn choice_words(choice: &str) -> String {
    match choice.strip_prefix("expected ") {
        Some(choice) => format!(": send {choice}"),
        None => String::new(),
    }
}

fn found_words(found: &str) -> String {
    let (kind, value) = found.split_once(' ').unwrap_or((found, ""));
    match kind {
        "map" => "an object".to_owned(),
        "sequence" => "a list".to_owned(),
        "null" | "unit" | "Option" => "null".to_owned(),
        "boolean" => value.trim_matches('`').to_owned(),
        "integer" => format!("the number {}", value.trim_matches('`')),
        "floating" => format!(
            "the number {}",
            value.trim_start_matches("point ").trim_matches('`')
        ),
        "string" => format!("the text {value}"),
        _ => found.to_owned(),
    }
}

fn expected_words(expected: &str) -> String {
    match expected {
        "a map" => "an object".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a string" | "string" | "str" | "a borrowed string" => "a text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative".to_owned(),
        "i8" | "i16" | "i32" | "i64" => "a whole number".to_owned(),
        _ if expected.starts_with("struct ") => "an object".to_owned(),
        _ if expected.starts_with("enum ") => "another value".to_owned(),
        _ => expected.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use ordertop::order::placement::Placement;
    use ordertop::protocol::rest::{
        BulkChange, EventsRequest, ImportBatch, NewNote, StatusChange, TrackingChange, Vendor,
    };
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;

    fn said<T: DeserializeOwned>(body: &Value) -> Option<String> {
        let text = body.to_string();
        let mut json = serde_json::Deserializer::from_str(&text);
        let error = serde_path_to_error::deserialize::<_, T>(&mut json).err()?;
        Some(words(&error.path().to_string(), &error.into_inner()))
    }

    #[test]
    fn an_error_says_what_to_send() {
        let table = [
            (
                said::<Placement>(&json!({"totals": 7})),
                "`totals` is the number 7: an object is needed",
            ),
            (
                said::<Placement>(&json!({"lines": "x"})),
                "`lines` is the text \"x\": a list is needed",
            ),
            (
                said::<Placement>(&json!({"lines": [{"qty": "two"}]})),
                "`lines[0].qty` is the text \"two\": a number such as 2 or 0.5, at most 1000000 is needed",
            ),
            (
                said::<Placement>(&json!({"colour": 1})),
                "`colour` is no field here: send one of `vendor_id`,",
            ),
            (said::<NewNote>(&json!({})), "`text` is missing: send it"),
            (
                said::<NewNote>(&json!({"text": null})),
                "`text` is null: a text is needed",
            ),
            (
                said::<NewNote>(&json!({"text": "x", "visibility": "all"})),
                "`visibility` is `all`: send `vendor` or `support`",
            ),
            (
                said::<StatusChange>(&json!({"expected_version": -1})),
                "`expected_version` is the number -1: a whole number that is not negative is needed",
            ),
            (
                said::<StatusChange>(&json!({"undo": "yes"})),
                "`undo` is the text \"yes\": true or false is needed",
            ),
            (
                said::<StatusChange>(&json!(7)),
                "the body is the number 7: an object is needed",
            ),
        ];
        for (words, expected) in table {
            let words = words.unwrap();
            assert!(words.starts_with(expected), "{words}");
        }
    }

    /// Every wrong type in every field of every body: no word of a library's is left.
    #[test]
    fn no_word_of_a_library_is_left() {
        let placement = json!({"vendor_id": "42", "order_number": "1", "group": "g", "status": "Paid", "currency": "EUR",
            "placed_at": "2026-01-01T00:00:00Z", "ship_by": "2026-01-01T00:00:00Z", "buyer": {"name": "x"},
            "ship_to": {"city": "x"}, "buyer_note": "x", "lines": [{"sku": "x", "qty": 1, "unit_price": "1"}],
            "totals": {"tax": "1"}, "flags": {"test": true}});
        let shipment = json!({"lines": [1], "carrier": "x", "tracking_number": "x"});
        let status = json!({"status": "Paid", "expected_version": 1, "reason": "x", "shipment": shipment, "undo": true});
        let bulk = json!({"orders": [{"order_number": "1", "vendor_id": "42", "status": "Paid", "shipment": shipment}]});
        let mut wrong = Vec::new();
        let mut tell = |words: Option<String>| wrong.extend(words);
        for odd in odd_values() {
            each_replaced(&placement, &odd, &mut |body| tell(said::<Placement>(body)));
            each_replaced(&status, &odd, &mut |body| tell(said::<StatusChange>(body)));
            each_replaced(&bulk, &odd, &mut |body| tell(said::<BulkChange>(body)));
            let note = json!({"text": "x", "visibility": "vendor"});
            each_replaced(&note, &odd, &mut |body| tell(said::<NewNote>(body)));
            let parcel = json!({"carrier": "x", "tracking_number": "1", "replaces": "2"});
            each_replaced(&parcel, &odd, &mut |body| {
                tell(said::<TrackingChange>(body))
            });
            let events = json!({"positions": {"42": "1:abcdef"}, "wait": 1});
            each_replaced(&events, &odd, &mut |body| tell(said::<EventsRequest>(body)));
            let batch = json!({"from": "x", "orders": []});
            each_replaced(&batch, &odd, &mut |body| tell(said::<ImportBatch>(body)));
            let vendor = json!({"id": "42", "name": "x"});
            each_replaced(&vendor, &odd, &mut |body| tell(said::<Vendor>(body)));
        }
        assert!(wrong.len() > 100, "{}", wrong.len());
        let library = [
            "struct ",
            "enum ",
            "u32",
            "u64",
            "i64",
            "sequence",
            " map",
            "invalid type",
            "invalid value",
            "Option",
            "unit",
            "expected",
        ];
        for words in wrong {
            let plain = words
                .replace("unit_price", "")
                .replace("expected_version", "");
            assert!(!library.iter().any(|word| plain.contains(word)), "{words}");
        }
    }

    fn odd_values() -> [Value; 8] {
        let odd = json!([null, true, 7, -7, 1.5, "x", [], {"odd": 1}]);
        serde_json::from_value(odd).unwrap()
    }

    /// Shows the body with each value in it replaced, one at a time.
    fn each_replaced(body: &Value, odd: &Value, tell: &mut impl FnMut(&Value)) {
        fn paths(value: &Value, path: &str, found: &mut Vec<String>) {
            found.push(path.to_owned());
            match value {
                Value::Object(fields) => {
                    for (name, value) in fields {
                        paths(value, &format!("{path}/{name}"), found);
                    }
                }
                Value::Array(values) => {
                    for (at, value) in values.iter().enumerate() {
                        paths(value, &format!("{path}/{at}"), found);
                    }
                }
                _ => {}
            }
        }
        let mut found = Vec::new();
        paths(body, "", &mut found);
        for path in found {
            let mut changed = body.clone();
            *changed.pointer_mut(&path).unwrap() = odd.clone();
            tell(&changed);
        }
    }
}
