//! One story, told to every store: what is committed, in which order it is
//! seen, and what can be replayed.

#![expect(
    clippy::unwrap_used,
    reason = "a story that cannot go on fails its test"
)]

use std::path::Path;

use jiff::Timestamp;
use ordertop::clock::ManualClock;
use ordertop::order::placement::Placement;
use ordertop::order::{Actor, ActorKind, OrderKey, OrderStatus, VendorId};
use ordertop::protocol::message::Unrecovered;
use ordertop::protocol::rest::{ImportBatch, Outcome};
use ordertop::protocol::{Mark, Position};
use ordertop_server::decision::{self, Refusal, StatusRequest};
use ordertop_server::merge;
use ordertop_server::store::lock::{self, Locked, Owner};
use ordertop_server::store::{
    Change, ChangeOutcome, Event, ListQuery, News, Replay, Retention, SqliteStore, Store,
    StoreError,
};
use tokio::sync::mpsc;

fn vendor(id: &str) -> VendorId {
    VendorId::new(id).unwrap()
}

fn key(vendor: &str, number: &str) -> OrderKey {
    OrderKey {
        vendor: self::vendor(vendor),
        number: number.parse().unwrap(),
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

async fn place(store: &dyn Store, vendor: &str, number: &str, second: i64) -> Change {
    let order = Placement {
        vendor_id: Some(vendor.to_owned()),
        order_number: number.to_owned(),
        status: Some("Paid".to_owned()),
        currency: "EUR".to_owned(),
        lines: vec![serde_json::from_str(r#"{"sku":"MUG","qty":2,"unit_price":"5.00"}"#).unwrap()],
        ..Placement::default()
    };
    let intake = order.check(None, at(second)).unwrap();
    let actor = Actor::new(ActorKind::Service, "test");
    let key = intake.key();
    store
        .change(key, decision::place(intake, actor, None, at(second)), None)
        .await
        .unwrap()
}

async fn ship(store: &dyn Store, vendor: &str, number: &str, seen: Option<u64>) -> Change {
    step(store, vendor, number, OrderStatus::Shipped, seen).await
}

async fn step(
    store: &dyn Store,
    vendor: &str,
    number: &str,
    to: OrderStatus,
    expected_version: Option<u64>,
) -> Change {
    let request = StatusRequest {
        actor: Actor::new(ActorKind::Vendor, vendor),
        to,
        expected_version,
        reason: None,
        shipment: None,
        request_id: None,
    };
    let decide = decision::change_status(request, at(100));
    store
        .change(key(vendor, number), decide, None)
        .await
        .unwrap()
}

async fn events(store: &dyn Store, vendor: &str, since: &Position) -> Vec<Event> {
    match store
        .events(&self::vendor(vendor), since, None, 1_000)
        .await
        .unwrap()
    {
        Replay::Events { events, .. } => events,
        Replay::Unrecovered { reason, .. } => panic!("not recovered: {reason:?}"),
    }
}

/// Offsets without a gap, each event naming the one before it.
fn assert_chained(since: &Position, events: &[Event]) {
    let mut before = since.clone();
    for event in events {
        assert_eq!(event.position.offset, before.offset + 1);
        assert_eq!(event.after, before.mark);
        before = event.position.clone();
    }
}

/// The story.
async fn story(store: &dyn Store) {
    // A vendor is born at offset 0 and stays as it was added.
    let (acme, new) = store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    assert!(new && acme.position.offset == 0);
    let (again, new) = store
        .add_vendor(vendor("42"), "Other".into())
        .await
        .unwrap();
    assert!(!new && again == acme);
    store.add_vendor(vendor("7"), "Seven".into()).await.unwrap();
    let birth = acme.position;

    // Nobody can be given orders who does not exist.
    let lost = place(store, "nobody", "A-1", 0).await;
    let refusal = Refusal::UnknownVendor(vendor("nobody"));
    assert_eq!(lost.outcome, ChangeOutcome::Refused(refusal));

    // Placing makes event 1; the same again nothing; another of that number is refused.
    let placed = place(store, "42", "A-1", 1).await;
    assert_eq!(placed.outcome, ChangeOutcome::Written);
    assert_eq!(placed.position.as_ref().unwrap().offset, 1);
    let same = place(store, "42", "A-1", 2).await;
    assert_eq!(
        (same.outcome, &same.position),
        (ChangeOutcome::Kept, &placed.position)
    );
    let id = placed.order.unwrap().id;
    assert_ne!(id.0, 0);

    // The number is another vendor's too, as another order.
    let other = place(store, "7", "A-1", 3).await.order.unwrap();
    assert_ne!(other.id, id);
    let both = store.vendors_with(&"A-1".parse().unwrap()).await.unwrap();
    assert_eq!(both, [vendor("42"), vendor("7")]);

    // A stale version is refused and changes nothing; the right one ships.
    let stale = ship(store, "42", "A-1", Some(9)).await;
    assert_eq!(
        stale.outcome,
        ChangeOutcome::Refused(Refusal::VersionConflict(1))
    );
    let shipped = ship(store, "42", "A-1", Some(1)).await;
    assert_eq!(shipped.outcome, ChangeOutcome::Written);
    let twice = ship(store, "42", "A-1", Some(1)).await;
    assert_eq!(twice.outcome, ChangeOutcome::Kept);
    let missing = ship(store, "42", "A-2", None).await;
    assert_eq!(
        missing.outcome,
        ChangeOutcome::Refused(Refusal::UnknownOrder)
    );

    // What was answered is what is read.
    let read = store.order(&key("42", "A-1")).await.unwrap().unwrap();
    assert_eq!(read, *shipped.order.unwrap());
    assert_eq!(
        (read.state.version, read.state.status),
        (2, OrderStatus::Shipped)
    );
    let history = store.history(&key("42", "A-1")).await.unwrap();
    let steps: Vec<_> = history
        .iter()
        .map(|entry| (entry.version, entry.to))
        .collect();
    assert_eq!(steps, [(1, OrderStatus::Paid), (2, OrderStatus::Shipped)]);

    // A replay shows each order as it was at its event.
    let all = events(store, "42", &birth).await;
    assert_chained(&birth, &all);
    let seen: Vec<_> = all
        .iter()
        .map(|e| (e.previous_status, e.order.state.status))
        .collect();
    let paid = OrderStatus::Paid;
    assert_eq!(seen, [(None, paid), (Some(paid), OrderStatus::Shipped)]);
    assert_eq!(
        store.vendor(&vendor("42")).await.unwrap().unwrap().position,
        all[1].position
    );

    // From the middle, from the end, up to a point.
    assert_eq!(events(store, "42", &all[0].position).await.len(), 1);
    assert!(events(store, "42", &all[1].position).await.is_empty());
    let until = store
        .events(&vendor("42"), &birth, Some(1), 1_000)
        .await
        .unwrap();
    assert!(matches!(until, Replay::Events { events, .. } if events.len() == 1));

    // A position of another history is never continued from.
    let foreign = Mark::new("zzzz").unwrap();
    for offset in [0, 1, 2, 3] {
        let position = Position {
            offset,
            mark: foreign.clone(),
        };
        let replay = store
            .events(&vendor("42"), &position, None, 10)
            .await
            .unwrap();
        let reason = match replay {
            Replay::Unrecovered { reason, .. } => reason,
            Replay::Events { .. } => panic!("{position} was recovered"),
        };
        assert_eq!(reason, Unrecovered::PositionUnknown, "{position}");
    }

    lists(store).await;
    many_at_once(store).await;
}

/// Newest first, filtered, page by page.
async fn lists(store: &dyn Store) {
    store
        .add_vendor(vendor("list"), "List".into())
        .await
        .unwrap();
    for n in 0..5 {
        place(store, "list", &format!("L-{n}"), n).await;
    }
    ship(store, "list", "L-3", None).await;
    let numbers = |orders: &[ordertop::order::VendorOrder]| {
        orders
            .iter()
            .map(|order| order.number.to_string())
            .collect::<Vec<_>>()
    };
    let query = || ListQuery {
        vendor: Some(vendor("list")),
        limit: 2,
        ..ListQuery::default()
    };
    let first = store.list(query()).await.unwrap();
    assert_eq!(numbers(&first.orders), ["L-4", "L-3"]);
    assert_eq!(first.position.unwrap().offset, 6);
    let second = store
        .list(ListQuery {
            cursor: first.next,
            ..query()
        })
        .await
        .unwrap();
    assert_eq!(numbers(&second.orders), ["L-2", "L-1"]);
    let last = store
        .list(ListQuery {
            cursor: second.next,
            ..query()
        })
        .await
        .unwrap();
    assert_eq!(
        (numbers(&last.orders), last.next),
        (vec!["L-0".to_owned()], None)
    );

    let found = |query: ListQuery| async move { numbers(&store.list(query).await.unwrap().orders) };
    let shipped = ListQuery {
        statuses: vec![OrderStatus::Shipped],
        ..query()
    };
    assert_eq!(found(shipped).await, ["L-3"]);
    assert_eq!(
        found(ListQuery {
            text: Some("l-1".into()),
            ..query()
        })
        .await,
        ["L-1"]
    );
    assert!(
        found(ListQuery {
            text: Some("%".into()),
            ..query()
        })
        .await
        .is_empty()
    );
    assert_eq!(
        found(ListQuery {
            text: Some("mug".into()),
            ..query()
        })
        .await,
        ["L-4", "L-3"]
    );
    assert_eq!(
        found(ListQuery {
            placed_before: Some(at(1)),
            ..query()
        })
        .await,
        ["L-0"]
    );
    assert_eq!(
        found(ListQuery {
            placed_after: Some(at(3)),
            ..query()
        })
        .await,
        ["L-4"]
    );
    let everyone = store
        .list(ListQuery {
            limit: 100,
            ..ListQuery::default()
        })
        .await
        .unwrap();
    assert_eq!((everyone.orders.len(), everyone.position), (7, None));
}

/// A hundred changes at once: each order shipped by exactly one of two callers.
async fn many_at_once(store: &dyn Store) {
    store
        .add_vendor(vendor("busy"), "Busy".into())
        .await
        .unwrap();
    let birth = store
        .vendor(&vendor("busy"))
        .await
        .unwrap()
        .unwrap()
        .position;
    for n in 0..50 {
        place(store, "busy", &format!("B-{n}"), n).await;
    }
    let both = (0..100).map(|n| async move {
        ship(store, "busy", &format!("B-{}", n % 50), Some(1))
            .await
            .outcome
    });
    let outcomes = futures_util::future::join_all(both).await;
    let written = outcomes
        .iter()
        .filter(|o| **o == ChangeOutcome::Written)
        .count();
    let kept = outcomes
        .iter()
        .filter(|o| **o == ChangeOutcome::Kept)
        .count();
    assert_eq!((written, kept), (50, 50));
    let all = events(store, "busy", &birth).await;
    assert_eq!(all.len(), 100);
    assert_chained(&birth, &all);
}

async fn open(path: &Path) -> (SqliteStore, mpsc::Receiver<Vec<News>>) {
    let (feed, fed) = mpsc::channel(1_024);
    (
        SqliteStore::open(path, Retention::default(), Some(feed))
            .await
            .unwrap(),
        fed,
    )
}

#[tokio::test]
async fn the_story_of_a_store_holds_for_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let (store, mut fed) = open(&folder.path().join("orders.db")).await;
    story(&store).await;
    store.close().await.unwrap();

    // The feed told every event, in each vendor's order, and nothing else.
    let mut told = 0;
    let mut vendors = 0;
    let mut offsets = std::collections::HashMap::<VendorId, u64>::new();
    while let Some(batch) = fed.recv().await {
        for committed in batch {
            let News::Event(event) = committed else {
                vendors += 1;
                continue;
            };
            let offset = offsets.entry(event.vendor.clone()).or_default();
            *offset += 1;
            assert_eq!(event.event.position.offset, *offset);
            told += 1;
        }
    }
    assert_eq!((vendors, told), (4, 2 + 1 + 6 + 100));
}

#[tokio::test]
async fn what_was_answered_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.db");
    let (store, _fed) = open(&path).await;
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    place(&store, "42", "A-1", 1).await;
    let position = ship(&store, "42", "A-1", None).await.position.unwrap();
    store.close().await.unwrap();

    let (store, _fed) = open(&path).await;
    let acme = store.vendor(&vendor("42")).await.unwrap().unwrap();
    assert_eq!((acme.name.as_str(), acme.position), ("Acme", position));
    let next = place(&store, "42", "A-2", 2).await.position.unwrap();
    assert_eq!(next.offset, 3);
}

#[tokio::test]
async fn an_order_whose_date_is_corrected_moves_in_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _fed) = open(&folder.path().join("orders.db")).await;
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    for (number, second) in [("A", 30), ("B", 20), ("C", 10)] {
        import(&store, number, second).await;
    }
    import(&store, "A", 1).await;
    let mut numbers = Vec::new();
    let mut cursor = None;
    loop {
        let query = ListQuery {
            vendor: Some(vendor("42")),
            limit: 1,
            cursor,
            ..ListQuery::default()
        };
        let page = store.list(query).await.unwrap();
        numbers.extend(page.orders.iter().map(|order| order.number.to_string()));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(numbers, ["B", "C", "A"]);
}

async fn import(store: &dyn Store, number: &str, second: i64) {
    let order = Placement {
        vendor_id: Some("42".to_owned()),
        order_number: number.to_owned(),
        currency: "EUR".to_owned(),
        placed_at: Some(at(second)),
        lines: vec![serde_json::from_str(r#"{"sku":"MUG","unit_price":"5"}"#).unwrap()],
        ..Placement::default()
    };
    let batch = ImportBatch {
        from: "orders.json".to_owned(),
        orders: vec![order.check(None, at(100)).unwrap()],
    };
    let clock = ManualClock::new(at(100));
    let rows = merge::commit(store, &batch, None, &clock).await.unwrap();
    assert!(matches!(rows[0].result, Outcome::Placed | Outcome::Changed));
}

#[tokio::test]
async fn one_store_has_one_lock_whatever_it_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.db");
    let (_store, _fed) = open(&path).await;
    let Locked::Ours(mut held) = lock::lock(&path).await.unwrap() else {
        panic!("nobody else has it");
    };
    let owner = Owner {
        url: "http://127.0.0.1:1".to_owned(),
        token: "t".to_owned(),
        pid: 1,
    };
    held.announce(&owner).unwrap();
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(matches!(
        lock::lock(&link).await.unwrap(),
        Locked::Theirs(_)
    ));
}

#[tokio::test]
async fn a_history_that_another_process_went_on_with_is_not_forked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.db");
    let (ours, _fed) = open(&path).await;
    ours.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    let (theirs, _also_fed) = open(&path).await;
    place(&theirs, "42", "A-1", 1).await;
    let actor = Actor::new(ActorKind::Service, "test");
    let order = Placement {
        vendor_id: Some("42".to_owned()),
        order_number: "A-2".to_owned(),
        currency: "EUR".to_owned(),
        lines: vec![serde_json::from_str(r#"{"sku":"MUG","unit_price":"5"}"#).unwrap()],
        ..Placement::default()
    };
    let intake = order.check(None, at(2)).unwrap();
    let placing = decision::place(intake.clone(), actor, None, at(2));
    assert!(ours.change(intake.key(), placing, None).await.is_err());
    assert!(theirs.order(&key("42", "A-2")).await.unwrap().is_none());
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _fed) = open(&folder.path().join("orders.db")).await;
    store.close().await.unwrap();
    let late = store.add_vendor(vendor("42"), "Acme".into()).await;
    assert!(matches!(late, Err(StoreError::Closed)));
}

#[tokio::test]
async fn what_is_no_store_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: std::path::PathBuf| async move {
        SqliteStore::open(&path, Retention::default(), None)
            .await
            .unwrap_err()
            .to_string()
    };
    let said = open(folder.path().to_owned()).await;
    assert!(said.contains("it is a folder"), "{said}");
    let said = open(folder.path().join("missing/orders.db")).await;
    assert!(said.contains("does not exist: make it first"), "{said}");
    let text = folder.path().join("notes.txt");
    std::fs::write(
        &text,
        "these are not orders, but quite some words about them".repeat(100),
    )
    .unwrap();
    let said = open(text.clone()).await;
    assert!(said.contains("it is not an ordertop store"), "{said}");
    let kept = std::fs::read_to_string(&text).unwrap();
    assert!(
        kept.starts_with("these are not orders"),
        "the file is as it was"
    );
}
