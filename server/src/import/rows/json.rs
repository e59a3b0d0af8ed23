//! Rows of JSON: values one after the other (a line each, or over many lines), the elements of lists, and those of a
//! list that an object wraps: `{"orders":[…]}`.

use std::io::{self, BufRead};

use serde_json::value::RawValue;

use super::row::{MAX_ROW_BYTES, Place, Row};
use crate::body_error::syntax;

/// Names of lists that hold the rows of an object around them: Shopify's, and Django's.
const WRAPPERS: &[&[u8]] = &[b"orders", b"results"];
/// Longest name that is compared with [`WRAPPERS`].
const MAX_NAME: usize = 16;

/// Reads the rows of one file.
pub(super) struct JsonRows<R> {
    input: R,
    /// The line that is read next, from 1.
    line: u64,
    begun: bool,
    list: Option<List>,
    /// How many elements of lists were read.
    index: u64,
    ended: bool,
}

/// A list whose elements are rows.
#[derive(Clone, Copy)]
struct List {
    /// No element was read yet.
    first: bool,
    /// An object stands around it.
    wrapped: bool,
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
    /// A line's end, a comma, or the value's end: more may follow.
    Next,
    /// The array's end.
    ArrayEnd,
    /// The beginning of a list that is wrapped in this object.
    Wrapper,
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

    fn push(&mut self, byte: u8) {
        if self.bytes.len() < MAX_ROW_BYTES {
            self.bytes.push(byte);
        } else {
            self.too_long = true;
        }
    }

    fn is_blank(&self) -> bool {
        self.bytes.trim_ascii().is_empty()
    }

    /// The value; `from` is the line on which it begins, in a file of many values.
    fn json(&self, place: Place) -> Result<Box<RawValue>, String> {
        if self.too_long {
            return Err(format!("longer than {MAX_ROW_BYTES} bytes: no order is"));
        }
        let text = std::str::from_utf8(&self.bytes).map_err(|_| "not UTF-8: save it as UTF-8")?;
        let text = text.trim_matches(['\r', '\n', ' ', '\t']);
        serde_json::from_str(text).map_err(|error| {
            // In one row of many the line is said already.
            let words = syntax::of(&error);
            let (line, column) = (error.line(), error.column());
            match place {
                Place::Whole => format!("not JSON: {words} (line {line}, column {column})"),
                Place::Line(from) if line > 1 => {
                    let line = from + line as u64 - 1;
                    format!("not JSON: {words} (line {line}, column {column})")
                }
                Place::Line(_) => format!("not JSON: {words} (column {column})"),
                Place::Index(_) => format!("not JSON: {words}"),
            }
        })
    }
}

/// Follows a JSON value byte by byte.
#[derive(Default)]
struct Scan {
    depth: usize,
    in_text: bool,
    escaped: bool,
    /// The last text that began at depth 1, as far as it is compared.
    text: Vec<u8>,
    /// The name whose value is being read, at depth 1.
    name: Vec<u8>,
}

