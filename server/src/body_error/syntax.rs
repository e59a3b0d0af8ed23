//! What is wrong with a text that is not JSON, in words for its sender.

/// Why a body does not read as JSON, and where.
#[must_use]
pub(crate) fn of_body(bytes: &[u8], error: &serde_json::Error) -> String {
    if bytes.trim_ascii().is_empty() {
        return "the body is empty: JSON is needed".to_owned();
    }
    // JSON begins with an ASCII character, of which UTF-16 has a zero byte.
    if matches!(
        bytes,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, ..] | [_, 0, ..]
    ) {
        return "the body is UTF-16: send UTF-8".to_owned();
    }
    if std::str::from_utf8(bytes).is_err() {
        return "the body is not UTF-8: send UTF-8".to_owned();
    }
    let (line, column) = (error.line(), error.column());
    let words = of(error);
    format!("the body is not JSON: {words} (line {line}, column {column})")
}

/// Why a text does not read as JSON, without the place.
#[must_use]
pub(crate) fn of(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    let words = MESSAGES.iter().find(|(message, _)| *message == text);
    words
        .map_or("no JSON can go on like this", |(_, words)| words)
        .to_owned()
}

/// serde_json's messages for a wrong syntax: `ErrorCode` in its `error.rs`.
const MESSAGES: &[(&str, &str)] = &[
    (
        "EOF while parsing a list",
        "it ends inside a list, as if cut off",
    ),
    (
        "EOF while parsing an object",
        "it ends inside an object, as if cut off",
    ),
    (
        "EOF while parsing a string",
        "it ends inside a text, as if cut off",
    ),
    (
        "EOF while parsing a value",
        "it ends where a value is needed, as if cut off",
    ),
    ("expected `:`", "a `:` is needed here"),
    ("expected `,` or `]`", "a `,` or a `]` is needed here"),
    ("expected `,` or `}`", "a `,` or a `}` is needed here"),
    (
        "expected ident",
        "a word that is neither true, false nor null: texts need quotes",
    ),
    ("expected value", "a value is needed here"),
    ("expected `\"`", "a text in quotes is needed here"),
    (
        "key must be a string",
        "the name of a field is needed here, in quotes",
    ),
    ("trailing comma", "a comma too many"),
    ("trailing characters", "more text follows its end"),
    (
        "invalid escape",
        "this is no escape: a backslash is written as `\\\\`",
    ),
    ("invalid number", "this is no number"),
    (
        "control character (\\u0000-\\u001F) found while parsing a string",
        "a control character in a text: a line break is written as `\\n`",
    ),
    (
        "recursion limit exceeded",
        "it is nested more than 128 deep",
    ),
    ("number out of range", OUT_OF_RANGE),
    ("invalid unicode code point", NOT_UNICODE),
    ("lone leading surrogate in hex escape", NOT_UNICODE),
    ("unexpected end of hex escape", NOT_UNICODE),
];

const OUT_OF_RANGE: &str = "this number is too large";
const NOT_UNICODE: &str = "a text that is not valid Unicode";

