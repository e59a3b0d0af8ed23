//! The loop of one socket: what is published goes out, what the client says is answered.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use ordertop::order::VendorId;
use ordertop::protocol::listed::View;
use ordertop::protocol::{ClientMessage, CloseReason, ServerMessage};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::Error as SocketError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes};

use super::end::End;
use super::start::Dialect;
use crate::config::Timing;
use crate::hub::Follower;
use crate::publication::{Publication, encode};
use crate::state::AppState;
use crate::store::Watch;

/// How long a close frame may take to leave, and its answer to come.
pub(super) const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

pub(super) struct Connection<S> {
    pub(super) state: Arc<AppState>,
    pub(super) socket: WebSocketStream<S>,
    pub(super) follower: Follower,
    /// Held for as long as the store's news are wanted here.
    pub(super) watch: Watch,
    pub(super) view: View,
    pub(super) dialect: Dialect,
    pub(super) replayed: Replayed,
}

/// Up to where each vendor's events were replayed; the queue may hold them again.
pub(super) enum Replayed {
    One(u64),
    Each(HashMap<VendorId, u64>),
}

impl Replayed {
    pub(super) fn holds(&self, publication: &Publication) -> bool {
        match (publication.event(), self) {
            (None, _) => false,
            (Some((_, offset)), Self::One(until)) => offset <= *until,
            (Some((vendor, offset)), Self::Each(until)) => {
                until.get(vendor).is_some_and(|until| offset <= *until)
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(super) fn timing(&self) -> &Timing {
        &self.state.config.timing
    }

    /// Sends what is published and answers what the client says.
    pub(super) async fn serve(&mut self) -> End {
        let Timing {
            ping_interval,
            ping_timeout,
            ..
        } = *self.timing();
        // The first at a random moment, so that ten thousand sockets that came
        // at once are not pinged at once.
        let first = ping_interval.mul_f64(rand::random::<f64>());
        let timer = tokio::time::sleep(first);
        tokio::pin!(timer);
        let mut pinged = false;
        let draining = self.state.draining.clone();
        loop {
            // Not biased: a socket that is always written to is read from too.
            let done = tokio::select! {
                () = draining.cancelled() => Err(End::Close(CloseReason::Draining)),
                waiting = self.follower.next() => match waiting {
                    Ok(publications) => self.deliver(&publications).await,
                    Err(why) => Err(why.into()),
                },
                said = self.socket.next() => {
                    // Any traffic proves life; the next ping is due an interval later.
                    if std::mem::take(&mut pinged) {
                        timer.as_mut().reset(Instant::now() + ping_interval);
                    }
                    match said {
                        Some(Ok(message)) => self.hear(message).await,
                        Some(Err(error)) => Err(error.into()),
                        None => Err(End::Gone),
                    }
                }
                () = &mut timer => {
                    if pinged {
                        Err(End::Close(CloseReason::PingTimeout))
                    } else {
                        pinged = true;
                        timer.as_mut().reset(Instant::now() + ping_timeout);
                        self.send(Message::Ping(Bytes::new())).await
                    }
                }
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    /// Writes a batch with one flush.
    pub(super) async fn deliver(&mut self, publications: &[Arc<Publication>]) -> Result<(), End> {
        let (replayed, view, dialect) = (&self.replayed, self.view, self.dialect);
        let frames = publications.iter().filter(|p| !replayed.holds(p));
        let writing = async {
            for publication in frames {
                let frame = publication.frame(view).clone();
                self.socket.feed(Message::Text(frame)).await?;
                if dialect == Dialect::Old
                    && let Some(frame) = publication.notification()
                {
                    self.socket.feed(Message::Text(frame.clone())).await?;
                }
            }
            self.socket.flush().await
        };
        let patience = self.state.config.timing.ping_timeout;
        within(patience, &self.follower, writing).await
    }

    pub(super) async fn send(&mut self, message: Message) -> Result<(), End> {
        let patience = self.timing().ping_timeout;
        within(patience, &self.follower, self.socket.send(message)).await
    }

    pub(super) async fn say(&mut self, message: &ServerMessage) -> Result<(), End> {
        self.send(Message::Text(encode(message))).await
    }

    /// Answers what the client says; what we do not know is ignored.
    pub(super) async fn hear(&mut self, message: Message) -> Result<(), End> {
        match message {
            Message::Text(text) => match serde_json::from_str(&text) {
                Ok(ClientMessage::Ping { timestamp }) => {
                    self.say(&ServerMessage::Pong { timestamp }).await
                }
                Ok(ClientMessage::Resume { .. }) | Err(_) => Ok(()),
            },
            // tungstenite answers pings and closes; the flush sends the answer.
            Message::Ping(_) => {
                let patience = self.timing().ping_timeout;
                within(patience, &self.follower, self.socket.flush()).await
            }
            Message::Close(_) => {
                let _ = tokio::time::timeout(CLOSE_PATIENCE, self.socket.flush()).await;
                Err(End::Gone)
            }
            Message::Pong(_) | Message::Binary(_) | Message::Frame(_) => Ok(()),
        }
    }

    /// Tells the client why, and waits a little for its answer.
    pub(super) async fn close(&mut self, frame: CloseFrame, drained: bool) {
        let closing = async {
            if drained {
                let (min, max) = self.state.config.timing.retry;
                // Spread out, so that the next server is not stormed.
                let spread = max.saturating_sub(min).min(Duration::from_secs(5));
                let wait = min + spread.mul_f64(rand::random::<f64>());
                let reconnect_after_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
                let frame = encode(&ServerMessage::Draining { reconnect_after_ms });
                self.socket.feed(Message::Text(frame)).await?;
            }
            self.socket.send(Message::Close(Some(frame))).await?;
            while let Some(Ok(_)) = self.socket.next().await {}
            // After a broken frame tungstenite reads no further. What the client
            // still sends is read and thrown away: closing over it would reset
            // the connection, and the close frame might never be seen.
            let stream = self.socket.get_mut();
            stream.shutdown().await?;
            tokio::io::copy(stream, &mut tokio::io::sink()).await?;
            Ok::<(), SocketError>(())
        };
        let _ = tokio::time::timeout(CLOSE_PATIENCE, closing).await;
    }
}

pub(super) fn close_frame(code: CloseCode, reason: &str) -> CloseFrame {
    let reason = Utf8Bytes::from(reason);
    CloseFrame { code, reason }
}

/// Finishes a write, unless the client reads too slowly: then its queue fills
/// up, or the time runs out.
pub(super) async fn within(
    patience: Duration,
    follower: &Follower,
    writing: impl Future<Output = Result<(), SocketError>>,
) -> Result<(), End> {
    tokio::select! {
        biased;
        written = writing => written.map_err(End::from),
        why = follower.cut_off() => Err(why.into()),
        () = tokio::time::sleep(patience) => Err(End::Close(CloseReason::SlowConsumer)),
    }
}
