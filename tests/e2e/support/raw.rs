//! Bytes on a TCP connection: what no honest client sends.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::within;

/// A TCP connection to the server.
pub(crate) struct RawConnection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl RawConnection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = within("a connection", TcpStream::connect(address)).await;
        Self {
            stream: stream.expect("the server accepts"),
            read: Vec::new(),
        }
    }

    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let written = self.stream.write_all(bytes.as_ref()).await;
        written.expect("the server reads");
    }

    /// Reads until `text` has come, and answers all that came so far.
    pub(crate) async fn read_until(&mut self, text: &str) -> String {
        let what = format!("{text:?}");
        let reading = self.read_while(|so_far| !so_far.contains(text));
        let so_far = within(&what, reading).await;
        assert!(so_far.contains(text), "closed before {text:?}: {so_far}");
        so_far
    }

    /// Reads until the server closes, and answers all that came.
    pub(crate) async fn read_to_end(&mut self) -> String {
        within("the server to close", self.read_while(|_| true)).await
    }

    /// The status of the answer that comes next.
    pub(crate) async fn status(&mut self) -> u16 {
        let head = self.read_until("\r\n").await;
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        status.unwrap_or_else(|| panic!("no status in {head:?}"))
    }

    async fn read_while(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        loop {
            let so_far = String::from_utf8_lossy(&self.read).into_owned();
            // A reset ends a connection as well as an orderly close.
            if !wanted(&so_far) || !matches!(self.stream.read_buf(&mut self.read).await, Ok(1..)) {
                return String::from_utf8_lossy(&self.read).into_owned();
            }
        }
    }
}
