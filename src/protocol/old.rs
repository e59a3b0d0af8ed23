//! What the system that ordertop replaces takes and keeps, for a client that speaks to it.
//!
//! It ships what is paid and delivers what is shipped, for a vendor, and nothing else. It takes a
//! request that holds more than a status and drops the rest without a word.

use super::rest::StatusChange;
use crate::order::OrderStatus;

/// Whether the old system lets a vendor take this step.
#[must_use]
pub fn takes(from: OrderStatus, to: OrderStatus) -> bool {
    use OrderStatus::{Delivered, Paid, Shipped};
    matches!((from, to), (Paid, Shipped) | (Shipped, Delivered))
}

/// What a change holds that the old system would drop: `reasons`. An expected version is not asked
/// about: only a server that counts versions tells one.
#[must_use]
pub fn unkept(change: &StatusChange) -> Option<&'static str> {
    if change.shipment.is_some() {
        return Some("carrier and tracking number");
    }
    if change.undo {
        return Some("steps that could be undone");
    }
    change.reason.as_ref().map(|_| "reasons")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::Shipment;

    #[test]
    fn a_status_alone_is_kept_and_two_steps_are_taken() {
        let steps = OrderStatus::ALL.into_iter().flat_map(|from| {
            let all = OrderStatus::ALL.into_iter();
            all.filter(move |to| takes(from, *to))
                .map(move |to| (from, to))
        });
        assert_eq!(steps.count(), 2);
        let bare = StatusChange {
            status: Some("Shipped".to_owned()),
            ..StatusChange::default()
        };
        assert_eq!(unkept(&bare), None);
        let table = [
            (
                StatusChange {
                    undo: true,
                    ..bare.clone()
                },
                "steps that could be undone",
            ),
            (
                StatusChange {
                    shipment: Some(Shipment::default()),
                    ..bare.clone()
                },
                "carrier and tracking number",
            ),
            (
                StatusChange {
                    reason: Some("lost".to_owned()),
                    ..bare
                },
                "reasons",
            ),
        ];
        for (change, what) in table {
            assert_eq!(unkept(&change), Some(what));
        }
    }
}
