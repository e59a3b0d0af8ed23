//! Reading a shop's JSON field by field, exactly: numbers stay the text that was sent, so that ids beyond 2^53 and
//! amounts never pass through a float.
//!
//! Shops are loose with types. Read as absent: `null`, an empty text, and, where an object is expected, PHP's empty
//! list. Numbers are taken as texts and the other way round, a list may be an object with numbers for names. Anything
//! else that cannot be read is left out, with a warning that names field and value. Only what an order cannot do
//! without is asked for by [`Field::needed_text`], which refuses it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ordertop::order::text::{MAX_NAME_CHARS, clean_opt};
use ordertop::order::{Currency, Qty};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::decimal::{Decimal, shown};
use super::refusal::Refusal;
use super::warnings::Collector;

/// An object of a row, one level read.
pub(super) struct Object<'a> {
    path: String,
    /// Whether it is a record of a CSV: its fields are columns.
    is_record: bool,
    fields: Fields<'a>,
    warnings: &'a Collector,
}

impl<'a> Object<'a> {
    /// Reads the row itself.
    pub(super) fn row(raw: &'a RawValue, warnings: &'a Collector) -> Result<Self, Refusal> {
        match kind(raw) {
            "an object" => Ok(Self {
                path: String::new(),
                is_record: false,
                fields: serde_json::from_str(raw.get()).map_err(|_| Refusal::Unicode {
                    field: "the order".into(),
                })?,
                warnings,
            }),
            seen => Err(Refusal::NotAnObject { seen }),
        }
    }

    /// The field of a name, which may be absent.
    pub(super) fn get(&self, name: &str) -> Field<'a> {
        self.field(name, self.fields.get(name))
    }

    fn field(&self, name: &str, raw: Option<&'a RawValue>) -> Field<'a> {
        let path = match self.path.as_str() {
            "" => name.to_owned(),
            path if self.is_record => format!("{path}, column {name}"),
            path => format!("{path}.{name}"),
        };
        Field::new(path, raw, self.warnings)
    }

    /// A field of the order that this object has no name for.
    pub(super) fn unnamed(&self, field: &str) -> Field<'a> {
        Field::new(field.to_owned(), None, self.warnings)
    }

    /// The way to this object from the top.
    #[cfg(test)]
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Whether there is a field of this name, `null` or not.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.get(name).is_some()
    }

    /// The names of the fields.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.0.iter().map(|(name, _)| name.as_str())
    }

    /// The fields, in their order.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, Field<'a>)> {
        let fields = self.fields.last_of_each_name().into_iter();
        fields.map(|(name, raw)| (name, self.field(name, Some(raw))))
    }
}

/// The fields of an object in their order; of two of one name the last counts.
#[derive(Default)]
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Fields<'a> {
    fn get(&self, name: &str) -> Option<&'a RawValue> {
        let named = |(own, raw): &(String, &'a RawValue)| (own == name).then_some(*raw);
        self.0.iter().rev().find_map(named)
    }

    /// The fields that count, in one pass however many there are.
    fn last_of_each_name(&self) -> Vec<(&str, &'a RawValue)> {
        let mut seen = HashSet::with_capacity(self.0.len());
        let fields = self.0.iter().rev().map(|(name, raw)| (name.as_str(), *raw));
        let mut fields: Vec<_> = fields.filter(|(name, _)| seen.insert(*name)).collect();
        fields.reverse();
        fields
    }

    /// Whether the names are numbers, as those of a list that PHP wrote as an object.
    fn is_numbered(&self) -> bool {
        let number = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
        self.0.iter().all(|(name, _)| number(name))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Fields<'de>, M::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

/// A field of an object: the way to it and what stands there.
pub(super) struct Field<'a> {
    path: String,
    raw: Option<&'a RawValue>,
    warnings: &'a Collector,
}

impl<'a> Field<'a> {
    fn new(path: String, raw: Option<&'a RawValue>, warnings: &'a Collector) -> Self {
        let raw = raw.filter(|raw| kind(raw) != "null");
        Self {
            path,
            raw,
            warnings,
        }
    }

    /// `line_items[0].price`, or `line 3, column Price`.
    pub(super) fn path(&self) -> String {
        self.path.clone()
    }

    /// The refusal of an order that lacks this field.
    pub(super) fn missing(&self) -> Refusal {
        Refusal::Missing { field: self.path() }
    }

    /// Whether something stands here.
    pub(super) fn is_there(&self) -> bool {
        self.raw.is_some()
    }

    /// Warns that this field is left out.
    pub(super) fn leave_out(&self, wanted: &str) {
        self.unread(wanted, "left out");
    }

