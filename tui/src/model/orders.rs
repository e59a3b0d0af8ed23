//! The list of orders: every order by its key, and the order in which the
//! chosen ones stand on the screen.
//!
//! Rows live in a slab; `sorted` holds all of them and `shown` those that tab
//! and filter let through, both in the same order. One change costs a binary
//! search and the shift of some numbers, never a sort. A crowd of changes (a
//! snapshot) is sorted once.
//!
//! `shown` may be held: then news change rows, and no row its place.

mod held;
#[cfg(test)]
mod rebuilt;
mod scope;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use ordertop::order::{OrderKey, OrderNumber, OrderStatus, VendorId};
use ordertop::protocol::PackedOrder;

use held::Held;

use super::rank::in_order;
use super::row::{Row, Touch, fold_vendor};
use super::sort::{Sort, Sorting};
use crate::model::filter::Filter;

/// From this many orders at once on, they are sorted and put between the others.
const CROWD: usize = if cfg!(test) { 4 } else { 256 };
/// Unless they are no small part of the others: then all are sorted anew.
const FEW: usize = 8;

/// A row's place in the slab. It says nothing about the place on the screen.
type Slot = u32;

/// The list of orders.
#[derive(Debug, Default)]
pub struct Orders {
    rows: Vec<Option<Row>>,
    free: Vec<Slot>,
    /// By vendor and number.
    slots: HashMap<VendorId, HashMap<OrderNumber, Slot>>,
    sorted: Vec<Slot>,
    shown: Vec<Slot>,
    sorting: Sorting,
    tab: Option<OrderStatus>,
    vendor: Option<VendorId>,
    filter: Filter,
    /// What a filter's ages are counted to.
    now: Timestamp,
    /// While the list is held.
    held: Option<Held>,
    /// Each vendor's name, and what [`fold_vendor`] makes of it.
    vendors: HashMap<VendorId, (String, Arc<str>)>,
    /// How many orders in scope stand in each status.
    counts: [usize; OrderStatus::ALL.len()],
}

impl Orders {
    /// An empty list, sorted so.
    #[must_use]
    pub fn new(sort: Sort) -> Self {
        Self {
            sorting: sort.into(),
            ..Self::default()
        }
    }

    /// How many orders there are.
    #[must_use]
    pub fn total(&self) -> usize {
        self.slots.values().map(HashMap::len).sum()
    }

    /// How many of them stand in this status.
    #[must_use]
    pub fn count(&self, status: OrderStatus) -> usize {
        self.counts[place(status)]
    }

    /// How many tab and filter let through.
    #[must_use]
    pub fn shown(&self) -> usize {
        self.shown.len()
    }

