//! A list that is held.

use ordertop::order::OrderStatus;
use ordertop::protocol::EventKind;

use super::{SIZE, changed, sent, under_cursor};
use crate::event::Effect;
use crate::model::fixture::listed;
use crate::snapshots::{Stage, service};
use crossterm::event::KeyCode;

#[test]
fn a_held_list_stands_still_and_counts_what_came() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("jp");
    let before = under_cursor(&stage);
    let top = stage.app.orders.at(0).unwrap().key.number.to_string();
    let theirs = changed(&stage, &top, OrderStatus::Shipped);
    stage.event(EventKind::Status, &theirs, service());
    let order = listed("N1", OrderStatus::Paid, -100_000);
    stage.event(EventKind::Created, &order, service());
    assert_eq!(under_cursor(&stage), before);
    assert_eq!(stage.app.cursor_at, 1);
    let row = stage.app.orders.at(0).unwrap();
    assert_eq!(
        (row.key.number.as_str(), row.status()),
        (top.as_str(), OrderStatus::Shipped)
    );
    assert!(stage.screen().contains("2 changes held") && stage.screen().contains("1 new"));
    stage.keys("p");
    assert_eq!(
        under_cursor(&stage),
        before,
        "the cursor goes with its order"
    );
    assert_eq!(stage.app.orders.shown(), 12);
    assert!(!stage.screen().contains("2 changes held"));
}

#[test]
fn a_key_hits_the_order_under_the_cursor_of_a_held_list() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("2pjs");
    let before = under_cursor(&stage);
    let effects = stage.press(KeyCode::Enter);
    assert_eq!(sent(&effects)[0].0, before);
    assert!(matches!(effects[0], Effect::ChangeStatus { .. }));
    let order = changed(&stage, &before, OrderStatus::Shipped);
    stage.event(EventKind::Status, &order, service());
    assert_eq!(stage.app.orders.shown(), 4, "it stays where it is");
    stage.keys("p");
    assert_eq!(stage.app.orders.shown(), 3);
}

#[test]
fn a_tab_counts_what_came_out_of_sight() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("3");
    for number in ["N1", "N2"] {
        let order = listed(number, OrderStatus::Paid, 119);
        stage.event(EventKind::Created, &order, service());
    }
    let screen = stage.screen();
    assert!(screen.contains("2 Paid 6 +2"), "{screen}");
    stage.keys("2");
    assert!(!stage.screen().contains("+2"), "they were on the screen");
}

#[test]
fn a_notification_lets_the_list_go() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("p");
    let order = listed("N1", OrderStatus::Paid, 119);
    stage.event(EventKind::Created, &order, service());
    stage.keys("n");
    assert_eq!(
        (under_cursor(&stage).as_str(), stage.app.orders.held()),
        ("N1", None)
    );
}
