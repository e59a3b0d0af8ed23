//! The story: what is committed, in which order it is seen, and what can be
//! replayed.

use std::collections::HashMap;

use jiff::Timestamp;
use ordertop::order::placement::Placement;
use ordertop::order::{Actor, ActorKind, OrderKey, OrderStatus, VendorId};
use ordertop::protocol::message::Unrecovered;
use ordertop::protocol::{Mark, Position};
use ordertop_server::decision::{self, StatusRequest};
use ordertop_server::store::{
    Change, ChangeOutcome, Event, ListQuery, News, Refusal, Replay, Store,
};
use tokio::sync::mpsc;

use crate::once::once;

pub(crate) fn vendor(id: &str) -> VendorId {
    VendorId::new(id).unwrap()
}

pub(crate) fn key(vendor: &str, number: &str) -> OrderKey {
    OrderKey {
        vendor: self::vendor(vendor),
        number: number.parse().unwrap(),
    }
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

pub(crate) async fn place(store: &dyn Store, vendor: &str, number: &str, second: i64) -> Change {
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

pub(crate) async fn ship(
    store: &dyn Store,
    vendor: &str,
    number: &str,
    seen: Option<u64>,
) -> Change {
    step(store, vendor, number, OrderStatus::Shipped, seen).await
}

pub(crate) async fn step(
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

pub(crate) async fn events(store: &dyn Store, vendor: &str, since: &Position) -> Vec<Event> {
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
pub(crate) fn assert_chained(since: &Position, events: &[Event]) {
    let mut before = since.clone();
    for event in events {
        assert_eq!(event.position.offset, before.offset + 1);
        assert_eq!(event.after, before.mark);
        before = event.position.clone();
    }
}

/// The story.
pub(crate) async fn story(store: &dyn Store) {
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
    once(store).await;
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
    assert_eq!(first.total, Some(5), "there is more than this page");
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
    assert_eq!((second.total, last.total), (None, None));
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

/// How many vendors and events the story tells of.
pub(crate) const NEWS: (u64, u64) = (6, 2 + 1 + 6 + 100 + 11);

/// The feed told every event of the story, in each vendor's order, and nothing
/// else. The store must be closed: its feed ends.
pub(crate) async fn assert_fed(mut fed: mpsc::Receiver<Vec<News>>) {
    let mut told = 0;
    let mut vendors = 0;
    let mut offsets = HashMap::<VendorId, u64>::new();
    while let Some(batch) = fed.recv().await {
        for news in batch {
            match news {
                News::Vendor(_) => vendors += 1,
                News::Event(event) => {
                    let offset = offsets.entry(event.vendor.clone()).or_default();
                    *offset += 1;
                    assert_eq!(event.event.position.offset, *offset);
                    told += 1;
                }
                other => panic!("nothing befell the store: {other:?}"),
            }
        }
    }
    assert_eq!((vendors, told), NEWS);
}
