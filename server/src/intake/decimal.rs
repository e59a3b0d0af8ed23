//! Exact decimal numbers as shops write them, with more decimals than a currency or a quantity has.

use ordertop::order::text::clean;
use ordertop::order::{Currency, Qty};

/// Decimals that are kept; what floats leave beyond them is noise.
const PLACES: u32 = 12;
const ONE: i128 = 10_i128.pow(PLACES);
/// Most digits before the point: far above any amount, far below what overflows.
const MAX_DIGITS: usize = 20;
/// Largest exponent.
const MAX_EXPONENT: i32 = 12;
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
        if whole.len() > MAX_DIGITS || exponent > MAX_EXPONENT {
            return None;
        }
        let fraction = &fraction[..fraction.len().min(PLACES as usize)];
        let units: i128 = format!("{whole}{fraction:0<width$}", width = PLACES as usize)
            .parse()
            .ok()?;
        let units = match exponent {
            // What is smaller than the last place is zero.
            ..0 => 10_i128
                .checked_pow(exponent.unsigned_abs())
                .map_or(0, |shift| units / shift),
            _ => units
                .checked_mul(10_i128.pow(exponent.unsigned_abs()))
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
    use proptest::prelude::*;

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
            ("1.4210854715202004e-14", "EUR", Some(0)),
            ("5e-2147483648", "EUR", Some(0)),
            ("5e-2147483649", "EUR", None),
            ("1e2147483647", "EUR", None),
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

    /// Numbers whose exponents are at, beside and beyond what their type and the decimals hold.
    fn with_exponent() -> impl Strategy<Value = String> {
        let edges = [0, 12, 20, 38, i64::from(i32::MAX), -i64::from(i32::MIN)];
        let near = (
            prop::sample::select(edges.to_vec()),
            -1..=1_i64,
            any::<bool>(),
        );
        let exponent = prop_oneof![
            near.prop_map(|(edge, by, is_negative)| if is_negative {
                -edge - by
            } else {
                edge + by
            }),
            any::<i64>(),
        ];
        ("[-+]?[0-9]{0,25}([.][0-9]{0,15})?[eE]", exponent)
            .prop_map(|(mantissa, exponent)| format!("{mantissa}{exponent}"))
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_not_and_never_panics(
            text in prop_oneof!["[-+0-9.,eE'€ ]{0,60}", with_exponent()],
        ) {
            let read = Decimal::parse(&text);
            let local = Decimal::parse_local(&text, DecimalMark::Comma);
            for number in [read, local].into_iter().flatten() {
                for code in ["EUR", "JPY", "KWD"] {
                    let _ = number.minor(Currency::new(code).unwrap());
                }
                let largest = number.times(Qty::MAX);
                let _ = (number.qty(), largest + largest - number, number.abs());
                for qty in [Qty::ZERO, Qty::ONE, Qty::parse("0.001").unwrap(), Qty::MAX] {
                    let _ = (largest.per(qty), number.per(qty), largest.minor(Currency::new("EUR").unwrap()));
                }
            }
        }
    }
}
