//! A change of the replica, in a record.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use ordertop::order::{OrderKey, VendorId};
use ordertop::protocol::{EventKind, ListedOrder, OrderEvent, PackedOrder};
use ordertop::replica::Change;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::mask::Mask;

/// A snapshot of more orders than these stands in several lines: nobody has to
/// hold all of it as text.
pub(super) const MAX_ORDERS_A_LINE: usize = 256;

/// A change of the replica; orders and events as the server wrote them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
#[expect(missing_docs, reason = "as in Change")]
pub enum Changed {
    Snapshot {
        vendor: VendorId,
        /// So many of its orders stand in lines before this one.
        #[serde(default, skip_serializing_if = "is_none")]
        ahead: usize,
        orders: Vec<Value>,
    },
    Created {
        body: Value,
    },
    Status {
        body: Value,
    },
    Updated {
        body: Value,
    },
    Removed {
        body: Value,
    },
    Order {
        key: OrderKey,
        order: Value,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_none(ahead: &usize) -> bool {
    *ahead == 0
}

impl Changed {
    /// The change, masked. What does not fit into one line is given to `ahead`,
    /// some orders at a time.
    ///
    /// # Errors
    /// When `ahead` has one.
    pub(super) fn of(
        change: &Change,
        mask: &mut Mask,
        ahead: &mut impl FnMut(Vec<Value>) -> io::Result<()>,
    ) -> io::Result<Self> {
        Ok(match change {
            Change::Snapshot { vendor, orders } => {
                let mut parts = orders.chunks(MAX_ORDERS_A_LINE);
                let last = parts.next_back().unwrap_or_default();
                for part in parts {
                    ahead(masked(part, mask))?;
                }
                Self::Snapshot {
                    vendor: vendor.clone(),
                    ahead: orders.len() - last.len(),
                    orders: masked(last, mask),
                }
            }
            Change::Order { key, order } => Self::Order {
                key: key.clone(),
                order: mask.body(&order.unpack()),
            },
            Change::Event { kind, event, .. } => {
                let body = mask.body(event);
                match kind {
                    EventKind::Created => Self::Created { body },
                    EventKind::Status => Self::Status { body },
                    EventKind::Updated => Self::Updated { body },
                    EventKind::Removed => Self::Removed { body },
                }
            }
        })
    }

    /// The change again; `ahead` are the orders of the lines before.
    ///
    /// # Errors
    /// When an order in it cannot be read, or is missing.
    pub(super) fn change(
        self,
        ahead: &mut VecDeque<Arc<PackedOrder>>,
    ) -> Result<Change, serde_json::Error> {
        let event = |kind, body| {
            let event: OrderEvent = serde_json::from_value(body)?;
            let order = (event.order.as_ref()).map(|order| Arc::new(PackedOrder::new(order)));
            let event = Arc::new(event);
            Ok(Change::Event { kind, event, order })
        };
        match self {
            Self::Snapshot {
                vendor,
                ahead: count,
                orders,
            } => {
                if count > ahead.len() {
                    let words = "orders of the snapshot are missing";
                    return Err(serde::de::Error::custom(words));
                }
                let before = ahead.drain(..count).map(Ok);
                let all = before.chain(orders.into_iter().map(packed));
                Ok(Change::Snapshot {
                    vendor,
                    orders: all.collect::<Result<_, _>>()?,
                })
            }
            Self::Order { key, order } => Ok(Change::Order {
                key,
                order: packed(order)?,
            }),
            Self::Created { body } => event(EventKind::Created, body),
            Self::Status { body } => event(EventKind::Status, body),
            Self::Updated { body } => event(EventKind::Updated, body),
            Self::Removed { body } => event(EventKind::Removed, body),
        }
    }
}

fn masked(orders: &[Arc<PackedOrder>], mask: &mut Mask) -> Vec<Value> {
    let mut masked = |order: &Arc<PackedOrder>| mask.body(&order.unpack());
    orders.iter().map(&mut masked).collect()
}

/// An order as the server wrote it.
pub(super) fn packed(order: Value) -> Result<Arc<PackedOrder>, serde_json::Error> {
    let order: ListedOrder = serde_json::from_value(order)?;
    Ok(Arc::new(PackedOrder::new(&order)))
}
