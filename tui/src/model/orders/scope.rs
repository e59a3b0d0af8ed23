//! What the list is of: one vendor or all, and as of when.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use ordertop::order::VendorId;

use super::{OrderStatus, Orders, in_scope, place};

impl Orders {
    /// The vendor whose orders alone are shown and counted.
    #[must_use]
    pub fn vendor(&self) -> Option<&VendorId> {
        self.vendor.as_ref()
    }

    /// Shows and counts one vendor's orders alone, or all.
    pub fn set_vendor(&mut self, vendor: Option<VendorId>) {
        if vendor == self.vendor {
            return;
        }
        self.vendor = vendor;
        self.counts = [0; OrderStatus::ALL.len()];
        for row in self.rows.iter().flatten() {
            if in_scope(self.vendor.as_ref(), row) {
                self.counts[place(row.status())] += 1;
            }
        }
        self.refilter();
    }

    /// How many orders there are of that vendor, or of all.
    #[must_use]
    pub fn in_scope(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Says what time it is to filters that look at it. Where one does, rows come
    /// and go with the seconds: says whether the list was looked through anew,
    /// which it is once a second at most.
    pub fn set_now(&mut self, now: Timestamp) -> bool {
        let same_second = self.now.as_second() == now.as_second();
        self.now = now;
        let again = !same_second && self.filter.is_timed() && self.held.is_none();
        if again {
            self.refilter();
        }
        again
    }

    /// How many orders each vendor has.
    #[must_use]
    pub fn by_vendor(&self) -> HashMap<VendorId, usize> {
        let mut counts: HashMap<VendorId, usize> = HashMap::new();
        for row in self.rows.iter().flatten() {
            match counts.get_mut(&row.key.vendor) {
                Some(count) => *count += 1,
                None => {
                    counts.insert(row.key.vendor.clone(), 1);
                }
            }
        }
        counts
    }

    /// The codes of all currencies in the list, sorted.
    #[must_use]
    pub fn currencies(&self) -> Vec<String> {
        let rows = self.rows.iter().flatten();
        let codes: BTreeSet<_> = rows.filter_map(|row| row.currency()).collect();
        codes
            .iter()
            .map(|currency| currency.code().to_owned())
            .collect()
    }
}
