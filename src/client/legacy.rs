//! What watching a server of the old kind needs beside the rest: it counts
//! nothing, so that of two answers only the time of asking tells which is newer.
//! No input or output here; [`follow`] is the loop's part.
//!
//! Its frames name an order and mostly its status; the rest is looked up, and
//! the whole list is polled, for nothing that was missed comes again. Look-ups
//! and lists cross each other and the frames. What always holds: an answer that
//! was asked for before a frame spoke of an order does not undo the frame.

mod follow;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::order::{OrderNumber, OrderStatus};

/// What to do about a server that shows one vendor at a time, when none is named.
pub(crate) const NAME_A_VENDOR: &str =
    "a server of the old kind shows one vendor at a time: name the vendor to watch";

/// Most orders that are looked up at once.
const MAX_LOOK_UPS: usize = 4;
/// Beyond this many orders to look up, the whole list is the shorter way.
const MAX_TO_LOOK_UP: usize = 100;
/// Beyond this many orders that were named since the last list, what was said
/// first is forgotten: an older answer may show for a moment.
const MAX_SAID: usize = 10_000;

/// What a frame of an old server says of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) number: OrderNumber,
    /// Where it stands now.
    pub(crate) status: Option<OrderStatus>,
    /// When that was.
    pub(crate) at: Option<Timestamp>,
}

/// Counts what is asked and what is said, in the order in which that happens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tick(u64);

/// Which orders are to be looked up, and what is newer than what.
#[derive(Debug, Default)]
pub(crate) struct LookUps {
    now: Tick,
    /// Orders to be looked up.
    due: BTreeSet<OrderNumber>,
    running: usize,
    /// When an order was last spoken of, since the last list was asked for.
    said: BTreeMap<OrderNumber, Tick>,
    /// When the last list that came was asked for.
    listed: Tick,
    /// When a list was last wanted in place of many look-ups.
    wanted: Tick,
}

impl LookUps {
    /// Something is asked for now.
    pub(crate) fn tick(&mut self) -> Tick {
        self.now.0 += 1;
        self.now
    }

    /// The server spoke of an order now: it is to be looked up, or found in the
    /// list when there are many.
    pub(crate) fn say(&mut self, number: OrderNumber) {
        let now = self.tick();
        if self.said.len() >= MAX_SAID {
            self.said.clear();
        }
        self.said.insert(number.clone(), now);
        self.due.insert(number);
        if self.due.len() > MAX_TO_LOOK_UP {
            self.due.clear();
            self.wanted = now;
        }
    }

    /// Whether a list is to be fetched in place of many look-ups: one that was
    /// asked for before is too old.
    pub(crate) fn wants_list(&self) -> bool {
        self.wanted > self.listed
    }

    /// The next order to look up, as of now, while few enough are under way.
    pub(crate) fn next(&mut self) -> Option<(OrderNumber, Tick)> {
        if self.running >= MAX_LOOK_UPS {
            return None;
        }
        let number = self.due.pop_first()?;
        self.running += 1;
        Some((number, self.tick()))
    }

    /// A look-up that was asked for then has ended; whether its answer is news.
    pub(crate) fn looked_up(&mut self, number: &OrderNumber, asked: Tick) -> bool {
        self.running -= 1;
        let said = self.said.get(number).copied().unwrap_or_default();
        let news = asked > said.max(self.listed);
        if news {
            self.said.insert(number.clone(), asked);
        }
        news
    }

    /// A list that was asked for then has come: the orders of which something
    /// newer is known. `None` when a newer list came before it.
    pub(crate) fn listed(&mut self, asked: Tick) -> Option<BTreeSet<OrderNumber>> {
        if asked < self.listed {
            return None;
        }
        self.listed = asked;
        self.said.retain(|_, said| *said > asked);
        Some(self.said.keys().cloned().collect())
    }

    /// Whether a list has come that was asked for after then.
    pub(crate) fn has_listed_since(&self, then: Tick) -> bool {
        self.listed > then
    }

    /// The server counts by itself: nothing is to be looked up any more.
    pub(crate) fn stop(&mut self) {
        self.due.clear();
        self.said.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(n: usize) -> OrderNumber {
        OrderNumber::new(&format!("A-{n}")).unwrap()
    }

    #[test]
    fn an_answer_older_than_a_frame_is_no_news() {
        let mut all = LookUps::default();
        all.say(number(1));
        let (one, first) = all.next().unwrap();
        all.say(number(1));
        assert!(!all.looked_up(&one, first));
        let (one, second) = all.next().unwrap();
        assert!(all.looked_up(&one, second));
        assert_eq!(all.next(), None);
    }

    #[test]
    fn a_list_undoes_nothing_that_was_said_after_it_was_asked_for() {
        let mut all = LookUps::default();
        let opened = all.tick();
        all.say(number(1));
        let asked = all.tick();
        all.say(number(2));
        let (_, before) = all.next().unwrap();
        let later = all.tick();
        assert!(!all.has_listed_since(opened));
        assert_eq!(all.listed(asked), Some(BTreeSet::from([number(2)])));
        assert!(all.has_listed_since(opened) && !all.has_listed_since(later));
        assert!(all.looked_up(&number(1), before), "asked after the list");
        assert_eq!(all.listed(later), Some(BTreeSet::new()));
        assert_eq!(all.listed(asked), None, "a list from before");
    }

    #[test]
    fn too_many_are_not_looked_up_one_by_one() {
        let mut all = LookUps::default();
        for n in 0..MAX_TO_LOOK_UP {
            all.say(number(n));
        }
        let running = std::iter::from_fn(|| all.next()).count();
        assert_eq!(running, MAX_LOOK_UPS);
        for n in 0..MAX_LOOK_UPS {
            all.say(number(1_000 + n));
        }
        let before = all.tick();
        assert!(!all.wants_list());
        all.say(number(2_000));
        assert!(all.wants_list() && all.due.is_empty());
        all.listed(before);
        assert!(all.wants_list(), "one that was asked for before is no help");
        let after = all.tick();
        all.listed(after);
        assert!(!all.wants_list());
        for n in 0..MAX_SAID {
            all.say(number(n));
        }
        assert!(all.said.len() <= MAX_SAID);
    }
}
