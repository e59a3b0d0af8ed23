//! What a run leaves to the next.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ordertop::order::{OrderKey, VendorId};
use serde::{Deserialize, Deserializer, Serialize};

use super::notices::Notice;
use super::sort::Sorting;

/// What a run leaves to the next. What a newer version added is passed over, what
/// an older one did not know is as at a first start.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// When the program was left; `None` while it runs, or when it was killed.
    pub left_at: Option<Timestamp>,
    /// When the newest order that was seen had been placed, by vendor.
    pub seen_until: BTreeMap<VendorId, Timestamp>,
    /// When the newest change that was seen was made, by vendor and its server's clock.
    pub changed_until: BTreeMap<VendorId, Timestamp>,
    /// New orders that were never on the screen.
    pub unseen: Vec<OrderKey>,
    /// The notifications, newest first, as [`KeptNotice`]s; one that cannot be
    /// read does not take the others with it.
    pub notices: Vec<serde_json::Value>,
    /// Digests of what rang already.
    pub told: Vec<u64>,
    /// Orders that the alarm waits for.
    pub alarm: Vec<OrderKey>,
    /// Until when alerts are muted.
    pub muted_until: Option<Timestamp>,
    /// How the list was sorted; a way that is not known any more is left out.
    #[serde(deserialize_with = "known")]
    pub sort: Option<Sorting>,
    /// Whether the mouse was on.
    pub mouse: Option<bool>,
}

fn known<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Sorting>, D::Error> {
    let value = serde_json::Value::deserialize(from)?;
    Ok(serde_json::from_value(value).ok())
}

/// A notification and whether it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptNotice {
    /// What happened.
    #[serde(flatten)]
    pub notice: Notice,
    /// Whether somebody looked at it.
    pub read: bool,
}
