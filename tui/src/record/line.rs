//! One line of a record, and the way between it and an [`Event`].
//!
//! Keys and the connection have types of their own here, so that a record does
//! not change with a library; orders stand as the server wrote them.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use jiff::Timestamp;
use ordertop::client::event::EventKind;
use ordertop::client::{Change, ClientEvent, Connection, ConnectionState, RequestError};
use ordertop::order::{OrderKey, VendorId};
use ordertop::protocol::rest::Vendor;
use ordertop::protocol::{ListedOrder, OrderEvent, PackedOrder};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::failure::Failure;
use super::mask::Mask;
use super::start::Start;
use crate::event::Event;

/// A moment and what happened in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// The first line: what the screen started with.
    Start(Box<Start>),
    /// A key.
    Key {
        /// A character, or the key's name.
        key: String,
        /// Shift 1, Ctrl 2, Alt 4.
        #[serde(default)]
        held: u8,
    },
    /// Pasted text, masked letter by letter.
    Paste {
        /// The text.
        text: String,
    },
    /// The mouse.
    Mouse {
        /// What it did.
        did: Did,
        /// From 0.
        column: u16,
        /// From 0.
        row: u16,
    },
    /// The terminal's size.
    Resize {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// The connection.
    Connection {
        /// Where it stands.
        #[serde(flatten)]
        state: State,
        /// When the data was last whole.
        fresh_at: Option<Timestamp>,
        /// In microseconds.
        round_trip_us: Option<u64>,
        /// Whether the server is of the old kind.
        #[serde(default)]
        legacy: bool,
    },
    /// The vendors.
    Vendors {
        /// All of them.
        vendors: Vec<Vendor>,
    },
    /// A snapshot is on its way.
    Loading {
        /// Orders so far.
        received: usize,
        /// Of so many, if that was known.
        #[serde(default)]
        total: Option<usize>,
    },
    /// The replica changed.
    Changes {
        /// Oldest first.
        changes: Vec<Changed>,
    },
    /// Another history.
    HistoryChanged {
        /// Whose.
        vendors: Vec<VendorId>,
    },
    /// The answer to a step.
    StatusAnswer {
        /// Which order.
        key: OrderKey,
        /// Which request.
        ticket: u64,
        /// What came of it.
        answer: Answer,
    },
    /// The whole order.
    Detail {
        /// Which order.
        key: OrderKey,
        /// What came of it.
        answer: Answer,
    },
    /// Its history.
    History {
        /// Which order.
        key: OrderKey,
        /// What came of it.
        answer: Answer,
    },
}

/// What the mouse did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each says it itself")]
pub enum Did {
    Press,
    Release,
    Drag,
    ScrollUp,
    ScrollDown,
}

/// Where the connection stands, as [`ConnectionState`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[expect(missing_docs, reason = "as in ConnectionState")]
pub enum State {
    Connecting,
    Live {
        degraded: bool,
    },
    Polling {
        every_s: u64,
        next_at: Timestamp,
        reason: String,
        paused: bool,
    },
    Offline {
        since: Timestamp,
        next_at: Timestamp,
        reason: String,
    },
    Refused {
        reason: String,
        next_at: Timestamp,
    },
}

/// A change of the replica; orders and events as the server wrote them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
#[expect(missing_docs, reason = "as in Change")]
pub enum Changed {
    Snapshot {
        vendor: VendorId,
        orders: Vec<Value>,
    },
    Created {
        body: Value,
    },
    Status {
        body: Value,
    },
    Updated {
        body: Value,
    },
    Removed {
        body: Value,
    },
    Order {
        key: OrderKey,
        order: Value,
    },
}

/// What a request brought.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The body.
    Here(Value),
    /// Why there is none.
    Failed(Failure),
}

