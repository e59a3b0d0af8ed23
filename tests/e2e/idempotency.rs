//! Requests that may be sent again happen once: by an `Idempotency-Key`, over
//! lost answers and restarts.

use std::net::SocketAddr;

use ordertop::client::{Credentials, Rest};
use ordertop::order::OrderKey;
use ordertop::protocol::rest::StatusChange;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::support::{Answer, Caller, Screen, TOKEN, TestServer, order, paid, within};

const SHIP: &str = "/api/orders/A-1/update-status/";

/// Posts under a key.
async fn post(caller: &Caller, path: &str, key: &str, body: &Value) -> Answer {
    let request = caller.request(Method::POST, path).json(body);
    Answer::to(request.header("Idempotency-Key", key)).await
}

/// How many events the vendor's stream holds.
async fn events(server: &TestServer, vendor: &str) -> u64 {
    let position = server.vendor(vendor).position().await;
    let (offset, _) = position.split_once(':').expect("a position");
    offset.parse().expect("an offset")
}

#[tokio::test]
async fn the_same_key_gives_the_same_answer_and_one_event() {
    let server = TestServer::start().await;
    let (support, vendor) = (server.support(), server.vendor("42"));
    let placing = [
        ("/api/orders/", paid("42", "A-1"), 201),
        ("/api/orders/", json!([paid("42", "A-2"), {"bad": 1}]), 200),
    ];
    for (n, (path, body, status)) in placing.iter().enumerate() {
        let key = format!("place-{n}");
        let first = post(&support, path, &key, body).await;
        assert_eq!(first.status, *status, "{first:?}");
        let again = post(&support, path, &key, body).await;
        assert_eq!((again.status, again.text), (first.status, first.text));
    }
    assert_eq!(events(&server, "42").await, 2);

    let change = json!({"status": "Shipped", "expected_version": 1});
    let first = post(&vendor, SHIP, "ship", &change).await;
    assert_eq!(first.expect(200)["changed"], true);
    let bulk = json!({"orders": [{"order_number": "A-2", "status": "Shipped"},
                                 {"order_number": "A-9", "status": "Shipped"}]});
    let bulk_path = "/api/orders/update-status/";
    let first_bulk = post(&vendor, bulk_path, "bulk", &bulk).await;
    assert_eq!(first_bulk.expect(200)["results"][0]["result"], "changed");
    // The orders go on, and there is one by now that there was not.
    vendor.set("A-1", "Delivered").await.expect(200);
    support.place(&paid("42", "A-9")).await;
    let before = events(&server, "42").await;
    // With and without the last slash it is the same path.
    let again = post(&vendor, SHIP.trim_end_matches('/'), "ship", &change).await;
    assert_eq!((again.status, again.text), (200, first.text));
    let again = post(&vendor, bulk_path, "bulk", &bulk).await;
    assert_eq!((again.status, again.text), (200, first_bulk.text));
    assert_eq!(events(&server, "42").await, before);
}

#[tokio::test]
async fn a_refusal_is_remembered_too() {
    let server = TestServer::start().await;
    server.support().place(&order("42", "A-1", "Pending")).await;
    let vendor = server.vendor("42");
    let change = json!({"status": "Shipped"});
    let first = post(&vendor, SHIP, "k", &change).await;
    first.expect(400);
    let pays = json!({"status": "Paid", "reason": "by transfer"});
    let path = format!("{SHIP}?vendor=42");
    server.support().post(&path, &pays).await.expect(200);
    let again = post(&vendor, SHIP, "k", &change).await;
    assert_eq!((again.status, again.text), (400, first.text));
    // Another key is another request.
    post(&vendor, SHIP, "l", &change).await.expect(200);
}

