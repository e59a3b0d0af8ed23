//! Shipping with a number, and orders that change under a dialog.

use super::*;

fn field(stage: &mut Stage, text: &str) {
    stage.press(KeyCode::Tab);
    stage.keys(text);
}

/// Confirms from within a text: Enter goes to the button first.
fn confirm(stage: &mut Stage) -> Vec<Effect> {
    assert_eq!(sent(&stage.press(KeyCode::Enter)), []);
    stage.keys("y")
}

#[test]
fn the_carrier_is_guessed_from_the_number_and_the_link_goes_along() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("s");
    field(&mut stage, "");
    field(&mut stage, "1Z5R89390357567127");
    let screen = stage.screen();
    assert!(screen.contains("UPS  (guessed"), "{screen}");
    assert!(screen.contains("https://www.ups.com/track?"), "{screen}");
    let effects = confirm(&mut stage);
    let shipment = sent(&effects)[0].1.shipment.clone().unwrap();
    assert_eq!(shipment.carrier.as_deref(), Some("UPS"));
    assert_eq!(
        shipment.tracking_url.as_deref(),
        Some("https://www.ups.com/track?tracknum=1Z5R89390357567127")
    );
}

#[test]
fn what_is_typed_counts_more_than_the_guess() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("s");
    field(&mut stage, "Cousin Ana");
    field(&mut stage, "1Z5R89390357567128");
    assert!(stage.screen().contains("check digit does not fit"));
    let effects = confirm(&mut stage);
    let shipment = sent(&effects)[0].1.shipment.clone().unwrap();
    assert_eq!(shipment.carrier.as_deref(), Some("Cousin Ana"));
    assert_eq!(shipment.tracking_url, None);
}

#[test]
fn the_link_is_copied_and_hostile_ones_cannot_steer() {
    let mut stage = Stage::shop(SIZE);
    assert_eq!(stage.keys("Y"), []);
    assert!(stage.screen().contains("#10471 has no tracking link"));
    let mut order = (*listed("10471", OrderStatus::Shipped, -5_400)).clone();
    order.shipments = vec![ordertop::order::Shipment {
        carrier: Some("dhl".into()),
        tracking_number: Some("JD014600006281230704".into()),
        ..Default::default()
    }];
    stage.event(EventKind::Status, &order, service());
    stage.wait(1);
    stage.keys("n");
    let copied = |effects: Vec<Effect>| match &effects[..] {
        [Effect::Copy(text)] => text.clone(),
        other => panic!("{other:?}"),
    };
    let link = copied(stage.keys("Y"));
    assert!(link.ends_with("tracking-id=JD014600006281230704"), "{link}");
    order.shipments[0].tracking_url = Some("https://x.example/\u{1b}]52;c;\u{7}".into());
    stage.event(EventKind::Updated, &order, service());
    let link = copied(stage.keys("Y"));
    assert!(!link.contains(char::is_control), "{link:?}");
}

#[test]
fn a_blocked_dialog_offers_no_enter() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("s");
    let theirs = changed(&stage, "10471", OrderStatus::Refunded);
    stage.event(EventKind::Status, &theirs, service());
    let screen = stage.screen();
    let footer = screen.lines().last().unwrap();
    assert!(footer.contains("cancel"), "{footer}");
    assert!(!footer.contains("do it"), "{footer}");
    assert!(screen.contains("not possible any more"), "{screen}");
    assert!(sent(&stage.press(KeyCode::Enter)).is_empty());
    assert!(matches!(stage.app.overlay, Overlay::Dialog(_)));
}

#[test]
fn a_conflict_asks_again_on_the_new_state_and_keeps_what_was_typed() {
    let mut stage = Stage::with((120, 30), |settings| settings.vendor = None);
    stage.live();
    stage.snapshot(vec![listed("7", OrderStatus::Paid, 0)]);
    stage.keys("s");
    field(&mut stage, "DHL");
    let ticket = sent(&confirm(&mut stage))[0].2;
    // Another one only touched it: it is Paid still, at another version.
    let theirs = changed(&stage, "7", OrderStatus::Paid);
    let conflict = RequestError::VersionConflict {
        order: Some(Box::new(theirs)),
        changed_by: Some(Actor::new(ActorKind::Support, "ana")),
        changed_at: Some(at(116)),
    };
    answer(&mut stage, "7", ticket, Err(conflict));
    let screen = stage.screen();
    assert!(screen.contains("Enter takes it as it is now"), "{screen}");
    // The first key takes the new state, the second sends.
    assert!(sent(&stage.press(KeyCode::Enter)).is_empty());
    let effects = stage.press(KeyCode::Enter);
    let (_, change, _) = sent(&effects).remove(0);
    assert_eq!(change.expected_version, Some(2));
    assert_eq!(change.shipment.unwrap().carrier.as_deref(), Some("DHL"));
}

#[test]
fn a_conflict_does_not_come_between_what_is_typed() {
    let mut stage = Stage::shop(SIZE);
    stage.keys("s");
    let ticket = sent(&stage.press(KeyCode::Enter))[0].2;
    stage.keys("/mü");
    let theirs = changed(&stage, "10471", OrderStatus::Paid);
    let conflict = RequestError::VersionConflict {
        order: Some(Box::new(theirs)),
        changed_by: None,
        changed_at: None,
    };
    answer(&mut stage, "10471", ticket, Err(conflict));
    assert!(matches!(stage.app.overlay, Overlay::None) && stage.app.typing);
}
