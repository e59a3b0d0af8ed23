//! Whether a Redis can lose or evict orders, as its own `INFO` and `CONFIG` say
//! (<https://redis.io/docs/latest/commands/info/>). The server warns of it when
//! it starts, `ordertop-server doctor` shows all of it.

use std::collections::HashMap;

use redis::aio::ConnectionLike;

use crate::finding::Finding;

/// The oldest Redis that has all we use (sharded pub/sub came with 7.0).
pub const OLDEST: (u32, u32) = (7, 0);

/// The settings that `INFO` does not show.
const SETTINGS: [&str; 4] = [
    "appendfsync",
    "save",
    "min-replicas-to-write",
    "min-replicas-max-lag",
];

/// Memory or connections in use, in percent, from which on it is time to act.
const NEARLY_FULL: u64 = 80;

/// What one Redis says of itself.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    info: HashMap<String, String>,
    /// `None` where `CONFIG` is forbidden, as a provider's often is.
    config: Option<HashMap<String, String>>,
}

/// The command whose answer [`Seen::new`] takes for `config`.
#[must_use]
pub fn config_get() -> redis::Cmd {
    let mut get = redis::cmd("CONFIG");
    get.arg("GET").arg(&SETTINGS);
    get
}

/// What is to be expected beside a Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    /// It may stand alone.
    Alone,
    /// It is one of a Sentinel's or a cluster's masters: replicas take over from it.
    Replicas,
}

impl Seen {
    /// Reads a reply to `INFO`, and one to `CONFIG GET` where it was allowed.
    #[must_use]
    pub fn new(info: &str, config: Option<HashMap<String, String>>) -> Self {
        let fields = info.lines().filter_map(|line| {
            let (name, value) = line.trim().split_once(':')?;
            Some((name.to_owned(), value.to_owned()))
        });
        Self {
            info: fields.collect(),
            config,
        }
    }

    /// Asks the Redis at the other end of `connection`.
    ///
    /// # Errors
    /// When `INFO` is not answered; a `CONFIG` that is forbidden is no error.
    pub async fn ask(connection: &mut impl ConnectionLike) -> redis::RedisResult<Self> {
        let info: String = redis::cmd("INFO").query_async(connection).await?;
        let config = config_get().query_async(connection).await.ok();
        Ok(Self::new(&info, config))
    }

    /// The version, as `(7, 0)`. Valkey says here which Redis it is like.
    #[must_use]
    pub fn version(&self) -> Option<(u32, u32)> {
        let mut parts = self.info.get("redis_version")?.split('.');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    }

    /// Whether it is a master that has its data, and no sentinel.
    #[must_use]
    pub fn is_in_service(&self) -> bool {
        self.info("redis_mode") != "sentinel"
            && self.info("role") == "master"
            && self.number("loading") == 0
    }

    /// The addresses of the replicas that are attached and in step.
    #[must_use]
    pub fn replicas(&self) -> usize {
        let lines = (0..self.number("connected_slaves")).map(|n| self.info(&format!("slave{n}")));
        lines.filter(|line| line.contains("state=online")).count()
    }

    /// Every finding, good ones too.
    #[must_use]
    pub fn examine(&self, company: Company) -> Vec<Finding> {
        let mut found = vec![self.check_version(), self.check_role(company)];
        if self.info("redis_mode") == "sentinel" {
            // It has the settings of a Redis, and none of them means anything.
            return found;
        }
        found.push(self.check_memory());
        found.push(self.check_eviction());
        found.push(self.check_persistence());
        found.extend(self.check_writes());
        found.push(self.check_replicas(company));
        found.extend(self.check_min_replicas());
        found.push(self.check_connections());
        found
    }

    fn check_version(&self) -> Finding {
        const ABOUT: &str = "version";
        let named = match self.info.get("valkey_version") {
            Some(valkey) => format!("Valkey {valkey}"),
            None => format!("Redis {}", self.info("redis_version")),
        };
        match self.version() {
            Some(version) if version >= OLDEST => Finding::ok(ABOUT, named),
            Some(_) => Finding::fail(
                ABOUT,
                format!("{named} is too old"),
                "upgrade to Redis 7.0 or later, or to Valkey",
            ),
            None => Finding::skip(ABOUT, "INFO does not say"),
        }
    }

