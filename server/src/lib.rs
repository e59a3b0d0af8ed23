//! The server of ordertop: orders over REST and WebSocket.
//!
//! | module | what it holds |
//! |---|---|
//! | [`config`] | every setting, with its unit and default |
//! | [`server`] | a server as a value: bind, address, stop |
//! | `accept` | takes connections, hands their requests to the routes |
//! | `feed` | what was committed, on its way from the store to the hub |
//! | [`routes`] | the whole HTTP surface on one page |
//! | [`request`], [`reply`] | what a handler is told, and what it answers |
//! | [`caller`] | who calls, and for which vendor |
//! | [`decision`] | what a request may do to an order |
//! | [`idempotency`] | a request that may be sent again happens once |
//! | [`store`] | one commit is order, history, event and position |
//! | [`hub`] | who follows which vendor; fan-out; slow consumers |
//! | [`connection`] | one connected client: recovery, loop, pings, close |
//! | [`publication`] | an event on its way to sockets, encoded once a view |
//! | [`progress`] | a connection ends when its peer reads nothing |
//! | [`cached`] | a costly value, looked for once for all who ask |
//! | [`intake`] | shops' bodies, mapped to our orders |
//! | [`import`] | orders from files |
//! | [`archive`] | a whole store as lines of JSON, and back |
//! | [`merge`] | committing orders from a shop or a file |
//! | [`doctor`] | what is wrong with a server, its store and the way to them |
//! | [`finding`] | what an examination found, and what to do about it |
//! | [`commands`] | what the binary's command line does |

mod accept;
pub mod archive;
mod body_error;
pub mod cached;
pub mod caller;
pub mod commands;
pub mod config;
pub mod connection;
pub mod decision;
pub mod doctor;
mod feed;
pub mod finding;
pub mod health;
pub mod hub;
pub mod idempotency;
pub mod import;
pub mod intake;
pub mod merge;
mod plural;
pub mod progress;
pub mod publication;
pub mod reply;
pub mod request;
pub mod routes;
pub mod server;
pub mod state;
pub mod store;
pub mod turn;

pub use config::{Config, Secret};
pub use server::{Server, StartError};
