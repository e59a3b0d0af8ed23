//! From one run to the next.

use std::sync::Arc;

use crossterm::event::KeyCode;
use jiff::SignedDuration;
use ordertop::client::ClientEvent;
use ordertop::order::OrderStatus;
use ordertop::protocol::{EventKind, ListedOrder};
use ordertop::replica::Change;

use super::SIZE;
use crate::event::Effect;
use crate::model::alerts::AlertSettings;
use crate::model::fixture::{at, listed, packed, vendor};
use crate::model::kept::Kept;
use crate::model::notices::What;
use crate::model::sort::Sort;
use crate::snapshots::{Stage, orders, service};

/// The next run, some seconds later.
fn again(before: &Stage, seconds: i64) -> Stage {
    let kept = before.app.last_kept();
    let bytes = serde_json::to_vec(&kept).unwrap();
    let kept: Kept = serde_json::from_slice(&bytes).unwrap();
    let mut stage = Stage::new(SIZE);
    let past = before.app.now.duration_since(stage.app.now);
    stage
        .clock
        .advance(past + SignedDuration::from_secs(seconds));
    stage.app.restore(kept, None);
    stage.live();
    stage.vendors();
    stage
}

fn with_new(count: usize) -> Vec<Arc<ListedOrder>> {
    let new = |i| listed(&format!("W{i}"), OrderStatus::Paid, 130 + i);
    let count = i64::try_from(count).unwrap();
    orders().into_iter().chain((0..count).map(new)).collect()
}

fn list(stage: &mut Stage, orders: Vec<Arc<ListedOrder>>) -> Vec<Effect> {
    stage.tell(ClientEvent::Changes(vec![Change::Snapshot {
        vendor: vendor(),
        orders: orders.iter().map(|order| packed(order)).collect(),
    }]))
}

fn toast(stage: &Stage) -> &str {
    (stage.app.toast.as_ref()).map_or("", |(words, _)| words.as_str())
}

fn newest(stage: &Stage) -> Option<&What> {
    stage.app.notices.get(0).map(|notice| &notice.what)
}

#[test]
fn what_came_while_the_program_was_off_is_told_once_and_rings_nothing() {
    let first = Stage::shop(SIZE);
    assert_eq!(first.app.notices.len(), 0, "the first list ever is no news");
    let mut second = again(&first, 86_400);
    let effects = list(&mut second, with_new(12));
    assert!(effects.is_empty(), "{effects:?}");
    assert_eq!(toast(&second), "12 new orders since 14:02 yesterday");
    assert!(matches!(
        newest(&second),
        Some(What::Away { count: 12, .. })
    ));
    assert_eq!(second.app.notices.unread(), 1);
    let told = second.app.unseen();
    assert!(
        told.above + told.below > 0,
        "those out of sight are counted"
    );
    let mut third = again(&second, 60);
    list(&mut third, with_new(12));
    assert_eq!((third.app.notices.len(), toast(&third)), (1, ""));
    assert_eq!(third.app.unseen(), told, "and stay counted");
    let order = listed("W3", OrderStatus::Paid, 133);
    let effects = third.event(EventKind::Created, &order, service());
    assert!(effects.is_empty(), "the same order rings not later either");
}

#[test]
fn a_list_that_comes_anew_tells_what_was_missed_and_rings_once() {
    let mut stage = Stage::shop(SIZE);
    let new = listed("N1", OrderStatus::Paid, 119);
    stage.event(EventKind::Created, &new, service());
    stage.wait(60);
    let mut all = with_new(2);
    all.push(new);
    let effects = list(&mut stage, all);
    let [Effect::Alert(signal)] = &effects[..] else {
        panic!("{effects:?}")
    };
    let body = &signal.notification.as_ref().unwrap().body;
    assert_eq!(body, "2 new orders since 14:01");
    assert!(signal.bell);
    assert!(list(&mut stage, with_new(2)).is_empty());
}

#[test]
fn unread_sort_mouse_and_mute_are_kept_and_a_filter_is_not() {
    let mut first = Stage::shop(SIZE);
    for number in ["N1", "N2"] {
        let order = listed(number, OrderStatus::Paid, 110);
        first.event(EventKind::Created, &order, service());
    }
    first.app.notices.mark_read(|notice| {
        let key = notice.key.as_ref();
        key.is_some_and(|key| key.number.as_str() == "N1")
    });
    first.keys("m%/müller");
    first.press(KeyCode::Enter);
    first.app.orders.set_sort(Sort::Total);
    let mut second = Stage::new(SIZE);
    let effects = second.app.restore(first.app.last_kept(), None);
    assert_eq!(effects, [Effect::SetMouse(false)]);
    assert_eq!(second.app.orders.sorting().by, Sort::Total);
    assert_eq!(
        (second.app.notices.len(), second.app.notices.unread()),
        (2, 1)
    );
    assert_eq!(second.app.notices.get(0), first.app.notices.get(0));
    assert_eq!(second.app.filter.value(), "");
    assert!(second.screen().contains("muted 1h"));
}

