//! `ordertop.toml`: what a user wants to be other than it is.
//!
//! | module | what it holds |
//! |---|---|
//! | `place` | where the file is |
//! | `section` | reads a table key by key, names what is unknown |
//! | `alerts`, `keys`, `theme`, `views` | the sections of these names |
//! | `token` | the token's own file |
//! | `edit` | writes into the file, and leaves the rest as it is |
//! | `effective` | flag, environment, file and default made one, with their origins |
//! | `command` | `ordertop config check`, `path`, `show` |
//!
//! What always holds: every mistake of a file is named at once with its line
//! and column, and a file with a mistake is not used in part. Reading a file
//! asks nothing of the world but the file.

mod alerts;
pub mod command;
mod edit;
mod effective;
mod keys;
mod mistake;
#[cfg(test)]
mod page;
mod place;
mod section;
mod theme;
mod token;
mod views;

#[cfg(test)]
mod tests;

use std::io::{self, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ordertop::client::{POLL_RANGE, Url};
use ordertop::order::VendorId;
use toml::de::{DeTable, DeValue};

pub(crate) use edit::{edit, set};
pub use effective::{
    BadVariable, Effective, NoToken, Origin, Setting, environment, named_path, named_theme,
};
pub(crate) use mistake::did_you_mean;
pub use mistake::{Mistake, Mistakes};
pub use place::{CONFIG_VARIABLE, Place};
pub(crate) use theme::keep as keep_theme;
pub use token::{TokenFileError, read_token, write_token};
pub use views::save_view;

use crate::model::address::server_address;
use crate::model::alerts::AlertSettings;
use crate::model::keymap::Keymap;
use crate::model::views::SavedView;
use crate::theme::Looks;
use section::{Found, Reader, Section};

/// Longest file that is read, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;
/// Names under which people put the token into the file.
const TOKEN_NAMES: [&str; 6] = [
    "token",
    "master_token",
    "master-token",
    "password",
    "secret",
    "api_key",
];

/// A value of the file and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<T> {
    /// The value.
    pub value: T,
    /// The line, from 1.
    pub line: usize,
}

/// What the file says; the default is a file that says nothing.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Which file; `None` when there is none.
    pub path: Option<PathBuf>,
    /// Where the file is or would be; what the program itself keeps in it goes there.
    pub file: Option<PathBuf>,
    /// The server's address.
    pub server: Option<Written<Url>>,
    /// The vendor to act as.
    pub vendor: Option<Written<VendorId>>,
    /// How often to poll while real-time is off.
    pub poll: Option<Written<Duration>>,
    /// The file that holds the token.
    pub token_file: Option<Written<PathBuf>>,
    /// Which key does what.
    pub keymap: Keymap,
    /// The command that a packing slip is printed with.
    pub print_command: Option<String>,
    /// What rings when.
    pub alerts: AlertSettings,
    /// Theme, signs and colours.
    pub looks: Looks,
    /// Saved views.
    pub views: Vec<SavedView>,
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {reason}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// The system's words.
        reason: io::Error,
    },
    /// It has mistakes.
    #[error(transparent)]
    Mistakes(#[from] Mistakes),
}

impl Config {
    /// Reads the file that was named, else the one in its usual place; where
    /// that is not there, everything is as usual.
    ///
    /// # Errors
    /// When a named file is not there, a file cannot be read, or it has mistakes.
    pub fn load(named: Option<&Path>) -> Result<Self, ConfigError> {
        let Some(Place { path, named }) = Place::find(named) else {
            return Ok(Self::default());
        };
        match Self::read_file(&path) {
            Err(ConfigError::Unreadable { reason, .. })
                if reason.kind() == io::ErrorKind::NotFound && !named =>
            {
                Ok(Self {
                    file: Some(path),
                    ..Self::default()
                })
            }
            read => read,
        }
    }

    /// Reads one file.
    ///
    /// # Errors
    /// When it cannot be read or has mistakes.
    pub fn read_file(path: &Path) -> Result<Self, ConfigError> {
        let read = || {
            let mut text = String::new();
            // Not all that can be read has a length: a pipe, a device.
            let mut file = std::fs::File::open(path)?.take(MAX_BYTES + 1);
            file.read_to_string(&mut text)?;
            if text.len() as u64 > MAX_BYTES {
                return Err(io::Error::other("longer than any configuration"));
            }
            Ok(text)
        };
        let text = read().map_err(|reason| ConfigError::Unreadable {
            path: path.to_path_buf(),
            reason,
        })?;
        Ok(Self::read(path, &text)?)
    }

