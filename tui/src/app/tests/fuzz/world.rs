//! The world around the state: it does what is asked, badly, and looks at
//! everything that would be written to the terminal.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use ordertop::client::{ClientEvent, Connection, ConnectionState, RequestError};
use ordertop::order::{
    Actor, ActorKind, HistoryEntry, OrderKey, OrderNumber, OrderStatus, VendorId,
};
use ordertop::protocol::rest::{
    BulkRow, Outcome, RowResult, RowResults, StatusChanged, TrackingChanged,
};
use ordertop::protocol::{EventKind, ListedOrder};
use ordertop::replica::Change;
use proptest::prelude::*;
use ratatui::buffer::Buffer;

use super::happening::{Whose, soiled};
use super::harmless;
use crate::app::Settings;
use crate::app::typeahead::TYPED_AHEAD;
use crate::event::{Effect, Event};
use crate::model::fixture::{at, listed, packed, tracked, vendor, waiting_for};
use crate::model::outbox::{Contents, Entry, Sent};
use crate::record::Recorder;
use crate::snapshots::{Stage, orders};

/// More requests than these are never answered.
const ASKED: usize = 32;

/// A screen, what it asked for, and its record if one is written.
pub(super) struct World {
    pub(super) stage: Stage,
    /// Whether its server is of the old kind.
    legacy: bool,
    asked: VecDeque<Effect>,
    /// What it asked for since somebody looked.
    pub(super) effects: Vec<Effect>,
    /// Whose steps were sent from here, ever.
    pub(super) sent: HashSet<OrderKey>,
    /// The frame that the terminal shows.
    shown: Buffer,
    updates: usize,
    pub(super) recorder: Option<Recorder>,
    /// Every order that there may ever be.
    known: Vec<OrderKey>,
}

impl World {
    pub(super) fn new(set: impl FnOnce(&mut Settings)) -> Self {
        Self {
            stage: Stage::with((100, 30), set),
            legacy: false,
            asked: VecDeque::new(),
            effects: Vec::new(),
            sent: HashSet::new(),
            shown: Buffer::default(),
            updates: 0,
            recorder: None,
            known: known(),
        }
    }

    /// From now on its server is of the old kind.
    pub(super) fn of_the_old_kind(mut self) -> Self {
        self.legacy = true;
        self
    }

    /// A vendor that there is.
    pub(super) fn vendor(&self, whose: Whose) -> VendorId {
        match whose && self.stage.app.many_vendors() {
            true => other_vendor(),
            false => vendor(),
        }
    }

    /// The order as that vendor's.
    pub(super) fn of(&self, whose: Whose, order: &ListedOrder) -> ListedOrder {
        let mut order = order.clone();
        order.vendor_id = Some(self.vendor(whose));
        if self.legacy {
            order.version = 0;
            (order.status_since, order.status_by) = (None, None);
        }
        order
    }

    /// As the loop does it, which draws a frame now and then.
    pub(super) fn update(&mut self, event: Event) {
        if let Some(recorder) = &mut self.recorder {
            recorder.happens(&self.stage.app, &event).unwrap();
        }
        let effects = self.stage.app.update(event);
        self.updates += 1;
        if !self.updates.is_multiple_of(3) {
            self.stage.app.drawn();
            if let Some(recorder) = &mut self.recorder {
                recorder.drawn(self.stage.app.now).unwrap();
            }
        }
        self.take(effects);
    }

    /// Now and then somebody looks at the screen before the next key is pressed.
    pub(super) fn look_again(&mut self) {
        if self.updates.is_multiple_of(2) {
            self.stage.clock.advance(TYPED_AHEAD);
        }
    }

