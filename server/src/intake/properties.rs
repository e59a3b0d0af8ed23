//! Whatever one field of a real body is replaced by: the order is taken, or a field is hit that it cannot do without.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::samples::settings;
use super::*;

const BODIES: [&str; 8] = [
    include_str!("../../../tests/samples/shops/woocommerce/order_processing.docs.json"),
    include_str!("../../../tests/samples/shops/woocommerce/order_completed.docs.json"),
    include_str!("../../../tests/samples/shops/woocommerce/order_partial_refunds.docs.json"),
    include_str!("../../../tests/samples/shops/shopify/orders_create.2026-04.json"),
    include_str!("../../../tests/samples/shops/made/addons-with-names.json"),
    include_str!("../../../tests/samples/shops/made/tracking-in-meta.json"),
    include_str!("../../../tests/samples/shops/made/fee-and-tip.json"),
    include_str!("../../../tests/samples/shops/made/shopify-properties.json"),
];

/// Fields that an order cannot do without, or that say what the body is.
const NEEDED: [&str; 8] = [
    "",
    "/id",
    "/number",
    "/name",
    "/order_number",
    "/currency",
    // These make it a draft, or another kind of body.
    "/status",
    "/admin_graphql_api_id",
];

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

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        "-?[0-9]{1,25}(\\.[0-9]{1,10})?".prop_map(Value::from),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:00)?"
            .prop_map(Value::from),
        Just(json!("0000-00-00T00:00:00")),
        Just(json!("1.5")),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let names = prop_oneof![
            "[0-9]{1,2}",
            Just("id".to_owned()),
            Just("total".to_owned()),
            "[a-z_]{1,8}"
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names, inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn read(body: &Value) -> Result<Row, RowError> {
    let body = body.to_string();
    let row: &RawValue = serde_json::from_str(&body).unwrap();
    read_row(row, &Form::Body, &settings())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn one_odd_field_never_costs_the_order(
        body in prop::sample::select(BODIES.to_vec()),
        which in any::<prop::sample::Index>(),
        value in any_value(),
    ) {
        let mut row: Value = serde_json::from_str(body).unwrap();
        let mut all = Vec::new();
        pointers(&row, "", &mut all);
        let pointer = &all[which.index(all.len())];
        *row.pointer_mut(pointer).unwrap() = value;
        match read(&row) {
            Ok(Row::Order { intake, warnings }) => {
                let totals = intake.content.totals;
                prop_assert!(totals.refunded >= 0 && totals.discount >= 0 && totals.gift_cards >= 0);
                for words in warnings.kept {
                    prop_assert!(!words.chars().any(char::is_control), "{words}");
                    prop_assert!(words.starts_with('`'), "{words}");
                }
            }
            Ok(Row::Skipped { what, .. }) => prop_assert!(NEEDED.contains(&pointer.as_str()), "{pointer}: {what}"),
            Err(error) => {
                prop_assert!(NEEDED.contains(&pointer.as_str()), "{pointer}: {error}");
                prop_assert!(!error.to_string().chars().any(char::is_control));
            }
        }
    }

    #[test]
    fn a_mutilated_body_never_panics(
        body in prop::sample::select(BODIES.to_vec()),
        wounds in prop::collection::vec((any::<prop::sample::Index>(), any_value()), 1..6),
    ) {
        let mut row: Value = serde_json::from_str(body).unwrap();
        for (which, value) in wounds {
            let mut all = Vec::new();
            pointers(&row, "", &mut all);
            *row.pointer_mut(&all[which.index(all.len())]).unwrap() = value;
        }
        if let Ok(Row::Order { intake, .. }) = read(&row) {
            let Ok(Row::Order { intake: again, .. }) = read(&row) else {
                panic!("the same body reads the same");
            };
            prop_assert_eq!(again, intake);
        }
    }
}
