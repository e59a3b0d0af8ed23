//! What a store keeps of an event beside the order: its kind, and the history's
//! entry, which says the rest.

use std::sync::Arc;

use ordertop::order::{HistoryEntry, VendorOrder};
use ordertop::protocol::{EventKind, Mark, Position};
use serde::{Deserialize, Serialize};

use super::Event;

/// What happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Fact {
    pub(super) kind: EventKind,
    #[serde(flatten)]
    pub(super) entry: HistoryEntry,
}

impl Fact {
    /// The event that this fact is, at its place, with the order as it was then.
    pub(super) fn event(self, position: Position, after: Mark, order: Arc<VendorOrder>) -> Event {
        Event {
            kind: self.kind,
            position,
            after,
            at: self.entry.at,
            previous_status: self.entry.from,
            actor: self.entry.actor,
            order,
        }
    }
}
