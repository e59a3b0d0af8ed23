//! `ordertop demo`: a server inside this program, on a store that is removed at
//! the end, with a marketplace that is made up.
//!
//! | module | what it holds |
//! |---|---|
//! | `goods`, `people` | who sells what, who buys |
//! | `market` | makes orders up, the same ones for the same seed |
//! | `plan` | what happens next |
//! | `traffic` | makes it happen, over REST |
//! | `guide` | what the user can copy and try |
//!
//! One paid order is left alone by the traffic: it waits for the user, who ships
//! it by the line that `guide` shows.

mod goods;
mod guide;
mod market;
mod people;
mod plan;
#[cfg(test)]
mod tests;
mod traffic;

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args as _, FromArgMatches as _};
use ordertop::client::{ClientConfig, Credentials, Rest, Url};
use ordertop::clock::{Clock, SystemClock};
use ordertop::order::VendorId;
use ordertop::order::intake::Intake;
use ordertop::protocol::rest::{ImportBatch, Outcome, Vendor};
use ordertop_server::{Config, Secret, Server};
use tempfile::TempDir;

use self::guide::Guide;
use self::market::Market;
use self::plan::{Plan, UnderWay};
use self::traffic::Traffic;
use crate::Hint;
use crate::args::Manners;
use crate::config::Config as Settings;
use crate::model::sort::Sort;
use crate::screen::{Handed, ScreenOptions, run_screen};
use crate::terminal::usable::check_terminal;

/// What decides by chance; the same seed decides the same on every machine.
type Dice = rand::rngs::Xoshiro256PlusPlus;

/// Orders that are handed to the server at once; they stay well below the
/// longest body that it takes.
const BATCH: usize = 250;
/// Filling in more than these takes a moment, which is worth a word.
const MANY: u64 = 5_000;
/// Whose order waits for the user when every vendor is watched.
const HOST: &str = "42";

/// Start a server with a simulated marketplace inside this program, and watch it
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Everything works on it: ship an order with s, turn real-time off and on with R, restart it with another seed.
The orders are made up, and are gone when the demo ends.")]
pub struct DemoArgs {
    /// Watch as this vendor: 42, nordlicht, kumo, saudade, manara or hadley; without it, all
    #[arg(long, value_name = "ID")]
    pub vendor: Option<VendorId>,
    /// How many orders there are at first
    #[arg(long, value_name = "N", default_value_t = 250, value_parser = clap::value_parser!(u64).range(8..=100_000))]
    pub orders: u64,
    /// New orders a minute; status changes come about twice as often; 0 stands still
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=6_000))]
    pub rate: u32,
    /// The same number makes the same orders again
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Where the server listens, on this machine; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0", value_parser = loopback)]
    pub listen: SocketAddr,
    /// Run server and marketplace alone, and print how to reach them
    #[arg(long)]
    pub no_screen: bool,
    /// How it behaves.
    #[command(flatten)]
    pub manners: Manners,
}

impl DemoArgs {
    /// A demo as it is without any argument.
    ///
    /// # Errors
    /// Never: the defaults are ones that the command line takes.
    pub(crate) fn usual(manners: Manners) -> Result<Self, clap::Error> {
        let command = Self::augment_args(clap::Command::new("demo").no_binary_name(true));
        let matches = command.try_get_matches_from::<_, &str>([])?;
        let args = Self::from_arg_matches(&matches)?;
        Ok(Self { manners, ..args })
    }
}

/// A demo is for the machine that it runs on.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text
        .parse()
        .map_err(|_| "give an address and a port such as 127.0.0.1:8080".to_owned())?;
    if !address.ip().is_loopback() {
        return Err("the demo serves this machine alone: give 127.0.0.1 or [::1]".into());
    }
    Ok(address)
}

/// Runs the demo until the user leaves it.
///
/// # Errors
/// When the server cannot start, the vendor is none of the demo's, or the
/// screen fails. The store is removed in every case.
pub async fn run(args: DemoArgs, config: &Settings) -> anyhow::Result<()> {
    run_on(args, config, None).await
}

/// The same on a terminal that was taken before.
pub(crate) async fn run_on(
    args: DemoArgs,
    config: &Settings,
    handed: Option<Handed>,
) -> anyhow::Result<()> {
    if !args.no_screen && !args.manners.plain {
        // Before a server is started for nothing.
        check_terminal()?;
    }
    let demo = Demo::open(&args, Arc::new(SystemClock)).await?;
    let traffic = tokio::spawn(demo.traffic.run());
    let ended = match args.no_screen {
        true => stand_by(&demo.guide).await,
        false => watch(&demo.guide, args, config, handed).await,
    };
    traffic.abort();
    let stopped = demo.server.stop().await;
    let removed = demo.folder.close();
    ended?;
    stopped.context("the demo's store did not close")?;
    removed.context("the demo's store could not be removed")
}

async fn watch(
    guide: &Guide,
    args: DemoArgs,
    config: &Settings,
    handed: Option<Handed>,
) -> anyhow::Result<()> {
    run_screen(screen_options(guide, args, config, handed)).await
}

