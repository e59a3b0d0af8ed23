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

/// Beats from one tick to the next while nothing on the screen changes with the
/// time. On these beats all else that is done now and then falls too.
const REST: u32 = 2;

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

    /// The clock of a screen: ticks at once, then at every beat, or at every
    /// other one while it is told that nothing changes.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    #[must_use]
    pub fn of_a_screen(self) -> ScreenClock {
        ScreenClock {
            beat: self,
            ticks: self.every(1),
            rests: false,
        }
    }

    /// The first moment from now on that is a multiple of so many beats.
    fn next(self, beats: u32) -> Instant {
        let every = PERIOD * beats;
        let since = self.since.elapsed().as_nanos();
        let done = u32::try_from(since / every.as_nanos()).unwrap_or(u32::MAX - 1);
        self.since + every * (done + 1)
    }
}

/// When a screen wakes for the time alone: see [`Beat::of_a_screen`].
#[derive(Debug)]
pub struct ScreenClock {
    beat: Beat,
    ticks: Interval,
    rests: bool,
}

impl ScreenClock {
    /// Waits for the next tick.
    pub async fn tick(&mut self) {
        self.ticks.tick().await;
        if self.rests {
            self.ticks.reset_at(self.beat.next(REST));
        }
    }

    /// Whether the last frame differed from the one before it. Ages that tell
    /// minutes need no tick a second; the first frame that differs brings the
    /// next beat back.
    pub fn drawn(&mut self, differs: bool) {
        if self.rests != differs {
            return;
        }
        self.rests = !differs;
        let beats = if self.rests { REST } else { 1 };
        self.ticks.reset_at(self.beat.next(beats));
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

    #[tokio::test(start_paused = true)]
    async fn a_screen_on_which_nothing_changes_wakes_at_every_other_beat() {
        let beat = Beat::begin();
        let mut clock = beat.of_a_screen();
        let mut ticked = Vec::new();
        // As frames differ: the first two, none while it rests, then one again.
        for differs in [true, true, false, false, false, true, true] {
            clock.tick().await;
            let beats = beat.since.elapsed().as_millis() / PERIOD.as_millis();
            ticked.push(beats);
            clock.drawn(differs);
        }
        assert_eq!(ticked, [0, 1, 2, 4, 6, 8, 9]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_changes_in_between_brings_the_next_beat_back() {
        let beat = Beat::begin();
        let mut clock = beat.of_a_screen();
        clock.tick().await;
        clock.drawn(false);
        tokio::time::advance(PERIOD / 2).await;
        clock.drawn(true);
        clock.tick().await;
        assert_eq!(Instant::now(), beat.since + PERIOD);
    }
}
