//! Bringing an export into a store: what is missing is written, what is there
//! is compared and left, so that an import which broke off is run again.

use std::collections::BTreeMap;
use std::io::BufRead;

use anyhow::Context;
use indicatif::ProgressBar;
use ordertop::order::VendorId;
use ordertop::protocol::rest::Vendor;
use serde::Serialize;

use super::{Counts, Flaw, Item, Reader};
use crate::store::{KeptOrder, ListQuery, Restored, Store, StoreError};

/// Most orders in one commit.
const MAX_BATCH: usize = 256;
/// Most bytes of lines in one commit; one order alone may have more.
const MAX_BATCH_BYTES: usize = 1024 * 1024;
/// Most lines and orders that are named one by one.
const MAX_NAMED: usize = 20;
/// Orders that are counted at once.
const PAGE: usize = 1_000;

/// How a restore ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// What was read, taken or not.
    pub read: Counts,
    /// Vendors that were not there before.
    pub vendors_new: u64,
    /// Orders that were written.
    pub written: u64,
    /// Orders that were there already, exactly so.
    pub present: u64,
    /// Orders that were there already, otherwise: left as they are.
    pub different: u64,
    /// Lines that were not taken.
    pub refused: u64,
    /// Orders that the store now holds of the vendors in the export.
    pub held: u64,
    /// What is wrong with the export, or with what the store now holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flaw: Option<String>,
}

impl Outcome {
    /// Whether the store now holds everything that was exported, as it was.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.flaw.is_none() && self.different == 0 && self.refused == 0
    }
}

/// Brings what `reader` reads into `store`. `bar` counts orders; `note` is told,
/// line by line, what a person should know: what is refused and left.
///
/// # Errors
/// When the input or the store fails. What was committed until then stays.
pub async fn restore<R: BufRead>(
    reader: &mut Reader<R>,
    store: &dyn Store,
    bar: &ProgressBar,
    note: &mut dyn FnMut(&str),
) -> anyhow::Result<Outcome> {
    bar.set_length(reader.header().orders);
    let mut restore = Restore {
        store,
        bar,
        note,
        batch: Batch::default(),
        taken: BTreeMap::new(),
        outcome: Outcome::default(),
    };
    let ended = restore.read(reader).await.with_context(|| {
        format!(
            "the import stopped at line {}: what was committed until then stays, and running it again writes the rest",
            reader.at()
        )
    })?;
    restore.outcome.read = reader.counts();
    restore.verify(ended).await?;
    Ok(restore.outcome)
}

/// Orders of one vendor that are committed together.
#[derive(Default)]
struct Batch {
    orders: Vec<KeptOrder>,
    bytes: usize,
}

struct Restore<'a> {
    store: &'a dyn Store,
    bar: &'a ProgressBar,
    note: &'a mut dyn FnMut(&str),
    batch: Batch,
    /// How many orders of each vendor the store must hold at the end.
    taken: BTreeMap<VendorId, u64>,
    outcome: Outcome,
}

impl Restore<'_> {
    async fn read<R: BufRead>(
        &mut self,
        reader: &mut Reader<R>,
    ) -> anyhow::Result<Result<(), Flaw>> {
        loop {
            match reader.next_item().context("failed to read the export")? {
                Item::Vendor(vendor) => {
                    self.commit().await?;
                    self.vendor(vendor).await?;
                }
                Item::Order { kept, bytes } => self.order(*kept, bytes).await?,
                Item::Refused(why) => self.refused(reader.at(), &why),
                Item::End(ended) => {
                    self.commit().await?;
                    return Ok(ended);
                }
            }
        }
    }

    async fn vendor(&mut self, vendor: Vendor) -> Result<(), StoreError> {
        let Vendor { id, name } = vendor;
        let (there, new) = self.store.add_vendor(id.clone(), name.clone()).await?;
        self.outcome.vendors_new += u64::from(new);
        if there.name != name {
            let there = there.name;
            (self.note)(&format!(
                "vendor {id} is called {name} in the export and {there} in the store: left"
            ));
        }
        self.taken.entry(id).or_default();
        Ok(())
    }

    async fn order(&mut self, kept: KeptOrder, bytes: usize) -> Result<(), StoreError> {
        let batch = &self.batch;
        let full = batch.orders.len() == MAX_BATCH || batch.bytes + bytes > MAX_BATCH_BYTES;
        let another = batch
            .orders
            .first()
            .is_some_and(|first| first.order.vendor_id != kept.order.vendor_id);
        if full || another {
            self.commit().await?;
        }
        self.batch.bytes += bytes;
        self.batch.orders.push(kept);
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), StoreError> {
        let Batch { orders, .. } = std::mem::take(&mut self.batch);
        let Some(first) = orders.first() else {
            return Ok(());
        };
        let vendor = first.order.vendor_id.clone();
        let restored = self.store.restore(&vendor, orders.clone()).await?;
        let Restored {
            written,
            present,
            different,
        } = restored;
        if different > 0 {
            self.name_different(&orders).await?;
        }
        self.outcome.written += written;
        self.outcome.present += present;
        self.outcome.different += different;
        *self.taken.entry(vendor).or_default() += written + present + different;
        self.bar.inc(orders.len() as u64);
        Ok(())
    }

    /// Looks for those orders of a batch that are otherwise in the store.
    async fn name_different(&mut self, orders: &[KeptOrder]) -> Result<(), StoreError> {
        let mut named = self.outcome.different;
        for kept in orders {
            let key = kept.order.key();
            let Some(there) = self.store.order(&key).await? else {
                continue;
            };
            let history = self.store.history(&key).await?;
            if kept.is_kept_as(&there, &history) {
                continue;
            }
            named += 1;
            let (ours, theirs) = (kept.order.state.version, there.state.version);
            self.name_one(named, || {
                format!("order {key} is otherwise in the store, at version {theirs} (in the export: {ours}): left")
            });
        }
        Ok(())
    }

    fn refused(&mut self, line: u64, why: &str) {
        self.outcome.refused += 1;
        self.name_one(self.outcome.refused, || {
            format!("line {line} is refused: {why}")
        });
    }

    fn name_one(&mut self, nth: u64, say: impl FnOnce() -> String) {
        match nth.cmp(&(MAX_NAMED as u64 + 1)) {
            std::cmp::Ordering::Less => (self.note)(&say()),
            std::cmp::Ordering::Equal => {
                (self.note)("… and more of the kind; they are counted below")
            }
            std::cmp::Ordering::Greater => {}
        }
    }

    /// Counts what the store now holds, by its own lists.
    async fn verify(&mut self, ended: Result<(), Flaw>) -> anyhow::Result<()> {
        let mut lacking = None;
        for (vendor, taken) in &self.taken {
            let held = count(self.store, vendor)
                .await
                .context("the orders were written, and could not be counted afterwards")?;
            self.outcome.held += held;
            if held < *taken {
                lacking.get_or_insert_with(|| {
                    format!("the store holds {held} orders of vendor {vendor}, and {taken} were read: the export names some twice, or the store lost some")
                });
            }
        }
        self.outcome.flaw = ended.err().map(|flaw| flaw.to_string()).or(lacking);
        Ok(())
    }
}

async fn count(store: &dyn Store, vendor: &VendorId) -> Result<u64, StoreError> {
    let mut query = ListQuery {
        vendor: Some(vendor.clone()),
        limit: PAGE,
        ..ListQuery::default()
    };
    let mut held = 0;
    loop {
        let page = store.list(query.clone()).await?;
        held += page.orders.len() as u64;
        query.cursor = page.next;
        if query.cursor.is_none() {
            return Ok(held);
        }
    }
}
