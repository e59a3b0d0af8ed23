//! Placing an order: the body of `POST /api/orders/`, checked and cleaned.
//!
//! A [`Placement`] is what a caller wrote; [`Placement::check`] makes the
//! [`Intake`] of it that a store can take.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::content::{Address, Buyer, Line, OrderContent, Totals};
use super::digest::digest;
use super::id::{InvalidId, OrderNumber, VendorId};
use super::intake::{Intake, Moments};
use super::money::{Currency, Money, MoneyError};
use super::qty::Qty;
use super::state::Flags;
use super::status::{OrderStatus, UnknownStatus};
use super::text::{MAX_NAME_CHARS, MAX_NOTE_CHARS, clean, clean_opt};

/// Most lines in one order.
pub const MAX_LINES: usize = 500;

/// An order as a caller writes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Placement {
    /// Whose order; may be left out where a header says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_id: Option<String>,
    /// The number that people will use.
    pub order_number: String,
    /// The purchase that it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Pending when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// ISO 4217 code.
    pub currency: String,
    /// When the buyer placed it; now when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed_at: Option<Timestamp>,
    /// By when it is promised to leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_by: Option<Timestamp>,
    /// Who bought it.
    #[serde(default)]
    pub buyer: Buyer,
    /// Where it goes.
    #[serde(default)]
    pub ship_to: Address,
    /// The buyer's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_note: Option<String>,
    /// What was bought.
    pub lines: Vec<PlacedLine>,
    /// What it comes to; what is left out is computed.
    #[serde(default)]
    pub totals: PlacedTotals,
    /// Marks.
    #[serde(default, skip_serializing_if = "Flags::is_empty")]
    pub flags: Flags,
}

/// A line as a caller writes it; amounts are decimal text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlacedLine {
    /// The vendor's number for the article.
    #[serde(default)]
    pub sku: String,
    /// What it is called.
    #[serde(default)]
    pub title: String,
    /// Which kind of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// How many; one when left out.
    #[serde(default = "one")]
    pub qty: Qty,
    /// For one.
    pub unit_price: String,
}

fn one() -> Qty {
    Qty::ONE
}

/// Totals as a caller writes them; amounts are decimal text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlacedTotals {
    /// The lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<String>,
    /// Taken off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount: Option<String>,
    /// Shipping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping: Option<String>,
    /// Tax: on top of the lines' prices, or inside them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax: Option<String>,
    /// What the buyer pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<String>,
}