    fn check_role(&self, company: Company) -> Finding {
        const ABOUT: &str = "role";
        match (self.info("redis_mode"), company) {
            ("sentinel", _) => {
                return Finding::fail(
                    ABOUT,
                    "it is a sentinel: it keeps no orders, it knows who does",
                    "give redis-sentinel://HOST:26379,HOST:26379/MASTER, with the name after `sentinel monitor` \
                     in sentinel.conf",
                );
            }
            ("cluster", Company::Alone) => {
                return Finding::fail(
                    ABOUT,
                    "it is a node of a cluster: it serves a part of the orders alone",
                    "give redis-cluster://HOST:6379,HOST:6379 with some of its nodes",
                );
            }
            _ => {}
        }
        if self.number("loading") == 1 {
            return Finding::fail(
                ABOUT,
                "it is loading its data and answers nothing yet",
                "wait: `redis-cli info persistence` says how long (loading_eta_seconds)",
            );
        }
        match self.info("role") {
            "master" => Finding::ok(ABOUT, "master"),
            "slave" => Finding::fail(
                ABOUT,
                format!(
                    "it is a replica of {}: it refuses changes",
                    self.info("master_host")
                ),
                "give the master's address, or a redis-sentinel:// one, which follows the master",
            ),
            other => Finding::skip(ABOUT, format!("INFO says `{other}`")),
        }
    }

    fn check_memory(&self) -> Finding {
        const ABOUT: &str = "memory";
        let used = self.number("used_memory");
        let limit = self.number("maxmemory");
        let machine = self.number("total_system_memory");
        let (most, whose) = if limit > 0 {
            (limit, "maxmemory")
        } else {
            (machine, "the machine's memory; maxmemory is not set")
        };
        if most == 0 {
            return Finding::ok(ABOUT, mib(used));
        }
        let says = format!("{} of {}, {whose}", mib(used), mib(most));
        if used < most / 100 * NEARLY_FULL {
            return Finding::ok(ABOUT, says);
        }
        let remedy = "give it more memory (`redis-cli config set maxmemory 4gb`), or keep fewer events \
             (`serve --keep-events`, `--keep-events-hours`): a full Redis refuses changes";
        Finding::warn(ABOUT, format!("nearly full: {says}"), remedy)
    }

    fn check_eviction(&self) -> Finding {
        const ABOUT: &str = "eviction";
        const REMEDY: &str =
            "`redis-cli config set maxmemory-policy noeviction`, and the same in redis.conf";
        let policy = self.info("maxmemory_policy");
        let evicted = self.number("evicted_keys");
        if evicted > 0 {
            let says =
                format!("{evicted} keys were evicted since it started: orders may be missing");
            let remedy = format!("{REMEDY}; then restore from a backup");
            return Finding::fail(ABOUT, says, remedy);
        }
        let limited = self.number("maxmemory") > 0;
        match policy {
            "noeviction" => Finding::ok(ABOUT, "noeviction: nothing is thrown away"),
            "" => Finding::skip(ABOUT, "INFO does not name the policy"),
            policy if policy.starts_with("volatile-") => {
                let says = format!(
                    "{policy}: when memory is full, the answers kept under an Idempotency-Key may be \
                     thrown away, and a request that is sent again would be done again"
                );
                Finding::warn(ABOUT, says, REMEDY)
            }
            policy if limited => {
                let says = format!("{policy}: when memory is full, orders are thrown away");
                Finding::fail(ABOUT, says, REMEDY)
            }
            policy => {
                let says =
                    format!("{policy}: once maxmemory is set and reached, orders are thrown away");
                Finding::warn(ABOUT, says, REMEDY)
            }
        }
    }

