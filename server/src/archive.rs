//! An export: a whole store as lines of JSON, and back.
//!
//! 1. A header says what it is ([`Header`]).
//! 2. A line a vendor, before the orders of that vendor ([`Vendor`]).
//! 3. A line an order, with its history ([`KeptOrder`](crate::store::KeptOrder)).
//! 4. The last line counts them and holds a digest of all bytes before it
//!    ([`End`]), so that an export that was cut or changed is noticed.
//!
//! `docs/EXPORT.md` has an example of each. What is written stands once, in
//! [`Writer`]; [`Reader`] trusts none of it ([`check`]). Events are not in it:
//! a store begins to count them anew.

mod check;
mod export;
mod read;
mod restore;
mod write;

use std::fmt;

use jiff::Timestamp;
use ordertop::order::{HistoryEntry, VendorOrder};
use ordertop::protocol::rest::Vendor;
use serde::{Deserialize, Serialize};

use crate::plural::counted;

pub use check::{Fault, check};
pub use export::{ExportError, export};
pub use read::{Flaw, Item, NoExport, Reader};
pub use restore::{Outcome, restore};
pub use write::Writer;

/// What the first line calls itself.
pub const FORMAT: &str = "ordertop-export";
/// The version that we write, and the newest that we read. A field more is a
/// version more: a reader that does not know it would lose it.
pub const VERSION: u32 = 2;
/// Longest line, in bytes: an order with the most lines, shipments and notes
/// that we take, and a long history.
pub const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`] of whoever wrote it.
    pub version: u32,
    /// When it was begun.
    pub at: Timestamp,
    /// What kind of store it is of: `sqlite`, `redis` …
    pub store: String,
    /// How many orders there were when it was begun: for progress, no promise.
    pub orders: u64,
}

/// Whether this JSON is the first line of an export, of whatever version.
#[must_use]
pub fn is_header(json: &str) -> bool {
    /// What every version says.
    #[derive(Deserialize)]
    struct Said {
        format: String,
    }
    serde_json::from_str::<Said>(json).is_ok_and(|said| said.format == FORMAT)
}

/// How much an export holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Vendors.
    pub vendors: u64,
    /// Orders.
    pub orders: u64,
    /// Entries of all their histories.
    pub history: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            vendors,
            orders,
            history,
        } = self;
        write!(
            f,
            "{}, {}, {}",
            counted(*vendors, "vendor", "vendors"),
            counted(*orders, "order", "orders"),
            counted(*history, "history entry", "history entries")
        )
    }
}

/// The last line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// What came before it.
    pub counts: Counts,
    /// SHA-256 of every byte before this line, in hex.
    pub sha256: String,
}

/// Any line after the first; just one of vendor, order and end.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vendor: Option<Vendor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order: Option<VendorOrder>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    history: Option<Vec<HistoryEntry>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<End>,
}

/// A digest in hex.
fn hex(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        use fmt::Write;
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests;
