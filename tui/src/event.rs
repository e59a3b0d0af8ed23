//! What happens to the screen, and what the screen asks of the world.

use std::sync::Arc;

use crossterm::event::{KeyEvent, MouseEvent};
use ordertop::client::{ClientEvent, RequestError};
use ordertop::order::{HistoryEntry, OrderKey, OrderStatus};
use ordertop::protocol::ListedOrder;
use ordertop::protocol::rest::{
    BulkRow, NewNote, RowResults, StatusChange, StatusChanged, TrackingChange, TrackingChanged,
};

use crate::model::alerts::Signal;
use crate::model::outbox::{Contents, Entry, Sent};
use crate::model::views::SavedView;
use crate::theme::ThemeName;

/// One thing that happens.
#[derive(Debug, Clone)]
pub enum Event {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted: it is text, never keys.
    Paste(String),
    /// The mouse, when it is on.
    Mouse(MouseEvent),
    /// The terminal has another size: columns, rows.
    Resize(u16, u16),
    /// Time passed.
    Tick,
    /// The live client tells something.
    Client(ClientEvent),
    /// The answer to [`Effect::ChangeStatus`].
    StatusAnswer {
        /// Which order.
        key: OrderKey,
        /// Which request.
        ticket: u64,
        /// What came of it.
        result: Result<Box<StatusChanged>, RequestError>,
    },
    /// The answer to [`Effect::SaveView`].
    ViewSaved {
        /// Which view.
        name: String,
        /// Why it could not be written, if so.
        result: Result<(), String>,
    },
    /// The answer to [`Effect::KeepTheme`].
    ThemeKept {
        /// Which theme.
        name: ThemeName,
        /// Why it could not be written, if so.
        result: Result<(), String>,
    },
    /// The answer to [`Effect::AddNote`].
    NoteAnswer {
        /// Which order.
        key: OrderKey,
        /// What came of it.
        result: Result<(), RequestError>,
    },
    /// The answer to [`Effect::KeepNote`]; to [`Effect::AddNote`] instead of
    /// [`Event::NoteAnswer`] when no answer came and the note waits now.
    NoteKept {
        /// About which order.
        key: OrderKey,
        /// Why it got no answer; `None` when it was not sent.
        unanswered: Option<RequestError>,
        /// It is on disk, or why not.
        result: Result<Box<Entry>, String>,
    },
    /// The answer to [`Effect::Track`].
    TrackingAnswer {
        /// Which order.
        key: OrderKey,
        /// What came of it.
        result: Result<Box<TrackingChanged>, RequestError>,
    },
    /// The answer to [`Effect::KeepTracking`]; to [`Effect::Track`] instead of
    /// [`Event::TrackingAnswer`] when no answer came and the parcel waits now.
    TrackingKept {
        /// Of which order.
        key: OrderKey,
        /// Why it got no answer; `None` when it was not sent.
        unanswered: Option<RequestError>,
        /// It is on disk, or why not.
        result: Result<Box<Entry>, String>,
    },
    /// The answer to [`Effect::Print`].
    Printed {
        /// Which order.
        key: OrderKey,
        /// Why not, in a sentence's part.
        result: Result<(), String>,
    },
    /// An answer to [`Effect::ChangeStatuses`], about some of its rows.
    BulkAnswer {
        /// Which action.
        ticket: u64,
        /// Which row is the first that it is about, from 0.
        first: usize,
        /// About how many rows it is.
        count: usize,
        /// What came of them; after a failure no more is sent.
        result: Result<RowResults, RequestError>,
    },
    /// The answer to [`Effect::FetchOrder`]: the whole order.
    Detail {
        /// Which order.
        key: OrderKey,
        /// What came of it.
        result: Result<Box<ListedOrder>, RequestError>,
    },
    /// The answer to [`Effect::FetchOrder`]: its history.
    History {
        /// Which order.
        key: OrderKey,
        /// What came of it.
        result: Result<Vec<HistoryEntry>, RequestError>,
    },
    /// What waits on disk, at the start and whenever another program changed it.
    Outbox(Result<Contents, String>),
    /// The answer to [`Effect::Keep`]; to [`Effect::ChangeStatus`] instead of
    /// [`Event::StatusAnswer`] when no answer came and the step waits now.
    Kept {
        /// Which order.
        key: OrderKey,
        /// Which request.
        ticket: u64,
        /// Why it got no answer; `None` when it was not sent.
        unanswered: Option<RequestError>,
        /// It is on disk, or why not.
        result: Result<Box<Entry>, String>,
    },
    /// The answer to [`Effect::KeepMany`]; to [`Effect::ChangeStatuses`] in place of
    /// an [`Event::BulkAnswer`] when a request got no answer and its rows and those
    /// after them wait now.
    ManyKept {
        /// Which action.
        ticket: u64,
        /// Which row is the first that it is about, from 0; it is about all that follow.
        first: usize,
        /// How many of the rows were sent, and why they got no answer.
        unanswered: Option<(usize, RequestError)>,
        /// Those that are on disk, in the rows' order, or why none is.
        result: Result<Vec<Entry>, String>,
    },
    /// The answer to [`Effect::SendKept`].
    KeptSent {
        /// Which one.
        id: String,
        /// Which request.
        ticket: u64,
        /// What came of it.
        sent: Sent,
    },
    /// The answer to [`Effect::DropKept`].
    KeptDropped {
        /// Which one.
        id: String,
        /// Whether it is off the disk, or why not.
        result: Result<(), String>,
    },
    /// The terminal got the focus, or lost it.
    Focus(bool),
    /// What came of a run of the alerts' command; why it failed, in a sentence's part.
    AlertCommand(Result<(), String>),
}

