//! A socket that is up: its greeting, its heartbeat, its death.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::socket::{Break, Socket};
use crate::clock::Clock;
use crate::protocol::{ClientMessage, Welcome};

/// How often the client pings at least, to measure the round trip. Death is told
/// by the silence of the server, which pings by itself.
const PING_EVERY: Duration = Duration::from_secs(90);
/// From then on a ping goes along with the next frame that comes: the client is
/// awake for it anyway.
const PING_ALONG_AFTER: Duration = Duration::from_secs(45);
/// The first ping tells the round trip soon, but not from all clients at once.
const FIRST_PING_WITHIN: Duration = Duration::from_secs(2);
/// How long a server of our protocol may take to its welcome.
const WELCOME_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a server that named no protocol may take before it counts as old.
const LEGACY_AFTER: Duration = Duration::from_secs(3);
/// How often a server of the old kind is pinged, as its own dashboard does.
const LEGACY_PING_EVERY: Duration = Duration::from_secs(30);
/// How long a server of the old kind may take to its pong.
const LEGACY_PONG_TIMEOUT: Duration = Duration::from_secs(5);
/// Silence that is a dead connection, before the server has named its pings.
const PATIENCE: Duration = Duration::from_secs(40);
/// What a late ping may take beyond the server's figures.
const SLACK: Duration = Duration::from_secs(5);
/// The server's figures count up to here: a wrong one must not hide a death.
const MAX_PATIENCE: Duration = Duration::from_secs(300);
/// A socket that stayed as long is good: the next break is a first one.
const STEADY_AFTER: Duration = Duration::from_secs(5);

/// How far the greeting has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The welcome is awaited until then.
    Greeting(Instant),
    /// The server said welcome.
    Welcomed,
    /// The server is of the old kind and says none; its list is awaited.
    Listing,
    /// The server is of the old kind, and its list came after the socket was open.
    Legacy,
}

/// A socket that is up.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) socket: Socket,
    pub(crate) stage: Stage,
    /// The server's store is away.
    pub(crate) degraded: bool,
    /// How long the server asked to stay away, before it closes.
    pub(crate) stay_away: Option<Duration>,
    last_sign: Instant,
    patience: Duration,
    ping: NextPing,
    asked: Option<(Value, Instant)>,
    /// When the pong of an old server must have come.
    pong_by: Option<Instant>,
    /// When it has stayed long enough to count as good; told once.
    steady_at: Option<Instant>,
}

/// When the next ping is due.
#[derive(Debug, Clone, Copy)]
struct NextPing {
    due: Instant,
    /// A frame that comes from then on brings it forward.
    along_from: Option<Instant>,
}

impl NextPing {
    fn at(due: Instant) -> Self {
        Self {
            due,
            along_from: None,
        }
    }

    /// The one that follows a ping of now.
    fn after(now: Instant) -> Self {
        Self {
            due: now + PING_EVERY,
            along_from: Some(now + PING_ALONG_AFTER),
        }
    }

    fn frame_came(&mut self, now: Instant) {
        if self.along_from.is_some_and(|from| now >= from) {
            self.due = self.due.min(now);
        }
    }
}

/// What the passing of time asks of a socket.
#[derive(Debug)]
pub(crate) enum Beat {
    Quiet,
    /// It stayed: the next break is a first one.
    Steady,
    /// No welcome came, and no word of our protocol.
    IsLegacy,
    Dead(Break),
}

impl Live {
    pub(crate) fn new(socket: Socket, now: Instant) -> Self {
        let wait = if socket.speaks_protocol {
            WELCOME_TIMEOUT
        } else {
            LEGACY_AFTER
        };
        Self {
            socket,
            stage: Stage::Greeting(now + wait),
            degraded: false,
            stay_away: None,
            last_sign: now,
            patience: PATIENCE,
            ping: NextPing::at(now + PING_EVERY),
            asked: None,
            pong_by: None,
            steady_at: None,
        }
    }

