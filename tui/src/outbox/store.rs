//! The file of one server and account.
//!
//! What always holds: a change that [`Store::queue`] took is in every later
//! [`Store::read`] until it is settled, whatever is killed when. Whoever writes
//! holds the `.lock` file's lock and reads the file anew first; whoever sends
//! holds the `.sending` file's. Lock files stay: to delete one is to let two in.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use ordertop::client::Url;
use ordertop::order::VendorId;

use super::record::{self, FORMAT, Line, Owner, Record, Settled};
use crate::files;
use crate::model::digest;
use crate::model::outbox::{Contents, Entry, MAX_WAITING, Outcome};

/// A file that is longer is none of ours: far more than [`MAX_WAITING`] changes take.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// What was settled is dropped from a file that is longer, though others wait.
const COMPACT_BYTES: u64 = 1024 * 1024;
/// How long to wait for another program that writes: it takes milliseconds.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);
/// How often to look whether it is done.
const LOCK_LOOK: Duration = Duration::from_millis(10);

/// Why the outbox could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// The disk, or the right to use it.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another program writes and does not end.
    #[error("another program holds {path} locked", path = path.display())]
    Busy {
        /// Which file.
        path: PathBuf,
    },
    /// [`MAX_WAITING`] changes wait.
    #[error("the outbox is full: {MAX_WAITING} changes wait")]
    Full,
    /// A later version of the program wrote it.
    #[error("{path} was written by a newer ordertop", path = path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
    },
    /// It is another server's or another account's.
    #[error("{path} is the outbox of another server or vendor", path = path.display())]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
}

/// A file as its next writer has to know it.
#[derive(Debug, Default)]
struct Known {
    contents: Contents,
    /// Bytes up to the end of the last whole line.
    whole: u64,
    /// Whether it says whose it is.
    headed: bool,
}

/// Tells whether a file was written since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
    /// The same name may be another file: one is replaced as a whole.
    file: u64,
}

impl Stamp {
    fn of(known: &fs::Metadata) -> Self {
        #[cfg(unix)]
        let file = std::os::unix::fs::MetadataExt::ino(known);
        #[cfg(not(unix))]
        let file = 0;
        Self {
            bytes: known.len(),
            modified: known.modified().ok(),
            file,
        }
    }
}

/// The right to send, until it is dropped.
#[derive(Debug)]
pub struct Turn {
    _lock: File,
}

/// The outbox of one server and account. Cheap to clone; every call blocks.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
    stem: String,
    owner: Owner,
    /// The file as it was read or written last: to read a thousand changes for
    /// each that is sent takes longer than to send it.
    last: Arc<Mutex<Option<(Stamp, Known)>>>,
}

