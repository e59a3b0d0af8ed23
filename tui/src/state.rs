//! What is kept between runs: a file for each server and vendor under
//! `$XDG_STATE_HOME/ordertop/` (else `~/.local/state/ordertop/`).
//!
//! What always holds: the file is replaced whole, by a rename, so that a reader
//! and a second program never see half of it; the last writer wins. A file that
//! cannot be read is set aside and never overwritten. It holds buyers' names:
//! only its owner may read it.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ordertop::client::Url;
use ordertop::order::VendorId;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::files;
use crate::model::digest;
use crate::model::kept::Kept;

/// A file that is larger is not ours.
const MAX_BYTES: u64 = 4 << 20;
/// Changes are written at most so often.
const WRITE_EVERY: Duration = Duration::from_secs(5);

/// The file of one server and vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateFile {
    path: PathBuf,
}

impl StateFile {
    /// The file for a server and a vendor, or all vendors; `None` where there is
    /// no home directory.
    #[must_use]
    pub fn of(server: &Url, vendor: Option<&VendorId>) -> Option<Self> {
        Some(Self::within(&files::state_folder()?, server, vendor))
    }

    /// The file in a folder of the caller's.
    #[must_use]
    pub fn within(folder: &Path, server: &Url, vendor: Option<&VendorId>) -> Self {
        let vendor = vendor.map_or("", VendorId::as_str);
        let digest = digest::of_parts([server.as_str().as_bytes(), vendor.as_bytes()]);
        let path = folder.join(format!("state-{digest:016x}.json"));
        Self { path }
    }

    /// What the run before left. A file that cannot be read is set aside, and the
    /// sentence says so.
    #[must_use]
    pub fn read(&self) -> (Kept, Option<String>) {
        let wrong = match self.read_whole() {
            Ok(None) => return (Kept::default(), None),
            Ok(Some(bytes)) => match serde_json::from_slice(&bytes) {
                Ok(kept) => return (kept, None),
                Err(error) => error.to_string(),
            },
            Err(error) => error.to_string(),
        };
        let where_to = match files::set_aside(&self.path, "broken") {
            Ok(aside) => format!("it was moved to {}", aside.display()),
            Err(error) => format!("it cannot be moved away either: {error}"),
        };
        let file = self.path.display();
        let words = format!("{file} cannot be read ({wrong}); {where_to}");
        (Kept::default(), Some(words))
    }

    fn read_whole(&self) -> io::Result<Option<Vec<u8>>> {
        let file = match fs::File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(io::Error::other(format!(
                "larger than {} MiB",
                MAX_BYTES >> 20
            )));
        }
        Ok(Some(bytes))
    }

    /// Replaces the file.
    ///
    /// # Errors
    /// When it cannot be written; the file before stays whole.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        files::replace(&self.path, bytes)
    }
}

/// Writes the file now and then, beside the loop.
#[derive(Debug)]
pub struct Keeper {
    file: StateFile,
    written: Vec<u8>,
    next: Instant,
    writing: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Writes to this file, the first time after a while.
    #[must_use]
    pub fn new(file: StateFile) -> Self {
        Self {
            file,
            written: Vec::new(),
            next: Instant::now() + WRITE_EVERY,
            writing: None,
        }
    }

    /// To be called every second: writes what changed, at most every few seconds.
    pub fn keep(&mut self, kept: impl FnOnce() -> Kept) {
        let busy = (self.writing.as_ref()).is_some_and(|writing| !writing.is_finished());
        if Instant::now() < self.next || busy {
            return;
        }
        self.next = Instant::now() + WRITE_EVERY;
        let Some(bytes) = bytes(&kept()).filter(|bytes| *bytes != self.written) else {
            return;
        };
        self.written.clone_from(&bytes);
        let file = self.file.clone();
        self.writing = Some(tokio::task::spawn_blocking(move || {
            told(file.write(&bytes))
        }));
    }

    /// The last word, on leaving.
    pub async fn finish(mut self, kept: &Kept) {
        if let Some(writing) = self.writing.take() {
            let _ = writing.await;
        }
        if let Some(bytes) = bytes(kept) {
            told(self.file.write(&bytes));
        }
    }
}

fn bytes(kept: &Kept) -> Option<Vec<u8>> {
    match serde_json::to_vec(kept) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            tracing::warn!(%error, "the state cannot be written down");
            None
        }
    }
}

