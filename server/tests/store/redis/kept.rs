//! What Redis keeps of events, and for how long.

use ordertop::order::VendorOrder;
use ordertop_server::store::{
    ChangeOutcome, Decide, EventKind, Replay, Retention, Store, StoreOptions, Verdict, Write,
};

use super::open_with;
use crate::redis_server::Redis;
use crate::story::{at, key, place, vendor};

/// Gives an order another title: its content changes, nothing else.
fn retitle(n: usize) -> Decide {
    Box::new(move |order: Option<&VendorOrder>| {
        let mut order = order.expect("it was placed").clone();
        order.state.version += 1;
        order.content.lines[0].title = format!("Mug {n}");
        let history = serde_json::json!({
            "at": at(2),
            "version": order.state.version,
            "actor": {"kind": "service", "id": "test"},
            "action": "imported",
            "to": order.state.status,
        });
        let history = serde_json::from_value(history).unwrap();
        Verdict::Write(Box::new(Write {
            order,
            content_changed: true,
            kind: EventKind::OrderUpdated,
            history,
        }))
    })
}

#[tokio::test]
async fn contents_that_no_kept_event_needs_are_forgotten_with_their_events() {
    let redis = Redis::start_with(&["--appendfsync", "no"]).await;
    let retention = Retention {
        events: 10,
        ..Retention::default()
    };
    let options = StoreOptions {
        retention,
        ..StoreOptions::default()
    };
    let (store, _fed) = open_with(&redis.url(), options).await.unwrap();
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    for number in ["A-1", "A-2"] {
        place(&store, "42", number, 1).await;
    }
    let mut positions = Vec::new();
    for n in 0..200 {
        let number = ["A-1", "A-2"][n % 2];
        let changed = store.change(key("42", number), retitle(n), None).await;
        let changed = changed.unwrap();
        assert_eq!(changed.outcome, ChangeOutcome::Written);
        positions.push(changed.position.unwrap());
    }
    let count = async |command: &[&str]| -> usize {
        let count = redis.cli(command).await;
        count.trim().parse().unwrap()
    };
    // What is kept is looked at once in 64 events: up to 63 more are there.
    let events = count(&["XLEN", "ordertop:{42}:events"]).await;
    let revisions = count(&["HLEN", "ordertop:{42}:revisions"]).await;
    assert!((10..=10 + 64).contains(&events), "{events} events");
    assert!(
        revisions <= events,
        "{revisions} contents for {events} events"
    );

    // Each event that is kept still has the content as it was then.
    let since = &positions[positions.len() - 11];
    let replay = store.events(&vendor("42"), since, None, 100).await.unwrap();
    let Replay::Events { events, .. } = replay else {
        panic!("{replay:?}");
    };
    let titles = events
        .iter()
        .map(|event| event.order.content.lines[0].title.clone());
    let expected = (190..200).map(|n| format!("Mug {n}"));
    assert_eq!(titles.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}
