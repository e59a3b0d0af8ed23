//! Many lists of a rare status at once: how long does one order's detail take beside them, and
//! how large does the write-ahead log become?
//!
//! A store is filled with orders of one vendor, of which each [`RARE`]th is Pending and the others
//! are Paid. A real server serves it; callers ask for all Pending orders again and again, writers
//! add notes, and one more caller asks for single orders, one after the other. Ends with an error
//! when a limit does not hold.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Parser;
use ordertop::clock::{Clock, SystemClock};
use ordertop::order::placement::{PlacedLine, Placement};
use ordertop::order::{Actor, ActorKind, VendorId};
use ordertop_server::decision;
use ordertop_server::store::sqlite::SqliteStore;
use ordertop_server::store::{Store, StoreOptions};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout_at;

/// One of so many orders is Pending.
const RARE: usize = 100_000;
/// Orders that are placed in one commit.
const BATCH: usize = 1_000;
const TOKEN: &str = "token-of-the-bench-7d20";
/// The limits: one order's detail at the 99th percentile, and the log.
const DETAIL_P99: Duration = Duration::from_millis(50);
const LOG_BYTES: u64 = 100_000_000;

/// Measures single orders beside many lists of a rare status
#[derive(Debug, Parser)]
struct Args {
    /// How many orders there are
    #[arg(long, default_value_t = 1_000_000)]
    orders: usize,
    /// How many callers ask for the rare status at once
    #[arg(long, default_value_t = 10)]
    callers: usize,
    /// How many callers write notes
    #[arg(long, default_value_t = 2)]
    writers: usize,
    /// For how long, in seconds
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Fill this file, or use it as it is; one in TMPDIR where left out
    #[arg(long, value_name = "FILE")]
    store: Option<std::path::PathBuf>,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let folder = tempfile::tempdir()?;
    let path = args.store.clone();
    let path = path.unwrap_or_else(|| folder.path().join("orders.db"));
    let began = Instant::now();
    fill(&path, args.orders).await?;
    writeln!(
        std::io::stdout(),
        "{} orders after {:.1} s",
        args.orders,
        began.elapsed().as_secs_f64()
    )?;
    let (server, address) = serve(&path).await?;
    let measured = measure(&args, address, &path).await?;
    drop(server);
    measured.report(&args)
}

/// Places what is missing of so many orders.
async fn fill(path: &Path, orders: usize) -> anyhow::Result<()> {
    let store = SqliteStore::open(path, &StoreOptions::default(), None).await?;
    let vendor: VendorId = "42".parse()?;
    store.add_vendor(vendor.clone(), "Acme".to_owned()).await?;
    let now = SystemClock.now();
    let there = usize::try_from(store.summary().await?.orders)?;
    let numbers: Vec<usize> = (there..orders).collect();
    for numbers in numbers.chunks(BATCH) {
        let rows = numbers.iter().map(|n| {
            let intake = order(*n).check(Some(&vendor), now)?;
            let actor = Actor::new(ActorKind::Service, "bench");
            let target = intake.key().into();
            Ok((target, decision::place(intake, actor, None, now)))
        });
        let rows: anyhow::Result<Vec<_>> = rows.collect();
        store.change_all(rows?, None).await?;
    }
    store.close().await?;
    Ok(())
}

fn order(n: usize) -> Placement {
    let status = if n % RARE == RARE / 2 {
        "Pending"
    } else {
        "Paid"
    };
    Placement {
        order_number: number(n),
        status: Some(status.to_owned()),
        currency: "EUR".to_owned(),
        lines: vec![PlacedLine {
            sku: "MUG-1".to_owned(),
            title: "Mug".to_owned(),
            qty: 1.into(),
            unit_price: "5.00".to_owned(),
            ..PlacedLine::default()
        }],
        ..Placement::default()
    }
}

fn number(n: usize) -> String {
    format!("ORD-{n:08}")
}

async fn serve(path: &Path) -> anyhow::Result<(Child, SocketAddr)> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ordertop-server"))
        .args(["serve", "--listen", "127.0.0.1:0", "--store"])
        .arg(path)
        .env("ORDERTOP_MASTER_TOKEN", TOKEN)
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

