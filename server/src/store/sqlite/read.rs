//! What is read: orders, lists, events, history. Each function runs in a read
//! transaction of its own.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use ordertop::order::{HistoryEntry, OrderId, OrderKey, OrderNumber, VendorId, VendorOrder};
use ordertop::protocol::message::Unrecovered;
use ordertop::protocol::{Mark, Position};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::VendorEntry;
use super::rows::{self, ORDER_COLUMNS};
use crate::store::fact::Fact;
use crate::store::{Cursor, Event, ListPage, ListQuery, Replay, Retention};

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

/// A page of orders, newest first.
pub(super) fn list(db: &Connection, query: &ListQuery) -> rusqlite::Result<ListPage> {
    let mut position = None;
    let mut vendor_row = None;
    let mut wheres = String::from("1");
    let mut values: Vec<Value> = Vec::new();
    let mut also = |condition: &str, new: Vec<Value>| {
        let _ = write!(wheres, " AND {condition}");
        values.extend(new);
    };
    if let Some(vendor) = &query.vendor {
        let row: i64 = db
            .prepare_cached("SELECT ref FROM vendors WHERE id = ?1")?
            .query_row([vendor.as_str()], |row| row.get(0))?;
        position = Some(head(db, row)?.position);
        vendor_row = Some(row);
        also("o.vendor = ?", vec![row.into()]);
    }
    if !query.statuses.is_empty() {
        let marks = vec!["?"; query.statuses.len()].join(", ");
        let statuses = query
            .statuses
            .iter()
            .map(|status| Value::from(status.as_str().to_owned()));
        also(&format!("o.status IN ({marks})"), statuses.collect());
    }
    if let Some(after) = query.placed_after {
        also("o.placed_at > ?", vec![after.as_microsecond().into()]);
    }
    if let Some(before) = query.placed_before {
        also("o.placed_at < ?", vec![before.as_microsecond().into()]);
    }
    if let Some(Cursor { placed_us, id }) = query.cursor {
        let id = i64::try_from(id).unwrap_or(i64::MAX);
        also(
            "(o.placed_at, o.id) < (?, ?)",
            vec![placed_us.into(), id.into()],
        );
    }
    if let Some(text) = &query.text {
        let like = Value::from(format!("%{}%", escape_like(text)));
        also(
            r"(o.number LIKE ? ESCAPE '\' OR c.body ->> '$.buyer.name' LIKE ? ESCAPE '\'
               OR (? AND c.body ->> '$.buyer.email' LIKE ? ESCAPE '\')
               OR EXISTS (SELECT 1 FROM json_each(c.body, '$.lines') l
                          WHERE l.value ->> '$.sku' LIKE ? ESCAPE '\'))",
            vec![
                like.clone(),
                like.clone(),
                query.search_emails.into(),
                like.clone(),
                like,
            ],
        );
    }
    // One more than asked for tells whether there is a next page.
    values.push(i64::try_from(query.limit + 1).unwrap_or(i64::MAX).into());
    let mut orders: Vec<VendorOrder> = db
        .prepare_cached(&format!(
            "SELECT {ORDER_COLUMNS} FROM orders o
             JOIN contents c ON c.order_id = o.id AND c.revision = o.revision
             JOIN vendors v ON v.ref = o.vendor
             WHERE {wheres} ORDER BY o.placed_at DESC, o.id DESC LIMIT ?"
        ))?
        .query_map(params_from_iter(values), rows::order)?
        .collect::<rusqlite::Result<_>>()?;
    let more = orders.len() > query.limit;
    orders.truncate(query.limit);
    let next = orders.last().filter(|_| more).map(|last| Cursor {
        placed_us: last.content.placed_at.as_microsecond(),
        id: last.id.0,
    });
    let total = match vendor_row.filter(|_| more && query.is_whole().is_some()) {
        // The index on a vendor's orders answers it alone.
        Some(row) => db
            .prepare_cached("SELECT count(*) FROM orders WHERE vendor = ?1")?
            .query_row([row], |row| row.get::<_, i64>(0))
            .map(|count| u64::try_from(count).ok())?,
        None => None,
    };
    Ok(ListPage {
        position,
        orders,
        next,
        total,
    })
}

/// `%` and `_` mean themselves.
fn escape_like(text: &str) -> String {
    text.replace('\\', r"\\")
        .replace('%', r"\%")
        .replace('_', r"\_")
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
