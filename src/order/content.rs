//! What was bought, by whom, and where it goes.

use std::collections::HashSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::money::Currency;
use super::qty::Qty;
use super::source::Source;

/// What was bought, by whom, and where it goes. Amounts are minor units of
/// [`Self::currency`]. Texts are clean (see [`super::text`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderContent {
    /// The purchase that this order is one vendor's part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The shop that it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The shop's word for the payment, as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_state: Option<String>,
    /// When the buyer placed it.
    pub placed_at: Timestamp,
    /// A digest of the request that placed it, to know the same request again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed_as: Option<String>,
    /// By when it is promised to leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_by: Option<Timestamp>,
    /// The currency of every amount in it.
    pub currency: Currency,
    /// What it comes to.
    pub totals: Totals,
    /// What was bought.
    pub lines: Vec<Line>,
    /// What left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipments: Vec<Shipment>,
    /// Who bought it.
    #[serde(default)]
    pub buyer: Buyer,
    /// Where it goes.
    #[serde(default)]
    pub ship_to: Address,
    /// The buyer's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_note: Option<String>,
    /// What else the shop keeps about the order by name, such as Shopify's `note_attributes`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Property>,
    /// Words of vendor and support.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// What an order comes to, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// The lines, before discounts.
    pub items: i64,
    /// Taken off; not negative.
    pub discount: i64,
    /// Shipping.
    pub shipping: i64,
    /// Fees of the shop, such as packaging or a payment fee; negative for a rebate.
    #[serde(skip_serializing_if = "is_zero")]
    pub fees: i64,
    /// Tips.
    #[serde(skip_serializing_if = "is_zero")]
    pub tips: i64,
    /// Paid with gift cards that the shop takes off the total; not negative.
    #[serde(skip_serializing_if = "is_zero")]
    pub gift_cards: i64,
    /// Tax.
    pub tax: i64,
    /// Whether the tax is inside the other amounts instead of on top of them.
    #[serde(skip_serializing_if = "is_false")]
    pub tax_included: bool,
    /// What the buyer pays.
    pub total: i64,
    /// What went back; not negative.
    pub refunded: i64,
}

/// One thing bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The shop's id of the line, or its place from 1.
    pub id: u64,
    /// The vendor's number for the article.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sku: String,
    /// What it is called.
    pub title: String,
    /// Which kind of it: `Black, M`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// What the buyer chose by name: `Engraving: Happy Birthday`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Property>,
    /// How many.
    pub qty: Qty,
    /// How many of them left.
    #[serde(default)]
    pub qty_shipped: Qty,
    /// How many of them left as the shop tells; what was sent from here is not in it.
    #[serde(default, skip_serializing_if = "Qty::is_zero")]
    pub shop_shipped: Qty,
    /// For one, in minor units.
    pub unit_price: i64,
    /// For all of them, in minor units.
    pub total: i64,
}

impl OrderContent {
    /// Puts the parcels back as they were: those that were entered here, beside the shop's as they are now. Answers
    /// whether that changed anything.
    pub fn restore_shipments(&mut self, before: Vec<Shipment>) -> bool {
        if self.shipments == before {
            return false;
        }
        let of_shop = |parcels: &[Shipment]| -> Vec<Shipment> {
            let parcels = parcels.iter().filter(|parcel| parcel.from_shop);
            parcels.cloned().collect()
        };
        let (now, then) = (of_shop(&self.shipments), of_shop(&before));
        self.shipments = before;
        if now != then {
            self.shipments.retain(|parcel| !parcel.from_shop);
            self.shipments.extend(now);
        }
        self.recount_shipped();
        true
    }

    /// Counts the shipped quantity of each line anew: what the shop tells, or all of it where a parcel that was
    /// entered here holds the line.
    pub fn recount_shipped(&mut self) {
        let own = self.shipments.iter().filter(|shipment| !shipment.from_shop);
        let (mut all, mut named) = (false, HashSet::<u64>::new());
        for shipment in own {
            all |= shipment.lines.is_empty();
            named.extend(&shipment.lines);
        }
        for line in &mut self.lines {
            line.qty_shipped = if all || named.contains(&line.id) {
                line.qty
            } else {
                line.shop_shipped.min(line.qty)
            };
        }
    }
}

/// A named value that a shop keeps with a line or an order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Property {
    /// Name, such as `Engraving`.
    pub name: String,
    /// Value, such as `Happy Birthday`.
    pub value: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(amount: &i64) -> bool {
    *amount == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// Goods that left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    /// The ids of the lines in it; none means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<u64>,
    /// Who carries it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// The carrier's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<String>,
    /// Where a person can follow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_url: Option<String>,
    /// Whether the shop told of it; otherwise it was entered here.
    #[serde(default, skip_serializing_if = "is_false")]
    pub from_shop: bool,
    /// When it left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_at: Option<Timestamp>,
    /// When it arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
}

impl Shipment {
    /// Whether both are the same parcel: equal numbers, and no two different carriers. Letter case, blanks and dashes
    /// do not count. Parcels without a number are the same where nothing tells them apart.
    #[must_use]
    pub fn is_same_parcel(&self, other: &Self) -> bool {
        let plain = |text: &Option<String>| -> String {
            let text = text.as_deref().unwrap_or_default();
            let letters = text.chars().filter(|c| c.is_alphanumeric());
            letters.flat_map(char::to_uppercase).collect()
        };
        let (ours, theirs) = (plain(&self.carrier), plain(&other.carrier));
        let same_carrier = ours.is_empty() || theirs.is_empty() || ours == theirs;
        let (number, theirs) = (plain(&self.tracking_number), plain(&other.tracking_number));
        if number.is_empty() && theirs.is_empty() {
            let distinct = |parcel: &Self| {
                let url = parcel.tracking_url.clone();
                (parcel.lines.clone(), url, parcel.shipped_at)
            };
            return same_carrier && distinct(self) == distinct(other);
        }
        same_carrier && number == theirs
    }
}

/// Who bought it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Buyer {
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// Where goods go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Address {
    /// Who receives it, where it is not the buyer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Street and number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line1: Option<String>,
    /// The rest of the street address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line2: Option<String>,
    /// City.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// State, province or county.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postcode: Option<String>,
    /// Country, ISO 3166-1 alpha-2 where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

impl Address {
    /// All parts in one line: the seed's `shipping_address`.
    #[must_use]
    pub fn one_line(&self) -> String {
        let parts = [
            &self.name,
            &self.line1,
            &self.line2,
            &self.postcode,
            &self.city,
            &self.region,
            &self.country,
        ];
        parts
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

/// Who may read a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Vendor and support.
    Vendor,
    /// Support alone.
    Support,
}

/// Most shipments of an order: its content is written whole with each.
pub const MAX_SHIPMENTS: usize = 100;

/// Most notes that are added to an order: its content is written whole with each.
pub const MAX_NOTES: usize = 100;

/// Words of vendor or support.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When.
    pub at: Timestamp,
    /// Whose.
    pub by: super::Actor,
    /// Who may read it.
    pub visibility: Visibility,
    /// The words.
    pub body: String,
}
