//! What is asked at the first start, and what was typed so far. [`Form::update`]
//! takes an event and says what the world should do; it does no input or output.
//!
//! What always holds: what was typed stays until it is typed over, whatever the
//! server says of it; an answer to a trial that was given up is not heard.

use std::fmt;

use crossterm::event::{
    Event as TerminalEvent, KeyCode, KeyEvent, KeyEventKind, MouseButton, MouseEvent,
    MouseEventKind,
};
use ordertop::client::{Credentials, Url};
use ordertop::order::VendorId;
use ratatui::layout::Position;
use tui_input::backend::crossterm::EventHandler;
use tui_input::{Input, InputRequest};

use crate::model::address::server_address;
use crate::model::keymap::{Action, Chord, Context, Keymap};
use crate::model::start::{Spot, Step};
use crate::model::text::tame;
use crate::strings::start as words;
use crate::theme::Theme;
use crate::view;

/// Longest text that a field takes, in characters: some tokens are long.
const MAX_CHARS: usize = 2_000;

/// What is wrong, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field that is to be mended; [`Spot::Connect`] for none of them.
    pub at: Spot,
    /// What is wrong and what to do; safe to show.
    pub words: String,
}

impl Fault {
    /// A fault of a field. The words may come from outside.
    #[must_use]
    pub fn new(at: Spot, words: &str) -> Self {
        let words = tame(words).into_owned();
        Self { at, words }
    }
}

/// What the form is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It waits for the user.
    Asking,
    /// It tries what was typed.
    Trying(Step),
    /// It writes the files.
    Saving,
    /// It makes the demo ready.
    Demo,
}

/// What was answered, as it can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers {
    /// The server's address, without a slash at its end.
    pub server: String,
    /// The same to be asked.
    pub url: Url,
    /// The vendor; `None` for all.
    pub vendor: Option<VendorId>,
    /// The token.
    pub credentials: Credentials,
    /// Whether the token was typed, and not found elsewhere.
    pub token_typed: bool,
}

/// A token that is there already.
#[derive(Debug, Clone)]
pub struct KnownToken {
    /// The token.
    pub credentials: Credentials,
    /// Where it is from: a variable or a file; safe to show.
    pub from: String,
}

/// One thing that happens.
#[derive(Debug, Clone)]
pub enum Event {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// The mouse.
    Mouse(MouseEvent),
    /// The terminal has another size: columns, rows.
    Resize(u16, u16),
    /// A moment passed while something is under way.
    Tick,
    /// A trial got further.
    Step {
        /// Which trial.
        ticket: u64,
        /// How far.
        step: Step,
    },
    /// The answer to [`Effect::Try`].
    Tried {
        /// Which trial.
        ticket: u64,
        /// What is wrong, if anything.
        result: Result<(), Fault>,
    },
    /// The answer to [`Effect::Save`]: a sentence's part on what could not be written.
    Saved(Result<(), String>),
}

/// One thing that the world should do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Try these answers; [`Event::Tried`] comes back.
    Try {
        /// Names the trial, so that its answer finds it.
        ticket: u64,
        /// With what.
        answers: Box<Answers>,
    },
    /// Give the trial up.
    StopTrying,
    /// Write these answers down; [`Event::Saved`] comes back.
    Save(Box<Answers>),
    /// Show the orders.
    GoOn {
        /// Of what.
        answers: Box<Answers>,
        /// Whether the answers were written down.
        saved: bool,
    },
    /// Show the demo.
    Demo,
    /// Leave.
    Quit,
    /// Draw every cell again.
    Redraw,
    /// Give the terminal to the shell until the program is continued.
    Suspend,
}

/// What the form starts with.
#[derive(Debug, Clone)]
pub struct Known {
    /// The server's usual address.
    pub server: String,
    /// A vendor that was given.
    pub vendor: Option<VendorId>,
    /// A token that was given.
    pub token: Option<KnownToken>,
    /// Where the answers will be written, safe to show; `None` for nowhere.
    pub file: Option<String>,
}

