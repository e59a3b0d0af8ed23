//! What happened to the screen, written down and played again: for bug reports,
//! pictures and tests. A record is JSON lines, one [`line::Line`] each: when, and
//! what went into [`App::update`](crate::app::App::update). Reading it back and
//! handing it to a new state, which starts as the first line says ([`start`]),
//! gives the same screens, but for the words that were replaced.
//!
//! What is about buyers is replaced before it is written ([`mask`]), and so is what
//! is typed into a dialog. What stays: order numbers, vendors' names, the title,
//! the server's own words about what it refused, keys that act, and what is typed
//! into filter and pickers. The token is never part of an event.

pub mod failure;
pub mod line;
pub mod mask;
pub mod picture;
pub mod recorder;
pub mod replay;
pub mod start;
#[cfg(test)]
mod tests;

pub use recorder::Recorder;
pub use replay::{Player, play};
