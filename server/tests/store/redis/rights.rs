//! A Redis user who may not do everything: refused at the start by name, and what comes of
//! a right that is taken away later.

use ordertop::protocol::Position;
use ordertop_server::store::{Following, News, Store, StoreError, StoreOptions};

use super::{Fed, next, open, open_with};
use crate::once::placing;
use crate::redis_server::{Cluster, Redis};
use crate::story::{events, key, place, vendor};

/// The user of the documents, without some of the rights.
async fn allow(redis: &Redis, without: &[&str]) {
    let rules = [
        "ACL", "SETUSER", "shop", "reset", "on", ">secret", "~*", "&*", "+@all",
    ];
    let rules = [
        &rules[..],
        &["-@dangerous", "+info", "+role", "+config|get"],
        without,
    ];
    redis.cli(&rules.concat()).await;
}

fn as_shop(url: &str) -> String {
    url.replace("://", "://shop:secret@")
}

async fn refusal(url: &str) -> String {
    match open_with(&as_shop(url), StoreOptions::default()).await {
        Err(StoreError::Open { reason, .. }) => reason,
        other => panic!("it is opened: {:?}", other.map(drop)),
    }
}

#[tokio::test]
async fn a_user_who_may_not_do_all_is_refused_with_the_rule_that_is_missing() {
    let redis = Redis::start().await;
    let table: [(&[&str], &str); 10] = [
        (&["-info"], "`ACL SETUSER shop +info`"),
        (&["-rpush"], "`ACL SETUSER shop +rpush`"),
        (&["-xtrim", "-hdel"], "`ACL SETUSER shop +hdel +xtrim`"),
        (&["-evalsha"], "`ACL SETUSER shop +evalsha`"),
        (&["-eval"], "`ACL SETUSER shop +eval +evalsha`"),
        (&["-publish"], "`ACL SETUSER shop +publish`"),
        (&["-subscribe"], "`ACL SETUSER shop +subscribe`"),
        (&["resetchannels"], "`ACL SETUSER shop &ordertop:*`"),
        (
            &["resetchannels", "&ordertop:rights*"],
            "`ACL SETUSER shop &ordertop:*`",
        ),
        (&["resetkeys", "~other:*"], "`ACL SETUSER shop ~ordertop:*`"),
    ];
    for (without, rule) in table {
        allow(&redis, without).await;
        let reason = refusal(&redis.url()).await;
        assert!(reason.contains(rule), "{without:?}: {reason}");
    }
    // Nothing was written on the way.
    assert_eq!(redis.cli(&["DBSIZE"]).await, "0");

    allow(
        &redis,
        &["resetkeys", "~ordertop:*", "resetchannels", "&ordertop:*"],
    )
    .await;
    let (store, _fed) = open(&as_shop(&redis.url())).await;
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    place(&store, "42", "A-1", 1).await;
}

#[tokio::test]
async fn every_master_of_a_cluster_is_asked_for_rights() {
    let cluster = Cluster::start().await;
    for (n, node) in cluster.nodes().iter().enumerate() {
        allow(node, if n == 2 { &["-rpush"] } else { &[] }).await;
    }
    let reason = refusal(&cluster.url()).await;
    assert!(reason.contains("ACL SETUSER shop +rpush"), "{reason}");
    allow(&cluster.nodes()[2], &["-spublish"]).await;
    let reason = refusal(&cluster.url()).await;
    assert!(reason.contains("ACL SETUSER shop +spublish"), "{reason}");
    allow(&cluster.nodes()[2], &[]).await;
    open(&as_shop(&cluster.url())).await;
}

async fn next_position(fed: &mut Fed) -> Position {
    loop {
        for news in next(fed).await {
            if let News::Event(event) = news {
                return event.event.position.clone();
            }
        }
    }
}

#[tokio::test]
async fn a_commit_whose_message_may_not_be_published_is_done_and_found_by_the_others() {
    let redis = Redis::start().await;
    allow(&redis, &[]).await;
    let (one, _fed) = open(&as_shop(&redis.url())).await;
    let (two, mut fed) = open(&redis.url()).await;
    let (acme, _) = one.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    let _watch = two.watch(&Following::Vendor(vendor("42"))).await.unwrap();
    allow(&redis, &["resetchannels"]).await;
    let done = one.change_all(placing("42", "A-1"), None).await.unwrap();
    let position = done[0].position.clone().unwrap();
    assert_eq!(events(&one, "42", &acme.position).await.len(), 1);
    assert_eq!(next_position(&mut fed).await, position);
}

#[tokio::test]
async fn a_commit_that_breaks_off_is_unanswered_unless_nothing_was_written() {
    let redis = Redis::start().await;
    allow(&redis, &[]).await;
    let (store, _fed) = open(&as_shop(&redis.url())).await;
    store.add_vendor(vendor("42"), "Acme".into()).await.unwrap();
    place(&store, "42", "A-0", 1).await;

    // A right is taken away: nothing is written.
    for without in [
        "-xadd", "-hset", "-rpush", "-zadd", "-set", "-hdel", "-xtrim",
    ] {
        allow(&redis, &[without]).await;
        let error = store.change_all(placing("42", "A-1"), None).await;
        let error = error.unwrap_err();
        assert!(matches!(error, StoreError::Failed(_)), "{without}: {error}");
        allow(&redis, &[]).await;
        let head = store.vendor(&vendor("42")).await.unwrap().unwrap();
        assert_eq!(head.position.offset, 1, "{without}");
        let there = store.order(&key("42", "A-1")).await.unwrap();
        assert!(there.is_none(), "{without}");
    }

    // It breaks off half-way: the order is there, and its caller must not hear that it is not.
    redis.cli(&["SET", "ordertop:{42}:history:A-2", "1"]).await;
    let error = store.change_all(placing("42", "A-2"), None).await;
    let error = error.unwrap_err();
    assert!(matches!(error, StoreError::Unanswered(_)), "{error}");
    assert!(store.order(&key("42", "A-2")).await.unwrap().is_some());
    place(&store, "42", "A-3", 1).await;
}
