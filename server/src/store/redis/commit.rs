//! The commit itself: one script, and waiting for replicas where that is wished.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use ordertop::order::{OrderState, VendorId, VendorOrder};
use ordertop::protocol::{Mark, Position};

use super::error::{explain, failed, unanswered};
use super::keys::VendorKeys;
use super::once::Remembering;
use super::rows::{Entry, position, to_json, unreadable};
use super::shared::Shared;
use super::sources::SourceEntry;
use crate::store::fact::Fact;
use crate::store::{ONCE_FOR, StoreError, digest};

/// How long after it was decided upon a commit may still be done: one that a
/// stalled Redis finds later is refused by it, for its caller was told that it
/// was not done.
const GOOD_FOR_MS: i64 = 2_500;
/// How long replicas may take to confirm a commit, in milliseconds: less than the
/// connection waits for an answer, so that Redis is heard saying how many have it.
const REPLICAS_PATIENCE_MS: u64 = 750;

/// Commits that the log of all vendors keeps, some more: what a server that was out of
/// touch for longer missed is found by asking for every vendor.
const LOGGED_COMMITS: u32 = 10_000;

/// What a commit script said.
pub(super) enum Said {
    /// Written: the vendor's offset and mark before.
    Written(Position),
    /// Somebody changed one of the orders since it was read.
    Changed,
    /// The key was used before: what was remembered.
    Remembered(String),
    /// There is no such vendor.
    NoVendor,
    /// Too late.
    Late,
}

/// One order to be written.
pub(super) struct Row {
    /// Which of the changes.
    pub(super) change: usize,
    pub(super) order: Arc<VendorOrder>,
    /// The [`token`] of the state that the order has now, `0` for none.
    pub(super) seen: String,
    pub(super) revision: u64,
    pub(super) content_changed: bool,
    pub(super) mark: Mark,
    /// What the event tells; `None` for what is remembered without one.
    pub(super) fact: Option<Fact>,
    /// How the order is found by its source from now on; empty when that does not change.
    pub(super) source: SourceEntry,
}

impl Row {
    /// Writes the state alone, at the same version and without an event.
    pub(super) fn remember(
        change: usize,
        order: Arc<VendorOrder>,
        before: &VendorOrder,
        revision: u64,
    ) -> Self {
        Self {
            change,
            seen: token(&before.state),
            order,
            revision,
            content_changed: false,
            mark: Mark::from_random(0),
            fact: None,
            source: SourceEntry::default(),
        }
    }
}

/// What changes with each write of a state: its version and, without blanks, a digest of what its source said last,
/// which may be written without a version of its own.
pub(super) fn token(state: &OrderState) -> String {
    let version = state.version;
    match &state.heard {
        None => version.to_string(),
        Some(heard) => {
            let at = heard.modified_at.map(|at| at.to_string());
            let parts = [at.as_deref().unwrap_or_default(), &heard.digest];
            let digest = digest(&parts.map(str::as_bytes));
            format!("{version}.{}", &digest[..16])
        }
    }
}

impl Shared {
    /// Commits these rows of one vendor, decided upon at `now_ms` by Redis's clock
    /// when the vendor's newest event was `newest`, and what is to be remembered
    /// with them.
    pub(super) async fn commit(
        &self,
        vendor: &VendorId,
        rows: &[Row],
        remembering: Option<Remembering>,
        now_ms: i64,
        newest: u64,
    ) -> Result<Said, StoreError> {
        let of = VendorKeys(vendor);
        let (once_key, remember) = match remembering {
            Some(remembering) => (remembering.key, remembering.text),
            None => (of.once("-"), String::new()),
        };
        let mut keys = vec![
            of.head(),
            of.orders(),
            of.contents(),
            of.revisions(),
            of.events(),
            of.placed(),
            once_key,
            // On a cluster any key of this vendor's: there is no log.
            self.commit_log().unwrap_or_else(|| of.head()),
            of.sources(),
        ];
        let retention = self.retention;
        let mut args = vec![
            (now_ms + GOOD_FOR_MS).to_string(),
            self.publish().to_owned(),
            of.channel(),
            retention.events.to_string(),
            retention.age.as_millis().to_string(),
            remember,
            ONCE_FOR.as_millis().to_string(),
            newest.to_string(),
            vendor.as_str().to_owned(),
            self.commit_log().map_or(0, |_| LOGGED_COMMITS).to_string(),
        ];
        for row in rows {
            let order = &row.order;
            keys.push(of.history(&order.number));
            let content = if row.content_changed {
                to_json(&order.content)?
            } else {
                String::new()
            };
            let entry = row.fact.as_ref().map(|fact| &fact.entry);
            args.extend([
                order.number.as_str().to_owned(),
                row.seen.clone(),
                token(&order.state),
                order.id.0.to_string(),
                row.mark.as_str().to_owned(),
                row.revision.to_string(),
                to_json(&order.state)?,
                row.fact
                    .as_ref()
                    .map(to_json)
                    .transpose()?
                    .unwrap_or_default(),
                content,
                order.content.placed_at.as_microsecond().to_string(),
                entry.map(to_json).transpose()?.unwrap_or_default(),
                row.source.field.clone(),
                row.source.seen.clone(),
                row.source.now.clone(),
            ]);
        }
        let said: Vec<String> = match self.commit_script(&keys, &args).await {
            Err(StoreError::Failed(reason)) if broke_off(&reason) => {
                let first = rows
                    .iter()
                    .find(|row| row.fact.is_some())
                    .map(|row| &row.mark);
                return Err(self.after_break(vendor, newest, first, reason).await);
            }
            said => said?,
        };
        let said: Vec<&str> = said.iter().map(String::as_str).collect();
        match said[..] {
            ["written", offset, mark] => Ok(Said::Written(position(offset, mark)?)),
            ["changed", _] => Ok(Said::Changed),
            ["remembered", text] => Ok(Said::Remembered(text.to_owned())),
            ["no vendor"] => Ok(Said::NoVendor),
            ["late"] => Ok(Said::Late),
            _ => Err(unreadable("the answer of a commit")),
        }
    }

