//! A word about the last key that is too long for the footer: it goes on in the rows
//! above, for where the screen is narrow its end is what matters.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Areas;
use super::paint::text;
use crate::app::App;
use crate::model::text::{cut, wrap};

/// It takes so many rows at most, the footer with them.
const MOST_ROWS: usize = 3;

pub(super) fn draw(app: &App, areas: &Areas, buf: &mut Buffer) {
    let footer = areas.footer;
    let Some((words, _)) = &app.toast else { return };
    let room = usize::from(footer.width.saturating_sub(2));
    let mut lines = wrap(words, room);
    if lines.len() < 2 {
        return;
    }
    if lines.len() > MOST_ROWS {
        let rest = lines.split_off(MOST_ROWS - 1).join(" ");
        lines.push(cut(&rest, room).into_owned());
    }
    let above = u16::try_from(lines.len() - 1).unwrap_or(0);
    let mut top = footer.y.saturating_sub(above);
    // What it speaks of stays in sight.
    if cursor_row(app, areas).is_some_and(|y| y >= top) && !app.typing {
        top = areas.tabs.y;
    }
    for (line, y) in lines.iter().zip(top..) {
        for x in footer.left()..footer.right() {
            buf[(x, y)].reset();
        }
        let row = Rect { y, ..footer };
        text(
            buf,
            row,
            y,
            &format!(" {line}"),
            app.settings.theme.strong(),
        );
    }
}

/// The row of the screen that the list's cursor is on.
fn cursor_row(app: &App, areas: &Areas) -> Option<u16> {
    areas.orders?;
    app.current()?;
    let line = app.cursor_at.checked_sub(app.top)?;
    areas.rows().y.checked_add(u16::try_from(line).ok()?)
}
