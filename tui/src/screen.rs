//! The one loop: what happens goes to the state, what the state asks for is
//! done, and the screen is drawn.
//!
//! Signals come first, then keys, answers, the client, the clock. A key is
//! drawn at once, data at most thirty times a second; when nothing happens the
//! loop wakes once a second, for the ages on the screen, or every other second
//! while they stand still.

mod effects;
mod options;
mod print;

pub(crate) use options::Handed;
pub use options::ScreenOptions;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use crossterm::event::{Event as TerminalEvent, MouseEventKind};
use jiff::tz::TimeZone;
use ordertop::client::Client;
use ordertop::clock::Clock;
use tokio::runtime::{self, Handle};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet, block_in_place};
use tokio::time::{Instant, sleep_until, timeout};

use crate::alerts::command::Commands;
use crate::alerts::osc::Channel;
use crate::app::{App, Settings};
use crate::beat::Beat;
use crate::event::Event;
use crate::model::keymap::Action;
use crate::outbox::{Desk, Store};
use crate::plain;
use crate::record::{Recorder, mask::Mask};
use crate::signals::{Signalled, Signals, leave_anyway, stop_until_continued};
use crate::state::{Keeper, StateFile};
use crate::strings;
use crate::terminal::input::Input;
use crate::terminal::usable::check_terminal;
use crate::terminal::{self, Terminal};
use crate::theme::{Palette, Theme, Themes};
use crate::view;

