//! Pages of orders, read in turns.
//!
//! Statuses off the usual way have an index of their own (`006_rare.sql`). There is none by the others or by words
//! ([`super`] writes few pages a commit), so a page may walk through all orders. A walk is cut into turns of bounded work. Between two
//! turns it gives back its connection and its read transaction: others have their turn, and a
//! checkpoint of the write-ahead log can complete.
//!
//! A page is not of one moment then. Its position is that of its first turn: whatever happened
//! while it was read is an event after it.

use std::fmt::Write as _;

use ordertop::order::{OrderStatus, VendorOrder};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::read;
use super::rows::{self, ORDER_COLUMNS};
use crate::store::{Cursor, ListPage, ListQuery};

/// Work of one turn; a row that is passed by costs 1. A turn takes a few milliseconds.
const TURN_COST: usize = 2_000;
/// What it costs to read an order, and each [`COST_BYTES`] of its content.
const ORDER_COST: usize = 4;
const COST_BYTES: usize = 256;

/// The statuses of an order's usual life after its payment: most orders have one of these.
const COMMON: [OrderStatus; 4] = [
    OrderStatus::Paid,
    OrderStatus::Shipped,
    OrderStatus::Delivered,
    OrderStatus::Completed,
];

/// A page that is being read.
#[derive(Debug)]
pub(super) struct Walk {
    query: ListQuery,
    /// The vendor's row, where the list is one vendor's.
    vendor: Option<i64>,
    /// The last row that was looked at.
    at: Option<Cursor>,
    /// The page so far; `None` before the first turn.
    page: Option<ListPage>,
    turn_cost: usize,
}

/// How a turn ended.
#[derive(Debug)]
pub(super) enum Turn {
    /// There are more rows to look at.
    Again(Box<Walk>),
    /// The page is read.
    Done(ListPage),
}

impl Walk {
    pub(super) fn new(query: ListQuery) -> Self {
        Self {
            at: query.cursor,
            query,
            vendor: None,
            page: None,
            turn_cost: TURN_COST,
        }
    }

    /// Goes on with the page until it is read or the turn is over.
    pub(super) fn turn(mut self: Box<Self>, db: &Connection) -> rusqlite::Result<Turn> {
        let mut page = match self.page.take() {
            Some(page) => page,
            None => self.begin(db)?,
        };
        let (conditions, values) = self.conditions();
        let mut rows = db.prepare_cached(&format!(
            "SELECT o.placed_at, o.id, o.status FROM orders o {}
             WHERE {conditions} ORDER BY o.placed_at DESC, o.id DESC",
            self.index()
        ))?;
        let mut rows = rows.query(params_from_iter(values))?;
        let mut read = db.prepare_cached(&format!(
            "SELECT {ORDER_COLUMNS}, length(c.body) FROM orders o
             JOIN contents c ON c.order_id = o.id AND c.revision = o.revision
             JOIN vendors v ON v.ref = o.vendor
             WHERE o.id = ?1"
        ))?;
        let mut cost = 0;
        while let Some(row) = rows.next()? {
            if cost >= self.turn_cost {
                drop(rows);
                drop(read);
                self.page = Some(page);
                return Ok(Turn::Again(self));
            }
            let (placed_us, id) = (row.get(0)?, row.get(1)?);
            self.at = Some(Cursor { placed_us, id });
            cost += 1;
            let status = row.get_ref(2)?.as_str()?;
            let statuses = &self.query.statuses;
            if !statuses.is_empty() && !statuses.iter().any(|asked| asked.as_str() == status) {
                continue;
            }
            let (order, bytes): (VendorOrder, usize) =
                read.query_row([id], |row| Ok((rows::order(row)?, row.get(5)?)))?;
            cost += ORDER_COST + bytes / COST_BYTES;
            if self.query.matches(&order) {
                // Its date was corrected between two turns, and it comes once more.
                page.orders.retain(|earlier| earlier.id != order.id);
                page.orders.push(order);
            }
            // One more than asked for tells that there is a next page.
            if page.orders.len() > self.query.limit {
                break;
            }
        }
        self.end(db, page).map(Turn::Done)
    }

