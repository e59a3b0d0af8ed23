//! Limits on the time that an unfinished sequence is waited for.

use std::time::{Duration, Instant};

/// Time after which Esc is pressed. A key that follows it sooner is that key with Alt.
pub(super) const ESCAPE: Duration = Duration::from_millis(50);
/// Time since Esc in which a sequence that was cut behind its first byte may still go on.
pub(super) const LATE: Duration = Duration::from_millis(150);
/// Gap between two reads that counts as waiting.
const GAP: Duration = Duration::from_millis(50);

/// Limits of a control sequence and of a control string. SSH may cut a reply at any byte.
pub(super) const STRING: Limits = Limits {
    silence: Duration::from_millis(500),
    waiting: Duration::from_secs(10),
};
/// Limits of a paste, whose rest would be pressed as keys.
pub(super) const PASTE: Limits = Limits {
    silence: Duration::from_secs(2),
    waiting: Duration::from_secs(10),
};

/// How long something unfinished is waited for.
#[derive(Debug)]
pub(super) struct Limits {
    /// Time without a byte.
    silence: Duration,
    /// Sum of all gaps between its bytes: someone who types into it does not keep it open.
    waiting: Duration,
}

/// Times of the bytes of an unfinished sequence.
#[derive(Debug, Default)]
pub(super) struct Timeout {
    last: Option<Instant>,
    waited: Duration,
}

impl Timeout {
    /// Notes that bytes were read.
    pub(super) fn read(&mut self, at: Instant) {
        if let Some(last) = self.last.replace(at) {
            let gap = at.saturating_duration_since(last);
            if gap > GAP {
                self.waited += gap;
            }
        }
    }

    /// Begins another sequence.
    pub(super) fn begin(&mut self) {
        self.waited = Duration::ZERO;
    }

    /// When the sequence ends unfinished, if nothing more is read.
    pub(super) fn deadline(&self, limits: &Limits) -> Option<Instant> {
        let left = limits.waiting.saturating_sub(self.waited);
        self.last.map(|last| last + limits.silence.min(left))
    }
}
