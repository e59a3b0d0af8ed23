//! Keys that come faster than a person can look: a scanner's, and those typed
//! ahead of a dialog that closes.
//!
//! | input | rule |
//! |---|---|
//! | a character without a meaning on a dialog's button | begins its text: the tracking number, or the reason |
//! | a character with a meaning there (`y`, `n`) | held for [`BURST`]; a second one within it: both begin the text |
//! | the Enter of a scanner | ends the text and moves to the button; a second Enter within [`BURST`] does nothing |
//! | a character on a button without a text | ignored, and no Enter confirms within [`TYPED_AHEAD`] of it |
//! | a typed key within [`TYPED_AHEAD`] of a dialog's closing by another one | dropped: it was meant for the dialog |
//! | any other key, an arrow say | ends that: whoever presses it looks at the screen |
//!
//! `y` is held because a keyboard under Caps Lock has a scanner type `yt123` for `YT123`: the
//! parcel would be shipped without its number, and the rest would act on the list. No person
//! types two characters within [`BURST`], and nobody sees a key act that much later.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind};
use jiff::{SignedDuration, Timestamp};

use super::typing::{LONG, type_into};
use super::{App, Overlay};
use crate::event::Effect;
use crate::model::keymap::{Action, Chord, Context};
use crate::strings;

/// Longest time between two characters of a scanner or of a paste without brackets.
pub(super) const BURST: SignedDuration = SignedDuration::from_millis(60);
/// Time after a dialog closed in which typed keys were still meant for it.
pub(crate) const TYPED_AHEAD: SignedDuration = SignedDuration::from_millis(300);

/// When keys came that decide about the next ones.
#[derive(Debug, Default)]
pub(super) struct Typeahead {
    /// A character with a meaning on a button, which does not act yet.
    held: Option<(KeyEvent, Timestamp)>,
    /// When a typed key closed a dialog, and only typed ones came since.
    closed_at: Option<Timestamp>,
    /// When a character without a meaning was last typed on a button without a text.
    stray_at: Option<Timestamp>,
    /// When Enter last moved from a text to the button.
    ended_at: Option<Timestamp>,
}

impl Typeahead {
    /// Whether a key is a typed one that was meant for a dialog that is closed.
    fn drops(&self, chord: Chord, now: Timestamp) -> bool {
        is_typed(chord) && within(self.closed_at, TYPED_AHEAD, now)
    }

    /// Whether Enter on a button is a scanner's, and no answer to the question.
    fn is_scanners(&self, now: Timestamp) -> bool {
        within(self.stray_at, TYPED_AHEAD, now) || within(self.ended_at, BURST, now)
    }
}

impl App {
    /// A key, before anything else is made of it.
    pub(super) fn key(&mut self, key: KeyEvent, effects: &mut Vec<Effect>) {
        if key.kind == KeyEventKind::Release {
            return;
        }
        let chord = Chord::pressed(key);
        if self.typeahead.drops(chord, self.now) {
            return;
        }
        self.typeahead.closed_at = None;
        if let Some((held, _)) = self.typeahead.held.take() {
            if chord.types() {
                self.type_on_button(held);
                return match self.context() {
                    Context::Dialog => self.type_on_button(key),
                    _ => self.act_on_key(key, effects),
                };
            }
            self.act_on_held_key(held, effects);
            if self.typeahead.drops(chord, self.now) {
                return;
            }
        }
        if self.context() != Context::Dialog {
            return self.act_on_key(key, effects);
        }
        let action = self.settings.keymap.action(Context::Dialog, key);
        match action {
            Some(_) if chord.types() => self.typeahead.held = Some((key, self.now)),
            None if chord.types() => self.type_on_button(key),
            Some(Action::Confirm) if self.typeahead.is_scanners(self.now) => {}
            _ => self.act_on_key(key, effects),
        }
    }

    /// Has a key act that no character followed; it is asked at each event.
    pub(super) fn release_held_key(&mut self, effects: &mut Vec<Effect>) {
        let due = |(_, at): &mut (KeyEvent, Timestamp)| self.now.duration_since(*at) >= BURST;
        if let Some((key, _)) = self.typeahead.held.take_if(due) {
            self.act_on_held_key(key, effects);
        }
    }

    /// Has the key that is held act, because something else than a key came.
    pub(super) fn release_held_key_now(&mut self, effects: &mut Vec<Effect>) {
        if let Some((key, _)) = self.typeahead.held.take() {
            self.act_on_held_key(key, effects);
        }
    }

    fn act_on_held_key(&mut self, key: KeyEvent, effects: &mut Vec<Effect>) {
        let action = self.settings.keymap.action(Context::Dialog, key);
        if action != Some(Action::Confirm) || !self.typeahead.is_scanners(self.now) {
            self.act_on_key(key, effects);
        }
    }

    /// When the key that is held acts, if one is.
    pub(crate) fn held_until(&self) -> Option<Timestamp> {
        let (_, at) = self.typeahead.held?;
        at.checked_add(BURST).ok()
    }

    /// From when on typed keys are taken again, while they are dropped.
    #[cfg(test)]
    pub(crate) fn drops_keys_until(&self) -> Option<Timestamp> {
        let until = self.typeahead.closed_at?.checked_add(TYPED_AHEAD).ok()?;
        (self.settings.clock.now() < until).then_some(until)
    }

    /// A key closed a dialog: what is typed now was typed for it, unless the key is none
    /// that somebody who types words presses.
    pub(super) fn closed_by(&mut self, key: KeyEvent) {
        let typed = is_typed(Chord::pressed(key));
        self.typeahead.closed_at = typed.then_some(self.now);
    }

    /// Enter ended a text: the next one on the button may be the scanner's too.
    pub(super) fn ended_text(&mut self) {
        self.typeahead.ended_at = Some(self.now);
    }

    /// Whether a key types into a text that somebody will read, as an event of this
    /// moment would: a record hides it. A character that is dropped was meant for one.
    #[must_use]
    pub fn is_written_by(&self, key: KeyEvent) -> bool {
        let (chord, now) = (Chord::pressed(key), self.settings.clock.now());
        if self.is_writing() || self.typeahead.drops(chord, now) {
            return true;
        }
        let bound = self.settings.keymap.action(Context::Dialog, key).is_some();
        self.context() == Context::Dialog
            && chord.types()
            && (!bound || self.held_until().is_some_and(|until| now < until))
    }

    /// A character that was typed on a button begins the dialog's text.
    fn type_on_button(&mut self, key: KeyEvent) {
        let text = match &mut self.overlay {
            Overlay::Dialog(dialog) => {
                dialog.begin_text();
                dialog.input()
            }
            Overlay::Track(track) => {
                track.begin_number();
                track.input()
            }
            Overlay::Plan(plan) if plan.needs_reason() => {
                plan.typing = true;
                Some((&mut plan.reason, LONG))
            }
            _ => None,
        };
        match text {
            Some((input, most)) => type_into(input, key, most),
            None => {
                self.typeahead.stray_at = Some(self.now);
                self.say(strings::TYPED_ON_BUTTON);
            }
        }
    }
}

/// Whether somebody who types words presses it.
fn is_typed(chord: Chord) -> bool {
    let words = [
        KeyCode::Enter,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Backspace,
        KeyCode::Delete,
    ];
    chord.types() || words.contains(&chord.code)
}

fn within(since: Option<Timestamp>, span: SignedDuration, now: Timestamp) -> bool {
    since.is_some_and(|since| now >= since && now.duration_since(since) < span)
}
