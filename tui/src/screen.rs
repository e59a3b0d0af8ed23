//! The one loop: what happens goes to the state, what the state asks for is
//! done, and the screen is drawn.
//!
//! Signals come first, then keys, answers, the client, the clock. A key is
//! drawn at once, data at most thirty times a second; when nothing happens the
//! loop wakes once a second, for the ages on the screen, or every other second
//! while they stand still.

mod bulk;
mod keys;
mod print;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use crossterm::event::{Event as TerminalEvent, MouseEventKind};
use jiff::tz::TimeZone;
use ordertop::client::{Client, ClientConfig};
use ordertop::clock::Clock;
use tokio::runtime::{self, Handle};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet, block_in_place};
use tokio::time::{Instant, sleep_until, timeout};

use crate::alerts::AlertSettings;
use crate::alerts::command::Commands;
use crate::alerts::osc::Channel;
use crate::app::row::Sort;
use crate::app::{App, Hint, Settings};
use crate::args::Manners;
use crate::beat::Beat;
use crate::config::{self, Config};
use crate::event::{Effect, Event, PrintSlip};
use crate::keymap::Keymap;
use crate::outbox::{Desk, Store};
use crate::plain;
use crate::record::{Recorder, mask::Mask};
use crate::signals::{Signalled, Signals, leave_anyway, stop_until_continued};
use crate::slip;
use crate::state::{Keeper, StateFile};
use crate::strings;
use crate::terminal::{self, Terminal};
use crate::theme::{self, LateAnswer, Looks, Palette, Theme, ThemeName, Themes};
use crate::view;
use crate::views::{self, SavedView};

/// Data is drawn at most so often.
const FRAME: Duration = Duration::from_millis(33);
/// How long leaving waits for steps that are not answered yet.
const LAST_ANSWERS: Duration = Duration::from_secs(5);
/// How long leaving may take in all, once a signal asked for it.
const LEAVING: Duration = Duration::from_secs(8);
/// Answers that wait for the loop; a request's task waits when it is full.
const ANSWER_QUEUE: usize = 64;

/// What a screen follows and how it starts.
#[derive(Debug)]
pub struct ScreenOptions {
    /// What the live client follows.
    pub client: ClientConfig,
    /// What stands beside the program's name; else the vendor.
    pub title: Option<String>,
    /// A text to be copied, shown at the start and in the help.
    pub hint: Option<Hint>,
    /// How the list is sorted at first.
    pub sort: Sort,
    /// Views that were saved.
    pub views: Vec<SavedView>,
    /// Program and arguments that print what they read; `None` for no printer.
    pub print_command: Option<Vec<String>>,
    /// Where a view is saved; `None` where there is no such file.
    pub config_file: Option<PathBuf>,
    /// Which key does what.
    pub keymap: Keymap,
    /// Where changes are kept that the server does not answer; `None` keeps none.
    pub outbox: Option<PathBuf>,
    /// Whether nothing may be changed.
    pub read_only: bool,
    /// Lines instead of a screen.
    pub plain: bool,
    /// Write down what happens into this file.
    pub record: Option<PathBuf>,
    /// Whether the buyers are made up: then a record keeps them.
    pub made_up: bool,
    /// What rings when.
    pub alerts: AlertSettings,
    /// Where what is kept between runs lies; nothing is kept without it.
    pub state: Option<StateFile>,
    /// Theme, signs and colours.
    pub looks: Looks,
    /// A terminal that was taken before; else it is taken.
    pub handed: Option<Handed>,
    /// Said in the footer at the start.
    pub greeting: Option<String>,
}

/// A terminal that another screen of this program had before, and what fits it.
#[derive(Debug)]
pub struct Handed {
    pub(crate) terminal: Terminal,
    pub(crate) themes: Themes,
    pub(crate) late_answer: LateAnswer,
}

