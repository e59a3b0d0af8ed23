//! The ledger through Redis: what befalls it and the servers on it, and what
//! must hold all the same. Two servers share each Redis; clients and writers are
//! spread over both.

use std::time::Duration;

use jiff::SignedDuration;
use ordertop::clock::{Clock, ManualClock, SystemClock};
use ordertop_server::store::StoreUrl;
use ordertop_server::{Config, Secret, Server};
use tokio::time::Instant;

use crate::redis_server::{Cluster, Redis, Sentinels};
use crate::support::ledger::{Expected, Run, Ways, vendors};
use crate::support::{FaultProxy, Harm, Network, TOKEN, TestServer, heavy};

/// Updates that are answered before a fault, and after it.
const SOME: usize = 100;

/// Two servers on one Redis.
struct Pair([TestServer; 2]);

impl Pair {
    async fn start(store: &str, args: &[&str]) -> Self {
        let first = TestServer::start_on(store, args).await;
        let second = TestServer::start_on(store, args).await;
        Self([first, second])
    }

    /// Clients and writers go to both.
    fn ways(&self) -> Ways {
        let urls: Vec<_> = self.0.iter().map(TestServer::url).collect();
        Ways {
            clients: urls.clone(),
            writers: urls,
            truth: self.0[0].url(),
        }
    }

    /// The same through a proxy each.
    async fn behind_proxies(&self) -> (Ways, [FaultProxy; 2]) {
        let [first, second] = &self.0;
        let proxies = [
            FaultProxy::in_front_of(first.address()).await,
            FaultProxy::in_front_of(second.address()).await,
        ];
        let urls: Vec<_> = proxies.iter().map(FaultProxy::url).collect();
        let ways = Ways {
            clients: urls.clone(),
            writers: urls,
            truth: first.url(),
        };
        (ways, proxies)
    }
}

#[tokio::test]
async fn sockets_cut_at_random_on_two_servers_lose_nothing() {
    let _turn = heavy().await;
    let redis = Redis::start().await;
    let pair = Pair::start(&redis.url(), &[]).await;
    let (ways, proxies) = pair.behind_proxies().await;
    let run = Run::start(ways).await;
    for _ in 0..10 {
        run.more_answers(SOME / 5).await;
        proxies.iter().for_each(|proxy| proxy.harm(Harm::Cut, 0.3));
    }
    run.finish(Expected::default()).await;
}

#[tokio::test]
async fn a_network_that_cuts_stalls_and_delays_loses_nothing() {
    let _turn = heavy().await;
    let redis = Redis::start().await;
    let pair = Pair::start(&redis.url(), &[]).await;
    let (ways, [first, second]) = pair.behind_proxies().await;
    let run = Run::start(ways).await;
    first.set(Network::Slow);
    run.more_answers(SOME).await;
    // Some connections are dead from here on, and nobody is told.
    second.harm(Harm::Strand, 0.3);
    run.more_answers(SOME).await;
    first.set(Network::Stalled);
    run.more_answers(SOME / 2).await;
    first.set(Network::Up);
    second.set(Network::Down);
    run.more_answers(SOME / 2).await;
    second.set(Network::Up);
    run.more_answers(SOME / 2).await;
    run.finish(Expected::default()).await;
}

#[tokio::test]
async fn a_killed_server_beside_another_loses_nothing() {
    let _turn = heavy().await;
    let redis = Redis::start().await;
    let mut pair = Pair::start(&redis.url(), &[]).await;
    let run = Run::start_at_full_speed(pair.ways()).await;
    run.more_answers(2 * SOME).await;
    pair.0[1].kill().await;
    run.more_answers(2 * SOME).await;
    pair.0[1].restart().await;
    run.more_answers(2 * SOME).await;
    run.finish(Expected::default()).await;
}

#[tokio::test]
async fn a_killed_redis_with_its_file_loses_nothing() {
    let _turn = heavy().await;
    let mut redis = Redis::start().await;
    let pair = Pair::start(&redis.url(), &[]).await;
    let run = Run::start_at_full_speed(pair.ways()).await;
    run.more_answers(2 * SOME).await;
    redis.kill();
    run.until("every client to hear of it", || {
        run.readers().iter().all(|reader| reader.degraded() > 0)
    })
    .await;
    redis.restart().await;
    run.more_answers(2 * SOME).await;
    run.finish(Expected::default()).await;
}

