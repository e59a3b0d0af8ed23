//! The real bodies of `tests/samples/shops`, and what is wrong, odd or hostile.

use jiff::Timestamp;
use ordertop::order::intake::{Intake, Merge};
use ordertop::order::{Actor, ActorKind, Flags, OrderStatus, Qty, VendorId};
use serde_json::Value;
use serde_json::json;

use super::*;

const PROCESSING: &str =
    include_str!("../../../tests/samples/shops/woocommerce/order_processing.docs.json");
const COMPLETED: &str =
    include_str!("../../../tests/samples/shops/woocommerce/order_completed.docs.json");
const REFUNDS: &str =
    include_str!("../../../tests/samples/shops/woocommerce/order_partial_refunds.docs.json");
const SHOPIFY: &str =
    include_str!("../../../tests/samples/shops/shopify/orders_create.2026-04.json");
const FULFILMENT: &str =
    include_str!("../../../tests/samples/shops/shopify/fulfillments_create.2026-04.json");
const PLACEMENT: &str = r##"{"vendor_id":"42","order_number":"A-1001","group":"G-77","status":"Paid","currency":"EUR",
    "placed_at":"2026-11-23T17:00:00Z","buyer":{"name":"Ana Souza"},"ship_to":{"line1":"…","country":"DE"},
    "lines":[{"sku":"MUG-1","title":"Mug","qty":2,"unit_price":"5.00"}],"totals":{"shipping":"3.90","total":"13.90"}}"##;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A file that was made for the tests.
macro_rules! made {
    ($name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../tests/samples/shops/made/",
            $name
        ))
    };
}

mod kept;

pub(super) fn settings() -> Settings {
    Settings::new(VendorId::new("42").unwrap(), Timestamp::UNIX_EPOCH)
}

fn row(body: &str) -> Result<Row, RowError> {
    let row: &RawValue = serde_json::from_str(body).unwrap();
    read_row(row, &Form::Body, &settings())
}

/// The order of a body, and the warnings about it.
fn warned(body: &str) -> (Intake, Vec<String>) {
    match row(body) {
        Ok(Row::Order { intake, warnings }) => (*intake, warnings.kept),
        other => panic!("{other:?}"),
    }
}

fn read(body: &str) -> Result<Intake, RowError> {
    row(body).map(|_| warned(body).0)
}

fn order(body: &str) -> Intake {
    warned(body).0
}

/// A body with the fields at these JSON pointers replaced or added.
fn with(body: &str, changes: &[(&str, Value)]) -> String {
    let mut row: Value = serde_json::from_str(body).unwrap();
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match row.pointer_mut(parent).unwrap() {
            Value::Object(fields) => {
                fields.insert(name.into(), value.clone());
            }
            Value::Array(list) => list[name.parse::<usize>().unwrap()] = value.clone(),
            other => panic!("{pointer} leads into {other}"),
        }
    }
    row.to_string()
}

fn refusal(body: &str) -> String {
    read(body).unwrap_err().to_string()
}

#[test]
fn a_woocommerce_order_that_was_just_paid() {
    let order = order(PROCESSING);
    let content = &order.content;
    assert_eq!(order.number.as_str(), "727");
    assert_eq!(order.status, OrderStatus::Paid);
    assert_eq!(order.flags, Flags::default());
    assert_eq!(order.moments.paid_at, Some(at("2017-03-22T19:28:08Z")));
    assert_eq!(order.moments.shipped_at, None);
    assert_eq!(content.placed_at, at("2017-03-22T19:28:02Z"));
    assert_eq!(content.currency.code(), "USD");
    let totals = content.totals;
    assert_eq!(
        (
            totals.items,
            totals.shipping,
            totals.tax,
            totals.total,
            totals.refunded
        ),
        (1800, 1000, 135, 2935, 0)
    );
    assert_eq!(content.lines[0].unit_price, 300);
    let idea = &content.lines[1];
    assert_eq!(idea.id, 316);
    assert_eq!(idea.title, "Ship Your Idea – Color: Black, Size: M Test");
    assert_eq!(idea.variant.as_deref(), Some("black, M Test"));
    assert_eq!(
        (idea.sku.as_str(), idea.qty, idea.total),
        ("Bar3", Qty::ONE, 1200)
    );
    assert_eq!(content.buyer.name.as_deref(), Some("John Doe"));
    assert_eq!(content.buyer.email.as_deref(), Some("john.doe@example.com"));
    assert_eq!(
        content.ship_to.one_line(),
        "969 Market, 94103, San Francisco, CA, US"
    );
    let source = content.source.as_ref().unwrap();
    assert_eq!(source.channel, "woocommerce");
    assert_eq!(source.shop.as_deref(), Some("example.com"));
    assert_eq!(source.order_id.as_deref(), Some("727"));
    assert_eq!(source.status_raw.as_deref(), Some("processing"));
    assert_eq!(source.modified_at, Some(at("2017-03-22T19:28:08Z")));
}

