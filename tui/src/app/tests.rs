//! Stories told to [`super::App::update`].

mod acting;
mod alerts;
mod asked;
mod away;
mod bulk;
mod find;
pub(crate) mod fuzz;
mod hold;
mod mouse;
mod note;
mod outbox;
mod picker;
mod screen;
mod server;
mod track;
mod typeahead;
mod views;

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ordertop::client::{ClientEvent, ConnectionState, RequestError};
use ordertop::order::{Actor, ActorKind, OrderStatus};
use ordertop::protocol::{EventKind, ListedOrder, rest::StatusChanged};
use ordertop::replica::Change;
use proptest::prelude::*;

use super::{Overlay, Pane};
use crate::event::{Effect, Event};
use crate::model::fixture::{at, listed, packed, vendor};
use crate::model::notices::What;
use crate::model::sort::Sort;
use crate::snapshots::{Stage, orders, service};

const SIZE: (u16, u16) = (80, 24);

fn under_cursor(stage: &Stage) -> String {
    stage
        .app
        .current()
        .map_or("-".into(), |row| row.key.number.to_string())
}

fn status_of(stage: &Stage, number: &str) -> OrderStatus {
    let key = listed(number, OrderStatus::Paid, 0).key(&vendor());
    stage.app.orders.get(&key).unwrap().status()
}

fn sent(effects: &[Effect]) -> Vec<(String, ordertop::protocol::rest::StatusChange, u64)> {
    let change = |effect: &Effect| match effect {
        Effect::ChangeStatus {
            key,
            ticket,
            change,
        } => Some((key.number.to_string(), (**change).clone(), *ticket)),
        _ => None,
    };
    effects.iter().filter_map(change).collect()
}

fn answer(
    stage: &mut Stage,
    number: &str,
    ticket: u64,
    result: Result<StatusChanged, RequestError>,
) {
    stage.app.update(Event::StatusAnswer {
        key: listed(number, OrderStatus::Paid, 0).key(&vendor()),
        ticket,
        result: result.map(Box::new),
    });
}

fn changed(stage: &Stage, number: &str, to: OrderStatus) -> ListedOrder {
    let key = listed(number, OrderStatus::Paid, 0).key(&vendor());
    let mut order = (*stage.app.orders.get(&key).unwrap().listed()).clone();
    order.status = to;
    order.version += 1;
    order.status_since = Some(stage.app.now);
    order
}

fn done(order: ListedOrder) -> StatusChanged {
    StatusChanged {
        status: "Order status updated successfully".into(),
        new_status: order.status,
        changed: true,
        position: None,
        order: Some(order),
    }
}

#[test]
fn the_cursor_stays_on_its_order_when_others_come_above() {
    let mut stage = Stage::shop(SIZE);
    stage.app.orders.set_sort(Sort::Newest);
    stage.keys("gjj");
    let before = under_cursor(&stage);
    for i in 0..30 {
        let order = listed(&format!("N{i}"), OrderStatus::Paid, 200 + i);
        stage.event(EventKind::Created, &order, service());
    }
    assert_eq!(under_cursor(&stage), before);
    let line = stage.app.cursor_at - stage.app.top;
    let order = listed("N99", OrderStatus::Paid, 500);
    stage.event(EventKind::Created, &order, service());
    assert_eq!(under_cursor(&stage), before);
    assert_eq!(
        stage.app.cursor_at - stage.app.top,
        line,
        "its line on the screen stays too"
    );
    assert!(stage.app.unseen().above > 0);
    stage.keys("g");
    assert!(under_cursor(&stage) == "N99" && stage.app.unseen().above == 0);
}

#[test]
fn the_cursor_takes_the_next_order_when_its_own_is_erased() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("j");
    let order = stage.app.current().unwrap().listed();
    let next = stage.app.orders.at(2).unwrap().key.clone();
    stage.event(EventKind::Removed, &order, service());
    assert_eq!(stage.app.cursor, Some(next));
}

#[test]
fn a_step_shows_at_once_and_is_told_once() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("s");
    let effects = stage.press(KeyCode::Enter);
    let [(number, change, ticket)] = &sent(&effects)[..] else {
        panic!("one request: {effects:?}");
    };
    assert_eq!(
        (number.as_str(), change.status.as_deref()),
        ("10471", Some("Shipped"))
    );
    assert_eq!(
        (change.expected_version, &change.shipment),
        (Some(1), &None)
    );
    let key = stage.app.cursor.clone().unwrap();
    assert_eq!(stage.app.on_its_way(&key), Some(OrderStatus::Shipped));

    let order = changed(&stage, "10471", OrderStatus::Shipped);
    stage.event(
        EventKind::Status,
        &order,
        Actor::new(ActorKind::Vendor, "42"),
    );
    answer(&mut stage, "10471", *ticket, Ok(done(order)));
    assert_eq!(status_of(&stage, "10471"), OrderStatus::Shipped);
    assert_eq!(stage.app.on_its_way(&key), None);
    assert_eq!(stage.app.notices.len(), 1, "answer and event are one story");
    assert_eq!(under_cursor(&stage), "10474", "the next order of the queue");
}

