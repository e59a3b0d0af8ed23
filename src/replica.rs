//! A vendor's orders as last known: a snapshot plus the events after it.
//!
//! A [`Replica`] is fed from several sides (socket, polls, answers to requests)
//! and always holds: it is at one position of the vendor's stream; every event
//! up to there is in it, and each was reported once; no order in it is older
//! than what was held of it before.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::order::{OrderKey, OrderNumber, VendorId};
use crate::protocol::position::Follows;
use crate::protocol::{EventKind, OrderEvent, PackedOrder, Position};

/// One change of the replica.
#[derive(Debug, Clone)]
pub enum Change {
    /// A vendor's orders were replaced by a snapshot: forget what was known of
    /// this vendor that is not among these.
    Snapshot {
        /// Whose.
        vendor: VendorId,
        /// All the orders there are.
        orders: Vec<Arc<PackedOrder>>,
    },
    /// An order is new or changed, by an event: once for each event.
    Event {
        /// Which kind.
        kind: EventKind,
        /// The event; it holds the order.
        event: Arc<OrderEvent>,
        /// The same order again, to be kept.
        order: Option<Arc<PackedOrder>>,
    },
    /// An order is new or changed, and no event tells why: the answer to a
    /// request, or a poll of a server of the old kind.
    Order {
        /// Which.
        key: OrderKey,
        /// As it is now.
        order: Arc<PackedOrder>,
    },
}

/// One vendor's orders as last known.
#[derive(Debug, Clone)]
pub struct Replica {
    vendor: VendorId,
    /// Whether a snapshot was ever taken in.
    loaded: bool,
    /// `None` before the first snapshot, and with a server of the old kind.
    position: Option<Position>,
    orders: HashSet<Numbered>,
    /// Orders that an answer brought before the stream did, with the offset of
    /// the event that will.
    ahead: HashMap<OrderNumber, u64>,
}

/// An order that is found by its number, which it holds itself.
#[derive(Debug, Clone)]
struct Numbered(Arc<PackedOrder>);

impl Numbered {
    fn number(&self) -> &OrderNumber {
        &self.0.order_number
    }
}

impl PartialEq for Numbered {
    fn eq(&self, other: &Self) -> bool {
        self.number() == other.number()
    }
}

impl Eq for Numbered {}

impl Hash for Numbered {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number().hash(state);
    }
}

impl Borrow<OrderNumber> for Numbered {
    fn borrow(&self) -> &OrderNumber {
        self.number()
    }
}

/// All orders of a vendor, read page by page.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Where the stream was when the first page was read.
    pub position: Option<Position>,
    /// Rows of later pages may be newer than the position; one that is in two
    /// pages counts with its higher version.
    pub orders: Vec<Arc<PackedOrder>>,
}

/// What became of an event.
#[derive(Debug, Clone)]
pub enum Step {
    /// It was the next one: pass it on.
    Changed(Change),
    /// It was taken in before.
    Duplicate,
    /// Events before it are missing: ask for them from [`Replica::position`].
    Gap,
    /// It belongs to a history that this replica does not know: fetch a snapshot.
    AnotherHistory,
}

impl Replica {
    /// A replica that knows nothing yet.
    #[must_use]
    pub fn new(vendor: VendorId) -> Self {
        Self {
            vendor,
            loaded: false,
            position: None,
            orders: HashSet::new(),
            ahead: HashMap::new(),
        }
    }

    /// Whose orders.
    #[must_use]
    pub fn vendor(&self) -> &VendorId {
        &self.vendor
    }

