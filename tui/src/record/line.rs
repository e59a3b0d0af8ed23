//! One line of a record, and the way between it and an [`Event`].
//!
//! Keys, the connection and answers have types of their own here, so that a record
//! does not change with a library; orders stand as the server wrote them.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use jiff::Timestamp;
use ordertop::client::{ClientEvent, Connection};
use ordertop::order::{OrderKey, VendorId};
use ordertop::protocol::PackedOrder;
use ordertop::protocol::rest::{TrackingChanged, Vendor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::{Answer, Done, Sending, Waiting};
use super::change::Changed;
use super::connection::State;
use super::failure::Failure;
use super::input::{Key, Mouse};
use super::mask::Mask;
use super::start::Start;
use crate::event::Event;
use crate::theme::ThemeName;

/// A moment and what happened in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened. Every kind of [`Event`] has its own, so that a kind that is new
/// cannot be forgotten here.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// The first line: what the screen started with.
    Start(Box<Start>),
    /// The clock ticked.
    Tick,
    /// A frame of what happened before was on the screen.
    Drawn,
    /// The program said something by itself, in the footer.
    Said {
        /// The words.
        words: String,
    },
    /// Orders of the snapshot that the next [`What::Changes`] tells of.
    Orders {
        /// As the server wrote them.
        orders: Vec<Value>,
    },
    /// A key.
    Key(Key),
    /// Pasted text, masked letter by letter.
    Paste {
        /// The text.
        text: String,
    },
    /// The mouse.
    Mouse(Mouse),
    /// The terminal's size.
    Resize {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// The terminal got the focus, or lost it.
    Focus {
        /// Whether it has it.
        on: bool,
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
    /// An answer to steps of many orders.
    BulkAnswer {
        /// Which action.
        ticket: u64,
        /// Which row is the first that it is about, from 0.
        first: usize,
        /// About how many rows it is.
        count: usize,
        /// What came of them.
        answer: Answer,
    },
    /// The answer to a note.
    NoteAnswer {
        /// Which order.
        key: OrderKey,
        /// What came of it.
        answer: Answer,
    },
    /// The answer to a parcel.
    TrackingAnswer {
        /// Of which order.
        key: OrderKey,
        /// What came of it.
        answer: Answer,
    },
    /// A parcel was written down, to be sent later.
    TrackingKept {
        /// Of which order.
        key: OrderKey,
        /// Why it got no answer.
        unanswered: Option<Failure>,
        /// How it is kept, or why not.
        kept: Done,
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
    /// What waits on disk.
    Outbox {
        /// All of it, or why it could not be read.
        read: Done,
    },
    /// A step was written down, to be sent later.
    Kept {
        /// Which order.
        key: OrderKey,
        /// Which request.
        ticket: u64,
        /// Why it got no answer.
        unanswered: Option<Failure>,
        /// How it is kept, or why not.
        kept: Done,
    },
    /// A note was written down, to be sent later.
    NoteKept {
        /// About which order.
        key: OrderKey,
        /// Why it got no answer.
        unanswered: Option<Failure>,
        /// How it is kept, or why not.
        kept: Done,
    },
    /// Steps of many orders were written down, to be sent later.
    ManyKept {
        /// Which action.
        ticket: u64,
        /// Which row is the first that it is about.
        first: usize,
        /// How many were sent without an answer, and why.
        unanswered: Option<(usize, Failure)>,
        /// Those that are kept, or why none is.
        kept: Done,
    },
    /// A change that waited was sent.
    KeptSent {
        /// Which one.
        id: String,
        /// Which request.
        ticket: u64,
        /// What came of it.
        sent: Sending,
    },
    /// A change that waited was struck out.
    KeptDropped {
        /// Which one.
        id: String,
        /// Whether it was.
        done: Done,
    },
    /// A slip was printed.
    Printed {
        /// Which order.
        key: OrderKey,
        /// Whether it was.
        done: Done,
    },
    /// A view was written into the configuration.
    ViewSaved {
        /// Its name, which was typed.
        name: String,
        /// Whether it was.
        done: Done,
    },
    /// A theme's name was written into the configuration.
    ThemeKept {
        /// The theme's name.
        name: String,
        /// Whether it was.
        done: Done,
    },
    /// The alerts' command ran.
    AlertCommand {
        /// What came of it.
        done: Done,
    },
}

impl What {
    /// The line of an event, masked. A snapshot that is too long for one line gives
    /// some orders at a time to `ahead` first.
    ///
    /// # Errors
    /// When `ahead` has one.
    pub fn of(
        event: &Event,
        mask: &mut Mask,
        mut ahead: impl FnMut(Self) -> io::Result<()>,
    ) -> io::Result<Self> {
        Ok(match event {
            Event::Tick => Self::Tick,
            Event::Key(key) => Self::Key(Key::of(*key)),
            Event::Paste(text) => Self::Paste {
                text: mask.typed(text),
            },
            Event::Mouse(mouse) => Self::Mouse(Mouse::of(*mouse)),
            Event::Resize(columns, rows) => Self::Resize {
                columns: *columns,
                rows: *rows,
            },
            Event::Focus(on) => Self::Focus { on: *on },
            Event::Client(told) => return Self::told(told, mask, &mut ahead),
            Event::StatusAnswer {
                key,
                ticket,
                result,
            } => Self::StatusAnswer {
                key: key.clone(),
                ticket: *ticket,
                answer: Answer::of(result, mask),
            },
            Event::BulkAnswer {
                ticket,
                first,
                count,
                result,
            } => Self::BulkAnswer {
                ticket: *ticket,
                first: *first,
                count: *count,
                answer: Answer::of(result, mask),
            },
            Event::NoteAnswer { key, result } => Self::NoteAnswer {
                key: key.clone(),
                answer: Answer::of(result, mask),
            },
            Event::TrackingAnswer { key, result } => Self::TrackingAnswer {
                key: key.clone(),
                answer: Answer::of(result, mask),
            },
            Event::TrackingKept {
                key,
                unanswered,
                result,
            } => Self::TrackingKept {
                key: key.clone(),
                unanswered: (unanswered.as_ref()).map(|error| Failure::of(error, mask)),
                kept: Done::by_the_disk(result, mask),
            },
            Event::Detail { key, result } => Self::Detail {
                key: key.clone(),
                answer: Answer::of(result, mask),
            },
            Event::History { key, result } => Self::History {
                key: key.clone(),
                answer: Answer::of(result, mask),
            },
            Event::Outbox(read) => Self::Outbox {
                read: Done::by_the_disk(
                    &read.as_ref().map(Waiting::from).map_err(Clone::clone),
                    mask,
                ),
            },
            Event::Kept {
                key,
                ticket,
                unanswered,
                result,
            } => Self::Kept {
                key: key.clone(),
                ticket: *ticket,
                unanswered: (unanswered.as_ref()).map(|error| Failure::of(error, mask)),
                kept: Done::by_the_disk(result, mask),
            },
            Event::NoteKept {
                key,
                unanswered,
                result,
            } => Self::NoteKept {
                key: key.clone(),
                unanswered: (unanswered.as_ref()).map(|error| Failure::of(error, mask)),
                kept: Done::by_the_disk(result, mask),
            },
            Event::ManyKept {
                ticket,
                first,
                unanswered,
                result,
            } => Self::ManyKept {
                ticket: *ticket,
                first: *first,
                unanswered: (unanswered.as_ref())
                    .map(|(sent, error)| (*sent, Failure::of(error, mask))),
                kept: Done::by_the_disk(result, mask),
            },
            Event::KeptSent { id, ticket, sent } => Self::KeptSent {
                id: id.clone(),
                ticket: *ticket,
                sent: Sending::of(sent, mask),
            },
            Event::KeptDropped { id, result } => Self::KeptDropped {
                id: id.clone(),
                done: Done::by_the_disk(result, mask),
            },
            Event::Printed { key, result } => Self::Printed {
                key: key.clone(),
                done: Done::by_a_program(result, mask),
            },
            Event::ViewSaved { name, result } => Self::ViewSaved {
                name: mask.typed(name),
                done: Done::by_the_disk(result, mask),
            },
            Event::ThemeKept { name, result } => Self::ThemeKept {
                name: name.name(),
                done: Done::by_the_disk(result, mask),
            },
            Event::AlertCommand(result) => Self::AlertCommand {
                done: Done::by_a_program(result, mask),
            },
        })
    }

    fn told(
        told: &ClientEvent,
        mask: &mut Mask,
        ahead: &mut impl FnMut(Self) -> io::Result<()>,
    ) -> io::Result<Self> {
        Ok(match told {
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
            ClientEvent::Changes(changes) => {
                let mut ahead = |orders| ahead(Self::Orders { orders });
                let changes = changes.iter();
                let changes = changes.map(|change| Changed::of(change, mask, &mut ahead));
                Self::Changes {
                    changes: changes.collect::<Result<_, _>>()?,
                }
            }
            ClientEvent::HistoryChanged(vendors) => Self::HistoryChanged {
                vendors: vendors.clone(),
            },
        })
    }

    /// The event again; `None` for a line that is none. `ahead` are the orders of
    /// the lines before.
    ///
    /// # Errors
    /// When an order in it cannot be read, or a key is none.
    pub fn event(
        self,
        ahead: &mut VecDeque<Arc<PackedOrder>>,
    ) -> Result<Option<Event>, serde_json::Error> {
        let client = |told| Ok(Some(Event::Client(told)));
        Ok(Some(match self {
            Self::Start(_) | Self::Drawn | Self::Said { .. } | Self::Orders { .. } => {
                return Ok(None);
            }
            Self::Tick => Event::Tick,
            Self::Key(key) => Event::Key(key.event().ok_or_else(|| unknown("key", &key.key))?),
            Self::Paste { text } => Event::Paste(text),
            Self::Mouse(mouse) => Event::Mouse(mouse.event()),
            Self::Resize { columns, rows } => Event::Resize(columns, rows),
            Self::Focus { on } => Event::Focus(on),
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
                let changes = changes.into_iter().map(|changed| changed.change(ahead));
                return client(ClientEvent::Changes(changes.collect::<Result<_, _>>()?));
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
                result: answer.result()?,
            },
            Self::BulkAnswer {
                ticket,
                first,
                count,
                answer,
            } => Event::BulkAnswer {
                ticket,
                first,
                count,
                result: answer.result()?,
            },
            Self::NoteAnswer { key, answer } => Event::NoteAnswer {
                key,
                result: answer.result()?,
            },
            Self::TrackingAnswer { key, answer } => Event::TrackingAnswer {
                key,
                result: answer.result::<TrackingChanged>()?.map(Box::new),
            },
            Self::TrackingKept {
                key,
                unanswered,
                kept,
            } => Event::TrackingKept {
                key,
                unanswered: unanswered.map(Failure::error).transpose()?,
                result: kept.result()?,
            },
            Self::Detail { key, answer } => Event::Detail {
                key,
                result: answer.result()?,
            },
            Self::History { key, answer } => Event::History {
                key,
                result: answer.result()?,
            },
            Self::Outbox { read } => Event::Outbox(read.result::<Waiting>()?.map(Into::into)),
            Self::Kept {
                key,
                ticket,
                unanswered,
                kept,
            } => Event::Kept {
                key,
                ticket,
                unanswered: unanswered.map(Failure::error).transpose()?,
                result: kept.result()?,
            },
            Self::NoteKept {
                key,
                unanswered,
                kept,
            } => Event::NoteKept {
                key,
                unanswered: unanswered.map(Failure::error).transpose()?,
                result: kept.result()?,
            },
            Self::ManyKept {
                ticket,
                first,
                unanswered,
                kept,
            } => Event::ManyKept {
                ticket,
                first,
                unanswered: match unanswered {
                    Some((sent, failure)) => Some((sent, failure.error()?)),
                    None => None,
                },
                result: kept.result()?,
            },
            Self::KeptSent { id, ticket, sent } => Event::KeptSent {
                id,
                ticket,
                sent: sent.sent()?,
            },
            Self::KeptDropped { id, done } => Event::KeptDropped {
                id,
                result: done.result()?,
            },
            Self::Printed { key, done } => Event::Printed {
                key,
                result: done.result()?,
            },
            Self::ViewSaved { name, done } => Event::ViewSaved {
                name,
                result: done.result()?,
            },
            Self::ThemeKept { name, done } => Event::ThemeKept {
                name: ThemeName::from_str(&name, false).map_err(|_| unknown("theme", &name))?,
                result: done.result()?,
            },
            Self::AlertCommand { done } => Event::AlertCommand(done.result()?),
        }))
    }
}

fn unknown(what: &str, name: &str) -> serde_json::Error {
    serde::de::Error::custom(format!("no {what} is called {name:?}"))
}
