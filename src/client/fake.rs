//! A server small enough to be seen through: it serves one vendor's stream over
//! REST and WebSocket, and fails in the way that a test tells it to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::protocol::{EventKind, Position};
use crate::replica::tests::Stream;

/// Rows on a page, so that a few orders make several pages.
const PAGE: usize = 2;

/// How a part of the server behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Good,
    /// Answers this status.
    Status(u16),
    /// Hangs up without an answer.
    HangUp,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) stream: Stream,
    pub(super) socket: Mode,
    pub(super) rest: Mode,
    /// Speaks as the seed does.
    pub(super) legacy: bool,
    /// No vendor was added yet.
    pub(super) is_new: bool,
    /// A proxy between takes our header away.
    pub(super) headless: bool,
    /// Answers no ping.
    pub(super) mute: bool,
    /// Said on every socket, once.
    pub(super) said: Vec<Value>,
    /// Offsets below are no longer kept.
    pub(super) kept_from: usize,
    /// What was asked, in order: method and path.
    pub(super) asked: Vec<String>,
    /// The `Idempotency-Key`s that came, in order.
    pub(super) keys: Vec<String>,
    /// The next list is answered only when this is raised.
    pub(super) hold_lists: bool,
    /// The next list is read, and answered only when this is raised.
    pub(super) hold_list_answers: bool,
    /// What is said to a socket that is cut.
    pub(super) goodbye: Option<u16>,
    /// Sockets opened before this count are cut.
    cut: usize,
    opened: usize,
    pub(super) goodbyes: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Fake {
    pub(super) address: SocketAddr,
    state: Arc<Mutex<State>>,
    changed: watch::Sender<()>,
}

