//! What a server of the old kind writes otherwise than ours: times without a
//! zone, which are UTC, and `null` for a text that is empty.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected, Visitor};

/// A moment: RFC 3339, or the same without a zone.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let naive = || {
        TimeZone::UTC
            .to_timestamp(text.parse::<DateTime>().ok()?)
            .ok()
    };
    text.parse().ok().or_else(naive)
}

/// A [`moment`] in a field.
pub(crate) fn timestamp<'de, D: Deserializer<'de>>(field: D) -> Result<Timestamp, D::Error> {
    field.deserialize_str(ReadsMoment)
}

/// A [`moment`] in a field that may be `null`.
pub(crate) fn optional_timestamp<'de, D>(field: D) -> Result<Option<Timestamp>, D::Error>
where
    D: Deserializer<'de>,
{
    Ok(Option::<Moment>::deserialize(field)?.map(|at| at.0))
}

/// A text, empty for `null`.
pub(crate) fn text<'de, D: Deserializer<'de>>(field: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(field)?.unwrap_or_default())
}

struct Moment(Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(field: D) -> Result<Self, D::Error> {
        field.deserialize_str(ReadsMoment).map(Self)
    }
}

struct ReadsMoment;

impl Visitor<'_> for ReadsMoment {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time such as 2026-11-23T17:00:00Z")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Timestamp, E> {
        moment(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_a_zone_is_utc() {
        let table = [
            (
                "2026-11-23T17:31:42.753114",
                Some("2026-11-23T17:31:42.753114Z"),
            ),
            ("2026-11-23T17:31:42Z", Some("2026-11-23T17:31:42Z")),
            ("2026-11-23T18:31:42+01:00", Some("2026-11-23T17:31:42Z")),
            ("yesterday", None),
            ("", None),
        ];
        for (text, utc) in table {
            let at = moment(text).map(|at| at.to_string());
            assert_eq!(at.as_deref(), utc, "{text}");
        }
    }
}
