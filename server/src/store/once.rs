//! Requests that happen once: what a store is told of an `Idempotency-Key`.

use std::time::Duration;

use sha2::{Digest, Sha256};

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
