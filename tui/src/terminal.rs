//! The terminal: raw mode and the other screen while the program runs, given
//! back on every way out; frames as one write each.
//!
//! Ratatui's own `Terminal` is left out: its `clear` (0.30.2) asks the terminal
//! where the cursor is and can wait for ever on one that does not answer.

use std::io::{self, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::style::{Attribute, ResetColor, SetAttribute};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Whether the terminal is ours. The panic hook asks it too.
static OURS: AtomicBool = AtomicBool::new(false);
static PANIC_HOOK: Once = Once::new();

/// The terminal while the program has it; gives it back when dropped.
#[derive(Debug)]
pub struct Terminal {
    shown: Buffer,
    next: Buffer,
    cursor: Option<Position>,
    whole: bool,
    out: Vec<u8>,
}

impl Terminal {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When it does not let itself be taken.
    pub fn take() -> io::Result<Self> {
        PANIC_HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                give_back();
                before(panic);
            }));
        });
        // Our theme decides about colours: under NO_COLOR crossterm itself
        // would drop bold and reverse too.
        crossterm::style::force_color_output(true);
        enable_raw_mode()?;
        OURS.store(true, Ordering::SeqCst);
        let taken = execute!(
            io::stdout(),
            EnterAlternateScreen,
            EnableBracketedPaste,
            Hide
        );
        if let Err(error) = taken {
            give_back();
            return Err(error);
        }
        Ok(Self {
            shown: Buffer::default(),
            next: Buffer::default(),
            cursor: None,
            whole: true,
            out: Vec::new(),
        })
    }

    /// The next frame draws every cell.
    pub fn forget(&mut self) {
        self.whole = true;
    }

    /// Draws a frame of so many columns and rows: what differs from the frame
    /// before, in one write, shown at once where the terminal can (mode 2026).
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn draw(
        &mut self,
        (columns, rows): (u16, u16),
        view: impl FnOnce(&mut Buffer) -> Option<Position>,
    ) -> io::Result<()> {
        if !OURS.load(Ordering::SeqCst) {
            return Err(io::Error::other(
                "the terminal was given back after a panic",
            ));
        }
        let area = Rect::new(0, 0, columns, rows);
        self.next.resize(area);
        self.next.reset();
        let cursor = view(&mut self.next);
        let whole = self.whole || self.shown.area != area;
        if whole {
            self.shown.resize(area);
            self.shown.reset();
        }
        let changed = self.shown.diff(&self.next);
        if changed.is_empty() && cursor == self.cursor && !whole {
            return Ok(());
        }
        self.out.clear();
        queue!(self.out, BeginSynchronizedUpdate, Hide)?;
        if whole {
            queue!(
                self.out,
                ResetColor,
                SetAttribute(Attribute::Reset),
                Clear(ClearType::All)
            )?;
        }
        CrosstermBackend::new(&mut self.out).draw(changed.into_iter())?;
        if let Some(cursor) = cursor {
            queue!(self.out, MoveTo(cursor.x, cursor.y), Show)?;
        }
        queue!(self.out, EndSynchronizedUpdate)?;
        let mut stdout = io::stdout().lock();
        stdout.write_all(&self.out)?;
        stdout.flush()?;
        std::mem::swap(&mut self.shown, &mut self.next);
        self.cursor = cursor;
        self.whole = false;
        Ok(())
    }

    /// Puts a text into the terminal's clipboard (OSC 52); nothing tells
    /// whether the terminal allows it.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text))
    }

    /// Takes the mouse, or gives it back.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        if on {
            execute!(io::stdout(), EnableMouseCapture)
        } else {
            execute!(io::stdout(), DisableMouseCapture)
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back, once. What cannot be written to a terminal that is
/// gone is of no use to anyone: errors are passed over.
fn give_back() {
    if !OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    let _ = execute!(
        io::stdout(),
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableBracketedPaste,
        ResetColor,
        SetAttribute(Attribute::Reset),
        LeaveAlternateScreen,
        Show
    );
    let _ = disable_raw_mode();
}

/// Columns and rows, as the terminal says now.
///
/// # Errors
/// When the terminal is gone: unlike crossterm's `size`, this starts no other
/// program to find out.
pub fn size() -> io::Result<(u16, u16)> {
    crossterm::terminal::window_size().map(|size| (size.columns, size.rows))
}