    /// Whether the greeting is done.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.stage, Stage::Welcomed | Stage::Legacy)
    }

    pub(crate) fn sign_of_life(&mut self, now: Instant) {
        self.last_sign = now;
        self.ping.frame_came(now);
    }

    /// Nothing was read until now: what seemed to be the server's silence was ours.
    pub(crate) fn was_deaf(&mut self, now: Instant) {
        self.last_sign = now;
        self.pong_by = self.pong_by.map(|_| now + LEGACY_PONG_TIMEOUT);
    }

    pub(crate) fn welcomed(&mut self, welcome: &Welcome, now: Instant) {
        self.stage = Stage::Welcomed;
        let named = welcome
            .ping_interval_ms
            .saturating_add(welcome.ping_timeout_ms);
        self.patience = (Duration::from_millis(named) + SLACK).clamp(SLACK, MAX_PATIENCE);
        self.steady_at = Some(now + STEADY_AFTER);
        self.ping = NextPing::at(now + FIRST_PING_WITHIN.mul_f64(rand::random()));
    }

    pub(crate) fn is_legacy(&mut self, now: Instant) {
        self.stage = Stage::Legacy;
        self.steady_at = Some(now + STEADY_AFTER);
        self.ping = NextPing::at(now + FIRST_PING_WITHIN.mul_f64(rand::random()));
    }

    /// The round trip, if this pong answers the last ping.
    pub(crate) fn pong(&mut self, timestamp: &Value, now: Instant) -> Option<Duration> {
        let (_, at) = self.asked.take_if(|(asked, _)| asked == timestamp)?;
        self.pong_by = None;
        Some(now - at)
    }

    /// When [`Self::beat`] has something to do.
    pub(crate) fn deadline(&self) -> Instant {
        let mut next = (self.last_sign + self.patience).min(self.ping.due);
        if let Stage::Greeting(until) = self.stage {
            next = next.min(until);
        }
        let others = self.steady_at.into_iter().chain(self.pong_by);
        others.fold(next, Instant::min)
    }

    /// Does what is due: pings, and tells whether the socket is still good.
    pub(crate) async fn beat(&mut self, now: Instant, clock: &dyn Clock) -> Beat {
        if now >= self.last_sign + self.patience {
            let silent = (now - self.last_sign).as_secs();
            return Beat::Dead(Break::new(format!("no sign of life for {silent} s")));
        }
        if self.pong_by.is_some_and(|by| now >= by) {
            let patience = LEGACY_PONG_TIMEOUT.as_secs();
            return Beat::Dead(Break::new(format!("no pong in {patience} s")));
        }
        if let Stage::Greeting(until) = self.stage
            && now >= until
        {
            if self.socket.speaks_protocol {
                return Beat::Dead(Break::new("the server says no welcome"));
            }
            return Beat::IsLegacy;
        }
        if now >= self.ping.due {
            if self.stage == Stage::Legacy {
                self.ping = NextPing::at(now + LEGACY_PING_EVERY);
                self.pong_by = Some(now + LEGACY_PONG_TIMEOUT);
            } else {
                self.ping = NextPing::after(now);
            }
            let timestamp = Value::String(clock.now().to_string());
            self.asked = Some((timestamp.clone(), now));
            let ping = ClientMessage::Ping { timestamp };
            if let Err(broken) = self.socket.say(&ping).await {
                return Beat::Dead(broken);
            }
        }
        if self.steady_at.is_some_and(|steady| now >= steady) {
            self.steady_at = None;
            return Beat::Steady;
        }
        Beat::Quiet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_goes_along_with_a_frame_or_else_when_it_is_due() {
        let sent = Instant::now();
        let after = |seconds| sent + Duration::from_secs(seconds);
        let mut next = NextPing::after(sent);
        for early in [0, 25, 44] {
            next.frame_came(after(early));
            assert_eq!(next.due, sent + PING_EVERY, "after {early} s");
        }
        next.frame_came(after(50));
        assert_eq!(next.due, after(50));
        next.frame_came(after(51));
        assert_eq!(next.due, after(50), "not put off by what comes then");
        let mut first = NextPing::at(after(1));
        first.frame_came(after(0));
        assert_eq!(first.due, after(1), "the first ones stay apart");
    }
}
