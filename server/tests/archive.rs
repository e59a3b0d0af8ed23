//! Moving a store: what one held, the other holds, exactly so.

#![expect(
    clippy::unwrap_used,
    reason = "a story that cannot go on fails its test"
)]

#[expect(dead_code, unused_imports, reason = "other tests use the rest")]
#[path = "../../tests/support/redis.rs"]
mod redis_server;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::ProgressBar;
use jiff::Timestamp;
use ordertop::clock::ManualClock;
use ordertop::order::placement::Placement;
use ordertop::order::{
    Actor, ActorKind, HistoryEntry, OrderId, OrderKey, OrderNumber, OrderStatus, Shipment,
    VendorId, VendorOrder,
};
use ordertop::protocol::Position;
use ordertop_server::archive::{self, Counts, Item, Outcome, Reader};
use ordertop_server::decision::{self, StatusRequest};
use ordertop_server::store::sqlite::SqliteStore;
use ordertop_server::store::{
    self, Change, ChangeOutcome, Decide, KeptOrder, ListPage, ListQuery, Once, Replay, Restored,
    Store, StoreError, StoreFuture, StoreOptions, StoreSummary, StoreUrl, Target, VendorRecord,
};
use redis_server::{Cluster, Redis};

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

async fn open(dir: &Path, name: &str) -> SqliteStore {
    // By the clock of these orders: by today's their events are kept no more.
    let options = StoreOptions {
        clock: Arc::new(ManualClock::new(at(100))),
        ..StoreOptions::default()
    };
    SqliteStore::open(&dir.join(name), &options, None)
        .await
        .unwrap()
}

