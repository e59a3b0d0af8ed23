//! A screen under test, told what happens as the program tells it.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use ordertop::client::{ClientEvent, Connection, ConnectionState};
use ordertop::clock::ManualClock;
use ordertop::order::{Actor, VendorId};
use ordertop::protocol::{EventKind, ListedOrder, OrderEvent, rest::Vendor};
use ordertop::replica::Change;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::drawing::text;
use super::orders::{history_of, orders, service};
use super::unusual;
use crate::app::{App, Settings};
use crate::event::{Effect, Event};
use crate::model::alerts::AlertSettings;
use crate::model::fixture::{at, packed, vendor};
use crate::model::keymap::Keymap;
use crate::model::sort::Sort;
use crate::theme::{Palette, Theme, Themes};
use crate::view;

/// A screen under test: the state and the clock that it reads.
pub(crate) struct Stage {
    pub(crate) app: App,
    pub(crate) clock: ManualClock,
}

impl Stage {
    /// Of vendor 42, at 14:02, nothing known yet.
    pub(crate) fn new(size: (u16, u16)) -> Self {
        Self::with(size, |_| {})
    }

    pub(crate) fn with(size: (u16, u16), set: impl FnOnce(&mut Settings)) -> Self {
        let clock = ManualClock::new(at(120));
        let mut settings = Settings {
            clock: Arc::new(clock.clone()),
            time_zone: TimeZone::UTC,
            vendor: Some(vendor()),
            title: None,
            hint: None,
            sort: Sort::default(),
            views: Vec::new(),
            read_only: false,
            replay: false,
            print_command: None,
            theme: Theme::new(Palette::Colours),
            themes: Themes::default(),
            keymap: Keymap::default(),
            alerts: AlertSettings::default(),
        };
        set(&mut settings);
        unusual::bind(&mut settings.keymap);
        let mut app = App::new(settings);
        app.update(Event::Resize(size.0, size.1));
        Self { app, clock }
    }

    pub(crate) fn tell(&mut self, told: ClientEvent) -> Vec<Effect> {
        self.app.update(Event::Client(told))
    }

    /// A key that a person presses, who sees first that a dialog is gone and
    /// presses nothing else for a while.
    pub(crate) fn press(&mut self, code: KeyCode) -> Vec<Effect> {
        if let Some(until) = self.app.drops_keys_until() {
            self.clock
                .advance(until.duration_since(self.app.settings.clock.now()));
        }
        let mut effects = self.hit(code);
        if let Some(until) = self.app.held_until() {
            self.clock
                .advance(until.duration_since(self.app.settings.clock.now()));
            effects.extend(self.app.update(Event::Tick));
        }
        effects
    }

    /// Keys at one moment, as a scanner sends them; a line feed is Enter.
    pub(crate) fn scan(&mut self, keys: &str) -> Vec<Effect> {
        let code = |c| match c {
            '\n' => KeyCode::Enter,
            c => KeyCode::Char(c),
        };
        keys.chars().flat_map(|c| self.hit(code(c))).collect()
    }

    fn hit(&mut self, code: KeyCode) -> Vec<Effect> {
        let key = KeyEvent::new(code, KeyModifiers::NONE);
        let key = unusual::instead_of(&self.app, key);
        self.app.update(Event::Key(key))
    }

    pub(crate) fn keys(&mut self, keys: &str) -> Vec<Effect> {
        keys.chars()
            .flat_map(|c| self.press(KeyCode::Char(c)))
            .collect()
    }

    pub(crate) fn wait(&mut self, seconds: i64) -> Vec<Effect> {
        self.clock.advance(SignedDuration::from_secs(seconds));
        self.app.update(Event::Tick)
    }

    /// Lets the cursor rest on its order, whose details the server sends then.
    pub(crate) fn rest(&mut self) {
        for effect in self.wait(1) {
            if let Effect::FetchOrder(key) = effect {
                let order = self.app.orders.get(&key).unwrap().listed();
                let result = Ok(history_of(&order));
                self.app.update(Event::Detail {
                    key: key.clone(),
                    result: Ok(Box::new((*order).clone())),
                });
                self.app.update(Event::History { key, result });
            }
        }
    }

