//! The sentinels: do they answer, do they agree, could they fail over.

use std::collections::BTreeSet;
use std::io::Result;

use super::deadline::Deadline;
use super::ping::{Cause, Pinged, ping};
use super::report::Report;
use crate::finding::Finding;
use crate::store::url::{Node, RedisUrl};

/// The master that the sentinels name.
pub(super) async fn check(
    url: &RedisUrl,
    nodes: &[Node],
    master: &str,
    clock: Deadline,
    report: &mut Report<'_>,
) -> Result<Option<Node>> {
    // The login of the address is for Redis itself; the servers ask so, too.
    let bare = RedisUrl {
        username: None,
        password: None,
        database: 0,
        ..url.clone()
    };
    let mut named = BTreeSet::new();
    let mut found = None;
    for node in nodes {
        let about = format!("sentinel {node}");
        let Pinged {
            mut connection,
            finding,
            cause,
        } = ping(&bare, node, &about, clock).await;
        let finding = match cause {
            Some(Cause::Login) => finding.with_remedy(
                "let sentinels be asked without a password: the one in the address is for Redis itself",
            ),
            Some(Cause::Refused) => {
                finding.with_remedy("start it: `redis-server sentinel.conf --sentinel`")
            }
            _ => finding,
        };
        report.add(&finding)?;
        let Some(connection) = &mut connection else {
            continue;
        };
        let mut ask = redis::cmd("SENTINEL");
        ask.arg("GET-MASTER-ADDR-BY-NAME").arg(master);
        let address: std::result::Result<Option<(String, u16)>, String> =
            clock.wait(ask.query_async(connection)).await;
        match address {
            Ok(Some((host, port))) => {
                let node = Node { host, port };
                report.add(&Finding::ok(
                    format!("{about} master"),
                    format!("`{master}` is {node}"),
                ))?;
                named.insert(node.to_string());
                found = Some(node);
            }
            Ok(None) => report.add(&Finding::fail(
                format!("{about} master"),
                format!("it watches no master named `{master}`"),
                "check the name at the end of the address against `sentinel monitor NAME …` in sentinel.conf",
            ))?,
            Err(reason) => report.add(&Finding::fail(
                format!("{about} master"),
                reason,
                "check that this is the port of a sentinel (26379), not of a Redis",
            ))?,
        }
        let mut quorum = redis::cmd("SENTINEL");
        quorum.arg("CKQUORUM").arg(master);
        if found.is_some() {
            report.add(&match clock.wait(quorum.query_async::<String>(connection)).await {
                Ok(says) => Finding::ok(format!("{about} quorum"), says),
                Err(reason) => Finding::warn(
                    format!("{about} quorum"),
                    reason,
                    "start the missing sentinels: three, on three machines, with a quorum of two; without \
                     them nobody takes over when the master dies",
                ),
            })?;
        }
    }
    if named.len() > 1 {
        report.add(&Finding::warn(
            "sentinels",
            format!("they name different masters: {named:?}"),
            "a failover is under way, or they cannot reach each other: look again in a minute, then \
             into their logs",
        ))?;
    }
    Ok(found)
}
