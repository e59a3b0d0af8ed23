//! What was left out of a row that was taken all the same.

use std::cell::RefCell;

/// Most warnings of a row whose words are kept; the others are counted.
const MAX_KEPT: usize = 20;

/// The warnings of one row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warnings {
    /// How many there are.
    pub count: usize,
    /// The words of the first of them, at most 20.
    pub kept: Vec<String>,
}

impl Warnings {
    /// Adds a warning.
    pub fn add(&mut self, words: String) {
        self.count += 1;
        if self.kept.len() < MAX_KEPT {
            self.kept.push(words);
        }
    }
}

/// Collects the warnings of the fields that are read.
#[derive(Debug, Default)]
pub(super) struct Collector(RefCell<Warnings>);

impl Collector {
    /// Adds a warning, once however often its field is read.
    pub(super) fn add(&self, words: String) {
        let mut warnings = self.0.borrow_mut();
        if !warnings.kept.contains(&words) {
            warnings.add(words);
        }
    }

    pub(super) fn into_warnings(self) -> Warnings {
        self.0.into_inner()
    }
}
