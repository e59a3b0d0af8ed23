//! Marks: the orders that the next action is meant for. They are order keys, so
//! they stay on their orders whatever filter and sort do.

use std::collections::HashSet;

use ordertop::order::{OrderKey, OrderStatus};

use super::App;
use super::bulk::MAX_BULK;
use super::row::Row;
use crate::strings;

/// The marked orders, and the range that is being drawn.
#[derive(Debug, Default)]
pub struct Marks {
    keys: HashSet<OrderKey>,
    /// Where a range began.
    anchor: Option<OrderKey>,
}

impl Marks {
    /// Takes a mark away.
    pub(super) fn remove(&mut self, key: &OrderKey) {
        self.keys.remove(key);
    }

    /// Keeps the marks of orders that are there.
    pub(super) fn retain(&mut self, there: impl Fn(&OrderKey) -> bool) {
        self.keys.retain(|key| there(key));
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
        let marks = &self.acting.marks;
        let range = self.mark_range().map_or(0, |(first, last)| {
            let rows = (first..=last).filter_map(|at| self.orders.at(at));
            rows.filter(|row| !marks.keys.contains(&row.key)).count()
        });
        marks.keys.len() + range
    }

    /// How many of the marked orders tab, vendor and filter keep out of the list.
    /// Not counted beyond what one action takes: it is asked for every frame.
    #[must_use]
    pub fn hidden_marks(&self) -> usize {
        let keys = &self.acting.marks.keys;
        let all_shown = self.orders.shown() == self.orders.total();
        if all_shown || keys.len() > MAX_BULK {
            return 0;
        }
        keys.iter().filter(|key| self.is_hidden(key)).count()
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
        let keys = &self.acting.marks.keys;
        let range = self
            .mark_range()
            .map_or(0..0, |(first, last)| first..last + 1);
        if keys.len() + range.len() > MAX_BULK {
            return None;
        }
        let marked = keys.iter().filter_map(|key| self.orders.get(key));
        let drawn = range.filter_map(|at| self.orders.at(at));
        let mut statuses = marked.chain(drawn).map(Row::status);
        let first = statuses.next()?;
        statuses.all(|status| status == first).then_some(first)
    }

    /// Whether an order is marked.
    #[must_use]
    pub fn is_marked(&self, key: &OrderKey) -> bool {
        self.acting.marks.keys.contains(key)
    }

    /// First and last place of the range that is being drawn.
    #[must_use]
    pub fn mark_range(&self) -> Option<(usize, usize)> {
        let anchor = self.acting.marks.anchor.as_ref()?;
        let from = self.orders.index_of(anchor)?;
        let to = self.cursor_at;
        Some((from.min(to), from.max(to)))
    }

    /// The marked orders, in the order of the list; those that tab and filter
    /// keep out come last. Ends a range.
    pub(super) fn marked_keys(&mut self) -> Vec<OrderKey> {
        self.end_range();
        let marks = &self.acting.marks.keys;
        if marks.is_empty() {
            return Vec::new();
        }
        let mut keys: Vec<_> = marks.iter().cloned().collect();
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
        let keys = &mut self.acting.marks.keys;
        if !keys.remove(&key) {
            keys.insert(key);
        }
        self.move_to(self.cursor_at + 1);
    }

    /// Begins a range at the cursor, or ends it there.
    pub(super) fn toggle_range(&mut self) {
        if let Some(words) = self.moved_words() {
            return self.say(words);
        }
        if self.acting.marks.anchor.is_some() {
            return self.end_range();
        }
        self.acting.marks.anchor.clone_from(&self.cursor);
        self.say(strings::RANGE_BEGUN);
    }

    fn end_range(&mut self) {
        if let Some((first, last)) = self.mark_range() {
            for at in first..=last {
                let key = self.orders.at(at).map(|row| row.key.clone());
                self.acting.marks.keys.extend(key);
            }
        }
        self.acting.marks.anchor = None;
    }

    /// Marks every order that tab and filter let through.
    pub(super) fn mark_all(&mut self) {
        self.acting.marks.anchor = None;
        for at in 0..self.orders.shown() {
            let key = self.orders.at(at).map(|row| row.key.clone());
            self.acting.marks.keys.extend(key);
        }
        self.say(strings::marked(self.acting.marks.keys.len()));
    }

    /// Turns the mark of every order that tab and filter let through.
    pub(super) fn invert_marks(&mut self) {
        self.end_range();
        for at in 0..self.orders.shown() {
            let Some(row) = self.orders.at(at) else { break };
            let keys = &mut self.acting.marks.keys;
            if !keys.remove(&row.key) {
                keys.insert(row.key.clone());
            }
        }
        self.say(strings::marked(self.acting.marks.keys.len()));
    }

    /// Takes back the range that is being drawn, or else every mark.
    pub(super) fn clear_marks(&mut self) {
        if self.acting.marks.anchor.take().is_none() {
            self.acting.marks.keys.clear();
        }
    }
}
