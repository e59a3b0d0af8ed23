//! Every key can be another one. So no sentence may name the one that is usual:
//! each state is drawn, and each word in the footer said, under keys that nobody
//! has, and none of the usual ones is named.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent};
use ordertop::client::{ConnectionState, RequestError};

use super::{Stage, State, states};
use crate::app::{App, Overlay};
use crate::event::{Effect, Event};
use crate::model::fixture::at;
use crate::model::keymap::{Action, Chord, Keymap};
use crate::strings;

thread_local! {
    static UNUSUAL: Cell<bool> = const { Cell::new(false) };
}

/// Stages that are made until it is dropped have unusual keys, and are steered
/// by them in place of the usual ones.
struct Unusual;

impl Unusual {
    fn begin() -> Self {
        UNUSUAL.set(true);
        Self
    }
}

impl Drop for Unusual {
    fn drop(&mut self) {
        UNUSUAL.set(false);
    }
}

/// Gives every action other keys, as many as it has: letters of a script that no
/// order of the tests is written in.
pub(super) fn bind(keymap: &mut Keymap) {
    if !UNUSUAL.get() {
        return;
    }
    let mut letters = ('\u{1200}'..).filter(|c| c.is_alphabetic());
    let bindings = keymap.bindings().to_vec();
    for binding in bindings {
        let keys = (binding.keys.iter()).filter_map(|_| letters.next());
        let keys = keys
            .map(|c| Chord::parse(&c.to_string()).unwrap())
            .collect();
        keymap.rebind(binding.context, binding.action, keys);
    }
}

/// The key that means what a usual one does; what is typed stays as it is.
pub(super) fn instead_of(app: &App, usual: KeyEvent) -> KeyEvent {
    if !UNUSUAL.get() {
        return usual;
    }
    let (keymap, context) = (Keymap::default(), app.context());
    let Some(action) = keymap.action(context, usual) else {
        return usual;
    };
    let which = keymap.which(context, action, usual).unwrap();
    let there = app.settings.keymap.keys(context, action);
    there
        .get(which)
        .map_or(usual, |key| KeyEvent::new(key.code, key.modifiers))
}

/// The first word that is a usual key's name, with the line that it stands in.
fn named(text: &str) -> Option<String> {
    let usual: Vec<String> = (Keymap::default().bindings().iter())
        .flat_map(|binding| binding.keys.iter().map(Chord::to_string))
        .collect();
    let in_part = |part: &str| {
        let words: Vec<&str> = part.split_whitespace().collect();
        let mut at = 0..words.len();
        at.find_map(|at| {
            let bare = words[at].trim_matches(['(', ')', ',', ';', ':', '.']);
            let bare = if bare.is_empty() { words[at] } else { bare };
            let before = at.checked_sub(1).map_or("", |at| words[at]);
            let after = words.get(at + 1).copied().unwrap_or_default();
            let other = match bare {
                // What is counted: `40 s`, and `4 Paid` after its key.
                "s" if before.ends_with(|c: char| c.is_ascii_digit()) => true,
                digit if digit.bytes().all(|b| b.is_ascii_digit()) => {
                    !(after == "shows" || after == "All" || after.starts_with("Pend"))
                }
                // The units of the filter.
                "s" | "m" => part.contains("s m h d w") || part.contains("s, m, h, d or"),
                // An article; signs of the list, of the filter and of pages.
                "a" | "↑" | "↓" | "/" | "?" => true,
                // Of words that something lies over, or that are scrolled away.
                letter if letter.chars().count() == 1 => {
                    let cut = words.len() == 1 || at == 0 && words[at].ends_with(',');
                    cut || matches!(before, "Ana" | "Acme" | "Reason" | "(no")
                }
                _ => false,
            };
            (!other && usual.iter().any(|key| key == bare)).then(|| format!("{bare} in {part}"))
        })
    };
    (text
        .lines()
        .flat_map(|line| line.split(['│', '|', '╭', '╮', '╰', '╯'])))
    .find_map(in_part)
}

/// The states with keys of their own, and signs that are none: a record has the keys
/// that it was made with, and in ASCII letters stand for statuses.
fn states() -> impl Iterator<Item = &'static State> {
    states::all().filter(|state| {
        !state.name.starts_with("replay") && !["theme_ascii", "ascii_only"].contains(&state.name)
    })
}

