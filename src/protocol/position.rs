//! A place in a vendor's stream of events.
//!
//! `offset` counts the vendor's events from 1 without a gap, `mark` is a random
//! text that this very event got: a history that was wiped or rewritten can not
//! be mistaken for the old one, however far it has grown.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The random text that one event got; 1 to 32 of `A-Za-z0-9`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mark(String);

impl Mark {
    const MAX_LEN: usize = 32;

    /// A new mark from 32 random bits.
    #[must_use]
    pub fn from_random(bits: u32) -> Self {
        Self(format!("{bits:08x}"))
    }

    /// Reads a mark.
    ///
    /// # Errors
    /// When it is empty, too long, or has another character.
    pub fn new(text: &str) -> Result<Self, InvalidPosition> {
        let fits = (1..=Self::MAX_LEN).contains(&text.len());
        if !fits || !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(InvalidPosition);
        }
        Ok(Self(text.to_owned()))
    }

    /// The mark as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Mark {
    type Error = InvalidPosition;

    fn try_from(text: String) -> Result<Self, InvalidPosition> {
        Self::new(&text)
    }
}

impl From<Mark> for String {
    fn from(mark: Mark) -> String {
        mark.0
    }
}

/// A text that is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a position is `offset:mark`, such as 133:09ab3d: send it as the server gave it")]
pub struct InvalidPosition;

/// Names one event of a vendor: the one at `offset`, which got `mark`. Offset 0
/// is the birth of the stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Position {
    /// How many events there were, this one included.
    pub offset: u64,
    /// What this event got.
    pub mark: Mark,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.offset, self.mark)
    }
}

impl std::str::FromStr for Position {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, InvalidPosition> {
        let (offset, mark) = text.split_once(':').ok_or(InvalidPosition)?;
        let digits = !offset.is_empty() && offset.bytes().all(|b| b.is_ascii_digit());
        // The store counts in 63 bits.
        let offset = offset
            .parse::<i64>()
            .ok()
            .filter(|_| digits)
            .ok_or(InvalidPosition)?;
        Ok(Self {
            offset: offset.unsigned_abs(),
            mark: Mark::new(mark)?,
        })
    }
}

impl TryFrom<String> for Position {
    type Error = InvalidPosition;

    fn try_from(text: String) -> Result<Self, InvalidPosition> {
        text.parse()
    }
}

impl From<Position> for String {
    fn from(position: Position) -> String {
        position.to_string()
    }
}

/// How an event stands to the place that a reader has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follows {
    /// It is the next one.
    Next,
    /// It was read already.
    Duplicate,
    /// Events between are missing.
    Gap,
    /// It follows another event than the one that was read: the history is
    /// another one.
    AnotherHistory,
}

impl Position {
    /// How the event at `event`, which follows the mark `after`, stands to this place.
    #[must_use]
    pub fn follows(&self, event: &Position, after: &Mark) -> Follows {
        if event.offset == self.offset {
            if event.mark == self.mark {
                Follows::Duplicate
            } else {
                Follows::AnotherHistory
            }
        } else if event.offset < self.offset {
            Follows::Duplicate
        } else if event.offset > self.offset + 1 {
            Follows::Gap
        } else if *after == self.mark {
            Follows::Next
        } else {
            Follows::AnotherHistory
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(text: &str) -> Position {
        text.parse().unwrap()
    }

    #[test]
    fn a_position_reads_as_it_writes() {
        for text in ["0:a", "133:09ab3d", "9223372036854775807:ZZ"] {
            assert_eq!(position(text).to_string(), text);
        }
        let long = format!("1:{}", "a".repeat(33));
        let bad = [
            "",
            ":",
            "1",
            "1:",
            ":a",
            "-1:a",
            "+1:a",
            "1:a b",
            "1:a:b",
            "9223372036854775808:a",
            &long,
        ];
        for bad in bad {
            assert_eq!(bad.parse::<Position>(), Err(InvalidPosition), "{bad}");
        }
    }

    #[test]
    fn every_way_in_which_an_event_can_follow() {
        let here = position("5:aa");
        let table = [
            ("6:bb", "aa", Follows::Next),
            ("6:bb", "cc", Follows::AnotherHistory),
            ("5:aa", "xx", Follows::Duplicate),
            ("5:bb", "xx", Follows::AnotherHistory),
            ("4:xx", "yy", Follows::Duplicate),
            ("7:bb", "aa", Follows::Gap),
        ];
        for (event, after, expected) in table {
            let after = Mark::new(after).unwrap();
            assert_eq!(
                here.follows(&position(event), &after),
                expected,
                "{event} after {after}"
            );
        }
    }
}
