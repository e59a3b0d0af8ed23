//! Sockets that do not read or do not answer: each is closed with its code, may
//! come back to what it missed, and costs the others nothing.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use ordertop_server::config::Timing;
use ordertop_server::{Config, Secret, Server};
use serde_json::{Value, json};
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::task::JoinSet;

use crate::support::{Caller, Frame, Frames, TOKEN, TestServer, heavy, paid, tell, within};

/// Some 60 KB as an event.
fn large(vendor: &str, number: &str) -> Value {
    let title = "M".repeat(100);
    let line = |n: usize| json!({"sku": format!("SKU-{n}"), "title": title, "qty": 1, "unit_price": "1.00"});
    let mut order = paid(vendor, number);
    order["lines"] = (0..100).map(line).collect();
    order["totals"] = json!({});
    order
}

/// Makes events of a vendor's only order: ships it and takes it back, on and on.
struct Publisher {
    vendor: Caller,
    /// How many events there are.
    done: u64,
}

impl Publisher {
    async fn start(server: &TestServer, vendor: &str, order: &Value) -> Self {
        server.support().place(order).await;
        let vendor = server.vendor(vendor);
        Self { vendor, done: 1 }
    }

    /// One more event.
    async fn publish(&mut self) {
        let status = ["Paid", "Shipped"][usize::from(self.done % 2 == 1)];
        match status {
            "Paid" => self.vendor.undo("A-1").await.expect(200),
            _ => self.vendor.set("A-1", status).await.expect(200),
        };
        self.done += 1;
    }
}

/// A socket of vendor 42 and what it is welcomed with.
async fn follow(server: SocketAddr, query: &str) -> (Frames, Value) {
    let path = format!("/ws/vendor/42/orders/{query}");
    let mut socket = Frames::open(server, &path, Some("42")).await;
    let welcome = socket.next().await.expect("a welcome").json();
    assert_eq!(welcome["type"], "welcome", "{welcome}");
    (socket, welcome)
}

async fn cut_off(server: &TestServer) -> u64 {
    let status = server.support().get("/status").await.expect(200);
    status["slow_consumers_cut_off"].as_u64().unwrap()
}

/// Reads on to the close and answers its code: `None` when the socket was cut.
async fn to_the_close(socket: &mut Frames, mut each: impl FnMut(Frame)) -> Option<u16> {
    loop {
        match socket.next().await? {
            Frame::Close(code) => return Some(code),
            Frame::Ping => {}
            frame => each(frame),
        }
    }
}

/// The same for one vendor's socket: without a gap; answers the last event, too.
async fn in_order_to_the_close(socket: &mut Frames) -> (Option<u16>, Frame) {
    let mut last: Option<Frame> = None;
    let code = to_the_close(socket, |frame| {
        if let Some(last) = &last {
            let next = last.offset().map(|offset| offset + 1);
            assert_eq!(frame.offset(), next, "no gap before the close");
        }
        last = Some(frame);
    });
    let code = code.await;
    (code, last.expect("the first events had left"))
}

/// Comes back with the position of `last` and gets everything up to `head`.
async fn comes_back(server: &TestServer, last: &Frame, head: u64) {
    let position = last.json()["position"].as_str().unwrap().to_owned();
    let query = format!("?position={position}");
    let (mut socket, welcome) = follow(server.address(), &query).await;
    assert_eq!(welcome["recovered"], true, "{welcome}");
    for offset in last.offset().unwrap() + 1..=head {
        assert_eq!(socket.next().await.unwrap().offset(), Some(offset));
    }
}

#[tokio::test]
async fn a_socket_that_does_not_read_is_closed_with_4001_and_recovers() {
    let server = TestServer::start().await;
    let (mut socket, _) = follow(server.address(), "").await;
    let mut publisher = Publisher::start(&server, "42", &large("42", "A-1")).await;
    while cut_off(&server).await == 0 {
        publisher.publish().await;
        assert!(publisher.done < 1_000, "its queue has no bound");
    }
    // What had left before is read, then the close.
    let (code, last) = in_order_to_the_close(&mut socket).await;
    assert_eq!(code, Some(4001));
    comes_back(&server, &last, publisher.done).await;
}

