//! The list as sorting and filtering everything would make it, for tests of the
//! list that is changed bit by bit.

use super::{Orders, Row};
use ordertop::order::OrderKey;

impl Orders {
    /// What stands on the screen, from the top.
    pub(crate) fn keys(&self) -> Vec<OrderKey> {
        let rows = (0..self.shown()).filter_map(|at| self.at(at));
        rows.map(|row| row.key.clone()).collect()
    }

    /// What would, were everything looked at anew; `None` while the list is held.
    pub(crate) fn rebuilt(&self) -> Option<Vec<OrderKey>> {
        if self.held.is_some() {
            return None;
        }
        let passes = |row: &&Row| {
            (self.tab).is_none_or(|tab| tab == row.status())
                && (self.vendor.as_ref()).is_none_or(|vendor| *vendor == row.key.vendor)
                && self.filter.matches(row, self.now)
        };
        let mut rows: Vec<&Row> = self.rows().filter(passes).collect();
        rows.sort_by(|a, b| self.sorting.compare(a, b));
        Some(rows.into_iter().map(|row| row.key.clone()).collect())
    }
}