    /// Warns that this field cannot be read, and what is done instead.
    fn unread(&self, wanted: &str, instead: &str) {
        let value = self.raw.map_or("null", RawValue::get);
        self.warn(format!("`{}` is not {wanted}: {instead}", shown(value)));
    }

    /// Warns about this field.
    pub(super) fn warn(&self, words: String) {
        self.warnings.add(format!("`{}`: {words}", self.path));
    }

    /// A text, or a number as it was written, which the order cannot do without. Blank is absent.
    pub(super) fn needed_text(&self) -> Result<Option<Cow<'a, str>>, Refusal> {
        let Some(raw) = self.raw else { return Ok(None) };
        let text: Cow<'a, str> = match kind(raw) {
            "a text" => serde_json::from_str::<String>(raw.get())
                .map_err(|_| Refusal::Unicode { field: self.path() })?
                .into(),
            "a number" => raw.get().into(),
            seen => {
                return Err(Refusal::Type {
                    field: self.path(),
                    seen,
                    wanted: "a text",
                });
            }
        };
        Ok((!text.trim().is_empty()).then_some(text))
    }

    /// A text, or a number as it was written.
    pub(super) fn text(&self) -> Option<Cow<'a, str>> {
        self.needed_text().unwrap_or_else(|_| {
            self.leave_out("a text");
            None
        })
    }

    /// A text when it is one; whatever else stands there is no text, without a warning.
    pub(super) fn text_if_any(&self) -> Option<Cow<'a, str>> {
        self.needed_text().ok().flatten()
    }

    /// A text of one line, cleaned and cut to `max_chars`.
    pub(super) fn clean(&self, max_chars: usize) -> Option<String> {
        clean_opt(self.text().as_deref(), max_chars)
    }

    /// A name, title or line of an address.
    pub(super) fn name(&self) -> Option<String> {
        self.clean(MAX_NAME_CHARS)
    }

    /// A word such as a status, in lower case.
    pub(super) fn word(&self) -> Option<String> {
        Some(self.name()?.to_lowercase())
    }

    /// A decimal number.
    pub(super) fn decimal(&self) -> Option<Decimal> {
        let text = self.needed_text().map_err(|_| self.leave_out("a number"));
        let read = Decimal::parse(text.ok()??.trim());
        if read.is_none() {
            self.leave_out("a decimal number such as 13.90");
        }
        read
    }

    /// An amount, exactly as it was written; `None` when it is beyond all reason.
    pub(super) fn exact(&self, currency: Currency) -> Option<Decimal> {
        let exact = self.decimal()?;
        if exact.minor(currency).is_none() {
            self.leave_out("an amount that can be counted");
            return None;
        }
        Some(exact)
    }

    /// An amount in minor units, rounded half away from zero.
    pub(super) fn amount(&self, currency: Currency) -> Option<i64> {
        self.exact(currency)?.minor(currency)
    }

    /// A moment: RFC 3339, or without an offset (WooCommerce's `_gmt`), then UTC.
    pub(super) fn time(&self) -> Option<Timestamp> {
        let text = self.text()?;
        let read = parse_time(text.trim());
        if read.is_none() {
            self.leave_out("a time such as 2026-11-23T17:00:00Z");
        }
        read
    }

    /// True, false, or absent: false.
    pub(super) fn flag(&self) -> bool {
        let Some(raw) = self.raw else { return false };
        match raw.get().trim_matches('"').to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => true,
            "false" | "0" | "no" | "" => false,
            _ => {
                self.leave_out("true or false");
                false
            }
        }
    }

    /// A whole number without a sign, exactly.
    pub(super) fn id(&self) -> Option<u64> {
        let id = self.text()?.trim().parse().ok();
        if id.is_none() {
            self.leave_out("a whole number");
        }
        id
    }

    /// A quantity of at most three decimals; a finer one is rounded.
    pub(super) fn qty(&self) -> Option<Qty> {
        self.read_qty(Decimal::parse, "left out")
    }

    /// The quantity of a line, whose number is written as `parse` reads it: 1 where there is none that can be read.
    pub(super) fn line_qty(&self, parse: impl Fn(&str) -> Option<Decimal>) -> Qty {
        self.read_qty(parse, "1 is taken for it")
            .unwrap_or(Qty::ONE)
    }

    fn read_qty(&self, parse: impl Fn(&str) -> Option<Decimal>, instead: &str) -> Option<Qty> {
        let text = self.needed_text();
        if matches!(text, Ok(None)) {
            return None;
        }
        let text = text.ok().flatten();
        let read = text.and_then(|text| parse(text.trim())?.qty());
        match read {
            None => self.unread(
                &format!("a number such as 2 or 0.5, at most {}", Qty::MAX),
                instead,
            ),
            Some((qty, true)) => self.warn(format!("rounded to {qty}")),
            Some((_, false)) => {}
        }
        read.map(|(qty, _)| qty)
    }

    /// The object that stands here, as it was sent.
    pub(super) fn raw_object(&self) -> Option<&'a RawValue> {
        self.raw.filter(|raw| kind(raw) == "an object")
    }

    /// Reads `inner`, which stood in this field as a text, in its place.
    pub(super) fn within(&self, inner: &RawValue, read: impl FnOnce(&Field<'_>)) {
        read(&Field::new(self.path(), Some(inner), self.warnings));
    }

    /// An object; absent or PHP's empty list is one without fields.
    pub(super) fn object(&self) -> Object<'a> {
        self.object_if_any().unwrap_or_else(|| {
            self.leave_out("an object");
            Object {
                path: self.path(),
                is_record: false,
                fields: Fields::default(),
                warnings: self.warnings,
            }
        })
    }

    /// The record of a CSV that stands here.
    pub(super) fn record(&self) -> Object<'a> {
        Object {
            is_record: true,
            ..self.object()
        }
    }

    fn object_if_any(&self) -> Option<Object<'a>> {
        let fields = match self.raw {
            None => Fields::default(),
            Some(raw) if kind(raw) == "an object" => serde_json::from_str(raw.get()).ok()?,
            Some(raw) if is_blank(raw) => Fields::default(),
            Some(raw) if elements(raw).is_some_and(|list| list.is_empty()) => Fields::default(),
            Some(_) => return None,
        };
        Some(Object {
            path: self.path(),
            is_record: false,
            fields,
            warnings: self.warnings,
        })
    }

    /// The elements of a list; none when it is absent. An object with numbers for names is the list of its values,
    /// another one is a list of itself.
    pub(super) fn list(&self) -> Vec<Field<'a>> {
        self.list_if_any().unwrap_or_else(|| {
            self.leave_out("a list");
            Vec::new()
        })
    }

    fn list_if_any(&self) -> Option<Vec<Field<'a>>> {
        let Some(raw) = self.raw.filter(|raw| !is_blank(raw)) else {
            return Some(Vec::new());
        };
        if kind(raw) == "an object" {
            let fields: Fields<'a> = serde_json::from_str(raw.get()).ok()?;
            if !fields.is_numbered() {
                return Some(vec![Field::new(self.path(), Some(raw), self.warnings)]);
            }
            let value =
                |(name, raw)| Field::new(format!("{}.{name}", self.path), Some(raw), self.warnings);
            return Some(fields.0.into_iter().map(value).collect());
        }
        let element =
            |(at, raw)| Field::new(format!("{}[{at}]", self.path), Some(raw), self.warnings);
        Some(
            elements(raw)?
                .into_iter()
                .enumerate()
                .map(element)
                .collect(),
        )
    }

    /// The objects of a list; other elements are left out.
    pub(super) fn objects(&self) -> Vec<Object<'a>> {
        objects(&self.list())
    }

    /// Warns that this list is absent or has no elements, and what follows from that. One that holds something else
    /// was left out by name.
    pub(super) fn warn_if_empty(&self, what_follows: &str) {
        if self.list_if_any().is_some_and(|list| list.is_empty()) {
            self.warn(match self.raw {
                None => format!("missing: {what_follows}"),
                Some(raw) => format!("`{}` is empty: {what_follows}", shown(raw.get())),
            });
        }
    }
}

