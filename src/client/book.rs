//! What the client knows: the replica of every vendor that it follows, and how
//! frames, polls and snapshots enter it. No input or output.
//!
//! Socket and polls come through the same check of positions, so each event
//! leaves as a [`Change::Event`] once, whichever way it came first. While a
//! vendor's snapshot is being fetched its events are held back, bounded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::legacy::Named;
use super::mailbox::Answer;
use crate::order::{OrderNumber, OrderStatus, VendorId};
use crate::protocol::message::{Recovery, Unrecovered};
use crate::protocol::rest::VendorEvents;
use crate::protocol::{EventKind, OrderEvent, PackedOrder, Position, ServerMessage};
use crate::replica::{Change, Replica, Snapshot, Step};

/// Most events that are held back for one vendor while its snapshot is fetched.
const MAX_HELD: usize = 10_000;

/// What the client is to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// Go on.
    Nothing,
    /// Fetch this vendor's snapshot; its events are held back from now on.
    Fetch(VendorId),
    /// Events are missing: ask for them from the positions held.
    Recover,
}

impl Next {
    /// The vendor whose snapshot is to be fetched.
    pub(crate) fn fetch(self) -> Option<VendorId> {
        match self {
            Self::Fetch(vendor) => Some(vendor),
            Self::Nothing | Self::Recover => None,
        }
    }
}

/// Every vendor that is followed.
#[derive(Debug, Default)]
pub(crate) struct Book {
    vendors: BTreeMap<VendorId, Followed>,
}

#[derive(Debug)]
struct Followed {
    replica: Replica,
    fetch: Option<Held>,
    /// The history was found to be another one; told once it is fetched anew.
    history_changed: bool,
}

/// Events that came while a snapshot is fetched.
#[derive(Debug, Default)]
struct Held {
    events: Vec<(EventKind, Arc<OrderEvent>)>,
    overflowed: bool,
}

impl Book {
    /// The vendors followed so far.
    pub(crate) fn vendors(&self) -> impl Iterator<Item = &VendorId> {
        self.vendors.keys()
    }

    /// Whether a vendor was never loaded, or its snapshot is being fetched.
    pub(crate) fn is_incomplete(&self) -> bool {
        let mut all = self.vendors.values();
        all.any(|one| one.fetch.is_some() || !one.replica.is_loaded())
    }

    /// Whether a vendor's orders are held, whether or not they are counted.
    pub(crate) fn is_loaded(&self, vendor: &VendorId) -> bool {
        let one = self.vendors.get(vendor);
        one.is_some_and(|one| one.replica.is_loaded())
    }

    /// The position held of a vendor; `None` while it is being fetched anew.
    pub(crate) fn position(&self, vendor: &VendorId) -> Option<&Position> {
        self.vendors.get(vendor)?.replica.position()
    }

    /// Every position held.
    pub(crate) fn positions(&self) -> BTreeMap<VendorId, Position> {
        let known = self.vendors.iter();
        known
            .filter_map(|(id, one)| Some((id.clone(), one.replica.position()?.clone())))
            .collect()
    }

    /// Starts fetching a vendor's snapshot. `None` when that is under way.
    pub(crate) fn fetch(&mut self, vendor: &VendorId) -> Next {
        let one = self.followed(vendor);
        if one.fetch.is_some() {
            return Next::Nothing;
        }
        one.fetch = Some(Held::default());
        Next::Fetch(vendor.clone())
    }

    /// The fetch came to nothing; what was held back is recovered later.
    pub(crate) fn fetch_failed(&mut self, vendor: &VendorId) {
        self.followed(vendor).fetch = None;
    }

    /// What a welcome or a poll says about the recovery of a vendor.
    pub(crate) fn recovery(
        &mut self,
        vendor: &VendorId,
        recovered: bool,
        reason: Option<Unrecovered>,
    ) -> Next {
        if recovered {
            self.followed(vendor);
            return Next::Nothing;
        }
        if reason == Some(Unrecovered::PositionUnknown) {
            self.followed(vendor).lose_history();
        }
        self.fetch(vendor)
    }

    /// Forgets the vendors that the server does not know any more; whom it forgot.
    pub(crate) fn keep_only(
        &mut self,
        known: impl Fn(&VendorId) -> bool,
        changes: &mut Vec<Change>,
    ) -> Vec<VendorId> {
        let gone: Vec<_> = self
            .vendors
            .keys()
            .filter(|id| !known(id))
            .cloned()
            .collect();
        for vendor in &gone {
            self.vendors.remove(vendor);
            changes.push(Change::Snapshot {
                vendor: vendor.clone(),
                orders: Vec::new(),
            });
        }
        gone
    }