/// Data is drawn at most so often.
const FRAME: Duration = Duration::from_millis(33);
/// How long leaving waits for steps that are not answered yet.
const LAST_ANSWERS: Duration = Duration::from_secs(5);
/// How long leaving may take in all, once a signal asked for it.
const LEAVING: Duration = Duration::from_secs(8);
/// Answers that wait for the loop; a request's task waits when it is full.
const ANSWER_QUEUE: usize = 64;

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
    let taken = match options.handed {
        // Lines have no colours, and a simple terminal is asked nothing.
        _ if options.plain => None,
        Some(handed) => Some(handed),
        None => Some(Handed::take(&options.looks).await?),
    };
    let themes = (taken.as_ref()).map_or_else(Themes::default, |taken| taken.themes.clone());
    let settings = Settings {
        clock: options.client.clock.clone(),
        time_zone: TimeZone::system(),
        vendor: options.client.vendor.clone(),
        title: options.title,
        hint: options.hint,
        sort: options.sort,
        views: options.views,
        read_only: options.read_only,
        replay: false,
        theme: match options.plain {
            true => Theme::new(Palette::Plain),
            false => themes.theme(themes.worn()),
        },
        themes,
        print_command: options.print_command,
        keymap: options.keymap,
        alerts: options.alerts.clone(),
    };
    let Some(Handed {
        terminal, input, ..
    }) = taken
    else {
        return plain::run(client, events, settings, beat).await;
    };
    let recorder = match &options.record {
        Some(path) => Some(record(path, options.made_up)?),
        None => None,
    };
    let store = (options.outbox)
        // What waits from another day would be sent.
        .filter(|_| !options.read_only)
        .map(|dir| Store::new(dir, &options.client.server, options.client.vendor.as_ref()));
    let clock = options.client.clock.clone();
    let app = App::new(settings);
    let (answers, answered) = mpsc::channel(ANSWER_QUEUE);
    let desk = Desk::new(store, client.clone(), clock, answers.clone(), beat);
    let mut screen = Screen {
        app,
        recorder,
        record_ended: None,
        to_tell: None,
        terminal,
        input,
        client,
        channel: Channel::new(options.alerts.notify, |name| std::env::var(name).ok()),
        commands: Commands::new(&options.alerts, answers.clone()),
        keeper: None,
        answers,
        desk,
        steps: JoinSet::new(),
        prints: JoinSet::new(),
        printer: Arc::default(),
        fetching: None,
        config_file: options.config_file,
        suspended: false,
        leaving: false,
    };
    // It watches over this thread, from another one.
    let watch = within(beside, || leave_anyway(LEAVING))?;
    let result = match screen.restore(options.state, options.greeting) {
        Ok(()) => screen.run(events, answered, beat).await,
        Err(error) => Err(error),
    };
    screen.input.settle().await;
    let Screen {
        app,
        terminal,
        steps,
        prints,
        desk,
        keeper,
        recorder,
        record_ended,
        ..
    } = screen;
    drop(terminal);
    // What it was told last may not be on the disk yet.
    let unwritten = recorder.and_then(|recorder| recorder.finish().err());
    let unwritten = unwritten.as_ref().map(strings::record_ended);
    if let Some(words) = record_ended.or(unwritten) {
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
pub fn replay_settings(clock: Arc<dyn Clock>, themes: Themes) -> Settings {
    Settings {
        theme: themes.theme(themes.worn()),
        themes,
        ..Settings::new(clock)
    }
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
    /// The same, until it was said.
    to_tell: Option<String>,
    terminal: Terminal,
    input: Input,
    client: Arc<Client>,
    channel: Channel,
    commands: Commands,
    keeper: Option<Keeper>,
    answers: mpsc::Sender<Event>,
    desk: Desk,
    steps: Tasks,
    prints: Tasks,
    /// Held by the slip that is being printed; those that wait are in their order.
    printer: Arc<tokio::sync::Mutex<()>>,
    fetching: Option<AbortHandle>,
    config_file: Option<PathBuf>,
    /// Whether to stop before anything else is done.
    suspended: bool,
    leaving: bool,
}

impl Screen {
    /// Goes on where the run before stopped; a record begins with that.
    fn restore(&mut self, file: Option<StateFile>, greeting: Option<String>) -> anyhow::Result<()> {
        let read = file.map(|file| (file.read(), file));
        if let Some(recorder) = &mut self.recorder {
            let kept = read.as_ref().map(|((kept, _), _)| kept);
            (recorder.start(&self.app.settings, kept)).context("the record cannot be written")?;
        }
        if let Some(greeting) = greeting {
            self.say(greeting);
        }
        let Some(((kept, broken), file)) = read else {
            return Ok(());
        };
        for effect in self.app.restore(kept, None) {
            self.carry_out(effect)?;
        }
        if let Some(broken) = broken {
            self.say(broken);
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
                    Signalled::Resized => {
                        let (columns, rows) = terminal::size()?;
                        self.pressed(TerminalEvent::Resize(columns, rows))?;
                        (dirty, next_frame) = (true, Instant::now());
                    }
                },
                pressed = self.input.next() => {
                    // The end of the input is the end of the terminal.
                    let Some(pressed) = pressed else { return Ok(()) };
                    self.pressed(pressed?)?;
                    // A key that is held down: take what is there, draw once.
                    while let Some(pressed) = self.input.try_next() {
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
            let quit = self.app.key_of(Action::Quit);
            self.say(strings::no_job_control(&quit));
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
        self.record(|recorder, app| recorder.drawn(app.settings.clock.now()));
        Ok(differs)
    }

    /// Says something in the footer that no event brings about.
    fn say(&mut self, words: impl Into<String>) {
        let words = words.into();
        self.record(|recorder, app| recorder.says(app.settings.clock.now(), &words));
        self.app.say(words);
    }

    /// Goes on with the record, if there is one. A full disk ends the record, not
    /// the work.
    fn record(&mut self, note: impl FnOnce(&mut Recorder, &App) -> io::Result<()>) {
        let Some(recorder) = &mut self.recorder else {
            return;
        };
        if let Err(error) = note(recorder, &self.app) {
            let words = strings::record_ended(&error);
            self.to_tell = Some(words.clone());
            self.record_ended = Some(words);
        }
    }

    fn pressed(&mut self, event: TerminalEvent) -> anyhow::Result<()> {
        let event = match event {
            TerminalEvent::Key(key) => Event::Key(key),
            TerminalEvent::Paste(text) => Event::Paste(text),
            // Nothing follows the pointer.
            TerminalEvent::Mouse(mouse) if mouse.kind == MouseEventKind::Moved => return Ok(()),
            TerminalEvent::Mouse(mouse) => Event::Mouse(mouse),
            TerminalEvent::Resize(columns, rows) => {
                // It may have moved what stands there, and the part that is drawn be as large as before.
                self.terminal.forget();
                Event::Resize(columns, rows)
            }
            TerminalEvent::FocusGained => Event::Focus(true),
            TerminalEvent::FocusLost => Event::Focus(false),
        };
        self.happen(event)
    }

    fn happen(&mut self, event: Event) -> anyhow::Result<()> {
        self.record(|recorder, app| recorder.happens(app, &event));
        for effect in self.app.update(event) {
            self.carry_out(effect)?;
        }
        if let Some(words) = self.to_tell.take() {
            self.app.say(words);
        }
        Ok(())
    }
}
