//! The command line.

use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueHint};
use ordertop::client::{POLL_RANGE, Url};
use ordertop::order::VendorId;

use crate::commands::keys::KeysArgs;
use crate::commands::{EXIT_CODES, OrderCommand};
use crate::config::command::ConfigArgs;
use crate::demo::DemoArgs;
use crate::model::address::server_address;
use crate::record::replay::Replay;
use crate::theme::ThemeName;

/// Where the token is read from; never from a flag, which others can see.
pub const TOKEN_VARIABLE: &str = "ORDERTOP_MASTER_TOKEN";
/// Names a file that the log goes to.
pub const LOG_VARIABLE: &str = "ORDERTOP_LOG";

const EXAMPLES: &str = "\
Examples:
  ordertop demo
      a whole marketplace inside this program: nothing to set up
  ORDERTOP_MASTER_TOKEN=… ordertop --server https://orders.example.com --vendor 42
      the orders of vendor 42
  ordertop
      asks for server and token the first time and keeps them; then every vendor, or the one that was kept
  ORDERTOP_MASTER_TOKEN=… ordertop list --status paid --json
      without the screen: list, show, set, note, tail, watch-order, status

Environment:
  ORDERTOP_MASTER_TOKEN  the server's master token (there is no flag for it; --token-file names a file)
  ORDERTOP_SERVER, ORDERTOP_VENDOR, ORDERTOP_POLL, ORDERTOP_TOKEN_FILE, ORDERTOP_CONFIG, ORDERTOP_THEME
                         as the flags of these names; a flag goes first, then these, then ordertop.toml;
                         an empty one counts as not set
  ORDERTOP_LOG           a file for the log; nothing is logged without it
  NO_COLOR               any text turns colours off

Keys:
  ? shows all keys; s moves the order under the cursor on; / filters; q leaves";

/// A live table of a shop's orders.
#[derive(Debug, Parser)]
#[command(
    name = "ordertop",
    version,
    about = "A live table of a shop's orders: watch them come in, move them on",
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"),
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub struct Cli {
    /// What to do; without one, watch.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What to watch.
    #[command(flatten)]
    pub watch: WatchArgs,
    /// How it behaves.
    #[command(flatten)]
    pub manners: Manners,
    /// A record to play.
    #[command(flatten)]
    pub replay: ReplayArgs,
    /// The configuration file, in place of ordertop/ordertop.toml in the folder for configurations
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
}

/// What to do.
#[expect(clippy::large_enum_variant, reason = "there is one, for a moment")]
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a server with a simulated marketplace inside this program, and watch it
    Demo(DemoArgs),
    /// What is done without the screen.
    #[command(flatten)]
    Orders(OrderCommand),
    /// Check the configuration, find it, see what holds
    Config(ConfigArgs),
    /// Print every key, with the names that `[keys]` in ordertop.toml uses
    Keys(KeysArgs),
}

/// What to watch.
#[derive(Debug, Clone, Default, Args)]
pub struct WatchArgs {
    /// Which server, and as whom.
    #[command(flatten)]
    pub at: ServerArgs,
    /// How often to poll while real-time is off, in seconds: 5 to 300; without it 30
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(
            POLL_RANGE.start().as_secs()..=POLL_RANGE.end().as_secs()
        )
    )]
    pub poll: Option<u64>,
}

/// A record to play.
#[derive(Debug, Clone, Default, Args)]
pub struct ReplayArgs {
    /// Play a record instead of watching; nothing is sent, q leaves
    #[arg(long, value_name = "FILE", conflicts_with_all = ["record", "plain"])]
    pub replay: Option<PathBuf>,
    /// Play it so many times as fast
    #[arg(long, value_name = "TIMES", requires = "replay", value_parser = speed)]
    pub speed: Option<f64>,
    /// Draw the record's last frame into this file instead of playing it; --theme chooses its colours
    #[arg(long, value_name = "FILE", requires = "replay")]
    pub svg: Option<PathBuf>,
}

/// How the program behaves, whatever it watches.
#[derive(Debug, Clone, Default, Args)]
pub struct Manners {
    /// Change nothing: keys that would say so
    #[arg(long)]
    pub read_only: bool,
    /// Lines instead of a screen, for screen readers and simple terminals; type help
    #[arg(long, conflicts_with = "record")]
    pub plain: bool,
    /// Write down what happens, for a bug report: buyers' data and what is typed into dialogs is
    /// replaced; order numbers, vendors' names, filters and the server's own words stay
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// The theme, in place of the configuration's
    #[arg(long, value_name = "NAME")]
    pub theme: Option<ThemeName>,
}