#[tokio::test]
async fn a_key_comes_with_one_request_of_one_caller() {
    let server = TestServer::start_with(&[], &["42", "43"]).await;
    let support = server.support();
    for (vendor, number) in [("42", "A-1"), ("42", "A-2"), ("43", "A-1")] {
        support.place(&paid(vendor, number)).await;
    }
    let change = json!({"status": "Shipped"});
    let vendor = server.vendor("42");
    post(&vendor, SHIP, "k", &change).await.expect(200);
    // Another body, another path, another query.
    let other = json!({"status": "Delivered"});
    let reused = post(&vendor, SHIP, "k", &other).await;
    reused.refused(409, "key_reused");
    let path = "/api/orders/A-2/update-status/";
    let reused = post(&vendor, path, "k", &change).await;
    reused.refused(409, "key_reused");
    let reused = post(&vendor, &format!("{SHIP}?vendor=42"), "k", &change).await;
    reused.refused(409, "key_reused");
    assert_eq!(vendor.detail("A-1").await["status"], "Shipped");
    assert_eq!(vendor.detail("A-2").await["status"], "Paid");
    // Other callers have keys of their own.
    let answer = post(&server.vendor("43"), SHIP, "k", &change).await;
    assert_eq!(answer.expect(200)["changed"], true);
    let path = "/api/orders/A-2/update-status/?vendor=42";
    let answer = post(&support, path, "k", &change).await;
    assert_eq!(answer.expect(200)["changed"], true);
}

#[tokio::test]
async fn rows_that_can_be_read_only_now_are_another_request() {
    let server = TestServer::start().await;
    let support = server.support();
    let path = "/api/orders/update-status/";
    support.place(&paid("42", "A-1")).await;
    let bulk = json!({"orders": [
        {"vendor_id": "44", "order_number": "C-1", "status": "Shipped"},
        {"vendor_id": "42", "order_number": "A-1", "status": "Shipped"}]});
    let first = post(&support, path, "k", &bulk).await;
    let results = &first.expect(200)["results"];
    assert_eq!(results[0]["code"], "unknown_vendor", "{results}");
    assert_eq!(results[1]["result"], "changed", "{results}");
    let again = post(&support, path, "k", &bulk).await;
    assert_eq!((again.status, again.text), (200, first.text));
    // The answer that is remembered knows nothing of the first row.
    let vendor = json!({"id": "44", "name": "Acme"});
    support.post("/api/vendors/", &vendor).await.expect(201);
    let reused = post(&support, path, "k", &bulk).await;
    reused.refused(409, "key_reused");
}

#[tokio::test]
async fn eight_at_once_under_one_key_are_one() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let (vendor, change) = (server.vendor("42"), json!({"status": "Shipped"}));
    let same = (0..8).map(|_| post(&vendor, SHIP, "k", &change));
    let answers = futures_util::future::join_all(same).await;
    assert_eq!(answers[0].expect(200)["changed"], true);
    for answer in &answers {
        assert_eq!(
            (answer.status, &answer.text),
            (answers[0].status, &answers[0].text)
        );
    }
    assert_eq!(events(&server, "42").await, 2);
}

#[tokio::test]
async fn an_answer_is_remembered_over_a_kill() {
    let mut server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let change = json!({"status": "Shipped"});
    let first = post(&server.vendor("42"), SHIP, "k", &change).await;
    assert_eq!(first.expect(200)["changed"], true);
    server.kill().await;
    server.restart().await;
    let again = post(&server.vendor("42"), SHIP, "k", &change).await;
    assert_eq!((again.status, again.text), (200, first.text));
    assert_eq!(events(&server, "42").await, 2);
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let (vendor, change) = (server.vendor("42"), json!({"status": "Shipped"}));
    for key in ["", "two words", "schlüssel", &"k".repeat(256)] {
        let refused = post(&vendor, SHIP, key, &change).await;
        refused.refused(400, "bad_idempotency_key");
    }
    let request = vendor.request(Method::POST, SHIP).json(&change);
    let twice = request
        .header("Idempotency-Key", "a")
        .header("Idempotency-Key", "b");
    Answer::to(twice).await.refused(400, "bad_idempotency_key");
    assert_eq!(events(&server, "42").await, 1);
    let longest = "k".repeat(255);
    post(&vendor, SHIP, &longest, &change).await.expect(200);
}

