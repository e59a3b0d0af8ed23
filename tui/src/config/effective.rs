//! What holds in the end: a flag goes before the environment, that before the
//! file, that before what is usual; and who said it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use ordertop::client::{ClientConfig, Credentials, POLL_EVERY, Url};
use ordertop::order::VendorId;

use super::{Config, TokenFileError, Written, read_token};
use crate::args::{ServerArgs, TOKEN_VARIABLE, WatchArgs};

/// Where a server is when nobody says so.
const USUAL_SERVER: &str = "http://127.0.0.1:8080";

/// The server's address when nobody says another one.
#[expect(clippy::unwrap_used, reason = "a constant, and tested")]
pub(crate) fn usual_server() -> Url {
    Url::parse(USUAL_SERVER).unwrap()
}

/// An address as it may be shown: without the password that may stand in it.
pub(crate) fn without_password(server: &Url) -> Url {
    let mut shown = server.clone();
    if shown.password().is_some() {
        // It has a host, or there would be no password.
        let _ = shown.set_password(Some("…"));
    }
    shown
}

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
    /// The token, where the environment holds it; `Debug` does not show it.
    token: Option<Credentials>,
}

/// There is no token.
#[derive(Debug, thiserror::Error)]
pub enum NoToken {
    /// Nobody names one.
    #[error(
        "{TOKEN_VARIABLE} is not set: set it to the server's master token, or name a file that holds it with token_file in ordertop.toml, or try `ordertop demo`, which needs none"
    )]
    Unset,
    /// Its file cannot be used.
    #[error(transparent)]
    File(#[from] TokenFileError),
}

/// A setting's name on the command line and in the environment.
struct Names {
    flag: &'static str,
    variable: &'static str,
}

impl Effective {
    /// What holds for these arguments (which clap filled in from the
    /// environment where a flag is missing), the environment, and the file.
    #[must_use]
    pub fn of(
        args: &WatchArgs,
        config: &Config,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Self {
        Self::of_server(&args.at, args.poll, config, variable)
    }

    /// The same for a command that does not poll.
    #[must_use]
    pub fn of_server(
        args: &ServerArgs,
        poll: Option<u64>,
        config: &Config,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Self {
        let choose = Choose { variable };
        let server = choose.among(
            Names {
                flag: "--server",
                variable: "ORDERTOP_SERVER",
            },
            args.server.clone(),
            config.server.clone(),
        );
        let vendor = choose.among(
            Names {
                flag: "--vendor",
                variable: "ORDERTOP_VENDOR",
            },
            args.vendor.clone(),
            config.vendor.clone(),
        );
        let poll = choose.among(
            Names {
                flag: "--poll",
                variable: "ORDERTOP_POLL",
            },
            poll,
            config.poll.clone().map(|written| Written {
                value: written.value.as_secs(),
                line: written.line,
            }),
        );
        let token_file = choose.among(
            Names {
                flag: "--token-file",
                variable: "ORDERTOP_TOKEN_FILE",
            },
            args.token_file.clone(),
            config.token_file.clone(),
        );
        Self {
            server: server.unwrap_or_else(|| Setting {
                value: usual_server(),
                origin: Origin::Usual,
            }),
            vendor: match args.all_vendors {
                true => Setting {
                    value: None,
                    origin: Origin::Flag("--all-vendors"),
                },
                false => optional(vendor),
            },
            poll: match poll {
                Some(poll) => Setting {
                    value: Duration::from_secs(poll.value),
                    origin: poll.origin,
                },
                None => Setting {
                    value: POLL_EVERY,
                    origin: Origin::Usual,
                },
            },
            token_file: optional(token_file),
            token: variable(TOKEN_VARIABLE)
                .filter(|token| !token.is_empty())
                .map(|master_token| Credentials { master_token }),
        }
    }

    /// Whether anybody said which server, or how to get in.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.server.origin == Origin::Usual
            && self.vendor.origin == Origin::Usual
            && self.token_file.origin == Origin::Usual
            && self.token.is_none()
    }

    /// The token: of the environment, else of its file.
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

    /// Where the token comes from, in words without it.
    #[must_use]
    pub fn token_origin(&self) -> String {
        match (&self.token, &self.token_file.value) {
            (Some(_), _) => format!("set, from {TOKEN_VARIABLE}"),
            (None, Some(_)) => "set, from token_file".into(),
            (None, None) => "not set".into(),
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

struct Choose<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Choose<'_> {
    fn among<T: ToText>(
        &self,
        names: Names,
        given: Option<T>,
        file: Option<Written<T>>,
    ) -> Option<Setting<T>> {
        if let Some(value) = given {
            // What equals the variable may have been typed too: it is the same.
            let same = (self.variable)(names.variable).is_some_and(|text| value.is(&text));
            let origin = match same {
                true => Origin::Variable(names.variable),
                false => Origin::Flag(names.flag),
            };
            return Some(Setting { value, origin });
        }
        file.map(|Written { value, line }| Setting {
            value,
            origin: Origin::File(line),
        })
    }
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

/// Whether a text of the environment reads as this value.
trait ToText {
    fn is(&self, text: &str) -> bool;
}

impl ToText for Url {
    fn is(&self, text: &str) -> bool {
        Url::parse(text).is_ok_and(|url| url == *self)
    }
}

impl ToText for VendorId {
    fn is(&self, text: &str) -> bool {
        self.as_str() == text
    }
}

impl ToText for u64 {
    fn is(&self, text: &str) -> bool {
        text.parse() == Ok(*self)
    }
}

impl ToText for PathBuf {
    fn is(&self, text: &str) -> bool {
        self.as_os_str() == text
    }
}
