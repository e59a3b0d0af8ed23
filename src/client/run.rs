//! The connect, recover, follow loop: one task that owns everything.
//!
//! What takes time (an attempt at the socket, a poll, the fetch of a snapshot)
//! runs in [`Run::work`] and comes back as a [`Done`]; the loop itself waits
//! only for the receiver of its events. [`super::catch_up`] holds its other
//! half: polls, snapshots and names.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::backoff::Backoff;
use super::book::{Book, Next};
use super::event::ClientEvent;
use super::legacy::{LookUps, Tick};
use super::line::{Due, Line, due};
use super::live::{Beat, Live, Stage};
use super::mailbox::Mailbox;
use super::polls::{Done, Fetches, Names, Polls};
use super::rest::Rest;
use super::socket::{Break, Frame, Socket};
use super::told::Told;
use super::{ClientConfig, POLL_RANGE};
use crate::order::VendorId;
use crate::protocol::{ClientMessage, MAX_RESUME_BYTES, Position, ServerMessage, Welcome};
use crate::replica::Change;

/// While the socket lives, positions are compared this often.
const REPAIR_EVERY: Duration = Duration::from_secs(5 * 60);
/// How long the socket is tried alone before a poll brings something to show.
const SOCKET_FIRST: Duration = Duration::from_secs(3);
/// Polls that a break sets off are spread over this time: many clients broke off.
const FIRST_POLL_WITHIN: Duration = Duration::from_millis(500);
/// Longest that a server may ask a client to stay away.
const MAX_STAY_AWAY: Duration = Duration::from_secs(300);
/// Most frames that are gathered into one event.
const MAX_BATCH: usize = 512;

/// The running client.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) vendor: Option<VendorId>,
    pub(crate) every: Duration,
    pub(crate) clock: Arc<dyn crate::clock::Clock>,
    pub(crate) rest: Rest,
    pub(crate) work: JoinSet<Done>,
    pub(crate) book: Book,
    pub(crate) line: Line,
    pub(crate) polls: Polls,
    pub(crate) fetches: Fetches,
    /// What an old server leaves out.
    pub(crate) look_ups: LookUps,
    /// When the socket was opened.
    pub(crate) opened: Tick,
    pub(crate) names: Names,
    pub(crate) legacy: bool,
    pub(crate) round_trip: Option<Duration>,
    mailbox: Arc<Mailbox>,
    pub(crate) realtime: bool,
    backoff: Backoff,
    pub(crate) down: Option<Break>,
    pub(crate) fresh_at: Option<Timestamp>,
    pub(crate) told: Told,
}

impl Run {
    pub(crate) fn new(
        config: ClientConfig,
        rest: Rest,
        mailbox: Arc<Mailbox>,
        out: mpsc::Sender<ClientEvent>,
    ) -> Self {
        let clock = config.clock;
        let first_poll = if config.realtime {
            SOCKET_FIRST
        } else {
            Duration::ZERO
        };
        Self {
            line: Line::Idle(config.realtime.then(|| due(&*clock, Duration::ZERO))),
            polls: Polls::new(due(&*clock, first_poll)),
            vendor: config.vendor,
            every: config
                .poll_every
                .clamp(*POLL_RANGE.start(), *POLL_RANGE.end()),
            clock,
            rest,
            work: JoinSet::new(),
            book: Book::default(),
            fetches: Fetches::default(),
            look_ups: LookUps::default(),
            opened: Tick::default(),
            names: Names::default(),
            legacy: false,
            round_trip: None,
            mailbox,
            realtime: config.realtime,
            backoff: Backoff::new(),
            down: None,
            fresh_at: None,
            told: Told::new(out),
        }
    }

    /// Runs until the receiver of the events is dropped.
    pub(crate) async fn run(mut self) {
        if self.vendor.is_some() {
            self.tell_vendors().await;
        }
        let mailbox = Arc::clone(&self.mailbox);
        loop {
            self.tell_connection().await;
            let deadline = self.deadline();
            tokio::select! {
                // Frames before the timer: a socket is not dead while it has
                // frames that were not read yet.
                biased;
                () = self.told.to.closed() => break,
                () = mailbox.asked() => self.wishes().await,
                frame = next_frame(&mut self.line) => self.frames(frame).await,
                Some(done) = self.work.join_next(), if !self.work.is_empty() => {
                    // What was cancelled or has panicked brings nothing.
                    if let Ok(done) = done {
                        self.done(done).await;
                    }
                }
                () = tokio::time::sleep_until(deadline) => {}
            }
            self.due_now().await;
        }
        if let Line::Up(live) = self.line {
            live.socket.close().await;
        }
    }

    fn deadline(&self) -> Instant {
        let line = match &self.line {
            Line::Idle(due) => due.map(|due| due.at),
            Line::Connecting(..) => None,
            Line::Up(live) => Some(live.deadline()),
        };
        let polls = self.polls.deadline();
        let deadline = [line, polls, self.told.age_at].into_iter().flatten().min();
        deadline.unwrap_or_else(|| Instant::now() + REPAIR_EVERY)
    }