/// Whether the words of serde_json's are of a value that is JSON and that nothing can hold.
pub(super) fn of_value(message: &str) -> Option<&'static str> {
    let words = MESSAGES.iter().find(|(known, _)| *known == message)?.1;
    match words {
        OUT_OF_RANGE => Some("a number that is too large"),
        NOT_UNICODE => Some(NOT_UNICODE),
        _ if message == "recursion limit exceeded" => Some("nested more than 128 deep"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use ordertop::protocol::rest::NewNote;

    use crate::reply::ApiError;
    use crate::request::parse_object;

    fn said(body: &[u8]) -> String {
        let error = parse_object::<NewNote>(body).map(|_| ()).unwrap_err();
        match error {
            ApiError::BadRequest { error, .. } => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_broken_body_is_told_in_plain_words() {
        let table: [(&[u8], &str); 22] = [
            (b"", "the body is empty: JSON is needed"),
            (b" \n", "the body is empty: JSON is needed"),
            (
                b"{",
                "the body is not JSON: it ends inside an object, as if cut off (line 1, column 1)",
            ),
            (
                b"{\"text\":\"a",
                "the body is not JSON: it ends inside a text, as if cut off (line 1, column 10)",
            ),
            (
                b"{\"text\":",
                "the body is not JSON: it ends where a value is needed, as if cut off (line 1, column 8)",
            ),
            (
                b"{\"text\":\n }",
                "the body is not JSON: a value is needed here (line 2, column 2)",
            ),
            (
                b"{\"text\" \"a\"}",
                "the body is not JSON: a `:` is needed here (line 1, column 9)",
            ),
            (
                b"{\"text\":\"a\" 1}",
                "the body is not JSON: a `,` or a `}` is needed here (line 1, column 13)",
            ),
            (
                b"{\"text\":nope}",
                "the body is not JSON: a word that is neither true, false nor null: texts need quotes (line 1, column 10)",
            ),
            (
                b"{text:1}",
                "the body is not JSON: the name of a field is needed here, in quotes (line 1, column 2)",
            ),
            (
                b"{\"text\":\"a\",}",
                "the body is not JSON: the name of a field is needed here, in quotes (line 1, column 13)",
            ),
            (
                b"{\"text\":\"a\"} x",
                "the body is not JSON: more text follows its end (line 1, column 14)",
            ),
            (
                b"{\"text\":\"\\q\"}",
                "the body is not JSON: this is no escape: a backslash is written as `\\\\` (line 1, column 11)",
            ),
            (
                b"{\"text\":\"a\nb\"}",
                "the body is not JSON: a control character in a text: a line break is written as `\\n` (line 1, column 10)",
            ),
            (
                b"{\"text\":01}",
                "the body is not JSON: this is no number (line 1, column 10)",
            ),
            (
                b"{\"text\":\"\\ud800\"}",
                "`text` is a text that is not valid Unicode",
            ),
            (b"{\"text\":1e999}", "`text` is a number that is too large"),
            (
                b"{\"text\":\"\xff\"}",
                "`text` is a text that is not valid Unicode",
            ),
            (b"{\"text\":\xff}", "the body is not UTF-8: send UTF-8"),
            (b"\xff\xfe{\0}\0", "the body is UTF-16: send UTF-8"),
            (b"{\0}\0", "the body is UTF-16: send UTF-8"),
            (b"[{}]", "this is a list: an object is needed"),
        ];
        for (body, expected) in table {
            assert_eq!(said(body), expected, "{}", String::from_utf8_lossy(body));
        }
        assert!(parse_object::<NewNote>(b"\xef\xbb\xbf{\"text\":\"a\"}").is_ok());
    }

    #[test]
    fn a_broken_body_is_never_told_in_words_of_a_library() {
        let whole = br#"{"text": "caf\u00e9 \ud83d\ude00 \"x\"", "visibility": "vendor"} "#;
        for at in 0..whole.len() {
            let mut bodies = vec![whole[..at].to_vec()];
            for odd in [
                b'{', b'}', b'[', b',', b':', b'"', b'\\', b'0', b'.', b'-', b'x', 0, b'\n', 0xff,
            ] {
                let mut changed = whole.to_vec();
                changed[at] = odd;
                bodies.push(changed);
                let mut inserted = whole.to_vec();
                inserted.insert(at, odd);
                bodies.push(inserted);
            }
            for body in bodies {
                let Err(error) = parse_object::<NewNote>(&body) else {
                    continue;
                };
                let words = format!("{error:?}");
                for library in [
                    "EOF",
                    "expected",
                    "ident",
                    "surrogate",
                    "hex escape",
                    "code point",
                    "parsing",
                    "like this",
                ] {
                    assert!(
                        !words.contains(library),
                        "{words}: {}",
                        String::from_utf8_lossy(&body)
                    );
                }
            }
        }
    }
}
