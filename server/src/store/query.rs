//! Which orders are asked for, and a page of them.

use jiff::Timestamp;
use ordertop::order::text::fold;
use ordertop::order::{Note, OrderStatus, VendorId, VendorOrder, Visibility};
use ordertop::protocol::Position;

/// Which orders to list.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Whose; `None` for everyone's.
    pub vendor: Option<VendorId>,
    /// In any of these statuses; empty for all.
    pub statuses: Vec<OrderStatus>,
    /// With this in the number here or at the shop, the buyer's name, the address, a SKU,
    /// a tracking number, the buyer's note or a note.
    pub text: Option<String>,
    /// Whether the text may stand in what a vendor does not see, and could guess letter by
    /// letter: the buyer's e-mail and support's notes.
    pub search_hidden: bool,
    /// Placed after this moment.
    pub placed_after: Option<Timestamp>,
    /// Placed before this moment.
    pub placed_before: Option<Timestamp>,
    /// Older than this one in the list's order.
    pub cursor: Option<Cursor>,
    /// How many at most.
    pub limit: usize,
}

impl ListQuery {
    /// Whether an order is among those that are asked for, its place apart. Text is
    /// compared folded (see [`fold`]).
    #[must_use]
    pub fn matches(&self, order: &VendorOrder) -> bool {
        let placed = order.content.placed_at;
        let in_time = self.placed_after.is_none_or(|after| placed > after)
            && self.placed_before.is_none_or(|before| placed < before);
        let in_status = self.statuses.is_empty() || self.statuses.contains(&order.state.status);
        in_time
            && in_status
            && self
                .text
                .as_deref()
                .is_none_or(|text| self.holds(order, text))
    }

    /// The vendor, where its whole list is asked for, from the start.
    #[must_use]
    pub fn is_whole(&self) -> Option<&VendorId> {
        let chosen = !self.statuses.is_empty()
            || self.text.is_some()
            || self.placed_after.is_some()
            || self.placed_before.is_some()
            || self.cursor.is_some();
        self.vendor.as_ref().filter(|_| !chosen)
    }

    fn holds(&self, order: &VendorOrder, text: &str) -> bool {
        let text = fold(text);
        let has = |place: &str| fold(place).contains(&text);
        let has_some = |place: &Option<String>| place.as_deref().is_some_and(has);
        let content = &order.content;
        let readable = |note: &&Note| self.search_hidden || note.visibility == Visibility::Vendor;
        has(order.number.as_str())
            || (content.source.as_ref()).is_some_and(|source| has_some(&source.number))
            || has_some(&content.buyer.name)
            || (self.search_hidden && has_some(&content.buyer.email))
            || content.lines.iter().any(|line| has(&line.sku))
            || (content.shipments.iter()).any(|shipment| has_some(&shipment.tracking_number))
            || has(&content.ship_to.one_line())
            || has_some(&content.buyer_note)
            || (content.notes.iter().filter(readable)).any(|note| has(&note.body))
    }
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct ListPage {
    /// One vendor's list: its newest event when the page was read.
    pub position: Option<Position>,
    /// Newest first.
    pub orders: Vec<VendorOrder>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
    /// How many orders there are, where [`ListQuery::is_whole`] and they are more
    /// than this page holds.
    pub total: Option<u64>,
}

/// A place in a list: the last order of a page. Opaque text to callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// When it was placed, in microseconds since 1970.
    pub placed_us: i64,
    /// Its id.
    pub id: u64,
}

impl Cursor {
    /// The place of this order.
    #[must_use]
    pub fn of(order: &VendorOrder) -> Self {
        Self {
            placed_us: order.content.placed_at.as_microsecond(),
            id: order.id.0,
        }
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.placed_us, self.id)
    }
}

impl std::str::FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (placed, id) = text.split_once('.').ok_or(())?;
        let id: i64 = id.parse().map_err(|_| ())?;
        Ok(Self {
            placed_us: placed.parse().map_err(|_| ())?,
            id: u64::try_from(id).map_err(|_| ())?,
        })
    }
}
