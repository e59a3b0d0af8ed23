//! The ledger: whatever breaks, each client ends equal to the store, every
//! answered update was applied exactly once and in order, and none invented.
//!
//! Here are the faults that befall every store; `faults.rs` has those of Redis.

use crate::support::ledger::{Expected, Run, Ways};
use crate::support::{FaultProxy, Harm, Network, TestServer, heavy};

/// Updates that are answered before a fault, and after it.
const SOME: usize = 150;

#[tokio::test]
async fn without_a_fault_the_books_balance() {
    let _turn = heavy().await;
    let server = TestServer::start_with(&[], &[]).await;
    let run = Run::start(Ways::direct(&server.url())).await;
    run.more_answers(2 * SOME).await;
    let summary = run.finish(Expected::default()).await;
    assert_eq!((summary.answered_again, summary.unanswered), (0, 0));
}

#[tokio::test]
async fn a_killed_server_loses_nothing() {
    let _turn = heavy().await;
    let mut server = TestServer::start_with(&[], &[]).await;
    let run = Run::start_at_full_speed(Ways::direct(&server.url())).await;
    run.more_answers(2 * SOME).await;
    server.kill().await;
    server.restart().await;
    run.more_answers(2 * SOME).await;
    run.finish(Expected::default()).await;
}

/// Every connection, of clients and of writers, may end at any moment.
#[tokio::test]
async fn sockets_cut_at_random_lose_nothing() {
    let _turn = heavy().await;
    let server = TestServer::start_with(&[], &[]).await;
    let proxy = FaultProxy::in_front_of(server.address()).await;
    let ways = Ways {
        clients: vec![proxy.url()],
        writers: vec![proxy.url()],
        truth: server.url(),
    };
    let run = Run::start(ways).await;
    for _ in 0..20 {
        run.more_answers(SOME / 10).await;
        proxy.harm(Harm::Cut, 0.3);
    }
    run.finish(Expected::default()).await;
}

/// What a sleeper missed is beyond what the server keeps; the others notice nothing.
#[tokio::test]
async fn who_slept_longer_than_events_are_kept_gets_a_snapshot() {
    let _turn = heavy().await;
    let server = TestServer::start_with(&["--keep-events", "20"], &[]).await;
    let proxy = FaultProxy::in_front_of(server.address()).await;
    let awake = server.url();
    let ways = Ways {
        // Every fifth client sleeps.
        clients: vec![
            awake.clone(),
            awake.clone(),
            awake.clone(),
            awake,
            proxy.url(),
        ],
        ..Ways::direct(&server.url())
    };
    let run = Run::start(ways).await;
    run.more_answers(SOME).await;
    proxy.set(Network::Down);
    run.more_answers(3 * SOME).await;
    proxy.set(Network::Up);
    run.more_answers(SOME / 3).await;
    let expected = Expected {
        snapshots: true,
        ..Expected::default()
    };
    run.finish(expected).await.assert_sleepers_fetched();
}
