//! Orders of mapped columns: what is read, left out and said.

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::super::samples::settings;
use super::super::{ColumnMap, Form, Row, RowError, read_row};
use super::*;

/// The cells of a record, each with its column.
type Cells<'a> = &'a [(&'a str, &'a str)];

/// Reads the records of an order, in a file whose header and map are given.
fn row(map: &str, records: &[Cells<'_>]) -> Result<Row, RowError> {
    let map = ColumnMap::parse(map).unwrap();
    let header: Vec<String> = records
        .iter()
        .flat_map(|record| record.iter().map(|(column, _)| (*column).to_owned()))
        .collect();
    let form = Form::of_header(&header, b',', Some(&map)).unwrap();
    let record = |(at, cells): (usize, &Cells<'_>)| {
        let cells = cells
            .iter()
            .map(|(column, cell)| ((*column).to_owned(), json!(cell)));
        (format!("line {}", at + 2), Value::Object(cells.collect()))
    };
    let order = Value::Object(records.iter().enumerate().map(record).collect());
    let order: Box<RawValue> = serde_json::from_str(&order.to_string()).unwrap();
    let euro = Settings {
        currency: Currency::new("EUR").ok(),
        ..settings()
    };
    read_row(&order, &form, &euro)
}

#[test]
fn packed_lines_are_counted_before_they_get_their_ids() {
    let own = (100_000..200_000).map(|id| format!("id:{id}|name:Mug"));
    let items: Vec<String> = own
        .chain((0..100_000).map(|_| "name:Cup".to_owned()))
        .collect();
    let cells = [("No", "1"), ("Items", &*items.join(";"))];
    let error = row("order_number=No,lines.packed=Items", &[&cells]).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("holds 200000 lines: 500 at most"),
        "{error}"
    );
}

/// The order of the records, and the warnings about it.
fn warned(map: &str, records: &[Cells<'_>]) -> (Intake, Vec<String>) {
    match row(map, records) {
        Ok(Row::Order { intake, warnings }) => (*intake, warnings.kept),
        other => panic!("{other:?}"),
    }
}

const MAP: &str =
    "order_number=No,placed_at=Day,paid_at=Paid,title=What,qty=Pieces,unit_price=Price,total=Sum";

#[test]
fn what_cannot_be_read_is_left_out_by_line_column_and_value() {
    let mug = [
        ("No", "1"),
        ("Day", "2026-05-01"),
        ("Paid", ""),
        ("What", "Mug"),
        ("Pieces", "2"),
        ("Price", "5"),
        ("Sum", "10"),
    ];
    let time = "is not a time such as 2026-05-01 10:00 (name another form in the map: date=%d/%m/%Y): left out";
    let taken = "no time of the order can be read: the time of the import is taken";
    let table: [(Cells<'_>, Vec<String>); 4] = [
        (&[], vec![]),
        (
            &[("Day", "31.02.2026")],
            vec![
                format!("`line 2, column Day`: `\"31.02.2026\"` {time}"),
                format!("`line 2, column Day`: {taken}"),
            ],
        ),
        (
            &[("Day", "31.02.2026"), ("Paid", "2026-05-03")],
            vec![format!("`line 2, column Day`: `\"31.02.2026\"` {time}")],
        ),
        (
            &[("Price", "five"), ("Sum", "10")],
            vec![
                "`line 2, column Price`: `\"five\"` is not a decimal number: left out".to_owned(),
                "`line 2, column Sum`: the shop's total is 10.00, but its parts come to 0.00: the total is kept".to_owned(),
            ],
        ),
    ];
    for (changes, expected) in table {
        let mut cells = mug;
        for (column, cell) in &mut cells {
            *cell = changes
                .iter()
                .find(|(of, _)| of == column)
                .map_or(cell, |(_, cell)| cell);
        }
        let (order, warnings) = warned(MAP, &[&cells]);
        assert_eq!(warnings, expected);
        assert_eq!(
            order.undated,
            warnings.iter().any(|words| words.contains(taken))
        );
        if order.undated {
            assert_eq!(order.content.placed_at, settings().now);
        }
    }
    let (order, warnings) = warned(
        "order_number=No,title=What",
        &[&[("No", "1"), ("What", "Mug")]],
    );
    assert!(order.undated);
    assert!(
        warnings.contains(&format!("`placed_at`: {taken}")),
        "{warnings:?}"
    );
}

#[test]
fn what_is_needed_is_refused_by_line_and_column() {
    let table: [(&str, Cells<'_>, &str); 4] = [
        (
            "order_number=No,title=What",
            &[("No", ""), ("What", "Mug")],
            "`line 2, column No` is missing",
        ),
        (
            "order_number=No,title=What",
            &[("No", "1"), ("What", "")],
            "nothing was bought: there is no line in `line 2, column What`, no fee and no total",
        ),
        (
            "order_number=No,sku=Code",
            &[("No", "1"), ("Code", "")],
            "nothing was bought: there is no line in `line 2, column Code`, no fee and no total",
        ),
        (
            "order_number=No,title=What,currency=Money",
            &[("No", "1"), ("What", "Mug"), ("Money", "gold")],
            "`line 2, column Money`: `gold` is not a currency",
        ),
    ];
    for (map, cells, words) in table {
        let error = row(map, &[cells]).unwrap_err().to_string();
        assert!(error.starts_with(words), "{error}");
    }
}

#[test]
fn a_total_is_missed_only_where_a_column_is_mapped_to_it() {
    let cells = [
        ("No", "1"),
        ("Day", "2026-05-01"),
        ("What", "Mug"),
        ("Price", "5"),
        ("Sum", ""),
    ];
    let map = "order_number=No,placed_at=Day,title=What,unit_price=Price";
    for (map, expected) in [
        (map.to_owned(), vec![]),
        (
            format!("{map},total=Sum"),
            vec!["`line 2, column Sum`: missing: 5.00 is what the parts come to"],
        ),
    ] {
        let (order, warnings) = warned(&map, &[&cells]);
        assert_eq!(order.content.totals.total, 500);
        assert_eq!(warnings, expected);
    }
}

#[test]
fn a_number_of_a_packed_item_that_cannot_be_read_is_left_out_by_its_value() {
    let cells = [
        ("No", "1"),
        ("Day", "2026-05-01"),
        (
            "Items",
            "name:Mug|quantity:two|subtotal:9.00;name:Tea|quantity:0.5|subtotal:nine|total:3",
        ),
    ];
    let map = "order_number=No,placed_at=Day,lines.packed=Items";
    let (order, warnings) = warned(map, &[&cells]);
    let lines: Vec<(String, i64)> = order
        .content
        .lines
        .iter()
        .map(|line| (line.qty.to_string(), line.total))
        .collect();
    assert_eq!(lines, [("1".to_owned(), 900), ("0.5".to_owned(), 300)]);
    assert_eq!(
        warnings,
        [
            "`line 2, column Items`: `two` is not a number: 1 is taken for it",
            "`line 2, column Items`: `nine` is not a number: left out",
        ]
    );
}
