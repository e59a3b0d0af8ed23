//! Support follows thousands of vendors while orders come in: how soon does its socket
//! follow, and what does it cost when nothing happens?
//!
//! A server is started on a Redis of many vendors. Reported is how long one order's placing
//! takes, alone and beside callers of `/status` and `/readyz`; then the commands that Redis runs
//! a second while a support socket is open and nothing happens; then, while orders are placed
//! at a rate, how long a new support socket takes to tell an event that was committed after
//! it was opened, the same for one that comes back with its positions, and how far it is
//! behind; at last how long a bulk request takes that names its orders by number alone. A
//! socket that is closed, and one that does not follow within three seconds, is an error.
//!
//! `ops/bench support` starts the Redis; nothing is pinned to a core.

use std::collections::HashMap;
use std::io::Write;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::Parser;
use futures_util::{SinkExt, StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use ordertop::client::{Credentials, Rest};
use ordertop::clock::{Clock, SystemClock};
use ordertop::order::placement::{PlacedLine, Placement};
use ordertop::protocol::rest::{BulkChange, Outcome, Vendor};
use ordertop::protocol::{ClientMessage, ServerMessage};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const TOKEN: &str = "token-of-the-bench-7d20";
/// Orders in one request; each of another vendor.
const IN_REQUEST: usize = 100;
/// Requests under way at once.
const AT_ONCE: usize = 32;
/// How soon a support socket must follow.
const LIMIT: Duration = Duration::from_secs(3);
/// How long it is watched afterwards, and how long an idle one is.
const WATCHED: Duration = Duration::from_secs(10);

/// Callers of `/status` at once, and orders that are placed beside them, one after the other.
const STATUS_CALLERS: usize = 20;
const PLACED_ALONE: usize = 1_000;
/// The first of their numbers: above all others.
const PLACED_FROM: usize = 90_000_000;

/// How long a socket is left to itself before an idle one is measured.
const SETTLED: Duration = Duration::from_secs(5);

/// Follows every vendor while orders come in
#[derive(Debug, Parser)]
struct Args {
    /// How many vendors there are
    #[arg(long, default_value_t = 5_000)]
    vendors: usize,
    /// Orders that are placed a second
    #[arg(long, default_value_t = 4_000)]
    rate: usize,
    /// A Redis, empty and for this alone
    #[arg(long, value_name = "URL")]
    store: String,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let mut out = std::io::stdout();
    let (_server, address) = start(&args).await?;
    let rest = Rest::new(&format!("http://{address}").parse()?, &credentials())?;
    add_vendors(&rest, args.vendors).await?;

    placing_beside(&mut out, &rest, 0).await?;
    placing_beside(&mut out, &rest, STATUS_CALLERS).await?;

    let began = Instant::now();
    let mut idle = Support::open(address, &HashMap::new()).await?;
    writeln!(
        out,
        "{} vendors; the first support socket is welcomed after {:.0} ms",
        args.vendors,
        ms(began.elapsed())
    )?;
    // Everything is compared once after a socket came.
    idle.rest(SETTLED).await?;
    let (before, began) = (commands(&args.store).await?, Instant::now());
    idle.rest(WATCHED).await?;
    let asked = commands(&args.store).await? - before;
    let a_second = asked as f64 / began.elapsed().as_secs_f64();
    writeln!(out, "idle: Redis runs {a_second:.0} commands a second")?;
    drop(idle);

    let (stop, stopped) = tokio::sync::watch::channel(false);
    let load = tokio::spawn(place(rest.clone(), args.vendors, args.rate, stopped));
    tokio::time::sleep(LIMIT).await;
    let mut fresh = Support::open(address, &HashMap::new()).await?;
    fresh.follow(&mut out, "a new socket").await?;
    let positions = fresh.positions.clone();
    drop(fresh);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut back = Support::open(address, &positions).await?;
    back.follow(&mut out, "one that missed a second").await?;
    stop.send(true)?;
    let (placed, took) = load.await??;
    writeln!(
        out,
        "{placed} orders were placed, {:.0} a second",
        placed as f64 / took.as_secs_f64()
    )?;
    drop(back);

    let numbers = (0..1_000).map(|n| json!({"order_number": number(n), "status": "Shipped"}));
    let bulk = json!({"orders": numbers.collect::<Vec<_>>()});
    let bulk: BulkChange = serde_json::from_value(bulk)?;
    let began = Instant::now();
    let results = rest.change_statuses(&bulk).await?.results;
    let took = began.elapsed();
    let changed = results.iter().filter(|row| row.result == Outcome::Changed);
    writeln!(
        out,
        "a bulk request of 1,000 orders by number alone: {} changed in {:.2} s",
        changed.count(),
        took.as_secs_f64()
    )?;
    Ok(())
}

/// Reports how long one order's placing takes beside as many callers of `/status`, each of whom asks
/// again when it is answered, and what those are answered.
async fn placing_beside(out: &mut impl Write, rest: &Rest, callers: usize) -> anyhow::Result<()> {
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let (rest, stopped) = (rest.clone(), stopped.clone());
        asking.spawn(async move {
            let mut slowest = Duration::ZERO;
            let mut answers = 0;
            while !*stopped.borrow() {
                let began = Instant::now();
                let status = rest.status().await?.context("no status")?;
                ensure!(status["ready"] == true, "the server is not ready: {status}");
                slowest = slowest.max(began.elapsed());
                answers += 1;
            }
            anyhow::Ok((answers, slowest))
        });
    }
    let mut took = Vec::new();
    for n in 0..PLACED_ALONE {
        let order = order(PLACED_FROM + callers * PLACED_ALONE + n, 1);
        let began = Instant::now();
        rest.place(&[order]).await?;
        took.push(began.elapsed());
    }
    stop.send(true)?;
    let (mut answers, mut slowest) = (0_u64, Duration::ZERO);
    while let Some(asked) = asking.join_next().await {
        let (some, longest) = asked??;
        (answers, slowest) = (answers + some, slowest.max(longest));
    }
    took.sort_unstable();
    writeln!(
        out,
        "one order placed beside {callers} callers of /status: p50 {:.1} ms, p99 {:.1} ms; \
         they had {answers} answers, the slowest after {:.0} ms",
        ms(took[took.len() / 2]),
        ms(took[took.len() * 99 / 100]),
        ms(slowest)
    )?;
    Ok(())
}

