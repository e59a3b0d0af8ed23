//! What holds in the end: a flag goes before the environment, that before the
//! file, that before what is usual; and who said it.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum as _;
use ordertop::client::{ClientConfig, Credentials, POLL_EVERY, POLL_RANGE, Url};
use ordertop::order::VendorId;

use super::mistake::did_you_mean;
use super::{Config, TokenFileError, Written, read_token};
use crate::args::{ServerArgs, TOKEN_VARIABLE, WatchArgs};
use crate::model::address::server_address;
use crate::model::address::usual_server;
use crate::theme::ThemeName;

/// Who said what a setting is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The command line.
    Flag(&'static str),
    /// The environment.
    Variable(&'static str),
    /// The file, in this line.
    File(usize),
    /// Nobody: it is the usual value.
    Usual,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "{name}"),
            Self::Variable(name) => write!(f, "{name}"),
            Self::File(line) => write!(f, "line {line}"),
            Self::Usual => write!(f, "default"),
        }
    }
}

/// A value and who said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Who said it.
    pub origin: Origin,
}

/// What holds in the end.
#[derive(Debug, Clone)]
pub struct Effective {
    /// The server's address.
    pub server: Setting<Url>,
    /// The vendor to act as; `None` for all.
    pub vendor: Setting<Option<VendorId>>,
    /// How often to poll while real-time is off.
    pub poll: Setting<Duration>,
    /// The file that holds the token, unless the environment does.
    pub token_file: Setting<Option<PathBuf>>,
    /// The token, where the environment holds it and no flag names a file; `Debug`
    /// does not show it.
    token: Option<Credentials>,
}

/// A variable of the environment that no flag goes before says what it cannot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {why}")]
pub struct BadVariable {
    /// Which.
    pub name: &'static str,
    /// What is wrong with it. It does not repeat the value, which may hold a password.
    pub why: String,
}

/// There is no token.
#[derive(Debug, thiserror::Error)]
pub enum NoToken {
    /// Nobody names one.
    #[error(
        "{TOKEN_VARIABLE} is not set: set it to the server's master token, or name a file that holds it with --token-file or with token_file in ordertop.toml, or try `ordertop demo`, which needs none"
    )]
    Unset,
    /// Its file cannot be used.
    #[error(transparent)]
    File(#[from] TokenFileError),
}

/// The environment, as it is asked for a variable.
type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The environment of this process.
#[must_use]
pub fn environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// A variable's text; an empty one counts as not set.
fn set(name: &str, variables: Variables<'_>) -> Option<OsString> {
    variables(name).filter(|text| !text.is_empty())
}

/// A path that is named by a flag, else by a variable.
#[must_use]
pub fn named_path(flag: Option<&Path>, variable: &str) -> Option<PathBuf> {
    let flag = flag.map(Path::to_path_buf);
    flag.or_else(|| set(variable, &environment).map(PathBuf::from))
}

/// The theme that is named by a flag, else by `ORDERTOP_THEME`.
///
/// # Errors
/// When the variable names none.
pub fn named_theme(flag: Option<ThemeName>) -> Result<Option<ThemeName>, BadVariable> {
    const NAME: &str = "ORDERTOP_THEME";
    match (flag, set(NAME, &environment)) {
        (Some(flag), _) => Ok(Some(flag)),
        (None, None) => Ok(None),
        (None, Some(text)) => read_variable(NAME, &text, |text| {
            let known = ThemeName::value_variants();
            let found = known.iter().find(|theme| theme.name() == text);
            let names: Vec<_> = known.iter().map(|theme| theme.name()).collect();
            found.copied().ok_or_else(|| {
                let hint = did_you_mean(text, names.iter().map(String::as_str));
                format!("no theme{hint}")
            })
        })
        .map(Some),
    }
}

