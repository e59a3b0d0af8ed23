//! Who owns an embedded store: a lock beside it that names the owner's address.
//!
//! One process owns the file. A server writes its address and a token made for
//! this run into the lock file, readable by its own user alone, so that the
//! management commands reach it without being told where it listens: whoever
//! can read the store itself needs no other permission.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::StoreError;

/// How a management command reaches the server that owns a store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Owner {
    /// Where it listens: `http://127.0.0.1:8080`.
    pub url: String,
    /// A token of this run, as good as the master token.
    pub token: String,
    /// Its process.
    pub pid: u32,
}

/// The lock on a store, held until it is dropped.
#[derive(Debug)]
pub struct StoreLock {
    file: File,
}

/// What trying to lock came to.
#[derive(Debug)]
pub enum Locked {
    /// The store is ours.
    Ours(StoreLock),
    /// A server owns it.
    Theirs(Owner),
}

/// How long another command may hold the store before we give up.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Beside the store itself: two names of one file must not be two locks.
fn lock_path(store: &Path) -> PathBuf {
    let real = store.canonicalize().unwrap_or_else(|_| store.to_owned());
    let mut path = real.into_os_string();
    path.push(".lock");
    path.into()
}

/// Locks the store at `path`, or finds the server that owns it. While another
/// management command has it, this waits for some seconds.
///
/// # Errors
/// When the lock file cannot be made or stays locked.
pub async fn lock(path: &Path) -> Result<Locked, StoreError> {
    let failed = |reason: String| StoreError::Open {
        path: path.display().to_string(),
        reason,
    };
    if path.is_symlink() && !path.exists() {
        let reason = "it is a link to a file that is not there: name the file itself";
        return Err(failed(reason.to_owned()));
    }
    let lock_path = lock_path(path);
    let unwritable = |error: std::io::Error| {
        failed(format!(
            "its lock {} cannot be made: {error}",
            lock_path.display()
        ))
    };
    let mut open = OpenOptions::new();
    open.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    let mut waited = Duration::ZERO;
    loop {
        let mut file = open.open(&lock_path).map_err(unwritable)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0).map_err(unwritable)?;
                return Ok(Locked::Ours(StoreLock { file }));
            }
            Err(TryLockError::Error(error)) => return Err(unwritable(error)),
            Err(TryLockError::WouldBlock) => {}
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(unwritable)?;
        if let Ok(owner) = serde_json::from_str(&text) {
            return Ok(Locked::Theirs(owner));
        }
        // A server that is starting, or another command.
        if waited >= PATIENCE {
            return Err(failed("another ordertop-server command is using it".into()));
        }
        // There is no event for a lock that becomes free.
        tokio::time::sleep(LOOK_AGAIN).await;
        waited += LOOK_AGAIN;
    }
}

/// Who has the store at `path` open, without waiting and without making a lock
/// file where there is none; `None` when nobody has, or a command that names no
/// address.
///
/// # Errors
/// When the lock file cannot be read.
pub fn owner(path: &Path) -> std::io::Result<Option<Owner>> {
    let mut file = match File::open(lock_path(path)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    // Shared: two who look never take each other for an owner.
    match file.try_lock_shared() {
        Ok(()) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
        Err(TryLockError::WouldBlock) => {}
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(serde_json::from_str(&text).ok())
}

impl StoreLock {
    /// Says how to reach the owner.
    ///
    /// # Errors
    /// When the lock file cannot be written.
    pub fn announce(&mut self, owner: &Owner) -> std::io::Result<()> {
        let text = serde_json::to_string(owner)?;
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.file.write_all(text.as_bytes())?;
        self.file.flush()
    }
}

impl Drop for StoreLock {
    fn drop(&mut self) {
        // Leaves nothing to be mistaken for a living server; the lock itself
        // goes with the file handle.
        let _ = self.file.set_len(0);
    }
}
