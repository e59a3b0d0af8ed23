//! The server of ordertop.

pub mod import;
pub mod intake;