    /// A welcome's word on one vendor.
    pub(crate) fn welcome(&mut self, vendor: &VendorId, recovery: &Recovery) -> Next {
        self.recovery(vendor, recovery.recovered, recovery.reason)
    }

    /// A vendor that came to be: it has no orders yet.
    pub(crate) fn added(
        &mut self,
        vendor: &VendorId,
        position: Position,
        changes: &mut Vec<Change>,
    ) {
        let one = self.followed(vendor);
        if !one.replica.is_loaded() && one.fetch.is_none() {
            let empty = Snapshot {
                position: Some(position),
                orders: Vec::new(),
            };
            changes.extend(one.replica.snapshot(empty));
        }
    }

    /// A frame of the socket or of a poll. What it changed goes to `changes`.
    pub(crate) fn event(&mut self, frame: ServerMessage, changes: &mut Vec<Change>) -> Next {
        let Some((kind, event)) = order_event(frame) else {
            return Next::Nothing;
        };
        let vendor = event.vendor_id.clone();
        let one = self.followed(&vendor);
        if let Some(held) = &mut one.fetch {
            held.push(kind, event);
            return Next::Nothing;
        }
        match one.replica.event(kind, Arc::clone(&event)) {
            Step::Changed(change) => changes.push(change),
            Step::Duplicate => {}
            Step::Gap => return Next::Recover,
            Step::AnotherHistory => {
                one.lose_history();
                let next = self.fetch(&vendor);
                if let Some(held) = &mut self.followed(&vendor).fetch {
                    held.push(kind, event);
                }
                return next;
            }
        }
        Next::Nothing
    }

    /// A vendor's answer to a poll.
    pub(crate) fn polled(
        &mut self,
        vendor: &VendorId,
        answer: VendorEvents,
        changes: &mut Vec<Change>,
    ) -> Next {
        if self.followed(vendor).fetch.is_some() {
            return Next::Nothing;
        }
        if !answer.recovered {
            return self.recovery(vendor, false, answer.reason);
        }
        for frame in answer.events {
            match self.event(frame, changes) {
                Next::Nothing => {}
                // A poll's answer is whole: what does not follow can only be
                // repaired by a snapshot.
                Next::Recover => return self.fetch(vendor),
                next @ Next::Fetch(_) => return next,
            }
        }
        let held = self.position(vendor);
        let (here, said) = (held.map_or(0, |at| at.offset), answer.position.offset);
        let parted = here == said && held.is_some_and(|held| *held != answer.position);
        if held.is_none() || parted {
            return self.recovery(vendor, false, Some(Unrecovered::PositionUnknown));
        }
        if here < said {
            return self.fetch(vendor);
        }
        Next::Nothing
    }

    /// The snapshot of a vendor, then what was held back meanwhile.
    pub(crate) fn fetched(
        &mut self,
        vendor: &VendorId,
        snapshot: Snapshot,
        changes: &mut Vec<Change>,
    ) -> Next {
        let one = self.followed(vendor);
        let held = one.fetch.take().unwrap_or_default();
        changes.extend(one.replica.snapshot(snapshot));
        for (kind, event) in held.events {
            match one.replica.event(kind, event) {
                Step::Changed(change) => changes.push(change),
                Step::Duplicate => {}
                Step::Gap => return Next::Recover,
                // It was said on a connection to the history before.
                Step::AnotherHistory => return Next::Recover,
            }
        }
        if held.overflowed {
            return Next::Recover;
        }
        Next::Nothing
    }

    /// The whole list of a server of the old kind. Of the orders in `newer`
    /// more is known than it tells.
    pub(crate) fn listed(
        &mut self,
        vendor: &VendorId,
        mut orders: Vec<Arc<PackedOrder>>,
        newer: &BTreeSet<OrderNumber>,
        changes: &mut Vec<Change>,
    ) {
        let one = self.followed(vendor);
        one.fetch = None;
        one.history_changed = false;
        let known = newer.iter().filter_map(|n| one.replica.get(n).cloned());
        let known: Vec<_> = known.collect();
        if !known.is_empty() {
            orders.retain(|order| {
                let number = &order.order_number;
                !newer.contains(number) || one.replica.get(number).is_none()
            });
            orders.extend(known);
        }
        changes.extend(one.replica.list(orders));
    }

    /// What a frame of an old server says, as far as it says it.
    pub(crate) fn named(&mut self, vendor: &VendorId, named: &Named) -> Option<Change> {
        let one = self.vendors.get_mut(vendor)?;
        let held = one.replica.get(&named.number)?;
        let status = named.status.filter(|status| *status != held.status)?;
        let at = named.at.unwrap_or(held.updated_at());
        if one.replica.position().is_some() || at < held.updated_at() {
            return None;
        }
        let mut order = held.unpack();
        order.status = status;
        order.updated_at = at;
        order.can_update_status = matches!(status, OrderStatus::Paid | OrderStatus::Shipped);
        one.replica.uncounted(Arc::new(PackedOrder::new(&order)))
    }

