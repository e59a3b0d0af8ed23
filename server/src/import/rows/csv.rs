//! Rows of a CSV file: the records of one order together, as an object of its lines with an object of cells each
//! (`{"line 2":{"Name":"#1",…}}`). The sign between cells is found out by the header; cells that are not UTF-8 are read
//! as Windows-1252, which spreadsheets write.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::{self, BufRead};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use serde_json::value::RawValue;

use super::row::{MAX_ROW_BYTES, Place, Row};
use crate::intake::{ColumnMap, Form};

/// Most columns of a file.
const MAX_COLUMNS: usize = 2_000;
/// Most orders of a file: for each a number of 8 bytes is remembered.
const MAX_ORDERS: usize = 10_000_000;
/// What a row is told where its cells were not UTF-8.
const OTHER_ENCODING: &str = "the file is not UTF-8: it was read as Windows-1252";

/// Reads the rows of one file.
pub(super) struct CsvRows<R> {
    records: Records<R>,
    header: Vec<String>,
    /// The column that tells orders apart.
    number: usize,
    group: Option<Group>,
    /// Digests of the numbers whose records are over.
    over: HashSet<u64>,
    hasher: RandomState,
}

/// A record of a file.
struct Record {
    /// On which line it begins, from 1.
    line: u64,
    cells: Vec<String>,
    /// More than [`MAX_ROW_BYTES`] or [`MAX_COLUMNS`]: the rest was skipped.
    too_long: bool,
    other_encoding: bool,
}

/// The records of one order as far as they are read.
struct Group {
    line: u64,
    number: String,
    /// An object that is not closed yet.
    json: String,
    /// Why the order cannot be taken.
    bad: Option<String>,
    note: Option<&'static str>,
}

impl<R: BufRead> CsvRows<R> {
    /// Reads the header; in words, why the file is not one of orders.
    pub(super) fn open(
        input: R,
        map: Option<&ColumnMap>,
    ) -> io::Result<Result<(Self, Form), String>> {
        let mut records = match Records::open(input)? {
            Some(records) => records,
            None => return Ok(Err("a CSV file without a header".into())),
        };
        let Some(first) = records.next()? else {
            return Ok(Err("a CSV file without a header".into()));
        };
        let header: Vec<String> = first
            .cells
            .iter()
            .map(|name| name.trim().to_owned())
            .collect();
        let form = match Form::of_header(&header, records.delimiter, map) {
            Ok(form) => form,
            Err(why) => return Ok(Err(why)),
        };
        let number = header.iter().position(|name| name == form.number_column());
        let rows = Self {
            records,
            number: number.unwrap_or_default(),
            header,
            group: None,
            over: HashSet::new(),
            hasher: RandomState::new(),
        };
        Ok(Ok((rows, form)))
    }

    /// The next row.
    pub(super) fn next(&mut self) -> io::Result<Option<Row>> {
        while let Some(record) = self.records.next()? {
            if record.cells.iter().all(|cell| cell.trim().is_empty()) && !record.too_long {
                continue;
            }
            let number = record.cells.get(self.number).map_or("", |cell| cell.trim());
            let goes_on = self
                .group
                .as_ref()
                .is_some_and(|group| number.is_empty() || number == group.number);
            let mut finished = None;
            if !goes_on {
                let begun = self.begin(&record, number.to_owned());
                finished = self.group.replace(begun);
            }
            if let Some(group) = &mut self.group {
                group.add(&self.header, &record);
            }
            if let Some(finished) = finished {
                return Ok(Some(finished.row()));
            }
        }
        Ok(self.group.take().map(Group::row))
    }

    /// The group of a record with another number than the one before.
    fn begin(&mut self, record: &Record, number: String) -> Group {
        let mut bad = None;
        if number.is_empty() {
            bad = Some("no order number".to_owned());
        } else if self.over.len() == MAX_ORDERS {
            bad = Some(format!(
                "more than {MAX_ORDERS} orders in a file: divide it"
            ));
        } else if !self.over.insert(self.hasher.hash_one(&number)) {
            bad = Some(
                "an order of this number stands further up: sort the file by its order number, so that what belongs \
                 together stands together"
                    .to_owned(),
            );
        }
        Group {
            line: record.line,
            number,
            json: String::from("{"),
            bad,
            note: None,
        }
    }
}

impl Group {
    fn add(&mut self, header: &[String], record: &Record) {
        if record.other_encoding {
            self.note = Some(OTHER_ENCODING);
        }
        let extra = record
            .cells
            .iter()
            .skip(header.len())
            .any(|cell| !cell.trim().is_empty());
        if record.too_long || self.json.len() > MAX_ROW_BYTES {
            self.bad = Some(format!("longer than {MAX_ROW_BYTES} bytes: no order is"));
        } else if extra {
            self.bad.get_or_insert(format!(
                "line {} has {} cells, but the header has {}",
                record.line,
                record.cells.len(),
                header.len()
            ));
        }
        if self.bad.is_some() {
            return;
        }
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        if self.json.len() > 1 {
            self.json.push(',');
        }
        self.json
            .push_str(&quoted(&format!("line {}", record.line)));
        self.json.push_str(":{");
        let mut first = true;
        for (name, cell) in header.iter().zip(&record.cells) {
            if cell.trim().is_empty() {
                continue;
            }
            if !std::mem::take(&mut first) {
                self.json.push(',');
            }
            self.json.push_str(&quoted(name));
            self.json.push(':');
            self.json.push_str(&quoted(cell));
        }
        self.json.push('}');
    }