#[test]
fn the_kept_alarm_waits_for_orders_that_nobody_moved_on() {
    let with = |alarm| {
        Stage::with(SIZE, |settings| {
            settings.alerts = AlertSettings {
                alarm,
                ..AlertSettings::default()
            };
        })
    };
    let key = |number: &str| listed(number, OrderStatus::Paid, 0).key(&vendor());
    let kept = Kept {
        alarm: ["N1", "N2", "N3"].map(key).into(),
        ..Kept::default()
    };
    let mut stage = with(true);
    stage.app.restore(kept.clone(), None);
    assert_eq!(
        stage.app.to_keep().alarm,
        kept.alarm,
        "until the list comes"
    );
    let moved = listed("N2", OrderStatus::Shipped, 110);
    list(
        &mut stage,
        vec![listed("N1", OrderStatus::Paid, 110), moved],
    );
    assert_eq!(stage.app.alerts.alarm.count(), 1);
    assert_eq!(stage.app.to_keep().alarm, [key("N1")]);
    let mut off = with(false);
    off.app.restore(kept, None);
    list(&mut off, vec![listed("N1", OrderStatus::Paid, 110)]);
    assert_eq!(off.app.alerts.alarm.count(), 0);
}

#[test]
fn what_no_version_knows_takes_nothing_else_with_it() {
    let json = r#"{"notices": [{"what": "of another version"}], "sort": {"by": "moon"},
                   "told": [7], "more": true}"#;
    let kept: Kept = serde_json::from_str(json).unwrap();
    let mut stage = Stage::new(SIZE);
    let words = "x cannot be read".to_owned();
    stage.app.restore(kept, Some(words.clone()));
    assert_eq!(stage.app.notices.len(), 0);
    assert_eq!(toast(&stage), words);
    assert_eq!(stage.app.last_kept().told, [7]);
}

/// An order that the shop handed over at one time and that was placed at another.
fn handed_over(number: &str, placed: i64, arrived: i64) -> Arc<ListedOrder> {
    let mut order = (*listed(number, OrderStatus::Paid, placed)).clone();
    order.updated_at = at(arrived);
    Arc::new(order)
}

fn with(more: &[Arc<ListedOrder>]) -> Vec<Arc<ListedOrder>> {
    orders().into_iter().chain(more.iter().cloned()).collect()
}

#[test]
fn an_order_that_the_shop_handed_over_late_is_new_though_it_was_placed_before() {
    let late = [handed_over("L1", -3_600, 130)];
    let mut stage = Stage::shop(SIZE);
    stage.wait(60);
    let effects = list(&mut stage, with(&late));
    let [Effect::Alert(signal)] = &effects[..] else {
        panic!("{effects:?}")
    };
    let body = &signal.notification.as_ref().unwrap().body;
    assert!(body.starts_with("1 new order since"), "{body}");
    assert!(list(&mut stage, with(&late)).is_empty(), "it rings once");

    // The same while the program was off, and not once more in the run after.
    let mut second = again(&Stage::shop(SIZE), 60);
    list(&mut second, with(&late));
    assert!(
        toast(&second).starts_with("1 new order"),
        "{}",
        toast(&second)
    );
    let mut third = again(&second, 60);
    list(&mut third, with(&late));
    assert_eq!(toast(&third), "");
}

#[test]
fn history_that_comes_late_and_what_only_changed_is_no_news() {
    let day = 24 * 3_600;
    let old = [
        handed_over("H1", -3 * day, 130),
        handed_over("H2", -2 * day, 131),
    ];
    let mut stage = Stage::shop(SIZE);
    assert!(list(&mut stage, with(&old)).is_empty());
    let mut next = again(&Stage::shop(SIZE), 60);
    list(&mut next, with(&old));
    assert_eq!(toast(&next), "");
    // It was in the list of the run before, and somebody changed it since.
    let mut moved = (*handed_over("10471", -3_600, 140)).clone();
    moved.version = 2;
    let mut next = again(&Stage::shop(SIZE), 60);
    list(&mut next, vec![Arc::new(moved)]);
    assert_eq!(toast(&next), "");
}

#[test]
fn what_became_late_while_the_program_was_off_rings_in_one_line_once() {
    let due = |number: &str, due| {
        let mut order = (*listed(number, OrderStatus::Paid, -7_200)).clone();
        order.ship_by = Some(at(due));
        Arc::new(order)
    };
    let all = with(&[due("D1", 200), due("D2", 300), due("D3", 90_000)]);
    let mut first = Stage::shop(SIZE);
    list(&mut first, all.clone());
    let mut second = again(&first, 3_600);
    let effects = list(&mut second, all.clone());
    let [Effect::Alert(signal)] = &effects[..] else {
        panic!("{effects:?}")
    };
    let body = &signal.notification.as_ref().unwrap().body;
    assert_eq!(body, "2 orders became late meanwhile");
    assert!(second.wait(60).is_empty());
    let mut third = again(&second, 60);
    assert!(list(&mut third, all).is_empty());
}
