//! A raw WebSocket, frame by frame.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::within;

/// An open socket.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The handshake's answer.
    pub(crate) headers: HeaderMap,
}

/// A handshake that was answered otherwise than by 101.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) text: String,
}

/// The header of a browser's page.
pub(crate) fn origin(url: &str) -> (&str, &str) {
    ("Origin", url)
}

impl Socket {
    /// Opens a socket of this protocol; whoever refuses does so as HTTP.
    pub(crate) async fn open(
        address: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, Refused> {
        let headers = [&[("Ordertop-Protocol", "1")], headers].concat();
        Self::open_old(address, path, &headers).await
    }

    /// Opens a socket as the old system's dashboard does: without a word about the protocol.
    pub(crate) async fn open_old(
        address: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, Refused> {
        let mut request = format!("ws://{address}{path}")
            .into_client_request()
            .expect("a request");
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("a header's name");
            let value: HeaderValue = value.parse().expect("a header's value");
            request.headers_mut().insert(name, value);
        }
        match within("the handshake", connect_async(request)).await {
            Ok((stream, response)) => Ok(Self {
                stream,
                headers: response.headers().clone(),
            }),
            Err(Error::Http(response)) => {
                let body = response.body().as_deref().unwrap_or_default();
                Err(Refused {
                    status: response.status().as_u16(),
                    text: String::from_utf8_lossy(body).into_owned(),
                })
            }
            Err(other) => panic!("the handshake of {path} broke: {other}"),
        }
    }

    pub(crate) async fn send(&mut self, frame: &Value) {
        self.send_text(&frame.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        let sent = self.stream.send(Message::text(text)).await;
        sent.expect("the frame is sent");
    }

    /// The next JSON frame.
    pub(crate) async fn next(&mut self) -> Value {
        match self.frame_or_close().await {
            Ok(frame) => frame,
            Err(code) => panic!("the socket was closed ({code:?}) where a frame was due"),
        }
    }

    /// The next JSON frame, which must be of this type.
    pub(crate) async fn next_of(&mut self, kind: &str) -> Value {
        let frame = self.next().await;
        assert_eq!(frame["type"], kind, "{frame}");
        frame
    }

    /// Waits for the close and answers its code: `None` for a socket that was
    /// cut. Frames before it are passed to `seen`.
    pub(crate) async fn closed(&mut self, mut seen: impl FnMut(Value)) -> Option<u16> {
        loop {
            match self.frame_or_close().await {
                Ok(frame) => seen(frame),
                Err(code) => return code,
            }
        }
    }

    /// That nothing but the answer to this ping is on its way.
    pub(crate) async fn is_quiet(&mut self) {
        self.send(&json!({"type": "ping", "timestamp": "quiet?"}))
            .await;
        assert_eq!(self.next_of("pong").await["timestamp"], "quiet?");
    }

    async fn frame_or_close(&mut self) -> Result<Value, Option<u16>> {
        loop {
            match within("a frame", self.stream.next()).await {
                Some(Ok(Message::Text(text))) => {
                    let frame = serde_json::from_str(&text);
                    return Ok(frame.unwrap_or_else(|e| panic!("no JSON ({e}): {text}")));
                }
                Some(Ok(Message::Close(close))) => {
                    return Err(close.map(|close| close.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }
}