    fn row(self) -> Row {
        let place = Place::Line(self.line);
        if let Some(why) = self.bad {
            return Row::refused(place, "invalid_order", why);
        }
        let json = RawValue::from_string(self.json + "}").map_err(|error| error.to_string());
        Row {
            note: self.note,
            ..Row::new(place, json)
        }
    }
}

/// The records of a file.
struct Records<R> {
    input: R,
    core: Reader,
    delimiter: u8,
    /// The line that is read next, from 1.
    line: u64,
    ended: bool,
}

impl<R: BufRead> Records<R> {
    /// Finds out the sign between the cells; `None` when there is no line.
    fn open(mut input: R) -> io::Result<Option<Self>> {
        if input.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            input.consume(3);
        }
        let mut line = 1;
        let mut delimiter = None;
        let head = input.fill_buf()?;
        // What Excel writes before the header for itself.
        if let [b's', b'e', b'p', b'=', sign, rest @ ..] = head
            && let Some(end) = rest.iter().position(|byte| *byte == b'\n')
        {
            delimiter = Some(*sign);
            line = 2;
            input.consume(5 + end + 1);
        }
        let head = input.fill_buf()?;
        if head.is_empty() {
            return Ok(None);
        }
        let delimiter = delimiter.unwrap_or_else(|| delimiter_of(head));
        let core = ReaderBuilder::new().delimiter(delimiter).build();
        Ok(Some(Self {
            input,
            core,
            delimiter,
            line,
            ended: false,
        }))
    }

    /// The next record. It is read with bounded memory, also when a quotation mark that nobody closes makes one record
    /// of the rest of the file.
    fn next(&mut self) -> io::Result<Option<Record>> {
        if self.ended {
            return Ok(None);
        }
        self.skip_line_ends()?;
        let line = self.line;
        let (mut out, mut ends) = (vec![0; 4096], vec![0; 128]);
        let (mut written, mut columns, mut too_long) = (0, 0, false);
        loop {
            let chunk = match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                chunk => chunk?,
            };
            let (result, read, wrote, ended) =
                self.core
                    .read_record(chunk, &mut out[written..], &mut ends[columns..]);
            let lines = chunk[..read].iter().filter(|byte| **byte == b'\n').count();
            self.input.consume(read);
            self.line += lines as u64;
            written += wrote;
            columns += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if out.len() < MAX_ROW_BYTES => {
                    out.resize(out.len() * 2, 0);
                }
                ReadRecordResult::OutputEndsFull if ends.len() < MAX_COLUMNS => {
                    ends.resize(ends.len() * 2, 0);
                }
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    too_long = true;
                    (written, columns) = (0, 0);
                }
                ReadRecordResult::Record => break,
                ReadRecordResult::End => {
                    self.ended = true;
                    return Ok(None);
                }
            }
        }
        let mut record = Record {
            line,
            cells: Vec::with_capacity(columns),
            too_long,
            other_encoding: false,
        };
        if !too_long {
            let mut start = 0;
            for end in &ends[..columns] {
                let cell = &out[start..*end];
                start = *end;
                record.cells.push(match std::str::from_utf8(cell) {
                    Ok(text) => text.to_owned(),
                    Err(_) => {
                        record.other_encoding = true;
                        encoding_rs::WINDOWS_1252.decode(cell).0.into_owned()
                    }
                });
            }
        }
        Ok(Some(record))
    }
}

impl<R: BufRead> Records<R> {
    /// Skips what is left of a line's end, and lines that are empty.
    fn skip_line_ends(&mut self) -> io::Result<()> {
        loop {
            let next = match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                chunk => chunk?.first().copied(),
            };
            match next {
                Some(byte @ (b'\n' | b'\r')) => {
                    self.input.consume(1);
                    self.line += u64::from(byte == b'\n');
                }
                _ => return Ok(()),
            }
        }
    }
}

/// The sign that stands most often in the first line, outside quotation marks.
fn delimiter_of(head: &[u8]) -> u8 {
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut in_text = false;
    for byte in head {
        match byte {
            b'"' => in_text = !in_text,
            b'\n' if !in_text => break,
            byte if !in_text => {
                for (sign, count) in &mut counts {
                    *count += usize::from(sign == byte);
                }
            }
            _ => {}
        }
    }
    let best = counts.iter().rev().max_by_key(|(_, count)| *count);
    best.map_or(b',', |(sign, _)| *sign)
}

#[cfg(test)]
mod tests;
