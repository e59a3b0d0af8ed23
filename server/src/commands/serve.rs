//! `ordertop-server serve`.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::store_args::StoreArgs;
use crate::config::TOKEN_VARIABLE;
use crate::store::Retention;
use crate::{Config, Secret, Server};

/// Serves orders until it is told to stop (Ctrl-C or SIGTERM)
///
/// The first line on standard output is `listening on http://ADDRESS:PORT`.
/// Callers need the token from ORDERTOP_MASTER_TOKEN; without one, a token is
/// made and printed, and only this machine can connect.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Environment:
  ORDERTOP_MASTER_TOKEN   the token that all callers share; never a flag, for flags are seen by everyone
  ORDERTOP_LOG            what to log on standard error: error, warn, info (default), debug, or a filter

Examples:
  ordertop-server serve
  ordertop-server serve --listen 127.0.0.1:9000 --store /var/lib/ordertop/orders.db
  ordertop-server serve --allow-origin https://dashboard.example      # a dashboard in a browser")]
pub struct ServeArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        env = "ORDERTOP_LISTEN",
        default_value = "127.0.0.1:8080"
    )]
    listen: SocketAddr,
    #[command(flatten)]
    store: StoreArgs,
    /// Origins whose pages may call and connect.
    #[arg(
        long,
        value_name = "ORIGIN",
        value_parser = origin,
        help = "An origin whose pages may call and connect, such as https://dashboard.example; repeatable"
    )]
    allow_origin: Vec<String>,
    /// Let anyone who names a vendor follow its orders on a socket
    ///
    /// For the old dashboard, whose sockets send no credentials. Whoever
    /// reaches the port can then read every vendor's live feed.
    #[arg(long)]
    open_sockets: bool,
    /// The newest events of each vendor that can be replayed: 1 to 1,000,000
    #[arg(
        long,
        value_name = "N",
        env = "ORDERTOP_KEEP_EVENTS",
        default_value_t = Retention::default().events,
        value_parser = clap::value_parser!(u64).range(1..=1_000_000)
    )]
    keep_events: u64,
    /// For how long events can be replayed, in hours; the newest for ever
    #[arg(
        long,
        value_name = "HOURS",
        env = "ORDERTOP_KEEP_EVENTS_HOURS",
        default_value_t = Retention::default().age.as_secs() / 3_600,
        value_parser = clap::value_parser!(u64).range(1..=87_600)
    )]
    keep_events_hours: u64,
    /// On a Redis: answer a change once so many replicas have it
    ///
    /// A failover then loses nothing that was answered. A change whose replicas
    /// do not answer in time fails with 503.
    #[arg(
        long,
        value_name = "REPLICAS",
        env = "ORDERTOP_REDIS_WAIT",
        default_value_t = 0
    )]
    redis_wait: u32,
    /// How many seconds to wait at the start for a Redis that does not answer
    #[arg(
        long,
        value_name = "SECONDS",
        env = "ORDERTOP_STORE_TIMEOUT",
        default_value_t = 30
    )]
    store_timeout: u64,
    /// A proxy with TLS stands in front: plain HTTP beyond this machine is meant
    #[arg(long)]
    behind_proxy: bool,
}

/// An origin as browsers write it (RFC 6454, section 6.2).
pub(super) fn origin(text: &str) -> Result<String, String> {
    let url = url::Url::parse(text)
        .map_err(|error| format!("{error}: an origin is https://HOST or https://HOST:PORT"))?;
    let serialized = url.origin().ascii_serialization();
    if !matches!(url.scheme(), "http" | "https") || serialized != text.trim_end_matches('/') {
        return Err(format!(
            "an origin has no path and no default port: `{serialized}`, perhaps"
        ));
    }
    Ok(serialized)
}

/// Serves until a signal comes.
///
/// # Errors
/// When the server cannot start or its store cannot be closed.
pub async fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    // Before anything else: a signal that comes early is not lost.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut config = Config::new(args.store.store);
    config.listen = args.listen;
    config.open_sockets = args.open_sockets;
    config.allow_origins = args.allow_origin;
    config.behind_proxy = args.behind_proxy;
    config.redis_wait = args.redis_wait;
    config.retention = Retention {
        events: args.keep_events,
        age: Duration::from_secs(args.keep_events_hours * 3_600),
    };
    config.timing.store_timeout = Duration::from_secs(args.store_timeout);
    config.master_token = token_from_environment()?;
    config.limits.connections = config.limits.connections.min(open_files());
    let server = Server::bind(config).await?;
    announce(&server).context("standard output is closed")?;

    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: finishing requests, closing sockets; once more to stop at once");
    tokio::select! {
        stopped = server.stop() => stopped?,
        _ = terminate.recv() => return Ok(ExitCode::FAILURE),
        _ = interrupt.recv() => return Ok(ExitCode::FAILURE),
    }
    Ok(ExitCode::SUCCESS)
}

/// Files for the store, its readers, the log and the listener.
const FILES_OF_OUR_OWN: usize = 64;

/// How many connections fit beside our own files. The limit that a shell sets
/// is often 1,024 with much more allowed: it is raised to what is allowed.
fn open_files() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => maximum,
        Err(_) => current,
    };
    let files = current.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
    files.saturating_sub(FILES_OF_OUR_OWN).max(1)
}

/// The master token, where one is set.
///
/// # Errors
/// When it cannot be sent in a header.
pub fn token_from_environment() -> anyhow::Result<Option<Secret>> {
    match std::env::var(TOKEN_VARIABLE) {
        Ok(token) if token.is_empty() => Ok(None),
        Ok(token) if token.bytes().all(|b| b.is_ascii_graphic()) => Ok(Some(Secret::new(token))),
        Ok(_) | Err(std::env::VarError::NotUnicode(_)) => anyhow::bail!(
            "{TOKEN_VARIABLE} has a character that a header cannot carry: use letters and digits"
        ),
        Err(std::env::VarError::NotPresent) => Ok(None),
    }
}

fn announce(server: &Server) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let address = server.local_addr();
    writeln!(out, "listening on http://{address}")?;
    if server.made_token() {
        let token = server.master_token();
        writeln!(
            out,
            "{TOKEN_VARIABLE} is not set: a token was made for this run"
        )?;
        writeln!(
            out,
            "  {TOKEN_VARIABLE}={token} ordertop --server http://{address}"
        )?;
    }
    out.flush()
}
