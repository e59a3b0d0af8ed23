//! An order as a list, an event and the detail call show it: the seed's fields
//! with ours beside them, masked for the one who looks.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::lenient;
use super::number::{self, ExactNumber};
use crate::order::{
    Actor, Address, Currency, Flags, Line, Money, Note, OrderContent, OrderKey, OrderNumber,
    OrderStatus, Property, Qty, Shipment, Source, Totals, VendorId, VendorOrder, Visibility,
    status::Standing,
};

/// Longest [`ListedOrder::notes_excerpt`], in characters: it travels with every event of the order.
pub const MAX_EXCERPT_CHARS: usize = 1_000;

/// For whom an order is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// The vendor: e-mail and phone are masked, support's notes left out.
    Vendor,
    /// Support staff and services: everything.
    Support,
}

/// An order as it is shown. What the seed's dashboard reads comes first; a
/// server of the old kind sends that alone, so the rest has defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct ListedOrder {
    /// The store's number for it.
    pub id: u64,
    /// The number that people use.
    pub order_number: OrderNumber,
    /// Where it stands.
    pub status: OrderStatus,
    /// What the buyer pays this vendor, as decimal text.
    pub total_amount: String,
    /// The same as a JSON number, written exactly. From a server of the old kind, whose
    /// [`Self::total_amount`] is of all vendors, it is read into that and left empty here.
    #[serde(default, deserialize_with = "number::number")]
    pub vendor_total: ExactNumber,
    /// The buyer's name.
    #[serde(default, deserialize_with = "lenient::text")]
    pub customer_name: String,
    /// The buyer's e-mail, masked for a vendor.
    #[serde(default, deserialize_with = "lenient::text")]
    pub customer_email: String,
    /// The address in one line.
    #[serde(default, deserialize_with = "lenient::text")]
    pub shipping_address: String,
    /// When the buyer placed it.
    #[serde(deserialize_with = "lenient::timestamp")]
    pub created_at: Timestamp,
    /// When anything about it last changed.
    #[serde(deserialize_with = "lenient::timestamp")]
    pub updated_at: Timestamp,
    /// When it arrived.
    #[serde(default, deserialize_with = "lenient::optional_timestamp")]
    pub delivered_at: Option<Timestamp>,
    /// What was bought of this vendor.
    #[serde(default)]
    pub items: Vec<ListedItem>,
    /// The same again: the seed's name for it. Read as [`Self::vendor_total`] is.
    #[serde(default)]
    pub vendor_items: Vec<ListedItem>,
    /// Whether the vendor's next step is open: Paid or Shipped.
    #[serde(default)]
    pub can_update_status: bool,

    /// Whose order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_id: Option<VendorId>,
    /// Counts the changes of this order; 0 from a server that does not count.
    #[serde(default)]
    pub version: u64,
    /// The currency of every amount in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Since when it stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_since: Option<Timestamp>,
    /// Who brought it there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_by: Option<Actor>,
    /// The status that an undo of the newest step leads back to; only the author of that step may undo it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo_to: Option<OrderStatus>,
    /// The status that an exception set aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior_status: Option<OrderStatus>,
    /// Marks.
    #[serde(default, skip_serializing_if = "Flags::is_empty")]
    pub flags: Flags,
    /// The purchase that it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The shop's newest number for the order, where it is not [`Self::order_number`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shop_number: Option<String>,
    /// The parts of the total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totals: Option<ListedTotals>,
    /// The buyer's phone, masked for a vendor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_phone: Option<String>,
    /// The address in its parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_to: Option<Address>,
    /// By when it is promised to leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_by: Option<Timestamp>,
    /// When it was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    /// When it was shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_at: Option<Timestamp>,
    /// What left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipments: Vec<Shipment>,

    /// Lists and events alone: the buyer's note and the notes that the reader may see, newest first,
    /// each on a line, cut to [`MAX_EXCERPT_CHARS`]. A filter finds orders by it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notes_excerpt: String,

    /// Detail call alone: the shop that it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Detail call alone: the shop's word for the payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_state: Option<String>,
    /// Detail call alone: the buyer's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_note: Option<String>,
    /// Detail call alone: what else the shop keeps about the order by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Property>,
    /// Detail call alone: words of vendor and support.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

impl Serialize for ListedOrder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for ListedOrder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut order = Self::deserialize(deserializer)?;
        order.take_vendors_part();
        Ok(order)
    }
}