fn told(result: io::Result<()>) {
    if let Err(error) = result {
        tracing::warn!(%error, "the state between runs was not written");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::{at, listed, vendor};
    use ordertop::order::OrderStatus;

    fn file(folder: &Path) -> StateFile {
        let server = Url::parse("http://127.0.0.1:8080").unwrap();
        StateFile::within(folder, &server, Some(&vendor()))
    }

    fn some() -> Kept {
        Kept {
            left_at: Some(at(5)),
            seen_until: [(vendor(), at(1))].into(),
            unseen: vec![listed("7", OrderStatus::Paid, 0).key(&vendor())],
            told: vec![1, u64::MAX],
            mouse: Some(true),
            ..Kept::default()
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder.path().join("not/there/yet"));
        assert_eq!(file.read(), (Kept::default(), None));
        file.write(&bytes(&some()).unwrap()).unwrap();
        assert_eq!(file.read(), (some(), None));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&file.path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "nobody else may read it");
        }
        let beside = fs::read_dir(file.path.parent().unwrap()).unwrap();
        assert_eq!(beside.count(), 1, "nothing else is left behind");
    }

    #[test]
    fn a_way_to_sort_that_was_renamed_is_still_known() {
        let kept: Kept = serde_json::from_str(r#"{"sort":{"by":"age","reversed":true}}"#).unwrap();
        let sorting = kept.sort.unwrap();
        assert_eq!(
            (sorting.by, sorting.reversed),
            (crate::model::sort::Sort::Since, true)
        );
        assert!(
            serde_json::to_string(&sorting)
                .unwrap()
                .contains(r#""age""#)
        );
    }

    #[test]
    fn each_server_and_vendor_has_a_file() {
        let folder = Path::new("/s");
        let one = Url::parse("http://a").unwrap();
        let other = Url::parse("http://b").unwrap();
        let files = [
            StateFile::within(folder, &one, None),
            StateFile::within(folder, &one, Some(&vendor())),
            StateFile::within(folder, &other, None),
        ];
        assert!(files[0] != files[1] && files[0] != files[2] && files[1] != files[2]);
        assert_eq!(files[0], StateFile::within(folder, &one, None));
    }

    #[test]
    fn a_broken_file_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(folder.path());
        let too_large = vec![b' '; usize::try_from(MAX_BYTES).unwrap() + 1];
        let broken = [&b"{\"told\": [1, 2"[..], b"7", &too_large];
        for broken in broken {
            fs::write(&file.path, broken).unwrap();
            let (kept, words) = file.read();
            assert_eq!(kept, Kept::default());
            assert!(words.unwrap().contains("was moved to"));
            assert_eq!(file.read(), (Kept::default(), None));
        }
        for (name, broken) in ["broken", "broken-2", "broken-3"].iter().zip(broken) {
            let aside = file.path.with_extension(format!("json.{name}"));
            assert_eq!(fs::read(aside).unwrap(), broken, "{name}");
        }
    }

    #[test]
    fn two_programs_never_read_half_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(folder.path());
        let states: Vec<Kept> = (1..3)
            .map(|n| Kept {
                told: vec![n; 5_000 * usize::try_from(n).unwrap()],
                ..Kept::default()
            })
            .collect();
        file.write(&bytes(&states[0]).unwrap()).unwrap();
        std::thread::scope(|scope| {
            for state in &states {
                let (file, bytes) = (file.clone(), bytes(state).unwrap());
                scope.spawn(move || (0..50).for_each(|_| file.write(&bytes).unwrap()));
            }
            for _ in 0..50 {
                let (kept, words) = file.read();
                assert_eq!(words, None);
                assert!(states.contains(&kept));
            }
        });
    }

    #[tokio::test(start_paused = true)]
    async fn changes_are_written_at_most_every_few_seconds() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(folder.path());
        let mut keeper = Keeper::new(file.clone());
        keeper.keep(|| panic!("too early"));
        tokio::time::advance(WRITE_EVERY).await;
        keeper.keep(some);
        keeper.keep(|| panic!("too early again"));
        keeper.writing.take().unwrap().await.unwrap();
        assert_eq!(file.read().0, some());
        tokio::time::advance(WRITE_EVERY).await;
        keeper.keep(some);
        assert!(keeper.writing.is_none(), "nothing changed");
        keeper.finish(&Kept::default()).await;
        assert_eq!(file.read().0, Kept::default());
    }
}