    pub(crate) fn link(&mut self, state: ConnectionState) {
        self.link_to(state, false);
    }

    /// The connection to a server that is of the old kind or not.
    pub(crate) fn link_to(&mut self, state: ConnectionState, legacy: bool) {
        // What never came through has no age.
        let live = matches!(state, ConnectionState::Live { .. });
        let connection = Connection {
            state,
            fresh_at: (live || self.app.loaded).then(|| at(119)),
            round_trip: live.then(|| Duration::from_millis(18)),
            legacy,
        };
        self.tell(ClientEvent::Connection(connection));
    }

    pub(crate) fn live(&mut self) {
        self.link(ConnectionState::Live { degraded: false });
    }

    pub(crate) fn vendors(&mut self) {
        self.vendors_named(&[("42", "Acme")]);
    }

    pub(crate) fn vendors_named(&mut self, vendors: &[(&str, &str)]) {
        let vendor = |(id, name): &(&str, &str)| Vendor {
            id: VendorId::new(id).unwrap(),
            name: (*name).into(),
        };
        self.tell(ClientEvent::Vendors(vendors.iter().map(vendor).collect()));
    }

    pub(crate) fn snapshot(&mut self, orders: Vec<Arc<ListedOrder>>) {
        self.snapshot_of(vendor(), &orders);
    }

    pub(crate) fn snapshot_of(&mut self, vendor: VendorId, orders: &[Arc<ListedOrder>]) {
        self.tell(ClientEvent::Changes(vec![Change::Snapshot {
            vendor,
            orders: orders.iter().map(|order| packed(order)).collect(),
        }]));
    }

    /// An event of the server's about an order; it makes the order's next version.
    pub(crate) fn event(&mut self, kind: EventKind, order: &ListedOrder, by: Actor) -> Vec<Effect> {
        let change = self.change(kind, order, by);
        self.tell(ClientEvent::Changes(vec![change]))
    }

    /// New orders, told all at once.
    pub(crate) fn arrive(&mut self, orders: impl IntoIterator<Item = Arc<ListedOrder>>) {
        let new = |order: Arc<ListedOrder>| self.change(EventKind::Created, &order, service());
        let changes = orders.into_iter().map(new).collect();
        self.tell(ClientEvent::Changes(changes));
    }

    /// What the client tells of it.
    pub(crate) fn change(&self, kind: EventKind, order: &ListedOrder, by: Actor) -> Change {
        let whose = order.vendor_id.clone().unwrap_or_else(vendor);
        let known = self.app.orders.get(&order.key(&whose));
        let previous_status = known.map(|row| row.status());
        let mut order = order.clone();
        order.version = known.map_or(1, |row| row.version() + 1);
        let told = (kind != EventKind::Removed).then(|| packed(&order));
        let event = OrderEvent {
            order_number: order.order_number.clone(),
            status: Some(order.status),
            vendor_id: whose,
            timestamp: self.app.now,
            offset: 1,
            position: "1:a".parse().unwrap(),
            after: ordertop::protocol::Mark::new("b").unwrap(),
            version: order.version,
            previous_status,
            actor: by,
            order: (kind != EventKind::Removed).then(|| Arc::new(order)),
        };
        Change::Event {
            kind,
            event: Arc::new(event),
            order: told,
        }
    }

    /// A shop with some orders, live.
    pub(crate) fn shop(size: (u16, u16)) -> Self {
        let mut stage = Self::new(size);
        stage.live();
        stage.vendors();
        stage.snapshot(orders());
        stage
    }

    /// The screen's text.
    pub(crate) fn screen(&self) -> String {
        text(&self.draw())
    }

    pub(crate) fn draw(&self) -> Buffer {
        self.draw_with_cursor().0
    }

    /// The cells, and where the text cursor stands.
    pub(crate) fn draw_with_cursor(&self) -> (Buffer, Option<Position>) {
        let (columns, rows) = self.app.size;
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        let cursor = view::draw(&self.app, &mut buffer);
        (buffer, cursor)
    }
}
