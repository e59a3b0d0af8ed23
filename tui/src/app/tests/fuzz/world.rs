//! The world around the state: it does what is asked, badly, and looks at
//! everything that would be written to the terminal.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use ordertop::client::event::EventKind;
use ordertop::client::{Change, ClientEvent, Connection, ConnectionState, RequestError};
use ordertop::order::{Actor, ActorKind, HistoryEntry, OrderKey, OrderStatus};
use ordertop::protocol::ListedOrder;
use ordertop::protocol::rest::{Outcome, RowResult, RowResults, StatusChanged};

use super::happening::soiled;
use super::harmless;
use crate::app::Settings;
use crate::event::{Effect, Event};
use crate::fixture::{at, listed, packed, vendor, waiting};
use crate::outbox::{Entry, Sent};
use crate::record::Recorder;
use crate::snapshots::{Stage, orders};

/// More requests than these are never answered.
const ASKED: usize = 32;

/// A screen, what it asked for, and its record if one is written.
pub(super) struct World {
    pub(super) stage: Stage,
    asked: VecDeque<Effect>,
    pub(super) recorder: Option<Recorder>,
    /// Every order that there may ever be.
    known: Vec<OrderKey>,
}

impl World {
    pub(super) fn new(set: impl FnOnce(&mut Settings)) -> Self {
        Self {
            stage: Stage::with((100, 30), set),
            asked: VecDeque::new(),
            recorder: None,
            known: known(),
        }
    }

    /// As the loop does it.
    pub(super) fn update(&mut self, event: Event) {
        if let Some(recorder) = &mut self.recorder {
            recorder.happens(&self.stage.app, &event).unwrap();
        }
        let effects = self.stage.app.update(event);
        self.stage.app.drawn();
        if let Some(recorder) = &mut self.recorder {
            recorder.drawn(self.stage.app.now).unwrap();
        }
        self.take(effects);
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if let Effect::Alert(signal) = &effect {
                harmless::signal(signal);
            }
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

    /// An event of the server's, which makes the order's next version.
    pub(super) fn event(&mut self, kind: EventKind, order: ListedOrder, by: Actor) {
        let change = self.stage.change(kind, &order, by);
        self.update(Event::Client(ClientEvent::Changes(vec![change])));
    }

    pub(super) fn snapshot(&mut self, orders: Vec<Arc<ListedOrder>>) {
        let change = Change::Snapshot {
            vendor: vendor(),
            orders: orders.iter().map(|order| packed(order)).collect(),
        };
        self.update(Event::Client(ClientEvent::Changes(vec![change])));
    }

    pub(super) fn link(&mut self, state: ConnectionState) {
        let connection = Connection {
            state,
            fresh_at: Some(at(119)),
            round_trip: Some(Duration::from_millis(18)),
            legacy: false,
        };
        self.update(Event::Client(ClientEvent::Connection(connection)));
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
                    change: *change,
                    ..waiting(key.number.as_str(), 1)
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
            Effect::Print(slip) => {
                let result = failed().map_or(Ok(()), Err);
                let key = slip.key;
                self.update(Event::Printed { key, result });
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
                    order: None,
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
                to,
                change,
            } => {
                let entry = Entry {
                    to,
                    change: *change,
                    ..waiting(key.number.as_str(), 1)
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
                            .changed(&entry.key(), Some(entry.to.as_str()), how / 4, text)
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
        order.version = known.map_or(1, |row| row.version() + 1);
        match how % 5 {
            0 | 1 => Ok(StatusChanged {
                status: text.to_owned(),
                new_status: to,
                changed: how.is_multiple_of(2),
                position: None,
                order: Some(order),
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

    /// The marks: which orders the next action is meant for.
    pub(super) fn marks(&self) -> Vec<OrderKey> {
        let known = self.known.iter();
        known
            .filter(|key| self.stage.app.is_marked(key))
            .cloned()
            .collect()
    }
}

fn known() -> Vec<OrderKey> {
    let numbers = (0..=u8::MAX).map(|n| OrderKey {
        vendor: vendor(),
        number: n.to_string().parse().unwrap(),
    });
    let shop = orders().into_iter().map(|order| order.key(&vendor()));
    numbers.chain(shop).collect()
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