    /// Draws, and looks at all that goes to the terminal.
    pub(super) fn look(&mut self) -> Result<(), TestCaseError> {
        let frame = harmless::screen(&self.stage)?;
        harmless::painted(&self.shown, &frame)?;
        self.shown = frame;
        Ok(())
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match &effect {
                Effect::Alert(signal) => harmless::signal(signal),
                Effect::Copy(text) => harmless::copied(text),
                Effect::ChangeStatus { key, .. } | Effect::Keep { key, .. } => {
                    self.sent.insert(key.clone());
                }
                Effect::SendKept { entry, .. } => {
                    self.sent.insert(entry.key());
                }
                Effect::ChangeStatuses { rows, .. } => {
                    self.sent.extend(rows.iter().map(row_key));
                }
                // What is looked up is what is looked at.
                Effect::FetchOrder(key) => {
                    assert_eq!(Some(key), self.stage.app.cursor.as_ref());
                }
                _ => {}
            }
            self.effects.push(effect.clone());
            self.asked.push_back(effect);
        }
        while self.asked.len() > ASKED {
            self.asked.pop_front();
        }
    }

    pub(super) fn wait(&mut self, seconds: i64) {
        let by = jiff::SignedDuration::from_secs(seconds);
        self.stage.clock.advance(by);
        self.update(Event::Tick);
    }

    /// An event of the server's, which makes the order's next version. A server of
    /// the old kind tells the order alone, and not that one is gone.
    pub(super) fn event(&mut self, kind: EventKind, order: ListedOrder, by: Actor) {
        let change = match (self.legacy, kind) {
            (true, EventKind::Removed) => return,
            (true, _) => Change::Order {
                key: order.key(&vendor()),
                order: packed(&order),
            },
            (false, _) => self.stage.change(kind, &order, by),
        };
        self.update(Event::Client(ClientEvent::Changes(vec![change])));
    }

    pub(super) fn snapshot(&mut self, whose: Whose, orders: Vec<Arc<ListedOrder>>) {
        let orders = orders.iter().map(|order| packed(&self.of(whose, order)));
        let change = Change::Snapshot {
            vendor: self.vendor(whose),
            orders: orders.collect(),
        };
        self.update(Event::Client(ClientEvent::Changes(vec![change])));
    }

    pub(super) fn link(&mut self, state: ConnectionState) {
        let connection = Connection {
            state,
            fresh_at: Some(at(119)),
            round_trip: Some(Duration::from_millis(18)),
            legacy: self.legacy,
        };
        self.update(Event::Client(ClientEvent::Connection(connection)));
    }

    /// Nothing answers, and steps are kept.
    pub(super) fn offline(&mut self) {
        self.update(Event::Outbox(Ok(Contents::default())));
        self.link(ConnectionState::Offline {
            since: at(100),
            next_at: at(130),
            reason: "connection refused".to_owned(),
        });
    }

    /// Answers the oldest request, in one of the ways that there are.
    pub(super) fn answer(&mut self, how: u8, text: &str) {
        let Some(asked) = self.asked.pop_front() else {
            return;
        };
        let failed = || match how % 5 {
            0 | 1 => None,
            _ => Some(text.to_owned()),
        };
        match asked {
            Effect::ChangeStatus {
                key,
                ticket,
                change,
            } if how.is_multiple_of(7) => {
                let entry = Entry {
                    vendor: key.vendor.clone(),
                    ..waiting_for(key.number.as_str(), 1, &change)
                };
                self.update(Event::Kept {
                    key,
                    ticket,
                    unanswered: Some(unreachable(text)),
                    result: Ok(Box::new(entry)),
                });
            }
            Effect::ChangeStatus {
                key,
                ticket,
                change,
            } => {
                let result = self.changed(&key, change.status.as_deref(), how, text);
                self.update(Event::StatusAnswer {
                    key,
                    ticket,
                    result: result.map(Box::new),
                });
            }
            Effect::AddNote { key, .. } => {
                let result = refused(failed());
                self.update(Event::NoteAnswer { key, result });
            }
            Effect::Track { key, .. } => {
                let result = match failed() {
                    None => {
                        let order = listed(key.number.as_str(), OrderStatus::Shipped, 0);
                        let mut order = soiled(&order, text);
                        order.vendor_id = Some(key.vendor.clone());
                        let known = self.stage.app.orders.get(&key);
                        order.version = known.map_or(1, |row| row.version() + 1);
                        Ok(Box::new(TrackingChanged {
                            changed: how.is_multiple_of(2),
                            position: None,
                            order,
                        }))
                    }
                    some => refused(some).map(|()| unreachable!("it is refused")),
                };
                self.update(Event::TrackingAnswer { key, result });
            }
            Effect::KeepTracking { key, .. } => {
                let entry = Entry {
                    vendor: key.vendor.clone(),
                    ..tracked(key.number.as_str())
                };
                self.update(Event::TrackingKept {
                    key,
                    unanswered: None,
                    result: failed().map_or(Ok(Box::new(entry)), Err),
                });
            }
            Effect::Print(slip) => {
                let result = failed().map_or(Ok(()), Err);
                let key = slip.key;
                self.update(Event::Printed { key, result });
            }
            Effect::KeepTheme(name) => {
                let result = failed().map_or(Ok(()), Err);
                self.update(Event::ThemeKept { name, result });
            }
            Effect::SaveView(view) => {
                let result = failed().map_or(Ok(()), Err);
                let name = view.name;
                self.update(Event::ViewSaved { name, result });
            }
            Effect::ChangeStatuses { ticket, rows } => {
                let results = rows.iter().enumerate().map(|(i, row)| RowResult {
                    vendor_id: row.vendor_id.clone(),
                    order_number: Some(row.order_number.clone()),
                    result: [Outcome::Changed, Outcome::Unchanged, Outcome::Refused]
                        [(i + usize::from(how)) % 3],
                    code: Some(text.to_owned()),
                    error: Some(text.to_owned()),
                    ..RowResult::new(None, None, Outcome::Refused)
                });
                let results = RowResults {
                    results: results.collect(),
                };
                self.update(Event::BulkAnswer {
                    ticket,
                    first: 0,
                    count: rows.len(),
                    result: refused(failed()).map(|()| results),
                });
            }
            Effect::Keep {
                key,
                ticket,
                change,
                ..
            } => {
                let entry = Entry {
                    vendor: key.vendor.clone(),
                    ..waiting_for(key.number.as_str(), 1, &change)
                };
                self.update(Event::Kept {
                    key,
                    ticket,
                    unanswered: None,
                    result: failed().map_or(Ok(Box::new(entry)), Err),
                });
            }
            Effect::SendKept { entry, ticket } => {
                let sent = match how % 4 {
                    0 => Sent::Busy,
                    1 => Sent::Gone,
                    2 => Sent::Failed(text.to_owned()),
                    _ => Sent::Answered {
                        result: self
                            .changed(
                                &entry.key(),
                                entry.to().map(|to| to.as_str()),
                                how / 4,
                                text,
                            )
                            .map(Box::new),
                        unstruck: failed(),
                    },
                };
                let id = entry.id;
                self.update(Event::KeptSent { id, ticket, sent });
            }
            Effect::DropKept { id } => {
                let result = failed().map_or(Ok(()), Err);
                self.update(Event::KeptDropped { id, result });
            }
            Effect::FetchOrder(key) => self.fetched(&key, how, text),
            _ => {}
        }
    }

    fn changed(
        &self,
        key: &OrderKey,
        to: Option<&str>,
        how: u8,
        text: &str,
    ) -> Result<StatusChanged, RequestError> {
        let to = OrderStatus::ALL
            .into_iter()
            .find(|status| Some(status.as_str()) == to);
        let to = to.unwrap_or(OrderStatus::Shipped);
        let known = self.stage.app.orders.get(key);
        let mut order = soiled(&listed(key.number.as_str(), to, 0), text);
        order.vendor_id = Some(key.vendor.clone());
        order.version = match self.legacy {
            true => 0,
            false => known.map_or(1, |row| row.version() + 1),
        };
        match how % 5 {
            0 | 1 => Ok(StatusChanged {
                status: text.to_owned(),
                new_status: to,
                changed: how.is_multiple_of(2),
                position: None,
                // An old server answers with the status alone.
                order: (!self.legacy).then_some(order),
            }),
            2 => Err(RequestError::VersionConflict {
                order: (how.is_multiple_of(2)).then(|| Box::new(order)),
                changed_by: Some(Actor::new(ActorKind::Support, text)),
                changed_at: Some(self.stage.app.now),
            }),
            3 => Err(unreachable(text)),
            _ => refused(Some(text.to_owned())).map(|()| unreachable!("it is refused")),
        }
    }

    fn fetched(&mut self, key: &OrderKey, how: u8, text: &str) {
        let order = soiled(&listed(key.number.as_str(), OrderStatus::Paid, 0), text);
        let entry = HistoryEntry {
            at: self.stage.app.now,
            version: 1,
            actor: Actor::new(ActorKind::Support, text),
            action: text.to_owned(),
            from: Some(OrderStatus::Paid),
            to: OrderStatus::Shipped,
            reason: Some(text.to_owned()),
            request_id: None,
            forced: how.is_multiple_of(2),
        };
        let failed = || (how.is_multiple_of(3)).then(|| text.to_owned());
        self.update(Event::Detail {
            key: key.clone(),
            result: refused(failed()).map(|()| Box::new(order)),
        });
        self.update(Event::History {
            key: key.clone(),
            result: refused(failed()).map(|()| vec![entry]),
        });
    }

    /// The orders that are marked, by a range that is being drawn too.
    pub(super) fn marks(&self) -> Vec<OrderKey> {
        let known = self.known.iter();
        known
            .filter(|key| self.stage.app.is_marked(key))
            .cloned()
            .collect()
    }

    /// Which orders the next action is meant for, if it is for the marked ones.
    pub(super) fn marked(&self) -> HashSet<OrderKey> {
        self.marks().into_iter().collect()
    }
}

