//! The format: what is written is read, what was cut or changed is noticed,
//! what is hostile is refused with its reason.

use jiff::Timestamp;
use ordertop::order::placement::Placement;
use ordertop::order::{Actor, ActorKind, HistoryEntry, OrderId, OrderStatus};
use serde_json::{Value, json};

use super::*;
use crate::store::KeptOrder;

fn kept(number: &str) -> KeptOrder {
    let placement: Placement = serde_json::from_value(json!({
        "vendor_id": "42", "order_number": number, "status": "Paid", "currency": "EUR",
        "buyer": {"name": "Zoë", "email": "zoe@example.com"}, "buyer_note": "by the door",
        "lines": [{"sku": "MUG", "title": "Mug", "qty": 2, "unit_price": "5.00"}],
    }))
    .unwrap();
    let now = Timestamp::from_second(1_790_000_000).unwrap();
    let actor = Actor::new(ActorKind::Service, "api");
    let mut order = placement
        .check(None, now)
        .unwrap()
        .place(actor.clone(), now);
    order.id = OrderId(7);
    let history = vec![HistoryEntry {
        at: now,
        version: 1,
        actor,
        action: "placed".into(),
        from: None,
        to: OrderStatus::Paid,
        reason: Some("phoned".into()),
        request_id: None,
        forced: false,
    }];
    KeptOrder { order, history }
}

fn acme() -> Vendor {
    Vendor {
        id: "42".parse().unwrap(),
        name: "Acme".into(),
    }
}

fn header() -> Header {
    Header {
        format: FORMAT.into(),
        version: VERSION,
        at: Timestamp::UNIX_EPOCH,
        store: "sqlite".into(),
        orders: 2,
    }
}

/// An export of one vendor with two orders.
fn written() -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), &header()).unwrap();
    writer.vendor(&acme()).unwrap();
    writer.order(&kept("A-1")).unwrap();
    writer.order(&kept("A-2")).unwrap();
    writer.end().unwrap().0
}

/// All that is read, and how it ends.
fn read(bytes: &[u8]) -> Result<(Vec<Item>, Result<(), Flaw>), NoExport> {
    let mut reader = Reader::new(bytes)?;
    let mut items = Vec::new();
    loop {
        match reader.next_item()? {
            Item::End(end) => return Ok((items, end)),
            item => items.push(item),
        }
    }
}

fn refusals(items: &[Item]) -> Vec<&str> {
    let refused = items.iter().filter_map(|item| match item {
        Item::Refused(why) => Some(why.as_str()),
        _ => None,
    });
    refused.collect()
}

