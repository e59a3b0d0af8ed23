//! Undoing the newest step of an order.

use jiff::Timestamp;
use ordertop::order::status::{UndoRefusal, permit_undo};
use ordertop::order::text::{MAX_NOTE_CHARS, clean_opt};
use ordertop::order::{Actor, OrderStatus, VendorOrder};
use ordertop::protocol::EventKind;

use super::entry::entry;
use crate::store::{Decide, Refusal, Verdict, Write};

/// A checked request to undo the newest step.
#[derive(Debug, Clone)]
pub struct UndoRequest {
    /// Caller.
    pub actor: Actor,
    /// The status that the caller expects to come back to; `None` for whichever it is.
    pub to: Option<OrderStatus>,
    /// The version that the caller saw.
    pub expected_version: Option<u64>,
    /// Reason, for the history.
    pub reason: Option<String>,
    /// Id of the request, for the history.
    pub request_id: Option<String>,
}

/// Decides on an undo at `now`.
#[must_use]
pub fn undo(request: UndoRequest, now: Timestamp) -> Decide {
    Box::new(move |stored| match stored {
        None => Verdict::Refuse(Refusal::UnknownOrder),
        Some(order) => decide(order, &request, now).unwrap_or_else(Verdict::Refuse),
    })
}

fn decide(order: &VendorOrder, request: &UndoRequest, now: Timestamp) -> Result<Verdict, Refusal> {
    let state = &order.state;
    if request.to == Some(state.status) {
        return Ok(Verdict::Keep);
    }
    if request
        .expected_version
        .is_some_and(|seen| seen != state.version)
    {
        return Err(Refusal::VersionConflict(state.version));
    }
    let permit = permit_undo(state.standing(), &request.actor, now)?;
    let came_from = state.previous.as_ref().map(|previous| previous.status);
    if request.to.is_some() && request.to != came_from {
        let found = came_from.ok_or(UndoRefusal::NothingToUndo)?;
        return Err(UndoRefusal::LeadsElsewhere(found).into());
    }
    let mut next = VendorOrder {
        state: state.after(permit, request.actor.clone(), now),
        ..order.clone()
    };
    let previous = state.previous.as_ref();
    let content_changed = match previous.and_then(|previous| previous.shipments.clone()) {
        Some(before) => next.content.restore_shipments(before),
        None => false,
    };
    let from = Some(state.status);
    let mut history = entry(
        &next.state,
        &request.actor,
        "undo",
        from,
        &request.request_id,
        now,
    );
    history.reason = clean_opt(request.reason.as_deref(), MAX_NOTE_CHARS);
    Ok(Verdict::Write(Box::new(Write {
        order: next,
        content_changed,
        kind: EventKind::Status,
        history,
    })))
}

#[cfg(test)]
mod tests;
