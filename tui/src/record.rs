//! What happened to the screen, written down and played again: for bug reports,
//! pictures and tests. A record is JSON lines, one [`line::Line`] each: when, and
//! what went into [`App::update`](crate::app::App::update). Reading it back and
//! handing it to a new state, which starts as the first line says ([`start`]),
//! gives the same screens, but for the words that were replaced.
//!
//! Everything that goes in is a line, the clock's ticks and the frames too: what a
//! filter lets through, what is sent and what a key may mean depends on when they
//! came. Records of older programs ([`start::FORM`]) have neither, and a replay
//! makes them up.
//!
//! What is about buyers is replaced before it is written ([`mask`]), and so is what
//! is typed into a dialog, and what a program of the user's says (it was told of
//! buyers). What stays: order numbers, vendors' names, the title, the server's own
//! words about what it refused, the disk's about what it did not keep, keys that act,
//! and what is typed into filter and pickers. The token is never part of an event.

pub mod answer;
pub mod change;
pub mod connection;
pub mod failure;
pub mod input;
pub mod line;
pub mod mask;
pub mod picture;
pub mod recorder;
pub mod replay;
pub mod start;
#[cfg(test)]
mod tests;
mod writer;

pub use recorder::Recorder;
pub use replay::{Player, play};
