//! How long to wait before trying again: full jitter, doubling, for ever.
//!
//! A random moment between zero and the ceiling spreads the clients of a server
//! that went away over the whole time ("Exponential Backoff And Jitter", AWS
//! Architecture Blog, 2015), where equal delays would bring them back together.

use std::time::Duration;

use crate::protocol::message::Retry;

/// The first ceiling, unless the server names one.
const FIRST_CEILING: Duration = Duration::from_millis(500);
/// The last ceiling, unless the server names one.
const LAST_CEILING: Duration = Duration::from_secs(20);
/// What a server may name at most: a wrong figure must not silence a client.
const MAX_CEILING: Duration = Duration::from_secs(300);

/// The delays between attempts.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    first: Duration,
    last: Duration,
    failures: u32,
}

impl Backoff {
    pub(crate) fn new() -> Self {
        Self {
            first: FIRST_CEILING,
            last: LAST_CEILING,
            failures: 0,
        }
    }

    /// Takes the server's wish for the delays to come.
    pub(crate) fn ask(&mut self, retry: Retry) {
        let ceiling = |ms| Duration::from_millis(ms).clamp(Duration::from_millis(1), MAX_CEILING);
        self.first = ceiling(retry.min_ms);
        self.last = ceiling(retry.max_ms).max(self.first);
    }

    /// The connection is good: the next failure is the first again.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// How long to wait after one more failure; `random` is uniform in 0 to 1.
    pub(crate) fn next(&mut self, random: f64) -> Duration {
        let ceiling = self
            .first
            .saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX))
            .min(self.last);
        self.failures = self.failures.saturating_add(1);
        ceiling.mul_f64(random.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ceilings(backoff: &mut Backoff, n: usize) -> Vec<u128> {
        (0..n).map(|_| backoff.next(1.0).as_millis()).collect()
    }

    #[test]
    fn the_ceiling_doubles_up_to_the_last_and_starts_over() {
        let mut backoff = Backoff::new();
        let doubling = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000];
        assert_eq!(ceilings(&mut backoff, 8), doubling);
        assert_eq!(
            ceilings(&mut backoff, 100).last(),
            Some(&20_000),
            "for ever"
        );
        backoff.reset();
        assert_eq!(ceilings(&mut backoff, 2), [500, 1_000]);
    }

    #[test]
    fn the_delay_is_anywhere_below_the_ceiling() {
        for (random, ms) in [(0.0, 0), (0.5, 250), (1.0, 500), (7.0, 500), (-1.0, 0)] {
            assert_eq!(Backoff::new().next(random).as_millis(), ms, "{random}");
        }
    }

    #[test]
    fn a_server_names_its_own_ceilings_within_reason() {
        let mut backoff = Backoff::new();
        let retry = |min_ms, max_ms| Retry { min_ms, max_ms };
        backoff.ask(retry(100, 250));
        assert_eq!(ceilings(&mut backoff, 3), [100, 200, 250]);
        backoff.ask(retry(u64::MAX, 0));
        assert_eq!(ceilings(&mut backoff, 1), [300_000]);
        backoff.ask(retry(0, 0));
        assert_eq!(ceilings(&mut backoff, 1), [1]);
    }
}