/// Why an order was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlacementError {
    /// Neither the body nor a header names the vendor.
    #[error("`vendor_id` is missing: name the vendor in the order or in the X-Vendor-ID header")]
    VendorMissing,
    /// The order names a vendor that the caller does not act for.
    #[error("this order is for vendor {named}, but you act as vendor {acting}")]
    AnotherVendor {
        /// In the order.
        named: VendorId,
        /// In the header.
        acting: VendorId,
    },
    /// A bad id or number.
    #[error(transparent)]
    Id(#[from] InvalidId),
    /// A bad status.
    #[error(transparent)]
    Status(#[from] UnknownStatus),
    /// A bad currency.
    #[error("`currency`: {0}")]
    Currency(MoneyError),
    /// A bad amount.
    #[error("`{field}`: {source}")]
    Amount {
        /// Where.
        field: String,
        /// Why.
        source: MoneyError,
    },
    /// An amount that may not be negative.
    #[error("`{0}` must not be negative")]
    Negative(String),
    /// No lines, or too many.
    #[error("`lines` holds {0} lines: 1 to {MAX_LINES} are needed")]
    Lines(usize),
    /// A bad quantity.
    #[error("`lines[{line}].qty` is {qty}: more than 0 and at most {max} is needed", max = Qty::MAX)]
    Qty {
        /// Which line, from 0.
        line: usize,
        /// As given.
        qty: Qty,
    },
    /// The totals do not follow from the lines.
    #[error("`totals.{field}` is {given}, but the lines make it {computed}")]
    Contradiction {
        /// Which total.
        field: &'static str,
        /// As given.
        given: String,
        /// As computed.
        computed: String,
    },
}

impl Placement {
    /// Checks and cleans the order. `acting` is the vendor that a header names,
    /// `now` stands in for a missing `placed_at`.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(
        &self,
        acting: Option<&VendorId>,
        now: Timestamp,
    ) -> Result<Intake, PlacementError> {
        let vendor_id = self.vendor(acting)?;
        let number = OrderNumber::new(&self.order_number)?;
        let status = match &self.status {
            Some(status) => status.parse()?,
            None => OrderStatus::Pending,
        };
        let currency = Currency::new(&self.currency).map_err(PlacementError::Currency)?;
        let lines = self.lines(currency)?;
        let totals = self.totals.check(&lines, currency)?;
        let name = |raw: &Option<String>| clean_opt(raw.as_deref(), MAX_NAME_CHARS);
        let mut content = OrderContent {
            group: name(&self.group),
            source: None,
            payment_state: None,
            placed_at: self.placed_at.unwrap_or(Timestamp::UNIX_EPOCH),
            placed_as: None,
            ship_by: self.ship_by,
            currency,
            totals,
            lines,
            shipments: Vec::new(),
            buyer: clean_buyer(&self.buyer),
            ship_to: clean_address(&self.ship_to),
            buyer_note: clean_opt(self.buyer_note.as_deref(), MAX_NOTE_CHARS),
            attributes: Vec::new(),
            notes: Vec::new(),
        };
        // What the caller said, before defaults, so that the same order sent
        // again is known to be the same.
        let tax_included = std::mem::take(&mut content.totals.tax_included);
        content.placed_as = Some(digest(&(status, self.flags, &content)));
        content.totals.tax_included = tax_included;
        content.placed_at = self.placed_at.unwrap_or(now);
        Ok(Intake {
            vendor_id,
            number,
            status,
            flags: self.flags,
            prior: None,
            moments: Moments::default(),
            undated: self.placed_at.is_none(),
            content,
        })
    }

    fn vendor(&self, acting: Option<&VendorId>) -> Result<VendorId, PlacementError> {
        let named = self.vendor_id.as_deref().map(VendorId::new).transpose()?;
        match (named, acting) {
            (None, None) => Err(PlacementError::VendorMissing),
            (Some(named), None) => Ok(named),
            (None, Some(acting)) => Ok(acting.clone()),
            (Some(named), Some(acting)) if named == *acting => Ok(named),
            (Some(named), Some(acting)) => Err(PlacementError::AnotherVendor {
                named,
                acting: acting.clone(),
            }),
        }
    }

    fn lines(&self, currency: Currency) -> Result<Vec<Line>, PlacementError> {
        if self.lines.is_empty() || self.lines.len() > MAX_LINES {
            return Err(PlacementError::Lines(self.lines.len()));
        }
        let lines = self.lines.iter().enumerate();
        lines.map(|(at, line)| line.check(at, currency)).collect()
    }
}

impl PlacedLine {
    fn check(&self, at: usize, currency: Currency) -> Result<Line, PlacementError> {
        if self.qty.is_zero() {
            return Err(PlacementError::Qty {
                line: at,
                qty: self.qty,
            });
        }
        let field = format!("lines[{at}].unit_price");
        let unit = amount(&field, &self.unit_price, currency)?;
        let total = self.qty.price(unit.minor).ok_or(PlacementError::Amount {
            field,
            source: MoneyError::Overflow,
        })?;
        let sku = clean(&self.sku, MAX_NAME_CHARS);
        let mut title = clean(&self.title, MAX_NAME_CHARS);
        if title.is_empty() {
            title.clone_from(&sku);
        }
        Ok(Line {
            id: at as u64 + 1,
            sku,
            title,
            variant: clean_opt(self.variant.as_deref(), MAX_NAME_CHARS),
            qty: self.qty,
            properties: Vec::new(),
            qty_shipped: Qty::ZERO,
            shop_shipped: Qty::ZERO,
            unit_price: unit.minor,
            total,
        })
    }
}

