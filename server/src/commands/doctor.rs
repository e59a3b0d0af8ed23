//! `ordertop-server doctor`.

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use ordertop::order::VendorId;
use url::Url;

use super::serve::{origin, token_from_environment};
use super::store_args::StoreArgs;
use crate::doctor::{Report, Style, Subject, examine};

/// Looks for what is wrong with a server, its store and the way to them
///
/// A line a check: `ok`, `warn` (it works, and something can be lost or will
/// soon not work), `FAIL`, or `skip` (not looked at, and why); below what is not
/// well, what to do. Run it where the server runs, with the server's settings.
///
/// Nothing is changed: it writes no order and no key. On a Redis it publishes
/// one message to a channel of its own (ordertop:doctor:…); in a file it begins
/// a transaction and takes it back; on the server it opens sockets and closes
/// them. The server proves by a commit of its own that it can (/readyz).
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Exit code:
  0   all well, or warnings alone
  1   something failed
  2   the command line could not be read

Environment:
  ORDERTOP_MASTER_TOKEN   the token to check; without it, where a server of this machine has the store
                          open, the one in the store's lock lets its owner look

Examples:
  ordertop-server doctor --vendor 42
  ordertop-server doctor --store redis-sentinel://10.0.0.1:26379,10.0.0.2:26379/orders --server https://orders.example
  ordertop-server doctor --origin https://dashboard.example --json | jq 'select(.result == \"fail\")'")]
pub struct DoctorArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// The server; left out, the one that has the store open, or http://127.0.0.1:8080
    #[arg(long, value_name = "URL", env = "ORDERTOP_SERVER", value_parser = server)]
    server: Option<Url>,
    /// A vendor that should be there
    #[arg(long, value_name = "ID", env = "ORDERTOP_VENDOR")]
    vendor: Option<VendorId>,
    /// An origin whose pages should be let in, such as <https://dashboard.example>
    #[arg(
        long,
        value_name = "ORIGIN",
        value_parser = origin,
        help = "An origin whose pages should be let in, such as https://dashboard.example"
    )]
    origin: Option<String>,
    /// One JSON object a line: check, result (ok, warn, fail, skip), says, remedy
    #[arg(long)]
    json: bool,
}

fn server(text: &str) -> Result<Url, String> {
    let url =
        Url::parse(text).map_err(|error| format!("{error}: such as http://127.0.0.1:8080"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("a server is http://HOST:PORT or https://HOST".to_owned());
    }
    Ok(url)
}

/// Looks, and says what it found.
///
/// # Errors
/// When the token cannot be read or the report cannot be written.
pub async fn run(args: DoctorArgs) -> anyhow::Result<ExitCode> {
    let subject = Subject {
        store: args.store.store,
        server: args.server,
        vendor: args.vendor,
        token: token_from_environment()?,
        origin: args.origin,
    };
    let mut out = std::io::stdout();
    let coloured = out.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let style = match (args.json, coloured) {
        (true, _) => Style::Json,
        (false, true) => Style::Coloured,
        (false, false) => Style::Plain,
    };
    let mut report = Report::new(&mut out, style);
    examine(subject, &mut report).await?;
    report.finish().context("the report cannot be written")?;
    Ok(if report.failures == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