/// A support socket and what it was told.
struct Support {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    opened: Instant,
    opened_at: Timestamp,
    welcomed: Duration,
    /// Each vendor's newest event.
    positions: HashMap<String, String>,
}

impl Support {
    async fn open(server: SocketAddr, positions: &HashMap<String, String>) -> anyhow::Result<Self> {
        let (opened, opened_at) = (Instant::now(), SystemClock.now());
        let mut request = format!("ws://{server}/ws/orders/").into_client_request()?;
        let headers = request.headers_mut();
        headers.insert("X-Master-Token", TOKEN.parse()?);
        headers.insert("Ordertop-Protocol", "1".parse()?);
        let (mut stream, _) = connect_async(request).await?;
        let resume = json!({"type": "resume", "positions": positions});
        let resume: ClientMessage = serde_json::from_value(resume)?;
        let resume = serde_json::to_string(&resume)?;
        stream.send(Message::text(resume)).await?;
        let mut support = Self {
            stream,
            opened,
            opened_at,
            welcomed: Duration::ZERO,
            positions: HashMap::new(),
        };
        let ServerMessage::Welcome(welcome) = support.next().await? else {
            bail!("the first frame is no welcome");
        };
        support.welcomed = opened.elapsed();
        for (vendor, recovery) in welcome.vendors.context("no vendors")? {
            support
                .positions
                .insert(vendor.to_string(), recovery.position.to_string());
        }
        Ok(support)
    }

    async fn next(&mut self) -> anyhow::Result<ServerMessage> {
        loop {
            let frame = self.stream.next().await.context("the socket is gone")??;
            match frame {
                Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                Message::Close(frame) => bail!("the server closed the socket: {frame:?}"),
                _ => {}
            }
        }
    }

    /// Reads what comes for a while, and expects nothing of it.
    async fn rest(&mut self, time: Duration) -> anyhow::Result<()> {
        let reading = async {
            loop {
                self.next().await?;
            }
        };
        match tokio::time::timeout(time, reading).await {
            Ok(ended) => ended,
            Err(_) => Ok(()),
        }
    }

