//! Watching the old back office with our client, and being there when it is
//! replaced.

use std::collections::BTreeMap;

use ordertop::client::{Client, ClientEvent, Connection, ConnectionState, RequestError};
use ordertop::order::Shipment;
use ordertop::order::{OrderKey, OrderNumber, VendorId};
use ordertop::protocol::rest::StatusChange;
use ordertop::replica::Change;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::support::{
    Answer, Caller, OldServer, Screen, Socket, TOKEN, TestServer, follow, paid, run, within,
};

/// A live client in front of an old server, and what it told so far.
struct Watch {
    client: Client,
    events: mpsc::Receiver<ClientEvent>,
    connection: Option<Connection>,
    /// Where each order stands.
    orders: BTreeMap<String, String>,
    /// Orders that say when they arrived.
    delivered: Vec<String>,
}

impl Watch {
    /// Follows vendor 42, polling as often as a client may.
    fn follow(url: &str) -> Self {
        Self::start(url, TOKEN, Some("42"))
    }

    fn start(url: &str, token: &str, vendor: Option<&str>) -> Self {
        let (client, events) = follow(url, token, vendor);
        Self {
            client,
            events,
            connection: None,
            orders: BTreeMap::new(),
            delivered: Vec::new(),
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
            ClientEvent::Connection(connection) => self.connection = Some(connection),
            ClientEvent::Changes(changes) => changes.into_iter().for_each(|c| self.change(c)),
            _ => {}
        }
    }

    fn change(&mut self, change: Change) {
        let told = match change {
            Change::Snapshot { orders, .. } => {
                self.orders.clear();
                orders
            }
            Change::Event { event, .. } => panic!("an old server counts no events: {event:?}"),
            Change::Order { order, .. } => vec![order],
        };
        for order in told {
            let number = order.order_number.to_string();
            if order.unpack().delivered_at.is_some() {
                self.delivered.push(number.clone());
            }
            self.orders.insert(number, order.status.to_string());
        }
    }

    fn state(&self) -> Option<&ConnectionState> {
        self.connection.as_ref().map(|connection| &connection.state)
    }

    fn is_live(&self) -> bool {
        matches!(self.state(), Some(ConnectionState::Live { .. }))
    }

    fn is_polling(&self) -> bool {
        matches!(self.state(), Some(ConnectionState::Polling { .. }))
    }

    fn is_legacy(&self) -> bool {
        self.connection.as_ref().is_some_and(|c| c.legacy)
    }

    async fn until_live(&mut self) {
        self.until("the old server's socket", |w| w.is_live() && w.is_legacy())
            .await;
    }

    async fn until_stands(&mut self, number: &str, status: &str) {
        self.until(&format!("{number} {status}"), |watch| {
            watch.orders.get(number).is_some_and(|at| at == status)
        })
        .await;
    }

    /// Asks for a status, as a key on the screen does.
    async fn set(&self, number: &str, status: &str) -> Result<(), RequestError> {
        let key = OrderKey {
            vendor: VendorId::new("42").unwrap(),
            number: OrderNumber::new(number).unwrap(),
        };
        let change = StatusChange {
            status: Some(status.to_owned()),
            ..StatusChange::default()
        };
        let changed = self.client.change_status(&key, &change).await?;
        assert!(changed.changed && changed.new_status.as_str() == status);
        Ok(())
    }
}

