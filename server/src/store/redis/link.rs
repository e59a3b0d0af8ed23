//! The connection that the store keeps.
//!
//! A [`Link`] keeps one multiplexed connection and makes a new one when it
//! breaks, or when Redis does not answer in time: a connection that a proxy
//! stalls would never tell. Every step has a time limit, so that a caller hears
//! within [`PATIENCE`] whether Redis answers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::{ErrorKind, RedisError, RedisResult, ServerErrorKind};
use tokio::time::Instant;

use super::connect::Connector;
use super::connection::{Connection, PATIENCE, timed_out};

/// How long a map of a cluster is taken to be right, whatever a node says.
pub(super) const MAP_FRESH: Duration = Duration::from_secs(1);

/// One connection, made anew when it breaks.
#[derive(Debug)]
pub(super) struct Link {
    connector: Arc<Connector>,
    current: Mutex<Current>,
    /// Held by the one who connects; the others wait for its connection.
    connecting: tokio::sync::Mutex<()>,
}

#[derive(Default)]
pub(super) struct Current {
    connection: Option<Connection>,
    /// When Redis last answered on it.
    answered: Option<Instant>,
    /// Counts the connections, so that a broken one is thrown away once.
    generation: u64,
    /// When one was last made because the map of the cluster led nowhere.
    mapped: Option<Instant>,
}

impl std::fmt::Debug for Current {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Current(generation {})", self.generation)
    }
}

impl Link {
    pub(super) fn new(connector: Arc<Connector>) -> Self {
        Self {
            connector,
            current: Mutex::default(),
            connecting: tokio::sync::Mutex::default(),
        }
    }

    /// Whoever makes the connections.
    pub(super) fn connector(&self) -> &Arc<Connector> {
        &self.connector
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn present(&self) -> Option<(Connection, u64)> {
        let current = self.lock();
        let connection = current.connection.clone()?;
        Some((connection, current.generation))
    }

    async fn connection(&self) -> RedisResult<(Connection, u64)> {
        if let Some(present) = self.present() {
            return Ok(present);
        }
        let _turn = self.connecting.lock().await;
        if let Some(present) = self.present() {
            return Ok(present);
        }
        let connection = self.connector.connect(None).await?;
        let mut current = self.lock();
        current.generation += 1;
        current.answered = None;
        current.connection = Some(connection.clone());
        Ok((connection, current.generation))
    }

    /// Throws the connection away if it is still that one.
    fn let_go(&self, generation: u64) {
        let mut current = self.lock();
        if current.generation == generation {
            current.connection = None;
        }
    }

    /// Whether a map of the cluster that led nowhere is as right as one can be: it was made
    /// anew a moment ago. Else it may be made anew now.
    fn has_fresh_map(&self, generation: u64) -> bool {
        let mut current = self.lock();
        if current.generation != generation || current.connection.is_none() {
            return false;
        }
        let fresh = current.mapped.is_some_and(|at| at.elapsed() < MAP_FRESH);
        if !fresh {
            current.mapped = Some(Instant::now());
        }
        fresh
    }

    /// Throws the connection away if nothing was answered on it since then: one
    /// that answers others is busy, and theirs too.
    fn let_go_if_silent(&self, generation: u64, since: Instant) {
        let mut current = self.lock();
        let silent = current.answered.is_none_or(|at| at < since);
        if current.generation == generation && silent {
            current.connection = None;
        }
    }

    fn answered(&self, generation: u64) {
        let mut current = self.lock();
        if current.generation == generation {
            current.answered = Some(Instant::now());
        }
    }

    /// Does something with the connection. When it turns out to be broken
    /// before Redis can have answered, it is done once more with a new one: what
    /// is done must bear being done twice.
    pub(super) async fn run<T, F: Future<Output = RedisResult<T>>>(
        &self,
        work: impl Fn(Connection) -> F,
    ) -> RedisResult<T> {
        let began = Instant::now();
        let used = AtomicU64::new(0);
        let working = async {
            let mut again = true;
            loop {
                let (connection, generation) = self.connection().await?;
                used.store(generation, Ordering::Relaxed);
                match work(connection).await {
                    Err(error) if error.is_timeout() => {
                        self.let_go_if_silent(generation, began);
                        return Err(error);
                    }
                    // The cluster itself is down: another connection would see no more.
                    Err(error) if names_no_node(&error) && self.has_fresh_map(generation) => {
                        return Err(error);
                    }
                    Err(error) if is_broken(&error) => {
                        self.let_go(generation);
                        if !std::mem::take(&mut again) {
                            return Err(error);
                        }
                    }
                    done => {
                        self.answered(generation);
                        return done;
                    }
                }
            }
        };
        match tokio::time::timeout_at(began + PATIENCE, working).await {
            Ok(done) => done,
            Err(_) => {
                self.let_go_if_silent(used.into_inner(), began);
                Err(timed_out("no answer"))
            }
        }
    }
}

/// Whether a connection with this error is of no more use: it broke, it does not
/// answer, the server at its end is no master any more, or its map of the cluster leads
/// to a node that serves nothing.
pub(super) fn is_broken(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_timeout()
        || error.is_unrecoverable_error()
        || names_no_node(error)
        || matches!(
            error.kind(),
            ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown)
        )
}

/// Whether a cluster's node does not serve what was asked of it, and names no other that
/// does. A node that was removed says so for ever, and the library asks it for ever: it
/// looks for another map only when it is sent to another node.
pub(super) fn names_no_node(error: &RedisError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Server(ServerErrorKind::ClusterDown) | ErrorKind::ClusterConnectionNotFound
    )
}
