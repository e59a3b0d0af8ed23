//! Quiet hours: a span of the local day in which nothing makes a noise.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// From one time of day to another, over midnight where the end is the earlier
/// one: `22:00-07:00`. The end itself is not quiet any more. What the clock on
/// the wall says counts, so on the days of a clock change the span is an hour
/// shorter or longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct QuietHours {
    from: Time,
    to: Time,
}

impl QuietHours {
    /// Whether `now` is in it, on the clocks of that time zone.
    #[must_use]
    pub fn contains(self, now: Timestamp, zone: &TimeZone) -> bool {
        let time = zone.to_datetime(now).time();
        if self.from <= self.to {
            (self.from..self.to).contains(&time)
        } else {
            time >= self.from || time < self.to
        }
    }
}

impl FromStr for QuietHours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?}: give two times of day, such as \"22:00-07:00\"");
        let (from, to) = text.split_once('-').ok_or_else(wrong)?;
        let time = |text: &str| {
            let (hour, minute) = text.trim().split_once(':')?;
            let digits = |text: &str| {
                let two = matches!(text.len(), 1 | 2) && text.bytes().all(|b| b.is_ascii_digit());
                two.then(|| text.parse::<i8>().ok()).flatten()
            };
            Time::new(digits(hour)?, digits(minute)?, 0, 0).ok()
        };
        let (from, to) = time(from).zip(time(to)).ok_or_else(wrong)?;
        if from == to {
            return Err(format!("{text:?}: begins when it ends"));
        }
        Ok(Self { from, to })
    }
}

impl TryFrom<String> for QuietHours {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<QuietHours> for String {
    fn from(quiet: QuietHours) -> Self {
        quiet.to_string()
    }
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to } = self;
        write!(
            f,
            "{:02}:{:02}-{:02}:{:02}",
            from.hour(),
            from.minute(),
            to.hour(),
            to.minute()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_night_goes_over_midnight() {
        let quiet: QuietHours = "22:00-07:00".parse().unwrap();
        for (time, expected) in [
            ("2026-11-23T21:59:59Z", false),
            ("2026-11-23T22:00:00Z", true),
            ("2026-11-24T00:00:00Z", true),
            ("2026-11-24T06:59:59Z", true),
            ("2026-11-24T07:00:00Z", false),
        ] {
            assert_eq!(quiet.contains(at(time), &TimeZone::UTC), expected, "{time}");
        }
        let siesta: QuietHours = "13:00-15:30".parse().unwrap();
        assert!(siesta.contains(at("2026-11-23T15:29:00Z"), &TimeZone::UTC));
        assert!(!siesta.contains(at("2026-11-23T12:00:00Z"), &TimeZone::UTC));
    }

    #[test]
    fn the_clock_on_the_wall_counts_when_clocks_change() {
        // Central European time as a POSIX rule: no zone files are needed.
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let quiet: QuietHours = "22:00-07:00".parse().unwrap();
        for (time, expected) in [
            ("2026-03-28T05:59:00Z", true),
            ("2026-03-28T06:00:00Z", false),
            // Clocks went forward in this night: 07:00 comes an hour earlier.
            ("2026-03-29T04:59:00Z", true),
            ("2026-03-29T05:00:00Z", false),
            // And back in this one: it is quiet for an hour more.
            ("2026-10-25T05:59:00Z", true),
            ("2026-10-25T06:00:00Z", false),
        ] {
            assert_eq!(quiet.contains(at(time), &zone), expected, "{time}");
        }
    }

    #[test]
    fn what_is_no_span_is_refused() {
        for text in [
            "",
            "22:00",
            "22-7",
            "24:00-07:00",
            "22:60-07:00",
            "07:00-07:00",
            "-1:00-07:00",
        ] {
            assert!(text.parse::<QuietHours>().is_err(), "{text}");
        }
        let read: QuietHours = "9:05 - 17:00".parse().unwrap();
        assert_eq!(read.to_string(), "09:05-17:00");
    }
}