/// The vendor's calls as the live client makes them.
fn rest(url: &str) -> Rest {
    let credentials = Credentials {
        master_token: TOKEN.to_owned(),
    };
    let rest = Rest::new(&url.parse().expect("an address"), &credentials);
    rest.expect("calls").acting_as("42".parse().expect("an id"))
}

fn a_1() -> OrderKey {
    OrderKey {
        vendor: "42".parse().expect("an id"),
        number: "A-1".parse().expect("a number"),
    }
}

fn to_shipped() -> StatusChange {
    StatusChange {
        status: Some("Shipped".to_owned()),
        expected_version: Some(1),
        ..StatusChange::default()
    }
}

#[tokio::test]
async fn a_change_made_while_the_server_starts_anew_is_done_once() {
    let mut server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let rest = rest(&server.url());
    server.kill().await;
    let (key, change) = (a_1(), to_shipped());
    let (changed, ()) = tokio::join!(rest.change_status(&key, &change), server.restart());
    assert!(changed.expect("an answer").changed);
    assert_eq!(events(&server, "42").await, 2);
}

#[tokio::test]
async fn a_change_whose_answer_was_lost_is_done_once() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let mut network = Thief::in_front_of(server.address()).await;
    let rest = rest(&network.url());
    let changed = within("an answer", rest.change_status(&a_1(), &to_shipped())).await;
    network.was_sent_again().await;
    // As if the first answer had come: this request made the change.
    assert!(changed.expect("an answer").changed);
    assert_eq!(events(&server, "42").await, 2);
}

#[tokio::test]
async fn a_step_from_the_screen_whose_answer_was_lost_is_done_once() {
    let server = TestServer::start().await;
    server.support().place(&paid("42", "A-1")).await;
    let mut network = Thief::in_front_of(server.address()).await;
    let mut screen = Screen::watch_vendor(&network.url(), "42");
    screen.shows_text("Real-time: ON").await;
    screen.shows_line(&["A-1", "Paid"]).await;
    screen.press("s");
    screen.shows_text("Ship #A-1?").await;
    screen.press("\r");
    network.was_sent_again().await;
    screen.shows_line(&["#A-1", "Paid", "Shipped"]).await;
    assert_eq!(events(&server, "42").await, 2);
    assert_eq!(server.vendor("42").detail("A-1").await["version"], 2);
}

/// A network that loses the answer to the first POST, after the server has done it.
struct Thief {
    address: SocketAddr,
    /// How many POSTs the server has answered.
    answered: watch::Receiver<u32>,
    accepting: JoinHandle<()>,
}

impl Thief {
    async fn in_front_of(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (count, answered) = watch::channel(0);
        let accepting = tokio::spawn(async move {
            let mut carried = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let count = count.clone();
                carried.spawn(async move {
                    // An error is the end of either side.
                    let _ = carry(client, server, &count).await;
                });
            }
        });
        Self {
            address,
            answered,
            accepting,
        }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until a POST that came after the stolen answer was answered.
    async fn was_sent_again(&mut self) {
        let answered = self.answered.wait_for(|count| *count >= 2);
        within("a second POST", answered).await.expect("a network");
    }
}

impl Drop for Thief {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn carry(
    mut client: TcpStream,
    server: SocketAddr,
    answered: &watch::Sender<u32>,
) -> std::io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    let (mut asks, mut tells) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    let mut posted = false;
    loop {
        tokio::select! {
            n = client.read(&mut asks) => {
                let asked = &asks[..n?];
                if asked.is_empty() {
                    return Ok(());
                }
                posted |= asked.starts_with(b"POST ");
                server.write_all(asked).await?;
            }
            n = server.read(&mut tells) => {
                let told = &tells[..n?];
                if told.is_empty() {
                    return Ok(());
                }
                if std::mem::take(&mut posted) {
                    answered.send_modify(|count| *count += 1);
                    if *answered.borrow() == 1 {
                        return Ok(());
                    }
                }
                client.write_all(told).await?;
            }
        }
    }
}