/// What a run came to.
struct Measured {
    details: Vec<Duration>,
    lists: u64,
    notes: u64,
    largest_log: u64,
}

async fn measure(args: &Args, address: SocketAddr, path: &Path) -> anyhow::Result<Measured> {
    let mut headers = http::HeaderMap::new();
    headers.insert("X-Master-Token", TOKEN.parse()?);
    headers.insert("X-Vendor-ID", "42".parse()?);
    let client = reqwest::Client::builder()
        .default_headers(headers)
        .no_proxy()
        .build()?;
    let until = tokio::time::Instant::now() + Duration::from_secs(args.seconds);
    let base = format!("http://{address}/api/orders");
    let (lists, notes) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..args.callers {
        let list = client.get(format!("{base}/vendor/?status=Pending"));
        tasks.spawn(again(list, until, lists.clone()));
    }
    for writer in 0..args.writers {
        let (client, base, orders) = (client.clone(), base.clone(), args.orders);
        let notes = notes.clone();
        tasks.spawn(async move {
            // Far apart, so that each note writes other pages.
            let mut n = writer * 7_919;
            while tokio::time::Instant::now() < until {
                n = (n + 104_729) % orders;
                let note = client.post(format!("{base}/{}/notes/", number(n)));
                let note = note.json(&serde_json::json!({"text": "called"}));
                note.send().await?.error_for_status()?;
                notes.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        });
    }
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let (mut details, mut largest_log, mut n) = (Vec::new(), 0, 0);
    while tokio::time::Instant::now() < until {
        n = (n + 611_953) % args.orders;
        let began = Instant::now();
        let detail = client.get(format!("{base}/{}/vendor-detail/", number(n)));
        detail.send().await?.error_for_status()?.bytes().await?;
        details.push(began.elapsed());
        largest_log = largest_log.max(std::fs::metadata(&log).map_or(0, |about| about.len()));
        // Two hundred a second at most: a caller, not a load.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    while let Some(task) = tasks.join_next().await {
        task??;
    }
    details.sort();
    Ok(Measured {
        details,
        lists: lists.load(Ordering::Relaxed),
        notes: notes.load(Ordering::Relaxed),
        largest_log,
    })
}

/// Sends a request again and again, and counts the answers.
async fn again(
    request: reqwest::RequestBuilder,
    until: tokio::time::Instant,
    count: Arc<AtomicU64>,
) -> anyhow::Result<()> {
    loop {
        let request = request.try_clone().context("it has no body")?;
        let Ok(answer) = timeout_at(until, request.send()).await else {
            return Ok(());
        };
        answer?.error_for_status()?.bytes().await?;
        count.fetch_add(1, Ordering::Relaxed);
    }
}

impl Measured {
    fn report(&self, args: &Args) -> anyhow::Result<()> {
        let at = |percent: usize| {
            let index = (self.details.len() * percent / 100).min(self.details.len() - 1);
            self.details[index]
        };
        ensure!(!self.details.is_empty(), "no order was read");
        let mut out = std::io::stdout();
        let (p50, p99, most) = (at(50), at(99), at(100));
        writeln!(
            out,
            "{} orders, {} callers of a rare status, {} writers, {} s: {} lists and {} notes answered",
            args.orders, args.callers, args.writers, args.seconds, self.lists, self.notes
        )?;
        writeln!(
            out,
            "one order's detail, {} times: p50 {:.1} ms, p99 {:.1} ms, at most {:.1} ms",
            self.details.len(),
            p50.as_secs_f64() * 1e3,
            p99.as_secs_f64() * 1e3,
            most.as_secs_f64() * 1e3
        )?;
        writeln!(
            out,
            "the log at most: {:.1} MB",
            self.largest_log as f64 / 1_000_000.0
        )?;
        ensure!(p99 <= DETAIL_P99, "p99 is above {DETAIL_P99:?}");
        ensure!(
            self.largest_log <= LOG_BYTES,
            "the log is above {LOG_BYTES} bytes"
        );
        Ok(())
    }
}
