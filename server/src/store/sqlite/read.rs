//! What is read: orders, events, history. Each function runs in a read
//! transaction of its own.

use std::collections::HashMap;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use ordertop::order::{HistoryEntry, OrderId, OrderKey, OrderNumber, VendorId, VendorOrder};
use ordertop::protocol::message::Unrecovered;
use ordertop::protocol::{Mark, Position};
use rusqlite::{Connection, OptionalExtension, params};

use super::directory::VendorEntry;
use super::rows::{self, ORDER_COLUMNS};
use crate::store::fact::Fact;
use crate::store::{Event, Replay, Retention};

/// Every vendor with its newest position.
pub(super) fn vendor_entries(
    db: &Connection,
) -> rusqlite::Result<HashMap<VendorId, Arc<VendorEntry>>> {
    let mut statement = db.prepare("SELECT id, ref, name FROM vendors")?;
    let rows = statement.query_map([], |row| {
        Ok((
            rows::id(row, 0, VendorId::new)?,
            row.get::<_, i64>(1)?,
            row.get::<_, String>(2)?,
        ))
    })?;
    let mut entries = HashMap::new();
    for row in rows {
        let (id, row, name) = row?;
        let head = head(db, row)?;
        let newest = AtomicI64::new(head.newest.unwrap_or_default());
        let head = Mutex::new(head.position);
        entries.insert(
            id,
            Arc::new(VendorEntry {
                row,
                name,
                head,
                newest,
            }),
        );
    }
    Ok(entries)
}

/// Where a vendor's stream stands.
pub(super) struct Head {
    /// The newest event, or the birth of the stream.
    pub(super) position: Position,
    /// The newest event's place in the log.
    pub(super) newest: Option<i64>,
    birth: Mark,
}

