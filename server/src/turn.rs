//! A connection's turn: how many are served at a time.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

/// A connection's place among [`crate::config::Limits::connections`]: given back
/// when its requests have ended, or the socket that it became.
#[derive(Debug, Clone)]
pub struct Turn(#[expect(dead_code, reason = "held, never read")] Arc<OwnedSemaphorePermit>);

impl Turn {
    /// The turn that this permit stands for.
    #[must_use]
    pub fn new(permit: OwnedSemaphorePermit) -> Self {
        Self(Arc::new(permit))
    }
}
