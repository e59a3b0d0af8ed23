//! The state of the screen. [`App::update`] takes an event and says what the
//! world should do; it does no input or output. The view only reads.
//!
//! What always holds after an update: the cursor is on an order that is shown,
//! if any is; it stays on that order, however the list moves around it, for it
//! is a key and not a row number.

pub mod acting;
mod alerting;
pub mod asked;
mod away;
pub mod bulk;
pub mod cursor;
pub mod dialog;
pub mod find;
pub mod help;
mod keys;
pub mod marks;
mod mouse;
mod news;
pub mod note;
pub mod outbox;
pub mod picker;
mod print;
pub mod question;
mod steps;
#[cfg(test)]
pub(crate) mod tests;
mod theme;
pub mod track;
pub(crate) mod typeahead;
pub mod typing;
pub mod undo;
mod views;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ordertop::client::{Connection, ConnectionState, RequestError};
use ordertop::clock::Clock;
use ordertop::order::{Actor, ActorKind, HistoryEntry, OrderKey, OrderStatus, VendorId};
use ordertop::protocol::ListedOrder;
use tui_input::Input;

use crate::alerts::Alerts;
use crate::event::{Effect, Event};
use crate::model::alerts::AlertSettings;
use crate::model::figures::Figures;
use crate::model::keymap::Keymap;
use crate::model::notices::Notices;
use crate::model::orders::Orders;
use crate::model::row::Row;
use crate::model::sort::Sort;
use crate::model::views::SavedView;
use crate::strings;
use crate::theme::{Palette, Theme, ThemeName, Themes};
use crate::view::{areas, drawn, shows_both};
use acting::Acting;
use away::Away;
use cursor::{Moved, Widest};
use dialog::Dialog;
use find::Find;
use outbox::{Outbox, Sheet};
use picker::Picker;
use steps::InFlight;
use typeahead::Typeahead;

/// How long the cursor rests on an order before its details are fetched: a key
/// that is held down asks for the last order only.
const REST: SignedDuration = SignedDuration::from_millis(120);
/// How long a word in the footer stays.
const TOAST: SignedDuration = SignedDuration::from_secs(4);
/// Over how many seconds events are counted for "events a second".
const RATE_SPAN_S: i64 = 5;

/// A text to be copied elsewhere, such as a command to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// What it is for, in some words.
    pub title: String,
    /// The text itself; may have several lines.
    pub text: String,
}

/// What a screen starts with.
#[derive(Debug)]
pub struct Settings {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// In which times are shown.
    pub time_zone: TimeZone,
    /// The vendor whose orders are watched; `None` for all.
    pub vendor: Option<VendorId>,
    /// What stands beside the program's name; else the vendor.
    pub title: Option<String>,
    /// A text to be copied.
    pub hint: Option<Hint>,
    /// How the list is sorted at first.
    pub sort: Sort,
    /// Views that were saved.
    pub views: Vec<SavedView>,
    /// Whether nothing may be changed.
    pub read_only: bool,
    /// Whether a record is played to somebody: nothing on the screen is of now.
    pub replay: bool,
    /// Program and arguments that print what they read; `None` for no printer.
    pub print_command: Option<Vec<String>>,
    /// Colours.
    pub theme: Theme,
    /// The themes that can be picked, and which one `theme` is.
    pub themes: Themes,
    /// Which key does what.
    pub keymap: Keymap,
    /// What rings when.
    pub alerts: AlertSettings,
}

impl Settings {
    /// Every vendor, the most urgent first, without colours, the usual keys, UTC.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            time_zone: TimeZone::UTC,
            vendor: None,
            title: None,
            hint: None,
            sort: Sort::default(),
            views: Vec::new(),
            read_only: false,
            replay: false,
            print_command: None,
            theme: Theme::new(Palette::Plain),
            themes: Themes::default(),
            keymap: Keymap::default(),
            alerts: AlertSettings::default(),
        }
    }
}

/// A pane that can have the keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pane {
    /// The list.
    #[default]
    Orders,
    /// One order.
    Order,
    /// The notifications.
    Notices,
}

/// What lies over the screen.
#[derive(Debug, Clone, Default)]
pub enum Overlay {
    /// Nothing.
    #[default]
    None,
    /// Help.
    Help(help::Help),
    /// The question before a step.
    Dialog(Dialog),
    /// The question before an action on many orders.
    Plan(Box<bulk::Plan>),
    /// A note that is being written.
    Note(Box<note::NoteDialog>),
    /// A parcel that is being added or corrected.
    Track(Box<track::TrackDialog>),
    /// A question that is about no one order.
    Question(question::Question),
    /// What became of [`Acting::bulk`].
    Result,
    /// What waits for the server.
    Outbox(Sheet),
    /// A list to pick from.
    Picker(Box<Picker>),
}

