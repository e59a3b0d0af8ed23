//! What is wrong with a server, its store and the way to them, and what to do.
//!
//! Each check is a [`Finding`](crate::finding::Finding); what needs something that failed is skipped and
//! says so. Each question has a time limit, and all together have one. Nothing
//! is changed by it: on Redis it publishes to a channel of its own and writes no
//! key, in a file it begins a transaction and takes it back.

use crate::store::StoreUrl;
use deadline::Deadline;

mod calls;
mod cluster;
mod deadline;
mod file;
mod ping;
mod process;
mod pubsub;
mod redis;
mod report;
mod sentinel;
mod server;
mod socket;
mod subject;

pub use report::{Report, Style};
pub use subject::Subject;

/// Looks at everything, and reports each finding as it comes.
///
/// # Errors
/// When TLS cannot be set up or the report cannot be written.
pub async fn examine(subject: Subject, report: &mut Report<'_>) -> anyhow::Result<()> {
    let clock = Deadline::new();
    let owner = match &subject.store {
        StoreUrl::File(path) => file::check(path, clock, report).await?,
        StoreUrl::Redis(url) => {
            redis::check(url, clock, report).await?;
            None
        }
    };
    let pid = owner.as_ref().map(|owner| owner.pid);
    let to = server::Server::find(subject, owner)?;
    calls::check(&to, clock, report).await?;
    Ok(process::check(pid, report)?)
}
