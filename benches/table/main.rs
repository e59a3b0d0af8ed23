//! The real terminal program with a hundred thousand orders: how fast is it,
//! and what does it take?
//!
//! A server is filled, `ordertop` is started in a pseudo-terminal of 120x30 and
//! watched as its user would: when the first frame stands, when all orders are
//! there, how much memory it takes then, how often it wakes while nothing
//! happens. Then the orders change, thousands of times a second, while keys are
//! pressed, without marks and with many; a key's time ends when the terminal has
//! the frame that answers it. Other programs that are installed are shown the same
//! orders after it. It ends with code 1 when a limit is broken.
//!
//! `cargo bench --bench table` builds the programs and measures them;
//! `ops/bench screen` does the same.

mod peers;
mod programs;
mod screen;
mod shop;

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use portable_pty::CommandBuilder;
use screen::Screen;
use shop::{TOKEN, VENDOR, change, place, serve};

const USAGE: &str = "usage: cargo bench --bench table -- [FOLDER] [ORDERS] [EVENTS_A_SECOND]
FOLDER holds ordertop and ordertop-server; without one they are built and taken
from beside this program. 100000 orders and 2000 events a second unless said.";
/// How often the program is started for its first frame.
const STARTS: usize = 5;
/// Keys that are timed.
const KEYS: usize = 300;
/// The same while orders are marked, for each way.
const KEYS_WITH_MARKS: usize = 100;
/// When a key that moved nothing is given up: the cursor is at an end of the list.
const MOVED: Duration = Duration::from_secs(2);
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

