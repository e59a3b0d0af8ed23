//! Parcels that are added or corrected after the order has left.

use ordertop::order::Shipment;
use ordertop::protocol::rest::{TrackingChange, TrackingChanged};

use super::*;
use crate::app::track::PARCEL;
use crate::model::fixture::{tracked, waiting};
use crate::model::outbox::{Contents, Entry, Sent};

fn parcel(carrier: Option<&str>, number: Option<&str>, from_shop: bool) -> Shipment {
    Shipment {
        carrier: carrier.map(str::to_owned),
        tracking_number: number.map(str::to_owned),
        from_shop,
        ..Shipment::default()
    }
}

/// The order 10466 under the cursor, which has left in these parcels.
fn left(parcels: Vec<Shipment>) -> Stage {
    let mut stage = Stage::shop((120, 30));
    let mut order = (*listed("10466", OrderStatus::Shipped, -5_400)).clone();
    order.shipments = parcels;
    stage.event(EventKind::Updated, &order, service());
    stage.app.go_to(&order.key(&vendor()));
    stage.wait(5);
    stage
}

fn asked(effects: &[Effect]) -> TrackingChange {
    match effects {
        [Effect::Track { key, tracking, .. }] if key.number.as_str() == "10466" => tracking.clone(),
        other => panic!("{other:?}"),
    }
}

fn footer(stage: &Stage) -> String {
    stage.screen().lines().last().unwrap_or_default().to_owned()
}

#[test]
fn a_scanned_number_is_a_further_parcel_and_its_enter_sends_nothing() {
    for parcels in [vec![], vec![parcel(Some("DHL"), Some("JJD1"), false)]] {
        let mut stage = left(parcels);
        stage.keys("t");
        assert_eq!(stage.scan("1Z5R89390357567127\n"), []);
        stage.wait(1);
        assert!(
            stage.screen().contains("Add the parcel"),
            "{}",
            stage.screen()
        );
        let sent = asked(&stage.press(KeyCode::Enter));
        assert_eq!(sent.tracking_number.as_deref(), Some("1Z5R89390357567127"));
        assert_eq!(
            (sent.carrier.as_deref(), sent.replaces),
            (Some("UPS"), None)
        );
        assert!(
            sent.tracking_url
                .unwrap()
                .starts_with("https://www.ups.com/")
        );
    }
}

#[test]
fn what_stands_is_shown_and_corrected_where_it_was_entered_here() {
    let mut stage = left(vec![
        parcel(Some("UPS"), Some("1Z9"), true),
        parcel(Some("DHL"), Some("JJD1"), false),
        parcel(Some("GLS"), Some("G2"), false),
    ]);
    stage.keys("t");
    let screen = stage.screen();
    for words in [
        "UPS 1Z9, from the shop: corrected there",
        "DHL JJD1",
        "GLS G2",
    ] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
    stage.press(KeyCode::BackTab);
    stage.press(KeyCode::BackTab);
    assert!(matches!(&stage.app.overlay, Overlay::Track(track) if track.focus == PARCEL));
    // The newest first, then the one before; the shop's is left out; then a further one.
    for (choice, number) in [
        ("corrects GLS G2", "G2"),
        ("corrects DHL JJD1", "JJD1"),
        ("a further one", ""),
    ] {
        stage.keys(" ");
        assert!(
            stage.screen().contains(choice),
            "{choice}: {}",
            stage.screen()
        );
        let Overlay::Track(track) = &stage.app.overlay else {
            panic!("it is open");
        };
        assert_eq!(track.number.value(), number);
    }
    stage.keys("  ");
    stage.press(KeyCode::Tab);
    stage.press(KeyCode::Tab);
    stage.keys("23");
    stage.press(KeyCode::Enter);
    let sent = asked(&stage.keys("y"));
    assert_eq!(sent.replaces.as_deref(), Some("JJD1"));
    assert_eq!(sent.tracking_number.as_deref(), Some("JJD123"));
    assert_eq!(sent.carrier.as_deref(), Some("DHL"));
}

#[test]
fn a_parcel_without_a_number_is_filled_in() {
    let mut stage = left(vec![parcel(Some("DHL"), None, false)]);
    stage.keys("t");
    assert!(
        stage.screen().contains("Fill in the parcel"),
        "{}",
        stage.screen()
    );
    stage.scan("JJD1\n");
    let sent = asked(&stage.keys("y"));
    assert_eq!(
        (sent.carrier.as_deref(), sent.replaces),
        (Some("DHL"), None)
    );
}

