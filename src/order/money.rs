//! Money: integer minor units and an ISO 4217 currency. Never a float, never
//! added across currencies.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why an amount was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a currency code.
    #[error("`{0}` is not a currency: three letters of ISO 4217 are needed, such as EUR")]
    Currency(String),
    /// Not a decimal number.
    #[error("`{0}` is not an amount: decimal digits with a point are needed, such as 13.90")]
    Syntax(String),
    /// More decimals than the currency has.
    #[error("`{amount}` has more decimals than {currency}, which has {exponent}")]
    Decimals {
        /// The amount as given.
        amount: String,
        /// Its currency.
        currency: Currency,
        /// How many decimals the currency has.
        exponent: u8,
    },
    /// Beyond what fits.
    #[error("the amount is too large")]
    Overflow,
}

/// A currency: its code and how many decimals its minor unit has.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency {
    code: [u8; 3],
    exponent: u8,
}

impl Currency {
    /// Most decimals that an unknown code may bring.
    const MAX_EXPONENT: u8 = 8;

    /// The currency of an ISO 4217 code; the exponent comes from the standard
    /// (JPY 0, KWD 3). A code that the standard does not name gets 2.
    ///
    /// # Errors
    /// When the code is not three ASCII letters.
    pub fn new(code: &str) -> Result<Self, MoneyError> {
        Self::with_decimals(code, 2)
    }

    /// Like [`Self::new`], with the decimals seen in a document for a code
    /// that ISO 4217 does not name.
    ///
    /// # Errors
    /// When the code is not three ASCII letters.
    pub fn with_decimals(code: &str, seen: u8) -> Result<Self, MoneyError> {
        let bytes: [u8; 3] = code
            .as_bytes()
            .try_into()
            .ok()
            .filter(|code: &[u8; 3]| code.iter().all(u8::is_ascii_alphabetic))
            .ok_or_else(|| MoneyError::Currency(super::text::clean(code, 12)))?;
        let code = bytes.map(|b| b.to_ascii_uppercase());
        let known = iso_currency::Currency::from_code(as_text(&code))
            .and_then(|c| c.exponent())
            .and_then(|e| u8::try_from(e).ok());
        Ok(Self {
            code,
            exponent: known.unwrap_or(seen.min(Self::MAX_EXPONENT)),
        })
    }

    /// The three letters.
    #[must_use]
    pub fn code(&self) -> &str {
        as_text(&self.code)
    }

    /// How many decimals the minor unit has.
    #[must_use]
    pub fn exponent(&self) -> u8 {
        self.exponent
    }
}

fn as_text(code: &[u8; 3]) -> &str {
    std::str::from_utf8(code).unwrap_or("XXX")
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from(*self))
    }
}

/// Stored as `EUR`; a code that ISO 4217 does not name keeps its decimals: `XQZ/4`.
impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        match Currency::new(currency.code()) {
            Ok(plain) if plain == currency => currency.code().to_owned(),
            _ => format!("{}/{}", currency.code(), currency.exponent),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        match text.split_once('/') {
            None => Self::new(&text),
            Some((code, decimals)) => {
                let decimals = decimals
                    .parse()
                    .map_err(|_| MoneyError::Currency(text.clone()))?;
                Self::with_decimals(code, decimals)
            }
        }
    }
}

/// An amount of one currency, in its minor units (cents for EUR, yen for JPY).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// Minor units; negative for what flows back.
    pub minor: i64,
    /// Which currency.
    pub currency: Currency,
}

impl Money {
    /// `minor` units of `currency`.
    #[must_use]
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Reads decimal text such as `13.90` or `-5`, exactly. Zeros beyond the
    /// currency's decimals are accepted, other digits there are not.
    ///
    /// # Errors
    /// When the text is no decimal number, has too many decimals, or does not fit.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let syntax = || MoneyError::Syntax(super::text::clean(text, 40));
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || digits.ends_with('.')
        {
            return Err(syntax());
        }
        let exponent = usize::from(currency.exponent);
        let (kept, rest) = fraction.split_at(fraction.len().min(exponent));
        if rest.bytes().any(|b| b != b'0') {
            return Err(MoneyError::Decimals {
                amount: super::text::clean(text, 40),
                currency,
                exponent: currency.exponent,
            });
        }
        let mut minor = 0_i64;
        let zeros = std::iter::repeat_n(b'0', exponent - kept.len());
        for digit in whole.bytes().chain(kept.bytes()).chain(zeros) {
            minor = minor
                .checked_mul(10)
                .and_then(|m| m.checked_add(i64::from(digit - b'0')))
                .ok_or(MoneyError::Overflow)?;
        }
        Ok(Self {
            minor: if negative { -minor } else { minor },
            currency,
        })
    }

    /// The sum; `None` when it does not fit or the currencies differ.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        Some(Self {
            minor: self.minor.checked_add(other.minor)?,
            ..self
        })
    }

    /// `self` taken `times` times; `None` when it does not fit.
    #[must_use]
    pub fn checked_mul(self, times: u32) -> Option<Self> {
        Some(Self {
            minor: self.minor.checked_mul(i64::from(times))?,
            ..self
        })
    }
}