/// Something fetched.
#[derive(Debug, Clone, Default)]
pub enum Load<T> {
    /// Not here yet.
    #[default]
    Waiting,
    /// Here.
    Here(T),
    /// It could not be had, in a sentence.
    Failed(String),
}

/// How far a snapshot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loading {
    /// Orders received.
    pub received: usize,
    /// How many there will be, if that is known.
    pub total: Option<usize>,
}

/// What was fetched about the order under the cursor.
#[derive(Debug, Default)]
pub struct Details {
    /// Which order.
    pub key: Option<OrderKey>,
    /// At which version, of which time, it was asked for; an old server counts
    /// no versions.
    asked_at: (u64, Timestamp),
    /// When to ask.
    due: Option<Timestamp>,
    /// The whole order.
    pub order: Load<Box<ListedOrder>>,
    /// Who did what when.
    pub history: Load<Vec<HistoryEntry>>,
    /// How many lines are scrolled away.
    pub scroll: usize,
}

/// The state of the screen.
#[derive(Debug)]
pub struct App {
    /// What it started with.
    pub settings: Settings,
    /// As of the last event.
    pub now: Timestamp,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The orders.
    pub orders: Orders,
    /// Vendors by id, with their names.
    pub vendors: BTreeMap<VendorId, String>,
    /// The connection.
    pub connection: Connection,
    /// How far it is, while a snapshot is under way.
    pub loading: Option<Loading>,
    /// Whether the list was ever whole.
    pub loaded: bool,
    /// The order under the cursor.
    pub cursor: Option<OrderKey>,
    /// Where that order stands in the list, from 0.
    pub cursor_at: usize,
    /// Which place of the list is the first row on the screen.
    pub top: usize,
    /// Which pane has the keys.
    pub focus: Pane,
    /// Whether one order fills the screen.
    pub order_open: bool,
    /// What was fetched about the order under the cursor.
    pub details: Details,
    /// What happened.
    pub notices: Notices,
    /// The filter.
    pub filter: Input,
    /// Whether the filter is being typed.
    pub typing: bool,
    /// Views that were saved, and those saved since.
    pub views: Vec<SavedView>,
    /// What is known about the filter beyond its text.
    pub find: Find,
    /// What lies over the screen.
    pub overlay: Overlay,
    /// Whether the hint is on the screen.
    pub hint_shown: bool,
    /// A word in the footer, and since when.
    pub toast: Option<(String, Timestamp)>,
    /// Whether the mouse is ours.
    pub mouse: bool,
    /// What is kept about own changes.
    pub acting: Acting,
    /// Which row was clicked last, and when.
    clicked: Option<(OrderKey, Timestamp)>,
    /// What rings when, and what rang.
    pub alerts: Alerts,
    /// What the orders come to.
    pub figures: Figures,
    /// The theme on the screen: the one that is worn, or under the picker's cursor.
    theme_shown: ThemeName,
    away: Away,
    actor: Actor,
    realtime: bool,
    /// Whether a key was ever pressed: before, the cursor stays on top while snapshots come.
    steered: bool,
    moved: Option<Moved>,
    changed: Option<Moved>,
    marked_changed: Option<Moved>,
    /// The step that was last confirmed, and when.
    confirmed: Option<(OrderKey, OrderStatus, Timestamp)>,
    widest: Widest,
    in_flight: HashMap<OrderKey, InFlight>,
    outbox: Outbox,
    next_ticket: u64,
    unseen: HashSet<OrderKey>,
    ticks: VecDeque<(i64, usize)>,
    typeahead: Typeahead,
}