#[test]
fn a_woocommerce_order_that_left() {
    let order = order(COMPLETED);
    assert_eq!(order.status, OrderStatus::Shipped);
    assert_eq!(order.moments.shipped_at, Some(at("2017-03-22T19:30:35Z")));
    assert!(
        order
            .content
            .lines
            .iter()
            .all(|line| line.qty_shipped == line.qty)
    );
}

#[test]
fn refunds_of_woocommerce_are_summed() {
    let order = order(REFUNDS);
    assert_eq!(order.status, OrderStatus::Shipped);
    let totals = order.content.totals;
    assert_eq!((totals.total, totals.refunded), (3900, 1900));
    assert_eq!(order.content.buyer.name.as_deref(), Some("João Silva"));
}

#[test]
fn the_two_bodies_of_an_order_end_alike_in_either_order() {
    let by = Actor::new(ActorKind::Import, "orders.json");
    for (first, second) in [(PROCESSING, COMPLETED), (COMPLETED, PROCESSING)] {
        let mut stored = order(first).place(by.clone(), Timestamp::UNIX_EPOCH);
        for body in [second, first, second] {
            match order(body).merge(&stored, &by, Timestamp::UNIX_EPOCH) {
                Merge::Changed { order, .. } | Merge::Heard(order) => stored = *order,
                Merge::Unchanged | Merge::Stale => {}
                Merge::Another => panic!("the same order"),
            }
        }
        assert_eq!(stored.state.status, OrderStatus::Shipped);
        assert_eq!(stored.content.totals.total, 2935);
        let again = order(COMPLETED).merge(&stored, &by, Timestamp::UNIX_EPOCH);
        assert_eq!(again, Merge::Unchanged);
    }
}

#[test]
fn a_shopify_order_that_was_cancelled() {
    let order = order(SHOPIFY);
    let content = &order.content;
    assert_eq!(order.number.as_str(), "9999");
    assert_eq!(order.status, OrderStatus::Cancelled);
    assert!(order.flags.test);
    assert_eq!(order.moments.cancelled_at, Some(at("2022-01-01T00:00:00Z")));
    assert_eq!(content.payment_state.as_deref(), Some("voided"));
    let totals = content.totals;
    assert_eq!(
        (
            totals.items,
            totals.discount,
            totals.shipping,
            totals.tax,
            totals.total
        ),
        (41495, 2000, 1000, 0, 40495)
    );
    assert_eq!(content.lines.len(), 5);
    assert_eq!(content.lines[0].id, 487_817_672_276_298_560);
    assert_eq!(content.buyer.name.as_deref(), Some("John Smith"));
    assert_eq!(content.buyer.email.as_deref(), Some("jon@example.com"));
    assert_eq!(
        content.ship_to.one_line(),
        "Steve Shipper, Shipping Company, 123 Shipping Street, 40003, Shippington, KY, US"
    );
    let source = content.source.as_ref().unwrap();
    assert_eq!(source.order_id.as_deref(), Some("820982911946154500"));
    assert_eq!(source.shop.as_deref(), Some("jsmith.myshopify.com"));
    assert_eq!(source.status_raw.as_deref(), Some("cancelled, voided"));
    assert_eq!(source.modified_at, Some(at("2022-01-01T00:00:00Z")));
}

/// The sample as it would be without its cancellation.
fn paid(changes: &[(&str, Value)]) -> Intake {
    let live = [
        ("/cancelled_at", Value::Null),
        ("/financial_status", json!("paid")),
    ];
    order(&with(SHOPIFY, &[&live, changes].concat()))
}

