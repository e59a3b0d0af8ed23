//! Notifications and the alarm.

use crossterm::event::KeyCode;
use ordertop::client::ClientEvent;
use ordertop::order::{Actor, ActorKind, OrderStatus};
use ordertop::protocol::EventKind;

use super::super::orders::{orders, service, support};
use super::super::{Stage, State};
use super::{Size, state};
use crate::model::fixture::{listed, order_of, vendor};
use crate::model::notices::KEPT;

pub(super) const STATES: &[State] = &[
    state("notifications_of_every_kind", every_kind),
    state("notifications_with_the_keys", |size| {
        let mut stage = every_kind(size);
        stage.press(KeyCode::BackTab);
        stage.press(KeyCode::Down);
        stage
    }),
    state("notifications_full", |size| {
        let mut stage = Stage::shop(size);
        let new = |i: usize| listed(&(20_000 + i).to_string(), OrderStatus::Paid, 119);
        stage.arrive((0..KEPT + 5).map(new));
        stage.rest();
        stage
    }),
    state("notifications_to_be_dismissed", |size| {
        let mut stage = every_kind(size);
        stage.keys("X");
        stage
    }),
    state("alarm", |size| alarmed(size, 3, "")),
    state("alarm_while_muted", |size| alarmed(size, 1, "m")),
];

fn every_kind(size: Size) -> Stage {
    let mut stage = Stage::shop(size);
    let shipped = order_of("10474", "陳美玲", OrderStatus::Shipped, 121, "24800", "JPY");
    stage.event(EventKind::Status, &shipped, support());
    let import = Actor::new(ActorKind::Import, "files");
    stage.event(
        EventKind::Created,
        &listed("1001", OrderStatus::Completed, -900_000),
        import,
    );
    let removed = orders().remove(9);
    stage.event(EventKind::Removed, &removed, support());
    stage.tell(ClientEvent::HistoryChanged(vec![vendor()]));
    let new = order_of(
        "10482",
        "Li Wei 李偉",
        OrderStatus::Paid,
        121,
        "184.00",
        "USD",
    );
    stage.event(EventKind::Created, &new, service());
    stage.rest();
    stage
}

/// New orders that nobody looks at for a minute.
fn alarmed(size: Size, count: i64, keys: &str) -> Stage {
    let mut stage = Stage::with(size, |settings| settings.alerts.alarm = true);
    stage.live();
    stage.vendors();
    stage.snapshot(orders());
    for i in 0..count {
        let number = (10_482 + i).to_string();
        let new = order_of(&number, "Li Wei", OrderStatus::Paid, 119, "184.00", "USD");
        stage.event(EventKind::Created, &new, service());
    }
    stage.keys(keys);
    stage.rest();
    stage.wait(60);
    stage
}
