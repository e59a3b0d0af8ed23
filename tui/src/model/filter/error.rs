//! Why a text is not a filter, and where.

use std::fmt;

/// Why a text is not a filter: which character is wrong and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    /// The wrong character, counted in characters from 0; the text's length where
    /// something is missing at its end.
    pub column: usize,
    /// What is wrong and what would be right, in one line.
    pub message: String,
}

impl FilterError {
    pub(super) fn new(column: usize, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { column, message }
    }
}

impl fmt::Display for FilterError {
    /// With the place counted from 1, as people count.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at character {}: {}", self.column + 1, self.message)
    }
}

impl std::error::Error for FilterError {}

/// The one of `names` that somebody who wrote `wrong` may have meant.
pub(super) fn nearest<'a>(
    wrong: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    names
        .into_iter()
        .map(|name| {
            (
                strsim::damerau_levenshtein(&wrong, &name.to_lowercase()),
                name,
            )
        })
        .filter(|(distance, name)| *distance <= name.len().min(wrong.len()).div_ceil(2))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
