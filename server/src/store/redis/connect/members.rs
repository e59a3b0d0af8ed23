//! Which nodes a cluster has, asked of each node that is known. One that was removed knows
//! nothing of the others, and must not be the one whose map is taken.

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use redis::{Client, FromRedisValue, RedisResult, Value};

use crate::store::redis::connection::{connection_info, one};
use crate::store::url::{Node, RedisUrl};

/// How many slots a cluster has.
const SLOTS: usize = 16_384;

/// A node that knows the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) asked: Node,
    /// The masters that it knows.
    pub(super) masters: Vec<Node>,
    /// Whether it says that all is well, and how many slots are served.
    knows: (bool, usize),
}

/// The node that knows most of the cluster: the first that knows all of it, or the best when
/// all have answered.
pub(super) async fn find(url: &RedisUrl, nodes: &[Node], members: &[Node]) -> Option<Found> {
    let more = members.iter().filter(|member| !nodes.contains(member));
    let asking = nodes.iter().chain(more).map(|node| ask(url, node));
    let mut asking: FuturesUnordered<_> = asking.collect();
    let mut best: Option<Found> = None;
    while let Some(found) = asking.next().await {
        // One that does not answer knows nothing.
        let Ok(found) = found else { continue };
        if found.knows == (true, SLOTS) {
            return Some(found);
        }
        if best.as_ref().is_none_or(|best| best.knows < found.knows) {
            best = Some(found);
        }
    }
    best.filter(|best| best.knows.1 > 0)
}

async fn ask(url: &RedisUrl, node: &Node) -> RedisResult<Found> {
    let client = Client::open(connection_info(url, node)?)?;
    let mut connection = one(&client, None).await?;
    let mut ask = redis::cmd("CLUSTER");
    let slots: Vec<Value> = ask.arg("SLOTS").query_async(&mut connection).await?;
    let mut ask = redis::cmd("CLUSTER");
    let info: RedisResult<String> = ask.arg("INFO").query_async(&mut connection).await;
    // A user who may not ask learns nothing from it.
    let is_well = info.map_or(true, |info| info.contains("cluster_state:ok"));
    let (masters, count) = read(&slots, node);
    Ok(Found {
        asked: node.clone(),
        masters,
        knows: (is_well, count),
    })
}

/// The masters in an answer to `CLUSTER SLOTS` of the node `asked`, and how many slots they
/// serve (<https://redis.io/docs/latest/commands/cluster-slots/>).
fn read(ranges: &[Value], asked: &Node) -> (Vec<Node>, usize) {
    let (mut masters, mut count) = (Vec::new(), 0);
    for range in ranges {
        // First and last slot, then nodes, the master first.
        let Value::Array(parts) = range else { continue };
        let [
            Value::Int(first),
            Value::Int(last),
            Value::Array(master),
            ..,
        ] = &parts[..]
        else {
            continue;
        };
        count += usize::try_from(last - first + 1).unwrap_or_default();
        let [host, Value::Int(port), ..] = &master[..] else {
            continue;
        };
        // A node that does not know its own address leaves it out.
        let host = Option::<String>::from_redis_value_ref(host).ok().flatten();
        let host = host.filter(|host| !host.is_empty());
        let Ok(port) = u16::try_from(*port) else {
            continue;
        };
        let node = Node {
            host: host.unwrap_or_else(|| asked.host.clone()),
            port,
        };
        if !masters.contains(&node) {
            masters.push(node);
        }
    }
    (masters, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(host: &str, port: u16) -> Node {
        let host = host.to_owned();
        Node { host, port }
    }

    fn range(first: i64, last: i64, host: Value, port: i64) -> Value {
        let id = Value::BulkString(b"id".to_vec());
        let master = Value::Array(vec![host, Value::Int(port), id.clone()]);
        let replica = Value::BulkString(b"10.0.0.9".to_vec());
        let replica = Value::Array(vec![replica, Value::Int(7), id]);
        Value::Array(vec![Value::Int(first), Value::Int(last), master, replica])
    }

    #[test]
    fn masters_and_slots_are_read_and_a_removed_node_knows_none() {
        let asked = node("here", 1);
        let host = |host: &str| Value::BulkString(host.as_bytes().to_vec());
        let ranges = [
            range(0, 99, host("10.0.0.1"), 6379),
            range(100, 16_382, host(""), 6380),
            range(16_383, 16_383, host("10.0.0.1"), 6379),
        ];
        let masters = vec![node("10.0.0.1", 6379), node("here", 6380)];
        assert_eq!(read(&ranges, &asked), (masters, SLOTS));
        assert_eq!(read(&[], &asked), (Vec::new(), 0));
        assert_eq!(read(&[Value::Nil], &asked), (Vec::new(), 0));
    }
}
