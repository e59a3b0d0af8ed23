//! The real terminal program with a hundred thousand orders: how fast is it,
//! and what does it take?
//!
//! A server is filled, `ordertop` is started in a pseudo-terminal of 120x30 and
//! watched as its user would: when the first frame stands, when all orders are
//! there, how much memory it takes then, how often it wakes while nothing
//! happens. Then the orders change, thousands of times a second, while keys are
//! pressed; a key's time ends when the terminal has the frame that answers it.
//!
//! `ops/bench screen` builds the programs and starts this.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use ordertop::client::{Credentials, Rest, Url};
use ordertop::order::placement::{PlacedLine, Placement};
use ordertop::order::{Address, Buyer};
use ordertop::protocol::rest::{Outcome, Vendor};
use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const USAGE: &str =
    "usage: table FOLDER [ORDERS] [EVENTS_A_SECOND]: FOLDER holds ordertop and ordertop-server";
const TOKEN: &str = "token-of-the-bench-91c4";
const VENDOR: &str = "42";
const ROWS: u16 = 30;
const COLS: u16 = 120;
/// How long the programs may take to whatever is waited for.
const PATIENCE: Duration = Duration::from_secs(120);
/// Orders that are placed with one request.
const BATCH: usize = 250;
/// Changes come in so many bursts a second.
const BURSTS: usize = 40;
/// Keys that are timed.
const KEYS: usize = 300;
/// Filters that are set and cleared.
const FILTERS: usize = 20;
/// How long nothing happens while wake-ups are counted.
const IDLE: Duration = Duration::from_secs(10);

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
    let mut screen = Screen::start(programs, home.path(), address)?;
    let first = screen.shows("a first frame", |text| text.contains("Orders"))?;
    let all = format!("{} orders", grouped(orders));
    let loaded = screen.shows("all orders", |text| text.contains(&all))?;
    writeln!(
        out,
        "first paint {:.0} ms after start; {} after {:.2} s",
        ms(first - began),
        all,
        (loaded - began).as_secs_f64()
    )?;

    tokio::time::sleep(Duration::from_secs(3)).await;
    writeln!(
        out,
        "memory: {:.1} MiB, at most {:.1} MiB so far",
        screen.memory_mib("VmRSS")?,
        screen.memory_mib("VmHWM")?
    )?;
    let before = screen.wake_ups()?;
    tokio::time::sleep(IDLE).await;
    let woke = screen.wake_ups()? - before;
    writeln!(
        out,
        "idle: {woke} voluntary context switches of all threads in {} s",
        IDLE.as_secs()
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
    writeln!(out, "  key to screen:   {}", shares(keys))?;
    writeln!(out, "  clearing filter: {}", shares(clears))?;
    writeln!(
        out,
        "  memory: {:.1} MiB, at most {:.1} MiB",
        screen.memory_mib("VmRSS")?,
        screen.memory_mib("VmHWM")?
    )?;
    Ok(())
}

/// Moves the cursor down and, at the end of the screen, back to the top.
fn press_keys(screen: &mut Screen) -> anyhow::Result<Vec<Duration>> {
    let mut took = Vec::with_capacity(KEYS);
    for n in 0..KEYS {
        // Apart from the frames' own beat.
        std::thread::sleep(Duration::from_millis(23 + (n as u64 * 7) % 31));
        let key = if n % 60 < 30 { "j" } else { "k" };
        let before = under_cursor(&screen.text());
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

/// The number of the order that the cursor is on.
fn under_cursor(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.split_once('▶'))?.1;
    line.split_whitespace()
        .find(|word| word.starts_with("ORD-"))
        .map(str::to_owned)
}

async fn serve(programs: &Path, store: &Path) -> anyhow::Result<(Child, SocketAddr)> {
    let mut child = Command::new(programs.join("ordertop-server"))
        .args(["serve", "--listen", "127.0.0.1:0", "--store"])
        .arg(store)
        .env("ORDERTOP_MASTER_TOKEN", TOKEN)
        .env("ORDERTOP_LOG", "error")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = child.stdout.take().context("no pipe")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).await?;
    let address = line.trim().strip_prefix("listening on http://");
    let address = address.with_context(|| format!("the server said `{}`", line.trim()))?;
    Ok((child, address.parse()?))
}

