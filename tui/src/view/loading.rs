//! The list while its orders are on their way: how many have come of how many.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::paint::{centre, columns, put, turned};
use crate::app::{App, Loading};
use crate::strings;

/// Widest that the bar gets.
const WIDEST: u16 = 40;
/// Narrower, it says nothing that the figures do not.
const NARROWEST: u16 = 10;
/// Orders for one turn of the sign, where nobody knows how many there will be:
/// what a page of a list holds. It stands still when they do not come.
const ORDERS_A_TURN: usize = 1_000;

pub(super) fn draw(app: &App, loading: Loading, area: Rect, buf: &mut Buffer) {
    let theme = app.settings.theme;
    let words = strings::loading(loading.received, loading.total);
    let middle = area.height.saturating_sub(1) / 2;
    let Some(total) = loading.total else {
        let turn = turned(loading.received / ORDERS_A_TURN);
        centre(
            buf,
            area,
            middle,
            &format!("{turn} {words}"),
            theme.strong(),
        );
        return;
    };
    let percent = loading.received.min(total) * 100 / total.max(1);
    let figure = format!(" {percent}%");
    // Room for the last figure, so that the bar does not move.
    let room = area.width.saturating_sub(2 + columns(" 100%"));
    let bar = room.min(WIDEST);
    if area.height < 2 || bar < NARROWEST {
        centre(
            buf,
            area,
            middle,
            &format!("{words}{figure}"),
            theme.strong(),
        );
        return;
    }
    centre(buf, area, middle, &words, theme.strong());
    let wide = usize::from(bar);
    let full = loading.received.min(total) * wide / total.max(1);
    let x = area.x + (area.width - bar - columns(" 100%")) / 2;
    let y = area.y + middle + 1;
    let x = put(buf, area, x, y, &"█".repeat(full), theme.accent());
    let x = put(buf, area, x, y, &"░".repeat(wide - full), theme.quiet());
    put(buf, area, x, y, &figure, theme.strong());
}
