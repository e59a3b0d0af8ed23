//! Which column of a CSV file is which field of an order: by the headers of known programs, or as the operator says.

use std::collections::BTreeMap;

use super::Form;
use super::decimal::DecimalMark;

/// A field that a column can be mapped to.
#[derive(Debug)]
pub struct MapField {
    /// Its name, as in an order of `POST /api/orders/` where it has that field.
    pub name: &'static str,
    /// Other names that are taken for it.
    aliases: &'static [&'static str],
    /// Headers of WooCommerce's export plugins for it, letters and digits alone, in lower case.
    headers: &'static [&'static str],
}

const fn field(
    name: &'static str,
    aliases: &'static [&'static str],
    headers: &'static [&'static str],
) -> MapField {
    MapField {
        name,
        aliases,
        headers,
    }
}

/// The fields, and the headers of "Advanced Order Export", "Order Export & Order Import" and "Customer/Order/Coupon
/// Export" for WooCommerce.
pub const MAP_FIELDS: &[MapField] = &[
    field("order_number", &["number"], &["ordernumber", "orderno"]),
    field("id", &["order_id"], &["orderid"]),
    field("status", &[], &["orderstatus", "status"]),
    field(
        "placed_at",
        &["date"],
        &["orderdate", "datecreated", "date"],
    ),
    field("modified_at", &[], &["datemodified", "modifieddate"]),
    field("paid_at", &[], &["paiddate", "datepaid"]),
    field("shipped_at", &[], &["completeddate", "datecompleted"]),
    field("currency", &[], &["currency", "ordercurrency"]),
    field(
        "payment_method",
        &[],
        &["paymentmethodtitle", "paymentmethod"],
    ),
    field(
        "totals.discount",
        &["discount"],
        &["cartdiscountamount", "discounttotal", "cartdiscount"],
    ),
    field(
        "totals.shipping",
        &["shipping"],
        &["ordershippingamount", "shippingtotal"],
    ),
    field("totals.fees", &["fees"], &["feetotal"]),
    field("totals.tips", &["tips"], &[]),
    field("totals.gift_cards", &["gift_cards"], &[]),
    field(
        "totals.tax",
        &["tax"],
        &["ordertotaltaxamount", "taxtotal", "totaltax"],
    ),
    field(
        "totals.total",
        &["total"],
        &["ordertotalamount", "ordertotal"],
    ),
    field(
        "totals.refunded",
        &["refunded"],
        &["orderrefundamount", "refundedtotal"],
    ),
    field(
        "buyer.name",
        &["name"],
        &["billingname", "fullnamebilling", "customername"],
    ),
    field(
        "buyer.first_name",
        &["first_name"],
        &["firstnamebilling", "billingfirstname"],
    ),
    field(
        "buyer.last_name",
        &["last_name"],
        &["lastnamebilling", "billinglastname"],
    ),
    field(
        "buyer.email",
        &["email"],
        &["emailbilling", "billingemail", "customeremail"],
    ),
    field("buyer.phone", &["phone"], &["phonebilling", "billingphone"]),
    field("buyer_note", &["note"], &["customernote"]),
    field("ship_to.name", &[], &["shippingname", "fullnameshipping"]),
    field(
        "ship_to.first_name",
        &[],
        &["firstnameshipping", "shippingfirstname"],
    ),
    field(
        "ship_to.last_name",
        &[],
        &["lastnameshipping", "shippinglastname"],
    ),
    field(
        "ship_to.line1",
        &["address"],
        &["address12shipping", "address1shipping", "shippingaddress1"],
    ),
    field(
        "ship_to.line2",
        &[],
        &["address2shipping", "shippingaddress2"],
    ),
    field("ship_to.city", &["city"], &["cityshipping", "shippingcity"]),
    field(
        "ship_to.region",
        &["region"],
        &["statecodeshipping", "stateshipping", "shippingstate"],
    ),
    field(
        "ship_to.postcode",
        &["postcode"],
        &["postcodeshipping", "shippingpostcode"],
    ),
    field(
        "ship_to.country",
        &["country"],
        &["countrycodeshipping", "countryshipping", "shippingcountry"],
    ),
    field("lines.id", &[], &["itemid"]),
    field("lines.sku", &["sku"], &["sku", "itemsku", "productsku"]),
    field(
        "lines.title",
        &["title", "item"],
        &["itemname", "productname"],
    ),
    field("lines.variant", &["variant"], &["productvariation"]),
    field(
        "lines.qty",
        &["qty", "quantity"],
        &["quantity", "quantityrefund", "itemquantity", "qty"],
    ),
    field(
        "lines.unit_price",
        &["unit_price", "price"],
        &["itemcost", "itemprice"],
    ),
    field(
        "lines.total",
        &[],
        &[
            "orderlinesubtotal",
            "itemsubtotal",
            "orderlinetotal",
            "itemtotal",
        ],
    ),
    field("lines.packed", &[], &["lineitems"]),
    field(
        "shipments.carrier",
        &["carrier"],
        &["trackingprovider", "shippingcarrier"],
    ),
    field(
        "shipments.tracking_number",
        &["tracking_number", "tracking"],
        &["trackingnumber"],
    ),
];