/// The form.
#[derive(Clone)]
pub struct Form {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Colours.
    pub theme: Theme,
    /// Which key does what.
    pub keymap: Keymap,
    /// What has the keys.
    pub focus: Spot,
    /// What is wrong.
    pub fault: Option<Fault>,
    /// What it is doing.
    pub stage: Stage,
    /// Turns with each [`Event::Tick`], so that one sees that it lives.
    pub turn: usize,
    /// What it started with.
    pub known: Known,
    /// What is typed, in the order of [`Spot::FIELDS`].
    inputs: [Input; 3],
    /// What is being tried or written.
    answers: Option<Box<Answers>>,
    /// Writing failed: the next time it goes on without.
    unsaved: bool,
    ticket: u64,
}

/// Without what is typed: the token is among it.
impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut form = f.debug_struct("Form");
        let form = form.field("size", &self.size).field("focus", &self.focus);
        form.field("stage", &self.stage).finish_non_exhaustive()
    }
}

impl Form {
    /// An empty form but for what is known.
    #[must_use]
    pub fn new(known: Known, keymap: Keymap, theme: Theme) -> Self {
        let vendor = known.vendor.as_ref().map_or("", VendorId::as_str);
        Self {
            size: (0, 0),
            theme,
            keymap,
            focus: Spot::Server,
            fault: None,
            stage: Stage::Asking,
            turn: 0,
            inputs: [
                Input::new(known.server.clone()),
                vendor.into(),
                Input::default(),
            ],
            known,
            answers: None,
            unsaved: false,
            ticket: 0,
        }
    }

    /// What is typed in a field; a button has nothing.
    #[must_use]
    pub fn input(&self, spot: Spot) -> Option<&Input> {
        let at = Spot::FIELDS.iter().position(|field| *field == spot)?;
        self.inputs.get(at)
    }

