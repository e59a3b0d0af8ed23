//! Where the cursor is and what the screen shows of the list.

use jiff::{SignedDuration, Timestamp};
use ordertop::order::{OrderKey, OrderStatus, VendorId};

use super::App;
use crate::model::row::Row;
use crate::model::text::{tame, width};
use crate::strings;
use crate::view::areas;

/// So many new orders out of sight are counted one by one.
const MAX_UNSEEN: usize = 999;
/// How long the eye and the hand need to follow a cursor that was moved.
const FOLLOW: SignedDuration = SignedDuration::from_millis(700);

/// How long somebody who confirmed a step waits for it to be made.
const AWAITED: SignedDuration = SignedDuration::from_secs(2);

/// How wide the longest text of each column was, in columns of the screen, since
/// this tab, vendor and filter are shown. A list that is scrolled does not shake.
#[derive(Debug, Clone, Default)]
pub struct Widest {
    /// Numbers.
    pub number: usize,
    /// Vendors' names.
    pub vendor: usize,
    /// Totals with their currency.
    pub total: usize,
    /// Ages, times to ship by, times in the status.
    pub age: usize,
    shown: (Option<OrderStatus>, Option<VendorId>, String),
}

/// Somebody else's change that the next key may not have been meant for: it moved
/// the cursor, or gave its order another status.
#[derive(Debug)]
pub(super) struct Moved {
    /// What to say to that key.
    words: String,
    /// When it was first on the screen.
    seen: Option<Timestamp>,
}

impl Moved {
    fn new(words: String) -> Self {
        Self { words, seen: None }
    }

    /// Whether it has been on the screen for long enough to be followed.
    fn was_followed(&self, now: Timestamp) -> bool {
        (self.seen).is_some_and(|seen| now.duration_since(seen) >= FOLLOW)
    }
}

fn still_new(moved: &mut Option<Moved>, now: Timestamp) -> Option<String> {
    moved.take_if(|moved| moved.was_followed(now));
    Some(moved.as_ref()?.words.clone())
}

impl App {
    /// How many rows of the list fit on the screen.
    pub(super) fn rows_on_screen(&self) -> usize {
        areas(self).map_or(0, |areas| usize::from(areas.rows().height))
    }

    /// Brings the cursor back onto its order, and the list's window with it.
    /// Called after every event.
    pub(super) fn settle(&mut self) {
        let shown = self.orders.shown();
        let rows = self.rows_on_screen();
        let line = self.cursor_at.saturating_sub(self.top);
        let known = (self.cursor.as_ref()).and_then(|key| self.orders.index_of(key));
        // Before a key was pressed nobody chose an order: a list that fills up
        // is seen from its top.
        let known = known.filter(|_| self.steered);
        if !self.steered {
            (self.cursor_at, self.top) = (0, 0);
        }
        let at = match known {
            Some(at) => at,
            // Its order is gone: what stands in its place has the cursor now.
            None => {
                let at = self.cursor_at.min(shown.saturating_sub(1));
                self.cursor = self.orders.at(at).map(|row| row.key.clone());
                at
            }
        };
        // At the top of the list new rows come into sight and push the others
        // down; further down the row under the cursor keeps its line.
        if self.top > 0 || at >= rows {
            self.top = at.saturating_sub(line);
        }
        self.cursor_at = at;
        self.scroll_to_cursor(rows, shown);
        self.note_seen(rows);
    }

    /// How wide the list's columns have to be.
    #[must_use]
    pub fn widest(&self) -> &Widest {
        &self.widest
    }

    /// Looks at the rows on the screen. Called after every event.
    pub(super) fn measure(&mut self) {
        let mut widest = std::mem::take(&mut self.widest);
        let same = (widest.shown.0 == self.orders.tab())
            && (widest.shown.1.as_ref() == self.orders.vendor())
            && widest.shown.2 == self.filter.value();
        if !same {
            widest = Widest {
                shown: (
                    self.orders.tab(),
                    self.orders.vendor().cloned(),
                    self.filter.value().to_owned(),
                ),
                ..Widest::default()
            };
        }
        let sort = self.orders.sort();
        for at in self.top..self.top + self.rows_on_screen() {
            let Some(row) = self.orders.at(at) else { break };
            let grow = |known: &mut usize, text: &str| *known = (*known).max(width(text));
            let total = row.total();
            grow(&mut widest.number, &tame(row.key.number.as_str()));
            grow(&mut widest.vendor, self.vendor_name(&row.key.vendor));
            grow(&mut widest.total, &total);
            grow(&mut widest.age, &strings::last_column(row, sort, self.now));
        }
        self.widest = widest;
    }

    /// The order under the cursor and its status, to see later what news did to it.
    pub(super) fn under_cursor(&self) -> Option<(OrderKey, OrderStatus)> {
        let row = self.current()?;
        Some((row.key.clone(), row.status()))
    }

