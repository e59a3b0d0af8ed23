//! A file that comes to be when it is whole.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use tempfile::NamedTempFile;

/// What becomes of a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    /// It is replaced.
    Replace,
    /// It stays, and nothing is written.
    Refuse,
}

/// A file that is written beside its place, readable by its owner alone, and gets its name when
/// it is whole and on the disk. Dropped before that, nothing of it is left.
#[derive(Debug)]
pub(super) struct WholeFile {
    path: PathBuf,
    folder: PathBuf,
    existing: Existing,
    unfinished: NamedTempFile,
}

impl WholeFile {
    /// Begins the file that will be at `path`; until then its name begins with `prefix`.
    pub(super) fn new(path: &Path, prefix: &str, existing: Existing) -> anyhow::Result<Self> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        ensure!(
            !path.is_dir(),
            "cannot write {}: it is a folder; name a file in it",
            path.display()
        );
        ensure!(
            existing == Existing::Replace || !path.exists(),
            "{} is there already: name another file, or replace it with --force",
            path.display()
        );
        let unfinished = NamedTempFile::with_prefix_in(prefix, folder)
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            folder: folder.to_owned(),
            existing,
            unfinished,
        })
    }

    /// The file to write into.
    pub(super) fn as_file(&self) -> &File {
        self.unfinished.as_file()
    }

    /// Where it is until it is whole.
    pub(super) fn unfinished(&self) -> &Path {
        self.unfinished.path()
    }

    /// Gives it its name, after its bytes reached the disk; the name reaches it too. Says how
    /// long it is.
    pub(super) fn keep(self) -> anyhow::Result<u64> {
        let failed = || format!("failed to write {}", self.path.display());
        self.unfinished.as_file().sync_all().with_context(failed)?;
        let kept = match self.existing {
            Existing::Replace => self.unfinished.persist(&self.path),
            // Whoever came to be there meanwhile stays.
            Existing::Refuse => self.unfinished.persist_noclobber(&self.path),
        };
        let failed = || format!("failed to write {}", self.path.display());
        let kept = kept.with_context(failed)?;
        let folder = File::open(&self.folder).with_context(failed)?;
        folder.sync_all().with_context(failed)?;
        Ok(kept.metadata().with_context(failed)?.len())
    }
}
