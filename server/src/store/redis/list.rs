//! Lists: pages of orders, newest first, of one vendor or of all.
//!
//! Each vendor's orders stand in a sorted set by when they were placed; a list of
//! all vendors merges those. Orders are read in pages, and what a filter asks of
//! them is asked here: Redis has no index beyond that one.

use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;

use ordertop::order::{OrderNumber, VendorId, VendorOrder};

use super::keys::VendorKeys;
use super::rows::unreadable;
use super::shared::Shared;
use crate::store::{Cursor, ListPage, ListQuery, StoreError};

/// Places that are read at a time of each vendor when all are listed.
const OF_EACH: usize = 64;
/// Most places that are read at a time.
const PAGE: usize = 500;

/// An order's place in the list, newest first by this order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    placed_us: i64,
    id: u64,
    number: OrderNumber,
}

/// The places of one vendor that were read but not used yet, and where to go on.
struct Column {
    vendor: VendorId,
    ready: VecDeque<Place>,
    /// The last place that was read.
    after: Option<Cursor>,
    done: bool,
}

impl Shared {
    pub(super) async fn list(&self, query: ListQuery) -> Result<ListPage, StoreError> {
        // Read before the orders: a page holds at least what the position says.
        let (position, vendors) = match &query.vendor {
            None => (None, self.vendor_ids().await?),
            Some(vendor) => {
                let gone = || StoreError::Failed(format!("there is no vendor {vendor}"));
                let head = self.head(vendor).await?.ok_or_else(gone)?;
                (Some(head.position), vec![vendor.clone()])
            }
        };
        let _turn = match query.text {
            Some(_) => Some(
                self.searches
                    .acquire()
                    .await
                    .map_err(|_| StoreError::Closed)?,
            ),
            None => None,
        };
        let size = if vendors.len() == 1 {
            // One more than asked for tells whether there is a next page.
            (query.limit + 1).clamp(1, PAGE)
        } else {
            OF_EACH
        };
        let mut merge = Merge::new(self, vendors, &query, size).await?;
        let mut orders: Vec<VendorOrder> = Vec::new();
        loop {
            let wanted = (query.limit + 1 - orders.len()).clamp(size, PAGE);
            let places = merge.next(wanted).await?;
            if places.is_empty() {
                break;
            }
            let found = self.orders_at(places).await?;
            orders.extend(found.into_iter().filter(|order| query.matches(order)));
            if orders.len() > query.limit {
                break;
            }
        }
        let more = orders.len() > query.limit;
        orders.truncate(query.limit);
        let next = orders.last().filter(|_| more).map(Cursor::of);
        let total = match query.is_whole().filter(|_| more) {
            Some(vendor) => {
                let mut command = redis::cmd("ZCARD");
                command.arg(VendorKeys(vendor).placed());
                Some(self.ask(&command).await?)
            }
            None => None,
        };
        Ok(ListPage {
            position,
            orders,
            next,
            total,
        })
    }

    /// The orders at these places, in their order.
    async fn orders_at(
        &self,
        places: Vec<(VendorId, Place)>,
    ) -> Result<Vec<VendorOrder>, StoreError> {
        let mut numbers: HashMap<VendorId, Vec<OrderNumber>> = HashMap::new();
        for (vendor, place) in &places {
            let of_vendor = numbers.entry(vendor.clone()).or_default();
            of_vendor.push(place.number.clone());
        }
        let looking = numbers.iter().map(|(vendor, numbers)| async move {
            let seen = self.look(vendor, numbers).await?;
            Ok::<_, StoreError>((vendor.clone(), seen.orders))
        });
        let looked = futures_util::future::join_all(looking).await;
        let mut orders = looked.into_iter().collect::<Result<HashMap<_, _>, _>>()?;
        let taken = places.into_iter().filter_map(|(vendor, place)| {
            let (order, _) = orders.get_mut(&vendor)?.remove(&place.number)?;
            Some(Arc::unwrap_or_clone(order))
        });
        Ok(taken.collect())
    }

