//! Committing checked orders from outside, each by its own decision. Who
//! checked them may be another program: they are cleaned once more.

use ordertop::clock::Clock;
use ordertop::order::{Actor, ActorKind, OrderKey};
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
    let mut changes = Vec::with_capacity(batch.orders.len());
    let mut waiting = Vec::with_capacity(batch.orders.len());
    for intake in &batch.orders {
        let key = intake.key();
        waiting.push((
            key.clone(),
            match intake.clone().distrusted() {
                Ok(intake) => {
                    changes.push((
                        key,
                        decision::import(intake, actor.clone(), None, clock.now()),
                    ));
                    Ok(())
                }
                Err(error) => Err(error),
            },
        ));
    }
    let mut changed = store.change_all(changes).await?.into_iter();
    let rows = waiting.into_iter().map(|(key, taken)| match taken {
        Ok(()) => Ok(row(key, changed.next().ok_or(StoreError::Closed)?)),
        Err(error) => Ok(refused(key, error.to_string())),
    });
    rows.collect()
}

fn refused(key: OrderKey, error: String) -> RowResult {
    RowResult {
        vendor_id: Some(key.vendor.into()),
        order_number: Some(key.number.into()),
        result: Outcome::Refused,
        code: Some("refused".to_owned()),
        error: Some(error),
        order: None,
    }
}

fn row(key: OrderKey, change: Change) -> RowResult {
    let version = change.order.as_ref().map_or(0, |order| order.state.version);
    let result = match change.outcome {
        ChangeOutcome::Refused(refusal) => return refused(key, refusal.to_string()),
        ChangeOutcome::Written if version == 1 => Outcome::Placed,
        ChangeOutcome::Written => Outcome::Changed,
        ChangeOutcome::Kept => Outcome::Unchanged,
    };
    RowResult {
        vendor_id: Some(key.vendor.into()),
        order_number: Some(key.number.into()),
        result,
        code: None,
        error: None,
        order: None,
    }
}
