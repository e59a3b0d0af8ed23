//! What is wrong with a server, its store and the way to them, and what to do.
//!
//! Each check is a [`Finding`]; what needs something that failed is skipped and
//! says so. Each question has a time limit, and all together have one. Nothing
//! is changed by it: on Redis it publishes to a channel of its own and writes no
//! key, in a file it begins a transaction and takes it back.

use std::time::{Duration, Instant};

use crate::finding::{Finding, Grade};
use crate::store::StoreUrl;

mod calls;
mod cluster;
mod file;
mod process;
mod pubsub;
mod redis;
mod report;
mod sentinel;
mod socket;

pub use report::{Report, Style};

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long all of them may take.
const PATIENCE_IN_ALL: Duration = Duration::from_secs(60);

/// What to look at.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The store.
    pub store: StoreUrl,
    /// The server; `None` for the one that has the store open, or the default.
    pub server: Option<url::Url>,
    /// A vendor that should be there.
    pub vendor: Option<ordertop::order::VendorId>,
    /// The token of the callers.
    pub token: Option<crate::Secret>,
    /// A dashboard's origin that should be let in.
    pub origin: Option<String>,
}

/// Looks at everything, and reports each finding as it comes.
///
/// # Errors
/// When TLS cannot be set up or the report cannot be written.
pub async fn examine(subject: Subject, report: &mut Report<'_>) -> anyhow::Result<()> {
    let clock = Deadline(Instant::now() + PATIENCE_IN_ALL);
    let owner = match &subject.store {
        StoreUrl::File(path) => file::check(path, clock, report).await?,
        StoreUrl::Redis(url) => {
            redis::check(url, clock, report).await?;
            None
        }
    };
    let pid = owner.as_ref().map(|owner| owner.pid);
    let to = calls::Server::find(subject, owner)?;
    calls::check(&to, clock, report).await?;
    Ok(process::check(pid, report)?)
}

/// When all must be over.
#[derive(Debug, Clone, Copy)]
struct Deadline(Instant);

impl Deadline {
    /// Waits for an answer, but not for ever; a failure says why in words.
    async fn wait<T, E: std::fmt::Display>(
        self,
        question: impl Future<Output = Result<T, E>>,
    ) -> Result<T, String> {
        let left = self.0.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let all = PATIENCE_IN_ALL.as_secs();
            return Err(format!("not asked: the {all} s for all checks are over"));
        }
        let patience = PATIENCE.min(left);
        match tokio::time::timeout(patience, question).await {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Err(format!(
                "no answer in {:.0} s",
                patience.as_secs_f64().ceil()
            )),
        }
    }
}

fn skipped(about: &str, whose: &str) -> Finding {
    Finding::skip(about, format!("{whose} must be well first"))
}

/// Milliseconds, to a tenth.
fn ms(took: Duration) -> String {
    format!("{:.1} ms", took.as_secs_f64() * 1_000.0)
}

/// Whether this is bad enough to end what depends on it.
fn is_bad(finding: &Finding) -> bool {
    finding.grade == Grade::Fail
}