impl ScreenOptions {
    /// A screen without title and hint, sorted by urgency.
    #[must_use]
    pub fn new(client: ClientConfig) -> Self {
        Self {
            client,
            title: None,
            hint: None,
            sort: Sort::default(),
            views: Vec::new(),
            print_command: None,
            config_file: None,
            outbox: None,
            keymap: Keymap::default(),
            read_only: false,
            plain: false,
            record: None,
            made_up: false,
            alerts: AlertSettings::default(),
            state: None,
            looks: Looks::default(),
            handed: None,
            greeting: None,
        }
    }

    /// With the looks, keys and alerts of a configuration.
    #[must_use]
    pub fn configured(self, config: &Config) -> Self {
        Self {
            keymap: config.keymap.clone(),
            alerts: config.alerts.clone(),
            looks: config.looks.clone(),
            views: config.views.clone(),
            config_file: config.file.clone(),
            print_command: (config.print_command.as_deref()).and_then(shlex::split),
            ..self
        }
    }

    /// With the manners that were asked for.
    #[must_use]
    pub fn behaving(self, manners: Manners) -> Self {
        Self {
            read_only: manners.read_only,
            plain: manners.plain,
            record: manners.record,
            ..self
        }
    }

    /// Goes on where the run before with this server and vendor stopped, and
    /// keeps for the next run what it should know.
    #[must_use]
    pub fn kept(self) -> Self {
        let state = StateFile::of(&self.client.server, self.client.vendor.as_ref());
        Self { state, ..self }
    }
}

/// Shows the screen until the user leaves it.
///
/// The loop has this thread to itself, with a runtime of its own: a key does not
/// wait for a page of orders to be read, and the clock's tick wakes one thread.
/// The live client works in the runtime that this is called in.
///
/// # Errors
/// When there is no terminal, when the client cannot start, and when the
/// terminal fails. The terminal is given back in every case.
///
/// # Panics
/// Outside a multi-thread Tokio runtime.
pub async fn run_screen(options: ScreenOptions) -> anyhow::Result<()> {
    let beside = Handle::current();
    if options.plain {
        return show(options, &beside, Beat::begin()).await;
    }
    check_terminal()?;
    block_in_place(|| {
        let beat = Beat::begin();
        let own = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("no runtime can be started")?;
        own.block_on(show(options, &beside, beat))
    })
}

async fn show(options: ScreenOptions, beside: &Handle, beat: Beat) -> anyhow::Result<()> {
    let client = options.client.clone();
    // First: its server is asked while the terminal is.
    let (client, events) = within(beside, || Client::start(client))?;
    let client = Arc::new(client);
    let (themes, late_answer, taken) = match options.handed {
        // Lines have no colours, and a simple terminal is asked nothing.
        _ if options.plain => (Themes::default(), LateAnswer::default(), None),
        Some(handed) => (handed.themes, handed.late_answer, Some(handed.terminal)),
        None => {
            let (themes, late_answer) = theme::fitting(&options.looks);
            (themes, late_answer, None)
        }
    };
    let settings = Settings {
        clock: options.client.clock.clone(),
        time_zone: TimeZone::system(),
        vendor: options.client.vendor.clone(),
        title: options.title,
        hint: options.hint,
        sort: options.sort,
        views: options.views,
        read_only: options.read_only,
        theme: match options.plain {
            true => Theme::new(Palette::Plain),
            false => themes.theme(themes.worn()),
        },
        themes,
        print_command: options.print_command,
        keymap: options.keymap,
        alerts: options.alerts.clone(),
    };
    if options.plain {
        return plain::run(client, events, settings).await;
    }
    let recorder = match &options.record {
        Some(path) => Some(record(path, options.made_up)?),
        None => None,
    };
    let store = (options.outbox)
        // What waits from another day would be sent.
        .filter(|_| !options.read_only)
        .map(|dir| Store::new(dir, &options.client.server, options.client.vendor.as_ref()));
    let clock = options.client.clock.clone();
    let mut app = App::new(settings);
    if let Some(greeting) = options.greeting {
        app.say(greeting);
    }
    let (answers, answered) = mpsc::channel(ANSWER_QUEUE);
    let desk = Desk::new(store, client.clone(), clock, answers.clone(), beat);
    let mut screen = Screen {
        app,
        recorder,
        record_ended: None,
        terminal: match taken {
            Some(terminal) => terminal,
            None => Terminal::take().context("the terminal cannot be used")?,
        },
        client,
        channel: Channel::new(options.alerts.notify, |name| std::env::var(name).ok()),
        commands: Commands::new(&options.alerts, answers.clone()),
        keeper: None,
        answers,
        desk,
        steps: JoinSet::new(),
        prints: JoinSet::new(),
        fetching: None,
        config_file: options.config_file,
        suspended: false,
        leaving: false,
        late_answer,
    };
    // It watches over this thread, from another one.
    let watch = within(beside, || leave_anyway(LEAVING))?;
    let result = match screen.restore(options.state) {
        Ok(()) => screen.run(events, answered, beat).await,
        Err(error) => Err(error),
    };
    let Screen {
        app,
        terminal,
        steps,
        prints,
        desk,
        keeper,
        record_ended,
        ..
    } = screen;
    drop(terminal);
    if let Some(words) = record_ended {
        let _ = writeln!(io::stderr(), "{words}");
    }
    if let Some(keeper) = keeper {
        keeper.finish(&app.last_kept()).await;
    }
    finish(steps, prints, &desk).await;
    watch.abort();
    result
}

