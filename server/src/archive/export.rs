//! Writing everything that a store holds, while others may go on changing it.
//!
//! What holds of an export, whatever happens meanwhile:
//! - each order is whole: as it was at one moment, with its history up to then;
//! - an order that was there when the export began is in it, once;
//! - an order that was placed meanwhile may be in it.

use std::collections::HashSet;
use std::io::{self, Write};

use futures_util::{StreamExt, stream};
use indicatif::ProgressBar;
use jiff::Timestamp;
use ordertop::order::{OrderKey, VendorId, VendorOrder};
use ordertop::protocol::rest::Vendor;

use super::{Counts, FORMAT, Header, VERSION, Writer};
use crate::store::{KeptOrder, ListQuery, Store, StoreError};

/// Orders that are listed at once.
const PAGE: usize = 500;
/// Histories that are read at once: enough to hide a Redis's round trips.
const HISTORIES_AT_ONCE: usize = 32;
/// How often a vendor's list is read when it changes under the reading.
const MAX_PASSES: usize = 3;
/// How often an order is read whose history does not reach to it.
const MAX_TRIES: usize = 5;

/// Why an export did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Whoever takes the lines takes no more.
    #[error("failed to write the export")]
    Output(#[from] io::Error),
    /// Order and history contradict each other.
    #[error("order {0} and its history do not agree in the store")]
    Torn(OrderKey),
}

/// Writes everything that `store` holds to `out`; `now` stands in the header,
/// and `bar` counts orders.
///
/// # Errors
/// When the store fails or `out` takes no more; what was written is cut then,
/// and an import notices.
pub async fn export<W: Write>(
    store: &dyn Store,
    now: Timestamp,
    out: W,
    bar: &ProgressBar,
) -> Result<(W, Counts), ExportError> {
    let summary = store.summary().await?;
    let vendors = store.vendors().await?;
    let header = Header {
        format: FORMAT.to_owned(),
        version: VERSION,
        at: now,
        store: summary.kind,
        orders: summary.orders,
    };
    bar.set_length(summary.orders);
    let mut export = Export {
        store,
        bar,
        writer: Writer::new(out, &header)?,
    };
    for vendor in vendors {
        let (id, name) = (vendor.id, vendor.name);
        export.writer.vendor(&Vendor {
            id: id.clone(),
            name,
        })?;
        export.orders_of(&id).await?;
    }
    Ok(export.writer.end()?)
}

struct Export<'a, W> {
    store: &'a dyn Store,
    bar: &'a ProgressBar,
    writer: Writer<W>,
}

impl<W: Write> Export<'_, W> {
    /// A shop may correct when an order was placed, and that moves it in the
    /// list: perhaps from where we have not been to where we were. So the list
    /// is read again when something was committed meanwhile.
    async fn orders_of(&mut self, vendor: &VendorId) -> Result<(), ExportError> {
        let mut written = HashSet::new();
        for pass in 0..MAX_PASSES {
            let before = written.len();
            let quiet = self.pass(vendor, &mut written).await?;
            if quiet || (pass > 0 && written.len() == before) {
                break;
            }
        }
        Ok(())
    }

    /// Reads the vendor's list once and writes the orders that are not
    /// `written`; whether nothing was committed meanwhile.
    async fn pass(
        &mut self,
        vendor: &VendorId,
        written: &mut HashSet<u64>,
    ) -> Result<bool, ExportError> {
        let mut query = ListQuery {
            vendor: Some(vendor.clone()),
            limit: PAGE,
            ..ListQuery::default()
        };
        let mut first = None;
        loop {
            let page = self.store.list(query.clone()).await?;
            let began = first.get_or_insert_with(|| page.position.clone());
            let quiet = *began == page.position;
            let new = page
                .orders
                .into_iter()
                .filter(|order| written.insert(order.id.0));
            let new: Vec<_> = new.collect();
            let store = self.store;
            let mut whole = stream::iter(new)
                .map(|order| with_history(store, order))
                .buffered(HISTORIES_AT_ONCE);
            while let Some(kept) = whole.next().await {
                self.writer.order(&kept?)?;
                self.bar.inc(1);
            }
            query.cursor = page.next;
            if query.cursor.is_none() {
                return Ok(quiet);
            }
        }
    }
}

/// The order with its history up to it.
async fn with_history(store: &dyn Store, mut order: VendorOrder) -> Result<KeptOrder, ExportError> {
    let key = order.key();
    for _ in 0..MAX_TRIES {
        let mut history = store.history(&key).await?;
        // The order was read first: what came after it is not its past yet.
        history.retain(|entry| entry.version <= order.state.version);
        let reaches = history.last().map(|entry| entry.version);
        if reaches == Some(order.state.version) {
            return Ok(KeptOrder { order, history });
        }
        // A failover lost a tail between the two reads, say.
        match store.order(&key).await? {
            Some(again) => order = again,
            None => break,
        }
    }
    Err(ExportError::Torn(key))
}
