//! An order in little memory: for a program that holds a hundred thousand.
//!
//! Most of an order is only looked at when it is on the screen. So that part is
//! kept as its JSON, compressed (LZ4, one block) against a dictionary of what
//! every order says; what lists sort by, filter by and compare stands beside it,
//! and only there.
//! An order that takes 2.5 KB as a [`ListedOrder`] takes a fifth of that.

use std::sync::LazyLock;

use jiff::Timestamp;
use lz4_flex::block::{compress_prepend_size_with_dict, decompress_size_prepended_with_dict};

use super::ListedOrder;
use super::number::ExactNumber;
use crate::order::text::fold_onto;
use crate::order::{Currency, Flags, OrderNumber, OrderStatus};

/// What orders have in common, the most frequent last. It lives in memory
/// alone, so it may change with every release.
const DICTIONARY: &[u8] = include_bytes!("packed/dictionary.json");

/// An order in little memory. It never changes: a newer state is another one.
#[derive(Debug, PartialEq, Eq)]
pub struct PackedOrder {
    /// The store's number for it.
    pub id: u64,
    /// Counts the changes of this order; 0 from a server that does not count.
    pub version: u64,
    /// The number that people use.
    pub order_number: OrderNumber,
    /// Where it stands.
    pub status: OrderStatus,
    /// Marks.
    pub flags: Flags,
    /// The currency of every amount in it.
    pub currency: Option<Currency>,
    created_at: Moment,
    updated_at: Moment,
    /// [`Moment::NONE`] where the server does not tell.
    status_since: Moment,
    /// [`Moment::NONE`] where none is promised.
    ship_by: Moment,
    /// The total, the buyer's name, and what is sought, one behind the other.
    texts: Box<str>,
    total_ends: u32,
    name_ends: u32,
    /// All that does not stand beside it.
    json: Box<[u8]>,
}

/// Microseconds since 1970: as exact as any server here tells time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moment(i64);

impl Moment {
    /// Before any timestamp.
    const NONE: Self = Self(i64::MIN);
}

/// Stands for the number in the JSON.
static NO_NUMBER: LazyLock<OrderNumber> =
    LazyLock::new(|| OrderNumber::new("0").expect("a number that prints"));

impl PackedOrder {
    /// Packs an order. What only repeats other fields (`vendor_items`,
    /// `vendor_total`) is left out, as a reader of the wire leaves it out.
    #[must_use]
    pub fn new(order: &ListedOrder) -> Self {
        Self::from(order.clone())
    }

    /// The whole order again. Takes some microseconds: for one that is looked
    /// at, not for every one in a list.
    ///
    /// # Panics
    /// Never: what was packed is unpacked, in the same process.
    #[must_use]
    pub fn unpack(&self) -> ListedOrder {
        let json = decompress_size_prepended_with_dict(&self.json, DICTIONARY);
        let json = json.expect("a block that was compressed here");
        let rest: ListedOrder =
            serde_json::from_slice(&json).expect("an order that was written here");
        ListedOrder {
            id: self.id,
            version: self.version,
            order_number: self.order_number.clone(),
            status: self.status,
            flags: self.flags,
            currency: self.currency,
            created_at: self.created_at(),
            updated_at: self.updated_at(),
            status_since: self.status_since(),
            ship_by: self.ship_by(),
            total_amount: self.total_amount().to_owned(),
            customer_name: self.customer_name().to_owned(),
            ..rest
        }
    }

    /// What the buyer pays, as decimal text.
    #[must_use]
    pub fn total_amount(&self) -> &str {
        &self.texts[..self.total_ends as usize]
    }

    /// The buyer's name; empty when unknown.
    #[must_use]
    pub fn customer_name(&self) -> &str {
        &self.texts[self.total_ends as usize..self.name_ends as usize]
    }

    /// When the buyer placed it.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        self.created_at.into()
    }

    /// When anything about it last changed.
    #[must_use]
    pub fn updated_at(&self) -> Timestamp {
        self.updated_at.into()
    }

    /// Since when it stands there; `None` from a server that does not tell.
    #[must_use]
    pub fn status_since(&self) -> Option<Timestamp> {
        self.status_since.known()
    }

    /// By when it is promised to leave.
    #[must_use]
    pub fn ship_by(&self) -> Option<Timestamp> {
        self.ship_by.known()
    }

    /// What people look for in it, folded, each with a line break behind it: number (a
    /// tab and the shop's own behind it),
    /// buyer, what is only looked for anywhere (address, e-mail, parcels, words), and of
    /// each item the name, the sku and the variant.
    #[must_use]
    pub fn sought(&self) -> &str {
        &self.texts[self.name_ends as usize..]
    }
}

