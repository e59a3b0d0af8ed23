//! Requests with an `Idempotency-Key`. Which request a key came with is kept
//! under one key for all vendors; what was done is kept beside each vendor's
//! orders, written by the commit itself, so that the answer and the change are
//! never without one another.
//!
//! Only outcomes and places in the stream are kept, no order. The order of an
//! answer that is given again is read from the stream, as the request left it,
//! while stream and revisions hold it; afterwards as it is now. A row that wrote
//! nothing shows the order as it is now.

use std::collections::HashMap;
use std::sync::Arc;

use ordertop::order::{OrderContent, OrderId, OrderNumber, OrderState, VendorId, VendorOrder};
use ordertop::protocol::{Mark, Position};
use serde::{Deserialize, Serialize};

use super::keys::{self, VendorKeys};
use super::rows::{Entry, json, position, to_json, unreadable};
use super::shared::Shared;
use crate::store::{Change, ChangeOutcome, Decide, ONCE_FOR, Once, StoreError, digest, once};

/// Claims the key for this request.
///
/// # Errors
/// [`StoreError::KeyReused`] when it came with another one before.
pub(super) async fn claim(shared: &Shared, once: &Once) -> Result<(), StoreError> {
    let key = keys::request(&digest(&[once.key.as_bytes()]));
    let mut claim = redis::cmd("SET");
    claim
        .arg(&key)
        .arg(&once.digest)
        .arg("NX")
        .arg("GET")
        .arg("PX")
        .arg(u64::try_from(ONCE_FOR.as_millis()).unwrap_or(u64::MAX));
    let before: Option<String> = shared.ask(&claim).await?;
    match before {
        Some(other) if other != once.digest => Err(StoreError::KeyReused),
        _ => Ok(()),
    }
}

/// What a commit remembers: the request's digest and what was done. The text
/// gets the vendor's position before it, which only the commit knows.
pub(super) struct Remembering {
    pub(super) key: String,
    pub(super) text: String,
}

/// Where a written change stands: the how-manieth event of the commit it made, that
/// event's mark, and the version that it made.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Place(pub(super) u64, pub(super) Mark, pub(super) u64);

type Remembered = once::Remembered<Place, Copied>;

/// A change as earlier builds remembered it.
#[derive(Debug, Deserialize)]
struct Copied {
    change: CopiedChange,
    wrote: Option<(u64, Mark)>,
}

#[derive(Debug, Deserialize)]
struct CopiedChange {
    outcome: ChangeOutcome,
    order: Option<Arc<VendorOrder>>,
    position: Option<Position>,
}

impl Remembering {
    pub(super) fn new(
        once: &Once,
        vendor: &VendorId,
        changes: Vec<(&Change, Option<Place>)>,
    ) -> Result<Self, StoreError> {
        let remembered = changes
            .into_iter()
            .map(|(change, place)| Remembered::new(change, place));
        Ok(Self {
            key: VendorKeys(vendor).once(&digest(&[once.key.as_bytes()])),
            text: format!(
                "{} {}",
                once.digest,
                to_json(&remembered.collect::<Vec<_>>())?
            ),
        })
    }
}

/// What was done for these changes of one vendor, from `offset mark digest json`.
///
/// # Errors
/// [`StoreError::KeyReused`] when it was another request's: the claim alone does
/// not tell, for it runs out before what was remembered, and a failover may lose it.
pub(super) async fn recall(
    shared: &Shared,
    vendor: &VendorId,
    changes: &[(OrderNumber, Decide)],
    once: Option<&Once>,
    text: &str,
) -> Result<Vec<Change>, StoreError> {
    let parts: Vec<&str> = text.splitn(4, ' ').collect();
    let [offset, mark, digest, body] = parts[..] else {
        return Err(unreadable("a remembered answer"));
    };
    if once.is_none_or(|once| once.digest != digest) {
        return Err(StoreError::KeyReused);
    }
    let before = position(offset, mark)?;
    let remembered: Vec<Remembered> = json(body)?;
    if remembered.len() != changes.len() {
        return Err(StoreError::KeyReused);
    }
    let last = remembered.iter().rev().find_map(|row| match row {
        Remembered::Written(Place(n, mark, _)) => Some(Position {
            offset: before.offset + n,
            mark: mark.clone(),
        }),
        _ => None,
    });
    let orders = Orders::read(shared, vendor, changes, &before, last.as_ref()).await?;
    let rows = remembered.into_iter().zip(changes);
    let rows = rows.map(|(row, (number, _))| orders.change(row, number, &before));
    Ok(rows.collect())
}

/// What an event of the stream says of its order without the order's content.
struct StateAt {
    offset: u64,
    id: OrderId,
    number: OrderNumber,
    /// Which content the order had.
    revision: u64,
    state: OrderState,
}

impl StateAt {
    /// Reads an entry, whose fields stand as `commit.lua` writes them, and its mark.
    fn read((id, fields): &Entry) -> Result<(Self, Mark), StoreError> {
        let values: Vec<&str> = fields.chunks(2).map(|pair| pair[1].as_str()).collect();
        let [mark, _, _, order_id, number, revision, state, ..] = values[..] else {
            return Err(unreadable("an event"));
        };
        let offset = id.split_once('-').map_or(id.as_str(), |(offset, _)| offset);
        let parsed = |text: &str| text.parse().map_err(|_| unreadable("a number of an event"));
        let Position { offset, mark } = position(offset, mark)?;
        let read = Self {
            offset,
            id: OrderId(parsed(order_id)?),
            number: OrderNumber::new(number).map_err(|_| unreadable("an order number"))?,
            revision: parsed(revision)?,
            state: json(state)?,
        };
        Ok((read, mark))
    }
}

