//! What the subscriber hears: messages, and the answers to its own questions.

use std::sync::{Arc, PoisonError};

use ordertop::order::VendorId;
use ordertop::protocol::{Mark, Position};
use redis::{PushInfo, PushKind, Value};

use super::{Done, PAGE, RECONNECT_AFTER, Task};
use crate::store::redis::shared::Counters;
use crate::store::redis::{keys, rows::Told, tracks::Comes};
use crate::store::{News, Replay, StoreError, VendorEvent, VendorRecord};

impl Task {
    pub(super) fn message(&mut self, generation: u64, info: PushInfo) {
        if generation != self.generation {
            return;
        }
        match info.kind {
            PushKind::Message | PushKind::SMessage => {
                let [Value::BulkString(channel), Value::BulkString(payload)] = &info.data[..]
                else {
                    return;
                };
                let (Ok(channel), Ok(payload)) =
                    (std::str::from_utf8(channel), std::str::from_utf8(payload))
                else {
                    return;
                };
                self.said(channel, payload);
            }
            // A cluster's connection mends itself, and subscribes again; what was
            // missed meanwhile shows when the vendors are looked at.
            PushKind::Disconnection if self.shared.is_cluster() => self.look_at_all(),
            // A cluster's node ends the subscriptions of a slot that it gives away.
            PushKind::SUnsubscribe if !self.leaving => {
                if let Some(Value::BulkString(channel)) = info.data.first()
                    && let Ok(channel) = std::str::from_utf8(channel)
                {
                    self.subscribe_again(channel);
                }
            }
            PushKind::Disconnection => self.deaf("the connection for messages broke"),
            _ => {}
        }
    }

    /// Subscribes to a channel that another node has now.
    fn subscribe_again(&mut self, channel: &str) {
        if let Some(vendor) = keys::vendor_of(channel) {
            if self.tracks.head(&vendor).is_some() {
                self.subscribe(vec![vendor]);
            }
        } else if let Some(mut ears) = self.ears.clone() {
            let (generation, channels) = (self.generation, [channel.to_owned()]);
            self.work.spawn(async move {
                let subscribed = ears.subscribe(&channels).await;
                Done::SubscribedAgain(generation, subscribed.map_err(|error| error.to_string()))
            });
        }
    }

    pub(super) fn said(&mut self, channel: &str, payload: &str) {
        if let Some(vendor) = keys::vendor_of(channel) {
            match Told::read(payload) {
                Ok(told) => self.tracks.come(&vendor, told),
                Err(error) => tracing::warn!(%error, %channel, "a message is ignored"),
            }
        } else if channel == keys::NEW_VENDORS {
            if self.watches.wants_all()
                && let Ok(vendor) = VendorId::new(payload)
                && !self.known.contains(&vendor)
            {
                self.ask_new_vendor(vendor);
            }
        } else {
            self.heard.heard(channel, payload);
            self.tell_health();
        }
    }

    pub(super) fn ask_new_vendor(&mut self, vendor: VendorId) {
        let shared = self.shared.clone();
        self.work
            .spawn(async move { Done::NewVendor(shared.vendor_and_birth(&vendor).await) });
    }

    pub(super) fn done(&mut self, done: Done) {
        match done {
            Done::Connected(generation, Ok(ears)) if generation == self.generation => {
                self.connecting = false;
                self.ears = Some(ears);
                self.take_pulse();
                let vendors: Vec<_> = self.tracks.vendors().cloned().collect();
                self.subscribe(vendors);
            }
            Done::Connected(generation, Err(reason)) if generation == self.generation => {
                tracing::debug!(reason, "no connection for messages");
                self.connecting = false;
                self.connect(RECONNECT_AFTER);
            }
            Done::Subscribed(vendors, Ok(positions)) => self.subscribed(vendors, positions),
            Done::Subscribed(vendors, Err(error)) => self.not_subscribed(vendors, &error),
            Done::SubscribedAgain(generation, Err(_)) if generation == self.generation => {
                self.deaf("a subscription failed");
            }
            Done::SubscribedAgain(..) => {}
            Done::Looked(asked, Ok(there)) => {
                for ((vendor, then), there) in asked.into_iter().zip(there) {
                    if there.is_none() {
                        self.gone(&vendor);
                    } else if self.tracks.answered(&vendor, &then, there.as_ref()) {
                        Counters::add(&self.counters().gaps_repaired);
                        self.read(vendor);
                    }
                }
            }
            Done::Looked(asked, Err(_)) => {
                for (vendor, _) in asked {
                    self.tracks.unanswered(&vendor);
                }
            }
            Done::Read(vendor, Ok(Replay::Events { events, .. })) => {
                let more = events.len() == PAGE;
                let events = events.into_iter().map(|event| {
                    let vendor = vendor.clone();
                    Arc::new(VendorEvent { vendor, event })
                });
                self.tracks.read(&vendor, events.collect());
                if more {
                    self.read(vendor);
                }
            }
            Done::Read(vendor, Ok(Replay::Unrecovered { head, .. })) => {
                self.tracks.lost(&vendor, head);
            }
            Done::Read(vendor, Err(_)) => self.tracks.unanswered(&vendor),
            Done::Vendors(Ok(vendors)) => self.vendors(vendors.unwrap_or_default()),
            Done::Vendors(Err(error)) => {
                self.asking_vendors = false;
                for answer in self.waiting_all.drain(..) {
                    let _ = answer.send(Err(error.clone()));
                }
            }
            Done::Commits(commits) => self.committed(commits),
            Done::NewVendor(Ok(Some((record, birth)))) => self.new_vendor(record, birth),
            // Found by the next sweep.
            Done::NewVendor(_) => {}
            Done::Pulse(pulse) => self.pulse(pulse),
            Done::Left => {
                self.leaving = false;
                let deferred = std::mem::take(&mut self.deferred);
                self.subscribe(deferred);
            }
            Done::Connected(..) => {}
        }
    }

