//! The server's process: open files and memory; where it is not known, what this
//! shell would allow one.

use std::io::Result;

use super::report::Report;
use crate::finding::Finding;

/// Sockets, requests, store and log each take a file.
const FEW_FILES: u64 = 4_096;
const REMEDY: &str = "raise it: `LimitNOFILE=65536` in its systemd unit, or `ulimit -Hn 65536` before it starts; each \
     socket takes one";

/// Reports what `/proc` says of the process, where it is known.
pub(super) fn check(pid: Option<u32>, report: &mut Report<'_>) -> Result<()> {
    let Some(pid) =
        pid.filter(|pid| std::fs::exists(format!("/proc/{pid}/limits")).unwrap_or(false))
    else {
        return report.add(&allowed_here());
    };
    report.add(&open_files(pid))?;
    report.add(&memory(pid))
}

fn allowed_here() -> Finding {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum;
    graded(limit, "a server started from here may have".to_owned())
}

fn graded(limit: Option<u64>, who: String) -> Finding {
    const ABOUT: &str = "open files";
    match limit {
        None => Finding::ok(ABOUT, format!("{who} as many as it wants")),
        Some(limit) if limit < FEW_FILES => {
            Finding::warn(ABOUT, format!("{who} {limit} at most"), REMEDY)
        }
        Some(limit) => Finding::ok(ABOUT, format!("{who} {limit} at most")),
    }
}

fn open_files(pid: u32) -> Finding {
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap_or_default();
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    // Soft, then hard; the server raises the one to the other when it starts.
    let limit = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    let Ok(open) = std::fs::read_dir(format!("/proc/{pid}/fd")) else {
        return graded(limit, format!("process {pid} may have"));
    };
    let open = open.count() as u64;
    if limit.is_some_and(|limit| open * 10 >= limit * 9) {
        let says = format!("process {pid} has {open} of {}", limit.unwrap_or_default());
        return Finding::warn("open files", format!("nearly all in use: {says}"), REMEDY);
    }
    graded(limit, format!("process {pid} has {open} and may have"))
}

fn memory(pid: u32) -> Finding {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    match resident.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok()) {
        Some(kib) => Finding::ok(
            "server memory",
            format!("{} MiB in process {pid}", kib / 1024),
        ),
        None => Finding::skip("server memory", format!("/proc/{pid}/status does not say")),
    }
}
