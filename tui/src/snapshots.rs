//! Whole screens, compared with the files in `src/snapshots/`: text, and where
//! it is asked for the runs of style too. `ORDERTOP_UPDATE_SNAPSHOTS=1` writes
//! the files anew; without it a difference is a failure.

use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use ordertop::client::event::EventKind;
use ordertop::client::{Change, ClientEvent, Connection, ConnectionState, RequestError};
use ordertop::clock::ManualClock;
use ordertop::order::{Actor, ActorKind, HistoryEntry, OrderStatus};
use ordertop::protocol::rest::Vendor;
use ordertop::protocol::{ListedOrder, OrderEvent};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use crate::alerts::AlertSettings;
use crate::app::row::Sort;
use crate::app::{App, Hint, Settings};
use crate::event::{Effect, Event};
use crate::fixture::{at, order_of, packed, vendor, waiting};
use crate::keymap::Keymap;
use crate::outbox::Contents;
use crate::theme::{Depth, Glyphs, Looks, Palette, Theme, ThemeName};
use crate::view;

const WIDE: (u16, u16) = (120, 30);
const USUAL: (u16, u16) = (80, 24);
const NARROW: (u16, u16) = (60, 20);
const TOO_SMALL: (u16, u16) = (39, 7);

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
            print_command: None,
            theme: Theme::new(Palette::Colours),
            keymap: Keymap::default(),
            alerts: AlertSettings::default(),
        };
        set(&mut settings);
        let mut app = App::new(settings);
        app.update(Event::Resize(size.0, size.1));
        Self { app, clock }
    }

    pub(crate) fn tell(&mut self, told: ClientEvent) -> Vec<Effect> {
        self.app.update(Event::Client(told))
    }

    pub(crate) fn press(&mut self, code: KeyCode) -> Vec<Effect> {
        self.app
            .update(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
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

    pub(crate) fn link(&mut self, state: ConnectionState) {
        self.link_to(state, false);
    }

    /// The connection to a server that is of the old kind or not.
    pub(crate) fn link_to(&mut self, state: ConnectionState, legacy: bool) {
        let connection = Connection {
            state,
            fresh_at: Some(at(119)),
            round_trip: Some(Duration::from_millis(18)),
            legacy,
        };
        self.tell(ClientEvent::Connection(connection));
    }

    pub(crate) fn live(&mut self) {
        self.link(ConnectionState::Live { degraded: false });
    }

    pub(crate) fn vendors(&mut self) {
        let acme = Vendor {
            id: vendor(),
            name: "Acme".into(),
        };
        self.tell(ClientEvent::Vendors(vec![acme]));
    }

    pub(crate) fn snapshot(&mut self, orders: Vec<Arc<ListedOrder>>) {
        self.tell(ClientEvent::Changes(vec![Change::Snapshot {
            vendor: vendor(),
            orders: orders.iter().map(|order| packed(order)).collect(),
        }]));
    }

    /// An event of the server's about an order; it makes the order's next version.
    pub(crate) fn event(&mut self, kind: EventKind, order: &ListedOrder, by: Actor) -> Vec<Effect> {
        let known = self.app.orders.get(&order.key(&vendor()));
        let previous_status = known.map(|row| row.status());
        let mut order = order.clone();
        order.version = known.map_or(1, |row| row.version() + 1);
        let told = (kind != EventKind::Removed).then(|| packed(&order));
        let event = OrderEvent {
            order_number: order.order_number.clone(),
            status: Some(order.status),
            vendor_id: vendor(),
            timestamp: self.app.now,
            offset: 1,
            position: "1:a".parse().unwrap(),
            after: ordertop::protocol::Mark::new("b").unwrap(),
            version: order.version,
            previous_status,
            actor: by,
            order: (kind != EventKind::Removed).then(|| Arc::new(order)),
        };
        self.tell(ClientEvent::Changes(vec![Change::Event {
            kind,
            event: Arc::new(event),
            order: told,
        }]))
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
        lines(&self.draw())
    }

    pub(crate) fn draw(&self) -> Buffer {
        let (columns, rows) = self.app.size;
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        let frame = |frame: &mut ratatui::Frame<'_>| {
            if let Some(cursor) = view::draw(&self.app, frame.buffer_mut()) {
                frame.set_cursor_position(cursor);
            }
        };
        terminal.draw(frame).unwrap();
        terminal.backend().buffer().clone()
    }
}

