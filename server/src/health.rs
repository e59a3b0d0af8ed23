//! Whether the store takes commits and what it holds, asked at most once in a while whoever wants
//! to know.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::cached::Cached;
use crate::store::{Store, StoreError, StoreSummary};

/// Time for which a proof that commits work is good.
const PROOF_FRESH: Duration = Duration::from_secs(1);
/// Time for which a summary is good. Counting may cost a look at each vendor.
const SUMMARY_FRESH: Duration = Duration::from_secs(2);
/// How long a commit may take before the store counts as away.
const PATIENCE: Duration = Duration::from_secs(2);

/// The last proof that commits work, or the last failure; and the last summary.
#[derive(Debug)]
pub struct Health {
    proof: Cached<Result<(), StoreError>>,
    /// Whether the last proof failed: a failure is logged once.
    is_down: Arc<AtomicBool>,
    summary: Cached<Option<StoreSummary>>,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            proof: Cached::new(PROOF_FRESH),
            is_down: Arc::default(),
            summary: Cached::new(SUMMARY_FRESH),
        }
    }
}

impl Health {
    /// Proves with a real commit that the store takes them; callers within a
    /// second share the answer, and callers at once wait for the same commit.
    ///
    /// # Errors
    /// What the store said, or that it did not answer in time.
    pub async fn check(&self, store: &Arc<dyn Store>) -> Result<(), StoreError> {
        let look = || {
            let (store, is_down) = (store.clone(), self.is_down.clone());
            async move {
                let late = || StoreError::Failed(format!("no commit in {} s", PATIENCE.as_secs()));
                let probing = tokio::time::timeout(PATIENCE, store.probe());
                let proof = probing.await.unwrap_or_else(|_| Err(late()));
                match &proof {
                    Ok(()) if is_down.swap(false, Ordering::Relaxed) => {
                        tracing::info!("ready again: the store takes changes");
                    }
                    Err(error) if !is_down.swap(true, Ordering::Relaxed) => {
                        tracing::error!(%error, "not ready: the store takes no changes");
                    }
                    _ => {}
                }
                proof
            }
        };
        let broken = || Err(StoreError::Failed("the probe broke off".to_owned()));
        self.proof.get(look).await.unwrap_or_else(broken)
    }

    /// What the store holds, as of two seconds ago at most; `None` where it does not say.
    pub async fn summary(&self, store: &Arc<dyn Store>) -> Option<StoreSummary> {
        let look = || {
            let store = store.clone();
            async move { store.summary().await.ok() }
        };
        self.summary.get(look).await.flatten()
    }
}
