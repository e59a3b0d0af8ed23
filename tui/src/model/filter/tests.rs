//! Filters as people type them.

use std::sync::Arc;

use jiff::SignedDuration;
use ordertop::order::OrderStatus;
use ordertop::protocol::ListedOrder;
use proptest::prelude::*;

use super::complete::{Known, complete};
use super::{Compare, Filter, Mark, Term, Test};
use crate::model::fixture::{at, order_of, packed, vendor};
use crate::model::row::{Row, fold_vendor};

fn order(change: impl FnOnce(&mut ListedOrder)) -> Row {
    let order = order_of("A-10", "Ana Souza", OrderStatus::Paid, 0, "184.00", "EUR");
    let mut order = Arc::unwrap_or_clone(order);
    change(&mut order);
    let vendor_folded = fold_vendor(&vendor(), "Acme Tools");
    Row::new(order.key(&vendor()), packed(&order), vendor_folded)
}

fn matches(filter: &str, row: &Row) -> bool {
    Filter::parse(filter).unwrap().matches(row, at(7_200))
}

#[test]
fn every_field_finds_what_it_names() {
    let row = order(|order| {
        order.flags.test = true;
        order.ship_by = Some(at(7_200 + 3_600));
    });
    let yes = [
        "",
        "ana souza",
        "ANA mug",
        "\"ana souza\"",
        "-\"souza ana\"",
        "status:paid",
        "status:shipped,PAID",
        "status:pa",
        "-status:shipped",
        "!status:shipped",
        "total>100",
        "total>=184",
        "total=184.00",
        "total:1,184",
        "total<184.01",
        "currency:eur",
        "age<3h",
        "age>1h59m",
        "age>=2h age<=2h",
        "since>1h",
        "due<2h",
        "due:any",
        "-due:late",
        "ship-by<61m",
        "vendor:42",
        "vendor:acme",
        "vendor=42",
        "number:10",
        "number:#a-10",
        "number=A-10",
        "buyer:souza",
        "buyer=\"ana souza\"",
        "item:mug",
        "item:sand",
        "sku:towel",
        "sku=mug-1",
        "flag:test",
        "flag:hold,test",
        "-flag:pod",
        "status:paid,shipped total>100 age<3h vendor:42 flag:test \"ana\"",
    ];
    for filter in yes {
        assert!(matches(filter, &row), "{filter}");
    }
    let no = [
        "bob",
        "\"souza ana\"",
        "status:shipped",
        "-status:paid",
        "total>184",
        "total<100",
        "currency:usd",
        "age<2h",
        "age>2h",
        "due<1h",
        "due:late",
        "due:none",
        "vendor:4",
        "vendor=acme",
        "number=10",
        "buyer=ana",
        "item:mug-1",
        "sku:mug-2",
        "sku=mug",
        "flag:pod",
        "-flag:test",
        "flag:new",
        "ana -souza",
    ];
    for filter in no {
        assert!(!matches(filter, &row), "{filter}");
    }
}

#[test]
fn letters_of_every_script_are_found_in_upper_case() {
    let row = order(|order| order.customer_name = "ΟΔΥΣΣΕΥΣ ŁUKASIEWICZ".into());
    assert!(matches("ΟΔΥΣΣΕΥΣ", &row) && matches("buyer:łukasiewicz", &row));
}

#[test]
fn late_and_without_a_time_are_told_apart() {
    let late = order(|order| order.ship_by = Some(at(0)));
    assert!(matches("due:late", &late) && matches("due<4h", &late));
    let never = order(|_| {});
    assert!(matches("due:none", &never) && !matches("due<4h", &never));
    assert!(matches("-due<4h", &never));
}

