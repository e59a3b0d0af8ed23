//! The rows of a file: the elements of a JSON array, the lines of a JSON-lines
//! file, or the one body that the file is.
//!
//! The file is read as a stream; what is held is one row, at most
//! [`MAX_ROW_BYTES`]. A row that is no JSON costs that row alone: the next line
//! or the next element is found all the same.

use std::fmt;
use std::io::{self, BufRead};

use serde_json::value::RawValue;

/// Longest row, in bytes: as much as a shop may send at once.
pub(super) const MAX_ROW_BYTES: usize = 2 * 1024 * 1024;

/// Where a row stands in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// The file is the row.
    Whole,
    /// A line, from 1.
    Line(u64),
    /// An element of the file's list, from 0.
    Index(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Line(line) => write!(f, ":{line}"),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// A row, or why it is none.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) place: Place,
    pub(super) json: Result<Box<RawValue>, String>,
}

/// Reads the rows of one file.
pub(super) struct Rows<R> {
    input: R,
    form: Form,
    /// The line that is read next, from 1.
    line: u64,
}

/// What the file turned out to be.
enum Form {
    Unknown,
    /// JSON lines; perhaps one that was read ahead.
    Lines(Option<Piece>),
    /// An array; the index of the element that is read next.
    Array(u64),
    /// An array whose end is missing.
    CutArray(u64),
    /// An array whose end was read.
    AfterArray(u64),
    End,
}

/// Bytes up to a boundary.
struct Piece {
    bytes: Vec<u8>,
    /// More than [`MAX_ROW_BYTES`]: the rest was skipped.
    too_long: bool,
    end: Boundary,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Boundary {
    /// A line's end or a comma: more may follow.
    Next,
    /// The array's end.
    ArrayEnd,
    /// The file's end.
    FileEnd,
}

impl Piece {
    fn new() -> Self {
        Self {
            bytes: Vec::new(),
            too_long: false,
            end: Boundary::FileEnd,
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        let room = MAX_ROW_BYTES - self.bytes.len();
        if bytes.len() > room {
            self.too_long = true;
        }
        self.bytes
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn is_blank(&self) -> bool {
        self.bytes.trim_ascii().is_empty()
    }

    fn begins_object(&self) -> bool {
        self.bytes.trim_ascii_start().starts_with(b"{")
    }

    fn json(&self, place: Place) -> Result<Box<RawValue>, String> {
        if self.too_long {
            return Err(format!("longer than {MAX_ROW_BYTES} bytes: no order is"));
        }
        let text = std::str::from_utf8(&self.bytes).map_err(|_| "not UTF-8: save it as UTF-8")?;
        serde_json::from_str(text).map_err(|error| {
            // In one row of many the line is said already.
            let words = error.to_string();
            let cut = words.rfind(" at line ").unwrap_or(words.len());
            let (words, column) = (&words[..cut], error.column());
            match place {
                Place::Whole => {
                    format!("not JSON: {words} at line {} column {column}", error.line())
                }
                Place::Line(_) => format!("not JSON: {words} at column {column}"),
                Place::Index(_) => format!("not JSON: {words}"),
            }
        })
    }
}

impl<R: BufRead> Rows<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            form: Form::Unknown,
            line: 1,
        }
    }

    /// The next row.
    pub(super) fn next(&mut self) -> io::Result<Option<Row>> {
        loop {
            match std::mem::replace(&mut self.form, Form::End) {
                Form::End => return Ok(None),
                Form::Unknown => {
                    if let Some(row) = self.begin()? {
                        return Ok(Some(row));
                    }
                }
                Form::Lines(ahead) => {
                    let place = Place::Line(self.line);
                    let piece = match ahead {
                        Some(piece) => piece,
                        None => self.piece_of_line()?,
                    };
                    self.line += 1;
                    if piece.end != Boundary::FileEnd {
                        self.form = Form::Lines(None);
                    }
                    if !piece.is_blank() {
                        let json = piece.json(place);
                        return Ok(Some(Row { place, json }));
                    }
                }
                Form::Array(index) => {
                    if let Some(row) = self.element(index)? {
                        return Ok(Some(row));
                    }
                }
                Form::CutArray(index) => return Ok(Some(cut_off(index))),
                Form::AfterArray(index) => {
                    if self.skip_blank()?.is_some() {
                        let json = Err("something follows the list's end".into());
                        let place = Place::Index(index);
                        return Ok(Some(Row { place, json }));
                    }
                }
            }
        }
    }