pub(crate) fn orders() -> Vec<Arc<ListedOrder>> {
    use OrderStatus::{
        Cancelled, Completed, Delivered, Disputed, Paid, Pending, Refunded, Shipped,
    };
    vec![
        order_of(
            "10471",
            "Sofía Hernández-Villaseñor",
            Paid,
            -5_400,
            "1284.00",
            "USD",
        ),
        order_of("10474", "陳美玲", Paid, -3_600, "24800", "JPY"),
        order_of("10477", "Jürgen Müller", Paid, -900, "61.50", "EUR"),
        order_of("10480", "محمد علي", Paid, -39, "912.500", "KWD"),
        order_of("10468", "Nguyễn Thị Ánh", Disputed, -86_400, "33.00", "EUR"),
        order_of(
            "10479",
            "👩\u{200d}👩\u{200d}👧 Family & Co",
            Pending,
            -300,
            "18.20",
            "GBP",
        ),
        order_of("10466", "Ana Souza", Shipped, -7_200, "184.00", "BRL"),
        order_of("10460", "Søren Kjær", Delivered, -172_800, "449.00", "DKK"),
        order_of(
            "10401",
            "Zoë Łukasiewicz",
            Completed,
            -864_000,
            "75.90",
            "PLN",
        ),
        order_of("10455", "", Cancelled, -200_000, "12.00", "USD"),
        order_of("10431", "O'Brien", Refunded, -500_000, "58.40", "EUR"),
    ]
}

pub(crate) fn service() -> Actor {
    Actor::new(ActorKind::Service, "shop")
}

fn lines(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut line = String::new();
        let mut skip = 0;
        for x in buffer.area.left()..buffer.area.right() {
            let symbol = buffer[(x, y)].symbol();
            if skip == 0 {
                line.push_str(symbol);
                skip = crate::text::width(symbol).max(1);
            }
            skip -= 1;
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Runs of cells with one style that is not the plain one.
fn styles(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut x = buffer.area.left();
        while x < buffer.area.right() {
            let cell = &buffer[(x, y)];
            let look = (cell.fg, cell.bg, cell.modifier);
            let same = |x: &u16| {
                let cell = &buffer[(*x, y)];
                (cell.fg, cell.bg, cell.modifier) == look
            };
            let end = (x..buffer.area.right())
                .take_while(same)
                .last()
                .unwrap_or(x)
                + 1;
            let plain = cell.style() == ratatui::buffer::Cell::default().style();
            if !plain {
                out.push_str(&format!(
                    "{y}:{x}-{end} {:?} {:?} {:?}\n",
                    look.0, look.1, look.2
                ));
            }
            x = end;
        }
    }
    out
}

fn compare(name: &str, drawn: &str) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/snapshots");
    let file = folder.join(format!("{name}.txt"));
    if std::env::var_os("ORDERTOP_UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&file, drawn).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{name}: {error}; drawn:\n{drawn}"));
    assert!(
        kept == drawn,
        "{name} differs; kept:\n{kept}\ndrawn:\n{drawn}"
    );
}

pub(crate) fn same(name: &str, stage: &Stage) {
    compare(name, &lines(&stage.draw()));
}

fn hint() -> Hint {
    Hint {
        title: "Move an order from a second terminal".into(),
        text: "curl -X POST http://127.0.0.1:8080/api/orders/10474/update-status/ \\\n  -H 'X-Master-Token: demo' -H 'X-Vendor-ID: 42' \\\n  -H 'Content-Type: application/json' -d '{\"status\":\"Shipped\"}'".into(),
    }
}

