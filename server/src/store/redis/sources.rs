//! Orders by the shop's own id: a hash of a vendor from channel and id to the numbers of the orders that have it.

use std::collections::HashMap;

use ordertop::order::{OrderNumber, SourceKey, VendorId, VendorOrder};

use super::Shared;
use super::keys::VendorKeys;
use super::read::Seen;
use super::rows::unreadable;
use crate::decision::Refusal;
use crate::store::{StoreError, Target};

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
        command.arg(VendorKeys(vendor).sources());
        for key in &keys {
            command.arg(field(key));
        }
        let found: Vec<Option<String>> = self.ask(&command).await?;
        let mut sources = Sources::default();
        for (key, text) in keys.into_iter().zip(found) {
            let numbers = Numbers::read(text.as_deref().unwrap_or_default())?;
            sources.numbers.insert(key, numbers);
        }
        Ok(sources)
    }
}
