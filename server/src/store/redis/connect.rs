//! The way to a Redis: one server, the master that sentinels name, or a cluster.
//!
//! A [`Link`] keeps one multiplexed connection and makes a new one when it
//! breaks, or when Redis does not answer in time: a connection that a proxy
//! stalls would never tell. Every step has a time limit, so that a caller hears
//! within [`PATIENCE`] whether Redis answers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;
use redis::sentinel::{Sentinel, SentinelNodeConnectionInfo};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind,
    IntoConnectionInfo, ProtocolVersion, PushInfo, RedisConnectionInfo, RedisError, RedisFuture,
    RedisResult, ServerErrorKind, TlsMode, Value,
};
use tokio::time::Instant;

use crate::store::url::{Node, RedisUrl, Topology};

/// For a connection to come about, and for an answer to a command.
const STEP: Duration = Duration::from_millis(900);
/// For both, one after the other: what a caller waits at most.
pub(super) const PATIENCE: Duration = Duration::from_millis(1_900);

/// How long a map of a cluster is taken to be right, whatever a node says.
const MAP_FRESH: Duration = Duration::from_secs(1);

mod members;

/// Where pushed messages go; must not block.
pub(super) type Pushed = Arc<dyn Fn(PushInfo) + Send + Sync>;

/// Makes connections.
#[derive(Debug)]
pub(super) struct Connector {
    url: RedisUrl,
    /// The masters of the cluster at the last look: those of the address may be gone.
    members: Mutex<Vec<Node>>,
}

/// A connection. Cheap to clone; clones share it, and commands sent at once are
/// pipelined.
#[derive(Clone)]
pub(super) enum Connection {
    /// To one server.
    One(MultiplexedConnection),
    /// To a cluster.
    Cluster(ClusterConnection),
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::One(_) => "One",
            Self::Cluster(_) => "Cluster",
        })
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(one) => one.req_packed_command(cmd),
            Self::Cluster(cluster) => cluster.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a redis::Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(one) => one.req_packed_commands(pipeline, offset, count),
            Self::Cluster(cluster) => cluster.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::One(one) => one.get_db(),
            Self::Cluster(cluster) => cluster.get_db(),
        }
    }
}

impl Connection {
    /// Subscribes to channels: sharded ones on a cluster.
    pub(super) async fn subscribe(&mut self, channels: &[String]) -> RedisResult<()> {
        match self {
            Self::One(one) => one.subscribe(channels).await,
            // Each by itself: the channels of one command must share a slot.
            Self::Cluster(cluster) => {
                let each = channels.iter().map(|channel| {
                    let mut cluster = cluster.clone();
                    async move { cluster.ssubscribe(channel).await }
                });
                let done = futures_util::future::join_all(each).await;
                done.into_iter().collect()
            }
        }
    }

    /// Subscribes no longer.
    pub(super) async fn unsubscribe(&mut self, channels: &[String]) -> RedisResult<()> {
        match self {
            Self::One(one) => one.unsubscribe(channels).await,
            Self::Cluster(cluster) => {
                for channel in channels {
                    cluster.sunsubscribe(channel).await?;
                }
                Ok(())
            }
        }
    }
}

impl Connector {
    pub(super) fn new(url: RedisUrl) -> Self {
        Self {
            url,
            members: Mutex::default(),
        }
    }

    /// Whether it leads to a cluster.
    pub(super) fn is_cluster(&self) -> bool {
        matches!(self.url.topology, Topology::Cluster(_))
    }

