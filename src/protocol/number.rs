//! Numbers on the wire, exact to the digit.

use serde::ser::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Decimal text that goes on the wire as a JSON number, digit for digit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExactNumber(pub(super) String);

impl Serialize for ExactNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = if self.0.is_empty() { "0" } else { &self.0 };
        let raw = serde_json::value::RawValue::from_string(digits.to_owned());
        raw.map_err(Error::custom)?.serialize(serializer)
    }
}

/// A number, as JSON or as text; empty for `null`.
pub(crate) fn number<'de, D: Deserializer<'de>>(field: D) -> Result<ExactNumber, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number {
        Json(serde_json::Number),
        Text(String),
    }
    Ok(match Option::deserialize(field)? {
        Some(Number::Json(number)) => ExactNumber(number.to_string()),
        Some(Number::Text(text)) => ExactNumber(text),
        None => ExactNumber::default(),
    })
}