#[test]
fn a_mistake_is_named_at_its_character() {
    let table = [
        ("staus:paid", 0, "no field `staus`: did you mean `status`?"),
        ("ana vendr:4", 4, "no field `vendr`: did you mean `vendor`?"),
        ("status:piad", 7, "no status `piad`: did you mean `paid`?"),
        (
            "status:paid,shiped",
            12,
            "no status `shiped`: did you mean `shipped`?",
        ),
        ("status=pa", 7, "no status `pa`"),
        ("status:", 7, "a status is missing here"),
        ("status<paid", 6, "write `status:` instead of `<`"),
        ("total>ten", 6, "an amount is digits"),
        ("total>10EUR", 8, "currency:EUR"),
        ("total>1,2", 7, "one value alone"),
        ("age:2h", 3, "write age<2h or age>2h"),
        (
            "age<2",
            5,
            "a unit is missing after the number: s, m, h, d or w",
        ),
        ("age<2x", 5, "a time is a number and s, m, h, d or w"),
        ("age<h", 4, "a number is missing before `h`"),
        ("age<", 4, "a time is missing"),
        ("due:soon", 4, "or compare: due<4h"),
        ("flag:tset", 5, "did you mean `test`?"),
        ("currency:euro", 9, "three letters"),
        ("a \"b c", 2, "this quote is not closed"),
        ("a - b", 3, "goes right after it"),
        (":paid", 0, "a field is missing"),
        ("\"a\"b", 3, "a blank is needed"),
        ("陳 staus:paid", 2, "did you mean `status`?"),
    ];
    for (text, column, message) in table {
        let error = Filter::parse(text).expect_err(text);
        assert_eq!(error.column, column, "{text}: {}", error.message);
        assert!(error.message.contains(message), "{text}: {}", error.message);
    }
}

#[test]
fn a_filter_is_read_as_its_terms() {
    let filter = Filter::parse("#10 -flag:test,pod age<=1d12h Total>0.5").unwrap();
    let terms = [
        Term {
            negated: true,
            test: Test::Flag(vec![Mark::Test, Mark::PayOnDelivery]),
        },
        Term {
            negated: false,
            test: Test::Age(Compare::AtMost, SignedDuration::from_hours(36)),
        },
        Term {
            negated: false,
            test: Test::Total(Compare::More, vec![5_000]),
        },
        Term {
            negated: false,
            test: Test::Anywhere("#10".into()),
        },
    ];
    assert_eq!(filter.terms(), terms);
    assert!(filter.is_timed() && !Filter::parse("due:any ana").unwrap().is_timed());
}

#[test]
fn typing_on_narrows() {
    let table = [
        ("an", "ana", true),
        ("ana", "ana status:paid", true),
        ("status:paid", "status:paid,shipped", false),
        ("ana", "an", false),
        ("-an", "-ana", false),
        ("", "x", true),
    ];
    for (old, new, narrows) in table {
        let (old_filter, filter) = (Filter::parse(old).unwrap(), Filter::parse(new).unwrap());
        assert_eq!(filter.narrows(&old_filter), narrows, "{old} to {new}");
    }
}

#[test]
fn names_and_values_are_completed() {
    let known = Known {
        vendors: vec![
            ("42".into(), "Acme".into()),
            ("7".into(), "Blue Door".into()),
        ],
        currencies: vec!["EUR".into(), "USD".into()],
    };
    // `|` is the text cursor; what a candidate takes the place of stands beside it.
    let table: &[(&str, &str, &[&str])] = &[
        ("sta|", "sta", &["status:"]),
        ("-s|", "s", &["status:", "since<", "due<", "sku:"]),
        ("sta|:paid", "sta:", &["status:"]),
        ("ship|", "ship", &["due<"]),
        ("status:p|", "p", &["pending", "paid"]),
        ("status:paid,sh| x", "sh", &["shipped"]),
        ("status:p|aid,shipped", "paid", &["pending", "paid"]),
        (
            "flag:|",
            "",
            &["test", "hold", "pod", "cancel", "deleted", "new"],
        ),
        ("currency:e|", "e", &["EUR"]),
        ("vendor:blue|", "blue", &["7"]),
        ("ana due:l|", "l", &["late"]),
        ("age<|", "", &["30m", "1h", "4h", "1d", "1w"]),
        ("buyer:a|", "a", &[]),
        ("nothing|", "nothing", &[]),
        ("\"a b sta|", "\"a b sta", &[]),
    ];
    for (text, taken, expected) in table {
        let cursor = text.chars().position(|c| c == '|').unwrap();
        let text = text.replace('|', "");
        let found = complete(&text, cursor, &known);
        let texts: Vec<&str> = found.candidates.iter().map(|c| c.text.as_str()).collect();
        assert_eq!(&texts, expected, "{text}");
        let place: String = text
            .chars()
            .skip(found.range.start)
            .take(found.range.len())
            .collect();
        assert_eq!(&place, taken, "{text}");
    }
}

