//! Exact decimal numbers as shops write them, with more decimals than a currency or a quantity has.

use ordertop::order::text::clean;
use ordertop::order::{Currency, Qty};

/// Decimals that are kept; what floats leave beyond them is noise.
const PLACES: u32 = 12;
const ONE: i128 = 10_i128.pow(PLACES);
/// Most digits before the point: far above any amount, far below what overflows.
const MAX_DIGITS: usize = 20;
/// The largest amount that is taken, in minor units: sums of thousands of them fit.
const MAX_MINOR: i128 = 1_000_000_000_000_000;

/// An exact decimal number of twelve places.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Decimal {
    units: i128,
}

/// The sign that stands before the decimals of a file's numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum DecimalMark {
    /// `1234.56`, as in JSON; a comma groups digits.
    #[default]
    Point,
    /// `1.234,56`; a point groups digits.
    Comma,
}

impl Decimal {
    /// Reads a JSON number or its text: `-14.9975`, `1e3`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            None => (text, 0),
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        };
        let (negative, digits) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        if whole.len() > MAX_DIGITS || exponent.abs() > 12 {
            return None;
        }
        let fraction = &fraction[..fraction.len().min(PLACES as usize)];
        let units: i128 = format!("{whole}{fraction:0<width$}", width = PLACES as usize)
            .parse()
            .ok()?;
        let shift = 10_i128.checked_pow(exponent.unsigned_abs())?;
        let units = match exponent {
            ..0 => units / shift,
            _ => units
                .checked_mul(shift)
                .filter(|units| *units < ONE * 10_i128.pow(20))?,
        };
        Some(Self {
            units: if negative { -units } else { units },
        })
    }

    /// Reads a number as people and their spreadsheets write it: `1.234,56 €`, `$1,234.56`, `99,00`. A sign that
    /// stands once with other than three digits after it is the decimal mark whatever `mark` says.
    pub(super) fn parse_local(text: &str, mark: DecimalMark) -> Option<Self> {
        let mut text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let negative =
            text.starts_with(['-', '−']) || (text.starts_with('(') && text.ends_with(')'));
        // The currency's sign or code before or after the digits.
        text = text
            .trim_matches(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ','))
            .to_owned();
        if text
            .chars()
            .any(|c| !c.is_ascii_digit() && !matches!(c, '.' | ',' | '\'' | '’'))
        {
            return None;
        }
        text.retain(|c| !matches!(c, '\'' | '’'));
        let (points, commas) = (text.matches('.').count(), text.matches(',').count());
        let after = |sign: char| text.rsplit(sign).next().map_or(0, str::len);
        let decimal = match (points, commas) {
            (0, 0) => None,
            (1.., 1..) if text.rfind('.') > text.rfind(',') => Some('.'),
            (1.., 1..) => Some(','),
            (1, 0) if after('.') != 3 || mark == DecimalMark::Point => Some('.'),
            (0, 1) if after(',') != 3 || mark == DecimalMark::Comma => Some(','),
            _ => None,
        };
        let plain: String = text
            .char_indices()
            .filter_map(|(at, c)| match decimal {
                Some(sign) if c == sign => (text.rfind(sign) == Some(at)).then_some('.'),
                _ => c.is_ascii_digit().then_some(c),
            })
            .collect();
        let read = Self::parse(&plain)?;
        Some(Self {
            units: if negative { -read.units } else { read.units },
        })
    }

    /// The nearest minor unit of `currency`, half away from zero; `None` when the amount is beyond all reason.
    pub(super) fn minor(self, currency: Currency) -> Option<i64> {
        let minor = self.rounded(10_i128.pow(PLACES - places(currency)));
        (minor.abs() <= MAX_MINOR)
            .then(|| i64::try_from(minor).ok())
            .flatten()
    }

    /// The quantity, and whether it had more than three decimals; `None` below zero and beyond the largest.
    pub(super) fn qty(self) -> Option<(Qty, bool)> {
        let scale = ONE / 1_000;
        let thousandths = self.rounded(scale);
        let text = format!("{}.{:03}", thousandths / 1_000, (thousandths % 1_000).abs());
        let qty = Qty::parse(&text).ok().filter(|_| thousandths >= 0)?;
        Some((qty, self.units % scale != 0))
    }

    /// This divided by a quantity, to the nearest unit of twelve places; itself where there is none.
    pub(super) fn per(self, qty: Qty) -> Self {
        match i128::from(qty.thousandths()) {
            0 => self,
            thousandths => Self {
                units: self.units * 1_000 / thousandths,
            },
        }
    }

    /// This taken a quantity of times.
    pub(super) fn times(self, qty: Qty) -> Self {
        Self {
            units: self.units.saturating_mul(i128::from(qty.thousandths())) / 1_000,
        }
    }

    /// The number without its sign.
    pub(super) fn abs(self) -> Self {
        Self {
            units: self.units.abs(),
        }
    }

    fn rounded(self, scale: i128) -> i128 {
        let half = if self.units < 0 {
            -scale / 2
        } else {
            scale / 2
        };
        (self.units + half) / scale
    }
}

