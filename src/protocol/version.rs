//! How the two sides tell each other which protocol they speak, and the names of other headers.

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
