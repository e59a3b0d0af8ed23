//! One WebSocket: handshake, read, write, close. Knows frames, not orders.

use std::time::Duration;

use futures_util::{FutureExt, SinkExt, StreamExt};
use http::HeaderValue;
use http::header::{HOST, RETRY_AFTER};
use serde::Deserialize;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::error::{RequestError, innermost};
use super::legacy::Named;
use super::rest::{Rest, join};
use crate::order::{OrderNumber, VendorId, text};
use crate::protocol::close::comes_back;
use crate::protocol::lenient;
use crate::protocol::{ClientMessage, CloseReason, Position, ServerMessage, VERSION_HEADER};

/// How long TLS and the upgrade may take, once TCP is there.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one small frame may take to leave: a peer that does not read is dead.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a polite goodbye may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Longest frame that is read, in bytes.
const MAX_FRAME_BYTES: usize = 8 * 1024 * 1024;
/// One event is some kilobytes; a replay is read in several goes.
const READ_BUFFER_BYTES: usize = 16 * 1024;

/// An open socket.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Whether the handshake's answer said that the server speaks our protocol.
    pub(crate) speaks_protocol: bool,
}

/// What a socket brought.
#[derive(Debug)]
pub(crate) enum Frame {
    /// A message of the protocol.
    Message(Box<ServerMessage>),
    /// What an old server says of an order.
    Named(Named),
    /// A ping, or something unknown: a sign of life.
    Other,
}

/// Why a socket is down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Break {
    /// In a sentence's part: `connection refused`.
    pub(crate) reason: String,
    /// The server refuses these credentials or this vendor.
    pub(crate) refused: bool,
    /// How long the server asks to stay away.
    pub(crate) stay_away: Option<Duration>,
}

/// The frames of a server of the old kind; the rest of them is looked up.
#[derive(Deserialize)]
struct SeedFrame {
    #[serde(rename = "type")]
    kind: String,
    order_number: OrderNumber,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    timestamp: Option<String>,
}

impl Break {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            refused: false,
            stay_away: None,
        }
    }

    fn closed(frame: Option<&CloseFrame>) -> Self {
        let Some(frame) = frame else {
            return Self::new("the server closed the connection");
        };
        let code = u16::from(frame.code);
        let said = match CloseReason::from_code(code) {
            Some(reason) => reason.to_string(),
            None => text::clean(&frame.reason, 120),
        };
        let reason = if said.is_empty() {
            format!("the server closed the connection ({code})")
        } else {
            format!("the server closed the connection: {said}")
        };
        Self {
            refused: !comes_back(code),
            ..Self::new(reason)
        }
    }
}

impl From<&RequestError> for Break {
    fn from(error: &RequestError) -> Self {
        Self {
            reason: match error {
                RequestError::Unreachable { reason, .. } => reason.clone(),
                RequestError::Timeout { after, .. } => {
                    format!("no answer in {} s", after.as_secs())
                }
                other => other.to_string(),
            },
            refused: error.is_refusal(),
            stay_away: match error {
                RequestError::Away { retry_after, .. } => *retry_after,
                _ => None,
            },
        }
    }
}

impl From<Error> for Break {
    fn from(error: Error) -> Self {
        match error {
            Error::Http(answer) => {
                let seconds = answer.headers().get(RETRY_AFTER);
                let seconds = seconds.and_then(|value| value.to_str().ok()?.trim().parse().ok());
                let body = answer.body().as_deref().unwrap_or_default();
                let status = answer.status().as_u16();
                let error =
                    RequestError::from_answer(status, seconds.map(Duration::from_secs), body);
                Self::from(&error)
            }
            Error::ConnectionClosed | Error::AlreadyClosed => Self::closed(None),
            error => Self::new(innermost(&error)),
        }
    }
}

impl Socket {
    /// Opens the socket of one vendor, or of all.
    pub(crate) async fn open(
        rest: Rest,
        vendor: Option<VendorId>,
        position: Option<Position>,
    ) -> Result<Self, Break> {
        let mut url = match &vendor {
            Some(vendor) => join(rest.base(), "ws", &["vendor", vendor.as_str(), "orders"]),
            None => join(rest.base(), "ws", &["orders"]),
        };
        if let Some(position) = position {
            let position = position.to_string();
            url.query_pairs_mut().append_pair("position", &position);
        }
        let secure = url.scheme() == "https";
        let address = (|| {
            url.set_scheme(if secure { "wss" } else { "ws" }).ok()?;
            let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
            Some((host, url.port_or_known_default()?))
        })();
        let Some((host, port)) = address else {
            return Err(Break::new("the server's address cannot be used"));
        };
        let connecting = rest.route().connect(&host, port);
        let tcp = (connecting.await).map_err(|error| Break::new(innermost(&error)))?;
        let mut request = url.as_str().into_client_request()?;
        let kept_host = request.headers().get(HOST).cloned();
        request.headers_mut().extend(rest.headers().clone());
        if let Some(host) = kept_host {
            request.headers_mut().insert(HOST, host);
        }
        let agent = HeaderValue::from_static(concat!("ordertop/", env!("CARGO_PKG_VERSION")));
        request
            .headers_mut()
            .insert(http::header::USER_AGENT, agent);
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_message_size(Some(MAX_FRAME_BYTES))
            .max_frame_size(Some(MAX_FRAME_BYTES));
        let shaking =
            tokio_tungstenite::client_async_tls_with_config(request, tcp, Some(config), None);
        let (stream, answer) = tokio::time::timeout(HANDSHAKE_TIMEOUT, shaking)
            .await
            .map_err(|_| Break::new("the handshake took too long"))??;
        Ok(Self {
            stream,
            speaks_protocol: answer.headers().contains_key(VERSION_HEADER),
        })
    }