#[test]
fn what_has_not_left_has_no_parcel_and_an_empty_one_is_not_sent() {
    let mut stage = Stage::shop((120, 30));
    stage.keys("t");
    let words = "#10471 is Paid: tracking goes with what has left; s ships it, with its number";
    assert!(footer(&stage).contains(words), "{}", footer(&stage));
    let mut stage = left(vec![]);
    stage.keys("t");
    assert_eq!(stage.press(KeyCode::Enter), []);
    assert!(
        stage.screen().contains("a tracking number is needed"),
        "{}",
        stage.screen()
    );
    stage.press(KeyCode::Esc);
    stage.link_to(ConnectionState::Live { degraded: false }, true);
    stage.keys("t");
    assert!(
        footer(&stage).contains("legacy server keeps no"),
        "{}",
        footer(&stage)
    );
}

#[test]
fn what_was_typed_outlives_a_refusal_and_what_was_saved_is_told_once() {
    let mut stage = left(vec![]);
    stage.keys("t");
    stage.scan("JJD1\n");
    asked(&stage.keys("y"));
    let key = stage.app.cursor.clone().unwrap();
    let refused = RequestError::Refused {
        status: 409,
        code: "parcel_taken".into(),
        message: "another parcel has this number".into(),
    };
    let result = Err(refused);
    stage.app.update(Event::TrackingAnswer {
        key: key.clone(),
        result,
    });
    let words = "not saved: another parcel has this number; t has what you typed";
    assert!(footer(&stage).contains(words), "{}", footer(&stage));
    let told = stage.app.notices.len();
    stage.keys("t");
    let sent = asked(&{
        stage.press(KeyCode::Enter);
        stage.keys("y")
    });
    assert_eq!(sent.tracking_number.as_deref(), Some("JJD1"));
    // The event comes first: nobody is told of a stranger.
    let mut order = changed(&stage, "10466", OrderStatus::Shipped);
    order.shipments = vec![parcel(Some("DHL"), Some("JJD1"), false)];
    let by = Actor::new(ActorKind::Vendor, "42");
    stage.event(EventKind::Updated, &order, by);
    let answer = TrackingChanged {
        changed: true,
        position: None,
        order,
    };
    stage.app.update(Event::TrackingAnswer {
        key,
        result: Ok(Box::new(answer)),
    });
    assert!(
        footer(&stage).contains("tracking of #10466 saved"),
        "{}",
        footer(&stage)
    );
    assert_eq!(stage.app.notices.len(), told);
    stage.keys("t");
    assert!(
        stage.screen().contains("a further one"),
        "{}",
        stage.screen()
    );
}

#[test]
fn a_parcel_made_offline_waits_behind_its_orders_step_and_is_sent_once() {
    let mut stage = left(vec![]);
    let contents = |waiting| {
        Event::Outbox(Ok(Contents {
            waiting,
            damaged: 0,
        }))
    };
    stage.app.update(contents(vec![]));
    stage.link(ConnectionState::Offline {
        since: at(100),
        next_at: at(130),
        reason: "connection refused".into(),
    });
    stage.keys("t");
    stage.scan("JJD1\n");
    let effects = stage.keys("y");
    let [Effect::KeepTracking { key, tracking }] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(tracking.tracking_number.as_deref(), Some("JJD1"));
    let entry = tracked("10466");
    stage.app.update(Event::TrackingKept {
        key: key.clone(),
        unanswered: None,
        result: Ok(Box::new(entry.clone())),
    });
    assert!(
        footer(&stage).contains("tracking of #10466 kept"),
        "{}",
        footer(&stage)
    );
    assert!(
        stage.screen().contains("1 parcel waits for the server"),
        "{}",
        stage.screen()
    );
    stage.keys("Q");
    assert!(stage.screen().contains("DHL JJD1"), "{}", stage.screen());
    stage.press(KeyCode::Esc);
    // A step of the order goes first, whichever was written down first.
    stage
        .app
        .update(contents(vec![entry.clone(), waiting("10466", 2)]));
    stage.live();
    let sending = |stage: &Stage, entry: &Entry| stage.app.outbox().is_sending(&entry.id);
    assert!(!sending(&stage, &entry));
    stage.app.update(contents(vec![entry.clone()]));
    let ticket = 2;
    let gone = Event::KeptSent {
        id: waiting("10466", 2).id,
        ticket,
        sent: Sent::Gone,
    };
    let mut effects = stage.app.update(gone);
    effects.extend(stage.wait(1));
    let sent = effects.iter().find_map(|effect| match effect {
        Effect::SendKept { entry, ticket } => Some((entry.id.clone(), *ticket)),
        _ => None,
    });
    let (id, ticket) = sent.unwrap_or_else(|| panic!("{effects:?}"));
    assert_eq!(id, entry.id);
    let order = changed(&stage, "10466", OrderStatus::Shipped);
    let answer = TrackingChanged {
        changed: true,
        position: None,
        order,
    };
    let sent = Sent::TrackingAnswered {
        result: Ok(Box::new(answer)),
        unstruck: None,
    };
    stage.app.update(Event::KeptSent { id, ticket, sent });
    assert!(stage.app.outbox().list().is_empty());
    assert!(
        footer(&stage).contains("tracking of #10466 saved"),
        "{}",
        footer(&stage)
    );
}
