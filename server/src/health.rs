//! Whether the store takes commits, asked at most once a second.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::store::{Store, StoreError};

/// How long an answer is good for.
const FRESH: Duration = Duration::from_secs(1);
/// How long a commit may take before the store counts as away.
const PATIENCE: Duration = Duration::from_secs(2);

/// The last proof that commits work, or the last failure.
#[derive(Debug, Default)]
pub struct Health(Mutex<Option<(Instant, Result<(), StoreError>)>>);

impl Health {
    /// Proves with a real commit that the store takes them; callers within a
    /// second share the answer, and callers at once wait for the same commit.
    ///
    /// # Errors
    /// What the store said, or that it did not answer in time.
    pub async fn check(&self, store: &dyn Store) -> Result<(), StoreError> {
        let mut last = self.0.lock().await;
        if let Some((at, answer)) = &*last
            && at.elapsed() < FRESH
        {
            return answer.clone();
        }
        let answer = match tokio::time::timeout(PATIENCE, store.probe()).await {
            Ok(answer) => answer,
            Err(_) => Err(StoreError::Failed(format!(
                "no commit in {} s",
                PATIENCE.as_secs()
            ))),
        };
        *last = Some((Instant::now(), answer.clone()));
        answer
    }
}