    /// Reads until it has followed for a while, and reports how that went.
    async fn follow(&mut self, out: &mut impl Write, which: &str) -> anyhow::Result<()> {
        let (mut events, mut follows, mut lags) = (0_u64, None, Vec::new());
        let deadline = self.opened + LIMIT + WATCHED;
        while Instant::now() < deadline {
            let told = tokio::time::timeout_at(deadline.into(), self.next()).await;
            let Ok(told) = told else { break };
            let event = match told? {
                ServerMessage::OrderCreated(event)
                | ServerMessage::OrderStatusUpdate(event)
                | ServerMessage::OrderUpdated(event) => event,
                _ => continue,
            };
            events += 1;
            let vendor = event.vendor_id.to_string();
            self.positions.insert(vendor, event.position.to_string());
            if event.timestamp > self.opened_at && follows.is_none() {
                follows = Some(self.opened.elapsed());
            }
            if follows.is_some() {
                let now = SystemClock.now();
                lags.push(now.duration_since(event.timestamp).as_millis());
            }
        }
        let follows = follows.context("it told nothing that was committed after it was opened")?;
        lags.sort_unstable();
        let lag = |share: f64| lags[((lags.len() - 1) as f64 * share) as usize];
        writeln!(
            out,
            "{which}: welcomed after {:.0} ms, follows after {:.0} ms; {events} events in {} s, \
             behind p50 {} ms, p99 {} ms, at most {} ms",
            ms(self.welcomed),
            ms(follows),
            (LIMIT + WATCHED).as_secs(),
            lag(0.5),
            lag(0.99),
            lag(1.0)
        )?;
        ensure!(follows <= LIMIT, "it must follow within {LIMIT:?}");
        Ok(())
    }
}

async fn start(args: &Args) -> anyhow::Result<(Child, SocketAddr)> {
    let binary = env!("CARGO_BIN_EXE_ordertop-server");
    let mut child = Command::new(binary)
        .args(["serve", "--listen", "127.0.0.1:0", "--store", &args.store])
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

async fn add_vendors(rest: &Rest, count: usize) -> anyhow::Result<()> {
    let adding = (0..count).map(|n| async move {
        let vendor = Vendor {
            id: n.to_string().parse()?,
            name: format!("Vendor {n}"),
        };
        rest.add_vendor(&vendor).await?;
        anyhow::Ok(())
    });
    stream::iter(adding)
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

/// Places orders at a rate until it is told to stop; how many, and in which time.
async fn place(
    rest: Rest,
    vendors: usize,
    rate: usize,
    stopped: tokio::sync::watch::Receiver<bool>,
) -> anyhow::Result<(usize, Duration)> {
    let began = Instant::now();
    let mut pace = tokio::time::interval(Duration::from_secs(1) * IN_REQUEST as u32 / rate as u32);
    let mut requests = tokio::task::JoinSet::new();
    let mut placed = 0;
    while !*stopped.borrow() {
        pace.tick().await;
        while requests.len() >= AT_ONCE {
            requests.join_next().await.context("none")???;
        }
        let orders: Vec<_> = (placed..placed + IN_REQUEST)
            .map(|n| order(n, vendors))
            .collect();
        placed += IN_REQUEST;
        let rest = rest.clone();
        requests.spawn(async move {
            let results = rest.place(&orders).await?.results;
            let refused = results.iter().find(|row| row.result != Outcome::Placed);
            ensure!(refused.is_none(), "an order was refused: {refused:?}");
            anyhow::Ok(())
        });
    }
    while let Some(done) = requests.join_next().await {
        done??;
    }
    Ok((placed, began.elapsed()))
}

fn number(n: usize) -> String {
    format!("ORD-{n:08}")
}

fn order(n: usize, vendors: usize) -> Placement {
    Placement {
        vendor_id: Some((n % vendors).to_string()),
        order_number: number(n),
        status: Some("Paid".to_owned()),
        currency: "EUR".to_owned(),
        lines: vec![PlacedLine {
            sku: "MUG-1".to_owned(),
            title: "Mug".to_owned(),
            qty: 2.into(),
            unit_price: "5.00".to_owned(),
            ..PlacedLine::default()
        }],
        ..Placement::default()
    }
}

/// How many commands Redis has run, those of scripts too.
async fn commands(store: &str) -> anyhow::Result<u64> {
    let mut redis = redis::Client::open(store)?
        .get_multiplexed_async_connection()
        .await?;
    let info: String = redis::cmd("INFO")
        .arg("stats")
        .query_async(&mut redis)
        .await?;
    let mut lines = info.lines();
    let count = lines.find_map(|line| line.strip_prefix("total_commands_processed:"));
    Ok(count.context("INFO does not say")?.trim().parse()?)
}

fn credentials() -> Credentials {
    Credentials {
        master_token: TOKEN.to_owned(),
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