/// A line as the seed's dashboard reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedItem {
    /// The line's id.
    pub id: u64,
    /// What was bought.
    pub product: ListedProduct,
    /// How many.
    pub quantity: Qty,
    /// How many of them left; left out while none did.
    #[serde(default, skip_serializing_if = "Qty::is_zero")]
    pub quantity_shipped: Qty,
    /// For one.
    pub unit_price: String,
    /// For all of them.
    pub total_price: String,
}

/// A product as the seed's dashboard reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedProduct {
    /// The line's id: we keep no catalogue.
    pub id: u64,
    /// What it is called.
    pub name: String,
    /// Which kind of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// What the buyer chose by name: `Engraving: Happy Birthday`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Property>,
    /// The vendor's number for it.
    #[serde(default, deserialize_with = "lenient::text")]
    pub sku: String,
    /// For one.
    pub price: String,
    /// Always empty: we keep no pictures.
    #[serde(default, deserialize_with = "lenient::text")]
    pub thumbnail: String,
}

/// The parts of a total, as decimal text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListedTotals {
    /// The lines.
    pub items: String,
    /// Taken off.
    pub discount: String,
    /// Shipping.
    pub shipping: String,
    /// Fees of the shop; left out where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fees: Option<String>,
    /// Tips; left out where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tips: Option<String>,
    /// Paid with gift cards that the shop takes off the total; left out where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gift_cards: Option<String>,
    /// Tax.
    pub tax: String,
    /// Whether the tax is inside the other amounts instead of on top of them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tax_included: bool,
    /// What the buyer pays.
    pub total: String,
    /// What went back.
    pub refunded: String,
}

