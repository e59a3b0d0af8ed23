//! Notes on an order: words of vendor and support.

use bytes::Buf;
use futures_util::Stream;
use http::StatusCode;
use ordertop::order::text::{MAX_NOTE_CHARS, clean_opt};
use ordertop::order::{Note, Visibility};
use ordertop::protocol::ListedOrder;
use ordertop::protocol::rest::{NewNote, NoteAdded};

use super::status;
use crate::caller::Caller;
use crate::decision::{self, NoteRequest};
use crate::idempotency;
use crate::reply::{self, ApiError};
use crate::request;
use crate::request::{Answer, Incoming};

/// `POST /api/orders/{number}/notes/`.
pub(super) async fn add(
    number: String,
    incoming: Incoming,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Answer {
    let state = &incoming.state;
    let caller = Caller::of_our_call(state, &incoming.headers).await?;
    let body = request::read_body(state, &incoming.headers, body).await?;
    let once = idempotency::once(&incoming, &caller, &body)?;
    let new: NewNote = request::parse_object(&body)?;
    let actor = caller.actor();
    let words = clean_opt(Some(&new.text), MAX_NOTE_CHARS)
        .ok_or_else(|| ApiError::bad("empty_note", "`text` says nothing: write some words"))?;
    let request = NoteRequest {
        actor: actor.clone(),
        visibility: visibility(&caller, new.visibility)?,
        body: words.clone(),
        request_id: incoming.request_id(),
    };
    let any = matches!(caller, Caller::Master).then_some("*");
    let key = caller
        .order_key(state, incoming.vendor().or(any), &number)
        .await?;
    let decide = decision::add_note(request, state.now());
    let change = state.store.change(key, decide, once).await?;
    let position = change.position.clone();
    let order = status::taken(change, &caller)?;
    // The newest, but for an answer that is given again and shows the order as it is now.
    let ours = |note: &&Note| note.by == actor && note.body == words;
    let note = order.content.notes.iter().rev().find(ours);
    let note = note.ok_or(ApiError::UnknownOrder)?;
    let added = NoteAdded {
        note: note.clone(),
        position,
        order: ListedOrder::new(&order, caller.view()),
    };
    Ok(reply::json(StatusCode::CREATED, &added))
}

/// Who may read the note. A vendor cannot write what it could not read; what
/// support writes is told to a vendor only when it says so.
fn visibility(caller: &Caller, asked: Option<Visibility>) -> Result<Visibility, ApiError> {
    match (caller, asked) {
        (Caller::Vendor(_), Some(Visibility::Support)) => Err(ApiError::Forbidden(
            "a vendor's notes are read by vendor and support: leave `visibility` out",
        )),
        (Caller::Vendor(_), _) => Ok(Visibility::Vendor),
        (Caller::Master, asked) => Ok(asked.unwrap_or(Visibility::Support)),
    }
}
