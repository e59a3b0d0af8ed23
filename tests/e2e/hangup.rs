//! Terminals as they come: one that is closed under the program, one without
//! colours, one that can place nothing, one inside another.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::support::{
    FaultProxy, Network, Screen, TOKEN, TestServer, UP, binary, blocking, command, paid, paid_now,
    within,
};

const LIVE: &str = "Real-time: ON";
/// A program that spins until it is killed would be busy for longer, one that
/// leaves is not, on a slow machine neither.
const BUSY: Duration = Duration::from_secs(3);

/// Has a change wait for the server, which does not answer.
async fn ship_offline(screen: &mut Screen, proxy: &FaultProxy) {
    screen.shows_text(LIVE).await;
    screen.shows_text("A-1001").await;
    proxy.set(Network::Down);
    screen.shows_text("offline").await;
    screen.press("s");
    screen.shows_text("Ship #A-1001?").await;
    screen.press("\r");
    screen.shows_line(&["A-1001", "⧗→Shipped"]).await;
}

/// The state between runs, as it is on disk.
fn state(home: &Path) -> serde_json::Value {
    let folder = home.join(".local/state/ordertop");
    let files = std::fs::read_dir(folder).expect("a folder");
    let mut files = files
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"));
    let file = files.next().expect("a state");
    serde_json::from_slice(&std::fs::read(file).expect("a state")).expect("JSON")
}

#[tokio::test]
async fn a_terminal_that_is_closed_ends_the_program_and_keeps_what_it_knew() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1001")).await;
    let proxy = FaultProxy::in_front_of(server.address()).await;
    let home = tempfile::tempdir().expect("a directory");
    let url = proxy.url();
    let start = || Screen::start_at(home.path(), &["--server", &url, "--vendor", "42"]);
    let mut screen = start();
    ship_offline(&mut screen, &proxy).await;
    let before = screen.busy();
    screen.hang_up();
    let busy = screen.gone().await;
    if let (Some(before), Some(busy)) = (before, busy) {
        let took = busy.saturating_sub(before);
        assert!(took < BUSY, "{took:?}");
    }
    let kept = state(home.path());
    assert!(kept["left_at"].is_string(), "{kept}");
    let mut screen = start();
    screen.shows_line(&["⧗1"]).await;
    proxy.set(Network::Up);
    screen.shows_line(&["A-1001", "Shipped"]).await;
}

#[tokio::test]
async fn a_terminal_that_is_closed_without_a_signal_ends_the_program_too() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1001")).await;
    let proxy = FaultProxy::in_front_of(server.address()).await;
    let home = tempfile::tempdir().expect("a directory");
    let times = home.path().join("times");
    let made = std::process::Command::new("mkfifo").arg(&times).status();
    assert!(made.expect("mkfifo").success());
    // The signal goes to the session's leader, which is the shell here.
    let script = format!(
        "trap '' HUP; {} --server {} --vendor 42; times > times",
        binary("ordertop").display(),
        proxy.url()
    );
    let mut screen = Screen::start_program("sh", &["-c", &script], home.path());
    ship_offline(&mut screen, &proxy).await;
    screen.hang_up();
    let ended = blocking("the program to end", || std::fs::read_to_string(times));
    let said = ended.await.expect("text");
    // The shell's own, then its children's: user and system.
    let busy: f64 = said.lines().nth(1).map_or(f64::MAX, |line| {
        line.split_whitespace().map(seconds).sum::<f64>()
    });
    assert!(busy < 2.0 * BUSY.as_secs_f64(), "{said}");
    let kept = state(home.path());
    assert!(kept["left_at"].is_string(), "{kept}");
}

/// Of `0m0.25s`.
fn seconds(time: &str) -> f64 {
    let (minutes, seconds) = time.trim_end_matches('s').split_once('m').expect("a time");
    let number = |text: &str| text.replace(',', ".").parse::<f64>().expect("a number");
    number(minutes) * 60.0 + number(seconds)
}