/// Does what starts tasks so that they run in that runtime.
fn within<T>(runtime: &Handle, start: impl FnOnce() -> T) -> T {
    let _entered = runtime.enter();
    start()
}

fn record(path: &Path, made_up: bool) -> anyhow::Result<Recorder> {
    let mask = if made_up {
        Mask::open()
    } else {
        Mask::default()
    };
    Recorder::create(path, mask)
        .with_context(|| format!("no record can begin in {}", path.display()))
}

/// How a record is played: with the colours of this terminal. The rest is in the
/// record.
#[must_use]
pub fn replay_settings(clock: Arc<dyn Clock>, looks: &Looks) -> Settings {
    let (themes, _) = theme::fitting(looks);
    Settings {
        theme: themes.theme(themes.worn()),
        themes,
        ..Settings::new(clock)
    }
}

/// Whether there is a terminal that can show a screen.
///
/// # Errors
/// Why not, in a sentence for the one who started the program.
pub(crate) fn check_terminal() -> anyhow::Result<()> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        anyhow::bail!(
            "the screen needs a terminal: stdin and stdout must not be redirected; --plain writes lines"
        );
    }
    if !can_place(std::env::var("TERM").ok().as_deref()) {
        anyhow::bail!(
            "the screen needs a terminal that can place its cursor: TERM is unset or \"dumb\"; try --plain, or TERM=xterm-256color"
        );
    }
    Ok(())
}

/// Whether `TERM` names a terminal on which text can be placed. Only Unix sets it.
fn can_place(term: Option<&str>) -> bool {
    cfg!(not(unix)) || !matches!(term, None | Some("" | "dumb"))
}

/// Steps that were confirmed are sent, even when the user leaves right after.
/// What became of one that was refused is told after the screen is gone, and
/// how many wait for the next start.
async fn finish(mut steps: Tasks, mut prints: Tasks, desk: &Desk) {
    let told = timeout(LAST_ANSWERS, async {
        for tasks in [&mut steps, &mut prints] {
            while let Some(done) = tasks.join_next().await {
                if let Ok(Some(refused)) = done {
                    let _ = writeln!(io::stderr(), "{refused}");
                }
            }
        }
    });
    if told.await.is_err() {
        // What is none of the desk's is kept nowhere.
        let known = desk.unanswered();
        if desk.keep_unanswered().await > 0 || steps.len() > known {
            let _ = writeln!(io::stderr(), "{}", strings::UNANSWERED);
        }
        if !prints.is_empty() {
            let _ = writeln!(io::stderr(), "{}", strings::UNPRINTED);
        }
    }
    let waiting = desk.waiting().await;
    if waiting > 0 {
        let _ = writeln!(io::stderr(), "{}", strings::left_waiting(waiting));
    }
}

