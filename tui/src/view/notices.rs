//! Notifications, newest on top: with a frame where there is room, else the
//! newest one alone.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::areas;
use super::order::time;
use super::paint::{focused, frame, put};
use crate::app::{App, Pane};
use crate::model::notices::{KEPT, Notice, What};
use crate::model::text::grouped;
use crate::strings;
use crate::theme::Theme;

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = app.settings.theme;
    let has_keys = focused(app, Pane::Notices);
    let lines = if area.height >= 3 {
        let title = match app.notices.len() {
            0 => strings::NOTICES.to_owned(),
            KEPT.. => format!("{} {KEPT}+", strings::NOTICES),
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
            strings::NO_NOTICES_LONG,
            theme.quiet(),
        );
        return;
    }
    let first = first_line(app, lines.height);
    let chosen = app.notices.chosen;
    for (line, y) in (lines.top()..lines.bottom()).enumerate() {
        let Some(notice) = app.notices.get(first + line) else {
            break;
        };
        let line_area = Rect {
            y,
            height: 1,
            ..lines
        };
        // Words end before the frame as they begin after it.
        let words_area = Rect {
            width: line_area.width.saturating_sub(1),
            ..line_area
        };
        let reversed = has_keys && first + line == chosen;
        if reversed {
            buf.set_style(line_area, theme.cursor());
        }
        let style = |own: Style| if reversed { theme.cursor() } else { own };
        if app.notices.is_unread(first + line) {
            put(buf, words_area, lines.x, y, "•", style(theme.accent()));
        }
        let when = time(app, notice.at);
        let x = put(buf, words_area, lines.x + 2, y, &when, style(theme.quiet()));
        let words = strings::notice(notice);
        let x = put(
            buf,
            words_area,
            x + 2,
            y,
            &words,
            style(kind_style(theme, notice)),
        );
        if let Some(key) = notice.key.as_ref().filter(|_| app.many_vendors()) {
            let vendor = app.vendor_name(&key.vendor);
            put(buf, words_area, x + 2, y, vendor, style(theme.quiet()));
        }
    }
}

/// Which notification stands in the first line: the chosen one is in sight while
/// the pane has the keys.
fn first_line(app: &App, height: u16) -> usize {
    match app.focus {
        Pane::Notices => (app.notices.chosen + 1).saturating_sub(usize::from(height)),
        _ => 0,
    }
}

/// Which notifications are on the screen, from the newest; none without a pane.
#[must_use]
pub fn notices_in_sight(app: &App) -> Range<usize> {
    let Some(area) = areas(app).and_then(|areas| areas.notices) else {
        return 0..0;
    };
    let height = lines_of(area);
    let first = first_line(app, height);
    first..first + usize::from(height)
}

/// How many notifications have room: with a frame where there is room for one.
fn lines_of(area: Rect) -> u16 {
    match area.height {
        3.. => area.height - 2,
        few => few,
    }
}

/// The notification at a row of the screen.
#[must_use]
pub fn notice_at(app: &App, row: u16) -> Option<usize> {
    let area = areas(app)?.notices?;
    let height = lines_of(area);
    let frame = u16::from(height < area.height);
    let line = row.checked_sub(area.y + frame)?;
    let at = first_line(app, height) + usize::from(line);
    (line < height && at < app.notices.len()).then_some(at)
}

fn kind_style(theme: Theme, notice: &Notice) -> Style {
    match notice.what {
        What::New { .. } | What::Away { .. } => theme.good(),
        What::Refused { .. } => theme.bad().patch(theme.strong()),
        What::Due { late: true, .. } | What::DueMany { late: true, .. } => theme.bad(),
        What::Due { .. } | What::DueMany { .. } => theme.warning(),
        What::Removed { .. } | What::HistoryChanged { .. } => theme.warning(),
        What::Asked { by: Some(_) } => theme.warning(),
        What::Step { .. } | What::Seen { .. } | What::Asked { by: None } => theme.text(),
        What::Bulk(tally) if tally.failed > 0 => theme.warning(),
        What::Bulk(_) => theme.text(),
        What::Updated { .. } | What::Noted | What::Imported { .. } => theme.quiet(),
    }
}
