//! What the mouse does.

use crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::{sent, under_cursor};
use crate::app::{Overlay, Pane};
use crate::event::{Effect, Event};
use crate::snapshots::Stage;
use crate::view::areas;

fn press(stage: &mut Stage, column: u16, row: u16) -> Vec<Effect> {
    stage.app.update(Event::Mouse(MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column,
        row,
        modifiers: KeyModifiers::NONE,
    }))
}

/// Presses where the footer shows `words`.
fn press_footer(stage: &mut Stage, words: &str) -> Vec<Effect> {
    let screen = stage.screen();
    let footer = screen.lines().last().unwrap();
    let at = footer
        .find(words)
        .unwrap_or_else(|| panic!("{words} in {footer}"));
    let column = crate::model::text::width(&footer[..at]);
    let row = stage.app.size.1 - 1;
    press(stage, u16::try_from(column).unwrap(), row)
}

#[test]
fn two_presses_open_an_order_and_slow_ones_do_not() {
    let mut stage = Stage::shop((80, 24));
    let rows = areas(&stage.app).unwrap().rows();
    press(&mut stage, rows.x + 3, rows.y + 1);
    assert_eq!(under_cursor(&stage), "10474");
    stage.wait(2);
    press(&mut stage, rows.x + 3, rows.y + 1);
    assert!(!stage.app.order_open);
    press(&mut stage, rows.x + 3, rows.y + 1);
    assert!(stage.app.order_open && stage.app.focus == Pane::Order);
}

#[test]
fn two_rows_are_no_double_press() {
    let mut stage = Stage::shop((80, 24));
    let rows = areas(&stage.app).unwrap().rows();
    press(&mut stage, rows.x + 3, rows.y + 1);
    press(&mut stage, rows.x + 3, rows.y + 2);
    assert!(!stage.app.order_open);
    assert_eq!(under_cursor(&stage), "10477");
}

#[test]
fn keys_in_the_footer_can_be_pressed() {
    let mut stage = Stage::shop((120, 30));
    press_footer(&mut stage, "s ");
    assert!(!matches!(stage.app.overlay, Overlay::None));
    press_footer(&mut stage, "Esc");
    assert!(matches!(stage.app.overlay, Overlay::None));
    let effects = press_footer(&mut stage, "quit");
    assert!(matches!(effects[..], [Effect::Quit]), "{effects:?}");
}

#[test]
fn a_screen_that_only_reads_changes_nothing() {
    let mut stage = Stage::with((80, 24), |settings| settings.read_only = true);
    stage.live();
    stage.snapshot(crate::snapshots::orders());
    assert!(sent(&stage.keys("s")).is_empty());
    assert!(matches!(stage.app.overlay, Overlay::None));
    let said = &stage.app.toast.as_ref().unwrap().0;
    assert!(said.starts_with("read-only"), "{said}");
}

#[test]
fn of_a_terminal_without_end_a_part_is_drawn_and_the_rest_takes_no_presses() {
    for size in [
        (u16::MAX, u16::MAX),
        (2_000, 2_000),
        (u16::MAX, 8),
        (40, u16::MAX),
    ] {
        let mut stage = Stage::shop(size);
        let (columns, rows) = stage.app.size;
        assert!(columns <= 1_000 && rows <= 500, "{columns}x{rows}");
        for key in ['?', 's', ':'] {
            stage.press(KeyCode::Esc);
            stage.press(KeyCode::Char(key));
            assert!(!stage.screen().is_empty());
        }
        let before = stage.screen();
        let beyond = [
            (columns, rows),
            (columns, 1),
            (1, rows),
            (u16::MAX, u16::MAX),
        ];
        for (column, row) in beyond {
            assert!(press(&mut stage, column, row).is_empty());
            assert!(stage.screen() == before, "{column},{row}");
        }
    }
}

/// Presses where the screen shows `words`, the last time that it does.
fn press_words(stage: &mut Stage, words: &str) -> Vec<Effect> {
    let screen = stage.screen();
    let lines = screen.lines().enumerate();
    let found = lines.filter(|(_, line)| line.contains(words)).last();
    let (row, line) = found.unwrap_or_else(|| panic!("{words} in {screen}"));
    let column = crate::model::text::width(&line[..line.find(words).unwrap()]);
    press(
        stage,
        u16::try_from(column).unwrap(),
        u16::try_from(row).unwrap(),
    )
}

#[test]
fn what_a_dialog_offers_can_be_pressed() {
    for size in [(120, 30), (80, 24), (60, 20)] {
        let mut stage = Stage::shop(size);
        stage.keys("s");
        press_words(&mut stage, "Esc cancel");
        assert!(matches!(stage.app.overlay, Overlay::None), "{size:?}");
        stage.keys("s");
        press_words(&mut stage, "Tracking number");
        stage.keys("7");
        press_words(&mut stage, "Carrier");
        stage.keys("DHL");
        let effects = press_words(&mut stage, "  Ship  ");
        let (number, change, _) = sent(&effects).remove(0);
        let shipment = change.shipment.unwrap();
        assert_eq!(number, "10471");
        assert_eq!(shipment.carrier.as_deref(), Some("DHL"));
        assert_eq!(shipment.tracking_number.as_deref(), Some("7"));
    }
}

#[test]
fn a_press_beside_a_dialog_does_nothing() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("s");
    let before = under_cursor(&stage);
    let rows = areas(&stage.app).unwrap().rows();
    assert!(press(&mut stage, rows.x + 3, rows.bottom() - 1).is_empty());
    assert!(matches!(stage.app.overlay, Overlay::Dialog(_)));
    assert_eq!(under_cursor(&stage), before);
}

#[test]
fn a_plan_and_a_note_can_be_pressed() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("  s");
    let effects = press_words(&mut stage, "Ship 2");
    assert!(
        matches!(effects[..], [Effect::ChangeStatuses { .. }]),
        "{}",
        stage.screen()
    );
    let mut stage = Stage::shop((120, 30));
    stage.keys("ccall first");
    let effects = press_words(&mut stage, "add the note");
    assert!(matches!(effects[..], [Effect::AddNote { .. }]));
}

#[test]
fn the_button_of_a_dialog_is_pressed_wherever_the_keys_are() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("sJJD1");
    let screen = stage.screen();
    let found = screen.lines().enumerate().find_map(|(row, line)| {
        let at = line.find("  Ship  ")?;
        Some((crate::model::text::width(&line[..at]) + 3, row))
    });
    let (column, row) = found.unwrap();
    let effects = press(
        &mut stage,
        u16::try_from(column).unwrap(),
        u16::try_from(row).unwrap(),
    );
    let shipment = sent(&effects)[0].1.shipment.clone().unwrap();
    assert_eq!(shipment.tracking_number.as_deref(), Some("JJD1"));
}
