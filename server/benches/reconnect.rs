//! Ten thousand sockets are cut at once: how long until all of them are back and
//! have every event that they missed?
//!
//! A server is started with so many real clients (the library's own: its
//! reconnecting, its positions, its replica) and killed as by a power cut. While
//! it is away another one takes new orders of every vendor on the same store and
//! is killed too; then the first starts again at its address. Reported is the
//! time from the cut until the last client follows live again and has applied
//! each event once. Fetching one snapshot counts as a failure.
//!
//! `ops/bench reconnect` pins the server to one core and this program to another.

use std::ffi::OsString;
use std::io::Write;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use clap::Parser;
use ordertop::client::{Client, ClientConfig, ClientEvent, ConnectionState, Credentials, Rest};
use ordertop::order::VendorId;
use ordertop::order::placement::{PlacedLine, Placement};
use ordertop::protocol::MAX_ORDERS;
use ordertop::protocol::rest::{Outcome, Vendor};
use ordertop::replica::Change;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::runtime::{Handle, Runtime};
use tokio::sync::mpsc::{self, UnboundedSender};

/// How long all clients may take to come, and to come back.
const PATIENCE: Duration = Duration::from_secs(120);
/// Clients that are started in a second. Each fetches a first snapshot on a
/// connection that it keeps for 20 s: more would need more files than sockets.
const STARTED_A_SECOND: u32 = 250;
const TOKEN: &str = "token-of-the-bench-7d20";

/// Cuts many sockets at once and waits until all are back and caught up
#[derive(Debug, Parser)]
struct Args {
    /// How many clients follow
    #[arg(long, default_value_t = 10_000)]
    sockets: usize,
    /// How many vendors they follow, one each
    #[arg(long, default_value_t = 100)]
    vendors: usize,
    /// How many events each vendor's followers miss
    #[arg(long, default_value_t = 10)]
    missed: usize,
    /// A Redis, empty and for this alone; a file in TMPDIR where left out
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Pin the server to this core
    #[arg(long, value_name = "N")]
    server_core: Option<usize>,
    /// What `cargo bench` adds
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    raise_open_files(args.sockets)?;
    // Apart, so that ten thousand clients that come back do not hold up the one
    // who starts the server for them.
    let clients = Runtime::new()?;
    let control = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    control.block_on(measure(&args, clients.handle()))
}

async fn measure(args: &Args, clients: &Handle) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let servers = Servers {
        store: match &args.store {
            Some(store) => store.into(),
            None => folder.path().join("orders.db").into(),
        },
        core: args.server_core,
    };
    let mut out = std::io::stdout();
    let (mut server, address) = servers.start("127.0.0.1:0").await?;
    let vendors = add_vendors(address, args.vendors).await?;

    let began = Instant::now();
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut pace = tokio::time::interval(Duration::from_secs(1) / STARTED_A_SECOND);
    for n in 0..args.sockets {
        pace.tick().await;
        let vendor = vendors[n % vendors.len()].clone();
        let (tell, missed) = (tell.clone(), args.missed as u64);
        clients.spawn(async move {
            // One that cannot start is missed when they are counted.
            if let Ok(follower) = Follower::start(address, vendor, missed, tell) {
                follower.run().await;
            }
        });
    }
    drop(tell);
    let mut here = 0;
    wait(&mut told, args.sockets, |step| {
        here += usize::from(matches!(step, Step::Here));
        here
    })
    .await
    .context("the clients did not all come")?;
    let memory = memory_mib("self");
    writeln!(
        out,
        "{here} clients follow {} vendors after {:.1} s; they take {memory} MiB, the server {} MiB",
        vendors.len(),
        began.elapsed().as_secs_f64(),
        memory_mib(&pid(&server)),
    )?;

    let cut = Instant::now();
    server.kill().await?;
    let (mut other, elsewhere) = servers.start("127.0.0.1:0").await?;
    place(elsewhere, &vendors, args.missed).await?;
    other.kill().await?;
    let (server, _) = servers.start(&address.to_string()).await?;
    let away = cut.elapsed();

    let mut back = Vec::with_capacity(args.sockets);
    let mut snapshots = 0;
    let caught_up = wait(&mut told, args.sockets, |step| {
        match step {
            Step::Here => {}
            Step::Snapshot => snapshots += 1,
            Step::CaughtUp(at) => back.push(at.saturating_duration_since(cut)),
        }
        back.len()
    });
    let caught_up = caught_up.await;
    back.sort();
    let after =
        |share: f64| match back.get(((args.sockets as f64 * share) as usize).saturating_sub(1)) {
            Some(at) => format!("{:.2} s", at.as_secs_f64()),
            None => "never".to_owned(),
        };
    writeln!(
        out,
        "cut at once; no server for {:.2} s, and {} events of each vendor missed",
        away.as_secs_f64(),
        args.missed
    )?;
    writeln!(
        out,
        "back and caught up: half after {}, 99 % after {}, all after {}",
        after(0.5),
        after(0.99),
        after(1.0)
    )?;
    writeln!(
        out,
        "snapshots fetched: {snapshots}; the server took {:.2} s of CPU and {} MiB",
        cpu_s(&pid(&server))?,
        memory_mib(&pid(&server))
    )?;
    caught_up.context("some clients did not catch up")?;
    ensure!(snapshots == 0, "{snapshots} snapshots were fetched");
    Ok(())
}

