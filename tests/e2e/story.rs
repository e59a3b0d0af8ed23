//! The whole story in one terminal: an order comes, is found, shipped and taken
//! back; the network goes and comes; the program stops, continues and ends.

use std::path::Path;

use serde_json::Value;

use rustix::process::Signal;

use crate::support::{FaultProxy, Network, Screen, TestServer, UP, made_once, paid, paid_now};

const LIVE: &str = "Real-time: ON";
/// UPS's own example, with the right check digit.
const PARCEL: &str = "1Z999AA10123456784";

#[tokio::test]
async fn a_day_from_the_first_bell_to_the_end() {
    let server = TestServer::start().await;
    for number in ["A-1001", "A-1002"] {
        server.support().place(&paid("42", number)).await;
    }
    let proxy = FaultProxy::in_front_of(server.address()).await;
    let mut screen = Screen::start_in_a_shell(&["--server", &proxy.url(), "--vendor", "42"]);
    screen.shows_text(LIVE).await;
    screen.shows_line(&["A-1001", "Paid"]).await;
    screen.shows_line(&["A-1002", "Paid"]).await;
    assert!(!screen.is_cooked(), "keys come as they are pressed");

    hear_an_order_come(&server, &mut screen).await;
    find_ship_and_undo(&server, &mut screen).await;
    ship_without_a_network(&server, &proxy, &mut screen).await;
    stop_and_continue(&server, &mut screen).await;
    end(&mut screen).await;
}

/// A bell, a notification, a line.
async fn hear_an_order_come(server: &TestServer, screen: &mut Screen) {
    let before = screen.written().len();
    let mut order = paid_now("42", "A-1003");
    order["buyer"]["name"] = "Bo Larsen".into();
    server.support().place(&order).await;
    screen.shows_line(&["A-1003", "Bo Larsen", "Paid"]).await;
    // An operating system command for the notification, its end, the bell.
    screen.writes("\x1b]9;ordertop ", before).await;
    screen.writes("\x07\x07", before).await;
    screen.shows_line(&["new #A-1003"]).await;
}

async fn find_ship_and_undo(server: &TestServer, screen: &mut Screen) {
    screen.press("/larsen");
    screen.shows_line(&["/ larsen", "1 of 3"]).await;
    screen.press("\r");
    screen.press("s");
    screen.shows_text("Ship #A-1003?").await;
    // A scanner sends the number and Enter: nothing is shipped by that.
    screen.press(PARCEL);
    screen.press("\r");
    screen.shows_line(&["Carrier", "UPS", "guessed"]).await;
    screen.shows_text("www.ups.com/track").await;
    screen.shows_text("Enter y").await;
    screen.press("y");
    screen.shows_line(&["A-1003", "Shipped"]).await;
    screen.shows_text("u undo #A-1003").await;
    // The order's own pane, at its end.
    screen.press(UP);
    screen.press("\rG");
    screen.shows_text("Esc back").await;
    screen.shows_line(&["UPS", PARCEL]).await;
    screen.press("\x1b");
    screen.shows_text("Enter open").await;
    let order = server.vendor("42").detail("A-1003").await;
    assert_eq!(order["status"], "Shipped", "{order}");
    let told = history(server, "A-1003").await.to_string();
    assert!(told.contains("\"Shipped\""), "{told}");
    let order = order.to_string();
    assert!(order.contains(PARCEL) && order.contains("UPS"), "{order}");

    screen.press("u");
    screen.shows_text("Undo #A-1003?").await;
    screen.press("\r");
    screen
        .shows("the step taken back", |text| {
            !text.contains("undo #A-1003") && line_with(text, &["A-1003", "● Paid"])
        })
        .await;

    assert_eq!(server.vendor("42").detail("A-1003").await["status"], "Paid");
    screen.press("\x1b");
    screen.shows_text("A-1001").await;
}

