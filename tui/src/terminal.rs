//! The terminal: raw mode and the other screen while the program runs, given
//! back on every way out; frames as one write each.
//!
//! Ratatui's own `Terminal` is left out: its `clear` (0.30.2) asks the terminal
//! where the cursor is and can wait for ever on one that does not answer.

mod background;
pub(crate) mod between;
pub(crate) mod input;
#[cfg(test)]
mod panicking;
mod size;
pub(crate) mod usable;

pub(crate) use background::ask as ask_background;
pub use size::size;

use std::io::{self, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste,
    EnableFocusChange, EnableMouseCapture,
};
use crossterm::style::{Attribute, ResetColor, SetAttribute};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{Command, execute, queue};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};

use crate::model::text::width;
use between::Between;

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
    mouse: bool,
    between: Between,
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
        enter()?;
        Ok(Self {
            shown: Buffer::default(),
            next: Buffer::default(),
            cursor: None,
            whole: true,
            mouse: false,
            between: Between::of(|name| std::env::var(name).ok()),
            out: Vec::new(),
        })
    }

    /// Gives the terminal back for a while, to the shell.
    pub fn lend(&mut self) {
        give_back();
    }

    /// Takes the terminal again, lent or not: whoever had it meanwhile may have
    /// left it in any state. The next frame draws every cell.
    ///
    /// # Errors
    /// When it is gone.
    pub fn take_again(&mut self) -> io::Result<()> {
        give_back();
        enter()?;
        self.whole = true;
        if self.mouse {
            take_mouse()?;
        }
        Ok(())
    }

    /// The next frame draws every cell.
    pub fn forget(&mut self) {
        self.whole = true;
    }

    /// Draws a frame of so many columns and rows: what differs from the frame
    /// before, in one write, shown at once where the terminal can (mode 2026).
    /// Gives whether anything did.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn draw(
        &mut self,
        (columns, rows): (u16, u16),
        view: impl FnOnce(&mut Buffer) -> Option<Position>,
    ) -> io::Result<bool> {
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
        let unchanged = self.shown.content == self.next.content;
        if unchanged && cursor == self.cursor && !whole {
            return Ok(false);
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
        paint(&mut self.out, &self.shown, &self.next)?;
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
        Ok(true)
    }

    /// Puts a text into the terminal's clipboard (OSC 52), through tmux and GNU
    /// screen too; nothing tells whether the terminal allows it.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        self.send(&copying(text, self.between))
    }

    /// Writes bytes that draw nothing, such as the bell, in one write.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() || !OURS.load(Ordering::SeqCst) {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()
    }

    /// Takes the mouse, or gives it back.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        if on {
            take_mouse()
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

/// What puts a text into the clipboard of the terminal behind.
fn copying(text: &str, between: Between) -> Vec<u8> {
    let (mut sequence, mut out) = (String::new(), String::new());
    // Writing into a text does not fail.
    let _ = CopyToClipboard::to_clipboard_from(text).write_ansi(&mut sequence);
    // Ended by the bell's character: GNU screen would take `ESC \` within for the end
    // of its own string.
    let sequence = sequence.replace("\u{1b}\\", "\u{7}");
    between.pass_to_clipboard(&sequence, &mut out);
    out.into_bytes()
}

/// Presses and the wheel, without every move of the pointer: those would wake the
/// program for nothing. Crossterm's own command asks for them all.
fn take_mouse() -> io::Result<()> {
    if cfg!(windows) {
        return execute!(io::stdout(), EnableMouseCapture);
    }
    let mut stdout = io::stdout().lock();
    stdout.write_all(b"\x1b[?1000h\x1b[?1006h")?;
    stdout.flush()
}

fn enter() -> io::Result<()> {
    enable_raw_mode()?;
    OURS.store(true, Ordering::SeqCst);
    let taken = execute!(
        io::stdout(),
        EnterAlternateScreen,
        EnableBracketedPaste,
        EnableFocusChange,
        Hide
    );
    if taken.is_err() {
        give_back();
    }
    taken
}

/// Gives the terminal back, once. What cannot be written to a terminal that is
/// gone is of no use to anyone: errors are passed over.
pub(crate) fn give_back() {
    if !OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    let _ = execute!(
        io::stdout(),
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableFocusChange,
        DisableBracketedPaste,
        ResetColor,
        SetAttribute(Attribute::Reset),
        LeaveAlternateScreen,
        Show
    );
    let _ = disable_raw_mode();
}

/// Writes what differs between two frames.
///
/// Terminals do not agree how many columns a cluster of several characters
/// takes (`या`, 🇩🇪): overwriting its first column may leave the rest of it. A
/// row that has one, or had one, is written whole when anything in it changed.
pub(crate) fn paint(out: &mut Vec<u8>, shown: &Buffer, next: &Buffer) -> io::Result<()> {
    let width = usize::from(next.area.width).max(1);
    let whole: Vec<bool> = (shown.content.chunks(width))
        .zip(next.content.chunks(width))
        .map(|(old, new)| old != new && old.iter().chain(new).any(is_cluster))
        .collect();
    let changed = shown.diff(next);
    let simple = (changed.into_iter()).filter(|(_, y, _)| !whole[usize::from(*y)]);
    CrosstermBackend::new(&mut *out).draw(simple)?;
    for (y, cells) in (0_u16..).zip(next.content.chunks(width)) {
        if whole[usize::from(y)] {
            paint_row(out, y, cells)?;
        }
    }
    Ok(())
}

