//! What can happen, and texts as no friend sends them.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use jiff::SignedDuration;
use ordertop::client::{ClientEvent, ConnectionState};
use ordertop::order::{Actor, ActorKind, OrderStatus};
use ordertop::protocol::{EventKind, ListedOrder, rest::Vendor};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::world::World;
use crate::event::Event;
use crate::model::fixture::{at, listed, waiting};
use crate::model::outbox::{Contents, Entry};
use crate::snapshots::orders;

/// One thing that happens.
#[derive(Debug, Clone)]
pub(super) enum Happening {
    Key(KeyCode, KeyModifiers),
    Mouse(MouseEventKind, u16, u16),
    Paste(String),
    Size(u16, u16),
    /// Of which vendor, number, status, second of its placing, texts, whether it is new.
    Order(Whose, u8, usize, i64, String, bool),
    Gone(Whose, u8),
    Snapshot(Whose, Vec<u8>),
    Link(u8, String),
    Named(String),
    /// The oldest request is answered so.
    Answer(u8, String),
    /// What waits, how many lines are damaged, or why it cannot be read.
    Outbox(Vec<(Whose, u8)>, usize, Option<String>),
    Focus(bool),
    CommandFailed(String),
    AnotherHistory(Whose),
    Loading(usize, Option<usize>),
    /// Seconds, at whose end the clock ticks.
    Wait(i64),
    /// Milliseconds, without a tick.
    Pass(i64),
    /// The keys of something that somebody wants, one after the other.
    Keys(&'static str),
}

/// One of two vendors, who have the same numbers; where the screen is one
/// vendor's, it is that one.
pub(super) type Whose = bool;

/// Text as it is never sent by friends.
pub(crate) fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        Just("\u{1b}[2J\u{1b}]52;c;aGk=\u{7}\u{9b}31m".to_owned()),
        Just("\u{1b}\\\u{9c}\u{90}q\u{1b}Ptmux;\u{1b}\u{1b}]0;x\u{7}".to_owned()),
        Just("pay\u{202e}exe.\u{2066}x\u{2069}".to_owned()),
        Just("e\u{301}".to_owned() + &"\u{301}".repeat(500)),
        Just("\u{200b}\u{200d}\u{feff}".repeat(200)),
        Just("陳".repeat(10_000)),
        Just("🇩🇪👩\u{200d}👩\u{200d}👧या\u{0}\r\n\t".to_owned()),
        Just("</text><script>&\"'".to_owned()),
    ]
}

fn code() -> impl Strategy<Value = KeyCode> {
    prop_oneof![
        6 => any::<char>().prop_map(KeyCode::Char),
        12 => (b' '..=b'~').prop_map(|byte| KeyCode::Char(char::from(byte))),
        6 => proptest::sample::select(vec!['s', 'S', 'u', ' ', 'v', 'A', '*', 'c', 'Q']).prop_map(KeyCode::Char),
        8 => proptest::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::BackTab, KeyCode::Up, KeyCode::Down,
            KeyCode::PageUp, KeyCode::PageDown, KeyCode::Home, KeyCode::End, KeyCode::Backspace,
            KeyCode::Left, KeyCode::Right, KeyCode::Delete, KeyCode::Insert, KeyCode::F(1), KeyCode::F(5),
        ]),
        6 => Just(KeyCode::Enter),
    ]
}

fn mouse() -> impl Strategy<Value = MouseEventKind> {
    proptest::sample::select(vec![
        MouseEventKind::Down(MouseButton::Left),
        MouseEventKind::Down(MouseButton::Right),
        MouseEventKind::Up(MouseButton::Left),
        MouseEventKind::Drag(MouseButton::Left),
        MouseEventKind::Moved,
        MouseEventKind::ScrollUp,
        MouseEventKind::ScrollDown,
    ])
}

/// A key, held with another or not.
fn key() -> impl Strategy<Value = Happening> {
    let held = proptest::sample::select(vec![
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::SHIFT,
        KeyModifiers::CONTROL,
        KeyModifiers::ALT,
    ]);
    (code(), held).prop_map(|(code, held)| Happening::Key(code, held))
}

/// What somebody wants, as keys; `\n` is Enter, `\t` Tab.
const STORIES: [&str; 27] = [
    "j",
    "s\n",
    "sy",
    "s\t\tJJD1\n\n",
    "sJJD1\n",
    "syJJD1\n",
    "S\n",
    "Sj\nwhy\n",
    " ",
    "  s\n",
    "vjj",
    "vjjs\nwhy\n",
    "vG",
    "AS\n\n",
    "u\n",
    "cleave it\n",
    "tJJD1\n\n",
    "t\t\t JJD2\n\n",
    "P",
    "  P\n",
    "X\n",
    "Y",
    ":print\n",
    "/age<3m\n",
    "Wmine\n",
    "Tj\n",
    "Qx\n",
];

