//! Cancellations that support is asked for, and what marks mean for a step.

use ordertop::order::HistoryEntry;

use super::*;
use crate::model::step::Aim;

fn as_support(size: (u16, u16)) -> Stage {
    let mut stage = Stage::with(size, |settings| settings.vendor = None);
    stage.live();
    stage.vendors();
    stage.snapshot(orders());
    stage.rest();
    stage
}

fn of_vendor() -> Actor {
    Actor::new(ActorKind::Vendor, "42")
}

/// The order as it is when its vendor has asked to cancel it.
fn asked(stage: &Stage, number: &str) -> ListedOrder {
    let key = listed(number, OrderStatus::Paid, 0).key(&vendor());
    let mut order = (*stage.app.orders.get(&key).unwrap().listed()).clone();
    order.flags.cancel_requested = true;
    order.updated_at = stage.app.now;
    order
}

fn ask(stage: &mut Stage, number: &str) {
    let order = asked(stage, number);
    stage.event(EventKind::Updated, &order, of_vendor());
}

/// Vendor 42 opens the question whether to ask support to cancel.
fn asking() -> Stage {
    let mut stage = Stage::shop((120, 30));
    stage.rest();
    stage.keys("Scanc");
    stage.press(KeyCode::Enter);
    stage
}

fn footer(stage: &Stage) -> String {
    stage.screen().lines().last().unwrap_or_default().to_owned()
}

#[test]
fn no_letter_of_why_to_cancel_confirms_anything() {
    let mut stage = asking();
    let screen = stage.screen();
    assert!(screen.contains("● Paid  ─▶  ● Paid, until support decides"));
    assert!(screen.contains("why: support reads it"), "{screen}");
    assert!(stage.keys("y").is_empty());
    stage.wait(2);
    assert!(stage.keys(" asked by phone, sorry").is_empty());
    assert!(matches!(&stage.app.overlay, Overlay::Dialog(dialog) if dialog.aim == Aim::Ask));
    let (number, change, ticket) = sent(&stage.press(KeyCode::Enter)).remove(0);
    assert_eq!(change.reason.as_deref(), Some("y asked by phone, sorry"));
    assert_eq!(change.status.as_deref(), Some("Cancelled"));

    let mut order = asked(&stage, &number);
    order.version = 2;
    // The event comes first: one change, told once, as ours.
    stage.event(EventKind::Updated, &order, of_vendor());
    answer(&mut stage, &number, ticket, Ok(done(order)));
    let told = |stage: &Stage| stage.app.notices.get(0).unwrap().what.clone();
    assert_eq!(told(&stage), What::Asked { by: None });
    assert_eq!(stage.app.notices.len(), 1);
    assert!(
        stage.screen().contains("#10471  asked to cancel  by you"),
        "{}",
        stage.screen()
    );
    assert_eq!(status_of(&stage, "10471"), OrderStatus::Paid);
}

#[test]
fn the_reason_may_stay_blank_and_the_button_still_takes_y() {
    let mut stage = asking();
    stage.press(KeyCode::Tab);
    let effects = stage.keys("y");
    assert_eq!(sent(&effects)[0].1.reason, None);
    // Asked before: nothing changed, and nobody is told that it is Paid.
    let ticket = sent(&effects)[0].2;
    let mut answered = done(asked(&stage, "10471"));
    answered.changed = false;
    answer(&mut stage, "10471", ticket, Ok(answered));
    assert!(
        footer(&stage).contains("support was already asked to cancel #10471"),
        "{}",
        footer(&stage)
    );
}

#[test]
fn what_is_typed_as_the_reason_outlives_another_ones_change() {
    let mut stage = asking();
    stage.keys("sold out");
    let theirs = changed(&stage, "10471", OrderStatus::Paid);
    stage.event(EventKind::Updated, &theirs, service());
    assert!(sent(&stage.press(KeyCode::Enter)).is_empty());
    assert!(stage.keys(" yesterday").is_empty());
    let (_, change, _) = sent(&stage.press(KeyCode::Enter)).remove(0);
    assert_eq!(change.reason.as_deref(), Some("sold out yesterday"));
    assert_eq!(change.expected_version, Some(2));
}

#[test]
fn nobody_ships_what_is_to_be_cancelled_without_being_told() {
    let mut stage = as_support((120, 30));
    stage.keys("s");
    ask(&mut stage, "10471");
    stage.wait(3);
    let screen = stage.screen();
    assert!(
        screen.contains("! vendor 42 asked to cancel 3 s ago"),
        "{screen}"
    );
    assert!(
        screen.contains("! changed 3 s ago, still Paid: Enter takes it as it is now"),
        "{screen}"
    );
    assert!(!screen.contains("by an import"), "{screen}");
    assert!(screen.contains("#10471  asked to cancel  by vendor 42"));
    assert!(sent(&stage.press(KeyCode::Enter)).is_empty());
    assert!(stage.screen().contains("asked to cancel 3 s ago"));
    assert_eq!(sent(&stage.press(KeyCode::Enter)).len(), 1);
}

#[test]
fn the_small_screen_tells_of_it_too() {
    let mut stage = as_support((40, 8));
    stage.keys("s");
    ask(&mut stage, "10471");
    let screen = stage.screen();
    assert!(screen.contains("! vendor 42 asked to cancel"), "{screen}");
    assert!(screen.contains("! changed"), "{screen}");
    assert!(screen.contains("Tracking"), "{screen}");
}

