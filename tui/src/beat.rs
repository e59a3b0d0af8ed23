//! The clock's beat: when the screen wakes though nothing happened.
//!
//! Whatever is done now and then hangs on this one beat, so that the program
//! wakes once for all of it.

use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

/// From one beat to the next. A second, to the eye; not quite, because Tokio
/// keeps timers in wheels of 64 slots, and a timer that falls between two slots
/// of a wheel wakes the program at each wheel: two or three times for a second.
/// Multiples of 1,024 ms since the runtime began never fall between.
const PERIOD: Duration = Duration::from_millis(1_024);

/// Says when to wake. Copies beat together.
#[derive(Debug, Clone, Copy)]
pub struct Beat {
    since: Instant,
}

impl Beat {
    /// A beat that begins now. To be called right before the runtime is built:
    /// its timers count from there, in milliseconds that are rounded up.
    #[must_use]
    pub fn begin() -> Self {
        Self {
            since: Instant::now(),
        }
    }

    /// Ticks at once, then at every so many beats.
    ///
    /// # Panics
    /// Outside a Tokio runtime, and when `beats` is 0.
    #[must_use]
    pub fn every(self, beats: u32) -> Interval {
        let mut ticks = interval_at(self.since, PERIOD * beats);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn beats_fall_together_however_late_they_are() {
        let beat = Beat::begin();
        let (mut each, mut second) = (beat.every(1), beat.every(2));
        each.tick().await;
        tokio::time::advance(Duration::from_millis(700)).await;
        second.tick().await;
        tokio::time::advance(PERIOD * 3).await;
        let (one, other) = (each.tick().await, second.tick().await);
        assert!(one - beat.since == PERIOD && other - beat.since == PERIOD * 2);
        let (one, other) = (each.tick().await, second.tick().await);
        assert_eq!((one - beat.since, one), (PERIOD * 4, other));
    }
}