impl PlacedTotals {
    /// Fills in what is left out and checks the rest against the lines. Tax may
    /// stand on top of the prices or inside them; left alone, it is on top.
    fn check(&self, lines: &[Line], currency: Currency) -> Result<Totals, PlacementError> {
        let given = |field: &'static str, text: &Option<String>| {
            let path = format!("totals.{field}");
            text.as_deref()
                .map(|text| amount(&path, text, currency))
                .transpose()
        };
        let overflow = || PlacementError::Amount {
            field: "totals.total".into(),
            source: MoneyError::Overflow,
        };
        let items = lines
            .iter()
            .try_fold(0_i64, |sum, line| sum.checked_add(line.total))
            .ok_or_else(overflow)?;
        let contradiction = |field, given: Money, computed: i64| PlacementError::Contradiction {
            field,
            given: given.to_string(),
            computed: Money::new(computed, currency).to_string(),
        };
        if let Some(given) = given("items", &self.items)?.filter(|given| given.minor != items) {
            return Err(contradiction("items", given, items));
        }
        let or_zero = |money: Option<Money>| money.map_or(0, |money| money.minor);
        let discount = or_zero(given("discount", &self.discount)?);
        let shipping = or_zero(given("shipping", &self.shipping)?);
        let tax = or_zero(given("tax", &self.tax)?);
        let inside = items
            .checked_sub(discount)
            .and_then(|sum| sum.checked_add(shipping))
            .ok_or_else(overflow)?;
        let on_top = inside.checked_add(tax).ok_or_else(overflow)?;
        if inside < 0 {
            return Err(PlacementError::Negative("totals.total".into()));
        }
        let total = match given("total", &self.total)? {
            None => on_top,
            Some(given) if [on_top, inside].contains(&given.minor) => given.minor,
            Some(given) => return Err(contradiction("total", given, on_top)),
        };
        Ok(Totals {
            items,
            discount,
            shipping,
            tax,
            tax_included: total != on_top,
            total,
            refunded: 0,
            ..Totals::default()
        })
    }
}

fn amount(field: &str, text: &str, currency: Currency) -> Result<Money, PlacementError> {
    let money = Money::parse(text, currency).map_err(|source| PlacementError::Amount {
        field: field.to_owned(),
        source,
    })?;
    if money.minor < 0 {
        return Err(PlacementError::Negative(field.to_owned()));
    }
    Ok(money)
}

/// A buyer with clean texts.
#[must_use]
pub fn clean_buyer(buyer: &Buyer) -> Buyer {
    let text = |raw: &Option<String>| clean_opt(raw.as_deref(), MAX_NAME_CHARS);
    Buyer {
        name: text(&buyer.name),
        email: text(&buyer.email),
        phone: text(&buyer.phone),
    }
}

