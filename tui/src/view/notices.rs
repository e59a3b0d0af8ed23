//! Notifications, newest on top: with a frame where there is room, else the
//! newest one alone.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::order::time;
use super::{focused, frame, put};
use crate::app::notices::{Notice, What};
use crate::app::{App, Pane};
use crate::strings;
use crate::text::grouped;
use crate::theme::Theme;

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = app.settings.theme;
    let has_keys = focused(app, Pane::Notices);
    let lines = if area.height >= 3 {
        let title = match app.notices.len() {
            0 => strings::NOTICES.to_owned(),
            count => format!("{} {}", strings::NOTICES, grouped(count)),
        };
        frame(buf, area, &title, has_keys, theme)
    } else {
        area
    };
    if app.notices.is_empty() {
        put(
            buf,
            lines,
            lines.x + 1,
            lines.y,
            strings::NO_NOTICES,
            theme.quiet(),
        );
        return;
    }
    let height = usize::from(lines.height);
    let chosen = if has_keys { app.notices.chosen } else { 0 };
    let first = (chosen + 1).saturating_sub(height);
    for (line, y) in (lines.top()..lines.bottom()).enumerate() {
        let Some(notice) = app.notices.get(first + line) else {
            break;
        };
        let line_area = Rect {
            y,
            height: 1,
            ..lines
        };
        let reversed = has_keys && first + line == chosen;
        if reversed {
            buf.set_style(line_area, theme.cursor());
        }
        let style = |own: Style| if reversed { theme.cursor() } else { own };
        let when = time(app, notice.at);
        let x = put(buf, line_area, lines.x + 1, y, &when, style(theme.quiet()));
        let words = strings::notice(notice);
        let x = put(
            buf,
            line_area,
            x + 2,
            y,
            &words,
            style(kind_style(theme, notice)),
        );
        if let Some(key) = notice.key.as_ref().filter(|_| app.many_vendors()) {
            let vendor = app.vendor_name(&key.vendor);
            put(buf, line_area, x + 2, y, vendor, style(theme.quiet()));
        }
    }
}

fn kind_style(theme: Theme, notice: &Notice) -> Style {
    match notice.what {
        What::New { .. } => theme.good(),
        What::Refused { .. } => theme.bad().patch(theme.strong()),
        What::Removed { .. } => theme.warning(),
        What::Step { .. } => theme.text(),
        What::Updated { .. } | What::Imported { .. } => theme.quiet(),
    }
}
