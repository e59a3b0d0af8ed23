//! Whether a Redis answers.

use std::time::Instant;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult};

use super::deadline::{Deadline, ms};
use crate::finding::Finding;
use crate::store::redis::connection_info;
use crate::store::url::{Node, RedisUrl};

/// Connects, and wants a PONG; the connection, and what to report.
pub(super) async fn ping(
    url: &RedisUrl,
    node: &Node,
    named: &str,
    clock: Deadline,
) -> (Option<MultiplexedConnection>, Finding) {
    let began = Instant::now();
    let asked = clock.wait(async {
        let client = Client::open(connection_info(url, node)?)?;
        // The deadline of the check is the only one.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None);
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        let pong: String = redis::cmd("PING").query_async(&mut connection).await?;
        RedisResult::Ok((connection, pong))
    });
    match asked.await {
        Ok((connection, pong)) => {
            let says = format!("{pong} in {}", ms(began.elapsed()));
            (Some(connection), Finding::ok(named, says))
        }
        Err(reason) => {
            let remedy = remedy(&reason, node);
            (None, Finding::fail(named, reason, remedy))
        }
    }
}

fn remedy(reason: &str, node: &Node) -> String {
    let has = |part: &str| reason.to_ascii_lowercase().contains(part);
    if has("wrongpass") || has("noauth") || has("authentication") || has("password") {
        "check user and password: redis://USER:PASSWORD@HOST:PORT/DB, best in ORDERTOP_STORE".into()
    } else if has("name or service") || has("lookup") || has("resolve") {
        format!(
            "check the name `{}`: this machine cannot find it",
            node.host
        )
    } else if has("certificate") || has("tls") {
        "check its certificate against this machine's roots (SSL_CERT_FILE), and that the port \
         speaks TLS"
            .into()
    } else if has("no answer") {
        "it hangs, or a firewall swallows what is sent to it: see its log, `redis-cli slowlog get`, and \
         whether its machine swaps or is paused"
            .into()
    } else {
        format!(
            "start Redis (`redis-server`, or `systemctl start redis-server`); `redis-cli -h {} -p {} ping` \
             should answer PONG; then check firewall, `bind` and `protected-mode` of redis.conf",
            node.host, node.port
        )
    }
}
