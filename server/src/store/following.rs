//! Whose events are asked for, replayed and told.

use ordertop::order::VendorId;

/// What a follower follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Following {
    /// One vendor.
    Vendor(VendorId),
    /// Every vendor.
    All,
}