pub(super) fn head(db: &Connection, vendor: i64) -> rusqlite::Result<Head> {
    db.prepare_cached(r#"SELECT "offset", mark, newest, birth_mark FROM vendors WHERE ref = ?1"#)?
        .query_row([vendor], |row| {
            Ok(Head {
                position: Position {
                    offset: row.get(0)?,
                    mark: rows::id(row, 1, Mark::new)?,
                },
                newest: row.get(2)?,
                birth: rows::id(row, 3, Mark::new)?,
            })
        })
}

/// One order.
pub(super) fn order(
    db: &Connection,
    vendor: i64,
    key: &OrderKey,
) -> rusqlite::Result<Option<VendorOrder>> {
    Ok(stored(db, vendor, key)?.map(|stored| stored.order))
}

/// An order with what a commit of its next step builds upon.
pub(super) struct Stored {
    pub(super) order: VendorOrder,
    /// Which of its contents is the newest.
    pub(super) revision: i64,
    /// Its newest event's place in the log.
    pub(super) newest: i64,
}

pub(super) fn stored(
    db: &Connection,
    vendor: i64,
    key: &OrderKey,
) -> rusqlite::Result<Option<Stored>> {
    db.prepare_cached(&format!(
        "SELECT {ORDER_COLUMNS}, o.revision, o.newest FROM orders o
         JOIN contents c ON c.order_id = o.id AND c.revision = o.revision
         JOIN vendors v ON v.ref = o.vendor
         WHERE o.number = ?1 AND o.vendor = ?2"
    ))?
    .query_row(params![key.number.as_str(), vendor], |row| {
        Ok(Stored {
            order: rows::order(row)?,
            revision: row.get("revision")?,
            newest: row.get("newest")?,
        })
    })
    .optional()
}

/// An order by the store's own number.
pub(super) fn order_by_id(db: &Connection, id: u64) -> rusqlite::Result<Option<VendorOrder>> {
    db.prepare_cached(&format!(
        "SELECT {ORDER_COLUMNS} FROM orders o
         JOIN contents c ON c.order_id = o.id AND c.revision = o.revision
         JOIN vendors v ON v.ref = o.vendor
         WHERE o.id = ?1"
    ))?
    .query_row([id], rows::order)
    .optional()
}

/// An order as it was at the event of this place in the log; as it is now where the content
/// that it had then is no longer kept.
pub(super) fn order_at(db: &Connection, seq: i64) -> rusqlite::Result<VendorOrder> {
    let then = db
        .prepare_cached(
            "SELECT o.id, v.id, o.number, e.state, c.body FROM events e
             JOIN orders o ON o.id = e.order_id
             JOIN contents c ON c.order_id = e.order_id AND c.revision = e.revision
             JOIN vendors v ON v.ref = e.vendor
             WHERE e.seq = ?1",
        )?
        .query_row([seq], rows::order)
        .optional()?;
    if let Some(then) = then {
        return Ok(then);
    }
    db.prepare_cached(&format!(
        "SELECT {ORDER_COLUMNS} FROM events e
         JOIN orders o ON o.id = e.order_id
         JOIN contents c ON c.order_id = o.id AND c.revision = o.revision
         JOIN vendors v ON v.ref = o.vendor
         WHERE e.seq = ?1"
    ))?
    .query_row([seq], rows::order)
}

/// What an event says of its order without the order's content.
pub(super) struct AtEvent {
    pub(super) position: Position,
    pub(super) order: OrderId,
    /// The version that the event made.
    pub(super) version: u64,
}

/// The event of this place in the log.
pub(super) fn at_event(db: &Connection, seq: i64) -> rusqlite::Result<AtEvent> {
    db.prepare_cached(
        r#"SELECT "offset", mark, order_id, state ->> '$.version' FROM events WHERE seq = ?1"#,
    )?
    .query_row([seq], |row| {
        Ok(AtEvent {
            position: Position {
                offset: row.get(0)?,
                mark: rows::id(row, 1, Mark::new)?,
            },
            order: OrderId(row.get(2)?),
            version: row.get(3)?,
        })
    })
}

/// The vendors that have an order of this number.
pub(super) fn vendors_with(
    db: &Connection,
    number: &OrderNumber,
) -> rusqlite::Result<Vec<VendorId>> {
    db.prepare_cached(
        "SELECT v.id FROM orders o JOIN vendors v ON v.ref = o.vendor
         WHERE o.number = ?1 ORDER BY v.id",
    )?
    .query_map([number.as_str()], |row| rows::id(row, 0, VendorId::new))?
    .collect()
}

/// How many orders there are.
pub(super) fn count_orders(db: &Connection) -> rusqlite::Result<u64> {
    db.prepare_cached("SELECT count(*) FROM orders")?
        .query_row([], |row| row.get(0))
}

/// What was done to an order, oldest first: its chain through the log, reversed.
pub(super) fn history(
    db: &Connection,
    vendor: i64,
    number: &OrderNumber,
) -> rusqlite::Result<Vec<HistoryEntry>> {
    let mut next: Option<i64> = db
        .prepare_cached("SELECT newest FROM orders WHERE number = ?1 AND vendor = ?2")?
        .query_row(params![number.as_str(), vendor], |row| row.get(0))
        .optional()?;
    let mut step = db.prepare_cached("SELECT fact, order_before FROM events WHERE seq = ?1")?;
    let mut entries = Vec::new();
    while let Some(seq) = next {
        let (fact, before): (Fact, _) =
            step.query_row([seq], |row| Ok((rows::json(row, 0)?, row.get(1)?)))?;
        entries.push(fact.entry);
        next = before;
    }
    entries.reverse();
    Ok(entries)
}

/// Which events to read, and what of them may be replayed.
pub(super) struct EventsQuery {
    /// After this one.
    pub(super) since: Position,
    /// Up to this offset.
    pub(super) until: Option<u64>,
    /// At most so many.
    pub(super) limit: usize,
    pub(super) retention: Retention,
    pub(super) now: Timestamp,
}

/// The events of a query, or the reason why it cannot be proved that they are
/// all, or why they are no longer replayed.
pub(super) fn events(
    db: &Connection,
    vendor: &VendorId,
    row: i64,
    query: &EventsQuery,
) -> rusqlite::Result<Replay> {
    let EventsQuery {
        since,
        until,
        limit,
        retention,
        now,
    } = query;
    let head = head(db, row)?;
    let unrecovered = |reason, head| Ok(Replay::Unrecovered { reason, head });
    let missed = match walk_back(db, &head, since, retention.events)? {
        Ok(missed) => missed,
        Err(reason) => return unrecovered(reason, head.position),
    };
    let until = until
        .unwrap_or(head.position.offset)
        .saturating_sub(since.offset);
    let wanted = (*limit).min(usize::try_from(until).unwrap_or(usize::MAX));
    let mut read = db.prepare_cached(
        r#"SELECT e."offset", e.mark, e.order_id, o.number, e.state, c.body, e.fact
           FROM events e
           JOIN orders o ON o.id = e.order_id
           LEFT JOIN contents c ON c.order_id = e.order_id AND c.revision = e.revision
           WHERE e.seq = ?1"#,
    )?;
    let behind = missed.len() as u64;
    let mut events: Vec<Event> = Vec::with_capacity(wanted.min(missed.len()));
    let mut after = since.mark.clone();
    // The chain was walked from the newest back: the oldest missed event is last.
    for seq in missed.iter().rev().take(wanted) {
        let event = read.query_row([seq], |row| rows::event(row, vendor, after.clone()))?;
        // Its content is kept no longer: the retention was shorter once, or the clock was set.
        let Some(event) = event else {
            return unrecovered(Unrecovered::PositionExpired, head.position);
        };
        if events.is_empty() && !retention.keeps(behind, event.at, *now) {
            return unrecovered(Unrecovered::PositionExpired, head.position);
        }
        after = event.position.mark.clone();
        events.push(event);
    }
    Ok(Replay::Events {
        events,
        head: head.position,
    })
}

/// The places in the log of all events after `since`, newest first and at most
/// `limit`; or why it cannot be proved that they are all.
fn walk_back(
    db: &Connection,
    head: &Head,
    since: &Position,
    limit: u64,
) -> rusqlite::Result<Result<Vec<i64>, Unrecovered>> {
    let Some(behind) = head.position.offset.checked_sub(since.offset) else {
        return Ok(Err(Unrecovered::PositionUnknown));
    };
    if behind > limit {
        return Ok(Err(Unrecovered::PositionExpired));
    }
    let mut step =
        db.prepare_cached(r#"SELECT "offset", mark, before FROM events WHERE seq = ?1"#)?;
    let mut missed = Vec::with_capacity(usize::try_from(behind).unwrap_or_default());
    let mut next = head.newest;
    while let Some(seq) = next {
        let found = step
            .query_row([seq], |row| {
                let offset: u64 = row.get(0)?;
                Ok((offset, rows::id(row, 1, Mark::new)?, row.get(2)?))
            })
            .optional()?;
        // The chain goes on in what is no longer kept.
        let Some((offset, mark, before)) = found else {
            return Ok(Err(Unrecovered::PositionExpired));
        };
        if offset == since.offset {
            let same = mark == since.mark;
            return Ok(if same {
                Ok(missed)
            } else {
                Err(Unrecovered::PositionUnknown)
            });
        }
        missed.push(seq);
        next = before;
    }
    let same = since.offset == 0 && head.birth == since.mark;
    Ok(if same {
        Ok(missed)
    } else {
        Err(Unrecovered::PositionUnknown)
    })
}
