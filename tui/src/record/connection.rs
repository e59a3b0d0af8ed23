//! Where the connection stands, in a record.

use std::time::Duration;

use jiff::Timestamp;
use ordertop::client::ConnectionState;
use serde::{Deserialize, Serialize};

/// Where the connection stands, as [`ConnectionState`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[expect(missing_docs, reason = "as in ConnectionState")]
pub enum State {
    Connecting,
    Live {
        degraded: bool,
    },
    Polling {
        every_s: u64,
        next_at: Timestamp,
        reason: String,
        paused: bool,
    },
    Offline {
        since: Timestamp,
        next_at: Timestamp,
        reason: String,
    },
    Refused {
        reason: String,
        next_at: Timestamp,
    },
}

impl From<&ConnectionState> for State {
    fn from(state: &ConnectionState) -> Self {
        match state.clone() {
            ConnectionState::Connecting => Self::Connecting,
            ConnectionState::Live { degraded } => Self::Live { degraded },
            ConnectionState::Polling {
                every,
                next_at,
                reason,
                paused,
            } => Self::Polling {
                every_s: every.as_secs(),
                next_at,
                reason,
                paused,
            },
            ConnectionState::Offline {
                since,
                next_at,
                reason,
            } => Self::Offline {
                since,
                next_at,
                reason,
            },
            ConnectionState::Refused { reason, next_at } => Self::Refused { reason, next_at },
        }
    }
}

impl From<State> for ConnectionState {
    fn from(state: State) -> Self {
        match state {
            State::Connecting => Self::Connecting,
            State::Live { degraded } => Self::Live { degraded },
            State::Polling {
                every_s,
                next_at,
                reason,
                paused,
            } => Self::Polling {
                every: Duration::from_secs(every_s),
                next_at,
                reason,
                paused,
            },
            State::Offline {
                since,
                next_at,
                reason,
            } => Self::Offline {
                since,
                next_at,
                reason,
            },
            State::Refused { reason, next_at } => Self::Refused { reason, next_at },
        }
    }
}
