//! Digests, to know the same content again.

use std::fmt::Write;

use serde::Serialize;
use sha2::{Digest, Sha256};

/// The first 128 bits of the SHA-256 of the value's JSON, in hex.
pub(super) fn digest(value: &impl Serialize) -> String {
    let json = serde_json::to_vec(value).unwrap_or_default();
    Sha256::digest(json)[..16]
        .iter()
        .fold(String::with_capacity(32), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}
