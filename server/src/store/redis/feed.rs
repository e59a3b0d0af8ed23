//! The news of a shared store: one task that subscribes, puts events in order
//! ([`Tracks`]), reads from the stream what messages left out, and watches over
//! Redis and over its own ears.
//!
//! A message is a hint, the stream is the truth: whatever is lost on the way,
//! the next look at the stream finds. What takes time runs beside the loop and
//! comes back as a [`Done`].

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ordertop::order::VendorId;
use ordertop::protocol::{Mark, Position};
use redis::{PushInfo, PushKind, Value};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::connect::Connection;
use super::keys::{self, VendorKeys};
use super::pulse::{Ears, Pulse};
use super::rows::Told;
use super::tracks::{Comes, Tracks};
use super::watches::Watches;
use super::{Counters, Shared};
use crate::store::{Feed, News, Replay, StoreError, VendorEvent, VendorRecord};

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
pub(super) struct FeedHandle {
    asks: mpsc::Sender<Ask>,
    pub(super) watches: Arc<Watches>,
}

impl FeedHandle {
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
        match tokio::time::timeout(super::connect::PATIENCE, answered).await {
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
    /// Where Redis says that these stand, beside where they stood here.
    Looked(
        Vec<(VendorId, Position)>,
        Result<Vec<Option<Position>>, StoreError>,
    ),
    /// What came after a position.
    Read(VendorId, Result<Replay, StoreError>),
    /// Every vendor.
    Vendors(Result<Vec<VendorId>, StoreError>),
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

    // --- what is asked

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
                    self.ask_vendors();
                }
            }
        }
        self.subscribe(new);
    }

    fn ask_vendors(&mut self) {
        if !std::mem::replace(&mut self.asking_vendors, true) {
            let shared = self.shared.clone();
            self.work
                .spawn(async move { Done::Vendors(shared.vendor_ids().await) });
        }
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
                let heads = match ears.subscribe(&channels).await {
                    Ok(()) => shared.heads(&batch).await,
                    Err(error) => Err(super::failed(&error)),
                };
                let positions =
                    heads.map(|heads| heads.into_iter().map(|h| h.map(|h| h.position)).collect());
                Done::Subscribed(batch, positions)
            });
        }
    }

    // --- what is heard

    fn message(&mut self, generation: u64, info: PushInfo) {
        if generation != self.generation {
            return;
        }
        match info.kind {
            PushKind::Message | PushKind::SMessage => {
                let [Value::BulkString(channel), Value::BulkString(payload)] = &info.data[..]
                else {
                    return;
                };
                let (Ok(channel), Ok(payload)) =
                    (std::str::from_utf8(channel), std::str::from_utf8(payload))
                else {
                    return;
                };
                self.said(channel, payload);
            }
            // A cluster's connection mends itself, and subscribes again; what was
            // missed meanwhile shows when the vendors are looked at.
            PushKind::Disconnection if self.shared.is_cluster() => self.look(true),
            PushKind::Disconnection => self.deaf("the connection for messages broke"),
            _ => {}
        }
    }

    fn said(&mut self, channel: &str, payload: &str) {
        if let Some(vendor) = keys::vendor_of(channel) {
            match Told::read(payload) {
                Ok(told) => self.tracks.come(&vendor, told),
                Err(error) => tracing::warn!(%error, %channel, "a message is ignored"),
            }
        } else if channel == keys::NEW_VENDORS {
            if self.watches.wants_all()
                && let Ok(vendor) = VendorId::new(payload)
                && !self.known.contains(&vendor)
            {
                self.ask_new_vendor(vendor);
            }
        } else {
            self.heard.heard(channel, payload);
        }
    }

    fn ask_new_vendor(&mut self, vendor: VendorId) {
        let shared = self.shared.clone();
        self.work.spawn(async move {
            let head = shared.head(&vendor).await;
            let record = shared.vendor(&vendor).await;
            Done::NewVendor(match (head, record) {
                (Ok(head), Ok(record)) => Ok(record.zip(head.map(|head| head.birth))),
                (Err(error), _) | (_, Err(error)) => Err(error),
            })
        });
    }

    // --- what was done

    fn done(&mut self, done: Done) {
        match done {
            Done::Connected(generation, Ok(ears)) if generation == self.generation => {
                self.connecting = false;
                self.ears = Some(ears);
                let vendors: Vec<_> = self.tracks.vendors().cloned().collect();
                self.subscribe(vendors);
            }
            Done::Connected(generation, Err(reason)) if generation == self.generation => {
                tracing::debug!(reason, "no connection for messages");
                self.connecting = false;
                self.connect(RECONNECT_AFTER);
            }
            Done::Subscribed(vendors, Ok(positions)) => self.subscribed(vendors, positions),
            Done::Subscribed(vendors, Err(error)) => self.not_subscribed(vendors, &error),
            Done::Looked(asked, Ok(there)) => {
                for ((vendor, then), there) in asked.into_iter().zip(there) {
                    if self.tracks.answered(&vendor, &then, there.as_ref()) {
                        Counters::add(&self.counters().gaps_repaired);
                        self.read(vendor);
                    }
                }
            }
            Done::Looked(asked, Err(_)) => {
                for (vendor, _) in asked {
                    self.tracks.unanswered(&vendor);
                }
            }
            Done::Read(vendor, Ok(Replay::Events { events, .. })) => {
                let more = events.len() == PAGE;
                let events = events.into_iter().map(|event| {
                    let vendor = vendor.clone();
                    Arc::new(VendorEvent { vendor, event })
                });
                self.tracks.read(&vendor, events.collect());
                if more {
                    self.read(vendor);
                }
            }
            Done::Read(vendor, Ok(Replay::Unrecovered { head, .. })) => {
                self.tracks.lost(&vendor, head);
            }
            Done::Read(vendor, Err(_)) => self.tracks.unanswered(&vendor),
            Done::Vendors(Ok(vendors)) => self.vendors(vendors),
            Done::Vendors(Err(error)) => {
                self.asking_vendors = false;
                for answer in self.waiting_all.drain(..) {
                    let _ = answer.send(Err(error.clone()));
                }
            }
            Done::NewVendor(Ok(Some((record, birth)))) => self.new_vendor(record, birth),
            // Found by the next sweep.
            Done::NewVendor(_) => {}
            Done::Pulse(pulse) => self.pulse(pulse),
            Done::Left => {
                self.leaving = false;
                let deferred = std::mem::take(&mut self.deferred);
                self.subscribe(deferred);
            }
            Done::Connected(..) => {}
        }
    }

    fn subscribed(&mut self, vendors: Vec<VendorId>, positions: Vec<Option<Position>>) {
        let mut anew = false;
        for (vendor, position) in vendors.into_iter().zip(positions) {
            let answer = match position {
                Some(position) => {
                    anew |= self.tracks.is_ready(&vendor);
                    self.tracks.starts(&vendor, position);
                    self.watches.comes(&vendor);
                    Ok(())
                }
                None => {
                    self.tracks.end(&vendor);
                    Err(StoreError::Failed(format!("there is no vendor {vendor}")))
                }
            };
            for waiting in self.waiting.remove(&vendor).unwrap_or_default() {
                let _ = waiting.send(answer.clone());
            }
        }
        if anew {
            // What was said before was not heard.
            self.look(true);
        }
        self.all_come();
    }

    fn not_subscribed(&mut self, vendors: Vec<VendorId>, error: &StoreError) {
        for vendor in vendors {
            for waiting in self.waiting.remove(&vendor).unwrap_or_default() {
                let _ = waiting.send(Err(error.clone()));
            }
            // One that stood already is looked at again once there is a connection.
            if !self.tracks.is_ready(&vendor) {
                self.tracks.end(&vendor);
            }
        }
        for waiting in self.waiting_all.drain(..) {
            let _ = waiting.send(Err(error.clone()));
        }
        self.deaf("a subscription failed");
    }

    /// Answers those who wait for everyone's news, once everyone's come.
    fn all_come(&mut self) {
        let ready = self.known.iter().all(|vendor| self.tracks.is_ready(vendor));
        if !ready || self.asking_vendors || !self.watches.wants_all() {
            return;
        }
        self.watches.all_come();
        for answer in self.waiting_all.drain(..) {
            let _ = answer.send(Ok(()));
        }
    }

    /// Everyone there is: those who are new here are followed from now on.
    fn vendors(&mut self, vendors: Vec<VendorId>) {
        self.asking_vendors = false;
        if !self.watches.wants_all() {
            return;
        }
        let mut new = Vec::new();
        for vendor in vendors {
            if self.known.contains(&vendor) {
                continue;
            }
            // Nobody has everyone's news yet who would have to be told of a new vendor.
            if !self.watches.all_are_coming() {
                self.known.insert(vendor.clone());
                if self.tracks.begin(&vendor) {
                    new.push(vendor);
                }
            } else {
                self.ask_new_vendor(vendor);
            }
        }
        self.subscribe(new);
        self.all_come();
    }

    /// A vendor came to be; whatever happened to it since its birth is told too.
    fn new_vendor(&mut self, record: VendorRecord, birth: Mark) {
        if !self.known.insert(record.id.clone()) {
            return;
        }
        let vendor = record.id.clone();
        let born = Position {
            offset: 0,
            mark: birth,
        };
        self.tracks.tell(News::Vendor(VendorRecord {
            position: born.clone(),
            ..record
        }));
        if self.tracks.begin(&vendor) {
            self.tracks.starts(&vendor, born);
            self.subscribe(vec![vendor]);
        }
    }

    // --- looking after itself

    fn connect(&mut self, after: Duration) {
        if std::mem::replace(&mut self.connecting, true) {
            return;
        }
        self.generation += 1;
        self.ears = None;
        self.heard.begin();
        let generation = self.generation;
        let (push, overflowed) = (self.push.clone(), self.overflowed.clone());
        let pushed: super::connect::Pushed = Arc::new(move |info| {
            if push.try_send((generation, info)).is_err() {
                overflowed.fetch_add(1, Ordering::Relaxed);
            }
        });
        let shared = self.shared.clone();
        let mut channels = self.heard.channels();
        channels.push(keys::NEW_VENDORS.to_owned());
        self.work.spawn(async move {
            tokio::time::sleep(after).await;
            let connecting = async {
                let mut ears = shared.link.connector().connect(Some(pushed)).await?;
                ears.subscribe(&channels).await?;
                Ok(ears)
            };
            let connected: redis::RedisResult<Connection> = connecting.await;
            Done::Connected(generation, connected.map_err(|error| error.to_string()))
        });
    }

    /// Messages do not come: the connection is made anew.
    fn deaf(&mut self, why: &str) {
        if !self.connecting {
            tracing::warn!("{why}: connecting anew");
            self.connect(Duration::ZERO);
        }
    }

    fn tick(&mut self) {
        self.ticks = self.ticks.wrapping_add(1);
        let now = Instant::now();
        if !std::mem::replace(&mut self.pulsing, true) {
            let shared = self.shared.clone();
            let probe = self.heard.next_probe();
            self.work
                .spawn(async move { Done::Pulse(Pulse::take(&shared, probe).await) });
        }
        if self.ears.is_some() && self.heard.is_deaf(now) {
            Counters::add(&self.counters().pubsub_silent);
            self.deaf("published messages do not arrive");
        }
        let overflowed = self.overflowed.load(Ordering::Relaxed);
        let lost_some = overflowed != self.overflowed_seen;
        self.overflowed_seen = overflowed;
        self.look(lost_some);
        if self.ticks.is_multiple_of(SWEEP_EVERY) {
            self.sweep();
        }
        let reason = match (&self.away, self.heard.is_settled()) {
            (Some(reason), _) => Err(reason.clone()),
            (None, false) => Err("messages of Redis do not arrive".to_owned()),
            (None, true) => Ok(()),
        };
        self.shared.set_health(reason);
    }

    /// Compares where vendors stand here with what Redis says: the quiet ones, or
    /// all.
    fn look(&mut self, all: bool) {
        let quiet = self.tracks.quiet(all, Instant::now());
        for batch in quiet.chunks(CHANNELS_AT_ONCE) {
            let (batch, shared) = (batch.to_vec(), self.shared.clone());
            self.work.spawn(async move {
                let vendors: Vec<_> = batch.iter().map(|(vendor, _)| vendor.clone()).collect();
                let heads = shared.heads(&vendors).await;
                let positions =
                    heads.map(|heads| heads.into_iter().map(|h| h.map(|h| h.position)).collect());
                Done::Looked(batch, positions)
            });
        }
    }

    fn read_gaps(&mut self) {
        for (vendor, _) in self.tracks.due_gaps(Instant::now()) {
            Counters::add(&self.counters().gaps_repaired);
            self.read(vendor);
        }
    }

    /// Reads a vendor's stream from where it stands here.
    fn read(&mut self, vendor: VendorId) {
        let Some(since) = self.tracks.head(&vendor).cloned() else {
            return;
        };
        let shared = self.shared.clone();
        self.work.spawn(async move {
            let replay = shared.events(&vendor, &since, None, PAGE).await;
            Done::Read(vendor, replay)
        });
    }

    /// Lets go of vendors that nobody follows, and finds those that nobody told of.
    fn sweep(&mut self) {
        if !self.watches.give_up_all() {
            self.ask_vendors();
            return;
        }
        self.known.clear();
        let unwanted: Vec<_> = self
            .tracks
            .vendors()
            .filter(|vendor| !self.waiting.contains_key(*vendor) && self.watches.give_up(vendor))
            .cloned()
            .collect();
        if unwanted.is_empty() {
            return;
        }
        let channels: Vec<_> = unwanted.iter().map(|v| VendorKeys(v).channel()).collect();
        for vendor in &unwanted {
            self.tracks.end(vendor);
        }
        if let Some(mut ears) = self.ears.clone() {
            self.leaving = true;
            self.work.spawn(async move {
                // Messages that come all the same are ignored.
                let _ = ears.unsubscribe(&channels).await;
                Done::Left
            });
        }
    }

    fn pulse(&mut self, pulse: Pulse) {
        self.pulsing = false;
        self.heard.sent(&pulse);
        match pulse.written {
            Err(reason) => {
                self.shared.set_health(Err(reason.clone()));
                if self.away.is_none() {
                    Counters::add(&self.counters().away);
                    self.tracks.tell(News::Away(reason.clone()));
                }
                self.away = Some(reason);
            }
            Ok(()) => {
                if self.away.take().is_some() {
                    self.look(true);
                    self.tracks.tell(News::Back);
                }
            }
        }
    }
}

impl Comes for Told<'_> {
    fn position(&self) -> &Position {
        &self.position
    }

    fn after(&self) -> &Mark {
        &self.after
    }

    fn read(self, vendor: &VendorId) -> Option<Arc<VendorEvent>> {
        match self.event(vendor) {
            Ok(event) => Some(Arc::new(VendorEvent {
                vendor: vendor.clone(),
                event,
            })),
            Err(error) => {
                tracing::warn!(%error, %vendor, "a message cannot be read; the stream will be");
                None
            }
        }
    }
}