#[test]
fn what_is_written_is_read() {
    let bytes = written();
    let mut reader = Reader::new(&bytes[..]).unwrap();
    assert_eq!(*reader.header(), header());
    assert!(matches!(reader.next_item().unwrap(), Item::Vendor(vendor) if vendor == acme()));
    for number in ["A-1", "A-2"] {
        match reader.next_item().unwrap() {
            Item::Order { kept: read, .. } => assert_eq!(*read, kept(number)),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(reader.next_item().unwrap(), Item::End(Ok(()))));
    let counts = Counts {
        vendors: 1,
        orders: 2,
        history: 2,
    };
    assert_eq!(reader.counts(), counts);
}

#[test]
fn wherever_it_is_cut_it_is_noticed_and_what_was_whole_is_read() {
    let bytes = written();
    let lines = |upto: usize| bytes[..upto].iter().filter(|byte| **byte == b'\n').count();
    for cut in 0..bytes.len() - 1 {
        match read(&bytes[..cut]) {
            Err(NoExport::Empty) => assert_eq!(cut, 0),
            Err(NoExport::Other(_)) => assert_eq!(lines(cut), 0, "cut at {cut}"),
            Err(other) => panic!("{other}"),
            Ok((items, end)) => {
                // The header is no item. It may lack nothing but its line's end.
                let whole = lines(cut).max(1);
                assert_eq!(end, Err(Flaw::Cut(whole as u64)), "cut at {cut}");
                assert_eq!(items.len(), whole - 1, "cut at {cut}");
                assert!(refusals(&items).is_empty(), "cut at {cut}");
            }
        }
    }
    // The last line's end alone tells nothing.
    let (_, end) = read(&bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(end, Ok(()));
}

#[test]
fn whichever_byte_is_changed_it_is_noticed() {
    let bytes = written();
    for at in 0..bytes.len() - 1 {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        if let Ok((items, end)) = read(&changed) {
            let noticed = end.is_err() || !refusals(&items).is_empty();
            assert!(noticed, "a change of byte {at} was not noticed");
        }
    }
}

#[test]
fn what_goes_on_after_the_end_is_noticed() {
    let twice = [written(), written()].concat();
    let (items, end) = read(&twice).unwrap();
    assert_eq!((items.len(), end), (3, Err(Flaw::MoreFollows(6))));
}

#[test]
fn lines_that_are_missing_are_noticed() {
    let text = String::from_utf8(written()).unwrap();
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let without = [lines[0], lines[1], lines[3], lines[4]].concat();
    let (_, end) = read(without.as_bytes()).unwrap();
    assert!(matches!(end, Err(Flaw::Counts { .. })), "{end:?}");
    let turned = [lines[0], lines[1], lines[3], lines[2], lines[4]].concat();
    let (_, end) = read(turned.as_bytes()).unwrap();
    assert_eq!(end, Err(Flaw::Digest));
}

#[test]
fn what_is_no_export_is_known_by_its_first_line() {
    let table = [
        ("", "the input is empty"),
        ("[{\"order_number\": \"A-1\"}]\n", "--vendor"),
        ("\u{1b}[2J\n", "first line is not the header"),
        (
            "{\"format\":\"\\u001b[2Jx\",\"version\":1}\n",
            "its format is `x`",
        ),
        (
            "{\"format\":\"ordertop-export\",\"version\":0}\n",
            "no export",
        ),
        (
            "{\"format\":\"ordertop-export\",\"version\":3,\"new\":[]}\n",
            "format version 3",
        ),
    ];
    for (text, said) in table {
        let error = read(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(said), "{text:?}: {error}");
        assert!(!error.contains('\u{1b}'), "{error:?}");
    }
    // What has no lines is not read to its end.
    let endless = std::io::BufReader::new(std::io::repeat(b'x'));
    assert!(matches!(Reader::new(endless), Err(NoExport::Other(_))));
}

#[test]
fn an_order_that_no_store_holds_is_refused_with_its_field() {
    let long = "x".repeat(201);
    let table: &[(&str, Value, &str)] = &[
        ("/order/id", json!(0), "order.id"),
        ("/order/id", json!(1_u64 << 53), "order.id"),
        ("/order/id", json!("7"), "order.id"),
        ("/order/vendor_id", json!("4/2"), "order.vendor_id"),
        ("/order/vendor_id", json!("7"), "names the vendor 7"),
        ("/order/number", json!("A\u{1b}[2J"), "order.number"),
        ("/order/state/version", json!(0), "order.state.version"),
        ("/order/state/version", json!(2), "ends with version 1"),
        (
            "/order/state/status",
            json!("\u{1b}[2JGone"),
            "order.state.status",
        ),
        ("/order/state/status_by/id", json!(long), "status_by.id"),
        (
            "/order/state/prior",
            json!(vec!["Paid"; 17]),
            "order.state.prior",
        ),
        (
            "/order/content/buyer/name",
            json!("\u{1b}[2J"),
            "order.content.buyer.name",
        ),
        (
            "/order/content/buyer/name",
            json!(long),
            "order.content.buyer.name",
        ),
        (
            "/order/content/buyer_note",
            json!("a\nb"),
            "order.content.buyer_note",
        ),
        (
            "/order/content/lines/0/title",
            json!("pay\u{202e}cod"),
            "order.content.lines[0].title",
        ),
        (
            "/order/content/lines/0/qty",
            json!(-1),
            "order.content.lines[0].qty",
        ),
        (
            "/order/content/currency",
            json!("€"),
            "order.content.currency",
        ),
        (
            "/order/content/placed_at",
            json!("yesterday"),
            "order.content.placed_at",
        ),
        ("/history", json!([]), "`history` is empty"),
        ("/history/0/version", json!(0), "history[0].version"),
        ("/history/0/actor/id", json!("\u{7}"), "history[0].actor.id"),
        (
            "/history/0/reason",
            json!("x".repeat(2_001)),
            "history[0].reason",
        ),
        (
            "/history/0/request_id",
            json!("\u{9b}2J"),
            "history[0].request_id",
        ),
        ("/history/0/action", json!(" "), "history[0].action"),
    ];
    for (pointer, value, said) in table {
        let mut line = serde_json::to_value(kept("A-1")).unwrap();
        match line.pointer_mut(pointer) {
            Some(field) => *field = value.clone(),
            // A field that is left out while it is empty.
            None => {
                let (parent, name) = pointer.rsplit_once('/').unwrap();
                line.pointer_mut(parent).unwrap()[name] = value.clone();
            }
        }
        assert_refused(&line.to_string(), said);
    }
    let mut without = serde_json::to_value(kept("A-1")).unwrap();
    without.as_object_mut().unwrap().remove("history");
    assert_refused(&without.to_string(), "no order with its history");
    let mut lines = serde_json::to_value(kept("A-1")).unwrap();
    let one = lines["order"]["content"]["lines"][0].clone();
    lines["order"]["content"]["lines"] = json!(vec![one; 5_001]);
    assert_refused(&lines.to_string(), "at most 5000 lines");
    assert_refused("{}", "no vendor, no order");
    assert_refused("{\"new\":1}", "new");
    assert_refused("\u{1b}]0;owned\u{7}", "at column 1");
    assert_refused(
        "{\"vendor\":{\"id\":\"7\",\"name\":\"\\u001b[2J\"}}",
        "vendor.name",
    );
}

/// The pointers of all objects in a value.
fn objects(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.push(pointer.to_owned());
            for (name, value) in fields {
                objects(value, &format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(values) => {
            for (n, value) in values.iter().enumerate() {
                objects(value, &format!("{pointer}/{n}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn a_field_that_is_not_known_is_refused_by_name_wherever_it_stands() {
    let page = include_str!("../../../docs/EXPORT.md");
    let lines = page
        .lines()
        .filter(|line| line.starts_with("{\"order\"") || line.starts_with("{\"vendor\""));
    let whole = serde_json::to_string(&kept("A-1")).unwrap();
    let (mut seen, mut deepest) = (0, 0);
    for line in lines.chain([whole.as_str()]) {
        let line: Value = serde_json::from_str(line).unwrap();
        let mut found = Vec::new();
        objects(&line, "", &mut found);
        for pointer in found {
            let mut changed = line.clone();
            let object = changed.pointer_mut(&pointer).unwrap();
            object["surprise"] = json!({"a": 1});
            assert_refused(&changed.to_string(), "surprise");
            seen += 1;
            deepest = deepest.max(pointer.split('/').count());
        }
    }
    assert!(seen > 15 && deepest > 4, "{seen} objects, {deepest} deep");
    let mut line = serde_json::to_value(kept("A-1")).unwrap();
    line["order"]["state"]["surprise"] = json!(true);
    assert_refused(
        &line.to_string(),
        "`order.state.surprise` is no field that this ordertop-server knows",
    );
}

/// The line alone is refused: the order after it is read.
#[track_caller]
fn assert_refused(line: &str, said: &str) {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes, &header()).unwrap();
    writer.vendor(&acme()).unwrap();
    bytes.extend_from_slice(line.as_bytes());
    bytes.push(b'\n');
    bytes.extend_from_slice(&serde_json::to_vec(&kept("A-2")).unwrap());
    bytes.push(b'\n');
    let (items, end) = read(&bytes).unwrap();
    assert_eq!(items.len(), 3, "{items:?}");
    match &items[1] {
        Item::Refused(why) => {
            assert!(why.contains(said), "{line:.300}: {why}");
            assert!(!why.chars().any(char::is_control), "{why:?}");
        }
        other => panic!("{line:.300} came as {other:?}"),
    }
    assert!(matches!(items[2], Item::Order { .. }), "{items:?}");
    assert!(matches!(end, Err(Flaw::Cut(_))));
}

#[test]
fn a_line_without_measure_is_passed_over() {
    let text = String::from_utf8(written()).unwrap();
    let longest = text.lines().map(str::len).max().unwrap();
    let (head, rest) = text.split_at(text.find("{\"order\"").unwrap());
    let long = format!(
        "{{\"vendor\":{{\"id\":\"7\",\"name\":\"{}\"}}}}",
        "x".repeat(longest)
    );
    let with = format!("{head}{long}\n{rest}");
    let mut reader = Reader::new(with.as_bytes()).unwrap();
    reader.max_line_bytes = longest + 1;
    assert!(matches!(reader.next_item().unwrap(), Item::Vendor(_)));
    match reader.next_item().unwrap() {
        Item::Refused(why) => assert!(why.contains("longer than"), "{why}"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(reader.next_item().unwrap(), Item::Order { .. }));
    assert!(matches!(reader.next_item().unwrap(), Item::Order { .. }));
    assert!(matches!(
        reader.next_item().unwrap(),
        Item::End(Err(Flaw::Digest))
    ));
}

#[test]
fn the_export_in_the_documentation_reads() {
    let page = include_str!("../../../docs/EXPORT.md");
    let (_, sample) = page.split_once("```json\n").unwrap();
    let (sample, _) = sample.split_once("```").unwrap();
    let (items, end) = read(sample.as_bytes()).unwrap();
    assert!(
        matches!(items[..], [Item::Vendor(_), Item::Order { .. }]),
        "{items:?}"
    );
    // Its digest is left out there; the counts are compared first.
    assert_eq!(end, Err(Flaw::Digest));
}
