//! What every store must do, told once as a story, and what each does beside.

#![expect(
    clippy::unwrap_used,
    reason = "a story that cannot go on fails its test"
)]

mod imports;
mod once;
mod redis;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "../../../tests/support/redis.rs"]
mod redis_server;
mod sqlite;
mod story;
