//! What came while nobody watched: while the program was off, or while its
//! connection was so long away that the list came anew. And what one run leaves
//! to the next.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use ordertop::order::{OrderKey, OrderStatus, VendorId};
use ordertop::protocol::PackedOrder;

use super::App;
use super::alerting::NEWS_FOR;
use crate::event::Effect;
use crate::model::alerts::Alert;
use crate::model::alerts::Kind;
use crate::model::kept::{Kept, KeptNotice};
use crate::model::notices::{Notice, What};
use crate::strings;

/// What is known of the time before.
#[derive(Debug, Default)]
pub(super) struct Away {
    /// When the newest order that was seen had been placed.
    seen_until: BTreeMap<VendorId, Timestamp>,
    /// When the newest change that was seen was made. Unlike the time at which an
    /// order was placed this grows with what arrives, and the server's clock alone
    /// is asked: an order that came is changed for the first time then.
    changed_until: BTreeMap<VendorId, Timestamp>,
    /// When the run before was left.
    left_at: Option<Timestamp>,
    /// New orders that the run before never showed, until their list comes.
    unseen: HashSet<OrderKey>,
    /// Orders that the alarm of the run before waited for, until their list comes.
    alarm: HashSet<OrderKey>,
    /// Whose list came in this run.
    listed: HashSet<VendorId>,
    /// When the first of them came.
    first_list_at: Option<Timestamp>,
}

impl Away {
    /// An order of that time is known. One of the future, by a clock that is
    /// wrong, does not make all that follows old.
    pub(super) fn saw(&mut self, vendor: &VendorId, placed: Timestamp, now: Timestamp) {
        let placed = placed.min(now);
        match self.seen_until.get_mut(vendor) {
            Some(until) => *until = placed.max(*until),
            None => {
                self.seen_until.insert(vendor.clone(), placed);
            }
        }
    }
}

/// Late orders are told of at the start when all lists are here, or after so long.
const LISTS_WITHIN: SignedDuration = SignedDuration::from_secs(60);
/// What was placed longer ago than this before the newest order that was known is
/// no late arrival but history, such as an import brings.
const LATE_BY: SignedDuration = SignedDuration::from_hours(24);

/// Whether an order stands where the shop has to do something.
fn waits_for_somebody(status: OrderStatus) -> bool {
    matches!(
        status,
        OrderStatus::Pending | OrderStatus::Paid | OrderStatus::Disputed
    )
}

impl App {
    /// A vendor's list is about to take the place of what was known. Orders in it
    /// that are new are counted and told once for all; the first list ever is no news.
    ///
    /// New is what was placed after the newest one known. A shop may hand an order
    /// over long after it was placed, so new is also, while the program runs, what
    /// was not in the list before; and at its start what came to the server after
    /// all that the run before saw, and was not changed since.
    pub(super) fn follow_list(&mut self, vendor: &VendorId, orders: &[Arc<PackedOrder>]) {
        let since = self.away.seen_until.get(vendor).copied();
        self.figures.expire();
        let at_start = self.away.listed.insert(vendor.clone());
        let known_change = self.away.changed_until.get(vendor).copied();
        let (mut missed, mut rings, mut changed) = (0, false, known_change);
        let key = |order: &PackedOrder| OrderKey {
            vendor: vendor.clone(),
            number: order.order_number.clone(),
        };
        for order in orders {
            changed = changed.max(Some(order.updated_at()));
            let new = since.is_some_and(|since| {
                let late = since.duration_since(order.created_at()) < LATE_BY;
                let came = match at_start {
                    false => true,
                    true => {
                        order.version == 1
                            && known_change.is_some_and(|known| order.updated_at() > known)
                    }
                };
                order.created_at() > since || (late && came)
            });
            if new && !order.flags.test {
                let key = key(order);
                let known = self.orders.get(&key).is_some();
                if !known && self.alerts.told.first(Kind::NewOrder, &key, 0) {
                    missed += 1;
                    rings |= self.now.duration_since(order.created_at()) <= NEWS_FOR;
                    self.note_unseen(key);
                }
            }
            if !self.away.unseen.is_empty() {
                let key = key(order);
                if self.away.unseen.remove(&key) {
                    self.note_unseen(key);
                }
            }
            if !self.away.alarm.is_empty() {
                let key = key(order);
                // Where it went on somebody has been.
                if self.away.alarm.remove(&key) && waits_for_somebody(order.status) {
                    self.alerts.alarm.raise(Kind::NewOrder, Some(key));
                }
            }
        }
        // Those that are gone wait for nobody.
        self.away.alarm.retain(|key| key.vendor != *vendor);
        let newest = orders.iter().map(|order| order.created_at()).max();
        // A list without an order is known too: what comes after it is new.
        let newest = newest.unwrap_or(since.unwrap_or(self.now));
        self.away.saw(vendor, newest, self.now);
        if let Some(changed) = changed {
            self.away.changed_until.insert(vendor.clone(), changed);
        }
        self.away.first_list_at.get_or_insert(self.now);
        if let Some(since) = since.filter(|_| missed > 0) {
            self.tell_missed(missed, since, at_start, rings);
        }
    }