impl What {
    /// The line of an event, masked; `None` for what a replay makes itself (the
    /// clock) or does not show.
    #[must_use]
    pub fn of(event: &Event, mask: &mut Mask) -> Option<Self> {
        Some(match event {
            Event::Key(key) => Self::key(*key)?,
            Event::Paste(text) => Self::Paste {
                text: mask.typed(text),
            },
            Event::Mouse(mouse) => Self::Mouse {
                did: did(mouse.kind)?,
                column: mouse.column,
                row: mouse.row,
            },
            Event::Resize(columns, rows) => Self::Resize {
                columns: *columns,
                rows: *rows,
            },
            Event::Client(told) => Self::told(told, mask)?,
            Event::StatusAnswer {
                key,
                ticket,
                result,
            } => Self::StatusAnswer {
                key: key.clone(),
                ticket: *ticket,
                answer: answer(result, mask),
            },
            Event::Detail { key, result } => Self::Detail {
                key: key.clone(),
                answer: answer(result, mask),
            },
            Event::History { key, result } => Self::History {
                key: key.clone(),
                answer: answer(result, mask),
            },
            #[allow(
                unreachable_patterns,
                clippy::allow_attributes,
                reason = "kinds of events yet to come"
            )]
            _ => return None,
        })
    }

    /// The line of a key; `None` for one that has no name.
    pub(super) fn key(key: KeyEvent) -> Option<Self> {
        Some(Self::Key {
            key: key_name(key.code)?,
            held: key.modifiers.bits() & 7,
        })
    }

    fn told(told: &ClientEvent, mask: &mut Mask) -> Option<Self> {
        Some(match told {
            ClientEvent::Connection(connection) => Self::Connection {
                state: (&connection.state).into(),
                fresh_at: connection.fresh_at,
                round_trip_us: (connection.round_trip)
                    .map(|trip| u64::try_from(trip.as_micros()).unwrap_or(u64::MAX)),
                legacy: connection.legacy,
            },
            ClientEvent::Vendors(vendors) => Self::Vendors {
                vendors: vendors.clone(),
            },
            ClientEvent::Loading { received, total } => Self::Loading {
                received: *received,
                total: *total,
            },
            ClientEvent::Changes(changes) => Self::Changes {
                changes: changes.iter().map(|change| changed(change, mask)).collect(),
            },
            ClientEvent::HistoryChanged(vendors) => Self::HistoryChanged {
                vendors: vendors.clone(),
            },
            #[allow(
                unreachable_patterns,
                clippy::allow_attributes,
                reason = "kinds of events yet to come"
            )]
            _ => return None,
        })
    }

    /// The event again; `None` for the first line.
    ///
    /// # Errors
    /// When an order in it cannot be read, or a key is none.
    pub fn event(self) -> Result<Option<Event>, serde_json::Error> {
        let client = |told| Ok(Some(Event::Client(told)));
        Ok(Some(match self {
            Self::Start(_) => return Ok(None),
            Self::Key { key, held } => {
                let code = key_code(&key).ok_or_else(|| unknown(&key))?;
                Event::Key(KeyEvent::new(code, KeyModifiers::from_bits_truncate(held)))
            }
            Self::Paste { text } => Event::Paste(text),
            Self::Mouse { did, column, row } => Event::Mouse(MouseEvent {
                kind: match did {
                    Did::Press => MouseEventKind::Down(MouseButton::Left),
                    Did::Release => MouseEventKind::Up(MouseButton::Left),
                    Did::Drag => MouseEventKind::Drag(MouseButton::Left),
                    Did::ScrollUp => MouseEventKind::ScrollUp,
                    Did::ScrollDown => MouseEventKind::ScrollDown,
                },
                column,
                row,
                modifiers: KeyModifiers::NONE,
            }),
            Self::Resize { columns, rows } => Event::Resize(columns, rows),
            Self::Connection {
                state,
                fresh_at,
                round_trip_us,
                legacy,
            } => {
                return client(ClientEvent::Connection(Connection {
                    state: state.into(),
                    fresh_at,
                    round_trip: round_trip_us.map(Duration::from_micros),
                    legacy,
                }));
            }
            Self::Vendors { vendors } => return client(ClientEvent::Vendors(vendors)),
            Self::Loading { received, total } => {
                return client(ClientEvent::Loading { received, total });
            }
            Self::Changes { changes } => {
                let changes: Result<_, _> = changes.into_iter().map(change).collect();
                return client(ClientEvent::Changes(changes?));
            }
            Self::HistoryChanged { vendors } => {
                return client(ClientEvent::HistoryChanged(vendors));
            }
            Self::StatusAnswer {
                key,
                ticket,
                answer,
            } => Event::StatusAnswer {
                key,
                ticket,
                result: result(answer)?,
            },
            Self::Detail { key, answer } => Event::Detail {
                key,
                result: result(answer)?,
            },
            Self::History { key, answer } => Event::History {
                key,
                result: result(answer)?,
            },
        }))
    }
}

fn unknown(key: &str) -> serde_json::Error {
    serde::de::Error::custom(format!("no key is called {key:?}"))
}

fn answer<T: Serialize>(result: &Result<T, RequestError>, mask: &mut Mask) -> Answer {
    match result {
        Ok(body) => Answer::Here(mask.body(body)),
        Err(error) => Answer::Failed(Failure::of(error, mask)),
    }
}

fn result<T: DeserializeOwned>(
    answer: Answer,
) -> Result<Result<T, RequestError>, serde_json::Error> {
    Ok(match answer {
        Answer::Here(body) => Ok(serde_json::from_value(body)?),
        Answer::Failed(failure) => Err(failure.error()?),
    })
}

