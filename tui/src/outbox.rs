//! Changes that wait on disk for the server: made while nothing answered, or
//! sent and not answered.
//!
//! A change is written down with its `Idempotency-Key` and the version that the
//! user saw, and is on the disk before the screen calls it waiting. It is sent
//! under that key by whichever program is connected first, and struck out once
//! the server said what came of it. A kill at any moment, a second program and a
//! second sending change nothing: what was called waiting is still there, and
//! the server does a key once. `docs/OUTBOX.md` has the file's format.
//!
//! [`store`] owns the file, [`desk`] does its work for the screen's loop, and
//! what waits on the screen is [`crate::app::outbox`]'s.

pub mod desk;
mod record;
pub mod store;

use std::path::PathBuf;

use crate::files;
pub use desk::Desk;
pub use store::{OutboxError, Store};

/// Where outboxes lie: `$XDG_STATE_HOME/ordertop/outbox`, which is
/// `~/.local/state/ordertop/outbox` unless that is set; `None` without a home.
#[must_use]
pub fn default_dir() -> Option<PathBuf> {
    Some(files::state_folder()?.join("outbox"))
}
