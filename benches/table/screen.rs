//! A program in a pseudo-terminal: what it shows when, what it takes.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};

const ROWS: u16 = 30;
const COLS: u16 = 120;
/// How long the programs may take to whatever is waited for.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often wake-ups are counted anew.
const COUNTS: usize = 3;

/// A program in a terminal, and what the terminal shows.
pub(crate) struct Screen {
    pid: u32,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    /// Kept: the terminal hangs up when it is dropped.
    _master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    shown: Arc<Shown>,
}

struct Shown {
    terminal: Mutex<(vt100::Parser, Instant)>,
    drawn: Condvar,
}

impl Screen {
    /// Starts a program in a terminal of its own.
    pub(crate) fn start(command: CommandBuilder) -> anyhow::Result<Self> {
        let pty = native_pty_system().openpty(PtySize {
            rows: ROWS,
            cols: COLS,
            pixel_width: 0,
            pixel_height: 0,
        })?;
        let child = pty.slave.spawn_command(command)?;
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader()?;
        let keys = pty.master.take_writer()?;
        let size = |cells| NonZeroU16::new(cells).context("a size");
        let parser = vt100::Parser::new(size(ROWS)?, size(COLS)?, 0);
        let shown = Arc::new(Shown {
            terminal: Mutex::new((parser, Instant::now())),
            drawn: Condvar::new(),
        });
        let fed = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut bytes = [0_u8; 65_536];
            while let Ok(read @ 1..) = reader.read(&mut bytes) {
                let at = Instant::now();
                if let Ok(mut terminal) = fed.terminal.lock() {
                    terminal.0.process(&bytes[..read]);
                    terminal.1 = at;
                }
                fed.drawn.notify_all();
            }
        });
        Ok(Self {
            pid: child.process_id().context("no process")?,
            child,
            _master: pty.master,
            keys,
            shown,
        })
    }

    /// All that is on the screen.
    pub(crate) fn text(&self) -> String {
        let terminal = self.shown.terminal.lock();
        terminal.map_or_else(|_| String::new(), |it| it.0.screen().contents())
    }

    /// Types.
    pub(crate) fn press(&mut self, keys: &str) -> anyhow::Result<()> {
        self.keys.write_all(keys.as_bytes())?;
        Ok(self.keys.flush()?)
    }

    /// When what makes the screen as `wanted` reached the terminal.
    pub(crate) fn shows(
        &self,
        what: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> anyhow::Result<Instant> {
        self.shows_within(PATIENCE, what, wanted)
    }

    /// The same, for something that may not come.
    pub(crate) fn shows_within(
        &self,
        patience: Duration,
        what: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> anyhow::Result<Instant> {
        let until = Instant::now() + patience;
        let poisoned = |_| anyhow::anyhow!("the terminal's reader has failed");
        let mut terminal = self.shown.terminal.lock().map_err(poisoned)?;
        loop {
            let text = terminal.0.screen().contents();
            if wanted(&text) {
                return Ok(terminal.1);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("waited {patience:?} for {what}:\n{text}");
            }
            let waited = self.shown.drawn.wait_timeout(terminal, left);
            terminal = match waited {
                Ok((terminal, _)) => terminal,
                Err(_) => bail!("the terminal's reader has failed"),
            };
        }
    }

    /// A figure of `/proc/PID/status`, in MiB.
    pub(crate) fn memory_mib(&self, name: &str) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        Ok(figure(&status, name)? as f64 / 1024.0)
    }

    /// Voluntary context switches of each of its threads so far.
    fn switches(&self) -> anyhow::Result<BTreeMap<OsString, u64>> {
        let mut all = BTreeMap::new();
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.pid))? {
            let thread = thread?;
            // It may end while it is looked at.
            if let Ok(status) = std::fs::read_to_string(thread.path().join("status")) {
                let count = figure(&status, "voluntary_ctxt_switches")?;
                all.insert(thread.file_name(), count);
            }
        }
        Ok(all)
    }

    /// How often its threads woke in that time. One that ends takes its count
    /// along, and a sum would seem to go down: then it is counted anew.
    pub(crate) async fn wake_ups(&self, during: Duration) -> anyhow::Result<u64> {
        for _ in 0..COUNTS {
            let before = self.switches()?;
            tokio::time::sleep(during).await;
            let after = self.switches()?;
            if before.keys().all(|thread| after.contains_key(thread)) {
                let woke = |(thread, count): (&OsString, &u64)| {
                    count - before.get(thread).copied().unwrap_or(0)
                };
                return Ok(after.iter().map(woke).sum());
            }
        }
        bail!("its threads come and go, and cannot be counted")
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

fn figure(status: &str, name: &str) -> anyhow::Result<u64> {
    let mut lines = status.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines
        .find(|(key, _)| *key == name)
        .context("no such figure")?;
    Ok(value
        .split_whitespace()
        .next()
        .context("no figure")?
        .parse()?)
}
