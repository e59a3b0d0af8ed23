//! Connections for commits that wait for replicas: each is one commit's alone
//! while it waits, for Redis answers nothing else on it meanwhile.

use std::sync::{Arc, Mutex, PoisonError};

use redis::RedisResult;
use tokio::sync::Semaphore;

use super::connect::Connector;
use super::connection::{Connection, PATIENCE, timed_out};
use super::link::is_broken;

/// Commits that wait for replicas at once; others wait for their turn.
const MAX_WAITERS: usize = 32;

/// Idle connections, and turns to have one.
#[derive(Debug)]
pub(super) struct Waiters {
    connector: Arc<Connector>,
    idle: Mutex<Vec<Connection>>,
    turns: Semaphore,
}

impl Waiters {
    pub(super) fn new(connector: Arc<Connector>) -> Self {
        Self {
            connector,
            idle: Mutex::default(),
            turns: Semaphore::new(MAX_WAITERS),
        }
    }

    /// Does something with a connection of its own. A connection that was idle may
    /// have broken since: then it is done once more with a new one.
    pub(super) async fn run<T, F: Future<Output = RedisResult<T>>>(
        &self,
        work: impl Fn(Connection) -> F,
    ) -> RedisResult<T> {
        let working = async {
            let _turn = self.turns.acquire().await;
            let idle = self
                .idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop();
            if let Some(connection) = idle {
                match work(connection.clone()).await {
                    Err(error) if is_broken(&error) && !error.is_timeout() => {}
                    done => return self.lend_again(connection, done),
                }
            }
            let connection = self.connector.connect(None).await?;
            let done = work(connection.clone()).await;
            self.lend_again(connection, done)
        };
        match tokio::time::timeout(PATIENCE, working).await {
            Ok(done) => done,
            Err(_) => Err(timed_out("no answer")),
        }
    }

    /// A connection that failed is not lent again.
    fn lend_again<T>(&self, connection: Connection, done: RedisResult<T>) -> RedisResult<T> {
        if done.is_ok() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(connection);
        }
        done
    }
}
