//! Aligned columns, measured as a terminal shows them.

use super::Failure;
use super::output::{Output, Tint};
use crate::text::{cut, width};

/// Between two columns.
const GAP: &str = "  ";
/// A column is not made wider than this, but for the last; longer text is cut.
const MAX_COLUMN: usize = 40;

/// One cell.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    text: String,
    tint: Tint,
    right: bool,
}

impl Cell {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    pub(super) fn tint(self, tint: Tint) -> Self {
        Self { tint, ..self }
    }

    /// Set to the right, as figures are.
    pub(super) fn right(self) -> Self {
        Self {
            right: true,
            ..self
        }
    }
}

/// Writes rows under heads. The last column takes what room there is.
pub(super) fn write(out: &mut Output, heads: &[&str], rows: &[Vec<Cell>]) -> Result<(), Failure> {
    let wide = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let widest = cells.map(|cell| width(&cell.text)).max().unwrap_or(0);
        widest.min(MAX_COLUMN).max(width(heads[column]))
    };
    let widths: Vec<usize> = (0..heads.len()).map(wide).collect();
    let head = |(column, head): (usize, &&str)| {
        let right = rows.first().and_then(|row| row.get(column));
        Cell {
            text: (*head).to_owned(),
            tint: Tint::Quiet,
            right: right.is_some_and(|cell| cell.right),
        }
    };
    let head: Vec<Cell> = heads.iter().enumerate().map(head).collect();
    for row in std::iter::once(&head).chain(rows) {
        let line = line(out, row, &widths);
        out.line(&line)?;
    }
    Ok(())
}

fn line(out: &Output, row: &[Cell], widths: &[usize]) -> String {
    let mut line = String::new();
    let mut used = 0;
    let last = row.len().saturating_sub(1);
    for (column, (cell, wide)) in row.iter().zip(widths).enumerate() {
        if column > 0 {
            line.push_str(GAP);
            used += GAP.len();
        }
        let room = match out.columns {
            _ if column < last => *wide,
            Some(columns) => columns.saturating_sub(used),
            None => usize::MAX,
        };
        let text = cut(&cell.text, room);
        let blanks = wide.saturating_sub(width(&text));
        used += width(&text);
        if cell.right {
            line.extend(std::iter::repeat_n(' ', blanks));
            used += blanks;
        }
        out.tinted(&mut line, &text, cell.tint);
        if !cell.right && column < last {
            line.extend(std::iter::repeat_n(' ', blanks));
            used += blanks;
        }
    }
    line
}
