//! What an order is: one vendor's part of what a buyer bought.
//!
//! A [`VendorOrder`] is an [`OrderState`], which every step changes, and an
//! [`OrderContent`], which says what was bought and seldom changes; stores
//! keep the two apart so that a step writes little. This module and the ones
//! below it do no input or output and never read a clock.

mod actor;
mod content;
mod digest;
mod id;
pub mod intake;
pub mod money;
pub mod placement;
mod qty;
mod source;
mod state;
pub mod status;
pub mod text;

pub use actor::{Actor, ActorKind};
pub use content::{
    Address, Buyer, Line, MAX_NOTES, MAX_SHIPMENTS, Note, OrderContent, Property, Shipment, Totals,
    Visibility,
};
pub use id::{InvalidId, OrderId, OrderKey, OrderNumber, VendorId};
pub use money::{Currency, Money};
pub use qty::{InvalidQty, Qty};
use serde::{Deserialize, Serialize};
pub use source::{Source, SourceKey};
pub use state::{Flags, Heard, HistoryEntry, OrderState, Previous};
pub use status::OrderStatus;

/// One vendor's order. Known to people by vendor and number ([`OrderKey`]),
/// to machines by [`OrderId`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VendorOrder {
    /// The store's own number for this order; never used again.
    pub id: OrderId,
    /// Whose order it is.
    pub vendor_id: VendorId,
    /// The number that people use, unique within the vendor.
    pub number: OrderNumber,
    /// What every step changes.
    pub state: OrderState,
    /// What was bought, by whom, and where it goes.
    pub content: OrderContent,
}

impl VendorOrder {
    /// Vendor and number: what an order is known by.
    #[must_use]
    pub fn key(&self) -> OrderKey {
        OrderKey {
            vendor: self.vendor_id.clone(),
            number: self.number.clone(),
        }
    }
}
