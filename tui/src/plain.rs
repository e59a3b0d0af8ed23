//! `--plain`: lines instead of a screen, for screen readers and for terminals
//! that cannot place their cursor. One line for each thing that happens; commands
//! are typed as lines. Nothing is ever overwritten, and there are no colours.
//!
//! A step is sent once and kept nowhere: one that gets no answer is said to be
//! open, and it is for the user to look and try again. The outbox is the screen's.
//!
//! Without a terminal on stdin it only tells.

mod command;

use std::collections::VecDeque;
use std::io::{self, BufRead, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use ordertop::client::event::EventKind;
use ordertop::client::{Change, Client, ClientEvent, ConnectionState, RequestError};
use ordertop::order::{ActorKind, OrderKey, OrderStatus};
use ordertop::protocol::ListedOrder;
use ordertop::protocol::rest::StatusChange;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

use crate::app::{App, Settings};
use crate::event::Event;
use crate::signals::{Signalled, Signals, stop_until_continued};
use crate::text::{grouped, tame};
use crate::{stdout, strings};

/// Lines that were typed and wait; typing waits when it is full.
const TYPED: usize = 16;
/// Longest line that is read, in bytes.
const MAX_LINE: u64 = 4096;

/// Steps that are under way at once; what is typed beyond them is refused.
const AT_ONCE: usize = 16;
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
) -> anyhow::Result<()> {
    let mut signals = Signals::new()?;
    let mut typed = io::stdin().is_terminal().then(read_lines);
    let mut plain = Plain::new(App::new(settings));
    let mut steps: JoinSet<(OrderKey, Result<(), RequestError>)> = JoinSet::new();
    if typed.is_some() {
        plain.say(strings::PLAIN_WELCOME);
    }
    loop {
        if !plain.tell()? {
            break;
        }
        tokio::select! {
            biased;
            signalled = signals.next() => match signalled {
                Signalled::Stop => break,
                Signalled::Suspend => {
                    stop_until_continued().await?;
                    signals.forget_stops();
                }
                Signalled::Continued => {}
            },
            line = next(&mut typed) => match line {
                // The end of the input ends the typing alone: Ctrl-C leaves.
                None => typed = None,
                Some(line) => match plain.command(&line) {
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
            told = events.recv() => plain.happens(told.context("the live client stopped")?),
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
}

impl Plain {
    fn new(app: App) -> Self {
        Self {
            app,
            out: VecDeque::new(),
            connection: String::new(),
        }
    }

    fn say(&mut self, words: impl Into<String>) {
        self.out.push_back(words.into());
    }

    /// Writes what is to be said. Gives false when nobody listens any more.
    fn tell(&mut self) -> io::Result<bool> {
        if self.out.is_empty() {
            return Ok(true);
        }
        let mut text = String::new();
        for line in self.out.drain(..) {
            text.push_str(&line);
            text.push('\n');
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

    fn happens(&mut self, told: ClientEvent) {
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
        self.app.update(Event::Client(told));
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
        let now = self.app.settings.clock.now();
        let time = self
            .app
            .settings
            .time_zone
            .to_datetime(now)
            .strftime("%H:%M:%S");
        self.out.push_back(format!("{time} {words}"));
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
    use ordertop::client::Connection;
    use ordertop::order::{Actor, OrderStatus};
    use ordertop::protocol::rest::Vendor;
    use proptest::prelude::*;

    use super::*;
    use crate::app::tests::fuzz::happening::{hostile, soiled};
    use crate::fixture::{at, listed, packed, vendor};
    use crate::snapshots::Stage;

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
