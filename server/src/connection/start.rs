//! How a socket begins, and what its client expects.

use ordertop::order::VendorId;
use ordertop::protocol::Position;

/// How a socket begins.
#[derive(Debug)]
pub enum Start {
    /// It follows one vendor, from a position if the client has one.
    Vendor {
        /// Whom.
        vendor: VendorId,
        /// From where.
        position: Option<Position>,
        /// What it expects to hear.
        dialect: Dialect,
    },
    /// It follows every vendor; the client says from where in its first frame.
    All,
}

/// What a client expects of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// This protocol: a welcome, then events.
    Ours,
    /// The old system's: no welcome, and a `new_notification` for each new order.
    Old,
}