async fn place(store: &dyn Store, vendor: &str, number: &str, second: i64) {
    let order = Placement {
        vendor_id: Some(vendor.to_owned()),
        order_number: number.to_owned(),
        status: Some("Paid".to_owned()),
        currency: "EUR".to_owned(),
        buyer_note: Some("leave it by the door".to_owned()),
        lines: vec![serde_json::from_str(r#"{"sku":"MUG","qty":2,"unit_price":"5.00"}"#).unwrap()],
        ..Placement::default()
    };
    let intake = order.check(None, at(second)).unwrap();
    let key = intake.key();
    let actor = Actor::new(ActorKind::Service, "test");
    let decide = decision::place(intake, actor, None, at(second));
    let change = store.change(key, decide, None).await.unwrap();
    assert_eq!(change.outcome, ChangeOutcome::Written);
}

async fn step(store: &dyn Store, vendor: &str, number: &str, to: OrderStatus, second: i64) {
    let shipment = Shipment {
        carrier: Some("DHL".into()),
        ..Shipment::default()
    };
    let request = StatusRequest {
        actor: Actor::new(ActorKind::Support, "kim"),
        to,
        expected_version: None,
        reason: Some("the buyer phoned — 電話".to_owned()),
        shipment: (to == OrderStatus::Shipped).then_some(shipment),
        request_id: Some("req-1".to_owned()),
    };
    let decide = decision::change_status(request, at(second));
    let change = store
        .change(key(vendor, number), decide, None)
        .await
        .unwrap();
    assert_eq!(change.outcome, ChangeOutcome::Written);
}

/// Two vendors, one of them without a name of its own, and seven orders.
async fn shop(store: &dyn Store) {
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    store.add_vendor(vendor("7"), String::new()).await.unwrap();
    for n in 0..5 {
        // Two at the same moment: the list orders them by id.
        place(store, "42", &format!("A-{n}"), n / 2).await;
    }
    place(store, "7", "A-1", 3).await;
    place(store, "7", "注文 7", 4).await;
    step(store, "42", "A-1", OrderStatus::Shipped, 10).await;
    step(store, "42", "A-1", OrderStatus::Paid, 11).await;
    step(store, "42", "A-1", OrderStatus::Shipped, 12).await;
    step(store, "42", "A-1", OrderStatus::Disputed, 13).await;
    step(store, "7", "注文 7", OrderStatus::Cancelled, 14).await;
}

async fn export(store: &dyn Store) -> (Vec<u8>, Counts) {
    archive::export(store, at(0), Vec::new(), &ProgressBar::hidden())
        .await
        .unwrap()
}

/// What came of it, and what a person was told.
async fn import(export: &[u8], store: &dyn Store) -> (Outcome, Vec<String>) {
    let mut reader = Reader::new(export).unwrap();
    let mut notes = Vec::new();
    let mut note = |line: &str| notes.push(line.to_owned());
    let outcome = archive::restore(&mut reader, store, &ProgressBar::hidden(), &mut note)
        .await
        .unwrap();
    (outcome, notes)
}

/// All orders of everyone, newest first, with their histories.
async fn everything(store: &dyn Store) -> Vec<KeptOrder> {
    let query = ListQuery {
        limit: 1_000,
        ..ListQuery::default()
    };
    let mut all = Vec::new();
    for order in store.list(query).await.unwrap().orders {
        let history = store.history(&order.key()).await.unwrap();
        all.push(KeptOrder { order, history });
    }
    all
}

/// The orders in an export.
fn orders_in(export: &[u8]) -> Vec<KeptOrder> {
    let mut reader = Reader::new(export).unwrap();
    let mut orders = Vec::new();
    loop {
        match reader.next_item().unwrap() {
            Item::Vendor(_) => {}
            Item::Order { kept, .. } => orders.push(*kept),
            Item::Refused(why) => panic!("refused: {why}"),
            Item::End(end) => {
                end.unwrap();
                return orders;
            }
        }
    }
}

/// What a store that everything was moved to does from there on.
async fn goes_on(new: &dyn Store, old: &dyn Store) {
    // No event tells of them, and they count.
    let summary = new.summary().await.unwrap();
    assert_eq!((summary.orders, summary.vendors, summary.events), (7, 2, 0));
    let birth = new.vendor(&vendor("42")).await.unwrap().unwrap();
    assert_eq!((birth.position.offset, birth.name.as_str()), (0, "Acme"));

    // Orders go on: events from 1, one history, new ids beyond the old ones.
    step(new, "42", "A-1", OrderStatus::Refunded, 20).await;
    place(new, "42", "B-1", 21).await;
    let since = birth.position;
    let replay = new.events(&vendor("42"), &since, None, 10).await.unwrap();
    let Replay::Events { events, head } = replay else {
        panic!("not recovered: {replay:?}");
    };
    let offsets: Vec<_> = events.iter().map(|event| event.position.offset).collect();
    assert_eq!((offsets, head.offset), (vec![1, 2], 2));
    assert_eq!(events[0].after, since.mark);
    assert_eq!(events[0].order.state.version, 6);
    let history = new.history(&key("42", "A-1")).await.unwrap();
    let versions: Vec<_> = history.iter().map(|entry| entry.version).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6]);
    let ids: Vec<_> = everything(old).await.iter().map(|k| k.order.id).collect();
    assert!(!ids.contains(&events[1].order.id));
}

#[tokio::test]
async fn a_store_moves_whole_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let old = open(dir.path(), "old.db").await;
    shop(&old).await;
    let (exported, counts) = export(&old).await;
    let said = Counts {
        vendors: 2,
        orders: 7,
        history: 12,
    };
    assert_eq!(counts, said);

    let new = open(dir.path(), "new.db").await;
    let (outcome, notes) = import(&exported, &new).await;
    let expected = Outcome {
        read: counts,
        vendors_new: 2,
        written: 7,
        held: 7,
        ..Outcome::default()
    };
    assert_eq!((&outcome, notes.len()), (&expected, 0));
    assert!(outcome.is_complete());
    assert_eq!(everything(&new).await, everything(&old).await);

    goes_on(&new, &old).await;

    // And all of it is on the disk.
    let before = everything(&new).await;
    new.close().await.unwrap();
    let again = open(dir.path(), "new.db").await;
    assert_eq!(everything(&again).await, before);
    assert_eq!(again.summary().await.unwrap().orders, 8);
}

