//! A cluster of three masters, with or without a replica each.

use super::{Redis, until};

const MASTERS: usize = 3;
const SLOTS: usize = 16_384;

/// A cluster in which all slots are served.
pub(crate) struct Cluster {
    /// The masters at first, then their replicas in the same order.
    nodes: Vec<Redis>,
}

impl Cluster {
    /// Three masters.
    pub(crate) async fn start() -> Self {
        Self::of(MASTERS).await
    }

    /// Three masters and a replica of each. A node that is silent for a second
    /// is given up.
    pub(crate) async fn with_replicas() -> Self {
        Self::of(2 * MASTERS).await
    }

    async fn of(count: usize) -> Self {
        let mut nodes = Vec::new();
        for _ in 0..count {
            let settings = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000"];
            // Without it a replica that was cut off for long is never promoted.
            let always = ["--cluster-replica-validity-factor", "0"];
            nodes.push(Redis::start_with(&[&settings[..], &always].concat()).await);
        }
        for (n, node) in nodes.iter().enumerate() {
            // Different from the start, so that they need not agree first.
            let epoch = (n + 1).to_string();
            node.cli(&["CLUSTER", "SET-CONFIG-EPOCH", &epoch]).await;
            let port = nodes[0].port().to_string();
            node.cli(&["CLUSTER", "MEET", "127.0.0.1", &port]).await;
        }
        for (n, master) in nodes[..MASTERS].iter().enumerate() {
            let first = (n * SLOTS / MASTERS).to_string();
            let last = ((n + 1) * SLOTS / MASTERS - 1).to_string();
            master
                .cli(&["CLUSTER", "ADDSLOTSRANGE", &first, &last])
                .await;
        }
        let cluster = Self { nodes };
        until("the nodes to know each other", async || {
            cluster.is_whole().await
        })
        .await;
        for (replica, master) in cluster.nodes[MASTERS..].iter().zip(&cluster.nodes) {
            let id = master.cli(&["CLUSTER", "MYID"]).await;
            replica.cli(&["CLUSTER", "REPLICATE", &id]).await;
        }
        until("the replicas to follow", async || {
            cluster.replicas_are_in_step().await && cluster.is_whole().await
        })
        .await;
        cluster
    }

    /// What `--store` takes.
    pub(crate) fn url(&self) -> String {
        let nodes = self.nodes[..MASTERS].iter();
        let nodes: Vec<_> = nodes.map(|n| format!("127.0.0.1:{}", n.port())).collect();
        format!("redis-cluster://{}", nodes.join(","))
    }

    pub(crate) fn nodes(&self) -> &[Redis] {
        &self.nodes
    }

    /// The number of the first master, of [`Self::nodes`], that keeps a hash tag:
    /// what stands in braces in the keys.
    pub(crate) async fn master_of(&self, tag: &str) -> usize {
        let slot = self.nodes[0].cli(&["CLUSTER", "KEYSLOT", tag]).await;
        let slot: usize = slot.parse().expect("a slot");
        (0..MASTERS)
            .find(|n| slot < (n + 1) * SLOTS / MASTERS)
            .expect("a slot is below 16,384")
    }

    /// The replica that this master has at first.
    pub(crate) fn replica_of(&self, master: usize) -> &Redis {
        &self.nodes[MASTERS + master]
    }

    /// Starts one more master, without slots; its number, of [`Self::nodes`].
    pub(crate) async fn join(&mut self) -> usize {
        let settings = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000"];
        // Without its last slot it stays a master.
        let stay = ["--cluster-allow-replica-migration", "no"];
        let node = Redis::start_with(&[&settings[..], &stay].concat()).await;
        let port = self.nodes[0].port().to_string();
        node.cli(&["CLUSTER", "MEET", "127.0.0.1", &port]).await;
        self.nodes.push(node);
        until("the nodes to know the new one", async || {
            self.is_whole().await
        })
        .await;
        self.nodes.len() - 1
    }

