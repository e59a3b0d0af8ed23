//! Anything that can happen, in any order, at any size, with texts that mean
//! harm: the screen stays whole and the cursor stays on its order.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ordertop::client::event::EventKind;
use ordertop::client::{ClientEvent, ConnectionState, RequestError};
use ordertop::order::OrderStatus;
use ordertop::protocol::rest::Vendor;
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::event::Event;
use crate::fixture::{at, listed, vendor};
use crate::snapshots::{Stage, orders, service};
use crate::view;

#[derive(Debug, Clone)]
enum Happening {
    Key(KeyCode, KeyModifiers),
    Mouse(MouseEventKind, u16, u16),
    Paste(String),
    Size(u16, u16),
    Order(u8, usize, i64, String, bool),
    Gone(u8),
    Snapshot(Vec<u8>),
    Link(u8, String),
    Named(String),
    Detail(u8, String),
    Wait(i64),
}

/// Text as it is never sent by friends.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        Just("\u{1b}[2J\u{1b}]52;c;aGk=\u{7}\u{9b}31m".to_owned()),
        Just("pay\u{202e}exe.\u{2066}x\u{2069}".to_owned()),
        Just("e\u{301}".to_owned() + &"\u{301}".repeat(500)),
        Just("\u{200b}\u{200d}\u{feff}".repeat(200)),
        Just("陳".repeat(10_000)),
        Just("🇩🇪👩\u{200d}👩\u{200d}👧या\u{0}\r\n\t".to_owned()),
    ]
}

fn code() -> impl Strategy<Value = KeyCode> {
    prop_oneof![
        8 => any::<char>().prop_map(KeyCode::Char),
        16 => (b' '..=b'~').prop_map(|byte| KeyCode::Char(char::from(byte))),
        8 => proptest::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::BackTab, KeyCode::Up, KeyCode::Down,
            KeyCode::PageUp, KeyCode::PageDown, KeyCode::Home, KeyCode::End, KeyCode::Backspace,
            KeyCode::Left, KeyCode::Right, KeyCode::Delete, KeyCode::Insert, KeyCode::F(1), KeyCode::F(5),
        ]),
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

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        10 => (code(), proptest::sample::select(vec![KeyModifiers::NONE, KeyModifiers::NONE, KeyModifiers::SHIFT, KeyModifiers::CONTROL, KeyModifiers::ALT]))
            .prop_map(|(code, held)| Happening::Key(code, held)),
        4 => (mouse(), 0_u16..140, 0_u16..40).prop_map(|(kind, x, y)| Happening::Mouse(kind, x, y)),
        1 => hostile().prop_map(Happening::Paste),
        2 => (0_u16..200, 0_u16..60).prop_map(|(c, r)| Happening::Size(c, r)),
        1 => proptest::sample::select(vec![(0, 0), (1, 1), (0, 24), (80, 0), (40, 8), (39, 7), (300, 5)])
            .prop_map(|(c, r)| Happening::Size(c, r)),
        6 => (any::<u8>(), 0_usize..8, -90_000_i64..300, hostile(), any::<bool>())
            .prop_map(|(n, s, t, b, new)| Happening::Order(n, s, t, b, new)),
        1 => any::<u8>().prop_map(Happening::Gone),
        1 => proptest::collection::vec(any::<u8>(), 0..60).prop_map(Happening::Snapshot),
        1 => (0_u8..7, hostile()).prop_map(|(which, why)| Happening::Link(which, why)),
        1 => hostile().prop_map(Happening::Named),
        1 => (any::<u8>(), hostile()).prop_map(|(n, text)| Happening::Detail(n, text)),
        2 => (0_i64..100).prop_map(Happening::Wait),
    ]
}

impl Happening {
    /// Whether somebody at the keyboard did it: such a thing may move the cursor.
    fn is_ours(&self) -> bool {
        matches!(self, Self::Key(..) | Self::Mouse(..) | Self::Paste(_))
    }

