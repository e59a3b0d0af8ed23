//! Forms of JSON files, whole and broken.

use super::super::Content;
use super::*;

/// The rows as text; a byte at a time is the hardest way to read them.
fn rows(file: &[u8]) -> Vec<(String, Result<String, String>)> {
    let collect = |input: &mut dyn BufRead| {
        let mut rows = JsonRows::new(input);
        let mut all = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            let json = match row.content {
                Content::Json(json) => Ok(json.get().to_owned()),
                Content::Refused { why, .. } => Err(why),
                Content::Skipped { .. } => panic!("nothing is skipped here"),
            };
            all.push((row.place.to_string(), json));
        }
        all
    };
    let whole = collect(&mut &file[..]);
    let by_bytes = collect(&mut io::BufReader::with_capacity(1, file));
    assert_eq!(whole, by_bytes);
    whole
}

fn good(place: &str, json: &str) -> (String, Result<String, String>) {
    (place.into(), Ok(json.into()))
}

fn bad(place: &str, why: &str) -> (String, Result<String, String>) {
    (place.into(), Err(why.into()))
}

#[test]
fn each_form_of_file_is_known() {
    let table: [(&str, Vec<_>); 19] = [
        ("", vec![]),
        (" \n\n", vec![]),
        ("{}", vec![good(":1", "{}")]),
        ("\u{feff}\n{}\n", vec![good(":2", "{}")]),
        (
            "{\"a\":1}\n\n{\"b\":2}",
            vec![good(":1", "{\"a\":1}"), good(":3", "{\"b\":2}")],
        ),
        ("{}\r\n{}\r\n", vec![good(":1", "{}"), good(":2", "{}")]),
        ("{\n \"a\":\n 1}\n", vec![good("", "{\n \"a\":\n 1}")]),
        ("[]", vec![]),
        (
            " [ {\"a\":[1,2]} ,\n{\"b\":\"],[\\\"\"}\n]\n",
            vec![
                good("[0]", "{\"a\":[1,2]}"),
                good("[1]", "{\"b\":\"],[\\\"\"}"),
            ],
        ),
        ("7\n", vec![good(":1", "7")]),
        // `jq '.orders[]'`
        (
            "{\n  \"a\": 1\n}\n{\n  \"b\": {\n    \"c\": [\n      2\n    ]\n  }\n}\n",
            vec![
                good(":1", "{\n  \"a\": 1\n}"),
                good(":4", "{\n  \"b\": {\n    \"c\": [\n      2\n    ]\n  }\n}"),
            ],
        ),
        // Files put together, without a line's end between them.
        (
            "{\"a\":1}{\"b\":2} {}",
            vec![
                good(":1", "{\"a\":1}"),
                good(":1", "{\"b\":2}"),
                good(":1", "{}"),
            ],
        ),
        (
            "[{\"a\":1}][{\"b\":2}]",
            vec![good("[0]", "{\"a\":1}"), good("[1]", "{\"b\":2}")],
        ),
        ("[{}] {}", vec![good("[0]", "{}"), good(":1", "{}")]),
        (
            "\u{1e}{}\n\u{1e}{}\n",
            vec![good(":1", "{}"), good(":2", "{}")],
        ),
        // Lists with an object around them.
        (
            "{\"orders\":[{\"a\":1},{\"b\":2}]}",
            vec![good("[0]", "{\"a\":1}"), good("[1]", "{\"b\":2}")],
        ),
        (
            "{\"count\": 2, \"x\": {\"orders\": [7]},\n \"results\": [\n{}\n], \"next\": \"]\"}\n{\"orders\":[]}\n{}",
            vec![good("[0]", "{}"), good(":6", "{}")],
        ),
        ("{\"orders\":{}}", vec![good(":1", "{\"orders\":{}}")]),
        (
            "{\"a\":\"orders\",\"b\":[1]}",
            vec![good(":1", "{\"a\":\"orders\",\"b\":[1]}")],
        ),
    ];
    for (file, expected) in table {
        assert_eq!(rows(file.as_bytes()), expected, "{file:?}");
    }
}

