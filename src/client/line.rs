//! The way to the server's socket, and when something is due.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::live::Live;
use crate::clock::Clock;

/// A moment to do something, by the timer and by the clock that people read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Due {
    pub(crate) at: Instant,
    pub(crate) stamp: Timestamp,
}

/// The way to the server's socket.
#[derive(Debug)]
pub(crate) enum Line {
    /// Down; the next attempt is due then, or real-time is off.
    Idle(Option<Due>),
    /// An attempt is under way since it was due.
    Connecting(AbortHandle, Due),
    /// Up.
    Up(Box<Live>),
}

/// The moment `delay` from now.
pub(crate) fn due(clock: &dyn Clock, delay: Duration) -> Due {
    let now = clock.now();
    let shift = SignedDuration::try_from(delay).unwrap_or(SignedDuration::MAX);
    Due {
        at: Instant::now() + delay,
        stamp: now.saturating_add(shift).unwrap_or(now),
    }
}
