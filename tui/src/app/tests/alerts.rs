//! What rings and what does not.

use crate::app::Overlay;
use crossterm::event::KeyCode;
use ordertop::client::{ClientEvent, ConnectionState, RequestError};
use ordertop::order::{Actor, ActorKind, OrderStatus};
use ordertop::protocol::{EventKind, ListedOrder};
use ordertop::replica::Change;

use super::{SIZE, changed, done};
use crate::app::Pane;
use crate::event::{Effect, Event};
use crate::model::alerts::{AlertSettings, Signal};
use crate::model::fixture::{at, listed, packed, vendor};
use crate::snapshots::{Stage, orders, service};

const DAY_S: i64 = 86_400;

fn signal(effects: &[Effect]) -> Option<&Signal> {
    effects.iter().find_map(|effect| match effect {
        Effect::Alert(signal) => Some(&**signal),
        _ => None,
    })
}

fn body(effects: &[Effect]) -> Option<&str> {
    Some(&signal(effects)?.notification.as_ref()?.body)
}

fn created(stage: &mut Stage, number: &str) -> Vec<Effect> {
    let order = listed(number, OrderStatus::Paid, 110);
    stage.event(EventKind::Created, &order, service())
}

fn with(set: impl FnOnce(&mut AlertSettings)) -> Stage {
    let mut stage = Stage::with(SIZE, |settings| set(&mut settings.alerts));
    stage.live();
    stage.vendors();
    stage.snapshot(orders());
    stage
}

#[test]
fn a_new_order_rings_and_notifies() {
    let mut stage = Stage::shop(SIZE);
    let effects = created(&mut stage, "N1");
    let signal = signal(&effects).unwrap();
    assert!(signal.bell && signal.commands.is_empty());
    let notification = signal.notification.as_ref().unwrap();
    assert_eq!(notification.title, "Acme");
    assert_eq!(notification.body, "new #N1 Ana Souza 184.00 USD");
}

#[test]
fn nothing_rings_for_what_is_no_news() {
    let mut stage = Stage::shop(SIZE);
    let mut test = (*listed("T1", OrderStatus::Paid, 100)).clone();
    test.flags.test = true;
    let effects = stage.event(EventKind::Created, &test, service());
    assert_eq!(signal(&effects), None, "a test order");
    let import = Actor::new(ActorKind::Import, "files");
    let order = listed("I1", OrderStatus::Paid, 100);
    let effects = stage.event(EventKind::Created, &order, import);
    assert_eq!(signal(&effects), None, "an import");
    let old = listed("O1", OrderStatus::Paid, 119 - DAY_S);
    let effects = stage.event(EventKind::Created, &old, service());
    assert_eq!(signal(&effects), None, "placed more than a day ago");
    let mut all = orders();
    all.push(listed("S1", OrderStatus::Paid, 100));
    let snapshot = Change::Snapshot {
        vendor: vendor(),
        orders: all.iter().map(|order| packed(order)).collect(),
    };
    let effects = Stage::new(SIZE).tell(ClientEvent::Changes(vec![snapshot]));
    assert_eq!(signal(&effects), None, "the snapshot at the start");
    let mut test_disputed = test.clone();
    test_disputed.status = OrderStatus::Disputed;
    let effects = stage.event(EventKind::Status, &test_disputed, service());
    assert_eq!(signal(&effects), None, "a dispute of a test order");
}

#[test]
fn an_order_rings_once_however_often_it_comes() {
    let mut stage = Stage::shop(SIZE);
    assert!(signal(&created(&mut stage, "N1")).is_some());
    stage.wait(5);
    stage.snapshot(orders());
    assert!(
        stage
            .app
            .orders
            .get(&listed("N1", OrderStatus::Paid, 0).key(&vendor()))
            .is_none()
    );
    assert_eq!(signal(&created(&mut stage, "N1")), None);
}

#[test]
fn a_crowd_is_one_bell_and_one_notification() {
    let mut stage = Stage::shop(SIZE);
    let changes = (0..13).map(|i| {
        let order = listed(&format!("N{i}"), OrderStatus::Paid, 100);
        Change::Order {
            key: order.key(&vendor()),
            order: packed(&order),
        }
    });
    let effects = stage.tell(ClientEvent::Changes(changes.collect()));
    assert_eq!(
        body(&effects),
        Some("new #N0 Ana Souza 184.00 USD and 12 more")
    );
    assert_eq!(effects.len(), 1);
}

#[test]
fn a_dispute_by_others_rings_and_ours_does_not() {
    let mut stage = Stage::shop(SIZE);
    let disputed = changed(&stage, "10471", OrderStatus::Disputed);
    let effects = stage.event(EventKind::Status, &disputed, service());
    assert!(body(&effects).unwrap().contains("Disputed"));
    stage.wait(5);
    let ours = Actor::new(ActorKind::Vendor, "42");
    let cancelled = changed(&stage, "10479", OrderStatus::Cancelled);
    let effects = stage.event(EventKind::Status, &cancelled, ours);
    assert_eq!(signal(&effects), None);
    let shipped = changed(&stage, "10474", OrderStatus::Shipped);
    let effects = stage.event(EventKind::Status, &shipped, service());
    assert_eq!(signal(&effects), None, "an ordinary step");
}