    fn begin(&mut self, db: &Connection) -> rusqlite::Result<ListPage> {
        let mut position = None;
        if let Some(vendor) = &self.query.vendor {
            let row: i64 = db
                .prepare_cached("SELECT ref FROM vendors WHERE id = ?1")?
                .query_row([vendor.as_str()], |row| row.get(0))?;
            position = Some(read::head(db, row)?.position);
            self.vendor = Some(row);
        }
        Ok(ListPage {
            position,
            orders: Vec::new(),
            next: None,
            total: None,
        })
    }

    /// Whether only statuses are asked for that the indexes of `006_rare.sql` hold.
    fn is_rare(&self) -> bool {
        let statuses = &self.query.statuses;
        !statuses.is_empty() && statuses.iter().all(|asked| !COMMON.contains(asked))
    }

    /// The index to walk along; empty leaves it to SQLite.
    fn index(&self) -> &'static str {
        match (self.is_rare(), self.vendor) {
            (false, _) => "",
            (true, Some(_)) => "INDEXED BY orders_rare",
            (true, None) => "INDEXED BY orders_all_rare",
        }
    }

    /// Which rows are left to look at.
    fn conditions(&self) -> (String, Vec<Value>) {
        let mut wheres = String::from("1");
        let mut values: Vec<Value> = Vec::new();
        let mut also = |condition: &str, new: &[Value]| {
            let _ = write!(wheres, " AND {condition}");
            values.extend_from_slice(new);
        };
        if self.is_rare() {
            // The indexes' own condition, word for word: SQLite uses them for no other.
            also(
                "o.status NOT IN ('Paid', 'Shipped', 'Delivered', 'Completed')",
                &[],
            );
        }
        if let Some(row) = self.vendor {
            also("o.vendor = ?", &[row.into()]);
        }
        if let Some(after) = self.query.placed_after {
            also("o.placed_at > ?", &[after.as_microsecond().into()]);
        }
        if let Some(before) = self.query.placed_before {
            also("o.placed_at < ?", &[before.as_microsecond().into()]);
        }
        if let Some(Cursor { placed_us, id }) = self.at {
            let id = i64::try_from(id).unwrap_or(i64::MAX);
            also(
                "(o.placed_at, o.id) < (?, ?)",
                &[placed_us.into(), id.into()],
            );
        }
        (wheres, values)
    }

    fn end(&self, db: &Connection, mut page: ListPage) -> rusqlite::Result<ListPage> {
        let more = page.orders.len() > self.query.limit;
        page.orders.truncate(self.query.limit);
        page.next = page.orders.last().filter(|_| more).map(Cursor::of);
        let whole = more && self.query.is_whole().is_some();
        if let Some(row) = self.vendor.filter(|_| whole) {
            // The index on a vendor's orders answers it alone.
            let count: i64 = db
                .prepare_cached("SELECT count(*) FROM orders WHERE vendor = ?1")?
                .query_row([row], |row| row.get(0))?;
            page.total = u64::try_from(count).ok();
        }
        Ok(page)
    }
}

#[cfg(test)]
mod tests {
    use ordertop::order::VendorId;
    use rusqlite_migration::Migrations;

    use super::*;

    /// Reads a page with turns of this cost; how many there were.
    fn read_page(db: &Connection, query: &ListQuery, turn_cost: usize) -> (ListPage, usize) {
        let mut walk = Box::new(Walk {
            turn_cost,
            ..Walk::new(query.clone())
        });
        for turns in 1.. {
            match walk.turn(db).unwrap() {
                Turn::Again(next) => walk = next,
                Turn::Done(page) => return (page, turns),
            }
        }
        unreachable!()
    }