    /// All rows, in no order.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().flatten()
    }

    /// How the list is sorted.
    #[must_use]
    pub fn sort(&self) -> Sort {
        self.sorting.by
    }

    /// How the list is sorted, and which way round.
    #[must_use]
    pub fn sorting(&self) -> Sorting {
        self.sorting
    }

    /// Which status alone is shown.
    #[must_use]
    pub fn tab(&self) -> Option<OrderStatus> {
        self.tab
    }

    /// The row at a place of the screen's list, from 0.
    #[must_use]
    pub fn at(&self, index: usize) -> Option<&Row> {
        self.row(*self.shown.get(index)?)
    }

    /// The row of an order.
    #[must_use]
    pub fn get(&self, key: &OrderKey) -> Option<&Row> {
        self.row(self.slot(key)?)
    }

    /// Where an order stands in the screen's list; `None` when tab or filter
    /// keep it out, or when there is none.
    #[must_use]
    pub fn index_of(&self, key: &OrderKey) -> Option<usize> {
        let row = self.get(key)?;
        match &self.held {
            None => self.search(&self.shown, row).ok(),
            // Rows that changed do not stand where they would be sorted to.
            Some(held) => held.place(self.slot(key)?),
        }
    }

    /// Whether an order stands above the place `index` of the screen's list;
    /// `None` when tab or filter keep it out. Cheaper than [`Self::index_of`].
    #[must_use]
    pub fn is_above(&self, key: &OrderKey, index: usize) -> Option<bool> {
        let slot = self.slot(key)?;
        if self.held.is_some() {
            return self.index_of(key).map(|at| at < index);
        }
        let row = self.row(slot).filter(|_| self.passes(slot))?;
        let above = |at: &Row| self.sorting.compare(row, at) == std::cmp::Ordering::Less;
        Some(self.at(index).is_none_or(above))
    }

    /// Takes an order as new or changed. An older version than the known one
    /// is left aside; version 0 comes from servers that do not count.
    /// Says whether anything is new about it.
    pub fn put(
        &mut self,
        key: OrderKey,
        order: Arc<PackedOrder>,
        vendor_name: &str,
        touched: Option<(Touch, Timestamp)>,
    ) -> bool {
        let known = self.get(&key);
        let stale = known.is_some_and(|row| order.version != 0 && order.version <= row.version());
        if stale {
            return false;
        }
        let before = known.and_then(Row::touched);
        // The slot that is given back here is the one that is taken next: a row
        // of a list that is held stays where it is.
        self.take(&key);
        let vendor = self.folded(&key.vendor, vendor_name);
        let mut row = Row::new(key, order, vendor);
        row.touch(touched.or(before));
        let slot = self.store(row);
        self.place(slot);
        self.count_held();
        true
    }

    /// Forgets an order.
    pub fn remove(&mut self, key: &OrderKey) {
        if self.held.is_some()
            && let Some(at) = self.index_of(key)
        {
            self.shown.remove(at);
            self.note_places();
            self.count_held();
        }
        self.take(key);
    }

    /// Takes a snapshot: all the orders that the vendor has.
    pub fn replace(&mut self, vendor: &VendorId, orders: Vec<Arc<PackedOrder>>, vendor_name: &str) {
        let held = self.held_keys();
        self.take_snapshot(vendor, orders, vendor_name);
        self.hold_keys(held);
    }

    fn take_snapshot(
        &mut self,
        vendor: &VendorId,
        orders: Vec<Arc<PackedOrder>>,
        vendor_name: &str,
    ) {
        let name = self.folded(vendor, vendor_name);
        let row = |order: Arc<PackedOrder>| {
            let number = order.order_number.clone();
            let key = OrderKey {
                vendor: vendor.clone(),
                number,
            };
            Row::new(key, order, Arc::clone(&name))
        };
        let gone = self.slots.remove(vendor).unwrap_or_default();
        if orders.len().max(gone.len()) < CROWD {
            for slot in gone.into_values() {
                self.take_out(slot);
            }
            for order in orders {
                let slot = self.store(row(order));
                self.place(slot);
            }
            return;
        }
        for slot in gone.into_values() {
            self.free(slot);
        }
        let more = orders.len().saturating_sub(self.free.len());
        // To the row: growing by doubling would leave a third of it empty.
        self.rows.reserve_exact(more);
        if !orders.is_empty() {
            let slots = self.slots.entry(vendor.clone()).or_default();
            slots.reserve(orders.len());
        }
        let mut sorted = std::mem::take(&mut self.sorted);
        // Before their slots are given to others.
        sorted.retain(|slot| self.row(*slot).is_some());
        for order in orders {
            self.store(row(order));
        }
        let new: Vec<Slot> = (self.slots.get(vendor).into_iter())
            .flat_map(HashMap::values)
            .copied()
            .collect();
        self.sorted = if new.len() < sorted.len() / FEW {
            self.merge(&sorted, &self.in_order(&new))
        } else {
            sorted.extend(new);
            self.in_order(&sorted)
        };
        self.refilter();
    }

    /// Puts some sorted slots between others that are sorted.
    fn merge(&self, sorted: &[Slot], new: &[Slot]) -> Vec<Slot> {
        let mut all = Vec::with_capacity(sorted.len() + new.len());
        let mut rest = sorted;
        for slot in new {
            let Some(row) = self.row(*slot) else { continue };
            let at = self.search(rest, row).unwrap_or_else(|at| at);
            let (above, below) = rest.split_at(at);
            all.extend_from_slice(above);
            all.push(*slot);
            rest = below;
        }
        all.extend_from_slice(rest);
        all
    }

    fn in_order(&self, slots: &[Slot]) -> Vec<Slot> {
        let rows = slots.iter();
        in_order(
            self.sorting,
            rows.filter_map(|slot| Some((*slot, self.row(*slot)?))),
        )
    }

    /// Sorts in another way.
    pub fn set_sort(&mut self, sort: impl Into<Sorting>) {
        self.sorting = sort.into();
        self.resort();
    }

    /// Shows one status alone, or all.
    pub fn set_tab(&mut self, tab: Option<OrderStatus>) {
        self.tab = tab;
        self.refilter();
    }

    /// The filter.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Shows only what the filter lets through.
    pub fn set_filter(&mut self, filter: Filter) {
        if filter == self.filter {
            return;
        }
        // Typing on narrows what is shown; only a new search looks at all. A list
        // that is held shows rows that do not pass any more.
        let narrows = self.held.is_none() && !filter.is_timed() && filter.narrows(&self.filter);
        self.filter = filter;
        if narrows {
            let shown = std::mem::take(&mut self.shown);
            self.shown = shown
                .into_iter()
                .filter(|slot| self.passes(*slot))
                .collect();
        } else {
            self.refilter();
        }
    }

    /// Takes vendors' names as they are now: rows are found and sorted by them.
    pub fn rename(&mut self, names: &BTreeMap<VendorId, String>) {
        let mut renamed = false;
        for (vendor, (known, folded)) in &mut self.vendors {
            let name = (names.get(vendor)).filter(|name| !name.is_empty());
            let name = name.map_or(vendor.as_str(), String::as_str);
            if known == name {
                continue;
            }
            (*known, *folded) = (name.to_owned(), fold_vendor(vendor, name));
            for slot in self.slots.get(vendor).into_iter().flat_map(HashMap::values) {
                if let Some(row) = &mut self.rows[*slot as usize] {
                    row.rename_vendor(Arc::clone(folded));
                }
            }
            renamed = true;
        }
        if renamed {
            let held = self.held_keys();
            self.resort();
            self.hold_keys(held);
        }
    }

    /// What rows of a vendor are searched by, the same for all of them.
    fn folded(&mut self, vendor: &VendorId, name: &str) -> Arc<str> {
        match self.vendors.get(vendor) {
            Some((known, folded)) if known == name => Arc::clone(folded),
            _ => {
                let folded = fold_vendor(vendor, name);
                let entry = (name.to_owned(), Arc::clone(&folded));
                self.vendors.insert(vendor.clone(), entry);
                folded
            }
        }
    }

    fn row(&self, slot: Slot) -> Option<&Row> {
        self.rows.get(slot as usize)?.as_ref()
    }

    fn passes(&self, slot: Slot) -> bool {
        self.row(slot).is_some_and(|row| {
            self.tab.is_none_or(|tab| tab == row.status())
                && in_scope(self.vendor.as_ref(), row)
                && self.filter.matches(row, self.now)
        })
    }

    fn search(&self, list: &[Slot], row: &Row) -> Result<usize, usize> {
        list.binary_search_by(|slot| match self.row(*slot) {
            Some(other) => self.sorting.compare(other, row),
            None => std::cmp::Ordering::Less,
        })
    }

    /// Puts a row into the slab, without a place in the lists.
    fn store(&mut self, row: Row) -> Slot {
        if in_scope(self.vendor.as_ref(), &row) {
            self.counts[place(row.status())] += 1;
        }
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.rows.push(None);
                Slot::try_from(self.rows.len() - 1).unwrap_or(Slot::MAX)
            }
        };
        let OrderKey { vendor, number } = row.key.clone();
        if let Some(old) = self.slots.entry(vendor).or_default().insert(number, slot) {
            // The same number twice in one snapshot: the later one stands.
            self.sorted.retain(|other| *other != old);
            self.shown.retain(|other| *other != old);
            self.free(old);
        }
        self.rows[slot as usize] = Some(row);
        slot
    }

    /// Takes a row out of the slab alone.
    fn free(&mut self, slot: Slot) {
        if let Some(row) = self.rows[slot as usize].take()
            && in_scope(self.vendor.as_ref(), &row)
        {
            self.counts[place(row.status())] -= 1;
        }
        self.free.push(slot);
    }

    /// Gives a stored row its place in the lists.
    fn place(&mut self, slot: Slot) {
        let Some(row) = self.row(slot) else { return };
        let passes = self.passes(slot);
        let in_sorted = self.search(&self.sorted, row);
        let in_shown = self.search(&self.shown, row);
        if let Err(at) = in_sorted {
            self.sorted.insert(at, slot);
        }
        if let (true, Err(at), None) = (passes, in_shown, &self.held) {
            self.shown.insert(at, slot);
        }
    }

    /// Takes an order out of slab and lists.
    fn take(&mut self, key: &OrderKey) {
        let of_vendor = self.slots.get_mut(&key.vendor);
        if let Some(slot) = of_vendor.and_then(|slots| slots.remove(&key.number)) {
            self.take_out(slot);
        }
    }

    /// Takes a row out of slab and lists.
    fn take_out(&mut self, slot: Slot) {
        if let Some(row) = self.row(slot) {
            let in_sorted = self.search(&self.sorted, row);
            let in_shown = self.search(&self.shown, row);
            if let Ok(at) = in_sorted {
                self.sorted.remove(at);
            }
            if let (Ok(at), None) = (in_shown, &self.held) {
                self.shown.remove(at);
            }
        }
        self.free(slot);
    }

    fn slot(&self, key: &OrderKey) -> Option<Slot> {
        self.slots.get(&key.vendor)?.get(&key.number).copied()
    }

    fn resort(&mut self) {
        self.sorted = self.in_order(&self.sorted);
        self.refilter();
    }

    fn refilter(&mut self) {
        let everything = self.tab.is_none() && self.vendor.is_none() && self.filter.is_empty();
        self.shown = if everything {
            self.sorted.clone()
        } else {
            (self.sorted.iter().copied())
                .filter(|slot| self.passes(*slot))
                .collect()
        };
        self.note_places();
    }
}

