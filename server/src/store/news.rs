//! What happened: events, and what else a store tells those who follow it.

use std::sync::Arc;

use jiff::Timestamp;
use ordertop::order::{Actor, OrderStatus, VendorId, VendorOrder};
use ordertop::protocol::message::Unrecovered;
use ordertop::protocol::{EventKind, Mark, Position};

use super::VendorRecord;

/// One committed event with the order as it was then.
#[derive(Debug, Clone)]
pub struct Event {
    /// Which kind.
    pub kind: EventKind,
    /// Its place.
    pub position: Position,
    /// The mark of the one before it.
    pub after: Mark,
    /// When it was committed.
    pub at: Timestamp,
    /// Where the order stood before; `None` for a new one.
    pub previous_status: Option<OrderStatus>,
    /// Who did it.
    pub actor: Actor,
    /// The order as it was then.
    pub order: Arc<VendorOrder>,
}

/// An event and whose it is.
#[derive(Debug, Clone)]
pub struct VendorEvent {
    /// Whose.
    pub vendor: VendorId,
    /// The event.
    pub event: Event,
}

/// What a store tells those who follow it, each vendor's events in order and once.
#[derive(Debug, Clone)]
pub enum News {
    /// An order changed.
    Event(Arc<VendorEvent>),
    /// There is a new vendor, at the birth of its stream.
    Vendor(VendorRecord),
    /// Events that were told of this vendor are not in its history any more (a
    /// failover lost them, or a backup was restored): whoever follows it must
    /// ask anew where it stands.
    HistoryChanged(VendorId),
    /// The store is away, for this reason.
    Away(String),
    /// The store is back.
    Back,
}

/// The way of the news to those who follow.
pub type Feed = tokio::sync::mpsc::Sender<Vec<News>>;

/// The answer to [`super::Store::events`].
#[derive(Debug, Clone)]
pub enum Replay {
    /// The history holds the event that was named.
    Events {
        /// What came after it, in order.
        events: Vec<Event>,
        /// The vendor's newest event.
        head: Position,
    },
    /// It cannot be proved that nothing is missing.
    Unrecovered {
        /// Why.
        reason: Unrecovered,
        /// The vendor's newest event.
        head: Position,
    },
}