    /// The next places of a vendor after one.
    async fn places(
        &self,
        vendor: &VendorId,
        query: &ListQuery,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Vec<Place>, StoreError> {
        // A score is a float: past 2^53, in far-off years, it is not exact, and the
        // cursor must be as it is for the order that it names.
        let after = after.map(|after| Cursor {
            placed_us: whole(score_of(after.placed_us)),
            ..after
        });
        let mut newest = query.placed_before.map_or("+inf".to_owned(), |before| {
            format!("({}", before.as_microsecond())
        });
        if let Some(after) = after {
            let within = query
                .placed_before
                .is_none_or(|before| after.placed_us < before.as_microsecond());
            if within {
                newest = after.placed_us.to_string();
            }
        }
        let oldest = query
            .placed_after
            .map_or("-inf".to_owned(), |at| format!("({}", at.as_microsecond()));
        // Orders placed at the same moment: those up to the cursor are passed over.
        let mut skip = 0;
        loop {
            let mut command = redis::cmd("ZRANGE");
            command
                .arg(VendorKeys(vendor).placed())
                .arg(&newest)
                .arg(&oldest)
                .arg("BYSCORE")
                .arg("REV")
                .arg("LIMIT")
                .arg(skip)
                .arg(size)
                .arg("WITHSCORES");
            let read: Vec<(String, f64)> = self.ask(&command).await?;
            let all = read.len() < size;
            skip += read.len();
            let places = read
                .into_iter()
                .map(|(member, score)| place(&member, score))
                .collect::<Result<Vec<_>, _>>()?;
            let further = places.into_iter().filter(|place| {
                after.is_none_or(|after| (place.placed_us, place.id) < (after.placed_us, after.id))
            });
            let further: Vec<_> = further.collect();
            if all || !further.is_empty() {
                return Ok(further);
            }
        }
    }
}

/// How Redis keeps a moment in microseconds.
#[expect(clippy::cast_precision_loss, reason = "as Redis does")]
fn score_of(placed_us: i64) -> f64 {
    placed_us as f64
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "written from whole microseconds"
)]
fn whole(score: f64) -> i64 {
    score as i64
}

/// A member of the sorted set: the id in twenty digits, then the number.
fn place(member: &str, score: f64) -> Result<Place, StoreError> {
    let bad = || unreadable("the place of an order");
    let (id, number) = member.split_at_checked(20).ok_or_else(bad)?;
    Ok(Place {
        placed_us: whole(score),
        id: id.parse().map_err(|_| bad())?,
        number: OrderNumber::new(number).map_err(|_| bad())?,
    })
}

/// Merges the places of several vendors.
struct Merge<'a> {
    shared: &'a Shared,
    query: &'a ListQuery,
    size: usize,
    columns: Vec<Column>,
    /// The newest unused place of each column that has one.
    newest: BinaryHeap<(Place, usize)>,
}

impl<'a> Merge<'a> {
    async fn new(
        shared: &'a Shared,
        vendors: Vec<VendorId>,
        query: &'a ListQuery,
        size: usize,
    ) -> Result<Self, StoreError> {
        let columns = vendors.into_iter().map(|vendor| Column {
            vendor,
            ready: VecDeque::new(),
            after: query.cursor,
            done: false,
        });
        let mut merge = Self {
            shared,
            query,
            size,
            columns: columns.collect(),
            newest: BinaryHeap::new(),
        };
        use futures_util::StreamExt;
        let reading = merge.columns.iter().map(|column| {
            let (vendor, after) = (column.vendor.clone(), column.after);
            async move { shared.places(&vendor, query, after, size).await }
        });
        let mut reading = futures_util::stream::iter(reading.collect::<Vec<_>>()).buffered(256);
        let mut read = Vec::new();
        while let Some(places) = reading.next().await {
            read.push(places?);
        }
        drop(reading);
        for (at, places) in read.into_iter().enumerate() {
            merge.put(at, places);
        }
        Ok(merge)
    }

    /// Puts what was read of a column in its line.
    fn put(&mut self, at: usize, places: Vec<Place>) {
        let column = &mut self.columns[at];
        match places.last() {
            None => column.done = true,
            Some(last) => {
                column.after = Some(Cursor {
                    placed_us: last.placed_us,
                    id: last.id,
                });
            }
        }
        column.ready.extend(places);
        if let Some(first) = column.ready.pop_front() {
            self.newest.push((first, at));
        }
    }

    /// The next places, newest first: at most so many, none at the end.
    async fn next(&mut self, most: usize) -> Result<Vec<(VendorId, Place)>, StoreError> {
        let mut taken = Vec::with_capacity(most);
        while taken.len() < most
            && let Some((place, at)) = self.newest.pop()
        {
            let column = &mut self.columns[at];
            taken.push((column.vendor.clone(), place));
            if let Some(next) = column.ready.pop_front() {
                self.newest.push((next, at));
            } else if !column.done {
                let (vendor, after) = (column.vendor.clone(), column.after);
                let read = self.shared.places(&vendor, self.query, after, self.size);
                let places = read.await?;
                self.put(at, places);
            }
        }
        Ok(taken)
    }
}
