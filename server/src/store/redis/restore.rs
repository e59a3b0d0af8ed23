//! Orders as another store kept them.

use futures_util::StreamExt;
use ordertop::order::{OrderId, Source, VendorId};

use super::commit::token;
use super::keys::{self, VendorKeys};
use super::rows::{Record, to_json, unreadable};
use super::shared::Shared;
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
    for order in &orders {
        order.check_of(vendor)?;
    }
    let ids = ids(shared, &orders).await?;
    let writing = orders.iter().zip(ids);
    let writing: Vec<_> = writing
        .map(|(order, id)| restore_one(shared, vendor, order, id))
        .collect();
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

/// The id of each order here: the one that it had, unless another order was restored with
/// that; then a new one. Whose an id is stays written down, so that a restore that is run
/// again gives the same.
async fn ids(shared: &Shared, orders: &[KeptOrder]) -> Result<Vec<OrderId>, StoreError> {
    let mut claims = redis::pipe();
    for kept in orders {
        let (id, owner) = (kept.order.id.0, kept.order.key().to_string());
        let claim = claims.cmd("HSETNX").arg(keys::RESTORED_IDS);
        claim.arg(id).arg(owner).ignore();
        claims.cmd("HGET").arg(keys::RESTORED_IDS).arg(id);
    }
    let claiming = |mut connection| {
        let claims = &claims;
        async move { claims.query_async(&mut connection).await }
    };
    let owners: Vec<String> = match shared.link.run(claiming).await {
        Ok(owners) => owners,
        Err(error) => return Err(super::error::failed(&error)),
    };
    let mut ids = Vec::with_capacity(orders.len());
    for (kept, owner) in orders.iter().zip(owners) {
        let order = &kept.order;
        let free = order.id != OrderId::default() && owner == order.key().to_string();
        ids.push(if free {
            order.id
        } else {
            OrderId(shared.next_order_id().await?)
        });
    }
    Ok(ids)
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
    id: OrderId,
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
        id.0.to_string(),
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
