//! Writes a record while the screen runs.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use crossterm::event::{KeyCode, KeyEvent};
use jiff::Timestamp;

use super::line::{Line, What};
use super::mask::Mask;
use super::start::Start;
use crate::app::{App, Settings};
use crate::event::Event;
use crate::keymap::Chord;
use crate::state::Kept;
use crate::strings;

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
        Ok(Self::on(options.open(path)?, mask))
    }

    pub(super) fn on(file: File, mask: Mask) -> Self {
        Self {
            file,
            mask,
            written: 0,
        }
    }

    /// Writes the first line; `restored` is what the run before left.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn start(&mut self, settings: &Settings, restored: Option<&Kept>) -> io::Result<()> {
        let start = Start::of(settings, restored, &mut self.mask);
        self.write(settings.clock.now(), What::Start(Box::new(start)))
    }

    /// Writes down what happens to `app` now, before it is acted upon: the event
    /// that a program fails at is the one that matters.
    ///
    /// # Errors
    /// When the file cannot be written, or is as long as a record may be. Nothing
    /// more can be written then.
    pub fn happens(&mut self, app: &App, event: &Event) -> io::Result<()> {
        let what = match event {
            Event::Key(key) if app.is_writing() => What::key(self.hidden(*key)),
            event => What::of(event, &mut self.mask),
        };
        match what {
            Some(what) => self.write(app.settings.clock.now(), what),
            None => Ok(()),
        }
    }

    /// The key without the character that it types.
    fn hidden(&self, mut key: KeyEvent) -> KeyEvent {
        let types = Chord::pressed(key).types();
        if let (KeyCode::Char(c), true) = (key.code, types) {
            let form = self.mask.typed(c.encode_utf8(&mut [0; 4]));
            key.code = KeyCode::Char(form.chars().next().unwrap_or(c));
        }
        key
    }

    fn write(&mut self, at: Timestamp, what: What) -> io::Result<()> {
        if self.written >= MAX_BYTES {
            return Err(io::Error::other(strings::record_full(MAX_BYTES >> 20)));
        }
        let mut line = serde_json::to_vec(&Line { at, what })?;
        line.push(b'\n');
        self.written += line.len() as u64;
        self.file.write_all(&line)
    }
}
