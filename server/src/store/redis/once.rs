//! Requests with an `Idempotency-Key`. Which request a key came with is kept
//! under one key for all vendors; what was answered is kept beside each vendor's
//! orders, written by the commit itself, so that the answer and the change are
//! never without one another.

use ordertop::order::VendorId;
use ordertop::protocol::{Mark, Position};
use serde::{Deserialize, Serialize};

use super::Shared;
use super::commit::Outcomes;
use super::keys::{self, VendorKeys};
use super::rows::{json, position, to_json, unreadable};
use crate::store::{Change, ONCE_FOR, Once, StoreError, digest};

/// Claims the key for this request.
///
/// # Errors
/// [`StoreError::KeyReused`] when it came with another one before.
pub(super) async fn claim(shared: &Shared, once: &Once) -> Result<(), StoreError> {
    let key = keys::request(&digest(&[once.key.as_bytes()]));
    let mut claim = redis::cmd("SET");
    claim
        .arg(&key)
        .arg(&once.digest)
        .arg("NX")
        .arg("GET")
        .arg("PX")
        .arg(u64::try_from(ONCE_FOR.as_millis()).unwrap_or(u64::MAX));
    let before: Option<String> = shared.ask(&claim).await?;
    match before {
        Some(other) if other != once.digest => Err(StoreError::KeyReused),
        _ => Ok(()),
    }
}

/// What a commit remembers: the request's digest and what was answered. The text
/// gets the vendor's position before it, which only the commit knows.
pub(super) struct Remembering {
    pub(super) key: String,
    pub(super) text: String,
}

#[derive(Serialize, Deserialize)]
struct Remembered {
    change: Change,
    /// The how-manieth event of the commit it made, and that one's mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wrote: Option<(u64, Mark)>,
}

impl Remembering {
    pub(super) fn new(
        once: &Once,
        vendor: &VendorId,
        outcomes: Outcomes,
    ) -> Result<Self, StoreError> {
        let remembered = outcomes
            .into_iter()
            .map(|(change, wrote)| Remembered { change, wrote });
        Ok(Self {
            key: VendorKeys(vendor).once(&digest(&[once.key.as_bytes()])),
            text: format!(
                "{} {}",
                once.digest,
                to_json(&remembered.collect::<Vec<_>>())?
            ),
        })
    }
}

/// The changes that were remembered, from `offset mark digest json`.
///
/// # Errors
/// [`StoreError::KeyReused`] when they were another request's: the claim alone does
/// not tell, for it runs out before what was remembered, and a failover may lose it.
pub(super) fn remembered(
    text: &str,
    once: Option<&Once>,
    count: usize,
) -> Result<Vec<Change>, StoreError> {
    let parts: Vec<&str> = text.splitn(4, ' ').collect();
    let [offset, mark, digest, body] = parts[..] else {
        return Err(unreadable("a remembered answer"));
    };
    if once.is_none_or(|once| once.digest != digest) {
        return Err(StoreError::KeyReused);
    }
    let before = position(offset, mark)?;
    let remembered: Vec<Remembered> = json(body)?;
    if remembered.len() != count {
        return Err(StoreError::KeyReused);
    }
    let changes = remembered
        .into_iter()
        .map(|Remembered { mut change, wrote }| {
            if let Some((n, mark)) = wrote {
                let offset = before.offset + n;
                change.position = Some(Position { offset, mark });
            }
            change
        });
    Ok(changes.collect())
}