async fn place(server: SocketAddr, count: usize) -> anyhow::Result<()> {
    let credentials = Credentials {
        master_token: TOKEN.to_owned(),
    };
    let rest = Rest::new(&Url::parse(&format!("http://{server}"))?, &credentials)?;
    let vendor = Vendor {
        id: VENDOR.parse()?,
        name: "Acme".to_owned(),
    };
    rest.add_vendor(&vendor).await?;
    for from in (0..count).step_by(BATCH) {
        let some: Vec<_> = (from..count.min(from + BATCH)).map(order).collect();
        let results = rest.place(&some).await?.results;
        let refused = results.iter().find(|row| row.result != Outcome::Placed);
        ensure!(refused.is_none(), "an order was refused: {refused:?}");
    }
    Ok(())
}

/// An order as shops have them: two or three articles, an address in parts, a
/// phone. Each is different.
fn order(n: usize) -> Placement {
    let pick = |from: &[&str], salt: usize| from[(n * 7 + n / 13 + salt) % from.len()].to_owned();
    let first = [
        "Ana", "Jürgen", "Sofía", "Marie", "Tom", "Ingrid", "Pavel", "Aiko",
    ];
    let last = [
        "Souza",
        "Müller",
        "Hernández",
        "Dubois",
        "Baker",
        "Lindqvist",
        "Novák",
        "Sato",
    ];
    let street = [
        "Rua Augusta",
        "Lange Straße",
        "Calle Mayor",
        "Rue de Rivoli",
        "High Street",
    ];
    let city = [
        "São Paulo",
        "Bremen",
        "Madrid",
        "Lyon",
        "Leeds",
        "Uppsala",
        "Brno",
    ];
    let goods = [
        "Stoneware mug",
        "Linen tea towel",
        "Oak serving board",
        "Wool throw",
        "Brass lamp",
    ];
    let line = |at: usize| PlacedLine {
        sku: format!("ART-{}", (n * 31 + at * 17) % 5_000),
        title: pick(&goods, at),
        variant: (at == 0).then(|| pick(&["Sand", "Indigo", "Moss", "Charcoal"], 1)),
        qty: 1 + u32::try_from(n % 3).unwrap_or(0),
        unit_price: format!("{}.{:02}", 4 + (n * 13 + at) % 140, n % 100),
    };
    let name = format!("{} {}", pick(&first, 0), pick(&last, n / 5));
    Placement {
        vendor_id: Some(VENDOR.to_owned()),
        order_number: format!("ORD-{n:08}"),
        status: Some("Paid".to_owned()),
        currency: "EUR".to_owned(),
        buyer: Buyer {
            email: Some(format!(
                "{}.{n}@example.com",
                pick(&last, n / 5).to_lowercase()
            )),
            phone: Some(format!("+49 421 {:07}", n * 37 % 10_000_000)),
            name: Some(name),
        },
        ship_to: Address {
            line1: Some(format!("{} {}", pick(&street, 2), 1 + n % 211)),
            city: Some(pick(&city, 3)),
            postcode: Some(format!("{:05}", n * 53 % 100_000)),
            country: Some(pick(&["BR", "DE", "ES", "FR", "GB", "SE", "CZ"], 3)),
            ..Address::default()
        },
        lines: (0..2 + n % 2).map(line).collect(),
        ..Placement::default()
    }
}

/// Ships and delivers one order after the other, `rate` changes a second.
async fn change(server: SocketAddr, orders: usize, rate: usize) -> anyhow::Result<()> {
    let http = reqwest::Client::new();
    let url = format!("http://{server}/api/orders/update-status/");
    let mut pace = tokio::time::interval(Duration::from_secs(1) / BURSTS as u32);
    let steps = ["Shipped", "Delivered"].into_iter();
    // Spread over the list, and each once: 7,919 is a prime.
    let mut all = steps.flat_map(|to| (0..orders).map(move |n| (n * 7_919 % orders, to)));
    loop {
        pace.tick().await;
        let some = all.by_ref().take(rate / BURSTS);
        let rows: Vec<_> = some
            .map(|(n, to)| json!({"order_number": format!("ORD-{n:08}"), "status": to}))
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        let request = http.post(&url).header("X-Master-Token", TOKEN);
        let answer = request
            .header("X-Vendor-ID", VENDOR)
            .json(&json!({ "orders": rows }))
            .send()
            .await?;
        ensure!(answer.status().is_success(), "{}", answer.text().await?);
    }
}