impl Shared {
    /// What the events from the offset `first` to `last` say of their orders; none when
    /// the stream does not hold `last`.
    async fn states(
        &self,
        vendor: &VendorId,
        first: u64,
        last: &Position,
    ) -> Result<Vec<StateAt>, StoreError> {
        let mut command = redis::cmd("XRANGE");
        command
            .arg(VendorKeys(vendor).events())
            .arg(format!("{first}-0"))
            .arg(format!("{}-0", last.offset));
        let entries: Vec<Entry> = self.ask(&command).await?;
        let read: Vec<_> = entries
            .iter()
            .map(StateAt::read)
            .collect::<Result<_, _>>()?;
        let held = read
            .last()
            .is_some_and(|(state, mark)| state.offset == last.offset && *mark == last.mark);
        let read = read.into_iter().map(|(state, _)| state);
        Ok(if held { read.collect() } else { Vec::new() })
    }

    /// The content that each order had then; `None` where it is no longer kept.
    async fn contents_at(
        &self,
        vendor: &VendorId,
        states: &[&StateAt],
        current: &HashMap<OrderNumber, (Arc<VendorOrder>, u64)>,
    ) -> Result<Vec<Option<OrderContent>>, StoreError> {
        let unchanged = |state: &StateAt| {
            let (order, revision) = current.get(&state.number)?;
            (*revision == state.revision).then(|| order.content.clone())
        };
        let mut contents: Vec<_> = states.iter().map(|state| unchanged(state)).collect();
        let changed = states.iter().zip(&mut contents);
        let changed: Vec<_> = changed.filter(|(_, content)| content.is_none()).collect();
        if changed.is_empty() {
            return Ok(contents);
        }
        let mut command = redis::cmd("HMGET");
        command.arg(VendorKeys(vendor).revisions());
        for (state, _) in &changed {
            command.arg(format!("{}/{}", state.id.0, state.revision));
        }
        let kept: Vec<Option<String>> = self.ask(&command).await?;
        for ((_, content), kept) in changed.into_iter().zip(kept) {
            *content = kept.as_deref().map(json).transpose()?;
        }
        Ok(contents)
    }
}

/// The orders that a remembered request speaks of.
struct Orders {
    /// The vendor's newest event.
    head: Option<Position>,
    /// As they are now.
    current: HashMap<OrderNumber, Arc<VendorOrder>>,
    /// As the request left them, by the offsets of the events that it made.
    left: HashMap<u64, Arc<VendorOrder>>,
}

impl Orders {
    /// Reads them; those after `before` and up to `last` from the stream, each order once,
    /// while stream and revisions hold them.
    async fn read(
        shared: &Shared,
        vendor: &VendorId,
        changes: &[(OrderNumber, Decide)],
        before: &Position,
        last: Option<&Position>,
    ) -> Result<Self, StoreError> {
        let entries = match last {
            Some(last) => shared.states(vendor, before.offset + 1, last).await?,
            None => Vec::new(),
        };
        let mut numbers: Vec<OrderNumber> = changes.iter().map(|(n, _)| n.clone()).collect();
        numbers.extend(entries.iter().map(|entry| entry.number.clone()));
        numbers.sort();
        numbers.dedup();
        let seen = shared.look(vendor, &numbers).await?;
        let newest: HashMap<&OrderNumber, &StateAt> =
            entries.iter().map(|entry| (&entry.number, entry)).collect();
        let newest: Vec<&StateAt> = newest.into_values().collect();
        let contents = shared.contents_at(vendor, &newest, &seen.orders).await?;
        let mut orders = HashMap::new();
        for (entry, content) in newest.into_iter().zip(contents) {
            let order = match content {
                Some(content) => Some(Arc::new(VendorOrder {
                    id: entry.id,
                    vendor_id: vendor.clone(),
                    number: entry.number.clone(),
                    state: entry.state.clone(),
                    content,
                })),
                None => seen.orders.get(&entry.number).map(|(now, _)| now.clone()),
            };
            orders.extend(order.map(|order| (&entry.number, order)));
        }
        let left = entries.iter().filter_map(|entry| {
            let order = orders.get(&entry.number)?;
            Some((entry.offset, order.clone()))
        });
        let left = left.collect();
        let current = seen
            .orders
            .into_iter()
            .map(|(number, (order, _))| (number, order));
        Ok(Self {
            head: seen.head.map(|head| head.position),
            current: current.collect(),
            left,
        })
    }

    fn change(&self, row: Remembered, number: &OrderNumber, before: &Position) -> Change {
        let current = self.current.get(number).cloned();
        match row {
            Remembered::Kept(_) => Change::new(ChangeOutcome::Kept, current, self.head.clone()),
            Remembered::Refused { refused } => {
                let refused = ChangeOutcome::Refused(refused);
                Change::new(refused, current, self.head.clone())
            }
            Remembered::Written(Place(n, mark, version)) => {
                let offset = before.offset + n;
                let order = self.left.get(&offset).cloned().or(current);
                let position = Some(Position { offset, mark });
                Change {
                    version,
                    ..Change::new(ChangeOutcome::Written, order, position)
                }
            }
            Remembered::Copied(copied) => {
                let Copied { change, wrote } = *copied;
                let wrote = wrote.map(|(n, mark)| Position {
                    offset: before.offset + n,
                    mark,
                });
                Change::new(change.outcome, change.order, wrote.or(change.position))
            }
        }
    }
}
