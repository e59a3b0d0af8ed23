//! A WebSocket taken apart by hand: nothing is read before it is asked for, and
//! no ping is answered unless told.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::{TOKEN, within};

/// What a server sent.
#[derive(Debug)]
pub(crate) enum Frame {
    Text(Vec<u8>),
    Ping,
    Close(u16),
}

impl Frame {
    /// The offset of the event in it, read without reading the whole.
    pub(crate) fn offset(&self) -> Option<u64> {
        let Self::Text(text) = self else { return None };
        let name = b"\"offset\":";
        let at = text.windows(name.len()).position(|bytes| bytes == name)?;
        let digits = text[at + name.len()..].iter();
        let digits = digits.take_while(|byte| byte.is_ascii_digit());
        Some(digits.fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')))
    }

    pub(crate) fn json(&self) -> Value {
        match self {
            Self::Text(text) => serde_json::from_slice(text).expect("JSON"),
            other => panic!("{other:?} where a text was due"),
        }
    }
}

/// An open socket that does only what it is told.
pub(crate) struct Frames {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Frames {
    /// An open socket: its welcome comes first. The kernel keeps little for one
    /// that does not read.
    pub(crate) async fn open(address: SocketAddr, path: &str, vendor: Option<&str>) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(16 * 1024).expect("a size");
        let stream = within("a connection", socket.connect(address)).await;
        let mut stream = stream.expect("the server accepts");
        let vendor = vendor.map_or_else(String::new, |id| format!("X-Vendor-ID: {id}\r\n"));
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nX-Master-Token: {TOKEN}\r\n{vendor}\
             Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Ordertop-Protocol: 1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("it is sent");
        let mut frames = Self {
            stream,
            read: Vec::new(),
        };
        let answer = within("the handshake", async {
            loop {
                let end = frames.read.windows(4).position(|end| end == b"\r\n\r\n");
                match end {
                    Some(at) => return frames.take(at + 4),
                    None => assert!(frames.more().await, "closed in the handshake"),
                }
            }
        });
        let answer = String::from_utf8_lossy(&answer.await).into_owned();
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        frames
    }

    /// The next frame; `None` when the connection ended without a close.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some((head, len)) = self.head()
                && self.read.len() >= head + len
            {
                let frame = self.take(head + len);
                return Some(match (frame[0] & 0x0f, &frame[head..]) {
                    (0x1, text) => Frame::Text(text.to_vec()),
                    (0x8, &[high, low, ..]) => Frame::Close(u16::from_be_bytes([high, low])),
                    (0x9, _) => Frame::Ping,
                    (kind, _) => panic!("a frame of kind {kind:#x}"),
                });
            }
            if !self.more().await {
                return None;
            }
        }
    }

    /// Answers a ping.
    pub(crate) async fn pong(&mut self) {
        // Final, a pong; masked, of no length; the mask.
        let frame = [0x8a, 0x80, 0, 0, 0, 0];
        // Whether the server still reads is told by what comes next.
        let _sent = self.stream.write_all(&frame).await;
    }

    /// Length of the next frame's head and of what follows it (RFC 6455, 5.2;
    /// a server does not mask).
    fn head(&self) -> Option<(usize, usize)> {
        let extended = |bytes: usize| {
            let long = self.read.get(2..2 + bytes)?;
            let long = long
                .iter()
                .fold(0, |sum, byte| sum * 256 + usize::from(*byte));
            Some((2 + bytes, long))
        };
        match self.read.get(1)? & 0x7f {
            126 => extended(2),
            127 => extended(8),
            short => Some((2, usize::from(short))),
        }
    }

    fn take(&mut self, len: usize) -> Vec<u8> {
        let rest = self.read.split_off(len);
        std::mem::replace(&mut self.read, rest)
    }

    /// Reads some more; `false` at the end.
    async fn more(&mut self) -> bool {
        self.read.reserve(64 * 1024);
        let read = within("a frame", self.stream.read_buf(&mut self.read)).await;
        matches!(read, Ok(1..))
    }
}
