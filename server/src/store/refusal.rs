//! Why a change was refused: what a decision says no with, and what stores keep and tell again.

use ordertop::order::status::{Refusal as StatusRefusal, UndoRefusal};
use ordertop::order::{MAX_NOTES, MAX_SHIPMENTS, OrderNumber, OrderStatus, VendorId};
use ordertop::protocol::MAX_CHANGES_OF_ORDER;
use serde::{Deserialize, Serialize};

/// Why nothing was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// There is no such vendor.
    #[error("there is no vendor {0}: add it with `ordertop-server vendor add {0}`")]
    UnknownVendor(VendorId),
    /// The vendor has no such order.
    #[error("there is no such order")]
    UnknownOrder,
    /// The status table says no.
    #[error(transparent)]
    Status(#[from] StatusRefusal),
    /// There is no step that this caller may undo.
    #[error(transparent)]
    Undo(#[from] UndoRefusal),
    /// The order is at another version than the caller saw.
    #[error("the order has changed since you saw it: it is at version {0}")]
    VersionConflict(u64),
    /// There is an order of this number with other content.
    #[error(
        "there is another order of this number: choose another number, or send the same content"
    )]
    NumberTaken,
    /// The number of a shop's order is another order's: they are never merged.
    #[error(
        "the number {number} is taken by {holder}, and this is {comer}: give the numbers of this file a text of \
         their own with `--prefix TEXT`"
    )]
    NumberOfAnother {
        /// The number.
        number: OrderNumber,
        /// The order that has it.
        holder: String,
        /// The order that was to get it.
        comer: String,
    },
    /// Several orders may be the one that a shop's body speaks of.
    #[error(
        "the orders {0} may each be this one: name its shop with `--source NAME`, as when they were imported"
    )]
    AmbiguousSource(String),
    /// A shipment names more lines than the order has.
    #[error(
        "the shipment names {0} lines, more than the order has: name each once, or none for all"
    )]
    TooManyLines(usize),
    /// A shipment names a line that the order does not have.
    #[error("the order has no line {0}: name lines by their `id`, or none for all")]
    UnknownLine(u64),
    /// The vendor's part of the store is away; for a row among others that went.
    #[error("the store did not answer for this vendor: send this row again")]
    StoreUnavailable,
    /// A shipment comes with a status that ships nothing.
    #[error("a shipment goes with the status Shipped")]
    ShipmentWithoutShipping,
    /// The request has changed this order as often as one may.
    #[error(
        "this request has changed the order {MAX_CHANGES_OF_ORDER} times: send the rest in another"
    )]
    TooManyChanges,
    /// A parcel can neither be added nor corrected.
    #[error(transparent)]
    Tracking(#[from] TrackingRefusal),
    /// The order holds as many notes as one may.
    #[error("the order has {MAX_NOTES} notes already: no more are kept")]
    TooManyNotes,
}

/// Reason why a parcel was neither added nor corrected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum TrackingRefusal {
    /// The order's goods have not left, or do not count as left any more.
    #[error(
        "the order is {0}: parcels belong to orders that are Shipped, Delivered or Completed; send the parcel as `shipment` with the status Shipped"
    )]
    NotShipped(OrderStatus),
    /// The request names neither carrier nor number.
    #[error("`carrier` and `tracking_number` are missing: name the parcel by one of them or both")]
    Empty,
    /// No parcel that was entered here has the number to be replaced.
    #[error("no parcel of this order has the tracking number {0}: look at `shipments`")]
    UnknownParcel(String),
    /// The parcel came from the shop, which would overwrite a correction.
    #[error("the parcel {0} was told by the shop: correct it there")]
    ShopsParcel(String),
    /// Another parcel of the order has this carrier and number.
    #[error("another parcel of this order has the tracking number {0} already")]
    ParcelTaken(String),
    /// The order holds as many shipments as one may.
    #[error("the order has {MAX_SHIPMENTS} shipments already: no more are kept")]
    TooManyShipments,
}