/// An address with clean texts.
#[must_use]
pub fn clean_address(address: &Address) -> Address {
    let text = |raw: &Option<String>| clean_opt(raw.as_deref(), MAX_NAME_CHARS);
    Address {
        name: text(&address.name),
        line1: text(&address.line1),
        line2: text(&address.line2),
        city: text(&address.city),
        region: text(&address.region),
        postcode: text(&address.postcode),
        country: text(&address.country),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placement(json: &str) -> Placement {
        serde_json::from_str(json).unwrap()
    }

    fn check(json: &str) -> Result<Intake, PlacementError> {
        placement(json).check(None, Timestamp::UNIX_EPOCH)
    }

    const MUG: &str = r#"{"vendor_id":"42","order_number":"A-1001","currency":"EUR",
        "lines":[{"sku":"MUG-1","title":"Mug","qty":2,"unit_price":"5.00"}]"#;

    #[test]
    fn totals_left_out_are_computed() {
        let order = check(&format!(r#"{MUG},"totals":{{"shipping":"3.90"}}}}"#)).unwrap();
        assert_eq!(order.content.totals.total, 1390);
        assert_eq!(order.status, OrderStatus::Pending);
        assert_eq!(order.content.placed_at, Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn tax_may_stand_inside_or_on_top() {
        for total in ["11.90", "10.00"] {
            let totals = format!(r#"{MUG},"totals":{{"tax":"1.90","total":"{total}"}}}}"#);
            assert!(check(&totals).is_ok(), "{total}");
        }
    }

    #[test]
    fn what_contradicts_the_lines_is_refused() {
        let refusal = |totals: &str| {
            check(&format!(r#"{MUG},"totals":{{{totals}}}}}"#))
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            refusal(r#""total":"11.00""#),
            "`totals.total` is 11.00, but the lines make it 10.00"
        );
        assert_eq!(
            refusal(r#""items":"9.99""#),
            "`totals.items` is 9.99, but the lines make it 10.00"
        );
        assert_eq!(
            refusal(r#""discount":"20""#),
            "`totals.total` must not be negative"
        );
        assert_eq!(
            refusal(r#""shipping":"-1""#),
            "`totals.shipping` must not be negative"
        );
    }

    #[test]
    fn a_bad_field_is_named() {
        let table = [
            (
                r#"{"order_number":"1","currency":"EUR","lines":[]}"#,
                "`vendor_id` is missing",
            ),
            (
                r#"{"vendor_id":"a b","order_number":"1","currency":"EUR","lines":[]}"#,
                "a vendor id is",
            ),
            (
                r#"{"vendor_id":"4","order_number":"","currency":"EUR","lines":[]}"#,
                "an order number is",
            ),
            (
                r#"{"vendor_id":"4","order_number":"1","currency":"EU","lines":[]}"#,
                "`currency`: `EU` is not",
            ),
            (
                r#"{"vendor_id":"4","order_number":"1","currency":"EUR","lines":[]}"#,
                "`lines` holds 0 lines",
            ),
            (
                r#"{"vendor_id":"4","order_number":"1","currency":"EUR","status":"shipped","lines":[]}"#,
                "`shipped` is not a status; the statuses are Pending, Paid,",
            ),
            (
                r#"{"vendor_id":"4","order_number":"1","currency":"JPY","lines":[{"unit_price":"1.5"}]}"#,
                "`lines[0].unit_price`: `1.5` has more decimals than JPY, which has 0",
            ),
            (
                r#"{"vendor_id":"4","order_number":"1","currency":"JPY","lines":[{"qty":0,"unit_price":"1"}]}"#,
                "`lines[0].qty` is 0",
            ),
        ];
        for (json, words) in table {
            let error = check(json).unwrap_err().to_string();
            assert!(error.starts_with(words), "{error}");
        }
    }

    #[test]
    fn an_unknown_field_is_refused_by_name() {
        let json = r#"{"order_number":"1","currency":"EUR","lines":[],"colour":"red"}"#;
        let error = serde_json::from_str::<Placement>(json)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("unknown field `colour`"), "{error}");
    }

    #[test]
    fn a_header_and_a_body_must_name_the_same_vendor() {
        let order = placement(&format!("{MUG}}}"));
        let acting = |id| Some(VendorId::new(id).unwrap());
        assert!(
            order
                .check(acting("42").as_ref(), Timestamp::UNIX_EPOCH)
                .is_ok()
        );
        let other = order.check(acting("7").as_ref(), Timestamp::UNIX_EPOCH);
        assert!(matches!(other, Err(PlacementError::AnotherVendor { .. })));
    }

    #[test]
    fn the_same_order_sent_later_is_the_same() {
        let order = placement(&format!("{MUG}}}"));
        let sent = |second| {
            let at = Timestamp::from_second(second).unwrap();
            order.check(None, at).unwrap().content.placed_as
        };
        assert!(sent(1).is_some());
        assert_eq!(sent(1), sent(2));
        let other = placement(&format!(r#"{MUG},"group":"G"}}"#));
        assert_ne!(
            other
                .check(None, Timestamp::UNIX_EPOCH)
                .unwrap()
                .content
                .placed_as,
            sent(1)
        );
    }

    #[test]
    fn amounts_that_do_not_fit_are_refused() {
        let json = r#"{"vendor_id":"4","order_number":"1","currency":"EUR",
            "lines":[{"qty":1000000,"unit_price":"92233720368547758.07"}]}"#;
        let error = check(json).unwrap_err();
        assert!(error.to_string().contains("too large"), "{error}");
    }
}
