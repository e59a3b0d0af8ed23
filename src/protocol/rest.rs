//! Bodies of the REST calls.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::listed::ListedOrder;
use super::message::ServerMessage;
use super::position::Position;
use crate::order::intake::Intake;
use crate::order::{
    Actor, HistoryEntry, Note, OrderNumber, OrderStatus, Shipment, VendorId, Visibility,
};

/// `POST /api/orders/{number}/update-status/`. The server reads the status as
/// text, to refuse it in the seed's words.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StatusChange {
    /// The new status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Refuse when the order is at another version by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<u64>,
    /// Why, where the table asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What leaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment: Option<Shipment>,
    /// Takes back the newest step, if it is the caller's own and not older than
    /// [`UNDO_WINDOW`](crate::order::status::UNDO_WINDOW): everything that the step changed is as before. `status` may
    /// be left out; otherwise the undo is refused where it leads to another one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undo: bool,
}

/// The answer to a [`StatusChange`]: the seed's two fields, then ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusChanged {
    /// The seed's sentence.
    pub status: String,
    /// Where the order stands now.
    pub new_status: OrderStatus,
    /// Whether this request changed it.
    #[serde(default)]
    pub changed: bool,
    /// The event that this request made, or the vendor's newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// The order as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<ListedOrder>,
}

/// The seed's sentence for a change that went through.
pub const STATUS_UPDATED: &str = "Order status updated successfully";
/// Ours, where the vendor may only ask.
pub const CANCELLATION_REQUESTED: &str = "Cancellation requested: support decides";

/// `POST /api/orders/{number}/notes/`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    /// The words: one line, cut to [`crate::order::text::MAX_NOTE_CHARS`].
    pub text: String,
    /// Who may read it. Left out, a vendor's is for vendor and support, and
    /// support's for support alone: nothing is told by mistake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
}

/// The answer to a [`NewNote`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoteAdded {
    /// The note as it is kept.
    pub note: Note,
    /// The event that it made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// The order as it is now, as a list shows it: without its notes.
    pub order: ListedOrder,
}

/// `POST /api/orders/{number}/shipments/`: a parcel of an order that has left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrackingChange {
    /// Carrier's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// The carrier's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<String>,
    /// Web address at which a person can follow the parcel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_url: Option<String>,
    /// Tracking number of the parcel that this corrects. Left out, the newest parcel without a
    /// number is filled in, else a further one is added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
}

/// The answer to a [`TrackingChange`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrackingChanged {
    /// Whether this request changed the order; false where the parcel was known.
    pub changed: bool,
    /// The event that this request made, or the vendor's newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// The order as it is now, as a list shows it.
    pub order: ListedOrder,
}

/// `POST /api/orders/update-status/`: many at once.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BulkChange {
    /// At most [`super::MAX_ORDERS`].
    pub orders: Vec<BulkRow>,
}

/// One row of a [`BulkChange`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BulkRow {
    /// Which order.
    pub order_number: String,
    /// Whose, where the caller may act for several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_id: Option<String>,
    /// What is to change.
    #[serde(flatten)]
    pub change: StatusChange,
}

/// What became of the rows of an array or a bulk change, in their order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RowResults {
    /// One a row.
    pub results: Vec<RowResult>,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowResult {
    /// Whose order, where the row could be read so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_id: Option<String>,
    /// Which order, where the row could be read so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_number: Option<String>,
    /// What became of it.
    pub result: Outcome,
    /// When refused: a stable code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// When refused: what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Bulk change: the version that the row made, or that the order has where it made none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// Bulk change: where the order stands after the whole request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<OrderStatus>,
    /// Bulk change: the event that the row made; none where it made none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// Bulk change: the order after the whole request, with the last row that changed it or met a
    /// conflict. Left out where the orders of an answer come to more than [`super::MAX_BULK_ANSWER_BYTES`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<ListedOrder>,
}

impl RowResult {
    /// A result that says no more of the order.
    #[must_use]
    pub fn new(vendor_id: Option<String>, order_number: Option<String>, result: Outcome) -> Self {
        Self {
            vendor_id,
            order_number,
            result,
            code: None,
            error: None,
            version: None,
            status: None,
            position: None,
            order: None,
        }
    }
}

/// What became of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is new.
    Placed,
    /// It is changed.
    Changed,
    /// It was so already.
    Unchanged,
    /// It was not taken.
    Refused,
}

/// `POST /api/orders/`: the answer to one order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlacedAnswer {
    /// [`Outcome::Placed`] or [`Outcome::Unchanged`].
    pub result: Outcome,
    /// Whose order.
    pub vendor_id: VendorId,
    /// Which order.
    pub order_number: OrderNumber,
    /// The event that it made, or the vendor's newest.
    pub position: Position,
    /// The order.
    pub order: ListedOrder,
}

/// `POST /api/orders/import/`: checked orders from a file, to be merged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ImportBatch {
    /// What they came from, for the history.
    #[serde(default)]
    pub from: String,
    /// At most [`super::MAX_ORDERS`].
    pub orders: Vec<Intake>,
}

/// `GET /api/orders/vendor/events/`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventsPage {
    /// Where the reader is once it has read the events.
    pub position: Position,
    /// The same frames as the socket's.
    pub events: Vec<ServerMessage>,
}

/// `POST /api/orders/events/`: where a reader of several vendors is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EventsRequest {
    /// Positions by vendor.
    #[serde(default)]
    pub positions: BTreeMap<VendorId, Position>,
    /// How long to wait for something to happen, in seconds; at most
    /// [`super::MAX_WAIT_S`].
    #[serde(default)]
    pub wait: u64,
}

/// The answer to an [`EventsRequest`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EventsByVendor {
    /// Every vendor that the caller may see.
    pub vendors: BTreeMap<VendorId, VendorEvents>,
}

/// The events of one vendor of several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VendorEvents {
    /// Where the reader is once it has read the events.
    pub position: Position,
    /// Whether the events are all that was missed; if not, fetch a snapshot.
    pub recovered: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<super::message::Unrecovered>,
    /// The same frames as the socket's.
    pub events: Vec<ServerMessage>,
}

/// `GET /api/orders/{number}/history/`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Oldest first.
    pub history: Vec<HistoryEntry>,
}

/// `GET` and `POST /api/vendors/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vendor {
    /// Its id.
    pub id: VendorId,
    /// What it is called.
    #[serde(default)]
    pub name: String,
}

/// An error that is not one of the seed's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// A sentence that says what to do.
    pub error: String,
    /// A stable code.
    #[serde(default)]
    pub code: String,
    /// `version_conflict`: the order as it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<ListedOrder>,
    /// `version_conflict`: who changed it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<Actor>,
    /// `version_conflict`: when that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
    /// `ambiguous_order`: whose it may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendors: Option<Vec<VendorId>>,
}
