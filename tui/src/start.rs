//! The first start: nobody said which server. A form asks, tries what was typed
//! with the real calls, keeps it, and goes on to the orders; or to the demo.
//!
//! | module | what it holds |
//! |---|---|
//! | `form` | the form's state; `update` without input or output |
//! | `check` | tries server, token and vendor, and finds what is wrong |
//! | `write` | `ordertop.toml` and the token's file |
//!
//! `view::draw_start` draws the form, this file has its loop.

mod check;
mod form;
#[cfg(test)]
mod tests;
mod write;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crossterm::event::Event as TerminalEvent;
use ordertop::client::ClientConfig;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{MissedTickBehavior, interval};

pub use form::{Answers, Effect, Event, Fault, Form, Known, KnownToken, Stage};

use crate::args::{Manners, TOKEN_VARIABLE};
use crate::config::{Config, Effective, NoToken, Origin};
use crate::demo::{self, DemoArgs};
use crate::model::address::usual_server;
use crate::model::start::Spot;
use crate::outbox;
use crate::screen::{Handed, ScreenOptions, run_screen};
use crate::signals::{Signalled, Signals, leave_anyway, stop_until_continued};
use crate::strings::start as words;
use crate::terminal::usable::check_terminal;
use crate::{terminal, view};

/// How often the sign turns while something is under way.
const TURN: Duration = Duration::from_millis(120);
/// How long leaving may take, once a signal asked for it.
const LEAVING: Duration = Duration::from_secs(2);
/// Answers that wait for the loop; a trial waits when it is full.
const ANSWER_QUEUE: usize = 8;

/// Nothing can be asked, and nobody said which server.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NothingGiven(String);

/// Whether nobody said which server: neither flag, environment nor file.
#[must_use]
pub fn is_first(effective: &Effective) -> bool {
    effective.server.origin == Origin::Usual
}

/// Asks which server, tries and keeps it, and shows its orders.
///
/// # Errors
/// [`NothingGiven`] without a terminal to ask on; when the terminal fails; when
/// what follows fails.
pub async fn run(effective: Effective, config: &Config, manners: Manners) -> anyhow::Result<()> {
    let home = etcetera::home_dir().ok();
    let file = (config.file.as_deref()).map(|file| words::path(file, home.as_deref()));
    if manners.plain || check_terminal().is_err() {
        return Err(NothingGiven(words::how_to(file.as_deref())).into());
    }
    let (token, unread) = known_token(&effective, home.as_deref());
    let known = Known {
        server: usual_server().as_str().trim_end_matches('/').to_owned(),
        vendor: effective.vendor.value.clone(),
        token,
        file: file.clone(),
    };
    let handed = Handed::take(&config.looks).await?;
    let theme = handed.themes.theme(handed.themes.worn());
    let mut form = Form::new(known, config.keymap.clone(), theme);
    form.fault = unread;
    let mut asking = Asking {
        form,
        handed,
        file: config.file.clone(),
        trial: None,
        outcome: None,
        suspended: false,
    };
    let watch = leave_anyway(LEAVING)?;
    let asked = asking.run().await;
    watch.abort();
    asked?;
    let Asking {
        mut handed,
        outcome,
        form,
        ..
    } = asking;
    handed.terminal.set_mouse(false)?;
    match outcome {
        None | Some(Outcome::Left) => {
            handed.input.settle().await;
            Ok(())
        }
        Some(Outcome::Demo) => demo::run_on(DemoArgs::usual(manners)?, config, Some(handed)).await,
        Some(Outcome::GoOn { answers, saved }) => {
            let greeting = match (saved, &file, &form.known.token) {
                (true, Some(file), Some(token)) if answers.token_typed => {
                    words::shadowed(file, &token.from)
                }
                (true, Some(file), _) => words::saved(file),
                _ => words::NOT_KEPT.into(),
            };
            let mut client = ClientConfig::new(answers.url, answers.vendor, answers.credentials);
            client.poll_every = effective.poll.value;
            let options = ScreenOptions {
                outbox: outbox::default_dir(),
                handed: Some(handed),
                greeting: Some(greeting),
                ..ScreenOptions::new(client).configured(config).kept()
            };
            run_screen(options.behaving(manners)).await
        }
    }
}

/// A token that was given without a server, or why it cannot be had from its file.
fn known_token(effective: &Effective, home: Option<&Path>) -> (Option<KnownToken>, Option<Fault>) {
    let credentials = match effective.client() {
        Ok(client) => client.credentials,
        Err(NoToken::Unset) => return (None, None),
        Err(error) => return (None, Some(Fault::new(Spot::Token, &error.to_string()))),
    };
    let in_variable = effective.token_is_in_variable();
    let from = match &effective.token_file.value {
        Some(file) if !in_variable => words::path(file, home),
        _ => TOKEN_VARIABLE.to_owned(),
    };
    (Some(KnownToken { credentials, from }), None)
}