/// Few enough that the same order comes again, and the one under the cursor.
fn number() -> impl Strategy<Value = u8> {
    prop_oneof![3 => 0_u8..12, 1 => any::<u8>()]
}

/// What others do: the server, the network, time.
pub(super) fn theirs() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => (any::<bool>(), number(), 0_usize..8, -90_000_i64..300, hostile(), any::<bool>())
            .prop_map(|(whose, n, s, t, b, new)| Happening::Order(whose, n, s, t, b, new)),
        1 => (any::<bool>(), number()).prop_map(|(whose, n)| Happening::Gone(whose, n)),
        1 => (any::<bool>(), proptest::collection::vec(number(), 0..60))
            .prop_map(|(whose, numbers)| Happening::Snapshot(whose, numbers)),
        1 => (0_u8..8, hostile()).prop_map(|(which, why)| Happening::Link(which, why)),
        1 => hostile().prop_map(Happening::Named),
        4 => (any::<u8>(), hostile()).prop_map(|(how, text)| Happening::Answer(how, text)),
        2 => (0_i64..100).prop_map(Happening::Wait),
        2 => (0_i64..1_500).prop_map(Happening::Pass),
        1 => any::<bool>().prop_map(Happening::Focus),
        1 => any::<bool>().prop_map(Happening::AnotherHistory),
        1 => (0_usize..2_000_000, proptest::option::of(0_usize..2_000_000)).prop_map(|(received, total)| Happening::Loading(received, total)),
    ]
}

/// Anything.
pub(super) fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        12 => key(),
        4 => (mouse(), 0_u16..140, 0_u16..40).prop_map(|(kind, x, y)| Happening::Mouse(kind, x, y)),
        1 => hostile().prop_map(Happening::Paste),
        2 => (0_u16..200, 0_u16..60).prop_map(|(c, r)| Happening::Size(c, r)),
        1 => proptest::sample::select(vec![(0, 0), (1, 1), (0, 24), (80, 0), (40, 8), (39, 7), (300, 5)])
            .prop_map(|(c, r)| Happening::Size(c, r)),
        16 => theirs(),
        6 => proptest::sample::select(&STORIES[..]).prop_map(Happening::Keys),
        1 => (proptest::collection::vec((any::<bool>(), number()), 0..3), 0_usize..3, proptest::option::of(hostile()))
            .prop_map(|(waiting, damaged, failed)| Happening::Outbox(waiting, damaged, failed)),
        1 => hostile().prop_map(Happening::CommandFailed),
    ]
}

impl Happening {
    /// Whether somebody at the keyboard did it: such a thing may move the cursor.
    pub(super) fn is_ours(&self) -> bool {
        matches!(self, Self::Key(..) | Self::Mouse(..) | Self::Paste(_))
    }

    /// What happens one after the other.
    pub(super) fn parts(self) -> Vec<Self> {
        let Self::Keys(keys) = self else {
            return vec![self];
        };
        let key = |key| match key {
            '\n' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            key => KeyCode::Char(key),
        };
        let keys = keys.chars().map(key);
        keys.map(|key| Self::Key(key, KeyModifiers::NONE)).collect()
    }

