//! Orders by the shop's own id: a hash of a vendor from channel and id to the numbers of the orders that have it.

use std::collections::HashMap;

use ordertop::order::{OrderNumber, Source, SourceKey, VendorId, VendorOrder};

use super::keys::VendorKeys;
use super::read::Seen;
use super::rows::unreadable;
use super::shared::Shared;
use crate::store::{ListQuery, Refusal, StoreError, Target};

/// The field that says that the index holds every order of the vendor. A source's field has a line break.
const IS_WHOLE: &str = "whole";
/// Orders that are indexed at a time.
const PAGE: usize = 500;

/// What the index says of the sources that a request names.
#[derive(Default)]
pub(super) struct Sources {
    numbers: HashMap<SourceKey, Numbers>,
}

/// The numbers of one source key.
#[derive(Default, Clone)]
struct Numbers(Vec<OrderNumber>);

/// A change of the index, compared and set by the commit: its field, what the field held, and what it holds then.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SourceEntry {
    pub(super) field: String,
    pub(super) seen: String,
    pub(super) now: String,
}

impl Numbers {
    /// Numbers hold no control characters.
    fn read(text: &str) -> Result<Self, StoreError> {
        let numbers = text.lines().map(OrderNumber::new);
        let numbers: Result<Vec<_>, _> = numbers.collect();
        let numbers = numbers.map_err(|_| unreadable("a number of a shop's order"))?;
        Ok(Self(numbers))
    }

    fn text(&self) -> String {
        let numbers: Vec<&str> = self.0.iter().map(OrderNumber::as_str).collect();
        numbers.join("\n")
    }
}

/// The hash's field of a key.
pub(super) fn field(key: &SourceKey) -> String {
    format!("{}\n{}", key.channel, key.order_id)
}

fn key_of(target: &Target) -> Option<SourceKey> {
    target.source.as_ref()?.key()
}

impl Sources {
    /// The order that a change is about, where its source leads to one.
    ///
    /// # Errors
    /// When it may be several.
    pub(super) fn choose(
        &self,
        target: &Target,
        seen: &Seen,
    ) -> Result<Option<OrderNumber>, Refusal> {
        let numbers = key_of(target).and_then(|key| self.numbers.get(&key));
        let numbers = numbers.into_iter().flat_map(|numbers| &numbers.0);
        let orders = numbers.filter_map(|number| Some(&*seen.orders.get(number)?.0));
        target.choose(orders)
    }

    /// Every number that a source leads to.
    pub(super) fn all(&self) -> impl Iterator<Item = &OrderNumber> {
        self.numbers.values().flat_map(|numbers| &numbers.0)
    }

    /// Notes down that this order is to be found by its source; `None` when it is already.
    pub(super) fn add(&mut self, order: &VendorOrder) -> Option<SourceEntry> {
        let key = order.content.source.as_ref()?.key()?;
        let field = field(&key);
        let numbers = self.numbers.entry(key).or_default();
        if numbers.0.contains(&order.number) {
            return None;
        }
        let seen = numbers.text();
        numbers.0.push(order.number.clone());
        Some(SourceEntry {
            field,
            seen,
            now: numbers.text(),
        })
    }
}

impl Shared {
    /// Looks up the sources that these changes name.
    pub(super) async fn sources(
        &self,
        vendor: &VendorId,
        targets: &[Target],
    ) -> Result<Sources, StoreError> {
        let keys: Vec<SourceKey> = targets.iter().filter_map(key_of).collect();
        if keys.is_empty() {
            return Ok(Sources::default());
        }
        let mut command = redis::cmd("HMGET");
        command.arg(VendorKeys(vendor).sources()).arg(IS_WHOLE);
        for key in &keys {
            command.arg(field(key));
        }
        let mut found: Vec<Option<String>> = self.ask(&command).await?;
        if found.first().is_some_and(Option::is_none) {
            self.index_stored(vendor).await?;
            found = self.ask(&command).await?;
        }
        let mut sources = Sources::default();
        for (key, text) in keys.into_iter().zip(found.into_iter().skip(1)) {
            let numbers = Numbers::read(text.as_deref().unwrap_or_default())?;
            sources.numbers.insert(key, numbers);
        }
        Ok(sources)
    }

    /// Adds a vendor's orders to the index that an earlier version, which had none, stored.
    async fn index_stored(&self, vendor: &VendorId) -> Result<(), StoreError> {
        if self.head(vendor).await?.is_none() {
            return Ok(());
        }
        let vendor_keys = VendorKeys(vendor);
        let keys = [vendor_keys.head(), vendor_keys.sources()];
        let mut query = ListQuery {
            vendor: Some(vendor.clone()),
            limit: PAGE,
            ..ListQuery::default()
        };
        loop {
            let page = self.list(query.clone()).await?;
            let is_last = page.next.is_none();
            let mut args = vec![if is_last { IS_WHOLE } else { "" }.to_owned()];
            for order in &page.orders {
                if let Some(key) = order.content.source.as_ref().and_then(Source::key) {
                    args.extend([field(&key), order.number.to_string()]);
                }
            }
            self.run::<()>(&self.scripts.index, &keys, &args).await?;
            if is_last {
                return Ok(());
            }
            query.cursor = page.next;
        }
    }
}
