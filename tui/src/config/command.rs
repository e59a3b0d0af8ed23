//! `ordertop config`: check the file, find it, see what holds.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{BadVariable, Config, ConfigError, Effective, Place, environment, read_token};
use crate::args::WatchArgs;
use crate::model::address::without_password;
use crate::stdout;

/// Check the configuration, find it, see what holds
#[derive(Debug, Clone, Args)]
pub struct ConfigArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// What to do with the configuration.
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigCommand {
    /// Name every mistake of the file with its line; exit code 2 when there is one
    Check {
        /// Another file than the one that is used
        file: Option<PathBuf>,
    },
    /// Print where the file is, whether it is there or not
    Path,
    /// Print what holds and who said it: flag, environment, file or default
    Show(WatchArgs),
}

/// Runs `ordertop config …`; `named` is the file that flag or environment names.
///
/// # Errors
/// When stdout is gone; or the configuration cannot be used.
pub fn run(args: ConfigArgs, named: Option<&Path>) -> Result<(), CommandError> {
    match args.command {
        ConfigCommand::Check { file } => {
            let named = file.as_deref().or(named);
            let words = check(named)?;
            say(&words)?;
        }
        ConfigCommand::Path => match Place::find(named) {
            Some(place) => say(&place.path.display().to_string())?,
            None => return Err(CommandError::NoHome),
        },
        ConfigCommand::Show(args) => {
            let config = Config::load(named)?;
            let effective = Effective::of(&args, &config, &environment)?;
            say(&show(&config, &effective))?;
        }
    }
    Ok(())
}

/// `ordertop config …` did not do what it was to do.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The token's file cannot be used.
    #[error("{}:{line}: {error}", file.display())]
    Token {
        /// The configuration that names it.
        file: PathBuf,
        /// In this line.
        line: usize,
        /// What is wrong with it.
        error: super::TokenFileError,
    },
    /// A variable cannot be used.
    #[error(transparent)]
    Variable(#[from] BadVariable),
    /// Nobody knows where it would be.
    #[error("there is no home folder: name the file with --config")]
    NoHome,
    /// stdout is gone.
    #[error("stdout cannot be written")]
    Stdout(#[from] io::Error),
}

fn say(words: &str) -> io::Result<()> {
    stdout::write(&format!("{words}\n")).map(drop)
}

fn check(named: Option<&Path>) -> Result<String, CommandError> {
    let config = Config::load(named)?;
    if let Some(token) = &config.token_file {
        read_token(&token.value).map_err(|error| CommandError::Token {
            file: config.path.clone().unwrap_or_default(),
            line: token.line,
            error,
        })?;
    }
    Ok(match &config.path {
        Some(path) => format!("{}: fine", path.display()),
        None => match Place::find(None) {
            Some(place) => format!("{}: not there, which is fine", place.path.display()),
            None => "no file, which is fine".into(),
        },
    })
}

/// What holds, a line each: name, value, origin. The token is never in it.
pub(super) fn show(config: &Config, effective: &Effective) -> String {
    let file = match &config.path {
        Some(path) => path.display().to_string(),
        None => "none".into(),
    };
    let vendor = (effective.vendor.value.as_ref()).map_or("all", |vendor| vendor.as_str());
    let token_file = (effective.token_file.value.as_ref())
        .map_or_else(|| "none".to_owned(), |path| path.display().to_string());
    let server = without_password(&effective.server.value);
    let rows = [
        (
            "server",
            server.to_string(),
            effective.server.origin.to_string(),
        ),
        (
            "vendor",
            vendor.to_owned(),
            effective.vendor.origin.to_string(),
        ),
        (
            "poll",
            effective.poll.value.as_secs().to_string(),
            effective.poll.origin.to_string(),
        ),
        (
            "token_file",
            token_file,
            effective.token_file.origin.to_string(),
        ),
        ("token", effective.token_origin(), String::new()),
    ];
    let wide = rows.iter().map(|(_, value, _)| value.chars().count()).max();
    let wide = wide.unwrap_or(0).min(60);
    let mut out = format!("file        {file}");
    for (name, value, origin) in rows {
        let line = format!("\n{name:<11} {value:<wide$}  {origin}");
        out.push_str(line.trim_end());
    }
    out
}
