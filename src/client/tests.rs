//! The whole client against a small server that fails as it is told.

use std::collections::BTreeMap;

use serde_json::json;

mod legacy;
mod proxy;

use super::fake::{Fake, Mode, is_list};
use super::*;
use crate::order::OrderNumber;
use crate::protocol::ListedOrder;
use crate::replica::Change;
use crate::replica::tests::{unpack, vendor};

/// A step that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// One who listens to a client, as a screen does.
struct Screen {
    client: Client,
    events: mpsc::Receiver<ClientEvent>,
    orders: BTreeMap<OrderNumber, Arc<ListedOrder>>,
    /// Offsets of the events that were reported.
    reported: Vec<u64>,
    /// Orders that came without an event.
    answers: usize,
    /// Whether it was told of a list on its way that has not come.
    is_loading: bool,
    states: Vec<ConnectionState>,
    connection: Option<Connection>,
    /// `None` until they are told.
    vendors: Option<Vec<crate::protocol::rest::Vendor>>,
    history_changed: Vec<Vec<VendorId>>,
}

impl Screen {
    fn start(fake: &Fake, vendor: Option<VendorId>, realtime: bool) -> Self {
        Self::polling(fake, vendor, realtime, POLL_EVERY)
    }

    fn polling(
        fake: &Fake,
        vendor: Option<VendorId>,
        realtime: bool,
        poll_every: Duration,
    ) -> Self {
        let server = format!("http://{}", fake.address).parse().unwrap();
        let credentials = Credentials {
            master_token: "secret".to_owned(),
        };
        let config = ClientConfig {
            realtime,
            poll_every,
            ..ClientConfig::new(server, vendor, credentials)
        };
        Self::of(Client::start(config).unwrap())
    }

    fn of((client, events): (Client, mpsc::Receiver<ClientEvent>)) -> Self {
        Self {
            client,
            events,
            orders: BTreeMap::new(),
            reported: Vec::new(),
            answers: 0,
            is_loading: false,
            states: Vec::new(),
            connection: None,
            vendors: None,
            history_changed: Vec::new(),
        }
    }

    /// Takes in events until it is so.
    async fn until(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        let seen = tokio::time::timeout(PATIENCE, async {
            while !so(self) {
                let event = self.events.recv().await.expect("the client has ended");
                self.take(event);
            }
        });
        if seen.await.is_err() {
            panic!(
                "{what}: {:?}, reported {:?}",
                self.connection, self.reported
            );
        }
    }

    fn take(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Connection(connection) => {
                self.states.push(connection.state.clone());
                self.connection = Some(connection);
            }
            ClientEvent::Vendors(vendors) => self.vendors = Some(vendors),
            ClientEvent::Loading { .. } => self.is_loading = true,
            ClientEvent::HistoryChanged(vendors) => self.history_changed.push(vendors),
            ClientEvent::Changes(changes) => changes.into_iter().for_each(|one| self.show(one)),
        }
    }

    fn show(&mut self, change: Change) {
        match change {
            Change::Snapshot { orders, .. } => {
                self.is_loading = false;
                let orders = orders.iter();
                self.orders = orders
                    .map(|o| (o.order_number.clone(), unpack(o)))
                    .collect();
            }
            Change::Order { key, order } => {
                self.answers += 1;
                self.orders.insert(key.number, unpack(&order));
            }
            Change::Event { event, .. } => {
                self.reported.push(event.offset);
                match &event.order {
                    Some(order) => self
                        .orders
                        .insert(event.order_number.clone(), order.clone()),
                    None => self.orders.remove(&event.order_number),
                };
            }
        }
    }

    fn state(&self) -> Option<&ConnectionState> {
        self.connection.as_ref().map(|connection| &connection.state)
    }

    async fn until_live(&mut self) {
        self.until("live", |screen| {
            matches!(screen.state(), Some(ConnectionState::Live { .. }))
        })
        .await;
    }

    async fn until_refused_with(&mut self, words: &str) {
        self.until("refused", |screen| {
            matches!(screen.state(), Some(ConnectionState::Refused { reason, .. }) if reason == words)
        })
        .await;
    }

    async fn until_history_changed(&mut self) {
        self.until("word of another history", |screen| {
            !screen.history_changed.is_empty()
        })
        .await;
    }

    async fn until_same(&mut self, fake: &Fake) {
        self.until("the server's list", |screen| {
            fake.with(|state| *state.stream.list() == screen.orders)
        })
        .await;
    }
}

