//! Words, frames and blanks, painted into cells.

use ordertop::order::OrderKey;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::{App, Overlay, Pane};
use crate::model::text::{cut, width};
use crate::strings;
use crate::theme::Theme;

/// One line of text, cut to the area's width.
pub(super) fn text(buf: &mut Buffer, area: Rect, y: u16, words: &str, style: Style) {
    put(buf, area, area.x, y, words, style);
}

/// Text from a column on, cut at the area's end. Gives the column after it.
pub(super) fn put(buf: &mut Buffer, area: Rect, x: u16, y: u16, words: &str, style: Style) -> u16 {
    if y < area.top() || y >= area.bottom() || x >= area.right() || x < area.left() {
        return x;
    }
    let room = usize::from(area.right() - x);
    // What stood there before leaves nothing behind, not even its dimness.
    let style = Style::reset().patch(style);
    let (end, _) = buf.set_stringn(x, y, cut(words, room), room, style);
    end
}

/// Keys and what they do, as many as there is room for.
pub(super) fn key_words(
    buf: &mut Buffer,
    area: Rect,
    mut x: u16,
    y: u16,
    theme: Theme,
    keys: &[(&str, &str)],
) {
    for (key, words) in keys.iter().filter(|(key, _)| !key.is_empty()) {
        let wide = columns(key) + columns(words) + 1;
        if x + wide > area.right() {
            return;
        }
        x = put(buf, area, x, y, key, theme.key());
        x = put(buf, area, x + 1, y, words, theme.quiet()) + 2;
    }
}

/// Text that ends at the area's right edge. Gives its first column.
pub(super) fn put_right(buf: &mut Buffer, area: Rect, y: u16, words: &str, style: Style) -> u16 {
    let wide = columns(words).min(area.width);
    let x = area.right() - wide;
    put(buf, area, x, y, words, style);
    x
}

/// Text in the middle of the area's line.
pub(super) fn centre(buf: &mut Buffer, area: Rect, line: u16, words: &str, style: Style) {
    let wide = columns(words).min(area.width);
    let x = area.x + (area.width - wide) / 2;
    put(buf, area, x, area.y.saturating_add(line), words, style);
}

pub(super) fn columns(words: &str) -> u16 {
    u16::try_from(width(words)).unwrap_or(u16::MAX)
}

/// How wide something is that lies over an area: the frames below it stay whole
/// where there is room for that.
pub(super) fn over(wide: u16, widest: u16) -> u16 {
    match wide {
        ..72 => wide.saturating_sub(2),
        _ => wide - 4,
    }
    .min(widest)
}

/// What lies in the middle of an area, no larger than that.
pub(super) fn centred(area: Rect, wide: u16, high: u16) -> Rect {
    steady(area, wide, high, high)
}

/// The same for something that may grow while it is open, from `least` rows to
/// `high`: it stands where it stood without what was added, unless its end would
/// not be on the screen.
pub(super) fn steady(area: Rect, wide: u16, least: u16, high: u16) -> Rect {
    let (wide, high) = (wide.min(area.width), high.min(area.height));
    let top = (area.height.saturating_sub(least) / 2).min(area.height - high);
    Rect::new(area.x + (area.width - wide) / 2, area.y + top, wide, high)
}

/// A sign that turns, after so many turns.
pub(super) fn turned(turns: usize) -> &'static str {
    const TURNS: [&str; 4] = ["◐", "◓", "◑", "◒"];
    TURNS[turns % TURNS.len()]
}

/// A frame with a title. Gives the room inside.
pub(super) fn frame(
    buf: &mut Buffer,
    area: Rect,
    title: &str,
    focused: bool,
    theme: Theme,
) -> Rect {
    if area.width < 2 || area.height < 2 {
        return Rect::new(area.x, area.y, 0, 0);
    }
    let style = theme.frame(focused);
    let (left, right) = (area.left(), area.right() - 1);
    let (top, bottom) = (area.top(), area.bottom() - 1);
    for x in left + 1..right {
        buf[(x, top)].set_symbol("─").set_style(style);
        buf[(x, bottom)].set_symbol("─").set_style(style);
    }
    for y in top + 1..bottom {
        buf[(left, y)].set_symbol("│").set_style(style);
        buf[(right, y)].set_symbol("│").set_style(style);
    }
    let corners = [
        (left, top, "╭"),
        (right, top, "╮"),
        (left, bottom, "╰"),
        (right, bottom, "╯"),
    ];
    for (x, y, corner) in corners {
        buf[(x, y)].set_symbol(corner).set_style(style);
    }
    let room = usize::from(area.width).saturating_sub(4);
    if !title.is_empty() && room > 2 {
        let title = format!(" {} ", cut(title, room - 2));
        put(buf, area, left + 1, top, &title, theme.title(focused));
    }
    Rect::new(left + 1, top + 1, area.width - 2, area.height - 2)
}

/// Blanks an area for what lies over it.
pub(super) fn blank(buf: &mut Buffer, area: Rect) {
    // One column more on each side, so that nothing sticks to the frame.
    let left = area.left().saturating_sub(1).max(buf.area.left());
    let right = (area.right() + 1).min(buf.area.right());
    let area = Rect {
        x: left,
        width: right - left,
        ..area
    };
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            buf[(x, y)].reset();
        }
    }
    // A wide character that began left of the area would reach into it.
    if area.left() > buf.area.left() {
        for y in area.top()..area.bottom() {
            let cell = &mut buf[(area.left() - 1, y)];
            if columns(cell.symbol()) > 1 {
                cell.reset();
            }
        }
    }
}

/// An order as people call it; where orders of several vendors are shown, with whose
/// it is: two of them may have the same number.
pub(super) fn order_name(app: &App, key: &OrderKey) -> String {
    let number = strings::number(key);
    match app.many_vendors() && app.orders.vendor().is_none() {
        true => format!("{number} {}", app.vendor_name(&key.vendor)),
        false => number,
    }
}

pub(super) fn focused(app: &App, pane: Pane) -> bool {
    app.focus == pane && !app.typing && matches!(app.overlay, Overlay::None)
}
