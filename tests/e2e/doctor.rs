//! `ordertop-server doctor` finds what is wrong, says what to do, and changes nothing.

use serde_json::Value;

use crate::redis_server::{Cluster, Redis, Sentinels};
use crate::support::{Finished, TOKEN, TestServer, run};

/// What `doctor --json` found.
struct Found {
    code: Option<i32>,
    findings: Vec<Value>,
}

impl Found {
    async fn by(args: &[&str], token: &str) -> Self {
        let args: Vec<&str> = [&["doctor", "--json"], args].concat();
        let Finished { code, stdout, .. } = run(
            "ordertop-server",
            &args,
            &[("ORDERTOP_MASTER_TOKEN", token)],
        )
        .await;
        let lines = stdout.lines();
        Self {
            code,
            findings: lines
                .map(|line| serde_json::from_str(line).expect("an object a line"))
                .collect(),
        }
    }

    /// The result of the check whose name ends so, and its remedy.
    #[track_caller]
    fn result(&self, check: &str) -> (&str, Option<&str>) {
        let mut all = self.findings.iter();
        let found = all.find(|finding| finding["check"].as_str().expect("a name").ends_with(check));
        let found = found.unwrap_or_else(|| panic!("no {check} in {:#?}", self.findings));
        let result = found["result"].as_str().expect("a result");
        (result, found["remedy"].as_str())
    }

    #[track_caller]
    fn is(&self, checks: &[&str], result: &str) {
        for check in checks {
            assert_eq!(
                self.result(check).0,
                result,
                "{check}: {:#?}",
                self.findings
            );
        }
    }
}

#[tokio::test]
async fn a_healthy_server_is_found_well_and_stays_as_it_was() {
    let dashboard = "https://dashboard.example";
    let server = TestServer::start_with(&["--allow-origin", dashboard], &["42"]).await;
    let store = server.store();
    let store = store.to_str().expect("UTF-8");
    let args = ["--store", store, "--vendor", "42", "--origin", dashboard];
    let found = Found::by(&args, TOKEN).await;
    assert_eq!(found.code, Some(0), "{:#?}", found.findings);
    let all = [
        "lock", "alive", "ready", "clock", "token", "vendor", "socket", "ping", "origin", "polling",
    ];
    found.is(&all, "ok");
    let numbers = server.vendor("42").numbers("/api/orders/vendor/").await;
    assert!(numbers.is_empty());
}

#[tokio::test]
async fn what_is_wrong_fails_with_a_remedy_and_what_needs_it_is_skipped() {
    let server = TestServer::start().await;
    let store = server.store();
    let store = store.to_str().expect("UTF-8");

    let wrong = Found::by(&["--store", store, "--vendor", "42"], "another-token").await;
    assert_eq!(wrong.code, Some(1));
    let (result, remedy) = wrong.result("token");
    assert!(result == "fail" && remedy.expect("a remedy").contains("ORDERTOP_MASTER_TOKEN"));
    wrong.is(&["vendor", "socket", "origin", "polling"], "skip");

    let unknown = Found::by(&["--store", store, "--vendor", "nobody"], TOKEN).await;
    let (result, remedy) = unknown.result("vendor");
    assert!(result == "fail" && remedy.expect("a remedy").contains("vendor add nobody"));

    let args = ["--store", store, "--origin", "https://b.example"];
    let refused = Found::by(&args, TOKEN).await;
    refused.is(&["socket", "ping"], "ok");
    let (result, remedy) = refused.result("origin");
    assert!(result == "fail" && remedy.expect("a remedy").contains("--allow-origin"));

    let nobody = ["--store", store, "--server", "http://127.0.0.1:1"];
    let away = Found::by(&nobody, TOKEN).await;
    assert_eq!(away.code, Some(1));
    away.is(&["alive"], "fail");
    away.is(&["ready", "token", "socket"], "skip");
}