#[test]
fn enter_twice_ships_once() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("s");
    let mut effects = stage.press(KeyCode::Enter);
    effects.extend(stage.press(KeyCode::Enter));
    effects.extend(stage.press(KeyCode::Esc));
    stage.keys("gs");
    effects.extend(stage.press(KeyCode::Enter));
    assert_eq!(sent(&effects).len(), 1);
}

#[test]
fn the_dialog_means_the_order_that_was_under_the_cursor() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("s");
    let sooner = listed("0001", OrderStatus::Paid, -90_000);
    stage.event(EventKind::Created, &sooner, service());
    let first = listed("10471", OrderStatus::Paid, 0);
    stage.event(EventKind::Removed, &first, service());
    assert_ne!(under_cursor(&stage), "10471");
    let effects = stage.keys("y");
    assert_eq!(sent(&effects)[0].0, "10471");
}

#[test]
fn a_refusal_rolls_back_and_names_the_other() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("s");
    let effects = stage.keys("y");
    let ticket = sent(&effects)[0].2;
    let theirs = changed(&stage, "10471", OrderStatus::Refunded);
    let conflict = RequestError::VersionConflict {
        order: Some(Box::new(theirs)),
        changed_by: Some(Actor::new(ActorKind::Support, "ana")),
        changed_at: Some(at(116)),
    };
    answer(&mut stage, "10471", ticket, Err(conflict));
    assert_eq!(status_of(&stage, "10471"), OrderStatus::Refunded);
    let What::Refused { why, .. } = &stage.app.notices.get(0).unwrap().what else {
        panic!("a refusal is told");
    };
    assert_eq!(why, "support ana set it to Refunded 4 s ago");

    stage.keys("gs");
    let effects = stage.keys("y");
    let (number, _, ticket) = sent(&effects)[0].clone();
    let refused = RequestError::Refused {
        status: 400,
        code: String::new(),
        message: "no".into(),
    };
    answer(&mut stage, &number, ticket, Err(refused));
    assert_eq!(status_of(&stage, &number), OrderStatus::Paid);
    let key = listed(&number, OrderStatus::Paid, 0).key(&vendor());
    assert_eq!(stage.app.on_its_way(&key), None);
}

#[test]
fn tracking_goes_along_and_blank_does_not() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("s");
    stage.press(KeyCode::Tab);
    stage.keys("DHLy");
    stage.press(KeyCode::Tab);
    stage.app.update(Event::Paste("JD01\n\u{1b}[2J46".into()));
    assert!(sent(&stage.press(KeyCode::Enter)).is_empty());
    stage.wait(1);
    let effects = stage.press(KeyCode::Enter);
    let shipment = sent(&effects)[0].1.shipment.clone().unwrap();
    assert_eq!(shipment.carrier.as_deref(), Some("DHLy"));
    assert_eq!(shipment.tracking_number.as_deref(), Some("JD01 46"));
}

#[test]
fn support_must_say_why() {
    let mut stage = Stage::with(SIZE, |settings| settings.vendor = None);
    stage.live();
    stage.snapshot(vec![listed("7", OrderStatus::Pending, 0)]);
    stage.keys("s");
    assert!(sent(&stage.press(KeyCode::Enter)).is_empty());
    stage.keys("paid by bank");
    let effects = stage.press(KeyCode::Enter);
    let change = &sent(&effects)[0].1;
    assert_eq!(change.status.as_deref(), Some("Paid"));
    assert_eq!(change.reason.as_deref(), Some("paid by bank"));
}

#[test]
fn nothing_is_sent_while_offline() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("s");
    stage.link(ConnectionState::Offline {
        since: at(100),
        next_at: at(130),
        reason: "connection refused".into(),
    });
    assert!(sent(&stage.keys("y")).is_empty());
    assert!(matches!(
        stage.app.notices.get(0).unwrap().what,
        What::Refused { .. }
    ));
    stage.keys("s");
    assert!(matches!(stage.app.overlay, Overlay::None));
    assert_eq!(stage.app.toast.as_ref().unwrap().0, "not sent: offline");
}