    /// Whether something is under way, so that [`Event::Tick`]s are due.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.stage != Stage::Asking
    }

    /// Where keys go, for the table of keys.
    #[must_use]
    pub fn context(&self) -> Context {
        match self.focus.is_field() {
            true => Context::Field,
            false => Context::Dialog,
        }
    }

    /// Whether Enter in a field leads on to the next one: the token is still missing.
    #[must_use]
    pub fn enter_leads_on(&self) -> bool {
        let typed = |spot| self.input(spot).is_some_and(|i| !i.value().is_empty());
        matches!(self.focus, Spot::Server | Spot::Vendor)
            && !typed(Spot::Token)
            && self.known.token.is_none()
    }

    /// Whether the next trial that goes well is not written down.
    #[must_use]
    pub fn goes_on_unsaved(&self) -> bool {
        self.unsaved || self.known.file.is_none()
    }

    /// Takes an event; says what the world should do.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        let mut effects = Vec::new();
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(key, &mut effects),
            Event::Key(_) => {}
            Event::Paste(text) => self.paste(&text, &mut effects),
            Event::Mouse(mouse) => self.mouse(mouse, &mut effects),
            Event::Resize(columns, rows) => self.size = view::drawn((columns, rows)),
            Event::Tick => self.turn = self.turn.wrapping_add(1),
            Event::Step { ticket, step } => {
                if self.is_trying(ticket) {
                    self.stage = Stage::Trying(step);
                }
            }
            Event::Tried { ticket, result } => {
                if self.is_trying(ticket) {
                    self.tried(result, &mut effects);
                }
            }
            Event::Saved(result) => self.saved(result, &mut effects),
        }
        effects
    }

    fn key(&mut self, key: KeyEvent, effects: &mut Vec<Effect>) {
        let action = self.keymap.action(self.context(), key);
        match action {
            Some(Action::Quit) => return effects.push(Effect::Quit),
            Some(Action::Redraw) => return effects.push(Effect::Redraw),
            Some(Action::Suspend) => return effects.push(Effect::Suspend),
            _ if view::start_places(self).is_none() => return,
            Some(Action::Cancel) if matches!(self.stage, Stage::Trying(_)) => {
                return self.stop(effects);
            }
            // The files are written in a moment, and the demo can be left.
            _ if matches!(self.stage, Stage::Saving | Stage::Demo) => return,
            _ => {}
        }
        match action {
            Some(Action::NextField) => self.turn_focus(1),
            Some(Action::PreviousField) => self.turn_focus(Spot::ALL.len() - 1),
            Some(Action::Confirm) => self.confirm(effects),
            // What is typed is not thrown away by one key.
            Some(Action::Cancel) if self.focus != Spot::Quit => self.focus = Spot::Quit,
            Some(Action::Cancel) => effects.push(Effect::Quit),
            _ => match key.code {
                KeyCode::Right if !self.focus.is_field() => self.turn_focus(1),
                KeyCode::Left if !self.focus.is_field() => self.turn_focus(Spot::ALL.len() - 1),
                _ => self.type_key(key, effects),
            },
        }
    }

    fn type_key(&mut self, key: KeyEvent, effects: &mut Vec<Effect>) {
        let Some(at) = Spot::FIELDS.iter().position(|field| *field == self.focus) else {
            return;
        };
        let input = &mut self.inputs[at];
        let full = input.value().chars().count() >= MAX_CHARS;
        if full && Chord::pressed(key).types() {
            return;
        }
        let changed = input.handle_event(&TerminalEvent::Key(key));
        if changed.is_some_and(|changed| changed.value) {
            self.typed(effects);
        }
    }

    fn paste(&mut self, text: &str, effects: &mut Vec<Effect>) {
        let fixed = matches!(self.stage, Stage::Saving | Stage::Demo);
        let at = Spot::FIELDS.iter().position(|field| *field == self.focus);
        let Some(at) = at.filter(|_| !fixed && view::start_places(self).is_some()) else {
            return;
        };
        let input = &mut self.inputs[at];
        // A token is copied with the end of its line.
        for c in text.trim().chars().filter(|c| !c.is_control()) {
            if input.value().chars().count() < MAX_CHARS {
                input.handle(InputRequest::InsertChar(c));
            }
        }
        self.typed(effects);
    }

    /// What was found wrong is being mended, what was being tried is not meant any more.
    fn typed(&mut self, effects: &mut Vec<Effect>) {
        self.unsaved = false;
        if self
            .fault
            .as_ref()
            .is_some_and(|fault| fault.at == self.focus || !fault.at.is_field())
        {
            self.fault = None;
        }
        self.stop(effects);
    }

    fn stop(&mut self, effects: &mut Vec<Effect>) {
        if matches!(self.stage, Stage::Trying(_)) {
            self.stage = Stage::Asking;
            effects.push(Effect::StopTrying);
        }
    }

    fn mouse(&mut self, mouse: MouseEvent, effects: &mut Vec<Effect>) {
        let fixed = matches!(self.stage, Stage::Saving | Stage::Demo);
        if fixed || mouse.kind != MouseEventKind::Down(MouseButton::Left) {
            return;
        }
        let here = Position::new(mouse.column, mouse.row);
        let Some(spot) = view::start_places(self).and_then(|places| places.spot_at(here)) else {
            return;
        };
        self.focus = spot;
        if !spot.is_field() {
            self.confirm(effects);
        }
    }

    fn turn_focus(&mut self, step: usize) {
        let at = Spot::ALL.iter().position(|spot| *spot == self.focus);
        self.focus = Spot::ALL[(at.unwrap_or(0) + step) % Spot::ALL.len()];
    }

    fn confirm(&mut self, effects: &mut Vec<Effect>) {
        match self.focus {
            Spot::Demo => {
                self.stop(effects);
                self.stage = Stage::Demo;
                effects.push(Effect::Demo);
            }
            Spot::Quit => effects.push(Effect::Quit),
            _ if self.enter_leads_on() => self.turn_focus(1),
            _ if matches!(self.stage, Stage::Trying(_)) => {}
            _ => match self.read() {
                Ok(answers) => {
                    self.fault = None;
                    self.ticket += 1;
                    self.stage = Stage::Trying(Step::Reaching);
                    let answers = Box::new(answers);
                    self.answers = Some(answers.clone());
                    let ticket = self.ticket;
                    effects.push(Effect::Try { ticket, answers });
                }
                Err(fault) => self.blame(fault),
            },
        }
    }

    /// What was typed, as it can be used.
    fn read(&mut self) -> Result<Answers, Fault> {
        let [server, vendor, token] = [0, 1, 2].map(|at| self.inputs[at].value().trim().to_owned());
        let server = with_scheme(&server).ok_or(Fault::new(Spot::Server, words::NO_SERVER))?;
        let url = server_address(&server).map_err(|why| Fault::new(Spot::Server, &why))?;
        if server != self.inputs[0].value() {
            self.inputs[0] = Input::new(server.clone());
        }
        let vendor = match vendor.as_str() {
            "" => None,
            id => Some(id.parse().map_err(|error: ordertop::order::InvalidId| {
                Fault::new(Spot::Vendor, &error.to_string())
            })?),
        };
        let token_typed = !token.is_empty();
        let credentials = match (&self.known.token, token_typed) {
            (_, true) => Credentials {
                master_token: token,
            },
            (Some(known), false) => known.credentials.clone(),
            (None, false) => return Err(Fault::new(Spot::Token, words::NO_TOKEN)),
        };
        Ok(Answers {
            server,
            url,
            vendor,
            credentials,
            token_typed,
        })
    }

    fn is_trying(&self, ticket: u64) -> bool {
        matches!(self.stage, Stage::Trying(_)) && ticket == self.ticket
    }

    fn tried(&mut self, result: Result<(), Fault>, effects: &mut Vec<Effect>) {
        self.stage = Stage::Asking;
        match (result, self.answers.clone()) {
            (Ok(()), Some(answers)) if self.goes_on_unsaved() => {
                self.stage = Stage::Saving;
                let saved = false;
                effects.push(Effect::GoOn { answers, saved });
            }
            (Ok(()), Some(answers)) => {
                self.stage = Stage::Saving;
                effects.push(Effect::Save(answers));
            }
            (Err(fault), _) => self.blame(fault),
            (Ok(()), None) => {}
        }
    }

    fn saved(&mut self, result: Result<(), String>, effects: &mut Vec<Effect>) {
        match (result, self.answers.clone()) {
            (Ok(()), Some(answers)) => {
                let saved = true;
                effects.push(Effect::GoOn { answers, saved });
            }
            (Err(why), _) => {
                self.stage = Stage::Asking;
                self.unsaved = true;
                self.blame(Fault::new(Spot::Connect, &words::not_saved(&why)));
            }
            (Ok(()), None) => {}
        }
    }

    /// Shows what is wrong, and goes where it can be mended.
    fn blame(&mut self, fault: Fault) {
        self.focus = fault.at;
        self.fault = Some(fault);
    }
}

/// The address with the scheme that is meant where none was typed: `http` on this
/// machine and for bare numbers, as in a shop's own network, else `https`. `None`
/// for nothing.
fn with_scheme(typed: &str) -> Option<String> {
    if let Some((scheme, rest)) = typed.split_once("://") {
        return Some(format!("{scheme}://{}", rest.trim_end_matches('/')));
    }
    let typed = typed.trim_end_matches('/');
    let https = format!("https://{typed}");
    let url = Url::parse(&https).ok();
    let by_number = |url: Url| url.domain().is_none_or(|name| name == "localhost");
    match typed {
        "" => None,
        _ if url.is_some_and(by_number) => Some(format!("http://{typed}")),
        _ => Some(https),
    }
}
