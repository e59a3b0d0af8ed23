//! Connections that only read, lent to one reader at a time.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::store::StoreError;

/// A pool of reading connections, opened as they are needed.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    /// A pool of `at_once` connections.
    pub(super) fn new(path: PathBuf, at_once: usize) -> Self {
        Self {
            path,
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
        let (path, idle) = (self.path.clone(), self.idle.clone());
        let reading = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let lent = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut connection = match lent {
                Some(connection) => connection,
                None => open(&path)?,
            };
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
            Ok(found) => found.map_err(|error: rusqlite::Error| error.into()),
            Err(panic) => Err(StoreError::Failed(panic.to_string())),
        }
    }
}

fn open(path: &std::path::Path) -> rusqlite::Result<Connection> {
    let connection = super::connect(path)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}