fn touch(fake: &Fake, numbers: impl IntoIterator<Item = u8>) {
    for n in numbers {
        fake.with(|state| state.stream.touch(n));
    }
}

/// How many snapshots were begun.
fn lists(fake: &Fake) -> usize {
    fake.with(|state| {
        let asked = state.asked.iter();
        asked.filter(|asked| is_list(asked)).count()
    })
}

#[tokio::test]
async fn a_fresh_client_gets_a_snapshot_of_all_pages_then_events() {
    let fake = Fake::start().await;
    touch(&fake, 1..=5);
    let mut screen = Screen::start(&fake, Some(vendor()), true);
    screen.until_live().await;
    screen.until_same(&fake).await;
    assert!(screen.reported.is_empty(), "a snapshot is no event");
    assert_eq!(screen.states[0], ConnectionState::Connecting);
    touch(&fake, [6, 1]);
    screen.until_same(&fake).await;
    assert_eq!(screen.reported, [6, 7]);
    screen
        .until("the name", |screen| {
            let mut vendors = screen.vendors.iter().flatten();
            vendors.any(|v| v.name == "Acme")
        })
        .await;
}

#[tokio::test]
async fn events_that_come_while_the_snapshot_is_fetched_are_held_and_told_once() {
    let fake = Fake::start().await;
    touch(&fake, 1..=3);
    fake.with(|state| state.hold_lists = true);
    let mut screen = Screen::start(&fake, Some(vendor()), true);
    fake.until(|state| state.asked.iter().any(|asked| is_list(asked)))
        .await;
    touch(&fake, [4, 1, 1]);
    fake.with(|state| state.hold_lists = false);
    screen.until_same(&fake).await;
    touch(&fake, [2]);
    screen.until_same(&fake).await;
    // The list was read after the three, so only the last one is news.
    assert_eq!(screen.reported, [7]);
}

#[tokio::test]
async fn a_cut_socket_turns_to_polling_and_returns_and_each_event_is_told_once() {
    let fake = Fake::start().await;
    touch(&fake, 1..=3);
    let mut screen = Screen::start(&fake, Some(vendor()), true);
    screen.until_live().await;
    screen.until_same(&fake).await;
    fake.with(|state| state.socket = Mode::Status(503));
    fake.cut();
    screen.until("polling", |screen| {
        matches!(screen.state(), Some(ConnectionState::Polling { reason, paused: false, .. }) if reason == "Invalid vendor ID")
    })
    .await;
    touch(&fake, [4, 4, 1]);
    screen.client.refresh();
    screen.until_same(&fake).await;
    assert_eq!(screen.reported, [4, 5, 6]);
    fake.with(|state| state.socket = Mode::Good);
    screen.until_live().await;
    touch(&fake, [2, 3]);
    screen.until_same(&fake).await;
    assert_eq!(screen.reported, [4, 5, 6, 7, 8]);
    assert_eq!(lists(&fake), 1, "positions made a second snapshot needless");
}

#[tokio::test]
async fn a_short_cut_is_recovered_by_position_alone() {
    let fake = Fake::start().await;
    touch(&fake, 1..=2);
    let mut screen = Screen::start(&fake, Some(vendor()), true);
    screen.until_live().await;
    screen.until_same(&fake).await;
    for n in 3..6 {
        fake.cut();
        touch(&fake, [n, n]);
        screen.until_same(&fake).await;
    }
    assert_eq!(screen.reported, [3, 4, 5, 6, 7, 8]);
    assert_eq!(lists(&fake), 1);
}

