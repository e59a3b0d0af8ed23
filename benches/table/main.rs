//! The real terminal program with a hundred thousand orders: how fast is it,
//! and what does it take?
//!
//! A server is filled, `ordertop` is started in a pseudo-terminal of 120x30 and
//! watched as its user would: when the first frame stands, when all orders are
//! there, how much memory it takes then, how often it wakes while nothing
//! happens. Then the orders change, thousands of times a second, while keys are
//! pressed; a key's time ends when the terminal has the frame that answers it.
//! Other programs that are installed are shown the same orders after it.
//!
//! `ops/bench screen` builds the programs and starts this.

mod peers;
mod screen;
mod shop;

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use portable_pty::CommandBuilder;
use screen::Screen;
use shop::{TOKEN, VENDOR, change, place, serve};

const USAGE: &str =
    "usage: table FOLDER [ORDERS] [EVENTS_A_SECOND]: FOLDER holds ordertop and ordertop-server";
/// Keys that are timed.
const KEYS: usize = 300;
/// Filters that are set and cleared.
const FILTERS: usize = 20;
/// How long nothing happens while wake-ups are counted: a minute has its share of
/// the connection's signs of life, which ten seconds may miss.
const IDLE: Duration = Duration::from_secs(60);
/// When a program that just read everything is at rest.
const REST: Duration = Duration::from_secs(5);

/// A figure, and what it may be at most.
struct Limit {
    what: &'static str,
    seen: f64,
    most: f64,
    unit: &'static str,
}

fn main() -> anyhow::Result<()> {
    // `cargo bench` adds a flag of its own.
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let folder = PathBuf::from(args.next().context(USAGE)?);
    let orders = args.next().map_or(Ok(100_000), |n| n.parse())?;
    let rate = args.next().map_or(Ok(2_000), |n| n.parse())?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(measure(&folder, orders, rate))
}

async fn measure(programs: &Path, orders: usize, rate: usize) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let home = tempfile::tempdir()?;
    let (_server, address) = serve(programs, &home.path().join("orders.db")).await?;
    place(address, orders).await?;

    let began = Instant::now();
    let mut screen = Screen::start(ordertop(programs, home.path(), address))?;
    let first = screen.shows("a first frame", |text| {
        text.contains("Orders") && text.contains("? help")
    })?;
    let first = ms(first - began);
    let named = format!("{} orders", grouped(orders));
    // The header counts orders an hour in the same words.
    let all = format!("{named} · by ");
    let loaded = screen.shows("all orders", |text| text.contains(&all))?;
    writeln!(out, "{:<24}{first:.0} ms after start", "first frame")?;
    let loaded = (loaded - began).as_secs_f64();
    writeln!(out, "{:<24}after {loaded:.2} s", format!("all {named}"))?;

    tokio::time::sleep(REST).await;
    writeln!(out, "{:<24}{}", "memory, loaded", memory(&screen)?)?;
    let idle = screen.wake_ups(IDLE).await?;
    let seconds = IDLE.as_secs();
    writeln!(
        out,
        "{:<24}{idle} in {seconds} s, of all threads (voluntary context switches)",
        "wake-ups, idle"
    )?;

    let changes = tokio::spawn(change(address, orders, rate));
    // Until the first of them are on the screen.
    tokio::time::sleep(Duration::from_secs(2)).await;
    // Pressing and waiting block: elsewhere, so that the changes go on.
    let (screen, keys, clears) = tokio::task::spawn_blocking(move || {
        let keys = press_keys(&mut screen)?;
        let clears = clear_filters(&mut screen, &all)?;
        anyhow::Ok((screen, keys, clears))
    })
    .await??;
    ensure!(!changes.is_finished(), "the changes ended too early");
    changes.abort();
    writeln!(out, "at {rate} events a second:")?;
    writeln!(out, "{:<24}{}", "  key to screen", shares(&keys))?;
    writeln!(out, "{:<24}{}", "  clearing a filter", shares(&clears))?;
    writeln!(out, "{:<24}{}", "  memory", memory(&screen)?)?;
    let most = screen.memory_mib("VmHWM")?;
    drop(screen);

    peers::measure(&mut out, home.path(), orders).await?;

    let limits = [
        limit("first frame", first, 100.0, "ms"),
        limit("wake-ups a second", idle as f64 / seconds as f64, 1.0, ""),
        limit("key to screen, p95", share(&keys, 0.95), 20.0, "ms"),
        limit("clearing a filter, p95", share(&clears, 0.95), 20.0, "ms"),
        limit("memory at most", most, 150.0, "MiB"),
    ];
    writeln!(out)?;
    for limit in &limits {
        writeln!(out, "{limit}")?;
    }
    let broken: Vec<_> = limits.iter().filter(|limit| !limit.holds()).collect();
    match &broken[..] {
        [] => writeln!(out, "Every limit holds.")?,
        some => {
            let names: Vec<_> = some.iter().map(|limit| limit.what).collect();
            writeln!(out, "Broken: {}; the others hold.", names.join(", "))?;
        }
    }
    Ok(())
}

