//! Who owns an embedded store: a lock beside it that names the owner's address.
//!
//! One process owns the file. A server writes its address and a token made for
//! this run into the lock file, readable by its own user alone, so that the
//! management commands reach it without being told where it listens: whoever
//! can read the store itself needs no other permission.
//!
//! The lock file stands beside the file's real name, but a file may have several (hard links): so
//! the store itself is locked too. That is `flock` (<https://man7.org/linux/man-pages/man2/flock.2.html>),
//! of which SQLite's own locks (`fcntl`) know nothing. Those end when any descriptor of the file is
//! closed in this process: so ours stays open for as long as the lock is held.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;

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
    /// The store itself, where it could be opened.
    store: Option<HeldStore>,
}

/// A store that is locked by itself.
#[derive(Debug)]
struct HeldStore {
    file: File,
    /// Its path, where locking made it: removed again while nothing was written to it.
    made: Option<PathBuf>,
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

/// What an attempt to lock came to.
enum Attempt {
    Locked(Locked),
    /// Somebody has it who names no address: a server that starts, or another command.
    Busy(&'static str),
    /// The lock file was replaced meanwhile.
    Again,
}

/// Locks the store at `path`, or finds the server that owns it. While another
/// management command has it, this waits for some seconds. A store that is not there
/// is made, empty and for its owner alone.
///
/// # Errors
/// When the lock file cannot be made, is not ours to use, or stays locked.
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
    let unusable = |error: io::Error| {
        failed(format!(
            "its lock {} cannot be used: {error}",
            lock_path.display()
        ))
    };
    let mut waited = Duration::ZERO;
    loop {
        let why = match attempt(path, &lock_path).map_err(unusable)? {
            Attempt::Locked(locked) => return Ok(locked),
            Attempt::Busy(why) => why,
            Attempt::Again => "its lock is replaced again and again",
        };
        if waited >= PATIENCE {
            return Err(failed(why.to_owned()));
        }
        // There is no event for a lock that becomes free.
        tokio::time::sleep(LOOK_AGAIN).await;
        waited += LOOK_AGAIN;
    }
}

fn attempt(path: &Path, lock_path: &Path) -> io::Result<Attempt> {
    let mut file = open_lock(lock_path, true)?;
    examine(&file, path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::Error(error)) => return Err(error),
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            file.read_to_string(&mut text)?;
            return Ok(match serde_json::from_str(&text) {
                Ok(owner) => Attempt::Locked(Locked::Theirs(owner)),
                Err(_) => Attempt::Busy("another ordertop-server command is using it"),
            });
        }
    }
    // Whoever comes next must find the file that we locked.
    let ours = file.metadata()?;
    let named = std::fs::symlink_metadata(lock_path);
    if !named.is_ok_and(|named| (named.dev(), named.ino()) == (ours.dev(), ours.ino())) {
        return Ok(Attempt::Again);
    }
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    file.set_len(0)?;
    let store = match lock_itself(path) {
        Ok(store) => store,
        Err(TryLockError::Error(error)) => return Err(error),
        Err(TryLockError::WouldBlock) => {
            let why = "another program has this very file open under another name (a hard link): name it as that one does";
            return Ok(Attempt::Busy(why));
        }
    };
    Ok(Attempt::Locked(Locked::Ours(StoreLock { file, store })))
}

/// Opens the lock file itself, never what a link leads to.
fn open_lock(path: &Path, write: bool) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
    let mut open = OpenOptions::new();
    open.read(true).write(write).create(write).truncate(false);
    open.mode(0o600).custom_flags(flags.cast_signed());
    open.open(path).map_err(|error| {
        if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
            return io::Error::other("it is a link: remove it");
        }
        error
    })
}

/// Whether the lock file is a plain file of ours or of the store's owner: it gets a token.
fn examine(lock: &File, store: &Path) -> io::Result<()> {
    let about = lock.metadata()?;
    if !about.is_file() {
        return Err(io::Error::other("it is no plain file: remove it"));
    }
    let (owner, us) = (about.uid(), rustix::process::geteuid().as_raw());
    let stores = std::fs::metadata(store).ok().map(|about| about.uid());
    // Root's own store apart, root does not write secrets into files that others made.
    if owner != us && stores != Some(owner) {
        let why = format!("it belongs to user {owner}, and this runs as user {us}: remove it");
        return Err(io::Error::other(why));
    }
    if about.nlink() > 1 {
        return Err(io::Error::other(
            "it has a second name (a hard link): remove it",
        ));
    }
    Ok(())
}

/// Locks the store itself, whatever it is called. `None` where it cannot be opened:
/// opening the store says why.
fn lock_itself(path: &Path) -> Result<Option<HeldStore>, TryLockError> {
    let mut open = OpenOptions::new();
    open.read(true).write(true).mode(0o600);
    let (opened, made) = match open.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            (open.create_new(true).open(path), Some(path.to_owned()))
        }
        opened => (opened, None),
    };
    let Ok(file) = opened else { return Ok(None) };
    file.try_lock()?;
    Ok(Some(HeldStore { file, made }))
}

/// Who has the store at `path` open, without waiting and without making a lock
/// file where there is none; `None` when nobody has, or a command that names no
/// address.
///
/// # Errors
/// When the lock file cannot be read.
pub fn owner(path: &Path) -> io::Result<Option<Owner>> {
    let mut file = match open_lock(&lock_path(path), false) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    examine(&file, path)?;
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
    pub fn announce(&mut self, owner: &Owner) -> io::Result<()> {
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
        let Some(HeldStore { file, made }) = &self.store else {
            return;
        };
        if let Some(path) = made
            && file.metadata().is_ok_and(|about| about.len() == 0)
        {
            let _ = std::fs::remove_file(path);
        }
    }
}
