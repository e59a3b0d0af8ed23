//! The vendors in memory, and where each of them stands.

use std::collections::HashMap;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ordertop::order::VendorId;
use ordertop::protocol::Position;

use crate::store::VendorRecord;

/// The vendors and where each of them stands.
pub(super) type Directory = Arc<RwLock<HashMap<VendorId, Arc<VendorEntry>>>>;

#[derive(Debug)]
pub(super) struct VendorEntry {
    /// The row's key.
    pub(super) row: i64,
    pub(super) name: String,
    /// The newest committed event.
    pub(super) head: Mutex<Position>,
    /// Its place in the log, 0 for none; the writing thread alone reads it.
    pub(super) newest: AtomicI64,
}

impl VendorEntry {
    pub(super) fn head(&self) -> Position {
        self.head
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn record(&self, id: &VendorId) -> VendorRecord {
        VendorRecord {
            id: id.clone(),
            name: self.name.clone(),
            position: self.head(),
        }
    }
}
