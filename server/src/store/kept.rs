//! Orders on their way from one store to another.

use ordertop::order::{HistoryEntry, VendorId, VendorOrder};
use serde::{Deserialize, Serialize};

use super::StoreError;

/// An order as another store kept it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptOrder {
    /// The order, with the id that it had.
    pub order: VendorOrder,
    /// What was done to it, oldest first.
    pub history: Vec<HistoryEntry>,
}

impl KeptOrder {
    /// Whether a store that holds `order` with `history` holds this very order.
    /// Its id is the store's own.
    #[must_use]
    pub fn is_kept_as(&self, order: &VendorOrder, history: &[HistoryEntry]) -> bool {
        let ours = &self.order;
        ours.key() == order.key()
            && ours.state == order.state
            && ours.content == order.content
            && self.history == history
    }

    /// Whether a store can keep it for this vendor.
    pub(super) fn check_of(&self, vendor: &VendorId) -> Result<(), StoreError> {
        let key = self.order.key();
        if key.vendor != *vendor {
            let why = format!("order {key} is not of vendor {vendor}");
            return Err(StoreError::Failed(why));
        }
        if self.history.is_empty() {
            return Err(StoreError::Failed(format!("order {key} has no history")));
        }
        Ok(())
    }
}

/// What [`super::Store::restore`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Restored {
    /// Orders written.
    pub written: u64,
    /// Orders that were there already, exactly so.
    pub present: u64,
    /// Orders that were there already, otherwise: left as they are.
    pub different: u64,
}