#[test]
fn the_shop_at_every_size() {
    for (name, size) in [
        ("shop_120x30", WIDE),
        ("shop_80x24", USUAL),
        ("shop_60x20", NARROW),
        ("shop_40x8", (40, 8)),
        ("shop_39x7", TOO_SMALL),
        ("shop_80x50", (80, 50)),
        ("shop_45x12", (45, 12)),
        ("shop_160x45", (160, 45)),
    ] {
        let mut stage = Stage::shop(size);
        stage.wait(1);
        let new = order_of(
            "10482",
            "Li Wei 李偉",
            OrderStatus::Paid,
            121,
            "184.00",
            "USD",
        );
        stage.event(EventKind::Created, &new, service());
        let shipped = order_of(
            "10471",
            "Sofía Hernández-Villaseñor",
            OrderStatus::Shipped,
            121,
            "1284.00",
            "USD",
        );
        stage.event(
            EventKind::Status,
            &shipped,
            Actor::new(ActorKind::Support, "kim"),
        );
        stage.press(KeyCode::Down);
        stage.app.update(Event::History {
            key: stage.app.cursor.clone().unwrap(),
            result: Ok(vec![HistoryEntry {
                at: at(-3_600),
                version: 1,
                actor: service(),
                action: "placed".into(),
                from: None,
                to: OrderStatus::Paid,
                reason: None,
                request_id: None,
                forced: false,
            }]),
        });
        same(name, &stage);
        if size == WIDE {
            compare("shop_120x30_styles", &styles(&stage.draw()));
        }
    }
}

#[test]
fn states_without_orders() {
    for (size_name, size) in [("120x30", WIDE), ("80x24", USUAL), ("60x20", NARROW)] {
        let mut stage = Stage::new(size);
        same(&format!("connecting_{size_name}"), &stage);
        stage.tell(ClientEvent::Loading { received: 12_000 });
        same(&format!("loading_{size_name}"), &stage);
        stage.live();
        stage.vendors();
        stage.snapshot(vec![]);
        same(&format!("empty_{size_name}"), &stage);
        let mut stage = Stage::new(size);
        stage.link(ConnectionState::Refused {
            reason: "Invalid master token\u{1b}[2J".into(),
            next_at: at(150),
        });
        same(&format!("refused_{size_name}"), &stage);
    }
}

#[test]
fn connections_in_words() {
    let polling = |paused| ConnectionState::Polling {
        every: Duration::from_secs(30),
        next_at: at(132),
        reason: "connection refused".into(),
        paused,
    };
    let live = |degraded| ConnectionState::Live { degraded };
    let states = [
        ("degraded", live(true), false),
        ("polling", polling(false), false),
        ("paused", polling(true), false),
        ("old", live(false), true),
        ("old poll", polling(false), true),
        (
            "offline",
            ConnectionState::Offline {
                since: at(78),
                next_at: at(124),
                reason: "connection refused".into(),
            },
            false,
        ),
    ];
    let mut drawn = String::new();
    for (name, state, legacy) in states {
        for size in [(160, 24), WIDE, USUAL, NARROW, (40, 8)] {
            let mut stage = Stage::shop(size);
            stage.link_to(state.clone(), legacy);
            let screen = lines(&stage.draw());
            let header = screen.lines().next().unwrap_or_default();
            drawn.push_str(&format!("{name:9}{:4} |{header}\n", size.0));
        }
    }
    compare("connections", &drawn);
}

