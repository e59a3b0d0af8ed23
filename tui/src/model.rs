//! What is shown, as data: orders, rows, filters, keys, notices. It knows no screen, no sentence, no file, no clock and
//! no task.

pub mod address;
pub mod alerts;
pub mod bulk;
pub mod carrier;
pub mod digest;
pub mod figures;
pub mod filter;
#[cfg(test)]
pub mod fixture;
pub mod kept;
pub mod keymap;
pub mod notices;
pub mod orders;
pub mod outbox;
pub(crate) mod rank;
pub mod row;
pub mod sort;
pub mod start;
pub mod step;
pub mod text;
pub mod views;
