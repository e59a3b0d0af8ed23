//! What the stories share: servers, callers, sockets, a network that breaks and
//! a terminal that can be read.

mod client;
mod fixtures;
mod frames;
mod http;
pub(crate) mod ledger;
mod legacy;
mod once;
mod process;
mod proxy;
mod raw;
mod redis_proxy;
mod screen;
mod server;
mod socket;

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

pub(crate) use client::follow;
pub(crate) use fixtures::{order, paid, paid_now, placed_at};
pub(crate) use frames::{Frame, Frames};
pub(crate) use http::{Answer, Caller};
pub(crate) use legacy::OldServer;
pub(crate) use once::{made_once, step_of};
pub(crate) use process::{Finished, binary, command, run};
pub(crate) use proxy::{FaultProxy, Harm, Network};
pub(crate) use raw::RawConnection;
pub(crate) use redis_proxy::RedisProxy;
pub(crate) use screen::{Screen, UP};
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

/// The same for a call that blocks. Its thread is left behind when the deadline
/// passes: one of the runtime's would hold up the failure.
pub(crate) async fn blocking<T: Send + 'static>(
    what: &str,
    call: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || tell.send(call()));
    within(what, told).await.expect("it does not panic")
}

/// A turn for a test that keeps the whole machine busy: two at once have one.
pub(crate) async fn heavy() -> SemaphorePermit<'static> {
    static TURNS: Semaphore = Semaphore::const_new(2);
    TURNS.acquire().await.expect("never closed")
}

/// A figure for whoever reads the test's output (`--nocapture`).
#[expect(clippy::print_stderr, reason = "libtest shows it with --nocapture")]
pub(crate) fn tell(line: &str) {
    eprintln!("{line}");
}
