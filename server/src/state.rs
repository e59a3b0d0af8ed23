//! The few things that every handler shares.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use jiff::Timestamp;
use ordertop::clock::Clock;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{Config, Secret};
use crate::health::Health;
use crate::hub::Hub;
use crate::store::Store;

/// What every handler shares.
#[derive(Debug)]
pub struct AppState {
    /// The settings.
    pub config: Config,
    /// The token that all callers share.
    pub master_token: Secret,
    /// The token of this run, for the management commands.
    pub management_token: Secret,
    /// Where orders are kept.
    pub store: Arc<dyn Store>,
    /// Who follows what.
    pub hub: Arc<Hub>,
    /// Whether commits work.
    pub health: Health,
    /// When this server started.
    pub started_at: Timestamp,
    /// Set once the server stops: nothing new begins, what waits goes home.
    pub draining: CancellationToken,
    /// Every connection and socket, so that stopping can wait for them.
    pub tasks: TaskTracker,
    /// Turns to read what a client missed: ten thousand that come back at once
    /// wait in line here, and not all together for the store.
    pub recoveries: Semaphore,
    /// Events handed to followers since the start.
    pub events_published: AtomicU64,
}

impl AppState {
    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.config.clock.now()
    }

    /// The clock itself.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.config.clock
    }
}
