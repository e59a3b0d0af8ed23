//! Writing a note about an order.

use std::collections::HashMap;

use crossterm::event::{KeyCode, KeyEvent};
use jiff::{SignedDuration, Timestamp};
use ordertop::client::RequestError;
use ordertop::order::{Actor, OrderKey, Visibility};
use ordertop::protocol::rest::NewNote;
use tui_input::Input;

use super::typing::{LONG, type_into};
use super::{App, Overlay};
use crate::event::Effect;
use crate::model::keymap::Action;
use crate::model::outbox::Entry;
use crate::model::step::Aim;
use crate::strings;

/// A change of ours that is told so long after a note was sent is that note.
const NOTED_WITHIN: SignedDuration = SignedDuration::from_secs(15);

/// Field of the text.
pub const TEXT: usize = 1;
/// Field of who may read it.
pub const READERS: usize = 2;

/// The note that is being written.
#[derive(Debug, Clone)]
pub struct NoteDialog {
    /// About which order.
    pub key: OrderKey,
    /// As typed so far.
    pub input: Input,
    /// Who may read it.
    pub visibility: Visibility,
    /// Whether who may read it has the keys, and not the text.
    pub choosing: bool,
    /// Whether it was confirmed while it was blank.
    pub missed: bool,
}

impl App {
    /// Begins a note about the order under the cursor, or goes on with the one
    /// that could not be sent.
    pub(super) fn write_note(&mut self) {
        let Some(key) = self.cursor.clone() else {
            return self.say(strings::NO_ORDER);
        };
        if let Some(words) = self.moved_words() {
            return self.say(words);
        }
        if self.connection.legacy {
            return self.say(strings::NO_NOTES_ON_LEGACY);
        }
        if let Some(why) = self.cannot_send() {
            return self.say(why);
        }
        // Nothing is told by mistake: what support writes is for support.
        let visibility = match self.many_vendors() {
            true => Visibility::Support,
            false => Visibility::Vendor,
        };
        let draft = self.acting.draft.clone().filter(|draft| draft.key == key);
        let dialog = draft.unwrap_or(NoteDialog {
            key,
            input: Input::default(),
            visibility,
            choosing: false,
            missed: false,
        });
        self.overlay = Overlay::Note(Box::new(dialog));
    }

    pub(super) fn note_key(
        &mut self,
        action: Option<Action>,
        key: KeyEvent,
        effects: &mut Vec<Effect>,
    ) {
        let support = self.many_vendors();
        let Overlay::Note(note) = &mut self.overlay else {
            return;
        };
        match action {
            Some(Action::Cancel) => self.overlay = Overlay::None,
            // A vendor has nothing to choose.
            Some(Action::NextField | Action::PreviousField) => {
                note.choosing = support && !note.choosing;
            }
            Some(Action::Confirm) if note.input.value().trim().is_empty() => {
                (note.missed, note.choosing) = (true, false);
            }
            Some(Action::Confirm) => {
                let note = (**note).clone();
                self.overlay = Overlay::None;
                self.looked_at(&note.key);
                let ticket = self.next_ticket;
                self.next_ticket += 1;
                effects.push(Effect::AddNote {
                    key: note.key.clone(),
                    ticket,
                    note: NewNote {
                        text: note.input.value().trim().to_owned(),
                        // A vendor's note has but one kind of reader.
                        visibility: support.then_some(note.visibility),
                    },
                });
                self.acting.noted = Some((note.key.clone(), self.now));
                self.acting.draft = Some(note);
            }
            _ if note.choosing => {
                let turns = [KeyCode::Char(' '), KeyCode::Left, KeyCode::Right];
                if turns.contains(&key.code) {
                    note.visibility = match note.visibility {
                        Visibility::Support => Visibility::Vendor,
                        Visibility::Vendor => Visibility::Support,
                    };
                }
            }
            _ => type_into(&mut note.input, key, LONG),
        }
    }

    /// Whether a change by `by` is the note that was sent from here just now: the
    /// server tells that the order changed, not what.
    pub(super) fn is_own_note(&mut self, key: &OrderKey, by: &Actor) -> bool {
        let sent = |(of, at): &mut (OrderKey, Timestamp)| {
            of == key && self.now.duration_since(*at) < NOTED_WITHIN
        };
        *by == self.actor && self.acting.noted.take_if(sent).is_some()
    }

    /// A note was added, or was not: then its words are kept for another try.
    pub(super) fn note_answer(&mut self, key: &OrderKey, result: Result<(), RequestError>) {
        match result {
            Ok(()) => {
                if (self.acting.draft.as_ref()).is_some_and(|draft| draft.key == *key) {
                    self.acting.draft = None;
                }
                self.say(strings::note_added(key));
            }
            Err(error) => {
                let words = strings::note_not_added(
                    key,
                    &strings::sentence(&error),
                    &self.key_of(Action::AddNote),
                );
                self.say(words);
            }
        }
    }

    /// A note is on disk, or could not be brought there.
    pub(super) fn note_kept(
        &mut self,
        key: &OrderKey,
        unanswered: Option<RequestError>,
        result: Result<Box<Entry>, String>,
    ) {
        match (result, unanswered) {
            (Ok(entry), _) => {
                self.acting.draft.take_if(|draft| draft.key == *key);
                self.now_wait(vec![*entry], Aim::Step, &HashMap::new());
                self.say(strings::note_kept(key));
            }
            (Err(lost), unanswered) => {
                let lost = strings::not_kept_why(&lost);
                let why = unanswered.map_or(lost, |error| strings::sentence(&error));
                let again = self.key_of(Action::AddNote);
                self.say(strings::note_not_added(key, &why, &again));
            }
        }
    }

    /// What the server said to a note that waited; refused, its words are there
    /// for another try.
    pub(super) fn kept_note_answer(
        &mut self,
        key: &OrderKey,
        note: NewNote,
        result: Result<(), RequestError>,
    ) {
        if result.is_err() && self.acting.draft.is_none() {
            let own = match self.many_vendors() {
                true => Visibility::Support,
                false => Visibility::Vendor,
            };
            self.acting.draft = Some(NoteDialog {
                key: key.clone(),
                visibility: note.visibility.unwrap_or(own),
                input: Input::new(note.text),
                choosing: false,
                missed: false,
            });
        }
        match result {
            // Another note may be in writing: its draft is none of this one's.
            Ok(()) => self.say(strings::note_added(key)),
            Err(error) => {
                let again = self.key_of(Action::AddNote);
                self.say(strings::note_not_added(
                    key,
                    &strings::sentence(&error),
                    &again,
                ));
            }
        }
    }
}