fn fulfilment(shipment_status: Value, lines: Value) -> Value {
    json!([{
        "status": "success", "created_at": "2026-01-02T10:00:00+01:00", "updated_at": "2026-01-04T10:00:00+01:00",
        "shipment_status": shipment_status, "tracking_company": "DHL", "tracking_number": null,
        "tracking_numbers": ["1Z", "2Z"], "tracking_urls": ["javascript:alert(1)"], "line_items": lines
    }])
}

#[test]
fn a_paid_shopify_order_reads_its_current_totals() {
    let order = paid(&[("/line_items/4/current_quantity", json!(0))]);
    assert_eq!(order.status, OrderStatus::Paid);
    assert_eq!(order.content.totals.total, 41495);
    assert_eq!(
        order.content.lines.len(),
        4,
        "a line that was edited out is not to be sent"
    );
}

#[test]
fn parts_that_left_stand_on_the_lines() {
    let first = json!([{"id": 487_817_672_276_298_560_u64, "quantity": 1}]);
    let order = paid(&[
        ("/fulfillment_status", json!("partial")),
        ("/fulfillments", fulfilment(json!("delivered"), first)),
    ]);
    assert_eq!(
        order.status,
        OrderStatus::Paid,
        "a part that arrived is not the order"
    );
    let shipped: Vec<String> = order
        .content
        .lines
        .iter()
        .map(|line| line.qty_shipped.to_string())
        .collect();
    assert_eq!(shipped, ["1", "0", "0", "0", "0"]);
    let shipment = &order.content.shipments[0];
    assert_eq!(shipment.carrier.as_deref(), Some("DHL"));
    assert_eq!(shipment.tracking_number.as_deref(), Some("1Z, 2Z"));
    assert_eq!(shipment.tracking_url, None, "only web addresses are kept");
    assert_eq!(shipment.lines, [487_817_672_276_298_560]);
}

#[test]
fn what_all_left_is_shipped_and_what_all_arrived_is_delivered() {
    for (word, status) in [
        (Value::Null, OrderStatus::Shipped),
        (json!("in_transit"), OrderStatus::Shipped),
        (json!("delivered"), OrderStatus::Delivered),
    ] {
        let order = paid(&[
            ("/fulfillment_status", json!("fulfilled")),
            ("/fulfillments", fulfilment(word, json!([]))),
        ]);
        assert_eq!(order.status, status);
        assert_eq!(order.moments.shipped_at, Some(at("2026-01-02T09:00:00Z")));
    }
}

#[test]
fn refunds_of_shopify_are_summed_in_the_shops_currency() {
    let refunds = json!([
        {"transactions": [
            {"kind": "refund", "status": "success", "amount": "10.50", "currency": "USD"},
            {"kind": "refund", "status": "failure", "amount": "99.00", "currency": "USD"}]},
        {"transactions": [{"kind": "refund", "status": "success", "amount": "9000", "currency": "JPY"}],
         "refund_line_items": [{"subtotal": 60.00, "total_tax": "1.25"}]}
    ]);
    let order = paid(&[
        ("/financial_status", json!("partially_refunded")),
        ("/refunds", refunds),
    ]);
    assert_eq!(order.status, OrderStatus::Paid);
    assert_eq!(order.content.totals.refunded, 1050 + 6125);
    assert_eq!(
        order.content.totals.total, 40495,
        "the refund is not taken off twice"
    );
}

#[test]
fn an_order_of_our_own_is_placed() {
    let order = order(PLACEMENT);
    assert_eq!(
        (order.number.as_str(), order.content.totals.total),
        ("A-1001", 1390)
    );
    let table = [
        (
            ("/colour", json!(1)),
            "`colour` is no field here: send one of",
        ),
        (
            ("/lines/0/qty", json!("two")),
            "`lines[0].qty` is the text \"two\": a number such as 2 or 0.5, at most 1000000 is needed",
        ),
        (
            ("/lines/0/unit_price", json!(5)),
            "`lines[0].unit_price` is",
        ),
        (
            ("/vendor_id", json!("7")),
            "this order is for vendor 7, but you act as vendor 42",
        ),
        (("/totals/total", json!("1.00")), "`totals.total` is 1.00"),
    ];
    for ((pointer, value), words) in table {
        let error = read(&with(PLACEMENT, &[(pointer, value)])).unwrap_err();
        assert!(error.to_string().starts_with(words), "{error}");
        assert_eq!(error.order_number.as_deref(), Some("A-1001"));
        assert_eq!(error.code(), "invalid_order");
    }
}

