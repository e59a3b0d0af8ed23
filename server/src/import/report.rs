//! What is said about each row, and at the end.

use std::fmt;
use std::io::{self, Write};

use ordertop::order::text::clean;
use ordertop::protocol::rest::{Outcome, RowResult};
use serde::Serialize;

use super::rows::Place;

/// How the rows fared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Orders that were not there before.
    pub new: u64,
    /// Orders that are different now.
    pub changed: u64,
    /// Orders that were so already, or newer.
    pub unchanged: u64,
    /// Rows that were not taken.
    pub refused: u64,
}

impl Summary {
    /// 0 when every row was taken, 1 when some were refused.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        u8::from(self.refused > 0)
    }

    fn count(&mut self, outcome: Outcome) {
        *match outcome {
            Outcome::Placed => &mut self.new,
            Outcome::Changed => &mut self.changed,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Refused => &mut self.refused,
        } += 1;
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.new + self.changed + self.unchanged + self.refused;
        let plural = if rows == 1 { "row" } else { "rows" };
        write!(
            f,
            "{rows} {plural}: {} new, {} changed, {} unchanged, {} refused",
            self.new, self.changed, self.unchanged, self.refused
        )
    }
}

/// How rows are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// A line a row and a summary.
    People,
    /// Only what was refused, and a summary.
    Quiet,
    /// A JSON object a row.
    Json,
}

/// One row's line of JSON.
#[derive(Serialize)]
struct JsonRow<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    #[serde(flatten)]
    row: &'a RowResult,
}

/// Writes and counts rows.
pub(super) struct Report<'a, W> {
    pub(super) summary: Summary,
    style: Style,
    out: &'a mut W,
}

impl<'a, W: Write> Report<'a, W> {
    pub(super) fn new(style: Style, out: &'a mut W) -> Self {
        Self {
            summary: Summary::default(),
            style,
            out,
        }
    }

    /// What became of the row at `place` of `file`.
    pub(super) fn row(&mut self, file: &str, place: Place, row: &RowResult) -> io::Result<()> {
        self.summary.count(row.result);
        match self.style {
            Style::Quiet if row.result != Outcome::Refused => Ok(()),
            Style::Json => self.json(file, place, row),
            Style::People | Style::Quiet => self.line(file, place, row),
        }
    }

    fn line(&mut self, file: &str, place: Place, row: &RowResult) -> io::Result<()> {
        let word = match row.result {
            Outcome::Placed => "new",
            Outcome::Changed => "changed",
            Outcome::Unchanged => "unchanged",
            Outcome::Refused => "refused",
        };
        let number = row.order_number.as_deref().unwrap_or("-");
        // Names of files and what a server answers are foreign text too.
        let file = clean(file, 400);
        write!(self.out, "{word:9}  {number:12}  {file}{place}")?;
        if let Some(why) = &row.error {
            write!(self.out, ": {}", clean(why, 400))?;
        }
        writeln!(self.out)
    }

    fn json(&mut self, file: &str, place: Place, row: &RowResult) -> io::Result<()> {
        let (line, index) = match place {
            Place::Whole => (None, None),
            Place::Line(line) => (Some(line), None),
            Place::Index(index) => (None, Some(index)),
        };
        let row = JsonRow {
            file,
            line,
            index,
            row,
        };
        serde_json::to_writer(&mut *self.out, &row)?;
        writeln!(self.out)
    }

    /// The summary, where people read.
    pub(super) fn end(self) -> io::Result<Summary> {
        if self.style != Style::Json {
            writeln!(self.out, "{}", self.summary)?;
        }
        self.out.flush()?;
        Ok(self.summary)
    }
}
