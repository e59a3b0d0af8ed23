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
mod limits;
pub mod listed;
pub mod message;
pub(crate) mod number;
pub mod old;
pub mod packed;
pub mod position;
pub mod rest;
mod version;

pub use close::CloseReason;
pub use limits::{
    MAX_BULK_ANSWER_BYTES, MAX_CHANGES_OF_ORDER, MAX_CLIENT_MESSAGE_BYTES, MAX_ORDERS,
    MAX_RESUME_BYTES, MAX_WAIT_S,
};
pub use listed::{ListedOrder, ListedTotals};
pub use message::{ClientMessage, EventKind, OrderEvent, ServerMessage, Welcome};
pub use packed::PackedOrder;
pub use position::{Mark, Position};
pub use version::{IDEMPOTENCY_KEY, SUBPROTOCOL, TOTAL_COUNT, VERSION, VERSION_HEADER};