    pub(super) fn subscribed(&mut self, vendors: Vec<VendorId>, positions: Vec<Option<Position>>) {
        let mut anew = false;
        for (vendor, position) in vendors.into_iter().zip(positions) {
            let answer = match position {
                Some(position) => {
                    // What was said before was not heard.
                    if let Some(head) = self.tracks.head(&vendor) {
                        let same = head.offset == position.offset && head.mark == position.mark;
                        anew |= !same && head.offset >= position.offset;
                        if self.tracks.hinted(&vendor, &position) {
                            self.read(vendor.clone());
                        }
                    } else {
                        self.tracks.starts(&vendor, position);
                    }
                    // Given up meanwhile: its news do not come after all.
                    if self.tracks.is_ready(&vendor) {
                        self.watches.comes(&vendor);
                    }
                    Ok(())
                }
                None => {
                    self.forget(&vendor);
                    Err(StoreError::Failed(format!("there is no vendor {vendor}")))
                }
            };
            for waiting in self.waiting.remove(&vendor).unwrap_or_default() {
                let _ = waiting.send(answer.clone());
            }
        }
        if anew {
            // Another history, or we are ahead by now: the comparison tells.
            self.look_at_all();
        }
        self.all_come();
    }

    /// A vendor is not followed after all: whoever wants it begins anew, and those
    /// who want everyone's news do not wait for its.
    fn forget(&mut self, vendor: &VendorId) {
        self.tracks.end(vendor);
        self.known.remove(vendor);
        self.watches.comes_no_more(vendor);
    }

    /// A vendor that was followed is not there any more: Redis has lost its data,
    /// or was given back an older history.
    fn gone(&mut self, vendor: &VendorId) {
        let known = self.shared.known_vendors.lock();
        known.unwrap_or_else(PoisonError::into_inner).remove(vendor);
        self.forget(vendor);
        self.tracks.tell(News::HistoryChanged(vendor.clone()));
    }

    pub(super) fn not_subscribed(&mut self, vendors: Vec<VendorId>, error: &StoreError) {
        for vendor in vendors {
            for waiting in self.waiting.remove(&vendor).unwrap_or_default() {
                let _ = waiting.send(Err(error.clone()));
            }
            // One that stood already is looked at again once there is a connection.
            if !self.tracks.is_ready(&vendor) {
                self.forget(&vendor);
            }
        }
        for waiting in self.waiting_all.drain(..) {
            let _ = waiting.send(Err(error.clone()));
        }
        self.deaf("a subscription failed");
    }

    /// Answers those who wait for everyone's news, once everyone's come.
    pub(super) fn all_come(&mut self) {
        let ready = self.known.iter().all(|vendor| self.tracks.is_ready(vendor));
        if !ready || self.asking_vendors || !self.watches.wants_all() {
            return;
        }
        self.watches.all_come();
        for answer in self.waiting_all.drain(..) {
            let _ = answer.send(Ok(()));
        }
    }

    /// Everyone there is: those who are new here are followed from now on.
    pub(super) fn vendors(&mut self, vendors: Vec<VendorId>) {
        self.asking_vendors = false;
        if !self.watches.wants_all() {
            return;
        }
        let mut new = Vec::new();
        for vendor in vendors {
            if self.known.contains(&vendor) {
                continue;
            }
            // Nobody has everyone's news yet who would have to be told of a new vendor.
            if !self.watches.all_are_coming() {
                self.known.insert(vendor.clone());
                if self.tracks.begin(&vendor) {
                    new.push(vendor);
                }
            } else {
                self.ask_new_vendor(vendor);
            }
        }
        self.subscribe(new);
        self.all_come();
    }

    /// A vendor came to be; whatever happened to it since its birth is told too.
    pub(super) fn new_vendor(&mut self, record: VendorRecord, birth: Mark) {
        if !self.known.insert(record.id.clone()) {
            return;
        }
        let vendor = record.id.clone();
        let born = Position {
            offset: 0,
            mark: birth,
        };
        self.tracks.tell(News::Vendor(VendorRecord {
            position: born.clone(),
            ..record
        }));
        if self.tracks.begin(&vendor) {
            self.tracks.starts(&vendor, born);
            self.subscribe(vec![vendor]);
        }
    }
}

impl Comes for Told<'_> {
    fn position(&self) -> &Position {
        &self.position
    }

    fn after(&self) -> &Mark {
        &self.after
    }

    fn read(self, vendor: &VendorId) -> Option<Arc<VendorEvent>> {
        match self.event(vendor) {
            Ok(event) => Some(Arc::new(VendorEvent {
                vendor: vendor.clone(),
                event,
            })),
            Err(error) => {
                tracing::warn!(%error, %vendor, "a message cannot be read; the stream will be");
                None
            }
        }
    }
}
