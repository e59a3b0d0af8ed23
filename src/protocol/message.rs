//! The frames of a socket, one JSON object each.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::listed::ListedOrder;
use super::position::{Mark, Position};
use crate::order::{Actor, OrderNumber, OrderStatus, VendorId};

/// What a client says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    /// Answered by a pong with the same `timestamp`.
    Ping {
        /// Anything; comes back as it went.
        #[serde(default)]
        timestamp: serde_json::Value,
    },
    /// On `/ws/orders/`: where the client is, for each vendor that it knows.
    Resume {
        /// Positions by vendor; `{}` for none.
        #[serde(default)]
        positions: BTreeMap<VendorId, Position>,
    },
}

/// What a server says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The first frame.
    Welcome(Welcome),
    /// An order came to be.
    OrderCreated(OrderEvent),
    /// An order's status changed.
    OrderStatusUpdate(OrderEvent),
    /// Anything else about an order changed.
    OrderUpdated(OrderEvent),
    /// An order was erased.
    OrderRemoved(OrderEvent),
    /// On `/ws/orders/`: there is a new vendor, at offset 0.
    VendorAdded(VendorAdded),
    /// Answers a ping.
    Pong {
        /// The ping's own.
        timestamp: serde_json::Value,
    },
    /// The socket lives, the store does not.
    Degraded {
        /// A stable code: `store_unavailable`.
        reason: String,
    },
    /// The store lives again.
    Restored,
    /// The server will close this socket.
    Draining {
        /// How long to wait before coming back, in milliseconds.
        reconnect_after_ms: u64,
    },
}

/// The first frame of a socket; on `/ws/orders/` the answer to `resume`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Welcome {
    /// [`super::version::VERSION`].
    pub protocol: u32,
    /// One vendor's socket: whose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_id: Option<VendorId>,
    /// One vendor's socket: how its recovery went.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<Recovery>,
    /// `/ws/orders/`: how recovery went, by vendor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendors: Option<BTreeMap<VendorId, Recovery>>,
    /// How often the server pings, in milliseconds.
    pub ping_interval_ms: u64,
    /// How long the server waits for a sign of life after a ping, in milliseconds.
    pub ping_timeout_ms: u64,
    /// How long to wait before coming back after a break.
    pub retry: Retry,
    /// The server's clock.
    pub server_time: Timestamp,
}

/// Whether what a client missed could be replayed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    /// Where the replay that follows will end; the client keeps its own until
    /// events move it.
    pub position: Position,
    /// Whether the replay is whole. If not, nothing is replayed and the client
    /// fetches a snapshot.
    pub recovered: bool,
    /// How many events the replay holds.
    #[serde(default)]
    pub replayed: u64,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Unrecovered>,
}

/// Why nothing was replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unrecovered {
    /// The client named none.
    NoPosition,
    /// The events after it are no longer kept.
    PositionExpired,
    /// This history does not hold that event.
    PositionUnknown,
}

impl Unrecovered {
    /// The stable code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoPosition => "no_position",
            Self::PositionExpired => "position_expired",
            Self::PositionUnknown => "position_unknown",
        }
    }
}

/// How long a client waits before it comes back, at random between the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// The first ceiling, in milliseconds.
    pub min_ms: u64,
    /// The last ceiling, in milliseconds.
    pub max_ms: u64,
}

/// What kind of event it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventKind {
    /// An order came to be.
    #[serde(rename = "order_created")]
    Created,
    /// A status changed.
    #[serde(rename = "order_status_update")]
    Status,
    /// Anything else changed.
    #[serde(rename = "order_updated")]
    Updated,
    /// The order was erased.
    #[serde(rename = "order_removed")]
    Removed,
}

impl EventKind {
    /// The message that tells of such an event.
    #[must_use]
    pub fn message(self, event: OrderEvent) -> ServerMessage {
        match self {
            Self::Created => ServerMessage::OrderCreated(event),
            Self::Status => ServerMessage::OrderStatusUpdate(event),
            Self::Updated => ServerMessage::OrderUpdated(event),
            Self::Removed => ServerMessage::OrderRemoved(event),
        }
    }
}

/// An order changed. The seed's fields first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderEvent {
    /// Which order.
    pub order_number: OrderNumber,
    /// Where it stands now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<OrderStatus>,
    /// Whose order.
    pub vendor_id: VendorId,
    /// When it was committed.
    pub timestamp: Timestamp,
    /// How many events the vendor had, this one included.
    pub offset: u64,
    /// This event.
    pub position: Position,
    /// The event before it.
    pub after: Mark,
    /// Counts the changes of this order.
    pub version: u64,
    /// Where it stood before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_status: Option<OrderStatus>,
    /// Who did it.
    pub actor: Actor,
    /// The order as it is now; absent once it is erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Arc<ListedOrder>>,
}

/// There is a new vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorAdded {
    /// Which.
    pub vendor_id: VendorId,
    /// What it is called.
    pub name: String,
    /// The birth of its stream.
    pub position: Position,
    /// When.
    pub timestamp: Timestamp,
}

impl ServerMessage {
    /// The event in it, if it is one of an order.
    #[must_use]
    pub fn order_event(&self) -> Option<&OrderEvent> {
        match self {
            Self::OrderCreated(event)
            | Self::OrderStatusUpdate(event)
            | Self::OrderUpdated(event)
            | Self::OrderRemoved(event) => Some(event),
            _ => None,
        }
    }
}
