//! What one client tells while its network or its server is away. What must hold
//! for all of them whatever breaks, `ledger.rs` and `faults.rs` check.

use std::collections::BTreeMap;

use ordertop::client::{Client, ClientEvent, ConnectionState};
use ordertop::replica::Change;
use tokio::sync::mpsc;

use crate::support::{FaultProxy, Network, TOKEN, TestServer, follow, paid, within};

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
        let (client, events) = follow(url, TOKEN, Some("42"));
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
            Change::Event { event, order, .. } => {
                *self.told.entry(event.offset).or_default() += 1;
                order.into_iter().collect()
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
