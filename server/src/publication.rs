//! Something that happened, on its way to sockets: encoded once for each view
//! and shared by all who receive it.

use std::sync::{Arc, OnceLock};

use ordertop::order::{ActorKind, VendorId};
use ordertop::protocol::{
    EventKind, ListedOrder, OrderEvent, ServerMessage, listed::View, message::VendorAdded,
};
use serde_json::json;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::store::{Event, VendorEvent};

/// Something that happened.
#[derive(Debug)]
pub struct Publication {
    fact: Fact,
    for_vendor: OnceLock<Utf8Bytes>,
    for_support: OnceLock<Utf8Bytes>,
    notification: OnceLock<Option<Utf8Bytes>>,
}

#[derive(Debug)]
enum Fact {
    /// An order changed.
    Order(Arc<VendorEvent>),
    /// There is a new vendor; only those who follow all hear of it.
    Vendor(VendorAdded),
    /// Of the store itself.
    Store(ServerMessage),
}

impl Publication {
    /// An order changed.
    #[must_use]
    pub fn order(event: Arc<VendorEvent>) -> Self {
        Self::new(Fact::Order(event))
    }

    /// There is a new vendor.
    #[must_use]
    pub fn vendor_added(vendor: VendorAdded) -> Self {
        Self::new(Fact::Vendor(vendor))
    }

    /// The store is away.
    #[must_use]
    pub fn degraded() -> Self {
        Self::new(Fact::Store(ServerMessage::Degraded {
            reason: "store_unavailable".to_owned(),
        }))
    }

    /// The store is back.
    #[must_use]
    pub fn restored() -> Self {
        Self::new(Fact::Store(ServerMessage::Restored))
    }

    fn new(fact: Fact) -> Self {
        Self {
            fact,
            for_vendor: OnceLock::new(),
            for_support: OnceLock::new(),
            notification: OnceLock::new(),
        }
    }

    /// Whose event it is, and its offset; `None` for what is no event of a vendor.
    #[must_use]
    pub fn event(&self) -> Option<(&VendorId, u64)> {
        match &self.fact {
            Fact::Order(event) => Some((&event.vendor, event.event.position.offset)),
            Fact::Vendor(_) | Fact::Store(_) => None,
        }
    }

    /// The frame beside it for a client of the old system: what its bell rings for.
    #[must_use]
    pub fn notification(&self) -> Option<&Utf8Bytes> {
        let made = self.notification.get_or_init(|| match &self.fact {
            Fact::Order(event) => new_notification(&event.vendor, &event.event),
            Fact::Vendor(_) | Fact::Store(_) => None,
        });
        made.as_ref()
    }

    /// The frame for a view; encoded when it is first asked for.
    #[must_use]
    pub fn frame(&self, view: View) -> &Utf8Bytes {
        let slot = match view {
            View::Vendor => &self.for_vendor,
            View::Support => &self.for_support,
        };
        slot.get_or_init(|| match &self.fact {
            Fact::Order(event) => encode(&message(&event.vendor, &event.event, view)),
            Fact::Vendor(vendor) => encode(&ServerMessage::VendorAdded(vendor.clone())),
            Fact::Store(message) => encode(message),
        })
    }
}

/// The old system's notification of a new order; `None` for one that rings nothing: it was imported, or
/// is no real sale.
fn new_notification(vendor: &VendorId, event: &Event) -> Option<Utf8Bytes> {
    let order = &event.order;
    let rings = event.actor.kind != ActorKind::Import && !order.state.flags.test;
    if event.kind != EventKind::Created || !rings {
        return None;
    }
    let frame = json!({
        "type": "new_notification",
        "vendor_id": vendor,
        "timestamp": event.at,
        "data": {
            "notification_type": "order_created",
            "order_number": order.number,
            "status": order.state.status,
            "vendor_id": vendor,
            "title": "New order",
            "message": format!("New order {}", order.number),
            "is_read": false,
            "created_at": event.at,
        },
    });
    Some(frame.to_string().into())
}

/// The message that tells of an event.
#[must_use]
pub fn message(vendor: &VendorId, event: &Event, view: View) -> ServerMessage {
    let order = &event.order;
    let told = OrderEvent {
        order_number: order.number.clone(),
        status: Some(order.state.status),
        vendor_id: vendor.clone(),
        timestamp: event.at,
        offset: event.position.offset,
        position: event.position.clone(),
        after: event.after.clone(),
        version: order.state.version,
        previous_status: event.previous_status,
        actor: event.actor.clone(),
        order: Some(Arc::new(ListedOrder::new(order, view))),
    };
    event.kind.message(told)
}

/// A message as a text frame's payload.
#[must_use]
pub fn encode(message: &ServerMessage) -> Utf8Bytes {
    // Our own types always encode: no map with keys that are not text, no
    // value that refuses.
    serde_json::to_string(message).unwrap_or_default().into()
}
