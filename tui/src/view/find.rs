//! Under the filter while it is typed: what is wrong with it, right below the
//! wrong character, and what could stand at the text cursor.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::paint::{columns, put};
use crate::app::App;
use crate::model::keymap::{Action, Context};
use crate::model::text::{tame, width, wrap};
use crate::strings;

/// Draws below `line`, which begins where the filter's text does; of the text
/// `scroll` columns are out of sight and `room` columns in it.
pub(super) fn draw(app: &App, line: Rect, scroll: usize, room: usize, buf: &mut Buffer) {
    let mut y = line.y + 1;
    if let Some(error) = &app.find.error {
        let before: String = app.filter.value().chars().take(error.column).collect();
        let at = width(&tame(&before)).saturating_sub(scroll).min(room);
        y += below(app, y, at, line, &error.message, buf);
    }
    candidates(app, y, line, buf);
}

/// A caret under the wrong character and words beside it where there is room,
/// else in lines of their own. Gives how many lines that takes.
fn below(app: &App, y: u16, at: usize, line: Rect, words: &str, buf: &mut Buffer) -> u16 {
    let theme = app.settings.theme;
    let row = clear(y, buf);
    let caret = (line.x + u16::try_from(at).unwrap_or(u16::MAX)).min(row.right() - 1);
    put(buf, row, caret, y, "^", theme.bad().patch(theme.strong()));
    let wide = columns(words);
    let style = theme.bad();
    if caret + 2 + wide <= row.right() {
        put(buf, row, caret + 2, y, words, style);
        return 1;
    }
    if wide + 2 <= caret {
        put(buf, row, caret - 1 - wide, y, words, style);
        return 1;
    }
    let lines = wrap(words, usize::from(row.width.saturating_sub(2)));
    // The last line of the screen is the footer's.
    let rows = y + 1..buf.area.bottom().saturating_sub(1);
    let mut used = 1;
    for (line, y) in lines.iter().zip(rows) {
        let row = clear(y, buf);
        put(buf, row, row.x + 1, y, line, style);
        used += 1;
    }
    used
}

fn candidates(app: &App, y: u16, line: Rect, buf: &mut Buffer) {
    let theme = app.settings.theme;
    let find = &app.find;
    let candidates = &find.completion.candidates;
    // One that stands there already is nothing to choose from.
    let there: String = (app.filter.value().chars())
        .skip(find.completion.range.start)
        .take(find.completion.range.len())
        .collect();
    let done = candidates.len() == 1 && candidates[0].text.eq_ignore_ascii_case(&there);
    if candidates.is_empty() || done {
        return;
    }
    let row = clear(y, buf);
    let key = app.settings.keymap.first(Context::Find, Action::NextField);
    let mut x = line.x;
    if !key.is_empty() {
        x = put(buf, row, x, y, &strings::candidates(&key), theme.quiet()) + 1;
    }
    // The one that is taken stays in sight.
    let first = first_shown(app, usize::from(row.right().saturating_sub(x)));
    for (at, candidate) in candidates.iter().enumerate().skip(first) {
        let words = tame(&candidate.shown);
        if x + columns(&words) + 3 > row.right() {
            put(buf, row, x, y, "…", theme.quiet());
            break;
        }
        let style = if find.taken == Some(at) {
            theme.cursor()
        } else {
            theme.accent()
        };
        x = put(buf, row, x, y, &words, style) + 2;
    }
}

fn first_shown(app: &App, room: usize) -> usize {
    let taken = app.find.taken.unwrap_or(0);
    let mut used = 3;
    let mut first = taken;
    let shown = app.find.completion.candidates.iter().take(taken + 1);
    for (at, candidate) in shown.enumerate().collect::<Vec<_>>().into_iter().rev() {
        used += width(&tame(&candidate.shown)) + 2;
        if used > room {
            break;
        }
        first = at;
    }
    first
}

/// Blanks a line of the screen; gives it.
fn clear(y: u16, buf: &mut Buffer) -> Rect {
    let row = Rect {
        y,
        height: 1,
        ..buf.area
    };
    for x in row.left()..row.right() {
        if y < buf.area.bottom() {
            buf[(x, y)].reset();
        }
    }
    row
}
