//! Orders of the old back office's database dump (Django's `dumpdata`: a list of `model`, `pk` and `fields`). Orders,
//! their items, products and buyers stand apart in it; here they come together in the form of the old server's list.
//!
//! A dump holds the orders of every vendor: an item is the vendor's of its product. Where neither says whose it is,
//! everything is taken.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::row::{Content, Place, Row};

/// Most bytes of a dump that are held: what belongs together may stand anywhere in it.
const MAX_BYTES: usize = 512 * 1024 * 1024;

/// What a dump holds of orders.
#[derive(Default)]
pub(super) struct Dump {
    vendor: String,
    bytes: usize,
    orders: Vec<(Place, Record)>,
    items: HashMap<String, Vec<Record>>,
    products: HashMap<String, Box<RawValue>>,
    people: HashMap<String, Box<RawValue>>,
}

struct Record {
    pk: String,
    fields: Box<RawValue>,
}

/// An element of a dump.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Element<'a> {
    model: &'a str,
    #[serde(borrow)]
    pk: &'a RawValue,
    #[serde(borrow)]
    fields: &'a RawValue,
}

/// Which item of which order.
#[derive(Deserialize)]
struct OfOrder<'a> {
    #[serde(borrow)]
    order: &'a RawValue,
}

impl Dump {
    /// A dump from which the orders of a vendor are wanted.
    pub(super) fn of(vendor: &str) -> Self {
        Self {
            vendor: vendor.to_owned(),
            ..Self::default()
        }
    }

    /// Keeps a row that is an element of a dump; any other comes back.
    pub(super) fn take(&mut self, row: Row) -> Option<Row> {
        let Content::Json(json) = &row.content else {
            return Some(row);
        };
        let Ok(Element { model, pk, fields }) = serde_json::from_str(json.get()) else {
            return Some(row);
        };
        let place = row.place;
        let model = model.rsplit('.').next().unwrap_or(model).replace('_', "");
        let wanted = matches!(
            model.as_str(),
            "order" | "orderitem" | "product" | "user" | "customuser" | "customer"
        );
        if !wanted {
            return None;
        }
        self.bytes += json.get().len();
        if self.bytes > MAX_BYTES {
            let why = format!(
                "the dump holds more than {MAX_BYTES} bytes of orders: dump the orders of fewer vendors or years at once"
            );
            return Some(Row::refused(place, "invalid_order", why));
        }
        let record = Record {
            pk: key(pk),
            fields: fields.to_owned(),
        };
        match model.as_str() {
            "order" => self.orders.push((place, record)),
            "orderitem" => match serde_json::from_str::<OfOrder<'_>>(record.fields.get()) {
                Ok(of) => self.items.entry(key(of.order)).or_default().push(record),
                Err(_) => {
                    let why = format!("item {} of the dump names no order", record.pk);
                    return Some(Row::refused(place, "invalid_order", why));
                }
            },
            "product" => drop(self.products.insert(record.pk, record.fields)),
            _ => drop(self.people.insert(record.pk, record.fields)),
        }
        None
    }

    /// The orders, put together one after the other.
    pub(super) fn orders(mut self) -> Orders {
        let orders = std::mem::take(&mut self.orders);
        Orders {
            orders: orders.into_iter(),
            dump: self,
        }
    }

    fn order(&mut self, record: &Record) -> Result<Value, Content> {
        let mut order = fields(&record.fields);
        let order_number = order
            .get("order_number")
            .and_then(Value::as_str)
            .map(str::to_owned);
        let mut items = Vec::new();
        let mut others = false;
        for item in self.items.remove(&record.pk).unwrap_or_default() {
            let mut item_fields = fields(&item.fields);
            let product_key = item_fields.get("product").map(value_key);
            let product = product_key.as_ref().and_then(|pk| self.products.get(pk));
            let mut product = product
                .map(|fields_of| fields(fields_of))
                .unwrap_or_default();
            let vendor = item_fields.get("vendor").or_else(|| product.get("vendor"));
            if vendor.is_some_and(|vendor| !vendor.is_null() && value_key(vendor) != self.vendor) {
                others = true;
                continue;
            }
            product.insert("id".into(), product_key.into());
            item_fields.insert("id".into(), json!(item.pk));
            item_fields.insert("product".into(), product.into());
            items.push(Value::from(item_fields));
        }
        let whose = order.get("vendor").filter(|vendor| !vendor.is_null());
        if (others && items.is_empty())
            || whose.is_some_and(|whose| value_key(whose) != self.vendor)
        {
            return Err(Content::Skipped {
                order_number,
                what: format!("an order of other vendors than {}", self.vendor),
            });
        }
        self.add_buyer(&mut order);
        order.insert("id".into(), json!(record.pk));
        order.entry("total_amount").or_insert(Value::Null);
        if others {
            // The total is that of all vendors.
            order.insert("vendor_part".into(), true.into());
            order.insert("total_amount".into(), Value::Null);
            order.remove("vendor_total");
        }
        order.insert("items".into(), items.into());
        Ok(order.into())
    }

    /// Adds name and address of whoever ordered, where the order does not have them itself.
    fn add_buyer(&self, order: &mut Map<String, Value>) {
        let key = ["customer", "user", "buyer"]
            .iter()
            .find_map(|name| order.get(*name).filter(|key| !key.is_null()).map(value_key));
        let Some(person) = key.and_then(|key| self.people.get(&key)) else {
            return;
        };
        let person = fields(person);
        let text = |name: &str| {
            let text = person.get(name).and_then(Value::as_str).map(str::trim);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let parts: Vec<String> = ["first_name", "last_name"]
            .into_iter()
            .filter_map(text)
            .collect();
        let full = (!parts.is_empty()).then(|| parts.join(" "));
        let name = full
            .or_else(|| text("full_name"))
            .or_else(|| text("username"));
        for (field, value) in [
            ("customer_name", name),
            ("customer_email", text("email")),
            (
                "customer_phone",
                text("phone").or_else(|| text("phone_number")),
            ),
        ] {
            let present = order.get(field).and_then(Value::as_str);
            if let (None | Some(""), Some(value)) = (present, value) {
                order.insert(field.into(), value.into());
            }
        }
    }
}

