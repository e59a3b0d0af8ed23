//! Committing checked orders from outside, each by its own decision.

use futures_util::future::join_all;
use ordertop::clock::Clock;
use ordertop::order::intake::Intake;
use ordertop::order::{Actor, ActorKind};
use ordertop::protocol::rest::{ImportBatch, Outcome, RowResult};

use crate::decision;
use crate::store::{ChangeOutcome, Store, StoreError};

/// Commits a batch; one result a row, in order.
///
/// # Errors
/// When the store is away: what was committed before stays, and sending the
/// batch again changes nothing twice.
pub async fn commit(
    store: &dyn Store,
    batch: &ImportBatch,
    clock: &dyn Clock,
) -> Result<Vec<RowResult>, StoreError> {
    let from = ordertop::order::text::clean(&batch.from, 200);
    let actor = Actor::new(ActorKind::Import, from);
    // The rows meet in one commit, in their order: the line to the writer is
    // first come, first served.
    let rows = batch
        .orders
        .iter()
        .map(|order| commit_one(store, order, actor.clone(), clock));
    join_all(rows).await.into_iter().collect()
}

async fn commit_one(
    store: &dyn Store,
    intake: &Intake,
    actor: Actor,
    clock: &dyn Clock,
) -> Result<RowResult, StoreError> {
    let key = intake.key();
    let decide = decision::import(intake.clone(), actor, None, clock.now());
    let change = store.change(key.clone(), decide).await?;
    let version = change.order.as_ref().map_or(0, |order| order.state.version);
    let mut row = RowResult {
        vendor_id: Some(key.vendor.into()),
        order_number: Some(key.number.into()),
        result: match change.outcome {
            ChangeOutcome::Written if version == 1 => Outcome::Placed,
            ChangeOutcome::Written => Outcome::Changed,
            ChangeOutcome::Kept => Outcome::Unchanged,
            ChangeOutcome::Refused(_) => Outcome::Refused,
        },
        code: None,
        error: None,
        order: None,
    };
    if let ChangeOutcome::Refused(refusal) = change.outcome {
        row.code = Some("refused".to_owned());
        row.error = Some(refusal.to_string());
    }
    Ok(row)
}
