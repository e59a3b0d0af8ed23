//! A server with orders that change.

use std::net::SocketAddr;
use std::ops::Range;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use ordertop::client::{Credentials, Rest, Url};
use ordertop::order::placement::{PlacedLine, Placement};
use ordertop::order::{Address, Buyer};
use ordertop::protocol::rest::{Outcome, Vendor};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

pub(crate) const TOKEN: &str = "token-of-the-bench-91c4";
pub(crate) const VENDOR: &str = "42";
/// Orders that are placed with one request.
const BATCH: usize = 250;
/// Changes come in so many bursts a second.
const BURSTS: usize = 40;
/// So many requests with changes may be under way at once.
const AT_ONCE: usize = 4;

/// Starts a server on an empty store.
pub(crate) async fn serve(programs: &Path, store: &Path) -> anyhow::Result<(Child, SocketAddr)> {
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

/// Adds the vendor.
pub(crate) async fn open(server: SocketAddr) -> anyhow::Result<()> {
    let vendor = Vendor {
        id: VENDOR.parse()?,
        name: "Acme".to_owned(),
    };
    rest(server)?.add_vendor(&vendor).await?;
    Ok(())
}

fn rest(server: SocketAddr) -> anyhow::Result<Rest> {
    let credentials = Credentials {
        master_token: TOKEN.to_owned(),
    };
    Ok(Rest::new(
        &Url::parse(&format!("http://{server}"))?,
        &credentials,
    )?)
}

/// Places these orders.
pub(crate) async fn place(server: SocketAddr, orders: Range<usize>) -> anyhow::Result<()> {
    let rest = rest(server)?;
    for from in orders.clone().step_by(BATCH) {
        let some: Vec<_> = (from..orders.end.min(from + BATCH)).map(order).collect();
        let results = rest.place(&some).await?.results;
        let refused = results.iter().find(|row| row.result != Outcome::Placed);
        ensure!(refused.is_none(), "an order was refused: {refused:?}");
    }
    Ok(())
}

/// An order as shops have them: two or three articles, an address in parts, a
/// phone. Each is different.
pub(crate) fn order(n: usize) -> Placement {
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
        qty: (1 + u32::try_from(n % 3).unwrap_or(0)).into(),
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

/// Ships and delivers one order after the other, `rate` changes a second; counts
/// those that are answered. Some requests may be under way at once: a server that
/// takes a while for each is asked no less often.
pub(crate) async fn change(
    server: SocketAddr,
    orders: usize,
    rate: usize,
    changed: Arc<AtomicUsize>,
) -> anyhow::Result<()> {
    let http = reqwest::Client::new();
    let url = format!("http://{server}/api/orders/update-status/");
    let mut pace = tokio::time::interval(Duration::from_secs(1) / BURSTS as u32);
    let steps = ["Shipped", "Delivered"].into_iter();
    // Spread over the list, and each once: 7,919 is a prime.
    let mut all = steps.flat_map(|to| (0..orders).map(move |n| (n * 7_919 % orders, to)));
    let mut under_way = JoinSet::new();
    loop {
        pace.tick().await;
        while under_way.len() >= AT_ONCE {
            under_way.join_next().await.context("none")???;
        }
        while let Some(done) = under_way.try_join_next() {
            done??;
        }
        let some = all.by_ref().take(rate / BURSTS);
        let rows: Vec<_> = some
            .map(|(n, to)| json!({"order_number": format!("ORD-{n:08}"), "status": to}))
            .collect();
        if rows.is_empty() {
            return Ok(());
        }
        let count = rows.len();
        let request = http.post(&url).header("X-Master-Token", TOKEN);
        let request = request
            .header("X-Vendor-ID", VENDOR)
            .json(&json!({ "orders": rows }));
        let changed = Arc::clone(&changed);
        under_way.spawn(async move {
            let answer = request.send().await?;
            ensure!(answer.status().is_success(), "{}", answer.text().await?);
            answer.bytes().await?;
            changed.fetch_add(count, Ordering::Relaxed);
            Ok(())
        });
    }
}