impl From<ListedOrder> for PackedOrder {
    fn from(mut order: ListedOrder) -> Self {
        let end = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX);
        // Copied out below: a text that grows and shrinks in its place leaves holes in memory.
        let mut texts = String::with_capacity(1_024);
        texts.push_str(&order.total_amount);
        let total_ends = end(&texts);
        texts.push_str(&order.customer_name);
        let name_ends = end(&texts);
        seek(&order, &mut texts);
        let mut packed = Self {
            id: std::mem::take(&mut order.id),
            version: std::mem::take(&mut order.version),
            order_number: std::mem::replace(&mut order.order_number, NO_NUMBER.clone()),
            status: std::mem::replace(&mut order.status, OrderStatus::Pending),
            flags: std::mem::take(&mut order.flags),
            currency: order.currency.take(),
            created_at: std::mem::take(&mut order.created_at).into(),
            updated_at: std::mem::take(&mut order.updated_at).into(),
            status_since: order.status_since.take().map_or(Moment::NONE, Moment::from),
            ship_by: order.ship_by.take().map_or(Moment::NONE, Moment::from),
            texts: texts.as_str().into(),
            total_ends,
            name_ends,
            json: Box::default(),
        };
        order.total_amount.clear();
        order.customer_name.clear();
        order.vendor_items.clear();
        order.vendor_total = ExactNumber::default();
        // Texts, numbers and lists of them: there is nothing that has no JSON.
        let json = serde_json::to_vec(&order).unwrap_or_default();
        let json = compress_prepend_size_with_dict(&json, DICTIONARY);
        packed.json = json.as_slice().into();
        packed
    }
}

fn seek(order: &ListedOrder, text: &mut String) {
    let mut add = |words: &str, end: char| {
        let start = text.len();
        fold_onto(text, words);
        // Neither a line nor a part of one goes on behind its end.
        if text[start..].contains(['\n', '\t']) {
            let whole = text.split_off(start).replace(['\n', '\t'], " ");
            text.push_str(&whole);
        }
        text.push(end);
    };
    match &order.shop_number {
        Some(number) => {
            add(order.order_number.as_str(), '\t');
            add(number, '\n');
        }
        None => add(order.order_number.as_str(), '\n'),
    }
    add(&order.customer_name, '\n');
    add(&order.shipping_address, '\t');
    add(&order.customer_email, '\t');
    for shipment in &order.shipments {
        add(
            shipment.tracking_number.as_deref().unwrap_or_default(),
            '\t',
        );
    }
    if !order.notes_excerpt.is_empty() {
        add(&order.notes_excerpt, '\t');
    }
    if let Some(note) = &order.buyer_note {
        add(note, '\t');
    }
    for note in &order.notes {
        add(&note.body, '\t');
    }
    let mut line = |words: &str| add(words, '\n');
    line("");
    for item in &order.items {
        let product = &item.product;
        line(&product.name);
        line(&product.sku);
        line(product.variant.as_deref().unwrap_or_default());
    }
}

impl Moment {
    fn known(self) -> Option<Timestamp> {
        (self != Self::NONE).then(|| self.into())
    }
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        Self(at.as_microsecond())
    }
}

