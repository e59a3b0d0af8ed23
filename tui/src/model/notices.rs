//! Notifications: what happened, kept as facts; the view puts them into words.

use std::collections::VecDeque;
use std::ops::Range;

use jiff::{SignedDuration, Timestamp};
use ordertop::order::{Actor, OrderKey, OrderStatus};
use serde::{Deserialize, Serialize};

/// How many are kept; the oldest goes first.
pub const KEPT: usize = 200;

/// How much of what is new is handed on at once; a crowd of more is only listed.
const MAX_NEWS: usize = 1_000;

/// Vendors that are fetched anew one after the other are one notification.
const TOGETHER: SignedDuration = SignedDuration::from_secs(60);

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// Support was asked to cancel an order.
    Asked {
        /// Who asks; `None` is the one at this keyboard.
        by: Option<Actor>,
    },
    /// An order is late, or soon to be shipped.
    Due {
        /// The buyer.
        buyer: String,
        /// Whether it is late already.
        late: bool,
    },
    /// The same of so many, each of which would be one of a crowd.
    DueMany {
        /// How many orders.
        count: usize,
        /// Whether they are late already.
        late: bool,
        /// Whether they became so while the program was off.
        meanwhile: bool,
    },
    /// A note of the one at this keyboard was added.
    Noted,
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
    /// Orders came while nobody watched: one notification for all of them.
    Away {
        /// How many.
        count: usize,
        /// Since when, in words.
        since: String,
    },
    /// Old orders came in: one notification for all of them.
    Imported {
        /// How many changes.
        count: usize,
    },
}

/// One notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// A notification and whether somebody looked at it.
#[derive(Debug, Clone)]
struct Listed {
    notice: Notice,
    read: bool,
}

/// The notifications, newest first.
#[derive(Debug, Default)]
pub struct Notices {
    list: VecDeque<Listed>,
    news: Vec<Notice>,
    /// Which one is chosen in the pane, from the newest.
    pub chosen: usize,
    /// Whether somebody follows the chosen one, the newest too: the pane has the keys.
    pub(crate) chosen_stays: bool,
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
        self.list.get(index).map(|listed| &listed.notice)
    }

    /// Whether nobody looked at that one yet; the newest is 0.
    #[must_use]
    pub fn is_unread(&self, at: usize) -> bool {
        self.list.get(at).is_some_and(|listed| !listed.read)
    }

    /// How many nobody looked at yet.
    #[must_use]
    pub fn unread(&self) -> usize {
        self.list.iter().filter(|listed| !listed.read).count()
    }

    /// Somebody looked at those that `seen` says.
    pub fn mark_read(&mut self, seen: impl Fn(&Notice) -> bool) {
        for listed in self.list.iter_mut().filter(|listed| !listed.read) {
            listed.read = seen(&listed.notice);
        }
    }

    /// Somebody looked at those in these places, from the newest.
    pub fn mark_read_at(&mut self, places: Range<usize>) {
        for listed in self.list.iter_mut().take(places.end).skip(places.start) {
            listed.read = true;
        }
    }

    /// What was told since this was last asked.
    pub fn take_news(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.news)
    }

    /// All of them with whether they were read, the newest first, for the next run.
    pub fn all(&self) -> impl Iterator<Item = (&Notice, bool)> {
        (self.list.iter()).map(|listed| (&listed.notice, listed.read))
    }

    /// Takes back, as the oldest, what the run before left; the newest first.
    pub fn restore(&mut self, kept: impl IntoIterator<Item = (Notice, bool)>) {
        let room = KEPT.saturating_sub(self.list.len());
        let kept = kept.into_iter().take(room);
        (self.list).extend(kept.map(|(notice, read)| Listed { notice, read }));
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

    fn newest(&mut self) -> Option<&mut Notice> {
        self.list.front_mut().map(|listed| &mut listed.notice)
    }

    fn add(&mut self, notice: Notice, ours: Option<&Actor>) {
        if let (What::Imported { count: more }, Some(newest)) = (&notice.what, self.newest())
            && let What::Imported { count } = &mut newest.what
        {
            *count += more;
            newest.at = notice.at;
            return;
        }
        if let (What::HistoryChanged { vendors: more }, Some(newest)) =
            (&notice.what, self.newest())
            && let What::HistoryChanged { vendors } = &mut newest.what
            && notice.at.duration_since(newest.at) < TOGETHER
        {
            *vendors += more;
            newest.at = notice.at;
            return;
        }
        if let (What::Away { count: more, .. }, Some(newest)) = (&notice.what, self.newest())
            && let What::Away { count, .. } = &mut newest.what
            && notice.at.duration_since(newest.at) < TOGETHER
        {
            *count += more;
            return;
        }
        let told = |old: &&mut Listed| {
            let old = &old.notice;
            notice.version != 0 && old.version == notice.version && old.key == notice.key
        };
        // Only lately told ones can be repeated: by the answer and its event.
        if let Some(old) = self.list.iter_mut().take(50).find(told) {
            let named = match &old.notice.what {
                What::Step { by, .. } | What::Asked { by } => by.as_ref(),
                What::Updated { by } => Some(by),
                _ => None,
            };
            if ours.is_some() && (named.is_none() || named == ours) {
                // Where the order stood is the event's to say, where the answer does not.
                let before = match old.notice.what {
                    What::Step { from, .. } => from,
                    _ => None,
                };
                old.notice.what = notice.what;
                if let What::Step { from, .. } = &mut old.notice.what {
                    *from = from.or(before);
                }
                // Who did something knows of it.
                old.read = true;
            }
            return;
        }
        self.jumped = None;
        if self.news.len() < MAX_NEWS {
            self.news.push(notice.clone());
        }
        // Who did something knows of it.
        let read = matches!(
            notice.what,
            What::Step { by: None, .. } | What::Asked { by: None } | What::Noted | What::Bulk(_)
        );
        self.list.push_front(Listed { notice, read });
        // The chosen one stays chosen; the newest alone gives way while nobody follows it.
        if self.chosen > 0 || (self.chosen_stays && self.list.len() > 1) {
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