#[tokio::test]
async fn an_import_that_broke_off_is_run_again() {
    let dir = tempfile::tempdir().unwrap();
    let old = open(dir.path(), "old.db").await;
    shop(&old).await;
    let (exported, counts) = export(&old).await;
    let new = open(dir.path(), "new.db").await;

    // The pipe broke in the fourth order's line.
    let ends = exported.iter().enumerate().filter(|(_, b)| **b == b'\n');
    let (fifth, _) = ends.clone().nth(4).unwrap();
    let (outcome, _) = import(&exported[..fifth + 40], &new).await;
    assert!(!outcome.is_complete());
    assert!(
        outcome.flaw.as_ref().unwrap().contains("cut after line 5"),
        "{outcome:?}"
    );
    assert_eq!((outcome.written, outcome.held), (3, 3));

    let (outcome, _) = import(&exported, &new).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!((outcome.written, outcome.present), (4, 3));
    let (outcome, _) = import(&exported, &new).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(
        (outcome.written, outcome.present, outcome.held),
        (0, counts.orders, 7)
    );
    assert_eq!(everything(&new).await, everything(&old).await);
}

#[tokio::test]
async fn what_is_otherwise_in_the_store_is_named_and_left() {
    let dir = tempfile::tempdir().unwrap();
    let old = open(dir.path(), "old.db").await;
    shop(&old).await;
    let (exported, _) = export(&old).await;
    let new = open(dir.path(), "new.db").await;
    new.add_vendor(vendor("42"), "ACME".into()).await.unwrap();
    import(&exported, &new).await;
    step(&new, "42", "A-2", OrderStatus::Shipped, 30).await;
    let before = everything(&new).await;

    let (outcome, notes) = import(&exported, &new).await;
    assert!(!outcome.is_complete());
    assert_eq!(
        (outcome.present, outcome.different, outcome.written),
        (6, 1, 0)
    );
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(
        notes[0].contains("Acme") && notes[0].contains("ACME"),
        "{notes:?}"
    );
    assert!(
        notes[1].contains("A-2") && notes[1].contains("version 2"),
        "{notes:?}"
    );
    assert_eq!(everything(&new).await, before);
}

#[tokio::test]
async fn an_id_that_is_taken_is_given_anew() {
    let dir = tempfile::tempdir().unwrap();
    let old = open(dir.path(), "old.db").await;
    shop(&old).await;
    let (exported, _) = export(&old).await;
    let new = open(dir.path(), "new.db").await;
    new.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    place(&new, "42", "first", 0).await;
    let (outcome, _) = import(&exported, &new).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!((outcome.written, outcome.held), (7, 8));
    let mut ids: Vec<OrderId> = everything(&new).await.iter().map(|k| k.order.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 8, "two orders have one id");
    for kept in everything(&old).await {
        let key = kept.order.key();
        let there = new.order(&key).await.unwrap().unwrap();
        assert!(kept.is_kept_as(&there, &new.history(&key).await.unwrap()));
    }
    // And it is known again under its new id.
    let (outcome, _) = import(&exported, &new).await;
    assert_eq!((outcome.present, outcome.different), (7, 0));
}

#[tokio::test]
async fn a_store_is_given_only_what_it_can_keep() {
    let dir = tempfile::tempdir().unwrap();
    let old = open(dir.path(), "old.db").await;
    shop(&old).await;
    let kept = everything(&old).await;
    let new = open(dir.path(), "new.db").await;
    let of = |id: &str| {
        let id = vendor(id);
        kept.iter()
            .filter(|k| k.order.vendor_id == id)
            .cloned()
            .collect::<Vec<_>>()
    };
    let refusal = |restored: Result<Restored, StoreError>| restored.unwrap_err().to_string();
    let nobody = new.restore(&vendor("42"), of("42")).await;
    assert!(refusal(nobody).contains("no vendor 42"));
    new.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    let foreign = new.restore(&vendor("42"), of("7")).await;
    assert!(refusal(foreign).contains("not of vendor 42"));
    let mut bare = of("42");
    bare[4].history.clear();
    assert!(refusal(new.restore(&vendor("42"), bare).await).contains("no history"));
    assert_eq!(new.summary().await.unwrap().orders, 0, "all or nothing");

    // One that comes twice in a batch is there the second time.
    let twice = [of("42"), of("42")].concat();
    let restored = new.restore(&vendor("42"), twice).await.unwrap();
    assert_eq!(
        (restored.written, restored.present, restored.different),
        (5, 5, 0)
    );
}