async fn ship_without_a_network(server: &TestServer, proxy: &FaultProxy, screen: &mut Screen) {
    screen.press("/A-1002\r");
    screen.shows_line(&["A-1002", "1 of 3"]).await;
    proxy.set(Network::Down);
    let aged = |text: &str| {
        let first = text.lines().next().unwrap_or_default();
        let age = first.split_once("offline: data ").map(|(_, age)| age);
        age.is_some_and(|age| age.contains(" s old"))
    };
    screen.shows("how old the data is", aged).await;
    screen.press("s");
    screen.shows_text("Ship #A-1002?").await;
    screen.press("\r");
    screen.shows_line(&["A-1002", "⧗→Shipped"]).await;
    screen
        .shows("one that waits, in the first line", |text| {
            text.lines()
                .next()
                .is_some_and(|header| header.contains("⧗1"))
        })
        .await;
    let kept = outbox(screen.home());
    assert!(kept.contains("A-1002") && kept.contains("queued"), "{kept}");
    assert_eq!(server.vendor("42").detail("A-1002").await["status"], "Paid");

    proxy.set(Network::Up);
    screen.shows_text(LIVE).await;
    screen
        .shows("the step made", |text| {
            !text.contains('⧗') && line_with(text, &["A-1002", "Shipped"])
        })
        .await;
    assert_eq!(made_once(server, proxy, "A-1002", "Shipped").await, 1);
    screen.press("\x1b");
    screen.shows_text("A-1001").await;
}

async fn stop_and_continue(server: &TestServer, screen: &mut Screen) {
    screen.press("\x1a");
    screen.shows_text("Stopped").await;
    assert!(
        screen.is_restored() && screen.is_cooked(),
        "{}",
        screen.text()
    );
    screen.press("echo the shell has $((6 * 7))\r");
    screen.shows_text("the shell has 42").await;
    server.support().place(&paid("42", "A-1004")).await;
    screen.press("fg\r");
    screen.shows_text(LIVE).await;
    for number in ["A-1001", "A-1002", "A-1003", "A-1004"] {
        screen.shows_line(&[number]).await;
    }
    assert!(!screen.is_restored() && !screen.is_cooked());
    server
        .vendor("42")
        .set("A-1004", "Shipped")
        .await
        .expect(200);
    screen.shows_line(&["A-1004", "Shipped"]).await;
}

/// Told to end, it gives the terminal back and ends well.
async fn end(screen: &mut Screen) {
    let before = screen.written().len();
    screen.signal_in_the_shell(Signal::TERM);
    screen.writes("\x1b[?1049l", before).await;
    for mode in ["25h", "1000l", "1006l", "1004l", "2004l", "2026l"] {
        screen.writes(&format!("\x1b[?{mode}"), before).await;
    }
    screen
        .shows("a prompt", |text| text.trim_end().ends_with(['#', '$']))
        .await;
    assert!(
        screen.is_restored() && screen.is_cooked(),
        "{}",
        screen.text()
    );
    screen.press("echo it ended with $?.\r");
    screen.shows_text("it ended with 0.").await;
}

#[tokio::test]
async fn steps_are_made_at_once_while_it_polls() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1001")).await;
    let proxy = FaultProxy::in_front_of(server.address()).await;
    let mut screen = Screen::watch_vendor(&proxy.url(), "42");
    screen.shows_text(LIVE).await;
    screen.shows_line(&["A-1001", "Paid"]).await;
    proxy.set(Network::NoSockets);
    screen
        .shows("polling and the data's age", |text| {
            let first = text.lines().next().unwrap_or_default();
            first.contains("polling every") && first.contains(" old")
        })
        .await;
    // Nothing is kept: there is somebody who answers.
    screen.press("s");
    screen.shows_text("Ship #A-1001?").await;
    screen.press("\r");
    screen.shows_line(&["A-1001", "Shipped"]).await;
    screen.shows_text("u undo #A-1001").await;
    assert_eq!(made_once(&server, &proxy, "A-1001", "Shipped").await, 1);

    assert_eq!(outbox(screen.home()), "");
    // Somebody else's order is found by asking.
    server.support().place(&paid("42", "A-1002")).await;
    screen.press(UP);
    screen.press("r");
    screen.shows_line(&["A-1002", "Paid"]).await;
    proxy.set(Network::Up);
    screen.shows_text(LIVE).await;
    assert_eq!(made_once(&server, &proxy, "A-1001", "Shipped").await, 1);
}

fn line_with(text: &str, words: &[&str]) -> bool {
    text.lines()
        .any(|line| words.iter().all(|word| line.contains(word)))
}

/// All that waits on disk, as it is written there; empty when nothing ever did.
fn outbox(home: &Path) -> String {
    let Ok(folder) = std::fs::read_dir(home.join(".local/state/ordertop/outbox")) else {
        return String::new();
    };
    let files = folder.map(|file| file.expect("a file").path());
    let changes = files.filter(|path| path.extension().is_some_and(|end| end == "jsonl"));
    changes
        .map(|path| std::fs::read_to_string(path).expect("text"))
        .collect()
}

async fn history(server: &TestServer, number: &str) -> Value {
    let path = format!("/api/orders/{number}/history/");
    let answer = server.vendor("42").get(&path).await.expect(200);
    answer["history"].clone()
}
