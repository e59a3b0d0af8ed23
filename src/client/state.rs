//! From what is known of socket and polls to the state that a screen shows.
//! Pure.

use std::time::Duration;

use jiff::Timestamp;

use super::event::ConnectionState;
use super::socket::Break;

/// What is known of socket and polls.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    /// The socket is wanted.
    pub(crate) realtime: bool,
    /// The socket is up and welcomed; whether the server's store is away.
    pub(crate) live: Option<bool>,
    /// Why the socket is down, since it was last up.
    pub(crate) down: Option<Break>,
    /// How the last poll went, since the socket was last up.
    pub(crate) poll: Option<Result<(), Break>>,
    /// Since when polls have failed.
    pub(crate) failing_since: Option<Timestamp>,
    /// When the next poll is due.
    pub(crate) poll_at: Timestamp,
    /// When the next attempt at the socket is due.
    pub(crate) socket_at: Option<Timestamp>,
    /// How often to poll.
    pub(crate) every: Duration,
}

impl Facts {
    /// Where the state machine stands.
    pub(crate) fn state(&self) -> ConnectionState {
        if let Some(degraded) = self.live {
            return ConnectionState::Live { degraded };
        }
        let next_at = match self.socket_at {
            Some(socket_at) if self.realtime => socket_at.min(self.poll_at),
            _ => self.poll_at,
        };
        match &self.poll {
            // A break is told once a poll has shown what still works.
            None if self.realtime => ConnectionState::Connecting,
            None | Some(Ok(())) => ConnectionState::Polling {
                every: self.every,
                next_at: self.poll_at,
                reason: match &self.down {
                    _ if !self.realtime => "real-time is off".to_owned(),
                    Some(down) => down.reason.clone(),
                    None => "the socket is not up yet".to_owned(),
                },
                paused: !self.realtime,
            },
            Some(Err(failed)) if failed.refused => ConnectionState::Refused {
                reason: failed.reason.clone(),
                next_at,
            },
            Some(Err(failed)) => ConnectionState::Offline {
                since: self.failing_since.unwrap_or(self.poll_at),
                next_at,
                reason: failed.reason.clone(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mix_of_socket_and_polls_has_its_state() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let nothing = Facts {
            realtime: true,
            live: None,
            down: None,
            poll: None,
            failing_since: None,
            poll_at: at(30),
            socket_at: Some(at(10)),
            every: Duration::from_secs(30),
        };
        let down = Some(Break::new("connection refused"));
        let refused = Break {
            refused: true,
            ..Break::new("Invalid vendor ID")
        };
        let polling = |reason: &str, paused| ConnectionState::Polling {
            every: Duration::from_secs(30),
            next_at: at(30),
            reason: reason.to_owned(),
            paused,
        };
        let table = [
            (nothing.clone(), ConnectionState::Connecting),
            (
                Facts {
                    down: down.clone(),
                    ..nothing.clone()
                },
                ConnectionState::Connecting,
            ),
            (
                Facts {
                    live: Some(true),
                    poll: Some(Err(refused.clone())),
                    ..nothing.clone()
                },
                ConnectionState::Live { degraded: true },
            ),
            (
                Facts {
                    down: down.clone(),
                    poll: Some(Ok(())),
                    ..nothing.clone()
                },
                polling("connection refused", false),
            ),
            (
                Facts {
                    realtime: false,
                    down: down.clone(),
                    poll: Some(Ok(())),
                    ..nothing.clone()
                },
                polling("real-time is off", true),
            ),
            (
                Facts {
                    down,
                    poll: Some(Err(Break::new("no route"))),
                    failing_since: Some(at(5)),
                    ..nothing.clone()
                },
                ConnectionState::Offline {
                    since: at(5),
                    next_at: at(10),
                    reason: "no route".to_owned(),
                },
            ),
            (
                Facts {
                    realtime: false,
                    poll: Some(Err(refused)),
                    ..nothing
                },
                ConnectionState::Refused {
                    reason: "Invalid vendor ID".to_owned(),
                    next_at: at(30),
                },
            ),
        ];
        for (facts, state) in table {
            assert_eq!(facts.state(), state, "{facts:?}");
        }
    }
}
