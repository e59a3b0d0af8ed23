//! Close codes and which of them mean "come back".

use std::fmt;

/// Why a server closes a socket; the number is the WebSocket close code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum CloseReason {
    /// The server stops; come back.
    Draining = 4000,
    /// The client read too slowly and its queue was full; come back.
    SlowConsumer = 4001,
    /// Too much happened while the client was recovering; come back.
    RecoveryOverflow = 4002,
    /// The client answered no ping; come back.
    PingTimeout = 4003,
    /// Events that the client was told of are not in the history any more; come
    /// back, and the server says where it stands.
    HistoryChanged = 4004,
    /// The token's time is over: get a new one.
    TokenExpired = 4501,
    /// The token was revoked.
    TokenRevoked = 4502,
    /// The `resume` could not be read.
    MalformedResume = 4504,
    /// A message was longer than [`super::limits::MAX_CLIENT_MESSAGE_BYTES`].
    MessageTooLarge = 4505,
}

impl CloseReason {
    /// Every reason.
    pub const ALL: [Self; 9] = [
        Self::Draining,
        Self::SlowConsumer,
        Self::RecoveryOverflow,
        Self::PingTimeout,
        Self::HistoryChanged,
        Self::TokenExpired,
        Self::TokenRevoked,
        Self::MalformedResume,
        Self::MessageTooLarge,
    ];

    /// The WebSocket close code.
    #[must_use]
    pub fn code(self) -> u16 {
        self as u16
    }

    /// The reason of a code, if it is one of ours.
    #[must_use]
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

/// Whether a client that was closed with `code` comes back by itself: all codes
/// but 4500 to 4999, which wait until something has changed.
#[must_use]
pub fn comes_back(code: u16) -> bool {
    !(4500..=4999).contains(&code)
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Draining => "draining",
            Self::SlowConsumer => "slow consumer",
            Self::RecoveryOverflow => "recovery overflow",
            Self::HistoryChanged => "the history has changed",
            Self::PingTimeout => "ping timeout",
            Self::TokenExpired => "token expired",
            Self::TokenRevoked => "token revoked",
            Self::MalformedResume => "malformed resume",
            Self::MessageTooLarge => "message too large",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_below_4500_come_back() {
        for reason in CloseReason::ALL {
            assert_eq!(CloseReason::from_code(reason.code()), Some(reason));
            assert_eq!(comes_back(reason.code()), reason.code() < 4500, "{reason}");
        }
        assert!(comes_back(1000) && comes_back(1001) && comes_back(1006));
        assert_eq!(CloseReason::from_code(4042), None);
    }
}
