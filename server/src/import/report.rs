//! What is said about each row, and at the end.

use std::fmt;
use std::io::{self, Write};

use ordertop::order::text::clean;
use ordertop::protocol::rest::{Outcome, RowResult};
use serde::Serialize;

use super::rows::Place;
use crate::intake::Warnings;
use crate::plural::counted;

/// Most warnings of a row that people are shown.
const MAX_SHOWN: usize = 5;

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
    /// Rows that are no orders to be kept, such as drafts.
    pub skipped: u64,
    /// Orders that were read, and kept nowhere: nothing is in a dry run.
    pub read: u64,
    /// Orders of which something was left out.
    pub with_warnings: u64,
}

impl Summary {
    /// 0 when every row was taken, 1 when some were refused.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        u8::from(self.refused > 0)
    }

    fn count(&mut self, row: &RowReport) {
        *match row.result {
            Fate::Placed => &mut self.new,
            Fate::Changed => &mut self.changed,
            Fate::Unchanged => &mut self.unchanged,
            Fate::Refused => &mut self.refused,
            Fate::Skipped => &mut self.skipped,
            Fate::Read => &mut self.read,
        } += 1;
        self.with_warnings += u64::from(row.warnings.count > 0);
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            new,
            changed,
            unchanged,
            refused,
            skipped,
            read,
            with_warnings,
        } = self;
        let rows = new + changed + unchanged + refused + skipped + read;
        write!(f, "{}: ", counted(rows, "row", "rows"))?;
        if *read > 0 {
            write!(f, "{read} read, {refused} refused")?;
        } else {
            write!(
                f,
                "{new} new, {changed} changed, {unchanged} unchanged, {refused} refused"
            )?;
        }
        if *skipped > 0 {
            write!(f, ", {skipped} skipped")?;
        }
        if *with_warnings > 0 {
            write!(f, "; {with_warnings} with warnings")?;
        }
        Ok(())
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fate {
    /// It is new.
    Placed,
    /// It is different now.
    Changed,
    /// It was so already, or newer.
    Unchanged,
    /// It was not taken.
    Refused,
    /// It is no order to be kept.
    Skipped,
    /// It is an order, and nothing was kept.
    Read,
}

impl From<Outcome> for Fate {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Placed => Self::Placed,
            Outcome::Changed => Self::Changed,
            Outcome::Unchanged => Self::Unchanged,
            Outcome::Refused => Self::Refused,
        }
    }
}

/// What is said about a row.
#[derive(Debug, Clone, Serialize)]
pub(super) struct RowReport {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) vendor_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) order_number: Option<String>,
    pub(super) result: Fate,
    /// When refused: a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
    /// When refused: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    /// When skipped: what it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) what: Option<String>,
    #[serde(flatten, serialize_with = "warnings")]
    pub(super) warnings: Warnings,
}

impl RowReport {
    pub(super) fn new(result: Fate, order_number: Option<String>) -> Self {
        Self {
            vendor_id: None,
            order_number,
            result,
            code: None,
            error: None,
            what: None,
            warnings: Warnings::default(),
        }
    }

    /// What the store answered; the whole order in it is the server's courtesy, not the report's.
    pub(super) fn of(answer: RowResult, warnings: Warnings) -> Self {
        Self {
            vendor_id: answer.vendor_id,
            code: answer.code,
            error: answer.error,
            warnings,
            ..Self::new(answer.result.into(), answer.order_number)
        }
    }
}

/// The warnings of a row in JSON: a list of them, and how many there are where that is more.
fn warnings<S: serde::Serializer>(warnings: &Warnings, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeMap;
    let mut map = serializer.serialize_map(None)?;
    if warnings.count > 0 {
        map.serialize_entry("warnings", &warnings.kept)?;
    }
    if warnings.count > warnings.kept.len() {
        map.serialize_entry("warning_count", &warnings.count)?;
    }
    map.end()
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
    row: &'a RowReport,
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
    pub(super) fn row(&mut self, file: &str, place: Place, row: &RowReport) -> io::Result<()> {
        self.summary.count(row);
        match self.style {
            Style::Quiet if row.result != Fate::Refused => Ok(()),
            Style::Json => self.json(file, place, row),
            Style::People | Style::Quiet => self.line(file, place, row),
        }
    }

    fn line(&mut self, file: &str, place: Place, row: &RowReport) -> io::Result<()> {
        let mut word = match row.result {
            Fate::Placed => "new",
            Fate::Changed => "changed",
            Fate::Unchanged => "unchanged",
            Fate::Refused => "refused",
            Fate::Skipped => "skipped",
            Fate::Read => "read",
        }
        .to_owned();
        let Warnings { count, kept } = &row.warnings;
        match count {
            0 => {}
            1 => word += ", with 1 warning",
            more => word += &format!(", with {more} warnings"),
        }
        let number = row.order_number.as_deref().unwrap_or("-");
        // Names of files and what a server answers are foreign text too.
        let file = clean(file, 400);
        write!(self.out, "{word:9}  {number:12}  {file}{place}")?;
        if let Some(why) = row.error.as_ref().or(row.what.as_ref()) {
            write!(self.out, ": {}", clean(why, 800))?;
        }
        writeln!(self.out)?;
        for warning in kept.iter().take(MAX_SHOWN) {
            writeln!(self.out, "           {}", clean(warning, 400))?;
        }
        if *count > MAX_SHOWN {
            writeln!(self.out, "           and {} more", count - MAX_SHOWN)?;
        }
        Ok(())
    }

    /// Shows an order as it was mapped.
    pub(super) fn mapped(&mut self, order: &ordertop::order::intake::Intake) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *self.out, order)?;
        writeln!(self.out)
    }

    fn json(&mut self, file: &str, place: Place, row: &RowReport) -> io::Result<()> {
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