#[test]
fn the_filter_finds_and_lets_go() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("/MÜLLER");
    assert_eq!(stage.app.orders.shown(), 1);
    stage.press(KeyCode::Enter);
    assert_eq!(under_cursor(&stage), "10477");
    stage.press(KeyCode::Esc);
    assert_eq!(stage.app.orders.shown(), orders().len());
    assert_eq!(under_cursor(&stage), "10477");
    stage.keys("/q");
    assert!(stage.app.typing, "q is a letter here");
}

#[test]
fn tabs_show_one_status_and_refunded_is_one_of_them() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("8");
    assert_eq!(stage.app.orders.tab(), Some(OrderStatus::Refunded));
    assert_eq!(under_cursor(&stage), "10431");
    stage.keys("2");
    assert_eq!(stage.app.orders.shown(), 4);
    stage.keys("0");
    assert_eq!(stage.app.orders.shown(), orders().len());
}

#[test]
fn imports_ring_once_and_stand_out_nowhere() {
    let mut stage = Stage::shop(SIZE);
    let import = Actor::new(ActorKind::Import, "orders.json");
    for i in 0..400 {
        let order = listed(&format!("I{i}"), OrderStatus::Completed, i);
        stage.event(EventKind::Created, &order, import.clone());
    }
    assert_eq!(stage.app.notices.len(), 1);
    assert_eq!(
        stage.app.notices.get(0).unwrap().what,
        What::Imported { count: 400 }
    );
    assert_eq!(stage.app.unseen(), super::Unseen::default());
}

#[test]
fn a_notification_leads_to_its_order_through_any_filter() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("3");
    let order = listed("N1", OrderStatus::Paid, 119);
    stage.event(EventKind::Created, &order, service());
    stage.keys("n");
    assert_eq!(under_cursor(&stage), "N1");
    stage.keys("x");
    assert!(stage.app.notices.is_empty());
    stage.press(KeyCode::Tab);
    assert_eq!(stage.app.focus, Pane::Notices);
}

#[test]
fn pasted_text_is_never_keys() {
    let mut stage = Stage::shop(SIZE);
    let effects = stage.app.update(Event::Paste("sy".into()));
    assert!(effects.is_empty() && matches!(stage.app.overlay, Overlay::None));
}

#[test]
fn details_are_fetched_once_the_cursor_rests() {
    let mut stage = Stage::shop((120, 30));
    let fetched = |effects: Vec<Effect>| {
        effects
            .iter()
            .filter(|e| matches!(e, Effect::FetchOrder(_)))
            .count()
    };
    assert_eq!(fetched(stage.keys("jjj")), 0);
    assert!(stage.app.wakes_at().is_some());
    assert_eq!(fetched(stage.wait(1)), 1);
    assert_eq!(fetched(stage.wait(1)), 0);
    assert_eq!(stage.app.wakes_at(), None);
}

#[test]
fn a_snapshot_again_keeps_the_cursor() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("jjj");
    let before = under_cursor(&stage);
    let mut again = orders();
    again.push(listed("0001", OrderStatus::Paid, -99_999));
    stage.snapshot(again);
    assert_eq!(under_cursor(&stage), before);
}