    fn check_persistence(&self) -> Finding {
        const ABOUT: &str = "persistence";
        const AOF: &str = "`redis-cli config set appendonly yes`, and the same in redis.conf";
        if self.number("aof_enabled") == 0 {
            return match self.setting("save") {
                Some("") => Finding::fail(
                    ABOUT,
                    "nothing is written to a disk: a restart of Redis loses every order",
                    AOF,
                ),
                Some(save) => Finding::warn(
                    ABOUT,
                    format!(
                        "snapshots alone (save {save}), no AOF: a crash of Redis loses every change \
                         since the last snapshot, answered ones too"
                    ),
                    AOF,
                ),
                None => Finding::warn(
                    ABOUT,
                    "no AOF: a crash of Redis loses every change since its last snapshot, if it takes any",
                    AOF,
                ),
            };
        }
        match self.setting("appendfsync") {
            Some("always") => {
                Finding::ok(ABOUT, "AOF, appendfsync always: an answered change is on the disk")
            }
            Some(fsync @ "everysec") => Finding::warn(
                ABOUT,
                format!(
                    "AOF, appendfsync {fsync}: when the machine loses power, the answered changes of \
                     the last second (two at worst) are lost; a crash of Redis alone loses none"
                ),
                "keep it, and let replicas hold each change too: `serve --redis-wait 1`; or, slower: \
                 `redis-cli config set appendfsync always`",
            ),
            Some(fsync) => Finding::warn(
                ABOUT,
                format!(
                    "AOF, appendfsync {fsync}: when the machine loses power, the changes of the last \
                     half minute or so are lost, answered ones too"
                ),
                "`redis-cli config set appendfsync everysec`, or `always`",
            ),
            None => Finding::skip(
                ABOUT,
                "AOF is on; how often it reaches the disk cannot be seen, CONFIG is forbidden",
            )
            .with_remedy("ask whoever runs it for appendfsync: with everysec a power cut loses up to a second"),
        }
    }

    /// A disk that is full or broken.
    fn check_writes(&self) -> Option<Finding> {
        const ABOUT: &str = "disk";
        const REMEDY: &str = "look into Redis's log; most often the disk is full: Redis refuses changes until it can write";
        let aof = self.number("aof_enabled") == 1;
        if aof && self.info("aof_last_write_status") == "err" {
            return Some(Finding::fail(ABOUT, "the AOF cannot be written", REMEDY));
        }
        (self.info("rdb_last_bgsave_status") == "err")
            .then(|| Finding::warn(ABOUT, "the last snapshot failed", REMEDY))
    }

    fn check_replicas(&self, company: Company) -> Finding {
        const ABOUT: &str = "replicas";
        let attached = self.number("connected_slaves");
        let online = self.replicas();
        match (online, company) {
            (0, Company::Replicas) if attached == 0 => Finding::warn(
                ABOUT,
                "none: nothing can take over when this master dies",
                "start a replica: `replicaof HOST PORT` in its redis.conf; in a cluster `redis-cli --cluster add-node \
                 NEW:PORT THIS:PORT --cluster-slave`",
            ),
            (0, Company::Alone) if attached == 0 => Finding::ok(
                ABOUT,
                "none: the orders are as safe as this one machine; `--redis-wait` must stay 0",
            ),
            (0, _) => Finding::warn(
                ABOUT,
                format!("{attached} attached, none of them in step: nothing can take over"),
                "look into their logs, and into `redis-cli info replication`",
            ),
            (online, _) => Finding::ok(
                ABOUT,
                format!("{online} in step: `serve --redis-wait 1` loses nothing in a failover"),
            ),
        }
    }

    /// With replicas: what a master does that has lost them.
    fn check_min_replicas(&self) -> Option<Finding> {
        const ABOUT: &str = "min-replicas";
        if self.number("connected_slaves") == 0 {
            return None;
        }
        let lag = self.setting("min-replicas-max-lag").unwrap_or("10");
        Some(match self.setting("min-replicas-to-write") {
            Some("0") => Finding::warn(
                ABOUT,
                "a master that is cut off from its replicas goes on taking changes; a failover then \
                 throws them away",
                "`redis-cli config set min-replicas-to-write 1` and `min-replicas-max-lag 10`, and \
                 `serve --redis-wait 1`",
            ),
            Some(n) => Finding::ok(
                ABOUT,
                format!("changes are refused with fewer than {n} replicas, or {lag} s behind"),
            ),
            None => Finding::skip(ABOUT, "cannot be seen: CONFIG is forbidden"),
        })
    }