    async fn due_now(&mut self) {
        let now = Instant::now();
        let beat = match &mut self.line {
            Line::Up(live) if now >= live.deadline() => live.beat(now, &*self.clock).await,
            Line::Idle(Some(due)) if now >= due.at => {
                let due = *due;
                self.connect(due);
                Beat::Quiet
            }
            _ => Beat::Quiet,
        };
        match beat {
            Beat::Quiet => {}
            Beat::Steady => self.backoff.reset(),
            Beat::Dead(broken) => self.broken(broken),
            Beat::IsLegacy => self.is_legacy(),
        }
        if self.polls.deadline().is_some_and(|at| now >= at) {
            self.poll();
        }
    }

    fn connect(&mut self, due: Due) {
        let position = self.vendor.as_ref().and_then(|v| self.book.position(v));
        let opening = Socket::open(self.rest.clone(), self.vendor.clone(), position.cloned());
        let attempt = self
            .work
            .spawn(async { Done::Opened(opening.await.map(Box::new)) });
        self.line = Line::Connecting(attempt, due);
    }

    /// The attempt at the socket has ended.
    pub(crate) async fn opened(&mut self, opened: Result<Box<Socket>, Break>) {
        if !matches!(self.line, Line::Connecting(..)) {
            return;
        }
        let opened = match opened {
            Ok(mut socket) if self.vendor.is_none() => {
                let resume = resume(self.book.positions());
                socket.say(&resume).await.map(|()| socket)
            }
            other => other,
        };
        let socket = match opened {
            Ok(socket) => socket,
            Err(broken) => return self.broken(broken),
        };
        self.opened = self.look_ups.tick();
        let may_be_old = !socket.speaks_protocol;
        self.line = Line::Up(Box::new(Live::new(*socket, Instant::now())));
        if let Some(vendor) = self.vendor.clone().filter(|_| may_be_old)
            && self.book.position(&vendor).is_none()
        {
            // Whichever kind it is, its list is needed.
            let next = self.book.fetch(&vendor);
            self.fetches.waiting.extend(next.fetch());
            self.start_fetches();
        }
    }

    /// The socket is down: when it is tried again, and when polls begin.
    pub(crate) fn broken(&mut self, broken: Break) {
        tracing::debug!(reason = broken.reason, "socket is down");
        let (was_up, asked) = match &self.line {
            Line::Up(live) => (live.is_up(), live.stay_away),
            _ => (false, None),
        };
        let random = rand::random();
        let delay = match (broken.refused, asked, broken.stay_away) {
            (true, _, _) => self.every,
            // The server gives each socket a moment of its own.
            (_, Some(asked), _) => asked.min(MAX_STAY_AWAY),
            (_, _, Some(asked)) => asked.min(MAX_STAY_AWAY) + self.backoff.next(random),
            _ => self.backoff.next(random),
        };
        self.line = Line::Idle(Some(due(&*self.clock, delay)));
        let first_poll = if was_up && !broken.refused {
            delay + SOCKET_FIRST
        } else {
            FIRST_POLL_WITHIN.mul_f64(rand::random())
        };
        if was_up {
            self.polls.outcome = None;
        }
        if self.polls.outcome.is_none() {
            let first_poll = due(&*self.clock, first_poll.min(self.every));
            self.polls.bring_forward(first_poll);
        }
        self.down = Some(broken);
    }

    /// What handles asked for.
    async fn wishes(&mut self) {
        let wishes = self.mailbox.take();
        let now = due(&*self.clock, Duration::ZERO);
        if wishes.realtime != self.realtime {
            self.realtime = wishes.realtime;
            self.backoff.reset();
            self.down = None;
            self.polls.outcome = None;
            let next = Line::Idle(self.realtime.then_some(now));
            match std::mem::replace(&mut self.line, next) {
                Line::Idle(_) => {}
                Line::Connecting(attempt, _) => attempt.abort(),
                Line::Up(live) => {
                    self.work.spawn(async {
                        live.socket.close().await;
                        Done::Closed
                    });
                }
            }
            let first_poll = if self.realtime {
                SOCKET_FIRST
            } else {
                Duration::ZERO
            };
            self.polls.bring_forward(due(&*self.clock, first_poll));
        }
        if wishes.refresh {
            self.polls.bring_forward(now);
            if let Line::Idle(Some(due)) = &mut self.line {
                *due = now;
            }
        }
        let answers = wishes.answers.into_iter();
        let changes = answers.filter_map(|answer| self.book.answer(answer));
        let mut changes = changes.collect();
        for named in wishes.named {
            self.named(named, &mut changes);
        }
        self.tell_changes(changes).await;
    }

    /// A frame, and whatever else has come by now.
    async fn frames(&mut self, first: Result<Frame, Break>) {
        let mut changes = Vec::new();
        let mut next = Some(first);
        let mut broken = None;
        for _ in 0..MAX_BATCH {
            match next {
                None => break,
                Some(Err(reason)) => broken = Some(reason),
                Some(Ok(frame)) => broken = self.frame(frame, &mut changes).await.err(),
            }
            let Line::Up(live) = &mut self.line else {
                break;
            };
            if broken.is_some() {
                break;
            }
            next = live.socket.next_ready();
        }
        self.tell_changes(changes).await;
        if let Some(broken) = broken {
            self.broken(broken);
        }
    }

