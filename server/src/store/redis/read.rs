//! What is read: orders, events, history, vendors.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::StreamExt;
use jiff::Timestamp;
use ordertop::order::{HistoryEntry, OrderKey, OrderNumber, VendorId, VendorOrder};
use ordertop::protocol::message::Unrecovered;
use ordertop::protocol::{Mark, Position};
use redis::{Cmd, FromRedisValue, Value};

use super::error::failed;
use super::keys::{self, VendorKeys};
use super::rows::{self, Entry, Head, Record, json, unreadable};
use super::shared::Shared;
use crate::store::{Event, Replay, StoreError, VendorRecord};

/// Most commands that are under way at once for one reader; what they ask for is
/// pipelined.
const AT_ONCE: usize = 256;
/// Commands in one pipeline: some 2 ms of Redis's time.
const IN_PIPELINE: usize = 500;
/// Numbers that one script looks for, over all its vendors: some 3 ms of Redis's time.
const FINDS: usize = 20_000;
/// Scripts that look for numbers at once.
const FINDING_AT_ONCE: usize = 16;
/// Most vendors whose orders one script looks through.
const MAX_FIND_VENDORS: usize = 1_000;
/// Most orders that one script reads.
pub(super) const MAX_LOOK: usize = 1_000;

/// Orders of one vendor as they were at one moment.
pub(super) struct Seen {
    /// That moment, in milliseconds since 1970 by Redis's clock.
    pub(super) now_ms: i64,
    /// `None` when there is no such vendor.
    pub(super) head: Option<Head>,
    /// Those that are there, each with the revision of its content.
    pub(super) orders: HashMap<OrderNumber, (Arc<VendorOrder>, u64)>,
}

impl Shared {
    /// Orders of one vendor by number, as they were when the first [`MAX_LOOK`] were
    /// read; more than those at a later moment.
    pub(super) async fn look(
        &self,
        vendor: &VendorId,
        numbers: &[OrderNumber],
    ) -> Result<Seen, StoreError> {
        let (first, rest) = numbers.split_at(numbers.len().min(MAX_LOOK));
        let mut seen = self.look_at_once(vendor, first).await?;
        for page in rest.chunks(MAX_LOOK) {
            seen.orders
                .extend(self.look_at_once(vendor, page).await?.orders);
        }
        Ok(seen)
    }

    async fn look_at_once(
        &self,
        vendor: &VendorId,
        numbers: &[OrderNumber],
    ) -> Result<Seen, StoreError> {
        type Read = (
            i64,
            Option<String>,
            Option<String>,
            Option<String>,
            Vec<Option<String>>,
            Vec<Option<String>>,
        );
        let of = VendorKeys(vendor);
        let keys = [of.head(), of.orders(), of.contents()];
        let args: Vec<String> = numbers.iter().map(|n| n.as_str().to_owned()).collect();
        let read: Read = self.run(&self.scripts.orders, &keys, &args).await?;
        let (now_ms, offset, mark, birth, records, contents) = read;
        let mut orders = HashMap::with_capacity(numbers.len());
        for ((number, record), content) in numbers.iter().zip(records).zip(contents) {
            let (Some(record), Some(content)) = (record, content) else {
                continue;
            };
            let record = Record::read(&record)?;
            let revision = record.revision;
            let order = record.order(vendor, number, &content)?;
            orders.insert(number.clone(), (Arc::new(order), revision));
        }
        Ok(Seen {
            now_ms,
            head: rows::head((offset, mark, birth))?,
            orders,
        })
    }

    pub(super) async fn order(&self, key: &OrderKey) -> Result<Option<VendorOrder>, StoreError> {
        let seen = self.look(&key.vendor, std::slice::from_ref(&key.number));
        let order = seen.await?.orders.remove(&key.number);
        Ok(order.map(|(order, _)| Arc::unwrap_or_clone(order)))
    }

    /// Where a vendor's stream stands.
    pub(super) async fn head(&self, vendor: &VendorId) -> Result<Option<Head>, StoreError> {
        let fields = self.ask(&head_command(vendor)).await?;
        rows::head(fields)
    }

    pub(super) async fn history(&self, key: &OrderKey) -> Result<Vec<HistoryEntry>, StoreError> {
        let mut command = redis::cmd("LRANGE");
        command
            .arg(VendorKeys(&key.vendor).history(&key.number))
            .arg(0)
            .arg(-1);
        let entries: Vec<String> = self.ask(&command).await?;
        entries.iter().map(|entry| json(entry)).collect()
    }

