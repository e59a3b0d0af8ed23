//! Scanners, and keys that are typed ahead of what the screen shows.

use super::*;
use crate::app::typeahead::TYPED_AHEAD;

const CODE: &str = "JJD000390007\n";

fn tracking(stage: &Stage) -> Option<String> {
    match &stage.app.overlay {
        Overlay::Dialog(dialog) => dialog.text(crate::model::step::FieldKind::Tracking),
        _ => None,
    }
}

fn footer(stage: &Stage) -> String {
    stage.screen().lines().last().unwrap_or_default().to_owned()
}

#[test]
fn s_and_enter_or_y_ship_as_before() {
    for keys in ["s\n", "sy", "Sship\n\n"] {
        let mut stage = Stage::shop((120, 30));
        let mut effects = Vec::new();
        for key in keys.chars() {
            effects.extend(match key {
                '\n' => stage.press(KeyCode::Enter),
                key => stage.press(KeyCode::Char(key)),
            });
        }
        let [(_, change, _)] = &sent(&effects)[..] else {
            panic!("{keys:?}: {effects:?}");
        };
        assert_eq!(change.shipment, None, "{keys:?}");
    }
}

#[test]
fn a_scanned_code_is_the_tracking_number_and_its_enter_ships_nothing() {
    // Carriers' codes, as a scanner sends them under Caps Lock too.
    for code in [
        "JJD000390007",
        "1Z5R89390357567127",
        "YT2412",
        "yt2412",
        "ny1",
        "qq7",
        "n7",
    ] {
        let mut stage = Stage::shop((120, 30));
        stage.keys("s");
        assert!(sent(&stage.scan(&format!("{code}\n"))).is_empty(), "{code}");
        assert_eq!(tracking(&stage).as_deref(), Some(code));
        assert!(sent(&stage.wait(1)).is_empty(), "{code}");
        assert_eq!(
            stage.app.context(),
            crate::model::keymap::Context::Dialog,
            "{code}"
        );
        let (_, change, _) = sent(&stage.press(KeyCode::Enter)).remove(0);
        let shipment = change.shipment.unwrap();
        assert_eq!(shipment.tracking_number.as_deref(), Some(code));
    }
}

#[test]
fn no_enter_of_a_scanner_ships_wherever_the_keys_are() {
    for before in ["", "\t", "\t\t"] {
        for end in ["\n", "\n\n"] {
            let mut stage = Stage::shop((120, 30));
            stage.keys("s");
            before.chars().for_each(|_| drop(stage.press(KeyCode::Tab)));
            let code = format!("JJD1{end}");
            assert!(sent(&stage.scan(&code)).is_empty(), "{before:?} {end:?}");
            assert!(matches!(stage.app.overlay, Overlay::Dialog(_)));
        }
    }
}

#[test]
fn a_second_scan_takes_the_place_of_the_first() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("s");
    for code in ["JJD1\n", "JJD1\n", "yt2\n"] {
        assert!(sent(&stage.scan(code)).is_empty());
        stage.wait(1);
    }
    assert_eq!(tracking(&stage).as_deref(), Some("yt2"));
}

#[test]
fn a_pasted_number_is_the_tracking_number() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("s");
    stage.app.update(Event::Paste("JJD1\n".into()));
    assert_eq!(tracking(&stage).as_deref(), Some("JJD1"));
}

#[test]
fn what_is_scanned_at_a_question_without_a_text_confirms_nothing() {
    // The next step of a shipped order, a step of several, all notifications.
    let deliver: fn(&mut Stage) = |stage| {
        stage.keys("3");
        stage.keys("s");
    };
    let several: fn(&mut Stage) = |stage| drop(stage.keys("  s"));
    let dismiss: fn(&mut Stage) = |stage| {
        let order = listed("1", OrderStatus::Paid, 0);
        stage.event(EventKind::Created, &order, service());
        stage.keys("X");
    };
    for open in [deliver, several, dismiss] {
        for code in [CODE, "yt2\n", "1y\n", "y1y\n", "7\n"] {
            let mut stage = Stage::shop((120, 30));
            open(&mut stage);
            let notices = stage.app.notices.len();
            assert_eq!(stage.app.context(), crate::model::keymap::Context::Dialog);
            assert_eq!(stage.scan(code), [], "{code}");
            assert_eq!(stage.wait(0), [], "{code}");
            assert_eq!(
                stage.app.context(),
                crate::model::keymap::Context::Dialog,
                "{code}"
            );
            assert_eq!(stage.app.notices.len(), notices);
            assert!(
                footer(&stage).contains("typed text ignored"),
                "{}",
                footer(&stage)
            );
        }
    }
}

