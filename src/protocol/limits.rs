//! How much one message, page or request may hold, and how long a call may wait.

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
