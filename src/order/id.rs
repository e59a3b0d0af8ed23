//! Ids and numbers, each a type of its own so that none can be swapped.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::text;

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Not a vendor id.
    #[error("a vendor id is 1 to 64 characters of A-Z a-z 0-9 . _ -")]
    Vendor,
    /// Not an order number.
    #[error(
        "an order number is 1 to 64 printable characters, without control characters or blanks at its ends, and not `.` or `..`"
    )]
    Number,
}

/// Names a vendor: 1 to 64 of `A-Za-z0-9._-`. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VendorId(Arc<str>);

impl VendorId {
    /// Longest vendor id, in characters.
    pub const MAX_CHARS: usize = 64;

    /// Reads a vendor id.
    ///
    /// # Errors
    /// When the text is empty, too long, or has another character.
    pub fn new(id: &str) -> Result<Self, InvalidId> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if id.is_empty() || id.len() > Self::MAX_CHARS || !id.bytes().all(allowed) {
            return Err(InvalidId::Vendor);
        }
        Ok(Self(id.into()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The number by which people know an order: 1 to 64 printable characters.
/// Unique within a vendor. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrderNumber(Arc<str>);

impl OrderNumber {
    /// Longest order number, in characters.
    pub const MAX_CHARS: usize = 64;

    /// Reads an order number.
    ///
    /// # Errors
    /// When the text is empty, too long, begins or ends with a blank, or has a
    /// character that does not print (controls, bidi overrides, zero-width).
    /// `.` and `..` name no order: URLs fold them away (RFC 3986, section 5.2.4).
    pub fn new(number: &str) -> Result<Self, InvalidId> {
        let whole = number.trim() == number && !matches!(number, "" | "." | "..");
        if !whole
            || number.chars().count() > Self::MAX_CHARS
            || number.chars().any(text::is_unprintable)
        {
            return Err(InvalidId::Number);
        }
        Ok(Self(number.into()))
    }

    /// The number as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Vendor and number: what an order is known by everywhere but in the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OrderKey {
    /// Whose order.
    pub vendor: VendorId,
    /// Which of the vendor's orders.
    pub number: OrderNumber,
}

impl fmt::Display for OrderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of vendor {}", self.number, self.vendor)
    }
}

/// The store's number for an order, from 1: the seed's integer `id`.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct OrderId(pub u64);

macro_rules! text_id {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.as_ref().to_owned()
            }
        }
    };
}

text_id!(VendorId);
text_id!(OrderNumber);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendor_id_keeps_to_its_alphabet() {
        for good in ["1", "acme.shop_2-b", &"a".repeat(64)] {
            assert_eq!(VendorId::new(good).unwrap().as_str(), good);
        }
        for bad in ["", " 1", "a/b", "ä", &"a".repeat(65), "a\n"] {
            assert_eq!(VendorId::new(bad), Err(InvalidId::Vendor), "{bad:?}");
        }
    }

    #[test]
    fn an_order_number_prints() {
        for good in ["A-1001", "注文 7", "#1/2", &"é".repeat(64)] {
            assert_eq!(OrderNumber::new(good).unwrap().as_str(), good);
        }
        let bad = [
            "",
            " A",
            "A ",
            "A\u{1b}[2J",
            "A\u{202e}B",
            "A\u{200b}",
            &"é".repeat(65),
            "\u{7f}",
            ".",
            "..",
        ];
        for bad in bad {
            assert_eq!(OrderNumber::new(bad), Err(InvalidId::Number), "{bad:?}");
        }
    }
}
