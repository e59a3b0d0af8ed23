//! One connected client: its recovery, its loop, its pings, its close.
//!
//! The client follows from before its missed events are read, so nothing can
//! fall between: what was replayed and waits in the queue too is known by its
//! offset and sent once.

use std::sync::Arc;

use ordertop::protocol::CloseReason;
use ordertop::protocol::listed::View;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;

use crate::state::AppState;
use crate::store::{Following, Watch};

mod end;
mod recovery;
mod serve;
mod start;

pub use start::{Dialect, Start};

use end::End;
use serve::{Connection, Replayed, close_frame};

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