    /// Finds out what the file is; a row when that took reading one.
    fn begin(&mut self) -> io::Result<Option<Row>> {
        self.skip_byte_order_mark()?;
        match self.skip_blank()? {
            None => return Ok(None),
            Some(b'[') => {
                self.input.consume(1);
                self.form = Form::Array(0);
                return Ok(None);
            }
            Some(_) => {}
        }
        let place = Place::Line(self.line);
        let mut first = self.piece_of_line()?;
        let json = first.json(place);
        if first.end == Boundary::FileEnd {
            return Ok(Some(Row { place, json }));
        }
        if json.is_ok() || first.too_long {
            self.line += 1;
            self.form = Form::Lines(None);
            return Ok(Some(Row { place, json }));
        }
        // Either a body over many lines, or JSON lines whose first is broken.
        let second = self.piece_of_line()?;
        if second.begins_object() {
            self.line += 1;
            self.form = Form::Lines(Some(second));
            return Ok(Some(Row { place, json }));
        }
        let mut next = Some(second);
        while let Some(piece) = next.take() {
            first.push(b"\n");
            first.push(&piece.bytes);
            first.too_long |= piece.too_long;
            if piece.end != Boundary::FileEnd {
                next = Some(self.piece_of_line()?);
            }
        }
        let place = Place::Whole;
        let json = first.json(place);
        Ok(Some(Row { place, json }))
    }

    fn element(&mut self, index: u64) -> io::Result<Option<Row>> {
        let place = Place::Index(index);
        let piece = self.piece_of_array()?;
        self.form = match piece.end {
            Boundary::Next => Form::Array(index + 1),
            Boundary::ArrayEnd => Form::AfterArray(index + 1),
            Boundary::FileEnd => Form::CutArray(index + 1),
        };
        let json = match (piece.is_blank(), piece.end) {
            // `[]`, which is a list of nothing.
            (true, Boundary::ArrayEnd) if index == 0 => return Ok(None),
            (true, Boundary::FileEnd) => {
                self.form = Form::End;
                return Ok(Some(cut_off(index)));
            }
            (true, _) => Err("nothing stands here: a comma too many".into()),
            (false, end) => {
                let json = piece.json(place);
                if json.is_err() && end == Boundary::FileEnd {
                    self.form = Form::End;
                    return Ok(Some(cut_off(index)));
                }
                json
            }
        };
        Ok(Some(Row { place, json }))
    }

    /// Reads to the end of the line.
    fn piece_of_line(&mut self) -> io::Result<Piece> {
        self.piece(|byte| (byte == b'\n').then_some(Boundary::Next))
    }

