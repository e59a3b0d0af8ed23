//! Quantities: exact decimals of at most three places, never negative.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// Decimal places that a quantity may have: grams of a kilogram.
const PLACES: usize = 3;
const SCALE: u64 = 10_u64.pow(PLACES as u32);

/// How many pieces, kilograms or metres. A whole quantity is written as a JSON integer, another one as a decimal
/// number such as `0.5`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Qty {
    thousandths: u64,
}

/// Why a text or number is not a quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a quantity: a number from 0 to {max} with at most {PLACES} decimals is needed", max = Qty::MAX)]
pub struct InvalidQty(pub String);

impl Qty {
    /// No pieces.
    pub const ZERO: Self = Self { thousandths: 0 };
    /// One piece.
    pub const ONE: Self = Self { thousandths: SCALE };
    /// The largest quantity of a line: a million.
    pub const MAX: Self = Self {
        thousandths: 1_000_000 * SCALE,
    };

    /// A quantity of whole pieces; [`Self::MAX`] at most.
    #[must_use]
    pub fn whole(pieces: u32) -> Self {
        Self {
            thousandths: u64::from(pieces) * SCALE,
        }
        .min(Self::MAX)
    }

    /// Reads decimal text such as `2`, `2.0` or `0.125`, exactly.
    ///
    /// # Errors
    /// When the text is not a decimal number, is negative, larger than [`Self::MAX`], or has more than three decimals
    /// that are not zero.
    pub fn parse(text: &str) -> Result<Self, InvalidQty> {
        let invalid = || InvalidQty(super::text::clean(text, 40));
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || text.ends_with('.') || !digits(whole) || !digits(fraction) {
            return Err(invalid());
        }
        let (kept, rest) = fraction.split_at(fraction.len().min(PLACES));
        if rest.bytes().any(|b| b != b'0') {
            return Err(invalid());
        }
        let whole: u64 = whole.parse().map_err(|_| invalid())?;
        let fraction: u64 = format!("{kept:0<PLACES$}").parse().map_err(|_| invalid())?;
        whole
            .checked_mul(SCALE)
            .and_then(|thousandths| thousandths.checked_add(fraction))
            .map(|thousandths| Self { thousandths })
            .filter(|qty| *qty <= Self::MAX)
            .ok_or_else(invalid)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.thousandths == 0
    }

    /// The number of whole pieces, if it is whole.
    #[must_use]
    pub fn as_whole(self) -> Option<u64> {
        self.thousandths
            .is_multiple_of(SCALE)
            .then_some(self.thousandths / SCALE)
    }

    /// The quantity in thousandths of a piece.
    #[must_use]
    pub fn thousandths(self) -> u64 {
        self.thousandths
    }

    /// The sum; [`Self::MAX`] at most.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self {
            thousandths: self.thousandths.saturating_add(other.thousandths),
        }
        .min(Self::MAX)
    }

    /// What is left after `other` is taken away; zero at least.
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        Self {
            thousandths: self.thousandths.saturating_sub(other.thousandths),
        }
    }

    /// The price of this quantity where one piece costs `minor`, rounded half away from zero; `None` on overflow.
    #[must_use]
    pub fn price(self, minor: i64) -> Option<i64> {
        let scale = i128::from(SCALE);
        let exact = i128::from(minor) * i128::from(self.thousandths);
        let half = if exact < 0 { -scale / 2 } else { scale / 2 };
        i64::try_from((exact + half) / scale).ok()
    }
}

impl fmt::Display for Qty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.thousandths / SCALE, self.thousandths % SCALE);
        if rest == 0 {
            return f.pad(&whole.to_string());
        }
        let text = format!("{whole}.{rest:03}");
        f.pad(text.trim_end_matches('0'))
    }
}

impl From<u32> for Qty {
    fn from(pieces: u32) -> Self {
        Self::whole(pieces)
    }
}

impl Serialize for Qty {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.as_whole() {
            Some(whole) => serializer.serialize_u64(whole),
            // At most ten significant digits: the shortest text of the float is the exact decimal.
            #[expect(clippy::cast_precision_loss, reason = "at most 10^9, far below 2^53")]
            None => serializer.serialize_f64(self.thousandths as f64 / SCALE as f64),
        }
    }
}

impl<'de> Deserialize<'de> for Qty {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = Qty;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a number such as 2 or 0.5, at most {}", Qty::MAX)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Qty, E> {
                Qty::parse(&number.to_string()).map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Qty, E> {
                Qty::parse(&number.to_string()).map_err(E::custom)
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Qty, E> {
                Qty::parse(&number.to_string()).map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimal_text_is_read_exactly() {
        let table = [
            ("2", Some("2")),
            ("2.0", Some("2")),
            ("0.5", Some("0.5")),
            ("1.250", Some("1.25")),
            ("0.125", Some("0.125")),
            ("0.1250", Some("0.125")),
            ("1000000", Some("1000000")),
            ("0", Some("0")),
            ("0.0001", None),
            ("1000000.001", None),
            ("4000000000", None),
            ("99999999999999999999999", None),
            ("-1", None),
            ("1e3", None),
            (".5", None),
            ("5.", None),
            ("", None),
            ("٣", None),
        ];
        for (text, shown) in table {
            let read = Qty::parse(text).ok().map(|qty| qty.to_string());
            assert_eq!(read.as_deref(), shown, "{text}");
        }
    }

    #[test]
    fn a_whole_quantity_is_written_as_an_integer() {
        let json = |qty: Qty| serde_json::to_string(&qty).unwrap();
        assert_eq!(json(Qty::whole(2)), "2");
        assert_eq!(json(Qty::parse("0.5").unwrap()), "0.5");
        for refused in ["\"2\"", "-1", "0.0001", "true", "1e300"] {
            assert!(serde_json::from_str::<Qty>(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn prices_round_half_away_from_zero() {
        let table = [
            ("2", 500, 1000),
            ("0.5", 99, 50),
            ("0.5", -99, -50),
            ("0.333", 100, 33),
        ];
        for (qty, minor, price) in table {
            assert_eq!(Qty::parse(qty).unwrap().price(minor), Some(price), "{qty}");
        }
        assert_eq!(Qty::whole(2).price(i64::MAX), None);
    }

    proptest! {
        #[test]
        fn json_and_text_keep_every_quantity(thousandths in 0..=Qty::MAX.thousandths) {
            let qty = Qty { thousandths };
            let json = serde_json::to_string(&qty).unwrap();
            prop_assert_eq!(serde_json::from_str::<Qty>(&json).unwrap(), qty);
            prop_assert_eq!(Qty::parse(&qty.to_string()).unwrap(), qty);
            prop_assert_eq!(json, qty.to_string());
        }
    }
}