    /// An order is known as of this change.
    pub(super) fn saw_change(&mut self, vendor: &VendorId, changed: Timestamp) {
        match self.away.changed_until.get_mut(vendor) {
            Some(until) => *until = changed.max(*until),
            None => {
                self.away.changed_until.insert(vendor.clone(), changed);
            }
        }
    }

    /// Whether every vendor's list is here, or was waited for long enough.
    pub(super) fn lists_are_here(&self) -> bool {
        let Some(first) = self.away.first_list_at else {
            return false;
        };
        let all = self.settings.vendor.is_some()
            || (self.vendors.keys()).all(|vendor| self.away.listed.contains(vendor));
        all || self.now.duration_since(first) > LISTS_WITHIN
    }

    /// Who starts the program sees the screen; who left it running may not.
    fn tell_missed(&mut self, count: usize, since: Timestamp, at_start: bool, rings: bool) {
        let since = match self.away.left_at {
            Some(left) if at_start => left,
            _ => since,
        };
        let since = strings::since(since, self.now, &self.settings.time_zone);
        let words = strings::came_meanwhile(count, &since);
        self.notices.push(Notice {
            at: self.now,
            key: None,
            version: 0,
            what: What::Away { count, since },
        });
        if at_start || !rings {
            // Of several vendors: what was told of the others stands in one line with it.
            let all = self.notices.get(0).and_then(|notice| match &notice.what {
                What::Away { count, since } => Some(strings::came_meanwhile(*count, since)),
                _ => None,
            });
            self.say(all.unwrap_or(words));
            return;
        }
        self.alerts.raise(Alert {
            kind: Kind::NewOrder,
            key: None,
            text: words,
            buyer: String::new(),
            total: String::new(),
            status: String::new(),
        });
    }

    /// Goes on where the run before stopped; to be called before anything
    /// happens. `broken` says that its file could not be read.
    pub fn restore(&mut self, kept: Kept, broken: Option<String>) -> Vec<Effect> {
        self.away.seen_until = kept.seen_until;
        self.away.changed_until = kept.changed_until;
        self.figures.tell_from(kept.left_at);
        self.away.left_at = kept.left_at;
        self.away.unseen = kept.unseen.into_iter().collect();
        self.alerts.told.restore(kept.told);
        self.alerts.restore_mute(kept.muted_until);
        if self.alerts.settings.raises_alarms() {
            self.away.alarm = kept.alarm.into_iter().collect();
        }
        let readable = |value| serde_json::from_value::<KeptNotice>(value).ok();
        let notices = kept.notices.into_iter().filter_map(readable);
        self.notices
            .restore(notices.map(|kept| (kept.notice, kept.read)));
        if let Some(sort) = kept.sort {
            self.orders.set_sort(sort);
        }
        if let Some(words) = broken {
            self.say(words);
        }
        match kept.mouse {
            Some(on) if on != self.mouse => {
                self.mouse = on;
                vec![Effect::SetMouse(on)]
            }
            _ => Vec::new(),
        }
    }

    /// What the next run should know, should this one end without a word. A
    /// filter is not kept: it would hide orders from who forgot it.
    #[must_use]
    pub fn to_keep(&self) -> Kept {
        let mut unseen: Vec<OrderKey> = (self.unseen.iter())
            .chain(&self.away.unseen)
            .cloned()
            .collect();
        // In a fixed order, so that what did not change is not written again.
        unseen.sort_unstable();
        let mut alarm: Vec<OrderKey> = (self.alerts.alarm.orders())
            .chain(&self.away.alarm)
            .cloned()
            .collect();
        alarm.sort_unstable();
        let notices = self.notices.all().filter_map(|(notice, read)| {
            let notice = notice.clone();
            serde_json::to_value(KeptNotice { notice, read }).ok()
        });
        Kept {
            left_at: None,
            seen_until: self.away.seen_until.clone(),
            changed_until: self.away.changed_until.clone(),
            unseen,
            notices: notices.collect(),
            told: self.alerts.told.digests().collect(),
            alarm,
            muted_until: self.alerts.muted_until(),
            sort: Some(self.orders.sorting()),
            mouse: Some(self.mouse),
        }
    }

    /// The same, on leaving.
    #[must_use]
    pub fn last_kept(&self) -> Kept {
        Kept {
            left_at: self.loaded.then_some(self.now).or(self.away.left_at),
            ..self.to_keep()
        }
    }
}