fn any_code() -> impl Strategy<Value = KeyCode> {
    prop_oneof![
        6 => proptest::sample::select("sSuvA*cP YoxXnyRrHQ%?/0123456789jkgGqabü陳".chars().collect::<Vec<_>>())
            .prop_map(KeyCode::Char),
        4 => proptest::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::BackTab, KeyCode::Up, KeyCode::Down,
            KeyCode::PageUp, KeyCode::PageDown, KeyCode::Home, KeyCode::End, KeyCode::Backspace,
            KeyCode::Left, KeyCode::Right, KeyCode::Delete,
        ]),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Key(KeyCode),
    Size(u16, u16),
    Order(u8, usize, i64, String),
    Remove(u8),
    Snapshot(Vec<u8>),
    Refuse,
    Wait,
    Paste(String),
    Link(u8),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => any_code().prop_map(Step::Key),
        2 => (0_u16..200, 0_u16..60).prop_map(|(c, r)| Step::Size(c, r)),
        1 => Just(Step::Size(0, 0)),
        4 => (any::<u8>(), 0_usize..8, 0_i64..300, ".{0,40}").prop_map(|(n, s, t, b)| Step::Order(n, s, t, b)),
        1 => any::<u8>().prop_map(Step::Remove),
        1 => proptest::collection::vec(any::<u8>(), 0..40).prop_map(Step::Snapshot),
        1 => Just(Step::Refuse),
        1 => Just(Step::Wait),
        1 => ".{0,20}".prop_map(Step::Paste),
        1 => (0_u8..5).prop_map(Step::Link),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn nothing_makes_it_panic(
        steps in proptest::collection::vec(any_step(), 1..60),
        all in any::<bool>(),
    ) {
        let mut stage = Stage::with((100, 30), |settings| if all { settings.vendor = None });
        stage.live();
        stage.snapshot(orders());
        for step in steps {
            let mut effects = Vec::new();
            match step {
                Step::Key(code) => {
                    let key = KeyEvent::new(code, KeyModifiers::NONE);
                    effects = stage.app.update(Event::Key(key));
                }
                Step::Size(columns, rows) => { stage.app.update(Event::Resize(columns, rows)); }
                Step::Order(number, status, second, buyer) => {
                    let mut order = (*listed(&number.to_string(), OrderStatus::ALL[status], second)).clone();
                    order.customer_name = buyer;
                    stage.event(EventKind::Status, &order, service());
                }
                Step::Remove(number) => {
                    let order = listed(&number.to_string(), OrderStatus::Paid, 0);
                    stage.event(EventKind::Removed, &order, service());
                }
                Step::Snapshot(numbers) => {
                    let orders = numbers.iter().map(|n| listed(&n.to_string(), OrderStatus::ALL[usize::from(*n) % 8], i64::from(*n)));
                    stage.snapshot(orders.collect());
                }
                Step::Refuse => {
                    for ticket in 0..9 {
                        let refused = RequestError::Refused { status: 400, code: String::new(), message: "no".into() };
                        answer(&mut stage, "10471", ticket, Err(refused));
                    }
                }
                Step::Wait => { stage.wait(3); }
                Step::Paste(text) => { stage.app.update(Event::Paste(text)); }
                Step::Link(which) => stage.link(match which {
                    0 => ConnectionState::Connecting,
                    1 => ConnectionState::Live { degraded: true },
                    2 => ConnectionState::Refused { reason: "no".into(), next_at: at(0) },
                    3 => ConnectionState::Offline { since: at(0), next_at: at(9), reason: "x".into() },
                    _ => ConnectionState::Live { degraded: false },
                }),
            }
            prop_assert!(sent(&effects).len() <= 1);
            let app = &stage.app;
            if app.orders.shown() > 0 {
                let key = app.cursor.as_ref().unwrap();
                prop_assert_eq!(app.orders.index_of(key), Some(app.cursor_at));
                prop_assert!(app.top <= app.cursor_at);
            }
            stage.draw();
        }
    }
}

#[test]
fn an_order_without_an_event_is_new_too() {
    let mut stage = Stage::shop(SIZE);
    let order = listed("L1", OrderStatus::Paid, 100);
    stage.tell(ClientEvent::Changes(vec![Change::Order {
        key: order.key(&vendor()),
        order: packed(&order),
    }]));
    assert!(matches!(
        stage.app.notices.get(0).unwrap().what,
        What::New { .. }
    ));
}

#[test]
fn an_open_order_finds_its_place_at_every_size() {
    let mut stage = Stage::shop(SIZE);
    stage.press(KeyCode::Enter);
    assert!(stage.app.order_open);
    stage.app.update(Event::Resize(120, 30));
    assert!(!stage.app.order_open && stage.app.focus == Pane::Order);
    stage.app.update(Event::Resize(60, 20));
    assert!(stage.app.order_open, "what was read stays in sight");
    stage.press(KeyCode::Esc);
    assert!(!stage.app.order_open && stage.app.focus == Pane::Orders);
}

#[test]
fn a_change_that_nothing_explains_is_told_without_a_name() {
    let mut stage = Stage::shop(SIZE);
    let mut order = (*listed("10474", OrderStatus::Shipped, 100)).clone();
    order.version = 2;
    let key = order.key(&vendor());
    let change = Change::Order {
        key,
        order: packed(&order),
    };
    stage.tell(ClientEvent::Changes(vec![change.clone()]));
    stage.tell(ClientEvent::Changes(vec![change]));
    assert_eq!(stage.app.notices.len(), 1);
    let (from, to) = (OrderStatus::Paid, OrderStatus::Shipped);
    assert_eq!(
        stage.app.notices.get(0).unwrap().what,
        What::Seen { from, to }
    );
}

#[test]
fn before_a_key_is_pressed_the_screen_shows_the_top() {
    let mut stage = Stage::shop(SIZE);
    let theirs = changed(&stage, "10471", OrderStatus::Shipped);
    stage.event(EventKind::Status, &theirs, service());
    assert_eq!((under_cursor(&stage).as_str(), stage.app.top), ("10474", 0));
    stage.app.orders.set_sort(Sort::Newest);
    for i in 0..60 {
        let order = listed(&format!("N{i}"), OrderStatus::Paid, 200 + i);
        stage.event(EventKind::Created, &order, service());
        assert_eq!(stage.app.top, 0);
    }
}