#[test]
fn overlays_and_filter() {
    for (size_name, size) in [
        ("120x30", WIDE),
        ("80x24", USUAL),
        ("60x20", NARROW),
        ("40x8", (40, 8)),
    ] {
        let mut stage = Stage::shop(size);
        stage.keys("s");
        same(&format!("dialog_{size_name}"), &stage);
        stage.press(KeyCode::Esc);
        stage.keys("?");
        same(&format!("help_{size_name}"), &stage);
        stage.press(KeyCode::Esc);
        stage.keys("/müller");
        same(&format!("filter_{size_name}"), &stage);
        stage.keys("zzz");
        same(&format!("no_match_{size_name}"), &stage);
    }
}

#[test]
fn what_waits_for_the_server() {
    for (size_name, size) in [
        ("120x30", WIDE),
        ("80x24", USUAL),
        ("60x20", NARROW),
        ("40x8", (40, 8)),
    ] {
        let mut stage = Stage::shop(size);
        stage.link(ConnectionState::Offline {
            since: at(78),
            next_at: at(124),
            reason: "connection refused".into(),
        });
        stage.keys("Q");
        same(&format!("outbox_empty_{size_name}"), &stage);
        stage.press(KeyCode::Esc);
        let [mut shipped, mut held, mut lost] =
            ["10471", "10480", "10401"].map(|number| waiting(number, 1));
        shipped.change.reason = Some("buyer rang\u{1b}[2J".into());
        held.at = at(-200_000);
        held.change.expected_version = None;
        lost.sent = true;
        let contents = Contents {
            waiting: vec![shipped, held, lost],
            damaged: 0,
        };
        stage.app.update(Event::Outbox(Ok(contents)));
        same(&format!("waiting_{size_name}"), &stage);
        stage.keys("Q");
        same(&format!("outbox_{size_name}"), &stage);
        stage.keys("jx");
        same(&format!("outbox_asked_{size_name}"), &stage);
    }
}

#[test]
fn the_alarm_stands_above_the_list() {
    for (name, size) in [
        ("alarm_120x30", WIDE),
        ("alarm_80x24", USUAL),
        ("alarm_60x20", NARROW),
        ("alarm_40x8", (40, 8)),
    ] {
        let mut stage = Stage::with(size, |settings| settings.alerts.alarm = true);
        stage.live();
        stage.vendors();
        stage.snapshot(orders());
        for number in ["10482", "10483", "10484"] {
            let new = order_of(number, "Li Wei", OrderStatus::Paid, 119, "184.00", "USD");
            stage.event(EventKind::Created, &new, service());
        }
        stage.keys("m");
        stage.wait(60);
        same(name, &stage);
        if size == WIDE {
            compare("alarm_120x30_styles", &styles(&stage.draw()));
        }
    }
}

#[test]
fn one_order_fills_a_usual_screen() {
    let mut stage = Stage::shop(USUAL);
    stage.press(KeyCode::Enter);
    stage.app.update(Event::History {
        key: stage.app.cursor.clone().unwrap(),
        result: Err(RequestError::Unreachable {
            server: "127.0.0.1:8080".into(),
            reason: "connection refused".into(),
        }),
    });
    same("order_80x24", &stage);
}

#[test]
fn the_hint_stands_without_a_frame() {
    for (name, size) in [("hint_120x30", WIDE), ("hint_80x24", USUAL)] {
        let mut stage = Stage::with(size, |settings| {
            settings.hint = Some(hint());
            settings.vendor = None;
        });
        stage.live();
        stage.vendors();
        stage.snapshot(orders());
        same(name, &stage);
    }
}

#[test]
fn without_colours_the_words_say_it_all() {
    let mut plain = Stage::with(WIDE, |settings| settings.theme = Theme::new(Palette::Plain));
    plain.live();
    plain.vendors();
    plain.snapshot(orders());
    let colours = Stage::shop(WIDE);
    assert_eq!(lines(&plain.draw()), lines(&colours.draw()));
    let buffer = plain.draw();
    let coloured = |cell: &ratatui::buffer::Cell| {
        cell.fg != ratatui::style::Color::Reset || cell.bg != ratatui::style::Color::Reset
    };
    assert!(!buffer.content().iter().any(coloured));
}

