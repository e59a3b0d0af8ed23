//! Committing checked orders from outside, each by its own decision.

use ordertop::clock::Clock;
use ordertop::order::intake::Intake;
use ordertop::order::{Actor, ActorKind};
use ordertop::protocol::rest::{ImportBatch, Outcome, RowResult};

use crate::decision;
use crate::store::{Change, ChangeOutcome, Store, StoreError};

/// Commits a batch, its rows in their order; one result a row.
///
/// # Errors
/// When the store is away: then nothing of the batch was committed.
pub async fn commit(
    store: &dyn Store,
    batch: &ImportBatch,
    clock: &dyn Clock,
) -> Result<Vec<RowResult>, StoreError> {
    let from = ordertop::order::text::clean(&batch.from, 200);
    let actor = Actor::new(ActorKind::Import, from);
    let decided = |intake: &Intake| {
        let decide = decision::import(intake.clone(), actor.clone(), None, clock.now());
        (intake.key(), decide)
    };
    let changes = batch.orders.iter().map(decided).collect();
    let changed = store.change_all(changes).await?;
    Ok(batch
        .orders
        .iter()
        .zip(changed)
        .map(|(intake, change)| row(intake, change))
        .collect())
}

fn row(intake: &Intake, change: Change) -> RowResult {
    let version = change.order.as_ref().map_or(0, |order| order.state.version);
    let mut row = RowResult {
        vendor_id: Some(intake.vendor_id.to_string()),
        order_number: Some(intake.number.to_string()),
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
    row
}