fn main() -> anyhow::Result<ExitCode> {
    // `cargo bench` adds a flag of its own.
    let mut args: Vec<_> = (std::env::args().skip(1))
        .filter(|arg| arg != "--bench")
        .collect();
    let mut out = std::io::stdout();
    let named = args
        .first()
        .is_some_and(|arg| arg.parse::<usize>().is_err());
    let folder = match named {
        true => PathBuf::from(args.remove(0)),
        false => programs::built()?,
    };
    let number = |at: usize, usual: usize| {
        let given = args.get(at).map(|arg| arg.parse().context(USAGE));
        given.unwrap_or(Ok(usual))
    };
    let (orders, rate) = (number(0, 100_000)?, number(1, 2_000)?);
    ensure!(args.len() <= 2 && folder.is_dir(), USAGE);
    writeln!(out, "programs of {}", folder.display())?;
    let runtime = tokio::runtime::Runtime::new()?;
    let holds = runtime.block_on(measure(&folder, orders, rate))?;
    Ok(match holds {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Measures; says whether every limit holds.
async fn measure(programs: &Path, orders: usize, rate: usize) -> anyhow::Result<bool> {
    let mut out = std::io::stdout();
    let home = tempfile::tempdir()?;
    let (_server, address) = serve(programs, &home.path().join("orders.db")).await?;
    shop::open(address).await?;
    place(address, 0..orders).await?;

    let first = first_frames(programs, address, Some(VENDOR))?;
    let first_of_all = first_frames(programs, address, None)?;
    writeln!(out, "{:<24}{}", "first frame", spread(&first))?;
    writeln!(out, "{:<24}{}", "  of all vendors", spread(&first_of_all))?;

    let began = Instant::now();
    let mut screen = Screen::start(ordertop(programs, home.path(), address, Some(VENDOR)))?;
    let named = format!("{} orders", grouped(orders));
    // The header counts orders an hour in the same words.
    let all = format!("{named} · by ");
    let loaded = screen.shows("all orders", |text| text.contains(&all))?;
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

    // An age that tells seconds changes with each of them.
    place(address, orders..orders + 1).await?;
    let all = format!("{} orders · by ", grouped(orders + 1));
    screen.shows("the fresh order", |text| text.contains(&all))?;
    screen.press("n")?;
    let fresh = Some(format!("ORD-{orders:08}"));
    screen.shows("the fresh order under the cursor", |text| {
        under_cursor(text) == fresh
    })?;
    let with_fresh = screen.wake_ups(IDLE).await?;
    writeln!(
        out,
        "{:<24}{with_fresh} in {seconds} s",
        "  with a fresh order"
    )?;
    screen.press("g")?;
    screen.shows("the top of the list", is_on_top)?;

    let changed = Arc::new(AtomicUsize::new(0));
    let changes = tokio::spawn(change(address, orders, rate, Arc::clone(&changed)));
    // Until the first of them are on the screen.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (before, since) = (changed.load(Ordering::Relaxed), Instant::now());
    // Pressing and waiting block: elsewhere, so that the changes go on.
    let (screen, timed) = tokio::task::spawn_blocking(move || {
        let timed = Timed {
            keys: press_keys(&mut screen, KEYS, Way::Down)?,
            clears: clear_filters(&mut screen, &all)?,
            with_marks: press_with_marks(&mut screen, &all)?,
        };
        anyhow::Ok((screen, timed))
    })
    .await??;
    let reached = (changed.load(Ordering::Relaxed) - before) as f64 / since.elapsed().as_secs_f64();
    ensure!(!changes.is_finished(), "the changes ended too early");
    changes.abort();
    writeln!(
        out,
        "at {reached:.0} changes a second, of {rate} that were wanted:"
    )?;
    let Timed {
        keys,
        clears,
        with_marks,
    } = timed;
    writeln!(out, "{:<24}{}", "  key to screen", shares(&keys))?;
    for (marked, keys) in &with_marks {
        writeln!(out, "{:<24}{}", format!("  {marked}"), shares(keys))?;
    }
    writeln!(out, "{:<24}{}", "  clearing a filter", shares(&clears))?;
    writeln!(out, "{:<24}{}", "  memory", memory(&screen)?)?;
    let most = screen.memory_mib("VmHWM")?;
    drop(screen);

    peers::measure(&mut out, home.path(), orders).await?;

    let of_marks = |(_, keys): &(String, Vec<Duration>)| share(keys, 0.95);
    let worst_with_marks = with_marks.iter().map(of_marks).fold(0.0, f64::max);
    let limits = [
        limit("first frame", share(&first, 0.5), 100.0, "ms"),
        limit("  of all vendors", share(&first_of_all, 0.5), 100.0, "ms"),
        limit("wake-ups a second", idle as f64 / seconds as f64, 1.0, ""),
        limit("key to screen, p95", share(&keys, 0.95), 20.0, "ms"),
        limit("  with marks, p95", worst_with_marks, 20.0, "ms"),
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
            let names: Vec<_> = some.iter().map(|limit| limit.what.trim()).collect();
            writeln!(out, "Broken: {}; the others hold.", names.join(", "))?;
        }
    }
    Ok(broken.is_empty())
}

/// What was timed while the orders changed.
struct Timed {
    keys: Vec<Duration>,
    clears: Vec<Duration>,
    /// How many orders were marked, in words.
    with_marks: Vec<(String, Vec<Duration>)>,
}

/// When the first frame stands, after each of some starts: of this vendor's orders,
/// or of all vendors'. Nothing is kept from one start to the next.
fn first_frames(
    programs: &Path,
    server: SocketAddr,
    vendor: Option<&str>,
) -> anyhow::Result<Vec<Duration>> {
    let start = |_| {
        let home = tempfile::tempdir()?;
        let began = Instant::now();
        let screen = Screen::start(ordertop(programs, home.path(), server, vendor))?;
        let first = screen.shows("a first frame", |text| {
            text.contains("Orders") && text.contains("? help")
        })?;
        Ok(first - began)
    };
    (0..STARTS).map(start).collect()
}

fn ordertop(
    programs: &Path,
    home: &Path,
    server: SocketAddr,
    vendor: Option<&str>,
) -> CommandBuilder {
    let mut command = CommandBuilder::new(programs.join("ordertop"));
    command.args(["--server", &format!("http://{server}")]);
    if let Some(vendor) = vendor {
        command.args(["--vendor", vendor]);
    }
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

/// Where the cursor goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Down,
    Up,
}

/// Moves the cursor, thirty orders one way and thirty the other, so that the list
/// scrolls.
fn press_keys(screen: &mut Screen, count: usize, first: Way) -> anyhow::Result<Vec<Duration>> {
    let mut took = Vec::with_capacity(count);
    let mut turned = false;
    for n in 0..2 * count {
        if took.len() == count {
            break;
        }
        // Apart from the frames' own beat.
        std::thread::sleep(Duration::from_millis(23 + (n as u64 * 7) % 31));
        let text = screen.text();
        let before = under_cursor(&text);
        let down = (n % 60 < 30) == (first == Way::Down);
        let down = (down != turned) || is_on_top(&text);
        let pressed = Instant::now();
        screen.press(if down { "j" } else { "k" })?;
        let moved = screen.shows_within(MOVED, "the next order under the cursor", |text| {
            let now = under_cursor(text);
            now.is_some() && now != before
        });
        match moved {
            Ok(moved) => took.push(moved - pressed),
            // The order under the cursor was moved to the list's end by a change.
            Err(_) if n < 2 * count - 1 => turned = !turned,
            Err(error) => return Err(error),
        }
    }
    ensure!(
        took.len() == count,
        "the cursor does not move:\n{}",
        screen.text()
    );
    Ok(took)
}

/// The same with one order marked, with all in a range that is being drawn, and
/// with about as many marked as one action takes.
fn press_with_marks(
    screen: &mut Screen,
    all: &str,
) -> anyhow::Result<Vec<(String, Vec<Duration>)>> {
    let mut timed = Vec::new();
    let mut time = |screen: &mut Screen, way| {
        screen.shows("marked orders", |text| marked(text).is_some())?;
        let count = marked(&screen.text()).unwrap_or_default();
        let keys = press_keys(screen, KEYS_WITH_MARKS, way)?;
        timed.push((format!("  {count} marked"), keys));
        // The range, or the marks.
        screen.press("\x1b")?;
        screen.shows("no marks", |text| marked(text).is_none())?;
        anyhow::Ok(())
    };
    to_the_top(screen)?;
    screen.press(" ")?;
    time(screen, Way::Down)?;

    to_the_top(screen)?;
    let top = under_cursor(&screen.text());
    screen.press("vG")?;
    screen.shows("the end of the list", |text| {
        let now = under_cursor(text);
        now.is_some() && now != top && !is_on_top(text)
    })?;
    time(screen, Way::Up)?;

    // All but a hundred of the first ten thousand; the filter's keys leave marks alone.
    screen.press("/number:ORD-0000 -number:ORD-000000\r")?;
    screen.shows("a filtered list", |text| !text.contains(all))?;
    screen.press("A")?;
    screen.shows("marked orders", |text| marked(text).is_some())?;
    screen.press("/\x15\r")?;
    screen.shows("all orders again", |text| text.contains(all))?;
    time(screen, Way::Down)?;
    Ok(timed)
}

fn to_the_top(screen: &mut Screen) -> anyhow::Result<()> {
    screen.press("g")?;
    screen.shows("the top of the list", is_on_top)?;
    Ok(())
}

/// How many orders are marked, as the screen says it.
fn marked(text: &str) -> Option<String> {
    let (before, _) = text.lines().find_map(|line| line.split_once(" marked"))?;
    let count = before.split_whitespace().last()?;
    count
        .starts_with(|c: char| c.is_ascii_digit())
        .then(|| count.to_owned())
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
        // Esc as a terminal writes it that tells it from the beginning of a sequence: the bare byte
        // is waited on for 50 ms.
        screen.press("\x1b[27u")?;
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

/// Of a few times.
fn spread(times: &[Duration]) -> String {
    format!(
        "{:.0} ms after start ({:.0} to {:.0}, the median of {})",
        share(times, 0.5),
        share(times, 0.0),
        share(times, 1.0),
        times.len()
    )
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