/// Starts servers on one store, one after the other.
struct Servers {
    store: OsString,
    core: Option<usize>,
}

impl Servers {
    async fn start(&self, listen: &str) -> anyhow::Result<(Child, SocketAddr)> {
        let binary = env!("CARGO_BIN_EXE_ordertop-server");
        let mut command = match self.core {
            Some(core) => {
                let mut pinned = Command::new("taskset");
                pinned.args(["-c", &core.to_string(), binary]);
                pinned
            }
            None => Command::new(binary),
        };
        let mut child = command
            .args(["serve", "--listen", listen, "--store"])
            .arg(&self.store)
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
}

/// What a follower tells.
enum Step {
    /// It follows live, for the first time.
    Here,
    /// It fetched a snapshot, and not its first.
    Snapshot,
    /// It follows live again and has every event.
    CaughtUp(Instant),
}

/// One client and what it knows.
struct Follower {
    _client: Client,
    events: mpsc::Receiver<ClientEvent>,
    tell: UnboundedSender<Step>,
    /// The events that there will be.
    until: u64,
    applied: u64,
    snapshots: u64,
    live: bool,
    here: bool,
}

impl Follower {
    fn start(
        server: SocketAddr,
        vendor: VendorId,
        until: u64,
        tell: UnboundedSender<Step>,
    ) -> anyhow::Result<Self> {
        let config = ClientConfig::new(url(server)?, Some(vendor), credentials());
        let (client, events) = Client::start(config)?;
        Ok(Self {
            _client: client,
            events,
            tell,
            until,
            applied: 0,
            snapshots: 0,
            live: false,
            here: false,
        })
    }

    /// Follows until it has every event, and stays then: a socket that went
    /// away would make room for the others.
    async fn run(mut self) {
        while let Some(event) = self.events.recv().await {
            match event {
                ClientEvent::Connection(connection) => {
                    self.live = matches!(connection.state, ConnectionState::Live { .. });
                }
                ClientEvent::Changes(changes) => {
                    changes.iter().for_each(|change| self.change(change))
                }
                ClientEvent::Vendors(_)
                | ClientEvent::Loading { .. }
                // A snapshot follows, and counts.
                | ClientEvent::HistoryChanged(_) => {}
            }
            let step = if !self.here && self.live && self.snapshots > 0 {
                self.here = true;
                Step::Here
            } else if self.here && self.live && self.applied == self.until {
                // Told once.
                self.until = u64::MAX;
                Step::CaughtUp(Instant::now())
            } else {
                continue;
            };
            if self.tell.send(step).is_err() {
                return;
            }
        }
    }