#[tokio::test]
async fn a_store_that_nobody_has_open_is_proved_writable_and_left_alone() {
    let mut server = TestServer::start().await;
    server.kill().await;
    let store = server.store();
    let before = std::fs::read(&store).expect("the store");
    let found = Found::by(&["--store", store.to_str().expect("UTF-8")], TOKEN).await;
    found.is(&["lock", "write", "disk"], "ok");
    // What the killed server left in the log may have been moved into the file;
    // the server opens it as ever, without a table of ours.
    let after = std::fs::read(&store).expect("the store");
    assert!(!contains(&after, b"doctor_probe") && !contains(&before, b"doctor_probe"));
    server.restart().await;
    server.is_well().await;
}

#[tokio::test]
async fn a_redis_that_can_lose_or_evict_orders_is_told_of() {
    let safe = Redis::start().await;
    let found = Found::by(&["--store", &safe.url()], TOKEN).await;
    let well = [
        "version",
        "role",
        "memory",
        "eviction",
        "persistence",
        "rights",
        "pub/sub",
    ];
    found.is(&well, "ok");
    assert_eq!(safe.cli(&["DBSIZE"]).await.trim(), "0", "it writes no key");

    let unsafe_args = [
        "--appendonly",
        "no",
        "--maxmemory",
        "64mb",
        "--maxmemory-policy",
        "allkeys-lru",
    ];
    let risky = Redis::start_with(&unsafe_args).await;
    let found = Found::by(&["--store", &risky.url()], TOKEN).await;
    assert_eq!(found.code, Some(1));
    for check in ["eviction", "persistence"] {
        let (result, remedy) = found.result(check);
        assert!(
            result == "fail" && remedy.expect("a remedy").contains("config set"),
            "{check}"
        );
    }

    let shop = [
        "ACL", "SETUSER", "shop", "on", ">secret", "~*", "&*", "+@all", "-rpush",
    ];
    safe.cli(&shop).await;
    let store = safe.url().replace("://", "://shop:secret@");
    let found = Found::by(&["--store", &store], TOKEN).await;
    let (result, remedy) = found.result("rights");
    let remedy = remedy.expect("a remedy");
    assert!(
        result == "fail" && remedy.contains("ACL SETUSER shop +rpush"),
        "{remedy}"
    );

    safe.pause();
    let found = Found::by(&["--store", &safe.url()], TOKEN).await;
    found.is(&[&format!("redis 127.0.0.1:{}", safe.port())], "fail");
    found.is(&["pub/sub"], "skip");
}

#[tokio::test]
async fn sentinels_and_clusters_are_looked_at_node_by_node() {
    let sentinels = Sentinels::start().await;
    let found = Found::by(&["--store", &sentinels.url()], TOKEN).await;
    let master = format!("redis 127.0.0.1:{}", sentinels.master().port());
    let quorum_master_and_path = ["quorum", &master, "replicas", "pub/sub"];
    found.is(&quorum_master_and_path, "ok");
    // Its replica might be cut off from it.
    found.is(&["min-replicas"], "warn");

    let cluster = Cluster::start().await;
    // A redis:// address that leads to neither one's orders.
    let node = format!("redis://127.0.0.1:{}", cluster.nodes()[0].port());
    let sentinel = sentinels.url();
    let (sentinel, _) = sentinel.rsplit_once('/').expect("a master's name");
    let sentinel = sentinel.replace("redis-sentinel://", "redis://");
    let (sentinel, _) = sentinel.split_once(',').unwrap_or((&sentinel, ""));
    for (address, scheme) in [
        (&*node, "redis-cluster://"),
        (sentinel, "redis-sentinel://"),
    ] {
        let found = Found::by(&["--store", address], TOKEN).await;
        let (result, remedy) = found.result("role");
        assert!(result == "fail" && remedy.expect("a remedy").contains(scheme));
        found.is(&["pub/sub"], "skip");
    }
    let found = Found::by(&["--store", &cluster.url()], TOKEN).await;
    for node in cluster.nodes() {
        let port = node.port();
        let state = format!("cluster 127.0.0.1:{port} state");
        found.is(&[&state, &format!("redis 127.0.0.1:{port}")], "ok");
        assert_eq!(node.cli(&["DBSIZE"]).await.trim(), "0", "it writes no key");
    }
    found.is(&["pub/sub"], "ok");
    // No master has a replica.
    found.is(&["replicas"], "warn");
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
