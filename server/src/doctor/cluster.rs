//! A cluster: do its nodes answer, are all slots served, who are the masters.

use std::collections::HashMap;
use std::io::Result;

use redis::aio::MultiplexedConnection;

use super::deadline::Deadline;
use super::ping::{Pinged, ping};
use super::report::Report;
use crate::finding::Finding;
use crate::store::url::{Node, RedisUrl};

/// The masters that serve slots; `None` where no node knows.
pub(super) async fn check(
    url: &RedisUrl,
    nodes: &[Node],
    clock: Deadline,
    report: &mut Report<'_>,
) -> Result<Option<Vec<Node>>> {
    let mut masters = None;
    for node in nodes {
        let about = format!("cluster {node}");
        let Pinged {
            connection,
            finding,
            ..
        } = ping(url, node, &about, clock).await;
        report.add(&finding)?;
        let Some(mut connection) = connection else {
            continue;
        };
        report.add(&state(&mut connection, clock).await.of(&about))?;
        if masters.is_none() {
            masters = slots(&mut connection, node, clock).await;
        }
    }
    Ok(masters.filter(|masters| !masters.is_empty()))
}

async fn state(connection: &mut MultiplexedConnection, clock: Deadline) -> Finding {
    const ABOUT: &str = "state";
    let mut ask = redis::cmd("CLUSTER");
    ask.arg("INFO");
    let text: String = match clock.wait(ask.query_async(connection)).await {
        Ok(text) => text,
        Err(reason) => {
            let remedy = "set `cluster-enabled yes` and make the cluster (`redis-cli --cluster create …`), \
                 or give a redis:// address";
            return Finding::fail(ABOUT, reason, remedy);
        }
    };
    let fields: HashMap<&str, &str> = text
        .lines()
        .filter_map(|l| l.trim().split_once(':'))
        .collect();
    let field = |name: &str| fields.get(name).copied().unwrap_or("?");
    let says = format!(
        "{}, {} of 16384 slots served, {} masters",
        field("cluster_state"),
        field("cluster_slots_ok"),
        field("cluster_size")
    );
    if field("cluster_state") == "ok" {
        Finding::ok(ABOUT, says)
    } else {
        let remedy = "bring the missing masters or their replicas back; `redis-cli --cluster check HOST:PORT` \
             names the slots that nobody serves: the orders of those vendors are away until then";
        Finding::fail(ABOUT, says, remedy)
    }
}

/// Who serves slots, as `asked` knows it
/// (<https://redis.io/docs/latest/commands/cluster-slots/>).
async fn slots(
    connection: &mut MultiplexedConnection,
    asked: &Node,
    clock: Deadline,
) -> Option<Vec<Node>> {
    type Range = (u16, u16, (Option<String>, u16));
    let mut ask = redis::cmd("CLUSTER");
    ask.arg("SLOTS");
    let ranges: Vec<redis::Value> = clock.wait(ask.query_async(connection)).await.ok()?;
    let mut masters: Vec<Node> = Vec::new();
    for range in ranges {
        // The first node is the master; replicas follow, and are cut off here.
        let redis::Value::Array(mut parts) = range else {
            return None;
        };
        parts.truncate(3);
        if let Some(redis::Value::Array(node)) = parts.get_mut(2) {
            node.truncate(2);
        }
        let (_, _, (host, port)): Range =
            redis::from_redis_value(redis::Value::Array(parts)).ok()?;
        // A node that does not know its own address leaves it out.
        let host = host.filter(|host| !host.is_empty());
        let node = Node {
            host: host.unwrap_or_else(|| asked.host.clone()),
            port,
        };
        if !masters.contains(&node) {
            masters.push(node);
        }
    }
    Some(masters)
}