impl From<Moment> for Timestamp {
    fn from(at: Moment) -> Self {
        // It came from a timestamp, so there is one.
        Self::from_microsecond(at.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn listed(text: &str, amount: &str, items: usize, second: i64) -> ListedOrder {
        let at = Timestamp::from_microsecond(second).unwrap();
        let item = |id: usize| {
            json!({
                "id": id, "quantity": id, "unit_price": amount, "total_price": amount,
                "product": {"id": id, "name": text, "variant": text, "sku": text, "price": amount},
            })
        };
        let order = json!({
            "id": second.unsigned_abs(), "order_number": "ORD-00000004", "status": "Shipped", "total_amount": amount,
            "customer_name": text, "customer_email": text, "shipping_address": text,
            "created_at": at, "updated_at": at, "delivered_at": (items > 1).then_some(at),
            "items": (0..items).map(item).collect::<Vec<_>>(), "can_update_status": true,
            "vendor_id": "42", "version": 3, "currency": "EUR", "status_since": at, "prior_status": "Paid",
            "status_by": {"kind": "vendor", "id": "42"}, "flags": {"test": true}, "group": text,
            "totals": {"items": amount, "total": amount}, "customer_phone": text,
            "ship_to": {"line1": text, "country": "DE"}, "ship_by": at, "paid_at": at,
            "shipments": [{"carrier": text, "tracking_number": text, "shipped_at": at}],
            "buyer_note": text,
        });
        serde_json::from_value(order).unwrap()
    }

    proptest! {
        #[test]
        fn what_is_unpacked_is_what_was_packed(
            text in ".{0,200}", amount in "-?[0-9]{1,12}[.][0-9]{0,4}", items in 0_usize..5,
            second in -1_000_000_000_000_000_i64..4_000_000_000_000_000,
        ) {
            let order = listed(&text, &amount, items, second);
            let packed = PackedOrder::new(&order);
            prop_assert_eq!(&packed.unpack(), &order);
            prop_assert_eq!(packed.created_at(), order.created_at);
            prop_assert_eq!(packed.ship_by(), order.ship_by);
            prop_assert_eq!((packed.total_amount(), packed.customer_name()), (amount.as_str(), text.as_str()));
        }
    }

    #[test]
    fn a_usual_order_takes_a_fifth() {
        let order = r#"{"id":23005,"order_number":"ORD-00023005","status":"Paid","total_amount":"184.00","vendor_total":0,
            "customer_name":"Ana Souza","customer_email":"an*****@example.com",
            "shipping_address":"Rua Augusta 1200, 01304-001 São Paulo, BR",
            "created_at":"2026-11-21T17:31:33.960982Z","updated_at":"2026-11-22T08:12:41.118302Z","delivered_at":null,
            "items":[{"id":1,"product":{"id":1,"name":"Stoneware mug","variant":"Sand","sku":"MUG-1","price":"72.00","thumbnail":""},
                "quantity":2,"unit_price":"72.00","total_price":"144.00"},
                {"id":2,"product":{"id":2,"name":"Linen tea towel","sku":"TOWEL-3","price":"40.00","thumbnail":""},
                "quantity":1,"unit_price":"40.00","total_price":"40.00"}],
            "vendor_items":[],"can_update_status":true,"vendor_id":"42","version":2,"currency":"USD",
            "status_since":"2026-11-22T08:12:41.118302Z","status_by":{"kind":"service","id":"shop"},
            "totals":{"items":"184.00","discount":"0.00","shipping":"0.00","tax":"0.00","total":"184.00","refunded":"0.00"},
            "customer_phone":"*****67","ship_to":{"line1":"Rua Augusta 1200","city":"São Paulo","postcode":"01304-001","country":"BR"},
            "ship_by":"2026-11-25T17:00:00Z","paid_at":"2026-11-22T08:12:41.118302Z"}"#;
        let order: ListedOrder = serde_json::from_str(order).unwrap();
        let packed = PackedOrder::new(&order);
        let whole = serde_json::to_vec(&order).unwrap().len();
        assert!(
            packed.json.len() < 330,
            "{} of {whole} bytes",
            packed.json.len()
        );
        assert_eq!(
            packed.sought(),
            "ord-00023005\nana souza\n\
             rua augusta 1200, 01304-001 sao paulo, br\tan*****@example.com\t\n\
             stoneware mug\nmug-1\nsand\nlinen tea towel\ntowel-3\n\n"
        );
        assert_eq!(packed.unpack(), order);
    }

    #[test]
    fn what_repeats_is_left_out() {
        let mut order = listed("a", "1.00", 2, 0);
        order.vendor_items.clone_from(&order.items);
        assert!(PackedOrder::new(&order).unpack().vendor_items.is_empty());
        assert!(
            size_of::<PackedOrder>() <= 128,
            "{}",
            size_of::<PackedOrder>()
        );
    }
}
