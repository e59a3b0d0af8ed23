//! What a screen follows and how it starts.

use std::path::PathBuf;

use anyhow::Context as _;
use ordertop::client::ClientConfig;

use crate::app::Hint;
use crate::args::Manners;
use crate::config::Config;
use crate::model::alerts::AlertSettings;
use crate::model::keymap::Keymap;
use crate::model::sort::Sort;
use crate::model::views::SavedView;
use crate::state::StateFile;
use crate::terminal::input::Input;
use crate::terminal::{self, Terminal};
use crate::theme::{self, Looks, Themes};

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
    pub(crate) input: Input,
    pub(crate) themes: Themes,
}

impl Handed {
    /// Takes the terminal, and finds out which looks fit it.
    ///
    /// # Errors
    /// When it does not let itself be taken.
    pub(crate) async fn take(looks: &Looks) -> anyhow::Result<Self> {
        let mut terminal = Terminal::take().context("the terminal cannot be used")?;
        let mut input = Input::open()?;
        let ask = async || terminal::ask_background(&mut terminal, &mut input).await;
        let themes = theme::fitting(looks, ask).await;
        Ok(Self {
            terminal,
            input,
            themes,
        })
    }
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

    /// Shows a marketplace that is made up: nothing of it is kept in the user's files, and
    /// the alerts' command, which may reach people, is not run. The printing command
    /// stays: it runs for a key that somebody presses.
    #[must_use]
    pub fn made_up(self) -> Self {
        Self {
            made_up: true,
            views: Vec::new(),
            config_file: None,
            alerts: AlertSettings {
                command: None,
                ..self.alerts
            },
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