/// Why a column map is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// No `=` in an entry.
    #[error("`{0}` in the column map is not `field=column`")]
    Entry(String),
    /// A field that is not there.
    #[error("`{0}` in the column map is not a field; the fields are {fields}, and the settings decimal and date", fields = names())]
    Field(String),
    /// A setting that does not read.
    #[error("`decimal={0}` in the column map: `decimal=point` or `decimal=comma` is needed")]
    Decimal(String),
    /// What no order can do without is not mapped.
    #[error("the column map names no column for `{0}`")]
    Missing(&'static str),
}

fn names() -> String {
    let names: Vec<&str> = MAP_FIELDS.iter().map(|field| field.name).collect();
    names.join(", ")
}

/// Which column is which field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnMap {
    /// The name of a column, by field.
    columns: BTreeMap<&'static str, String>,
    /// Where numbers have their decimals; by the file's delimiter where nothing is said.
    decimal: Option<DecimalMark>,
    /// The form of dates, as `strptime` has it; RFC 3339 and its kin where nothing is said.
    date: Option<String>,
    /// Whether the file is one of WooCommerce's plugins, by its header.
    woocommerce: bool,
}

impl ColumnMap {
    /// Reads a map: `field=column` pairs with commas between them, or one a line (then `#` begins a comment).
    ///
    /// # Errors
    /// When an entry does not read, or names no field.
    pub fn parse(text: &str) -> Result<Self, MapError> {
        let lines = text.contains('\n');
        let mut map = Self {
            columns: BTreeMap::new(),
            decimal: None,
            date: None,
            woocommerce: false,
        };
        for entry in text.split(if lines { '\n' } else { ',' }) {
            let entry = entry.trim().trim_start_matches('\u{feff}');
            if entry.is_empty() || (lines && entry.starts_with('#')) {
                continue;
            }
            let Some((name, column)) = entry.split_once('=') else {
                return Err(MapError::Entry(entry.to_owned()));
            };
            let (name, column) = (name.trim(), column.trim().trim_matches('"'));
            match name {
                "decimal" => {
                    map.decimal = Some(match column {
                        "comma" => DecimalMark::Comma,
                        "point" => DecimalMark::Point,
                        other => return Err(MapError::Decimal(other.to_owned())),
                    });
                }
                "date" if column.contains('%') => map.date = Some(column.to_owned()),
                name => {
                    let known = MAP_FIELDS
                        .iter()
                        .find(|field| field.name == name || field.aliases.contains(&name))
                        .ok_or_else(|| MapError::Field(name.to_owned()))?;
                    map.columns.insert(known.name, column.to_owned());
                }
            }
        }
        for needed in ["order_number"] {
            if !map.columns.contains_key(needed) {
                return Err(MapError::Missing(needed));
            }
        }
        if !map.has_lines() {
            return Err(MapError::Missing("lines.title"));
        }
        Ok(map)
    }