impl ListedOrder {
    /// The order as a list and an event show it.
    #[must_use]
    pub fn new(order: &VendorOrder, view: View) -> Self {
        let VendorOrder {
            id,
            vendor_id,
            number,
            state,
            content,
        } = order;
        let OrderContent {
            currency,
            buyer,
            ship_to,
            ..
        } = content;
        let amount = |minor| Money::new(minor, *currency).to_string();
        let total = amount(content.totals.total);
        let items: Vec<_> = content
            .lines
            .iter()
            .map(|line| item(line, &amount))
            .collect();
        let masked = |mask: fn(&str) -> String, text: &Option<String>| {
            text.as_deref().map(|text| {
                if view == View::Vendor {
                    mask(text)
                } else {
                    text.to_owned()
                }
            })
        };
        Self {
            id: id.0,
            order_number: number.clone(),
            status: state.status,
            vendor_total: ExactNumber(total.clone()),
            total_amount: total,
            customer_name: buyer.name.clone().unwrap_or_default(),
            customer_email: masked(mask_email, &buyer.email).unwrap_or_default(),
            customer_phone: masked(mask_phone, &buyer.phone),
            shipping_address: ship_to.one_line(),
            created_at: content.placed_at,
            updated_at: state.updated_at,
            delivered_at: state.delivered_at,
            vendor_items: items.clone(),
            items,
            can_update_status: matches!(state.status, OrderStatus::Paid | OrderStatus::Shipped),
            vendor_id: Some(vendor_id.clone()),
            version: state.version,
            currency: Some(*currency),
            status_since: Some(state.status_since),
            status_by: Some(state.status_by.clone()),
            undo_to: state.previous.as_ref().map(|previous| previous.status),
            prior_status: state.prior.last().copied(),
            flags: state.flags,
            group: content.group.clone(),
            shop_number: content
                .source
                .as_ref()
                .and_then(|source| source.number.clone()),
            totals: Some(totals(&content.totals, &amount)),
            ship_to: (*ship_to != Address::default()).then(|| ship_to.clone()),
            ship_by: content.ship_by,
            paid_at: state.paid_at,
            shipped_at: state.shipped_at,
            shipments: content.shipments.clone(),
            notes_excerpt: notes_excerpt(content, view),
            source: None,
            payment_state: None,
            buyer_note: None,
            attributes: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The order as the detail call shows it.
    #[must_use]
    pub fn detail(order: &VendorOrder, view: View) -> Self {
        let content = &order.content;
        Self {
            notes_excerpt: String::new(),
            source: content.source.clone().map(|source| Source {
                modified_at: order
                    .state
                    .heard
                    .as_ref()
                    .and_then(|heard| heard.modified_at),
                ..source
            }),
            payment_state: content.payment_state.clone(),
            buyer_note: content.buyer_note.clone(),
            attributes: content.attributes.clone(),
            notes: readable_notes(content, view).cloned().collect(),
            ..Self::new(order, view)
        }
    }

    /// Puts the vendor's own part of an order in the place of the whole, which a server of the old
    /// kind, that counts no versions, sends beside it. Elsewhere both are the same.
    fn take_vendors_part(&mut self) {
        let total = std::mem::take(&mut self.vendor_total).0;
        let items = std::mem::take(&mut self.vendor_items);
        if self.version > 0 || items.is_empty() {
            return;
        }
        self.items = items;
        if let Ok(total) = total.parse::<f64>()
            && total.is_finite()
        {
            // It is a sum of floats: the whole total says how many decimals are meant.
            let decimals = self.total_amount.split_once('.');
            let decimals = decimals.map_or(0, |(_, decimals)| decimals.len());
            self.total_amount = format!("{total:.decimals$}");
        }
    }

    /// Vendor and number; `watched` stands in where an old server names no vendor.
    #[must_use]
    pub fn key(&self, watched: &VendorId) -> OrderKey {
        let vendor = self.vendor_id.clone().unwrap_or_else(|| watched.clone());
        OrderKey {
            vendor,
            number: self.order_number.clone(),
        }
    }

    /// What the status table needs to know; `None` from a server that tells too little.
    #[must_use]
    pub fn standing(&self) -> Option<Standing<'_>> {
        Some(Standing {
            status: self.status,
            prior: self.prior_status,
            since: self.status_since?,
            by: self.status_by.as_ref()?,
            pay_on_delivery: self.flags.pay_on_delivery,
            came_from: self.undo_to,
        })
    }
}

/// The notes that a reader may see, oldest first.
fn readable_notes(content: &OrderContent, view: View) -> impl DoubleEndedIterator<Item = &Note> {
    let readable =
        move |note: &&Note| view == View::Support || note.visibility == Visibility::Vendor;
    content.notes.iter().filter(readable)
}

fn notes_excerpt(content: &OrderContent, view: View) -> String {
    let notes = readable_notes(content, view).rev();
    let texts = (content.buyer_note.iter()).chain(notes.map(|note| &note.body));
    let mut excerpt = String::new();
    let mut left = MAX_EXCERPT_CHARS;
    for text in texts {
        if !excerpt.is_empty() {
            excerpt.push('\n');
        }
        let before = excerpt.len();
        excerpt.extend(text.chars().take(left));
        left = left.saturating_sub(excerpt[before..].chars().count() + 1);
        if left == 0 {
            break;
        }
    }
    excerpt
}

fn item(line: &Line, amount: &impl Fn(i64) -> String) -> ListedItem {
    let price = amount(line.unit_price);
    ListedItem {
        id: line.id,
        product: ListedProduct {
            id: line.id,
            name: line.title.clone(),
            variant: line.variant.clone(),
            properties: line.properties.clone(),
            sku: line.sku.clone(),
            price: price.clone(),
            thumbnail: String::new(),
        },
        quantity: line.qty,
        quantity_shipped: line.qty_shipped,
        unit_price: price,
        total_price: amount(line.total),
    }
}

fn totals(totals: &Totals, amount: &impl Fn(i64) -> String) -> ListedTotals {
    let some = |minor: i64| (minor != 0).then(|| amount(minor));
    ListedTotals {
        items: amount(totals.items),
        discount: amount(totals.discount),
        shipping: amount(totals.shipping),
        fees: some(totals.fees),
        tips: some(totals.tips),
        gift_cards: some(totals.gift_cards),
        tax: amount(totals.tax),
        tax_included: totals.tax_included,
        total: amount(totals.total),
        refunded: amount(totals.refunded),
    }
}

/// Masks an e-mail: of the local part at most a third and at most 3 characters,
/// nothing of one or two characters, then five stars. The domain stays.
#[must_use]
pub fn mask_email(email: &str) -> String {
    let (local, domain) = match email.rsplit_once('@') {
        Some((local, domain)) => (local, Some(domain)),
        None => (email, None),
    };
    let shown: String = local
        .chars()
        .take((local.chars().count() / 3).min(3))
        .collect();
    match domain {
        Some(domain) => format!("{shown}*****@{domain}"),
        None => format!("{shown}*****"),
    }
}

/// Masks a phone number: the last two digits stay.
#[must_use]
pub fn mask_phone(phone: &str) -> String {
    let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
    let shown = if digits.len() > 4 {
        &digits[digits.len() - 2..]
    } else {
        &[]
    };
    let mut masked = String::from("*****");
    masked.extend(shown);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_of_a_server_of_the_old_kind_is_read() {
        let order = r#"{"id":23005,"order_number":"ORD-00000004","status":"Paid","total_amount":"5.00","vendor_total":5.0,
            "customer_name":"cust","customer_email":"cus*****@example.com","shipping_address":null,
            "created_at":"2026-11-23T17:31:33.960982","updated_at":"2026-11-23T17:31:33.960984Z","delivered_at":null,
            "items":[{"id":1,"product":{"id":102,"name":"p","sku":"","price":"5.00","thumbnail":null},
                "quantity":1,"unit_price":"5.00","total_price":"5.00"}],
            "can_update_status":true}"#;
        let order: ListedOrder = serde_json::from_str(order).unwrap();
        assert_eq!(order.created_at.to_string(), "2026-11-23T17:31:33.960982Z");
        assert_eq!((order.version, &*order.shipping_address), (0, ""));
        assert_eq!(order.items[0].product.thumbnail, "");
    }