impl App {
    /// The screen before anything happened.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let actor = match &settings.vendor {
            Some(vendor) => Actor::new(ActorKind::Vendor, vendor.as_str()),
            None => Actor::new(ActorKind::Support, "master"),
        };
        Self {
            now: settings.clock.now(),
            size: (0, 0),
            orders: Orders::new(settings.sort),
            vendors: BTreeMap::new(),
            connection: Connection {
                state: ConnectionState::Connecting,
                fresh_at: None,
                round_trip: None,
                legacy: false,
            },
            loading: None,
            loaded: false,
            cursor: None,
            cursor_at: 0,
            top: 0,
            focus: Pane::Orders,
            order_open: false,
            details: Details::default(),
            notices: Notices::default(),
            filter: Input::default(),
            typing: false,
            find: Find::default(),
            views: settings.views.clone(),
            overlay: Overlay::None,
            hint_shown: settings.hint.is_some(),
            toast: None,
            acting: Acting::default(),
            // A text that is to be selected is the terminal's.
            mouse: settings.hint.is_none(),
            clicked: None,
            alerts: Alerts::new(settings.alerts.clone()),
            figures: Figures::default(),
            theme_shown: settings.themes.worn(),
            away: Away::default(),
            actor,
            realtime: true,
            steered: false,
            moved: None,
            changed: None,
            marked_changed: None,
            confirmed: None,
            widest: Widest::default(),
            in_flight: HashMap::new(),
            outbox: Outbox::default(),
            next_ticket: 1,
            unseen: HashSet::new(),
            ticks: VecDeque::new(),
            typeahead: Typeahead::default(),
            settings,
        }
    }

    /// Takes an event; says what the world should do.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        self.now = self.settings.clock.now();
        let mut effects = Vec::new();
        match event {
            Event::Paste(_) | Event::Mouse(_) => self.release_held_key_now(&mut effects),
            _ => self.release_held_key(&mut effects),
        }
        let before = self.under_cursor();
        // Time brings news too, where a filter looks at it; it does so by ticks
        // alone, so that a key finds the list that was on the screen.
        let tick = matches!(event, Event::Tick) && self.orders.set_now(self.now);
        let by_user = matches!(event, Event::Key(_) | Event::Paste(_) | Event::Mouse(_));
        let news = tick || !(by_user || matches!(event, Event::Tick));
        self.notices.chosen_stays = self.focus == Pane::Notices;
        match event {
            Event::Key(key) => self.key(key, &mut effects),
            Event::Paste(text) => self.paste(&text),
            Event::Mouse(mouse) => self.mouse(mouse, &mut effects),
            Event::Resize(columns, rows) => self.resize((columns, rows)),
            Event::Tick => {}
            Event::Client(told) => self.client(told),
            Event::StatusAnswer {
                key,
                ticket,
                result,
            } => self.status_answer(&key, ticket, result),
            Event::ViewSaved { name, result } => self.view_saved(&name, result),
            Event::ThemeKept { name, result } => self.theme_kept(name, result),
            Event::NoteAnswer { key, result } => self.note_answer(&key, result),
            Event::NoteKept {
                key,
                unanswered,
                result,
            } => self.note_kept(&key, unanswered, result),
            Event::TrackingAnswer { key, result } => self.tracking_answer(&key, result),
            Event::TrackingKept {
                key,
                unanswered,
                result,
            } => self.tracking_kept(&key, unanswered, result),
            Event::Printed { key, result } => self.printed(&key, result),
            Event::BulkAnswer {
                ticket,
                first,
                count,
                result,
            } => self.bulk_answer(ticket, first, count, result),
            Event::Outbox(read) => self.outbox_read(read),
            Event::Kept {
                key,
                ticket,
                unanswered,
                result,
            } => self.kept(&key, ticket, unanswered, result),
            Event::ManyKept {
                ticket,
                first,
                unanswered,
                result,
            } => self.many_kept(ticket, first, unanswered, result),
            Event::KeptSent { id, ticket, sent } => self.kept_sent(&id, ticket, sent),
            Event::KeptDropped { id, result } => self.kept_dropped(&id, result),
            Event::Detail { key, result } => {
                if self.details.key.as_ref() == Some(&key) {
                    keep(&mut self.details.order, result);
                }
            }
            Event::History { key, result } => {
                if self.details.key.as_ref() == Some(&key) {
                    keep(&mut self.details.history, result);
                }
            }
            Event::Focus(focused) => self.alerts.focused = Some(focused),
            Event::AlertCommand(result) => self.alert_command(result),
        }
        self.divert(&mut effects);
        self.send_kept(&mut effects);
        self.follow_theme();
        self.settle();
        if news {
            self.note_moved(before);
        }
        self.measure();
        self.follow_details(&mut effects);
        self.follow_alerts(&mut effects);
        if (self.toast.as_ref()).is_some_and(|(_, since)| self.now.duration_since(*since) > TOAST) {
            self.toast = None;
        }
        effects
    }

    /// When to send an [`Event::Tick`], beyond the one a second.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Timestamp> {
        let times = [self.details.due, self.held_until()];
        times.into_iter().flatten().min()
    }

    /// Whether several vendors can be in the list.
    #[must_use]
    pub fn many_vendors(&self) -> bool {
        self.settings.vendor.is_none()
    }

    /// A vendor's name, or its id where it has none.
    #[must_use]
    pub fn vendor_name<'a>(&'a self, vendor: &'a VendorId) -> &'a str {
        match self.vendors.get(vendor) {
            Some(name) if !name.is_empty() => name,
            _ => vendor.as_str(),
        }
    }

    /// How far the orders are while none is here yet, and nothing is in the way.
    #[must_use]
    pub fn first_loading(&self) -> Option<Loading> {
        let stopped = matches!(
            self.connection.state,
            ConnectionState::Refused { .. } | ConnectionState::Offline { .. }
        );
        self.loading
            .filter(|_| self.orders.total() == 0 && !stopped)
    }

    /// The row under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&Row> {
        self.orders.get(self.cursor.as_ref()?)
    }

    /// Events a second, over the last seconds.
    #[must_use]
    pub fn events_per_second(&self) -> f64 {
        let since = self.now.as_second() - RATE_SPAN_S;
        let counted = self.ticks.iter().filter(|(second, _)| *second >= since);
        let events: usize = counted.map(|(_, count)| count).sum();
        events as f64 / RATE_SPAN_S as f64
    }

    /// New orders that were not on the screen yet: above it, below it, and kept
    /// out by tab or filter.
    #[must_use]
    pub fn unseen(&self) -> Unseen {
        let mut unseen = Unseen::default();
        for key in &self.unseen {
            match self.orders.is_above(key, self.top) {
                Some(true) => unseen.above += 1,
                Some(false) => unseen.below += 1,
                None => unseen.hidden += 1,
            }
        }
        unseen
    }

    /// The same by status, of the orders in scope.
    #[must_use]
    pub fn unseen_by_status(&self) -> [(OrderStatus, usize); OrderStatus::ALL.len()] {
        let mut counts = OrderStatus::ALL.map(|status| (status, 0));
        for row in self.unseen.iter().filter_map(|key| self.orders.get(key)) {
            let ours = (self.orders.vendor()).is_none_or(|vendor| *vendor == row.key.vendor);
            let count = counts
                .iter_mut()
                .find(|(status, _)| *status == row.status());
            if let Some((_, count)) = count.filter(|_| ours) {
                *count += 1;
            }
        }
        counts
    }

    /// What had the keys keeps them where it is still on the screen.
    fn resize(&mut self, size: (u16, u16)) {
        self.size = drawn(size);
        if shows_both(self.size) {
            self.order_open = false;
        } else if self.focus == Pane::Order {
            self.order_open = true;
        }
        let notices = areas(self).is_none_or(|areas| areas.notices.is_some());
        if self.focus == Pane::Notices && !notices {
            self.focus = Pane::Orders;
        }
        self.settle_picker();
    }

    /// Says something in the footer.
    pub(crate) fn say(&mut self, words: impl Into<String>) {
        self.toast = Some((words.into(), self.now));
    }

    /// Whether the details of an order are on the screen.
    fn details_visible(&self) -> bool {
        areas(self).is_some_and(|areas| areas.order.is_some())
    }

    /// Asks for the details of the order under the cursor once it rests there,
    /// and again when it changed.
    fn follow_details(&mut self, effects: &mut Vec<Effect>) {
        if !self.details_visible() {
            self.details.due = None;
            return;
        }
        let current = self.current();
        let Some((key, asked_at)) =
            current.map(|row| (row.key.clone(), (row.version(), row.updated_at())))
        else {
            self.details = Details::default();
            return;
        };
        let details = &mut self.details;
        if details.key.as_ref() != Some(&key) {
            *details = Details {
                key: Some(key.clone()),
                asked_at,
                due: self.now.checked_add(REST).ok(),
                ..Details::default()
            };
        } else if details.asked_at != asked_at {
            details.asked_at = asked_at;
            details.due = self.now.checked_add(REST).ok();
        }
        if details.due.is_some_and(|due| self.now >= due) {
            details.due = None;
            effects.push(Effect::FetchOrder(key));
        }
    }
}

/// New orders out of sight.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unseen {
    /// Above the screen.
    pub above: usize,
    /// Below the screen.
    pub below: usize,
    /// Kept out by tab or filter.
    pub hidden: usize,
}

/// Keeps what came; a failure does not throw away what was there.
fn keep<T>(place: &mut Load<T>, result: Result<T, RequestError>) {
    match (result, &*place) {
        (Ok(here), _) => *place = Load::Here(here),
        (Err(_), Load::Here(_)) => {}
        (Err(error), _) => *place = Load::Failed(strings::sentence(&error)),
    }
}