#[tokio::test]
async fn the_stand_in_answers_as_the_old_server_was_recorded_to() {
    let server = OldServer::start().await;
    server.place("ORD-1", "Paid");
    server.place("ORD-2", "Pending");
    let anonymous = Caller::anonymous(&server.url());
    let vendor = anonymous.clone().token(TOKEN).vendor("42");
    let other = anonymous.clone().token(TOKEN).vendor("43");
    let list = "/api/orders/vendor/";
    assert_eq!(vendor.numbers(list).await, ["ORD-2", "ORD-1"]);
    assert_eq!(
        vendor.numbers("/api/orders/vendor/?limit=1").await,
        ["ORD-2"]
    );
    assert_eq!(
        vendor.numbers("/api/orders/vendor/?status=Paid").await,
        ["ORD-1"]
    );
    assert!(vendor.get(list).await.text.contains("\"vendor_total\":5.0"));
    assert_eq!(vendor.get(list).await.header("etag"), "");
    anonymous.get(list).await.expect(401);
    let nobody = anonymous.clone().token(TOKEN).vendor("99");
    let unknown = nobody.get(list).await.expect(401);
    assert_eq!(unknown, json!({"detail": "Invalid vendor ID"}));
    for path in ["/api/vendors/", "/api/orders/vendor/events/?since=1:a"] {
        let answer = vendor.get(path).await;
        assert!(answer.status == 404 && answer.text.contains("<html"));
    }
    let headers: [(&str, &str); 0] = [];
    let mut socket = Socket::open(server.address(), "/ws/vendor/42/orders/", &headers)
        .await
        .expect("anyone may");
    assert!(!socket.headers.contains_key("Ordertop-Protocol"));
    let table = [
        (&vendor, "ORD-2", "Shipped", 400, "must be paid"),
        (&vendor, "ORD-1", "Delivered", 400, "must be shipped"),
        (&vendor, "ORD-1", "Paid", 400, "not a valid choice"),
        (&other, "ORD-1", "Shipped", 400, "don't have access"),
        (&vendor, "ORD-9", "Shipped", 500, "does not exist"),
        (&vendor, "ORD-1", "Shipped", 200, "updated successfully"),
        (&vendor, "ORD-1", "Shipped", 400, "must be paid"),
    ];
    for (caller, number, status, code, words) in table {
        let answer = caller.set(number, status).await;
        assert_eq!(answer.status, code, "{answer:?}");
        assert!(answer.text.contains(words), "{answer:?}");
    }
    let frame = socket.next_of("order_status_update").await;
    assert_eq!(
        (&frame["status"], &frame["offset"]),
        (&json!("Shipped"), &json!(null))
    );
    assert!(!frame["timestamp"].as_str().unwrap().ends_with('Z'));
    for limit in ["0", "-1", "abc", "5000"] {
        let path = format!("/api/orders/vendor/?limit={limit}");
        assert_eq!(vendor.numbers(&path).await.len(), 2, "{limit}");
    }
    let path = "/api/orders/vendor/?status=Lost";
    assert!(vendor.numbers(path).await.is_empty());
    let form = vendor.request(Method::POST, "/api/orders/ORD-1/update-status/");
    let form = form
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("status=Delivered");
    Answer::to(form).await.expect(200);
    socket.next_of("order_status_update").await;
    server.place_shared("ORD-3", "Paid");
    let bell = socket.next_of("new_notification").await;
    assert_eq!(bell["data"]["event"], "order_created");
    let shared = vendor.detail("ORD-3").await;
    let lines = |field: &str| shared[field].as_array().unwrap().len();
    assert_eq!((lines("items"), lines("vendor_items")), (2, 1));
    socket.is_quiet().await;
}