    /// The vendors whose history turned out to be another one, once they were
    /// fetched anew.
    pub(crate) fn history_changed(&mut self) -> Vec<VendorId> {
        let mut changed = Vec::new();
        for (id, one) in &mut self.vendors {
            if one.history_changed && one.fetch.is_none() && one.replica.position().is_some() {
                one.history_changed = false;
                changed.push(id.clone());
            }
        }
        changed
    }

    /// The answer to a request. While a snapshot is fetched it is left out: the
    /// event of the change comes behind the snapshot.
    pub(crate) fn answer(&mut self, answer: Answer) -> Option<Change> {
        let one = self.vendors.get_mut(&answer.vendor)?;
        one.replica.answer(answer.order, answer.position.as_ref())
    }

    /// An order that was looked up because an old server named it.
    pub(crate) fn looked_up(
        &mut self,
        vendor: &VendorId,
        order: Arc<PackedOrder>,
    ) -> Option<Change> {
        let one = self.vendors.get_mut(vendor)?;
        // It came from before the server was replaced by one that counts.
        if one.replica.position().is_some() {
            return None;
        }
        one.replica.uncounted(order)
    }

    fn followed(&mut self, vendor: &VendorId) -> &mut Followed {
        self.vendors
            .entry(vendor.clone())
            .or_insert_with(|| Followed {
                replica: Replica::new(vendor.clone()),
                fetch: None,
                history_changed: false,
            })
    }
}

impl Followed {
    fn lose_history(&mut self) {
        self.history_changed |= self.replica.is_loaded();
        self.replica.forget_history();
    }
}

impl Held {
    fn push(&mut self, kind: EventKind, event: Arc<OrderEvent>) {
        if self.events.len() < MAX_HELD && !self.overflowed {
            self.events.push((kind, event));
        } else {
            // What is held must be in a row, and half of it is of no use.
            self.events = Vec::new();
            self.overflowed = true;
        }
    }
}

