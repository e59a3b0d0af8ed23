//! The form by its events, and as it looks.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ordertop::client::Credentials;
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::*;
use crate::model::keymap::Keymap;
use crate::model::start::Step;
use crate::snapshots::drawing::{Legend, text};
use crate::snapshots::{SIZES, differs, frame, sign_beyond_ascii};
use crate::theme::{Depth, Glyphs, Looks, Palette, Theme, ThemeName};
use crate::view::MIN_SIZE;

const FILE: &str = "~/.config/ordertop/ordertop.toml";

fn known() -> Known {
    Known {
        server: "http://127.0.0.1:8080".into(),
        vendor: None,
        token: None,
        file: Some(FILE.into()),
    }
}

fn form_with(known: Known, (columns, rows): (u16, u16)) -> Form {
    let mut form = Form::new(known, Keymap::default(), Theme::new(Palette::Colours));
    form.update(Event::Resize(columns, rows));
    form
}

fn form() -> Form {
    form_with(known(), (80, 24))
}

fn press(form: &mut Form, code: KeyCode) -> Vec<Effect> {
    form.update(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

fn type_in(form: &mut Form, text: &str) {
    for c in text.chars() {
        assert!(press(form, KeyCode::Char(c)).is_empty());
    }
}

fn typed(form: &Form, spot: Spot) -> &str {
    form.input(spot).unwrap().value()
}

/// The form with a token, and the one effect of Enter there.
fn tried(form: &mut Form) -> (u64, Answers) {
    match &press(form, KeyCode::Enter)[..] {
        [Effect::Try { ticket, answers }] => (*ticket, (**answers).clone()),
        other => panic!("{other:?}"),
    }
}

fn draw(form: &Form) -> (Buffer, Option<Position>) {
    let mut buffer = Buffer::empty(Rect::new(0, 0, form.size.0, form.size.1));
    let cursor = view::draw_start(form, &mut buffer);
    (buffer, cursor)
}

#[test]
fn enter_leads_to_the_token_and_then_connects() {
    let mut form = form();
    assert!(press(&mut form, KeyCode::Enter).is_empty());
    type_in(&mut form, "42");
    assert!(press(&mut form, KeyCode::Enter).is_empty());
    assert_eq!(form.focus, Spot::Token);
    assert!(press(&mut form, KeyCode::Enter).is_empty());
    assert_eq!(form.fault.as_ref().unwrap().at, Spot::Token);
    type_in(&mut form, "s3cret");
    assert_eq!(form.fault, None, "it is being mended");
    let (ticket, answers) = tried(&mut form);
    assert_eq!(answers.server, "http://127.0.0.1:8080");
    assert_eq!(answers.vendor.as_ref().unwrap().as_str(), "42");
    assert_eq!(answers.credentials.master_token, "s3cret");
    assert!(answers.token_typed && form.is_busy());
    let result = Ok(());
    let effects = form.update(Event::Tried { ticket, result });
    assert_eq!(effects, [Effect::Save(Box::new(answers.clone()))]);
    let effects = form.update(Event::Saved(Ok(())));
    let answers = Box::new(answers);
    assert_eq!(
        effects,
        [Effect::GoOn {
            answers,
            saved: true
        }]
    );
}

#[test]
fn what_is_wrong_gets_the_keys_and_what_was_typed_stays() {
    let mut form = form();
    form.focus = Spot::Token;
    type_in(&mut form, "wrong");
    for at in [Spot::Token, Spot::Server, Spot::Vendor] {
        let (ticket, _) = tried(&mut form);
        let result = Err(Fault::new(at, "not this one"));
        assert!(form.update(Event::Tried { ticket, result }).is_empty());
        assert_eq!((form.focus, form.stage), (at, Stage::Asking));
        assert_eq!(form.fault.as_ref().unwrap().at, at);
        assert_eq!(typed(&form, Spot::Token), "wrong");
    }
    assert_eq!(typed(&form, Spot::Server), "http://127.0.0.1:8080");
}

#[test]
fn a_trial_that_was_given_up_is_not_heard() {
    let mut form = form();
    form.focus = Spot::Token;
    type_in(&mut form, "a");
    let (first, _) = tried(&mut form);
    assert_eq!(press(&mut form, KeyCode::Char('b')), [Effect::StopTrying]);
    assert_eq!(typed(&form, Spot::Token), "ab");
    let (second, _) = tried(&mut form);
    let step = Step::LettingIn(Duration::from_millis(3));
    form.update(Event::Step {
        ticket: first,
        step,
    });
    assert_eq!(form.stage, Stage::Trying(Step::Reaching));
    let result = Ok(());
    assert!(
        form.update(Event::Tried {
            ticket: first,
            result
        })
        .is_empty()
    );
    assert_eq!(press(&mut form, KeyCode::Esc), [Effect::StopTrying]);
    let result = Ok(());
    assert!(
        form.update(Event::Tried {
            ticket: second,
            result
        })
        .is_empty()
    );
    assert_eq!(form.stage, Stage::Asking);
}

#[test]
fn what_cannot_be_used_is_refused_before_anything_is_asked() {
    let table = [
        (Spot::Server, ""),
        (Spot::Server, "ftp://shop"),
        (Spot::Server, "http://"),
        (Spot::Vendor, "a b"),
    ];
    for (spot, text) in table {
        let mut form = form();
        form.focus = Spot::Token;
        type_in(&mut form, "t");
        form.focus = spot;
        while !typed(&form, spot).is_empty() {
            press(&mut form, KeyCode::Backspace);
        }
        type_in(&mut form, text);
        assert!(press(&mut form, KeyCode::Enter).is_empty(), "{text}");
        assert_eq!(form.fault.as_ref().unwrap().at, spot, "{text}");
    }
}

#[test]
fn a_scheme_that_is_missing_is_filled_in() {
    let table = [
        ("localhost:8080", "http://localhost:8080"),
        ("192.168.1.7:8080/", "http://192.168.1.7:8080"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("orders.example.com", "https://orders.example.com"),
        ("HTTP://shop.example/live/", "HTTP://shop.example/live"),
    ];
    for (text, meant) in table {
        let mut known = known();
        known.server = String::new();
        let mut form = form_with(known, (80, 24));
        type_in(&mut form, text);
        form.focus = Spot::Token;
        type_in(&mut form, "t");
        assert_eq!(tried(&mut form).1.server, meant);
        assert_eq!(typed(&form, Spot::Server), meant, "it is shown");
    }
}

#[test]
fn a_token_that_is_there_is_used_unless_another_is_typed() {
    let mut known = known();
    let credentials = Credentials {
        master_token: "known".into(),
    };
    known.token = Some(KnownToken {
        credentials,
        from: TOKEN_VARIABLE.into(),
    });
    let mut form = form_with(known, (80, 24));
    let (_, answers) = tried(&mut form);
    assert_eq!(answers.credentials.master_token, "known");
    assert!(!answers.token_typed);
    press(&mut form, KeyCode::Esc);
    form.focus = Spot::Token;
    form.update(Event::Paste("typed\n".into()));
    let (_, answers) = tried(&mut form);
    assert_eq!(answers.credentials.master_token, "typed");
    assert!(answers.token_typed);
    assert!(!format!("{form:?}{answers:?}").contains("typed\""));
}

#[test]
fn what_cannot_be_kept_does_not_stand_in_the_way() {
    let mut form = form();
    form.focus = Spot::Token;
    type_in(&mut form, "t");
    let (ticket, _) = tried(&mut form);
    form.update(Event::Tried {
        ticket,
        result: Ok(()),
    });
    let why = "~/.config/ordertop/token cannot be written (permission denied)";
    assert!(form.update(Event::Saved(Err(why.into()))).is_empty());
    assert_eq!(form.focus, Spot::Connect);
    assert!(
        form.fault
            .as_ref()
            .unwrap()
            .words
            .contains("permission denied")
    );
    let (ticket, answers) = tried(&mut form);
    let effects = form.update(Event::Tried {
        ticket,
        result: Ok(()),
    });
    let answers = Box::new(answers);
    assert_eq!(
        effects,
        [Effect::GoOn {
            answers,
            saved: false
        }]
    );
}

#[test]
fn ways_out_and_the_demo() {
    let mut form = form();
    assert!(press(&mut form, KeyCode::Esc).is_empty());
    assert_eq!(form.focus, Spot::Quit, "one key throws nothing away");
    assert_eq!(press(&mut form, KeyCode::Esc), [Effect::Quit]);
    press(&mut form, KeyCode::Left);
    assert_eq!(form.focus, Spot::Demo);
    assert_eq!(press(&mut form, KeyCode::Enter), [Effect::Demo]);
    assert!(
        press(&mut form, KeyCode::Enter).is_empty(),
        "it is on its way"
    );
    let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(form.update(Event::Key(ctrl_c)), [Effect::Quit]);
    form.update(Event::Resize(39, 7));
    assert_eq!(form.update(Event::Key(ctrl_c)), [Effect::Quit]);
}

#[test]
fn every_field_and_button_can_be_pressed() {
    for size in [(120, 30), (80, 24), (60, 20), (40, 8)] {
        let form = form_with(known(), size);
        let (buffer, _) = draw(&form);
        let text = text(&buffer).replace('\n', "  \n");
        let all = Spot::FIELDS.into_iter().chain(Spot::BUTTONS);
        for spot in all {
            let label = crate::strings::start::label(spot);
            let label = match Spot::FIELDS.contains(&spot) {
                true => format!("{label}  "),
                false => format!("{label} ]"),
            };
            let label = if size.0 == 40 {
                label.replace(" ]", "]")
            } else {
                label
            };
            let mut found = text.lines().enumerate().filter_map(|(y, line)| {
                Some((line.find(&label).map(|at| line[..at].chars().count())?, y))
            });
            let (x, y) = found.next().unwrap_or_else(|| panic!("{label}\n{text}"));
            let mut form = form.clone();
            let effects = form.update(Event::Mouse(MouseEvent {
                kind: MouseEventKind::Down(MouseButton::Left),
                column: u16::try_from(x).unwrap(),
                row: u16::try_from(y).unwrap(),
                modifiers: KeyModifiers::NONE,
            }));
            match spot {
                Spot::Demo => assert_eq!(effects, [Effect::Demo], "{size:?}"),
                Spot::Quit => assert_eq!(effects, [Effect::Quit], "{size:?}"),
                // Without a token it goes where one is missing.
                Spot::Connect => assert_eq!(form.focus, Spot::Token, "{size:?}"),
                field => assert_eq!(form.focus, field, "{size:?}"),
            }
        }
    }
}

/// The states of the form, in the order in which one may meet them.
fn states(size: (u16, u16)) -> Vec<(&'static str, Form)> {
    let mut form = form_with(known(), MIN_SIZE);
    let mut all = Vec::new();
    // A screen too small takes no keys: it was larger before.
    let mut keep = |name, form: &Form| {
        let mut form = form.clone();
        form.update(Event::Resize(size.0, size.1));
        all.push((name, form));
    };
    keep("empty", &form);
    form.focus = Spot::Vendor;
    type_in(&mut form, "acme");
    form.focus = Spot::Token;
    type_in(&mut form, "token-of-the-test");
    let (ticket, _) = tried(&mut form);
    form.update(Event::Tick);
    keep("reaching", &form);
    let step = Step::LettingIn(Duration::from_millis(3));
    form.update(Event::Step { ticket, step });
    keep("letting_in", &form);
    let words = words::unreachable("127.0.0.1:8080", "connection refused", false);
    let result = Err(Fault::new(Spot::Server, &words));
    form.update(Event::Tried { ticket, result });
    keep("refused", &form);
    let (ticket, _) = tried(&mut form);
    let result = Err(Fault::new(Spot::Token, words::WRONG_TOKEN));
    form.update(Event::Tried { ticket, result });
    keep("wrong_token", &form);
    let (ticket, _) = tried(&mut form);
    let result = Ok(());
    form.update(Event::Tried { ticket, result });
    keep("saving", &form);
    let why = "~/.config/ordertop/token cannot be written (permission denied)";
    form.update(Event::Saved(Err(why.into())));
    keep("not_saved", &form);
    press(&mut form, KeyCode::Right);
    keep("on_the_demo", &form);
    press(&mut form, KeyCode::Enter);
    keep("demo", &form);
    all
}

#[test]
fn every_sign_is_ascii_in_the_ascii_theme() {
    let looks = Looks {
        name: ThemeName::Ascii,
        ..Looks::default()
    };
    for size in SIZES {
        for (name, mut form) in states(size) {
            form.theme = Theme::of(&looks, Depth::Sixteen, Glyphs::Unicode);
            let (buffer, _) = draw(&form);
            let other = sign_beyond_ascii(&buffer);
            assert!(other.is_none(), "{name} {size:?} {other:?}");
        }
    }
}

#[test]
fn every_state_at_every_size() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/snapshots/start");
    let mut wrong = Vec::new();
    for (at, (name, _)) in states(MIN_SIZE).into_iter().enumerate() {
        let (mut drawn, mut legend) = (String::new(), Legend::default());
        for size in SIZES {
            let (_, form) = &states(size)[at];
            drawn.push_str(&frame(draw(form), form.theme, &mut legend));
        }
        drawn.push_str(&format!("[legend]\n{}", legend.lines()));
        wrong.extend(differs(&folder.join(format!("{name}.txt")), &drawn));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// No panic, no cell outside the screen, no control byte, and the cursor is
    /// on the screen.
    #[test]
    fn anything_may_happen(
        happenings in proptest::collection::vec((0_u8..8, any::<char>(), ".{0,30}", 0_u16..130, 0_u16..40), 1..40)
    ) {
        let mut form = form();
        let keys = [
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::BackTab, KeyCode::Backspace,
            KeyCode::Left, KeyCode::Right, KeyCode::Home,
        ];
        let mut ticket = 0;
        for (kind, c, text, x, y) in happenings {
            let effects = match kind {
                0 | 1 => press(&mut form, KeyCode::Char(c)),
                2 | 3 => press(&mut form, keys[usize::from(x) % keys.len()]),
                4 => form.update(Event::Paste(text)),
                5 => form.update(Event::Resize(x, y)),
                6 => form.update(Event::Mouse(MouseEvent {
                    kind: MouseEventKind::Down(MouseButton::Left),
                    column: x,
                    row: y,
                    modifiers: KeyModifiers::NONE,
                })),
                _ => {
                    let at = Spot::FIELDS[usize::from(x) % 3];
                    form.update(Event::Tried { ticket, result: Err(Fault::new(at, &text)) })
                }
            };
            if let Some(Effect::Try { ticket: latest, .. }) = effects.last() {
                ticket = *latest;
            }
            let (buffer, cursor) = draw(&form);
            for cell in buffer.content() {
                prop_assert!(!cell.symbol().chars().any(char::is_control), "{:?}", cell.symbol());
            }
            if let Some(at) = cursor {
                prop_assert!(buffer.area.contains(at), "{at:?} {:?}", form.size);
            }
        }
    }
}

#[test]
fn of_a_terminal_without_end_a_part_is_drawn() {
    let mut form = form();
    form.update(Event::Resize(u16::MAX, u16::MAX));
    assert!(
        form.size.0 <= 1_000 && form.size.1 <= 500,
        "{:?}",
        form.size
    );
}
