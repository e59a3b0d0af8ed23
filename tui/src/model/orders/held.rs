//! A list that is held: rows change where they stand, and none moves, comes or
//! goes until it is let go. What the user does (another tab, sort or filter)
//! still makes another list.

use ordertop::order::OrderKey;

use super::{Orders, Slot};

/// A list that is held.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// How many changes came.
    changes: usize,
    /// The place of each slot on the list. Rows that changed cannot be found by
    /// their sort any more, and looking through the list would take too long
    /// where many orders are asked for in each frame.
    places: Vec<Option<Slot>>,
}

impl Held {
    pub(super) fn place(&self, slot: Slot) -> Option<usize> {
        let place = (*self.places.get(slot as usize)?)?;
        Some(place as usize)
    }
}

impl Orders {
    /// How many changes came while the list is held; `None` when it is not.
    #[must_use]
    pub fn held(&self) -> Option<usize> {
        self.held.as_ref().map(|held| held.changes)
    }

    /// Holds the list, or lets it go: then everything takes its place at once.
    pub fn hold(&mut self, hold: bool) {
        if hold == self.held.is_some() {
            return;
        }
        self.held = hold.then(Held::default);
        if hold {
            self.note_places();
        } else {
            self.refilter();
        }
    }

    /// Called when the list that is held is another one.
    pub(super) fn note_places(&mut self) {
        let Some(held) = &mut self.held else { return };
        held.places.clear();
        held.places.resize(self.rows.len(), None);
        for (place, slot) in self.shown.iter().enumerate() {
            held.places[*slot as usize] = Slot::try_from(place).ok();
        }
    }

    pub(super) fn count_held(&mut self) {
        if let Some(held) = &mut self.held {
            held.changes += 1;
        }
    }

    /// What is on the list that is held, before a snapshot gives rows other slots.
    pub(super) fn held_keys(&self) -> Option<Vec<OrderKey>> {
        self.held.as_ref()?;
        let keys = self.shown.iter().filter_map(|slot| self.row(*slot));
        Some(keys.map(|row| row.key.clone()).collect())
    }

    /// The same list after it; an order that is gone is gone from there too.
    pub(super) fn hold_keys(&mut self, keys: Option<Vec<OrderKey>>) {
        if let Some(keys) = keys {
            let slots = keys.iter().filter_map(|key| self.slot(key));
            self.shown = slots.collect();
            self.note_places();
            self.count_held();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ordertop::order::OrderStatus;

    use super::*;
    use proptest::prelude::*;

    use crate::model::fixture::{listed, packed, vendor};
    use crate::model::row::Touch;
    use crate::model::sort::Sort;

    fn numbers(orders: &Orders) -> Vec<String> {
        let rows = (0..orders.shown()).filter_map(|at| orders.at(at));
        rows.map(|row| row.key.number.to_string()).collect()
    }

    fn put(orders: &mut Orders, number: &str, status: OrderStatus, version: u64) {
        let mut order = Arc::unwrap_or_clone(listed(number, status, 10 - version as i64));
        order.version = version;
        orders.put(order.key(&vendor()), packed(&order), "", None);
    }

    fn held() -> Orders {
        let mut orders = Orders::new(Sort::Urgency);
        for number in ["1", "2", "3"] {
            put(&mut orders, number, OrderStatus::Paid, 1);
        }
        orders.hold(true);
        orders
    }

    #[test]
    fn what_is_held_changes_and_does_not_move() {
        let mut orders = held();
        put(&mut orders, "2", OrderStatus::Shipped, 2);
        put(&mut orders, "4", OrderStatus::Paid, 2);
        assert_eq!(numbers(&orders), ["1", "2", "3"]);
        assert_eq!(orders.at(1).unwrap().status(), OrderStatus::Shipped);
        let key = orders.at(1).unwrap().key.clone();
        assert_eq!(orders.index_of(&key), Some(1));
        assert_eq!(orders.held(), Some(2));
        orders.hold(false);
        assert_eq!(numbers(&orders), ["4", "1", "3", "2"]);
    }

    #[test]
    fn what_is_gone_leaves_no_gap_for_another_order() {
        let mut orders = held();
        let key = orders.at(0).unwrap().key.clone();
        orders.remove(&key);
        put(&mut orders, "9", OrderStatus::Paid, 1);
        assert_eq!(numbers(&orders), ["2", "3"]);
    }

    #[test]
    fn a_snapshot_moves_nothing_that_is_held() {
        let mut orders = held();
        let snapshot = ["3", "7", "2"].map(|number| listed(number, OrderStatus::Shipped, 5));
        orders.replace(
            &vendor(),
            snapshot.iter().map(|order| packed(order)).collect(),
            "",
        );
        assert_eq!(numbers(&orders), ["2", "3"]);
        orders.hold(false);
        assert_eq!(numbers(&orders).len(), 3);
    }

    proptest! {
        /// Whatever comes while the list is held: no row moves, each is found where
        /// it stands, and let go the list is what a full sort would give.
        #[test]
        fn no_news_moves_what_is_held(
            steps in proptest::collection::vec((0_u32..30, 0_usize..8, 0_i64..50, 0_u8..8), 1..80)
        ) {
            let mut orders = Orders::default();
            for (version, (number, status, second, what)) in (1..).zip(steps) {
                let status = OrderStatus::ALL[status];
                let mut order = Arc::unwrap_or_clone(listed(&number.to_string(), status, second));
                order.version = version;
                let key = order.key(&vendor());
                let before = orders.held().map(|_| numbers(&orders));
                let news = match what {
                    0 => { orders.hold(second % 3 > 0); false }
                    1 => { orders.set_tab((second > 40).then_some(status)); false }
                    2 if second > 24 => {
                        let name = ["Zeta", "Alpha"][usize::try_from(second % 2).unwrap()];
                        let names = [(vendor(), name.to_owned())].into();
                        orders.rename(&names);
                        true
                    }
                    2 => { orders.remove(&key); true }
                    3 => { orders.replace(&vendor(), vec![packed(&order)], ""); true }
                    _ => {
                        let touch = Some((Touch::Changed, jiff::Timestamp::default()));
                        orders.put(key, packed(&order), "", touch);
                        true
                    }
                };
                let shown = numbers(&orders);
                if let (Some(before), true) = (before, news) {
                    // Rows may go, as an erased order does; none comes and none moves.
                    let left: Vec<_> = before.into_iter().filter(|one| shown.contains(one)).collect();
                    prop_assert_eq!(&left, &shown);
                }
                for (at, number) in shown.iter().enumerate() {
                    let key = listed(number, status, 0).key(&vendor());
                    prop_assert_eq!(orders.index_of(&key), Some(at));
                }
            }
            orders.hold(false);
            let shown = numbers(&orders);
            orders.resort();
            prop_assert_eq!(shown, numbers(&orders));
        }
    }
}