    pub(super) fn happen(self, world: &mut World) {
        match self {
            Self::Key(code, held) => {
                world.look_again();
                world.update(Event::Key(KeyEvent::new(code, held)));
            }
            Self::Mouse(kind, column, row) => world.update(Event::Mouse(MouseEvent {
                kind,
                column,
                row,
                modifiers: KeyModifiers::NONE,
            })),
            Self::Paste(text) => world.update(Event::Paste(text)),
            Self::Size(columns, rows) => world.update(Event::Resize(columns, rows)),
            Self::Order(whose, n, status, second, text, new) => {
                let status = OrderStatus::ALL[status];
                let order = world.of(whose, &listed(&numbered(n), status, second));
                let kind = if new {
                    EventKind::Created
                } else {
                    EventKind::Status
                };
                let by = Actor::new(ActorKind::Support, text.clone());
                world.event(kind, soiled(&order, &text), by);
            }
            Self::Gone(whose, n) => {
                let by = Actor::new(ActorKind::Service, "shop");
                let order = world.of(whose, &nth(n));
                world.event(EventKind::Removed, order, by);
            }
            Self::Snapshot(whose, numbers) => {
                world.snapshot(whose, numbers.into_iter().map(nth).collect());
            }
            Self::Link(which, reason) => world.link(state(which, reason)),
            Self::Named(name) => {
                let named = |whose| Vendor {
                    id: world.vendor(whose),
                    name: name.clone(),
                };
                let vendors = vec![named(false), named(true)];
                world.update(Event::Client(ClientEvent::Vendors(vendors)));
            }
            Self::Answer(how, text) => world.answer(how, &text),
            Self::Outbox(numbers, damaged, failed) => {
                let entry = |(whose, n): (Whose, u8)| Entry {
                    vendor: world.vendor(whose),
                    ..waiting(&numbered(n), 1)
                };
                let contents = Contents {
                    waiting: numbers.into_iter().map(entry).collect(),
                    damaged,
                };
                world.update(Event::Outbox(match failed {
                    None => Ok(contents),
                    Some(why) => Err(why),
                }));
            }
            Self::Focus(on) => world.update(Event::Focus(on)),
            Self::CommandFailed(why) => world.update(Event::AlertCommand(Err(why))),
            Self::AnotherHistory(whose) => {
                let told = ClientEvent::HistoryChanged(vec![world.vendor(whose)]);
                world.update(Event::Client(told));
            }
            Self::Loading(received, total) => {
                world.update(Event::Client(ClientEvent::Loading { received, total }));
            }
            Self::Wait(seconds) => world.wait(seconds),
            Self::Pass(millis) => {
                let by = SignedDuration::from_millis(millis);
                world.stage.clock.advance(by);
            }
            Self::Keys(_) => {
                for part in self.parts() {
                    part.happen(world);
                }
            }
        }
    }
}

/// A number: the first ones are of the orders that are there from the beginning.
pub(super) fn numbered(n: u8) -> String {
    let known = orders().into_iter().nth(n.into());
    known.map_or_else(|| n.to_string(), |order| order.order_number.to_string())
}

fn nth(n: u8) -> Arc<ListedOrder> {
    let status = OrderStatus::ALL[usize::from(n) % 8];
    listed(&numbered(n), status, n.into())
}

/// The order with that text wherever something is said of its buyer.
pub(super) fn bought_by(order: &ListedOrder, text: &str) -> ListedOrder {
    let mut value = serde_json::to_value(order).unwrap();
    for field in [
        "customer_name",
        "customer_email",
        "customer_phone",
        "shipping_address",
        "buyer_note",
    ] {
        value[field] = text.into();
    }
    for field in ["line1", "city", "postcode"] {
        value["ship_to"][field] = text.into();
    }
    value["shipments"] = json!([{"carrier": "UPS", "tracking_number": text}]);
    let by = json!({"kind": "vendor", "id": "42"});
    value["notes"] = json!([{"at": at(0), "by": by, "visibility": "vendor", "body": text}]);
    serde_json::from_value(value).unwrap()
}

/// The order with that text wherever a server may write one.
pub(crate) fn soiled(order: &ListedOrder, text: &str) -> ListedOrder {
    let mut value = serde_json::to_value(bought_by(order, text)).unwrap();
    for field in ["group", "payment_state"] {
        value[field] = text.into();
    }
    let product = &mut value["items"][0]["product"];
    for field in ["name", "variant", "sku"] {
        product[field] = text.into();
    }
    value["shipments"] = json!([{"carrier": text, "tracking_number": text, "tracking_url": text}]);
    let by = json!({"kind": "support", "id": text});
    value["notes"][0]["by"] = by.clone();
    value["status_by"] = by;
    // A server that does not know its own numbers.
    if text.len().is_multiple_of(3) {
        value["total_amount"] = text.into();
        value["totals"] = Value::Null;
        value["items"][0]["unit_price"] = text.into();
    }
    serde_json::from_value(value).unwrap()
}

fn state(which: u8, reason: String) -> ConnectionState {
    match which {
        0 => ConnectionState::Connecting,
        1 => ConnectionState::Live { degraded: true },
        2 => ConnectionState::Refused {
            reason,
            next_at: at(0),
        },
        3 => ConnectionState::Offline {
            since: at(0),
            next_at: at(9),
            reason,
        },
        4 | 5 => ConnectionState::Polling {
            every: Duration::from_secs(30),
            next_at: at(500),
            reason,
            paused: which == 4,
        },
        _ => ConnectionState::Live { degraded: false },
    }
}
