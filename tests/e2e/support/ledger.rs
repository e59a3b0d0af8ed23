//! A ledger of what was written and what was told: writers that note every
//! update which was answered, 50 live clients that note every event which they
//! apply, and the comparison of both with the store.
//!
//! A test starts a [`Run`], breaks something while it goes on, and ends with
//! [`Run::finish`], which checks all that must hold whatever broke.

mod check;
mod reader;
mod truth;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use ordertop::protocol::Position;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

pub(crate) use check::{Expected, Summary};
pub(crate) use reader::Reader;
pub(crate) use writer::Ledger;

use super::{Caller, TOKEN, paid};

/// Clients that follow one vendor each.
const OF_ONE_VENDOR: usize = 40;
/// Clients that follow every vendor.
const OF_ALL_VENDORS: usize = 10;
const VENDORS: usize = 8;
const ORDERS_A_VENDOR: usize = 4;
/// Two an order.
const WRITERS: usize = 2 * ORDERS_A_VENDOR;
/// Between two updates of one writer: some hundred a second together, which a
/// debug build of 50 clients can follow on a busy machine.
const PAUSE: Duration = Duration::from_millis(40);
/// How long the clients may take until they equal the store, once all is well.
const PATIENCE: Duration = Duration::from_secs(90);

/// The ids of the vendors of a run.
pub(crate) fn vendors() -> Vec<String> {
    (0..VENDORS).map(|n| format!("v{n}")).collect()
}

fn numbers() -> impl Iterator<Item = String> {
    (0..ORDERS_A_VENDOR).map(|n| format!("A-{n}"))
}

/// The ways to the servers: `http://ADDRESS:PORT` each.
#[derive(Debug, Clone)]
pub(crate) struct Ways {
    /// For the clients, one after the other.
    pub(crate) clients: Vec<String>,
    /// For the writers; one who gets no answer tries the next.
    pub(crate) writers: Vec<String>,
    /// To read the truth when all is over: without a fault.
    pub(crate) truth: String,
}

impl Ways {
    /// One server, without a proxy.
    pub(crate) fn direct(url: &str) -> Self {
        Self {
            clients: vec![url.to_owned()],
            writers: vec![url.to_owned()],
            truth: url.to_owned(),
        }
    }
}

/// Writers and clients at work.
pub(crate) struct Run {
    ways: Ways,
    ledger: Arc<Ledger>,
    readers: Vec<Reader>,
    writers: JoinSet<()>,
    stop: watch::Sender<bool>,
    /// Where each vendor's stream stood before the first update.
    began: Vec<Position>,
}

impl Run {
    /// Places orders, starts 50 clients, waits until they have their snapshots,
    /// and lets the writers begin.
    pub(crate) async fn start(ways: Ways) -> Self {
        Self::start_with_pause(ways, PAUSE).await
    }

    /// The same with writers that ask as fast as they are answered.
    pub(crate) async fn start_at_full_speed(ways: Ways) -> Self {
        Self::start_with_pause(ways, Duration::ZERO).await
    }

    async fn start_with_pause(ways: Ways, pause: Duration) -> Self {
        let support = Caller::anonymous(&ways.truth).token(TOKEN);
        let mut began = Vec::new();
        for vendor in vendors() {
            let named = json!({"id": vendor, "name": vendor});
            let added = support.post("/api/vendors/", &named).await;
            assert!(matches!(added.status, 200 | 201), "{added:?}");
            let orders: Value = numbers().map(|number| paid(&vendor, &number)).collect();
            support.post("/api/orders/", &orders).await.expect(200);
            let position = support.clone().vendor(&vendor).position().await;
            began.push(position.parse().expect("a position"));
        }
        let followed = (0..OF_ONE_VENDOR)
            .map(|n| Some(n % VENDORS))
            .chain([None; OF_ALL_VENDORS]);
        let ways_in = ways.clients.iter().cycle();
        let readers: Vec<_> = followed
            .zip(ways_in)
            .map(|(vendor, way)| Reader::follow(way, vendor))
            .collect();
        let run = Self {
            ledger: Arc::new(Ledger::default()),
            readers,
            writers: JoinSet::new(),
            stop: watch::channel(false).0,
            began,
            ways,
        };
        run.until("every client to have its snapshot", || {
            run.readers.iter().all(Reader::is_live_and_loaded)
        })
        .await;
        let mut run = run;
        for n in 0..WRITERS {
            let (ledger, stop) = (run.ledger.clone(), run.stop.subscribe());
            let writing = writer::write(n, run.ways.writers.clone(), pause, ledger, stop);
            run.writers.spawn(writing);
        }
        run
    }

    /// Waits until so many more updates were answered.
    pub(crate) async fn more_answers(&self, count: usize) {
        let wanted = self.ledger.answered() + count;
        self.until("updates to be answered", || {
            self.ledger.answered() >= wanted
        })
        .await;
    }

    /// Waits until so many more times an update was asked for, answered or not.
    pub(crate) async fn more_tries(&self, count: u32) {
        let wanted = self.ledger.tries() + count;
        self.until("updates to be tried", || self.ledger.tries() >= wanted)
            .await;
    }

    pub(crate) fn readers(&self) -> &[Reader] {
        &self.readers
    }

    /// Waits until `so` holds, looking again and again.
    pub(crate) async fn until(&self, what: &str, so: impl Fn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !so() {
            assert!(
                Instant::now() < deadline,
                "waited {PATIENCE:?} for {what}; clients: {:#?}",
                self.readers
            );
            assert!(
                self.writers.is_empty() || !self.ledger.was_refused(),
                "{:#?}",
                self.ledger
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Stops the writers, waits until every client equals the store, and checks
    /// that every answered update was applied once and in order by every client,
    /// and none invented.
    pub(crate) async fn finish(mut self, expected: Expected) -> Summary {
        self.stop.send_replace(true);
        let stopped = Instant::now();
        while let Some(ended) = self.writers.join_next().await {
            ended.expect("a writer is answered in the end");
        }
        let truth = truth::Truth::read(&self.ways.truth, &self.began, &self.readers, PATIENCE);
        let truth = truth.await;
        let summary = check::all(&truth, &self.ledger, &self.readers, &expected);
        super::tell(&format!("{summary}; equal after {:.1?}", stopped.elapsed()));
        summary
    }
}
