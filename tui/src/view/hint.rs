//! A text to be copied. It stands without a frame, from the first column on, so
//! that a terminal selects it as it is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::paint::put;
use crate::app::App;
use crate::model::keymap::Action;
use crate::model::text::width;
use crate::strings;

/// How many rows it takes; 0 when it is not shown or not there.
pub(super) fn height(app: &App, columns: u16) -> u16 {
    match &app.settings.hint {
        Some(hint) if app.hint_shown => {
            let lines = lines(&hint.text, usize::from(columns)).len();
            u16::try_from(lines + 2).unwrap_or(u16::MAX)
        }
        _ => 0,
    }
}

/// Lines as they are; a longer one goes on in the next row from its first
/// column, without a blank, as a terminal itself would break it.
fn lines(text: &str, columns: usize) -> Vec<String> {
    use unicode_segmentation::UnicodeSegmentation;
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut row = String::new();
        let mut used = 0;
        for cluster in line.graphemes(true) {
            let wide = width(cluster);
            if used + wide > columns && !row.is_empty() {
                lines.push(std::mem::take(&mut row));
                used = 0;
            }
            row.push_str(cluster);
            used += wide;
        }
        lines.push(row);
    }
    lines
}

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let Some(hint) = &app.settings.hint else {
        return;
    };
    let theme = app.settings.theme;
    rule(buf, area, area.y, theme.quiet());
    let (copy, hide) = (app.key_of(Action::Copy), app.key_of(Action::Hint));
    let title = strings::hint_title(&hint.title, &copy, &hide);
    put(buf, area, area.x + 2, area.y, &title, theme.strong());
    for (i, line) in lines(&hint.text, usize::from(area.width))
        .iter()
        .enumerate()
    {
        let y = area.y + 1 + u16::try_from(i).unwrap_or(0);
        if y + 1 < area.bottom() {
            put(buf, area, area.x, y, line, theme.accent());
        }
    }
    rule(buf, area, area.bottom() - 1, theme.quiet());
}

fn rule(buf: &mut Buffer, area: Rect, y: u16, style: ratatui::style::Style) {
    for x in area.left()..area.right() {
        buf[(x, y)].set_symbol("─").set_style(style);
    }
}
