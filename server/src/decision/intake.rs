//! An order that is placed here, or told by a shop or a file.

use jiff::Timestamp;
use ordertop::order::intake::{Intake, Merge};
use ordertop::order::{Actor, Source};
use ordertop::protocol::EventKind;

use super::entry::entry;
use crate::store::{Decide, Refusal, Verdict, Write};

/// Decides on a new order: placed, or there already with the same content.
#[must_use]
pub fn place(intake: Intake, actor: Actor, request_id: Option<String>, now: Timestamp) -> Decide {
    Box::new(move |stored| match stored {
        Some(order) if order.content.placed_as == intake.content.placed_as => Verdict::Keep,
        Some(_) => Verdict::Refuse(Refusal::NumberTaken),
        None => {
            let order = intake.place(actor.clone(), now);
            let history = entry(&order.state, &actor, "placed", None, &request_id, now);
            Verdict::Write(Box::new(Write {
                order,
                content_changed: true,
                kind: EventKind::Created,
                history,
            }))
        }
    })
}

/// Decides on a snapshot from a shop: new, merged, or nothing new in it.
#[must_use]
pub fn import(intake: Intake, actor: Actor, request_id: Option<String>, now: Timestamp) -> Decide {
    Box::new(move |stored| {
        let Some(stored) = stored else {
            let order = intake.place(actor.clone(), now);
            let history = entry(&order.state, &actor, "imported", None, &request_id, now);
            let kind = EventKind::Created;
            return Verdict::Write(Box::new(Write {
                order,
                content_changed: true,
                kind,
                history,
            }));
        };
        match intake.merge(stored, &actor, now) {
            Merge::Another => Verdict::Refuse(Refusal::NumberOfAnother {
                number: stored.number.clone(),
                holder: whose(stored.content.source.as_ref()),
                comer: whose(intake.content.source.as_ref()),
            }),
            Merge::Unchanged | Merge::Stale => Verdict::Keep,
            Merge::Heard(order) => Verdict::Remember(order),
            Merge::Changed { order, forced } => {
                let from = stored.state.status;
                let mut history = entry(
                    &order.state,
                    &actor,
                    "imported",
                    Some(from),
                    &request_id,
                    now,
                );
                history.forced = forced;
                let kind = if from == order.state.status {
                    EventKind::Updated
                } else {
                    EventKind::Status
                };
                Verdict::Write(Box::new(Write {
                    content_changed: order.content != stored.content,
                    order: *order,
                    kind,
                    history,
                }))
            }
        }
    })
}

/// An order's origin in words.
pub(super) fn whose(source: Option<&Source>) -> String {
    source.map_or_else(
        || "an order that was placed here".to_owned(),
        Source::describe,
    )
}
