//! Redis alone, under Sentinels and as a cluster: the story, and what it does beside.

use std::collections::HashMap;
use std::time::Duration;

use ordertop::order::placement::Placement;
use ordertop::order::{Actor, ActorKind, VendorId};
use ordertop::protocol::Position;
use ordertop_server::decision;
use ordertop_server::store::redis::RedisStore;
use ordertop_server::store::{
    ChangeOutcome, Following, ListQuery, News, Replay, Retention, Store, StoreError, StoreOptions,
    StoreUrl, digest,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};

use crate::imports::{imports, orders_without_an_index_are_found};
use crate::once::{
    placing, remembered_is_small, remembered_longer_than_replayed, say_once, shipping,
};
use crate::redis_server::{Cluster, Redis, Sentinels};
use crate::story::{NEWS, at, events, key, place, ship, story, vendor};

mod kept;
mod resharded;
mod rights;

/// How long anything may take on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);

type Fed = mpsc::Receiver<Vec<News>>;

async fn open(url: &str) -> (RedisStore, Fed) {
    open_with(url, StoreOptions::default()).await.unwrap()
}

async fn open_with(url: &str, options: StoreOptions) -> Result<(RedisStore, Fed), StoreError> {
    let (feed, fed) = mpsc::channel(1_024);
    let StoreUrl::Redis(url) = url.parse().unwrap() else {
        panic!("{url} is no Redis");
    };
    let store = RedisStore::open(&url, &options, Some(feed)).await?;
    Ok((store, fed))
}

