//! The start: waits for Redis, and looks whether it is one that we can use, and its user
//! one that may do all that is done with it.

use std::time::Duration;

use redis::ServerErrorKind;
use tokio::time::Instant;

use super::error::explain;
use super::keys;
use super::rights::{Missing, Uses};
use super::shared::Shared;
use super::warn::of_all;
use crate::store::StoreError;
use crate::store::redis_config::{OLDEST, Seen};
use crate::store::url::RedisUrl;

/// The layout of our keys; a newer one is another program's.
const LAYOUT: u64 = 1;
/// Between two attempts.
const AGAIN: Duration = Duration::from_millis(500);
/// Between two words on the console while it waits.
const SAY_AGAIN: Duration = Duration::from_secs(5);

/// Waits until Redis answers, for at most `timeout`, and checks it.
pub(super) async fn open(
    shared: &Shared,
    url: &RedisUrl,
    timeout: Duration,
) -> Result<(), StoreError> {
    let failed = |reason: String| StoreError::Open {
        path: url.to_string(),
        reason,
    };
    let deadline = Instant::now() + timeout;
    let mut said: Option<Instant> = None;
    let found = loop {
        let error = match look(shared, url.username.as_deref()).await {
            Ok(Ok(found)) => break found,
            Ok(Err(unfit)) => return Err(failed(unfit)),
            Err(error) => error,
        };
        let reason = explain(&error);
        let hopeless = matches!(error.code(), Some("NOAUTH" | "WRONGPASS" | "NOPERM"))
            || error.kind() == redis::ErrorKind::AuthenticationFailed
            || error.kind() == redis::ErrorKind::InvalidClientConfig
            || super::error::is_no_cluster(&error);
        if hopeless {
            return Err(failed(reason));
        }
        if Instant::now() + AGAIN >= deadline {
            let seconds = timeout.as_secs();
            return Err(failed(format!("{reason} (waited for {seconds} s)")));
        }
        if said.is_none_or(|at| at.elapsed() >= SAY_AGAIN) {
            let left_s = (deadline - Instant::now()).as_secs();
            tracing::warn!(store = %url, reason, left_s, "waiting for Redis");
            said = Some(Instant::now());
        }
        tokio::time::sleep(AGAIN).await;
    };
    match found {
        None | Some(LAYOUT) => Ok(()),
        Some(_) => Err(failed(
            "it was written by a newer ordertop-server: use that one".to_owned(),
        )),
    }
}

/// A command that any node may answer: on a cluster it would go to all.
async fn any_node(
    connection: super::connection::Connection,
    command: &redis::Cmd,
) -> redis::RedisResult<String> {
    use redis::cluster_routing::{RoutingInfo, SingleNodeRoutingInfo};
    match connection {
        super::connection::Connection::Cluster(mut cluster) => {
            let routing = RoutingInfo::SingleNode(SingleNodeRoutingInfo::RandomPrimary);
            let answer = cluster.route_command(command.clone(), routing).await?;
            Ok(redis::from_redis_value(answer)?)
        }
        mut one => command.query_async(&mut one).await,
    }
}

/// Why a Redis does not do, by its `INFO`.
fn unfit(seen: &Seen, as_cluster: bool) -> Option<String> {
    match seen.info("redis_mode") {
        "sentinel" => {
            let form = "redis-sentinel://HOST:26379/MASTER";
            return Some(format!("it is a sentinel: give it as {form}"));
        }
        "cluster" if !as_cluster => {
            let form = "redis-cluster://HOST:6379,HOST:6379";
            return Some(format!("it is a node of a cluster: give it as {form}"));
        }
        _ => {}
    }
    let (major, minor) = OLDEST;
    let version = seen.info("redis_version");
    let recent = seen.version().is_some_and(|version| version >= OLDEST);
    (!recent).then(|| {
        format!(
            "it is Redis {version}: {major}.{minor} or newer is needed (Valkey of any version is)"
        )
    })
}

/// Which rights the user lacks, at each master: a cluster's nodes have rules of their own.
async fn rights(
    uses: Uses,
    connection: super::connection::Connection,
) -> redis::RedisResult<Vec<super::rights::Missing>> {
    match connection {
        super::connection::Connection::Cluster(mut cluster) => {
            let answers = of_all::<redis::Value>(&mut cluster, &uses.question()).await?;
            let missing = answers.into_values().map(|answer| {
                let answer = answer.extract_error();
                uses.missing(answer.and_then(|answer| Ok(redis::from_redis_value(answer)?)))
            });
            missing.collect()
        }
        mut one => Ok(vec![uses.ask(&mut one).await?]),
    }
}

/// Says which layout the keys have, or learns which they have; or why this Redis
/// does not do. One that loads its data, or is no master yet, says its
/// version, but takes no writes.
async fn look(
    shared: &Shared,
    user: Option<&str>,
) -> redis::RedisResult<Result<Option<u64>, String>> {
    let info = redis::cmd("INFO");
    let info = shared.link.run(|connection| any_node(connection, &info));
    let info = match info.await {
        Err(error) if error.kind() == ServerErrorKind::NoPerm.into() => {
            return Ok(Err(Missing::command("INFO")
                .remedy(user)
                .unwrap_or_default()));
        }
        info => info?,
    };
    if let Some(unfit) = unfit(&Seen::new(&info, None), shared.is_cluster()) {
        return Ok(Err(unfit));
    }
    let uses = shared.uses();
    let rights = move |connection| rights(uses, connection);
    for missing in shared.link.run(rights).await? {
        if let Some(remedy) = missing.remedy(user) {
            return Ok(Err(remedy));
        }
    }
    let mut claim = redis::cmd("SET");
    claim.arg(keys::LAYOUT).arg(LAYOUT).arg("NX").arg("GET");
    let claim = &claim;
    let ask = |mut connection| async move { claim.query_async(&mut connection).await };
    shared.link.run(ask).await.map(Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redis_before_7_is_too_old() {
        for (version, recent) in [
            ("7.0.15", true),
            ("8.2.1", true),
            ("7.2.4", true),
            ("6.2.14", false),
            ("", false),
            ("x", false),
        ] {
            let seen = Seen::new(&format!("redis_version:{version}\r\n"), None);
            assert_eq!(unfit(&seen, false).is_none(), recent, "{version}");
        }
        let info = "# Server\r\nredis_version:7.0.15\r\nredis_git_sha1:0\r\n";
        let seen = Seen::new(info, None);
        assert_eq!(seen.info("redis_version"), "7.0.15");
        assert_eq!(unfit(&seen, false), None);
    }

    #[test]
    fn what_is_another_kind_than_its_address_says_is_named_with_the_right_one() {
        let info = |mode| {
            let info = format!("redis_version:7.0.15\r\nredis_mode:{mode}\r\n");
            Seen::new(&info, None)
        };
        let said = unfit(&info("sentinel"), false).unwrap();
        assert!(said.contains("redis-sentinel://"), "{said}");
        let said = unfit(&info("cluster"), false).unwrap();
        assert!(said.contains("redis-cluster://"), "{said}");
        assert_eq!(unfit(&info("cluster"), true), None);
        assert_eq!(unfit(&info("standalone"), false), None);
    }
}
