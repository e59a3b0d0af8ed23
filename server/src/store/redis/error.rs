//! What Redis' errors mean, in words for operators, and what became of a commit.

use redis::RedisError;

use crate::store::StoreError;

/// What went wrong with Redis, in words for an operator.
pub(super) fn explain(error: &RedisError) -> String {
    if error.is_connection_refusal() {
        return "Redis does not take connections: is it running?".into();
    }
    if error.is_timeout() {
        return "Redis does not answer".into();
    }
    if error.kind() == redis::ErrorKind::MasterNameNotFoundBySentinel {
        return "the sentinels know no master of that name: see `sentinel monitor` in their settings".into();
    }
    if is_no_cluster(error) {
        return "it is no cluster: give it as redis://HOST:6379".into();
    }
    match error.code() {
        Some("OOM") => "Redis is out of memory: raise its maxmemory".into(),
        Some("MISCONF") => "Redis cannot save to its disk, and takes no writes: see its log".into(),
        Some("NOREPLICAS") => "Redis has fewer replicas than its min-replicas-to-write".into(),
        Some("LOADING") => "Redis is loading its data".into(),
        Some("READONLY") => "Redis is a replica: give the address of the master".into(),
        Some("CLUSTERDOWN") => "the Redis cluster is down".into(),
        Some("NOPERM") => {
            format!("Redis refuses it to this user, see docs/SEVERAL-SERVERS.md, Redis: {error}")
        }
        Some("NOAUTH" | "WRONGPASS") => "Redis wants another user or password: see --store".into(),
        _ => error.to_string(),
    }
}

/// Whether a Redis alone was given as a cluster; only its words tell.
pub(super) fn is_no_cluster(error: &RedisError) -> bool {
    error.to_string().contains("cluster support disabled")
}

/// Nothing was changed.
pub(super) fn failed(error: &RedisError) -> StoreError {
    StoreError::Failed(explain(error))
}

/// A commit was sent so many times, and this is what came of the last: it is done,
/// or not. What Redis itself answers says that it is not, if nothing was sent before.
pub(super) fn unanswered(error: &RedisError, sent: u32, cluster: bool) -> StoreError {
    // A cluster's connection sends again by itself, and says where it ended.
    let sent_again = cluster
        && matches!(
            error.code(),
            Some(
                "MOVED"
                    | "ASK"
                    | "TRYAGAIN"
                    | "CLUSTERDOWN"
                    | "MASTERDOWN"
                    | "LOADING"
                    | "READONLY"
            )
        );
    let refused = error.code().is_some() && !error.is_io_error() && !sent_again;
    if sent == 0 || (sent == 1 && refused) {
        failed(error)
    } else {
        StoreError::Unanswered(explain(error))
    }
}
