//! When a change is sent again.
//!
//! A change that got no answer may be done or not. It carries an
//! `Idempotency-Key`, under which a server does it once and answers alike, so it
//! is sent again: when no connection came about or it broke, when no answer came
//! in time, and when the server or its store is away (502, 503, 504). Never when
//! the server understood and said no.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::backoff::Backoff;
use super::error::RequestError;

/// How long a call may take from its start to the last byte of its answer,
/// beside the time that it asks the server to wait.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// For how long a change is tried anew: longer than a server takes to start
/// again, short enough for the one who waits for the answer.
const RETRY_FOR: Duration = Duration::from_secs(15);
/// How long one attempt may take while there is time for another: a connection
/// that broke without a word is noticed by this alone.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// An `Idempotency-Key` that nobody else has: 128 random bits in hex.
#[must_use]
pub fn new_key() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// The attempts of one change, all within [`CALL_TIMEOUT`].
#[derive(Debug)]
pub(super) struct Attempts {
    began: Instant,
    backoff: Backoff,
}

impl Attempts {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            backoff: Backoff::new(),
        }
    }

    /// How long the attempt that begins now may take: the last one has what is left.
    pub(super) fn timeout(&self) -> Duration {
        let elapsed = self.began.elapsed();
        if elapsed + ATTEMPT_TIMEOUT < RETRY_FOR {
            ATTEMPT_TIMEOUT
        } else {
            CALL_TIMEOUT.saturating_sub(elapsed)
        }
    }

    /// Waits until it is time for another attempt; false when there is none.
    pub(super) async fn again(&mut self, error: &RequestError) -> bool {
        let Some(wait) = self.wait(error, rand::random()) else {
            return false;
        };
        tracing::debug!(%error, ?wait, "a change is sent again");
        sleep(wait).await;
        true
    }

    /// How long to wait after this error; `random` is uniform in 0 to 1.
    fn wait(&mut self, error: &RequestError, random: f64) -> Option<Duration> {
        let asked = match error {
            RequestError::Unreachable { .. } | RequestError::Timeout { .. } => Duration::ZERO,
            RequestError::Away {
                status: 502..=504,
                retry_after,
                ..
            } => retry_after.unwrap_or_default(),
            _ => return None,
        };
        // Added, so that those who were told the same do not come back together.
        let wait = asked.saturating_add(self.backoff.next(random));
        (self.began.elapsed().saturating_add(wait) < RETRY_FOR).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;
    use crate::client::event::Credentials;
    use crate::client::fake::{Fake, Mode};
    use crate::client::rest::Rest;
    use crate::order::OrderKey;
    use crate::protocol::rest::{StatusChange, StatusChanged};

    /// Far more than any test takes.
    const PATIENCE: Duration = Duration::from_secs(60);

    fn away(status: u16, retry_after: Option<u64>) -> RequestError {
        RequestError::Away {
            status,
            message: "away".to_owned(),
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    fn unreachable() -> RequestError {
        RequestError::Unreachable {
            server: "h:1".to_owned(),
            reason: "connection refused".to_owned(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_have_happened_is_sent_again_and_a_refusal_never() {
        let wait = |error: &RequestError| Attempts::new().wait(error, 1.0).map(|d| d.as_millis());
        assert_eq!(wait(&unreachable()), Some(500));
        assert_eq!(wait(&away(503, None)), Some(500));
        assert_eq!(wait(&away(503, Some(2))), Some(2_500));
        assert_eq!(wait(&away(503, Some(u64::MAX))), None, "too long a wait");
        assert_eq!(wait(&away(429, Some(1))), None);
        let refused = RequestError::from_answer(400, None, b"");
        assert_eq!(wait(&refused), None);
        let broken = RequestError::from_answer(500, None, b"");
        assert_eq!(wait(&broken), None, "it would fail alike");
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_end_in_time() {
        let mut attempts = Attempts::new();
        assert_eq!(attempts.timeout(), ATTEMPT_TIMEOUT);
        let mut waited = Duration::ZERO;
        while let Some(wait) = attempts.wait(&unreachable(), 1.0) {
            waited += wait;
            advance(wait).await;
        }
        assert!(waited < RETRY_FOR && waited > RETRY_FOR / 3, "{waited:?}");
        assert!(attempts.timeout() + waited <= CALL_TIMEOUT);
        advance(CALL_TIMEOUT).await;
        assert_eq!(attempts.timeout(), Duration::ZERO);
    }

    async fn change(fake: &Fake) -> Result<StatusChanged, RequestError> {
        let credentials = Credentials {
            master_token: "secret".to_owned(),
        };
        let server = format!("http://{}", fake.address).parse().unwrap();
        let rest = Rest::new(&server, &credentials).unwrap();
        let key = OrderKey {
            vendor: "42".parse().unwrap(),
            number: "A-1".parse().unwrap(),
        };
        let change = rest.change_status(&key, &StatusChange::default()).await;
        fake.with(|state| assert_eq!(state.keys.len(), state.asked.len()));
        change
    }

    /// A change while the server fails so, until it has been asked twice.
    async fn outlasted(mode: Mode) {
        let fake = Fake::start().await;
        fake.with(|state| {
            state.stream.touch(1);
            state.rest = mode;
        });
        let mends = async {
            fake.until(|state| state.keys.len() == 2).await;
            fake.with(|state| state.rest = Mode::Good);
        };
        let both = async { tokio::join!(change(&fake), mends).0 };
        let changed = tokio::time::timeout(PATIENCE, both).await.expect("in time");
        assert!(changed.unwrap().changed);
        let keys = fake.with(|state| state.keys.clone());
        assert!(keys.len() >= 3 && keys[0].len() == 32, "{keys:?}");
        assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
        // Another change has another key.
        change(&fake).await.unwrap();
        assert_ne!(fake.with(|state| state.keys.pop()).unwrap(), keys[0]);
    }

    #[tokio::test]
    async fn a_change_outlasts_a_store_that_is_away_under_one_key() {
        outlasted(Mode::Status(503)).await;
    }

    #[tokio::test]
    async fn a_change_outlasts_broken_connections_under_one_key() {
        outlasted(Mode::HangUp).await;
    }

    #[tokio::test]
    async fn a_refused_change_is_sent_once() {
        for status in [400, 409, 429, 500] {
            let fake = Fake::start().await;
            fake.with(|state| state.rest = Mode::Status(status));
            change(&fake).await.unwrap_err();
            assert_eq!(fake.with(|state| state.asked.len()), 1, "{status}");
        }
    }
}