    /// The map of a file of one of WooCommerce's export plugins, by its header.
    fn of_header(header: &[String]) -> Option<Self> {
        let plain = |name: &str| -> String {
            let chars = name.chars().filter(|c| c.is_ascii_alphanumeric());
            chars.map(|c| c.to_ascii_lowercase()).collect()
        };
        let header: Vec<(String, &String)> =
            header.iter().map(|name| (plain(name), name)).collect();
        let column = |field: &MapField| {
            let named = |wanted: &&str| header.iter().find(|(plain, _)| plain == wanted);
            let (_, name) = field.headers.iter().find_map(named)?;
            Some((field.name, (*name).clone()))
        };
        let mut columns: BTreeMap<_, _> = MAP_FIELDS.iter().filter_map(column).collect();
        if let (None, Some(id)) = (columns.get("order_number"), columns.get("id").cloned()) {
            columns.insert("order_number", id);
        }
        let map = Self {
            columns,
            decimal: None,
            date: None,
            woocommerce: true,
        };
        let has = |name| map.columns.contains_key(name);
        let priced = has("totals.total") || has("lines.unit_price") || has("lines.total");
        (has("order_number") && map.has_lines() && priced).then_some(map)
    }

    fn has_lines(&self) -> bool {
        ["lines.title", "lines.sku", "lines.packed"]
            .iter()
            .any(|name| self.columns.contains_key(name))
    }

    /// The column of a field.
    pub(super) fn column(&self, field: &str) -> Option<&str> {
        self.columns.get(field).map(String::as_str)
    }

    /// The column of the order's number.
    #[must_use]
    pub fn number_column(&self) -> &str {
        self.column("order_number").unwrap_or_default()
    }

    pub(super) fn decimal(&self) -> DecimalMark {
        self.decimal.unwrap_or_default()
    }

    pub(super) fn date(&self) -> Option<&str> {
        self.date.as_deref()
    }

    pub(super) fn is_woocommerce(&self) -> bool {
        self.woocommerce
    }
}

/// Columns that Shopify's file of orders cannot do without.
const SHOPIFY: &[&str] = &[
    "Name",
    "Financial Status",
    "Lineitem quantity",
    "Lineitem name",
];

impl Form {
    /// How the records under a CSV's header are to be read: by `map` where there is one, else by the header.
    /// `delimiter` is the sign between the cells: where it is `;`, numbers have a decimal comma.
    ///
    /// # Errors
    /// In words, when there is not what an order needs.
    pub fn of_header(
        header: &[String],
        delimiter: u8,
        map: Option<&ColumnMap>,
    ) -> Result<Self, String> {
        let by_delimiter = |mut map: ColumnMap| {
            let comma = delimiter == b';';
            map.decimal.get_or_insert(if comma {
                DecimalMark::Comma
            } else {
                DecimalMark::Point
            });
            Self::Mapped(map.into())
        };
        let has = |name: &str| header.iter().any(|own| own == name);
        let quoted = |names: Vec<&str>| {
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            names.join(", ")
        };
        if let Some(map) = map {
            let columns = map.columns.values().map(String::as_str);
            let missing: Vec<&str> = columns.filter(|column| !has(column)).collect();
            if !missing.is_empty() {
                return Err(format!(
                    "a CSV file without the columns {}, which --map names; it has {}",
                    quoted(missing),
                    quoted(header.iter().take(40).map(String::as_str).collect())
                ));
            }
            return Ok(by_delimiter(map.clone()));
        }
        if has("Financial Status") || has("Lineitem name") {
            let missing: Vec<&str> = SHOPIFY.iter().copied().filter(|name| !has(name)).collect();
            if missing.is_empty() {
                return Ok(Self::ShopifyCsv);
            }
            return Err(format!(
                "Shopify's CSV file of orders without the columns {}",
                quoted(missing)
            ));
        }
        ColumnMap::of_header(header).map(by_delimiter).ok_or_else(|| {
            format!(
                "a CSV file without the columns of Shopify's orders (`Name`, `Financial Status`, `Lineitem name`) or of \
                 WooCommerce's export plugins (`Order Number`, `Item Name`, `Order Total Amount`): say with --map which \
                 column is which; it has {}",
                quoted(header.iter().take(40).map(String::as_str).collect())
            )
        })
    }

    /// The column whose value is the same in the records of one order.
    #[must_use]
    pub fn number_column(&self) -> &str {
        match self {
            Self::Body => "",
            Self::ShopifyCsv => "Name",
            Self::Mapped(map) => map.number_column(),
        }
    }
}

#[cfg(test)]
mod tests;