#[test]
fn the_row_has_a_sign_until_the_order_has_left() {
    let mut stage = as_support((120, 30));
    ask(&mut stage, "10474");
    assert!(stage.screen().contains("● Paid ×?"), "{}", stage.screen());
    let mut shipped = asked(&stage, "10474");
    shipped.status = OrderStatus::Shipped;
    stage.event(EventKind::Status, &shipped, service());
    assert!(!stage.screen().contains("×?"), "{}", stage.screen());
}

#[test]
fn the_history_says_why() {
    let mut stage = as_support((120, 30));
    ask(&mut stage, "10471");
    let key = stage.app.cursor.clone().unwrap();
    let entry = HistoryEntry {
        at: stage.app.now,
        version: 2,
        actor: of_vendor(),
        action: "cancel_requested".into(),
        from: Some(OrderStatus::Paid),
        to: OrderStatus::Paid,
        reason: Some("sold\u{1b} out".into()),
        request_id: None,
        forced: false,
    };
    let result = Ok(vec![entry]);
    stage.app.update(Event::History { key, result });
    stage.keys("s");
    let screen = stage.screen();
    assert!(
        screen.contains("asked to cancel 0 s ago: “sold"),
        "{screen}"
    );
}

#[test]
fn one_mark_is_meant_wherever_the_cursor_is_and_the_dialog_names_it() {
    let mut stage = Stage::shop((120, 30));
    stage.keys(" jj");
    assert_ne!(under_cursor(&stage), "10471");
    assert!(
        footer(&stage).contains("s ship 1 marked"),
        "{}",
        footer(&stage)
    );
    stage.keys("s");
    let screen = stage.screen();
    assert!(screen.contains("Ship #10471?"), "{screen}");
    stage.press(KeyCode::Tab);
    stage.keys("DHL");
    assert!(sent(&stage.press(KeyCode::Enter)).is_empty());
    let (number, change, ticket) = sent(&stage.keys("y")).remove(0);
    assert_eq!(number, "10471");
    assert_eq!(change.shipment.unwrap().carrier.as_deref(), Some("DHL"));
    let order = changed(&stage, "10471", OrderStatus::Shipped);
    answer(&mut stage, "10471", ticket, Ok(done(order)));
    assert_eq!(stage.app.marked(), 0);
    // Any status, too.
    stage.keys("g j");
    let cursor = under_cursor(&stage);
    stage.keys("S");
    stage.press(KeyCode::Enter);
    let Overlay::Dialog(dialog) = &stage.app.overlay else {
        panic!("no dialog: {}", stage.screen());
    };
    assert_ne!(dialog.key.number.as_str(), cursor);
}

#[test]
fn marks_out_of_sight_are_counted_and_named() {
    let mut stage = as_support((120, 30));
    stage.keys("  ");
    ask(&mut stage, "10474");
    assert!(stage.screen().contains("2 marked · "), "{}", stage.screen());
    stage.keys("/status:shipped");
    stage.press(KeyCode::Enter);
    let screen = stage.screen();
    assert!(screen.contains("2 marked, 2 hidden"), "{screen}");
    assert!(footer(&stage).contains("s ship 2 marked"), "{screen}");
    stage.keys("s");
    let screen = stage.screen();
    assert!(
        screen.contains("2  hidden by tab or filter: #10471 Acme, #10474 Acme"),
        "{screen}"
    );
    assert!(screen.contains("1  was asked to be cancelled"), "{screen}");
}

#[test]
fn an_open_plan_says_what_changed_since() {
    let mut stage = as_support((80, 24));
    stage.keys("/status:paid");
    stage.press(KeyCode::Enter);
    stage.keys("As");
    let told = "2  changed since, will be refused: #10471 Acme, #10477 Acme";
    assert!(!stage.screen().contains("changed since"));
    for number in ["10471", "10477"] {
        let order = changed(&stage, number, OrderStatus::Shipped);
        stage.event(EventKind::Status, &order, of_vendor());
    }
    assert!(stage.screen().contains(told), "{}", stage.screen());
}

#[test]
fn a_key_that_is_bound_to_nothing_or_does_nothing_is_not_offered() {
    let mut stage = Stage::with((120, 30), |settings| {
        let keymap = &mut settings.keymap;
        keymap.rebind(
            crate::model::keymap::Context::Screen,
            crate::model::keymap::Action::NextStep,
            Vec::new(),
        );
    });
    stage.live();
    stage.snapshot(orders());
    assert!(!footer(&stage).contains("next step"), "{}", footer(&stage));
    assert!(footer(&stage).starts_with(" "), "{}", footer(&stage));
    let mut stage = Stage::with((120, 30), |settings| settings.read_only = true);
    stage.live();
    stage.snapshot(orders());
    let screen = stage.screen();
    assert!(!footer(&stage).contains("next step"), "{screen}");
    assert!(screen.lines().next().unwrap().contains("read-only"));
}

#[test]
fn an_own_note_is_told_as_one() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("cgift box");
    stage.press(KeyCode::Enter);
    let order = changed(&stage, "10471", OrderStatus::Paid);
    stage.event(EventKind::Updated, &order, of_vendor());
    assert_eq!(stage.app.notices.get(0).unwrap().what, What::Noted);
    // The next change is another one.
    stage.event(EventKind::Updated, &order, of_vendor());
    assert_eq!(
        stage.app.notices.get(0).unwrap().what,
        What::Updated { by: of_vendor() }
    );
}
