//! Which stored order a change is about.

use ordertop::order::{OrderKey, OrderNumber, Source, VendorOrder};

use super::Refusal;

/// The order that a change is about: the one of this source where the vendor has it, whatever its number is, else the
/// one of this number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Vendor and number.
    pub key: OrderKey,
    /// The source that the order is known by; `None` for one that is known by its number alone.
    pub source: Option<Source>,
}

impl From<OrderKey> for Target {
    fn from(key: OrderKey) -> Self {
        Self { key, source: None }
    }
}

impl Target {
    /// Chooses the order of this source among those whose source has the same key; `None` when it is none of them.
    ///
    /// # Errors
    /// [`Refusal::AmbiguousSource`] when it may be several of them: two shops without names use the same id.
    pub(super) fn choose<'a>(
        &self,
        candidates: impl Iterator<Item = &'a VendorOrder>,
    ) -> Result<Option<OrderNumber>, Refusal> {
        let Some(source) = &self.source else {
            return Ok(None);
        };
        let same: Vec<&VendorOrder> = candidates
            .filter(|order| {
                let theirs = order.content.source.as_ref();
                theirs.is_some_and(|theirs| source.is_same_order(theirs))
            })
            .collect();
        match same[..] {
            [] => Ok(None),
            [one] => Ok(Some(one.number.clone())),
            _ => {
                let numbers: Vec<&str> = same.iter().map(|order| order.number.as_str()).collect();
                Err(Refusal::AmbiguousSource(numbers.join(", ")))
            }
        }
    }
}
