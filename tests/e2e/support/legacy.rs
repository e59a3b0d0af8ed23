//! The old back office, as far as a client sees it: a small server that answers
//! as that one was recorded to, its defects with it. No header of ours, no
//! positions, frames that name an order and a status; of a new order a notification
//! alone, and from versions before the newest not even that.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::{SinkExt, StreamExt};
use jiff::{SignedDuration, Timestamp};
use ordertop::clock::{Clock, SystemClock};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::{TOKEN, within};

/// The vendors that it knows.
const VENDORS: [&str; 2] = ["42", "43"];

/// What Django answers to a page that it does not have.
const NOT_FOUND: &str = "<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>Not Found</title>\n</head>\n\
    <body>\n  <h1>Not Found</h1><p>The requested resource was not found on this server.</p>\n</body>\n</html>\n";

/// A running server of the old kind. Dropping it cuts everything.
pub(crate) struct OldServer {
    address: SocketAddr,
    inside: Arc<Inside>,
    accepting: JoinHandle<()>,
}

struct Inside {
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

struct State {
    /// Newest last.
    orders: Vec<Order>,
    /// Every frame so far, with the vendor whose sockets get it.
    frames: Vec<(String, Value)>,
    /// What was asked: methods and paths.
    asked: Vec<String>,
    refuses_sockets: bool,
    sockets: usize,
    /// Sockets opened before this count are cut.
    cut: usize,
    /// What its clock shows; each look at it is a second later.
    clock: Timestamp,
}

impl Default for State {
    fn default() -> Self {
        Self {
            orders: Vec::new(),
            frames: Vec::new(),
            asked: Vec::new(),
            refuses_sockets: false,
            sockets: 0,
            cut: 0,
            clock: "2026-11-23T00:00:00.753114Z".parse().expect("a time"),
        }
    }
}

struct Order {
    vendor: String,
    number: String,
    status: String,
    created_at: String,
    updated_at: String,
    delivered_at: Option<String>,
    /// Whether another vendor sold a part of it.
    shared: bool,
}

impl OldServer {
    /// A server without orders, on a port of its own.
    pub(crate) async fn start() -> Self {
        Self::start_on(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// The same in the place of a server that is gone.
    pub(crate) async fn start_on(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let inside = Arc::new(Inside {
            state: Mutex::default(),
            changed: watch::channel(()).0,
        });
        let accepting = tokio::spawn(accept(listener, inside.clone()));
        Self {
            address,
            inside,
            accepting,
        }
    }

    /// Ends it; its port is free then.
    pub(crate) async fn stop(mut self) {
        self.accepting.abort();
        let ended = (&mut self.accepting).await;
        assert!(ended.is_err_and(|error| error.is_cancelled()));
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sets its clock to what the time is.
    pub(crate) fn set_clock(&self) {
        self.inside.with(|state| state.clock = SystemClock.now());
    }

    /// A new order of vendor 42, of which a notification tells.
    pub(crate) fn place(&self, number: &str, status: &str) {
        self.push(number, status, false);
        self.notify(number);
    }

    /// A new order of vendor 42 and another one: 5.00 of 12.50 are vendor 42's.
    pub(crate) fn place_shared(&self, number: &str, status: &str) {
        self.push(number, status, true);
        self.notify(number);
    }

    /// A new order at a version before the newest: no socket is told.
    pub(crate) fn place_untold(&self, number: &str, status: &str) {
        self.push(number, status, false);
    }

    /// The frame for the dashboard's bell.
    fn notify(&self, number: &str) {
        self.inside.with(|state| {
            let now = state.tick();
            let data = json!({"event": "order_created", "order_number": number});
            let frame = json!({"type": "new_notification", "data": data, "timestamp": now});
            state.frames.push(("42".to_owned(), frame));
        });
    }

    fn push(&self, number: &str, status: &str, shared: bool) {
        self.inside.with(|state| {
            let now = state.tick();
            state.orders.push(Order {
                shared,
                vendor: "42".to_owned(),
                number: number.to_owned(),
                status: status.to_owned(),
                created_at: format!("{now}Z"),
                updated_at: format!("{now}Z"),
                delivered_at: None,
            });
        });
    }

    /// Tells vendor 42's sockets of an order, as a later version does: without
    /// its status.
    pub(crate) fn announce(&self, number: &str) {
        self.inside.with(|state| {
            let now = state.tick();
            let frame = json!({"type": "order_created", "order_number": number,
                "vendor_id": "42", "timestamp": now});
            state.frames.push(("42".to_owned(), frame));
        });
    }

    /// Somebody at this back office changes a status; vendor 42 is told.
    pub(crate) fn set(&self, number: &str, status: &str) {
        self.inside.with(|state| state.set("42", number, status));
    }

    /// What was asked since the last call: methods and paths.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.inside.state().asked)
    }

    /// Whether handshakes are answered with a 500.
    pub(crate) fn refuse_sockets(&self, refuses: bool) {
        self.inside.with(|state| state.refuses_sockets = refuses);
    }

    /// Cuts every open socket without a word.
    pub(crate) fn cut_sockets(&self) {
        self.inside.with(|state| state.cut = state.sockets);
    }

    /// Waits until something was asked for that starts like this.
    pub(crate) async fn is_asked(&self, start: &str) {
        let mut changed = self.inside.changed.subscribe();
        let asked = async {
            while !(self.inside.state().asked.iter()).any(|asked| asked.starts_with(start)) {
                changed.changed().await.expect("the server runs");
            }
        };
        within(start, asked).await;
    }
}

impl Drop for OldServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Inside {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Changes the state; sockets look at it afterwards.
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let value = change(&mut self.state());
        self.changed.send_replace(());
        value
    }
}

async fn accept(listener: TcpListener, inside: Arc<Inside>) {
    // Dropped with this task, which ends every connection.
    let mut connections = JoinSet::new();
    while let Ok((tcp, _)) = listener.accept().await {
        let inside = inside.clone();
        connections.spawn(async move { serve(tcp, &inside).await });
        while connections.try_join_next().is_some() {}
    }
}

/// A request as far as it matters here.
struct Request {
    method: String,
    path: String,
    query: String,
    head: String,
    body: Vec<u8>,
}

impl Request {
    async fn read(tcp: &mut TcpStream) -> Option<Self> {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(at) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
                break at + 4;
            }
            tcp.read_buf(&mut bytes).await.ok().filter(|n| *n > 0)?;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut words = head.split_whitespace();
        let method = words.next()?.to_owned();
        let (path, query) = match words.next()? {
            all if all.contains('?') => all.split_once('?')?,
            path => (path, ""),
        };
        let (path, query) = (path.to_owned(), query.to_owned());
        let mut request = Self {
            method,
            path,
            query,
            head,
            body: bytes[end..].to_vec(),
        };
        let length = request.header("content-length");
        let length = length.map_or(0, |text| text.parse().expect("a length"));
        while request.body.len() < length {
            let read = tcp.read_buf(&mut request.body).await;
            read.ok().filter(|n| *n > 0)?;
        }
        Some(request)
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        lines.find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let mut pairs = self
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        pairs.find_map(|(key, value)| (key == name).then_some(value))
    }
}

async fn serve(mut tcp: TcpStream, inside: &Inside) {
    let Some(request) = Request::read(&mut tcp).await else {
        return;
    };
    let path = &request.path;
    let refuses = inside.with(|state| {
        state.asked.push(format!("{} {path}", request.method));
        state.refuses_sockets
    });
    if let Some(key) = request.header("sec-websocket-key") {
        let vendor = path.strip_prefix("/ws/vendor/");
        let vendor = vendor.and_then(|rest| rest.strip_suffix("/orders/"));
        // A route that it does not know ends in an exception, too.
        match vendor.filter(|_| !refuses) {
            None => answer(&mut tcp, 500, "text/html", "Internal Server Error").await,
            Some(vendor) => {
                let accept = derive_accept_key(key.as_bytes());
                let switching = format!(
                    "HTTP/1.1 101 Switching Protocols\r\nServer: daphne\r\nUpgrade: WebSocket\r\n\
                     Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
                );
                // It joins the group first and is accepted then.
                let joined = inside.with(|state| {
                    state.sockets += 1;
                    (state.sockets, state.frames.len())
                });
                if tcp.write_all(switching.as_bytes()).await.is_ok() {
                    follow(tcp, inside, vendor, joined).await;
                }
            }
        }
        return;
    }
    match inside.with(|state| state.call(&request)) {
        Some((status, body)) => {
            answer(&mut tcp, status, "application/json", &body.to_string()).await;
        }
        None => answer(&mut tcp, 404, "text/html; charset=utf-8", NOT_FOUND).await,
    }
}

async fn answer(tcp: &mut TcpStream, status: u16, kind: &str, body: &str) {
    let answer = format!(
        "HTTP/1.1 {status} Status\r\nServer: daphne\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    // A client that is gone needs no answer.
    let _gone = tcp.write_all(answer.as_bytes()).await.is_err();
    let _gone = tcp.shutdown().await.is_err();
}

/// One socket: what it is told from now on, and its pings.
async fn follow(tcp: TcpStream, inside: &Inside, vendor: &str, joined: (usize, usize)) {
    let (me, mut told) = joined;
    let mut changed = inside.changed.subscribe();
    let mut socket = WebSocketStream::from_raw_socket(tcp, Role::Server, None).await;
    loop {
        let (frames, cut) = {
            let state = inside.state();
            let frames = state.frames[told..].iter();
            let own = frames.filter(|(whose, _)| whose == vendor);
            let own: Vec<_> = own.map(|(_, frame)| frame.to_string()).collect();
            told = state.frames.len();
            (own, me <= state.cut)
        };
        if cut {
            return;
        }
        for frame in frames {
            if socket.send(Message::text(frame)).await.is_err() {
                return;
            }
        }
        tokio::select! {
            _ = changed.changed() => {}
            said = socket.next() => match said {
                Some(Ok(Message::Text(said))) => {
                    // Text that is not JSON, and unknown types, are ignored.
                    let said = serde_json::from_str::<Value>(&said).unwrap_or_default();
                    if said["type"] == "ping" {
                        let pong = json!({"type": "pong", "timestamp": said["timestamp"]});
                        let _gone = socket.send(Message::text(pong.to_string())).await.is_err();
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            }
        }
    }
}

impl State {
    /// The next second, without a zone.
    fn tick(&mut self) -> String {
        self.clock += SignedDuration::from_secs(1);
        self.clock.strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string()
    }

    fn set(&mut self, vendor: &str, number: &str, status: &str) {
        let now = self.tick();
        let order = self.orders.iter_mut().find(|order| order.number == number);
        let order = order.expect("the order is there");
        status.clone_into(&mut order.status);
        order.updated_at = format!("{now}Z");
        if status == "Delivered" {
            order.delivered_at = Some(format!("{now}Z"));
        }
        let frame = json!({"type": "order_status_update", "order_number": number,
            "status": status, "vendor_id": vendor, "timestamp": now});
        // The acting vendor alone is told.
        self.frames.push((vendor.to_owned(), frame));
    }

    /// The answer to a call; `None` for a page that it does not have.
    fn call(&mut self, request: &Request) -> Option<(u16, Value)> {
        let path = request
            .path
            .strip_prefix("/api/orders/")?
            .strip_suffix('/')?;
        let mut segments = path.split('/');
        let route = (segments.next()?, segments.next(), segments.next());
        let method = request.method.as_str();
        if !matches!(
            (method, route),
            (
                "GET",
                ("vendor", None, None) | (_, Some("vendor-detail"), None)
            ) | ("POST", (_, Some("update-status"), None))
        ) {
            return None;
        }
        let token = request.header("x-master-token");
        let vendor = match request.header("x-vendor-id") {
            Some(vendor) if token == Some(TOKEN) => vendor,
            _ => {
                let error = "Vendor authentication required. Please provide X-Vendor-ID header.";
                return Some((401, json!({ "error": error })));
            }
        };
        if !VENDORS.contains(&vendor) {
            return Some((401, json!({"detail": "Invalid vendor ID"})));
        }
        Some(match route {
            (_, None, _) => (200, self.list(vendor, request)),
            (number, Some("vendor-detail"), _) => self.detail(vendor, number),
            (number, ..) => self.update(vendor, number, request),
        })
    }

    fn list(&self, vendor: &str, request: &Request) -> Value {
        let limit = request.parameter("limit");
        // 0, -1 and words are no limit.
        let limit = limit.and_then(|limit| limit.parse().ok());
        let limit = limit.filter(|limit| *limit > 0).unwrap_or(usize::MAX);
        let status = request.parameter("status");
        let orders = self.orders.iter().rev();
        let orders = orders.filter(|order| order.vendor == vendor);
        let orders = orders.filter(|order| status.is_none_or(|status| order.status == status));
        orders.take(limit).map(Order::shown).collect()
    }

    fn find(&self, number: &str) -> Option<&Order> {
        self.orders.iter().find(|order| order.number == number)
    }

    fn detail(&self, vendor: &str, number: &str) -> (u16, Value) {
        match self.find(number) {
            Some(order) if order.vendor == vendor => (200, order.shown()),
            Some(_) => (
                403,
                json!({"error": "You do not have access to this order"}),
            ),
            None => (404, json!({"detail": "No Order matches the given query."})),
        }
    }

    fn update(&mut self, vendor: &str, number: &str, request: &Request) -> (u16, Value) {
        let refused = |why: &str| (400, json!({ "status": [why] }));
        let kind = request.header("content-type").unwrap_or_default();
        let body = if kind.starts_with("application/x-www-form-urlencoded") {
            let pairs = url::form_urlencoded::parse(&request.body);
            json!(pairs.into_owned().collect::<BTreeMap<String, String>>())
        } else {
            match serde_json::from_slice::<Value>(&request.body) {
                Ok(body) => body,
                Err(_) => return (500, json!({"error": "JSON parse error"})),
            }
        };
        let Some(order) = self.find(number) else {
            let error = "Order matching query does not exist.";
            return (500, json!({ "error": error }));
        };
        if order.vendor != vendor {
            return refused("You don't have access to this order");
        }
        let status = match &body["status"] {
            Value::String(status) => status.clone(),
            _ => return refused("This field is required."),
        };
        match (status.as_str(), order.status.as_str()) {
            ("Shipped", "Paid") | ("Delivered", "Shipped") => {}
            ("Shipped", _) => return refused("Order must be paid before marking as shipped"),
            ("Delivered", _) => {
                return refused("Order must be shipped before marking as delivered");
            }
            (other, _) => return refused(&format!("\"{other}\" is not a valid choice.")),
        }
        self.set(vendor, number, &status);
        let done = "Order status updated successfully";
        (200, json!({"status": done, "new_status": status}))
    }
}

impl Order {
    fn shown(&self) -> Value {
        let line = |name: &str, price: &str| {
            json!({"id": 23005, "quantity": 1, "unit_price": price, "total_price": price,
                "product": {"id": 102, "name": name, "sku": "", "price": price, "thumbnail": null}})
        };
        let own = line("p", "5.00");
        let (lines, total) = match self.shared {
            true => (vec![line("another vendor's", "7.50"), own.clone()], "12.50"),
            false => (vec![own.clone()], "5.00"),
        };
        json!({
            "id": 23005, "order_number": self.number, "status": self.status,
            "total_amount": total, "vendor_total": 5.0,
            "customer_name": "cust", "customer_email": "cus*****@example.com", "shipping_address": "",
            "created_at": self.created_at, "updated_at": self.updated_at,
            "delivered_at": self.delivered_at,
            "items": lines, "vendor_items": [own],
            "can_update_status": matches!(&*self.status, "Paid" | "Shipped"),
        })
    }
}