/// What a packing slip is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct PrintSlip {
    /// Which order: it is looked up, for the buyer's note.
    pub key: OrderKey,
    /// The order as it is known, when the look-up fails.
    pub order: Arc<ListedOrder>,
    /// Whose name stands on top.
    pub shop: String,
    /// Today.
    pub date: String,
    /// Program and arguments.
    pub command: Vec<String>,
}

/// One thing that the world should do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Leave the program.
    Quit,
    /// Draw every cell again: something else wrote on the terminal.
    Redraw,
    /// Give the terminal to the shell and stop until it is continued.
    Suspend,
    /// Send a change of status; [`Event::StatusAnswer`] comes back.
    ChangeStatus {
        /// Which order.
        key: OrderKey,
        /// Names the request, so that an answer finds it.
        ticket: u64,
        /// What to send.
        change: Box<StatusChange>,
    },
    /// Send a note; [`Event::NoteAnswer`] comes back.
    AddNote {
        /// About which order.
        key: OrderKey,
        /// Names the request.
        ticket: u64,
        /// What to send.
        note: NewNote,
    },
    /// Write a note down, to be sent later; [`Event::NoteKept`] comes back.
    KeepNote {
        /// About which order.
        key: OrderKey,
        /// What to send.
        note: NewNote,
    },
    /// Send a parcel; [`Event::TrackingAnswer`] comes back.
    Track {
        /// Of which order.
        key: OrderKey,
        /// Names the request.
        ticket: u64,
        /// What to send.
        tracking: TrackingChange,
    },
    /// Write a parcel down, to be sent later; [`Event::TrackingKept`] comes back.
    KeepTracking {
        /// Of which order.
        key: OrderKey,
        /// What to send.
        tracking: TrackingChange,
    },
    /// Print a slip; [`Event::Printed`] comes back.
    Print(Box<PrintSlip>),
    /// Send changes of many orders, some hundred at once;
    /// [`Event::BulkAnswer`]s come back.
    ChangeStatuses {
        /// Names the action, so that its answers find it.
        ticket: u64,
        /// What to send.
        rows: Vec<BulkRow>,
    },
    /// Write a change of status down, to be sent later; [`Event::Kept`] comes back.
    Keep {
        /// Which order.
        key: OrderKey,
        /// Names the request, so that an answer finds it.
        ticket: u64,
        /// Where it goes.
        to: OrderStatus,
        /// What to send.
        change: Box<StatusChange>,
    },
    /// Write changes of many orders down, to be sent later; [`Event::ManyKept`]
    /// comes back.
    KeepMany {
        /// Names the action, so that its answer finds it.
        ticket: u64,
        /// What to send.
        rows: Vec<BulkRow>,
    },
    /// Send a change that waits; [`Event::KeptSent`] comes back.
    SendKept {
        /// Which one.
        entry: Box<Entry>,
        /// Names the request, so that an answer finds it.
        ticket: u64,
    },
    /// Strike out a change that waits; [`Event::KeptDropped`] comes back.
    DropKept {
        /// Which one.
        id: String,
    },
    /// Fetch an order and its history; [`Event::Detail`] and [`Event::History`]
    /// come back.
    FetchOrder(OrderKey),
    /// Turn the socket on or off.
    SetRealtime(bool),
    /// Look now.
    Refresh,
    /// Put a text into the clipboard of the terminal.
    Copy(String),
    /// Take the mouse, or give it back to the terminal.
    SetMouse(bool),
    /// Write a view into the configuration; [`Event::ViewSaved`] comes back.
    SaveView(Box<SavedView>),
    /// Write the theme's name into the configuration; [`Event::ThemeKept`] comes back.
    KeepTheme(ThemeName),
    /// Ring, notify, run the alerts' command; [`Event::AlertCommand`] comes back.
    Alert(Box<Signal>),
}
