//! What a store remembers under an `Idempotency-Key`: part of the story.

use ordertop::order::placement::Placement;
use ordertop::order::{Actor, ActorKind, OrderStatus, Visibility};
use ordertop_server::decision;
use ordertop_server::store::{
    Change, ChangeOutcome, Decide, Once, Refusal, Store, StoreError, Target,
};

use crate::story::{at, events, key, ship, vendor};

/// Asks for changes under a key of 42's.
pub(crate) async fn say_once(
    store: &dyn Store,
    key: &str,
    digest: &str,
    changes: Vec<(Target, Decide)>,
) -> Result<Vec<Change>, StoreError> {
    let once = Once {
        key: format!("vendor 42 {key}"),
        digest: digest.to_owned(),
    };
    store.change_all(changes, Some(once)).await
}

/// A paid order of one mug.
pub(crate) fn placing(vendor: &str, number: &str) -> Vec<(Target, Decide)> {
    let order = Placement {
        vendor_id: Some(vendor.to_owned()),
        order_number: number.to_owned(),
        status: Some("Paid".to_owned()),
        currency: "EUR".to_owned(),
        lines: vec![serde_json::from_str(r#"{"sku":"MUG","unit_price":"5.00"}"#).unwrap()],
        ..Placement::default()
    };
    let intake = order.check(None, at(1)).unwrap();
    let actor = Actor::new(ActorKind::Service, "test");
    vec![(
        intake.key().into(),
        decision::place(intake, actor, None, at(1)),
    )]
}

/// A step to Shipped that insists on version 1.
pub(crate) fn shipping(vendor: &str, number: &str) -> Vec<(Target, Decide)> {
    let request = decision::StatusRequest {
        actor: Actor::new(ActorKind::Vendor, vendor),
        to: OrderStatus::Shipped,
        expected_version: Some(1),
        reason: None,
        shipment: None,
        request_id: None,
    };
    vec![(
        key(vendor, number).into(),
        decision::change_status(request, at(2)),
    )]
}

/// A note of these words.
pub(crate) fn noting(vendor: &str, number: &str, words: &str) -> Vec<(Target, Decide)> {
    let request = decision::NoteRequest {
        actor: Actor::new(ActorKind::Vendor, vendor),
        visibility: Visibility::Vendor,
        body: words.to_owned(),
        request_id: None,
    };
    vec![(
        key(vendor, number).into(),
        decision::add_note(request, at(3)),
    )]
}

/// An order of 500 lines.
fn placing_long(vendor: &str, number: &str) -> Vec<(Target, Decide)> {
    let line = |n: u32| {
        let line = format!(r#"{{"sku":"MUG-{n}","title":"A mug of many","unit_price":"5.00"}}"#);
        serde_json::from_str(&line).unwrap()
    };
    let order = Placement {
        vendor_id: Some(vendor.to_owned()),
        order_number: number.to_owned(),
        currency: "EUR".to_owned(),
        lines: (0..500).map(line).collect(),
        ..Placement::default()
    };
    let intake = order.check(None, at(1)).unwrap();
    let actor = Actor::new(ActorKind::Service, "test");
    vec![(
        intake.key().into(),
        decision::place(intake, actor, None, at(1)),
    )]
}

/// What is remembered is bounded by what was done, however long the order is: `size` says
/// how many bytes are kept for the newest key.
pub(crate) async fn remembered_is_small(store: &dyn Store, size: impl AsyncFn(&str) -> usize) {
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    let placed = say_once(store, "place", "d", placing_long("42", "L-1")).await;
    assert_eq!(placed.unwrap()[0].outcome, ChangeOutcome::Written);
    let empty = say_once(store, "none", "d", Vec::new()).await;
    assert_eq!(empty.unwrap(), []);
    let overhead = size("none").await;
    for (request, words) in [("n1", "first"), ("n2", "second")] {
        let noted = say_once(store, request, "d", noting("42", "L-1", words)).await;
        assert_eq!(noted.unwrap()[0].outcome, ChangeOutcome::Written);
        let kept = size(request).await - overhead;
        assert!(kept <= 32, "{kept} bytes for a note on a long order");
    }
    let rows = || (0..500).flat_map(|_| placing_long("42", "L-1")).collect();
    let unchanged = say_once(store, "rows", "d", rows()).await.unwrap();
    let again = say_once(store, "rows", "d", rows()).await.unwrap();
    assert_eq!(again, unchanged);
    let kept = size("rows").await - overhead;
    assert!(
        kept <= 2 * 500 + 8,
        "{kept} bytes for 500 rows that were unchanged"
    );
}

/// An answer that is given again after `forget` took away what could be replayed has
/// the same outcome, version and position, and shows the order as it is now.
pub(crate) async fn remembered_longer_than_replayed(store: &dyn Store, forget: impl AsyncFnOnce()) {
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    say_once(store, "p", "d", placing("42", "A-1"))
        .await
        .unwrap();
    let noted = say_once(store, "n", "d", noting("42", "A-1", "first")).await;
    let noted = noted.unwrap().pop().unwrap();
    say_once(store, "m", "d", noting("42", "A-1", "second"))
        .await
        .unwrap();
    let then = say_once(store, "n", "d", noting("42", "A-1", "first")).await;
    assert_eq!(then.unwrap(), std::slice::from_ref(&noted));
    forget().await;
    let now = say_once(store, "n", "d", noting("42", "A-1", "first")).await;
    let now = now.unwrap().pop().unwrap();
    assert_eq!(
        (&now.outcome, now.version, &now.position),
        (&noted.outcome, noted.version, &noted.position)
    );
    let order = store.order(&key("42", "A-1")).await.unwrap().unwrap();
    assert_eq!(now.order.as_deref(), Some(&order));
    assert_eq!(order.content.notes.len(), 2);
}

/// Several changes of one order under one key are answered again with the order as the
/// request left it, read once.
async fn once_for_several(store: &dyn Store) {
    let both = || {
        let rows = [
            noting("once", "O-5", "first"),
            noting("once", "O-5", "second"),
        ];
        rows.into_iter().flatten().collect::<Vec<_>>()
    };
    say_once(store, "7", "place", placing("once", "O-5"))
        .await
        .unwrap();
    let noted = say_once(store, "8", "both", both()).await.unwrap();
    say_once(store, "9", "note", noting("once", "O-5", "third"))
        .await
        .unwrap();
    let again = say_once(store, "8", "both", both()).await.unwrap();
    for (first, again) in noted.iter().zip(&again) {
        assert_eq!(again.outcome, first.outcome);
        assert_eq!(again.version, first.version);
        assert_eq!(again.position, first.position);
        assert_eq!(again.order, noted[1].order);
    }
}

/// The same key and request is done once and answered alike; another request
/// under the key is refused.
pub(crate) async fn once(store: &dyn Store) {
    let added = store.add_vendor(vendor("once"), "Once".into()).await;
    let birth = added.unwrap().0.position;

    // Written, and answered as it was then, whatever came after.
    let placed = say_once(store, "1", "place", placing("once", "O-1")).await;
    let placed = placed.unwrap();
    assert_eq!(placed[0].outcome, ChangeOutcome::Written);
    assert_eq!(placed[0].position.as_ref().unwrap().offset, 1);
    let shipped = say_once(store, "2", "ship", shipping("once", "O-1")).await;
    assert_eq!(shipped.as_ref().unwrap()[0].outcome, ChangeOutcome::Written);
    let again = say_once(store, "1", "place", placing("once", "O-1")).await;
    assert_eq!(again.unwrap(), placed);
    let again = say_once(store, "2", "ship", shipping("once", "O-1")).await;
    assert_eq!(again, shipped);

    // Kept and refused are remembered too: the second would be otherwise by now.
    let kept = say_once(store, "3", "place", placing("once", "O-1")).await;
    assert_eq!(kept.as_ref().unwrap()[0].outcome, ChangeOutcome::Kept);
    let missing = say_once(store, "4", "ship", shipping("once", "O-2")).await;
    let refused = |changes: &[Change]| matches!(changes[0].outcome, ChangeOutcome::Refused(_));
    assert!(refused(missing.as_ref().unwrap()));
    let several = say_once(
        store,
        "5",
        "both",
        [placing("once", "O-2"), placing("once", "O-3")]
            .into_iter()
            .flatten()
            .collect(),
    );
    assert_eq!(several.await.unwrap().len(), 2);
    let again = say_once(store, "3", "place", placing("once", "O-1")).await;
    let (again, kept) = (again.unwrap(), kept.unwrap());
    assert_eq!(again[0].outcome, kept[0].outcome);
    // It goes with an order as it is now, so it is the vendor's newest.
    assert_eq!(again[0].position.as_ref().unwrap().offset, 4);
    // The order that was missing is there now, and is shown as it is.
    let again = say_once(store, "4", "ship", shipping("once", "O-2")).await;
    let (again, missing) = (again.unwrap(), missing.unwrap());
    assert_eq!(again[0].outcome, missing[0].outcome);
    assert_eq!((again[0].version, missing[0].version), (1, 0));

    // Another request under the key does nothing; without a key nothing is remembered.
    let reused = say_once(store, "1", "other", shipping("once", "O-3")).await;
    assert!(matches!(reused, Err(StoreError::KeyReused)), "{reused:?}");
    assert_eq!(
        ship(store, "once", "O-3", Some(1)).await.outcome,
        ChangeOutcome::Written
    );

    // Many at once under one key: one does it, all hear the same.
    let same = (0..8).map(|_| say_once(store, "6", "place", placing("once", "O-4")));
    let answers = futures_util::future::join_all(same).await;
    assert_eq!(
        answers[0].as_ref().unwrap()[0].outcome,
        ChangeOutcome::Written
    );
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    // That there was no such vendor is remembered too, in an array with others.
    let both = || {
        let both = [placing("once", "O-9"), placing("born-later", "O-1")];
        both.into_iter().flatten().collect()
    };
    let first = say_once(store, "unknown", "both", both()).await.unwrap();
    let unknown = Refusal::UnknownVendor(vendor("born-later"));
    let outcomes = first.iter().map(|change| &change.outcome);
    assert_eq!(
        outcomes.collect::<Vec<_>>(),
        [&ChangeOutcome::Written, &ChangeOutcome::Refused(unknown)]
    );
    let added = store.add_vendor(vendor("born-later"), "Late".into()).await;
    let birth_later = added.unwrap().0.position;
    let again = say_once(store, "unknown", "both", both()).await.unwrap();
    let again = again.iter().map(|change| &change.outcome);
    let outcomes = first.iter().map(|change| &change.outcome);
    assert_eq!(again.collect::<Vec<_>>(), outcomes.collect::<Vec<_>>());
    assert!(events(store, "born-later", &birth_later).await.is_empty());

    // O-1 placed and shipped, O-2, O-3 placed and shipped, O-4, O-9.
    assert_eq!(events(store, "once", &birth).await.len(), 7);
    once_for_several(store).await;
}
