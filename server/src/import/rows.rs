//! The rows of a file: orders in JSON (`json`), the records of a CSV (`csv`), or the orders of a database dump
//! (`dump`).
//!
//! A file is read as a stream; what is held is one row, at most [`MAX_ROW_BYTES`], and of a dump what belongs
//! together. A row that cannot be read costs that row alone.

mod csv;
mod dump;
mod json;
mod row;

use std::io::{self, BufRead};

use self::csv::CsvRows;
use self::dump::Dump;
use self::json::JsonRows;
pub(super) use self::row::{Content, Place, Row};
use super::input::FileKind;
use crate::intake::{ColumnMap, Form};

/// The rows of one file.
pub(super) struct Rows<R> {
    source: Source<R>,
    /// How they are to be read.
    pub(super) form: Form,
}

enum Source<R> {
    Json(JsonRows<R>, Dump),
    Csv(Box<CsvRows<R>>),
    Dumped(dump::Orders),
    /// One row says why there are none.
    Refused(Option<Row>),
}

impl<R: BufRead> Rows<R> {
    /// The rows of a file of a kind. `vendor` is whose orders a dump of many vendors is asked for.
    pub(super) fn open(
        kind: FileKind,
        input: R,
        map: Option<&ColumnMap>,
        vendor: &str,
    ) -> io::Result<Self> {
        let whole = |code, why| Source::Refused(Some(Row::refused(Place::Whole, code, why)));
        let mut form = Form::Body;
        let source = match kind {
            FileKind::Json => Source::Json(JsonRows::new(input), Dump::of(vendor)),
            FileKind::Csv => match CsvRows::open(input, map)? {
                Ok((rows, of)) => {
                    form = of;
                    Source::Csv(Box::new(rows))
                }
                Err(why) => whole("not_orders", format!("this is {why}")),
            },
            FileKind::Empty => whole("empty_file", "the file is empty".into()),
            FileKind::Other(name) => whole("not_orders", format!("this is {name}")),
        };
        Ok(Self { source, form })
    }

    /// The next row.
    pub(super) fn next(&mut self) -> io::Result<Option<Row>> {
        loop {
            match &mut self.source {
                Source::Csv(rows) => return rows.next(),
                Source::Dumped(orders) => return Ok(orders.next()),
                Source::Refused(row) => return Ok(row.take()),
                Source::Json(rows, dump) => match rows.next()? {
                    Some(row) => match dump.take(row) {
                        None => {}
                        Some(row) => return Ok(Some(row)),
                    },
                    None => {
                        let dump = std::mem::take(dump);
                        self.source = Source::Dumped(dump.orders());
                    }
                },
            }
        }
    }
}
