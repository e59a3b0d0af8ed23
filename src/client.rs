//! The live client that every program uses: screen, command line and tests.
//!
//! [`Client::start`] spawns one task that owns the connection and the replica.
//! It follows the server's socket; while the socket is down it polls, and keeps
//! trying the socket for ever. Whatever it learns comes out of one channel as
//! [`ClientEvent`]s, in order, each change once. Requests (change a status,
//! fetch a detail) go through the [`Client`] handle.

pub mod event;

pub use event::{Change, ClientEvent, Connection, ConnectionState, Credentials};