#[tokio::test]
async fn no_color_leaves_bold_and_reverse() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1001")).await;
    let args = ["--server", &server.url(), "--vendor", "42"];
    let mut screen = Screen::start_with(&[("NO_COLOR", "1")], &args);
    screen.shows_text(LIVE).await;
    screen.shows_line(&["A-1001", "Paid"]).await;
    screen.press("s");
    screen.shows_text("Ship #A-1001?").await;
    let numbers = styles(&screen.written());
    let colours = |n: &u32| matches!(n, 30..=38 | 40..=48 | 90..=97 | 100..=107);
    assert!(!numbers.iter().any(colours), "{numbers:?}");
    assert!(numbers.contains(&1) && numbers.contains(&7), "{numbers:?}");

    // The same with colours: the test would see them.
    let mut screen = Screen::start(&args);
    screen.shows_line(&["A-1001", "Paid"]).await;
    let numbers = styles(&screen.written());
    assert!(numbers.iter().any(colours), "{numbers:?}");
}

/// The numbers of all style sequences (`ESC [ … m`).
fn styles(written: &[u8]) -> Vec<u32> {
    let text = String::from_utf8_lossy(written);
    let sequences = text.split("\x1b[").skip(1);
    let styles = sequences.filter_map(|rest| {
        let end = rest.find(|c: char| !matches!(c, '0'..='9' | ';' | ':'))?;
        rest[end..].starts_with('m').then(|| &rest[..end])
    });
    styles
        .flat_map(|numbers| numbers.split([';', ':']))
        .filter_map(|number| number.parse().ok())
        .collect()
}

#[tokio::test]
async fn a_dumb_terminal_is_told_the_way_out() {
    for term in ["dumb", ""] {
        let variables = [("TERM", term)];
        let mut screen = Screen::start_with(&variables, &["--server", "http://127.0.0.1:1"]);
        assert_eq!(screen.ended().await, 1);
        let text = screen.text().replace('\n', "");
        assert!(text.contains("--plain") && text.contains("TERM="), "{text}");
        assert!(!screen.written().contains(&0x1b), "{text}");
    }
}

#[tokio::test]
async fn without_a_terminal_it_says_so() {
    let output = command(&binary("ordertop"))
        .env("ORDERTOP_MASTER_TOKEN", TOKEN)
        .args(["--server", "http://127.0.0.1:1"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output();
    let output = within("the program to end", output).await.expect("output");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("needs a terminal") && said.contains("--plain"),
        "{said}"
    );
    assert!(output.stdout.is_empty());
}

/// Through tmux to the terminal around it.
#[tokio::test]
async fn inside_tmux_notifications_and_copied_texts_pass_and_the_screen_is_whole() {
    let tmux = std::process::Command::new("tmux").arg("-V").output();
    tmux.expect("install tmux (Debian, Ubuntu: apt-get install tmux)");
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1001")).await;
    let home = tempfile::tempdir().expect("a directory");
    let settings = "set -g allow-passthrough on\nset -g status off\nset -g escape-time 0\n\
                    set -g default-terminal tmux-256color\n";
    std::fs::write(home.path().join("tmux.conf"), settings).expect("a file");
    let program = binary("ordertop");
    let program = format!(
        "{} --server {} --vendor 42",
        program.display(),
        server.url()
    );
    let tmux = [
        "-S",
        "socket",
        "-f",
        "tmux.conf",
        "new-session",
        "-s",
        "shop",
        &program,
    ];
    let mut screen = Screen::start_program("tmux", &tmux, home.path());
    screen.shows_text(LIVE).await;
    screen.shows_line(&["A-1001", "Ana Souza", "Paid"]).await;
    let before = screen.written().len();
    let mut order = paid_now("42", "A-1002");
    order["buyer"]["name"] = "陳美玲".into();
    server.support().place(&order).await;
    screen.shows_line(&["A-1002", "陳美玲", "Paid"]).await;
    screen.writes("\x1b]9;ordertop ", before).await;
    screen.writes("new #A-1002", before).await;
    screen.press("s");
    screen.shows_text("Ship #A-100").await;
    screen.press("\x1b");
    screen
        .shows("the question gone", |text| !text.contains("Ship #A-100"))
        .await;
    // A parcel's link is copied into the clipboard of the terminal around it.
    screen.press("s");
    screen.shows_text("Ship #A-100").await;
    // Enter in the number goes to the button, as a scanner's does.
    screen.press("\tUPS\t1Z999AA10123456784\r");
    screen.shows_text("Enter y").await;
    screen.press("y");
    screen.shows_line(&["A-100", "▲ Shipped"]).await;
    // What is shipped stands last.
    screen.press(UP);
    screen.press("GY");
    screen.shows_text("link of #A-100").await;
    screen.writes("\x1b]52;c;aHR0c", before).await;
    // tmux leaves with its last window, which leaves with the program.
    screen.press("q");
    assert_eq!(screen.ended().await, 0);
}