impl std::ops::Add for Decimal {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            units: self.units.saturating_add(other.units),
        }
    }
}

impl std::ops::Sub for Decimal {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            units: self.units.saturating_sub(other.units),
        }
    }
}

impl std::iter::Sum for Decimal {
    fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
        numbers.fold(Self::default(), |sum, number| sum + number)
    }
}

fn places(currency: Currency) -> u32 {
    u32::from(currency.exponent()).min(PLACES)
}

/// A value as a warning shows it.
pub(super) fn shown(value: &str) -> String {
    let start: String = value.chars().take(200).collect();
    clean(&start, 40)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minor(text: &str, code: &str) -> Option<i64> {
        Decimal::parse(text)?.minor(Currency::new(code).unwrap())
    }

    #[test]
    fn amounts_are_rounded_half_away_from_zero() {
        let table = [
            ("14.9975", "EUR", Some(1500)),
            ("15.50", "CLP", Some(16)),
            ("600.25", "JPY", Some(600)),
            ("-15.50", "CLP", Some(-16)),
            ("1.005", "EUR", Some(101)),
            ("14.999999999999998", "EUR", Some(1500)),
            ("0.4999999999999999", "JPY", Some(0)),
            ("90071992547409.93", "EUR", None),
            ("9007199254740.93", "EUR", Some(900_719_925_474_093)),
            ("1e3", "EUR", Some(100_000)),
            ("1.5e-1", "EUR", Some(15)),
            (".5", "EUR", Some(50)),
            ("5.", "EUR", Some(500)),
            ("+5", "EUR", Some(500)),
            ("", "EUR", None),
            (".", "EUR", None),
            ("1,5", "EUR", None),
            ("--1", "EUR", None),
            ("1e99", "EUR", None),
            ("NaN", "EUR", None),
            ("99999999999999999999999999999999999999999", "EUR", None),
        ];
        for (text, code, expected) in table {
            assert_eq!(minor(text, code), expected, "{text} {code}");
        }
    }

    #[test]
    fn numbers_of_spreadsheets_are_read_by_their_marks() {
        use DecimalMark::{Comma, Point};
        let table = [
            ("99,00", Comma, Some("99")),
            ("99,00", Point, Some("99")),
            ("1.234,56 €", Comma, Some("1234.56")),
            ("1.234,56", Point, Some("1234.56")),
            ("$1,234.56", Point, Some("1234.56")),
            ("1,234", Point, Some("1234")),
            ("1,234", Comma, Some("1.234")),
            ("1.234", Comma, Some("1234")),
            ("1.234", Point, Some("1.234")),
            ("1.234.567", Point, Some("1234567")),
            ("1'234.50", Point, Some("1234.50")),
            ("1\u{a0}234,50", Comma, Some("1234.50")),
            ("-5,00 EUR", Comma, Some("-5")),
            ("(5.00)", Point, Some("-5")),
            ("EUR", Comma, None),
            ("12:30", Comma, None),
            ("", Comma, None),
        ];
        for (text, mark, expected) in table {
            let expected = expected.map(|text| Decimal::parse(text).unwrap());
            assert_eq!(
                Decimal::parse_local(text, mark),
                expected,
                "{text} {mark:?}"
            );
        }
    }

    #[test]
    fn quantities_keep_three_places() {
        let qty = |text: &str| {
            let read = Decimal::parse(text).unwrap().qty();
            read.map(|(qty, finer)| (qty.to_string(), finer))
        };
        assert_eq!(qty("0.5"), Some(("0.5".into(), false)));
        assert_eq!(qty("2.0"), Some(("2".into(), false)));
        assert_eq!(qty("0.3333"), Some(("0.333".into(), true)));
        assert_eq!(qty("-1"), None);
        assert_eq!(qty("-0.5"), None);
        assert_eq!(qty("4000000000"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_not_and_never_panics(text in "[-+0-9.,eE'€ ]{0,60}") {
            let euro = Currency::new("EUR").unwrap();
            let read = Decimal::parse(&text);
            let local = Decimal::parse_local(&text, DecimalMark::Comma);
            for number in [read, local].into_iter().flatten() {
                let _ = (number.minor(euro), number.qty(), number + number, number.per(Qty::ONE));
            }
        }
    }
}
