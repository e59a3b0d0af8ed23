//! The wire, version 1: what server and clients say to each other.
//!
//! The conversation on a socket:
//!
//! 1. The client opens `/ws/vendor/{vendor_id}/orders/` (with
//!    `?position=offset:mark` when it has one) or `/ws/orders/`. Its
//!    credentials are checked before the upgrade. Request and answer carry the
//!    header [`VERSION_HEADER`].
//! 2. On `/ws/orders/` the client sends [`message::ClientMessage::Resume`] with
//!    its positions.
//! 3. The server answers [`message::ServerMessage::Welcome`] and replays what
//!    the client missed, all or nothing.
//! 4. Events follow as they are committed, each with its [`Position`] and the
//!    mark of the one before it.
//! 5. Either side closes; [`close::CloseReason`] says whether to come back.
//!
//! JSON, UTF-8, times RFC 3339 in UTC, money as decimal text. A reader ignores
//! fields and types that it does not know.

pub mod close;
pub(crate) mod lenient;
pub mod listed;
pub mod message;
pub(crate) mod number;
pub mod old;
pub mod packed;
pub mod position;
pub mod rest;

pub use close::CloseReason;
pub use listed::{ListedOrder, ListedTotals};
pub use message::{ClientMessage, EventKind, OrderEvent, ServerMessage, Welcome};
pub use packed::PackedOrder;
pub use position::{Mark, Position};

/// The version that [`VERSION_HEADER`] and the welcome carry.
pub const VERSION: u32 = 1;
/// The header that carries [`VERSION`], both ways: a client sends it with each call and handshake,
/// a server answers with it. A peer without it speaks the old system's protocol, or another one.
pub const VERSION_HEADER: &str = "ordertop-protocol";
/// The WebSocket subprotocol of [`VERSION`], for pages of browsers, which can set no header.
pub const SUBPROTOCOL: &str = "ordertop.v1";
/// The header of a list's first page that tells how many orders all its pages hold.
pub const TOTAL_COUNT: &str = "x-total-count";
/// The header of a change that may be sent again and is to happen once.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// Longest message that a server takes on one vendor's socket, in bytes: the
/// clients of those say little more than `ping`.
pub const MAX_CLIENT_MESSAGE_BYTES: usize = 64 * 1024;
/// Longest message that a server takes on `/ws/orders/`, in bytes: a `resume`
/// with the positions of some 25,000 vendors.
pub const MAX_RESUME_BYTES: usize = 1024 * 1024;
/// Most orders that one page of a list, one array or one bulk change holds.
pub const MAX_ORDERS: usize = 1_000;
/// Most rows that change one and the same order in one bulk change.
pub const MAX_CHANGES_OF_ORDER: u64 = 20;
/// Most bytes of orders, as JSON, that the answer to a bulk change holds.
pub const MAX_BULK_ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// Longest that a call for events may wait, in seconds.
pub const MAX_WAIT_S: u64 = 30;