/// Writes every column of a row. A cluster gets its columns blanked first, and
/// the cursor is set anew after it, wherever the terminal left it.
fn paint_row(out: &mut Vec<u8>, y: u16, cells: &[Cell]) -> io::Result<()> {
    let mut backend = CrosstermBackend::new(out);
    let mut x = 0;
    while x < cells.len() {
        let cell = &cells[x];
        let wide = width(cell.symbol()).max(1);
        let at = |x: usize| u16::try_from(x).unwrap_or(u16::MAX);
        if is_cluster(cell) {
            let mut blank = cell.clone();
            blank.set_symbol(" ");
            let end = (x + wide).min(cells.len());
            backend.draw((x..end).map(|x| (at(x), y, &blank)))?;
            backend.draw(std::iter::once((at(x), y, cell)))?;
            x = end;
            continue;
        }
        let end = (x..cells.len())
            .find(|x| is_cluster(&cells[*x]))
            .unwrap_or(cells.len());
        let mut run = Vec::with_capacity(end - x);
        while x < end {
            run.push((at(x), y, &cells[x]));
            x += width(cells[x].symbol()).max(1);
        }
        backend.draw(run.into_iter())?;
    }
    Ok(())
}

/// Whether the cell holds several characters.
fn is_cluster(cell: &Cell) -> bool {
    cell.symbol().chars().nth(1).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;
    use unicode_width::UnicodeWidthChar;

    #[test]
    fn a_text_is_copied_through_tmux_and_screen() {
        // ``printf 'é #1' | base64``
        let plain = "\u{1b}]52;c;w6kgIzE=\u{7}";
        let copied = |between| String::from_utf8(copying("é #1", between)).unwrap();
        assert_eq!(copied(Between::Nothing), plain);
        assert_eq!(
            copied(Between::Tmux),
            format!("{plain}\u{1b}Ptmux;\u{1b}\u{1b}]52;c;w6kgIzE=\u{7}\u{1b}\\")
        );
        assert_eq!(
            copied(Between::Screen),
            "\u{1b}P\u{1b}]52;c;w6kgIzE=\u{7}\u{1b}\\"
        );
    }

    /// A terminal that gives every character its own columns, as tmux does with
    /// flags and with Indic vowel signs. It knows `MoveTo` and text.
    struct Apart {
        rows: Vec<Vec<char>>,
    }

    impl Apart {
        fn take(&mut self, written: &[u8]) {
            let text = String::from_utf8(written.to_vec()).unwrap();
            let mut chars = text.chars();
            let (mut x, mut y) = (0, 0);
            while let Some(c) = chars.next() {
                if c != '\u{1b}' {
                    for i in 0..c.width().unwrap_or(0) {
                        if let Some(cell) = self.rows[y].get_mut(x + i) {
                            *cell = if i == 0 { c } else { '\0' };
                        }
                    }
                    x += c.width().unwrap_or(0);
                    continue;
                }
                let sequence: String = (chars.by_ref().skip(1))
                    .take_while(|c| {
                        let end = c.is_ascii_alphabetic();
                        if *c == 'H' {
                            (x, y) = (usize::MAX, 0);
                        }
                        !end
                    })
                    .collect();
                if x == usize::MAX {
                    let (row, column) = sequence.split_once(';').unwrap();
                    y = row.parse::<usize>().unwrap() - 1;
                    x = column.parse::<usize>().unwrap() - 1;
                }
            }
        }
    }

    fn frame(lines: [&str; 2]) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 2));
        for (y, line) in (0..).zip(lines) {
            buffer.set_string(0, y, line, Style::new());
        }
        buffer
    }

    #[test]
    fn no_part_of_a_cluster_stays_behind() {
        let frames = [
            ["HD10440  माया Nguyen", "🇩🇪 Berlin  या"],
            ["HD10441  Maya Nguyen", "ab cd"],
            ["HD10442  Li 🇩🇪🇫🇷", "या"],
            ["HD", ""],
        ];
        let mut terminal = Apart {
            rows: vec![vec![' '; 20]; 2],
        };
        let mut shown = frame(["", ""]);
        for lines in frames {
            let next = frame(lines);
            let mut out = Vec::new();
            paint(&mut out, &shown, &next).unwrap();
            terminal.take(&out);
            shown = next;
            for (row, line) in terminal.rows.iter().zip(lines) {
                let seen: String = row.iter().filter(|c| **c != '\0').collect();
                assert_eq!(seen.trim_end(), line);
            }
        }
    }
}
