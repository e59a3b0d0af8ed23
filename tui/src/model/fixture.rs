//! Orders and events for tests.

use std::sync::Arc;

use jiff::Timestamp;
use ordertop::order::{Actor, ActorKind, OrderStatus, VendorId};
use ordertop::protocol::rest::{NewNote, StatusChange, TrackingChange};
use ordertop::protocol::{ListedOrder, PackedOrder};
use serde_json::json;

use crate::model::outbox::{Entry, Work};

/// The vendor of the tests.
pub(crate) fn vendor() -> VendorId {
    VendorId::new("42").unwrap()
}

/// 2026-11-23 14:00:00 UTC and some seconds.
pub(crate) fn at(second: i64) -> Timestamp {
    "2026-11-23T14:00:00Z"
        .parse::<Timestamp>()
        .unwrap()
        .checked_add(jiff::SignedDuration::from_secs(second))
        .unwrap()
}

/// An order as the live client tells it.
pub(crate) fn packed(order: &ListedOrder) -> Arc<PackedOrder> {
    Arc::new(PackedOrder::new(order))
}

/// An order of vendor 42, at version 1.
pub(crate) fn listed(number: &str, status: OrderStatus, second: i64) -> Arc<ListedOrder> {
    order_of(number, "Ana Souza", status, second, "184.00", "USD")
}

/// An order of vendor 42, at version 1.
pub(crate) fn order_of(
    number: &str,
    buyer: &str,
    status: OrderStatus,
    second: i64,
    total: &str,
    currency: &str,
) -> Arc<ListedOrder> {
    let order = json!({
        "id": 1,
        "order_number": number,
        "status": status,
        "total_amount": total,
        "customer_name": buyer,
        "customer_email": "an*****@example.com",
        "shipping_address": "Rua Augusta 1200, 01304-001, São Paulo, BR",
        "created_at": at(second),
        "updated_at": at(second),
        "items": [
            { "id": 1, "product": { "id": 1, "name": "Stoneware mug", "variant": "Sand", "sku": "MUG-1", "price": "72.00" },
              "quantity": 2, "unit_price": "72.00", "total_price": "144.00" },
            { "id": 2, "product": { "id": 2, "name": "Linen tea towel", "sku": "TOWEL-3", "price": "40.00" },
              "quantity": 1, "unit_price": "40.00", "total_price": "40.00" },
        ],
        "vendor_id": "42",
        "version": 1,
        "currency": currency,
        "status_since": at(second),
        "status_by": Actor::new(ActorKind::Service, "shop"),
        "totals": { "items": total, "discount": "0", "shipping": "0", "tax": "0", "total": total, "refunded": "0" },
        "ship_to": { "line1": "Rua Augusta 1200", "city": "São Paulo", "postcode": "01304-001", "country": "BR" },
    });
    Arc::new(serde_json::from_value(order).unwrap())
}

/// A step to Shipped that waits since 14:02, of vendor 42's order as it was at `version`.
pub(crate) fn waiting(number: &str, version: u64) -> Entry {
    Entry {
        id: format!("key-{number}-{version}"),
        at: at(120),
        vendor: vendor(),
        number: number.parse().unwrap(),
        sent: false,
        work: Work::Step {
            to: OrderStatus::Shipped,
            change: StatusChange {
                status: Some("Shipped".into()),
                expected_version: Some(version),
                ..StatusChange::default()
            },
        },
    }
}

/// The same of a change that was asked for.
pub(crate) fn waiting_for(number: &str, version: u64, change: &StatusChange) -> Entry {
    let to = change.status.as_deref().and_then(|to| to.parse().ok());
    Entry {
        work: Work::Step {
            to: to.unwrap_or(OrderStatus::Shipped),
            change: change.clone(),
        },
        ..waiting(number, version)
    }
}

/// A note that waits.
pub(crate) fn noted(number: &str) -> Entry {
    Entry {
        id: format!("key-{number}-note"),
        work: Work::Note {
            note: NewNote {
                text: "call first".into(),
                visibility: None,
            },
        },
        ..waiting(number, 1)
    }
}

/// A parcel that waits.
pub(crate) fn tracked(number: &str) -> Entry {
    Entry {
        id: format!("key-{number}-parcel"),
        work: Work::Tracking {
            tracking: TrackingChange {
                carrier: Some("DHL".into()),
                tracking_number: Some("JJD1".into()),
                ..TrackingChange::default()
            },
        },
        ..waiting(number, 1)
    }
}

/// What a step that waits sends.
pub(crate) fn step_of(entry: &mut Entry) -> &mut StatusChange {
    match &mut entry.work {
        Work::Step { change, .. } => change,
        Work::Note { .. } | Work::Tracking { .. } => panic!("it is no step"),
    }
}
