//! Notifications: what happened, kept as facts; the view puts them into words.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use ordertop::order::{Actor, OrderKey, OrderStatus};

/// How many are kept; the oldest goes first.
pub const KEPT: usize = 200;

/// Vendors that are fetched anew one after the other are one notification.
const TOGETHER: SignedDuration = SignedDuration::from_secs(60);

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// An order came.
    New {
        /// The buyer.
        buyer: String,
        /// What it comes to, with its currency.
        total: String,
        /// Not a real sale.
        test: bool,
    },
    /// A status changed.
    Step {
        /// Before.
        from: Option<OrderStatus>,
        /// After.
        to: OrderStatus,
        /// Who did it; `None` is the one at this keyboard.
        by: Option<Actor>,
    },
    /// A status is another one than before; nothing tells who changed it.
    Seen {
        /// Before.
        from: OrderStatus,
        /// Now.
        to: OrderStatus,
    },
    /// Anything else about an order changed.
    Updated {
        /// Who did it.
        by: Actor,
    },
    /// An order was erased.
    Removed {
        /// Who did it.
        by: Actor,
    },
    /// A change of ours was not made, or was not heard to be made.
    Refused {
        /// Where it was to go.
        to: OrderStatus,
        /// It may have been made all the same.
        open: bool,
        /// Why not, in a sentence's part.
        why: String,
    },
    /// The server's history is another one than before, and orders were fetched
    /// anew: one notification for all vendors.
    HistoryChanged {
        /// How many vendors.
        vendors: usize,
    },
    /// An action on many orders of the one at this keyboard is through.
    Bulk(super::bulk::Tally),
    /// Old orders came in: one notification for all of them.
    Imported {
        /// How many changes.
        count: usize,
    },
}

/// One notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// When.
    pub at: Timestamp,
    /// Which order, where it is about one.
    pub key: Option<OrderKey>,
    /// The version that the order came to, so that one change is told once;
    /// 0 where nobody counts.
    pub version: u64,
    /// What.
    pub what: What,
}

/// The notifications, newest first.
#[derive(Debug, Default)]
pub struct Notices {
    list: VecDeque<Notice>,
    /// Which one is chosen in the pane, from the newest.
    pub chosen: usize,
    /// Which one was last jumped to, from the newest; news begin from the newest again.
    pub jumped: Option<usize>,
}

impl Notices {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// One of them, from the newest.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Notice> {
        self.list.get(index)
    }

    /// Tells something. The same change of the same order is told once; imports
    /// that follow each other become one, and so do vendors with another history.
    pub fn push(&mut self, notice: Notice) {
        self.add(notice, None);
    }

    /// Tells a step that the one at this keyboard made, who is `actor` to the
    /// server; what names somebody else stays as it is.
    pub fn push_ours(&mut self, notice: Notice, actor: &Actor) {
        self.add(notice, Some(actor));
    }

    fn add(&mut self, notice: Notice, ours: Option<&Actor>) {
        if let (What::Imported { count: more }, Some(newest)) =
            (&notice.what, self.list.front_mut())
            && let What::Imported { count } = &mut newest.what
        {
            *count += more;
            newest.at = notice.at;
            return;
        }
        if let (What::HistoryChanged { vendors: more }, Some(newest)) =
            (&notice.what, self.list.front_mut())
            && let What::HistoryChanged { vendors } = &mut newest.what
            && notice.at.duration_since(newest.at) < TOGETHER
        {
            *vendors += more;
            newest.at = notice.at;
            return;
        }
        let told = |old: &&mut Notice| {
            notice.version != 0 && old.version == notice.version && old.key == notice.key
        };
        // Only lately told ones can be repeated: by the answer and its event.
        if let Some(old) = self.list.iter_mut().take(50).find(told) {
            let named = match &old.what {
                What::Step { by, .. } => by.as_ref(),
                _ => None,
            };
            if ours.is_some() && (named.is_none() || named == ours) {
                old.what = notice.what;
            }
            return;
        }
        self.jumped = None;
        self.list.push_front(notice);
        // The chosen one stays chosen, unless it is the newest.
        if self.chosen > 0 {
            self.chosen += 1;
        }
        self.list.truncate(KEPT);
        self.chosen = self.chosen.min(KEPT - 1);
    }

    /// Takes the chosen one away.
    pub fn dismiss(&mut self) {
        self.jumped = None;
        self.list.remove(self.chosen);
        self.chosen = self.chosen.min(self.list.len().saturating_sub(1));
    }

    /// Takes all away.
    pub fn clear(&mut self) {
        self.jumped = None;
        self.list.clear();
        self.chosen = 0;
    }
}