    /// The next frame. May be dropped before it is done.
    pub(crate) async fn next(&mut self) -> Result<Frame, Break> {
        match self.stream.next().await {
            Some(Ok(Message::Text(text))) => Ok(read(&text)),
            Some(Ok(Message::Close(frame))) => Err(Break::closed(frame.as_ref())),
            Some(Ok(_)) => Ok(Frame::Other),
            Some(Err(error)) => Err(error.into()),
            None => Err(Break::closed(None)),
        }
    }

    /// The next frame, if it is there already.
    pub(crate) fn next_ready(&mut self) -> Option<Result<Frame, Break>> {
        self.next().now_or_never()
    }

    /// Says something to the server.
    pub(crate) async fn say(&mut self, message: &ClientMessage) -> Result<(), Break> {
        let json = serde_json::to_string(message).map_err(|error| Break::new(error.to_string()))?;
        let saying = self.stream.send(Message::Text(Utf8Bytes::from(json)));
        tokio::time::timeout(WRITE_TIMEOUT, saying)
            .await
            .map_err(|_| Break::new("the server reads no more"))?
            .map_err(Break::from)
    }

    /// Says goodbye and does not wait long for the answer.
    pub(crate) async fn close(mut self) {
        let bye = async {
            let _ = self.stream.close(None).await;
            while let Some(Ok(_)) = self.stream.next().await {}
        };
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, bye).await;
    }
}

fn read(text: &str) -> Frame {
    if let Ok(message) = serde_json::from_str(text) {
        return Frame::Message(Box::new(message));
    }
    match serde_json::from_str::<SeedFrame>(text) {
        Ok(frame) if frame.kind.starts_with("order_") => Frame::Named(Named {
            number: frame.order_number,
            status: frame.status.and_then(|status| status.parse().ok()),
            at: frame.timestamp.as_deref().and_then(lenient::moment),
        }),
        _ => notified(text).map_or(Frame::Other, Frame::Named),
    }
}

/// The order that a notification of an old server is about: it names no status. Where in its `data`
/// the number stands is not relied on.
fn notified(text: &str) -> Option<Named> {
    #[derive(Deserialize)]
    struct Notification {
        #[serde(rename = "type")]
        kind: String,
        #[serde(flatten)]
        rest: serde_json::Map<String, Value>,
    }
    /// Deepest that is looked into.
    const DEPTH: usize = 4;
    fn number(fields: &serde_json::Map<String, Value>, depth: usize) -> Option<&str> {
        let own = fields.get("order_number").and_then(Value::as_str);
        own.or_else(|| {
            let mut inner = fields.values().filter_map(Value::as_object);
            inner.find_map(|fields| number(fields, depth.checked_sub(1)?))
        })
    }
    let said: Notification = serde_json::from_str(text).ok()?;
    if !matches!(&*said.kind, "new_notification" | "notification_update") {
        return None;
    }
    Some(Named {
        number: number(&said.rest, DEPTH)?.parse().ok()?,
        status: None,
        at: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::OrderStatus;

    #[test]
    fn frames_of_both_kinds_of_server_are_read_and_the_rest_is_a_sign_of_life() {
        let seed = r#"{"type":"order_status_update","order_number":"ORD-1","status":"Shipped","vendor_id":"1","timestamp":"2026-11-23T17:31:42.753114"}"#;
        let Frame::Named(named) = read(seed) else {
            panic!("it names an order");
        };
        assert_eq!(named.number.as_str(), "ORD-1");
        assert_eq!(named.status, Some(OrderStatus::Shipped));
        let at = named.at.map(|at| at.to_string());
        assert_eq!(at.as_deref(), Some("2026-11-23T17:31:42.753114Z"));
        let bare = read(r#"{"type":"order_created","order_number":"ORD-2"}"#);
        assert!(matches!(
            bare,
            Frame::Named(Named {
                status: None,
                at: None,
                ..
            })
        ));
        let restored = read(r#"{"type":"restored","new_field":1}"#);
        assert!(matches!(restored, Frame::Message(m) if *m == ServerMessage::Restored));
        for notification in [
            r#"{"type":"new_notification","data":{"event":"order_created","order_number":"ORD-3"}}"#,
            r#"{"type":"new_notification","notification":{"data":{"type":"order_created","order_number":"ORD-3"}}}"#,
            r#"{"type":"notification_update","order_number":"ORD-3"}"#,
        ] {
            let Frame::Named(named) = read(notification) else {
                panic!("it names an order: {notification}");
            };
            assert_eq!((named.number.as_str(), named.status), ("ORD-3", None));
        }
        for other in [
            "",
            "{",
            "[]",
            r#"{"type":"new_notification","data":{"type":"product_sold_out"}}"#,
            r#"{"type":"news","order_number":"1"}"#,
        ] {
            assert!(matches!(read(other), Frame::Other), "{other}");
        }
    }

    #[test]
    fn a_close_code_says_whether_to_come_back() {
        let frame = |code: u16, reason: &'static str| CloseFrame {
            code: code.into(),
            reason: reason.into(),
        };
        let table = [
            (
                4000,
                "",
                false,
                "the server closed the connection: draining",
            ),
            (
                4501,
                "x",
                true,
                "the server closed the connection: token expired",
            ),
            (1001, "bye", false, "the server closed the connection: bye"),
            (4242, "", false, "the server closed the connection (4242)"),
        ];
        for (code, said, refused, reason) in table {
            let broken = Break::closed(Some(&frame(code, said)));
            assert_eq!((broken.refused, &*broken.reason), (refused, reason));
        }
    }
}
