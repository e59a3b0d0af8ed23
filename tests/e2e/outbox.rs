//! Steps made while nothing answers: kept on disk, sent when the server is
//! back, made once.

use crate::support::{FaultProxy, Network, Screen, TestServer, UP, made_once, paid, step_of};

const LIVE: &str = "Real-time: ON";

/// Waits until the header counts nothing that waits.
async fn nothing_waits(screen: &mut Screen) {
    let empty = |text: &str| !text.lines().next().unwrap_or_default().contains('⧗');
    screen.shows("nothing that waits", empty).await;
}

/// Has the network go away and ships the order under the cursor.
async fn ship_offline(screen: &mut Screen, proxy: &FaultProxy, number: &str) {
    screen.shows_text(LIVE).await;
    screen.shows_text(number).await;
    proxy.set(Network::Down);
    screen.shows_text("offline").await;
    screen.press("s");
    screen.shows_text(&format!("Ship #{number}?")).await;
    screen.press("\r");
    screen.shows_text("⧗1").await;
    screen.shows_line(&[number, "⧗→Shipped"]).await;
}

#[tokio::test]
async fn a_step_made_offline_outlives_a_kill_and_is_made_once() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1001")).await;
    let proxy = FaultProxy::in_front_of(server.address()).await;
    let home = tempfile::tempdir().expect("a directory");
    let url = proxy.url();
    let start = || Screen::start_at(home.path(), &["--server", &url, "--vendor", "42"]);

    let mut screen = start();
    ship_offline(&mut screen, &proxy, "A-1001").await;
    screen.kill();
    assert_eq!(server.vendor("42").detail("A-1001").await["status"], "Paid");

    let mut screen = start();
    screen.shows_text("⧗1").await;
    screen.press("Q");
    screen.shows_line(&["#A-1001", "⧗→Shipped"]).await;
    screen.press("\u{1b}");
    screen
        .shows("the list gone", |text| !text.contains("Outbox"))
        .await;
    screen.press("q");
    assert_eq!(screen.ended().await, 0);
    let text = screen.text();
    let told = "1 change waits for the server: the next start sends it";
    assert!(text.contains(told), "{text}");

    let mut screen = start();
    screen.shows_text("⧗1").await;
    proxy.set(Network::Up);
    screen.shows_text(LIVE).await;
    screen.shows_line(&["A-1001", "Shipped"]).await;
    nothing_waits(&mut screen).await;
    // Nothing of it passed before the network was back: it was sent once.
    assert_eq!(made_once(&server, &proxy, "A-1001", "Shipped").await, 1);
    screen.press("q");
    assert_eq!(screen.ended().await, 0);
    let text = screen.text();
    assert!(!text.contains("for the server"), "{text}");

    let mut screen = start();
    screen.shows_text(LIVE).await;
    screen.shows_line(&["A-1001", "Shipped"]).await;
    assert_eq!(made_once(&server, &proxy, "A-1001", "Shipped").await, 1);
}

#[tokio::test]
async fn a_step_whose_answers_are_lost_is_sent_again_under_its_key_and_made_once() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1001")).await;
    let proxy = FaultProxy::in_front_of(server.address()).await;
    let home = tempfile::tempdir().expect("a directory");
    let url = proxy.url();
    let start = || Screen::start_at(home.path(), &["--server", &url, "--vendor", "42"]);

    let mut screen = start();
    ship_offline(&mut screen, &proxy, "A-1001").await;
    proxy.set(Network::Unanswered);
    // Sent a second time: the server's first answer was lost, and the step made.
    proxy.until_sent(&step_of("A-1001"), 2).await;
    let order = server.vendor("42").detail("A-1001").await;
    assert_eq!(order["status"], "Shipped", "{order}");
    screen.kill();

    proxy.set(Network::Up);
    let mut screen = start();
    screen.shows_text(LIVE).await;
    screen.shows_line(&["A-1001", "Shipped"]).await;
    nothing_waits(&mut screen).await;
    assert!(!screen.text().contains("not shipped"), "{}", screen.text());
    let times = made_once(&server, &proxy, "A-1001", "Shipped").await;
    assert!(times >= 3, "sent {times} times");
}