    /// What the store is called in a summary.
    pub(super) fn kind(&self) -> &'static str {
        match self.url.topology {
            Topology::Standalone(_) => "redis",
            Topology::Sentinel { .. } => "redis-sentinel",
            Topology::Cluster(_) => "redis-cluster",
        }
    }

    /// A new connection; what Redis pushes goes to `pushed`.
    pub(super) async fn connect(&self, pushed: Option<Pushed>) -> RedisResult<Connection> {
        let connecting = async {
            match &self.url.topology {
                Topology::Standalone(node) => {
                    let client = Client::open(connection_info(&self.url, node)?)?;
                    one(&client, pushed).await
                }
                Topology::Sentinel { nodes, master } => {
                    one(&self.master(nodes, master).await?, pushed).await
                }
                Topology::Cluster(nodes) => self.cluster(nodes, pushed).await,
            }
        };
        match tokio::time::timeout(PATIENCE, connecting).await {
            Ok(connected) => connected,
            Err(_) => Err(timed_out("no connection")),
        }
    }

    /// The master that the first sentinel which answers names; it was asked
    /// whether it is one.
    async fn master(&self, sentinels: &[Node], name: &str) -> RedisResult<Client> {
        let sentinels: RedisResult<Vec<_>> =
            sentinels.iter().map(|node| self.sentinel(node)).collect();
        let mut sentinel = Sentinel::build(sentinels?)?;
        let mut of_node = SentinelNodeConnectionInfo::default()
            .set_redis_connection_info(login(&self.url))
            .set_tcp_settings(tcp_settings());
        if self.url.tls {
            of_node = of_node.set_tls_mode(TlsMode::Secure);
        }
        sentinel.async_master_for(name, Some(&of_node)).await
    }

    /// Sentinels have logins of their own, and most have none.
    fn sentinel(&self, node: &Node) -> RedisResult<ConnectionInfo> {
        let info = connection_info(&self.url, node)?;
        Ok(info.set_redis_settings(RedisConnectionInfo::default()))
    }

    async fn cluster(&self, nodes: &[Node], pushed: Option<Pushed>) -> RedisResult<Connection> {
        let members = {
            let members = self.members.lock();
            members.unwrap_or_else(PoisonError::into_inner).clone()
        };
        let mut first = nodes.to_vec();
        if let Some(found) = members::find(&self.url, nodes, &members).await {
            let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
            *members = found.masters;
            first = vec![found.asked];
        }
        let infos: RedisResult<Vec<_>> = first
            .iter()
            .map(|node| connection_info(&self.url, node))
            .collect();
        let mut builder: ClusterClientBuilder = ClusterClient::builder(infos?)
            .use_protocol(ProtocolVersion::RESP3)
            .connection_timeout(STEP)
            .response_timeout(STEP)
            .overall_response_timeout(Some(PATIENCE))
            .tcp_settings(tcp_settings())
            .retries(3)
            .min_retry_wait(20)
            .max_retry_wait(300);
        if self.url.tls {
            builder = builder.tls(TlsMode::Secure);
        }
        if let Some(pushed) = pushed {
            builder = builder.push_sender(move |info| {
                pushed(info);
                Ok::<(), ()>(())
            });
        }
        let connection = builder.build()?.get_async_connection().await?;
        Ok(Connection::Cluster(connection))
    }
}

/// How to reach one node of an address, with the address's login and database.
///
/// # Errors
/// When the library takes no such address.
pub(crate) fn connection_info(url: &RedisUrl, node: &Node) -> RedisResult<ConnectionInfo> {
    let Node { host, port } = node.clone();
    let address = if url.tls {
        ConnectionAddr::TcpTls {
            host,
            port,
            insecure: false,
            tls_params: None,
        }
    } else {
        ConnectionAddr::Tcp(host, port)
    };
    let info = address.into_connection_info()?;
    Ok(info
        .set_tcp_settings(tcp_settings())
        .set_redis_settings(login(url)))
}

fn login(url: &RedisUrl) -> RedisConnectionInfo {
    let mut login = RedisConnectionInfo::default()
        .set_db(url.database)
        .set_protocol(ProtocolVersion::RESP3);
    if let Some(username) = &url.username {
        login = login.set_username(username);
    }
    if let Some(password) = &url.password {
        login = login.set_password(password);
    }
    login
}

fn tcp_settings() -> TcpSettings {
    TcpSettings::default().set_nodelay(true)
}

/// A connection to one server.
async fn one(client: &Client, pushed: Option<Pushed>) -> RedisResult<Connection> {
    let mut config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(STEP))
        .set_response_timeout(Some(STEP));
    if let Some(pushed) = pushed {
        config = config.set_push_sender(move |info| {
            pushed(info);
            Ok::<(), ()>(())
        });
    }
    let connection = client
        .get_multiplexed_async_connection_with_config(&config)
        .await?;
    Ok(Connection::One(connection))
}

pub(super) fn timed_out(what: &str) -> RedisError {
    let seconds = PATIENCE.as_secs_f32();
    let said = format!("{what} in {seconds} s");
    std::io::Error::new(std::io::ErrorKind::TimedOut, said).into()
}

/// One connection, made anew when it breaks.
#[derive(Debug)]
pub(super) struct Link {
    connector: Arc<Connector>,
    current: Mutex<Current>,
    /// Held by the one who connects; the others wait for its connection.
    connecting: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Current {
    connection: Option<Connection>,
    /// When Redis last answered on it.
    answered: Option<Instant>,
    /// Counts the connections, so that a broken one is thrown away once.
    generation: u64,
    /// When one was last made because the map of the cluster led nowhere.
    mapped: Option<Instant>,
}

impl std::fmt::Debug for Current {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Current(generation {})", self.generation)
    }
}

