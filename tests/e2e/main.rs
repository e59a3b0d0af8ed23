//! End-to-end: the real binaries, real sockets, a real pseudo-terminal.
//!
//! One module a story. Every server listens on port 0 and keeps its store in a
//! directory of its own, so that all tests run side by side. Nothing here waits
//! for an amount of time: each wait is for an event, and has a deadline.

// `clippy.toml` allows `unwrap` in tests; this says that all of it is one.
#[cfg(test)]
mod support;

#[cfg(test)]
#[expect(dead_code, reason = "the store's own tests use the rest")]
#[path = "../support/redis.rs"]
mod redis_server;

#[cfg(test)]
mod archive;
#[cfg(test)]
mod away;
#[cfg(test)]
mod balancer;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod handshake;
#[cfg(test)]
mod hangup;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod http;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod import;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod legacy;
#[cfg(test)]
mod live;
#[cfg(test)]
mod manners;
#[cfg(test)]
mod moving;
#[cfg(test)]
mod notes;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod placing;
#[cfg(test)]
mod screen;
#[cfg(test)]
mod shutdown;
#[cfg(test)]
mod slow;
#[cfg(test)]
mod start;
#[cfg(test)]
mod story;
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod tracking;
