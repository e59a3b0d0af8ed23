//! What the stories share: servers, callers, sockets, a network that breaks and
//! a terminal that can be read.

mod fixtures;
mod http;
mod legacy;
mod process;
mod proxy;
mod raw;
mod screen;
mod server;
mod socket;

use std::time::Duration;

pub(crate) use fixtures::{order, paid, placed_at};
pub(crate) use http::{Answer, Caller};
pub(crate) use legacy::OldServer;
pub(crate) use process::{Finished, binary, command, run};
pub(crate) use proxy::{FaultProxy, Network};
pub(crate) use raw::RawConnection;
pub(crate) use screen::Screen;
pub(crate) use server::TestServer;
pub(crate) use socket::{Socket, origin};

/// The master token of every test server.
pub(crate) const TOKEN: &str = "token-of-the-tests-4f1c9a";

/// How long anything may take before a test gives up: far more than a debug
/// build on a busy machine needs.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Waits for `future`, and panics with `what` when the deadline passes.
pub(crate) async fn within<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(output) => output,
        Err(_) => panic!("waited {DEADLINE:?} for {what}"),
    }
}
