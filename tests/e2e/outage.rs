//! What breaks, and what must hold all the same: cut sockets, a killed server,
//! a reader that stands still.

use std::collections::BTreeMap;
use std::time::Duration;

use ordertop::client::{
    Change, Client, ClientConfig, ClientEvent, ConnectionState, Credentials, Url,
};
use ordertop::order::VendorId;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::support::{
    Answer, Caller, FaultProxy, Network, Socket, TOKEN, TestServer, paid, within,
};

/// What a live client told so far.
struct Journal {
    /// Kept: requests of the client go through it.
    _client: Client,
    events: mpsc::Receiver<ClientEvent>,
    state: ConnectionState,
    snapshots: usize,
    /// How often each event was told, by offset.
    told: BTreeMap<u64, usize>,
    /// Where each order stands by what was told.
    orders: BTreeMap<String, String>,
}

impl Journal {
    /// Follows vendor 42 at `url`, polling as often as a client may.
    fn follow(url: &str) -> Self {
        let credentials = Credentials {
            master_token: TOKEN.to_owned(),
        };
        let vendor = VendorId::new("42").unwrap();
        let config = ClientConfig {
            poll_every: Duration::from_secs(5),
            ..ClientConfig::new(url.parse::<Url>().unwrap(), Some(vendor), credentials)
        };
        let (client, events) = Client::start(config).unwrap();
        Self {
            _client: client,
            events,
            state: ConnectionState::Connecting,
            snapshots: 0,
            told: BTreeMap::new(),
            orders: BTreeMap::new(),
        }
    }

    /// Reads on until what was told is as `wanted`.
    async fn until(&mut self, what: &str, wanted: impl Fn(&Self) -> bool) {
        let reading = async {
            while !wanted(self) {
                let event = self.events.recv().await.expect("the client runs for ever");
                self.take(event);
            }
        };
        within(what, reading).await;
    }

    fn take(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Connection(connection) => self.state = connection.state,
            ClientEvent::Changes(changes) => changes.into_iter().for_each(|c| self.change(c)),
            ClientEvent::Vendors(_)
            | ClientEvent::Loading { .. }
            | ClientEvent::HistoryChanged(_) => {}
        }
    }

    fn change(&mut self, change: Change) {
        let told = match change {
            Change::Snapshot { orders, .. } => {
                self.snapshots += 1;
                self.orders.clear();
                orders
            }
            Change::Event { event, .. } => {
                *self.told.entry(event.offset).or_default() += 1;
                event.order.clone().into_iter().collect()
            }
            Change::Order { order, .. } => vec![order],
        };
        for order in told {
            self.orders
                .insert(order.order_number.to_string(), order.status.to_string());
        }
    }

    fn is_live(&self) -> bool {
        matches!(self.state, ConnectionState::Live { .. })
    }

    fn is_polling(&self) -> bool {
        matches!(self.state, ConnectionState::Polling { .. })
    }

    /// Events 1 to `last` were told, each once, and nothing else was.
    fn told_once_up_to(&self, last: u64) {
        let expected: BTreeMap<_, _> = (1..=last).map(|offset| (offset, 1)).collect();
        assert_eq!(self.told, expected);
    }
}

#[tokio::test]
async fn while_the_socket_is_cut_polls_bring_each_event_once() {
    let server = TestServer::start().await;
    let proxy = FaultProxy::in_front_of(server.address()).await;
    let (support, vendor) = (server.support(), server.vendor("42"));
    let mut journal = Journal::follow(&proxy.url());
    journal
        .until("the socket", |j| j.is_live() && j.snapshots == 1)
        .await;

    support.place(&paid("42", "A-1")).await;
    journal.until("A-1", |j| j.orders.contains_key("A-1")).await;

    proxy.set(Network::NoSockets);
    journal.until("polling", Journal::is_polling).await;
    support.place(&paid("42", "A-2")).await;
    vendor.set("A-1", "Shipped").await.expect(200);
    journal
        .until("A-2 by a poll", |j| j.orders.contains_key("A-2"))
        .await;
    assert!(
        journal.is_polling(),
        "not by the socket: {:?}",
        journal.state
    );

    proxy.set(Network::Up);
    support.place(&paid("42", "A-3")).await;
    journal.until("the socket again", Journal::is_live).await;
    support.place(&paid("42", "A-4")).await;
    journal.until("A-4", |j| j.orders.contains_key("A-4")).await;

    journal.told_once_up_to(5);
    assert_eq!(journal.snapshots, 1, "what was missed was replayed");
    assert_eq!(journal.orders["A-1"], "Shipped");
    assert!(journal.orders.contains_key("A-3"));
}

#[tokio::test]
async fn a_client_comes_back_after_the_server_was_killed() {
    let mut server = TestServer::start().await;
    let mut journal = Journal::follow(&server.url());
    journal
        .until("the socket", |j| j.is_live() && j.snapshots == 1)
        .await;
    server.support().place(&paid("42", "A-1")).await;
    journal.until("A-1", |j| j.orders.contains_key("A-1")).await;

    server.kill().await;
    journal.until("the break", |j| !j.is_live()).await;
    server.restart().await;
    server.support().place(&paid("42", "A-2")).await;
    journal.until("the socket again", Journal::is_live).await;
    server.vendor("42").set("A-1", "Shipped").await.expect(200);
    journal.until("the end", |j| j.told.contains_key(&3)).await;
    journal.told_once_up_to(3);
    assert_eq!(journal.snapshots, 1, "the history is the same one");
}

