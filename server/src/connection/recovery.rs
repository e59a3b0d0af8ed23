//! Recovery, whole or not at all: the welcome and the replay after it.

use futures_util::{SinkExt, StreamExt};
use ordertop::order::VendorId;
use ordertop::protocol::message::{Recovery, Retry, Unrecovered, Welcome};
use ordertop::protocol::{ClientMessage, CloseReason, Position, ServerMessage, VERSION};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::Message;

use super::{Connection, Dialect, End, Recoveries, Replayed, Start, within};
use crate::publication::{encode, message};
use crate::store::{Replay, StoreError};

/// Events read and written at a time: some megabyte of frames.
const PAGE: usize = 1_024;

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Welcomes the client and replays what it missed.
    pub(super) async fn recover(&mut self, start: Start) -> Result<(), End> {
        match start {
            Start::Vendor {
                vendor,
                position,
                dialect,
            } => {
                let recovery = self.look(&vendor, position.as_ref()).await?;
                self.replayed = Replayed::One(recovery.position.offset);
                if dialect == Dialect::Old {
                    return Ok(());
                }
                let welcome = Welcome {
                    vendor_id: Some(vendor.clone()),
                    recovery: Some(recovery.clone()),
                    ..self.welcome()
                };
                self.say(&ServerMessage::Welcome(welcome)).await?;
                if let Some(position) = position.filter(|_| recovery.recovered) {
                    self.replay(&vendor, position, &recovery.position).await?;
                }
            }
            Start::All => {
                let positions = self.resume().await?;
                let mut recoveries = Recoveries::new();
                for vendor in self.state.store.vendors().await.map_err(unavailable)? {
                    let since = positions.get(&vendor.id);
                    let recovery = if since == Some(&vendor.position) {
                        // Nothing was missed: most vendors, most times.
                        recovered(vendor.position, 0)
                    } else {
                        self.look(&vendor.id, since).await?
                    };
                    recoveries.insert(vendor.id, recovery);
                }
                let ends = recoveries
                    .iter()
                    .map(|(id, r)| (id.clone(), r.position.offset));
                self.replayed = Replayed::Each(ends.collect());
                let welcome = Welcome {
                    vendors: Some(recoveries.clone()),
                    ..self.welcome()
                };
                self.say(&ServerMessage::Welcome(welcome)).await?;
                for (vendor, position) in positions {
                    if let Some(recovery) = recoveries.get(&vendor).filter(|r| r.recovered) {
                        self.replay(&vendor, position, &recovery.position).await?;
                    }
                }
            }
        }
        Ok(())
    }

    fn welcome(&self) -> Welcome {
        let timing = self.timing();
        let ms =
            |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Welcome {
            protocol: VERSION,
            vendor_id: None,
            recovery: None,
            vendors: None,
            ping_interval_ms: ms(timing.ping_interval),
            ping_timeout_ms: ms(timing.ping_timeout),
            retry: Retry {
                min_ms: ms(timing.retry.0),
                max_ms: ms(timing.retry.1),
            },
            server_time: self.state.now(),
        }
    }

    /// Waits for the client's `resume`; without one in time it has no positions.
    async fn resume(&mut self) -> Result<std::collections::BTreeMap<VendorId, Position>, End> {
        let deadline = tokio::time::Instant::now() + self.timing().resume_timeout;
        loop {
            let said = tokio::select! {
                said = self.socket.next() => said,
                () = tokio::time::sleep_until(deadline) => return Ok(Default::default()),
                () = self.state.draining.cancelled() => {
                    return Err(End::Close(CloseReason::Draining));
                }
            };
            let message = said.ok_or(End::Gone)??;
            let Message::Text(text) = &message else {
                self.hear(message).await?;
                continue;
            };
            match serde_json::from_str(text) {
                Ok(ClientMessage::Resume { positions }) => return Ok(positions),
                Ok(ClientMessage::Ping { .. }) => self.hear(message).await?,
                Err(_) if is_resume(text) => return Err(End::Close(CloseReason::MalformedResume)),
                Err(_) => {}
            }
        }
    }

    /// Whether everything after `position` can be replayed.
    async fn look(&self, vendor: &VendorId, position: Option<&Position>) -> Result<Recovery, End> {
        let store = &self.state.store;
        let unrecovered = |position, reason| Recovery {
            position,
            recovered: false,
            replayed: 0,
            reason: Some(reason),
        };
        let Some(since) = position else {
            let vendor = store
                .vendor(vendor)
                .await
                .map_err(unavailable)?
                .ok_or(End::Gone)?;
            return Ok(unrecovered(vendor.position, Unrecovered::NoPosition));
        };
        // The first event alone proves that the history holds the position.
        let turn = self.state.recoveries.acquire().await;
        let replay = store.events(vendor, since, None, 1).await;
        drop(turn);
        Ok(match replay.map_err(unavailable)? {
            Replay::Unrecovered { reason, head } => unrecovered(head, reason),
            Replay::Events { head, .. } => {
                let replayed = head.offset - since.offset;
                recovered(head, replayed)
            }
        })
    }

    /// Sends the events after `since` up to `end`, a page at a time.
    async fn replay(
        &mut self,
        vendor: &VendorId,
        mut since: Position,
        end: &Position,
    ) -> Result<(), End> {
        while since.offset < end.offset {
            let store = &self.state.store;
            let turn = self.state.recoveries.acquire().await;
            let page = store.events(vendor, &since, Some(end.offset), PAGE).await;
            drop(turn);
            let Replay::Events { events, .. } = page.map_err(unavailable)? else {
                // Trimmed while we read: the client comes back and is told so.
                return Err(End::Close(CloseReason::RecoveryOverflow));
            };
            let Some(last) = events.last() else {
                return Err(End::Close(CloseReason::RecoveryOverflow));
            };
            since = last.position.clone();
            let view = self.view;
            let socket = &mut self.socket;
            let writing = async {
                for event in &events {
                    let frame = encode(&message(vendor, event, view));
                    socket.feed(Message::Text(frame)).await?;
                }
                socket.flush().await
            };
            let patience = self.state.config.timing.ping_timeout;
            within(patience, &self.follower, writing)
                .await
                .map_err(|end| match end {
                    End::Close(CloseReason::SlowConsumer) => {
                        End::Close(CloseReason::RecoveryOverflow)
                    }
                    other => other,
                })?;
        }
        Ok(())
    }
}

fn recovered(position: Position, replayed: u64) -> Recovery {
    Recovery {
        position,
        recovered: true,
        replayed,
        reason: None,
    }
}

/// Whether a frame means to be a `resume`, however it is written.
fn is_resume(text: &str) -> bool {
    let value: Result<serde_json::Value, _> = serde_json::from_str(text);
    value.is_ok_and(|value| value.get("type").is_some_and(|kind| kind == "resume"))
}

/// The store went away while the client was recovering: it comes back.
pub(super) fn unavailable(error: StoreError) -> End {
    tracing::error!(%error, "a recovery failed");
    End::Close(CloseReason::RecoveryOverflow)
}