#[tokio::test]
async fn who_does_not_read_its_recovery_is_closed_with_4002_and_recovers() {
    let server = TestServer::start().await;
    let birth = server.vendor("42").position().await;
    let mut publisher = Publisher::start(&server, "42", &large("42", "A-1")).await;
    // More than the kernel takes for a reader that stands still.
    for _ in 0..150 {
        publisher.publish().await;
    }
    let query = format!("?position={birth}");
    let (mut socket, welcome) = follow(server.address(), &query).await;
    assert_eq!(welcome["recovered"], true, "{welcome}");
    while cut_off(&server).await == 0 {
        publisher.publish().await;
        assert!(publisher.done < 1_000, "what is held back has no bound");
    }
    let (code, last) = in_order_to_the_close(&mut socket).await;
    assert_eq!(code, Some(4002));
    comes_back(&server, &last, publisher.done).await;
}

#[tokio::test]
async fn a_socket_that_answers_no_ping_is_closed_with_4003() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        master_token: Some(Secret::new(TOKEN)),
        timing: Timing {
            ping_interval: Duration::from_millis(200),
            ping_timeout: Duration::from_millis(300),
            ..Timing::default()
        },
        ..Config::new(dir.path().join("orders.db"))
    };
    let server = Server::bind(config).await.unwrap();
    let caller = Caller::anonymous(&format!("http://{}", server.local_addr()));
    let vendor = json!({"id": "42", "name": "Acme"});
    let added = caller.token(TOKEN).post("/api/vendors/", &vendor).await;
    added.expect(201);

    let (mut socket, _) = follow(server.local_addr(), "").await;
    assert!(matches!(socket.next().await, Some(Frame::Ping)));
    assert!(matches!(socket.next().await, Some(Frame::Close(4003))));
    drop(socket);
    server.stop().await.unwrap();
}

/// How long events took to reach their readers.
#[derive(Default)]
struct Latencies(Vec<Duration>);

impl Latencies {
    /// What so many of a hundred stayed below.
    fn share(&self, of_a_hundred: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted[(sorted.len() - 1) * of_a_hundred / 100]
    }
}

impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p50 {:.1?}, p99 {:.1?}", self.share(50), self.share(99))
    }
}

#[tokio::test]
async fn one_stalled_socket_among_a_thousand_changes_nothing_for_the_others() {
    const READERS: usize = 999;
    const ROUNDS: usize = 20;
    let _turn = heavy().await;
    let server = TestServer::start_with(&[], &["42", "7"]).await;
    let mut publisher = Publisher::start(&server, "42", &paid("42", "A-1")).await;
    // Large events of a vendor whom the stalled one follows and the others do not.
    let mut filler = Publisher::start(&server, "7", &large("7", "A-1")).await;
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        let (socket, _) = follow(server.address(), "").await;
        readers.spawn(read_to_the_end(socket, arrived.clone()));
    }
    let mut round = async |publisher: &mut Publisher, latencies: &mut Latencies| {
        let sent = Instant::now();
        publisher.publish().await;
        for _ in 0..READERS {
            let at = within("everyone to have it", arrivals.recv()).await;
            latencies.0.push(at.expect("the readers run") - sent);
        }
    };

    let (mut without, mut with) = (Latencies::default(), Latencies::default());
    for _ in 0..ROUNDS {
        round(&mut publisher, &mut without).await;
    }
    let mut stalled = Frames::open(server.address(), "/ws/orders/", None).await;
    stalled.next().await.expect("a welcome");
    while cut_off(&server).await == 0 {
        for _ in 0..4 {
            filler.publish().await;
        }
        round(&mut publisher, &mut with).await;
    }
    assert_eq!(to_the_close(&mut stalled, drop).await, Some(4001));
    for _ in 0..ROUNDS {
        round(&mut publisher, &mut with).await;
    }
    tell(&format!(
        "999 sockets: {without}; beside a stalled one: {with}"
    ));
    let (without, with) = (without.share(99), with.share(99));
    assert!(
        with < without * 10 + Duration::from_secs(1),
        "{without:?}, {with:?}"
    );

    drop(server);
    while let Some(last) = readers.join_next().await {
        assert_eq!(last.unwrap(), publisher.done, "nobody was closed");
    }
}

/// Reads events from the second on, each in its order, until the server is
/// gone; answers the last.
async fn read_to_the_end(mut socket: Frames, arrived: UnboundedSender<Instant>) -> u64 {
    let mut last = 1;
    loop {
        match socket.next().await {
            None => return last,
            Some(Frame::Ping) => socket.pong().await,
            Some(frame) => {
                last += 1;
                assert_eq!(frame.offset(), Some(last), "each event, in order");
                arrived.send(Instant::now()).expect("the test listens");
            }
        }
    }
}
