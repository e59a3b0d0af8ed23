//! A list to pick from, over the middle of the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::header::after_columns;
use super::paint::{blank, frame, over, put, put_right};
use crate::app::picker::{Picker, PickerKind};
use crate::app::{App, Overlay};
use crate::model::text::{cut, grouped, width};
use crate::strings;

/// Widest that it gets.
const WIDEST: u16 = 76;
/// A detail below this many columns says little.
const MIN_DETAIL: u16 = 8;
/// Most entries that it shows at once.
const MOST_ROWS: u16 = 16;

/// What stands where.
struct Places {
    area: Rect,
    input: Rect,
    rows: Rect,
}

/// As high as all its entries need, not only those that match: it does not jump
/// while one types.
fn places(picker: &Picker, (width, height): (u16, u16)) -> Places {
    let wide = over(width, WIDEST);
    let wanted = u16::try_from(picker.entries.len()).unwrap_or(u16::MAX);
    let rows = wanted.clamp(1, MOST_ROWS).min(height.saturating_sub(4));
    let area = Rect::new(
        (width - wide) / 2,
        height.saturating_sub(rows + 3) / 3,
        wide,
        rows + 3,
    );
    let line = Rect::new(area.x + 1, area.y + 1, wide.saturating_sub(2), 1);
    Places {
        area,
        input: Rect {
            x: line.x + 1,
            width: line.width.saturating_sub(2),
            ..line
        },
        rows: Rect {
            y: line.y + 1,
            height: rows,
            ..line
        },
    }
}

/// How many entries are on the screen at once; 0 when no picker is open.
#[must_use]
pub fn picker_rows(app: &App) -> usize {
    match &app.overlay {
        Overlay::Picker(picker) => usize::from(places(picker, app.size).rows.height),
        _ => 0,
    }
}

/// Which of the matches is at a place of the screen.
#[must_use]
pub fn picker_entry_at(app: &App, column: u16, row: u16) -> Option<usize> {
    let Overlay::Picker(picker) = &app.overlay else {
        return None;
    };
    let rows = places(picker, app.size).rows;
    if !rows.contains(Position::new(column, row)) {
        return None;
    }
    let at = picker.top + usize::from(row - rows.y);
    (at < picker.matches.len()).then_some(at)
}

/// Gives the place of the text cursor.
pub(super) fn draw(app: &App, picker: &Picker, buf: &mut Buffer) -> Option<Position> {
    let theme = app.settings.theme;
    let Places { area, input, rows } = places(picker, app.size);
    blank(buf, area);
    frame(buf, area, picker.kind.title(), true, theme);
    let x = put(buf, input, input.x, input.y, "> ", theme.key());
    let room = usize::from(input.right().saturating_sub(x));
    let scroll = picker.input.visual_scroll(room.saturating_sub(1));
    let value = after_columns(picker.input.value(), scroll);
    put(buf, input, x, input.y, &value, theme.strong());
    let cursor = picker
        .input
        .visual_cursor()
        .saturating_sub(scroll)
        .min(room);
    let cursor = x + u16::try_from(cursor).unwrap_or(0);

    if picker.matches.is_empty() {
        let words = match (picker.kind, picker.input.value().trim()) {
            (PickerKind::SaveView, "") => strings::TYPE_A_NAME,
            _ => strings::NOTHING_TO_PICK,
        };
        put(buf, rows, rows.x + 2, rows.y, words, theme.quiet());
    }
    let shown = picker.matches.iter().enumerate().skip(picker.top);
    for ((at, entry), y) in shown.zip(rows.top()..rows.bottom()) {
        let line = Rect {
            y,
            height: 1,
            ..rows
        };
        draw_entry(app, picker, *entry, at == picker.chosen, line, buf);
    }
    let below = picker
        .matches
        .len()
        .saturating_sub(picker.top + usize::from(rows.height));
    if below > 0 {
        let words = format!(" {} more ↓ ", grouped(below));
        let bottom = Rect {
            width: area.width.saturating_sub(2),
            ..area
        };
        put_right(buf, bottom, area.bottom() - 1, &words, theme.accent());
    }
    Some(Position::new(cursor.min(area.right() - 1), input.y))
}

fn draw_entry(app: &App, picker: &Picker, at: usize, chosen: bool, line: Rect, buf: &mut Buffer) {
    let theme = app.settings.theme;
    let Some(entry) = picker.entries.get(at) else {
        return;
    };
    let style = |own: ratatui::style::Style| if chosen { theme.cursor() } else { own };
    if chosen {
        buf.set_style(line, theme.cursor());
    }
    let arrow = if chosen { "▶" } else { " " };
    put(buf, line, line.x, line.y, arrow, style(theme.accent()));
    let key = entry.key.as_deref().unwrap_or_default();
    let inside = Rect {
        width: line.width.saturating_sub(1),
        ..line
    };
    let end = match key {
        "" => inside.right(),
        key => put_right(buf, inside, line.y, key, style(theme.key())).saturating_sub(2),
    };
    let text = Rect {
        width: end.saturating_sub(line.x),
        ..line
    };
    let columns = label_columns(picker);
    // Details stand under each other: a longer label is cut where they have room.
    let column = line.x + 2 + columns + 2;
    let detailed = !entry.detail.is_empty() && column + MIN_DETAIL <= text.right();
    let label = match detailed {
        true => cut(&entry.label, usize::from(columns)),
        false => entry.label.as_str().into(),
    };
    put(buf, text, line.x + 2, line.y, &label, style(theme.text()));
    if detailed {
        put(
            buf,
            text,
            column,
            line.y,
            &entry.detail,
            style(theme.quiet()),
        );
    }
}

/// The columns of most labels.
fn label_columns(picker: &Picker) -> u16 {
    let widest = picker
        .entries
        .iter()
        .take(200)
        .map(|entry| width(&entry.label))
        .max();
    u16::try_from(widest.unwrap_or(0).min(28)).unwrap_or(0)
}
