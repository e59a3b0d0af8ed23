//! What the live client tells, brought into list and notifications.

use std::sync::Arc;

use ordertop::client::{ClientEvent, ConnectionState};
use ordertop::order::{ActorKind, OrderKey};
use ordertop::protocol::{EventKind, OrderEvent, PackedOrder};
use ordertop::replica::Change;

use super::{App, Loading, RATE_SPAN_S};
use crate::model::notices::{Notice, What};
use crate::model::row::{Row, Touch};
use crate::model::text::{money, tame};
use crate::strings;

impl App {
    pub(super) fn client(&mut self, told: ClientEvent) {
        match told {
            ClientEvent::Connection(mut connection) => {
                connection.fresh_at = connection.fresh_at.max(self.connection.fresh_at);
                match connection.state {
                    ConnectionState::Polling { paused, .. } => self.realtime = !paused,
                    ConnectionState::Live { .. } => self.realtime = true,
                    _ => {}
                }
                self.connection = connection;
            }
            ClientEvent::Vendors(vendors) => {
                self.vendors = vendors
                    .into_iter()
                    .map(|vendor| (vendor.id, tame(&vendor.name).into_owned()))
                    .collect();
                self.orders.rename(&self.vendors);
                self.loaded |= self.vendors.is_empty();
            }
            ClientEvent::Loading { received, total } => {
                self.loading = Some(Loading { received, total });
            }
            ClientEvent::HistoryChanged(vendors) => {
                let vendors = vendors.len();
                self.notices.push(Notice {
                    at: self.now,
                    key: None,
                    version: 0,
                    what: What::HistoryChanged { vendors },
                });
                self.say(strings::history_changed(vendors));
            }
            ClientEvent::Changes(changes) => {
                for change in changes {
                    self.change(change);
                }
            }
        }
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Snapshot { vendor, orders } => {
                // A list that just came is as fresh as can be, whether or not a frame has followed.
                self.connection.fresh_at = self.connection.fresh_at.max(Some(self.now));
                self.loading = None;
                self.loaded = true;
                self.follow_list(&vendor, &orders);
                let name = self.vendor_name(&vendor).to_owned();
                self.orders.replace(&vendor, orders, &name);
                let (marks, orders) = (&mut self.acting.marks, &self.orders);
                marks.retain(|key| orders.get(key).is_some());
                self.unseen.retain(|key| orders.get(key).is_some());
            }
            Change::Order { key, order } => self.order(key, order),
            Change::Event { kind, event, order } => self.event(kind, &event, order),
        }
    }

    /// An order without a word of what happened to it: the answer to a request
    /// of ours, which tells its own story, or a poll of an old server.
    fn order(&mut self, key: OrderKey, order: Arc<PackedOrder>) {
        let before = self.orders.get(&key).map(Row::status);
        let touch = match before {
            None => Touch::New,
            Some(_) => Touch::Changed,
        };
        if !self.take(key.clone(), order.clone(), Some(touch)) {
            return;
        }
        let what = match before {
            None => arrival(&order),
            Some(from) if from != order.status && !self.in_flight.contains_key(&key) => {
                What::Seen {
                    from,
                    to: order.status,
                }
            }
            Some(_) => return,
        };
        if before.is_none() {
            self.note_unseen(key.clone());
        }
        self.notices.push(Notice {
            at: self.now,
            key: Some(key),
            version: order.version,
            what,
        });
    }

    fn event(&mut self, kind: EventKind, event: &OrderEvent, order: Option<Arc<PackedOrder>>) {
        self.count_event();
        let key = OrderKey {
            vendor: event.vendor_id.clone(),
            number: event.order_number.clone(),
        };
        let quiet = event.actor.kind == ActorKind::Import;
        let asked_before = self.is_asked(&key);
        let touch = match kind {
            EventKind::Created => Touch::New,
            _ => Touch::Changed,
        };
        if let Some(order) = &order {
            let new = kind == EventKind::Created && self.orders.get(&key).is_none();
            self.take(key.clone(), order.clone(), (!quiet).then_some(touch));
            if new && !quiet {
                self.note_unseen(key.clone());
            }
        }
        if kind == EventKind::Removed {
            self.orders.remove(&key);
            self.forget_unseen(&key);
            self.acting.marks.remove(&key);
        }
        if self.told_by_bulk(&key, event.version, &event.actor) {
            return;
        }
        let what = match (kind, &order, event.status) {
            _ if quiet => What::Imported { count: 1 },
            (EventKind::Created, Some(order), _) => arrival(order),
            (EventKind::Status, _, Some(to)) => What::Step {
                from: event.previous_status,
                to,
                by: (!self.is_unanswered_own_step(&key, to, event.version, &event.actor))
                    .then(|| event.actor.clone()),
            },
            (EventKind::Removed, ..) => What::Removed {
                by: event.actor.clone(),
            },
            (_, Some(order), _) if order.flags.cancel_requested && !asked_before => What::Asked {
                by: Some(event.actor.clone()),
            },
            // The screen said so when it was answered.
            _ if self.is_own_parcel(&key, &event.actor) => return,
            _ if self.is_own_note(&key, &event.actor) => What::Noted,
            _ => What::Updated {
                by: event.actor.clone(),
            },
        };
        self.notices.push(Notice {
            at: event.timestamp,
            key: (!quiet).then_some(key),
            version: event.version,
            what,
        });
    }

    /// Brings an order into the list. One that leaves its place by a step of
    /// ours does not take the cursor along: the next order has it, so that a
    /// queue can be worked off from its top.
    pub(super) fn take(
        &mut self,
        key: OrderKey,
        order: Arc<PackedOrder>,
        touch: Option<Touch>,
    ) -> bool {
        let ours = self
            .in_flight
            .get(&key)
            .is_some_and(|step| step.to == order.status);
        self.saw_change(&key.vendor, order.updated_at());
        let name = self.vendor_name(&key.vendor).to_owned();
        let touch = touch.map(|touch| (touch, self.now));
        let under_cursor = self.cursor.as_ref() == Some(&key);
        let before = if under_cursor && ours && !self.order_open {
            self.orders.index_of(&key)
        } else {
            None
        };
        let status = self.orders.get(&key).map(Row::status);
        let new = self.orders.put(key.clone(), order, &name, touch);
        if let Some(status) = status.filter(|_| !ours) {
            self.note_marked_changed(&key, status);
        }
        if let Some(before) = before
            && self.orders.index_of(&key) != Some(before)
        {
            self.cursor = None;
            self.cursor_at = before;
            self.settle();
        }
        new
    }

    fn count_event(&mut self) {
        let second = self.now.as_second();
        match self.ticks.back_mut() {
            Some((last, count)) if *last == second => *count += 1,
            _ => self.ticks.push_back((second, 1)),
        }
        while (self.ticks.front()).is_some_and(|(old, _)| second - old > RATE_SPAN_S) {
            self.ticks.pop_front();
        }
    }

    /// Why a step cannot be sent now; `None` when it can, or is kept until it can.
    pub(super) fn cannot_send(&self) -> Option<&'static str> {
        if self.settings.read_only {
            return Some(strings::READ_ONLY);
        }
        match self.connection.state {
            _ if self.keeps_steps() => None,
            ConnectionState::Offline { .. } => Some(strings::NOT_SENT_OFFLINE),
            ConnectionState::Refused { .. } => Some(strings::NOT_SENT_REFUSED),
            ConnectionState::Connecting if !self.loaded => Some(strings::NOT_SENT_CONNECTING),
            _ => None,
        }
    }
}

fn arrival(order: &PackedOrder) -> What {
    What::New {
        buyer: tame(order.customer_name()).into_owned(),
        total: money(order.total_amount(), order.currency),
        test: order.flags.test,
    }
}
