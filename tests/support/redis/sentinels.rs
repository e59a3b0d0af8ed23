//! A master with replicas, and three Sentinels that watch them.

use super::{Redis, Settings, until};

const MASTER: &str = "mymaster";

/// Two Redis servers under three Sentinels, of which two must agree.
pub(crate) struct Sentinels {
    /// The master and its replica; which is which changes.
    nodes: [Redis; 2],
    master: usize,
    sentinels: Vec<Redis>,
}

impl Sentinels {
    /// All of them, each knowing the others. A master that is silent for a
    /// second is given up.
    pub(crate) async fn start() -> Self {
        let master = Redis::start().await;
        let port = master.port().to_string();
        let replica = Redis::start_with(&["--replicaof", "127.0.0.1", &port]).await;
        let mut sentinels = Vec::new();
        let port = master.port();
        let settings = Settings {
            sentinel: Some(format!(
                "sentinel monitor {MASTER} 127.0.0.1 {port} 2\n\
                 sentinel down-after-milliseconds {MASTER} 1000\n\
                 sentinel failover-timeout {MASTER} 3000\n"
            )),
            args: Vec::new(),
        };
        for _ in 0..3 {
            sentinels.push(Redis::start_as(settings.clone()).await);
        }
        let all = Self {
            nodes: [master, replica],
            master: 0,
            sentinels,
        };
        until(
            "the replica and the Sentinels to know each other",
            async || all.replica_is_in_step().await && all.sentinels_know_all().await,
        )
        .await;
        all
    }

    /// What `--store` takes.
    pub(crate) fn url(&self) -> String {
        let nodes = self.sentinels.iter();
        let nodes: Vec<_> = nodes.map(|s| format!("127.0.0.1:{}", s.port())).collect();
        format!("redis-sentinel://{}/{MASTER}", nodes.join(","))
    }

    pub(crate) fn master(&self) -> &Redis {
        &self.nodes[self.master]
    }

    pub(crate) fn replica(&self) -> &Redis {
        &self.nodes[1 - self.master]
    }

    /// Kills the master and waits until the replica is promoted and every
    /// Sentinel says so.
    pub(crate) async fn kill_master(&mut self) {
        self.nodes[self.master].kill();
        self.master = 1 - self.master;
        let port = self.master().port().to_string();
        until("the replica to be promoted", async || {
            for sentinel in &self.sentinels {
                let ask = ["SENTINEL", "get-master-addr-by-name", MASTER];
                let known = sentinel.ask(&ask).await.unwrap_or_default();
                if !known.lines().any(|line| line == port) {
                    return false;
                }
            }
            self.master().info("replication", "role").await.as_deref() == Some("master")
        })
        .await;
    }

    /// Starts the one that was killed as a replica of the other, and waits until
    /// it has everything.
    pub(crate) async fn bring_back(&mut self) {
        let port = self.master().port().to_string();
        let follow = ["--replicaof", "127.0.0.1", &port];
        self.nodes[1 - self.master].restart_with(&follow).await;
        until("it to follow", async || self.replica_is_in_step().await).await;
    }

    async fn replica_is_in_step(&self) -> bool {
        let link = self.replica().info("replication", "master_link_status");
        let replicas = self.master().info("replication", "connected_slaves");
        link.await.as_deref() == Some("up") && replicas.await.as_deref() == Some("1")
    }

    async fn sentinels_know_all(&self) -> bool {
        for sentinel in &self.sentinels {
            let Ok(known) = sentinel.ask(&["SENTINEL", "master", MASTER]).await else {
                return false;
            };
            let known: Vec<_> = known.lines().collect();
            let is = |field, value| known.windows(2).any(|pair| pair == [field, value]);
            if !(is("num-slaves", "1") && is("num-other-sentinels", "2") && is("flags", "master")) {
                return false;
            }
        }
        true
    }
}
