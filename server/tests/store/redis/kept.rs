//! What Redis keeps of events, and for how long.

use ordertop::order::VendorOrder;
use ordertop::protocol::EventKind;
use ordertop_server::store::{
    ChangeOutcome, Decide, KeptOrder, Replay, Retention, Store, StoreOptions, Verdict, Write,
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
            kind: EventKind::Updated,
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

/// What an export of a store holds of an order: its id is `id`, its goods' title says whose.
fn exported(id: u64, number: &str, title: &str) -> KeptOrder {
    let order = serde_json::json!({
        "id": id,
        "vendor_id": "42",
        "number": number,
        "state": {
            "version": 1,
            "status": "Paid",
            "status_since": at(1),
            "status_by": {"kind": "service", "id": "test"},
            "updated_at": at(1),
        },
        "content": {
            "placed_at": at(1),
            "currency": "EUR",
            "totals": {"items": 500, "discount": 0, "shipping": 0, "tax": 0, "total": 500, "refunded": 0},
            "lines": [{"id": 1, "sku": "MUG", "title": title, "qty": 1, "qty_shipped": 0, "unit_price": 500, "total": 500}],
        },
    });
    let entry = serde_json::json!({
        "at": at(1),
        "version": 1,
        "actor": {"kind": "service", "id": "test"},
        "action": "placed",
        "to": "Paid",
    });
    KeptOrder {
        order: serde_json::from_value(order).unwrap(),
        history: vec![serde_json::from_value(entry).unwrap()],
    }
}

#[tokio::test]
async fn exports_of_two_stores_whose_ids_are_the_same_do_not_mix() {
    let redis = Redis::start().await;
    let (store, _fed) = open_with(&redis.url(), StoreOptions::default())
        .await
        .unwrap();
    let (acme, _) = store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    let one = || (1..4).map(|n| exported(n, &format!("A-{n}"), "of the first"));
    let two = || (1..4).map(|n| exported(n, &format!("B-{n}"), "of the second"));
    for _ in 0..2 {
        // The second time all are there: nothing is given another id.
        for orders in [one().collect(), two().collect()] {
            let restored = store.restore(&vendor("42"), orders).await.unwrap();
            assert_eq!(restored.different, 0);
        }
    }
    let mut ids = std::collections::HashSet::new();
    for kept in one().chain(two()) {
        let there = store.order(&kept.order.key()).await.unwrap().unwrap();
        let history = store.history(&kept.order.key()).await.unwrap();
        assert!(kept.is_kept_as(&there, &history), "{there:?}");
        assert!(ids.insert(there.id), "{} has another's id", there.number);
        if kept.order.number.as_str().starts_with('A') {
            assert_eq!(there.id, kept.order.id, "a free id is kept");
        }
    }
    // Contents change, and each event has its own order's content as it was.
    let numbers = ["A-1", "B-1", "A-1", "B-1"];
    for (n, number) in numbers.iter().enumerate() {
        store
            .change(key("42", number), retitle(n), None)
            .await
            .unwrap();
    }
    let replay = store.events(&vendor("42"), &acme.position, None, 10).await;
    let Ok(Replay::Events { events, .. }) = replay else {
        panic!("{replay:?}");
    };
    let told = events.iter().map(|event| {
        let order = &event.order;
        (
            order.number.to_string(),
            order.content.lines[0].title.clone(),
        )
    });
    let expected = numbers.iter().enumerate();
    let expected = expected.map(|(n, number)| ((*number).to_owned(), format!("Mug {n}")));
    assert_eq!(told.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn many_numbers_are_looked_for_in_all_vendors_at_once() {
    let redis = Redis::start_with(&["--appendfsync", "no"]).await;
    let (store, _fed) = open_with(&redis.url(), StoreOptions::default())
        .await
        .unwrap();
    for n in 0..30 {
        let id = format!("v{n}");
        store.add_vendor(vendor(&id), id.clone()).await.unwrap();
        place(&store, &id, &format!("A-{n}"), 1).await;
    }
    place(&store, "v7", "A-3", 1).await;
    let numbers: Vec<_> = (0..1_500)
        .map(|n| format!("A-{n}").parse().unwrap())
        .collect();
    let commands = async || -> u64 {
        let count = redis.info("stats", "total_commands_processed").await;
        count.unwrap().parse().unwrap()
    };
    let before = commands().await;
    let with = store.vendors_with_each(&numbers).await.unwrap();
    let asked = commands().await - before;
    for (n, with) in with.iter().enumerate() {
        let mut expected = vec![];
        if n < 30 {
            expected.push(vendor(&format!("v{n}")));
        }
        if n == 3 {
            expected.push(vendor("v7"));
        }
        expected.sort();
        assert_eq!(*with, expected, "A-{n}");
    }
    // Two pages of numbers, each asked of every vendor once, and what goes on beside.
    assert!(asked < 150, "{asked} commands");
}