/// `ordertop` in a terminal, and what the terminal shows.
struct Screen {
    pid: u32,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    /// Kept: the terminal hangs up when it is dropped.
    _master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    shown: Arc<Shown>,
}

struct Shown {
    terminal: Mutex<(vt100::Parser, Instant)>,
    drawn: Condvar,
}

impl Screen {
    fn start(programs: &Path, home: &Path, server: SocketAddr) -> anyhow::Result<Self> {
        let pty = native_pty_system().openpty(PtySize {
            rows: ROWS,
            cols: COLS,
            pixel_width: 0,
            pixel_height: 0,
        })?;
        let mut command = CommandBuilder::new(programs.join("ordertop"));
        command.args(["--server", &format!("http://{server}"), "--vendor", VENDOR]);
        command.env("HOME", home);
        command.env("TERM", "xterm-256color");
        command.env("ORDERTOP_MASTER_TOKEN", TOKEN);
        let child = pty.slave.spawn_command(command)?;
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader()?;
        let keys = pty.master.take_writer()?;
        let size = |cells| NonZeroU16::new(cells).context("a size");
        let parser = vt100::Parser::new(size(ROWS)?, size(COLS)?, 0);
        let shown = Arc::new(Shown {
            terminal: Mutex::new((parser, Instant::now())),
            drawn: Condvar::new(),
        });
        let fed = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut bytes = [0_u8; 65_536];
            while let Ok(read @ 1..) = reader.read(&mut bytes) {
                let at = Instant::now();
                if let Ok(mut terminal) = fed.terminal.lock() {
                    terminal.0.process(&bytes[..read]);
                    terminal.1 = at;
                }
                fed.drawn.notify_all();
            }
        });
        Ok(Self {
            pid: child.process_id().context("no process")?,
            child,
            _master: pty.master,
            keys,
            shown,
        })
    }

    fn text(&self) -> String {
        let terminal = self.shown.terminal.lock();
        terminal.map_or_else(|_| String::new(), |it| it.0.screen().contents())
    }

    fn press(&mut self, keys: &str) -> anyhow::Result<()> {
        self.keys.write_all(keys.as_bytes())?;
        Ok(self.keys.flush()?)
    }

    /// When what makes the screen as `wanted` reached the terminal.
    fn shows(&self, what: &str, wanted: impl Fn(&str) -> bool) -> anyhow::Result<Instant> {
        let until = Instant::now() + PATIENCE;
        let poisoned = |_| anyhow::anyhow!("the terminal's reader has failed");
        let mut terminal = self.shown.terminal.lock().map_err(poisoned)?;
        loop {
            let text = terminal.0.screen().contents();
            if wanted(&text) {
                return Ok(terminal.1);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("waited {PATIENCE:?} for {what}:\n{text}");
            }
            let waited = self.shown.drawn.wait_timeout(terminal, left);
            terminal = match waited {
                Ok((terminal, _)) => terminal,
                Err(_) => bail!("the terminal's reader has failed"),
            };
        }
    }

    /// A figure of `/proc/PID/status`, in MiB.
    fn memory_mib(&self, name: &str) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        Ok(figure(&status, name)? as f64 / 1024.0)
    }

    /// Voluntary context switches of all its threads.
    fn wake_ups(&self) -> anyhow::Result<u64> {
        let mut sum = 0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.pid))? {
            let status = std::fs::read_to_string(thread?.path().join("status"))?;
            sum += figure(&status, "voluntary_ctxt_switches")?;
        }
        Ok(sum)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn figure(status: &str, name: &str) -> anyhow::Result<u64> {
    let mut lines = status.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines
        .find(|(key, _)| *key == name)
        .context("no such figure")?;
    Ok(value
        .split_whitespace()
        .next()
        .context("no figure")?
        .parse()?)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn shares(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |share: f64| {
        let place = (times.len() as f64 * share).ceil() as usize;
        ms(times[place.clamp(1, times.len()) - 1])
    };
    format!(
        "p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms, of {}",
        at(0.5),
        at(0.95),
        at(0.99),
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