fn changed(change: &Change, mask: &mut Mask) -> Changed {
    match change {
        Change::Snapshot { vendor, orders } => Changed::Snapshot {
            vendor: vendor.clone(),
            orders: (orders.iter())
                .map(|order| mask.body(&order.unpack()))
                .collect(),
        },
        Change::Order { key, order } => Changed::Order {
            key: key.clone(),
            order: mask.body(&order.unpack()),
        },
        Change::Event { kind, event, .. } => {
            let body = mask.body(event);
            match kind {
                EventKind::Created => Changed::Created { body },
                EventKind::Status => Changed::Status { body },
                EventKind::Updated => Changed::Updated { body },
                EventKind::Removed => Changed::Removed { body },
            }
        }
    }
}

fn packed(order: Value) -> Result<Arc<PackedOrder>, serde_json::Error> {
    let order: ListedOrder = serde_json::from_value(order)?;
    Ok(Arc::new(PackedOrder::new(&order)))
}

fn change(changed: Changed) -> Result<Change, serde_json::Error> {
    let event = |kind, body| {
        let event: OrderEvent = serde_json::from_value(body)?;
        let order = (event.order.as_ref()).map(|order| Arc::new(PackedOrder::new(order)));
        let event = Arc::new(event);
        Ok(Change::Event { kind, event, order })
    };
    match changed {
        Changed::Snapshot { vendor, orders } => {
            let orders: Result<Vec<_>, _> = (orders.into_iter()).map(packed).collect();
            Ok(Change::Snapshot {
                vendor,
                orders: orders?,
            })
        }
        Changed::Order { key, order } => Ok(Change::Order {
            key,
            order: packed(order)?,
        }),
        Changed::Created { body } => event(EventKind::Created, body),
        Changed::Status { body } => event(EventKind::Status, body),
        Changed::Updated { body } => event(EventKind::Updated, body),
        Changed::Removed { body } => event(EventKind::Removed, body),
    }
}

impl From<&ConnectionState> for State {
    fn from(state: &ConnectionState) -> Self {
        match state.clone() {
            ConnectionState::Connecting => Self::Connecting,
            ConnectionState::Live { degraded } => Self::Live { degraded },
            ConnectionState::Polling {
                every,
                next_at,
                reason,
                paused,
            } => Self::Polling {
                every_s: every.as_secs(),
                next_at,
                reason,
                paused,
            },
            ConnectionState::Offline {
                since,
                next_at,
                reason,
            } => Self::Offline {
                since,
                next_at,
                reason,
            },
            ConnectionState::Refused { reason, next_at } => Self::Refused { reason, next_at },
        }
    }
}

impl From<State> for ConnectionState {
    fn from(state: State) -> Self {
        match state {
            State::Connecting => Self::Connecting,
            State::Live { degraded } => Self::Live { degraded },
            State::Polling {
                every_s,
                next_at,
                reason,
                paused,
            } => Self::Polling {
                every: Duration::from_secs(every_s),
                next_at,
                reason,
                paused,
            },
            State::Offline {
                since,
                next_at,
                reason,
            } => Self::Offline {
                since,
                next_at,
                reason,
            },
            State::Refused { reason, next_at } => Self::Refused { reason, next_at },
        }
    }
}

/// Keys that are no character, by name.
const NAMED: [(&str, KeyCode); 14] = [
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("BackTab", KeyCode::BackTab),
    ("Backspace", KeyCode::Backspace),
    ("Delete", KeyCode::Delete),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PageUp", KeyCode::PageUp),
    ("PageDown", KeyCode::PageDown),
];

fn key_name(code: KeyCode) -> Option<String> {
    match code {
        KeyCode::Char(c) => Some(c.to_string()),
        KeyCode::F(n) => Some(format!("F{n}")),
        code => NAMED
            .iter()
            .find(|(_, named)| *named == code)
            .map(|(name, _)| (*name).to_owned()),
    }
}

fn key_code(name: &str) -> Option<KeyCode> {
    let mut chars = name.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return Some(KeyCode::Char(c));
    }
    if let Some(n) = name.strip_prefix('F').and_then(|n| n.parse().ok()) {
        return Some(KeyCode::F(n));
    }
    let named = NAMED.iter().find(|(known, _)| *known == name);
    named.map(|(_, code)| *code)
}

fn did(kind: MouseEventKind) -> Option<Did> {
    match kind {
        MouseEventKind::Down(MouseButton::Left) => Some(Did::Press),
        MouseEventKind::Up(MouseButton::Left) => Some(Did::Release),
        MouseEventKind::Drag(MouseButton::Left) => Some(Did::Drag),
        MouseEventKind::ScrollUp => Some(Did::ScrollUp),
        MouseEventKind::ScrollDown => Some(Did::ScrollDown),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_comes_back() {
        let codes = NAMED.iter().map(|(_, code)| *code);
        let more = [
            KeyCode::Char('s'),
            KeyCode::Char('陳'),
            KeyCode::F(1),
            KeyCode::F(12),
        ];
        for code in codes.chain(more) {
            let name = key_name(code).unwrap();
            assert_eq!(key_code(&name), Some(code), "{name}");
        }
        assert_eq!(key_code("Hyperspace"), None);
    }
}