impl Store {
    /// The outbox in `dir` of who acts as `vendor` on `server`, or of support.
    /// Nothing is read or made yet.
    #[must_use]
    pub fn new(dir: PathBuf, server: &Url, vendor: Option<&VendorId>) -> Self {
        let mut bare = server.clone();
        // An address without a host, which is none, has no user to take away.
        let _ = bare.set_username("");
        let _ = bare.set_password(None);
        bare.set_query(None);
        bare.set_fragment(None);
        let owner = Owner {
            format: FORMAT,
            server: bare.as_str().trim_end_matches('/').to_owned(),
            vendor: vendor.map(ToString::to_string),
        };
        let whose = owner.vendor.as_deref().unwrap_or("");
        let hash = digest::of(format!("{}\n{whose}", owner.server).as_bytes());
        let host = plain(bare.host_str().unwrap_or_default());
        let name = owner.vendor.as_deref().map_or("all".into(), plain);
        Self {
            dir,
            stem: format!("{host}_{name}_{hash:016x}"),
            owner,
            last: Arc::default(),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.file("jsonl")
    }

    fn file(&self, extension: &str) -> PathBuf {
        self.dir.join(format!("{}.{extension}", self.stem))
    }

    /// What waits. Writes nothing: an end that is torn is left for the next writer.
    ///
    /// # Errors
    /// See [`OutboxError`]; a file that is not there is an empty one.
    pub fn read(&self) -> Result<Contents, OutboxError> {
        let path = self.path();
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Contents::default());
            }
            Err(error) => return Err(at(&path)(error)),
        };
        let (stamp, known) = self.know(&file, &path)?;
        let contents = known.contents.clone();
        self.remember(stamp, known);
        Ok(contents)
    }

    /// Whether a change waits.
    ///
    /// # Errors
    /// See [`OutboxError`].
    pub fn waits(&self, id: &str) -> Result<bool, OutboxError> {
        let path = self.path();
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(at(&path)(error)),
        };
        let (stamp, known) = self.know(&file, &path)?;
        let waits = known.contents.waiting.iter().any(|entry| entry.id == id);
        self.remember(stamp, known);
        Ok(waits)
    }

    /// Whether a further [`Self::read`] would find anything new; `None` while there is no file.
    #[must_use]
    pub fn stamp(&self) -> Option<Stamp> {
        Some(Stamp::of(&fs::metadata(self.path()).ok()?))
    }

    /// Writes a change down. It is on the disk when this returns; one that is
    /// there already is there once.
    ///
    /// # Errors
    /// See [`OutboxError`]; then it is not kept.
    pub fn queue(&self, entry: &Entry) -> Result<(), OutboxError> {
        match self.queue_all(std::slice::from_ref(entry))? {
            0 => Err(OutboxError::Full),
            _ => Ok(()),
        }
    }

    /// The same for many changes, which come to the disk together. Says how many
    /// of them are there: the others, the last ones, found no room.
    ///
    /// # Errors
    /// See [`OutboxError`]; then none of them is kept that was not before.
    pub fn queue_all(&self, entries: &[Entry]) -> Result<usize, OutboxError> {
        let _lock = self.lock()?;
        let (file, known) = self.open()?;
        let waiting = &known.contents.waiting;
        let there: HashSet<&str> = waiting.iter().map(|known| &*known.id).collect();
        let room = MAX_WAITING.saturating_sub(waiting.len());
        let (mut kept, mut new) = (0, Vec::new());
        for entry in entries {
            if !there.contains(&*entry.id) {
                if new.len() == room {
                    break;
                }
                new.push(Record::Queued(Box::new(entry.clone())));
            }
            kept += 1;
        }
        if !new.is_empty() {
            self.append(file, known, new)?;
        }
        Ok(kept)
    }

    /// Writes down that a change which waits was sent; nothing where it does not wait.
    ///
    /// # Errors
    /// See [`OutboxError`]; then it waits as before.
    pub fn mark_sent(&self, entry: &Entry) -> Result<(), OutboxError> {
        let _lock = self.lock()?;
        let (file, known) = self.open()?;
        let mut waiting = known.contents.waiting.iter();
        let Some(unsent) = waiting.find(|known| known.id == entry.id && !known.sent) else {
            return Ok(());
        };
        let sent = Entry {
            sent: true,
            ..unsent.clone()
        };
        self.append(file, known, vec![Record::Queued(Box::new(sent))])
    }

    /// Strikes a change out; false when it did not wait.
    ///
    /// # Errors
    /// See [`OutboxError`]; then it waits still.
    pub fn settle(&self, id: &str, outcome: Outcome, now: Timestamp) -> Result<bool, OutboxError> {
        let _lock = self.lock()?;
        let (file, mut known) = self.open()?;
        let waiting = &mut known.contents.waiting;
        let Some(at) = waiting.iter().position(|entry| entry.id == id) else {
            return Ok(false);
        };
        if waiting.len() == 1 || known.whole > COMPACT_BYTES {
            waiting.remove(at);
            drop(file);
            self.rewrite(&known.contents)?;
        } else {
            let settled = Settled {
                id: id.to_owned(),
                at: now,
                outcome,
            };
            self.append(file, known, vec![Record::Settled(settled)])?;
        }
        Ok(true)
    }

    /// Takes the right to send; `None` while another program has it.
    ///
    /// # Errors
    /// See [`OutboxError`].
    pub fn turn(&self) -> Result<Option<Turn>, OutboxError> {
        let path = self.file("sending");
        let file = self.lock_file(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Turn { _lock: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(at(&path)(error)),
        }
    }

    fn lock(&self) -> Result<File, OutboxError> {
        let path = self.file("lock");
        let file = self.lock_file(&path)?;
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if began.elapsed() < LOCK_PATIENCE => {
                    sleep(LOCK_LOOK);
                }
                Err(TryLockError::WouldBlock) => return Err(OutboxError::Busy { path }),
                Err(TryLockError::Error(error)) => return Err(at(&path)(error)),
            }
        }
    }

    fn lock_file(&self, path: &Path) -> Result<File, OutboxError> {
        files::make_folder(path).map_err(at(&self.dir))?;
        private()
            .create(true)
            .write(true)
            .truncate(false)
            .open(path)
            .map_err(at(path))
    }

    fn remember(&self, stamp: Stamp, known: Known) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((stamp, known));
    }

    /// The file for writing, and what it holds; its lock is held.
    fn open(&self) -> Result<(File, Known), OutboxError> {
        let path = self.path();
        let file = private()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .map_err(at(&path))?;
        let (_, known) = self.know(&file, &path)?;
        Ok((file, known))
    }

    /// What the file holds, and since when.
    fn know(&self, file: &File, path: &Path) -> Result<(Stamp, Known), OutboxError> {
        // The stamp first: what is written in between is seen the next time.
        let stamp = Stamp::of(&file.metadata().map_err(at(path))?);
        let last = (self.last.lock().unwrap_or_else(PoisonError::into_inner)).take();
        if let Some((_, known)) = last.filter(|(then, _)| *then == stamp) {
            return Ok((stamp, known));
        }
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(at(path))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(at(path)(io::ErrorKind::FileTooLarge.into()));
        }
        let mut known = Known::default();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            // What has no end was being written when the program was killed:
            // nobody was told that it is kept.
            let Some(line) = line.strip_suffix(b"\n") else {
                break;
            };
            known.whole += line.len() as u64 + 1;
            match record::decode(line) {
                Line::Damaged => known.contents.damaged += 1,
                Line::Unknown => return Err(OutboxError::Newer { path: path.into() }),
                Line::Whole(record) => self.take(record, &mut known, path)?,
            }
        }
        Ok((stamp, known))
    }

    fn take(&self, record: Record, known: &mut Known, path: &Path) -> Result<(), OutboxError> {
        let waiting = &mut known.contents.waiting;
        match record {
            Record::Outbox(owner) if owner.format > FORMAT => {
                return Err(OutboxError::Newer { path: path.into() });
            }
            Record::Outbox(owner) if owner != self.owner => {
                return Err(OutboxError::Foreign { path: path.into() });
            }
            Record::Outbox(_) => known.headed = true,
            Record::Queued(entry) => match waiting.iter_mut().find(|old| old.id == entry.id) {
                // Written again: it was sent meanwhile.
                Some(old) => old.sent |= entry.sent,
                None => waiting.push(*entry),
            },
            Record::Settled(settled) => {
                let at = waiting.iter().position(|entry| entry.id == settled.id);
                at.map(|at| waiting.remove(at));
            }
        }
        Ok(())
    }

    /// Adds records behind the last whole line and brings them to the disk, all at
    /// once; `known` is what the file held, without them.
    fn append(
        &self,
        mut file: File,
        mut known: Known,
        records: Vec<Record>,
    ) -> Result<(), OutboxError> {
        let path = self.path();
        let mut bytes = Vec::new();
        if !known.headed {
            bytes = self.line(&Record::Outbox(self.owner.clone()))?;
            files::sync_folder(&self.dir).map_err(at(&self.dir))?;
        }
        for record in &records {
            bytes.extend(self.line(record)?);
        }
        let written = write_behind(&mut file, known.whole, &bytes);
        if let Err(error) = written {
            // What is told to be not kept should not come back. If this fails
            // too, the key still keeps it from being done twice.
            let _ = file.set_len(known.whole).and_then(|()| file.sync_all());
            return Err(at(&path)(error));
        }
        known.headed = true;
        known.whole += bytes.len() as u64;
        for record in records {
            self.take(record, &mut known, &path)?;
        }
        // Else it is read again.
        if let Ok(written) = file.metadata() {
            self.remember(Stamp::of(&written), known);
        }
        Ok(())
    }

    /// Puts a file in its place that holds only what waits.
    fn rewrite(&self, contents: &Contents) -> Result<(), OutboxError> {
        let path = self.path();
        if contents.damaged > 0 {
            // Somebody may want to know what stood there.
            let aside = self.file("damaged");
            files::copy_aside(&path, &aside).map_err(at(&aside))?;
        }
        let mut bytes = self.line(&Record::Outbox(self.owner.clone()))?;
        for entry in &contents.waiting {
            bytes.extend(self.line(&Record::Queued(Box::new(entry.clone())))?);
        }
        files::replace(&path, &bytes).map_err(at(&path))
    }

    fn line(&self, record: &Record) -> Result<Vec<u8>, OutboxError> {
        record::encode(record).map_err(|error| at(&self.path())(error.into()))
    }
}

fn write_behind(file: &mut File, whole: u64, bytes: &[u8]) -> io::Result<()> {
    file.set_len(whole)?;
    file.seek(SeekFrom::Start(whole))?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Files for the user alone.
#[cfg_attr(not(unix), expect(unused_mut, reason = "modes are Unix's"))]
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn at(path: &Path) -> impl Fn(io::Error) -> OutboxError {
    let path = path.to_owned();
    move |source| OutboxError::Io {
        path: path.clone(),
        source,
    }
}

/// What any file system takes in a name, and not too much of it.
fn plain(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    (text.chars().take(40))
        .map(|c| if fits(c) { c } else { '-' })
        .collect()
}

#[cfg(test)]
mod tests;