#[tokio::test]
async fn a_new_order_is_told_by_the_bells_notification_and_shown_as_the_vendors_part() {
    let server = OldServer::start().await;
    server.place("ORD-1", "Paid");
    let url = server.url();
    // A poll would come after minutes.
    let args = ["--server", &url, "--vendor", "42", "--poll", "300"];
    let mut screen = Screen::start(&args);
    screen.shows_line(&["Real-time: ON", "legacy server"]).await;
    let before = screen.written().len();
    // An old order rings nothing.
    server.set_clock();
    server.place_shared("ORD-2", "Paid");
    screen.shows_line(&["ORD-2", "cust", "5.00", "Paid"]).await;
    screen.shows_line(&["new #ORD-2"]).await;
    // The end of a notification, and the bell.
    screen.writes("\x07\x07", before).await;
    let list = ["list", "--json", "--server", &url, "--vendor", "42"];
    let list = run("ordertop", &list, &[("ORDERTOP_MASTER_TOKEN", TOKEN)]).await;
    let newest: Value = serde_json::from_str(list.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&newest["order_number"], &newest["total_amount"]),
        (&json!("ORD-2"), &json!("5.00"))
    );
    assert_eq!(newest["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_an_old_server_cannot_keep_is_said_and_not_sent() {
    let server = OldServer::start().await;
    server.place("ORD-1", "Paid");
    let watch = Watch::follow(&server.url());
    let key = OrderKey {
        vendor: VendorId::new("42").unwrap(),
        number: OrderNumber::new("ORD-1").unwrap(),
    };
    let change = StatusChange {
        status: Some("Shipped".to_owned()),
        shipment: Some(Shipment {
            carrier: Some("DHL".to_owned()),
            ..Shipment::default()
        }),
        ..StatusChange::default()
    };
    server.asked();
    let refused = watch.client.change_status(&key, &change).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "this server keeps no carrier and tracking number: it is one of the old kind"
    );
    let asked = server.asked();
    assert!(
        asked.iter().all(|asked| asked.starts_with("GET ")),
        "{asked:?}"
    );
    // An order that is not there is no failure of the server's.
    let url = server.url();
    let set = |args: &[&str]| {
        let args = [args, &["--server", &url, "--vendor", "42"]].concat();
        let args: Vec<String> = args.into_iter().map(str::to_owned).collect();
        async move {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            run("ordertop", &args, &[("ORDERTOP_MASTER_TOKEN", TOKEN)]).await
        }
    };
    let table: [(&[&str], i32); 5] = [
        (&["track", "ORD-1", "JJD1"], 4),
        (&["set", "ORD-9", "shipped"], 3),
        (&["set", "ORD-1", "shipped", "--carrier", "DHL"], 4),
        (&["set", "ORD-1", "delivered"], 4),
        (&["set", "ORD-1", "shipped"], 0),
    ];
    for (args, code) in table {
        let told = set(args).await;
        assert_eq!(told.code, Some(code), "{told:?}");
    }
}

#[tokio::test]
async fn frames_are_taken_for_what_they_say_and_the_rest_is_fetched() {
    let server = OldServer::start().await;
    server.place("ORD-1", "Paid");
    let mut watch = Watch::follow(&server.url());
    watch.until_stands("ORD-1", "Paid").await;
    watch.until_live().await;

    server.set("ORD-1", "Shipped");
    watch.until_stands("ORD-1", "Shipped").await;
    server.set("ORD-1", "Delivered");
    watch
        .until("when it arrived, which no frame says", |watch| {
            watch.delivered == ["ORD-1"]
        })
        .await;

    server.asked();
    server.place("ORD-2", "Paid");
    server.announce("ORD-2");
    watch.until_stands("ORD-2", "Paid").await;
    let asked = server.asked();
    assert!(
        asked.contains(&"GET /api/orders/ORD-2/vendor-detail/".to_owned()),
        "{asked:?}"
    );
    // From versions before the newest nothing tells of a new order: polls find it, while the
    // socket lives. The second poll comes later than a ping that is not answered would end it.
    for number in ["ORD-3", "ORD-4"] {
        server.place_untold(number, "Paid");
        watch.until_stands(number, "Paid").await;
        assert!(watch.is_live());
    }
    let sockets = server.asked().into_iter();
    assert_eq!(sockets.filter(|asked| asked.contains("/ws/")).count(), 0);
}

#[tokio::test]
async fn what_happens_while_the_socket_is_cut_is_polled_and_fetched_with_the_next_one() {
    let server = OldServer::start().await;
    server.place("ORD-1", "Paid");
    let mut watch = Watch::follow(&server.url());
    watch.until_live().await;
    watch.until_stands("ORD-1", "Paid").await;

    // A handshake that ends in a 500 is what it does under load.
    server.refuse_sockets(true);
    server.cut_sockets();
    watch.until("polling", Watch::is_polling).await;
    server.set("ORD-1", "Shipped");
    watch.until_stands("ORD-1", "Shipped").await;
    assert!(watch.is_polling() && watch.is_legacy());

    server.refuse_sockets(false);
    watch.client.refresh();
    watch.until_live().await;
    server.cut_sockets();
    server.set("ORD-1", "Delivered");
    watch.until_stands("ORD-1", "Delivered").await;
    watch.until_live().await;
}