#[test]
fn what_is_typed_on_the_button_begins_the_reason() {
    let mut stage = Stage::with((120, 30), |settings| settings.vendor = None);
    stage.live();
    stage.snapshot(vec![listed("7", OrderStatus::Pending, 0)]);
    stage.keys("s");
    stage.press(KeyCode::Tab);
    stage.keys("paid");
    let change = sent(&stage.press(KeyCode::Enter)).remove(0).1;
    assert_eq!(change.reason.as_deref(), Some("paid"));
}

#[test]
fn a_dialog_that_wants_words_is_not_sent_while_they_are_empty() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("Scanc");
    stage.press(KeyCode::Enter);
    assert!(stage.press(KeyCode::Enter).is_empty());
    assert!(
        stage.screen().contains("say why; Tab goes to the button"),
        "{}",
        stage.screen()
    );
    stage.keys("sold out");
    let change = sent(&stage.press(KeyCode::Enter)).remove(0).1;
    assert_eq!(change.reason.as_deref(), Some("sold out"));

    stage.keys("c");
    assert!(stage.press(KeyCode::Enter).is_empty());
    assert!(
        stage.screen().contains("write the note first"),
        "{}",
        stage.screen()
    );
}

#[test]
fn keys_typed_ahead_of_a_closing_dialog_are_dropped_for_a_moment() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("s");
    // The words come after the question is gone: none of them acts on the list.
    let effects = stage.scan("\n please ship Quickly X\n");
    assert_eq!(sent(&effects).len(), 1);
    assert!(matches!(stage.app.overlay, Overlay::None) && stage.app.marked() == 0);
    assert!(
        stage.app.orders.held().is_none() && effects.len() == 1,
        "{effects:?}"
    );
    // One moment before the end, and at it.
    let almost = TYPED_AHEAD - jiff::SignedDuration::from_millis(1);
    stage.clock.advance(almost);
    stage.scan("j");
    assert_eq!(stage.app.cursor_at, 0);
    stage.clock.advance(jiff::SignedDuration::from_millis(1));
    stage.scan("j");
    assert_eq!(stage.app.cursor_at, 1);
}

#[test]
fn keys_that_are_no_words_are_taken_at_once() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("s");
    stage.scan("\n");
    let down = KeyEvent::new(KeyCode::Down, KeyModifiers::NONE);
    stage.app.update(Event::Key(down));
    assert_eq!(stage.app.cursor_at, 1);
    // Whoever presses it looks at the screen: what follows is meant for it.
    stage.scan("s");
    assert!(matches!(stage.app.overlay, Overlay::Dialog(_)));
    // Nobody who types words presses Esc.
    stage
        .app
        .update(Event::Key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE)));
    stage.scan("j");
    assert_eq!(stage.app.cursor_at, 2);
    let leave = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(stage.app.update(Event::Key(leave)), [Effect::Quit]);
}

#[test]
fn y_acts_when_nothing_follows_it() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("s");
    assert!(stage.scan("y").is_empty());
    let until = stage.app.wakes_at().unwrap();
    stage.clock.advance(until.duration_since(stage.app.now));
    assert_eq!(sent(&stage.app.update(Event::Tick)).len(), 1);
    // Another key than a character has it act at once.
    let mut stage = Stage::shop((120, 30));
    stage.keys("s");
    assert_eq!(sent(&stage.scan("y\n")).len(), 1);
    assert!(matches!(stage.app.overlay, Overlay::None) && !stage.app.order_open);
}