/// How the form ended.
enum Outcome {
    Left,
    Demo,
    GoOn { answers: Answers, saved: bool },
}

/// The form and what it is asked on.
struct Asking {
    form: Form,
    handed: Handed,
    file: Option<PathBuf>,
    trial: Option<AbortHandle>,
    outcome: Option<Outcome>,
    /// Whether to stop before anything else is done.
    suspended: bool,
}

impl Asking {
    async fn run(&mut self) -> anyhow::Result<()> {
        let mut signals = Signals::new()?;
        let (answers, mut answered) = mpsc::channel(ANSWER_QUEUE);
        let mut turn = interval(TURN);
        turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.resize()?;
        self.handed.terminal.set_mouse(true)?;
        loop {
            if std::mem::take(&mut self.suspended) {
                self.suspend(&mut signals).await?;
            }
            let form = &self.form;
            let drawn = |buf: &mut _| view::draw_start(form, buf);
            self.handed.terminal.draw(form.size, drawn)?;
            if self.outcome.is_some() {
                return Ok(());
            }
            tokio::select! {
                biased;
                signalled = signals.next() => match signalled {
                    Signalled::Stop => self.outcome = Some(Outcome::Left),
                    Signalled::Suspend => self.suspended = true,
                    Signalled::Continued => {
                        self.handed.terminal.take_again()?;
                        self.resize()?;
                    }
                    Signalled::Resized => {
                        // It may have moved what stands there.
                        self.handed.terminal.forget();
                        self.resize()?;
                    }
                },
                pressed = self.handed.input.next() => match pressed {
                    Some(pressed) => self.pressed(pressed?, &answers)?,
                    // The end of the input is the end of the terminal.
                    None => self.outcome = Some(Outcome::Left),
                },
                Some(answer) = answered.recv() => self.happen(answer, &answers),
                _ = turn.tick(), if self.form.is_busy() => self.happen(Event::Tick, &answers),
                // A terminal that hung up without a signal is noticed here.
                _ = second.tick() => self.resize()?,
            }
        }
    }

    fn resize(&mut self) -> anyhow::Result<()> {
        let (columns, rows) = terminal::size()?;
        self.form.update(Event::Resize(columns, rows));
        Ok(())
    }

    async fn suspend(&mut self, signals: &mut Signals) -> anyhow::Result<()> {
        self.handed.terminal.lend();
        let stopped = stop_until_continued().await;
        signals.forget_stops();
        self.handed.terminal.take_again()?;
        self.resize()?;
        stopped?;
        Ok(())
    }

    fn pressed(
        &mut self,
        event: TerminalEvent,
        answers: &mpsc::Sender<Event>,
    ) -> anyhow::Result<()> {
        let event = match event {
            TerminalEvent::Key(key) => Event::Key(key),
            TerminalEvent::Paste(text) => Event::Paste(text),
            TerminalEvent::Mouse(mouse) => Event::Mouse(mouse),
            TerminalEvent::Resize(columns, rows) => Event::Resize(columns, rows),
            TerminalEvent::FocusGained | TerminalEvent::FocusLost => return Ok(()),
        };
        self.happen(event, answers);
        Ok(())
    }

    fn happen(&mut self, event: Event, answers: &mpsc::Sender<Event>) {
        for effect in self.form.update(event) {
            self.carry_out(effect, answers.clone());
        }
    }

    fn carry_out(&mut self, effect: Effect, tell: mpsc::Sender<Event>) {
        match effect {
            Effect::Quit => self.outcome = Some(Outcome::Left),
            Effect::Demo => self.outcome = Some(Outcome::Demo),
            Effect::GoOn { answers, saved } => {
                let answers = *answers;
                self.outcome = Some(Outcome::GoOn { answers, saved });
            }
            Effect::Redraw => self.handed.terminal.forget(),
            Effect::Suspend => self.suspended = true,
            Effect::StopTrying => self.stop_trying(),
            Effect::Try { ticket, answers } => {
                self.stop_trying();
                let task = tokio::spawn(async move {
                    // A step that finds no room is passed over by the next.
                    let step = |step| drop(tell.try_send(Event::Step { ticket, step }));
                    let result = check::check(&answers, &step).await;
                    let _ = tell.send(Event::Tried { ticket, result }).await;
                });
                self.trial = Some(task.abort_handle());
            }
            Effect::Save(answers) => {
                let file = self.file.clone();
                // Beside the loop: a disk may be slow.
                tokio::task::spawn_blocking(move || {
                    let file = file.unwrap_or_default();
                    let result = write::write(&file, &answers).map_err(|error| error.to_string());
                    let _ = tell.blocking_send(Event::Saved(result));
                });
            }
        }
    }

    fn stop_trying(&mut self) {
        if let Some(trial) = self.trial.take() {
            trial.abort();
        }
    }
}