#[tokio::test]
async fn orders_that_change_meanwhile_are_exported_whole() {
    let dir = tempfile::tempdir().unwrap();
    let busy = Arc::new(open(dir.path(), "busy.db").await);
    busy.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    for n in 0..50 {
        place(&*busy, "42", &format!("A-{n}"), n).await;
    }
    let enough = Arc::new(AtomicBool::new(false));
    let changing = tokio::spawn({
        let (busy, enough) = (busy.clone(), enough.clone());
        async move {
            let mut rounds = 0;
            while !enough.load(Ordering::Relaxed) {
                for n in 0..50 {
                    let number = format!("A-{n}");
                    step(&*busy, "42", &number, OrderStatus::Shipped, 100 + rounds).await;
                    step(&*busy, "42", &number, OrderStatus::Paid, 100 + rounds).await;
                }
                rounds += 1;
                place(&*busy, "42", &format!("new-{rounds}"), 200 + rounds).await;
            }
        }
    });
    // As it is done while a server has the file open.
    let beside = SqliteStore::open_beside(&dir.path().join("busy.db"))
        .await
        .unwrap();
    let mut before = Vec::new();
    let mut moved = 0;
    // A deadline alone ends it if nothing ever changes under the export.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while moved < 10 {
        assert!(std::time::Instant::now() < deadline, "nothing changed");
        let (exported, counts) = export(&beside).await;
        // Reading it checks that each history ends with its order's version.
        let orders = orders_in(&exported);
        assert_eq!(orders.len() as u64, counts.orders);
        for n in 0..50 {
            let number = format!("A-{n}");
            let of = orders.iter().filter(|k| k.order.number.as_str() == number);
            assert_eq!(of.count(), 1, "{number}");
        }
        for kept in &orders {
            let (order, last) = (&kept.order, kept.history.last().unwrap());
            assert_eq!(last.to, order.state.status);
            assert_eq!(kept.history.len() as u64, order.state.version);
        }
        moved += u32::from(orders != before);
        before = orders;
    }
    enough.store(true, Ordering::Relaxed);
    changing.await.unwrap();
    // It reads, and that is all.
    let added = beside.add_vendor(vendor("7"), String::new()).await;
    assert!(added.is_err(), "{added:?}");
    beside.close().await.unwrap();
}

/// To a Redis, again, and back to a file.
async fn there_and_back(url: &str) {
    let dir = tempfile::tempdir().unwrap();
    let old = open(dir.path(), "old.db").await;
    shop(&old).await;
    let (exported, counts) = export(&old).await;
    let url: StoreUrl = url.parse().unwrap();
    let redis = store::open(&url, &StoreOptions::default(), None)
        .await
        .unwrap();
    let redis = &*redis;

    let (outcome, notes) = import(&exported, redis).await;
    assert!(outcome.is_complete(), "{outcome:?} {notes:?}");
    assert_eq!((outcome.written, outcome.held), (7, 7));
    let sorted = |mut all: Vec<KeptOrder>| {
        all.sort_by_key(|kept| kept.order.id);
        all
    };
    assert_eq!(
        sorted(everything(redis).await),
        sorted(everything(&old).await)
    );
    let (outcome, _) = import(&exported, redis).await;
    assert_eq!(
        (outcome.present, outcome.written, outcome.different),
        (7, 0, 0)
    );

    let (back, again) = export(redis).await;
    assert_eq!(again, counts);
    let new = open(dir.path(), "new.db").await;
    let (outcome, _) = import(&back, &new).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(everything(&new).await, everything(&old).await);

    goes_on(redis, &old).await;
    let (outcome, notes) = import(&exported, redis).await;
    assert_eq!((outcome.present, outcome.different), (6, 1));
    assert!(notes[0].contains("A-1 of vendor 42"), "{notes:?}");
    // The same state with another past is another order.
    let mut forged = orders_in(&exported);
    forged.retain(|kept| kept.order.key() == key("42", "A-4"));
    forged[0].history[0].reason = Some("forged".into());
    let restored = redis.restore(&vendor("42"), forged.clone()).await.unwrap();
    assert_eq!((restored.different, restored.present), (1, 0));
    forged[0].history.clear();
    let bare = redis.restore(&vendor("42"), forged).await;
    assert!(bare.is_err(), "{bare:?}");
    redis.close().await.unwrap();
}

