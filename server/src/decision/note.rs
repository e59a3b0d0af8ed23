//! A note beside an order.

use jiff::Timestamp;
use ordertop::order::{Actor, MAX_NOTES, Note, VendorOrder, Visibility};
use ordertop::protocol::EventKind;

use super::entry::entry;
use crate::store::{Decide, Refusal, Verdict, Write};

/// A checked request to add a note.
#[derive(Debug, Clone)]
pub struct NoteRequest {
    /// Who writes it.
    pub actor: Actor,
    /// Who may read it.
    pub visibility: Visibility,
    /// The words, clean.
    pub body: String,
    /// The request, to find it in a log.
    pub request_id: Option<String>,
}

/// Decides on a note, written at `now`: the newest of the order's.
#[must_use]
pub fn add_note(request: NoteRequest, now: Timestamp) -> Decide {
    Box::new(move |stored| {
        let Some(order) = stored else {
            return Verdict::Refuse(Refusal::UnknownOrder);
        };
        if order.content.notes.len() >= MAX_NOTES {
            return Verdict::Refuse(Refusal::TooManyNotes);
        }
        let NoteRequest {
            actor,
            visibility,
            body,
            request_id,
        } = &request;
        let mut next = VendorOrder {
            state: order.state.touched(now),
            ..order.clone()
        };
        next.content.notes.push(Note {
            at: now,
            by: actor.clone(),
            visibility: *visibility,
            body: body.clone(),
        });
        let from = Some(order.state.status);
        // A vendor reads the history of its orders: never the words.
        let history = entry(&next.state, actor, "note", from, request_id, now);
        Verdict::Write(Box::new(Write {
            order: next,
            content_changed: true,
            kind: EventKind::Updated,
            history,
        }))
    })
}