/// Asks again until it is so.
async fn until<F: Future<Output = bool>>(what: &str, look: impl Fn() -> F) {
    let deadline = Instant::now() + DEADLINE;
    while !look().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The next news.
async fn next(fed: &mut Fed) -> Vec<News> {
    let news = timeout(DEADLINE, fed.recv()).await;
    news.expect("news come").expect("the store is open")
}

/// All the story's news have come: each vendor's events in order and once.
async fn assert_all_fed(fed: &mut Fed) {
    let (mut told, mut vendors) = (0, 0);
    let mut offsets = HashMap::<VendorId, u64>::new();
    while (vendors, told) != NEWS {
        for news in next(fed).await {
            match news {
                News::Vendor(born) => {
                    assert_eq!(born.position.offset, 0);
                    vendors += 1;
                }
                News::Event(event) => {
                    let offset = offsets.entry(event.vendor.clone()).or_default();
                    *offset += 1;
                    assert_eq!(event.event.position.offset, *offset, "{}", event.vendor);
                    told += 1;
                }
                other => panic!("nothing befell the store: {other:?}"),
            }
        }
    }
}

/// The story on one store, while another one, as of a second server, listens.
async fn tell_story(url: &str) {
    let (store, mut fed) = open(url).await;
    let (other, mut other_fed) = open(url).await;
    let _watch = store.watch(&Following::All).await.unwrap();
    let _other_watch = other.watch(&Following::All).await.unwrap();
    story(&store).await;
    assert_all_fed(&mut fed).await;
    assert_all_fed(&mut other_fed).await;
    store.close().await.unwrap();
    other.close().await.unwrap();
    assert!(fed.recv().await.is_none() && other_fed.recv().await.is_none());
}

#[tokio::test]
async fn orders_of_an_earlier_version_are_known_by_their_sources() {
    let redis = Redis::start().await;
    let (store, _fed) = open(&redis.url()).await;
    orders_without_an_index_are_found(&store, async || {
        let deleted = redis.cli(&["DEL", "ordertop:{shops}:sources"]).await;
        assert_eq!(deleted, "1");
    })
    .await;
}

#[tokio::test]
async fn the_story_of_a_store_holds_for_redis() {
    let redis = Redis::start().await;
    tell_story(&redis.url()).await;
}

#[tokio::test]
async fn the_story_of_a_store_holds_for_redis_under_sentinels() {
    let redis = Sentinels::start().await;
    tell_story(&redis.url()).await;
}

#[tokio::test]
async fn the_story_of_a_store_holds_for_a_redis_cluster() {
    let redis = Cluster::start().await;
    tell_story(&redis.url()).await;
}

#[tokio::test]
async fn bodies_of_shops_are_merged_alike_on_redis_and_a_cluster() {
    let redis = Redis::start().await;
    let (store, _fed) = open(&redis.url()).await;
    imports(&store).await;
    let cluster = Cluster::start().await;
    let (store, _fed) = open(&cluster.url()).await;
    imports(&store).await;
}

#[tokio::test]
async fn two_servers_that_change_the_same_orders_lose_nothing() {
    let redis = Redis::start().await;
    let (one, mut fed) = open(&redis.url()).await;
    let (two, _fed) = open(&redis.url()).await;
    let (acme, _) = one.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    let _watch = one.watch(&Following::Vendor(vendor("42"))).await.unwrap();
    for n in 0..40 {
        place(&one, "42", &format!("A-{n}"), n).await;
    }
    let stores: [&dyn Store; 2] = [&one, &two];
    let both = (0..80).map(|n| async move {
        ship(stores[n % 2], "42", &format!("A-{}", n / 2), None)
            .await
            .outcome
    });
    let outcomes = futures_util::future::join_all(both).await;
    let count = |wanted: ChangeOutcome| outcomes.iter().filter(|o| **o == wanted).count();
    assert_eq!(
        (count(ChangeOutcome::Written), count(ChangeOutcome::Kept)),
        (40, 40)
    );
    let all = events(&two, "42", &acme.position).await;
    assert_eq!(all.len(), 80);
    let mut told = 0;
    while told < 80 {
        for news in next(&mut fed).await {
            let News::Event(event) = news else {
                panic!("{news:?}")
            };
            assert_eq!(event.event.position, all[told].position);
            told += 1;
        }
    }
}

#[tokio::test]
async fn a_trimmed_stream_says_so_and_its_newest_event_is_always_known() {
    let redis = Redis::start().await;
    let (store, _fed) = open(&redis.url()).await;
    let (acme, _) = store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    let mut positions: Vec<Position> = vec![acme.position];
    for n in 0..5 {
        let placed = place(&store, "42", &format!("A-{n}"), n).await;
        positions.push(placed.position.unwrap());
    }
    redis
        .cli(&["XTRIM", "ordertop:{42}:events", "MINID", "5"])
        .await;
    let asked = |since: usize| {
        let (store, since) = (&store, positions[since].clone());
        async move {
            let replay = store.events(&vendor("42"), &since, None, 10).await;
            match replay.unwrap() {
                Replay::Events { events, .. } => format!("{} events", events.len()),
                Replay::Unrecovered { reason, .. } => reason.as_str().to_owned(),
            }
        }
    };
    // The fifth event names the mark of the fourth.
    assert_eq!(asked(4).await, "1 events");
    assert_eq!(asked(5).await, "0 events");
    assert_eq!(asked(3).await, "position_expired");
    assert_eq!(asked(0).await, "position_expired");
    redis.cli(&["DEL", "ordertop:{42}:events"]).await;
    assert_eq!(asked(5).await, "0 events");
    assert_eq!(asked(4).await, "position_expired");
}

#[tokio::test]
async fn events_beyond_what_is_kept_are_expired() {
    let redis = Redis::start().await;
    let retention = Retention {
        events: 3,
        ..Retention::default()
    };
    let options = StoreOptions {
        retention,
        ..StoreOptions::default()
    };
    let (store, _fed) = open_with(&redis.url(), options).await.unwrap();
    let (acme, _) = store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    for n in 0..4 {
        place(&store, "42", &format!("A-{n}"), n).await;
    }
    let replay = store.events(&vendor("42"), &acme.position, None, 10).await;
    assert!(matches!(replay.unwrap(), Replay::Unrecovered { .. }));
}

#[tokio::test]
async fn a_history_that_was_rewritten_is_told_even_when_it_has_grown_past() {
    let redis = Redis::start().await;
    let (store, mut fed) = open(&redis.url()).await;
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    let _watch = store.watch(&Following::Vendor(vendor("42"))).await.unwrap();
    place(&store, "42", "A-1", 1).await;
    // As a failover does: what was written last is gone, and another history goes on.
    let copy = redis
        .cli(&["COPY", "ordertop:{42}:head", "kept:head"])
        .await;
    assert_eq!(copy, "1");
    place(&store, "42", "A-2", 2).await;
    redis.cli(&["XDEL", "ordertop:{42}:events", "2-0"]).await;
    redis
        .cli(&["COPY", "kept:head", "ordertop:{42}:head", "REPLACE"])
        .await;
    redis.cli(&["HDEL", "ordertop:{42}:orders", "A-2"]).await;
    redis.cli(&["XSETID", "ordertop:{42}:events", "1-0"]).await;
    for n in 3..6 {
        place(&store, "42", &format!("A-{n}"), n).await;
    }
    let changed = |news: &News| matches!(news, News::HistoryChanged(id) if *id == vendor("42"));
    while !next(&mut fed).await.iter().any(changed) {}
}

#[tokio::test]
async fn a_redis_that_goes_away_is_told_and_told_when_it_is_back() {
    let mut redis = Redis::start().await;
    let (store, mut fed) = open(&redis.url()).await;
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    let _watch = store.watch(&Following::Vendor(vendor("42"))).await.unwrap();
    let ready = || async { store.probe().await.is_ok() };
    until("it is ready", ready).await;
    redis.kill();
    while !next(&mut fed)
        .await
        .iter()
        .any(|n| matches!(n, News::Away(_)))
    {}
    let began = Instant::now();
    assert!(store.order(&key("42", "A-1")).await.is_err());
    assert!(began.elapsed() < Duration::from_secs(2) + DEADLINE / 3);
    assert!(store.probe().await.is_err());
    redis.restart().await;
    while !next(&mut fed).await.iter().any(|n| matches!(n, News::Back)) {}
    until("it is ready again", ready).await;
    // Messages come again too.
    let (other, _fed) = open(&redis.url()).await;
    place(&other, "42", "A-1", 1).await;
    while !next(&mut fed)
        .await
        .iter()
        .any(|n| matches!(n, News::Event(_)))
    {}
}

#[tokio::test]
async fn a_cut_off_message_connection_loses_nothing() {
    let redis = Redis::start().await;
    let (store, mut fed) = open(&redis.url()).await;
    let (other, _fed) = open(&redis.url()).await;
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    let _watch = store.watch(&Following::Vendor(vendor("42"))).await.unwrap();
    for n in 0..30 {
        if n % 10 == 5 {
            redis.cli(&["CLIENT", "KILL", "TYPE", "pubsub"]).await;
        }
        place(&other, "42", &format!("A-{n}"), n).await;
    }
    let mut offset = 0;
    while offset < 30 {
        for news in next(&mut fed).await {
            let News::Event(event) = news else {
                panic!("{news:?}")
            };
            offset += 1;
            assert_eq!(event.event.position.offset, offset);
        }
    }
}

#[tokio::test]
async fn a_redis_that_is_not_there_is_waited_for_and_then_given_up() {
    let options = StoreOptions {
        timeout: Duration::from_secs(1),
        ..StoreOptions::default()
    };
    let error = open_with("redis://127.0.0.1:1", options).await.unwrap_err();
    let said = error.to_string();
    assert!(said.contains("is it running?"), "{said}");
    assert!(said.contains("waited for 1 s"), "{said}");
}

#[tokio::test]
async fn no_events_at_all_can_be_asked_for() {
    let redis = Redis::start().await;
    let (store, _fed) = open(&redis.url()).await;
    let (acme, _) = store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    place(&store, "42", "A-1", 1).await;
    let none = store.events(&vendor("42"), &acme.position, None, 0).await;
    assert!(matches!(none.unwrap(), Replay::Events { events, .. } if events.is_empty()));
}

#[tokio::test]
async fn everyone_is_followed_though_one_vendor_is_gone() {
    let redis = Redis::start().await;
    let (store, mut fed) = open(&redis.url()).await;
    for id in ["42", "43"] {
        store.add_vendor(vendor(id), id.into()).await.unwrap();
    }
    // As a failover of one of a cluster's masters does.
    redis.cli(&["DEL", "ordertop:{43}:head"]).await;
    let _watch = store.watch(&Following::All).await.unwrap();
    place(&store, "42", "A-1", 1).await;
    while !next(&mut fed)
        .await
        .iter()
        .any(|n| matches!(n, News::Event(_)))
    {}
}

#[tokio::test]
async fn a_redis_that_loads_its_data_is_waited_for() {
    let mut redis = Redis::start_with(&["--rdbcompression", "no"]).await;
    // It answers between two pieces of what it loads.
    let piece = "x".repeat(4_096);
    for n in 0..20 {
        redis.cli(&["SET", &format!("other:{n}"), &piece]).await;
    }
    redis.cli(&["BGREWRITEAOF"]).await;
    until("it is rewritten", || async {
        let under_way = redis.info("persistence", "aof_rewrite_in_progress").await;
        under_way.as_deref() == Some("0")
    })
    .await;
    let url = redis.url();
    let slowly = [
        ["--key-load-delay", "100000"],
        ["--loading-process-events-interval-bytes", "1024"],
    ];
    let (opened, ()) = tokio::join!(
        async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            open_with(&url, StoreOptions::default()).await
        },
        redis.restart_with(slowly.as_flattened()),
    );
    opened.unwrap();
}

