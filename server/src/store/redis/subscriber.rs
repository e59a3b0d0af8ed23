//! The news of a shared store: one task that subscribes, puts events in order
//! ([`Tracks`]), reads from the stream what messages left out, and watches over
//! Redis and over its own ears.
//!
//! A message is a hint, the stream is the truth: whatever is lost on the way,
//! the next look at the stream finds. What takes time runs beside the loop and
//! comes back as a [`Done`].

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use ordertop::order::VendorId;
use ordertop::protocol::{Mark, Position};
use redis::PushInfo;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::commits::{Commits, Place};
use super::connection::Connection;
use super::keys::VendorKeys;
use super::pulse::{Ears, Pulse};
use super::shared::{Counters, Shared};
use super::tracks::Tracks;
use super::watches::Watches;
use crate::store::{Feed, Replay, StoreError, VendorEvent, VendorRecord};

mod heard;
mod upkeep;

/// Messages that may wait; when there are more, the stream is read instead.
const MESSAGES_IN_LINE: usize = 16_384;
/// Questions that may wait; a caller beyond that waits its turn.
const ASKS_IN_LINE: usize = 4_096;
/// Channels that one command subscribes to.
const CHANNELS_AT_ONCE: usize = 500;
/// Events that are read from a stream at a time.
const PAGE: usize = 1_000;
/// Between two looks at the pulse, the ears, and the quiet vendors.
const TICK: Duration = Duration::from_secs(1);
/// Between two looks for vendors that nobody wants, and for new ones unheard of.
const SWEEP_EVERY: u32 = 5;
/// Quiet vendors that are compared with Redis at a look. With a log of commits that is a
/// second net; a cluster has no other.
const COMPARED: usize = 10;
const COMPARED_IN_CLUSTER: usize = 50;
/// Before a connection that did not come about is tried again.
const RECONNECT_AFTER: Duration = Duration::from_millis(300);

/// What the task is told and asked.
pub(super) enum Ask {
    /// This server committed these.
    Committed(Vec<Arc<VendorEvent>>),
    /// Have this vendor's news come.
    Follow(VendorId, oneshot::Sender<Result<(), StoreError>>),
    /// Have everyone's news come.
    FollowAll(oneshot::Sender<Result<(), StoreError>>),
}

/// The way to the task.
#[derive(Debug, Clone)]
pub(super) struct Subscriber {
    asks: mpsc::Sender<Ask>,
    pub(super) watches: Arc<Watches>,
}

impl Subscriber {
    /// Starts the task; it ends when the last handle is dropped.
    pub(super) fn start(shared: Arc<Shared>, out: Feed) -> (Self, tokio::task::JoinHandle<()>) {
        let (asks, asked) = mpsc::channel(ASKS_IN_LINE);
        let watches = Arc::<Watches>::default();
        let handle = Self {
            asks,
            watches: watches.clone(),
        };
        let task = tokio::spawn(Task::new(shared, watches, out).run(asked));
        (handle, task)
    }

    /// Hands over what this server committed.
    pub(super) async fn committed(&self, events: Vec<Arc<VendorEvent>>) {
        // A task that is gone tells nobody any more.
        let _ = self.asks.send(Ask::Committed(events)).await;
    }

    /// Asks, and waits for the answer, at most for as long as Redis is given.
    pub(super) async fn ask(
        &self,
        ask: impl FnOnce(oneshot::Sender<Result<(), StoreError>>) -> Ask,
    ) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        self.asks
            .send(ask(answer))
            .await
            .map_err(|_| StoreError::Closed)?;
        let silent = || StoreError::Failed("Redis does not send its news".into());
        match tokio::time::timeout(super::connection::PATIENCE, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(StoreError::Closed),
            Err(_) => Err(silent()),
        }
    }
}

/// What was done beside the loop.
enum Done {
    /// A connection for messages, or none.
    Connected(u64, Result<Connection, String>),
    /// These vendors' messages come; where each stood then.
    Subscribed(Vec<VendorId>, Result<Vec<Option<Position>>, StoreError>),
    /// Another channel, which another node of a cluster has now, is subscribed to.
    SubscribedAgain(u64, Result<(), String>),
    /// Where Redis says that these stand, beside where they stood here.
    Looked(
        Vec<(VendorId, Position)>,
        Result<Vec<Option<Position>>, StoreError>,
    ),
    /// What came after a position.
    Read(VendorId, Result<Replay, StoreError>),
    /// Every vendor; `None` when there are as many as are known.
    Vendors(Result<Option<Vec<VendorId>>, StoreError>),
    /// What was committed since the last look.
    Commits(Result<Commits, StoreError>),
    /// A vendor that is new here, and the birth of its stream.
    NewVendor(Result<Option<(VendorRecord, Mark)>, StoreError>),
    /// Whether Redis takes a write, and a message.
    Pulse(Pulse),
    /// Subscriptions have ended.
    Left,
}

