//! What a request may do to an order: the decisions that a store is handed.
//!
//! Nothing here reads a clock, a socket or a store; each function makes a
//! [`Decide`](crate::store::Decide) of what the request said.

mod bounded;
mod entry;
mod intake;
mod note;
mod parcel;
mod step;
#[cfg(test)]
mod tests;
pub mod tracking;
pub mod undo;

pub use bounded::at_most_of_each;
pub use intake::{import, place};
pub use note::{NoteRequest, add_note};
pub use step::{StatusRequest, change_status};
