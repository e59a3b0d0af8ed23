//! Recovery, whole or not at all: the welcome and the replay after it.

use std::collections::BTreeMap;
use std::pin::pin;

use futures_util::{SinkExt, StreamExt, TryStreamExt, stream};
use ordertop::order::VendorId;
use ordertop::protocol::message::{Recovery, Retry, Unrecovered, Welcome};
use ordertop::protocol::{ClientMessage, CloseReason, Position, ServerMessage, VERSION};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::Message;

use super::end::End;
use super::serve::{Connection, Replayed, within};
use super::start::{Dialect, Start};
use crate::publication::{encode, message};
use crate::state::AppState;
use crate::store::{Event, Following, Replay, StoreError};

/// How recovery went, by vendor.
type Recoveries = BTreeMap<VendorId, Recovery>;

/// Events read and written at a time: some megabyte of frames.
const PAGE: usize = 1_024;
/// Vendors of one socket that are looked at once.
const LOOKS_AT_ONCE: usize = 64;
/// Vendors of one socket whose first missed events are read ahead.
const PAGES_AHEAD: usize = 16;
/// How many times the bytes of a socket's queue may wait while it recovers every vendor. Frames
/// are shared by all followers; one that has recovered is bounded as any other.
const RECOVERY_BOUND: usize = 8;

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Has the news come, then recovers: whatever is committed after the look
    /// at the store is in the queue.
    pub(super) async fn begin(&mut self, following: &Following, start: Start) -> Result<(), End> {
        let watching = self.state.store.watch(following).await;
        self.watch = watching.map_err(unavailable)?;
        self.recover(start).await
    }

    /// Welcomes the client and replays what it missed.
    async fn recover(&mut self, start: Start) -> Result<(), End> {
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
                self.recover_all(positions).await?;
            }
        }
        Ok(())
    }

    /// Welcomes a client that follows every vendor and replays what it missed of each.
    ///
    /// What happens meanwhile waits in its queue: that begins anew here, for a client takes
    /// its time to say its positions, and may hold more until the client has caught up.
    async fn recover_all(&mut self, positions: BTreeMap<VendorId, Position>) -> Result<(), End> {
        let bound = self.state.config.limits.queue_bytes;
        let most = bound.saturating_mul(RECOVERY_BOUND);
        self.follower = self.state.hub.follow(Following::All, self.view, most);
        let vendors = self.state.store.vendors().await.map_err(unavailable)?;
        let this = &*self;
        let looking = vendors.into_iter().map(|vendor| {
            let since = positions.get(&vendor.id);
            async move {
                let recovery = match since {
                    None => unrecovered(vendor.position, Unrecovered::NoPosition),
                    // Nothing was missed: most vendors, most times.
                    Some(since) if *since == vendor.position => recovered(vendor.position, 0),
                    Some(since) => this.look_since(&vendor.id, since).await?,
                };
                Ok::<_, End>((vendor.id, recovery))
            }
        });
        let looked = stream::iter(looking).buffered(LOOKS_AT_ONCE);
        let recoveries: Recoveries = looked.try_collect().await?;
        let ends = recoveries.iter();
        let ends = ends.map(|(id, recovery)| (id.clone(), recovery.position.offset));
        self.replayed = Replayed::Each(ends.collect());
        let welcome = Welcome {
            vendors: Some(recoveries.clone()),
            ..self.welcome()
        };
        self.say(&ServerMessage::Welcome(welcome)).await?;
        let missed = positions.into_iter().filter_map(|(vendor, since)| {
            let recovery = recoveries.get(&vendor)?;
            let missed = recovery.recovered && since.offset < recovery.position.offset;
            missed.then(|| (vendor, since, recovery.position.clone()))
        });
        // First pages are read ahead, and written in turn.
        let state = self.state.clone();
        let reading = missed.map(|(vendor, since, end)| {
            let state = state.clone();
            async move {
                let page = missed_page(&state, &vendor, &since, &end).await?;
                Ok::<_, End>((vendor, page, end))
            }
        });
        let mut reading = pin!(stream::iter(reading).buffered(PAGES_AHEAD));
        while let Some((vendor, page, end)) = reading.try_next().await? {
            self.write_page(&vendor, &page).await?;
            if let Some(last) = page.last() {
                let since = last.position.clone();
                self.replay(&vendor, since, &end).await?;
            }
        }
        self.follower.bound(bound);
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
        let Some(since) = position else {
            let vendor = self.state.store.vendor(vendor).await;
            let vendor = vendor.map_err(unavailable)?.ok_or(End::Gone)?;
            return Ok(unrecovered(vendor.position, Unrecovered::NoPosition));
        };
        self.look_since(vendor, since).await
    }

    async fn look_since(&self, vendor: &VendorId, since: &Position) -> Result<Recovery, End> {
        // The first event alone proves that the history holds the position.
        let turn = self.state.recoveries.acquire().await;
        let replay = self.state.store.events(vendor, since, None, 1).await;
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
            let page = missed_page(&self.state, vendor, &since, end).await?;
            self.write_page(vendor, &page).await?;
            if let Some(last) = page.last() {
                since = last.position.clone();
            }
        }
        Ok(())
    }

    /// Writes events with one flush.
    async fn write_page(&mut self, vendor: &VendorId, events: &[Event]) -> Result<(), End> {
        let view = self.view;
        let socket = &mut self.socket;
        let writing = async {
            for event in events {
                let frame = encode(&message(vendor, event, view));
                socket.feed(Message::Text(frame)).await?;
            }
            socket.flush().await
        };
        let patience = self.state.config.timing.ping_timeout;
        within(patience, &self.follower, writing)
            .await
            .map_err(|end| match end {
                End::Close(CloseReason::SlowConsumer) => End::Close(CloseReason::RecoveryOverflow),
                other => other,
            })
    }
}

/// The next events after `since` up to `end`: some at least.
async fn missed_page(
    state: &AppState,
    vendor: &VendorId,
    since: &Position,
    end: &Position,
) -> Result<Vec<Event>, End> {
    let turn = state.recoveries.acquire().await;
    let page = state.store.events(vendor, since, Some(end.offset), PAGE);
    let page = page.await;
    drop(turn);
    match page.map_err(unavailable)? {
        Replay::Events { events, .. } if !events.is_empty() => Ok(events),
        // Trimmed while we read: the client comes back and is told so.
        Replay::Events { .. } | Replay::Unrecovered { .. } => {
            Err(End::Close(CloseReason::RecoveryOverflow))
        }
    }
}

fn unrecovered(position: Position, reason: Unrecovered) -> Recovery {
    Recovery {
        position,
        recovered: false,
        replayed: 0,
        reason: Some(reason),
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
