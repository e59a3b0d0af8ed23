//! `ordertop`: arguments, log file, screen, exit code.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use ordertop_tui::args::{self, Cli, Command, LOG_VARIABLE};
use ordertop_tui::config::{self, Config, Effective};
use ordertop_tui::screen::replay_settings;
use ordertop_tui::{ScreenOptions, commands, demo, outbox, record, run_screen, start, stdout};

/// The exit code of a wrong command line, as clap uses it.
const USAGE: u8 = 2;
/// Said when nobody can be told anything there.
const NO_STDOUT: &str = "stdout cannot be written";

// A changed order is a little longer than the one it replaces. The system's allocator leaves the place of the old one
// as a hole, which few others fit in: with 100,000 orders that change, half as much memory again (docs/MEASURED.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

// The screen has the main thread to itself: one worker is enough for the rest.
#[tokio::main(worker_threads = 1)]
async fn main() -> ExitCode {
    let cli = match args::read() {
        Ok(cli) => cli,
        Err(error) => return told(&error),
    };
    match log_to_file() {
        Ok(()) => run(cli).await,
        Err(error) => fail(&error, 1),
    }
}

/// Help, the version, or what is wrong with the command line.
fn told(error: &clap::Error) -> ExitCode {
    let code = if error.use_stderr() { USAGE } else { 0 };
    match error.print().and_then(|()| std::io::stdout().flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            fail(&anyhow::Error::new(error).context(NO_STDOUT), 1)
        }
        _ => ExitCode::from(code),
    }
}

async fn run(cli: Cli) -> ExitCode {
    let named = config::named_path(cli.config.as_deref(), config::CONFIG_VARIABLE);
    let named = named.as_deref();
    if let Some(Command::Config(args)) = cli.command {
        return match config::command::run(args, named) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error @ config::command::CommandError::Stdout(_)) => fail(&error.into(), 1),
            Err(error) => refuse(&error.to_string()),
        };
    }
    let mut config = match Config::load(named) {
        Ok(config) => config,
        Err(error) => match without_config(cli.command.as_ref()) {
            Without::Silent => Config::default(),
            Without::Told => {
                let _ = writeln!(
                    std::io::stderr(),
                    "{error}\nordertop: the demo goes without"
                );
                Config::default()
            }
            Without::Never => return refuse(&error.to_string()),
        },
    };
    let manners = match &cli.command {
        Some(Command::Demo(args)) => Some(&args.manners),
        Some(_) => None,
        None => Some(&cli.manners),
    };
    let theme = match manners.map_or(Ok(None), |manners| config::named_theme(manners.theme)) {
        Ok(theme) => theme,
        Err(error) => return fail(&error.into(), USAGE),
    };
    if let Some(theme) = theme {
        config.looks.name = theme;
    }
    let result = match cli.command {
        Some(Command::Demo(args)) => demo::run(args, &config).await,
        Some(Command::Keys(args)) => stdout::write(&commands::keys::print(args, &config.keymap))
            .map(drop)
            .context(NO_STDOUT),
        Some(Command::Config(_)) => Ok(()),
        Some(Command::Orders(command)) => return commands::run(command, &config).await.into(),
        None => {
            if let Some(mut replay) = cli.replay.named() {
                replay.theme = theme.unwrap_or(replay.theme);
                let looks = config.looks.clone();
                let played = record::play(replay, &looks, replay_settings).await;
                return match played {
                    Ok(()) => ExitCode::SUCCESS,
                    Err(error) => fail(&error, 1),
                };
            }
            let manners = cli.manners.clone();
            let effective = match Effective::of(&cli.watch, &config, &config::environment) {
                Ok(effective) => effective,
                Err(error) => return fail(&error.into(), USAGE),
            };
            if start::is_first(&effective) && !(manners.plain && effective.client().is_ok()) {
                return match start::run(effective, &config, manners).await {
                    Ok(()) => ExitCode::SUCCESS,
                    Err(error) if error.is::<start::NothingGiven>() => fail(&error, USAGE),
                    Err(error) => fail(&error, 1),
                };
            }
            match effective.client() {
                Ok(client) => {
                    let options = ScreenOptions {
                        outbox: outbox::default_dir(),
                        ..ScreenOptions::new(client).configured(&config).kept()
                    };
                    run_screen(options.behaving(manners)).await
                }
                Err(no_token) => return fail(&no_token.into(), USAGE),
            }
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, 1),
    }
}

/// What a command does with a configuration that cannot be used.
enum Without {
    /// It needs none.
    Silent,
    /// It can do without, and says so.
    Told,
    /// A file with a mistake is not used in part.
    Never,
}

fn without_config(command: Option<&Command>) -> Without {
    match command {
        Some(Command::Demo(_)) => Without::Told,
        Some(Command::Keys(args)) if args.markdown => Without::Silent,
        Some(Command::Orders(command)) if !command.asks() => Without::Silent,
        _ => Without::Never,
    }
}

/// Says what is wrong with the configuration, a mistake a line, as compilers do.
fn refuse(mistakes: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{mistakes}");
    ExitCode::from(USAGE)
}

fn fail(error: &anyhow::Error, code: u8) -> ExitCode {
    // There is nobody left to tell when stderr is gone too.
    let _ = writeln!(std::io::stderr(), "ordertop: {error:#}");
    ExitCode::from(code)
}

/// The screen has the terminal: the log goes to a file, or nowhere.
fn log_to_file() -> anyhow::Result<()> {
    let Some(path) = std::env::var_os(LOG_VARIABLE).filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .with_context(|| format!("{LOG_VARIABLE}: {} cannot be written", path.display()))?;
    let asked = std::env::var("ORDERTOP_LOG_FILTER").unwrap_or_else(|_| "info".to_owned());
    // Below `info` these write down the handshake, and the token in it.
    let filter = format!("{asked},tungstenite=info,tokio_tungstenite=info");
    let filter = tracing_subscriber::EnvFilter::new(filter);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(file)
        .init();
    Ok(())
}
