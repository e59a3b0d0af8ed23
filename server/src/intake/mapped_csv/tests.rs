//! Orders of mapped columns: what is read, left out and said.

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::super::samples::settings;
use super::super::{ColumnMap, Form, Row, RowError, read_row};
use super::*;

/// Reads the records of an order, in a file whose header and map are given.
fn row(map: &str, records: &[&[(&str, &str)]]) -> Result<Row, RowError> {
    let map = ColumnMap::parse(map).unwrap();
    let header: Vec<String> = records
        .iter()
        .flat_map(|record| record.iter().map(|(column, _)| (*column).to_owned()))
        .collect();
    let form = Form::of_header(&header, b',', Some(&map)).unwrap();
    let record = |(at, cells): (usize, &&[(&str, &str)])| {
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