/// A way to a Redis that loses an answer when it is told to: the next commit
/// arrives there, and its connection is cut before the answer comes back.
struct Lossy {
    port: u16,
    lose: watch::Sender<Lose>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Lose {
    Nothing,
    Answer,
    /// The answer, and there is no way to Redis any more.
    All,
}

impl Lossy {
    async fn before(redis: &Redis) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (lose, mut losing) = watch::channel(Lose::Nothing);
        let (to, told) = (redis.port(), lose.clone());
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    ours = listener.accept() => {
                        tokio::spawn(Self::pass(ours.unwrap().0, to, told.clone()));
                    }
                    _ = losing.wait_for(|lose| *lose == Lose::All) => return,
                }
            }
        });
        Self { port, lose }
    }

    async fn pass(mut ours: TcpStream, to: u16, lose: watch::Sender<Lose>) {
        let mut theirs = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
        let (mut there, mut back) = (vec![0; 65_536], vec![0; 65_536]);
        loop {
            tokio::select! {
                Ok(count) = ours.read(&mut there) => {
                    if count == 0 || theirs.write_all(&there[..count]).await.is_err() {
                        return;
                    }
                    let text = String::from_utf8_lossy(&there[..count]);
                    let commit = text.contains(":events") && text.contains("PUBLISH");
                    if commit && *lose.borrow() != Lose::Nothing {
                        assert_ne!(theirs.read(&mut back).await.unwrap(), 0);
                        lose.send_if_modified(|lose| {
                            let done = *lose == Lose::Answer;
                            if done {
                                *lose = Lose::Nothing;
                            }
                            done
                        });
                        return;
                    }
                }
                Ok(count) = theirs.read(&mut back) => {
                    if count == 0 || ours.write_all(&back[..count]).await.is_err() {
                        return;
                    }
                }
                else => return,
            }
        }
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_found_done() {
    let redis = Redis::start().await;
    let lossy = Lossy::before(&redis).await;
    let (store, _fed) = open(&lossy.url()).await;
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    // So that the script is known.
    let before = place(&store, "42", "A-0", 1).await.position.unwrap();
    // The record of an order that is written twice has the mark of the second.
    let mut both = placing("42", "A-1");
    both.extend(shipping("42", "A-1"));
    lossy.lose.send(Lose::Answer).unwrap();
    let done = store.change_all(both, None).await.unwrap();
    assert_eq!(*lossy.lose.borrow(), Lose::Nothing, "it was lost");
    let all = events(&store, "42", &before).await;
    assert_eq!(all.len(), 2);
    for (change, event) in done.iter().zip(&all) {
        assert_eq!(change.outcome, ChangeOutcome::Written);
        assert_eq!(change.position.as_ref(), Some(&event.position));
    }
}

#[tokio::test]
async fn a_commit_that_went_before_redis_was_gone_may_be_done() {
    let redis = Redis::start().await;
    let lossy = Lossy::before(&redis).await;
    let (store, _fed) = open(&lossy.url()).await;
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    place(&store, "42", "A-0", 1).await;
    lossy.lose.send(Lose::All).unwrap();
    let error = store.change_all(placing("42", "A-1"), None).await;
    let error = error.unwrap_err();
    assert!(matches!(error, StoreError::Unanswered(_)), "{error}");
    assert_eq!(redis.cli(&["HLEN", "ordertop:{42}:orders"]).await, "2");
}

#[tokio::test]
async fn a_commit_that_no_replica_confirms_may_be_done() {
    let redis = Redis::start().await;
    let options = StoreOptions {
        redis_wait: 1,
        ..StoreOptions::default()
    };
    let (store, _fed) = open_with(&redis.url(), options).await.unwrap();
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    let placed = store.change_all(placing("42", "A-1"), None).await;
    let error = placed.unwrap_err();
    assert!(matches!(error, StoreError::Unanswered(_)), "{error}");
    assert!(error.to_string().contains("0 of 1 replicas"), "{error}");
    redis.cli(&["ACL", "SETUSER", "default", "-wait"]).await;
    let placed = store.change_all(placing("42", "A-2"), None).await;
    let error = placed.unwrap_err();
    assert!(matches!(error, StoreError::Unanswered(_)), "{error}");
    assert_eq!(redis.cli(&["HLEN", "ordertop:{42}:orders"]).await, "2");
}

#[tokio::test]
async fn a_redis_that_lost_everything_is_noticed_and_begun_with_anew() {
    let redis = Redis::start().await;
    let (store, mut fed) = open(&redis.url()).await;
    let add = || store.add_vendor(vendor("42"), "Acme".into());
    add().await.unwrap();
    let _all = store.watch(&Following::All).await.unwrap();
    let _watch = store.watch(&Following::Vendor(vendor("42"))).await.unwrap();
    assert!(store.has_vendor(&vendor("42")).await.unwrap());
    place(&store, "42", "A-1", 1).await;
    redis.cli(&["FLUSHALL"]).await;
    let changed = |news: &News| matches!(news, News::HistoryChanged(id) if *id == vendor("42"));
    while !next(&mut fed).await.iter().any(changed) {}
    assert!(!store.has_vendor(&vendor("42")).await.unwrap());
    let again = store.watch(&Following::Vendor(vendor("42"))).await;
    assert!(again.is_err(), "there is no such vendor");
    add().await.unwrap();
    place(&store, "42", "A-1", 1).await;
    let mut told = Vec::new();
    while told.len() < 2 {
        told.extend(next(&mut fed).await);
    }
    assert!(
        matches!(&told[..], [News::Vendor(_), News::Event(event)] if event.event.position.offset == 1),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_list_goes_on_past_orders_of_far_off_years() {
    let redis = Redis::start().await;
    let (store, _fed) = open(&redis.url()).await;
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    let numbers: Vec<String> = (0..5).map(|n| format!("Ä {{}}: %s \"{n}\"")).collect();
    for (n, number) in numbers.iter().enumerate() {
        let order = Placement {
            vendor_id: Some("42".to_owned()),
            order_number: number.clone(),
            // Microseconds that a float does not tell apart.
            placed_at: Some(format!("9000-01-01T00:00:00.00000{n}Z").parse().unwrap()),
            currency: "EUR".to_owned(),
            lines: vec![serde_json::from_str(r#"{"sku":"MUG","unit_price":"5.00"}"#).unwrap()],
            ..Placement::default()
        };
        let intake = order.check(None, at(1)).unwrap();
        let actor = Actor::new(ActorKind::Service, "test");
        let key = intake.key();
        let decide = decision::place(intake, actor, None, at(1));
        store.change(key, decide, None).await.unwrap();
    }
    let (mut seen, mut cursor) = (Vec::new(), None);
    while seen.len() <= numbers.len() {
        let query = ListQuery {
            vendor: Some(vendor("42")),
            cursor,
            limit: 1,
            ..ListQuery::default()
        };
        let page = store.list(query).await.unwrap();
        seen.extend(page.orders.iter().map(|order| order.number.to_string()));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    seen.reverse();
    assert_eq!(seen, numbers);
}

#[tokio::test]
async fn a_key_whose_claim_is_gone_still_knows_its_request() {
    let redis = Redis::start().await;
    let (store, _fed) = open(&redis.url()).await;
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    let done = say_once(&store, "1", "one", placing("42", "A-1")).await;
    // It runs out before the answer does, and a failover may lose it.
    let claim = redis.cli(&["KEYS", "ordertop:request:*"]).await;
    assert_eq!(redis.cli(&["DEL", claim.trim()]).await, "1");
    let again = say_once(&store, "1", "one", placing("42", "A-1")).await;
    assert_eq!(again, done);
    redis.cli(&["DEL", claim.trim()]).await;
    let other = say_once(&store, "1", "other", placing("42", "A-2")).await;
    assert_eq!(other, Err(StoreError::KeyReused));
}

/// The key of what vendor 42 was answered under its key.
fn once_key(key: &str) -> String {
    let key = format!("vendor 42 {key}");
    format!("ordertop:{{42}}:once:{}", digest(&[key.as_bytes()]))
}

#[tokio::test]
async fn what_is_remembered_is_bounded_by_what_was_done() {
    let redis = Redis::start().await;
    let (store, _fed) = open(&redis.url()).await;
    let size = async |key: &str| {
        let length = redis.cli(&["STRLEN", &once_key(key)]).await;
        length.trim().parse().unwrap()
    };
    // For no rows at all nothing is asked of Redis but the claim: the overhead is that of an
    // answer without rows.
    let text = "0 aaaaaa d []";
    redis.cli(&["SET", &once_key("none"), text]).await;
    remembered_is_small(&store, size).await;
}

#[tokio::test]
async fn an_answer_is_given_again_after_its_event_is_no_longer_kept() {
    for gone in ["ordertop:{42}:events", "ordertop:{42}:revisions"] {
        let redis = Redis::start().await;
        let (store, _fed) = open(&redis.url()).await;
        let forget = async || {
            assert_eq!(redis.cli(&["DEL", gone]).await.trim(), "1");
        };
        remembered_longer_than_replayed(&store, forget).await;
    }
}

#[tokio::test]
async fn an_answer_that_an_earlier_build_remembered_is_given_again() {
    let redis = Redis::start().await;
    let (store, _fed) = open(&redis.url()).await;
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    let placed = say_once(&store, "k", "d", placing("42", "A-1")).await;
    let change = &placed.as_ref().unwrap()[0];
    let position = change.position.as_ref().unwrap();
    let copied = serde_json::json!([{
        "change": {"outcome": "written", "order": change.order, "position": null},
        "wrote": [1, position.mark],
    }]);
    let text = format!("0 aaaaaa d {copied}");
    redis.cli(&["SET", &once_key("k"), &text]).await;
    let again = say_once(&store, "k", "d", placing("42", "A-1")).await;
    assert_eq!(again, placed);
}