    /// What a commit is whose script broke off at one of its commands: not done where its
    /// first event was not written, else done in part.
    async fn after_break(
        &self,
        vendor: &VendorId,
        newest: u64,
        first: Option<&Mark>,
        reason: String,
    ) -> StoreError {
        let Some(first) = first else {
            return StoreError::Failed(reason);
        };
        let mut since = redis::cmd("XRANGE");
        since.arg(VendorKeys(vendor).events());
        since.arg(format!("{}-0", newest + 1)).arg("+");
        let events: Result<Vec<Entry>, _> = self.ask(&since).await;
        let has_mark =
            |(_, fields): &Entry| fields.get(1).is_some_and(|mark| mark == first.as_str());
        match events {
            Ok(events) if !events.iter().any(has_mark) => StoreError::Failed(reason),
            Ok(_) | Err(_) => {
                tracing::error!(%vendor, reason, "a commit was written in part");
                StoreError::Unanswered(reason)
            }
        }
    }

    /// Runs the commit script; with replicas to wait for, on a connection of its
    /// own, and until they have it.
    async fn commit_script(
        &self,
        keys: &[String],
        args: &[String],
    ) -> Result<Vec<String>, StoreError> {
        let script = &self.scripts.commit;
        // How often it was sent: one that broke off may be done.
        let sent = AtomicU32::new(0);
        let failed = |error| unanswered(&error, sent.load(Relaxed), self.is_cluster());
        if self.redis_wait == 0 {
            let run = |connection| {
                sent.fetch_add(1, Relaxed);
                script.run(connection, keys, args)
            };
            return self.link.run(run).await.map_err(failed);
        }
        let wait = self.redis_wait;
        let (said, replicas) = self
            .waiters
            .run(|connection| {
                sent.fetch_add(1, Relaxed);
                let patience = REPLICAS_PATIENCE_MS;
                script.run_and_wait::<Vec<String>>(connection, keys, args, wait, patience)
            })
            .await
            .map_err(failed)?;
        if said.first().is_some_and(|word| word == "written") {
            self.enough(replicas.map_err(|error| StoreError::Unanswered(explain(&error)))?)?;
        }
        Ok(said)
    }

    /// Nothing was written for this answer, but what it rests on must be as safe
    /// as if it had been: a write after it, waited for, proves that.
    pub(super) async fn wait_for_replicas(&self, vendor: &VendorId) -> Result<(), StoreError> {
        if self.redis_wait == 0 {
            return Ok(());
        }
        let (key, wait) = (VendorKeys(vendor).touched(), self.redis_wait);
        let mut pipeline = redis::pipe();
        pipeline.cmd("SET").arg(&key).arg(1).arg("PX").arg(60_000);
        pipeline.ignore();
        pipeline.cmd("WAIT").arg(wait).arg(REPLICAS_PATIENCE_MS);
        let waiting = |mut connection| {
            let pipeline = &pipeline;
            async move { pipeline.query_async::<(u32,)>(&mut connection).await }
        };
        let (replicas,) = self
            .waiters
            .run(waiting)
            .await
            .map_err(|error| failed(&error))?;
        self.enough(replicas)
    }

    fn enough(&self, replicas: u32) -> Result<(), StoreError> {
        let wanted = self.redis_wait;
        if replicas >= wanted {
            return Ok(());
        }
        Err(StoreError::Unanswered(format!(
            "{replicas} of {wanted} replicas have the change: see --redis-wait"
        )))
    }
}

/// Whether a script of ours failed at one of its commands: whatever it wrote before stays.
/// Redis then names the script and the line; an error before the start names none.
fn broke_off(reason: &str) -> bool {
    reason.contains("on @user_script")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_within_a_script_is_told_from_one_before_it() {
        let within = "The user executing the script can't run this command or subcommand script: \
             31e0c1e5, on @user_script:1.";
        assert!(broke_off(within));
        assert!(!broke_off(
            "this user has no permissions to run the 'evalsha' command"
        ));
    }
}