/// Another vendor, whose orders have the same numbers.
fn other_vendor() -> VendorId {
    VendorId::new("7").unwrap()
}

fn known() -> Vec<OrderKey> {
    let of = |vendor: VendorId| {
        let numbers = (0..=u8::MAX).map(|n| n.to_string().parse().unwrap());
        let shop = orders().into_iter().map(|order| order.order_number.clone());
        let numbers: Vec<OrderNumber> = numbers.chain(shop).collect();
        numbers.into_iter().map(move |number| OrderKey {
            vendor: vendor.clone(),
            number,
        })
    };
    of(vendor()).chain(of(other_vendor())).collect()
}

/// The order of a row that is sent.
pub(super) fn row_key(row: &BulkRow) -> OrderKey {
    OrderKey {
        vendor: VendorId::new(row.vendor_id.as_deref().unwrap()).unwrap(),
        number: row.order_number.parse().unwrap(),
    }
}

fn refused(why: Option<String>) -> Result<(), RequestError> {
    match why {
        None => Ok(()),
        Some(message) => Err(RequestError::Refused {
            status: 400,
            code: message.clone(),
            message,
        }),
    }
}

fn unreachable(text: &str) -> RequestError {
    RequestError::Unreachable {
        server: text.to_owned(),
        reason: text.to_owned(),
    }
}