/// The orders of a dump, as rows.
pub(super) struct Orders {
    orders: std::vec::IntoIter<(Place, Record)>,
    dump: Dump,
}

impl Iterator for Orders {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let (place, record) = self.orders.next()?;
        let content = match self.dump.order(&record) {
            Err(content) => content,
            Ok(order) => {
                let json = RawValue::from_string(order.to_string());
                return Some(Row::new(place, json.map_err(|error| error.to_string())));
            }
        };
        Some(Row {
            place,
            content,
            note: None,
        })
    }
}

fn fields(raw: &RawValue) -> Map<String, Value> {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

/// A key as text: `7`, `"7"` and `[7]` are one.
fn key(raw: &RawValue) -> String {
    let value: Value = serde_json::from_str(raw.get()).unwrap_or_default();
    value_key(&value)
}

fn value_key(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(list) if list.len() == 1 => value_key(&list[0]),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::input::FileKind;
    use super::super::Rows;
    use super::*;

    fn rows(dump: &Value, vendor: &str) -> Vec<Result<Value, String>> {
        let text = dump.to_string();
        let mut rows = Rows::open(FileKind::Json, text.as_bytes(), None, vendor).unwrap();
        let mut all = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            all.push(match row.content {
                Content::Json(json) => Ok(serde_json::from_str(json.get()).unwrap()),
                Content::Refused { why, .. } => Err(why),
                Content::Skipped { what, .. } => Err(what),
            });
        }
        all
    }

    #[test]
    fn what_stands_apart_comes_together() {
        let item = |pk: u64, order: u64, product: u64| json!({"model":"orders.orderitem","pk":pk,"fields":{"order":order,"product":product,"quantity":1,"unit_price":"5.00"}});
        let dump = json!([
            item(1, 10, 100),
            {"model":"orders.order","pk":10,"fields":{"order_number":"ORD-1","status":"Paid","total_amount":"5.00","user":7}},
            {"model":"sessions.session","pk":"x","fields":{}},
            {"model":"products.product","pk":100,"fields":{"name":"Mug","vendor":1}},
            {"model":"products.product","pk":200,"fields":{"name":"Hat","vendor":2}},
            {"model":"accounts.user","pk":7,"fields":{"first_name":"Ana","last_name":"Souza","email":"ana@example.com"}},
            {"model":"orders.order","pk":11,"fields":{"order_number":"ORD-2","status":"Paid","total_amount":"10.00"}},
            item(2, 11, 100),
            item(3, 11, 200),
            {"model":"orders.order","pk":12,"fields":{"order_number":"ORD-3","status":"Paid","total_amount":"5.00"}},
            item(4, 12, 200),
        ]);
        let all = rows(&dump, "1");
        let first = all[0].as_ref().unwrap();
        assert_eq!(first["order_number"], "ORD-1");
        assert_eq!(first["customer_name"], "Ana Souza");
        assert_eq!(first["customer_email"], "ana@example.com");
        assert_eq!(first["items"][0]["product"]["name"], "Mug");
        let second = all[1].as_ref().unwrap();
        assert_eq!(second["items"].as_array().unwrap().len(), 1, "{second}");
        assert_eq!(
            second["total_amount"],
            Value::Null,
            "the total is both vendors'"
        );
        assert_eq!(all[2], Err("an order of other vendors than 1".to_owned()));
        assert_eq!(all.len(), 3);
    }

    #[test]
    fn an_item_without_an_order_is_named() {
        let dump = json!([{"model":"orders.orderitem","pk":1,"fields":{}}]);
        assert_eq!(
            rows(&dump, "1"),
            [Err("item 1 of the dump names no order".to_owned())]
        );
    }
}
