//! The path that tells one server what another has committed: a message goes
//! out, and must come in again. Nothing but the message is made.

use std::time::Instant;

use futures_util::StreamExt;
use redis::cluster::ClusterClient;
use redis::{Client, ProtocolVersion, PushInfo, PushKind, RedisError, RedisResult};
use tokio::sync::mpsc;

use super::deadline::{Deadline, ms};
use crate::finding::Finding;
use crate::store::redis::connection_info;
use crate::store::url::{Node, RedisUrl};

const ABOUT: &str = "redis pub/sub";
const REMEDY: &str = "sockets would hear nothing of what other servers commit until they look: let the user \
     use channels (`redis-cli acl setuser NAME &* +subscribe +ssubscribe +publish +spublish`), and look \
     for a proxy between that passes no pub/sub";

/// Plain pub/sub: a single Redis, or a Sentinel's master.
pub(super) async fn through_one(url: &RedisUrl, node: &Node, clock: Deadline) -> Finding {
    let began = Instant::now();
    let channel = channel();
    let round = clock.wait(async {
        let client = Client::open(connection_info(url, node)?)?;
        let mut hearing = client.get_async_pubsub().await?;
        hearing.subscribe(&channel).await?;
        let mut speaking = client.get_multiplexed_async_connection().await?;
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(&channel).arg("doctor");
        publish.query_async::<i64>(&mut speaking).await?;
        let heard = hearing.on_message().next().await;
        heard.map(drop).ok_or_else(broken)
    });
    tell(round.await, "a message", began)
}

/// Sharded pub/sub, as the servers use it on a cluster.
pub(super) async fn through_cluster(url: &RedisUrl, nodes: &[Node], clock: Deadline) -> Finding {
    let began = Instant::now();
    let channel = channel();
    let round = clock.wait(async {
        let (push, mut pushed) = mpsc::unbounded_channel();
        let known: RedisResult<Vec<_>> = nodes
            .iter()
            .map(|node| connection_info(url, node))
            .collect();
        let client = ClusterClient::builder(known?)
            .use_protocol(ProtocolVersion::RESP3)
            .push_sender(push)
            .build()?;
        let mut connection = client.get_async_connection().await?;
        connection.ssubscribe(&channel).await?;
        let mut publish = redis::cmd("SPUBLISH");
        publish.arg(&channel).arg("doctor");
        publish.query_async::<i64>(&mut connection).await?;
        heard(&mut pushed).await
    });
    tell(round.await, "a sharded message", began)
}

async fn heard(pushed: &mut mpsc::UnboundedReceiver<PushInfo>) -> RedisResult<()> {
    while let Some(push) = pushed.recv().await {
        if push.kind == PushKind::SMessage {
            return Ok(());
        }
    }
    Err(broken())
}

/// Random: two doctors at once hear each their own.
fn channel() -> String {
    format!("ordertop:doctor:{:016x}", rand::random::<u64>())
}

fn broken() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into()
}

fn tell(round: Result<(), String>, what: &str, began: Instant) -> Finding {
    match round {
        Ok(()) => {
            let took = ms(began.elapsed());
            Finding::ok(
                ABOUT,
                format!("{what} went out and came in, {took} with connecting"),
            )
        }
        Err(reason) => Finding::fail(ABOUT, format!("{what} did not come in: {reason}"), REMEDY),
    }
}
