//! The names of keys. A vendor's keys share the hash tag `{vendor}`, so that on a
//! cluster they are on one node and one script may write them all
//! (<https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags>).

use ordertop::order::{OrderNumber, VendorId};

/// Every vendor: id to name (a hash).
pub(super) const VENDORS: &str = "ordertop:vendors";
/// The highest number that was given to an order (a counter).
pub(super) const ORDER_IDS: &str = "ordertop:order-ids";
/// The ids with which orders were restored, each with its order (a hash): exports of two
/// stores have the same ids.
pub(super) const RESTORED_IDS: &str = "ordertop:restored-ids";
/// The version of this layout (a number).
pub(super) const LAYOUT: &str = "ordertop:layout";
/// The newest commits of all vendors: vendor, offset and mark of each (a stream). None on
/// a cluster, where one script writes one vendor's keys.
pub(super) const COMMITS: &str = "ordertop:commits";
/// New vendors are told here (a channel).
pub(super) const NEW_VENDORS: &str = "ordertop:new-vendors";

/// The keys of one vendor.
#[derive(Debug, Clone, Copy)]
pub(super) struct VendorKeys<'a>(pub(super) &'a VendorId);

impl VendorKeys<'_> {
    fn key(self, what: &str) -> String {
        format!("ordertop:{{{}}}:{what}", self.0.as_str())
    }

    /// `birth`, `offset` and `mark` (a hash).
    pub(super) fn head(self) -> String {
        self.key("head")
    }

    /// Order number to [`super::rows::Record`] (a hash).
    pub(super) fn orders(self) -> String {
        self.key("orders")
    }

    /// Order number to its newest content, JSON (a hash).
    pub(super) fn contents(self) -> String {
        self.key("contents")
    }

    /// `id/revision` to contents before the newest that an event still needs, JSON (a hash).
    pub(super) fn revisions(self) -> String {
        self.key("revisions")
    }

    /// The events, each with its offset as id (a stream).
    pub(super) fn events(self) -> String {
        self.key("events")
    }

    /// Orders by when they were placed (a sorted set).
    pub(super) fn placed(self) -> String {
        self.key("placed")
    }

    /// What was done to an order, oldest first (a list).
    pub(super) fn history(self, number: &OrderNumber) -> String {
        self.key(&format!("history:{}", number.as_str()))
    }

    /// What was answered under an `Idempotency-Key` (a string that expires).
    pub(super) fn once(self, digest: &str) -> String {
        self.key(&format!("once:{digest}"))
    }

    /// Channel and a shop's id to the numbers of the orders that have it (a hash).
    pub(super) fn sources(self) -> String {
        self.key("sources")
    }

    /// Written where nothing else is, to learn what replicas have.
    pub(super) fn touched(self) -> String {
        self.key("touched")
    }

    /// Events are told here as they are committed (a channel).
    pub(super) fn channel(self) -> String {
        self.key("live")
    }
}

/// Which request an `Idempotency-Key` came with (a string that expires).
pub(super) fn request(digest: &str) -> String {
    format!("ordertop:request:{digest}")
}

/// The vendor whose channel this is.
pub(super) fn vendor_of(channel: &str) -> Option<VendorId> {
    let id = channel.strip_prefix("ordertop:{")?.strip_suffix("}:live")?;
    VendorId::new(id).ok()
}
