//! Committing checked orders from outside, each by its own decision. Who
//! checked them may be another program: they are cleaned once more.

use ordertop::clock::Clock;
use ordertop::order::intake::{Intake, IntakeError};
use ordertop::order::{Actor, ActorKind, OrderKey};
use ordertop::protocol::rest::{ImportBatch, Outcome, RowResult};

use crate::decision;
use crate::store::{self, Change, ChangeOutcome, Once, Refusal, Store, StoreError, Target};

/// Commits a batch, its rows in their order; one result a row.
///
/// # Errors
/// When the store is away: then nothing of the batch was committed.
pub async fn commit(
    store: &dyn Store,
    batch: &ImportBatch,
    once: Option<Once>,
    clock: &dyn Clock,
) -> Result<Vec<RowResult>, StoreError> {
    let from = ordertop::order::text::clean(&batch.from, 200);
    let actor = Actor::new(ActorKind::Import, from);
    let decided = |intake: &Intake| {
        let intake = intake.clone().distrusted()?;
        let target = Target {
            key: intake.key(),
            source: intake.identity().cloned(),
        };
        let decide = decision::import(intake, actor.clone(), None, clock.now());
        Ok((target, decide))
    };
    let rows = batch.orders.iter().map(decided).collect();
    let changed: Vec<Result<_, IntakeError>> = store::change_rows(store, rows, once).await?;
    let rows = batch.orders.iter().map(Intake::key).zip(changed);
    let rows = rows.map(|(key, changed)| match changed {
        Ok(change) => row(key, change),
        Err(error) => refused(key, "refused", error.to_string()),
    });
    Ok(rows.collect())
}

fn refused(key: OrderKey, code: &str, error: String) -> RowResult {
    let (vendor, number) = (key.vendor.into(), key.number.into());
    RowResult {
        code: Some(code.to_owned()),
        error: Some(error),
        ..RowResult::new(Some(vendor), Some(number), Outcome::Refused)
    }
}

fn row(key: OrderKey, change: Change) -> RowResult {
    let result = match change.outcome {
        ChangeOutcome::Refused(refusal) => {
            let code = match refusal {
                Refusal::NumberTaken | Refusal::NumberOfAnother { .. } => "number_taken",
                Refusal::AmbiguousSource(_) => "ambiguous_source",
                _ => "refused",
            };
            return refused(key, code, refusal.to_string());
        }
        ChangeOutcome::Written if change.version == 1 => Outcome::Placed,
        ChangeOutcome::Written => Outcome::Changed,
        ChangeOutcome::Kept => Outcome::Unchanged,
    };
    RowResult::new(Some(key.vendor.into()), Some(key.number.into()), result)
}
