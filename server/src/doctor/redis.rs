//! A Redis: does it answer, can it lose or evict orders, do messages get through.

use std::io::Result;
use std::time::Instant;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult};

use super::{Deadline, Report, cluster, is_bad, ms, pubsub, sentinel, skipped};
use crate::finding::Finding;
use crate::store::redis::{Uses, connection_info};
use crate::store::redis_config::{Company, Seen};
use crate::store::url::{Node, RedisUrl, Topology};

/// Looks at all that the address names.
pub(super) async fn check(url: &RedisUrl, clock: Deadline, report: &mut Report<'_>) -> Result<()> {
    match &url.topology {
        Topology::Standalone(node) => {
            check_master(url, node, Company::Alone, clock, report).await?;
        }
        Topology::Sentinel { nodes, master } => {
            let Some(node) = sentinel::check(url, nodes, master, clock, report).await? else {
                return report.add(&skipped("redis", "a sentinel that knows the master"));
            };
            check_master(url, &node, Company::Replicas, clock, report).await?;
        }
        Topology::Cluster(nodes) => {
            let Some(masters) = cluster::check(url, nodes, clock, report).await? else {
                return report.add(&skipped("redis", "a node that knows the cluster"));
            };
            for node in &masters {
                check_node(url, node, Company::Replicas, clock, report).await?;
            }
            report.add(&pubsub::through_cluster(url, nodes, clock).await)?;
        }
    }
    Ok(())
}

async fn check_master(
    url: &RedisUrl,
    node: &Node,
    company: Company,
    clock: Deadline,
    report: &mut Report<'_>,
) -> Result<()> {
    if check_node(url, node, company, clock, report).await? {
        report.add(&pubsub::through_one(url, node, clock).await)
    } else {
        report.add(&skipped("redis pub/sub", "this Redis"))
    }
}

/// Whether the node answers; says all that it has to say.
async fn check_node(
    url: &RedisUrl,
    node: &Node,
    company: Company,
    clock: Deadline,
    report: &mut Report<'_>,
) -> Result<bool> {
    let named = format!("redis {node}");
    let (mut connection, answered) = ping(url, node, &named, clock).await;
    report.add(&answered)?;
    let Some(connection) = &mut connection else {
        return Ok(false);
    };
    match clock.wait(Seen::ask(connection)).await {
        Ok(seen) => {
            let mut well = true;
            let mut findings = seen.examine(company);
            if seen.is_in_service() {
                findings.push(rights(connection, url, clock).await);
            }
            for finding in findings {
                // A replica or a Redis that loads answers, and serves nobody.
                well &= !(is_bad(&finding) && finding.about == "role");
                report.add(&finding.of(&named))?;
            }
            Ok(well)
        }
        Err(reason) => {
            let remedy = "let its user run INFO: `redis-cli acl setuser NAME +info`";
            report.add(&Finding::fail(format!("{named} info"), reason, remedy))?;
            Ok(true)
        }
    }
}

/// Whether the user may do all that a server does. Nothing is read or written.
async fn rights(
    connection: &mut MultiplexedConnection,
    url: &RedisUrl,
    clock: Deadline,
) -> Finding {
    let uses = Uses {
        cluster: matches!(url.topology, Topology::Cluster(_)),
        // Whether servers wait for replicas is not known here.
        waits: true,
    };
    match clock.wait(uses.ask(connection)).await {
        Ok(missing) => missing.finding(url.username.as_deref()),
        Err(reason) => Finding::skip("rights", reason),
    }
}

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