/// The program's command line, read.
///
/// # Errors
/// When it is wrong, or asks for help or the version.
pub fn read() -> Result<Cli, clap::Error> {
    Cli::try_parse().map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp => {
            let shown = shown().try_get_matches_from(std::env::args_os());
            shown.err().unwrap_or(error)
        }
        _ => hinted(error, Cli::command()),
    })
}

/// The command line as help and manual show it: what is read as one list of words,
/// so that flags may stand between them, is shown as what the words are.
#[must_use]
pub fn shown() -> clap::Command {
    Cli::command().mut_subcommand("set", crate::commands::set_as_shown)
}

/// A flag before the command's name: clap says that both do not go together, and
/// not that they do the other way round.
fn hinted(mut error: clap::Error, mut command: clap::Command) -> clap::Error {
    command.build();
    let flags: Vec<&str> = match error.get(ContextKind::PriorArg) {
        Some(ContextValue::String(flag)) => vec![flag],
        Some(ContextValue::Strings(flags)) => flags.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    };
    let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidSubcommand) else {
        return error;
    };
    let takes = |flag: &&str| {
        let long = flag
            .split(' ')
            .next()
            .and_then(|flag| flag.strip_prefix("--"));
        let mut known = command
            .find_subcommand(name)
            .into_iter()
            .flat_map(clap::Command::get_arguments);
        known.any(|known| long.is_some() && known.get_long() == long)
    };
    if !flags.is_empty() && flags.iter().all(takes) {
        let flags = flags.join(" ");
        let tip = format!("put it after the command: `ordertop {name} {flags}`").into();
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    }
    error
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(times) if (0.01..=1000.0).contains(&times) => Ok(times),
        _ => Err("give a number from 0.01 to 1000".to_owned()),
    }
}

/// Which server, and as whom. What is not said here, the configuration file says, or it is
/// as usual: [`crate::config::Effective`].
#[derive(Debug, Clone, Default, Args)]
pub struct ServerArgs {
    /// The server's address; where none is kept the screen asks, and commands take http://127.0.0.1:8080
    #[arg(
        long,
        value_name = "URL",
        value_hint = ValueHint::Url,
        value_parser = server_address
    )]
    pub server: Option<Url>,
    /// The vendor to act as; without it, every vendor that the token may see
    #[arg(long, value_name = "ID")]
    pub vendor: Option<VendorId>,
    /// Every vendor that the token may see, whatever else names one
    #[arg(long)]
    pub all_vendors: bool,
    /// A file of mode 600 that holds the token alone
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

impl ReplayArgs {
    /// The record to play, where one is named.
    #[must_use]
    pub fn named(&self) -> Option<Replay> {
        Some(Replay {
            file: self.replay.clone()?,
            speed: self.speed.unwrap_or(1.0),
            svg: self.svg.clone(),
            theme: ThemeName::Dark,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
        shown().debug_assert();
    }

    #[test]
    fn a_flag_before_its_command_is_told_where_it_belongs() {
        let told = |args: &[&str]| {
            let error = Cli::try_parse_from(args).unwrap_err();
            hinted(error, Cli::command()).to_string()
        };
        let vendor = told(&["ordertop", "--vendor", "42", "list"]);
        let tip = "put it after the command: `ordertop list --vendor <ID>`";
        assert!(vendor.contains(tip), "{vendor}");
        assert!(told(&["ordertop", "--config", "a", "keys"]).contains("put it after"));
        // Nowhere in this command.
        assert!(!told(&["ordertop", "--plain", "list"]).contains("put it after"));
    }

    #[test]
    fn bad_values_are_refused_with_what_is_allowed() {
        let refuse = |args: &[&str]| Cli::try_parse_from(args).unwrap_err().to_string();
        assert!(refuse(&["ordertop", "--poll", "4"]).contains("5..=300"));
        assert!(refuse(&["ordertop", "--server", "ftp://x"]).contains("http://127.0.0.1:8080"));
        assert!(refuse(&["ordertop", "--vendor", "a b"]).contains("1 to 64"));
        assert!(Cli::try_parse_from(["ordertop", "demo"]).is_ok());
        assert!(Cli::try_parse_from(["ordertop", "list", "--theme", "dark"]).is_err());
        assert!(Cli::try_parse_from(["ordertop", "demo", "--theme", "dark"]).is_ok());
        assert!(Cli::try_parse_from(["ordertop", "demo", "--config", "a.toml"]).is_ok());
    }
}
