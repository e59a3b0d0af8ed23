//! Plays a record: through the same state and the same view, at the times that
//! it tells. What the state asks of the world is dropped, so nothing is sent and
//! nothing rings; the keys of who watches do nothing but leave.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use crossterm::event::{Event as TerminalEvent, KeyCode, KeyModifiers};
use jiff::{SignedDuration, Timestamp};
use ordertop::clock::{Clock, ManualClock};
use ordertop::protocol::PackedOrder;
use tokio::time::{Instant, sleep_until};

use super::change::packed;
use super::line::{Line, What};
use super::picture;
use super::start::FORM;
use crate::app::{App, Settings};
use crate::event::Event;
use crate::screen::Handed;
use crate::signals::{Signalled, Signals, stop_until_continued};
use crate::terminal;
use crate::terminal::usable::check_terminal;
use crate::theme::{Looks, ThemeName, Themes};
use crate::view;

/// The first form that tells when the clock ticked and when a frame was drawn.
const TOLD: u32 = 2;

/// What to do with a record.
#[derive(Debug)]
pub struct Replay {
    /// The record.
    pub file: PathBuf,
    /// So many times as fast as it was.
    pub speed: f64,
    /// Write the last frame into this file instead of playing.
    pub svg: Option<PathBuf>,
    /// The theme of that picture; the dark one unless another is named.
    pub theme: ThemeName,
}

/// A record and the state that it has come to.
#[derive(Debug)]
pub struct Player<R> {
    /// The screen.
    pub app: App,
    clock: ManualClock,
    /// Whether the record has the clock's ticks and the frames.
    told: bool,
    /// Orders of a snapshot that is told of in several lines.
    ahead: VecDeque<Arc<PackedOrder>>,
    lines: io::Lines<R>,
    next: Option<Line>,
    read: usize,
}

impl<R: BufRead> Player<R> {
    /// Reads the first line; `settings` says how the screen is to look.
    ///
    /// # Errors
    /// When it is no record, or one of a newer form.
    pub fn new(
        record: R,
        settings: impl FnOnce(Arc<dyn Clock>) -> Settings,
    ) -> anyhow::Result<Self> {
        let mut lines = record.lines();
        let first = lines.next().context("the record is empty")??;
        let first: Line = serde_json::from_str(&first).context("line 1 is no start of a record")?;
        let What::Start(start) = first.what else {
            bail!("line 1 is no start of a record");
        };
        if start.form > FORM {
            let program = &start.program;
            bail!("the record is of a newer form: ordertop {program} wrote it");
        }
        let told = start.form >= TOLD;
        let clock = ManualClock::new(first.at);
        let mut settings = settings(Arc::new(clock.clone()));
        let restored = start.apply(&mut settings);
        let mut app = App::new(settings);
        if let Some(kept) = restored {
            // What it asks of the world is asked of nobody.
            app.restore(kept, None);
        }
        let mut player = Self {
            app,
            clock,
            told,
            ahead: VecDeque::new(),
            lines,
            next: None,
            read: 1,
        };
        player.read_on()?;
        Ok(player)
    }