/// Whether a row is of the vendor that is chosen, if one is.
fn in_scope(vendor: Option<&VendorId>, row: &Row) -> bool {
    vendor.is_none_or(|vendor| *vendor == row.key.vendor)
}

fn place(status: OrderStatus) -> usize {
    OrderStatus::ALL
        .iter()
        .position(|one| *one == status)
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::{listed, packed, vendor};
    use proptest::prelude::*;

    fn numbers(orders: &Orders) -> Vec<String> {
        (0..orders.shown())
            .filter_map(|i| orders.at(i))
            .map(|row| row.key.number.to_string())
            .collect()
    }

    fn filter(text: &str) -> Filter {
        Filter::parse(text).unwrap()
    }

    fn with(rows: &[(&str, OrderStatus, i64)]) -> Orders {
        let mut orders = Orders::default();
        for (number, status, second) in rows {
            let order = listed(number, *status, *second);
            orders.put(order.key(&vendor()), packed(&order), "Acme", None);
        }
        orders
    }

    #[test]
    fn what_waits_longest_for_shipping_stands_first() {
        use OrderStatus::{Completed, Disputed, Paid, Pending, Shipped};
        let orders = with(&[
            ("1", Shipped, 10),
            ("2", Paid, 30),
            ("3", Paid, 20),
            ("4", Pending, 40),
            ("5", Disputed, 50),
            ("6", Completed, 60),
            ("7", Shipped, 70),
        ]);
        assert_eq!(numbers(&orders), ["3", "2", "5", "4", "7", "1", "6"]);
    }

    #[test]
    fn tab_and_filter_work_together_and_backwards() {
        use OrderStatus::{Paid, Shipped};
        let mut orders = with(&[("A-1", Paid, 1), ("A-2", Shipped, 2), ("B-1", Paid, 3)]);
        orders.set_tab(Some(Paid));
        assert_eq!(numbers(&orders), ["A-1", "B-1"]);
        orders.set_filter(filter("b-"));
        assert_eq!(numbers(&orders), ["B-1"]);
        orders.set_tab(None);
        orders.set_filter(filter("A- SHIP"));
        assert_eq!(numbers(&orders), ["A-2"]);
        orders.set_filter(filter(""));
        assert_eq!(orders.shown(), 3);
        assert_eq!((orders.count(Paid), orders.count(Shipped)), (2, 1));
    }

    #[test]
    fn an_older_version_is_left_aside() {
        let mut orders = with(&[("1", OrderStatus::Paid, 1)]);
        let mut newer = (*listed("1", OrderStatus::Shipped, 1)).clone();
        newer.version = 5;
        let older = listed("1", OrderStatus::Paid, 1);
        assert!(orders.put(newer.key(&vendor()), packed(&newer), "", None));
        assert!(!orders.put(older.key(&vendor()), packed(&older), "", None));
        assert_eq!(orders.count(OrderStatus::Shipped), 1);
    }

    #[test]
    fn a_vendor_is_found_and_sorted_by_the_name_that_it_has_now() {
        let mut orders = Orders::new(Sort::Vendor);
        let shops = [("1", "a", "Acme"), ("2", "b", "Bakery")];
        for (number, id, name) in shops {
            let order = listed(number, OrderStatus::Paid, 1);
            let key = OrderKey {
                vendor: VendorId::new(id).unwrap(),
                number: order.order_number.clone(),
            };
            orders.put(key, packed(&order), name, None);
        }
        assert_eq!(numbers(&orders), ["1", "2"]);
        let names = shops.map(|(_, id, name)| {
            let name = if id == "a" { "ΑΘΗΝΑΣ" } else { name };
            (VendorId::new(id).unwrap(), name.to_owned())
        });
        orders.rename(&BTreeMap::from(names));
        assert_eq!(numbers(&orders), ["2", "1"]);
        // Whole or begun, and however the last letter is written.
        for typed in ["vendor:ΑΘΗΝΑΣ", "vendor=αθηνασ", "vendor:αθηνασ", "ΑΘΗΝΑΣ"]
        {
            orders.set_filter(filter(typed));
            assert_eq!(numbers(&orders), ["1"], "{typed}");
        }
        orders.set_filter(filter("vendor:acme"));
        assert_eq!(orders.shown(), 0);
        orders.set_filter(filter("vendor:B"));
        assert_eq!(numbers(&orders), ["2"]);
    }

    proptest! {
        /// However changes come, the list is what sorting all of them would give.
        #[test]
        fn the_index_is_what_a_full_sort_would_give(
            steps in proptest::collection::vec((0_u32..40, 0_usize..8, 0_i64..50, 0_u8..10), 1..120)
        ) {
            let mut orders = Orders::default();
            let mut version = 0;
            for (number, status, second, what) in steps {
                version += 1;
                let mut order = (*listed(&number.to_string(), OrderStatus::ALL[status], second)).clone();
                order.version = version;
                let key = order.key(&vendor());
                match what {
                    0 => orders.remove(&key),
                    1 => orders.set_sort(Sorting {
                        by: Sort::ALL[usize::try_from(second).unwrap() % Sort::ALL.len()],
                        reversed: status > 3,
                    }),
                    2 => orders.set_tab(Some(OrderStatus::ALL[status])),
                    3 => orders.set_tab(None),
                    4 => orders.set_filter(filter(&format!("number:{number} -status:paid"))),
                    5 if second > 24 => {
                        let name = ["Zeta", "Alpha", "Mid", ""][usize::try_from(second % 4).unwrap()];
                        orders.rename(&BTreeMap::from([(vendor(), name.to_owned())]));
                    }
                    5 => orders.set_vendor((status > 3).then(vendor)),
                    6 => {
                        // Twice the same number now and then, as it may be in two pages.
                        let some = (0..number % 9).map(|n| {
                            let number = (n * 7 % 8).to_string();
                            packed(&listed(&number, OrderStatus::ALL[status], second + i64::from(n % 3)))
                        });
                        let one = VendorId::new(&format!("v{}", second % 4)).unwrap();
                        orders.replace(&one, some.collect(), "");
                    }
                    _ => { orders.put(key, packed(&order), "", None); }
                }
                let mut sorted: Vec<Slot> = orders.slots.values().flat_map(HashMap::values).copied().collect();
                let row = |slot: &Slot| orders.row(*slot).unwrap();
                sorted.sort_by(|a, b| orders.sorting.compare(row(a), row(b)));
                prop_assert_eq!(&sorted, &orders.sorted);
                sorted.retain(|slot| orders.passes(*slot));
                prop_assert_eq!(&sorted, &orders.shown);
                let scope = |slot: &&Slot| in_scope(orders.vendor(), orders.row(**slot).unwrap());
                prop_assert_eq!(orders.sorted.len(), orders.total());
                prop_assert_eq!(orders.in_scope(), orders.sorted.iter().filter(scope).count());
            }
        }
    }
}