    /// Moves the slot of a hash tag with its keys to another master, as `redis-cli --cluster
    /// reshard` does.
    pub(crate) async fn move_slot(&self, tag: &str, from: usize, to: usize) {
        let slot = self.nodes[0].cli(&["CLUSTER", "KEYSLOT", tag]).await;
        let set = ["CLUSTER", "SETSLOT", slot.trim()];
        let (giver, taker) = (&self.nodes[from], &self.nodes[to]);
        let giver_id = giver.cli(&["CLUSTER", "MYID"]).await;
        let taker_id = taker.cli(&["CLUSTER", "MYID"]).await;
        taker
            .cli(&[&set[..], &["IMPORTING", &giver_id]].concat())
            .await;
        giver
            .cli(&[&set[..], &["MIGRATING", &taker_id]].concat())
            .await;
        let keys = giver
            .cli(&["CLUSTER", "GETKEYSINSLOT", slot.trim(), "1000"])
            .await;
        let port = taker.port().to_string();
        for key in keys.lines().filter(|key| !key.is_empty()) {
            giver
                .cli(&["MIGRATE", "127.0.0.1", &port, key, "0", "5000"])
                .await;
        }
        for node in [taker, giver].into_iter().chain(&self.nodes) {
            node.cli(&[&set[..], &["NODE", &taker_id]].concat()).await;
        }
    }

    /// Removes a master without slots, as `redis-cli --cluster del-node` does. It goes on
    /// running, by itself.
    pub(crate) async fn remove(&mut self, n: usize) -> Redis {
        let removed = self.nodes.remove(n);
        let id = removed.cli(&["CLUSTER", "MYID"]).await;
        for node in &self.nodes {
            node.cli(&["CLUSTER", "FORGET", &id]).await;
        }
        removed.cli(&["CLUSTER", "RESET", "SOFT"]).await;
        removed
    }

    /// Kills a master and waits until its replica is promoted, and all slots are
    /// served again.
    pub(crate) async fn kill_master(&mut self, master: usize) {
        self.nodes[master].kill();
        until("the replica to be promoted", async || {
            let replica = self.replica_of(master);
            replica.info("replication", "role").await.as_deref() == Some("master")
                && self.is_served(Some(master)).await
        })
        .await;
    }

    /// Kills a master that has no replica, and starts it again once the others
    /// have given it up. Waits until all slots are served.
    pub(crate) async fn restart_master(&mut self, master: usize) {
        self.nodes[master].kill();
        let other = (master + 1) % MASTERS;
        until("the others to give it up", async || {
            let info = self.nodes[other].cli(&["CLUSTER", "INFO"]).await;
            super::field_of(&info, "cluster_state").as_deref() == Some("fail")
        })
        .await;
        self.nodes[master].restart().await;
        until("all slots to be served", async || {
            self.is_served(None).await
        })
        .await;
    }

    /// Starts a master that was killed; it comes back as the replica of the one
    /// that was its own. Waits until it has everything.
    pub(crate) async fn bring_back(&mut self, master: usize) {
        self.nodes[master].restart().await;
        until("it to follow", async || {
            let link = self.nodes[master].info("replication", "master_link_status");
            link.await.as_deref() == Some("up")
        })
        .await;
    }

    /// Every node knows every other and sees all slots served.
    async fn is_whole(&self) -> bool {
        let count = self.nodes.len().to_string();
        for node in &self.nodes {
            let known = node.ask(&["CLUSTER", "INFO"]).await.unwrap_or_default();
            let known = super::field_of(&known, "cluster_known_nodes");
            if known.as_ref() != Some(&count) {
                return false;
            }
        }
        self.is_served(None).await
    }

    async fn is_served(&self, without: Option<usize>) -> bool {
        for (n, node) in self.nodes.iter().enumerate() {
            let info = node.ask(&["CLUSTER", "INFO"]).await.unwrap_or_default();
            let state = super::field_of(&info, "cluster_state");
            let ok = super::field_of(&info, "cluster_slots_ok");
            let all = ok == Some(SLOTS.to_string());
            if without != Some(n) && !(all && state.as_deref() == Some("ok")) {
                return false;
            }
        }
        true
    }

    async fn replicas_are_in_step(&self) -> bool {
        for replica in &self.nodes[MASTERS..] {
            let link = replica.info("replication", "master_link_status").await;
            if link.as_deref() != Some("up") {
                return false;
            }
        }
        true
    }
}