#[test]
fn our_own_step_rings_nothing_and_a_refused_one_does() {
    let mut stage = Stage::shop(SIZE);
    let answer = |stage: &mut Stage, ticket, result: Result<ListedOrder, RequestError>| {
        stage.app.update(Event::StatusAnswer {
            key: listed("10471", OrderStatus::Paid, 0).key(&vendor()),
            ticket,
            result: result.map(done).map(Box::new),
        })
    };
    stage.keys("s");
    stage.press(KeyCode::Enter);
    let shipped = changed(&stage, "10471", OrderStatus::Shipped);
    let ticket = stage.app.next_ticket - 1;
    let effects = answer(&mut stage, ticket, Ok(shipped));
    assert_eq!(signal(&effects), None);
    assert_eq!(stage.app.notices.unread(), 0);
    stage.keys("s");
    stage.press(KeyCode::Enter);
    let refused = RequestError::Refused {
        status: 400,
        code: String::new(),
        message: "no".into(),
    };
    let ticket = stage.app.next_ticket - 1;
    let effects = stage.app.update(Event::StatusAnswer {
        key: listed("10474", OrderStatus::Paid, 0).key(&vendor()),
        ticket,
        result: Err(refused),
    });
    let signal = signal(&effects).unwrap();
    assert!(signal.bell && signal.notification.is_none());
    assert_eq!(stage.app.notices.unread(), 1);
}

#[test]
fn a_lost_connection_is_told_after_a_while() {
    let mut stage = Stage::shop(SIZE);
    stage.link(ConnectionState::Offline {
        since: at(120),
        next_at: at(150),
        reason: "connection refused".into(),
    });
    assert_eq!(signal(&stage.wait(9)), None);
    assert_eq!(
        body(&stage.wait(1)),
        Some("nothing gets through to the server")
    );
    assert_eq!(signal(&stage.wait(60)), None);
    stage.live();
    assert_eq!(signal(&stage.wait(5)), None, "told by the update itself");
}

#[test]
fn the_alarm_rings_until_it_is_acknowledged() {
    let mut stage = with(|alerts| {
        alerts.alarm = true;
        alerts.alarm_every_s = 10;
    });
    assert!(!stage.screen().contains("ALARM"));
    created(&mut stage, "N1");
    created(&mut stage, "N2");
    assert!(
        stage
            .screen()
            .contains("ALARM  2 new orders not looked at · a acknowledges")
    );
    assert_eq!(
        signal(&stage.wait(5)).map(|s| s.bell),
        Some(true),
        "the second order's"
    );
    assert_eq!(signal(&stage.wait(4)), None);
    assert!(signal(&stage.wait(1)).unwrap().bell);
    assert!(signal(&stage.wait(10)).unwrap().bell);
    stage.keys("a");
    assert!(!stage.screen().contains("ALARM"));
    assert_eq!(signal(&stage.wait(60)), None);
    created(&mut stage, "N3");
    stage.keys("n");
    stage.press(KeyCode::Enter);
    assert_eq!(stage.app.alerts.alarm.count(), 0, "it was looked at");
}

#[test]
fn focus_and_mute_hold_back() {
    let mut stage = Stage::shop(SIZE);
    stage.app.update(Event::Focus(true));
    let effects = created(&mut stage, "N1");
    let told = signal(&effects).unwrap();
    assert!(told.bell && told.notification.is_none());
    stage.app.update(Event::Focus(false));
    stage.wait(2);
    assert!(body(&created(&mut stage, "N2")).is_some());
    stage.keys("m");
    assert!(stage.screen().contains("muted 1h"));
    stage.wait(2);
    assert_eq!(signal(&created(&mut stage, "N3")), None);
    stage.keys("m");
    assert!(signal(&created(&mut stage, "N4")).is_some());
}

#[test]
fn unread_is_what_nobody_looked_at() {
    let mut stage = Stage::shop((120, 30));
    for number in ["N1", "N2", "N3"] {
        created(&mut stage, number);
    }
    assert_eq!(stage.app.notices.unread(), 3);
    assert!(stage.screen().lines().next().unwrap().contains(" !3 "));
    // The newest is jumped to and opened.
    stage.keys("n");
    stage.press(KeyCode::Enter);
    assert_eq!(stage.app.notices.unread(), 2);
    stage.keys("x");
    stage.press(KeyCode::Esc);
    stage.app.focus = Pane::Notices;
    stage.app.update(Event::Focus(false));
    assert_eq!(stage.app.notices.unread(), 2, "nobody is there");
    stage.app.update(Event::Focus(true));
    assert_eq!(stage.app.notices.unread(), 0);
    assert!(!stage.screen().lines().next().unwrap().contains('!'));
    stage.app.focus = Pane::Orders;
    created(&mut stage, "N4");
    let told = stage.app.notices.len();
    stage.keys("X");
    assert!(
        stage
            .screen()
            .contains(&format!("Dismiss all {told} notifications?"))
    );
    stage.press(KeyCode::Esc);
    assert_eq!(stage.app.notices.len(), told);
    stage.keys("Xy");
    assert_eq!(
        (stage.app.notices.len(), stage.app.notices.unread()),
        (0, 0)
    );
    stage.keys("X");
    assert!(
        matches!(stage.app.overlay, Overlay::None),
        "there is none to ask about"
    );
}

