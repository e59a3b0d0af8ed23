//! What the live client tells the one who started it.

use std::time::Duration;

use jiff::Timestamp;

use crate::order::VendorId;
use crate::protocol::rest::Vendor;
use crate::replica::Change;

/// Who the client says it is. `Debug` never shows the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The shared master token (`X-Master-Token`).
    pub master_token: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials { .. }")
    }
}

/// One thing that the client tells. They come in order.
#[derive(Debug, Clone)]
pub enum ClientEvent {
    /// The state of the connection changed, or one of its figures did.
    Connection(Connection),
    /// The vendors that the credentials may see, whenever they change.
    Vendors(Vec<Vendor>),
    /// A snapshot is being fetched: how many orders have come so far.
    Loading {
        /// Orders received.
        received: usize,
        /// How many there will be, once every vendor that is fetched has told.
        total: Option<usize>,
    },
    /// What changed in the replica, oldest first.
    Changes(Vec<Change>),
    /// The server's history is not the one that was followed (it was restored,
    /// or lost its end), and these vendors' orders were fetched anew. Comes
    /// right after their [`Change::Snapshot`].
    HistoryChanged(Vec<VendorId>),
}

/// The connection as a status line shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Which state.
    pub state: ConnectionState,
    /// When data was last known to be whole: the last frame or poll answer; of
    /// a server of the old kind, whose frames do not tell all, the last list.
    pub fresh_at: Option<Timestamp>,
    /// Round trip of the last ping or poll.
    pub round_trip: Option<Duration>,
    /// Whether the server is of the old kind (no positions, no recovery).
    pub legacy: bool,
}

/// Where the client's state machine stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionState {
    /// The first attempt is under way, and nothing is known yet.
    Connecting,
    /// The socket is up.
    Live {
        /// The server said that its store is away.
        degraded: bool,
    },
    /// The socket is down; polls are answered.
    Polling {
        /// How often.
        every: Duration,
        /// When next.
        next_at: Timestamp,
        /// Why the socket is down, in a sentence's part: `connection refused`.
        reason: String,
        /// The user turned real-time off.
        paused: bool,
    },
    /// Neither socket nor polls get through.
    Offline {
        /// Since when.
        since: Timestamp,
        /// When the next attempt is due.
        next_at: Timestamp,
        /// Why.
        reason: String,
    },
    /// The server refuses these credentials or this vendor (401, 403, 404, or a
    /// close code from 4500): tried again every poll interval, for someone may
    /// have mended it.
    Refused {
        /// What the server said.
        reason: String,
        /// When the next attempt is due.
        next_at: Timestamp,
    },
}
