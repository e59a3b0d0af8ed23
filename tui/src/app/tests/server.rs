//! A store that is away, a history that changed, a server of the old kind.

use std::time::Duration;

use ordertop::order::VendorId;

use super::*;
use crate::event::Event;
use crate::snapshots::Stage;

fn header(stage: &Stage) -> String {
    stage.screen().lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_store_that_is_away_is_told_until_it_is_back() {
    let mut stage = Stage::shop((120, 30));
    stage.link(ConnectionState::Live { degraded: true });
    assert!(
        header(&stage).contains("ON, server cannot save"),
        "{}",
        header(&stage)
    );
    stage.link(ConnectionState::Live { degraded: false });
    let healed = header(&stage);
    assert!(
        healed.contains("ON ●") && !healed.contains("away"),
        "{healed}"
    );
}

#[test]
fn a_step_that_the_store_could_not_take_says_what_to_do() {
    let table = [
        (
            "the store does not answer: nothing was changed; try again",
            Some(2),
            "the store does not answer: nothing was changed; look again in 2 s and press s",
        ),
        (
            "the store did not answer: the change may be done or not; look, or send it again with the same Idempotency-Key",
            None,
            "the store did not answer: the change may be done or not; look again in a moment and press s",
        ),
    ];
    for (message, wait, told) in table {
        let mut stage = Stage::shop((120, 30));
        let before = status_of(&stage, "10474");
        let number = under_cursor(&stage);
        stage.keys("s");
        let effects = stage.press(KeyCode::Enter);
        let ticket = sent(&effects)[0].2;
        let away = RequestError::Away {
            status: 503,
            message: message.into(),
            retry_after: wait.map(Duration::from_secs),
        };
        answer(&mut stage, &number, ticket, Err(away));
        let What::Refused { why, .. } = &stage.app.notices.get(0).unwrap().what else {
            panic!("it was refused");
        };
        assert_eq!(why, told);
        assert!(
            stage.screen().contains("perhaps not shipped: the store"),
            "another attempt may have shipped it: {}",
            stage.screen()
        );
        assert_eq!(status_of(&stage, "10474"), before);
    }
}

#[test]
fn a_history_that_changed_is_told_in_one_notification() {
    let mut stage = Stage::shop((120, 30));
    stage.tell(ClientEvent::HistoryChanged(vec![vendor()]));
    let words = "the server's history changed; all orders were fetched anew";
    let told = |screen: &str| screen.lines().filter(|line| line.contains(words)).count();
    assert_eq!(
        told(&stage.screen()),
        2,
        "a notification and a word in the footer"
    );
    let other = VendorId::new("43").unwrap();
    stage.tell(ClientEvent::HistoryChanged(vec![other]));
    assert_eq!(stage.app.notices.len(), 1);
    assert!(stage.screen().contains("the orders of 2 vendors"));
    stage.wait(3_600);
    stage.tell(ClientEvent::HistoryChanged(vec![vendor()]));
    assert_eq!(stage.app.notices.len(), 2, "it changed once more");
}

#[test]
fn an_old_servers_step_is_one_notification_and_its_details_are_fetched_again() {
    let mut stage = Stage::new((120, 40));
    stage.link_to(ConnectionState::Live { degraded: false }, true);
    let mut order = (*listed("10474", OrderStatus::Paid, 0)).clone();
    // What an old server does not tell.
    (order.version, order.status_since, order.status_by) = (0, None, None);
    stage.snapshot(vec![Arc::new(order.clone())]);
    stage.wait(1);
    stage.keys("s");
    let (number, change, ticket) = sent(&stage.press(KeyCode::Enter)).remove(0);
    assert_eq!((&*number, change.expected_version), ("10474", None));
    answer(
        &mut stage,
        "10474",
        ticket,
        Ok(StatusChanged {
            status: "Order status updated successfully".into(),
            new_status: OrderStatus::Shipped,
            changed: true,
            position: None,
            order: None,
        }),
    );
    order.status = OrderStatus::Shipped;
    order.updated_at = at(121);
    stage.tell(ClientEvent::Changes(vec![Change::Order {
        key: order.key(&vendor()),
        order: packed(&order),
    }]));
    assert_eq!(stage.app.notices.len(), 1, "{:?}", stage.app.notices);
    let effects = stage.wait(1);
    assert!(
        matches!(effects[..], [Effect::FetchOrder(_)]),
        "{effects:?}"
    );
    let no_such_page = RequestError::Refused {
        status: 404,
        code: String::new(),
        message: "the server answered 404 Not Found".into(),
    };
    stage.app.update(Event::History {
        key: stage.app.cursor.clone().unwrap(),
        result: Err(no_such_page),
    });
    let screen = stage.screen();
    assert!(
        screen.contains("a legacy server keeps none") && !screen.contains("404"),
        "{screen}"
    );
}

#[test]
fn what_an_old_server_cannot_keep_is_not_offered() {
    let mut stage = Stage::new((120, 30));
    stage.link_to(ConnectionState::Live { degraded: false }, true);
    let mut order = (*listed("10474", OrderStatus::Paid, 0)).clone();
    (order.version, order.status_since, order.status_by) = (0, None, None);
    stage.snapshot(vec![Arc::new(order)]);
    stage.wait(1);
    stage.keys("S");
    let statuses = stage.screen();
    assert!(!statuses.contains("Ask support to cancel"), "{statuses}");
    stage.press(KeyCode::Esc);
    for (key, words) in [
        ("c", "a legacy server keeps no notes"),
        ("s", "A legacy server keeps no carrier and tracking number."),
    ] {
        stage.keys(key);
        let screen = stage.screen();
        assert!(screen.contains(words), "{screen}");
    }
    let (_, change, _) = sent(&stage.press(KeyCode::Enter)).remove(0);
    assert_eq!((change.shipment, change.reason), (None, None));
}

#[test]
fn an_old_server_is_not_asked_for_all_vendors() {
    let mut stage = Stage::with((120, 30), |settings| settings.vendor = None);
    let refused = ConnectionState::Refused {
        reason: RequestError::VendorNeeded.to_string(),
        next_at: at(150),
    };
    stage.link_to(refused, true);
    let screen = stage.screen();
    assert!(screen.contains("one vendor at a time"), "{screen}");
    assert!(
        screen.contains("Start it again with --vendor ID."),
        "{screen}"
    );
}