    /// One command that reads.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let asking = |mut connection| async move { command.query_async(&mut connection).await };
        self.link.run(asking).await.map_err(|error| failed(&error))
    }

    /// The same command for many vendors, answers in their order: in pipelines, or, on a
    /// cluster, each on its own way.
    pub(super) async fn ask_each<T: FromRedisValue>(
        &self,
        vendors: &[VendorId],
        command: impl Fn(&VendorId) -> Cmd,
    ) -> Result<Vec<T>, StoreError> {
        let mut answers = Vec::with_capacity(vendors.len());
        if !self.is_cluster() {
            for batch in vendors.chunks(IN_PIPELINE) {
                answers.extend(self.ask_in_one(batch, &command).await?);
            }
            return Ok(answers);
        }
        let mut commands = Vec::with_capacity(vendors.len());
        for vendor in vendors {
            let command = command(vendor);
            commands.push(async move { self.ask(&command).await });
        }
        let mut asking = futures_util::stream::iter(commands).buffered(AT_ONCE);
        while let Some(answer) = asking.next().await {
            answers.push(answer?);
        }
        Ok(answers)
    }

    /// One pipeline with a command for each vendor.
    async fn ask_in_one<T: FromRedisValue>(
        &self,
        vendors: &[VendorId],
        command: impl Fn(&VendorId) -> Cmd,
    ) -> Result<Vec<T>, StoreError> {
        let mut pipeline = redis::pipe();
        for vendor in vendors {
            pipeline.add_command(command(vendor));
        }
        let asking = |mut connection| {
            let pipeline = &pipeline;
            async move {
                let answers: Vec<Value> = pipeline.query_async(&mut connection).await?;
                let read = |answer| Ok(redis::from_redis_value(answer)?);
                answers.into_iter().map(read).collect()
            }
        };
        self.link.run(asking).await.map_err(|error| failed(&error))
    }

    /// Every vendor's id and name, by id.
    pub(super) async fn vendor_names(&self) -> Result<Vec<(VendorId, String)>, StoreError> {
        let mut command = redis::cmd("HGETALL");
        command.arg(keys::VENDORS);
        let names: HashMap<String, String> = self.ask(&command).await?;
        let mut vendors = names
            .into_iter()
            .map(|(id, name)| {
                let id = VendorId::new(&id).map_err(|_| unreadable("a vendor's id"))?;
                Ok((id, name))
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        vendors.sort();
        Ok(vendors)
    }

    pub(super) async fn vendor_ids(&self) -> Result<Vec<VendorId>, StoreError> {
        let vendors = self.vendor_names().await?;
        Ok(vendors.into_iter().map(|(id, _)| id).collect())
    }

    /// Where each of these vendors stands; `None` for those that do not exist.
    pub(super) async fn positions(
        &self,
        vendors: &[VendorId],
    ) -> Result<Vec<Option<Position>>, StoreError> {
        let fields = self.ask_each(vendors, head_command).await?;
        let position = |fields| Ok(rows::head(fields)?.map(|head| head.position));
        fields.into_iter().map(position).collect()
    }

    pub(super) async fn vendors(&self) -> Result<Vec<VendorRecord>, StoreError> {
        let (ids, names): (Vec<_>, Vec<_>) = self.vendor_names().await?.into_iter().unzip();
        let positions = self.positions(&ids).await?;
        let records = ids.into_iter().zip(names).zip(positions);
        let records = records.filter_map(|((id, name), position)| {
            let position = position?;
            Some(VendorRecord { id, name, position })
        });
        Ok(records.collect())
    }

    pub(super) async fn vendor(&self, id: &VendorId) -> Result<Option<VendorRecord>, StoreError> {
        let vendor = self.vendor_and_birth(id).await?;
        Ok(vendor.map(|(vendor, _)| vendor))
    }

    /// A vendor, and the mark of its stream's birth.
    pub(super) async fn vendor_and_birth(
        &self,
        id: &VendorId,
    ) -> Result<Option<(VendorRecord, Mark)>, StoreError> {
        let mut command = head_command(id);
        command.arg("name");
        type Fields = (
            Option<String>,
            Option<String>,
            Option<String>,
            Option<String>,
        );
        let (offset, mark, birth, name): Fields = self.ask(&command).await?;
        let head = rows::head((offset, mark, birth))?;
        Ok(head.map(|Head { position, birth }| {
            let (id, name) = (id.clone(), name.unwrap_or_else(|| id.to_string()));
            (VendorRecord { id, name, position }, birth)
        }))
    }

    /// Of each number the vendors that have an order of it, by id: each vendor is looked
    /// through once for all of them.
    pub(super) async fn vendors_with_each(
        &self,
        numbers: &[OrderNumber],
    ) -> Result<Vec<Vec<VendorId>>, StoreError> {
        let mut with = vec![Vec::new(); numbers.len()];
        let vendors = self.vendor_ids().await?;
        for (page, numbers) in numbers.chunks(MAX_LOOK).enumerate() {
            // On a cluster the keys of one script must share a slot.
            let together = if self.is_cluster() {
                1
            } else {
                (FINDS / numbers.len()).clamp(1, MAX_FIND_VENDORS)
            };
            let args: Vec<String> = numbers.iter().map(|n| n.as_str().to_owned()).collect();
            let mut finding = Vec::new();
            for vendors in vendors.chunks(together) {
                let keys: Vec<_> = vendors.iter().map(|v| VendorKeys(v).orders()).collect();
                let args = &args;
                finding.push(async move {
                    let found: Vec<usize> = self.run(&self.scripts.find, &keys, args).await?;
                    Ok::<_, StoreError>((vendors, found))
                });
            }
            let mut finding = futures_util::stream::iter(finding).buffered(FINDING_AT_ONCE);
            while let Some(found) = finding.next().await {
                let (vendors, found) = found?;
                for pair in found.chunks_exact(2) {
                    let vendor = pair[0].checked_sub(1).and_then(|at| vendors.get(at));
                    let with = with.get_mut(page * MAX_LOOK + pair[1].saturating_sub(1));
                    let (Some(vendor), Some(with)) = (vendor, with) else {
                        return Err(unreadable("the answer of a search"));
                    };
                    with.push(vendor.clone());
                }
            }
        }
        Ok(with)
    }

    pub(super) async fn vendors_with(
        &self,
        number: &OrderNumber,
    ) -> Result<Vec<VendorId>, StoreError> {
        let with = self.vendors_with_each(std::slice::from_ref(number)).await?;
        Ok(with.into_iter().next().unwrap_or_default())
    }

    /// How many vendors there are.
    pub(super) async fn vendor_count(&self) -> Result<usize, StoreError> {
        let mut command = redis::cmd("HLEN");
        command.arg(keys::VENDORS);
        self.ask(&command).await
    }

    /// The events after `since`, or why it cannot be proved that they are all. An
    /// event proves the one before it, whose mark it names: so the event at `since`
    /// itself need not be kept any more.
    pub(super) async fn events(
        &self,
        vendor: &VendorId,
        since: &Position,
        until: Option<u64>,
        limit: usize,
    ) -> Result<Replay, StoreError> {
        type Read = (
            i64,
            Option<String>,
            Option<String>,
            Option<String>,
            Vec<Entry>,
            Vec<String>,
        );
        let of = VendorKeys(vendor);
        let keys = [
            of.head(),
            of.orders(),
            of.contents(),
            of.revisions(),
            of.events(),
        ];
        let last = until.map_or("+".to_owned(), |until| until.to_string());
        let args = [(since.offset + 1).to_string(), last, limit.to_string()];
        let read: Read = self.run(&self.scripts.events, &keys, &args).await?;
        let (now_ms, offset, mark, birth, entries, contents) = read;
        let Some(Head {
            position: head,
            birth,
        }) = rows::head((offset, mark, birth))?
        else {
            return Err(StoreError::Failed(format!("there is no vendor {vendor}")));
        };
        let unrecovered = |reason, head| Ok(Replay::Unrecovered { reason, head });
        let Some(behind) = head.offset.checked_sub(since.offset) else {
            return unrecovered(Unrecovered::PositionUnknown, head);
        };
        if behind == 0 || (since.offset == 0 && birth != since.mark) {
            let same = head == *since;
            return if same {
                let events = Vec::new();
                Ok(Replay::Events { events, head })
            } else {
                unrecovered(Unrecovered::PositionUnknown, head)
            };
        }
        let now = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::MAX);
        let mut events: Vec<Event> = Vec::with_capacity(entries.len());
        for (entry, content) in entries.iter().zip(&contents) {
            let (event, at) = rows::event(vendor, entry, content)?;
            if events.is_empty() {
                let next = event.position.offset == since.offset + 1;
                if !next || !self.retention.keeps(behind, at, now) {
                    return unrecovered(Unrecovered::PositionExpired, head);
                }
                if event.after != since.mark {
                    return unrecovered(Unrecovered::PositionUnknown, head);
                }
            }
            events.push(event);
        }
        // Nothing is left of what came after, but something did.
        if events.is_empty() && limit > 0 && until.is_none_or(|until| until > since.offset) {
            return unrecovered(Unrecovered::PositionExpired, head);
        }
        Ok(Replay::Events { events, head })
    }
}

fn head_command(vendor: &VendorId) -> Cmd {
    let mut command = redis::cmd("HMGET");
    command.arg(VendorKeys(vendor).head());
    command.arg("offset").arg("mark").arg("birth");
    command
}
