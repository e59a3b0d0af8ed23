//! The start's warnings: whether this Redis can lose or evict orders.

use std::collections::HashMap;

use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo};
use redis::{Cmd, FromRedisValue, RedisResult};

use super::connection::Connection;
use super::error::explain;
use super::shared::Shared;
use crate::finding::Grade;
use crate::store::redis_config::{Company, Seen, config_get};
use crate::store::url::{RedisUrl, Topology};

/// Looks at every master, and logs what is not well with what to do about it.
/// A Redis that does not say is no reason not to start.
pub(super) async fn of_dangers(shared: &Shared, url: &RedisUrl) {
    let company = match &url.topology {
        Topology::Standalone(_) => Company::Alone,
        Topology::Sentinel { .. } | Topology::Cluster(_) => Company::Replicas,
    };
    let seen = match shared.link.run(look).await {
        Ok(seen) => seen,
        Err(error) => {
            let reason = explain(&error);
            tracing::warn!(
                reason,
                "whether Redis can lose or evict orders cannot be seen"
            );
            return;
        }
    };
    for (node, seen) in seen {
        for finding in seen.examine(company) {
            if matches!(finding.grade, Grade::Warn | Grade::Fail) {
                let remedy = finding.remedy.unwrap_or_default();
                tracing::warn!(%node, remedy, "Redis {}: {}", finding.about, finding.says);
            }
        }
    }
}

/// What each master says of itself.
async fn look(connection: Connection) -> RedisResult<Vec<(String, Seen)>> {
    match connection {
        Connection::One(mut one) => Ok(vec![("the master".to_owned(), Seen::ask(&mut one).await?)]),
        Connection::Cluster(mut cluster) => {
            let infos: HashMap<String, String> = of_all(&mut cluster, &redis::cmd("INFO")).await?;
            let configs = of_all(&mut cluster, &config_get()).await;
            let mut configs: HashMap<String, HashMap<String, String>> = configs.unwrap_or_default();
            let seen = infos.into_iter().map(|(node, info)| {
                let seen = Seen::new(&info, configs.remove(&node));
                (node, seen)
            });
            Ok(seen.collect())
        }
    }
}

/// The answers of all masters, by address.
pub(super) async fn of_all<T: FromRedisValue>(
    cluster: &mut ClusterConnection,
    command: &Cmd,
) -> RedisResult<HashMap<String, T>> {
    let routing = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
    let answers = cluster.route_command(command.clone(), routing).await?;
    Ok(redis::from_redis_value(answers)?)
}