/// The amount alone, exactly, with all the decimals of its currency: `13.90`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minor < 0 { "-" } else { "" };
        let units = self.minor.unsigned_abs();
        let text = match 10_u64.pow(u32::from(self.currency.exponent)) {
            1 => format!("{sign}{units}"),
            scale => {
                let width = usize::from(self.currency.exponent);
                format!("{sign}{}.{:0width$}", units / scale, units % scale)
            }
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::new(code).unwrap()
    }

    #[test]
    fn exponents_come_from_iso_4217() {
        let table = [
            ("EUR", 2),
            ("usd", 2),
            ("JPY", 0),
            ("KWD", 3),
            ("CLF", 4),
            ("KRW", 0),
            ("TND", 3),
        ];
        for (code, exponent) in table {
            assert_eq!(currency(code).exponent(), exponent, "{code}");
        }
        assert_eq!(Currency::with_decimals("XQZ", 4).unwrap().exponent(), 4);
        assert_eq!(Currency::with_decimals("JPY", 4).unwrap().exponent(), 0);
        for bad in ["", "EU", "EURO", "E1R", "€€€"] {
            assert!(Currency::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_unknown_code_keeps_its_decimals_when_stored() {
        let odd = Currency::with_decimals("XQZ", 4).unwrap();
        let text = String::from(odd);
        assert_eq!(text, "XQZ/4");
        assert_eq!(Currency::try_from(text).unwrap(), odd);
        assert_eq!(String::from(currency("JPY")), "JPY");
    }

    #[test]
    fn amounts_are_exact() {
        let table = [
            ("13.90", "EUR", 1390, "13.90"),
            ("5", "EUR", 500, "5.00"),
            ("0.1", "EUR", 10, "0.10"),
            ("1200", "JPY", 1200, "1200"),
            ("1200.00", "JPY", 1200, "1200"),
            ("1.5", "KWD", 1500, "1.500"),
            ("-0.05", "USD", -5, "-0.05"),
            ("3.0000", "USD", 300, "3.00"),
        ];
        for (text, code, minor, shown) in table {
            let money = Money::parse(text, currency(code)).unwrap();
            assert_eq!(money.minor, minor, "{text} {code}");
            assert_eq!(money.to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for bad in [
            "", ".", "1.", ".5", "1,5", "1e3", "--1", "+1", " 1", "NaN", "１",
        ] {
            assert!(
                matches!(
                    Money::parse(bad, currency("EUR")),
                    Err(MoneyError::Syntax(_))
                ),
                "{bad}"
            );
        }
        let many = Money::parse("1.005", currency("EUR"));
        assert!(matches!(many, Err(MoneyError::Decimals { .. })));
        assert!(matches!(
            Money::parse("1.5", currency("JPY")),
            Err(MoneyError::Decimals { .. })
        ));
        assert_eq!(
            Money::parse(&"9".repeat(30), currency("EUR")),
            Err(MoneyError::Overflow)
        );
    }

    #[test]
    fn currencies_do_not_mix() {
        let euro = Money::new(100, currency("EUR"));
        assert_eq!(euro.checked_add(Money::new(1, currency("USD"))), None);
        assert_eq!(
            euro.checked_add(Money::new(i64::MAX, currency("EUR"))),
            None
        );
        assert_eq!(euro.checked_mul(3).unwrap().minor, 300);
    }

    proptest::proptest! {
        #[test]
        fn text_and_back_is_the_same_amount(minor in -1_000_000_000_000_i64..1_000_000_000_000, code in "EUR|JPY|KWD|CLF") {
            let money = Money::new(minor, currency(&code));
            proptest::prop_assert_eq!(Money::parse(&money.to_string(), money.currency).unwrap(), money);
        }
    }
}