#[tokio::test]
async fn a_redis_that_stands_still_for_ten_seconds_loses_nothing() {
    let _turn = heavy().await;
    let redis = Redis::start().await;
    let pair = Pair::start(&redis.url(), &[]).await;
    let run = Run::start(pair.ways()).await;
    run.more_answers(SOME).await;
    redis.pause();
    // The fault itself is an amount of time.
    tokio::time::sleep(Duration::from_secs(10)).await;
    redis.resume();
    let heard = run.readers().iter().filter(|reader| reader.degraded() > 0);
    assert!(heard.count() > 0, "nobody was told");
    run.more_answers(SOME).await;
    run.finish(Expected::default()).await;
}

#[tokio::test]
async fn a_message_connection_that_is_cut_loses_nothing() {
    let _turn = heavy().await;
    let redis = Redis::start().await;
    let pair = Pair::start(&redis.url(), &[]).await;
    let run = Run::start(pair.ways()).await;
    for _ in 0..5 {
        run.more_answers(SOME / 3).await;
        let killed = redis.cli(&["CLIENT", "KILL", "TYPE", "pubsub"]).await;
        assert!(killed != "0", "nobody listened");
    }
    run.more_answers(SOME / 3).await;
    run.finish(Expected::default()).await;
}

#[tokio::test]
async fn a_stream_trimmed_under_a_sleeping_client_brings_it_a_snapshot() {
    let _turn = heavy().await;
    let redis = Redis::start().await;
    let pair = Pair::start(&redis.url(), &[]).await;
    let proxy = FaultProxy::in_front_of(pair.0[0].address()).await;
    let mut ways = pair.ways();
    // Every fifth client sleeps.
    ways.clients = vec![pair.0[0].url(), pair.0[1].url(), pair.0[0].url()];
    ways.clients.extend([pair.0[1].url(), proxy.url()]);
    let run = Run::start(ways).await;
    run.more_answers(SOME).await;
    proxy.set(Network::Down);
    run.more_answers(SOME).await;
    for vendor in vendors() {
        let events = format!("ordertop:{{{vendor}}}:events");
        redis.cli(&["XTRIM", &events, "MAXLEN", "1"]).await;
    }
    proxy.set(Network::Up);
    run.more_answers(SOME / 2).await;
    let expected = Expected {
        snapshots: true,
        ..Expected::default()
    };
    run.finish(expected).await.assert_sleepers_fetched();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_back_changes_nothing() {
    let _turn = heavy().await;
    let redis = Redis::start().await;
    let clock = ManualClock::new(SystemClock.now());
    let dir = tempfile::tempdir().unwrap();
    for store in [
        redis.url(),
        dir.path().join("orders.db").display().to_string(),
    ] {
        let config = Config {
            listen: ([127, 0, 0, 1], 0).into(),
            master_token: Some(Secret::new(TOKEN)),
            clock: std::sync::Arc::new(clock.clone()),
            ..Config::new(store.parse::<StoreUrl>().unwrap())
        };
        let server = Server::bind(config).await.unwrap();
        let url = format!("http://{}", server.local_addr());
        let run = Run::start(Ways::direct(&url)).await;
        run.more_answers(SOME).await;
        clock.advance(SignedDuration::from_hours(-1));
        run.more_answers(SOME).await;
        run.finish(Expected::default()).await;
        server.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_replica_promoted_by_sentinel_has_every_commit_that_waited_for_it() {
    let _turn = heavy().await;
    let mut redis = Sentinels::start().await;
    let pair = Pair::start(&redis.url(), &["--redis-wait", "1"]).await;
    let run = Run::start_at_full_speed(pair.ways()).await;
    run.more_answers(2 * SOME).await;
    let from = Instant::now();
    redis.kill_master().await;
    let lost = Some((from, Instant::now()));
    redis.bring_back().await;
    run.more_answers(2 * SOME).await;
    answered_is_there(run, lost).await;
}

#[tokio::test]
async fn what_no_replica_confirmed_is_never_answered_and_its_loss_is_noticed() {
    let _turn = heavy().await;
    let mut redis = Sentinels::start().await;
    let pair = Pair::start(&redis.url(), &["--redis-wait", "1"]).await;
    let run = Run::start(pair.ways()).await;
    run.more_answers(SOME).await;
    let from = Instant::now();
    redis.master().cut_replicas_off().await;
    // Asked for again and again under their keys, too.
    run.more_tries(40).await;
    redis.kill_master().await;
    let lost = Some((from, Instant::now()));
    redis.bring_back().await;
    run.more_answers(SOME).await;
    let expected = Expected {
        snapshots: true,
        lost,
    };
    let summary = run.finish(expected).await;
    assert_eq!(summary.lost, 0, "answered, and lost: {summary}");
    assert!(summary.applied_and_lost > 0, "it lost nothing: {summary}");
}

#[tokio::test]
async fn a_tail_that_sentinels_failover_lost_is_noticed_and_resynced() {
    let _turn = heavy().await;
    let mut redis = Sentinels::start().await;
    let pair = Pair::start(&redis.url(), &[]).await;
    let run = Run::start(pair.ways()).await;
    run.more_answers(SOME).await;
    let from = Instant::now();
    redis.master().replicas_have_all().await;
    redis.master().cut_replicas_off().await;
    run.more_answers(SOME).await;
    redis.kill_master().await;
    let lost = Some((from, Instant::now()));
    run.more_answers(SOME).await;
    tail_was_lost(run, lost).await;
}

#[tokio::test]
async fn a_replica_promoted_by_a_cluster_has_every_commit_that_waited_for_it() {
    let _turn = heavy().await;
    let mut redis = Cluster::with_replicas().await;
    let pair = Pair::start(&redis.url(), &["--redis-wait", "1"]).await;
    let run = Run::start_at_full_speed(pair.ways()).await;
    run.more_answers(2 * SOME).await;
    let master = redis.master_of(&vendors()[0]).await;
    let from = Instant::now();
    redis.kill_master(master).await;
    let lost = Some((from, Instant::now()));
    redis.bring_back(master).await;
    run.more_answers(2 * SOME).await;
    answered_is_there(run, lost).await;
}

/// Nothing that was answered is lost. What was published and not confirmed when the master was killed may be: whoever
/// was told of it fetches a snapshot and says why.
async fn answered_is_there(run: Run, lost: Option<(Instant, Instant)>) {
    let expected = Expected {
        snapshots: true,
        lost,
    };
    let summary = run.finish(expected).await;
    assert_eq!(summary.lost, 0, "answered, and lost: {summary}");
}

#[tokio::test]
async fn a_killed_cluster_node_with_its_file_loses_nothing() {
    let _turn = heavy().await;
    let mut redis = Cluster::start().await;
    let pair = Pair::start(&redis.url(), &[]).await;
    let run = Run::start_at_full_speed(pair.ways()).await;
    run.more_answers(2 * SOME).await;
    let master = redis.master_of(&vendors()[0]).await;
    redis.restart_master(master).await;
    run.more_answers(2 * SOME).await;
    run.finish(Expected::default()).await;
}

#[tokio::test]
async fn a_tail_that_a_clusters_failover_lost_is_noticed_and_resynced() {
    let _turn = heavy().await;
    let mut redis = Cluster::with_replicas().await;
    let pair = Pair::start(&redis.url(), &[]).await;
    let run = Run::start(pair.ways()).await;
    run.more_answers(SOME).await;
    let master = redis.master_of(&vendors()[0]).await;
    let from = Instant::now();
    redis.nodes()[master].replicas_have_all().await;
    redis.nodes()[master].cut_replicas_off().await;
    run.more_answers(SOME).await;
    redis.kill_master(master).await;
    let lost = Some((from, Instant::now()));
    run.more_answers(SOME).await;
    tail_was_lost(run, lost).await;
}

/// The tail was answered, seen and lost; whoever saw it fetched a snapshot.
async fn tail_was_lost(run: Run, lost: Option<(Instant, Instant)>) {
    let expected = Expected {
        snapshots: true,
        lost,
    };
    let summary = run.finish(expected).await;
    assert!(summary.lost > 0, "the test lost nothing: {summary}");
    assert!(
        summary.applied_and_lost > 0 && summary.snapshots > 0,
        "{summary}"
    );
}
