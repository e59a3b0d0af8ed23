//! The real bodies of `tests/samples/shops`, and what is wrong, odd or hostile.

use ordertop::order::intake::{Intake, Merge};
use ordertop::order::{Actor, ActorKind, Flags, OrderStatus, Qty};
use proptest::prelude::*;
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

fn read(body: &str) -> Result<Intake, RowError> {
    let row: &RawValue = serde_json::from_str(body).unwrap();
    read_row(row, &VendorId::new("42").unwrap(), Timestamp::UNIX_EPOCH)
}

fn order(body: &str) -> Intake {
    read(body).unwrap()
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
                Merge::Changed { order, .. } => stored = *order,
                Merge::Unchanged | Merge::Stale => {}
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
        (("/colour", json!(1)), "`colour`: unknown field `colour`"),
        (
            ("/lines/0/qty", json!("two")),
            "`lines[0].qty`: invalid type: string \"two\", expected a quantity such as 2 or 0.5, at most 1000000",
        ),
        (
            ("/lines/0/unit_price", json!(5)),
            "`lines[0].unit_price`: invalid type",
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
        (
            FULFILMENT,
            "this is a Shopify fulfillment (its order's body tells the same), but a WooCommerce order (",
        ),
        (
            r#"{"order_id":1,"refund_line_items":[]}"#,
            "this is a Shopify refund",
        ),
        ("{}", "this is an empty object, but a WooCommerce order"),
        (
            r#"{"id":727}"#,
            "this is the notice of a deleted thing (`id` alone), but",
        ),
        (
            r#"{"orders":[]}"#,
            "this is an object with a list under `orders` (give that list itself), but",
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
fn a_wrong_field_of_a_shops_order_is_named() {
    let table = [
        (PROCESSING, "/status", json!(null), "`status` is missing"),
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
        (PROCESSING, "/total", json!(null), "`total` is missing"),
        (
            PROCESSING,
            "/total",
            json!("29.355"),
            "`total`: `29.355` has more decimals than USD",
        ),
        (
            PROCESSING,
            "/total",
            json!("9".repeat(40)),
            "`total`: the amount is too large",
        ),
        (
            PROCESSING,
            "/total",
            json!({}),
            "`total` is an object, but a text is needed",
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
            "/date_created_gmt",
            json!("yesterday"),
            "`date_created_gmt`: `yesterday` is not a time",
        ),
        (
            PROCESSING,
            "/billing",
            json!("John"),
            "`billing` is a text, but an object is needed",
        ),
        (
            PROCESSING,
            "/billing/email",
            json!(true),
            "`billing.email` is true or false, but a text",
        ),
        (
            PROCESSING,
            "/line_items",
            json!({}),
            "`line_items` is an object, but a list is needed",
        ),
        (
            PROCESSING,
            "/line_items/1",
            json!(7),
            "`line_items[1]` is a number, but an object is needed",
        ),
        (
            PROCESSING,
            "/line_items/1/quantity",
            json!(0.0005),
            "`line_items[1].quantity`: `0.0005` is not a quantity",
        ),
        (
            PROCESSING,
            "/line_items/1/total",
            json!("92233720368547758.07"),
            "`line_items` comes to more",
        ),
        (
            PROCESSING,
            "/line_items",
            json!(vec![json!({}); 501]),
            "`line_items` holds 501 lines: 500 at most",
        ),
        (
            PROCESSING,
            "/refunds",
            json!([{"total": "-1.5.0"}]),
            "`refunds[0].total`: `-1.5.0` is not an amount",
        ),
        (SHOPIFY, "/name", json!(null), "`name` is missing"),
        (
            SHOPIFY,
            "/name",
            json!("#"),
            "`name`: an order number is 1 to 64",
        ),
        (
            SHOPIFY,
            "/test",
            json!("yes"),
            "`test` is a text, but true or false is needed",
        ),
        (
            SHOPIFY,
            "/total_price",
            json!(""),
            "`total_price` is missing",
        ),
        (
            SHOPIFY,
            "/line_items/0/id",
            json!(-1),
            "`line_items[0].id`: `-1` is not a whole number",
        ),
        (
            SHOPIFY,
            "/line_items/0/quantity",
            json!(4_000_000_000_u64),
            "`line_items[0].quantity`: `4000000000` is not",
        ),
        (
            SHOPIFY,
            "/updated_at",
            json!("2026-13-01"),
            "`updated_at`: `2026-13-01` is not a time",
        ),
    ];
    for (body, pointer, value, words) in table {
        let error = refusal(&with(body, &[(pointer, value)]));
        assert!(error.starts_with(words), "{pointer}: {error}");
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
    assert_eq!(order.content.lines[1].variant, None);
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
    assert_eq!(refusal(&body), "`status` is a list, but a text is needed");
}

/// Every value in a body, by JSON pointer.
fn pointers(value: &Value, way: &str, all: &mut Vec<String>) {
    all.push(way.to_owned());
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| pointers(value, &format!("{way}/{name}"), all)),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .for_each(|(at, value)| pointers(value, &format!("{way}/{at}"), all)),
        _ => {}
    }
}

fn odd_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        "-?[0-9]{1,25}(\\.[0-9]{1,10})?".prop_map(Value::from),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:00)?"
            .prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([null, 1, "a", {"id": 1}])),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_mutilated_body_is_read_or_refused_and_never_panics(
        body in prop::sample::select(vec![PROCESSING, COMPLETED, REFUNDS, SHOPIFY, PLACEMENT]),
        wounds in prop::collection::vec((any::<prop::sample::Index>(), odd_value()), 1..6),
    ) {
        let mut row: Value = serde_json::from_str(body).unwrap();
        for (which, value) in wounds {
            let mut all = Vec::new();
            pointers(&row, "", &mut all);
            *row.pointer_mut(&all[which.index(all.len())]).unwrap() = value;
        }
        match read(&row.to_string()) {
            Ok(order) => prop_assert!(order.content.totals.refunded >= 0 && order.content.totals.discount >= 0),
            Err(error) => prop_assert!(!error.to_string().chars().any(char::is_control)),
        }
    }
}
