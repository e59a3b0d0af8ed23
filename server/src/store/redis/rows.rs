//! How values read in Redis: the record of an order, the entry of an event, the
//! message that tells it.

use std::sync::Arc;

use jiff::Timestamp;
use ordertop::order::{OrderContent, OrderId, OrderNumber, OrderState, VendorId, VendorOrder};
use ordertop::protocol::{Mark, Position};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::store::fact::Fact;
use crate::store::{Event, StoreError};

/// What an order's field holds: `version id revision offset mark state`, the
/// state as JSON, so that the commit script reads what it compares without a
/// parser.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) id: OrderId,
    /// Which of its contents is the newest, from 1.
    pub(super) revision: u64,
    pub(super) state: OrderState,
}

impl Record {
    pub(super) fn read(text: &str) -> Result<Self, StoreError> {
        let parts: Vec<&str> = text.splitn(6, ' ').collect();
        let [_version, id, revision, _offset, _mark, state] = parts[..] else {
            return Err(unreadable("an order's record"));
        };
        let number = |text: &str| {
            text.parse()
                .map_err(|_| unreadable("a number of an order's record"))
        };
        Ok(Self {
            id: OrderId(number(id)?),
            revision: number(revision)?,
            state: json(state)?,
        })
    }

    /// The order, with its content.
    pub(super) fn order(
        self,
        vendor: &VendorId,
        number: &OrderNumber,
        content: &str,
    ) -> Result<VendorOrder, StoreError> {
        Ok(VendorOrder {
            id: self.id,
            vendor_id: vendor.clone(),
            number: number.clone(),
            state: self.state,
            content: json(content)?,
        })
    }
}

/// Where a vendor's stream stands.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) position: Position,
    /// The mark of offset 0.
    pub(super) birth: Mark,
}

/// `offset`, `mark` and `birth` as they were read.
pub(super) type HeadFields = (Option<String>, Option<String>, Option<String>);

/// `None` when there is no such vendor.
pub(super) fn head(fields: HeadFields) -> Result<Option<Head>, StoreError> {
    let (Some(offset), Some(mark), Some(birth)) = fields else {
        return Ok(None);
    };
    Ok(Some(Head {
        position: position(&offset, &mark)?,
        birth: self::mark(&birth)?,
    }))
}

/// A position from its two parts.
pub(super) fn position(offset: &str, mark: &str) -> Result<Position, StoreError> {
    Ok(Position {
        offset: offset.parse().map_err(|_| unreadable("an offset"))?,
        mark: self::mark(mark)?,
    })
}

pub(super) fn mark(text: &str) -> Result<Mark, StoreError> {
    Mark::new(text).map_err(|_| unreadable("a mark"))
}

/// An entry of the stream: its id, and its fields with their values.
pub(super) type Entry = (String, Vec<String>);

/// An event from its entry, and its order's content then; and when it was
/// committed, by Redis's clock. The fields stand in the order in which
/// `commit.lua` writes them.
pub(super) fn event(
    vendor: &VendorId,
    (id, fields): &Entry,
    content: &str,
) -> Result<(Event, Timestamp), StoreError> {
    let values: Vec<&str> = fields.chunks(2).map(|pair| pair[1].as_str()).collect();
    let [mark, after, at_ms, order_id, number, _revision, state, fact] = values[..] else {
        return Err(unreadable("an event"));
    };
    let offset = id.split_once('-').map_or(id.as_str(), |(offset, _)| offset);
    let parsed = |text: &str| text.parse().map_err(|_| unreadable("a number of an event"));
    let order = VendorOrder {
        id: OrderId(parsed(order_id)?),
        vendor_id: vendor.clone(),
        number: OrderNumber::new(number).map_err(|_| unreadable("an order number"))?,
        state: json(state)?,
        content: json(content)?,
    };
    let fact: Fact = json(fact)?;
    let (position, after) = (position(offset, mark)?, self::mark(after)?);
    let at = Timestamp::from_millisecond(at_ms.parse().map_err(|_| unreadable("a time"))?);
    let at = at.map_err(|_| unreadable("a time"))?;
    Ok((fact.event(position, after, Arc::new(order)), at))
}

/// The head of a message that tells an event: enough to know whether it is the
/// next one, without reading the rest.
#[derive(Debug, PartialEq)]
pub(super) struct Told<'a> {
    pub(super) position: Position,
    pub(super) after: Mark,
    body: &'a str,
}

#[derive(Deserialize)]
struct Body {
    id: u64,
    number: OrderNumber,
    state: OrderState,
    fact: Fact,
    content: OrderContent,
}

impl<'a> Told<'a> {
    /// `offset mark after {json}`.
    pub(super) fn read(message: &'a str) -> Result<Self, StoreError> {
        let parts: Vec<&str> = message.splitn(4, ' ').collect();
        let [offset, mark, after, body] = parts[..] else {
            return Err(unreadable("a message"));
        };
        Ok(Self {
            position: position(offset, mark)?,
            after: self::mark(after)?,
            body,
        })
    }

    /// The whole event.
    pub(super) fn event(self, vendor: &VendorId) -> Result<Event, StoreError> {
        let Body {
            id,
            number,
            state,
            fact,
            content,
        } = json(self.body)?;
        let order = VendorOrder {
            id: OrderId(id),
            vendor_id: vendor.clone(),
            number,
            state,
            content,
        };
        Ok(fact.event(self.position, self.after, Arc::new(order)))
    }
}

pub(super) fn json<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| unreadable(&format!("JSON ({error})")))
}

pub(super) fn to_json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Failed(error.to_string()))
}

/// Something in Redis is not as we write it.
pub(super) fn unreadable(what: &str) -> StoreError {
    StoreError::Failed(format!(
        "{what} in Redis cannot be read: is the database used by another program?"
    ))
}
