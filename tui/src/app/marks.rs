//! Marks: the orders that the next action is meant for. They are order keys, so
//! they stay on their orders whatever filter and sort do.

use std::collections::HashSet;

use ordertop::order::{OrderKey, OrderStatus};

use super::App;
use super::bulk::MAX_BULK;
use crate::model::keymap::Action;
use crate::model::row::Row;
use crate::strings;

/// The marked orders, and the range that is being drawn.
#[derive(Debug, Default)]
pub struct Marks {
    keys: HashSet<OrderKey>,
    /// Where a range began.
    anchor: Option<OrderKey>,
    /// What the range took in that is not marked besides: the orders that the
    /// cursor passed. News add none and take none away.
    drawn: HashSet<OrderKey>,
}

impl Marks {
    fn len(&self) -> usize {
        self.keys.len() + self.drawn.len()
    }

    fn all(&self) -> impl Iterator<Item = &OrderKey> {
        self.keys.iter().chain(&self.drawn)
    }

    fn contains(&self, key: &OrderKey) -> bool {
        self.keys.contains(key) || self.drawn.contains(key)
    }

    fn draw(&mut self, key: &OrderKey) {
        if !self.keys.contains(key) {
            self.drawn.insert(key.clone());
        }
    }

    fn turn(&mut self, key: &OrderKey) {
        if !self.remove(key) {
            self.keys.insert(key.clone());
        }
    }

    fn end_range(&mut self) {
        self.anchor = None;
        self.keys.extend(self.drawn.drain());
    }

    /// Takes a mark away; says whether there was one.
    pub(super) fn remove(&mut self, key: &OrderKey) -> bool {
        self.keys.remove(key) | self.drawn.remove(key)
    }

    /// Keeps the marks of orders that are there.
    pub(super) fn retain(&mut self, there: impl Fn(&OrderKey) -> bool) {
        self.keys.retain(&there);
        self.drawn.retain(there);
    }

    /// Whether there is none, not even a range that is being drawn.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.anchor.is_none()
    }
}

impl App {
    /// How many orders are marked, those of the range being drawn included.
    #[must_use]
    pub fn marked(&self) -> usize {
        self.acting.marks.len()
    }

    /// How many of the marked orders tab, vendor and filter keep out of the list.
    /// Not counted beyond what one action takes: it is asked for every frame.
    #[must_use]
    pub fn hidden_marks(&self) -> usize {
        let marks = &self.acting.marks;
        let all_shown = self.orders.shown() == self.orders.total();
        if all_shown || marks.len() > MAX_BULK {
            return 0;
        }
        marks.all().filter(|key| self.is_hidden(key)).count()
    }

    /// Whether tab, vendor or filter keep an order out of the list.
    #[must_use]
    pub fn is_hidden(&self, key: &OrderKey) -> bool {
        self.orders.is_above(key, 0).is_none()
    }

    /// The status in which all marked orders stand, where they are few enough to
    /// be looked at in every frame.
    #[must_use]
    pub fn marked_status(&self) -> Option<OrderStatus> {
        let marks = &self.acting.marks;
        if marks.len() > MAX_BULK {
            return None;
        }
        let marked = marks.all().filter_map(|key| self.orders.get(key));
        let mut statuses = marked.map(Row::status);
        let first = statuses.next()?;
        statuses.all(|status| status == first).then_some(first)
    }

    /// Whether an order is marked, by the range being drawn too.
    #[must_use]
    pub fn is_marked(&self, key: &OrderKey) -> bool {
        self.acting.marks.contains(key)
    }

    /// Whether a range is being drawn.
    #[must_use]
    pub fn draws_range(&self) -> bool {
        self.acting.marks.anchor.is_some()
    }

    /// The marked orders, in the order of the list; those that tab and filter
    /// keep out come last. Ends a range.
    pub(super) fn marked_keys(&mut self) -> Vec<OrderKey> {
        self.acting.marks.end_range();
        let mut keys: Vec<_> = self.acting.marks.keys.iter().cloned().collect();
        keys.sort_by_cached_key(|key| {
            (self.orders.index_of(key).unwrap_or(usize::MAX), key.clone())
        });
        keys
    }

    /// Marks the order under the cursor, or takes its mark; then the next one is
    /// under the cursor.
    pub(super) fn toggle_mark(&mut self) {
        if let Some(words) = self.moved_words() {
            return self.say(words);
        }
        let Some(key) = self.cursor.clone() else {
            return self.say(strings::NO_ORDER);
        };
        self.acting.marks.turn(&key);
        self.move_to(self.cursor_at + 1);
    }

    /// Begins a range at the cursor, or ends it there.
    pub(super) fn toggle_range(&mut self) {
        if let Some(words) = self.moved_words() {
            return self.say(words);
        }
        if self.acting.marks.anchor.is_some() {
            return self.acting.marks.end_range();
        }
        let Some(key) = self.cursor.clone() else {
            return self.say(strings::NO_ORDER);
        };
        self.acting.marks.draw(&key);
        self.acting.marks.anchor = Some(key);
        let (range, back) = (self.key_of(Action::MarkRange), self.key_of(Action::Back));
        self.say(strings::range_begun(&range, &back));
    }

    /// The user moved the cursor: a range that is being drawn takes in what it
    /// passed on the way from where the range began, and lets go of what it
    /// passed on the way back.
    pub(super) fn draw_range(&mut self, from: usize, to: usize) {
        let marks = &mut self.acting.marks;
        let Some(anchor) = &marks.anchor else { return };
        let began = self.orders.index_of(anchor).unwrap_or(from);
        let range = began.min(to)..=began.max(to);
        for at in from.min(to)..=from.max(to) {
            let Some(row) = self.orders.at(at) else { break };
            if !range.contains(&at) {
                marks.drawn.remove(&row.key);
            } else if at != from {
                marks.draw(&row.key);
            }
        }
    }

    /// Marks every order that tab and filter let through.
    pub(super) fn mark_all(&mut self) {
        let marks = &mut self.acting.marks;
        marks.end_range();
        let rows = (0..self.orders.shown()).filter_map(|at| self.orders.at(at));
        marks.keys.extend(rows.map(|row| row.key.clone()));
        self.say(strings::marked(self.marked()));
    }

    /// Turns the mark of every order that tab and filter let through.
    pub(super) fn invert_marks(&mut self) {
        let marks = &mut self.acting.marks;
        marks.end_range();
        for row in (0..self.orders.shown()).filter_map(|at| self.orders.at(at)) {
            marks.turn(&row.key);
        }
        self.say(strings::marked(self.marked()));
    }

    /// Takes back the range that is being drawn, or else every mark.
    pub(super) fn clear_marks(&mut self) {
        let marks = &mut self.acting.marks;
        match marks.anchor.take() {
            Some(_) => marks.drawn.clear(),
            None => marks.keys.clear(),
        }
    }
}