/// What is under way; each gives what to say when nobody listens any more.
type Tasks = JoinSet<Option<String>>;

struct Screen {
    app: App,
    recorder: Option<Recorder>,
    /// Why the record ended before the screen did.
    record_ended: Option<String>,
    terminal: Terminal,
    client: Arc<Client>,
    channel: Channel,
    commands: Commands,
    keeper: Option<Keeper>,
    answers: mpsc::Sender<Event>,
    desk: Desk,
    steps: Tasks,
    prints: Tasks,
    fetching: Option<AbortHandle>,
    config_file: Option<PathBuf>,
    /// Whether to stop before anything else is done.
    suspended: bool,
    leaving: bool,
    late_answer: LateAnswer,
}

impl Screen {
    /// Goes on where the run before stopped; a record begins with that.
    fn restore(&mut self, file: Option<StateFile>) -> anyhow::Result<()> {
        let read = file.map(|file| (file.read(), file));
        if let Some(recorder) = &mut self.recorder {
            let kept = read.as_ref().map(|((kept, _), _)| kept);
            (recorder.start(&self.app.settings, kept)).context("the record cannot be written")?;
        }
        let Some(((kept, broken), file)) = read else {
            return Ok(());
        };
        for effect in self.app.restore(kept, broken) {
            self.carry_out(effect)?;
        }
        self.keeper = Some(Keeper::new(file));
        Ok(())
    }

    async fn run(
        &mut self,
        mut events: mpsc::Receiver<ordertop::client::ClientEvent>,
        mut answered: mpsc::Receiver<Event>,
        beat: Beat,
    ) -> anyhow::Result<()> {
        let mut signals = Signals::new()?;
        let mut keys = keys::typed()?;
        let mut clock = beat.of_a_screen();
        let (columns, rows) = terminal::size()?;
        self.happen(Event::Resize(columns, rows))?;
        if self.app.mouse {
            self.terminal.set_mouse(true)?;
        }
        let mut dirty = true;
        let mut next_frame = Instant::now();
        while !self.leaving {
            if std::mem::take(&mut self.suspended) {
                self.suspend(&mut signals).await?;
                (dirty, next_frame) = (true, Instant::now());
            }
            if dirty && Instant::now() >= next_frame {
                clock.drawn(self.draw()?);
                dirty = false;
                next_frame = Instant::now() + FRAME;
            }
            let wake = self.wake();
            tokio::select! {
                biased;
                signalled = signals.next() => match signalled {
                    Signalled::Stop => return Ok(()),
                    Signalled::Suspend => self.suspended = true,
                    Signalled::Continued => {
                        self.take_again()?;
                        (dirty, next_frame) = (true, Instant::now());
                    }
                },
                pressed = keys.recv() => {
                    // The end of the input is the end of the terminal.
                    let Some(pressed) = pressed else { return Ok(()) };
                    self.pressed(pressed?)?;
                    // A key that is held down: take what is there, draw once.
                    while let Ok(pressed) = keys.try_recv() {
                        self.pressed(pressed?)?;
                    }
                    (dirty, next_frame) = (true, Instant::now());
                }
                Some(answer) = answered.recv() => {
                    self.happen(answer)?;
                    (dirty, next_frame) = (true, Instant::now());
                }
                told = events.recv() => {
                    let told = told.context("the live client stopped")?;
                    self.happen(Event::Client(told))?;
                    dirty = true;
                }
                () = sleep_until(next_frame), if dirty => {}
                () = sleep_until(wake.unwrap_or(next_frame)), if wake.is_some() => {
                    self.happen(Event::Tick)?;
                    dirty = true;
                }
                () = clock.tick() => {
                    // A terminal that hung up without a signal is noticed here.
                    let (columns, rows) = terminal::size()?;
                    if (columns, rows) != self.app.size {
                        self.happen(Event::Resize(columns, rows))?;
                    }
                    self.happen(Event::Tick)?;
                    if let Some(keeper) = &mut self.keeper {
                        keeper.keep(|| self.app.to_keep());
                    }
                    dirty = true;
                }
            }
        }
        Ok(())
    }

