//! Reading a shop's JSON field by field, exactly: numbers stay the text that
//! was sent, so that ids beyond 2^53 and amounts never pass through a float,
//! and an error names the field that it is about.
//!
//! Shops are loose with types. Read as absent: `null`, an empty text, and, where
//! an object is expected, PHP's empty list. Numbers are taken as texts and the
//! other way round. Anything else of the wrong type is an error.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ordertop::order::text::{MAX_NAME_CHARS, clean, clean_opt};
use ordertop::order::{Currency, Money, Qty};
use serde_json::value::RawValue;

use super::Refusal;

/// An object of a row, one level read.
pub(super) struct Object<'a> {
    path: String,
    fields: BTreeMap<String, &'a RawValue>,
}

impl<'a> Object<'a> {
    /// Reads the row itself.
    pub(super) fn row(raw: &'a RawValue) -> Result<Self, Refusal> {
        match kind(raw) {
            "an object" => Field::new(String::new(), Some(raw)).object(),
            seen => Err(Refusal::NotAnObject { seen }),
        }
    }

    /// The field of a name, which may be absent.
    pub(super) fn get(&self, name: &str) -> Field<'a> {
        let path = match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        };
        Field::new(path, self.fields.get(name).copied())
    }

    /// Whether there is a field of this name, `null` or not.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// The names of the fields.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.keys().map(String::as_str)
    }
}

/// A field of an object: the way to it and what stands there.
pub(super) struct Field<'a> {
    path: String,
    raw: Option<&'a RawValue>,
}

impl<'a> Field<'a> {
    fn new(path: String, raw: Option<&'a RawValue>) -> Self {
        let raw = raw.filter(|raw| kind(raw) != "null");
        Self { path, raw }
    }

    /// `line_items[0].price`.
    pub(super) fn path(&self) -> String {
        self.path.clone()
    }

    /// That the field is needed and absent.
    pub(super) fn missing(&self) -> Refusal {
        Refusal::Missing { field: self.path() }
    }

    fn wrong(&self, raw: &RawValue, wanted: &'static str) -> Refusal {
        Refusal::Type {
            field: self.path(),
            seen: kind(raw),
            wanted,
        }
    }

    /// A text, or a number as it was written. Blank is absent.
    pub(super) fn text(&self) -> Result<Option<Cow<'a, str>>, Refusal> {
        let Some(raw) = self.raw else { return Ok(None) };
        let text: Cow<'a, str> = match kind(raw) {
            "a text" => serde_json::from_str::<String>(raw.get())
                .map_err(|_| Refusal::Unicode { field: self.path() })?
                .into(),
            "a number" => raw.get().into(),
            _ => return Err(self.wrong(raw, "a text")),
        };
        Ok((!text.trim().is_empty()).then_some(text))
    }

    /// A text when it is one; whatever else stands there is no text.
    pub(super) fn text_if_any(&self) -> Option<Cow<'a, str>> {
        self.text().ok().flatten()
    }

    /// A text of one line, cleaned and cut to `max_chars`.
    pub(super) fn clean(&self, max_chars: usize) -> Result<Option<String>, Refusal> {
        Ok(clean_opt(self.text()?.as_deref(), max_chars))
    }

    /// A name, title or line of an address.
    pub(super) fn name(&self) -> Result<Option<String>, Refusal> {
        self.clean(MAX_NAME_CHARS)
    }

    /// A word such as a status, in lower case.
    pub(super) fn word(&self) -> Result<Option<String>, Refusal> {
        Ok(self.name()?.map(|word| word.to_lowercase()))
    }

    /// An amount in minor units.
    pub(super) fn amount(&self, currency: Currency) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.text()? else {
            return Ok(None);
        };
        Money::parse(text.trim(), currency)
            .map(|money| Some(money.minor))
            .map_err(|source| Refusal::Amount {
                field: self.path(),
                source,
            })
    }

    /// An amount without its sign, nothing being zero: shops write what goes
    /// back as `-10.00` or as `10.00`.
    pub(super) fn magnitude(&self, currency: Currency) -> Result<i64, Refusal> {
        let minor = self.amount(currency)?.unwrap_or_default();
        minor.checked_abs().ok_or_else(|| self.too_large())
    }

    /// That a sum or product does not fit.
    pub(super) fn too_large(&self) -> Refusal {
        Refusal::TooLarge { field: self.path() }
    }

    /// A moment: RFC 3339, or without an offset (WooCommerce's `_gmt`), then UTC.
    pub(super) fn time(&self) -> Result<Option<Timestamp>, Refusal> {
        let Some(text) = self.text()? else {
            return Ok(None);
        };
        let bad = || Refusal::Time {
            field: self.path(),
            text: clean(&text, 40),
        };
        if let Ok(time) = text.trim().parse::<Timestamp>() {
            return Ok(Some(time));
        }
        let civil: DateTime = text.trim().parse().map_err(|_| bad())?;
        let time = TimeZone::UTC.to_timestamp(civil).map_err(|_| bad())?;
        Ok(Some(time))
    }

    /// True, false, or absent: false.
    pub(super) fn flag(&self) -> Result<bool, Refusal> {
        match self.raw.map(|raw| (raw, raw.get())) {
            None | Some((_, "false")) => Ok(false),
            Some((_, "true")) => Ok(true),
            Some((raw, _)) => Err(self.wrong(raw, "true or false")),
        }
    }

    /// A whole number without a sign, exactly.
    pub(super) fn id(&self) -> Result<Option<u64>, Refusal> {
        let Some(text) = self.text()? else {
            return Ok(None);
        };
        let whole = text.trim().parse().map_err(|_| Refusal::Whole {
            field: self.path(),
            text: clean(&text, 40),
            most: u64::MAX,
        })?;
        Ok(Some(whole))
    }

    /// A quantity; `2.0` is two.
    pub(super) fn qty(&self) -> Result<Option<Qty>, Refusal> {
        let Some(text) = self.text()? else {
            return Ok(None);
        };
        let qty = Qty::parse(text.trim()).map_err(|source| Refusal::Qty {
            field: self.path(),
            source,
        })?;
        Ok(Some(qty))
    }

    /// An object; absent or PHP's empty list is one without fields.
    pub(super) fn object(&self) -> Result<Object<'a>, Refusal> {
        let fields = match self.raw {
            None => BTreeMap::new(),
            Some(raw) if kind(raw) == "an object" => serde_json::from_str(raw.get())
                .map_err(|_| Refusal::Unicode { field: self.path() })?,
            Some(_) if self.list().is_ok_and(|list| list.is_empty()) => BTreeMap::new(),
            Some(raw) => return Err(self.wrong(raw, "an object")),
        };
        let path = self.path();
        Ok(Object { path, fields })
    }

    /// The elements of a list; none when it is absent.
    pub(super) fn list(&self) -> Result<Vec<Field<'a>>, Refusal> {
        let Some(raw) = self.raw else {
            return Ok(Vec::new());
        };
        let elements: Vec<&RawValue> =
            serde_json::from_str(raw.get()).map_err(|_| self.wrong(raw, "a list"))?;
        let element = |(at, raw)| Field::new(format!("{}[{at}]", self.path), Some(raw));
        Ok(elements.into_iter().enumerate().map(element).collect())
    }

    /// The objects of a list.
    pub(super) fn objects(&self) -> Result<Vec<Object<'a>>, Refusal> {
        self.list()?.iter().map(Field::object).collect()
    }
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
mod tests {
    use super::*;

