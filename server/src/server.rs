//! A server as a value: bind it, learn its address, stop it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accept::accept;
use crate::config::{Config, Secret};
use crate::feed::{BATCHES_IN_FEED, feed_hub};
use crate::health::Health;
use crate::hub::Hub;
use crate::state::AppState;
use crate::store::lock::{self, Locked, Owner, StoreLock};
use crate::store::{self, StoreError, StoreUrl};

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another server has the store.
    #[error(
        "the store {path} is in use by the server at {url} (process {pid}): stop that one, or give another --store"
    )]
    StoreInUse {
        /// Which store.
        path: String,
        /// Where its owner listens.
        url: String,
        /// The owner's process.
        pid: u32,
    },
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address is not to be had.
    #[error("cannot listen on {address}: {reason}")]
    Bind {
        /// Which address.
        address: SocketAddr,
        /// Why, and what to do.
        reason: String,
    },
    /// Beyond loopback without a token.
    #[error(
        "refusing to listen on {0} without a token: set ORDERTOP_MASTER_TOKEN to a long random text, such as the output of `openssl rand -hex 32`"
    )]
    NoToken(SocketAddr),
    /// Beyond loopback with a token that can be guessed.
    #[error("refusing to listen on {address} with a token of {len} characters: set ORDERTOP_MASTER_TOKEN to at least {min}, such as the output of `openssl rand -hex 32`", min = Secret::MIN_LEN)]
    WeakToken {
        /// Which address.
        address: SocketAddr,
        /// How long the token is.
        len: usize,
    },
    /// Plain HTTP beyond loopback.
    #[error(
        "refusing to speak plain HTTP on {0}: put a proxy with TLS in front and say so with --behind-proxy, or listen on 127.0.0.1"
    )]
    PlainHttp(SocketAddr),
}

/// A running server. Dropping it without [`Self::stop`] leaves its sockets to
/// the runtime; commits that were answered are safe either way.
#[derive(Debug)]
pub struct Server {
    state: Arc<AppState>,
    address: SocketAddr,
    made_token: bool,
    accepting: tokio::task::JoinHandle<()>,
    feeding: tokio::task::JoinHandle<()>,
    /// Of an embedded store; a shared one has none.
    _lock: Option<StoreLock>,
}

impl Server {
    /// Opens the store, binds the address and serves. When this returns, the
    /// server answers.
    ///
    /// # Errors
    /// [`StartError`], in words for the operator.
    pub async fn bind(config: Config) -> Result<Self, StartError> {
        let (master_token, made_token) = token(&config)?;
        let path = config.store.to_string();
        let mut lock = match &config.store {
            StoreUrl::Redis(_) => None,
            StoreUrl::File(file) => match lock::lock(file).await? {
                Locked::Ours(lock) => Some(lock),
                Locked::Theirs(Owner { url, pid, .. }) => {
                    return Err(StartError::StoreInUse { path, url, pid });
                }
            },
        };
        // Before the store is opened: a wrong address should make no store.
        let listener = listen(config.listen)?;
        let address = listener.local_addr().unwrap_or(config.listen);
        let (feed, fed) = mpsc::channel(BATCHES_IN_FEED);
        let store = store::open(&config.store, &config.store_options(), Some(feed)).await?;
        let recoveries = config.limits.recoveries;
        let state = Arc::new(AppState {
            started_at: config.clock.now(),
            config,
            master_token,
            management_token: Secret::random(),
            store,
            hub: Arc::new(Hub::default()),
            health: Health::default(),
            draining: CancellationToken::new(),
            tasks: TaskTracker::new(),
            recoveries: Semaphore::new(recoveries),
            events_published: AtomicU64::new(0),
        });
        let owner = Owner {
            url: format!("http://{}", reachable(address)),
            token: state.management_token.reveal().to_owned(),
            pid: std::process::id(),
        };
        if let Some(lock) = &mut lock {
            lock.announce(&owner).map_err(|error| StoreError::Open {
                path,
                reason: format!("its lock cannot be written: {error}"),
            })?;
        }
        let feeding = tokio::spawn(feed_hub(state.clone(), fed));
        let accepting = tokio::spawn(accept(state.clone(), listener));
        Ok(Self {
            state,
            address,
            made_token,
            accepting,
            feeding,
            _lock: lock,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The token that callers need.
    #[must_use]
    pub fn master_token(&self) -> &str {
        self.state.master_token.reveal()
    }

    /// Whether the token was made for this run, because none was given.
    #[must_use]
    pub fn made_token(&self) -> bool {
        self.made_token
    }

    /// Stops: no new connections, requests finish, sockets are told to come
    /// back and closed, the store closes. After the grace period the rest is cut.
    ///
    /// # Errors
    /// When the store could not be closed.
    pub async fn stop(self) -> Result<(), StoreError> {
        self.state.draining.cancel();
        let _ = self.accepting.await;
        self.state.tasks.close();
        let grace = self.state.config.timing.shutdown_grace;
        if tokio::time::timeout(grace, self.state.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(
                left = self.state.tasks.len(),
                "connections were cut: the grace period is over"
            );
        }
        self.state.store.close().await?;
        // The store was the last to feed.
        let _ = self.feeding.await;
        Ok(())
    }
}

/// The token to use, and whether it was made here.
fn token(config: &Config) -> Result<(Secret, bool), StartError> {
    let address = config.listen;
    let loopback = address.ip().is_loopback();
    match &config.master_token {
        None if loopback => Ok((Secret::random(), true)),
        None => Err(StartError::NoToken(address)),
        Some(_) if !loopback && !config.behind_proxy => Err(StartError::PlainHttp(address)),
        Some(token) if !loopback && token.reveal().len() < Secret::MIN_LEN => {
            Err(StartError::WeakToken {
                address,
                len: token.reveal().len(),
            })
        }
        Some(token) => Ok((token.clone(), false)),
    }
}

/// The address as a program on this machine reaches it.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        std::net::IpAddr::V4(ip) if ip.is_unspecified() => std::net::Ipv4Addr::LOCALHOST.into(),
        std::net::IpAddr::V6(ip) if ip.is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    let bind = || {
        let socket = if address.is_ipv4() {
            tokio::net::TcpSocket::new_v4()?
        } else {
            tokio::net::TcpSocket::new_v6()?
        };
        // A restart takes the port at once, whatever lingers of the last run.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(4_096)
    };
    bind().map_err(|error: std::io::Error| {
        let reason = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "another program listens there: stop it, or choose another port with --listen"
                    .into()
            }
            std::io::ErrorKind::PermissionDenied => {
                "ports below 1024 need privileges: choose a higher one with --listen".into()
            }
            std::io::ErrorKind::AddrNotAvailable => {
                "this machine does not have that address".into()
            }
            _ => error.to_string(),
        };
        StartError::Bind { address, reason }
    })
}
