//! The filter as it is typed: applied while it is right, named where it is
//! wrong, completed where it can be.

use crossterm::event::KeyEvent;

use super::App;
use super::typing::{SHORT, type_into};
use crate::model::filter::complete::{Completion, Known, complete, field_at};
use crate::model::filter::{Field, Filter, FilterError};
use crate::model::keymap::Action;
use crate::model::text::tame;

/// What is known about the filter beyond its text.
#[derive(Debug, Default)]
pub struct Find {
    /// What is wrong with the text; meanwhile its right terms are applied.
    pub error: Option<FilterError>,
    /// What could stand at the text cursor.
    pub completion: Completion,
    /// Which candidate Tab has put there.
    pub taken: Option<usize>,
}

impl App {
    pub(super) fn find_key(&mut self, action: Option<Action>, key: KeyEvent) {
        match action {
            // A text that is no filter is not what the list shows.
            Some(Action::Confirm) if self.find.error.is_some() => {}
            Some(Action::Confirm) => {
                self.typing = false;
                self.move_to(0);
            }
            Some(Action::Cancel) => {
                self.typing = false;
                self.clear_filter();
            }
            Some(Action::Up) => self.scroll(|at, _| at.saturating_sub(1)),
            Some(Action::Down) => self.scroll(|at, _| at + 1),
            Some(Action::NextField) => self.take_candidate(1),
            Some(Action::PreviousField) => {
                let count = self.find.completion.candidates.len();
                self.take_candidate(count.saturating_sub(1));
            }
            _ => {
                type_into(&mut self.filter, key, SHORT);
                self.filter_typed();
                self.find_candidates();
            }
        }
    }

    /// Begins to type.
    pub(super) fn find(&mut self) {
        self.typing = true;
        self.find_candidates();
    }

    pub(super) fn clear_filter(&mut self) {
        self.filter.reset();
        self.filter_typed();
    }

    /// Applies what is right of what is typed, and remembers what is wrong with it.
    pub(super) fn filter_typed(&mut self) {
        self.orders.set_now(self.now);
        let (filter, error) = Filter::parse_typed(self.filter.value());
        self.orders.set_filter(filter);
        self.find.error = error;
    }

    /// Looks up what could stand at the text cursor.
    pub(super) fn find_candidates(&mut self) {
        let (text, cursor) = (self.filter.value(), self.filter.cursor());
        let mut known = Known::default();
        match field_at(text, cursor) {
            Some(Field::Vendor) => {
                let vendors = self.vendors.iter();
                known.vendors = vendors
                    .map(|(id, name)| (id.as_str().to_owned(), name.clone()))
                    .collect();
            }
            Some(Field::Currency) => known.currencies = self.orders.currencies(),
            _ => {}
        }
        self.find.completion = complete(text, cursor, &known);
        self.find.taken = None;
    }

    /// Puts the candidate into the filter that is `step` after the one there.
    fn take_candidate(&mut self, step: usize) {
        let find = &mut self.find;
        let count = find.completion.candidates.len();
        if count == 0 {
            return;
        }
        let next = match find.taken {
            Some(taken) => (taken + step) % count,
            None if step == 1 => 0,
            None => count - 1,
        };
        let chars: Vec<char> = self.filter.value().chars().collect();
        let range = find.completion.range.clone();
        let candidate = tame(&find.completion.candidates[next].text).into_owned();
        let long = candidate.chars().count();
        let before = chars.iter().take(range.start).copied();
        let after = chars.iter().skip(range.end).copied();
        let text: String = before.chain(candidate.chars()).chain(after).collect();
        // The next Tab takes the place of what this one put there.
        find.completion.range = range.start..range.start + long;
        find.taken = Some(next);
        self.filter = tui_input::Input::new(text).with_cursor(range.start + long);
        let only = count == 1;
        self.filter_typed();
        if only {
            self.find_candidates();
        }
    }
}