fn order_event(frame: ServerMessage) -> Option<(EventKind, Arc<OrderEvent>)> {
    let (kind, event) = match frame {
        ServerMessage::OrderCreated(event) => (EventKind::Created, event),
        ServerMessage::OrderStatusUpdate(event) => (EventKind::Status, event),
        ServerMessage::OrderUpdated(event) => (EventKind::Updated, event),
        ServerMessage::OrderRemoved(event) => (EventKind::Removed, event),
        _ => return None,
    };
    Some((kind, Arc::new(event)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replica::tests::{Stream, pack, vendor};

    fn frame(stream: &Stream, at: usize) -> ServerMessage {
        let (_, event) = &stream.log[at];
        ServerMessage::OrderUpdated(OrderEvent::clone(event))
    }

    fn snapshot(stream: &Stream, at: usize) -> Snapshot {
        Snapshot {
            position: Some(stream.at(at)),
            orders: stream.lists[at].values().map(|o| pack(o)).collect(),
        }
    }

    fn stream(events: usize) -> Stream {
        let mut stream = Stream::new("a");
        (0..events).for_each(|_| stream.touch(1));
        stream
    }

    #[test]
    fn a_vendor_that_the_server_does_not_know_any_more_is_forgotten() {
        let stream = stream(2);
        let (mut book, mut changes) = (Book::default(), Vec::new());
        book.fetch(&vendor());
        book.fetched(&vendor(), snapshot(&stream, 2), &mut changes);
        changes.clear();
        assert!(book.keep_only(|_| true, &mut changes).is_empty() && changes.is_empty());
        assert_eq!(book.keep_only(|_| false, &mut changes), [vendor()]);
        assert!(matches!(&changes[..], [Change::Snapshot { orders, .. }] if orders.is_empty()));
        assert_eq!(
            (book.vendors().count(), book.position(&vendor())),
            (0, None)
        );
    }

    #[test]
    fn an_old_servers_word_on_an_order_is_taken_unless_it_is_an_older_one() {
        // Held is order A-1, Paid at 17:00.
        let table = [
            (
                "A-1",
                Some("Shipped"),
                Some("17:01"),
                Some("Shipped"),
                "a step",
            ),
            (
                "A-1",
                Some("Shipped"),
                None,
                Some("Shipped"),
                "a step, some time",
            ),
            ("A-1", Some("Shipped"), Some("16:59"), None, "an older step"),
            ("A-1", Some("Paid"), Some("17:01"), None, "known already"),
            ("A-1", None, Some("17:01"), None, "no word on its status"),
            (
                "A-2",
                Some("Shipped"),
                Some("17:01"),
                None,
                "an order to be looked up",
            ),
        ];
        for (number, status, at, taken, case) in table {
            let mut book = Book::default();
            let orders = stream(1).list().values().map(|o| pack(o)).collect();
            book.listed(&vendor(), orders, &BTreeSet::new(), &mut Vec::new());
            let at = at.map(|at| format!("2026-11-23T{at}:00Z").parse().unwrap());
            let named = Named {
                number: OrderNumber::new(number).unwrap(),
                status: status.map(|status| status.parse().unwrap()),
                at,
            };
            let told = match book.named(&vendor(), &named) {
                Some(Change::Order { order, .. }) => {
                    assert!(at.is_none_or(|at| order.updated_at() == at), "{case}");
                    Some(order.status.to_string())
                }
                None => None,
                other => panic!("{case}: {other:?}"),
            };
            assert_eq!(told.as_deref(), taken, "{case}");
        }
    }

    #[test]
    fn a_list_keeps_what_was_said_after_it_was_asked_for() {
        let mut stream = stream(1);
        let before: Vec<_> = stream.list().values().map(|o| pack(o)).collect();
        stream.touch(1);
        stream.touch(2);
        let mut book = Book::default();
        let now = stream.list().values().map(|o| pack(o)).collect();
        book.listed(&vendor(), now, &BTreeSet::new(), &mut Vec::new());
        let newer = stream.list().keys().cloned().collect();
        let mut changes = Vec::new();
        book.listed(&vendor(), before.clone(), &newer, &mut changes);
        assert!(changes.is_empty(), "{changes:?}");
        book.listed(&vendor(), before, &BTreeSet::new(), &mut changes);
        assert!(matches!(&changes[..], [Change::Snapshot { orders, .. }] if orders.len() == 1));
    }

    #[test]
    fn more_than_can_be_held_back_is_recovered_from_the_snapshot() {
        let stream = stream(MAX_HELD + 2);
        let mut book = Book::default();
        let mut changes = Vec::new();
        assert_eq!(book.fetch(&vendor()), Next::Fetch(vendor()));
        assert_eq!(book.fetch(&vendor()), Next::Nothing, "it is under way");
        for at in 1..stream.end() {
            let next = book.event(frame(&stream, at), &mut changes);
            assert_eq!(next, Next::Nothing);
        }
        assert!(changes.is_empty() && book.is_incomplete());
        let next = book.fetched(&vendor(), snapshot(&stream, 1), &mut changes);
        assert_eq!((next, changes.len()), (Next::Recover, 1));
        assert_eq!(book.position(&vendor()), Some(&stream.at(1)));
    }

    #[test]
    fn a_poll_that_does_not_follow_brings_a_snapshot() {
        let stream = stream(4);
        let answer = |events: &[usize], end| VendorEvents {
            position: stream.at(end),
            recovered: true,
            reason: None,
            events: events.iter().map(|at| frame(&stream, *at)).collect(),
        };
        let fetch = Next::Fetch(vendor());
        let table = [
            (answer(&[2, 3], 4), Next::Nothing, 4, "the next two"),
            (answer(&[0, 1], 2), Next::Nothing, 2, "known already"),
            (answer(&[], 2), Next::Nothing, 2, "nothing new"),
            (answer(&[3], 4), fetch.clone(), 2, "one is missing"),
            (answer(&[], 4), fetch, 2, "the events are missing"),
        ];
        for (answer, next, offset, case) in table {
            let mut book = Book::default();
            book.fetched(&vendor(), snapshot(&stream, 2), &mut Vec::new());
            let mut changes = Vec::new();
            assert_eq!(book.polled(&vendor(), answer, &mut changes), next, "{case}");
            assert_eq!(book.position(&vendor()), Some(&stream.at(offset)), "{case}");
        }
    }

    #[test]
    fn a_poll_of_another_history_at_the_same_offset_brings_a_snapshot() {
        let (held, other) = (stream(2), Stream::new("b"));
        let mut book = Book::default();
        book.fetched(&vendor(), snapshot(&held, 2), &mut Vec::new());
        let answer = VendorEvents {
            position: other.at(2),
            recovered: true,
            reason: None,
            events: Vec::new(),
        };
        let next = book.polled(&vendor(), answer, &mut Vec::new());
        assert_eq!(next, Next::Fetch(vendor()));
        assert_eq!(
            book.position(&vendor()),
            None,
            "nothing of it is held on to"
        );
    }
}