    async fn frame(&mut self, frame: Frame, changes: &mut Vec<Change>) -> Result<(), Break> {
        let Line::Up(live) = &mut self.line else {
            return Ok(());
        };
        let now = Instant::now();
        live.sign_of_life(now);
        let message = match frame {
            Frame::Message(message) => *message,
            Frame::Named(named) => {
                if !live.socket.speaks_protocol && live.stage != Stage::Welcomed {
                    self.named(named, changes);
                }
                return Ok(());
            }
            Frame::Other => {
                self.frame_is_fresh();
                return Ok(());
            }
        };
        match message {
            ServerMessage::Welcome(welcome) => {
                live.welcomed(&welcome, now);
                self.welcomed(welcome).await;
            }
            ServerMessage::Pong { timestamp } => {
                self.round_trip = live.pong(&timestamp, now).or(self.round_trip);
            }
            ServerMessage::Degraded { .. } => live.degraded = true,
            ServerMessage::Restored => live.degraded = false,
            ServerMessage::Draining { reconnect_after_ms } => {
                live.stay_away = Some(Duration::from_millis(reconnect_after_ms));
            }
            ServerMessage::VendorAdded(added) => {
                self.names
                    .by_vendor
                    .insert(added.vendor_id.clone(), added.name);
                self.book.added(&added.vendor_id, added.position, changes);
                self.tell_vendors().await;
            }
            event => {
                let next = self.book.event(event, changes);
                self.act(next)?;
            }
        }
        self.frame_is_fresh();
        Ok(())
    }

    /// A frame proves that nothing is missing, where events are counted.
    fn frame_is_fresh(&mut self) {
        if matches!(&self.line, Line::Up(live) if live.stage == Stage::Welcomed) {
            self.fresh();
        }
    }

    async fn welcomed(&mut self, welcome: Welcome) {
        self.counts();
        self.backoff.ask(welcome.retry);
        self.up(REPAIR_EVERY);
        let recoveries = match (&self.vendor, welcome.recovery, welcome.vendors) {
            (Some(vendor), Some(recovery), _) => BTreeMap::from([(vendor.clone(), recovery)]),
            (_, _, vendors) => vendors.unwrap_or_default(),
        };
        if self.vendor.is_none() {
            self.forget_all_but(|vendor| recoveries.contains_key(vendor))
                .await;
        }
        for (vendor, recovery) in recoveries {
            let next = self.book.welcome(&vendor, &recovery);
            self.fetches.waiting.extend(next.fetch());
        }
        self.start_fetches();
        self.ask_names();
        self.tell_vendors().await;
    }

    /// Forgets vendors that the server does not list any more: its history is
    /// another one, and theirs is not in it.
    pub(crate) async fn forget_all_but(&mut self, known: impl Fn(&VendorId) -> bool) {
        let mut changes = Vec::new();
        let gone = self.book.keep_only(known, &mut changes);
        if !gone.is_empty() {
            self.tell_changes(changes).await;
            self.tell(ClientEvent::HistoryChanged(gone)).await;
        }
    }

    pub(crate) fn up(&mut self, next_poll: Duration) {
        self.down = None;
        self.polls.outcome = None;
        self.polls.failing_since = None;
        self.polls.due = due(&*self.clock, next_poll);
    }

    /// Does what the book asks for.
    pub(crate) fn act(&mut self, next: Next) -> Result<(), Break> {
        match next {
            Next::Nothing => {}
            Next::Fetch(vendor) => {
                self.fetches.waiting.push_back(vendor);
                self.start_fetches();
            }
            Next::Recover => return Err(Break::new("events were missing")),
        }
        Ok(())
    }

    /// Whether the socket is up and greeted.
    pub(crate) fn is_live(&self) -> bool {
        matches!(&self.line, Line::Up(live) if live.is_up())
    }

    /// How long until the next poll, once one is done.
    pub(crate) fn poll_after(&self) -> Due {
        let every = match &self.line {
            Line::Up(live) if live.stage == Stage::Welcomed => REPAIR_EVERY,
            _ => self.every,
        };
        due(&*self.clock, every)
    }
}

async fn next_frame(line: &mut Line) -> Result<Frame, Break> {
    match line {
        Line::Up(live) => live.socket.next().await,
        _ => std::future::pending().await,
    }
}

/// Says where we are. More positions than a server takes are not worth sending:
/// without any, it tells where everything stands, and snapshots do the rest.
fn resume(positions: BTreeMap<VendorId, Position>) -> ClientMessage {
    // Quotes, colon, comma and an offset of twenty digits beside id and mark.
    let bytes = |(id, position): (&VendorId, &Position)| {
        id.as_str().len() + position.mark.as_str().len() + 27
    };
    let fits = positions.iter().map(bytes).sum::<usize>() + 64 <= MAX_RESUME_BYTES;
    ClientMessage::Resume {
        positions: if fits { positions } else { BTreeMap::new() },
    }
}
