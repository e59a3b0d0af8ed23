//! The terminal program as a person sees it: the real binary in a terminal,
//! against the real server.

use serde_json::json;

use crate::support::{Caller, FaultProxy, Network, Screen, TestServer, paid};

const LIVE: &str = "Real-time: ON";

#[tokio::test]
async fn an_order_appears_the_moment_it_is_placed() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1001")).await;
    let mut screen = Screen::watch_vendor(&server.url(), "42");
    screen.shows_text(LIVE).await;
    screen
        .shows_line(&["A-1001", "Ana Souza", "13.90", "Paid"])
        .await;
    let mut order = paid("42", "A-1002");
    order["buyer"]["name"] = "陳美玲".into();
    server.support().place(&order).await;
    screen.shows_line(&["A-1002", "陳美玲", "Paid"]).await;
}

#[tokio::test]
async fn the_guides_curl_changes_the_screen_at_once() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1001")).await;
    let mut screen = Screen::watch_vendor(&server.url(), "42");
    screen.shows_text(LIVE).await;
    screen.shows_line(&["A-1001", "Paid"]).await;
    // The call of the old system's setup guide, with our address.
    server
        .vendor("42")
        .set("A-1001", "Shipped")
        .await
        .expect(200);
    screen.shows_line(&["A-1001", "Shipped"]).await;
}

#[tokio::test]
async fn s_and_enter_ship_the_order_under_the_cursor() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1001")).await;
    let mut socket = server.socket("42").await;
    let mut screen = Screen::watch_vendor(&server.url(), "42");
    screen.shows_text(LIVE).await;
    screen.shows_line(&["A-1001", "Paid"]).await;
    screen.press("s");
    screen.shows_text("Ship #A-1001?").await;
    screen.press("\r");
    // The row changes at once; that it was done is for the server to say.
    screen.shows_line(&["A-1001", "Shipped"]).await;
    let event = socket.next_of("order_status_update").await;
    assert_eq!(event["status"], "Shipped", "{event}");
    assert_eq!(event["version"], 2, "{event}");
    assert_eq!(event["actor"], json!({"kind": "vendor", "id": "42"}));
}

#[tokio::test]
async fn without_its_socket_it_polls_and_says_so() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1001")).await;
    let proxy = FaultProxy::in_front_of(server.address()).await;
    let mut screen = Screen::watch_vendor(&proxy.url(), "42");
    screen.shows_text(LIVE).await;
    screen.shows_text("A-1001").await;
    proxy.set(Network::NoSockets);
    screen
        .shows("polling", |text| {
            text.contains("Real-time: OFF") && text.contains("polling")
        })
        .await;
    server
        .vendor("42")
        .set("A-1001", "Shipped")
        .await
        .expect(200);
    proxy.set(Network::Up);
    screen.shows_text(LIVE).await;
    screen.shows_line(&["A-1001", "Shipped"]).await;
}

#[tokio::test]
async fn without_a_network_the_last_list_stays_readable() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1001")).await;
    let proxy = FaultProxy::in_front_of(server.address()).await;
    let mut screen = Screen::watch_vendor(&proxy.url(), "42");
    screen.shows_text(LIVE).await;
    screen.shows_text("A-1001").await;
    proxy.set(Network::Down);
    let text = screen.shows_text("offline").await;
    assert!(text.contains("A-1001"), "{text}");
    proxy.set(Network::Up);
    screen.shows_text(LIVE).await;
}

#[tokio::test]
async fn a_server_that_is_not_there_yet_is_waited_for() {
    let mut server = TestServer::start().await;
    server.support().place(&paid("42", "A-1001")).await;
    server.kill().await;
    let mut screen = Screen::watch_vendor(&server.url(), "42");
    screen.shows_text("Real-time: OFF").await;
    server.restart().await;
    screen.shows_text(LIVE).await;
    screen.shows_text("A-1001").await;
}

#[tokio::test]
async fn every_vendor_is_shown_when_none_is_named() {
    let server = TestServer::start_with(&[], &["42", "43"]).await;
    server.support().place(&paid("42", "A-1001")).await;
    server.support().place(&paid("43", "B-2002")).await;
    let mut screen = Screen::start(&["--server", &server.url()]);
    screen
        .shows("both", |text| {
            text.contains("A-1001") && text.contains("B-2002")
        })
        .await;
    server
        .vendor("43")
        .set("B-2002", "Shipped")
        .await
        .expect(200);
    screen.shows_line(&["B-2002", "Shipped"]).await;
}

#[tokio::test]
async fn a_question_mark_shows_the_keys() {
    let server = TestServer::start().await;
    let mut screen = Screen::watch_vendor(&server.url(), "42");
    screen.shows_text(LIVE).await;
    screen.press("?");
    screen
        .shows("help", |text| {
            text.contains("quit") || text.contains("Quit")
        })
        .await;
}

#[tokio::test]
async fn q_leaves_the_terminal_as_it_was() {
    let server = TestServer::start().await;
    let mut screen = Screen::watch_vendor(&server.url(), "42");
    screen.shows_text(LIVE).await;
    assert!(!screen.is_restored(), "it draws on a screen of its own");
    screen.press("q");
    assert_eq!(screen.ended().await, 0);
    assert!(screen.is_restored(), "{}", screen.text());
}

#[tokio::test]
async fn the_demo_shows_a_line_that_moves_its_own_screen() {
    let mut screen = Screen::start(&["demo"]);
    let ready = |text: &str| text.contains(LIVE) && text.contains("\"Shipped\"}'");
    let text = screen.shows("the line to copy", ready).await;
    // As a second terminal would run it; long lines go on in the next row.
    let line = text.replace('\n', "");
    let url = between(&line, "curl -X POST ", " ");
    let (base, path) = url.split_at(url.find("/api/").expect("a call"));
    let caller = Caller::anonymous(base)
        .token(between(&line, "X-Master-Token: ", "\""))
        .vendor(between(&line, "X-Vendor-ID: ", "\""));
    let answer = caller.post(path, &json!({"status": "Shipped"})).await;
    let order = answer.expect(200)["order"]["order_number"].clone();
    let number = order.as_str().expect("a number");
    screen.shows_line(&[number, "Shipped"]).await;

    screen.press("q");
    assert_eq!(screen.ended().await, 0);
    assert!(screen.is_restored(), "{}", screen.text());
}

/// What stands between two texts.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before)
        .and_then(|(_, rest)| rest.split_once(after))
        .unwrap_or_else(|| panic!("no {before:?}…{after:?} in {text}"))
        .0
}