    /// When the next event happened; `None` at the end.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        self.next.as_ref().map(|line| line.at)
    }

    /// What the record's clock shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What comes by the clock alone before the next event: a second goes by after
    /// the other. `None` when the record itself tells when the clock ticked.
    fn next_second(&self) -> Option<Timestamp> {
        let second = self.now().checked_add(SignedDuration::from_secs(1)).ok()?;
        let next = self.next_at()?;
        (!self.told && second < next).then_some(second)
    }

    /// Moves the clock on to a moment, never back, and lets it tick.
    fn wait_until(&mut self, at: Timestamp) {
        self.advance(at);
        self.app.update(Event::Tick);
    }

    /// Lets the next event happen.
    ///
    /// # Errors
    /// When its line cannot be read; the error names it.
    pub fn step(&mut self) -> anyhow::Result<()> {
        let Some(Line { at, what }) = self.next.take() else {
            return Ok(());
        };
        if self.told {
            self.advance(at);
        } else if at > self.now() {
            // The clock ticked meanwhile, as it did when this was recorded.
            self.wait_until(at);
        }
        match what {
            What::Drawn => self.app.drawn(),
            What::Said { words } => self.app.say(words),
            what => {
                let event = what.event(&mut self.ahead);
                let event = event.with_context(|| format!("line {}", self.read))?;
                self.happens(event);
            }
        }
        self.read_on()
    }

    fn happens(&mut self, event: Option<Event>) {
        let Some(event) = event else { return };
        self.app.update(event);
        if !self.told {
            self.app.drawn();
        }
    }

    fn advance(&mut self, at: Timestamp) {
        let by = at.duration_since(self.clock.now());
        if by > SignedDuration::ZERO {
            self.clock.advance(by);
        }
    }

    fn read_on(&mut self) -> anyhow::Result<()> {
        for line in self.lines.by_ref() {
            self.read += 1;
            let at = self.read;
            let line = line.with_context(|| format!("line {at}"))?;
            let line: Line = serde_json::from_str(&line).with_context(|| format!("line {at}"))?;
            match line.what {
                What::Orders { orders } => {
                    for order in orders {
                        let order = packed(order).with_context(|| format!("line {at}"))?;
                        self.ahead.push_back(order);
                    }
                }
                _ => {
                    self.next = Some(line);
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Plays a record on the terminal, or draws its end.
///
/// # Errors
/// When it cannot be read, or there is no terminal.
pub async fn play(
    replay: Replay,
    looks: &Looks,
    settings: impl FnOnce(Arc<dyn Clock>, Themes) -> Settings,
) -> anyhow::Result<()> {
    if let Some(out) = &replay.svg {
        let drawn = picture::of_file(&replay.file, replay.theme)?;
        return std::fs::write(out, drawn)
            .with_context(|| format!("{} cannot be written", out.display()));
    }
    check_terminal()?;
    let record = open(&replay.file)?;
    let mut handed = Handed::take(looks).await?;
    let themes = handed.themes.clone();
    let settings = |clock| Settings {
        replay: true,
        ..settings(clock, themes)
    };
    let player =
        Player::new(record, settings).with_context(|| replay.file.display().to_string())?;
    let shown = show(player, replay.speed, &mut handed).await;
    handed.input.settle().await;
    shown
}

/// Opens a record.
pub(super) fn open(file: &Path) -> anyhow::Result<impl BufRead + use<>> {
    let opened =
        std::fs::File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(BufReader::new(opened))
}

async fn show<R: BufRead>(
    mut player: Player<R>,
    speed: f64,
    Handed {
        terminal, input, ..
    }: &mut Handed,
) -> anyhow::Result<()> {
    let mut signals = Signals::new()?;
    let mut size = terminal::size()?;
    let (began, from) = (Instant::now(), player.now());
    let moment = |at: Timestamp| {
        let after = at.duration_since(from).as_secs_f64() / speed;
        let after = Duration::try_from_secs_f64(after).unwrap_or_default();
        began + after.min(Duration::from_secs(86_400))
    };
    loop {
        // A record of a larger terminal is seen in this one.
        let (columns, rows) = player.app.size;
        if columns > size.0 || rows > size.1 || (columns, rows) == (0, 0) {
            player.app.update(Event::Resize(size.0, size.1));
        }
        let app = &player.app;
        terminal.draw(app.size, |buffer| view::draw(app, buffer))?;
        let next = player.next_at();
        let second = player.next_second();
        let wake = second.or(next).map(moment);
        tokio::select! {
            biased;
            signalled = signals.next() => match signalled {
                Signalled::Stop => return Ok(()),
                Signalled::Suspend => {
                    terminal.lend();
                    stop_until_continued().await?;
                    signals.forget_stops();
                    terminal.take_again()?;
                }
                Signalled::Continued => terminal.take_again()?,
                Signalled::Resized => {
                    size = terminal::size()?;
                    terminal.forget();
                }
            },
            pressed = input.next() => match pressed.transpose()? {
                None => return Ok(()),
                Some(TerminalEvent::Resize(columns, rows)) => {
                    size = (columns, rows);
                    terminal.forget();
                }
                Some(TerminalEvent::Key(key)) if leaves(key.code, key.modifiers) => return Ok(()),
                Some(_) => {}
            },
            () = sleep_until(wake.unwrap_or(began)), if wake.is_some() => {
                match second {
                    Some(second) => player.wait_until(second),
                    None => player.step()?,
                }
            }
        }
    }
}

fn leaves(code: KeyCode, held: KeyModifiers) -> bool {
    matches!(code, KeyCode::Esc | KeyCode::Char('q'))
        || (code == KeyCode::Char('c') && held.contains(KeyModifiers::CONTROL))
}