    fn happen(self, stage: &mut Stage) {
        let numbered = |n: u8| {
            listed(
                &n.to_string(),
                OrderStatus::ALL[usize::from(n) % 8],
                n.into(),
            )
        };
        match self {
            Self::Key(code, held) => {
                stage.app.update(Event::Key(KeyEvent::new(code, held)));
            }
            Self::Mouse(kind, column, row) => {
                let modifiers = KeyModifiers::NONE;
                stage.app.update(Event::Mouse(MouseEvent {
                    kind,
                    column,
                    row,
                    modifiers,
                }));
            }
            Self::Paste(text) => {
                stage.app.update(Event::Paste(text));
            }
            Self::Size(columns, rows) => {
                stage.app.update(Event::Resize(columns, rows));
            }
            Self::Order(n, status, second, text, new) => {
                let status = OrderStatus::ALL[status];
                let mut order = (*listed(&n.to_string(), status, second)).clone();
                order.customer_name = text.clone();
                order.shipping_address = text.clone();
                if let Some(item) = order.items.first_mut() {
                    item.product.name = text;
                }
                let kind = if new {
                    EventKind::Created
                } else {
                    EventKind::Status
                };
                stage.event(kind, &order, service());
            }
            Self::Gone(n) => {
                stage.event(EventKind::Removed, &numbered(n), service());
            }
            Self::Snapshot(numbers) => stage.snapshot(numbers.into_iter().map(numbered).collect()),
            Self::Link(which, reason) => stage.link(match which {
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
                    every: std::time::Duration::from_secs(30),
                    next_at: at(500),
                    reason,
                    paused: which == 4,
                },
                _ => ConnectionState::Live { degraded: false },
            }),
            Self::Named(name) => {
                stage.tell(ClientEvent::Vendors(vec![Vendor { id: vendor(), name }]));
            }
            Self::Detail(n, message) => {
                let key = numbered(n).key(&vendor());
                let key = stage.app.cursor.clone().unwrap_or(key);
                let result = if n % 2 == 0 {
                    let mut order = (*numbered(n)).clone();
                    order.buyer_note = Some(message);
                    Ok(Box::new(order))
                } else {
                    Err(RequestError::Refused {
                        status: 400,
                        code: String::new(),
                        message,
                    })
                };
                stage.app.update(Event::Detail { key, result });
            }
            Self::Wait(seconds) => {
                stage.wait(seconds);
            }
        }
    }
}

/// Draws into a buffer of the terminal's size: a cell outside of it would panic.
fn check_screen(stage: &Stage) -> Result<(), TestCaseError> {
    let (columns, rows) = stage.app.size;
    let mut frame = Buffer::empty(Rect::new(0, 0, columns, rows));
    let cursor = view::draw(&stage.app, &mut frame);
    if let Some(cursor) = cursor {
        prop_assert!(
            cursor.x < columns && cursor.y < rows,
            "{cursor} in {columns}x{rows}"
        );
    }
    for cell in &frame.content {
        let harm = |c: char| {
            c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        prop_assert!(!cell.symbol().chars().any(harm), "{:?}", cell.symbol());
        prop_assert!(cell.symbol().chars().count() <= 64, "{:?}", cell.symbol());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn whatever_happens_the_screen_is_whole_and_the_cursor_keeps_its_order(
        happenings in proptest::collection::vec(happening(), 1..50),
        all in any::<bool>(),
    ) {
        let mut stage = Stage::with((100, 30), |settings| if all { settings.vendor = None });
        stage.live();
        stage.snapshot(orders());
        check_screen(&stage)?;
        for happening in happenings {
            let told = format!("{happening:?}");
            let ours = happening.is_ours();
            let before = stage.app.cursor.clone().filter(|_| stage.app.steered);
            happening.happen(&mut stage);
            if let Some(before) = before.filter(|_| !ours)
                && stage.app.orders.index_of(&before).is_some()
            {
                prop_assert_eq!(stage.app.cursor.as_ref(), Some(&before), "after {}", told);
            }
            check_screen(&stage)?;
        }
    }
}
