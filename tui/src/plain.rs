//! `--plain`: lines instead of a screen, for screen readers and for terminals
//! that cannot place their cursor. One line for each thing that happens; commands
//! are typed as lines. Nothing is ever overwritten, and there are no colours.
//!
//! A step is sent once and kept nowhere: one that gets no answer is said to be
//! open, and it is for the user to look and try again. The outbox is the screen's.
//!
//! What rings on the screen rings here, by the same settings: the bell where stdout
//! is a terminal, and the command. The alarm is a line that comes again until it is
//! acknowledged. A desktop notification is a line, unless a line told it already.
//!
//! Without a terminal on stdin it only tells, and tells the alarm once.

mod command;
mod missed;

use std::collections::VecDeque;
use std::io::{self, BufRead, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use ordertop::client::{Client, ClientEvent, ConnectionState, RequestError};
use ordertop::order::{ActorKind, OrderKey, OrderStatus};
use ordertop::protocol::{EventKind, ListedOrder, rest::StatusChange};
use ordertop::replica::Change;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

use crate::alerts::command::Commands;
use crate::app::{App, Settings};
use crate::beat::Beat;
use crate::event::{Effect, Event};
use crate::model::alerts::{Alert, Signal};
use crate::model::text::{grouped, tame};
use crate::signals::{Signalled, Signals, stop_until_continued};
use crate::terminal::input::words_of;
use crate::{stdout, strings};
use missed::Missed;

/// Lines that were typed and wait; typing waits when it is full.
const TYPED: usize = 16;
/// Longest line that is read, in bytes.
const MAX_LINE: u64 = 4096;

/// Steps that are under way at once; what is typed beyond them is refused.
const AT_ONCE: usize = 16;
/// What came of so many commands of alerts waits to be heard.
const COMMANDS: usize = 8;
/// So many lines are remembered, so that a notification does not say them again.
const REMEMBERED: usize = 64;
/// How long leaving waits for answers.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// What a command asks of the loop.
#[derive(Debug, PartialEq)]
enum Wish {
    /// Send this, and say what came of it when that is known.
    Ship(OrderKey, Box<StatusChange>),
    /// Leave.
    Quit,
}

/// Tells what happens until the user leaves.
///
/// # Errors
/// When the client cannot start, or stdout fails other than by being closed.
pub async fn run(
    client: Arc<Client>,
    mut events: mpsc::Receiver<ClientEvent>,
    settings: Settings,
    beat: Beat,
) -> anyhow::Result<()> {
    let mut signals = Signals::new()?;
    let mut typed = io::stdin().is_terminal().then(read_lines);
    let (answers, mut answered) = mpsc::channel(COMMANDS);
    let commands = Commands::new(&settings.alerts, answers);
    let mut ticks = beat.every(1);
    let mut plain = Plain::new(App::new(settings));
    plain.rings = io::stdout().is_terminal();
    plain.hears = typed.is_some();
    let mut steps: JoinSet<(OrderKey, Result<(), RequestError>)> = JoinSet::new();
    if typed.is_some() {
        plain.say(strings::PLAIN_WELCOME);
    }
    loop {
        if !plain.tell()? {
            break;
        }
        let lost = plain
            .to_run
            .drain(..)
            .filter(|alert| !commands.run(alert.clone()));
        let lost = lost.count() + std::mem::take(&mut plain.lost);
        if lost > 0 {
            plain.say(strings::alert_commands_lost(lost));
            continue;
        }
        tokio::select! {
            biased;
            signalled = signals.next() => match signalled {
                Signalled::Stop => break,
                Signalled::Suspend => {
                    stop_until_continued().await?;
                    signals.forget_stops();
                }
                Signalled::Continued | Signalled::Resized => {}
            },
            line = next(&mut typed) => match line {
                // The end of the input ends the typing alone: Ctrl-C leaves.
                None => (typed, plain.hears) = (None, false),
                Some(line) => match plain.command(&words_of(&line)) {
                    Some(Wish::Quit) => break,
                    Some(Wish::Ship(..)) if steps.len() >= AT_ONCE => plain.say(strings::PLAIN_BUSY),
                    Some(Wish::Ship(key, change)) => {
                        let client = client.clone();
                        steps.spawn(async move {
                            let result = client.change_status(&key, &change).await.map(drop);
                            (key, result)
                        });
                    }
                    None => {}
                },
            },
            Some(answered) = steps.join_next() => plain.answered(answered),
            Some(ran) = answered.recv() => plain.ran(ran),
            told = events.recv() => plain.happens(told.context("the live client stopped")?),
            _ = ticks.tick() => plain.update(Event::Tick),
        }
    }
    // What was typed before is done, and said: no news comes any more.
    let last = timeout(LAST_ANSWERS, async {
        while let Some(answered) = steps.join_next().await {
            if let Ok((key, Ok(()))) = &answered {
                plain.say(strings::was_done(key, OrderStatus::Shipped));
            }
            plain.answered(answered);
        }
    });
    if last.await.is_err() {
        plain.say(strings::UNANSWERED);
    }
    plain.tell().map(drop).context("stdout cannot be written")
}

async fn next(typed: &mut Option<mpsc::Receiver<String>>) -> Option<String> {
    match typed {
        Some(typed) => typed.recv().await,
        None => std::future::pending().await,
    }
}

/// Lines of stdin, from a thread of their own: reading them cannot be given up.
fn read_lines() -> mpsc::Receiver<String> {
    let (tell, typed) = mpsc::channel(TYPED);
    std::thread::spawn(move || {
        loop {
            let mut line = String::new();
            let read = io::Read::take(io::stdin().lock(), MAX_LINE).read_line(&mut line);
            if !matches!(read, Ok(1..)) || tell.blocking_send(line).is_err() {
                return;
            }
        }
    });
    typed
}

/// What is known, and what is still to be said.
struct Plain {
    app: App,
    out: VecDeque<String>,
    connection: String,
    /// Whether the bell is to be rung, and whether it can be.
    bell: bool,
    rings: bool,
    /// Whether somebody can type.
    hears: bool,
    /// Alerts whose command is to be run.
    to_run: Vec<Alert>,
    /// The order, and its version, about which somebody was warned who wanted to ship it.
    warned: Option<(OrderKey, u64)>,
    /// How many alerts never came to the command, for too many came at once.
    lost: usize,
    /// When the alarm was last said, while it is on.
    alarm_said: Option<Timestamp>,
    missed: Missed,
    /// The last lines.
    said: VecDeque<String>,
}

impl Plain {
    fn new(app: App) -> Self {
        Self {
            app,
            out: VecDeque::new(),
            connection: String::new(),
            bell: false,
            rings: false,
            hears: true,
            to_run: Vec::new(),
            lost: 0,
            warned: None,
            alarm_said: None,
            missed: Missed::default(),
            said: VecDeque::new(),
        }
    }

    fn say(&mut self, words: impl Into<String>) {
        self.out.push_back(words.into());
    }

    /// Writes what is to be said. Gives false when nobody listens any more.
    fn tell(&mut self) -> io::Result<bool> {
        let bell = std::mem::take(&mut self.bell) && self.rings;
        if self.out.is_empty() && !bell {
            return Ok(true);
        }
        let mut text = String::new();
        for line in self.out.drain(..) {
            text.push_str(&line);
            text.push('\n');
            self.said.push_back(line);
        }
        let old = self.said.len().saturating_sub(REMEMBERED);
        self.said.drain(..old);
        if bell {
            text.push('\u{7}');
        }
        stdout::write(&text)
    }

    /// Says that a step was not made, or was not heard to be made; one that was
    /// comes as news.
    fn answered(&mut self, answered: Result<(OrderKey, Result<(), RequestError>), JoinError>) {
        if let Ok((key, Err(error))) = answered {
            let (open, why) = (error.leaves_open(), strings::sentence(&error));
            self.say(strings::not_done(&key, OrderStatus::Shipped, open, &why));
        }
    }

    /// Lets something happen, and does what it rings.
    fn update(&mut self, event: Event) {
        for effect in self.app.update(event) {
            // The rest is for a screen.
            if let Effect::Alert(signal) = effect {
                self.signal(*signal);
            }
        }
        self.follow_alarm();
    }

    fn signal(&mut self, signal: Signal) {
        self.bell |= signal.bell;
        self.lost += signal.lost;
        self.to_run.extend(signal.commands);
        let Some(notification) = signal.notification else {
            return;
        };
        let words = notification.body;
        let number = words.split_whitespace().find(|word| word.starts_with('#'));
        let told = number.is_some_and(|number| {
            let mut lines = self.out.iter().chain(&self.said);
            lines.any(|line| line.split_whitespace().any(|word| word == number))
        });
        if !told {
            self.say(words);
        }
    }

    /// Says the alarm when it goes on, and again every so many seconds, as the
    /// screen's rings.
    fn follow_alarm(&mut self) {
        let (now, settings) = (self.app.now, &self.app.settings);
        let alerts = &mut self.app.alerts;
        let count = alerts.alarm.count();
        if count == 0 {
            self.alarm_said = None;
            return;
        }
        let every = i64::try_from(alerts.settings.alarm_every_s).unwrap_or(i64::MAX);
        let due = match self.alarm_said {
            None => true,
            Some(said) => {
                let silent = alerts.silence(now, &settings.time_zone).is_some();
                !silent && (now < said || now.duration_since(said).as_secs() >= every)
            }
        };
        if !due {
            return;
        }
        self.alarm_said = Some(now);
        let key = if self.hears { "a" } else { "" };
        let [words, ..] = strings::alarm(count, alerts.alarm.only_new(), key);
        if !self.hears {
            // Nobody can acknowledge it.
            alerts.alarm.acknowledge();
        }
        self.say(words);
    }

    /// What came of an alert's command.
    fn ran(&mut self, ran: Event) {
        self.app.toast = None;
        self.update(ran);
        if let Some((words, _)) = self.app.toast.take() {
            self.say(words);
        }
    }

    fn happens(&mut self, told: ClientEvent) {
        let missed = match &told {
            ClientEvent::Changes(changes) => self.missed(changes),
            _ => Vec::new(),
        };
        let counted = match &told {
            ClientEvent::Changes(changes) => {
                for change in changes {
                    self.change(change);
                }
                changes
                    .iter()
                    .any(|change| matches!(change, Change::Snapshot { .. }))
            }
            ClientEvent::Connection(connection) => {
                let words = connection_words(&connection.state);
                if words != self.connection {
                    self.say(words.clone());
                    self.connection = words;
                }
                false
            }
            ClientEvent::HistoryChanged(vendors) => {
                self.say(strings::history_changed(vendors.len()));
                false
            }
            _ => false,
        };
        self.update(Event::Client(told));
        self.tell_missed(&missed);
        if counted {
            let all = self.app.orders.total();
            self.say(format!("{} orders", grouped(all)));
        }
    }

    fn change(&mut self, change: &Change) {
        let words = match change {
            Change::Snapshot { .. } => return,
            Change::Order { key, order } => {
                let before = self.app.orders.get(key).map(|row| row.status());
                match before {
                    None => format!("new {}", self.line(key, &order.unpack())),
                    Some(status) if status != order.status => {
                        format!("{} {} -> {}", strings::number(key), status, order.status)
                    }
                    Some(_) => return,
                }
            }
            Change::Event { event, .. } if event.actor.kind == ActorKind::Import => return,
            Change::Event { kind, event, .. } => {
                let key = OrderKey {
                    vendor: event.vendor_id.clone(),
                    number: event.order_number.clone(),
                };
                let by = strings::actor(&event.actor);
                match (kind, &event.order, event.status) {
                    (EventKind::Created, Some(order), _) => {
                        format!("new {}", self.line(&key, order))
                    }
                    (EventKind::Status, _, Some(to)) => match event.previous_status {
                        Some(from) => format!("{} {from} -> {to}, by {by}", strings::number(&key)),
                        None => format!("{} {to}, by {by}", strings::number(&key)),
                    },
                    (EventKind::Removed, ..) => {
                        format!("{} erased, by {by}", strings::number(&key))
                    }
                    _ => format!("{} changed, by {by}", strings::number(&key)),
                }
            }
        };
        self.say_now(&words);
    }

    /// Says something with the time.
    fn say_now(&mut self, words: &str) {
        let now = self.app.settings.clock.now();
        let time = self.app.settings.time_zone.to_datetime(now);
        self.say(format!("{} {words}", time.strftime("%H:%M:%S")));
    }

    /// An order in a line.
    fn line(&self, key: &OrderKey, order: &ListedOrder) -> String {
        let buyer = tame(&order.customer_name);
        let buyer = if buyer.is_empty() {
            strings::NO_BUYER.into()
        } else {
            buyer
        };
        let total = strings::amount(order, &order.total_amount);
        let mut line = format!(
            "{} {buyer}, {total}, {}",
            strings::number(key),
            order.status
        );
        if self.app.many_vendors() {
            line.push_str(&format!(", {}", self.app.vendor_name(&key.vendor)));
        }
        line
    }
}

/// The connection as a line, which is said when it becomes another.
fn connection_words(state: &ConnectionState) -> String {
    match state {
        ConnectionState::Connecting => "real-time: connecting".into(),
        ConnectionState::Live { degraded: false } => "real-time: on".into(),
        ConnectionState::Live { degraded: true } => {
            "real-time: on, but the server cannot save".into()
        }
        ConnectionState::Polling { paused: true, .. } => "real-time: off, paused".into(),
        ConnectionState::Polling { every, reason, .. } => format!(
            "real-time: off, polling every {} s: {}",
            every.as_secs(),
            tame(reason)
        ),
        ConnectionState::Offline { reason, .. } => {
            format!("real-time: off, offline: {}", tame(reason))
        }
        ConnectionState::Refused { reason, .. } => format!("refused: {}", tame(reason)),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use ordertop::client::Connection;
    use ordertop::clock::ManualClock;
    use ordertop::order::{Actor, OrderStatus};
    use ordertop::protocol::rest::Vendor;
    use proptest::prelude::*;

    use super::*;
    use crate::app::tests::fuzz::happening::{hostile, soiled};
    use crate::model::alerts::Kind;
    use crate::model::fixture::{at, listed, packed, vendor};
    use crate::snapshots::Stage;

    fn ringing(set: impl FnOnce(&mut crate::model::alerts::AlertSettings)) -> (Plain, ManualClock) {
        let mut stage = Stage::with((80, 24), |settings| set(&mut settings.alerts));
        stage.live();
        stage.snapshot(vec![]);
        (Plain::new(stage.app), stage.clock)
    }

    fn comes(plain: &mut Plain, number: &str, status: OrderStatus) -> Vec<String> {
        let order = listed(number, status, 100);
        let stage = Stage::new((80, 24));
        let by = Actor::new(ActorKind::Support, "ana");
        let change = stage.change(EventKind::Created, &order, by);
        plain.happens(ClientEvent::Changes(vec![change]));
        plain.out.drain(..).collect()
    }

    fn ticks(plain: &mut Plain, clock: &ManualClock, seconds: i64) -> Vec<String> {
        for _ in 0..seconds {
            clock.advance(SignedDuration::from_secs(1));
            plain.update(Event::Tick);
        }
        plain.out.drain(..).collect()
    }

    #[test]
    fn a_new_order_rings_and_runs_its_command_and_is_said_once() {
        let (mut plain, _) = ringing(|alerts| alerts.command = Some("true".into()));
        let told = comes(&mut plain, "N1", OrderStatus::Paid);
        assert!(told.len() == 1 && told[0].contains("new #N1 "), "{told:?}");
        assert!(plain.bell);
        let ran: Vec<_> = plain.to_run.iter().map(|alert| alert.kind).collect();
        assert_eq!(ran, [Kind::NewOrder]);
        let (mut quiet, _) = ringing(|alerts| alerts.new_order = vec![]);
        comes(&mut quiet, "N1", OrderStatus::Paid);
        assert!(!quiet.bell && quiet.to_run.is_empty());
    }

    #[test]
    fn the_alarm_is_said_again_until_it_is_acknowledged() {
        let (mut plain, clock) = ringing(|alerts| {
            (alerts.alarm, alerts.alarm_every_s) = (true, 30);
        });
        let told = comes(&mut plain, "N1", OrderStatus::Paid);
        let alarm = "ALARM  1 new order not looked at · a acknowledges";
        assert!(told.iter().any(|line| line == alarm), "{told:?}");
        plain.bell = false;
        assert_eq!(ticks(&mut plain, &clock, 29), [""; 0]);
        assert_eq!(ticks(&mut plain, &clock, 31), [alarm; 2]);
        assert!(plain.bell);
        plain.command("ack");
        assert_eq!(plain.out.pop_back().unwrap(), "alarm off: 1 was waiting");
        assert_eq!(ticks(&mut plain, &clock, 90), [""; 0]);
        comes(&mut plain, "N2", OrderStatus::Paid);
        plain.command("show N2");
        plain.out.clear();
        assert_eq!(ticks(&mut plain, &clock, 90), [""; 0], "it was looked at");
    }

    #[test]
    fn where_nobody_can_type_the_alarm_is_said_once() {
        let (mut plain, clock) = ringing(|alerts| alerts.alarm = true);
        plain.hears = false;
        let told = comes(&mut plain, "N1", OrderStatus::Paid);
        let alarm = "ALARM  1 new order not looked at";
        assert!(told.iter().any(|line| line == alarm), "{told:?}");
        assert_eq!(ticks(&mut plain, &clock, 120), [""; 0]);
    }

    #[test]
    fn muted_nothing_rings_and_the_lines_go_on() {
        let (mut plain, clock) = ringing(|alerts| alerts.alarm = true);
        plain.command("mute");
        plain.out.clear();
        let told = comes(&mut plain, "N1", OrderStatus::Paid);
        assert!(told[0].contains("new #N1 ") && !plain.bell, "{told:?}");
        assert_eq!(ticks(&mut plain, &clock, 120), [""; 0]);
    }

    #[test]
    fn what_no_line_tells_is_said_as_the_notification_says_it() {
        let (mut plain, clock) = ringing(|_| {});
        let mut order = (*listed("D1", OrderStatus::Paid, 100)).clone();
        order.ship_by = Some(at(120 + 3_600 + 30));
        let stage = Stage::new((80, 24));
        let change = stage.change(
            EventKind::Created,
            &order,
            Actor::new(ActorKind::Support, "ana"),
        );
        plain.happens(ClientEvent::Changes(vec![change]));
        plain.out.clear();
        let told = ticks(&mut plain, &clock, 40);
        assert_eq!(told, ["#D1 is due soon: Ana Souza"]);
    }

    #[test]
    fn a_command_that_fails_is_told_once() {
        let (mut plain, _) = ringing(|_| {});
        for _ in 0..2 {
            plain.ran(Event::AlertCommand(Err("play: not found".into())));
        }
        assert_eq!(plain.out, ["! the alerts' command failed: play: not found"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        /// Whatever the server writes, a line is one line of harmless text.
        #[test]
        fn nothing_of_the_servers_steers_the_terminal(
            texts in proptest::collection::vec((hostile(), 0_usize..8), 1..8),
            all in any::<bool>(),
        ) {
            let stage = Stage::with((80, 24), |settings| if all { settings.vendor = None });
            let mut plain = Plain::new(stage.app);
            for (number, (text, status)) in texts.into_iter().enumerate() {
                let vendors = vec![Vendor { id: vendor(), name: text.clone() }];
                plain.happens(ClientEvent::Vendors(vendors));
                let status = OrderStatus::ALL[status];
                let order = soiled(&listed(&number.to_string(), status, 0), &text);
                let stage = Stage::new((80, 24));
                for kind in [EventKind::Created, EventKind::Status, EventKind::Removed] {
                    let by = Actor::new(ActorKind::Support, text.clone());
                    let change = stage.change(kind, &order, by);
                    plain.happens(ClientEvent::Changes(vec![change]));
                }
                let change = Change::Order { key: order.key(&vendor()), order: packed(&order) };
                plain.happens(ClientEvent::Changes(vec![change]));
                plain.command(&format!("show {number}"));
                plain.command(&format!("show {text}"));
                plain.command(&text);
                plain.command(&format!("list {text}"));
                plain.command("list");
                for state in [
                    ConnectionState::Offline { since: at(0), next_at: at(9), reason: text.clone() },
                    ConnectionState::Refused { reason: text.clone(), next_at: at(9) },
                ] {
                    let (fresh_at, round_trip, legacy) = (None, None, false);
                    let connection = Connection { state, fresh_at, round_trip, legacy };
                    plain.happens(ClientEvent::Connection(connection));
                }
            }
            for line in plain.out.drain(..) {
                let steers = |c: char| {
                    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
                };
                prop_assert!(!line.contains(steers), "{line:?}");
            }
        }
    }
}