struct Task {
    shared: Arc<Shared>,
    watches: Arc<Watches>,
    out: Feed,
    tracks: Tracks,
    work: JoinSet<Done>,
    /// The connection on which messages come; `None` while there is none.
    ears: Option<Connection>,
    /// Counts the connections: a word of an earlier one is of no interest.
    generation: u64,
    connecting: bool,
    /// Messages of the present connection.
    pushed: mpsc::Receiver<(u64, PushInfo)>,
    push: mpsc::Sender<(u64, PushInfo)>,
    /// Messages that had no room in the line, all connections together.
    overflowed: Arc<AtomicU64>,
    overflowed_seen: u64,
    heard: Ears,
    away: Option<String>,
    /// Who waits for a vendor's news to come.
    waiting: BTreeMap<VendorId, Vec<oneshot::Sender<Result<(), StoreError>>>>,
    /// Who waits for everyone's.
    waiting_all: Vec<oneshot::Sender<Result<(), StoreError>>>,
    /// The vendors that there were when everyone's news were last asked for.
    known: HashSet<VendorId>,
    asking_vendors: bool,
    /// Subscriptions are being ended; new ones wait.
    leaving: bool,
    deferred: Vec<VendorId>,
    pulsing: bool,
    /// Up to where the log of commits was read; `None` when it is to be begun with.
    commits: Option<Place>,
    reading_commits: bool,
    /// Commits that no message had told of at the last look: some are on their way.
    untold: HashMap<VendorId, Position>,
    ticks: u32,
}

impl Task {
    fn new(shared: Arc<Shared>, watches: Arc<Watches>, out: Feed) -> Self {
        let (push, pushed) = mpsc::channel(MESSAGES_IN_LINE);
        let heard = Ears::new(shared.is_cluster());
        Self {
            shared,
            watches,
            out,
            tracks: Tracks::default(),
            work: JoinSet::new(),
            ears: None,
            generation: 0,
            connecting: false,
            pushed,
            push,
            overflowed: Arc::default(),
            overflowed_seen: 0,
            heard,
            away: None,
            waiting: BTreeMap::new(),
            waiting_all: Vec::new(),
            known: HashSet::new(),
            asking_vendors: false,
            leaving: false,
            deferred: Vec::new(),
            pulsing: false,
            commits: None,
            reading_commits: false,
            untold: HashMap::new(),
            ticks: 0,
        }
    }

    fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    async fn run(mut self, mut asked: mpsc::Receiver<Ask>) {
        let mut asks = Vec::new();
        let mut messages = Vec::new();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        self.connect(Duration::ZERO);
        loop {
            let gap = self.tracks.next_gap();
            let gap_due = async {
                match gap {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                count = asked.recv_many(&mut asks, 256) => {
                    if count == 0 {
                        return;
                    }
                    self.asked(&mut asks);
                }
                _ = self.pushed.recv_many(&mut messages, 1_024) => {
                    for (generation, info) in messages.drain(..) {
                        self.message(generation, info);
                    }
                }
                Some(done) = self.work.join_next(), if !self.work.is_empty() => {
                    // What was cancelled or panicked brings nothing.
                    if let Ok(done) = done {
                        self.done(done);
                    }
                }
                _ = tick.tick() => self.tick(),
                () = gap_due => {}
            }
            self.read_gaps();
            let news = self.tracks.news();
            if !news.is_empty() && self.out.send(news).await.is_err() {
                // Nobody listens: the server is on its way down.
                return;
            }
        }
    }

    fn asked(&mut self, asks: &mut Vec<Ask>) {
        let mut new = Vec::new();
        for ask in asks.drain(..) {
            match ask {
                Ask::Committed(events) => {
                    for event in events {
                        let vendor = event.vendor.clone();
                        self.tracks.come(&vendor, event);
                    }
                }
                Ask::Follow(vendor, answer)
                    if self.tracks.is_ready(&vendor) && self.ears.is_some() =>
                {
                    self.watches.comes(&vendor);
                    let _ = answer.send(Ok(()));
                }
                Ask::Follow(vendor, answer) => {
                    if self.tracks.begin(&vendor) {
                        new.push(vendor.clone());
                    }
                    self.waiting.entry(vendor).or_default().push(answer);
                }
                Ask::FollowAll(answer) => {
                    self.waiting_all.push(answer);
                    self.ask_vendors(None);
                }
            }
        }
        self.subscribe(new);
    }

    /// Asks for every vendor, unless there are as many as are known.
    fn ask_vendors(&mut self, known: Option<usize>) {
        if std::mem::replace(&mut self.asking_vendors, true) {
            return;
        }
        let shared = self.shared.clone();
        self.work.spawn(async move {
            let asking = async {
                if known.is_some() && known == Some(shared.vendor_count().await?) {
                    return Ok(None);
                }
                shared.vendor_ids().await.map(Some)
            };
            Done::Vendors(asking.await)
        });
    }

    /// Subscribes to these vendors' channels and learns where each stands: in that
    /// order, so that nothing falls between.
    fn subscribe(&mut self, vendors: Vec<VendorId>) {
        if self.leaving {
            // Not beside an end of subscriptions: it could be the last word.
            self.deferred.extend(vendors);
            return;
        }
        let Some(ears) = &self.ears else {
            // All are subscribed to once there is a connection.
            return;
        };
        for batch in vendors.chunks(CHANNELS_AT_ONCE) {
            let (batch, shared, mut ears) = (batch.to_vec(), self.shared.clone(), ears.clone());
            self.work.spawn(async move {
                let channels: Vec<_> = batch.iter().map(|v| VendorKeys(v).channel()).collect();
                let positions = match ears.subscribe(&channels).await {
                    Ok(()) => shared.positions(&batch).await,
                    Err(error) => Err(super::error::failed(&error)),
                };
                Done::Subscribed(batch, positions)
            });
        }
    }
}
