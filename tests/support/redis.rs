//! Real Redis servers for tests: one alone, a master with replicas and
//! Sentinels, a cluster. Each has a folder and ports of its own and is killed
//! when its value is dropped.
//!
//! Shared by the end-to-end tests and the store's own: a test program takes it
//! in by `#[path = "…/tests/support/redis.rs"] mod redis_server;`, with
//! `#[expect(dead_code, reason = "…")]` where it does not use all of it.

use std::fs::File;
use std::hash::{BuildHasher, Hasher};
use std::net::Ipv4Addr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::net::TcpSocket;
use tokio::time::{Instant, sleep};

// This file is taken in by its path, so these need theirs.
#[path = "redis/cluster.rs"]
mod cluster;
#[path = "redis/resp.rs"]
mod resp;
#[path = "redis/sentinels.rs"]
mod sentinels;

pub(crate) use cluster::Cluster;
pub(crate) use sentinels::Sentinels;

/// How long a server may take to be ready, or a failover to come about.
const DEADLINE: Duration = Duration::from_secs(60);
/// Between two looks at something that tells of itself in no other way.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Ports are taken from here: below those that Linux gives to outgoing
/// connections (from 32768); a cluster's bus listens 10,000 above, which is
/// still below.
const PORTS: std::ops::Range<u16> = 10_000..22_000;
const BUS: u16 = 10_000;

/// A `redis-server`: everything is in its append-only file before it is answered.
pub(crate) struct Redis {
    child: Child,
    port: u16,
    _held: [TcpSocket; 2],
    settings: Settings,
    folder: TempDir,
}

/// What a server is started with, beside its port and folder.
#[derive(Clone, Default)]
struct Settings {
    /// The lines of a Sentinel's configuration; it rewrites the file that they
    /// are put in.
    sentinel: Option<String>,
    args: Vec<String>,
}

impl Redis {
    /// A server alone, ready.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// A server with more arguments, which come after our own and so win:
    /// `["--appendfsync", "everysec"]`. Ready when this returns.
    pub(crate) async fn start_with(args: &[&str]) -> Self {
        let args = args.iter().map(ToString::to_string).collect();
        let sentinel = None;
        Self::start_as(Settings { sentinel, args }).await
    }

    async fn start_as(settings: Settings) -> Self {
        loop {
            let folder = tempfile::tempdir().expect("a folder");
            let (port, held) = hold_port();
            let mut redis = Self {
                child: spawn(&folder, port, &settings, &[]),
                port,
                _held: held,
                settings: settings.clone(),
                folder,
            };
            // Another test may have taken the port since we looked.
            if redis.ready().await {
                return redis;
            }
            let log = redis.log();
            let taken = log.contains("Address already in use");
            assert!(taken, "redis-server does not start:\n{log}");
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What `--store` takes.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills it as a power cut would, and waits until it is gone. What it had
    /// answered is in its file.
    pub(crate) fn kill(&mut self) {
        // It may have ended already, which is as good.
        let _ended = self.child.kill();
        self.child.wait().expect("a child can be waited for");
    }

    /// Starts it again: same folder, same port, ready.
    pub(crate) async fn restart(&mut self) {
        self.restart_with(&[]).await;
    }

    /// [`Self::restart`] with more arguments for this run.
    pub(crate) async fn restart_with(&mut self, args: &[&str]) {
        self.kill();
        self.child = spawn(&self.folder, self.port, &self.settings, args);
        let ready = self.ready().await;
        assert!(ready, "redis-server does not start again:\n{}", self.log());
    }

    /// Stops it where it is (SIGSTOP): connections stay, no answer comes.
    pub(crate) fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on (SIGCONT).
    pub(crate) fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("a process id");
        kill_process(Pid::from_raw(pid).expect("not zero"), signal).expect("it runs");
    }

    /// What it answers to a command, as `redis-cli` shows it raw: the lines of
    /// a list one below the other.
    ///
    /// # Panics
    /// When it answers with an error, or not at all.
    pub(crate) async fn cli(&self, command: &[&str]) -> String {
        match self.ask(command).await {
            Ok(answer) => answer,
            Err(error) => panic!("{command:?} at port {}: {error}", self.port),
        }
    }

    /// The same for one that may be away: its error, or why none came.
    pub(crate) async fn ask(&self, command: &[&str]) -> Result<String, String> {
        resp::ask(self.port, command).await
    }

    /// A field of `INFO`: `info("replication", "role")`.
    pub(crate) async fn info(&self, section: &str, field: &str) -> Option<String> {
        let info = self.ask(&["INFO", section]).await.ok()?;
        field_of(&info, field)
    }

    /// Waits until its replicas have everything that it answered so far.
    pub(crate) async fn replicas_have_all(&self) {
        let written = self.info("replication", "master_repl_offset").await;
        let written: u64 = written.and_then(|it| it.parse().ok()).expect("an offset");
        until("the replicas to have everything", async || {
            // `slave0:ip=127.0.0.1,port=7001,state=online,offset=4242,lag=0`
            let replica = self.info("replication", "slave0").await.unwrap_or_default();
            let fields = replica.split(',').filter_map(|field| field.split_once('='));
            let mut offsets = fields.filter(|(name, _)| *name == "offset");
            let has = offsets.next().and_then(|(_, offset)| offset.parse().ok());
            has >= Some(written)
        })
        .await;
    }

    /// Cuts its replicas off and lets none back: what it answers from now on,
    /// it alone has. Lasts as long as this run.
    pub(crate) async fn cut_replicas_off(&self) {
        let no_more = ["ACL", "SETUSER", "default", "-psync", "-sync"];
        self.cli(&no_more).await;
        self.cli(&["CLIENT", "KILL", "TYPE", "replica"]).await;
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join("log"));
        log.unwrap_or_default()
    }