#[test]
fn what_is_no_order_is_named() {
    let table = [
        ("{}", "this is an empty object, but a WooCommerce order"),
        (
            r#"{"id":727}"#,
            "this is the notice of a deleted thing (`id` alone), but",
        ),
        (r#"{"order":7}"#, "this is an object with `order`, but"),
        (
            r#"{"orderId":"1","legacyOrderId":"2","lineItems":[]}"#,
            "this is an eBay order: not supported",
        ),
        (
            r#"{"orderId":"1","orderPaymentStatus":"PAID"}"#,
            "this is an eBay order: not supported",
        ),
        (
            r#"{"orderId":"1","lineItems":[]}"#,
            "this is an order of a program that is not known: not supported",
        ),
        (
            r#"{"code":"woocommerce_rest_cannot_view","message":"Sorry, you cannot list resources.","data":{"status":401}}"#,
            "this is not an order but WooCommerce's error `woocommerce_rest_cannot_view`, \"Sorry, you cannot list \
             resources.\": key and secret did not arrive, or the key may not read orders",
        ),
        (
            r#"{"errors":"[API] Invalid API key or access token"}"#,
            "this is not an order but Shopify's error, \"[API] Invalid API key or access token\": the request failed",
        ),
        (
            r#"{"data":{"orders":{"edges":[]}}}"#,
            "this is an answer of Shopify's GraphQL API: not supported",
        ),
        (
            r#"{"detail":"Invalid vendor ID"}"#,
            "this is not an order but a server's error, \"Invalid vendor ID\"",
        ),
        (
            r#"{"a\u001b[2Jb":1,"c":2}"#,
            "this is an object with `ab`, `c`, but",
        ),
        ("[]", "this is a list, but"),
        ("null", "this is null, but"),
        ("7", "this is a number, but"),
    ];
    for (body, words) in table {
        let error = read(body).unwrap_err();
        assert!(error.to_string().starts_with(words), "{error}");
        assert_eq!(error.code(), "unknown_kind");
    }
}

#[test]
fn an_order_is_unwrapped_once() {
    let wrapped = |times: usize, name: &str, body: &str| {
        let opening = format!("{{\"{name}\":").repeat(times);
        format!("{opening}{body}{}", "}".repeat(times))
    };
    assert_eq!(
        order(&wrapped(1, "order", PROCESSING)).number.as_str(),
        "727"
    );
    let empty = refusal(&wrapped(1, "order", "{}"));
    assert!(empty.starts_with("this is an empty object"), "{empty}");
    for (times, name, body) in [
        (2, "order", PROCESSING),
        (2, "draft_order", "{}"),
        (300_000, "order", "{}"),
    ] {
        let error = read(&wrapped(times, name, body)).unwrap_err();
        assert_eq!(error.code(), "unknown_kind");
        assert_eq!(
            error.to_string(),
            format!(
                "this is an order with more than one object around it: send what stands in the inner `{name}`"
            )
        );
    }
}

#[test]
fn what_tells_of_an_order_or_is_none_yet_is_skipped_by_name() {
    let draft = |word: &str| with(PROCESSING, &[("/status", json!(word))]);
    let table = [
        (made!("draft.json").to_owned(), Some("41"), "a WooCommerce draft (`checkout-draft`): no order yet"),
        (draft("auto-draft"), Some("727"), "a WooCommerce draft (`auto-draft`): no order yet"),
        (
            with(PROCESSING, &[("/billing_period", json!("month")), ("/billing_interval", json!("1"))]),
            Some("727"),
            "a WooCommerce subscription, whose orders come on their own",
        ),
        (
            r#"{"id":726,"amount":"10.00","refunded_by":1,"line_items":[]}"#.to_owned(),
            Some("726"),
            "a WooCommerce refund (its order's body tells the same)",
        ),
        (
            r##"{"id":1,"name":"#D1","invoice_url":"https://x.example","line_items":[],"status":"open"}"##.to_owned(),
            Some("D1"),
            "a Shopify draft order: no order yet",
        ),
        (FULFILMENT.to_owned(), Some("9999.1"), "a Shopify fulfillment (its order's body tells the same)"),
        (
            r#"{"id":9,"order_id":1,"refund_line_items":[]}"#.to_owned(),
            Some("9"),
            "a Shopify refund (its order's body tells the same)",
        ),
    ];
    for (body, number, expected) in table {
        match row(&body) {
            Ok(Row::Skipped { order_number, what }) => {
                assert_eq!(what, expected);
                assert_eq!(order_number.as_deref(), number, "{what}");
            }
            other => panic!("{expected}: {other:?}"),
        }
    }
}

#[test]
fn what_an_order_cannot_do_without_is_refused_by_name() {
    let table = [
        (
            PROCESSING,
            "/currency",
            json!("DOLLAR"),
            "`currency`: `DOLLAR` is not a currency",
        ),
        (
            PROCESSING,
            "/currency",
            json!(["USD"]),
            "`currency` is a list, but a text is needed",
        ),
        (
            PROCESSING,
            "/currency",
            json!(null),
            "no field names the currency of the amounts",
        ),
        (
            PROCESSING,
            "/id",
            json!({}),
            "`id` is an object, but a text is needed",
        ),
        (
            PROCESSING,
            "/number",
            json!("x".repeat(65)),
            "`number`: an order number is 1 to 64",
        ),
        (
            PROCESSING,
            "/number",
            json!("7\u{1b}[2J"),
            "`number`: an order number is 1 to 64",
        ),
        (
            PROCESSING,
            "/line_items",
            json!(vec![json!({}); 501]),
            "`line_items` holds 501 lines: 500 at most",
        ),
        (
            SHOPIFY,
            "/name",
            json!("#"),
            "`name`: an order number is 1 to 64",
        ),
    ];
    for (body, pointer, value, words) in table {
        let error = refusal(&with(body, &[(pointer, value)]));
        assert!(error.starts_with(words), "{pointer}: {error}");
    }
}

#[test]
fn an_order_without_lines_is_taken_where_it_has_a_total() {
    let live = with(
        SHOPIFY,
        &[
            ("/cancelled_at", Value::Null),
            ("/financial_status", json!("paid")),
        ],
    );
    let free = ["", "current_"].map(|set| {
        [
            "total_price",
            "total_shipping_price_set",
            "shipping_price_set",
            "total_tax",
            "total_discounts",
        ]
        .map(|name| (format!("/{set}{name}"), json!("0.00")))
    });
    let mut free: Vec<(String, Value)> = free.concat();
    free.extend(
        ["total", "shipping_total", "total_tax", "discount_total"]
            .map(|name| (format!("/{name}"), json!("0.00"))),
    );
    let free: Vec<(&str, Value)> = free
        .iter()
        .map(|(way, zero)| (way.as_str(), zero.clone()))
        .collect();
    let table = [
        (
            None,
            "`line_items`: missing: the order is taken without lines",
        ),
        (
            Some(json!(null)),
            "`line_items`: missing: the order is taken without lines",
        ),
        (
            Some(json!("")),
            "`line_items`: `\"\"` is empty: the order is taken without lines",
        ),
        (
            Some(json!([])),
            "`line_items`: `[]` is empty: the order is taken without lines",
        ),
        (
            Some(json!({})),
            "`line_items`: `{}` is empty: the order is taken without lines",
        ),
        (
            Some(json!(false)),
            "`line_items`: `false` is not a list: left out",
        ),
        (
            Some(json!("none")),
            "`line_items`: `\"none\"` is not a list: left out",
        ),
        (Some(json!(7)), "`line_items`: `7` is not a list: left out"),
        (
            Some(json!([null])),
            "`line_items[0]`: `null` is not an object: left out",
        ),
        (
            Some(json!([7])),
            "`line_items[0]`: `7` is not an object: left out",
        ),
    ];
    for (shop, total) in [(PROCESSING, 2935), (&live, 41495)] {
        for (value, words) in &table {
            let lineless = |changes: &[(&str, Value)]| {
                let mut body: Value = serde_json::from_str(&with(shop, changes)).unwrap();
                let fields = body.as_object_mut().unwrap();
                match value {
                    Some(value) => fields.insert("line_items".into(), value.clone()),
                    None => fields.remove("line_items"),
                };
                body.to_string()
            };
            let (order, warnings) = warned(&lineless(&[]));
            assert_eq!(
                (order.content.lines.len(), order.content.totals.total),
                (0, total)
            );
            let said = warnings
                .iter()
                .filter(|warning| warning.contains("line_items"));
            assert_eq!(said.collect::<Vec<_>>(), [words]);
            assert_eq!(
                refusal(&lineless(&free)),
                "nothing was bought: there is no line in `line_items`, no fee and no total",
                "{value:?}"
            );
        }
    }
    let fee = [
        ("/line_items", json!([])),
        ("/fee_lines", json!([{"total": "5.00"}])),
    ];
    let (_, warnings) = warned(&with(PROCESSING, &fee));
    assert!(
        !warnings
            .iter()
            .any(|warning| warning.contains("line_items")),
        "{warnings:?}"
    );
}

#[test]
fn what_an_order_can_do_without_is_left_out_by_name_and_value() {
    let table = [
        (
            PROCESSING,
            "/status",
            json!(null),
            "`status`: missing: the order is put on hold",
        ),
        (
            PROCESSING,
            "/total",
            json!(null),
            "`total`: missing: 29.35 is what the parts come to",
        ),
        (
            PROCESSING,
            "/total",
            json!({}),
            "`total`: `{}` is not a number: left out",
        ),
        (
            PROCESSING,
            "/total",
            json!("30.35"),
            "`total`: the shop's total is 30.35, but its parts come to 29.35: the total is kept",
        ),
        (
            PROCESSING,
            "/date_created_gmt",
            json!("yesterday"),
            "`date_created_gmt`: `\"yesterday\"` is not a time",
        ),
        (
            PROCESSING,
            "/date_paid_gmt",
            json!("0000-00-00T00:00:00"),
            "`date_paid_gmt`: `\"0000-00-00T00:00:00\"` is not a time",
        ),
        (
            PROCESSING,
            "/date_paid_gmt",
            json!("-0001-11-30T00:00:00"),
            "`date_paid_gmt`: `\"-0001-11-30T00:00:00\"` is not a time",
        ),
        (
            PROCESSING,
            "/billing",
            json!("John"),
            "`billing`: `\"John\"` is not an object: left out",
        ),
        (
            PROCESSING,
            "/billing/email",
            json!(true),
            "`billing.email`: `true` is not a text: left out",
        ),
        (
            PROCESSING,
            "/billing/phone",
            json!(false),
            "`billing.phone`: `false` is not a text: left out",
        ),
        (
            PROCESSING,
            "/line_items/1",
            json!(7),
            "`line_items[1]`: `7` is not an object: left out",
        ),
        (
            PROCESSING,
            "/line_items/1/sku",
            json!(false),
            "`line_items[1].sku`: `false` is not a text: left out",
        ),
        (
            PROCESSING,
            "/line_items/1/quantity",
            json!("two"),
            "`line_items[1].quantity`: `\"two\"` is not a number such as 2 or 0.5, at most 1000000: 1 is taken for it",
        ),
        (
            PROCESSING,
            "/line_items/1/quantity",
            json!(0.0005),
            "`line_items[1].quantity`: rounded to 0.001",
        ),
        (
            PROCESSING,
            "/line_items/1/subtotal",
            json!("92233720368547758.07"),
            "`line_items[1].subtotal`: `\"92233720368547758.07\"` is not an amount",
        ),
        (
            PROCESSING,
            "/refunds",
            json!([{"total": "-1.5.0"}]),
            "`refunds[0].total`: `\"-1.5.0\"` is not a decimal number",
        ),
        (
            SHOPIFY,
            "/test",
            json!("maybe"),
            "`test`: `\"maybe\"` is not true or false: left out",
        ),
        (
            SHOPIFY,
            "/total_price",
            json!(""),
            "`total_price`: missing: 404.95 is what the parts come to",
        ),
        (
            SHOPIFY,
            "/line_items/0/id",
            json!(-1),
            "`line_items[0].id`: `-1` is not a whole number: left out",
        ),
        (
            SHOPIFY,
            "/line_items/0/quantity",
            json!(4_000_000_000_u64),
            "`line_items[0].quantity`: `4000000000` is not a number such as 2 or 0.5, at most 1000000: 1 is taken for it",
        ),
        (
            SHOPIFY,
            "/updated_at",
            json!("2026-13-01"),
            "`updated_at`: `\"2026-13-01\"` is not a time",
        ),
    ];
    for (body, pointer, value, words) in table {
        let (_, warnings) = warned(&with(body, &[(pointer, value)]));
        assert!(
            warnings
                .first()
                .is_some_and(|first| first.starts_with(words)),
            "{pointer}: {warnings:?}"
        );
    }
    for body in [PROCESSING, COMPLETED, REFUNDS, SHOPIFY, PLACEMENT] {
        assert_eq!(warned(body).1, [""; 0], "nothing is wrong with it");
    }
    let many = with(
        PROCESSING,
        &[("/refunds", json!(vec![json!({"total": []}); 50]))],
    );
    let Ok(Row::Order { warnings, .. }) = row(&many) else {
        panic!("it is an order");
    };
    assert_eq!((warnings.count, warnings.kept.len()), (50, 20));
}

#[test]
fn an_order_without_a_time_is_taken_at_the_time_of_the_import() {
    let woo = [
        "date_created_gmt",
        "date_created",
        "date_paid_gmt",
        "date_modified_gmt",
    ];
    let shopify = ["created_at", "processed_at", "updated_at"];
    for (body, names) in [(PROCESSING, woo.as_slice()), (SHOPIFY, &shopify)] {
        for value in [json!(null), json!("31.02.2026")] {
            let ways: Vec<String> = names.iter().map(|name| format!("/{name}")).collect();
            let changes: Vec<_> = ways
                .iter()
                .map(|way| (way.as_str(), value.clone()))
                .collect();
            let (order, warnings) = warned(&with(body, &changes));
            assert!(order.undated);
            assert_eq!(order.content.placed_at, settings().now);
            let expected = format!(
                "`{}`: no time of the order can be read: the time of the import is taken",
                names[0]
            );
            assert!(warnings.contains(&expected), "{warnings:?}");
            let left_out = if value.is_null() { 0 } else { names.len() };
            assert_eq!(
                warnings.len(),
                1 + left_out,
                "each is said once: {warnings:?}"
            );
        }
        assert!(!order(body).undated);
    }
}

#[test]
fn odd_but_honest_bodies_are_read() {
    let php = with(
        PROCESSING,
        &[
            ("/shipping", json!([])),
            ("/total", json!(29.35)),
            ("/refunds", json!(null)),
            ("/_links", json!([])),
            (
                "/line_items/1/meta_data",
                json!([{"key": "pa_size", "value": ["a"]}, {"key": "_x", "value": "y"}]),
            ),
            ("/line_items/0/quantity", json!("2")),
        ],
    );
    let order = order(&php);
    assert_eq!(order.content.totals.total, 2935);
    assert_eq!(order.content.ship_to.city.as_deref(), Some("San Francisco"));
    assert_eq!(order.content.lines[1].variant.as_deref(), Some("a"));
    assert_eq!(order.content.source.unwrap().shop, None);
}

#[test]
fn hostile_text_comes_in_clean() {
    let order = order(&with(
        PROCESSING,
        &[
            ("/billing/first_name", json!("\u{1b}[2J\u{202e}Eve")),
            ("/billing/last_name", json!("x".repeat(10_000))),
            (
                "/line_items/0/name",
                json!("Mug &amp; \u{1b}]0;owned\u{7}cup"),
            ),
            ("/customer_note", json!("y".repeat(100_000))),
        ],
    ));
    let name = order.content.buyer.name.unwrap();
    assert!(name.starts_with("Eve xxx"), "{name}");
    assert_eq!(name.chars().count(), 200);
    assert_eq!(order.content.lines[0].title, "Mug & cup");
    assert_eq!(order.content.buyer_note.unwrap().chars().count(), 2_000);
}

#[test]
fn deep_nesting_costs_no_stack() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let body = PROCESSING.replacen(
        "\"billing\": {",
        &format!("\"x\": {deep}, \"billing\": {{"),
        1,
    );
    assert_eq!(order(&body).number.as_str(), "727");
    let body = PROCESSING.replacen(
        "\"status\": \"processing\"",
        &format!("\"status\": {deep}"),
        1,
    );
    let (order, warnings) = warned(&body);
    assert!(order.flags.on_hold);
    assert!(warnings[0].starts_with("`status`: `[[[["), "{warnings:?}");
}