fn ordertop(programs: &Path, home: &Path, server: SocketAddr) -> CommandBuilder {
    let mut command = CommandBuilder::new(programs.join("ordertop"));
    command.args(["--server", &format!("http://{server}"), "--vendor", VENDOR]);
    command.env("HOME", home);
    command.env("TERM", "xterm-256color");
    command.env("ORDERTOP_MASTER_TOKEN", TOKEN);
    command
}

fn memory(screen: &Screen) -> anyhow::Result<String> {
    Ok(format!(
        "{:.1} MiB, at most {:.1} MiB so far",
        screen.memory_mib("VmRSS")?,
        screen.memory_mib("VmHWM")?
    ))
}

/// Moves the cursor, thirty orders down and thirty up, so that the list scrolls.
fn press_keys(screen: &mut Screen) -> anyhow::Result<Vec<Duration>> {
    let mut took = Vec::with_capacity(KEYS);
    for n in 0..KEYS {
        // Apart from the frames' own beat.
        std::thread::sleep(Duration::from_millis(23 + (n as u64 * 7) % 31));
        let text = screen.text();
        let before = under_cursor(&text);
        let key = if n % 60 < 30 || is_on_top(&text) {
            "j"
        } else {
            "k"
        };
        let pressed = Instant::now();
        screen.press(key)?;
        let moved = screen.shows("the next order under the cursor", |text| {
            let now = under_cursor(text);
            now.is_some() && now != before
        })?;
        took.push(moved - pressed);
    }
    Ok(took)
}

fn clear_filters(screen: &mut Screen, all: &str) -> anyhow::Result<Vec<Duration>> {
    let mut took = Vec::with_capacity(FILTERS);
    for n in 0..FILTERS {
        screen.press(&format!("/souza 1{}\r", n % 10))?;
        screen.shows("a filtered list", |text| {
            !text.contains(all) && text.contains(" of ")
        })?;
        std::thread::sleep(Duration::from_millis(60));
        let pressed = Instant::now();
        screen.press("\x1b")?;
        took.push(screen.shows("all orders again", |text| text.contains(all))? - pressed);
        std::thread::sleep(Duration::from_millis(60));
    }
    Ok(took)
}

/// What stands before the cursor in its line: the arrows of an order's steps are
/// not at a pane's edge.
const CURSOR: &str = "│▶";

/// The number of the order that the cursor is on.
fn under_cursor(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.split_once(CURSOR))?.1;
    line.split_whitespace()
        .find(|word| word.starts_with("ORD-"))
        .map(str::to_owned)
}

/// Whether the cursor is right below the names of the columns.
fn is_on_top(text: &str) -> bool {
    let mut lines = text.lines().skip_while(|line| !line.contains("Number"));
    lines.nth(1).is_some_and(|line| line.contains(CURSOR))
}

const fn limit(what: &'static str, seen: f64, most: f64, unit: &'static str) -> Limit {
    Limit {
        what,
        seen,
        most,
        unit,
    }
}

impl Limit {
    fn holds(&self) -> bool {
        self.seen <= self.most
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let holds = if self.holds() { "holds" } else { "BROKEN" };
        let Self {
            what,
            seen,
            most,
            unit,
        } = self;
        let seen = format!("{seen:.2} {unit}");
        write!(f, "{what:<24}{seen:<14}limit {most:.0} {unit:<6}{holds}")
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// What this share of the times does not exceed, in milliseconds.
fn share(times: &[Duration], share: f64) -> f64 {
    let mut times = times.to_vec();
    times.sort();
    let place = (times.len() as f64 * share).ceil() as usize;
    let time = times.get(place.clamp(1, times.len().max(1)) - 1);
    time.map_or(0.0, |time| ms(*time))
}

fn shares(times: &[Duration]) -> String {
    format!(
        "p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms, of {}",
        share(times, 0.5),
        share(times, 0.95),
        share(times, 0.99),
        times.len()
    )
}

/// As the screen writes numbers: `100,000`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
