//! Whether the file at the store's path is still the one that was opened.
//!
//! A file that was deleted or replaced lives on for who has it open: what is committed to it
//! then is lost with the process. So the writing thread looks before each commit, and refuses.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The files of a store as they were when it was opened.
#[derive(Debug)]
pub(super) struct Identity {
    path: PathBuf,
    /// The store and its write-ahead log, each with device and inode.
    files: Vec<(PathBuf, (u64, u64))>,
}

impl Identity {
    /// That of the store at `path`, which is open: its log is there once it was read from.
    pub(super) fn of(path: &Path) -> std::io::Result<Self> {
        let path = path.canonicalize()?;
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let files = [path.clone(), log.into()].into_iter().map(|path| {
            let about = std::fs::metadata(&path)?;
            Ok((path, inode(&about)))
        });
        Ok(Self {
            path,
            files: files.collect::<std::io::Result<_>>()?,
        })
    }

    /// Where the store is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Checks that its files are still where they were.
    ///
    /// # Errors
    /// What is missing or another one, and what to do.
    pub(super) fn check(&self) -> Result<(), String> {
        for (path, opened) in &self.files {
            let found = match std::fs::metadata(path) {
                Ok(about) if inode(&about) == *opened => continue,
                Ok(_) => "is not the file that was opened".to_owned(),
                Err(error) => format!("is gone ({error})"),
            };
            let path = path.display();
            return Err(format!(
                "{path} {found}: nothing is written; stop the server, put the store in its place (a backup, \
                 perhaps), and start the server again"
            ));
        }
        Ok(())
    }
}

fn inode(about: &Metadata) -> (u64, u64) {
    (about.dev(), about.ino())
}
