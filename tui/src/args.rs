//! The command line.

use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use ordertop::client::{ClientConfig, Credentials, POLL_RANGE, Url};
use ordertop::order::VendorId;

use crate::commands::{EXIT_CODES, OrderCommand};
use crate::demo::DemoArgs;
use crate::screen::ScreenOptions;

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
  ORDERTOP_MASTER_TOKEN=… ordertop
      every vendor that the token may see, on http://127.0.0.1:8080
  ORDERTOP_MASTER_TOKEN=… ordertop list --status paid --json
      without the screen: list, show, set, note, tail, watch-order, status

Environment:
  ORDERTOP_MASTER_TOKEN  the server's master token (needed; there is no flag for it)
  ORDERTOP_SERVER        the server's address, as --server
  ORDERTOP_VENDOR        the vendor, as --vendor
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
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a server with a simulated marketplace inside this program, and watch it
    Demo(DemoArgs),
    /// What is done without the screen.
    #[command(flatten)]
    Orders(OrderCommand),
}

/// What to watch.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// The server's address
    #[arg(
        long,
        value_name = "URL",
        env = "ORDERTOP_SERVER",
        default_value = "http://127.0.0.1:8080",
        value_parser = server_address
    )]
    pub server: Url,
    /// The vendor to act as; without it, every vendor that the token may see
    #[arg(long, value_name = "ID", env = "ORDERTOP_VENDOR")]
    pub vendor: Option<VendorId>,
    /// How often to poll while real-time is off, in seconds: 5 to 300
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 30,
        value_parser = clap::value_parser!(u64).range(
            POLL_RANGE.start().as_secs()..=POLL_RANGE.end().as_secs()
        )
    )]
    pub poll: u64,
}

/// Reads a server's address.
pub(crate) fn server_address(text: &str) -> Result<Url, String> {
    let hint = "give an address such as http://127.0.0.1:8080";
    let url = Url::parse(text).map_err(|error| format!("{error}: {hint}"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(hint.to_owned());
    }
    Ok(url)
}

/// The token is not set.
#[derive(Debug, thiserror::Error)]
#[error(
    "{TOKEN_VARIABLE} is not set: set it to the server's master token, or try `ordertop demo`, which needs none"
)]
pub struct NoToken;

/// The token, from the environment.
pub(crate) fn master_token() -> Result<String, NoToken> {
    let token = std::env::var(TOKEN_VARIABLE).unwrap_or_default();
    if token.is_empty() {
        return Err(NoToken);
    }
    Ok(token)
}

impl WatchArgs {
    /// What the screen follows.
    ///
    /// # Errors
    /// When the token is not set.
    pub fn screen(self) -> Result<ScreenOptions, NoToken> {
        let credentials = Credentials {
            master_token: master_token()?,
        };
        let mut client = ClientConfig::new(self.server, self.vendor, credentials);
        client.poll_every = Duration::from_secs(self.poll);
        Ok(ScreenOptions::new(client))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn bad_values_are_refused_with_what_is_allowed() {
        let refuse = |args: &[&str]| Cli::try_parse_from(args).unwrap_err().to_string();
        assert!(refuse(&["ordertop", "--poll", "4"]).contains("5..=300"));
        assert!(refuse(&["ordertop", "--server", "ftp://x"]).contains("http://127.0.0.1:8080"));
        assert!(refuse(&["ordertop", "--vendor", "a b"]).contains("1 to 64"));
        assert!(Cli::try_parse_from(["ordertop", "demo"]).is_ok());
    }
}
