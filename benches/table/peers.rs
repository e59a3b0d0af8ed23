//! Other programs with the same orders, one a line of a file, and other programs
//! that watch something: what their users wait for and what they take.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;

use super::screen::Screen;
use super::shop::order;
use super::{REST, grouped, ms};

/// How long nothing happens while a peer's wake-ups are counted.
const IDLE: Duration = Duration::from_secs(10);

/// What a peer is shown, and how to tell that it shows it.
struct Peer {
    name: &'static str,
    /// For `sh -c`, behind `exec`; `FILE` is the file with the orders.
    command: &'static str,
    /// On its first frame.
    first: &'static str,
    /// Ends it.
    quit: &'static str,
}

const PEERS: [Peer; 8] = [
    peer("less", "less FILE", "ORD-00000003", "q"),
    peer("vim", "vim -n FILE", "ORD-00000003", ":q!\r"),
    peer("fzf", "fzf < FILE", "ORD-00000003", "\x1b"),
    peer("lnav", "lnav FILE", "ORD-000", "q"),
    peer("vd", "vd FILE", "ORD-00000003", "q"),
    peer("htop", "htop", "PID", "q"),
    peer("btop", "btop --utf-force", "cpu", "q"),
    peer("top", "top", "PID", "q"),
];

const fn peer(
    name: &'static str,
    command: &'static str,
    first: &'static str,
    quit: &'static str,
) -> Peer {
    Peer {
        name,
        command,
        first,
        quit,
    }
}

/// Measures those that are installed.
pub(crate) async fn measure(
    out: &mut impl Write,
    home: &Path,
    orders: usize,
) -> anyhow::Result<()> {
    let file = home.join("orders.csv");
    write_csv(&file, orders)?;
    writeln!(
        out,
        "\npeers, shown {} orders as CSV where they show files:",
        grouped(orders)
    )?;
    for peer in PEERS.iter().filter(|peer| is_installed(peer.name)) {
        // One that does not start here is no reason to lose the other figures.
        match one(peer, home, &file, orders).await {
            Ok(line) => writeln!(out, "  {:<6}{line}", peer.name)?,
            Err(error) => {
                let why = error.to_string();
                let why = why.lines().next().unwrap_or_default();
                writeln!(out, "  {:<6}not measured: {why}", peer.name)?;
            }
        }
    }
    Ok(())
}

async fn one(peer: &Peer, home: &Path, file: &Path, orders: usize) -> anyhow::Result<String> {
    let mut command = CommandBuilder::new("sh");
    let shown = peer.command.replace("FILE", &file.display().to_string());
    command.args(["-c", &format!("exec {shown}")]);
    command.env("HOME", home);
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    let began = Instant::now();
    let mut screen = Screen::start(command)?;
    let first = screen.shows("its first frame", |text| text.contains(peer.first))?;
    tokio::time::sleep(REST).await;
    let mut line = format!(
        "first frame {:>5.0} ms, memory {:>6.1} MiB, wake-ups {:>4} in {} s",
        ms(first - began),
        screen.memory_mib("VmRSS")?,
        screen.wake_ups(IDLE).await?,
        IDLE.as_secs()
    );
    if peer.name == "fzf" {
        // The line with the names of the columns is one to it.
        let all = format!("{0}/{0}", orders + 1);
        screen.press("souza 12")?;
        screen.shows("a filtered list", |text| !text.contains(&all))?;
        std::thread::sleep(Duration::from_millis(500));
        let pressed = Instant::now();
        screen.press("\x15")?;
        let cleared = screen.shows("all orders again", |text| text.contains(&all))?;
        line += &format!(", clearing a filter {:.1} ms", ms(cleared - pressed));
    }
    screen.press(peer.quit)?;
    Ok(line)
}

fn is_installed(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

fn write_csv(path: &Path, orders: usize) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "number,status,buyer,email,phone,street,city,items")?;
    for n in 0..orders {
        let order = order(n);
        let text = |text: Option<String>| text.unwrap_or_default();
        let items: Vec<_> = (order.lines.iter())
            .map(|line| {
                format!(
                    "{} x {} {} at {}",
                    line.qty, line.sku, line.title, line.unit_price
                )
            })
            .collect();
        writeln!(
            file,
            "{},{},{},{},{},{},{},{}",
            order.order_number,
            text(order.status),
            text(order.buyer.name),
            text(order.buyer.email),
            text(order.buyer.phone),
            text(order.ship_to.line1),
            text(order.ship_to.city),
            items.join("; ")
        )?;
    }
    file.flush()
}
