//! How rows read: JSON columns and the parts that make an order.

use std::sync::Arc;

use ordertop::order::{OrderId, OrderNumber, VendorId, VendorOrder};
use ordertop::protocol::{Mark, Position};
use rusqlite::Row;
use rusqlite::types::{Type, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::Event;
use crate::store::fact::Fact;

/// The columns of an order, for [`order`]: `o` is `orders`, `c` is `contents`,
/// `v` is `vendors`.
pub(super) const ORDER_COLUMNS: &str = "o.id, v.id, o.number, o.state, c.body";

/// An order from [`ORDER_COLUMNS`].
pub(super) fn order(row: &Row<'_>) -> rusqlite::Result<VendorOrder> {
    Ok(VendorOrder {
        id: OrderId(row.get(0)?),
        vendor_id: id(row, 1, VendorId::new)?,
        number: id(row, 2, OrderNumber::new)?,
        state: json(row, 3)?,
        content: json(row, 4)?,
    })
}

/// An event of `vendor` from `offset, mark, order_id, number, state, body, fact`;
/// `after` is the mark of the one before. `None` where the body is no longer kept.
pub(super) fn event(
    row: &Row<'_>,
    vendor: &VendorId,
    after: Mark,
) -> rusqlite::Result<Option<Event>> {
    if row.get_ref(5)? == ValueRef::Null {
        return Ok(None);
    }
    let fact: Fact = json(row, 6)?;
    let order = VendorOrder {
        id: OrderId(row.get(2)?),
        vendor_id: vendor.clone(),
        number: id(row, 3, OrderNumber::new)?,
        state: json(row, 4)?,
        content: json(row, 5)?,
    };
    let position = Position {
        offset: row.get(0)?,
        mark: id(row, 1, Mark::new)?,
    };
    Ok(Some(fact.event(position, after, Arc::new(order))))
}

/// A JSON column.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text).map_err(|error| unreadable(column, error))
}

/// A text column that is an id, a number or a mark.
pub(super) fn id<T, E: std::error::Error + Send + Sync + 'static>(
    row: &Row<'_>,
    column: usize,
    read: fn(&str) -> Result<T, E>,
) -> rusqlite::Result<T> {
    read(row.get_ref(column)?.as_str()?).map_err(|error| unreadable(column, error))
}

fn unreadable(
    column: usize,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}

/// A value for a JSON column.
pub(super) fn to_json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}
