//! Orders by the shop's own id.

use ordertop::order::{OrderNumber, Source, VendorOrder};
use rusqlite::{Connection, Transaction, params};

use super::read;
use crate::store::{Refusal, Target};

/// The number of the stored order that a change is about, where its source leads to one.
pub(super) fn number(
    db: &Connection,
    vendor: i64,
    target: &Target,
) -> rusqlite::Result<Result<Option<OrderNumber>, Refusal>> {
    let Some(key) = target.source.as_ref().and_then(Source::key) else {
        return Ok(Ok(None));
    };
    let mut ids = db.prepare_cached(
        "SELECT order_id FROM order_sources WHERE vendor = ?1 AND source_id = ?2 AND channel = ?3",
    )?;
    let ids = ids.query_map(params![vendor, key.order_id, key.channel], |row| row.get(0))?;
    let ids: Vec<u64> = ids.collect::<rusqlite::Result<_>>()?;
    let mut candidates = Vec::with_capacity(ids.len());
    for id in ids {
        candidates.extend(read::order_by_id(db, id)?);
    }
    Ok(target.choose(candidates.iter()))
}

/// Notes down which shop's id leads to this order.
pub(super) fn record(
    db: &Transaction<'_>,
    vendor: i64,
    order: &VendorOrder,
) -> rusqlite::Result<()> {
    let Some(key) = order
        .content
        .source
        .as_ref()
        .and_then(|source| source.key())
    else {
        return Ok(());
    };
    db.prepare_cached(
        "INSERT OR IGNORE INTO order_sources (vendor, channel, source_id, order_id) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![vendor, key.channel, key.order_id, order.id.0])?;
    Ok(())
}