impl Fake {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::new(Mutex::new(State {
                stream: Stream::new("a"),
                socket: Mode::Good,
                rest: Mode::Good,
                legacy: false,
                is_new: false,
                headless: false,
                mute: false,
                said: Vec::new(),
                kept_from: 0,
                asked: Vec::new(),
                keys: Vec::new(),
                hold_lists: false,
                hold_list_answers: false,
                goodbye: None,
                cut: 0,
                opened: 0,
                goodbyes: 0,
            })),
            changed: watch::channel(()).0,
        };
        let accepting = fake.clone();
        tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                let fake = accepting.clone();
                tokio::spawn(async move { fake.serve(tcp).await });
            }
        });
        fake
    }

    /// Reads or changes the state; sockets look at it afterwards.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let value = act(&mut self.state.lock().unwrap());
        self.changed.send_replace(());
        value
    }

    /// Cuts every socket without a word.
    pub(super) fn cut(&self) {
        self.with(State::cut_now);
    }

    /// Waits until the state is so.
    pub(super) async fn until(&self, so: impl Fn(&State) -> bool) {
        let mut changed = self.changed.subscribe();
        while !so(&self.state.lock().unwrap()) {
            changed.changed().await.unwrap();
        }
    }

    async fn serve(self, mut tcp: TcpStream) {
        let mut head = vec![0; 16 * 1024];
        let head = loop {
            let n = tcp.peek(&mut head).await.unwrap_or(0);
            let text = String::from_utf8_lossy(&head[..n]).into_owned();
            match text.find("\r\n\r\n") {
                Some(end) => break text[..end + 4].to_owned(),
                None if n == 0 => return,
                None => tokio::task::yield_now().await,
            }
        };
        let mut words = head.split_whitespace();
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let lower = head.to_lowercase();
        assert!(lower.contains("\r\nordertop-protocol: 1\r\n"), "{head}");
        let upgrade = lower.contains("upgrade: websocket");
        let mode = self.with(|state| {
            state.asked.push(format!("{method} {path}"));
            let lines = head.lines();
            state.keys.extend(lines.filter_map(|line| {
                let key = line.to_lowercase();
                key.strip_prefix("idempotency-key: ").map(str::to_owned)
            }));
            if upgrade { state.socket } else { state.rest }
        });
        match mode {
            Mode::HangUp => {}
            Mode::Status(status) => {
                answer(
                    &mut tcp,
                    status,
                    "",
                    &json!({"detail": "Invalid vendor ID"}),
                )
                .await;
            }
            Mode::Good if upgrade => self.socket(tcp, path).await,
            Mode::Good => {
                let body = head.to_lowercase();
                let length = body.split("content-length: ").nth(1);
                let length = length.map_or(0, |n| n.split("\r\n").next().unwrap().parse().unwrap());
                let mut request = vec![0; head.len() + length];
                tcp.read_exact(&mut request).await.unwrap();
                let body = serde_json::from_slice(&request[head.len()..]).unwrap_or(Value::Null);
                let named = head.to_lowercase().contains("x-vendor-id: ");
                let is_list = is_list(&format!("{method} {path}"));
                if is_list {
                    self.until(|state| !state.hold_lists).await;
                }
                let (status, headers, body) =
                    self.with(|state| state.rest(method, path, named, &body));
                if is_list {
                    self.until(|state| !state.hold_list_answers).await;
                }
                answer(&mut tcp, status, &headers, &body).await;
            }
        }
    }

    async fn socket(self, tcp: TcpStream, path: &str) {
        let (legacy, headless) = {
            let state = self.state.lock().unwrap();
            (state.legacy, state.headless)
        };
        #[expect(clippy::result_large_err, reason = "the trait's signature")]
        let answer = |_: &Request, mut answer: Response| {
            if !legacy && !headless {
                let version = http::HeaderValue::from_static("1");
                answer.headers_mut().insert("ordertop-protocol", version);
            }
            Ok(answer)
        };
        let mut changed = self.changed.subscribe();
        let mut ws = tokio_tungstenite::accept_hdr_async(tcp, answer)
            .await
            .unwrap();
        let (me, mut heard) = self.with(|state| {
            state.opened += 1;
            (state.opened, state.said.len())
        });
        let mut positions = path.split_once("position=").map(|(_, position)| {
            let position = position.replace("%3A", ":");
            json!({ "42": position })
        });
        if path == "/ws/orders/" {
            let resume = ws.next().await.unwrap().unwrap();
            let resume: Value = serde_json::from_str(resume.to_text().unwrap()).unwrap();
            positions = Some(resume["positions"].clone());
        }
        let since = positions.and_then(|positions| positions["42"].as_str()?.parse().ok());
        let (mut sent, welcome) = self.with(|state| state.welcome(since, path == "/ws/orders/"));
        if !legacy {
            ws.send(Message::text(welcome.to_string())).await.unwrap();
        }
        loop {
            let (frames, cut, mute) = {
                let state = self.state.lock().unwrap();
                let events = (sent..state.stream.end()).map(|at| state.frame(at));
                let frames: Vec<_> = events.chain(state.said[heard..].iter().cloned()).collect();
                (sent, heard) = (state.stream.end(), state.said.len());
                let cut = (me <= state.cut).then_some(state.goodbye);
                (frames, cut, state.mute)
            };
            if let Some(goodbye) = cut {
                if let Some(code) = goodbye {
                    let close = CloseFrame {
                        code: code.into(),
                        reason: "".into(),
                    };
                    let _ = ws.close(Some(close)).await;
                    while let Some(Ok(_)) = ws.next().await {}
                }
                return;
            }
            for frame in frames {
                if ws.send(Message::text(frame.to_string())).await.is_err() {
                    return;
                }
            }
            tokio::select! {
                _ = changed.changed() => {}
                said = ws.next() => match said {
                    Some(Ok(Message::Close(_))) => {
                        let _ = ws.next().await;
                        self.with(|state| state.goodbyes += 1);
                        return;
                    }
                    Some(Ok(Message::Text(said))) if !mute => {
                        let mut pong: Value = serde_json::from_str(&said).unwrap();
                        pong["type"] = json!("pong");
                        let _ = ws.send(Message::text(pong.to_string())).await;
                    }
                    Some(Ok(_)) => {}
                    _ => return,
                }
            }
        }
    }
}

impl State {
    /// Cuts every socket, before it says another word.
    pub(super) fn cut_now(&mut self) {
        self.cut = self.opened;
    }

    /// The frame of the event at an index.
    fn frame(&self, at: usize) -> Value {
        let (kind, event) = &self.stream.log[at];
        let kind = match kind {
            EventKind::Created => "order_created",
            EventKind::Status => "order_status_update",
            EventKind::Updated => "order_updated",
            EventKind::Removed => "order_removed",
        };
        if self.legacy {
            return json!({"type": kind, "order_number": event.order_number,
                "vendor_id": "42", "timestamp": "2026-11-23T17:31:42.753114"});
        }
        let mut frame = serde_json::to_value(&**event).unwrap();
        frame["type"] = json!(kind);
        frame
    }

