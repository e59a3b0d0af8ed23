//! What every store must do, told once as a story, and what each does beside.

#![expect(
    clippy::unwrap_used,
    reason = "a story that cannot go on fails its test"
)]

mod sqlite;
mod story;
