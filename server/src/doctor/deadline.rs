//! How long a check may take, and how long one took.

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
    pub(super) async fn wait<T, E: std::fmt::Display>(
        self,
        question: impl Future<Output = Result<T, E>>,
    ) -> Result<T, String> {
        let left = self.0.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let all = PATIENCE_IN_ALL.as_secs();
            return Err(format!("not asked: the {all} s for all checks are over"));
        }
        let patience = PATIENCE.min(left);
        match tokio::time::timeout(patience, question).await {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Err(format!(
                "no answer in {:.0} s",
                patience.as_secs_f64().ceil()
            )),
        }
    }
}

/// Milliseconds, to a tenth.
pub(super) fn ms(took: Duration) -> String {
    format!("{:.1} ms", took.as_secs_f64() * 1_000.0)
}
