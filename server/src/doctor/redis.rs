//! A Redis: does it answer, can it lose or evict orders, do messages get through.

use std::io::Result;

use redis::aio::MultiplexedConnection;

use super::deadline::Deadline;
use super::ping::{Pinged, ping};
use super::report::{Report, skipped};
use super::{cluster, pubsub, sentinel};
use crate::finding::Finding;
use crate::store::redis::Uses;
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
    let Pinged {
        mut connection,
        finding,
        ..
    } = ping(url, node, &named, clock).await;
    report.add(&finding)?;
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
                well &= !(finding.is_bad() && finding.about == "role");
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