    /// Called after all that the user did not do: says so when it took the cursor
    /// from its order, and remembers for the next key that it did, or that its
    /// order has another status now. A step that was confirmed a moment ago takes
    /// its order from the cursor as the user wants it to.
    pub(super) fn note_moved(&mut self, before: Option<(OrderKey, OrderStatus)>) {
        let Some((before, status)) = before else {
            return;
        };
        if self.cursor.as_ref() == Some(&before) {
            return self.note_changed(&before, status);
        }
        let row = self.orders.get(&before);
        if row.is_some_and(|row| self.was_just_confirmed(row)) {
            return;
        }
        let stays = self.orders.index_of(&before).is_some();
        let why = match row {
            // Nobody chose it: a newer one stands on top now.
            Some(_) if stays => strings::came_above(&before),
            Some(row) => strings::left_the_list(row),
            None => strings::order_is_gone(&before),
        };
        if !stays {
            self.say(why.clone());
        }
        self.changed = None;
        let words = |cursor| strings::cursor_was_moved(&why, cursor);
        self.moved = self.cursor.as_ref().map(words).map(Moved::new);
    }

    /// Whether the order stands where a step brought it that the user confirmed a
    /// moment ago.
    fn was_just_confirmed(&self, row: &Row) -> bool {
        (self.confirmed.as_ref()).is_some_and(|(key, to, at)| {
            *key == row.key && *to == row.status() && self.now.duration_since(*at) < AWAITED
        })
    }

    /// The next step of an order is another one than that which was on the screen.
    fn note_changed(&mut self, key: &OrderKey, before: OrderStatus) {
        let Some(row) = self.orders.get(key) else {
            return;
        };
        let ours = (self.in_flight.get(key)).is_some_and(|step| step.to == row.status());
        if row.status() != before && !ours && !self.was_just_confirmed(row) {
            self.changed = Some(Moved::new(strings::has_just_changed(row)));
        }
    }

    /// Called before a marked order is replaced: the same for the marked ones.
    pub(super) fn note_marked_changed(&mut self, key: &OrderKey, before: OrderStatus) {
        if !self.is_marked(key) {
            return;
        }
        if let Some(row) = self.orders.get(key)
            && row.status() != before
        {
            self.marked_changed = Some(Moved::new(strings::has_just_changed(row)));
        }
    }

    /// The frame is on the screen.
    pub fn drawn(&mut self) {
        let news = [&mut self.moved, &mut self.changed, &mut self.marked_changed];
        for moved in news.into_iter().flatten() {
            moved.seen.get_or_insert(self.settings.clock.now());
        }
    }

    /// What to say to a key that may have been meant for the order that the
    /// cursor was on a moment ago.
    pub(super) fn moved_words(&mut self) -> Option<String> {
        still_new(&mut self.moved, self.now)
    }

    /// What to say to a key for a step that may have been meant for another order,
    /// or for this one as it was.
    pub(super) fn step_moved_words(&mut self) -> Option<String> {
        let moved = self.moved_words();
        let changed = still_new(&mut self.changed, self.now);
        moved.or(changed)
    }

    /// The same for the marked orders.
    pub(super) fn marked_changed_words(&mut self) -> Option<String> {
        still_new(&mut self.marked_changed, self.now)
    }

    fn scroll_to_cursor(&mut self, rows: usize, shown: usize) {
        if rows == 0 {
            return;
        }
        let first = (self.cursor_at + 1).saturating_sub(rows);
        self.top = self.top.clamp(first, self.cursor_at.max(first));
        self.top = self.top.min(shown.saturating_sub(rows));
    }

    fn note_seen(&mut self, rows: usize) {
        if self.unseen.is_empty() || self.order_open {
            return;
        }
        for at in self.top..self.top + rows {
            let Some(row) = self.orders.at(at) else { break };
            self.unseen.remove(&row.key);
        }
    }

    /// A new order came; it counts until it was on the screen.
    pub(super) fn note_unseen(&mut self, key: OrderKey) {
        if self.unseen.len() < MAX_UNSEEN {
            self.unseen.insert(key);
        }
    }

    /// Forgets an order that is gone.
    pub(super) fn forget_unseen(&mut self, key: &OrderKey) {
        self.unseen.remove(key);
    }

    /// Puts the cursor at a place of the list.
    pub(super) fn move_to(&mut self, at: usize) {
        let shown = self.orders.shown();
        self.steered |= shown > 0;
        let at = at.min(shown.saturating_sub(1));
        let key = self.orders.at(at).map(|row| row.key.clone());
        let from = self
            .cursor
            .as_ref()
            .and_then(|key| self.orders.index_of(key));
        self.draw_range(from.unwrap_or(at), at);
        if key != self.cursor {
            self.changed = None;
        }
        self.cursor = key;
        self.cursor_at = at;
        self.scroll_to_cursor(self.rows_on_screen(), shown);
    }

    /// Puts the cursor onto an order; tab and filter give way if they must.
    /// Says whether there is such an order.
    pub(crate) fn go_to(&mut self, key: &OrderKey) -> bool {
        if self.orders.get(key).is_none() {
            return false;
        }
        if self.orders.index_of(key).is_none() {
            // It may have come while the list was held.
            self.orders.hold(false);
        }
        if self.orders.index_of(key).is_none() {
            self.filter.reset();
            self.filter_typed();
            self.orders.set_tab(None);
            if self
                .orders
                .vendor()
                .is_some_and(|vendor| *vendor != key.vendor)
            {
                self.orders.set_vendor(None);
            }
            self.say(strings::shows_all_for(key));
        }
        if let Some(at) = self.orders.index_of(key) {
            self.move_to(at);
        }
        true
    }
}
