//! The filter as it is typed.

use crossterm::event::KeyCode;
use ordertop::order::OrderStatus;
use ordertop::protocol::EventKind;

use super::{SIZE, under_cursor};
use crate::app::Overlay;
use crate::model::fixture::listed;
use crate::snapshots::{Stage, service};

#[test]
fn a_typed_filter_is_applied_as_it_is_typed() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("/status:paid total>100");
    assert_eq!(stage.app.orders.shown(), 3);
    stage.press(KeyCode::Enter);
    assert!(!stage.app.typing && stage.app.cursor_at == 0);
    stage.press(KeyCode::Esc);
    assert_eq!(stage.app.orders.shown(), 11);
    assert!(stage.app.filter.value().is_empty());
}

#[test]
fn while_it_is_wrong_its_right_terms_stay() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("/status:paid");
    assert_eq!(stage.app.orders.shown(), 4);
    stage.keys(" totl>100");
    assert_eq!(stage.app.orders.shown(), 4);
    assert!(stage.screen().contains("did you mean `total`?"));
    stage.press(KeyCode::Enter);
    assert!(stage.app.typing, "what is wrong is not kept");
    stage.press(KeyCode::Esc);
    assert!(stage.app.find.error.is_none() && stage.app.orders.shown() == 11);
}

#[test]
fn tab_completes_names_and_values_in_a_circle() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("/sta");
    stage.press(KeyCode::Tab);
    assert_eq!(stage.app.filter.value(), "status:");
    stage.keys("p");
    for expected in ["status:pending", "status:paid", "status:pending"] {
        stage.press(KeyCode::Tab);
        assert_eq!(stage.app.filter.value(), expected);
    }
    stage.press(KeyCode::BackTab);
    assert_eq!(stage.app.orders.shown(), 4, "applied at once");
    stage.keys(" currency:k");
    stage.press(KeyCode::Tab);
    assert_eq!(stage.app.filter.value(), "status:paid currency:KWD");
    assert_eq!(stage.app.orders.shown(), 1);
    stage.keys(" vendor:ac");
    stage.press(KeyCode::Tab);
    assert_eq!(
        stage.app.filter.value(),
        "status:paid currency:KWD vendor:42"
    );
}

#[test]
fn time_takes_orders_out_of_a_filter() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("/age<4m");
    stage.press(KeyCode::Enter);
    assert_eq!(under_cursor(&stage), "10480");
    stage.wait(60);
    assert_eq!(stage.app.orders.shown(), 1);
    stage.wait(60);
    assert_eq!(
        (stage.app.orders.shown(), under_cursor(&stage).as_str()),
        (0, "-")
    );
    let order = listed("N1", OrderStatus::Paid, 240);
    stage.event(EventKind::Created, &order, service());
    assert_eq!(under_cursor(&stage), "N1");
}

#[test]
fn a_key_finds_the_list_that_was_on_the_screen() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("/age<1h");
    stage.press(KeyCode::Enter);
    stage.app.drawn();
    stage.clock.advance(jiff::SignedDuration::from_hours(2));
    stage.keys("j");
    assert_eq!(stage.app.cursor_at, 1, "the list is as it was");
    stage.keys("s");
    assert!(
        matches!(stage.app.overlay, Overlay::Dialog(_)),
        "nobody moved it"
    );
    stage.press(KeyCode::Esc);
    stage.wait(1);
    assert_eq!(stage.app.orders.shown(), 0);
}

#[test]
fn a_notification_leads_out_of_filter_and_vendor() {
    let mut stage = Stage::shop(SIZE);
    let order = listed("N1", OrderStatus::Paid, 119);
    stage.event(EventKind::Created, &order, service());
    stage.keys("/status:shipped");
    stage.press(KeyCode::Enter);
    stage.keys("n");
    assert_eq!(under_cursor(&stage), "N1");
    assert!(stage.app.filter.value().is_empty() && stage.app.orders.filter().is_empty());
}

#[test]
fn a_long_mistake_is_told_to_its_end() {
    for size in [(120, 30), (80, 24), (40, 12)] {
        let mut stage = Stage::shop(size);
        stage.keys("/müller and some more words totl>100");
        let message = stage.app.find.error.clone().unwrap().message;
        let screen = stage.screen();
        for word in message.split_whitespace() {
            assert!(screen.contains(word), "{size:?} {word}: {screen}");
        }
    }
}
