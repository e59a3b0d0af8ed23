//! One order.

use crossterm::event::KeyCode;
use ordertop::client::RequestError;
use ordertop::protocol::EventKind;

use super::super::orders::{long_order, service};
use super::super::{Stage, State};
use super::list::flagged;
use super::{Size, entered, state};
use crate::event::Event;
use crate::snapshots::orders::history_of;

pub(super) const STATES: &[State] = &[
    state("order_opened", |size| entered(size, "")),
    state("order_long", long),
    state("order_of_a_shop_with_another_number", |size| {
        let mut stage = entered(size, "");
        let mut order = (*stage.app.current().unwrap().listed()).clone();
        order.shop_number = Some("1002".into());
        stage.event(EventKind::Updated, &order, service());
        stage.rest();
        stage
    }),
    state("order_long_scrolled", |size| {
        let mut stage = long(size);
        stage.press(KeyCode::Tab);
        stage.press(KeyCode::End);
        stage
    }),
    state("order_to_be_paid_on_delivery", |size| {
        let mut stage = flagged(size);
        stage.keys("jjj");
        stage.press(KeyCode::Enter);
        stage
    }),
    state("order_shipped_unpaid", |size| {
        let mut stage = flagged(size);
        stage.keys("3");
        stage.press(KeyCode::Enter);
        stage
    }),
    state("order_without_history", |size| {
        let mut stage = Stage::shop(size);
        stage.press(KeyCode::Enter);
        stage.wait(1);
        stage.app.update(Event::History {
            key: stage.app.cursor.clone().unwrap(),
            result: Err(RequestError::Unreachable {
                server: "127.0.0.1:8080".into(),
                reason: "connection refused".into(),
            }),
        });
        stage
    }),
    state("order_being_fetched", |size| {
        let mut stage = Stage::shop(size);
        stage.press(KeyCode::Enter);
        stage.wait(1);
        stage
    }),
];

/// Everything that an order can have, opened.
fn long(size: Size) -> Stage {
    let mut stage = Stage::new(size);
    stage.live();
    stage.vendors();
    let order = long_order();
    stage.snapshot(vec![order.clone().into()]);
    stage.press(KeyCode::Enter);
    stage.wait(1);
    let key = stage.app.cursor.clone().unwrap();
    stage.app.update(Event::Detail {
        key: key.clone(),
        result: Ok(Box::new(order.clone())),
    });
    stage.app.update(Event::History {
        key,
        result: Ok(history_of(&order)),
    });
    stage
}
