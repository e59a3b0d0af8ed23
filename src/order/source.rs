//! The shop that an order came from, and which order of the shop it is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The shop that an order came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// `woocommerce`, `shopify` or `generic`.
    pub channel: String,
    /// The name that the operator declared for the shop (`import --source NAME`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The shop's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shop: Option<String>,
    /// The shop's id of the order, as text: ids exceed 2^53.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// The shop's newest number for the order, where it is not the number here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Where a person can look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The shop's own word for its status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_raw: Option<String>,
    /// When the shop last changed it. An order as stored keeps it beside its state ([`super::state::Heard`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified_at: Option<Timestamp>,
}

/// What an order of a shop is looked up by: channel and the shop's own id. Two shops may use the same id, so several
/// orders of a vendor may share a key; [`Source::is_same_order`] tells them apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SourceKey {
    /// Channel, such as `woocommerce`.
    pub channel: String,
    /// The shop's id of the order.
    pub order_id: String,
}

impl Source {
    /// The key that the order is looked up by; `None` without an id of the shop.
    #[must_use]
    pub fn key(&self) -> Option<SourceKey> {
        Some(SourceKey {
            channel: self.channel.clone(),
            order_id: self.order_id.clone()?,
        })
    }

    /// Whether both speak of the same order of the same shop.
    ///
    /// Channel and the shop's id must be equal. Shops are told apart by their declared names where both have one.
    /// Otherwise hosts decide, as far as they can be compared: a Shopify body names the shop's own domain, a webhook's
    /// header its `myshopify.com` one. Where only one of them has a declared name, equal hosts are needed.
    #[must_use]
    pub fn is_same_order(&self, other: &Self) -> bool {
        let same_id = self.channel == other.channel
            && self.order_id.is_some()
            && self.order_id == other.order_id;
        same_id
            && match (&self.name, &other.name) {
                (Some(ours), Some(theirs)) => ours == theirs,
                (None, None) => self.same_host(other) != Some(false),
                _ => self.same_host(other) == Some(true),
            }
    }

    /// Whether the hosts are equal; `None` where they cannot be compared.
    fn same_host(&self, other: &Self) -> Option<bool> {
        let (ours, theirs) = (host(self.shop.as_ref()?), host(other.shop.as_ref()?));
        let platform = |host: &str| host.ends_with(".myshopify.com");
        (platform(&ours) == platform(&theirs)).then(|| ours == theirs)
    }

    /// The name of the shop for people and as an actor: declared name, else channel.
    #[must_use]
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.channel)
    }

    /// The order in words: `woocommerce order 11 of a.example`.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut words = format!("{} order", self.channel);
        if let Some(id) = &self.order_id {
            words.push_str(&format!(" {id}"));
        }
        if let Some(shop) = self.name.as_ref().or(self.shop.as_ref()) {
            words.push_str(&format!(" of {shop}"));
        }
        words
    }
}

/// A host in the form that is compared: lower case, without `www.` and the last dot.
fn host(shop: &str) -> String {
    let host = shop.trim_end_matches('.').to_ascii_lowercase();
    host.strip_prefix("www.").unwrap_or(&host).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(channel: &str, id: Option<&str>, name: Option<&str>, shop: Option<&str>) -> Source {
        Source {
            channel: channel.into(),
            name: name.map(Into::into),
            shop: shop.map(Into::into),
            order_id: id.map(Into::into),
            number: None,
            url: None,
            status_raw: None,
            modified_at: None,
        }
    }

    #[test]
    fn a_shops_order_is_known_by_its_source_and_id() {
        let a = Some("a.example");
        let (woo, shopify) = ("woocommerce", "shopify");
        let of = |id, name, shop| source(woo, id, name, shop);
        let shop_of = |shop| source(shopify, Some("9"), None, Some(shop));
        let (id, named) = (Some("11"), Some("acme"));
        let table = [
            (of(id, None, a), of(id, None, a), true),
            (of(id, None, a), of(id, None, Some("WWW.A.example.")), true),
            (of(id, None, a), of(id, None, None), true),
            (of(id, None, None), of(id, None, None), true),
            (of(id, None, a), of(id, None, Some("b.example")), false),
            (of(id, None, a), of(Some("12"), None, a), false),
            (of(None, None, a), of(None, None, a), false),
            (of(id, None, a), source(shopify, id, None, a), false),
            (of(id, named, a), of(id, named, Some("b.example")), true),
            (of(id, named, a), of(id, Some("other"), a), false),
            (of(id, named, a), of(id, None, a), true),
            (of(id, named, a), of(id, None, None), false),
            (shop_of("acme.example"), shop_of("acme.myshopify.com"), true),
            (
                shop_of("acme.myshopify.com"),
                shop_of("b.myshopify.com"),
                false,
            ),
        ];
        for (one, other, same) in table {
            assert_eq!(one.is_same_order(&other), same, "{one:?} and {other:?}");
            assert_eq!(other.is_same_order(&one), same, "{other:?} and {one:?}");
        }
    }
}
