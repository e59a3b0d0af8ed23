//! Writes a record while the screen runs.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;

use super::line::{FORM, Line, What};
use super::mask::Mask;
use crate::app::Settings;
use crate::app::row::Sort;
use crate::event::Event;

/// A record grows to this and no further.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// An open record.
#[derive(Debug)]
pub struct Recorder {
    file: File,
    mask: Mask,
    written: u64,
}

impl Recorder {
    /// Begins a record in a file that only its owner may read.
    ///
    /// # Errors
    /// When the file is there already, or cannot be written.
    pub fn create(path: &Path, mask: Mask) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self {
            file: options.open(path)?,
            mask,
            written: 0,
        })
    }

    /// Writes the first line.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn start(&mut self, settings: &Settings) -> io::Result<()> {
        let sort = Sort::ALL.iter().position(|sort| *sort == settings.sort);
        let what = What::Start {
            form: FORM,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            vendor: settings.vendor.clone(),
            title: settings.title.clone(),
            sort: sort.unwrap_or_default(),
            time_zone: settings.time_zone.iana_name().map(str::to_owned),
            read_only: settings.read_only,
        };
        self.write(settings.clock.now(), what)
    }

    /// Writes down what happens now, before it is acted upon: the event that a
    /// program fails at is the one that matters.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn happens(&mut self, at: Timestamp, event: &Event) -> io::Result<()> {
        match What::of(event, &mut self.mask) {
            Some(what) => self.write(at, what),
            None => Ok(()),
        }
    }

    fn write(&mut self, at: Timestamp, what: What) -> io::Result<()> {
        if self.written >= MAX_BYTES {
            return Ok(());
        }
        let mut line = serde_json::to_vec(&Line { at, what })?;
        line.push(b'\n');
        self.written += line.len() as u64;
        self.file.write_all(&line)
    }
}
