//! Where the cursor is and what the screen shows of the list.

use ordertop::order::OrderKey;

use super::App;
use crate::view::areas;

/// So many new orders out of sight are counted one by one.
const MAX_UNSEEN: usize = 999;

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
        // from above is seen from its top.
        let known = known.filter(|at| self.steered || *at < rows.max(1));
        if known.is_none() && !self.steered {
            self.cursor_at = self.cursor_at.min(rows.saturating_sub(1));
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
        self.steered = true;
        let shown = self.orders.shown();
        let at = at.min(shown.saturating_sub(1));
        self.cursor = self.orders.at(at).map(|row| row.key.clone());
        self.cursor_at = at;
        self.scroll_to_cursor(self.rows_on_screen(), shown);
    }

    /// Puts the cursor onto an order; tab and filter give way if they must.
    /// Says whether there is such an order.
    pub(super) fn go_to(&mut self, key: &OrderKey) -> bool {
        if self.orders.get(key).is_none() {
            return false;
        }
        if self.orders.index_of(key).is_none() {
            self.filter.reset();
            self.orders.set_filter("");
            self.orders.set_tab(None);
        }
        if let Some(at) = self.orders.index_of(key) {
            self.move_to(at);
        }
        true
    }
}