    /// Waits until it answers; `false` when it ended instead.
    async fn ready(&mut self) -> bool {
        let deadline = Instant::now() + DEADLINE;
        while self.child.try_wait().expect("a child").is_none() {
            // Whoever answers may be another server that got the port first.
            let id = self.info("server", "process_id").await;
            let loading = self.info("persistence", "loading").await;
            if id == Some(self.child.id().to_string()) && loading.is_none_or(|it| it == "0") {
                return true;
            }
            assert!(Instant::now() < deadline, "not ready:\n{}", self.log());
            sleep(LOOK_EVERY).await;
        }
        false
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(folder: &TempDir, port: u16, settings: &Settings, more: &[&str]) -> Child {
    let log = File::create(folder.path().join("log")).expect("a log file");
    let mut command = Command::new("redis-server");
    if let Some(lines) = &settings.sentinel {
        let file = folder.path().join("sentinel.conf");
        if !file.exists() {
            std::fs::write(&file, lines).expect("a file");
        }
        command.arg(file).arg("--sentinel");
    } else {
        // On disk before it is answered; a replica gets its copy at once.
        command
            .args(["--appendonly", "yes", "--appendfsync", "always"])
            .args(["--save", "", "--repl-diskless-sync-delay", "0"]);
    }
    command
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--dir"])
        .arg(folder.path())
        .args(&settings.args)
        .args(more)
        .stdin(Stdio::null())
        .stderr(log.try_clone().expect("a second handle"))
        .stdout(log);
    match command.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            panic!("install redis-server (Debian, Ubuntu: apt-get install redis-server)")
        }
        Err(error) => panic!("redis-server does not start: {error}"),
    }
}

/// A free port and its bus, held: no other test takes them while the sockets live, also while no server listens there.
fn hold_port() -> (u16, [TcpSocket; 2]) {
    let random = std::hash::RandomState::new().build_hasher().finish();
    let start = u16::try_from(random % PORTS.len() as u64).expect("below the count of ports");
    (0..PORTS.len())
        .map(|n| PORTS.start + (start + n as u16) % (PORTS.end - PORTS.start))
        .find_map(|port| Some((port, [hold(port)?, hold(port + BUS)?])))
        .expect("a free port")
}

/// Binds without sharing, which fails where anything else is bound, and then lets a server bind beside it and listen.
fn hold(port: u16) -> Option<TcpSocket> {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((Ipv4Addr::LOCALHOST, port).into()).ok()?;
    socket.set_reuseaddr(true).expect("an option of a socket");
    Some(socket)
}

/// The value of a line `field:value`.
fn field_of(text: &str, field: &str) -> Option<String> {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(name, _)| *name == field)?;
    Some(value.trim().to_owned())
}

/// Waits until `so` holds, looking again and again.
async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !so().await {
        assert!(Instant::now() < deadline, "waited {DEADLINE:?} for {what}");
        sleep(LOOK_EVERY).await;
    }
}
