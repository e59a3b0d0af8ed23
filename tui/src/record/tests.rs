//! What is recorded is played: into the same screens, and without what was said.

use std::io::BufReader;
use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::SignedDuration;
use ordertop::client::ClientEvent;
use ordertop::client::{Change, Connection, ConnectionState};
use ordertop::clock::{Clock, ManualClock};
use ordertop::order::OrderStatus;
use ordertop::protocol::rest::Vendor;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::mask::Mask;
use super::{Player, Recorder};
use crate::app::row::{Sort, Sorting};
use crate::app::{App, Hint, Overlay, Settings};
use crate::event::Event;
use crate::fixture::{at, packed, vendor};
use crate::keymap::{Action, Chord, Context};
use crate::snapshots::orders;
use crate::state::Kept;
use crate::view;
use crate::views::SavedView;

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
    }

    fn press(&mut self, code: KeyCode) {
        self.happens(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }

    fn keys(&mut self, keys: &str) {
        for key in keys.chars() {
            self.press(KeyCode::Char(key));
        }
    }

    fn written(&self) -> String {
        std::fs::read_to_string(&self.file).unwrap()
    }

    /// The state that a replay comes to.
    fn played(&self) -> App {
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
