//! Notes: sent, and kept when nothing answers.

use ordertop::client::RequestError;
use ordertop::order::OrderKey;
use ordertop::protocol::rest::NewNote;

use super::Desk;
use crate::event::Event;
use crate::model::outbox::{Entry, Work};
use crate::strings;

impl Desk {
    /// Sends a note. Gives what the user should read when the screen is gone
    /// before the answer.
    pub async fn add_note(self, key: OrderKey, ticket: u64, note: NewNote) -> Option<String> {
        let entry = self.entry(&key, true, Work::Note { note: note.clone() });
        self.open().insert(ticket, vec![entry.clone()]);
        let result = self.client.add_note_with(&key, &note, &entry.id).await;
        let refused = (result.as_ref().err())
            .map(|error| strings::note_not_added(&key, &strings::sentence(error), ""));
        let known = match result {
            Err(error) if error.leaves_open() && self.store.is_some() => {
                self.keep_as_note(key, Some(error), entry).await
            }
            result => {
                let result = result.map(drop);
                self.tell(Event::NoteAnswer { key, result }).await
            }
        };
        self.open().remove(&ticket);
        if known { None } else { refused }
    }

    /// Writes a note down that was not sent.
    pub async fn keep_note(self, key: OrderKey, note: NewNote) -> Option<String> {
        let entry = self.entry(&key, false, Work::Note { note });
        let lost = strings::note_not_kept_at_the_end(&key);
        let known = self.keep_as_note(key, None, entry).await;
        (!known).then_some(lost)
    }

    /// Whether it is on disk, or the screen was told that it is not.
    async fn keep_as_note(
        &self,
        key: OrderKey,
        unanswered: Option<RequestError>,
        entry: Entry,
    ) -> bool {
        self.write_down(entry, |result| Event::NoteKept {
            key,
            unanswered,
            result,
        })
        .await
    }
}