impl Scan {
    /// Takes a byte; whether the value ends with it.
    fn ends_with(&mut self, byte: u8) -> bool {
        if self.in_text {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_text = false,
                _ if self.depth == 1 && self.text.len() < MAX_NAME => self.text.push(byte),
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => {
                self.in_text = true;
                self.text.clear();
            }
            b':' if self.depth == 1 => self.name.clone_from(&self.text),
            b',' if self.depth == 1 => self.name.clear(),
            b'[' | b'{' => self.depth += 1,
            b']' | b'}' => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }

    /// Whether `byte` begins a list of rows that the value wraps.
    fn wraps(&self, byte: u8) -> bool {
        byte == b'['
            && self.depth == 1
            && !self.in_text
            && WRAPPERS.iter().any(|name| *name == self.name)
    }
}

impl<R: BufRead> JsonRows<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            line: 1,
            begun: false,
            list: None,
            index: 0,
            ended: false,
        }
    }

    /// The next row.
    pub(super) fn next(&mut self) -> io::Result<Option<Row>> {
        if !self.begun {
            self.begun = true;
            self.skip_byte_order_mark()?;
        }
        while !self.ended {
            let row = match self.list {
                Some(list) => self.element(list)?,
                None => self.value()?,
            };
            if row.is_some() {
                return Ok(row);
            }
        }
        Ok(None)
    }

    /// Reads a value that stands on its own; nothing when it is a list of rows, or the file ends.
    fn value(&mut self) -> io::Result<Option<Row>> {
        let is_first = self.index == 0 && self.line == 1;
        let Some(byte) = self.skip_blank()? else {
            self.ended = true;
            return Ok(None);
        };
        let from = self.line;
        let piece = match byte {
            b'[' => {
                self.input.consume(1);
                self.list = Some(List {
                    first: true,
                    wrapped: false,
                });
                return Ok(None);
            }
            b'{' => self.piece_of_object()?,
            _ => self.piece_of_line()?,
        };
        if piece.end == Boundary::Wrapper {
            self.list = Some(List {
                first: true,
                wrapped: true,
            });
            return Ok(None);
        }
        let mut place = Place::Line(from);
        // A file that is one value over many lines has no lines to speak of.
        if is_first
            && self.line > from
            && self.skip_blank()?.is_none()
            && piece.bytes.contains(&b'\n')
        {
            place = Place::Whole;
        }
        Ok(Some(Row::new(place, piece.json(place))))
    }

    /// Reads an element of a list; nothing when it is the list's end.
    fn element(&mut self, list: List) -> io::Result<Option<Row>> {
        let place = Place::Index(self.index);
        let piece = self.piece_of_array()?;
        self.list = Some(List {
            first: false,
            ..list
        });
        let cut_off = |place| {
            let why = "the file ends inside its list: it was cut off";
            Some(Row::new(place, Err(why.into())))
        };
        match piece.end {
            Boundary::FileEnd => self.ended = true,
            Boundary::ArrayEnd => {
                self.list = None;
                if list.wrapped {
                    self.skip_wrapper()?;
                }
            }
            Boundary::Next | Boundary::Wrapper => {}
        }
        let json = match (piece.is_blank(), piece.end) {
            // `[]`, which is a list of nothing.
            (true, Boundary::ArrayEnd) if list.first => return Ok(None),
            (true, Boundary::FileEnd) => return Ok(cut_off(place)),
            (true, _) => Err("nothing stands here: a comma too many".into()),
            (false, Boundary::FileEnd) => {
                let json = piece.json(place);
                if json.is_err() {
                    return Ok(cut_off(place));
                }
                // The element is whole, the list is not.
                self.index += 1;
                self.ended = false;
                self.list = Some(list);
                return Ok(Some(Row::new(place, json)));
            }
            (false, _) => piece.json(place),
        };
        self.index += 1;
        Ok(Some(Row::new(place, json)))
    }

    /// Skips what follows a wrapped list in its object.
    fn skip_wrapper(&mut self) -> io::Result<()> {
        let mut scan = Scan {
            depth: 1,
            ..Scan::default()
        };
        self.bytes(|byte, _| match scan.ends_with(byte) {
            true => Step::Last,
            false => Step::On,
        })
    }

    /// Reads to the end of the line.
    fn piece_of_line(&mut self) -> io::Result<Piece> {
        let mut piece = Piece::new();
        self.bytes(|byte, _| {
            if byte == b'\n' {
                piece.end = Boundary::Next;
                return Step::Last;
            }
            piece.push(byte);
            Step::On
        })?;
        Ok(piece)
    }

    /// Reads to the end of the object; or of its first line, where that is no object and the next begins one: then
    /// the file is one of JSON lines.
    fn piece_of_object(&mut self) -> io::Result<Piece> {
        let mut piece = Piece::new();
        let mut scan = Scan::default();
        let mut broken = false;
        let mut is_first_line = true;
        // The last byte that is no blank.
        let mut last = b'\0';
        self.bytes(|byte, at_line_start| {
            if at_line_start && broken && byte == b'{' {
                piece.end = Boundary::Next;
                return Step::Before;
            }
            if scan.wraps(byte) {
                piece.end = Boundary::Wrapper;
                return Step::Last;
            }
            if byte == b'\n' {
                let goes_on = matches!(last, b'{' | b'[' | b':');
                // No text holds the end of a line: one that does lacks its quotation mark.
                broken = (is_first_line && !goes_on) || scan.in_text;
                is_first_line = false;
                scan.in_text = false;
                scan.escaped = false;
            }
            if !byte.is_ascii_whitespace() {
                last = byte;
            }
            piece.push(byte);
            if scan.ends_with(byte) {
                piece.end = Boundary::Next;
                return Step::Last;
            }
            Step::On
        })?;
        Ok(piece)
    }

    /// Reads to the end of the array's element: a comma or the closing bracket that is neither in a text nor in a value
    /// of its own.
    fn piece_of_array(&mut self) -> io::Result<Piece> {
        let mut piece = Piece::new();
        let mut scan = Scan::default();
        self.bytes(|byte, _| {
            if scan.depth == 0 && !scan.in_text {
                match byte {
                    b']' => piece.end = Boundary::ArrayEnd,
                    b',' => piece.end = Boundary::Next,
                    _ => {}
                }
                if matches!(byte, b']' | b',') {
                    return Step::Last;
                }
            }
            scan.ends_with(byte);
            piece.push(byte);
            Step::On
        })?;
        Ok(piece)
    }

    /// Hands out bytes until told to stop, with whether each is the first of its line; counts the lines.
    fn bytes(&mut self, mut take: impl FnMut(u8, bool) -> Step) -> io::Result<()> {
        let mut at_line_start = false;
        loop {
            let chunk = match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                chunk => chunk?,
            };
            if chunk.is_empty() {
                return Ok(());
            }
            let mut used = 0;
            let mut done = false;
            for byte in chunk {
                let step = take(*byte, at_line_start);
                done = step != Step::On;
                if step == Step::Before {
                    break;
                }
                used += 1;
                at_line_start = *byte == b'\n';
                self.line += u64::from(at_line_start);
                if done {
                    break;
                }
            }
            self.input.consume(used);
            if done {
                return Ok(());
            }
        }
    }

    /// Skips blanks, and the signs of RFC 7464; the byte after them, which stays to be read.
    fn skip_blank(&mut self) -> io::Result<Option<u8>> {
        let mut found = None;
        self.bytes(|byte, _| {
            if byte.is_ascii_whitespace() || byte == 0x1e {
                return Step::On;
            }
            found = Some(byte);
            Step::Before
        })?;
        Ok(found)
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

/// What becomes of a byte.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It is taken, and the next is wanted.
    On,
    /// It is taken, and is the last.
    Last,
    /// It stays to be read.
    Before,
}

#[cfg(test)]
mod tests;
