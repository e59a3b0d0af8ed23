//! What the operator said about the rows of a file.

use jiff::Timestamp;
use ordertop::order::{Currency, VendorId};

/// What the operator said about the rows of a file.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The vendor whose orders they are.
    pub vendor: VendorId,
    /// The time for a missing `placed_at`.
    pub now: Timestamp,
    /// The currency of rows that name none.
    pub currency: Option<Currency>,
    /// The declared name of their source.
    pub source: Option<String>,
    /// A text before every order number.
    pub prefix: String,
}

impl Settings {
    /// Settings of a vendor, with nothing declared.
    #[must_use]
    pub fn new(vendor: VendorId, now: Timestamp) -> Self {
        Self {
            vendor,
            now,
            currency: None,
            source: None,
            prefix: String::new(),
        }
    }
}
