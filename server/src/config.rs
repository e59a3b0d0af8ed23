//! Every setting of a server, with its unit and default.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ordertop::clock::{Clock, SystemClock};
use subtle::ConstantTimeEq;

use crate::store::{Retention, StoreOptions, StoreUrl};

/// The variable that holds the token which all callers share.
pub const TOKEN_VARIABLE: &str = "ORDERTOP_MASTER_TOKEN";

/// Every setting of a server. `--help` names the flags and variables.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the orders are.
    pub store: StoreUrl,
    /// How long events can be replayed.
    pub retention: Retention,
    /// A commit on Redis waits for so many replicas; 0 for none.
    pub redis_wait: u32,
    /// The token that all callers share. `None` makes one, on loopback alone.
    pub master_token: Option<Secret>,
    /// Sockets of one vendor need no credentials: the seed's dashboard sends none.
    pub open_sockets: bool,
    /// Origins whose pages may call and connect: `https://shop.example`.
    pub allow_origins: Vec<String>,
    /// A proxy in front speaks TLS, so plain HTTP beyond loopback is meant.
    pub behind_proxy: bool,
    /// Times.
    pub timing: Timing,
    /// Bounds.
    pub limits: Limits,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl Config {
    /// The default port: the only unprivileged one that `WooCommerce` calls.
    pub const DEFAULT_PORT: u16 = 8080;
    /// The default store, in the working folder.
    pub const DEFAULT_STORE: &'static str = "orders.db";

    /// The defaults, for the store at `store`.
    #[must_use]
    pub fn new(store: impl Into<StoreUrl>) -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), Self::DEFAULT_PORT),
            store: store.into(),
            retention: Retention::default(),
            redis_wait: 0,
            master_token: None,
            open_sockets: false,
            allow_origins: Vec::new(),
            behind_proxy: false,
            timing: Timing::default(),
            limits: Limits::default(),
            clock: Arc::new(SystemClock),
        }
    }
}

impl Config {
    /// What opening the store needs to know.
    #[must_use]
    pub fn store_options(&self) -> StoreOptions {
        StoreOptions {
            retention: self.retention,
            redis_wait: self.redis_wait,
            timeout: self.timing.store_timeout,
            clock: self.clock.clone(),
        }
    }
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Between two pings on a socket.
    pub ping_interval: Duration,
    /// For a sign of life after a ping, and for one write to a socket.
    pub ping_timeout: Duration,
    /// For the head of a request, from the first byte of the connection or the
    /// end of the request before.
    pub head_timeout: Duration,
    /// For the body of a request.
    pub body_timeout: Duration,
    /// Without progress of a write, when the peer reads nothing.
    pub write_timeout: Duration,
    /// For a `resume` on `/ws/orders/`.
    pub resume_timeout: Duration,
    /// For a Redis that does not answer when the server starts.
    pub store_timeout: Duration,
    /// For requests and sockets to finish once the server stops.
    pub shutdown_grace: Duration,
    /// Shortest and longest ceiling of a client's wait before it comes back.
    pub retry: (Duration, Duration),
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(15),
            body_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(20),
            resume_timeout: Duration::from_secs(2),
            store_timeout: Duration::from_secs(30),
            shutdown_grace: Duration::from_secs(10),
            retry: (Duration::from_millis(500), Duration::from_secs(20)),
        }
    }
}

/// How much of anything there may be.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at once; more wait to be accepted.
    pub connections: usize,
    /// A request's body, in bytes.
    pub body_bytes: usize,
    /// Clients whose missed events are read at once; more wait in line.
    pub recoveries: usize,
    /// Frames that wait for one socket, in bytes; beyond it the socket is a
    /// slow consumer.
    pub queue_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 65_536,
            body_bytes: 1024 * 1024,
            recoveries: 64,
            queue_bytes: 2 * 1024 * 1024,
        }
    }
}

/// A token. Compared in constant time, never shown by `Debug`.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Shortest token taken from a user, in bytes, beyond loopback.
    pub const MIN_LEN: usize = 16;

    /// A token that someone chose.
    #[must_use]
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// A new token of 128 random bits, in hex.
    #[must_use]
    pub fn random() -> Self {
        Self(format!("{:032x}", rand::random::<u128>()))
    }

    /// Whether `offered` is this token, in a time that tells only lengths apart.
    #[must_use]
    pub fn matches(&self, offered: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(offered).into()
    }

    /// The token itself, to be handed to its owner.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}