    /// Reads to the end of the array's element: a comma or the closing bracket
    /// that is neither in a text nor in a value of its own.
    fn piece_of_array(&mut self) -> io::Result<Piece> {
        let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
        self.piece(move |byte| {
            if in_text {
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' => escaped = true,
                    b'"' => in_text = false,
                    _ => {}
                }
                return None;
            }
            match byte {
                b'"' => in_text = true,
                b'[' | b'{' => depth += 1,
                b']' if depth == 0 => return Some(Boundary::ArrayEnd),
                b']' | b'}' => depth = depth.saturating_sub(1),
                b',' if depth == 0 => return Some(Boundary::Next),
                _ => {}
            }
            None
        })
    }

    /// Reads to the byte that `boundary` names, which is left out.
    fn piece(&mut self, mut boundary: impl FnMut(u8) -> Option<Boundary>) -> io::Result<Piece> {
        let mut piece = Piece::new();
        loop {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                return Ok(piece);
            }
            let found = chunk
                .iter()
                .enumerate()
                .find_map(|(at, byte)| Some((at, boundary(*byte)?)));
            match found {
                Some((at, end)) => {
                    piece.push(&chunk[..at]);
                    piece.end = end;
                    self.input.consume(at + 1);
                    return Ok(piece);
                }
                None => {
                    let all = chunk.len();
                    piece.push(chunk);
                    self.input.consume(all);
                }
            }
        }
    }

    /// Skips blanks; the byte after them, which stays to be read.
    fn skip_blank(&mut self) -> io::Result<Option<u8>> {
        loop {
            let Some(byte) = self.input.fill_buf()?.first().copied() else {
                return Ok(None);
            };
            if !byte.is_ascii_whitespace() {
                return Ok(Some(byte));
            }
            self.line += u64::from(byte == b'\n');
            self.input.consume(1);
        }
    }

    /// Windows programs begin UTF-8 with one.
    fn skip_byte_order_mark(&mut self) -> io::Result<()> {
        for byte in [0xef, 0xbb, 0xbf] {
            if self.input.fill_buf()?.first() != Some(&byte) {
                break;
            }
            self.input.consume(1);
        }
        Ok(())
    }
}

fn cut_off(index: u64) -> Row {
    Row {
        place: Place::Index(index),
        json: Err("the file ends inside its list: it was cut off".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows as text; a byte at a time is the hardest way to read them.
    fn rows(file: &[u8]) -> Vec<(String, Result<String, String>)> {
        let collect = |input: &mut dyn BufRead| {
            let mut rows = Rows::new(input);
            let mut all = Vec::new();
            while let Some(row) = rows.next().unwrap() {
                all.push((
                    row.place.to_string(),
                    row.json.map(|json| json.get().to_owned()),
                ));
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
        let table: [(&str, Vec<_>); 10] = [
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
        ];
        for (file, expected) in table {
            assert_eq!(rows(file.as_bytes()), expected, "{file:?}");
        }
    }

    #[test]
    fn a_broken_row_costs_itself_alone() {
        let table: [(&str, Vec<_>); 7] = [
            (
                "{\"a\"\n{}\n",
                vec![
                    bad(":1", "not JSON: EOF while parsing an object at column 4"),
                    good(":2", "{}"),
                ],
            ),
            (
                "{}\nnonsense\n{}",
                vec![
                    good(":1", "{}"),
                    bad(":2", "not JSON: expected ident at column 2"),
                    good(":3", "{}"),
                ],
            ),
            (
                "[{},{\"a\"},{}]",
                vec![
                    good("[0]", "{}"),
                    bad("[1]", "not JSON: expected `:`"),
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
                "[{}] {}",
                vec![
                    good("[0]", "{}"),
                    bad("[1]", "something follows the list's end"),
                ],
            ),
        ];
        for (file, expected) in table {
            assert_eq!(rows(file.as_bytes()), expected, "{file:?}");
        }
        assert_eq!(
            rows(b"{\n\"a\": }"),
            [bad("", "not JSON: expected value at line 2 column 6")]
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
            format!("{{}}\n\"{long}\"\n{{}}"),
            format!("[{{}},\"{long}\",{{}}]"),
        ] {
            let mut rows = Rows::new(file.as_bytes());
            let mut next = || rows.next().unwrap().unwrap().json;
            assert!(next().is_ok());
            assert!(next().unwrap_err().starts_with("longer than"));
            assert!(next().is_ok());
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_come_to_an_end(file in proptest::collection::vec(
            proptest::sample::select(b"[]{},:\"\\ \n17ax\xff".to_vec()), 0..60)) {
            proptest::prop_assert!(rows(&file).len() <= file.len() + 1);
        }
    }
}