#[tokio::test]
async fn two_programs_with_one_outbox_make_a_step_once() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1001")).await;
    let proxy = FaultProxy::in_front_of(server.address()).await;
    let home = tempfile::tempdir().expect("a directory");
    let url = proxy.url();
    let start = || Screen::start_at(home.path(), &["--server", &url, "--vendor", "42"]);
    let mut one = start();
    let mut other = start();
    other.shows_text(LIVE).await;
    ship_offline(&mut one, &proxy, "A-1001").await;
    other.shows_text("⧗1").await;
    proxy.set(Network::Up);
    for screen in [&mut one, &mut other] {
        screen.shows_text(LIVE).await;
        screen.shows_line(&["A-1001", "Shipped"]).await;
        nothing_waits(screen).await;
    }
    assert_eq!(made_once(&server, &proxy, "A-1001", "Shipped").await, 1);
}

#[tokio::test]
async fn an_action_on_many_orders_made_offline_is_made_once_an_order() {
    let server = TestServer::start().await;
    let numbers: Vec<String> = (0..25).map(|i| format!("A-{}", 1_001 + i)).collect();
    for number in &numbers {
        server.support().place(&paid("42", number)).await;
    }
    let proxy = FaultProxy::in_front_of(server.address()).await;
    let home = tempfile::tempdir().expect("a directory");
    let url = proxy.url();
    let start = || Screen::start_at(home.path(), &["--server", &url, "--vendor", "42"]);

    let mut screen = start();
    screen.shows_text(LIVE).await;
    screen.shows_text("25 orders").await;
    proxy.set(Network::Down);
    screen.shows_text("offline").await;
    screen.press("A");
    screen.shows_text("25 marked").await;
    screen.press("s");
    screen.shows_text("Ship: 25 orders?").await;
    screen.press("\r");
    screen.shows_text("⧗ 25 kept").await;
    screen.shows_line(&["#A-1001", "kept"]).await;
    screen.kill();

    let mut screen = start();
    screen.shows_text("⧗25").await;
    proxy.set(Network::Up);
    screen.shows_text(LIVE).await;
    nothing_waits(&mut screen).await;
    for number in &numbers {
        assert_eq!(made_once(&server, &proxy, number, "Shipped").await, 1);
    }
    screen.press("q");
    assert_eq!(screen.ended().await, 0);
    let text = screen.text();
    assert!(!text.contains("for the server"), "{text}");
}

#[tokio::test]
async fn a_note_and_a_step_written_offline_outlive_a_kill_and_are_both_made_once() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1001")).await;
    let proxy = FaultProxy::in_front_of(server.address()).await;
    let home = tempfile::tempdir().expect("a directory");
    let url = proxy.url();
    let start = || Screen::start_at(home.path(), &["--server", &url, "--vendor", "42"]);

    let mut screen = start();
    screen.shows_text(LIVE).await;
    screen.shows_text("A-1001").await;
    proxy.set(Network::Down);
    screen.shows_text("offline").await;
    screen.press("c");
    screen.shows_text("Note on #A-1001").await;
    screen.press("call first\r");
    screen.shows_text("⧗1").await;
    screen.press(UP);
    screen.press("s");
    screen.shows_text("Ship #A-1001?").await;
    screen.press("\r");
    screen.shows_text("⧗2").await;
    screen.kill();

    proxy.set(Network::Up);
    let mut screen = start();
    screen.shows_text(LIVE).await;
    screen.shows_line(&["A-1001", "Shipped"]).await;
    nothing_waits(&mut screen).await;
    let notes = proxy.sent("/api/orders/A-1001/notes/");
    let keys: Vec<_> = notes.iter().filter_map(|note| note.key.clone()).collect();
    assert_eq!((notes.len(), keys.len()), (1, 1), "{notes:?}");
    assert!(notes[0].body.contains("call first"), "{notes:?}");
    let order = server.vendor("42").detail("A-1001").await;
    assert_eq!(order["status"], "Shipped", "{order}");
    assert_eq!(order["version"], 3, "{order}");
    let bodies = order["notes"].as_array().expect("notes");
    assert_eq!(bodies.len(), 1, "{order}");
}