    /// Whether a snapshot was ever taken in.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.loaded
    }

    /// The event up to which everything is known.
    #[must_use]
    pub fn position(&self) -> Option<&Position> {
        self.position.as_ref()
    }

    /// One order.
    #[must_use]
    pub fn get(&self, number: &OrderNumber) -> Option<&Arc<PackedOrder>> {
        self.orders.get(number).map(|order| &order.0)
    }

    /// Every order, in no order.
    pub fn orders(&self) -> impl ExactSizeIterator<Item = &Arc<PackedOrder>> {
        self.orders.iter().map(|order| &order.0)
    }

    /// Forgets the position and what hung on it, because the history is another
    /// one. The orders stay until a snapshot replaces them.
    pub fn forget_history(&mut self) {
        self.position = None;
        self.ahead.clear();
    }

    /// Takes in a snapshot. `None` when it is older than what is known.
    pub fn snapshot(&mut self, snapshot: Snapshot) -> Option<Change> {
        let Snapshot { position, orders } = snapshot;
        if let (Some(new), Some(held)) = (&position, &self.position)
            && new.offset < held.offset
        {
            return None;
        }
        let offset = position.as_ref().map_or(u64::MAX, |at| at.offset);
        self.ahead.retain(|_, ahead| *ahead > offset);
        // An answer that the snapshot is too old to hold stays.
        let ahead = &self.ahead;
        self.orders
            .retain(|order| ahead.contains_key(order.number()));
        // To the order: growing by doubling would hold the half twice.
        self.orders.reserve(orders.len());
        for order in orders {
            self.put_newer(order);
        }
        self.position = position;
        self.loaded = true;
        Some(Change::Snapshot {
            vendor: self.vendor.clone(),
            orders: self.orders().cloned().collect(),
        })
    }

    /// Takes in the whole list of a server that knows no positions: what
    /// differs from before.
    pub fn list(&mut self, orders: Vec<Arc<PackedOrder>>) -> Vec<Change> {
        // Where it stood with a server that counts, which this one has replaced.
        let replaced = self.position.is_some();
        self.forget_history();
        let gone = !self.loaded || replaced || {
            let listed: HashSet<_> = orders.iter().map(|order| &order.order_number).collect();
            (self.orders.iter()).any(|order| !listed.contains(order.number()))
        };
        if gone {
            let snapshot = Snapshot {
                position: None,
                orders,
            };
            return self.snapshot(snapshot).into_iter().collect();
        }
        let changes = orders.into_iter();
        changes.filter_map(|order| self.uncounted(order)).collect()
    }

    /// Takes in an order of a server that counts no versions.
    pub fn uncounted(&mut self, order: Arc<PackedOrder>) -> Option<Change> {
        if self.get(&order.order_number) == Some(&order) {
            return None;
        }
        self.orders.replace(Numbered(Arc::clone(&order)));
        Some(self.changed(order))
    }

    /// Takes in an event. It is reported with the order as it is held then: an
    /// event that comes after a newer state of its order does not roll it back.
    pub fn event(&mut self, kind: EventKind, event: Arc<OrderEvent>) -> Step {
        let Some(held) = &self.position else {
            return Step::AnotherHistory;
        };
        match held.follows(&event.position, &event.after) {
            Follows::Next => Step::Changed(self.next(kind, event)),
            Follows::Duplicate => Step::Duplicate,
            Follows::Gap => Step::Gap,
            Follows::AnotherHistory => Step::AnotherHistory,
        }
    }

    fn next(&mut self, kind: EventKind, mut event: Arc<OrderEvent>) -> Change {
        self.position = Some(event.position.clone());
        let number = &event.order_number;
        let ahead = self.ahead.get(number).copied().unwrap_or(0);
        if ahead <= event.position.offset {
            self.ahead.remove(number);
        }
        let told = event.order.as_deref().map(PackedOrder::new).map(Arc::new);
        let kept = if ahead >= event.position.offset {
            true
        } else {
            match (&told, kind) {
                (Some(order), _) => !self.put_newer(Arc::clone(order)),
                (None, EventKind::Removed) => !self.orders.remove(number),
                (None, _) => true,
            }
        };
        let held = self.get(&event.order_number).cloned();
        if kept && told != held {
            let held = held.as_deref().map(PackedOrder::unpack);
            Arc::make_mut(&mut event).order = held.map(Arc::new);
        }
        let order = event.order.is_some().then_some(held).flatten();
        Change::Event { kind, event, order }
    }

    /// Takes in the order from the answer to a request, made by the event at
    /// `position`. `None` when the stream was there already, or nothing is new.
    pub fn answer(
        &mut self,
        order: Arc<PackedOrder>,
        position: Option<&Position>,
    ) -> Option<Change> {
        let (Some(at), Some(held)) = (position, &self.position) else {
            // Without positions there is no telling what is newer but the version.
            if !self.loaded {
                return None;
            }
            if order.version == 0 {
                return self.uncounted(order);
            }
            let newer = self.put_newer(Arc::clone(&order));
            return newer.then(|| self.changed(order));
        };
        if at.offset <= held.offset || !self.put_newer(Arc::clone(&order)) {
            return None;
        }
        self.ahead.insert(order.order_number.clone(), at.offset);
        Some(self.changed(order))
    }

    /// Holds the order unless what is held is as new; whether it did. A number
    /// that was erased and placed again counts its versions anew, under a
    /// higher id.
    fn put_newer(&mut self, order: Arc<PackedOrder>) -> bool {
        if let Some(held) = self.get(&order.order_number)
            && (held.id, held.version) >= (order.id, order.version)
        {
            return false;
        }
        self.orders.replace(Numbered(order));
        true
    }

    fn changed(&self, order: Arc<PackedOrder>) -> Change {
        Change::Order {
            key: OrderKey {
                vendor: self.vendor.clone(),
                number: order.order_number.clone(),
            },
            order,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::protocol::ListedOrder;
    use crate::protocol::position::Mark;

    /// A vendor's stream as a server holds it: orders come, change and go, and
    /// a number that was erased may come again, counting from 1.
    #[derive(Debug, Clone, Default)]
    pub(crate) struct Stream {
        pub(crate) log: Vec<(EventKind, Arc<OrderEvent>)>,
        /// The list after each event; the first is the empty one.
        pub(crate) lists: Vec<BTreeMap<OrderNumber, Arc<ListedOrder>>>,
        salt: String,
    }

    impl Stream {
        pub(crate) fn new(salt: &str) -> Self {
            Self {
                lists: vec![BTreeMap::new()],
                salt: salt.to_owned(),
                ..Self::default()
            }
        }

        pub(crate) fn at(&self, offset: usize) -> Position {
            Position {
                offset: offset as u64,
                mark: Mark::new(&format!("{}{offset}", self.salt)).unwrap(),
            }
        }

        pub(crate) fn end(&self) -> usize {
            self.log.len()
        }

        pub(crate) fn list(&self) -> &BTreeMap<OrderNumber, Arc<ListedOrder>> {
            self.lists.last().unwrap()
        }

        /// Changes order `n`, which comes to be if it is not there.
        pub(crate) fn touch(&mut self, n: u8) {
            self.push(n, false);
        }

        fn push(&mut self, n: u8, erase: bool) {
            let number = OrderNumber::new(&format!("A-{n}")).unwrap();
            let mut list = self.list().clone();
            let held = list.get(&number).cloned();
            let offset = self.end() + 1;
            let (kind, order) = match held {
                None => (EventKind::Created, Some(order(&number, 1, offset))),
                Some(_) if erase => (EventKind::Removed, None),
                Some(held) => (
                    EventKind::Status,
                    Some(order(&number, held.version + 1, held.id as usize)),
                ),
            };
            match &order {
                Some(order) => list.insert(number.clone(), Arc::clone(order)),
                None => list.remove(&number),
            };
            let event = json!({
                "order_number": number, "vendor_id": "42", "timestamp": "2026-11-23T17:00:00Z",
                "offset": offset, "position": self.at(offset), "after": self.at(offset - 1).mark,
                "version": order.as_ref().map_or(0, |order| order.version),
                "actor": {"kind": "service", "id": "test"}, "order": order,
            });
            self.log
                .push((kind, Arc::new(serde_json::from_value(event).unwrap())));
            self.lists.push(list);
        }

        /// A list whose later pages were read when the stream was further on.
        fn snapshot(&self, first: usize, later: usize) -> Snapshot {
            let is_first = |number: &OrderNumber| number.as_str() < "A-2";
            let first_page = self.lists[first].iter().filter(|(n, _)| is_first(n));
            let later_page = self.lists[later].iter().filter(|(n, _)| !is_first(n));
            Snapshot {
                position: Some(self.at(first)),
                orders: first_page
                    .chain(later_page)
                    .map(|(_, order)| pack(order))
                    .collect(),
            }
        }
    }

    pub(crate) fn order(number: &OrderNumber, version: u64, id: usize) -> Arc<ListedOrder> {
        let order = json!({
            "id": id, "order_number": number, "status": "Paid", "total_amount": "1.00",
            "created_at": "2026-11-23T17:00:00Z", "updated_at": "2026-11-23T17:00:00Z",
            "vendor_id": "42", "version": version,
        });
        Arc::new(serde_json::from_value(order).unwrap())
    }

    pub(crate) fn pack(order: &ListedOrder) -> Arc<PackedOrder> {
        Arc::new(PackedOrder::new(order))
    }

    pub(crate) fn unpack(order: &Arc<PackedOrder>) -> Arc<ListedOrder> {
        Arc::new(order.unpack())
    }

    pub(crate) fn vendor() -> VendorId {
        VendorId::new("42").unwrap()
    }

    fn held(replica: &Replica) -> BTreeMap<OrderNumber, Arc<ListedOrder>> {
        let orders = replica.orders();
        orders
            .map(|order| (order.order_number.clone(), unpack(order)))
            .collect()
    }

    /// What reaches the replica, by way of places in the stream.
    #[derive(Debug, Clone)]
    enum Arrival {
        Event(prop::sample::Index),
        Run(prop::sample::Index),
        Snapshot(prop::sample::Index, prop::sample::Index),
        Answer(prop::sample::Index),
    }

    fn arrival() -> impl Strategy<Value = Arrival> {
        let index = any::<prop::sample::Index>;
        prop_oneof![
            3 => index().prop_map(Arrival::Event),
            3 => index().prop_map(Arrival::Run),
            1 => (index(), index()).prop_map(|(a, b)| Arrival::Snapshot(a, b)),
            2 => index().prop_map(Arrival::Answer),
        ]
    }

    proptest! {
        /// Any mix of snapshots, duplicates, late events and answers ends equal
        /// to the server's list, with each event reported once.
        #[test]
        fn whatever_arrives_it_ends_equal_to_the_servers_list(
            touched in prop::collection::vec((0_u8..4, prop::bool::weighted(0.2)), 1..30),
            arrivals in prop::collection::vec(arrival(), 0..40),
        ) {
            let mut stream = Stream::new("a");
            for (n, erase) in touched {
                stream.push(n, erase);
            }
            let mut replica = Replica::new(vendor());
            // The screen's own copy, kept by the changes alone.
            let mut screen = BTreeMap::new();
            let mut reported = 0;
            let mut show = |change: Change| match change {
                Change::Snapshot { orders, .. } => {
                    screen = orders.iter().map(|o| (o.order_number.clone(), unpack(o))).collect();
                }
                Change::Order { key, order } => {
                    screen.insert(key.number, unpack(&order));
                }
                Change::Event { event, order, .. } => {
                    let kept = order.as_deref().map(PackedOrder::unpack);
                    assert_eq!(kept.as_ref(), event.order.as_deref());
                    assert!(event.offset > reported, "reported twice");
                    reported = event.offset;
                    match &event.order {
                        Some(order) => screen.insert(event.order_number.clone(), Arc::clone(order)),
                        None => screen.remove(&event.order_number),
                    };
                }
            };
            for arrival in &arrivals {
                let step = |replica: &mut Replica, at: usize| {
                    let (kind, event) = stream.log[at].clone();
                    replica.event(kind, event)
                };
                match arrival {
                    Arrival::Event(at) => {
                        let at = at.index(stream.end());
                        let before = replica.position().map(|p| p.offset as usize);
                        let step = step(&mut replica, at);
                        let expected = match before {
                            None => matches!(step, Step::AnotherHistory),
                            Some(here) if at < here => matches!(step, Step::Duplicate),
                            Some(here) if at == here => matches!(step, Step::Changed(_)),
                            Some(_) => matches!(step, Step::Gap),
                        };
                        prop_assert!(expected, "{at} at {before:?}: {step:?}");
                        if let Step::Changed(change) = step {
                            show(change);
                        }
                    }
                    Arrival::Run(_) if !replica.is_loaded() => {
                        replica.snapshot(stream.snapshot(0, 0)).into_iter().for_each(&mut show);
                    }
                    Arrival::Run(to) => {
                        let here = replica.position().unwrap().offset as usize;
                        for at in here..=to.index(stream.end()) {
                            match step(&mut replica, at.min(stream.end() - 1)) {
                                Step::Changed(change) => show(change),
                                Step::Duplicate => {}
                                lost => prop_assert!(false, "{lost:?}"),
                            }
                        }
                    }
                    Arrival::Snapshot(first, later) => {
                        let first = first.index(stream.end() + 1);
                        let later = first + later.index(stream.end() + 1 - first);
                        replica
                            .snapshot(stream.snapshot(first, later))
                            .into_iter()
                            .for_each(&mut show);
                    }
                    Arrival::Answer(at) => {
                        let at = at.index(stream.end());
                        if let Some(order) = stream.log[at].1.order.clone() {
                            let position = stream.at(at + 1);
                            replica.answer(pack(&order), Some(&position)).into_iter().for_each(&mut show);
                        }
                    }
                }
            }
            if !replica.is_loaded() {
                replica.snapshot(stream.snapshot(0, 0)).into_iter().for_each(&mut show);
            }
            let here = replica.position().unwrap().offset as usize;
            for (kind, event) in &stream.log[here..] {
                match replica.event(*kind, Arc::clone(event)) {
                    Step::Changed(change) => show(change),
                    lost => prop_assert!(false, "{lost:?}"),
                }
            }
            prop_assert_eq!(&held(&replica), stream.list());
            prop_assert_eq!(&screen, stream.list(), "the screen by the changes alone");
        }
    }

    #[test]
    fn an_event_after_a_newer_answer_is_reported_and_rolls_nothing_back() {
        let mut stream = Stream::new("a");
        for _ in 0..3 {
            stream.touch(1);
        }
        let mut replica = Replica::new(vendor());
        replica.snapshot(stream.snapshot(1, 1));
        let newest = stream.log[2].1.order.clone().unwrap();
        let change = replica.answer(pack(&newest), Some(&stream.at(3)));
        assert!(matches!(change, Some(Change::Order { order, .. }) if order.version == 3));
        let (kind, event) = stream.log[1].clone();
        let Step::Changed(Change::Event { event, .. }) = replica.event(kind, event) else {
            panic!("it is the next one");
        };
        assert_eq!((event.version, event.order.as_ref()), (2, Some(&newest)));
        assert_eq!(replica.get(&newest.order_number), Some(&pack(&newest)));
    }

    #[test]
    fn a_history_that_was_rewritten_is_never_mixed_with_the_old_one() {
        let (mut old, mut new) = (Stream::new("a"), Stream::new("b"));
        for _ in 0..5 {
            old.touch(1);
            new.touch(3);
        }
        let mut replica = Replica::new(vendor());
        replica.snapshot(old.snapshot(5, 5));
        new.touch(3);
        let (kind, event) = new.log[5].clone();
        assert!(matches!(replica.event(kind, event), Step::AnotherHistory));
        // Shorter than the old one, and taken all the same.
        replica.forget_history();
        assert!(replica.snapshot(new.snapshot(2, 2)).is_some());
        assert_eq!(held(&replica), new.lists[2]);
    }

    #[test]
    fn a_list_without_positions_is_told_by_what_differs() {
        let mut replica = Replica::new(vendor());
        let [one, two] = ["A-1", "A-2"].map(|n| OrderNumber::new(n).unwrap());
        let first = [order(&one, 0, 1), order(&two, 0, 2)]
            .map(|o| pack(&o))
            .to_vec();
        let changes = replica.list(first.clone());
        assert!(matches!(&changes[..], [Change::Snapshot { orders, .. }] if orders.len() == 2));
        assert!(replica.list(first).is_empty(), "nothing differs");
        let changes = replica.list(
            [order(&one, 0, 9), order(&two, 0, 2)]
                .map(|o| pack(&o))
                .to_vec(),
        );
        assert!(matches!(&changes[..], [Change::Order { order, .. }] if order.id == 9));
        let changes = replica.list(vec![pack(&order(&two, 0, 2))]);
        assert!(matches!(&changes[..], [Change::Snapshot { orders, .. }] if orders.len() == 1));
    }
}