#[tokio::test]
async fn without_any_socket_it_is_polled_from_the_start() {
    let server = OldServer::start().await;
    server.refuse_sockets(true);
    // More than a page of ours: its list has no pages, and `limit` would cut it.
    for n in 1..=1_100 {
        server.place(&format!("ORD-{n}"), "Paid");
    }
    let mut watch = Watch::follow(&server.url());
    watch
        .until("the whole list", |watch| watch.orders.len() == 1_100)
        .await;
    watch
        .until("polling", |watch| watch.is_polling() && watch.is_legacy())
        .await;
    let Some(ConnectionState::Polling { reason, .. }) = watch.state() else {
        panic!("{:?}", watch.state());
    };
    assert!(reason.contains("500"), "{reason}");
}

#[tokio::test]
async fn a_status_is_changed_through_the_client_and_its_refusals_are_told() {
    let server = OldServer::start().await;
    server.place("ORD-1", "Paid");
    let mut watch = Watch::follow(&server.url());
    watch.until_stands("ORD-1", "Paid").await;
    server.asked();
    watch.set("ORD-1", "Shipped").await.unwrap();
    watch.until_stands("ORD-1", "Shipped").await;
    server
        .is_asked("GET /api/orders/ORD-1/vendor-detail/")
        .await;

    let again = watch.set("ORD-1", "Shipped").await.unwrap_err();
    assert_eq!(
        again.to_string(),
        "Order must be paid before marking as shipped"
    );
    let unknown = watch.set("ORD-9", "Shipped").await.unwrap_err();
    assert_eq!(unknown.to_string(), "Order matching query does not exist.");
    // It answers 500, which elsewhere leaves open what came of a change.
    assert!(matches!(unknown, RequestError::Refused { status: 404, .. }));
}

#[tokio::test]
async fn a_wrong_token_and_a_missing_vendor_are_told_though_anyone_may_open_a_socket() {
    let server = OldServer::start().await;
    let table = [
        ("wrong", Some("42"), "Vendor authentication required"),
        (TOKEN, Some("99"), "Invalid vendor ID"),
        (TOKEN, None, "name the vendor"),
    ];
    for (token, vendor, words) in table {
        let mut watch = Watch::start(&server.url(), token, vendor);
        let told = |watch: &Watch| matches!(watch.state(), Some(ConnectionState::Refused { reason, .. }) if reason.contains(words));
        watch.until(words, told).await;
    }
}

#[tokio::test]
async fn a_server_that_is_replaced_under_the_client_is_followed_as_what_it_is() {
    let mut ours = TestServer::start().await;
    ours.support().place(&paid("42", "A-1")).await;
    let mut watch = Watch::follow(&ours.url());
    let new_kind =
        |watch: &Watch| watch.is_live() && !watch.is_legacy() && watch.orders.keys().eq(["A-1"]);
    watch.until("our server", new_kind).await;

    ours.kill().await;
    let old = OldServer::start_on(ours.address()).await;
    old.place("ORD-1", "Paid");
    watch.client.refresh();
    watch
        .until("the old server in its place", |watch| {
            watch.is_live() && watch.is_legacy() && watch.orders.keys().eq(["ORD-1"])
        })
        .await;

    old.stop().await;
    ours.restart().await;
    watch.client.refresh();
    watch.until("our server again", new_kind).await;
}

#[tokio::test]
async fn the_screen_says_that_the_server_is_of_the_old_kind() {
    let server = OldServer::start().await;
    server.place("ORD-1", "Paid");
    let url = server.url();
    let mut screen = Screen::start(&["--server", &url, "--vendor", "42", "--poll", "5"]);
    screen.shows_line(&["Real-time: ON", "legacy server"]).await;
    screen.shows_line(&["ORD-1", "cust", "5.00", "Paid"]).await;
    screen.press("c");
    screen.shows_text("a legacy server keeps no notes").await;
    screen.press("s");
    screen.shows_text("Ship #ORD-1?").await;
    screen
        .shows_text("A legacy server keeps no carrier and tracking number.")
        .await;
    screen.press("\r");
    screen.shows_line(&["ORD-1", "Shipped"]).await;
    screen.shows_text("Paid → Shipped  by you").await;
    server.set("ORD-1", "Delivered");
    screen.shows_line(&["ORD-1", "Delivered"]).await;
    drop(screen);

    let mut screen = Screen::start(&["--server", &url]);
    screen.shows_text("Start it again with --vendor ID.").await;
}