    fn change(&mut self, change: &Change) {
        match change {
            Change::Snapshot { .. } => {
                self.snapshots += 1;
                if self.snapshots > 1 {
                    // The main task counts them; once it is gone nobody does.
                    let _ = self.tell.send(Step::Snapshot);
                }
            }
            // One that is lost or comes twice keeps it from ever being done.
            Change::Event { event, .. } if event.offset == self.applied + 1 => self.applied += 1,
            Change::Event { .. } => self.applied = u64::MAX,
            Change::Order { .. } => {}
        }
    }
}

/// Reads what the followers tell until `count` of it is as many as `wanted`.
async fn wait(
    told: &mut mpsc::UnboundedReceiver<Step>,
    wanted: usize,
    mut count: impl FnMut(Step) -> usize,
) -> anyhow::Result<()> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut so_far = 0;
    while so_far < wanted {
        match tokio::time::timeout_at(deadline, told.recv()).await {
            Ok(Some(step)) => so_far = count(step),
            Ok(None) => bail!("the clients are gone"),
            Err(_) => bail!("{so_far} of {wanted} after {} s", PATIENCE.as_secs()),
        }
    }
    Ok(())
}

async fn add_vendors(server: SocketAddr, count: usize) -> anyhow::Result<Vec<VendorId>> {
    let rest = Rest::new(&url(server)?, &credentials())?;
    let mut vendors = Vec::with_capacity(count);
    for n in 1..=count {
        let vendor = Vendor {
            id: n.to_string().parse()?,
            name: format!("Vendor {n}"),
        };
        vendors.push(rest.add_vendor(&vendor).await?.id);
    }
    Ok(vendors)
}

/// Places `each` orders of every vendor: as many events.
async fn place(server: SocketAddr, vendors: &[VendorId], each: usize) -> anyhow::Result<()> {
    let rest = Rest::new(&url(server)?, &credentials())?;
    let all = vendors
        .iter()
        .flat_map(|vendor| (0..each).map(move |n| order(vendor, n)));
    let all: Vec<Placement> = all.collect();
    for some in all.chunks(MAX_ORDERS) {
        let results = rest.place(some).await?.results;
        let refused = results.iter().find(|row| row.result != Outcome::Placed);
        ensure!(refused.is_none(), "an order was refused: {refused:?}");
    }
    Ok(())
}

fn order(vendor: &VendorId, n: usize) -> Placement {
    Placement {
        vendor_id: Some(vendor.to_string()),
        order_number: format!("ORD-{n:08}"),
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

fn url(server: SocketAddr) -> anyhow::Result<url::Url> {
    Ok(format!("http://{server}").parse()?)
}

fn credentials() -> Credentials {
    Credentials {
        master_token: TOKEN.to_owned(),
    }
}

fn raise_open_files(sockets: usize) -> anyhow::Result<()> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    setrlimit(Resource::Nofile, raised)?;
    // A client polls while its socket is down, beside the next attempt.
    let needed = sockets as u64 * 2;
    ensure!(
        maximum.is_none_or(|files| files >= needed),
        "{sockets} sockets need {needed} open files here and in the server: `ulimit -Hn` says {maximum:?}"
    );
    Ok(())
}

fn pid(child: &Child) -> String {
    child.id().map(|id| id.to_string()).unwrap_or_default()
}

/// Resident memory (`VmRSS` of `/proc/PID/status`), in MiB.
fn memory_mib(pid: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}

/// CPU time of a process in seconds (`utime` and `stime` of `/proc/PID/stat`).
fn cpu_s(pid: &str) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name, in brackets, may hold spaces; the state follows it.
    let (_, fields) = stat.rsplit_once(')').context("no name in stat")?;
    let mut times = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse::<u64>);
    let (user, system) = (
        times.next().context("utime")??,
        times.next().context("stime")??,
    );
    let a_second = rustix::param::clock_ticks_per_second();
    Ok((user + system) as f64 / a_second as f64)
}
