//! A connection to one server or to a cluster, and how one is made.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, IntoConnectionInfo,
    ProtocolVersion, PushInfo, RedisConnectionInfo, RedisError, RedisFuture, RedisResult, Value,
};

use crate::store::url::{Node, RedisUrl};

/// For a connection to come about, and for an answer to a command.
pub(super) const STEP: Duration = Duration::from_millis(900);

/// For both, one after the other: what a caller waits at most.
pub(super) const PATIENCE: Duration = Duration::from_millis(1_900);

/// Where pushed messages go; must not block.
pub(super) type Pushed = Arc<dyn Fn(PushInfo) + Send + Sync>;

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

pub(super) fn login(url: &RedisUrl) -> RedisConnectionInfo {
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

pub(super) fn tcp_settings() -> TcpSettings {
    TcpSettings::default().set_nodelay(true)
}

/// A connection to one server.
pub(super) async fn one(client: &Client, pushed: Option<Pushed>) -> RedisResult<Connection> {
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
