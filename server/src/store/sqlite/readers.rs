//! Connections that only read, lent to one reader at a time.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::gate::Gate;
use super::identity::Identity;
use crate::store::StoreError;

/// A pool of reading connections, opened as they are needed.
#[derive(Debug)]
pub(super) struct Readers {
    identity: Arc<Identity>,
    gate: Arc<Gate>,
    idle: Arc<Mutex<Vec<Connection>>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    /// A pool of `at_once` connections.
    pub(super) fn new(identity: Arc<Identity>, gate: Arc<Gate>, at_once: usize) -> Self {
        Self {
            identity,
            gate,
            idle: Arc::default(),
            turns: Arc::new(Semaphore::new(at_once)),
        }
    }

    /// Runs `read` on a connection, away from the threads that serve sockets,
    /// in one read transaction: all it sees is of one moment.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = self
            .turns
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| StoreError::Closed)?;
        let (identity, idle) = (self.identity.clone(), self.idle.clone());
        let gate = self.gate.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let lent = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut connection = match lent {
                Some(connection) => connection,
                None => open(&identity)?,
            };
            let _passed = gate.pass();
            let snapshot = connection.transaction()?;
            let found = read(&snapshot)?;
            snapshot.finish()?;
            // A connection whose read failed is dropped, not lent again.
            idle.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
            Ok(found)
        });
        match reading.await {
            Ok(found) => found,
            Err(panic) => Err(StoreError::Failed(panic.to_string())),
        }
    }
}

/// Another connection to the file that was opened, not to one that took its place.
fn open(identity: &Identity) -> Result<Connection, StoreError> {
    identity.check().map_err(StoreError::Failed)?;
    let connection = super::connect::connect(identity.path())?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}
