//! Times as spreadsheets write them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::super::field::parse_time;

/// A moment in RFC 3339 and its kin, as day.month.year, or in the form that the map names; without a zone it is UTC.
pub(super) fn time(text: &str, form: Option<&str>) -> Option<Timestamp> {
    if let Some(form) = form {
        let parsed = jiff::fmt::strtime::parse(form, text).ok()?;
        let civil = || -> Option<DateTime> {
            parsed
                .to_datetime()
                .or_else(|_| parsed.to_date().map(|date| date.at(0, 0, 0, 0)))
                .ok()
        };
        return parsed
            .to_timestamp()
            .ok()
            .or_else(|| TimeZone::UTC.to_timestamp(civil()?).ok());
    }
    parse_time(text).or_else(|| {
        // With points the day comes first wherever dates are written so.
        ["%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y"]
            .iter()
            .find_map(|form| time(text, Some(form)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_forms_of_spreadsheets() {
        let table = [
            ("2026-05-01 10:00", None, Some("2026-05-01T10:00:00Z")),
            ("2026-05-01", None, Some("2026-05-01T00:00:00Z")),
            ("01.05.2026 10:00", None, Some("2026-05-01T10:00:00Z")),
            ("1.5.2026", None, Some("2026-05-01T00:00:00Z")),
            ("05/01/2026 10:00", None, None),
            (
                "05/01/2026 10:00",
                Some("%m/%d/%Y %H:%M"),
                Some("2026-05-01T10:00:00Z"),
            ),
            ("01/05/2026", Some("%d/%m/%Y"), Some("2026-05-01T00:00:00Z")),
            (
                "1 May 2026 10:00 +0200",
                Some("%d %b %Y %H:%M %z"),
                Some("2026-05-01T08:00:00Z"),
            ),
            ("soon", None, None),
        ];
        for (text, form, expected) in table {
            let expected = expected.map(|time| time.parse().unwrap());
            assert_eq!(time(text, form), expected, "{text} {form:?}");
        }
    }
}
