//! Aligned columns, measured as a terminal shows them.

use super::Failure;
use super::output::{Output, Tint};
use crate::model::text::{cut, width};

/// Between two columns.
const GAP: &str = "  ";

/// A column: its head, and what becomes of it on a terminal that is too narrow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    head: &'static str,
    /// Its text may be cut to so many columns; where not, never.
    least: Option<usize>,
    /// When it is left out: the highest first, 0 never.
    leaves: u8,
}

impl Column {
    /// One that is always there and never cut.
    pub(super) fn new(head: &'static str) -> Self {
        Self {
            head,
            least: None,
            leaves: 0,
        }
    }

    /// Its text may be cut, to at least so many columns.
    pub(super) fn least(self, columns: usize) -> Self {
        Self {
            least: Some(columns),
            ..self
        }
    }

    /// It may be left out, those with higher numbers before.
    pub(super) fn leaves(self, turn: u8) -> Self {
        Self {
            leaves: turn,
            ..self
        }
    }
}

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

/// Writes rows under heads. On a terminal no line is longer than it is wide, if that
/// can be; in a pipe nothing is cut.
pub(super) fn write(
    out: &mut Output,
    columns: &[Column],
    rows: &[Vec<Cell>],
) -> Result<(), Failure> {
    let wide = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        let widest = cells.map(|cell| width(&cell.text)).max().unwrap_or(0);
        widest.max(width(columns[at].head))
    };
    let widths: Vec<usize> = (0..columns.len()).map(wide).collect();
    let widths = match out.columns {
        Some(room) => fitted(columns, &widths, room),
        None => widths.into_iter().map(Some).collect(),
    };
    let head = |(at, column): (usize, &Column)| {
        let right = rows.first().and_then(|row| row.get(at));
        Cell {
            text: column.head.to_owned(),
            tint: Tint::Quiet,
            right: right.is_some_and(|cell| cell.right),
        }
    };
    let head: Vec<Cell> = columns.iter().enumerate().map(head).collect();
    for row in std::iter::once(&head).chain(rows) {
        let line = line(out, row, &widths);
        out.line(&line)?;
    }
    Ok(())
}

/// How wide each column is in so much room; `None` is left out. Columns that may be cut
/// give way from the last to the first, each to its least; when that is not enough, one
/// is left out and the others get their room back.
fn fitted(columns: &[Column], widths: &[usize], room: usize) -> Vec<Option<usize>> {
    let mut fitted: Vec<Option<usize>> = widths.iter().copied().map(Some).collect();
    loop {
        let shown = fitted.iter().flatten();
        let gaps = shown.clone().count().saturating_sub(1) * GAP.len();
        let mut over = (shown.sum::<usize>() + gaps).saturating_sub(room);
        let mut narrowed = fitted.clone();
        for (column, wide) in columns.iter().zip(&mut narrowed).rev() {
            if let (Some(least), Some(wide)) = (column.least, wide) {
                let gives = over.min(wide.saturating_sub(least));
                *wide -= gives;
                over -= gives;
            }
        }
        let there = columns.iter().zip(&mut fitted);
        let there = there.filter(|(column, wide)| column.leaves > 0 && wide.is_some());
        match there.max_by_key(|(column, _)| column.leaves) {
            Some((_, leaves)) if over > 0 => *leaves = None,
            _ => return narrowed,
        }
    }
}

fn line(out: &Output, row: &[Cell], widths: &[Option<usize>]) -> String {
    let mut line = String::new();
    let cells = row.iter().zip(widths);
    let cells: Vec<_> = cells
        .filter_map(|(cell, wide)| Some((cell, (*wide)?)))
        .collect();
    let last = cells.len().saturating_sub(1);
    for (at, (cell, wide)) in cells.into_iter().enumerate() {
        if at > 0 {
            line.push_str(GAP);
        }
        let text = cut(&cell.text, wide);
        let blanks = wide.saturating_sub(width(&text));
        if cell.right {
            line.extend(std::iter::repeat_n(' ', blanks));
        }
        out.tinted(&mut line, &text, cell.tint);
        if !cell.right && at < last {
            line.extend(std::iter::repeat_n(' ', blanks));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_give_way_before_they_leave_and_what_stays_is_whole() {
        let columns = [
            Column::new("NUMBER"),
            Column::new("VENDOR").least(6),
            Column::new("PLACED").leaves(1),
            Column::new("BUYER").least(10).leaves(2),
            Column::new("ITEMS").least(8).leaves(3),
        ];
        let widths = [12, 10, 16, 30, 40];
        let table = [
            (116, [Some(12), Some(10), Some(16), Some(30), Some(40)]),
            (84, [Some(12), Some(10), Some(16), Some(30), Some(8)]),
            (64, [Some(12), Some(10), Some(16), Some(10), Some(8)]),
            (60, [Some(12), Some(6), Some(16), Some(10), Some(8)]),
            // Without items there is room for others again.
            (59, [Some(12), Some(10), Some(16), Some(15), None]),
            (50, [Some(12), Some(6), Some(16), Some(10), None]),
            (49, [Some(12), Some(10), Some(16), None, None]),
            (24, [Some(12), Some(10), None, None, None]),
            (20, [Some(12), Some(6), None, None, None]),
            // A number that is cut is another number.
            (5, [Some(12), Some(6), None, None, None]),
        ];
        for (room, expected) in table {
            assert_eq!(fitted(&columns, &widths, room), expected, "{room}");
        }
    }
}
