//! What is recorded is played: into the same screens, and without what was said.

use std::collections::VecDeque;
use std::io::BufReader;
use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use jiff::SignedDuration;
use ordertop::client::{ClientEvent, Connection, ConnectionState, RequestError};
use ordertop::clock::{Clock, ManualClock};
use ordertop::order::{HistoryEntry, OrderStatus, Shipment, VendorId};
use ordertop::protocol::rest::{
    Outcome, RowResult, RowResults, StatusChange, StatusChanged, TrackingChanged, Vendor,
};
use ordertop::protocol::{EventKind, OrderEvent};
use ordertop::replica::Change;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::change::MAX_ORDERS_A_LINE;
use super::line::{Line, What};
use super::mask::Mask;
use super::{Player, Recorder};
use crate::app::{App, Hint, Overlay, Settings};
use crate::event::Event;
use crate::model::fixture::{at, listed, noted, packed, tracked, vendor, waiting_for};
use crate::model::kept::Kept;
use crate::model::keymap::{Action, Chord, Context};
use crate::model::outbox::{Contents, Sent, Work};
use crate::model::sort::{Sort, Sorting};
use crate::model::views::SavedView;
use crate::snapshots::{orders, service};
use crate::theme::ThemeName;
use crate::view;

/// A line to try, as the demo's, with its token in it.
const HINT: &str = "curl -H 'X-Master-Token: s3cret' http://x";
/// As a replay shows it.
const HINT_FORM: &str = "xxxx -x 'x-xxxxxx-xxxxx: x0xxxx' xxxx://x";

