//! What a store remembers under an `Idempotency-Key`: part of the story.

use ordertop::order::placement::Placement;
use ordertop::order::{Actor, ActorKind, OrderKey, OrderStatus};
use ordertop_server::decision;
use ordertop_server::store::{Change, ChangeOutcome, Decide, Once, Store, StoreError};

use crate::story::{at, events, key, ship, vendor};

/// Asks for changes under a key of 42's.
pub(crate) async fn say_once(
    store: &dyn Store,
    key: &str,
    digest: &str,
    changes: Vec<(OrderKey, Decide)>,
) -> Result<Vec<Change>, StoreError> {
    let once = Once {
        key: format!("vendor 42 {key}"),
        digest: digest.to_owned(),
    };
    store.change_all(changes, Some(once)).await
}

/// A paid order of one mug.
pub(crate) fn placing(vendor: &str, number: &str) -> Vec<(OrderKey, Decide)> {
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
    vec![(intake.key(), decision::place(intake, actor, None, at(1)))]
}

/// A step to Shipped that insists on version 1.
pub(crate) fn shipping(vendor: &str, number: &str) -> Vec<(OrderKey, Decide)> {
    let request = decision::StatusRequest {
        actor: Actor::new(ActorKind::Vendor, vendor),
        to: OrderStatus::Shipped,
        expected_version: Some(1),
        reason: None,
        shipment: None,
        request_id: None,
    };
    vec![(key(vendor, number), decision::change_status(request, at(2)))]
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
    assert_eq!(
        say_once(store, "3", "place", placing("once", "O-1")).await,
        kept
    );
    assert_eq!(
        say_once(store, "4", "ship", shipping("once", "O-2")).await,
        missing
    );

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
    // O-1 placed and shipped, O-2, O-3 placed and shipped, O-4.
    assert_eq!(events(store, "once", &birth).await.len(), 6);
}