fn objects<'a>(list: &[Field<'a>]) -> Vec<Object<'a>> {
    let object = |field: &Field<'a>| {
        let object = field.object_if_any().filter(|_| field.is_there());
        if object.is_none() {
            field.leave_out("an object");
        }
        object
    };
    list.iter().filter_map(object).collect()
}

/// Whether an empty text stands there, which is read as absent.
fn is_blank(raw: &RawValue) -> bool {
    raw.get().trim_matches('"').trim().is_empty()
}

fn elements(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

/// The first moment that is there and can be read.
pub(super) fn first_time<const N: usize>(fields: [Field<'_>; N]) -> Option<Timestamp> {
    fields.iter().find_map(Field::time)
}

/// A moment in RFC 3339, with a blank for its `T` too; without an offset it is UTC.
pub(super) fn parse_time(text: &str) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    // Shopify's files: `2026-05-01 10:00:00 +0200`.
    if let Ok(zoned) = jiff::fmt::strtime::parse("%Y-%m-%d %H:%M:%S %z", text) {
        return zoned.to_timestamp().ok();
    }
    let civil: DateTime = text.parse().ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

/// What stands there, with its article.
pub(super) fn kind(raw: &RawValue) -> &'static str {
    match raw.get().as_bytes().first() {
        Some(b'"') => "a text",
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "a number",
    }
}

#[cfg(test)]
mod tests;
