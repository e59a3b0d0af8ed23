//! Takes down what happens while the screen runs.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{Builder, JoinHandle};

use crossterm::event::{KeyCode, KeyEvent};
use jiff::Timestamp;

use super::input::Key;
use super::line::What;
use super::mask::Mask;
use super::start::Start;
use super::writer::{Entry, Noted, Writer};
use crate::app::{App, Settings};
use crate::event::Event;
use crate::model::kept::Kept;
use crate::model::keymap::Chord;
use crate::strings;

/// So much may wait to be written: what happens in some seconds of a busy market,
/// in which a snapshot of a hundred thousand orders is written. A disk that is
/// further behind ends the record: one with a hole would play to other screens.
const QUEUE: usize = 16_384;

/// An open record. Dropped, on whatever way out, it waits until all that it was
/// told is in the file.
#[derive(Debug)]
pub struct Recorder {
    /// Before the first line.
    writer: Option<Writer>,
    /// `None` before the first line and after the end.
    queue: Option<SyncSender<Entry>>,
    writing: Option<JoinHandle<io::Result<()>>>,
    /// Asked here what becomes of a typed letter: it depends on the state.
    typed: Mask,
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
            typed: mask.anew(),
            writer: Some(Writer::new(file, mask)),
            queue: None,
            writing: None,
        }
    }

    /// Writes the first line; `restored` is what the run before left.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn start(&mut self, settings: &Settings, restored: Option<&Kept>) -> io::Result<()> {
        let Some(mut writer) = self.writer.take() else {
            return Ok(());
        };
        let start = Start::of(settings, restored, writer.mask());
        writer.line(settings.clock.now(), What::Start(Box::new(start)))?;
        writer.flush()?;
        let (queue, entries) = sync_channel(QUEUE);
        self.queue = Some(queue);
        self.write_beside(entries, |entries| writer.run(&entries))
    }

    fn write_beside(
        &mut self,
        entries: Receiver<Entry>,
        write: impl FnOnce(Receiver<Entry>) -> io::Result<()> + Send + 'static,
    ) -> io::Result<()> {
        let thread = Builder::new().name("record".to_owned());
        self.writing = Some(thread.spawn(move || write(entries))?);
        Ok(())
    }

    /// Takes down what happens to `app` now, before it is acted upon: the event
    /// that a program fails at is the one that matters. It is written soon after,
    /// by a panic too; a program that is killed may leave the last moments out.
    ///
    /// # Errors
    /// When what happened before could not be written, when the record is as long
    /// as it may be, and when the disk is too far behind. Nothing more is written
    /// then.
    pub fn happens(&mut self, app: &App, event: &Event) -> io::Result<()> {
        let what = match event {
            Event::Key(key) if app.is_written_by(*key) => {
                Noted::Line(Box::new(What::Key(Key::of(self.hidden(*key)))))
            }
            event => Noted::Event(Box::new(event.clone())),
        };
        self.note(app.settings.clock.now(), what)
    }

    /// Takes down that a frame is on the screen: what is new about it is seen from
    /// now on.
    ///
    /// # Errors
    /// As [`Self::happens`].
    pub fn drawn(&mut self, at: Timestamp) -> io::Result<()> {
        self.note(at, Noted::Line(Box::new(What::Drawn)))
    }

    /// Takes down what the program says in the footer by itself.
    ///
    /// # Errors
    /// As [`Self::happens`].
    pub fn says(&mut self, at: Timestamp, words: &str) -> io::Result<()> {
        let words = words.to_owned();
        self.note(at, Noted::Line(Box::new(What::Said { words })))
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    /// When it could not be.
    pub fn finish(mut self) -> io::Result<()> {
        self.end()
    }

    /// Waits until what happened so far is written.
    #[cfg(test)]
    pub(crate) fn catch_up(&mut self) {
        let (tell, told) = std::sync::mpsc::channel();
        self.note(Timestamp::UNIX_EPOCH, Noted::Asked(tell))
            .unwrap();
        told.recv().unwrap();
    }

    fn end(&mut self) -> io::Result<()> {
        self.queue = None;
        match self.writing.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(written)) => written,
            Some(Err(_)) => Err(io::Error::other(strings::RECORD_FAILED)),
        }
    }

    /// The key without the character that it types.
    fn hidden(&self, mut key: KeyEvent) -> KeyEvent {
        let types = Chord::pressed(key).types();
        if let (KeyCode::Char(c), true) = (key.code, types) {
            let form = self.typed.typed(c.encode_utf8(&mut [0; 4]));
            key.code = KeyCode::Char(form.chars().next().unwrap_or(c));
        }
        key
    }

    fn note(&mut self, at: Timestamp, what: Noted) -> io::Result<()> {
        let Some(queue) = &self.queue else {
            return Ok(());
        };
        match queue.try_send(Entry { at, what }) {
            Ok(()) => Ok(()),
            // It has stopped, and says why.
            Err(TrySendError::Disconnected(_)) => self.end(),
            Err(TrySendError::Full(_)) => {
                // What waits is written yet; nobody waits for that here.
                self.queue = None;
                Err(io::Error::other(strings::RECORD_BEHIND))
            }
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // Who wants to know it has called `finish`.
        let _ = self.end();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;

    use ordertop::clock::ManualClock;

    use super::*;
    use crate::model::fixture::at;

    #[test]
    fn a_disk_that_is_too_far_behind_ends_the_record_and_the_screen_goes_on() {
        let file = tempfile::tempfile().unwrap();
        let mut recorder = Recorder::on(file, Mask::default());
        let (queue, entries) = sync_channel(QUEUE);
        let (go_on, stalled) = channel::<()>();
        recorder.queue = Some(queue);
        (recorder.write_beside(entries, move |entries| {
            stalled.recv().ok();
            assert_eq!(entries.iter().count(), QUEUE);
            Ok(())
        }))
        .unwrap();
        let app = App::new(Settings::new(Arc::new(ManualClock::new(at(0)))));
        for _ in 0..QUEUE {
            recorder.happens(&app, &Event::Tick).unwrap();
        }
        let full = recorder.happens(&app, &Event::Tick).unwrap_err();
        assert_eq!(full.to_string(), strings::RECORD_BEHIND);
        recorder.happens(&app, &Event::Tick).unwrap();
        drop(go_on);
        recorder.finish().unwrap();
    }

    #[test]
    fn a_disk_that_fails_is_told_once_with_what_happens_next() {
        let file = tempfile::tempfile().unwrap();
        let mut recorder = Recorder::on(file, Mask::default());
        let (queue, entries) = sync_channel(QUEUE);
        let (tell, told) = channel();
        recorder.queue = Some(queue);
        (recorder.write_beside(entries, move |entries| {
            drop(entries);
            tell.send(()).unwrap();
            Err(io::ErrorKind::StorageFull.into())
        }))
        .unwrap();
        told.recv().unwrap();
        let failed = recorder.drawn(at(0)).unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::StorageFull);
        recorder.drawn(at(1)).unwrap();
        recorder.finish().unwrap();
    }
}