#[tokio::test]
async fn a_reader_that_stands_still_costs_the_others_nothing() {
    const ROUNDS: usize = 150;
    let server = TestServer::start().await;
    let proxy = FaultProxy::in_front_of(server.address()).await;
    let headers = [("X-Master-Token", TOKEN), ("X-Vendor-ID", "42")];
    let mut slow = Socket::open(proxy.address(), "/ws/vendor/42/orders/", &headers)
        .await
        .unwrap();
    slow.next_of("welcome").await;
    let mut quick = server.socket("42").await;
    proxy.set(Network::Stalled);

    server.support().place(&paid("42", "A-1")).await;
    let vendor = server.vendor("42");
    for status in ["Shipped", "Paid"].into_iter().cycle().take(ROUNDS) {
        vendor.set("A-1", status).await.expect(200);
        quick.next().await;
    }

    proxy.set(Network::Up);
    // Either all came, in order, or the server closed it to come back: then
    // recovery brings the rest.
    let mut last = String::from("none");
    for offset in 1..=ROUNDS + 1 {
        let event = slow.next().await;
        assert_eq!(event["offset"], offset, "after {last}");
        event["position"].as_str().unwrap().clone_into(&mut last);
    }
    assert_eq!(last, vendor.position().await);
}

/// One change that a server said it made.
struct Acknowledged {
    number: String,
    version: u64,
    position: String,
    status: &'static str,
}

#[tokio::test]
async fn what_was_answered_before_a_kill_is_there_after_it_and_once() {
    const TASKS: usize = 16;
    const BEFORE_THE_KILL: usize = 400;
    let mut server = TestServer::start().await;
    let birth = server.vendor("42").position().await;
    for n in 0..TASKS {
        server.support().place(&paid("42", &format!("A-{n}"))).await;
    }
    let (acknowledge, mut acknowledged) = mpsc::unbounded_channel();
    for n in 0..TASKS {
        let caller = server.vendor("42");
        tokio::spawn(update_until_it_fails(
            caller,
            format!("A-{n}"),
            acknowledge.clone(),
        ));
    }
    drop(acknowledge);

    let mut ledger: Vec<Acknowledged> = Vec::new();
    while ledger.len() < BEFORE_THE_KILL {
        let next = within("an update", acknowledged.recv()).await;
        ledger.push(next.expect("the load goes on"));
    }
    server.kill().await;
    while let Some(late) = within("the load to end", acknowledged.recv()).await {
        ledger.push(late);
    }
    server.restart().await;
    check_ledger(&server, &ledger, &birth).await;
}

/// Ships an order and takes it back, on and on, each time from the version it
/// saw; tells of every update that was answered.
async fn update_until_it_fails(
    caller: Caller,
    number: String,
    tell: mpsc::UnboundedSender<Acknowledged>,
) {
    let path = format!("/api/orders/{number}/update-status/");
    let steps = ["Shipped", "Paid"].into_iter().cycle();
    for (version, status) in (1_u64..).zip(steps) {
        let change = json!({"status": status, "expected_version": version});
        let request = caller.request(Method::POST, &path).json(&change);
        let Ok(answer) = Answer::try_to(request).await else {
            return;
        };
        let body = answer.expect(200);
        assert_eq!(body["order"]["version"], version + 1, "{body}");
        let done = Acknowledged {
            number: number.clone(),
            version: version + 1,
            position: body["position"].as_str().unwrap().to_owned(),
            status,
        };
        if tell.send(done).is_err() {
            return;
        }
    }
}

async fn check_ledger(server: &TestServer, ledger: &[Acknowledged], birth: &str) {
    let vendor = server.vendor("42");
    let events = all_events(&vendor, birth).await;
    for (event, offset) in events.iter().zip(1_u64..) {
        assert_eq!(event["offset"], offset, "no gap and no repetition: {event}");
    }
    // Each acknowledged change is one event, at the place that was answered.
    for done in ledger {
        let same = |event: &&Value| {
            event["order_number"] == *done.number && event["version"] == done.version
        };
        let found: Vec<_> = events.iter().filter(same).collect();
        let [event] = found[..] else {
            panic!("{} version {}: {found:?}", done.number, done.version)
        };
        assert_eq!(event["position"], *done.position);
        assert_eq!(event["status"], done.status);
    }
    // Order, history and events tell the same, and no order got further than
    // what was answered and the one request under way.
    let mut answered: BTreeMap<&str, u64> = BTreeMap::new();
    for done in ledger {
        let version = answered.entry(&done.number).or_default();
        *version = done.version.max(*version);
    }
    for (number, answered) in answered {
        let order = vendor.detail(number).await;
        let version = order["version"].as_u64().unwrap();
        assert!(
            (answered..=answered + 1).contains(&version),
            "{number} is at {version}, answered was {answered}"
        );
        let history = vendor.get(&format!("/api/orders/{number}/history/")).await;
        let history = history.expect(200);
        let rows = history["history"].as_array().unwrap();
        let versions: Vec<_> = rows
            .iter()
            .map(|row| row["version"].as_u64().unwrap())
            .collect();
        assert_eq!(versions, (1..=version).collect::<Vec<_>>(), "{number}");
        assert_eq!(rows.last().unwrap()["to"], order["status"], "{number}");
        let of_order = events
            .iter()
            .filter(|event| event["order_number"] == *number);
        assert_eq!(of_order.count() as u64, version, "{number}");
    }
    let list = vendor.position().await;
    assert_eq!(events.last().unwrap()["position"], *list);
}

/// Every event after `since`, page by page.
async fn all_events(vendor: &Caller, since: &str) -> Vec<Value> {
    let mut position = since.to_owned();
    let mut events = Vec::new();
    loop {
        let path = format!("/api/orders/vendor/events/?since={position}");
        let page = vendor.get(&path).await.expect(200);
        let more = page["events"].as_array().unwrap();
        if more.is_empty() {
            return events;
        }
        events.extend(more.iter().cloned());
        page["position"].as_str().unwrap().clone_into(&mut position);
    }
}