#[test]
fn a_usual_key_is_found_where_one_is_named() {
    for words in [
        "press s",
        "(Tab changes it)",
        "0 shows every status.",
        "m ends it",
        "│ x: dismiss",
    ] {
        assert!(named(words).is_some(), "{words}");
    }
    assert_eq!(named("a note 40 s ago, 7 new ↑"), None);
    assert!(named(&Stage::shop((120, 30)).screen()).is_some());
}

#[test]
fn no_state_names_a_key_that_is_another_one() {
    let _unusual = Unusual::begin();
    let mut wrong = Vec::new();
    for state in states() {
        for size in [(160, 60), (120, 30), (80, 24), (60, 20), (40, 8)] {
            let told = named(&state.at(size).screen());
            wrong.extend(told.map(|told| format!("{} {size:?}: {told}", state.name)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What the footer says, and forgets.
fn said(stage: &mut Stage) -> String {
    let said = stage.app.toast.take();
    said.map_or_else(String::new, |(words, _)| words)
}

#[test]
fn no_word_in_the_footer_names_a_key_that_is_another_one() {
    let _unusual = Unusual::begin();
    let mut all = Vec::new();
    // Every action in every state, one after the other.
    for state in states() {
        let mut stage = state.at((120, 30));
        all.push(said(&mut stage));
        for binding in Keymap::default().bindings() {
            // What the action before opened takes no keys of the screen's.
            (stage.app.overlay, stage.app.typing) = (Overlay::None, false);
            let pressed = (stage.app.settings.keymap).press(binding.context, binding.action);
            stage.app.update(Event::Key(pressed.unwrap()));
            all.push(said(&mut stage));
            (stage.app.overlay, stage.app.typing) = (Overlay::None, false);
            stage.app.update(Event::Paste("x".into()));
            all.push(said(&mut stage));
        }
    }
    // What comes back, and what is seldom.
    let mut stage = Stage::with((80, 24), |settings| settings.print_command = None);
    stage.live();
    stage.snapshot(super::orders());
    let key = stage.app.cursor.clone().unwrap();
    for error in [
        || RequestError::Timeout {
            server: "orders.example".into(),
            after: Duration::from_secs(5),
        },
        || RequestError::Away {
            status: 503,
            message: "the store is away".into(),
            retry_after: Some(Duration::from_secs(2)),
        },
    ] {
        stage.keys("s");
        let effects = stage.press(KeyCode::Enter);
        let ticket = effects.iter().find_map(|effect| match effect {
            Effect::ChangeStatus { ticket, .. } => Some(*ticket),
            _ => None,
        });
        stage.app.update(Event::StatusAnswer {
            key: key.clone(),
            ticket: ticket.unwrap(),
            result: Err(error()),
        });
        let told = said(&mut stage);
        assert!(told.contains("and press"), "{told}");
        all.push(told);
        let (key, result) = (key.clone(), Err(error()));
        stage.app.update(Event::NoteAnswer { key, result });
        let told = said(&mut stage);
        assert!(told.contains("has your words"), "{told}");
        all.push(told);
    }
    let mut stage = Stage::new((80, 24));
    let (reason, next_at) = ("closed today".to_owned(), at(150));
    stage.link(ConnectionState::Refused { reason, next_at });
    all.push(stage.screen());
    all.push(strings::no_job_control(&stage.app.key_of(Action::Quit)));
    for told in [
        "muted for an hour",
        "a range begins here",
        "pasted text ignored",
        "tries again",
    ] {
        assert!(all.iter().any(|words| words.contains(told)), "{told}");
    }
    let wrong: BTreeSet<String> = all.iter().filter_map(|told| named(told)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_has_no_key_is_not_said_to_have_one() {
    let mut stage = Stage::shop((120, 30));
    let bindings = stage.app.settings.keymap.bindings().to_vec();
    for binding in bindings {
        (stage.app.settings.keymap).rebind(binding.context, binding.action, vec![]);
    }
    let none = |action| stage.app.key_of(action);
    assert_eq!(none(Action::Back), "");
    for (words, whole) in [
        (strings::dismiss_where("", ""), "no notification is chosen"),
        (strings::no_match_hint(Some(""), Some("")), ""),
        (strings::range_begun("", ""), "a range begins here: move"),
        (
            strings::hold_turned(None, ""),
            "held: no row moves until the list is let go",
        ),
        (strings::paste_ignored(""), "pasted text ignored"),
        (strings::alarm(2, true, "")[2].clone(), "ALARM 2 new orders"),
    ] {
        assert_eq!(words, whole);
    }
    let screen = stage.screen();
    assert!(
        screen.contains(" All 11 ") && !screen.contains("to filter"),
        "{screen}"
    );
}