#[test]
fn many_orders_at_once() {
    use ordertop::protocol::rest::{Outcome, RowResult, RowResults};
    for (name, size) in [
        ("120x30", WIDE),
        ("80x24", USUAL),
        ("60x20", NARROW),
        ("40x8", (40, 8)),
    ] {
        let mut stage = Stage::shop(size);
        stage.keys(" ");
        stage.keys("vjj");
        same(&format!("marks_{name}"), &stage);
        stage.keys("As");
        same(&format!("plan_{name}"), &stage);
        stage.press(KeyCode::Enter);
        let Some(bulk) = &stage.app.acting.bulk else {
            panic!("it was sent");
        };
        let mut results = Vec::new();
        for line in bulk.lines() {
            let mut order = (*stage.app.orders.get(&line.key).unwrap().listed()).clone();
            (order.status, order.version) = (line.to, 2);
            order.status_by = Some(Actor::new(ActorKind::Vendor, "42"));
            let refused = results.len() == 1;
            results.push(RowResult {
                vendor_id: None,
                order_number: None,
                result: if refused {
                    Outcome::Refused
                } else {
                    Outcome::Changed
                },
                code: None,
                error: refused.then(|| "Order must be paid before marking as shipped".into()),
                order: (!refused).then_some(order),
            });
        }
        let rest = results.split_off(2);
        let answer = |first, results: Vec<RowResult>| Event::BulkAnswer {
            ticket: 1,
            first,
            count: results.len(),
            result: Ok(RowResults { results }),
        };
        stage.app.update(answer(0, results));
        same(&format!("sending_{name}"), &stage);
        stage.app.update(answer(2, rest));
        same(&format!("result_{name}"), &stage);
        stage.press(KeyCode::Esc);
        same(&format!("undo_{name}"), &stage);
    }
}

#[test]
fn every_theme_at_80x24() {
    let name_of = |name: &ThemeName| {
        let value = name.to_possible_value().unwrap();
        value.get_name().to_owned()
    };
    for (size_name, size) in [("80x24", USUAL), ("40x8", (40, 8))] {
        for name in ThemeName::value_variants() {
            let looks = Looks {
                name: *name,
                ..Looks::default()
            };
            let mut stage = Stage::with(size, |settings| {
                settings.theme = Theme::of(&looks, Depth::True, Glyphs::Unicode);
            });
            stage.live();
            stage.vendors();
            stage.snapshot(orders());
            let buffer = stage.draw();
            let drawn = format!("{}\n{}", lines(&buffer), styles(&buffer));
            compare(&format!("theme_{}_{size_name}", name_of(name)), &drawn);
        }
    }
}

#[test]
fn nothing_beyond_ascii_where_nothing_else_can_be_shown() {
    for size in [(160, 45), WIDE, USUAL, NARROW, (40, 8), TOO_SMALL] {
        for keys in ["", "s", "?", "/zzz"] {
            let mut stage = Stage::with(size, |settings| {
                settings.theme = Theme::of(&Looks::default(), Depth::None, Glyphs::AsciiOnly);
            });
            stage.live();
            stage.vendors();
            stage.snapshot(orders());
            stage.keys(keys);
            let buffer = stage.draw();
            let other = buffer
                .content()
                .iter()
                .find(|cell| !cell.symbol().is_ascii());
            assert!(other.is_none(), "{size:?} {keys} {other:?}");
        }
    }
}

#[test]
fn a_note_is_written() {
    for (name, size) in [
        ("120x30", WIDE),
        ("80x24", USUAL),
        ("60x20", NARROW),
        ("40x8", (40, 8)),
    ] {
        let mut stage = Stage::shop(size);
        stage.keys("c");
        same(&format!("note_{name}"), &stage);
        stage.keys("Li Wei asked for a gift box; 漢字 too, and a very long wish that goes on");
        same(&format!("note_typed_{name}"), &stage);
    }
}