    /// From where a replay can go on, or why it can not.
    fn recover(&self, since: Option<&Position>) -> Result<usize, &'static str> {
        let since = since.ok_or("no_position")?;
        let offset = since.offset as usize;
        if offset > self.stream.end() || self.stream.at(offset) != *since {
            return Err("position_unknown");
        }
        if offset < self.kept_from {
            return Err("position_expired");
        }
        Ok(offset)
    }

    fn welcome(&self, since: Option<Position>, all: bool) -> (usize, Value) {
        let end = self.stream.end();
        let recovered = self.recover(since.as_ref());
        let recovery = json!({"position": self.stream.at(end), "recovered": recovered.is_ok(),
            "replayed": recovered.map_or(0, |from| end - from), "reason": recovered.err()});
        let mut welcome = json!({"type": "welcome", "protocol": 1,
            "ping_interval_ms": 25000, "ping_timeout_ms": 10000,
            "retry": {"min_ms": 10, "max_ms": 50}, "server_time": "2026-11-23T17:00:00Z"});
        if all {
            welcome["vendors"] = if self.is_new {
                json!({})
            } else {
                json!({ "42": recovery })
            };
        } else {
            let fields = welcome.as_object_mut().unwrap();
            fields.extend(recovery.as_object().unwrap().clone());
            fields.insert("vendor_id".to_owned(), json!("42"));
        }
        (recovered.unwrap_or(end), welcome)
    }

    fn rest(
        &mut self,
        method: &str,
        path: &str,
        named: bool,
        body: &Value,
    ) -> (u16, String, Value) {
        let none = String::new;
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parameter = |name: &str| {
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            pairs
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let end = self.stream.end();
        match (method, path) {
            ("GET", "/api/vendors/") if self.is_new => (200, none(), json!([])),
            ("GET", "/api/vendors/") if !self.legacy => {
                (200, none(), json!([{"id": "42", "name": "Acme"}]))
            }
            ("GET", "/api/orders/vendor/") if self.legacy && !named => {
                let error = "Vendor authentication required. Please provide X-Vendor-ID header.";
                (401, none(), json!({ "error": error }))
            }
            ("GET", "/api/orders/vendor/") => {
                let rows: Vec<_> = self.stream.list().values().rev().collect();
                let from = parameter("cursor").map_or(0, |at| at.parse().unwrap());
                let to = (from + PAGE).min(rows.len());
                let mut headers = none();
                if !self.legacy {
                    headers += &format!("ETag: \"{}\"\r\n", self.stream.at(end));
                    if to < rows.len() {
                        headers += &format!("Link: <?cursor={to}&vendor=42>; rel=\"next\"\r\n");
                    }
                }
                let rows = if self.legacy {
                    &rows[..]
                } else {
                    &rows[from..to]
                };
                (200, headers, json!(rows))
            }
            ("GET", "/api/orders/vendor/events/") if !self.legacy => {
                let since = parameter("since").map(|since| since.parse().unwrap());
                match self.recover(since.as_ref()) {
                    Ok(from) => (200, none(), self.page(from)),
                    Err(code) => (410, none(), json!({"error": "gone", "code": code})),
                }
            }
            ("POST", "/api/orders/events/") if self.is_new => (200, none(), json!({"vendors": {}})),
            ("POST", "/api/orders/events/") if !self.legacy => {
                let since = body["positions"]["42"]
                    .as_str()
                    .map(|at| at.parse().unwrap());
                let recovered = self.recover(since.as_ref());
                let mut page = self.page(recovered.unwrap_or(end));
                page["recovered"] = json!(recovered.is_ok());
                page["reason"] = json!(recovered.err());
                (200, none(), json!({"vendors": {"42": page}}))
            }
            ("POST", "/api/orders/A-1/update-status/") => {
                self.stream.touch(1);
                let (_, event) = self.stream.log.last().unwrap();
                if self.legacy {
                    let changed = json!({"status": "Order status updated successfully", "new_status": "Paid"});
                    return (200, none(), changed);
                }
                let changed = json!({"status": "Order status updated successfully",
                    "new_status": "Paid", "changed": true, "position": event.position, "order": event.order});
                (200, none(), changed)
            }
            ("GET", _) if path.ends_with("/vendor-detail/") => {
                let number = path.split('/').nth(3).unwrap();
                let order = self.stream.list().get(number);
                order.map_or((404, none(), Value::Null), |order| {
                    (200, none(), json!(order))
                })
            }
            _ => (404, none(), json!({"error": "no such page"})),
        }
    }

    fn page(&self, from: usize) -> Value {
        let end = self.stream.end();
        let events: Vec<_> = (from..end).map(|at| self.frame(at)).collect();
        json!({"position": self.stream.at(end), "events": events})
    }
}

/// Whether a call asks for a list from its start.
pub(super) fn is_list(asked: &str) -> bool {
    let path = asked.split('?').next().unwrap_or_default();
    path == "GET /api/orders/vendor/" && !asked.contains("cursor=")
}

async fn answer(tcp: &mut TcpStream, status: u16, headers: &str, body: &Value) {
    let body = body.to_string();
    let answer = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n{headers}\r\n{body}",
        body.len()
    );
    let _ = tcp.write_all(answer.as_bytes()).await;
    let _ = tcp.shutdown().await;
}