fn typed() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z]{0,8}[:=<>]{0,2}[a-z0-9,.\"-]{0,8}",
        Just("status:paid,shipped".to_owned()),
        Just("age<2h -flag:test".to_owned()),
        Just("total>=".to_owned()),
        "\\PC{0,12}",
        "[0-9]{1,30}[smhdw]?",
    ];
    proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    /// Whatever is typed, it is a filter or a mistake within the text.
    #[test]
    fn nothing_typed_makes_it_panic(text in typed(), cursor in 0_usize..60) {
        let long = text.chars().count();
        match Filter::parse(&text) {
            Ok(filter) => {
                let _ = filter.matches(&order(|_| {}), at(0));
                prop_assert!(filter.narrows(&filter));
            }
            Err(error) => {
                prop_assert!(error.column <= long, "{} in {text:?}", error);
                prop_assert!(!error.message.is_empty());
            }
        }
        let found = complete(&text, cursor, &Known::default());
        prop_assert!(found.range.start <= found.range.end && found.range.end <= long);
    }

    /// What is offered for a value is right there: it brings no mistake of its own.
    #[test]
    fn a_completed_value_is_right(field in 0_usize..12) {
        let known = Known {
            vendors: vec![("a, b".into(), "X".into())],
            currencies: vec!["EUR".into()],
        };
        let name = super::Field::ALL[field].0.name();
        for op in [":", "<"] {
            let text = format!("{name}{op}");
            let found = complete(&text, text.chars().count(), &known);
            for candidate in found.candidates {
                let filter = format!("{text}{}", candidate.text);
                let parsed = Filter::parse(&filter);
                prop_assert!(parsed.is_ok() || op == "<", "{filter}: {parsed:?}");
            }
        }
    }
}

#[test]
fn accents_case_and_apostrophes_do_not_matter() {
    for (filter, buyer) in [
        ("zoe", "Zoë"),
        ("lukasz", "Łukasz"),
        ("obrien", "O'Brien"),
        ("o’brien", "OBrien"),
        ("buyer:soren", "Søren Kjær"),
        ("buyer=\"soren kjaer\"", "Søren Kjær"),
        ("strasse", "Straße"),
        ("ZOË", "zoe"),
    ] {
        let row = order(|order| order.customer_name = buyer.into());
        assert!(matches(filter, &row), "{filter} is {buyer}");
    }
    let row = order(|order| order.items[0].product.name = "Crème brûlée".into());
    assert!(matches("item:creme", &row) && matches("-item:cream", &row));
    assert!(matches("item:brulee sku:mug vendor:acme", &row));
}

#[test]
fn the_shops_number_is_found_as_the_number_is() {
    let row = order(|order| order.shop_number = Some("1002-B".into()));
    for filter in [
        "1002",
        "number:#1002",
        "number=1002-b",
        "number=a-10",
        "a-10",
    ] {
        assert!(matches(filter, &row), "{filter}");
    }
    assert!(!matches("number=1002", &row) && !matches("buyer:1002", &row));
    assert!(matches("buyer:ana item:mug sku:towel", &row));
}

#[test]
fn parcels_addresses_and_words_are_found_anywhere_and_are_no_items() {
    let row = order(|order| {
        order.shipping_address = "Müllerstraße 7, 13353 Berlin".into();
        order.customer_email = "ana@example.org".into();
        order.notes_excerpt = "Please\nring\ttwice\nÅngström called".into();
        let parcel = |number: &str| ordertop::order::Shipment {
            tracking_number: Some(number.into()),
            ..Default::default()
        };
        order.shipments = vec![parcel("JJD0003"), parcel("1Z999")];
    });
    for word in [
        "jjd0003",
        "1z999",
        "mullerstrasse",
        "13353",
        "ana@example",
        "\"ring twice\"",
        "angstrom",
    ] {
        assert!(matches(word, &row), "{word}");
        for field in ["number", "buyer", "vendor", "item", "sku"] {
            assert!(!matches(&format!("{field}:{word}"), &row), "{field}:{word}");
        }
    }
    assert!(matches("item:mug sku:towel item:sand", &row));
    assert!(
        !matches("\"13353 berlin ana\"", &row),
        "one text ends where the next begins"
    );
}
