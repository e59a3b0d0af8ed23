//! Orders as another store kept them.

use futures_util::StreamExt;
use ordertop::order::{Source, VendorId};

use super::Shared;
use super::commit::token;
use super::keys::VendorKeys;
use super::rows::{Record, to_json, unreadable};
use super::sources;
use crate::store::{KeptOrder, Restored, StoreError};

/// Orders that are written at once; what they need is pipelined.
const AT_ONCE: usize = 64;

/// Writes those that are not there yet, each with its history in one step.
pub(super) async fn restore(
    shared: &Shared,
    vendor: &VendorId,
    orders: Vec<KeptOrder>,
) -> Result<Restored, StoreError> {
    let mut writing = Vec::with_capacity(orders.len());
    for order in &orders {
        order.check_of(vendor)?;
        writing.push(restore_one(shared, vendor, order));
    }
    let mut writing = futures_util::stream::iter(writing).buffered(AT_ONCE);
    let mut restored = Restored::default();
    while let Some(found) = writing.next().await {
        match found? {
            Found::Nothing => restored.written += 1,
            Found::Same => restored.present += 1,
            Found::Other => restored.different += 1,
        }
    }
    Ok(restored)
}

/// What was there before.
enum Found {
    Nothing,
    Same,
    Other,
}

async fn restore_one(
    shared: &Shared,
    vendor: &VendorId,
    kept: &KeptOrder,
) -> Result<Found, StoreError> {
    let (order, of) = (&kept.order, VendorKeys(vendor));
    let source = order.content.source.as_ref().and_then(Source::key);
    let keys = [
        of.head(),
        of.orders(),
        of.contents(),
        of.placed(),
        of.history(&order.number),
        of.sources(),
    ];
    let mut args = vec![
        order.number.as_str().to_owned(),
        token(&order.state),
        order.id.0.to_string(),
        to_json(&order.state)?,
        to_json(&order.content)?,
        order.content.placed_at.as_microsecond().to_string(),
        source.map(|key| sources::field(&key)).unwrap_or_default(),
    ];
    for entry in &kept.history {
        args.push(to_json(entry)?);
    }
    let said: Vec<String> = shared.run(&shared.scripts.restore, &keys, &args).await?;
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    match said[..] {
        ["written"] => Ok(Found::Nothing),
        ["present", record, content] => {
            let there = Record::read(record)?.order(vendor, &order.number, content)?;
            let history = shared.history(&order.key()).await?;
            let same = kept.is_kept_as(&there, &history);
            Ok(if same { Found::Same } else { Found::Other })
        }
        ["no vendor"] => Err(StoreError::Failed(format!("there is no vendor {vendor}"))),
        _ => Err(unreadable("the answer of a restore")),
    }
}
