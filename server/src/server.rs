//! A server as a value: bind it, learn its address, stop it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::Either;
use http::header::HOST;
use http::{HeaderMap, Version};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use ordertop::protocol::message::VendorAdded;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{Config, Secret};
use crate::health::Health;
use crate::hub::Hub;
use crate::progress::WriteProgress;
use crate::publication::Publication;
use crate::reply::ApiError;
use crate::routes;
use crate::state::AppState;
use crate::store::lock::{self, Locked, Owner, StoreLock};
use crate::store::{self, News, StoreError, StoreUrl};

/// Commits' events on their way to the hub; where they pile up, commits wait.
const BATCHES_IN_FEED: usize = 256;

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

/// A connection's place among [`crate::config::Limits::connections`]: given back
/// when its requests have ended, or the socket that it became.
#[derive(Debug, Clone)]
pub struct Turn(#[expect(dead_code, reason = "held, never read")] Arc<OwnedSemaphorePermit>);

/// Takes connections until the server stops; at the limit, they wait.
async fn accept(state: Arc<AppState>, listener: TcpListener) {
    let turns = Arc::new(Semaphore::new(state.config.limits.connections));
    let service = TowerToHyperService::new(warp::service(routes::routes(state.clone())));
    let mut http = http1::Builder::new();
    // Without a timer the time limit on a request's head does nothing.
    http.timer(TokioTimer::new())
        .header_read_timeout(state.config.timing.head_timeout);
    http.max_buf_size(64 * 1024);
    loop {
        let stream = tokio::select! {
            biased;
            () = state.draining.cancelled() => return,
            taken = take(&turns, &listener) => taken,
        };
        let (stream, turn) = match stream {
            Ok(taken) => taken,
            // The connection's own misfortune.
            Err(error) if is_of_one_connection(&error) => continue,
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                // Out of file descriptors, most likely: the listener stays
                // ready, and without a pause this would spin.
                tokio::select! {
                    () = state.draining.cancelled() => return,
                    () = tokio::time::sleep(Duration::from_secs(1)) => continue,
                }
            }
        };
        // A small frame should leave at once, not wait for a fuller packet.
        let _ = stream.set_nodelay(true);
        let stream = WriteProgress::new(stream, state.config.timing.write_timeout);
        let turn = Turn(Arc::new(turn));
        let service = service.clone();
        let with_turn = service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
            if let Err(error) = check_host(request.version(), request.headers()) {
                let refused = routes::finish(request.uri().path(), error.into_response());
                return Either::Left(std::future::ready(Ok(refused)));
            }
            request.extensions_mut().insert(turn.clone());
            Either::Right(service.call(request))
        });
        let connection = http
            .serve_connection(TokioIo::new(stream), with_turn)
            .with_upgrades();
        let draining = state.draining.clone();
        state.tasks.spawn(async move {
            tokio::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = draining.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
}

/// Checks that a request of HTTP/1.1 names its host once (RFC 9112, section 3.2); older ones need not.
fn check_host(version: Version, headers: &HeaderMap) -> Result<(), ApiError> {
    let hosts = headers.get_all(HOST).iter().count();
    if hosts == 1 || (hosts == 0 && version < Version::HTTP_11) {
        return Ok(());
    }
    let wanted = "send one `Host` header: HTTP/1.1 needs it";
    Err(ApiError::bad("bad_host", wanted))
}

fn is_of_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

async fn take(
    turns: &Arc<Semaphore>,
    listener: &TcpListener,
) -> std::io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let turn = turns
        .clone()
        .acquire_owned()
        .await
        .map_err(std::io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, turn))
}

/// Hands the store's news to the hub, in their order.
async fn feed_hub(state: Arc<AppState>, mut fed: mpsc::Receiver<Vec<News>>) {
    let mut batches = Vec::new();
    let mut publications = Vec::new();
    while fed.recv_many(&mut batches, 64).await > 0 {
        for news in batches.drain(..).flatten() {
            match news {
                News::Event(event) => publications.push(Arc::new(Publication::order(event))),
                News::Vendor(vendor) => {
                    let added = VendorAdded {
                        vendor_id: vendor.id,
                        name: vendor.name,
                        position: vendor.position,
                        timestamp: state.now(),
                    };
                    publications.push(Arc::new(Publication::vendor_added(added)));
                }
                News::HistoryChanged(vendor) => {
                    publish(&state, &mut publications);
                    tracing::warn!(%vendor, "its history has changed: its followers ask anew");
                    state.hub.ask_anew(&vendor);
                }
                News::Away(reason) => {
                    publish(&state, &mut publications);
                    tracing::error!(reason, "the store is away");
                    state.hub.tell_all(&Arc::new(Publication::degraded()));
                }
                News::Back => {
                    publish(&state, &mut publications);
                    tracing::info!("the store is back");
                    state.hub.tell_all(&Arc::new(Publication::restored()));
                }
            }
        }
        publish(&state, &mut publications);
    }
}

fn publish(state: &AppState, publications: &mut Vec<Arc<Publication>>) {
    let count = publications.len() as u64;
    state.events_published.fetch_add(count, Ordering::Relaxed);
    state.hub.publish(publications);
    publications.clear();
}