/// The screen of a demo, with the user's configuration as far as it means no harm.
fn screen_options(
    guide: &Guide,
    args: DemoArgs,
    config: &Settings,
    handed: Option<Handed>,
) -> ScreenOptions {
    let DemoArgs {
        vendor, manners, ..
    } = args;
    let title = match &vendor {
        Some(vendor) => format!("demo · vendor {vendor}"),
        None => "demo · all vendors".to_owned(),
    };
    let client = ClientConfig::new(guide.server.clone(), vendor, guide.credentials());
    ScreenOptions {
        title: Some(title),
        hint: Some(Hint {
            title: guide.title(),
            text: guide.curl_lines(),
        }),
        // A demo is for watching orders come in: at the top, where one looks.
        sort: Sort::Newest,
        handed,
        ..ScreenOptions::new(client)
            .configured(config)
            .behaving(manners)
            .made_up()
    }
}

/// Tells how to reach the demo and waits for Ctrl-C or SIGTERM.
async fn stand_by(guide: &Guide) -> anyhow::Result<()> {
    let server = guide.server.as_str().trim_end_matches('/');
    writeln!(io::stdout(), "listening on {server}\n{guide}")?;
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).context("no signals can be awaited")?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted?,
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await?;
    Ok(())
}

/// A demo that is open: the server answers and has its orders.
struct Demo {
    server: Server,
    /// Holds the store; gone when it is dropped.
    folder: TempDir,
    guide: Guide,
    traffic: Traffic,
}

impl Demo {
    async fn open(args: &DemoArgs, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let vendors = Market::vendors()?;
        let host = host(&vendors, args.vendor.as_ref())?;
        let folder = tempfile::Builder::new()
            .prefix("ordertop-demo-")
            .tempdir()
            .context("no folder for the demo's store")?;
        let mut config = Config::new(folder.path().join("orders.db"));
        config.listen = args.listen;
        config.master_token = Some(Secret::random());
        config.clock = clock.clone();
        let server = Server::bind(config).await?;
        let url = address(server.local_addr())?;
        let token = server.master_token().to_owned();
        let rest = Rest::new(
            &url,
            &Credentials {
                master_token: token.clone(),
            },
        )?;
        for vendor in &vendors {
            rest.add_vendor(vendor).await?;
        }
        if args.orders > MANY {
            // Nobody may be there to read it.
            let _ = writeln!(io::stderr(), "making {} orders up …", args.orders);
        }
        let mut market = Market::new(args.seed);
        let under_way = fill(&rest, &mut market, args.orders, &*clock).await?;
        let invitation = market.invitation(&host, clock.now())?;
        let order = invitation.key();
        import(&rest, vec![invitation]).await?;
        let mut plan = Plan::new(market, args.vendor.clone());
        for order in under_way {
            plan.add(order);
        }
        Ok(Self {
            server,
            folder,
            guide: Guide {
                server: url,
                token,
                order,
            },
            traffic: Traffic {
                plan,
                rest,
                rate: f64::from(args.rate),
                clock,
            },
        })
    }
}

impl Guide {
    fn credentials(&self) -> Credentials {
        Credentials {
            master_token: self.token.clone(),
        }
    }
}

/// Whose order is to wait for the user.
fn host(vendors: &[Vendor], watched: Option<&VendorId>) -> anyhow::Result<VendorId> {
    let wanted = watched.map_or(HOST, VendorId::as_str);
    match vendors.iter().find(|vendor| vendor.id.as_str() == wanted) {
        Some(vendor) => Ok(vendor.id.clone()),
        None => {
            let ids: Vec<&str> = vendors.iter().map(|vendor| vendor.id.as_str()).collect();
            bail!(
                "the demo has no vendor {wanted}: choose one of {}",
                ids.join(", ")
            )
        }
    }
}

fn address(bound: SocketAddr) -> anyhow::Result<Url> {
    let host = match bound.ip() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    Ok(Url::parse(&format!("http://{host}:{}", bound.port()))?)
}

/// Fills the store; the orders that are still under way.
async fn fill(
    rest: &Rest,
    market: &mut Market,
    count: u64,
    clock: &dyn Clock,
) -> anyhow::Result<Vec<UnderWay>> {
    let mut under_way = Vec::new();
    let now = clock.now();
    let mut batch = Vec::with_capacity(BATCH);
    for index in 0..count {
        let order = market.opening_order(index, count, now)?;
        under_way.push(UnderWay {
            key: order.key(),
            status: order.status,
            pay_on_delivery: order.flags.pay_on_delivery,
        });
        batch.push(order);
        if batch.len() == BATCH || index + 1 == count {
            import(rest, std::mem::take(&mut batch)).await?;
        }
    }
    Ok(under_way)
}

async fn import(rest: &Rest, orders: Vec<Intake>) -> anyhow::Result<()> {
    let batch = ImportBatch {
        from: "demo".into(),
        orders,
    };
    let answer = rest.import(&batch).await?;
    let refused = answer
        .results
        .into_iter()
        .find(|row| row.result == Outcome::Refused);
    match refused.and_then(|row| row.error) {
        Some(why) => bail!("the demo's own order was refused: {why}"),
        None => Ok(()),
    }
}