    /// Gives the terminal to the shell until the program is continued.
    async fn suspend(&mut self, signals: &mut Signals) -> anyhow::Result<()> {
        self.terminal.lend();
        let stopped = stop_until_continued().await;
        signals.forget_stops();
        self.take_again()?;
        if !stopped? {
            self.app.say(strings::NO_JOB_CONTROL);
        }
        Ok(())
    }

    /// After somebody else had the terminal.
    fn take_again(&mut self) -> anyhow::Result<()> {
        self.terminal.take_again()?;
        let (columns, rows) = terminal::size()?;
        self.happen(Event::Resize(columns, rows))
    }

    fn wake(&self) -> Option<Instant> {
        let at = self.app.wakes_at()?;
        let wait = at.duration_since(self.app.now);
        Some(Instant::now() + Duration::try_from(wait).unwrap_or_default())
    }

    fn draw(&mut self) -> io::Result<bool> {
        let app = &self.app;
        let differs = (self.terminal).draw(app.size, |buf| view::draw(app, buf))?;
        self.app.drawn();
        Ok(differs)
    }

    fn pressed(&mut self, event: TerminalEvent) -> anyhow::Result<()> {
        let event = match event {
            TerminalEvent::Key(key) if self.late_answer.takes(&key) => return Ok(()),
            TerminalEvent::Key(key) => Event::Key(key),
            TerminalEvent::Paste(text) => Event::Paste(text),
            // Nothing follows the pointer.
            TerminalEvent::Mouse(mouse) if mouse.kind == MouseEventKind::Moved => return Ok(()),
            TerminalEvent::Mouse(mouse) => Event::Mouse(mouse),
            TerminalEvent::Resize(columns, rows) => Event::Resize(columns, rows),
            TerminalEvent::FocusGained => Event::Focus(true),
            TerminalEvent::FocusLost => Event::Focus(false),
        };
        self.happen(event)
    }

    /// Writes it beside the loop: a disk may be slow.
    fn save_view(&mut self, view: SavedView) {
        let (answers, file) = (self.answers.clone(), self.config_file.clone());
        tokio::task::spawn_blocking(move || {
            let saved = match file {
                Some(file) => views::save(&file, &view).map_err(|error| error.to_string()),
                None => Err(strings::NO_CONFIG_FILE.to_owned()),
            };
            let name = view.name;
            let result = saved;
            // Nobody listens any more: the user has left.
            let _ = answers.blocking_send(Event::ViewSaved { name, result });
        });
    }

    /// The same for the theme's name.
    fn keep_theme(&mut self, name: ThemeName) {
        let (answers, file) = (self.answers.clone(), self.config_file.clone());
        tokio::task::spawn_blocking(move || {
            let result = match file {
                Some(file) => config::keep_theme(&file, name).map_err(|error| error.to_string()),
                None => Err(strings::NO_CONFIG_FILE.to_owned()),
            };
            let _ = answers.blocking_send(Event::ThemeKept { name, result });
        });
    }

    fn happen(&mut self, event: Event) -> anyhow::Result<()> {
        let written = match &mut self.recorder {
            Some(recorder) => recorder.happens(&self.app, &event),
            None => Ok(()),
        };
        for effect in self.app.update(event) {
            self.carry_out(effect)?;
        }
        if let Err(error) = written {
            // A full disk ends the record, not the work.
            self.recorder = None;
            let words = strings::record_ended(&error);
            self.app.say(words.as_str());
            self.record_ended = Some(words);
        }
        Ok(())
    }

