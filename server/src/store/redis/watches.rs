//! Whose news are wanted on this server, counted by who wants them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ordertop::order::VendorId;

use crate::store::{Following, Held, Watch};

/// Whose news are wanted, and whose come already.
#[derive(Debug, Default)]
pub(super) struct Watches(Mutex<Wanted>);

#[derive(Debug, Default)]
struct Wanted {
    by_vendor: HashMap<VendorId, usize>,
    all: usize,
    /// Whose news come.
    coming: HashSet<VendorId>,
    /// Whether everyone's news come.
    all_coming: bool,
}

/// What a new watch found.
pub(super) enum Begun {
    /// The news come already.
    Coming,
    /// Somebody must have them come.
    NotYet,
}

impl Watches {
    fn lock(&self) -> MutexGuard<'_, Wanted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wants news, until the watch is dropped.
    pub(super) fn begin(self: &Arc<Self>, following: &Following) -> (Watch, Begun) {
        let mut wanted = self.lock();
        let coming = match following {
            Following::All => {
                wanted.all += 1;
                wanted.all_coming
            }
            Following::Vendor(vendor) => {
                *wanted.by_vendor.entry(vendor.clone()).or_default() += 1;
                wanted.coming.contains(vendor)
            }
        };
        drop(wanted);
        let watching = Watching {
            watches: self.clone(),
            following: following.clone(),
        };
        let begun = if coming { Begun::Coming } else { Begun::NotYet };
        (Watch::new(Box::new(watching)), begun)
    }

    /// This vendor's news come from now on.
    pub(super) fn comes(&self, vendor: &VendorId) {
        self.lock().coming.insert(vendor.clone());
    }

    /// This vendor's news do not come any more.
    pub(super) fn comes_no_more(&self, vendor: &VendorId) {
        self.lock().coming.remove(vendor);
    }

    /// Everyone's news come from now on, those of new vendors too.
    pub(super) fn all_come(&self) {
        self.lock().all_coming = true;
    }

    /// Whether everyone's news come.
    pub(super) fn all_are_coming(&self) -> bool {
        self.lock().all_coming
    }

    /// Whether somebody wants everyone's news.
    pub(super) fn wants_all(&self) -> bool {
        self.lock().all > 0
    }

    /// Gives up everyone's news where nobody wants them; whether it is so. Those of
    /// vendors that somebody wants go on.
    pub(super) fn give_up_all(&self) -> bool {
        let mut wanted = self.lock();
        wanted.all_coming &= wanted.all > 0;
        wanted.all == 0
    }

    /// Gives up a vendor whose news nobody wants any more; whether it is so. Who
    /// begins to want them afterwards will find that they do not come.
    pub(super) fn give_up(&self, vendor: &VendorId) -> bool {
        let mut wanted = self.lock();
        let unwanted = wanted.all == 0 && !wanted.by_vendor.contains_key(vendor);
        if unwanted {
            wanted.coming.remove(vendor);
        }
        unwanted
    }
}

/// Wants news until it is dropped.
#[derive(Debug)]
struct Watching {
    watches: Arc<Watches>,
    following: Following,
}

impl Held for Watching {}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut wanted = self.watches.lock();
        match &self.following {
            Following::All => wanted.all -= 1,
            Following::Vendor(vendor) => {
                if let Some(count) = wanted.by_vendor.get_mut(vendor) {
                    *count -= 1;
                    if *count == 0 {
                        wanted.by_vendor.remove(vendor);
                    }
                }
            }
        }
    }
}