#[tokio::test]
async fn an_expired_position_and_another_history_each_bring_a_snapshot() {
    let fake = Fake::start().await;
    touch(&fake, 1..=2);
    let mut screen = Screen::start(&fake, Some(vendor()), true);
    screen.until_live().await;
    screen.until_same(&fake).await;
    fake.with(|state| {
        (3..=5).for_each(|n| state.stream.touch(n));
        state.kept_from = 4;
        state.cut_now();
    });
    screen.until_same(&fake).await;
    // Restored from elsewhere: shorter, and another history altogether.
    fake.with(|state| {
        state.stream = crate::replica::tests::Stream::new("b");
        state.kept_from = 0;
        state.stream.touch(9);
        state.cut_now();
    });
    screen.until_same(&fake).await;
    touch(&fake, [9]);
    screen.until_same(&fake).await;
    assert_eq!(lists(&fake), 3);
    screen.until_history_changed().await;
    assert_eq!(screen.history_changed, [[vendor()]], "not where it expired");
}

#[tokio::test]
async fn a_history_that_lost_its_end_is_told_once_and_fetched_anew() {
    let fake = Fake::start().await;
    touch(&fake, 1..=3);
    let mut screen = Screen::start(&fake, Some(vendor()), true);
    screen.until_live().await;
    screen.until_same(&fake).await;
    fake.with(|state| {
        // What a failover that lost its tail leaves: the same, but shorter.
        state.stream.log.truncate(1);
        state.stream.lists.truncate(2);
        state.goodbye = Some(4004);
        state.cut_now();
    });
    screen.until_history_changed().await;
    screen.until_same(&fake).await;
    screen.until_live().await;
    touch(&fake, [1, 5]);
    screen.until_same(&fake).await;
    assert_eq!((lists(&fake), screen.history_changed.len()), (2, 1));
    assert_eq!(screen.orders.len(), 2);
}

#[tokio::test]
async fn a_store_that_is_away_is_told_until_it_is_back() {
    let fake = Fake::start().await;
    touch(&fake, 1..=2);
    let mut screen = Screen::start(&fake, Some(vendor()), true);
    screen.until_live().await;
    screen.until_same(&fake).await;
    let say = |frame| fake.with(|state| state.said.push(frame));
    say(json!({"type": "degraded", "reason": "store_unavailable"}));
    let away = |away| ConnectionState::Live { degraded: away };
    screen
        .until("away", |screen| screen.state() == Some(&away(true)))
        .await;
    say(json!({"type": "restored"}));
    screen
        .until("back", |screen| screen.state() == Some(&away(false)))
        .await;
    touch(&fake, [3]);
    screen.until_same(&fake).await;
    assert_eq!((screen.reported.len(), lists(&fake)), (1, 1));
}

#[tokio::test]
async fn without_socket_and_polls_it_is_offline_keeps_its_data_and_comes_back() {
    let fake = Fake::start().await;
    touch(&fake, 1..=2);
    let mut screen = Screen::start(&fake, Some(vendor()), true);
    screen.until_live().await;
    screen.until_same(&fake).await;
    fake.with(|state| (state.socket, state.rest) = (Mode::HangUp, Mode::HangUp));
    fake.cut();
    screen
        .until("offline", |screen| {
            matches!(screen.state(), Some(ConnectionState::Offline { .. }))
        })
        .await;
    assert_eq!(screen.orders.len(), 2);
    touch(&fake, [3]);
    fake.with(|state| (state.socket, state.rest) = (Mode::Good, Mode::Good));
    screen.until_live().await;
    screen.until_same(&fake).await;
    assert_eq!(screen.reported, [3]);
}

#[tokio::test]
async fn refused_credentials_are_told_with_the_servers_words() {
    let fake = Fake::start().await;
    fake.with(|state| (state.socket, state.rest) = (Mode::Status(401), Mode::Status(401)));
    let mut screen = Screen::start(&fake, Some(vendor()), true);
    screen.until_refused_with("Invalid vendor ID").await;
    fake.with(|state| (state.socket, state.rest) = (Mode::Good, Mode::Good));
    screen.client.refresh();
    screen.until_live().await;
}

#[tokio::test]
async fn a_refusal_while_the_socket_lives_is_told() {
    let fake = Fake::start().await;
    touch(&fake, 1..=2);
    let mut screen = Screen::start(&fake, Some(vendor()), true);
    screen.until_live().await;
    screen.until_same(&fake).await;
    // The vendor is there no more, and nobody closes the socket.
    fake.with(|state| (state.socket, state.rest) = (Mode::Status(401), Mode::Status(401)));
    screen.client.refresh();
    screen.until_refused_with("Invalid vendor ID").await;
    fake.with(|state| (state.socket, state.rest) = (Mode::Good, Mode::Good));
    screen.client.refresh();
    screen.until_live().await;
}

