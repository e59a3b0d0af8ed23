//! One connected client: its recovery, its loop, its pings, its close.
//!
//! The client follows from before its missed events are read, so nothing can
//! fall between: what was replayed and waits in the queue too is known by its
//! offset and sent once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use ordertop::order::VendorId;
use ordertop::protocol::listed::View;
use ordertop::protocol::message::Recovery;
use ordertop::protocol::{ClientMessage, CloseReason, Position, ServerMessage};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error as SocketError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Message, Utf8Bytes};

use crate::config::Timing;
use crate::hub::{CutOff, Follower};
use crate::publication::{Publication, encode};
use crate::state::AppState;
use crate::store::{Following, Watch};

mod recovery;

/// How a socket begins.
#[derive(Debug)]
pub enum Start {
    /// It follows one vendor, from a position if the client has one.
    Vendor {
        /// Whom.
        vendor: VendorId,
        /// From where.
        position: Option<Position>,
        /// What it expects to hear.
        dialect: Dialect,
    },
    /// It follows every vendor; the client says from where in its first frame.
    All,
}

/// What a client expects of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// This protocol: a welcome, then events.
    Ours,
    /// The old system's: no welcome, and a `new_notification` for each new order.
    Old,
}

/// How long a close frame may take to leave, and its answer to come.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

/// Why a connection ends.
enum End {
    /// The client went, or the network did.
    Gone,
    /// We close it, for this reason.
    Close(CloseReason),
    /// The client broke the protocol: RFC 6455 has a code for that.
    Broken(CloseCode),
}

impl From<CutOff> for End {
    fn from(why: CutOff) -> Self {
        Self::Close(match why {
            CutOff::Full => CloseReason::SlowConsumer,
            CutOff::HistoryChanged => CloseReason::HistoryChanged,
        })
    }
}

impl From<SocketError> for End {
    fn from(error: SocketError) -> Self {
        match error {
            SocketError::Capacity(CapacityError::MessageTooLong { .. }) => {
                Self::Close(CloseReason::MessageTooLarge)
            }
            SocketError::Utf8(_) => Self::Broken(CloseCode::Invalid),
            SocketError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Gone,
            SocketError::Protocol(_) => Self::Broken(CloseCode::Protocol),
            _ => Self::Gone,
        }
    }
}

struct Connection<S> {
    state: Arc<AppState>,
    socket: WebSocketStream<S>,
    follower: Follower,
    /// Held for as long as the store's news are wanted here.
    watch: Watch,
    view: View,
    dialect: Dialect,
    replayed: Replayed,
}

/// Up to where each vendor's events were replayed; the queue may hold them again.
enum Replayed {
    One(u64),
    Each(HashMap<VendorId, u64>),
}

impl Replayed {
    fn holds(&self, publication: &Publication) -> bool {
        match (publication.event(), self) {
            (None, _) => false,
            (Some((_, offset)), Self::One(until)) => offset <= *until,
            (Some((vendor, offset)), Self::Each(until)) => {
                until.get(vendor).is_some_and(|until| offset <= *until)
            }
        }
    }
}

/// Serves one socket until it ends.
pub async fn run<S: AsyncRead + AsyncWrite + Unpin>(
    state: Arc<AppState>,
    socket: WebSocketStream<S>,
    start: Start,
    view: View,
) {
    let following = match &start {
        Start::Vendor { vendor, .. } => Following::Vendor(vendor.clone()),
        Start::All => Following::All,
    };
    let dialect = match &start {
        Start::Vendor { dialect, .. } => *dialect,
        Start::All => Dialect::Ours,
    };
    let follower = state
        .hub
        .follow(following.clone(), view, state.config.limits.queue_bytes);
    let replayed = Replayed::One(0);
    let mut connection = Connection {
        state,
        socket,
        follower,
        watch: Watch::default(),
        view,
        dialect,
        replayed,
    };
    // Recovery is boxed: an idle socket does not carry its weight.
    let end = match Box::pin(connection.begin(&following, start)).await {
        Ok(()) => connection.serve().await,
        Err(end) => end,
    };
    match end {
        End::Gone => {}
        End::Close(reason) => {
            let drained = reason == CloseReason::Draining;
            let frame = close_frame(reason.code().into(), &reason.to_string());
            Box::pin(connection.close(frame, drained)).await;
        }
        End::Broken(code) => {
            let frame = close_frame(code, "a broken frame");
            Box::pin(connection.close(frame, false)).await;
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Has the news come, then recovers: whatever is committed after the look
    /// at the store is in the queue.
    async fn begin(&mut self, following: &Following, start: Start) -> Result<(), End> {
        let watching = self.state.store.watch(following).await;
        self.watch = watching.map_err(recovery::unavailable)?;
        self.recover(start).await
    }

    fn timing(&self) -> &Timing {
        &self.state.config.timing
    }

    /// Sends what is published and answers what the client says.
    async fn serve(&mut self) -> End {
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
    async fn deliver(&mut self, publications: &[Arc<Publication>]) -> Result<(), End> {
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

    async fn send(&mut self, message: Message) -> Result<(), End> {
        let patience = self.timing().ping_timeout;
        within(patience, &self.follower, self.socket.send(message)).await
    }

    async fn say(&mut self, message: &ServerMessage) -> Result<(), End> {
        self.send(Message::Text(encode(message))).await
    }

    /// Answers what the client says; what we do not know is ignored.
    async fn hear(&mut self, message: Message) -> Result<(), End> {
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
    async fn close(&mut self, frame: CloseFrame, drained: bool) {
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

fn close_frame(code: CloseCode, reason: &str) -> CloseFrame {
    let reason = Utf8Bytes::from(reason);
    CloseFrame { code, reason }
}

/// Finishes a write, unless the client reads too slowly: then its queue fills
/// up, or the time runs out.
async fn within(
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

/// How recovery went, by vendor.
type Recoveries = BTreeMap<VendorId, Recovery>;