    fn field<'a>(raw: &'a str) -> Field<'a> {
        Field::new("f".into(), Some(serde_json::from_str(raw).unwrap()))
    }

    #[test]
    fn amounts_and_ids_stay_exact() {
        let euro = Currency::new("EUR").unwrap();
        let table = [
            (r#""29.35""#, Some(2935)),
            ("29.35", Some(2935)),
            (r#""-10.00""#, Some(-1000)),
            (r#"" ""#, None),
            ("null", None),
            ("90071992547409.93", Some(9_007_199_254_740_993)),
        ];
        for (raw, minor) in table {
            assert_eq!(field(raw).amount(euro).unwrap(), minor, "{raw}");
        }
        for raw in ["18446744073709551615", r#""18446744073709551615""#] {
            assert_eq!(field(raw).id().unwrap(), Some(u64::MAX));
        }
    }

    #[test]
    fn times_without_an_offset_are_utc() {
        let expected = "2017-03-22T19:28:02Z".parse().unwrap();
        for raw in [
            r#""2017-03-22T19:28:02""#,
            r#""2017-03-22T16:28:02-03:00""#,
            r#""2017-03-22T19:28:02Z""#,
        ] {
            assert_eq!(field(raw).time().unwrap(), Some(expected), "{raw}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let euro = Currency::new("EUR").unwrap();
        let table = [
            (
                field("true").text().err(),
                "`f` is true or false, but a text is needed",
            ),
            (
                field(r#""\ud800""#).text().err(),
                "`f` is not valid Unicode",
            ),
            (
                field(r#""1e3""#).amount(euro).err(),
                "`f`: `1e3` is not an amount: decimal digits with a point are needed, such as 13.90",
            ),
            (
                field(r#""0000-00-00""#).time().err(),
                "`f`: `0000-00-00` is not a time such as 2026-11-23T17:00:00Z",
            ),
            (
                field("1").flag().err(),
                "`f` is a number, but true or false is needed",
            ),
            (
                field("0.0005").qty().err(),
                "`f`: `0.0005` is not a quantity: a number from 0 to 1000000 with at most 3 decimals is needed",
            ),
            (
                field("-1").id().err(),
                "`f`: `-1` is not a whole number from 0 to 18446744073709551615",
            ),
            (
                field("[1]").object().err(),
                "`f` is a list, but an object is needed",
            ),
            (
                field("{}").list().err(),
                "`f` is an object, but a list is needed",
            ),
            (
                field(r#"[{"a":7}]"#).objects().unwrap()[0]
                    .get("a")
                    .list()
                    .err(),
                "`f[0].a` is a number, but a list is needed",
            ),
        ];
        for (error, words) in table {
            assert_eq!(error.unwrap().to_string(), words);
        }
    }

    #[test]
    fn phps_empty_list_is_an_object_without_fields() {
        assert_eq!(field("[ ]").object().unwrap().names().count(), 0);
        assert_eq!(field("2.0").qty().unwrap(), Some(Qty::whole(2)));
    }
}
