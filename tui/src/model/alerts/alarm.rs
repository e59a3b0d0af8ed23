//! The alarm: a line on the screen that rings again until somebody comes.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use ordertop::order::OrderKey;

use super::kind::Kind;

/// Orders that are remembered one by one; the rest is counted.
const MAX_ORDERS: usize = 1_000;

/// What nobody has looked at yet.
#[derive(Debug, Default)]
pub struct Alarm {
    orders: HashSet<OrderKey>,
    uncounted: usize,
    others: bool,
    rang_at: Option<Timestamp>,
}

impl Alarm {
    /// One thing more to look at. An order is counted once.
    pub fn raise(&mut self, kind: Kind, key: Option<OrderKey>) {
        self.others |= kind != Kind::NewOrder;
        match key {
            Some(key) if self.orders.len() < MAX_ORDERS => {
                self.orders.insert(key);
            }
            _ => self.uncounted += 1,
        }
    }

    /// How many things nobody has looked at.
    #[must_use]
    pub fn count(&self) -> usize {
        self.orders.len() + self.uncounted
    }

    /// Whether all of them are new orders.
    #[must_use]
    pub fn only_new(&self) -> bool {
        !self.others
    }

    /// The orders among them, for the next run.
    pub fn orders(&self) -> impl Iterator<Item = &OrderKey> {
        self.orders.iter()
    }

    /// Somebody looks at this order.
    pub fn looked_at(&mut self, key: &OrderKey) {
        if self.orders.remove(key) && self.count() == 0 {
            self.acknowledge();
        }
    }

    /// Somebody came. Says how many things were waiting.
    pub fn acknowledge(&mut self) -> usize {
        let count = self.count();
        *self = Self::default();
        count
    }

    /// Whether the bell is due, every so many seconds; the first time is the
    /// alert's own.
    pub(crate) fn rings(&mut self, now: Timestamp, every_s: u64) -> bool {
        if self.count() == 0 {
            return false;
        }
        let every = SignedDuration::from_secs(i64::try_from(every_s).unwrap_or(i64::MAX));
        let due = (self.rang_at).is_none_or(|last| now < last || now.duration_since(last) >= every);
        if due {
            self.rang_at = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::{at, listed, vendor};
    use ordertop::order::OrderStatus;

    #[test]
    fn it_rings_until_somebody_comes_or_looks() {
        let mut alarm = Alarm::default();
        let key = |number| listed(number, OrderStatus::Paid, 0).key(&vendor());
        assert!(!alarm.rings(at(0), 30));
        alarm.raise(Kind::NewOrder, Some(key("1")));
        alarm.raise(Kind::NewOrder, Some(key("1")));
        alarm.raise(Kind::NewOrder, Some(key("2")));
        assert_eq!((alarm.count(), alarm.only_new()), (2, true));
        let rang: Vec<i64> = (0..100).filter(|s| alarm.rings(at(*s), 30)).collect();
        assert_eq!(rang, [0, 30, 60, 90]);
        alarm.looked_at(&key("1"));
        assert!(alarm.rings(at(120), 30));
        alarm.looked_at(&key("2"));
        assert!(!alarm.rings(at(150), 30));
        alarm.raise(Kind::Dispute, Some(key("3")));
        assert!(!alarm.only_new());
        assert_eq!(alarm.acknowledge(), 1);
        assert_eq!(alarm.count(), 0);
    }
}