impl Link {
    pub(super) fn new(connector: Arc<Connector>) -> Self {
        Self {
            connector,
            current: Mutex::default(),
            connecting: tokio::sync::Mutex::default(),
        }
    }

    /// Whoever makes the connections.
    pub(super) fn connector(&self) -> &Arc<Connector> {
        &self.connector
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn present(&self) -> Option<(Connection, u64)> {
        let current = self.lock();
        let connection = current.connection.clone()?;
        Some((connection, current.generation))
    }

    async fn connection(&self) -> RedisResult<(Connection, u64)> {
        if let Some(present) = self.present() {
            return Ok(present);
        }
        let _turn = self.connecting.lock().await;
        if let Some(present) = self.present() {
            return Ok(present);
        }
        let connection = self.connector.connect(None).await?;
        let mut current = self.lock();
        current.generation += 1;
        current.answered = None;
        current.connection = Some(connection.clone());
        Ok((connection, current.generation))
    }

    /// Throws the connection away if it is still that one.
    fn let_go(&self, generation: u64) {
        let mut current = self.lock();
        if current.generation == generation {
            current.connection = None;
        }
    }

    /// Whether a map of the cluster that led nowhere is as right as one can be: it was made
    /// anew a moment ago. Else it may be made anew now.
    fn has_fresh_map(&self, generation: u64) -> bool {
        let mut current = self.lock();
        if current.generation != generation || current.connection.is_none() {
            return false;
        }
        let fresh = current.mapped.is_some_and(|at| at.elapsed() < MAP_FRESH);
        if !fresh {
            current.mapped = Some(Instant::now());
        }
        fresh
    }

    /// Throws the connection away if nothing was answered on it since then: one
    /// that answers others is busy, and theirs too.
    fn let_go_if_silent(&self, generation: u64, since: Instant) {
        let mut current = self.lock();
        let silent = current.answered.is_none_or(|at| at < since);
        if current.generation == generation && silent {
            current.connection = None;
        }
    }

    fn answered(&self, generation: u64) {
        let mut current = self.lock();
        if current.generation == generation {
            current.answered = Some(Instant::now());
        }
    }

    /// Does something with the connection. When it turns out to be broken
    /// before Redis can have answered, it is done once more with a new one: what
    /// is done must bear being done twice.
    pub(super) async fn run<T, F: Future<Output = RedisResult<T>>>(
        &self,
        work: impl Fn(Connection) -> F,
    ) -> RedisResult<T> {
        let began = Instant::now();
        let used = AtomicU64::new(0);
        let working = async {
            let mut again = true;
            loop {
                let (connection, generation) = self.connection().await?;
                used.store(generation, Ordering::Relaxed);
                match work(connection).await {
                    Err(error) if error.is_timeout() => {
                        self.let_go_if_silent(generation, began);
                        return Err(error);
                    }
                    // The cluster itself is down: another connection would see no more.
                    Err(error) if names_no_node(&error) && self.has_fresh_map(generation) => {
                        return Err(error);
                    }
                    Err(error) if is_broken(&error) => {
                        self.let_go(generation);
                        if !std::mem::take(&mut again) {
                            return Err(error);
                        }
                    }
                    done => {
                        self.answered(generation);
                        return done;
                    }
                }
            }
        };
        match tokio::time::timeout_at(began + PATIENCE, working).await {
            Ok(done) => done,
            Err(_) => {
                self.let_go_if_silent(used.into_inner(), began);
                Err(timed_out("no answer"))
            }
        }
    }
}

/// Whether a connection with this error is of no more use: it broke, it does not
/// answer, the server at its end is no master any more, or its map of the cluster leads
/// to a node that serves nothing.
pub(super) fn is_broken(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_timeout()
        || error.is_unrecoverable_error()
        || names_no_node(error)
        || matches!(
            error.kind(),
            ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown)
        )
}

/// Whether a cluster's node does not serve what was asked of it, and names no other that
/// does. A node that was removed says so for ever, and the library asks it for ever: it
/// looks for another map only when it is sent to another node.
fn names_no_node(error: &RedisError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Server(ServerErrorKind::ClusterDown) | ErrorKind::ClusterConnectionNotFound
    )
}