    /// Reads a text as the file `path`.
    ///
    /// # Errors
    /// All mistakes that it has.
    pub fn read(path: &Path, text: &str) -> Result<Self, Mistakes> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let reader = Reader::new(text);
        let (table, wrong) = DeTable::parse_recoverable(text);
        let mut config = Self {
            path: Some(path.to_path_buf()),
            file: Some(path.to_path_buf()),
            ..Self::default()
        };
        if wrong.is_empty() {
            config.take(path, Section::top(&reader, table.get_ref()));
        }
        // What the format forbids comes first: the rest would be guessed.
        for error in wrong {
            let at = error.span().unwrap_or(0..0);
            let mut words = error.message().replace('\n', ", ");
            if words == "duplicate key" {
                words = twice(text, table.get_ref(), &at, &reader);
            }
            reader.mistake(&at, words);
        }
        let all = reader.into_mistakes();
        if all.is_empty() {
            return Ok(config);
        }
        let file = path.to_path_buf();
        Err(Mistakes { file, all })
    }

    fn take(&mut self, path: &Path, mut top: Section<'_, '_>) {
        let reader = top.reader;
        refuse_token(&mut top);
        self.server = (top.read("server", server_address)).map(|found| written(found, reader));
        let vendor = |text: &str| text.parse().map_err(|error| format!("{error}"));
        self.vendor = top
            .read("vendor", vendor)
            .map(|found| written(found, reader));
        let range = POLL_RANGE.start().as_secs()..=POLL_RANGE.end().as_secs();
        self.poll = top.whole("poll", range, "seconds").map(|found| Written {
            value: Duration::from_secs(found.value),
            line: reader.line(&found.at),
        });
        self.token_file = top.text("token_file").map(|found| Written {
            value: place::beside(path, found.value),
            line: reader.line(&found.at),
        });
        if let Some(keys) = top.section("keys") {
            keys::read(keys, &mut self.keymap);
        }
        if let Some(mut print) = top.section("print") {
            let command = print.read("command", runnable);
            self.print_command = command.map(|found| found.value);
            print.finish();
        }
        if let Some(alerts) = top.section("alerts") {
            self.alerts = alerts::read(alerts);
        }
        if let Some(theme) = top.section("theme") {
            self.looks = theme::read(theme);
        }
        if let Some(views) = top.section(crate::model::views::SECTION) {
            self.views = views::read(views);
        }
        top.finish();
    }
}

/// A key that stands at `at` and above it.
fn twice(text: &str, table: &DeTable<'_>, at: &Range<usize>, reader: &Reader<'_>) -> String {
    let key = text.get(at.clone()).unwrap_or_default();
    let name = key.trim_matches(['"', '\'']);
    let mut above = Vec::new();
    let mut tables = vec![table];
    while let Some(table) = tables.pop() {
        for (known, value) in table {
            if known.get_ref() == name && known.span().start < at.start {
                above.push(known.span());
            }
            if let DeValue::Table(inner) = value.get_ref() {
                tables.push(inner);
            }
        }
    }
    let line = match above.as_slice() {
        [one] => format!(", in line {} already", reader.line(one)),
        // The same name stands in several sections: which of them is not told.
        _ => String::new(),
    };
    format!("duplicate key \"{name}\"{line}")
}

fn written<T>(found: Found<T>, reader: &Reader<'_>) -> Written<T> {
    Written {
        line: reader.line(&found.at),
        value: found.value,
    }
}

/// A command line that can be split into words.
fn runnable(command: &str) -> Result<String, String> {
    match shlex::split(command) {
        Some(words) if !words.is_empty() => Ok(command.to_owned()),
        Some(_) => Err("give a command".into()),
        None => Err("a quotation mark is not closed".into()),
    }
}

/// The token itself is refused, and never shown again.
fn refuse_token(top: &mut Section<'_, '_>) {
    for name in top.all_named(&TOKEN_NAMES) {
        top.reader.mistake(
            &name.at,
            format!(
                "\"{}\" does not belong here: this file gets shown, copied and kept in repositories; \
                 put the token alone into a file of mode 600 and name that: token_file = \"token\"",
                name.value
            ),
        );
    }
}
