//! The shared library of ordertop: what an order is, how a server and its
//! clients talk about it, and the live client that every program uses.
//!
//! | module | what it holds |
//! |---|---|
//! | [`order`] | vendor orders, their status table, money, text cleaning |
//! | [`clock`] | time as an argument |
//! | [`protocol`] | the wire: messages, positions, close codes, REST bodies |
//! | [`replica`] | a vendor's orders as last known |
//! | [`client`] | the live client: socket first, polling while it is down |
//!
//! `order`, `protocol` and `replica` do no input or output.

pub mod client;
pub mod clock;
pub mod order;
pub mod protocol;
pub mod replica;
