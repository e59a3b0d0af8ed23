//! Writes the lines of a record, in a thread of its own: the screen waits neither
//! for a disk nor for the text of a hundred thousand orders.

use std::fs::File;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, TryRecvError};

use jiff::Timestamp;

use super::line::{Line, What};
use super::mask::Mask;
use crate::event::Event;
use crate::strings;

/// A record grows to this and no further.
const MAX_BYTES: u64 = 256 * 1024 * 1024;
/// Lines are collected up to so many bytes while more of them wait.
const MANY_BYTES: usize = 64 * 1024;

/// What the screen hands over.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) at: Timestamp,
    pub(super) what: Noted,
}

/// What happened, as it happened or as the line that tells of it.
#[derive(Debug)]
pub(super) enum Noted {
    Event(Box<Event>),
    Line(Box<What>),
    /// Asks for a word when all before it is in the file.
    #[cfg(test)]
    Asked(std::sync::mpsc::Sender<()>),
}

/// The file, and what stands for what in it.
#[derive(Debug)]
pub(super) struct Writer {
    file: File,
    mask: Mask,
    /// Whole lines that are not in the file yet.
    lines: Vec<u8>,
    written: u64,
}

impl Writer {
    pub(super) fn new(file: File, mask: Mask) -> Self {
        Self {
            file,
            mask,
            lines: Vec::new(),
            written: 0,
        }
    }

    pub(super) fn mask(&mut self) -> &mut Mask {
        &mut self.mask
    }

    /// Writes what is handed over until nobody hands anything over any more.
    pub(super) fn run(mut self, entries: &Receiver<Entry>) -> io::Result<()> {
        loop {
            let next = match entries.try_recv() {
                Err(TryRecvError::Empty) => {
                    self.flush()?;
                    entries.recv().ok()
                }
                next => next.ok(),
            };
            match next {
                Some(entry) => self.note(entry)?,
                None => return self.flush(),
            }
        }
    }

    fn note(&mut self, Entry { at, what }: Entry) -> io::Result<()> {
        let what = match what {
            Noted::Line(what) => *what,
            #[cfg(test)]
            Noted::Asked(tell) => {
                self.flush()?;
                return tell.send(()).map_err(io::Error::other);
            }
            Noted::Event(event) => {
                // Apart, for the lines that are written ahead.
                let mut mask = std::mem::take(&mut self.mask);
                let what = What::of(&event, &mut mask, |what| self.line(at, what));
                self.mask = mask;
                what?
            }
        };
        self.line(at, what)
    }

    /// Writes a line; it is in the file after [`Self::flush`], if not before.
    pub(super) fn line(&mut self, at: Timestamp, what: What) -> io::Result<()> {
        if self.written >= MAX_BYTES {
            self.flush()?;
            return Err(io::Error::other(strings::record_full(MAX_BYTES >> 20)));
        }
        let before = self.lines.len();
        serde_json::to_writer(&mut self.lines, &Line { at, what })?;
        self.lines.push(b'\n');
        self.written += (self.lines.len() - before) as u64;
        match self.lines.len() < MANY_BYTES {
            true => Ok(()),
            false => self.flush(),
        }
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        let written = self.file.write_all(&self.lines);
        self.lines.clear();
        written
    }
}