#[tokio::test]
async fn a_store_moves_to_a_redis_and_back() {
    let redis = Redis::start().await;
    there_and_back(&redis.url()).await;
}

#[tokio::test]
async fn a_store_moves_to_a_cluster_and_back() {
    let cluster = Cluster::start().await;
    there_and_back(&cluster.url()).await;
}

/// A store in which, once the first page of a list was read, the oldest order
/// is found to be the newest: the page that it was on is still to come.
#[derive(Debug)]
struct Moving {
    store: SqliteStore,
    moved: AtomicBool,
}

/// Orders 0 and on, each placed so many seconds after the first.
fn dated(n: i64, second: i64) -> (Target, Decide) {
    let order = Placement {
        vendor_id: Some("42".to_owned()),
        order_number: format!("A-{n}"),
        currency: "EUR".to_owned(),
        placed_at: Some(at(second)),
        lines: vec![serde_json::from_str(r#"{"sku":"MUG","unit_price":"5.00"}"#).unwrap()],
        ..Placement::default()
    };
    let intake = order.check(None, at(0)).unwrap();
    let actor = Actor::new(ActorKind::Import, "orders.json");
    (
        intake.key().into(),
        decision::import(intake, actor, None, at(0)),
    )
}

fn never<T: Send + 'static>() -> StoreFuture<'static, T> {
    Box::pin(std::future::ready(Err(StoreError::Closed)))
}

impl Store for Moving {
    fn vendors(&self) -> StoreFuture<'_, Vec<VendorRecord>> {
        self.store.vendors()
    }

    fn list(&self, query: ListQuery) -> StoreFuture<'_, ListPage> {
        Box::pin(async move {
            let page = self.store.list(query).await?;
            if !self.moved.swap(true, Ordering::Relaxed) {
                let (target, decide) = dated(0, 10_000);
                self.store.change(target.key, decide, None).await?;
            }
            Ok(page)
        })
    }

    fn order<'a>(&'a self, key: &'a OrderKey) -> StoreFuture<'a, Option<VendorOrder>> {
        self.store.order(key)
    }

    fn history<'a>(&'a self, key: &'a OrderKey) -> StoreFuture<'a, Vec<HistoryEntry>> {
        self.store.history(key)
    }

    fn summary(&self) -> StoreFuture<'_, StoreSummary> {
        self.store.summary()
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        self.store.close()
    }

    // What an export has no business with.

    fn vendor<'a>(&'a self, _: &'a VendorId) -> StoreFuture<'a, Option<VendorRecord>> {
        never()
    }

    fn add_vendor(&self, _: VendorId, _: String) -> StoreFuture<'_, (VendorRecord, bool)> {
        never()
    }

    fn change_all(
        &self,
        _: Vec<(Target, Decide)>,
        _: Option<Once>,
    ) -> StoreFuture<'_, Vec<Change>> {
        never()
    }

    fn vendors_with<'a>(&'a self, _: &'a OrderNumber) -> StoreFuture<'a, Vec<VendorId>> {
        never()
    }

    fn events<'a>(
        &'a self,
        _: &'a VendorId,
        _: &'a Position,
        _: Option<u64>,
        _: usize,
    ) -> StoreFuture<'a, Replay> {
        never()
    }

    fn restore<'a>(&'a self, _: &'a VendorId, _: Vec<KeptOrder>) -> StoreFuture<'a, Restored> {
        never()
    }

    fn probe(&self) -> StoreFuture<'_, ()> {
        never()
    }
}

#[tokio::test]
async fn an_order_that_moves_in_the_list_meanwhile_is_exported_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), "orders.db").await;
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    // More than one page.
    let orders = (0..700).map(|n| dated(n, n)).collect();
    store.change_all(orders, None).await.unwrap();
    let moving = Moving {
        store,
        moved: AtomicBool::new(false),
    };
    let (exported, counts) = export(&moving).await;
    assert_eq!(counts.orders, 700);
    let mut numbers: Vec<_> = orders_in(&exported)
        .into_iter()
        .map(|kept| kept.order.number)
        .collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 700);
}