/// A screen that is recorded.
struct Recorded {
    app: App,
    clock: ManualClock,
    recorder: Recorder,
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Recorded {
    fn new(mask: Mask, set: impl FnOnce(&mut Settings), restored: Option<Kept>) -> Self {
        let clock = ManualClock::new(at(120));
        let mut settings = Settings {
            vendor: Some(vendor()),
            ..Settings::new(Arc::new(clock.clone()))
        };
        set(&mut settings);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("record.jsonl");
        let mut recorder = Recorder::create(&file, mask).unwrap();
        recorder.start(&settings, restored.as_ref()).unwrap();
        let mut app = App::new(settings);
        if let Some(kept) = restored {
            app.restore(kept, None);
        }
        let mut recorded = Self {
            app,
            clock,
            recorder,
            file,
            _folder: folder,
        };
        recorded.open();
        recorded
    }

    /// As far as the list.
    fn open(&mut self) {
        self.happens(Event::Resize(120, 30));
        let connection = Connection {
            state: ConnectionState::Live { degraded: false },
            fresh_at: Some(at(119)),
            round_trip: None,
            legacy: false,
        };
        let acme = Vendor {
            id: vendor(),
            name: "Acme".into(),
        };
        let snapshot = Change::Snapshot {
            vendor: vendor(),
            orders: orders().iter().map(|order| packed(order)).collect(),
        };
        for told in [
            ClientEvent::Connection(connection),
            ClientEvent::Vendors(vec![acme]),
            ClientEvent::Changes(vec![snapshot]),
        ] {
            self.happens(Event::Client(told));
        }
    }

    fn happens(&mut self, event: Event) {
        self.clock.advance(SignedDuration::from_secs(1));
        self.recorder.happens(&self.app, &event).unwrap();
        self.app.update(event);
        self.app.drawn();
        self.recorder.drawn(self.app.now).unwrap();
    }

    fn press(&mut self, code: KeyCode) {
        self.happens(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }

    fn keys(&mut self, keys: &str) {
        for key in keys.chars() {
            self.press(KeyCode::Char(key));
        }
    }

    fn written(&mut self) -> String {
        self.recorder.catch_up();
        std::fs::read_to_string(&self.file).unwrap()
    }

    /// The state that a replay comes to.
    fn played(&mut self) -> App {
        self.recorder.catch_up();
        let record = BufReader::new(std::fs::File::open(&self.file).unwrap());
        let mut player = Player::new(record, |clock: Arc<dyn Clock>| Settings::new(clock)).unwrap();
        while player.next_at().is_some() {
            player.step().unwrap();
        }
        player.app
    }
}

fn screen(app: &App) -> Vec<String> {
    let (columns, rows) = app.size;
    let mut frame = Buffer::empty(Rect::new(0, 0, columns, rows));
    view::draw(app, &mut frame);
    let line = |cells: &[ratatui::buffer::Cell]| cells.iter().map(|cell| cell.symbol()).collect();
    frame
        .content
        .chunks(usize::from(columns))
        .map(line)
        .collect()
}

/// The screen with the form of the line to try.
fn shown(app: &App) -> Vec<String> {
    let lines = screen(app).into_iter();
    lines.map(|line| line.replace(HINT, HINT_FORM)).collect()
}

fn chord(written: &str) -> Chord {
    Chord::parse(written).unwrap()
}

#[test]
fn a_replay_draws_what_was_drawn() {
    let kept = Kept {
        sort: Some(Sorting {
            by: Sort::Total,
            reversed: true,
        }),
        mouse: Some(false),
        ..Kept::default()
    };
    let set = |settings: &mut Settings| {
        let keymap = &mut settings.keymap;
        keymap.rebind(Context::Screen, Action::NextStep, vec![chord("f2")]);
        keymap.rebind(Context::Screen, Action::Down, vec![chord("e")]);
        settings.views = vec![SavedView {
            name: "paid ones".into(),
            filter: "status:paid".into(),
            tab: Some(OrderStatus::Paid),
            vendor: Some(vendor()),
            ..SavedView::default()
        }];
        settings.hint = Some(Hint {
            title: "Try".into(),
            text: HINT.into(),
        });
    };
    let mut recorded = Recorded::new(Mask::open(), set, Some(kept));
    for keys in ["eee", "H", "F", "\n", "e", "?"] {
        for key in keys.chars() {
            match key {
                '\n' => recorded.press(KeyCode::Enter),
                key => recorded.keys(&key.to_string()),
            }
        }
        assert_eq!(screen(&recorded.played()), shown(&recorded.app), "{keys:?}");
    }
    recorded.press(KeyCode::Esc);
    recorded.press(KeyCode::F(2));
    assert!(matches!(recorded.app.overlay, Overlay::Dialog(_)));
    assert_eq!(screen(&recorded.played()), shown(&recorded.app));
    assert!(!recorded.written().contains("s3cret"), "no token is kept");
}

#[test]
fn what_is_typed_into_a_dialog_is_not_written_down() {
    let mut recorded = Recorded::new(Mask::default(), |_| {}, None);
    recorded.keys("c");
    recorded.keys("Ana Souza +55119");
    assert!(matches!(recorded.app.overlay, Overlay::Note(_)));
    let played = screen(&recorded.played()).join("\n");
    assert!(played.contains("xxx xxxxx +00000"), "{played}");
    let typed = |written: &str| -> String {
        let key = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            (line["event"] == "key").then(|| line["key"].as_str().unwrap().to_owned())
        };
        written.lines().filter_map(key).collect()
    };
    assert_eq!(typed(&recorded.written()), "cxxx xxxxx +00000");
    // What acts, and what filters, is what a replay is for.
    recorded.press(KeyCode::Esc);
    recorded.keys("j/status:paid");
    assert!(typed(&recorded.written()).ends_with("Escj/status:paid"));
    recorded.press(KeyCode::Enter);
    recorded.keys("Wmine");
    assert!(typed(&recorded.written()).ends_with("EnterWxxxx"));
}

#[test]
fn what_is_scanned_or_typed_ahead_is_not_written_down_and_plays_to_the_same_screen() {
    let mut recorded = Recorded::new(Mask::default(), |_| {}, None);
    let scan = |recorded: &mut Recorded, codes: &str| {
        for c in codes.chars() {
            let code = match c {
                '\n' => KeyCode::Enter,
                c => KeyCode::Char(c),
            };
            let event = Event::Key(KeyEvent::new(code, KeyModifiers::NONE));
            recorded.recorder.happens(&recorded.app, &event).unwrap();
            recorded.app.update(event);
        }
    };
    recorded.keys("s");
    scan(&mut recorded, "JJD77\n");
    let played = screen(&recorded.played()).join("\n");
    assert!(played.contains("xxx00"), "{played}");
    // On the button: a second code, then Enter, and words typed ahead.
    recorded.happens(Event::Tick);
    scan(&mut recorded, "1Z5\n");
    recorded.happens(Event::Tick);
    scan(&mut recorded, "\nfor Ana Souza");
    let written = recorded.written();
    for secret in ["J", "D", "7", "Z", "5", "A", "S", "z"] {
        let key = format!(r#""key":"{secret}""#);
        assert!(!written.contains(&key), "{secret}: {written}");
    }
    let here = format!("{:?}", recorded.app.orders.keys());
    let played = recorded.played();
    assert_eq!(format!("{:?}", played.orders.keys()), here);
    assert!(matches!(played.overlay, Overlay::None) && played.marked() == 0);
    assert_eq!(played.cursor, recorded.app.cursor);
    let shipped = Some(OrderStatus::Shipped);
    let key = played.cursor.clone().unwrap();
    assert_eq!(played.on_its_way(&key), shipped, "as here");
    assert_eq!(recorded.app.on_its_way(&key), shipped);
}

#[test]
fn a_record_of_an_older_program_is_played_as_it_was_then() {
    let line = r#"{"at":"2026-11-23T14:02:00Z","event":"start","form":1,"program":"0.1.0","vendor":"42","title":null,"sort":1,"time_zone":"UTC"}"#;
    let player = Player::new(BufReader::new(line.as_bytes()), |clock: Arc<dyn Clock>| {
        Settings::new(clock)
    })
    .unwrap();
    assert_eq!(player.app.orders.sort(), Sort::Newest);
    assert_eq!(player.app.settings.vendor, Some(vendor()));
    let newer = line.replace("\"form\":1", "\"form\":99");
    let refused = Player::new(BufReader::new(newer.as_bytes()), |clock: Arc<dyn Clock>| {
        Settings::new(clock)
    });
    let words = refused.err().unwrap().to_string();
    assert!(words.contains("newer form"), "{words}");
}

#[test]
fn a_size_that_no_terminal_has_is_not_drawn() {
    let mut recorded = Recorded::new(Mask::default(), |_| {}, None);
    recorded.happens(Event::Resize(u16::MAX, u16::MAX));
    assert_eq!(recorded.played().size, (1_000, 500));
}

#[test]
fn a_full_disk_is_told_and_nothing_more_is_written() {
    // Writing to it fails with "no space left on device".
    let full = std::path::Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    let mut recorder = Recorder::on(
        std::fs::OpenOptions::new().write(true).open(full).unwrap(),
        Mask::default(),
    );
    let settings = Settings::new(Arc::new(ManualClock::new(at(0))));
    let error = recorder.start(&settings, None).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
}

/// One event of every kind, and of every kind of answer.
fn everything() -> Vec<Event> {
    let order = orders().remove(0);
    let key = order.key(&vendor());
    let refused = || RequestError::Refused {
        status: 403,
        code: "forbidden".into(),
        message: "not yours".into(),
    };
    let conflict = RequestError::VersionConflict {
        order: Some(Box::new((*order).clone())),
        changed_by: Some(service()),
        changed_at: Some(at(3)),
    };
    let changed = StatusChanged {
        status: "Shipped".into(),
        new_status: OrderStatus::Shipped,
        changed: true,
        position: None,
        order: Some((*order).clone()),
    };
    let rows = RowResults {
        results: vec![RowResult {
            code: Some("closed".into()),
            error: Some("it is completed".into()),
            order: Some((*order).clone()),
            ..RowResult::new(Some("42".into()), Some("A-1".into()), Outcome::Refused)
        }],
    };
    let change = StatusChange {
        reason: Some(SECRET.into()),
        shipment: Some(Shipment {
            tracking_number: Some(SECRET.into()),
            ..Shipment::default()
        }),
        ..StatusChange::default()
    };
    let entry = waiting_for("A-1", 3, &change);
    let mut note = noted("A-1");
    if let Work::Note { note } = &mut note.work {
        note.text = SECRET.into();
    }
    let mut parcel = tracked("A-1");
    if let Work::Tracking { tracking } = &mut parcel.work {
        (tracking.tracking_number, tracking.replaces) = (Some(SECRET.into()), Some(SECRET.into()));
    }
    let mouse = |kind| {
        Event::Mouse(MouseEvent {
            kind,
            column: 3,
            row: 4,
            modifiers: KeyModifiers::NONE,
        })
    };
    let kept = |unanswered, result| Event::Kept {
        key: key.clone(),
        ticket: 4,
        unanswered,
        result,
    };
    let sent = |sent| Event::KeptSent {
        id: "key-A-1".into(),
        ticket: 5,
        sent,
    };
    let disk = || "no space left on device".to_owned();
    let event = OrderEvent {
        order_number: order.order_number.clone(),
        status: Some(order.status),
        vendor_id: vendor(),
        timestamp: at(5),
        offset: 1,
        position: "1:a".parse().unwrap(),
        after: ordertop::protocol::Mark::new("b").unwrap(),
        version: 2,
        previous_status: None,
        actor: service(),
        order: Some(order.clone()),
    };
    vec![
        Event::Tick,
        Event::Key(KeyEvent::from(KeyCode::Insert)),
        Event::Paste("text".into()),
        mouse(MouseEventKind::Down(MouseButton::Left)),
        mouse(MouseEventKind::ScrollDown),
        mouse(MouseEventKind::Moved),
        Event::Resize(80, 24),
        Event::Focus(false),
        Event::Client(ClientEvent::Vendors(vec![Vendor {
            id: vendor(),
            name: "Acme".into(),
        }])),
        Event::Client(ClientEvent::Loading {
            received: 3,
            total: None,
        }),
        Event::Client(ClientEvent::HistoryChanged(vec![vendor()])),
        Event::Client(ClientEvent::Changes(vec![
            Change::Order {
                key: key.clone(),
                order: packed(&order),
            },
            Change::Event {
                kind: EventKind::Status,
                event: Arc::new(event),
                order: Some(packed(&order)),
            },
        ])),
        Event::StatusAnswer {
            key: key.clone(),
            ticket: 1,
            result: Ok(Box::new(changed.clone())),
        },
        Event::StatusAnswer {
            key: key.clone(),
            ticket: 1,
            result: Err(conflict),
        },
        Event::BulkAnswer {
            ticket: 2,
            first: 1,
            count: 1,
            result: Ok(rows),
        },
        Event::BulkAnswer {
            ticket: 2,
            first: 2,
            count: 1,
            result: Err(refused()),
        },
        Event::NoteAnswer {
            key: key.clone(),
            result: Ok(()),
        },
        Event::NoteAnswer {
            key: key.clone(),
            result: Err(refused()),
        },
        Event::Detail {
            key: key.clone(),
            result: Ok(Box::new((*order).clone())),
        },
        Event::History {
            key: key.clone(),
            result: Ok(vec![HistoryEntry {
                at: at(1),
                version: 1,
                actor: service(),
                action: "status".into(),
                from: None,
                to: OrderStatus::Paid,
                reason: Some(SECRET.into()),
                request_id: None,
                forced: false,
            }]),
        },
        Event::Outbox(Ok(Contents {
            waiting: vec![entry.clone()],
            damaged: 2,
        })),
        Event::Outbox(Err(disk())),
        kept(Some(refused()), Ok(Box::new(entry.clone()))),
        kept(None, Err(disk())),
        Event::ManyKept {
            ticket: 6,
            first: 0,
            unanswered: Some((1, refused())),
            result: Ok(vec![entry.clone(), note.clone()]),
        },
        Event::ManyKept {
            ticket: 6,
            first: 0,
            unanswered: None,
            result: Err(disk()),
        },
        Event::NoteKept {
            key: key.clone(),
            unanswered: Some(refused()),
            result: Ok(Box::new(note)),
        },
        Event::TrackingAnswer {
            key: key.clone(),
            result: Ok(Box::new(TrackingChanged {
                changed: true,
                position: None,
                order: (*order).clone(),
            })),
        },
        Event::TrackingKept {
            key: key.clone(),
            unanswered: Some(refused()),
            result: Ok(Box::new(parcel)),
        },
        sent(Sent::TrackingAnswered {
            result: Err(refused()),
            unstruck: None,
        }),
        sent(Sent::NoteAnswered {
            result: Err(refused()),
            unstruck: Some(disk()),
        }),
        sent(Sent::Answered {
            result: Ok(Box::new(changed)),
            unstruck: Some(disk()),
        }),
        sent(Sent::Answered {
            result: Err(refused()),
            unstruck: None,
        }),
        sent(Sent::Busy),
        sent(Sent::Gone),
        sent(Sent::Failed(disk())),
        Event::KeptDropped {
            id: "key-A-1".into(),
            result: Err(disk()),
        },
        Event::Printed {
            key,
            result: Err(format!("lp: cannot print for {SECRET}")),
        },
        Event::ViewSaved {
            name: SECRET.into(),
            result: Ok(()),
        },
        Event::ThemeKept {
            name: ThemeName::Ember,
            result: Ok(()),
        },
        Event::AlertCommand(Err(format!("notify: who is {SECRET}?"))),
    ]
}

/// A text that somebody typed or that is about a buyer.
const SECRET: &str = "Zacharias";

fn line(event: &Event, mask: &mut Mask) -> String {
    let what = What::of(event, mask, |_| panic!("it fits into one line")).unwrap();
    serde_json::to_string(&Line { at: at(0), what }).unwrap()
}

#[test]
fn every_kind_of_event_comes_back() {
    for event in everything() {
        let written = line(&event, &mut Mask::open());
        let read: Line = serde_json::from_str(&written).unwrap();
        let again = read.what.event(&mut VecDeque::new()).unwrap().unwrap();
        assert_eq!(format!("{again:?}"), format!("{event:?}"), "{written}");
    }
}

#[test]
fn reasons_numbers_of_parcels_and_what_programs_say_are_masked_in_every_kind() {
    let mut mask = Mask::default();
    for event in everything() {
        let written = line(&event, &mut mask);
        assert!(!written.contains(SECRET), "{written}");
        for buyer in ["Ana", "Souza", "Augusta"] {
            assert!(!written.contains(buyer), "{written}");
        }
        let read: Line = serde_json::from_str(&written).unwrap();
        read.what.event(&mut VecDeque::new()).unwrap();
        // What was refused is what a record is for.
        if matches!(event, Event::BulkAnswer { result: Ok(_), .. }) {
            assert!(written.contains("it is completed"), "{written}");
        }
    }
}

#[test]
fn a_replay_ticks_when_the_clock_did_and_not_before_a_key() {
    let mut recorded = Recorded::new(Mask::open(), |_| {}, None);
    let at_first = recorded.app.orders.shown();
    recorded.keys("/age<6m");
    recorded.press(KeyCode::Enter);
    let young = recorded.app.orders.shown();
    assert!(0 < young && young < at_first, "{young}");
    // Minutes later the same orders are there, for no tick said so.
    recorded.clock.advance(SignedDuration::from_mins(30));
    recorded.keys("j");
    assert_eq!(recorded.app.orders.shown(), young);
    assert_eq!(screen(&recorded.played()), screen(&recorded.app));
    recorded.happens(Event::Tick);
    assert_eq!(recorded.app.orders.shown(), 0);
    assert_eq!(screen(&recorded.played()), screen(&recorded.app));
}

#[test]
fn what_the_program_says_by_itself_is_played() {
    let mut recorded = Recorded::new(Mask::open(), |_| {}, None);
    let now = recorded.app.now;
    recorded
        .recorder
        .says(now, "kept in ordertop.toml")
        .unwrap();
    recorded.app.say("kept in ordertop.toml");
    let shown = screen(&recorded.app);
    assert!(shown.join("\n").contains("kept in ordertop.toml"));
    assert_eq!(screen(&recorded.played()), shown);
}

#[test]
fn a_long_snapshot_stands_in_several_lines_and_is_one_again() {
    let mut recorded = Recorded::new(Mask::open(), |_| {}, None);
    let order = |n: usize| packed(&listed(&format!("L-{n}"), OrderStatus::Paid, 0));
    let snapshot = |vendor: VendorId, orders: usize| Change::Snapshot {
        vendor,
        orders: (0..orders).map(order).collect(),
    };
    let changes = vec![
        snapshot(vendor(), 3 * MAX_ORDERS_A_LINE + 1),
        snapshot(VendorId::new("7").unwrap(), 2 * MAX_ORDERS_A_LINE),
    ];
    recorded.happens(Event::Client(ClientEvent::Changes(changes)));
    assert_eq!(recorded.app.orders.total(), 5 * MAX_ORDERS_A_LINE + 1);
    let played = recorded.played();
    assert_eq!(played.orders.keys(), recorded.app.orders.keys());
    assert_eq!(screen(&played), screen(&recorded.app));

    let mut lines: Vec<_> = recorded.written().lines().map(str::to_owned).collect();
    let part = |line: &String| line.contains("\"event\":\"orders\"");
    assert_eq!(lines.iter().filter(|line| part(line)).count(), 4);
    let at = lines.iter().position(part).unwrap();
    lines.remove(at);
    let cut = lines.join("\n");
    let settings = |clock: Arc<dyn Clock>| Settings::new(clock);
    let mut player = Player::new(BufReader::new(cut.as_bytes()), settings).unwrap();
    let wrong = loop {
        if let Err(wrong) = player.step() {
            break format!("{wrong:#}");
        }
    };
    assert!(
        wrong.contains("missing") && wrong.contains("line "),
        "{wrong}"
    );
}