    fn carry_out(&mut self, effect: Effect) -> anyhow::Result<()> {
        match effect {
            Effect::Quit => self.leaving = true,
            Effect::Redraw => self.terminal.forget(),
            Effect::Suspend => self.suspended = true,
            Effect::SetRealtime(on) => self.client.set_realtime(on),
            Effect::Refresh => self.client.refresh(),
            Effect::Copy(text) => self.terminal.copy(&text)?,
            Effect::SaveView(view) => self.save_view(*view),
            Effect::KeepTheme(name) => self.keep_theme(name),
            Effect::SetMouse(on) => self.terminal.set_mouse(on)?,
            Effect::Alert(signal) => {
                self.terminal.send(&self.channel.bytes(&signal))?;
                for alert in &signal.commands {
                    self.commands.run(alert);
                }
            }
            Effect::ChangeStatus {
                key,
                ticket,
                change,
            } => {
                self.steps
                    .spawn(self.desk.clone().change(key, ticket, *change));
                // Answered ones are taken off as they go.
                while self.steps.try_join_next().is_some() {}
            }
            Effect::AddNote { key, note } => {
                let (client, answers) = (self.client.clone(), self.answers.clone());
                self.steps.spawn(async move {
                    let result = client.add_note(&key, &note).await.map(|_| ());
                    let refused = (result.as_ref().err())
                        .map(|error| strings::note_not_added(&key, &strings::sentence(error)));
                    let answer = Event::NoteAnswer { key, result };
                    match answers.send(answer).await {
                        Ok(()) => None,
                        Err(_) => refused,
                    }
                });
            }
            Effect::Print(slip) => {
                let (client, answers) = (self.client.clone(), self.answers.clone());
                self.prints.spawn(async move {
                    let PrintSlip {
                        key,
                        order,
                        shop,
                        date,
                        command,
                    } = *slip;
                    // The buyer's note is in the look-up alone.
                    let whole = client.rest().detail(&key).await;
                    let text = match &whole {
                        Ok(whole) => slip::slip(whole, &shop, &date),
                        Err(_) => slip::slip(&order, &shop, &date),
                    };
                    let printing =
                        tokio::task::spawn_blocking(move || print::print(&command, text));
                    let result = printing
                        .await
                        .unwrap_or_else(|error| Err(error.to_string()));
                    let refused =
                        (result.as_ref().err()).map(|why| strings::not_printed(&key, why));
                    match answers.send(Event::Printed { key, result }).await {
                        Ok(()) => None,
                        Err(_) => refused,
                    }
                });
            }
            Effect::ChangeStatuses { ticket, rows } => {
                let (client, answers) = (self.client.clone(), self.answers.clone());
                self.steps.spawn(bulk::send(client, answers, ticket, rows));
            }
            Effect::Keep {
                key,
                ticket,
                to,
                change,
            } => {
                let desk = self.desk.clone();
                (self.steps).spawn(desk.keep_unsent(key, ticket, to, *change));
            }
            Effect::SendKept { entry, ticket } => {
                tokio::spawn(self.desk.clone().send(*entry, ticket));
            }
            Effect::DropKept { id } => {
                tokio::spawn(self.desk.clone().drop_kept(id));
            }
            Effect::FetchOrder(key) => {
                if let Some(before) = self.fetching.take() {
                    before.abort();
                }
                let (client, answers) = (self.client.clone(), self.answers.clone());
                let task = tokio::spawn(async move {
                    let (detail, history) =
                        tokio::join!(client.rest().detail(&key), client.rest().history(&key));
                    let detail = Event::Detail {
                        key: key.clone(),
                        result: detail.map(Box::new),
                    };
                    let history = Event::History {
                        key,
                        result: history,
                    };
                    for answer in [detail, history] {
                        if answers.send(answer).await.is_err() {
                            return;
                        }
                    }
                });
                self.fetching = Some(task.abort_handle());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dumb_terminal_is_refused() {
        assert!(can_place(Some("xterm-256color")) && can_place(Some("linux")));
        #[cfg(unix)]
        assert!(!can_place(Some("dumb")) && !can_place(Some("")) && !can_place(None));
    }
}