#[tokio::test]
async fn real_time_can_be_turned_off_and_on() {
    let fake = Fake::start().await;
    touch(&fake, 1..=2);
    let mut screen = Screen::start(&fake, Some(vendor()), true);
    screen.until_live().await;
    screen.until_same(&fake).await;
    screen.client.set_realtime(false);
    screen
        .until("paused", |screen| {
            matches!(
                screen.state(),
                Some(ConnectionState::Polling { paused: true, .. })
            )
        })
        .await;
    fake.until(|state| state.goodbyes == 1).await;
    touch(&fake, [3]);
    screen.client.refresh();
    screen.until_same(&fake).await;
    screen.client.set_realtime(true);
    screen.until_live().await;
    touch(&fake, [4]);
    screen.until_same(&fake).await;
    assert_eq!(screen.reported, [3, 4]);
    assert_eq!(lists(&fake), 1);
}

#[tokio::test]
async fn every_vendor_is_followed_over_one_socket_and_over_polls() {
    let fake = Fake::start().await;
    touch(&fake, 1..=3);
    let mut screen = Screen::start(&fake, None, true);
    screen.until_live().await;
    screen.until_same(&fake).await;
    touch(&fake, [4]);
    screen.until_same(&fake).await;
    fake.with(|state| state.socket = Mode::HangUp);
    fake.cut();
    screen
        .until("polling", |screen| {
            matches!(screen.state(), Some(ConnectionState::Polling { .. }))
        })
        .await;
    touch(&fake, [5]);
    screen.client.refresh();
    screen.until_same(&fake).await;
    fake.with(|state| state.socket = Mode::Good);
    screen.until_live().await;
    touch(&fake, [6]);
    screen.until_same(&fake).await;
    assert_eq!(screen.reported, [4, 5, 6]);
    assert_eq!(lists(&fake), 1);
    screen
        .until("the name", |screen| {
            let mut vendors = screen.vendors.iter().flatten();
            vendors.any(|v| v.name == "Acme")
        })
        .await;
}

#[tokio::test]
async fn a_server_without_vendors_says_so_over_socket_and_polls() {
    for socket in [Mode::Good, Mode::HangUp] {
        let fake = Fake::start().await;
        fake.with(|state| {
            state.is_new = true;
            state.rest = Mode::HangUp;
            state.socket = Mode::HangUp;
        });
        let mut screen = Screen::start(&fake, None, true);
        screen
            .until("offline", |screen| {
                matches!(screen.state(), Some(ConnectionState::Offline { .. }))
            })
            .await;
        assert_eq!(
            screen.vendors, None,
            "nobody has said yet that there are none"
        );
        fake.with(|state| {
            state.rest = Mode::Good;
            state.socket = socket;
        });
        screen.client.refresh();
        screen
            .until("no vendors", |screen| {
                screen.vendors.as_deref() == Some(&[])
            })
            .await;
    }
}

#[tokio::test]
async fn the_answer_to_a_change_is_shown_before_its_event() {
    let fake = Fake::start().await;
    touch(&fake, 1..=2);
    let mut screen = Screen::start(&fake, Some(vendor()), false);
    screen.until_same(&fake).await;
    let key = OrderKey {
        vendor: vendor(),
        number: OrderNumber::new("A-1").unwrap(),
    };
    let changed = screen
        .client
        .change_status(&key, &StatusChange::default())
        .await;
    assert!(changed.unwrap().changed);
    screen.until_same(&fake).await;
    assert_eq!((screen.answers, screen.reported.len()), (1, 0));
    screen.client.refresh();
    screen
        .until("its event", |screen| screen.reported == [3])
        .await;
    screen.until_same(&fake).await;
}

#[tokio::test]
async fn dropping_the_receiver_says_goodbye_and_ends_the_client() {
    let fake = Fake::start().await;
    let mut screen = Screen::start(&fake, Some(vendor()), true);
    screen.until_live().await;
    drop(screen.events);
    tokio::time::timeout(PATIENCE, fake.until(|state| state.goodbyes == 1))
        .await
        .expect("a goodbye");
}
