//! Bodies of shops, in whatever order they come: part of the story.

use jiff::Timestamp;
use ordertop::clock::ManualClock;
use ordertop::order::intake::{Intake, Moments};
use ordertop::order::placement::Placement;
use ordertop::order::{OrderState, OrderStatus, Shipment, Source, VendorOrder};
use ordertop::protocol::rest::{ImportBatch, Outcome, RowResult};
use ordertop_server::merge;
use ordertop_server::store::Store;

use crate::story::{at, events, key, step, vendor};

const VENDOR: &str = "shops";

/// A body of a WooCommerce shop, or of a Shopify one.
fn body(channel: &str, id: &str, number: &str, status: OrderStatus, modified: i64) -> Intake {
    let order = Placement {
        vendor_id: Some(VENDOR.to_owned()),
        order_number: number.to_owned(),
        currency: "EUR".to_owned(),
        placed_at: Some(at(-1_000)),
        lines: vec![serde_json::from_str(r#"{"sku":"MUG","qty":2,"unit_price":"5.00"}"#).unwrap()],
        ..Placement::default()
    };
    let mut intake = order.check(None, at(0)).unwrap();
    intake.status = status;
    intake.prior = status.is_exception().then_some(OrderStatus::Paid);
    intake.moments = Moments {
        paid_at: Some(at(-900)),
        ..Moments::default()
    };
    intake.content.placed_as = None;
    intake.content.source = Some(Source {
        channel: channel.into(),
        name: None,
        shop: Some(format!("{channel}.example")),
        order_id: Some(id.into()),
        number: None,
        url: None,
        status_raw: None,
        modified_at: Some(at(modified)),
    });
    intake
}

async fn import(store: &dyn Store, bodies: &[Intake], now: Timestamp) -> Vec<RowResult> {
    let batch = ImportBatch {
        from: "orders.json".into(),
        orders: bodies.to_vec(),
    };
    merge::commit(store, &batch, None, &ManualClock::new(now))
        .await
        .unwrap()
}

async fn stored(store: &dyn Store, number: &str) -> VendorOrder {
    store.order(&key(VENDOR, number)).await.unwrap().unwrap()
}

/// The order without what counts changes and names it here.
fn told(order: VendorOrder) -> VendorOrder {
    VendorOrder {
        id: ordertop::order::OrderId::default(),
        number: "1".parse().unwrap(),
        state: OrderState {
            version: 0,
            updated_at: at(0),
            ..order.state
        },
        ..order
    }
}

/// Every order of the numbers below `n`.
fn permutations(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(n - 1);
    let insert = |way: &Vec<usize>| {
        let way = way.clone();
        (0..=way.len()).map(move |at| {
            let mut longer = way.clone();
            longer.insert(at, n - 1);
            longer
        })
    };
    shorter.iter().flat_map(insert).collect()
}

/// Orders of an earlier version, which `forget` takes out of the index, are known by their sources all the same: a
/// renumbered one does not come in twice.
pub(crate) async fn orders_without_an_index_are_found(store: &dyn Store, forget: impl AsyncFn()) {
    use OrderStatus::Paid;
    store
        .add_vendor(vendor(VENDOR), "Shops".into())
        .await
        .unwrap();
    // More than are indexed at a time.
    let stored: Vec<Intake> = (0..501)
        .map(|n| {
            body(
                "woocommerce",
                &format!("id-{n}"),
                &format!("N-{n}"),
                Paid,
                1,
            )
        })
        .collect();
    for bodies in stored.chunks(100) {
        import(store, bodies, at(2)).await;
    }
    forget().await;
    for n in [0, 250, 500] {
        let renumbered = body(
            "woocommerce",
            &format!("id-{n}"),
            &format!("R-{n}"),
            Paid,
            3,
        );
        let results = import(store, &[renumbered], at(4)).await;
        assert_eq!(results[0].result, Outcome::Changed, "{results:?}");
    }
    // A new one of another source is new.
    let other = body("shopify", "id-0", "S-0", Paid, 3);
    assert_eq!(
        import(store, &[other], at(4)).await[0].result,
        Outcome::Placed
    );
}

pub(crate) async fn imports(store: &dyn Store) {
    store
        .add_vendor(vendor(VENDOR), "Shops".into())
        .await
        .unwrap();
    a_number_of_another_order_is_refused(store).await;
    a_renumbered_order_stays_one(store).await;
    what_a_source_said_last_is_remembered_without_an_event(store).await;
    bodies_in_any_order_end_alike(store).await;
}

async fn a_number_of_another_order_is_refused(store: &dyn Store) {
    use OrderStatus::Paid;
    let (woo, shopify) = (
        body("woocommerce", "11", "1001", Paid, 10),
        body("shopify", "9", "1001", Paid, 20),
    );
    let first = import(store, std::slice::from_ref(&woo), at(30)).await;
    assert_eq!(first[0].result, Outcome::Placed);
    let before = stored(store, "1001").await;
    let second = import(store, &[shopify], at(31)).await;
    assert_eq!(second[0].result, Outcome::Refused);
    assert_eq!(second[0].code.as_deref(), Some("number_taken"));
    let why = second[0].error.as_deref().unwrap();
    for words in ["woocommerce order 11", "shopify order 9", "--prefix"] {
        assert!(why.contains(words), "{why}");
    }
    assert_eq!(stored(store, "1001").await, before);
    // Two new orders with one number, in one batch.
    let twice = [
        body("shopify", "12", "1002", Paid, 20),
        body("woocommerce", "13", "1002", Paid, 20),
    ];
    let results = import(store, &twice, at(32)).await;
    let results: Vec<_> = results.iter().map(|row| row.result).collect();
    assert_eq!(results, [Outcome::Placed, Outcome::Refused]);
}

async fn a_renumbered_order_stays_one(store: &dyn Store) {
    use OrderStatus::Paid;
    // The second in the batch of the first, the third in a batch of its own.
    let two = [
        body("woocommerce", "21", "2001", Paid, 10),
        body("woocommerce", "21", "N-1", Paid, 11),
    ];
    let results = import(store, &two, at(30)).await;
    let results: Vec<_> = results.iter().map(|row| row.result).collect();
    assert_eq!(results, [Outcome::Placed, Outcome::Changed]);
    let third = import(store, &[body("woocommerce", "21", "N-2", Paid, 12)], at(31)).await;
    assert_eq!(third[0].result, Outcome::Changed);
    let order = stored(store, "2001").await;
    assert_eq!(order.content.source.unwrap().number.as_deref(), Some("N-2"));
    assert!(store.order(&key(VENDOR, "N-2")).await.unwrap().is_none());
}

async fn what_a_source_said_last_is_remembered_without_an_event(store: &dyn Store) {
    use OrderStatus::{Cancelled, Paid, Shipped};
    let late = |status, modified| body("woocommerce", "31", "3001", status, modified);
    import(store, &[late(Paid, 10)], at(30)).await;
    let since = store
        .vendor(&vendor(VENDOR))
        .await
        .unwrap()
        .unwrap()
        .position;
    for second in [12, 14] {
        let touched = import(store, &[late(Paid, second)], at(31)).await;
        assert_eq!(touched[0].result, Outcome::Unchanged);
    }
    assert_eq!(events(store, VENDOR, &since).await.len(), 0);
    let order = stored(store, "3001").await;
    assert_eq!(order.state.version, 1);
    let heard = order.state.heard.unwrap();
    assert_eq!(heard.modified_at, Some(at(14)));
    let cancelled = import(store, &[late(Cancelled, 11)], at(32)).await;
    assert_eq!(cancelled[0].result, Outcome::Unchanged, "a late body");
    // A step here, and the same words again.
    step(store, VENDOR, "3001", Shipped, Some(1)).await;
    let again = import(store, &[late(Paid, 14)], at(33)).await;
    assert_eq!(again[0].result, Outcome::Unchanged);
    assert_eq!(stored(store, "3001").await.state.status, Shipped);
}

fn parcel(number: Option<&str>) -> Shipment {
    Shipment {
        tracking_number: number.map(ToOwned::to_owned),
        from_shop: true,
        ..Shipment::default()
    }
}

async fn bodies_in_any_order_end_alike(store: &dyn Store) {
    use OrderStatus::{Cancelled, Paid, Refunded, Shipped};
    let mut expected = None;
    for (n, way) in permutations(4).into_iter().enumerate() {
        let (id, number) = (format!("4{n:03}"), format!("W-{n}"));
        let of = |status, modified| body("woocommerce", &id, &number, status, modified);
        let mut shipped = of(Shipped, 12);
        shipped.content.lines[0].qty_shipped = 2.into();
        shipped.content.shipments = vec![parcel(Some("JD014600003SE")), parcel(None)];
        let mut refunded = of(Refunded, 12);
        refunded.content.shipments = vec![parcel(Some("jd 0146 0000 3se"))];
        // Two of one second: the later status counts.
        let bodies = [of(Paid, 10), of(Cancelled, 11), shipped, refunded];
        let come: Vec<Intake> = way.iter().map(|at| bodies[*at].clone()).collect();
        // Half of the ways in one batch, half one by one; then all of them again.
        if n % 2 == 0 {
            import(store, &come, at(40)).await;
        } else {
            for one in &come {
                import(store, std::slice::from_ref(one), at(40)).await;
            }
        }
        let again = import(store, &bodies, at(50)).await;
        assert!(
            again.iter().all(|row| row.result == Outcome::Unchanged),
            "{way:?}: {again:?}"
        );
        let mut order = told(stored(store, &number).await);
        let source = order.content.source.as_mut().unwrap();
        source.order_id = None;
        // The digest holds id and number.
        order.state.heard.as_mut().unwrap().digest.clear();
        assert_eq!(
            *expected.get_or_insert_with(|| order.clone()),
            order,
            "{way:?}"
        );
    }
}