#[test]
fn a_broken_row_costs_itself_alone() {
    let table: [(&str, Vec<_>); 9] = [
        (
            "{\"a\"\n{}\n",
            vec![
                bad(
                    ":1",
                    "not JSON: it ends inside an object, as if cut off (column 4)",
                ),
                good(":2", "{}"),
            ],
        ),
        (
            "{}\n{\"a\":{\"b\":1}\n{}\n",
            vec![
                good(":1", "{}"),
                bad(
                    ":2",
                    "not JSON: it ends inside an object, as if cut off (column 12)",
                ),
                good(":3", "{}"),
            ],
        ),
        (
            "{}\nnonsense\n{}",
            vec![
                good(":1", "{}"),
                bad(
                    ":2",
                    "not JSON: a word that is neither true, false nor null: texts need quotes (column 2)",
                ),
                good(":3", "{}"),
            ],
        ),
        (
            "[{},{\"a\"},{}]",
            vec![
                good("[0]", "{}"),
                bad("[1]", "not JSON: a `:` is needed here"),
                good("[2]", "{}"),
            ],
        ),
        (
            "[{},]",
            vec![
                good("[0]", "{}"),
                bad("[1]", "nothing stands here: a comma too many"),
            ],
        ),
        (
            "[{},{\"a\":",
            vec![
                good("[0]", "{}"),
                bad("[1]", "the file ends inside its list: it was cut off"),
            ],
        ),
        (
            "[{}",
            vec![
                good("[0]", "{}"),
                bad("[1]", "the file ends inside its list: it was cut off"),
            ],
        ),
        (
            "{\"orders\":[{}",
            vec![
                good("[0]", "{}"),
                bad("[1]", "the file ends inside its list: it was cut off"),
            ],
        ),
        (
            "{\"a\":\"x\n{}\n",
            vec![
                bad(
                    ":1",
                    "not JSON: it ends inside a text, as if cut off (column 7)",
                ),
                good(":2", "{}"),
            ],
        ),
    ];
    for (file, expected) in table {
        assert_eq!(rows(file.as_bytes()), expected, "{file:?}");
    }
    assert_eq!(
        rows(b"{\n\"a\": }"),
        [bad(
            "",
            "not JSON: a value is needed here (line 2, column 6)"
        )]
    );
    assert_eq!(
        rows(b"{\"\xff\"}")[0].1,
        Err("not UTF-8: save it as UTF-8".into())
    );
}

#[test]
fn a_row_that_is_too_long_is_skipped() {
    let long = "x".repeat(MAX_ROW_BYTES);
    for file in [
        format!("{{}}\n{{\"a\":\"{long}\"}}\n{{}}"),
        format!("[{{}},\"{long}\",{{}}]"),
    ] {
        let mut rows = JsonRows::new(file.as_bytes());
        let mut next = || rows.next().unwrap().unwrap().content;
        assert!(matches!(next(), Content::Json(_)));
        let Content::Refused { why, .. } = next() else {
            panic!("too long to be read");
        };
        assert!(why.starts_with("longer than"), "{why}");
        assert!(matches!(next(), Content::Json(_)));
    }
}

#[test]
fn an_object_of_a_million_lines_is_read_in_one_pass() {
    let blank = "\n".repeat(MAX_ROW_BYTES / 2);
    for first in [
        "{".to_owned(),
        format!("{{{}", " ".repeat(MAX_ROW_BYTES / 4)),
    ] {
        let file = format!("{first}{blank}}}{{}}");
        let mut rows = JsonRows::new(file.as_bytes());
        for _ in 0..2 {
            assert!(matches!(
                rows.next().unwrap().unwrap().content,
                Content::Json(_)
            ));
        }
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_come_to_an_end(file in proptest::collection::vec(
        proptest::sample::select(b"[]{},:\"\\ \n17ax\xff".to_vec()), 0..60)) {
        proptest::prop_assert!(rows(&file).len() <= file.len() + 2);
    }
}
