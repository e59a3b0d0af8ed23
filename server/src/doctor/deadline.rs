//! How long a check may take, and how long one took.

use std::fmt;
use std::time::{Duration, Instant};

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long all of them may take.
const PATIENCE_IN_ALL: Duration = Duration::from_secs(60);

/// When all must be over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline(Instant);

impl Deadline {
    /// For checks that begin now.
    pub(super) fn new() -> Self {
        Self(Instant::now() + PATIENCE_IN_ALL)
    }

    /// Waits for an answer, but not for ever; a failure says why in words.
    pub(super) async fn wait<T, E: fmt::Display>(
        self,
        question: impl Future<Output = Result<T, E>>,
    ) -> Result<T, String> {
        self.ask(question).await.map_err(|why| why.to_string())
    }

    /// Waits for an answer, but not for ever.
    pub(super) async fn ask<T, E>(
        self,
        question: impl Future<Output = Result<T, E>>,
    ) -> Result<T, NoAnswer<E>> {
        let left = self.0.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(NoAnswer::NotAsked);
        }
        let patience = PATIENCE.min(left);
        match tokio::time::timeout(patience, question).await {
            Ok(answer) => answer.map_err(NoAnswer::Failed),
            Err(_) => Err(NoAnswer::Silent(patience)),
        }
    }
}

/// Why a question has no answer.
pub(super) enum NoAnswer<E> {
    /// The time for all checks was over.
    NotAsked,
    /// Nothing came within this time.
    Silent(Duration),
    /// It failed.
    Failed(E),
}

impl<E: fmt::Display> fmt::Display for NoAnswer<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => {
                let all = PATIENCE_IN_ALL.as_secs();
                write!(f, "not asked: the {all} s for all checks are over")
            }
            Self::Silent(patience) => {
                write!(f, "no answer in {:.0} s", patience.as_secs_f64().ceil())
            }
            Self::Failed(error) => error.fmt(f),
        }
    }
}

/// Milliseconds, to a tenth.
pub(super) fn ms(took: Duration) -> String {
    format!("{:.1} ms", took.as_secs_f64() * 1_000.0)
}
