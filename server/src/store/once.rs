//! Requests that happen once: what a store is told of an `Idempotency-Key`.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Refusal;
use super::{Change, ChangeOutcome};

/// Makes a request happen once: an `Idempotency-Key` and what came under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// The key with the caller who sent it: two callers' keys never meet.
    pub key: String,
    /// The digest of the request, in hex: the same key with another is refused.
    pub digest: String,
}

impl Once {
    /// The same for those rows of the request that are 1, the others being 0.
    pub(super) fn of_rows(mut self, rows: &[u8]) -> Self {
        if rows.contains(&0) {
            self.digest = digest(&[self.digest.as_bytes(), rows]);
        }
        self
    }
}

/// What is remembered of one change: its outcome and the place `P` of what it wrote in the
/// log. A row that was unchanged is remembered as `0`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Remembered<P, Old> {
    /// Nothing was to be done; always 0.
    Kept(Nothing),
    /// Committed at this place.
    Written(P),
    /// The rules said no.
    Refused {
        /// Why.
        refused: Refusal,
    },
    /// As earlier builds remembered it, with a copy of the order: still read, never written.
    #[serde(skip_serializing)]
    Copied(Box<Old>),
}

/// The number 0.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub(super) struct Nothing;

impl From<Nothing> for u8 {
    fn from(_: Nothing) -> Self {
        0
    }
}

impl TryFrom<u8> for Nothing {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        match number {
            0 => Ok(Self),
            _ => Err("a place, not 0"),
        }
    }
}

impl<P, Old> Remembered<P, Old> {
    /// What to remember of a change that was written at `place`, if it was.
    pub(super) fn new(change: &Change, place: Option<P>) -> Self {
        match (&change.outcome, place) {
            (ChangeOutcome::Refused(refusal), _) => Self::Refused {
                refused: refusal.clone(),
            },
            (ChangeOutcome::Written, Some(place)) => Self::Written(place),
            (ChangeOutcome::Written | ChangeOutcome::Kept, _) => Self::Kept(Nothing),
        }
    }
}

/// A digest of these parts, in hex.
#[must_use]
pub fn digest(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        // The lengths keep `ab`, `c` from being `a`, `bc`.
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let hex = |byte: &u8| format!("{byte:02x}");
    digest.finalize().iter().map(hex).collect()
}

/// For how long an `Idempotency-Key` is remembered with its answer.
pub const ONCE_FOR: Duration = Duration::from_secs(24 * 60 * 60);