    #[test]
    fn a_vendor_sees_its_own_part_of_an_order_of_several() {
        let read = |version: u64, total: &str, vendors: &str| -> ListedOrder {
            let item = |name: &str| {
                format!(
                    r#"{{"id":1,"product":{{"id":1,"name":"{name}","price":"1"}},"quantity":1,"unit_price":"1","total_price":"1"}}"#
                )
            };
            let (own, other) = (item("own"), item("other"));
            let order = format!(
                r#"{{"id":1,"order_number":"O-1","status":"Paid","total_amount":"{total}","vendor_total":{vendors},
                "created_at":"2026-11-23T17:31:33Z","updated_at":"2026-11-23T17:31:33Z","version":{version},
                "items":[{other},{own}],"vendor_items":[{own}]}}"#
            );
            serde_json::from_str(&order).unwrap()
        };
        let table = [
            ("61.30", "30.299999999999997", "30.30"),
            ("5.00", "5.0", "5.00"),
            ("1500", "900.0", "900"),
            ("9.00", "\"4.50\"", "4.50"),
            ("9.00", "null", "9.00"),
        ];
        for (whole, part, shown) in table {
            let order = read(0, whole, part);
            assert_eq!(order.total_amount, shown, "{part}");
            assert_eq!(order.items.len(), 1, "{part}");
            assert_eq!(order.items[0].product.name, "own", "{part}");
            assert!(order.vendor_items.is_empty());
        }
        let counted = read(1, "9.00", "4.5");
        assert_eq!((&*counted.total_amount, counted.items.len()), ("9.00", 2));
    }

    #[test]
    fn masks_hold_for_short_names() {
        let table = [
            ("customer@example.com", "cu*****@example.com"),
            ("customers@example.com", "cus*****@example.com"),
            ("a.very.long.name@example.com", "a.v*****@example.com"),
            ("abc@x.io", "a*****@x.io"),
            ("ab@x.io", "*****@x.io"),
            ("a@x.io", "*****@x.io"),
            ("@x.io", "*****@x.io"),
            ("nonsense", "no*****"),
            ("\"a@b\"@x.io", "\"*****@x.io"),
            ("éèà@x.io", "é*****@x.io"),
        ];
        for (email, masked) in table {
            assert_eq!(mask_email(email), masked, "{email}");
        }
        assert_eq!(mask_phone("+49 170 1234567"), "*****67");
        assert_eq!(mask_phone("1234"), "*****");
        assert_eq!(mask_phone("call me"), "*****");
    }

    #[test]
    fn an_excerpt_holds_what_its_reader_may_see_and_is_cut() {
        let note = |body: String, visibility| Note {
            at: Timestamp::UNIX_EPOCH,
            by: Actor::new(crate::order::ActorKind::Support, "support"),
            visibility,
            body,
        };
        let placement: crate::order::placement::Placement = serde_json::from_str(
            r#"{"order_number":"A-1","currency":"EUR","lines":[{"title":"Mug","qty":1,"unit_price":"5.00"}]}"#,
        )
        .unwrap();
        let vendor = VendorId::new("42").unwrap();
        let intake = placement.check(Some(&vendor), Timestamp::UNIX_EPOCH);
        let mut content = intake.unwrap().content;
        assert_eq!(notes_excerpt(&content, View::Support), "");
        content.buyer_note = Some("ring".into());
        content.notes = vec![
            note("first".into(), Visibility::Vendor),
            note("inner".into(), Visibility::Support),
        ];
        assert_eq!(notes_excerpt(&content, View::Vendor), "ring\nfirst");
        assert_eq!(notes_excerpt(&content, View::Support), "ring\ninner\nfirst");
        for length in [989, 990, 995, 996, 1_000, 2_000] {
            content
                .notes
                .push(note("ü".repeat(length), Visibility::Vendor));
            let chars = notes_excerpt(&content, View::Support).chars().count();
            assert!(chars <= MAX_EXCERPT_CHARS, "{length}: {chars}");
        }
    }
}
