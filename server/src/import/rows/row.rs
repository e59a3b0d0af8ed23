//! A row of a file, and where it stands.

use std::fmt;

use serde_json::value::RawValue;

/// Longest row, in bytes: as much as a shop may send at once.
pub(in crate::import) const MAX_ROW_BYTES: usize = 2 * 1024 * 1024;

/// Where a row stands in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::import) enum Place {
    /// The file is the row.
    Whole,
    /// A line, from 1.
    Line(u64),
    /// An element of the file's list, from 0.
    Index(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Line(line) => write!(f, ":{line}"),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// A row of a file.
#[derive(Debug)]
pub(in crate::import) struct Row {
    pub(in crate::import) place: Place,
    pub(in crate::import) content: Content,
    /// What is to be known about how it was read.
    pub(in crate::import) note: Option<&'static str>,
}

/// What a row holds.
#[derive(Debug)]
pub(in crate::import) enum Content {
    Json(Box<RawValue>),
    /// Not an order, with a stable code and the reason.
    Refused {
        code: &'static str,
        why: String,
    },
    /// Not an order of this vendor, say.
    Skipped {
        order_number: Option<String>,
        what: String,
    },
}

impl Row {
    pub(super) fn new(place: Place, json: Result<Box<RawValue>, String>) -> Self {
        let content = match json {
            Ok(json) => Content::Json(json),
            Err(why) => Content::Refused {
                code: "not_json",
                why,
            },
        };
        Self {
            place,
            content,
            note: None,
        }
    }

    pub(super) fn refused(place: Place, code: &'static str, why: String) -> Self {
        Self {
            place,
            content: Content::Refused { code, why },
            note: None,
        }
    }
}
