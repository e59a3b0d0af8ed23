//! What is typed and pasted into inputs, and how much they take.

use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent};
use ordertop::order::text::{MAX_NOTE_CHARS, strip};
use tui_input::backend::crossterm::EventHandler;
use tui_input::{Input, InputRequest};

use super::track::CARRIER;
use super::{App, Overlay};
use crate::model::keymap::Action;
use crate::strings;
use crate::view::areas;

/// Longest filter, name, carrier or number, in characters.
pub(super) const SHORT: usize = 200;
/// Longest note or reason, in characters: as much as a server keeps.
pub const LONG: usize = MAX_NOTE_CHARS;

impl App {
    /// Pasted text is text, never keys; what an input does not take is said.
    pub(super) fn paste(&mut self, text: &str) {
        if areas(self).is_none() {
            return;
        }
        let input = match &mut self.overlay {
            Overlay::Dialog(dialog) => match dialog.focus > 0 || dialog.begin_text() {
                true => dialog.input(),
                false => None,
            },
            Overlay::Track(track) => {
                if track.focus < CARRIER {
                    track.begin_number();
                }
                track.input()
            }
            Overlay::Plan(plan) if plan.typing => Some((&mut plan.reason, LONG)),
            Overlay::Note(note) => Some((&mut note.input, LONG)),
            Overlay::Picker(picker) => Some((&mut picker.input, SHORT)),
            Overlay::Help(help) if help.typing => Some((&mut help.sought, SHORT)),
            Overlay::None if self.typing => Some((&mut self.filter, SHORT)),
            _ => None,
        };
        let Some((input, most)) = input else {
            self.say(strings::paste_ignored(&self.key_of(Action::Find)));
            return;
        };
        let text = strip(text, LONG + 1);
        let room = most.saturating_sub(input.value().chars().count());
        for c in text.chars().take(room) {
            input.handle(InputRequest::InsertChar(c));
        }
        if text.chars().count() > room {
            self.say(strings::paste_cut(most));
        }
        if let Overlay::Picker(picker) = &mut self.overlay {
            picker.narrow();
        }
        self.filter_typed();
        self.find_candidates();
    }
}

/// Types into an input that takes `most` characters.
pub(super) fn type_into(input: &mut Input, key: KeyEvent, most: usize) {
    let full = input.value().chars().count() >= most;
    if full && matches!(key.code, KeyCode::Char(_)) {
        return;
    }
    input.handle_event(&TerminalEvent::Key(key));
}
