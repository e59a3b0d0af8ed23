//! Forms of CSV files, whole and broken.

use super::super::Content;
use super::*;

const MAP: &str = "order_number=No,title=What";

/// Line and JSON of each row, or why it is none.
fn rows(file: &[u8]) -> Vec<(String, String)> {
    let map = ColumnMap::parse(MAP).unwrap();
    let collect = |input: &mut dyn BufRead| {
        let mut rows = match CsvRows::open(input, Some(&map)).unwrap() {
            Ok((rows, _)) => rows,
            Err(why) => return vec![(String::new(), why)],
        };
        let mut all = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let text = match row.content {
                Content::Json(json) => json.get().to_owned(),
                Content::Refused { why, .. } => why,
                Content::Skipped { .. } => panic!("nothing is skipped here"),
            };
            let note = if row.note.is_some() { "!" } else { "" };
            all.push((format!("{}{note}", row.place), text));
        }
        all
    };
    let whole = collect(&mut &file[..]);
    let by_chunks = collect(&mut io::BufReader::with_capacity(512, file));
    assert_eq!(whole, by_chunks);
    whole
}

fn row(place: &str, text: &str) -> (String, String) {
    (place.into(), text.into())
}

#[test]
fn records_of_one_order_are_one_row() {
    let two = vec![
        row(
            ":2",
            r#"{"line 2":{"No":"1","What":"Mug"},"line 3":{"No":"1","What":"Cup"}}"#,
        ),
        row(":4", r#"{"line 4":{"No":"2","What":"Tin, \"old\""}}"#),
    ];
    let table: [(&[u8], Vec<_>); 8] = [
        (
            b"No,What\n1,Mug\n1,Cup\n2,\"Tin, \"\"old\"\"\"\n",
            two.clone(),
        ),
        (
            b"\xef\xbb\xbfNo;What\r\n1;Mug\r\n1;Cup\r\n2;Tin, \"old\"\r\n",
            two.clone(),
        ),
        (b"No\tWhat\n1\tMug\n1\tCup\n2\tTin, \"old\"", two),
        (
            b"sep=|\nNo|What\n1|Mug\n|Cup\n\n||\n",
            vec![row(
                ":3",
                r#"{"line 3":{"No":"1","What":"Mug"},"line 4":{"What":"Cup"}}"#,
            )],
        ),
        (
            b"No,What\n1,T\xe9\n",
            vec![row(":2!", r#"{"line 2":{"No":"1","What":"Té"}}"#)],
        ),
        (
            b"No,What\n1,\"two\nlines\"\n2,\n",
            vec![
                row(":2", r#"{"line 2":{"No":"1","What":"two\nlines"}}"#),
                row(":4", r#"{"line 4":{"No":"2"}}"#),
            ],
        ),
        (b"No,What\n", vec![]),
        (
            b"No,Which\n",
            vec![row(
                "",
                "a CSV file without the columns `What`, which --map names; it has `No`, `Which`",
            )],
        ),
    ];
    for (file, expected) in table {
        assert_eq!(rows(file), expected, "{}", String::from_utf8_lossy(file));
    }
}

#[test]
fn a_bad_record_costs_its_order_alone() {
    let table: [(&[u8], Vec<_>); 3] = [
        (
            b"No,What\n1,Mug,x\n2,Cup,,\n",
            vec![
                row(":2", "line 2 has 3 cells, but the header has 2"),
                row(":3", r#"{"line 3":{"No":"2","What":"Cup"}}"#),
            ],
        ),
        (
            b"No,What\n1,Mug\n2,Cup\n1,Tin\n",
            vec![
                row(":2", r#"{"line 2":{"No":"1","What":"Mug"}}"#),
                row(":3", r#"{"line 3":{"No":"2","What":"Cup"}}"#),
                row(
                    ":4",
                    "an order of this number stands further up: sort the file by its order number, so that what belongs together stands together",
                ),
            ],
        ),
        (b"No,What\n,Mug\n", vec![row(":2", "no order number")]),
    ];
    for (file, expected) in table {
        assert_eq!(rows(file), expected, "{}", String::from_utf8_lossy(file));
    }
    let long = "x".repeat(2 * MAX_ROW_BYTES);
    let read = rows(format!("No,What\n1,{long}\n2,Cup\n").as_bytes());
    assert!(read[0].1.starts_with("longer than"), "{}", &read[0].1[..40]);
    assert_eq!(read[1], row(":3", r#"{"line 3":{"No":"2","What":"Cup"}}"#));
}

proptest::proptest! {
    #[test]
    fn any_bytes_come_to_an_end(file in proptest::collection::vec(
        proptest::sample::select(b",;\t|\"\n\r17ax\xff ".to_vec()), 0..60)) {
        let file = [b"No,What\n".as_slice(), &file].concat();
        proptest::prop_assert!(rows(&file).len() <= file.len());
    }
}
