//! Lists to pick from.

use crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ordertop::client::event::EventKind;
use ordertop::order::OrderStatus;

use super::{SIZE, changed, under_cursor};
use crate::app::Overlay;
use crate::app::row::Sort;
use crate::event::{Effect, Event};
use crate::snapshots::{Stage, same, service};

#[test]
fn a_way_to_sort_is_picked_by_its_words() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("onumber");
    assert!(matches!(stage.app.overlay, Overlay::Picker(_)));
    stage.press(KeyCode::Enter);
    assert_eq!(stage.app.orders.sort(), Sort::Number);
    assert!(matches!(stage.app.overlay, Overlay::None));
    stage.keys("obuyer");
    stage.press(KeyCode::Esc);
    assert_eq!(stage.app.orders.sort(), Sort::Number);
}

#[test]
fn a_press_of_the_mouse_picks() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("o");
    let screen = stage.screen();
    let row = screen
        .lines()
        .position(|line| line.contains("newest first"));
    let press = MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column: 20,
        row: u16::try_from(row.unwrap()).unwrap(),
        modifiers: KeyModifiers::NONE,
    };
    stage.app.update(Event::Mouse(press));
    assert_eq!(stage.app.orders.sort(), Sort::Newest);
}

#[test]
fn every_key_is_a_command_too() {
    let mut stage = Stage::shop(SIZE);
    stage.keys(":paid alone");
    stage.press(KeyCode::Enter);
    assert_eq!(stage.app.orders.tab(), Some(OrderStatus::Paid));
    stage.keys(":leave the program");
    assert_eq!(stage.press(KeyCode::Enter), [Effect::Quit]);
    stage.keys(":next status");
    stage.press(KeyCode::Enter);
    assert!(matches!(&stage.app.overlay, Overlay::Dialog(_)));
}

#[test]
fn a_command_is_meant_for_the_order_that_was_under_the_cursor() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("2:next status");
    let before = under_cursor(&stage);
    let theirs = changed(&stage, &before, OrderStatus::Shipped);
    stage.event(EventKind::Status, &theirs, service());
    stage.wait(5);
    assert_ne!(under_cursor(&stage), before);
    stage.press(KeyCode::Enter);
    assert!(matches!(stage.app.overlay, Overlay::None));
    let (words, _) = stage.app.toast.as_ref().unwrap();
    assert!(words.contains(&before), "{words}");
}

#[test]
fn pickers_at_every_size() {
    for (name, size) in [
        ("120x30", (120, 30)),
        ("80x24", SIZE),
        ("60x20", (60, 20)),
        ("40x8", (40, 8)),
    ] {
        let mut stage = Stage::shop(size);
        stage.keys("o");
        same(&format!("picker_sort_{name}"), &stage);
        stage.press(KeyCode::Esc);
        stage.keys(":dismiss");
        same(&format!("picker_commands_{name}"), &stage);
        stage.keys("zzzz");
        same(&format!("picker_nothing_{name}"), &stage);
    }
}
