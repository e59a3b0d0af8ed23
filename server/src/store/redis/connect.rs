//! The way to a Redis: one server, the master that sentinels name, or a cluster.

use std::sync::{Mutex, PoisonError};

use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::sentinel::{Sentinel, SentinelNodeConnectionInfo};
use redis::{Client, ConnectionInfo, ProtocolVersion, RedisConnectionInfo, RedisResult, TlsMode};

use super::connection::{
    Connection, PATIENCE, Pushed, STEP, connection_info, login, one, tcp_settings, timed_out,
};
use crate::store::url::{Node, RedisUrl, Topology};

mod members;

/// Makes connections.
#[derive(Debug)]
pub(super) struct Connector {
    url: RedisUrl,
    /// The masters of the cluster at the last look: those of the address may be gone.
    members: Mutex<Vec<Node>>,
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
