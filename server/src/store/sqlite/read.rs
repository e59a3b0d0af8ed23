//! What is read: orders, lists, events, history. Each function runs in a read
//! transaction of its own.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use ordertop::order::{HistoryEntry, OrderKey, OrderNumber, VendorId, VendorOrder};
use ordertop::protocol::message::Unrecovered;
use ordertop::protocol::{Mark, Position};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::VendorEntry;
use super::rows::{self, ORDER_COLUMNS};
use crate::store::{Cursor, Event, ListPage, ListQuery, Replay};

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
        let head = Mutex::new(head(db, row)?);
        entries.insert(id, Arc::new(VendorEntry { row, name, head }));
    }
    Ok(entries)
}

/// A vendor's newest event, or the birth of its stream.
pub(super) fn head(db: &Connection, vendor: i64) -> rusqlite::Result<Position> {
    let newest = db
        .prepare_cached(
            r#"SELECT "offset", mark FROM events WHERE vendor = ?1 ORDER BY "offset" DESC LIMIT 1"#,
        )?
        .query_row([vendor], |row| {
            Ok(Position {
                offset: row.get(0)?,
                mark: rows::id(row, 1, Mark::new)?,
            })
        })
        .optional()?;
    match newest {
        Some(position) => Ok(position),
        None => Ok(Position {
            offset: 0,
            mark: birth_mark(db, vendor)?,
        }),
    }
}

fn birth_mark(db: &Connection, vendor: i64) -> rusqlite::Result<Mark> {
    db.prepare_cached("SELECT birth_mark FROM vendors WHERE ref = ?1")?
        .query_row([vendor], |row| rows::id(row, 0, Mark::new))
}

/// One order.
pub(super) fn order(
    db: &Connection,
    vendor: i64,
    key: &OrderKey,
) -> rusqlite::Result<Option<VendorOrder>> {
    db.prepare_cached(&format!(
        "SELECT {ORDER_COLUMNS} FROM orders o
         JOIN contents c ON c.order_id = o.id AND c.revision = o.revision
         JOIN vendors v ON v.ref = o.vendor
         WHERE o.number = ?1 AND o.vendor = ?2"
    ))?
    .query_row(params![key.number.as_str(), vendor], rows::order)
    .optional()
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

/// What was done to an order, oldest first.
pub(super) fn history(
    db: &Connection,
    vendor: i64,
    number: &OrderNumber,
) -> rusqlite::Result<Vec<HistoryEntry>> {
    db.prepare_cached(
        "SELECT h.body FROM history h JOIN orders o ON o.id = h.order_id
         WHERE o.number = ?1 AND o.vendor = ?2 ORDER BY h.version",
    )?
    .query_map(params![number.as_str(), vendor], |row| rows::json(row, 0))?
    .collect()
}

/// A page of orders, newest first.
pub(super) fn list(db: &Connection, query: &ListQuery) -> rusqlite::Result<ListPage> {
    let mut position = None;
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
        position = Some(head(db, row)?);
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
        let like = format!("%{}%", escape_like(text));
        also(
            r"(o.number LIKE ? ESCAPE '\' OR c.body ->> '$.buyer.name' LIKE ? ESCAPE '\'
               OR c.body ->> '$.buyer.email' LIKE ? ESCAPE '\'
               OR EXISTS (SELECT 1 FROM json_each(c.body, '$.lines') l
                          WHERE l.value ->> '$.sku' LIKE ? ESCAPE '\'))",
            vec![Value::from(like); 4],
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
    Ok(ListPage {
        position,
        orders,
        next,
    })
}

fn escape_like(text: &str) -> String {
    text.replace('\\', r"\\")
        .replace('%', r"\%")
        .replace('_', r"\_")
}

/// The events after `since`: all of them up to `until` and `limit`, or the
/// reason why it cannot be proved that they are all.
pub(super) fn events(
    db: &Connection,
    vendor: &VendorId,
    row: i64,
    since: &Position,
    until: Option<u64>,
    limit: usize,
) -> rusqlite::Result<Replay> {
    let head = head(db, row)?;
    if let Some(reason) = why_not(db, row, since, &head)? {
        return Ok(Replay::Unrecovered { reason, head });
    }
    let until = until.unwrap_or(head.offset);
    let mut statement = db.prepare_cached(
        r#"SELECT e."offset", e.mark, e.order_id, o.number, e.state, c.body, e.fact
           FROM events e
           JOIN orders o ON o.id = e.order_id
           JOIN contents c ON c.order_id = e.order_id AND c.revision = e.revision
           WHERE e.vendor = ?1 AND e."offset" > ?2 AND e."offset" <= ?3
           ORDER BY e."offset" LIMIT ?4"#,
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut found = statement.query(params![row, since.offset, until, limit])?;
    let mut events: Vec<Event> = Vec::new();
    let mut after = since.mark.clone();
    while let Some(row) = found.next()? {
        let event = rows::event(row, vendor, after)?;
        after = event.position.mark.clone();
        events.push(event);
    }
    Ok(Replay::Events { events, head })
}

/// Why the events after `since` cannot be proved whole; `None` when they can.
fn why_not(
    db: &Connection,
    vendor: i64,
    since: &Position,
    head: &Position,
) -> rusqlite::Result<Option<Unrecovered>> {
    if since.offset > head.offset {
        return Ok(Some(Unrecovered::PositionUnknown));
    }
    let oldest: Option<u64> = db
        .prepare_cached(r#"SELECT min("offset") FROM events WHERE vendor = ?1"#)?
        .query_row([vendor], |row| row.get(0))?;
    let mark = if since.offset == 0 {
        // The stream's birth is known for ever; its first event may be gone.
        if oldest.is_some_and(|oldest| oldest > 1) {
            return Ok(Some(Unrecovered::PositionExpired));
        }
        Some(birth_mark(db, vendor)?)
    } else {
        db.prepare_cached(r#"SELECT mark FROM events WHERE vendor = ?1 AND "offset" = ?2"#)?
            .query_row(params![vendor, since.offset], |row| {
                rows::id(row, 0, Mark::new)
            })
            .optional()?
    };
    Ok(match mark {
        Some(mark) if mark == since.mark => None,
        Some(_) => Some(Unrecovered::PositionUnknown),
        None if oldest.is_some_and(|oldest| since.offset < oldest) => {
            Some(Unrecovered::PositionExpired)
        }
        None => Some(Unrecovered::PositionUnknown),
    })
}