    /// 40 orders; each tenth is Disputed, and all were placed at ten moments.
    fn orders() -> Connection {
        let mut db = Connection::open_in_memory().unwrap();
        Migrations::from_slice(super::super::STEPS)
            .to_latest(&mut db)
            .unwrap();
        let insert = r#"INSERT INTO vendors (ref, id, name, birth_mark, "offset", mark)
                        VALUES (1, '42', 'Acme', 'b', 0, 'b')"#;
        db.execute(insert, []).unwrap();
        for n in 1..=40_i64 {
            let status = if n % 10 == 0 { "Disputed" } else { "Paid" };
            let by = r#"{"kind":"service","id":"t"}"#;
            let at = format!("2026-11-23T17:00:0{}Z", n % 10);
            let state = format!(
                r#"{{"version":1,"status":"{status}","status_since":"{at}","status_by":{by},"updated_at":"{at}"}}"#
            );
            let line = r#"{"id":1,"sku":"MUG","title":"Mug","qty":1,"unit_price":1,"total":1}"#;
            let totals = r#"{"items":1,"discount":0,"shipping":0,"tax":0,"total":1,"refunded":0}"#;
            let content = format!(
                r#"{{"placed_at":"{at}","currency":"EUR","totals":{totals},"lines":[{line}],
                    "buyer":{{"name":"Ana {n}"}}}}"#
            );
            let placed: jiff::Timestamp = at.parse().unwrap();
            let order = "INSERT INTO orders (id, vendor, number, placed_at, status, revision, newest, state)
                         VALUES (?1, 1, 'A-' || ?1, ?2, ?3, 1, 1, ?4)";
            db.execute(order, (n, placed.as_microsecond(), status, state))
                .unwrap();
            let sql = "INSERT INTO contents (order_id, revision, body) VALUES (?1, 1, ?2)";
            db.execute(sql, (n, content)).unwrap();
        }
        db
    }

    #[test]
    fn a_list_of_a_rare_status_walks_no_other_orders() {
        let db = orders();
        for vendor in [None, Some(VendorId::new("42").unwrap())] {
            let query = ListQuery {
                vendor,
                statuses: vec![OrderStatus::Disputed],
                limit: 100,
                ..ListQuery::default()
            };
            let mut walk = Box::new(Walk {
                turn_cost: 1,
                ..Walk::new(query)
            });
            let mut turns = 1;
            while let Turn::Again(next) = walk.turn(&db).unwrap() {
                walk = next;
                turns += 1;
            }
            assert_eq!(turns, 4, "a turn for each of the four");
        }
    }

    #[test]
    fn a_page_is_the_same_whatever_work_a_turn_does() {
        let db = orders();
        let base = ListQuery {
            vendor: Some(VendorId::new("42").unwrap()),
            limit: 7,
            ..ListQuery::default()
        };
        let disputed = ListQuery {
            statuses: vec!["Disputed".parse().unwrap()],
            ..base.clone()
        };
        let everywhere = ListQuery {
            vendor: None,
            statuses: vec![OrderStatus::Disputed, OrderStatus::Pending],
            ..base.clone()
        };
        let words = ListQuery {
            text: Some("ana 1".to_owned()),
            vendor: None,
            ..base.clone()
        };
        let none = ListQuery {
            text: Some("nobody".to_owned()),
            ..base.clone()
        };
        for (query, expected) in [
            (base, 40),
            (disputed, 4),
            (everywhere, 4),
            (words, 11),
            (none, 0),
        ] {
            let mut query = query;
            let mut listed = 0;
            loop {
                let (page, turns) = read_page(&db, &query, usize::MAX);
                assert_eq!(turns, 1);
                for turn_cost in [1, 3, 10] {
                    let (again, _) = read_page(&db, &query, turn_cost);
                    assert_eq!(again.orders, page.orders);
                    assert_eq!(
                        (again.next, again.total, again.position),
                        (page.next, page.total, page.position.clone())
                    );
                }
                listed += page.orders.len();
                query.cursor = page.next;
                if query.cursor.is_none() {
                    break;
                }
            }
            assert_eq!(listed, expected, "{query:?}");
        }
    }

    #[test]
    fn a_turn_does_bounded_work() {
        let db = orders();
        let query = ListQuery {
            statuses: vec![OrderStatus::Completed],
            limit: 7,
            ..ListQuery::default()
        };
        let (page, turns) = read_page(&db, &query, 10);
        assert_eq!((page.orders.len(), turns), (0, 4));
    }

    #[test]
    fn an_order_whose_date_is_corrected_between_two_turns_is_listed_once() {
        let db = orders();
        let query = ListQuery {
            limit: 100,
            ..ListQuery::default()
        };
        let walk = Box::new(Walk {
            turn_cost: 1,
            ..Walk::new(query)
        });
        let Turn::Again(walk) = walk.turn(&db).unwrap() else {
            panic!("there are 40 orders");
        };
        db.execute("UPDATE orders SET placed_at = 0 WHERE id = 39", [])
            .unwrap();
        let mut walk = walk;
        let page = loop {
            match walk.turn(&db).unwrap() {
                Turn::Again(next) => walk = next,
                Turn::Done(page) => break page,
            }
        };
        assert_eq!(page.orders.len(), 40);
        assert_eq!(page.orders[39].id.0, 39);
    }
}