#[test]
fn a_failing_command_is_told_once() {
    let mut stage = with(|alerts| alerts.command = Some("false".into()));
    let effects = created(&mut stage, "N1");
    assert_eq!(signal(&effects).unwrap().commands.len(), 1);
    let toast = |stage: &Stage| stage.app.toast.as_ref().map(|(words, _)| words.clone());
    let fail = || Event::AlertCommand(Err("false: exit status: 1".into()));
    stage.app.update(fail());
    assert!(toast(&stage).unwrap().contains("exit status: 1"));
    stage.wait(10);
    stage.app.update(fail());
    assert_eq!(toast(&stage), None);
    stage.app.update(Event::AlertCommand(Ok(())));
    stage.app.update(fail());
    assert!(toast(&stage).is_some());
}

#[test]
fn support_hears_what_colleagues_cancel_and_vendors_ask_for() {
    let mut stage = Stage::with(SIZE, |settings| {
        settings.vendor = None;
        settings.alerts.cancelled = settings.alerts.new_order.clone();
    });
    stage.live();
    stage.vendors();
    stage.snapshot(orders());
    // All of support is one actor to the server.
    let colleague = Actor::new(ActorKind::Support, "master");
    let cancelled = changed(&stage, "10474", OrderStatus::Cancelled);
    let effects = stage.event(EventKind::Status, &cancelled, colleague);
    assert!(
        body(&effects).is_some_and(|body| body.contains("10474")),
        "{effects:?}"
    );
    stage.wait(60);
    let mut asked = changed(&stage, "10477", OrderStatus::Paid);
    asked.flags.cancel_requested = true;
    let effects = stage.event(
        EventKind::Updated,
        &asked,
        Actor::new(ActorKind::Vendor, "42"),
    );
    assert!(
        body(&effects).is_some_and(|body| body.contains("10477")),
        "{effects:?}"
    );
}

#[test]
fn who_goes_to_an_order_from_its_notification_has_looked_at_it() {
    let mut stage = Stage::shop((120, 30));
    created(&mut stage, "N1");
    created(&mut stage, "N2");
    assert_eq!(stage.app.notices.unread(), 2);
    stage.keys("n");
    assert_eq!(stage.app.notices.unread(), 1);
    // So has who acts on it.
    stage
        .app
        .go_to(&listed("N1", OrderStatus::Paid, 0).key(&vendor()));
    stage.keys("s");
    stage.press(KeyCode::Enter);
    assert_eq!(stage.app.notices.unread(), 0);
}

#[test]
fn notifications_that_are_not_in_sight_stay_unread() {
    let mut stage = Stage::shop((120, 30));
    for n in 0..9 {
        created(&mut stage, &format!("N{n}"));
    }
    stage.press(KeyCode::BackTab);
    assert_eq!(stage.app.focus, Pane::Notices);
    let in_sight = crate::view::notices_in_sight(&stage.app).len();
    assert!((1..9).contains(&in_sight));
    assert_eq!(stage.app.notices.unread(), 9 - in_sight);
}

#[test]
fn an_own_step_is_read_whichever_of_answer_and_event_comes_first() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("s");
    let (number, _, ticket) = super::sent(&stage.press(KeyCode::Enter)).remove(0);
    let order = changed(&stage, &number, OrderStatus::Shipped);
    stage.event(
        EventKind::Status,
        &order,
        Actor::new(ActorKind::Vendor, "42"),
    );
    super::answer(&mut stage, &number, ticket, Ok(done(order)));
    assert_eq!(
        (stage.app.notices.len(), stage.app.notices.unread()),
        (1, 0)
    );
}

#[test]
fn an_order_that_becomes_late_stands_among_the_notifications() {
    let mut stage = Stage::shop((120, 30));
    let mut order = (*listed("L1", OrderStatus::Paid, 110)).clone();
    order.ship_by = Some(at(150));
    stage.event(EventKind::Created, &order, service());
    stage.wait(60);
    assert!(
        stage.screen().contains("#L1  is late  Ana Souza"),
        "{}",
        stage.screen()
    );
    stage.keys("n");
    assert_eq!(super::under_cursor(&stage), "L1");
}