fn read_variable<T>(
    name: &'static str,
    text: &std::ffi::OsStr,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<T, BadVariable> {
    let value = match text.to_str() {
        Some(text) => read(text),
        None => Err("it is no text in UTF-8".to_owned()),
    };
    value.map_err(|why| BadVariable { name, why })
}

/// A setting's name on the command line and in the environment.
struct Names {
    flag: &'static str,
    variable: &'static str,
}

const SERVER: Names = Names {
    flag: "--server",
    variable: "ORDERTOP_SERVER",
};
const VENDOR: Names = Names {
    flag: "--vendor",
    variable: "ORDERTOP_VENDOR",
};
const POLL: Names = Names {
    flag: "--poll",
    variable: "ORDERTOP_POLL",
};
const TOKEN_FILE: Names = Names {
    flag: "--token-file",
    variable: "ORDERTOP_TOKEN_FILE",
};

impl Effective {
    /// What holds for these arguments, the environment and the file.
    ///
    /// # Errors
    /// When a variable that nothing goes before cannot be used.
    pub fn of(
        args: &WatchArgs,
        config: &Config,
        variables: Variables<'_>,
    ) -> Result<Self, BadVariable> {
        let poll = choose(
            &POLL,
            args.poll.map(Duration::from_secs),
            |text| {
                let seconds = text.parse().map(Duration::from_secs).ok();
                let allowed = seconds.filter(|poll| POLL_RANGE.contains(poll));
                let (least, most) = (POLL_RANGE.start().as_secs(), POLL_RANGE.end().as_secs());
                allowed.ok_or_else(|| format!("give {least} to {most} seconds, such as 30"))
            },
            config.poll.clone(),
            variables,
        )?;
        let mut effective = Self::of_server(&args.at, config, variables)?;
        if let Some(poll) = poll {
            effective.poll = poll;
        }
        Ok(effective)
    }

    /// The same for a command that does not poll, and asks nothing about that.
    ///
    /// # Errors
    /// When a variable that nothing goes before cannot be used.
    pub fn of_server(
        args: &ServerArgs,
        config: &Config,
        variables: Variables<'_>,
    ) -> Result<Self, BadVariable> {
        let server = choose(
            &SERVER,
            args.server.clone(),
            server_address,
            config.server.clone(),
            variables,
        )?;
        let vendor = match args.all_vendors {
            true => Setting {
                value: None,
                origin: Origin::Flag("--all-vendors"),
            },
            false => optional(choose(
                &VENDOR,
                args.vendor.clone(),
                |text| text.parse().map_err(|error| format!("{error}")),
                config.vendor.clone(),
                variables,
            )?),
        };
        let token_file = optional(choose_path(
            &TOKEN_FILE,
            args.token_file.clone(),
            config.token_file.clone(),
            variables,
        ));
        // What no header can carry is told when it is used.
        let token = set(TOKEN_VARIABLE, variables)
            .filter(|_| !matches!(token_file.origin, Origin::Flag(_)))
            .map(|token| Credentials {
                master_token: token.to_string_lossy().into_owned(),
            });
        Ok(Self {
            server: server.unwrap_or_else(|| Setting {
                value: usual_server(),
                origin: Origin::Usual,
            }),
            vendor,
            poll: Setting {
                value: POLL_EVERY,
                origin: Origin::Usual,
            },
            token_file,
            token,
        })
    }

    /// Whether anybody said which server, or how to get in.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.server.origin == Origin::Usual
            && self.vendor.origin == Origin::Usual
            && self.token_file.origin == Origin::Usual
            && self.token.is_none()
    }

    /// The token: of the file that a flag names, else of the environment, else of
    /// the file that another names.
    ///
    /// # Errors
    /// When there is none, or its file cannot be used.
    pub fn token(&self) -> Result<String, NoToken> {
        match (&self.token, &self.token_file.value) {
            (Some(token), _) => Ok(token.master_token.clone()),
            (None, Some(file)) => Ok(read_token(file)?),
            (None, None) => Err(NoToken::Unset),
        }
    }

    /// Whether the token is the one of the environment.
    #[must_use]
    pub fn token_is_in_variable(&self) -> bool {
        self.token.is_some()
    }

    /// Where the token comes from, as a user writes it: `--token-file`.
    #[must_use]
    pub fn token_name(&self) -> String {
        match (&self.token, &self.token_file.origin) {
            (Some(_), _) | (None, Origin::Usual) => TOKEN_VARIABLE.to_owned(),
            (None, Origin::File(line)) => format!("token_file in line {line} of ordertop.toml"),
            (None, origin) => origin.to_string(),
        }
    }

    /// Where the vendor comes from, as a user writes it; the flag where nobody named one.
    #[must_use]
    pub fn vendor_name(&self) -> String {
        match &self.vendor.origin {
            Origin::Usual => VENDOR.flag.to_owned(),
            Origin::File(line) => format!("vendor in line {line} of ordertop.toml"),
            origin => origin.to_string(),
        }
    }

    /// Whether there is a token and where it comes from, in words without it.
    #[must_use]
    pub fn token_origin(&self) -> String {
        match self.token() {
            Ok(_) => format!("set, from {}", self.token_name()),
            Err(NoToken::Unset) => "not set".into(),
            Err(error) => format!("none, from {}: {error}", self.token_name()),
        }
    }

    /// What the live client follows.
    ///
    /// # Errors
    /// When there is no token.
    pub fn client(&self) -> Result<ClientConfig, NoToken> {
        let credentials = Credentials {
            master_token: self.token()?,
        };
        let vendor = self.vendor.value.clone();
        let mut client = ClientConfig::new(self.server.value.clone(), vendor, credentials);
        client.poll_every = self.poll.value;
        Ok(client)
    }
}

/// A setting: of the flag, else of the variable, which is not looked at otherwise,
/// else of the file.
fn choose<T>(
    names: &Names,
    flag: Option<T>,
    read: impl Fn(&str) -> Result<T, String>,
    file: Option<Written<T>>,
    variables: Variables<'_>,
) -> Result<Option<Setting<T>>, BadVariable> {
    let (value, origin) = match (flag, set(names.variable, variables), file) {
        (Some(flag), _, _) => (flag, Origin::Flag(names.flag)),
        (None, Some(text), _) => (
            read_variable(names.variable, &text, read)?,
            Origin::Variable(names.variable),
        ),
        (None, None, Some(file)) => (file.value, Origin::File(file.line)),
        (None, None, None) => return Ok(None),
    };
    Ok(Some(Setting { value, origin }))
}

/// The same for a path, which may be any text that the system takes.
fn choose_path(
    names: &Names,
    flag: Option<PathBuf>,
    file: Option<Written<PathBuf>>,
    variables: Variables<'_>,
) -> Option<Setting<PathBuf>> {
    let variable = || set(names.variable, variables).map(PathBuf::from);
    let (value, origin) = match (flag, variable(), file) {
        (Some(flag), _, _) => (flag, Origin::Flag(names.flag)),
        (None, Some(path), _) => (path, Origin::Variable(names.variable)),
        (None, None, Some(file)) => (file.value, Origin::File(file.line)),
        (None, None, None) => return None,
    };
    Some(Setting { value, origin })
}

fn optional<T>(setting: Option<Setting<T>>) -> Setting<Option<T>> {
    match setting {
        Some(Setting { value, origin }) => Setting {
            value: Some(value),
            origin,
        },
        None => Setting {
            value: None,
            origin: Origin::Usual,
        },
    }
}