    fn check_connections(&self) -> Finding {
        const ABOUT: &str = "connections";
        const REMEDY: &str =
            "raise maxclients in redis.conf and the open-files limit of its process";
        let (used, most) = (self.number("connected_clients"), self.number("maxclients"));
        let refused = self.number("rejected_connections");
        let says = format!("{used} of {most}, {refused} refused since it started");
        if most > 0 && used * 100 >= most * NEARLY_FULL {
            Finding::warn(ABOUT, format!("nearly all in use: {says}"), REMEDY)
        } else if refused > 0 {
            Finding::warn(ABOUT, says, REMEDY)
        } else {
            Finding::ok(ABOUT, says)
        }
    }

    /// A field of `INFO`; empty where there is none.
    pub(crate) fn info(&self, name: &str) -> &str {
        self.info.get(name).map_or("", String::as_str)
    }

    fn number(&self, name: &str) -> u64 {
        self.info(name).parse().unwrap_or(0)
    }

    fn setting(&self, name: &str) -> Option<&str> {
        self.config.as_ref()?.get(name).map(String::as_str)
    }
}

fn mib(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) / (1024 * 1024);
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Grade;

    /// What a healthy Redis says, with these lines instead of its own.
    fn info(changed: &[(&str, &str)]) -> String {
        let mut fields: Vec<(&str, &str)> = vec![
            ("redis_version", "7.0.15"),
            ("role", "master"),
            ("loading", "0"),
            ("used_memory", "1048576"),
            ("maxmemory", "0"),
            ("total_system_memory", "8589934592"),
            ("maxmemory_policy", "noeviction"),
            ("evicted_keys", "0"),
            ("aof_enabled", "1"),
            ("aof_last_write_status", "ok"),
            ("rdb_last_bgsave_status", "ok"),
            ("connected_slaves", "0"),
            ("connected_clients", "3"),
            ("maxclients", "10000"),
            ("rejected_connections", "0"),
        ];
        for (name, value) in changed {
            fields.retain(|(known, _)| known != name);
            fields.push((name, value));
        }
        let lines = fields
            .iter()
            .map(|(name, value)| format!("{name}:{value}\r\n"));
        format!("# Server\r\n{}", lines.collect::<String>())
    }

    fn config(changed: &[(&str, &str)]) -> HashMap<String, String> {
        let healthy = [
            ("appendfsync", "always"),
            ("save", "3600 1"),
            ("min-replicas-to-write", "0"),
            ("min-replicas-max-lag", "10"),
        ];
        let all = healthy.iter().chain(changed);
        all.map(|(name, value)| (name.to_string(), value.to_string()))
            .collect()
    }

    #[track_caller]
    fn finding(seen: &Seen, company: Company, about: &str) -> Finding {
        let mut found = seen.examine(company).into_iter();
        found.find(|finding| finding.about == about).expect(about)
    }

    #[test]
    fn a_healthy_one_has_nothing_to_mend() {
        let found = Seen::new(&info(&[]), Some(config(&[]))).examine(Company::Alone);
        assert_eq!(found.len(), 7);
        for finding in found {
            assert_eq!(finding.grade, Grade::Ok, "{finding:?}");
            assert_eq!(finding.remedy, None);
        }
    }

    #[test]
    fn each_danger_is_graded_and_has_a_remedy() {
        use Grade::{Fail, Warn};
        type Fields = &'static [(&'static str, &'static str)];
        let table: &[(Fields, Fields, &str, Grade, &str)] = &[
            (
                &[("redis_version", "6.2.9")],
                &[],
                "version",
                Fail,
                "too old",
            ),
            (&[("loading", "1")], &[], "role", Fail, "loading"),
            (&[("role", "slave")], &[], "role", Fail, "refuses changes"),
            (
                &[("redis_mode", "cluster")],
                &[],
                "role",
                Fail,
                "node of a cluster",
            ),
            (
                &[("redis_mode", "sentinel")],
                &[],
                "role",
                Fail,
                "a sentinel",
            ),
            (
                &[("maxmemory", "1200000")],
                &[],
                "memory",
                Warn,
                "nearly full",
            ),
            (
                &[("used_memory", "8500000000")],
                &[],
                "memory",
                Warn,
                "the machine's",
            ),
            (
                &[("maxmemory_policy", "allkeys-lru")],
                &[],
                "eviction",
                Warn,
                "orders",
            ),
            (
                &[
                    ("maxmemory_policy", "allkeys-lru"),
                    ("maxmemory", "99000000"),
                ],
                &[],
                "eviction",
                Fail,
                "orders are thrown away",
            ),
            (
                &[("maxmemory_policy", "volatile-ttl")],
                &[],
                "eviction",
                Warn,
                "Idempotency",
            ),
            (&[("evicted_keys", "3")], &[], "eviction", Fail, "3 keys"),
            (
                &[("aof_enabled", "0")],
                &[],
                "persistence",
                Warn,
                "snapshots alone",
            ),
            (
                &[("aof_enabled", "0")],
                &[("save", "")],
                "persistence",
                Fail,
                "every order",
            ),
            (
                &[],
                &[("appendfsync", "everysec")],
                "persistence",
                Warn,
                "last second",
            ),
            (
                &[],
                &[("appendfsync", "no")],
                "persistence",
                Warn,
                "half minute",
            ),
            (
                &[("aof_last_write_status", "err")],
                &[],
                "disk",
                Fail,
                "AOF",
            ),
            (
                &[("rdb_last_bgsave_status", "err")],
                &[],
                "disk",
                Warn,
                "snapshot",
            ),
            (
                &[
                    ("connected_slaves", "1"),
                    ("slave0", "ip=h,state=wait_bgsave"),
                ],
                &[],
                "replicas",
                Warn,
                "1 attached",
            ),
            (
                &[("connected_slaves", "1"), ("slave0", "ip=h,state=online")],
                &[],
                "min-replicas",
                Warn,
                "cut off",
            ),
            (
                &[("connected_clients", "9000")],
                &[],
                "connections",
                Warn,
                "nearly all",
            ),
            (
                &[("rejected_connections", "2")],
                &[],
                "connections",
                Warn,
                "2 refused",
            ),
        ];
        for (said, set, about, grade, part) in table {
            let seen = Seen::new(&info(said), Some(config(set)));
            let finding = finding(&seen, Company::Alone, about);
            assert_eq!(finding.grade, *grade, "{said:?} {set:?}: {finding:?}");
            assert!(finding.says.contains(part), "{finding:?}");
            assert!(finding.remedy.is_some(), "{finding:?}");
        }
    }

    #[test]
    fn of_a_sentinel_only_what_it_is_matters() {
        let seen = Seen::new(&info(&[("redis_mode", "sentinel")]), Some(config(&[])));
        let about = |finding: Finding| finding.about;
        let found: Vec<_> = seen
            .examine(Company::Alone)
            .into_iter()
            .map(about)
            .collect();
        assert_eq!(found, ["version", "role"]);
    }

    #[test]
    fn a_node_of_a_cluster_is_well_where_a_cluster_was_named() {
        let seen = Seen::new(&info(&[("redis_mode", "cluster")]), Some(config(&[])));
        let role = finding(&seen, Company::Replicas, "role");
        assert_eq!(role.grade, Grade::Ok);
    }

    #[test]
    fn replicas_are_missed_only_where_there_should_be_some() {
        let seen = Seen::new(&info(&[]), Some(config(&[])));
        assert_eq!(finding(&seen, Company::Alone, "replicas").grade, Grade::Ok);
        assert_eq!(
            finding(&seen, Company::Replicas, "replicas").grade,
            Grade::Warn
        );
    }

    #[test]
    fn what_config_hides_is_called_unseen() {
        let lines = [("connected_slaves", "1"), ("slave0", "ip=h,state=online")];
        let seen = Seen::new(&info(&lines), None);
        for about in ["persistence", "min-replicas"] {
            let finding = finding(&seen, Company::Alone, about);
            assert_eq!(finding.grade, Grade::Skip);
            assert!(finding.says.contains("CONFIG is forbidden"), "{finding:?}");
        }
        let off = Seen::new(&info(&[("aof_enabled", "0")]), None);
        assert_eq!(
            finding(&off, Company::Alone, "persistence").grade,
            Grade::Warn
        );
    }
}
