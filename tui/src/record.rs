//! What happened to the screen, written down and played again: for bug reports,
//! pictures and tests. A record is JSON lines, one [`line::Line`] each: when, and
//! what went into [`App::update`](crate::app::App::update). Reading it back and
//! handing it to a new state gives the same screens.
//!
//! What is about buyers is replaced before it is written ([`mask`]); the token is
//! never part of an event.

pub mod line;
pub mod mask;
pub mod picture;
pub mod recorder;
pub mod replay;

pub use recorder::Recorder;
pub use replay::{Player, play};
