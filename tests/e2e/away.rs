//! While Redis is away, and while it only seems to be there: what callers and
//! sockets are told, and that all heals by itself.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::redis_server::Redis;
use crate::support::{Caller, RedisProxy, Socket, TestServer, paid, tell, within};

/// What a busy machine may add to a time that is promised.
const NOISE: Duration = Duration::from_secs(5);

async fn start(store: &str) -> TestServer {
    let server = TestServer::start_on(store, &[]).await;
    let vendor = json!({"id": "42", "name": "Acme"});
    let added = server.support().post("/api/vendors/", &vendor).await;
    assert!(matches!(added.status, 200 | 201), "{added:?}");
    server
}

/// Asks until the answer has this status; how long that took.
async fn until_answered(caller: &Caller, path: &str, status: u16) -> Duration {
    let began = Instant::now();
    let asking = async {
        while caller.get(path).await.status != status {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    within(&format!("{path} to answer {status}"), asking).await;
    began.elapsed()
}

/// One who is told at once that it should come again.
async fn is_refused(caller: &Caller, path: &str) {
    let began = Instant::now();
    let answer = caller.get(path).await;
    let took = began.elapsed();
    assert_eq!(answer.status, 503, "{path}: {answer:?}");
    assert!(
        answer.header("retry-after").parse::<u64>().is_ok(),
        "{answer:?}"
    );
    assert!(took < Duration::from_secs(2) + NOISE, "{path}: {took:?}");
    tell(&format!("{path}: 503 after {took:.1?}"));
}

/// What must hold while Redis is away and when it is back. `go` and `come` are
/// the ways of its going.
async fn goes_and_comes(mut redis: Redis, go: fn(&mut Redis), come: impl AsyncFnOnce(&mut Redis)) {
    let server = start(&redis.url()).await;
    let (support, vendor) = (server.support(), server.vendor("42"));
    support.place(&paid("42", "A-1")).await;
    let mut socket = server.socket("42").await;
    until_answered(&support, "/readyz", 200).await;

    go(&mut redis);
    socket.next_of("degraded").await;
    for path in ["/api/orders/vendor/", "/api/orders/A-1/vendor-detail/"] {
        is_refused(&vendor, path).await;
    }
    // An answer about readiness is good for a second.
    until_answered(&support, "/readyz", 503).await;
    let unready = support.get("/readyz").await.expect(503);
    let reason = unready["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("Redis"), "{unready}");
    let change = vendor.set("A-1", "Shipped").await;
    assert_eq!(change.status, 503, "{change:?}");
    assert!(
        change.header("retry-after").parse::<u64>().is_ok(),
        "{change:?}"
    );

    come(&mut redis).await;
    let back = Instant::now();
    // The refused change may be done for all that, when it was under way.
    let mut next = socket.next().await;
    if next["type"] == "order_status_update" {
        next = socket.next().await;
    }
    assert_eq!(next["type"], "restored", "{next}");
    until_answered(&support, "/readyz", 200).await;
    until_answered(&vendor, "/api/orders/vendor/", 200).await;
    let took = back.elapsed();
    assert!(took < Duration::from_secs(5) + NOISE, "healed in {took:?}");
    tell(&format!("healed in {took:.1?}"));
    // The same socket tells what happens now.
    support.place(&paid("42", "A-2")).await;
    until_told(&mut socket, "A-2").await;
}

async fn until_told(socket: &mut Socket, number: &str) {
    while socket.next().await["order_number"] != number {}
}

#[tokio::test]
async fn a_redis_that_ends_is_told_of_and_healed_from() {
    let redis = Redis::start().await;
    goes_and_comes(redis, Redis::kill, async |redis| redis.restart().await).await;
}

#[tokio::test]
async fn a_redis_that_stands_still_is_told_of_and_healed_from() {
    let redis = Redis::start().await;
    let stand = |redis: &mut Redis| redis.pause();
    goes_and_comes(redis, stand, async |redis| redis.resume()).await;
}

#[tokio::test]
async fn messages_that_do_not_arrive_are_noticed_counted_and_repaired() {
    let redis = Redis::start().await;
    let proxy = RedisProxy::in_front_of(redis.port()).await;
    let deaf = start(&proxy.url()).await;
    let other = start(&redis.url()).await;
    let mut socket = deaf.socket("42").await;
    other.support().place(&paid("42", "A-1")).await;
    until_told(&mut socket, "A-1").await;
    until_answered(&deaf.support(), "/readyz", 200).await;

    assert!(proxy.deafen_subscribers() > 0, "somebody listened");
    let began = Instant::now();
    other.support().place(&paid("42", "A-2")).await;
    until_told(&mut socket, "A-2").await;
    let told = began.elapsed();
    let noticing = async {
        loop {
            let status = deaf.support().get("/status").await.expect(200);
            if status["store_counters"]["pubsub_silent"].as_u64() > Some(0) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    within("the silence to be counted", noticing).await;
    let noticed = began.elapsed();
    until_answered(&deaf.support(), "/readyz", 200).await;
    let healed = began.elapsed();
    tell(&format!(
        "told after {told:.1?}, noticed after {noticed:.1?}, healed after {healed:.1?}"
    ));
    for took in [told, noticed] {
        assert!(took < Duration::from_secs(5) + NOISE, "{took:?}");
    }
    // The new connection carries messages: again one is told at once.
    other.support().place(&paid("42", "A-3")).await;
    until_told(&mut socket, "A-3").await;
}
