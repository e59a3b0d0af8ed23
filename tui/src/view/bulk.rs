//! The question before an action on many orders, and what became of each.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::header::after_columns;
use super::{blank, centred, frame, key_words, over, put, put_right};
use crate::app::App;
use crate::app::bulk::{Bulk, BulkLine, Fate, Plan};
use crate::app::dialog::{Aim, FieldKind};
use crate::keymap::Action;
use crate::strings;
use crate::text::{cut, fit, grouped, width};
use crate::theme::glyph;

/// Widest that both get.
const WIDEST: u16 = 76;
/// Columns of the reason's name.
const NAME: u16 = 10;

fn framed(app: &App, area: Rect, title: &str, buf: &mut Buffer) -> Rect {
    blank(buf, area);
    let inner = frame(buf, area, title, true, app.settings.theme);
    Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        ..inner
    }
}

/// Gives the place of the text cursor while the reason has the keys.
pub(super) fn draw_plan(
    app: &App,
    plan: &Plan,
    screen: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let theme = app.settings.theme;
    let wide = over(screen.width, WIDEST);
    let mut lines: Vec<(String, Style)> = Vec::new();
    for ((from, to), count) in plan.steps() {
        let words = format!(
            "{:>6}  {} {from} ─▶ {} {to}",
            grouped(count),
            glyph(from),
            glyph(to)
        );
        lines.push((words, theme.strong()));
    }
    if plan.rows.is_empty() {
        lines.push((strings::NONE_CAN.to_owned(), theme.warning()));
    }
    lines.extend(about(app, plan, usize::from(wide.saturating_sub(4))));
    for (why, count) in &plan.left_out {
        let words = format!("{:>6}  {}", grouped(*count), strings::left_out(why));
        lines.push((words, theme.quiet()));
    }
    let reason = u16::from(plan.needs_reason());
    let missed = u16::from(plan.reason_missed && plan.reason.value().trim().is_empty());
    // Frame and button stay in sight; of many causes the last ones give way.
    let room = usize::from(screen.height.saturating_sub(3 + reason + missed));
    if lines.len() > room {
        lines.truncate(room.saturating_sub(1));
        lines.push(("   …".to_owned(), theme.quiet()));
    }
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX) + 3 + reason + missed;
    let area = centred(screen, wide, height);
    let inner = framed(app, area, &strings::plan_title(plan), buf);
    let mut y = inner.y;
    for (words, style) in lines {
        put(buf, inner, inner.x, y, &words, style);
        y += 1;
    }
    let mut cursor = None;
    if reason > 0 {
        let style = if plan.typing {
            theme.key()
        } else {
            theme.text()
        };
        put(
            buf,
            inner,
            inner.x,
            y,
            strings::field(FieldKind::Reason),
            style,
        );
        let x = inner.x + NAME.min(inner.width / 2);
        let room = usize::from(inner.right().saturating_sub(x + 1));
        let scroll = plan.reason.visual_scroll(room);
        let value = plan.reason.value();
        if value.is_empty() {
            let hint = strings::field_hint(FieldKind::Reason);
            put(buf, inner, x, y, hint, theme.quiet());
        } else {
            put(
                buf,
                inner,
                x,
                y,
                &after_columns(value, scroll),
                theme.strong(),
            );
        }
        if plan.typing {
            let at = plan.reason.visual_cursor().saturating_sub(scroll).min(room);
            cursor = Some(Position::new(x + u16::try_from(at).unwrap_or(0), y));
        }
        y += 1;
    }
    if missed > 0 {
        put(buf, inner, inner.x, y, strings::REASON_NEEDED, theme.bad());
    }
    let y = inner.bottom().saturating_sub(1);
    let button = format!("  {}  ", strings::plan_button(plan));
    let style = match (plan.rows.is_empty(), plan.typing) {
        (true, _) => theme.quiet(),
        (false, false) => theme.cursor(),
        (false, true) => theme.strong(),
    };
    let x = put(buf, inner, inner.x, y, &button, style);
    let keymap = &app.settings.keymap;
    let keys = match plan.rows.is_empty() {
        true => String::new(),
        false => keymap.label(app.context(), Action::Confirm),
    };
    let x = put(buf, inner, x + 1, y, &keys, theme.key());
    let cancel = keymap.first(app.context(), Action::Cancel);
    let cancel = [(&*cancel, strings::DIALOG_CANCEL)];
    key_words(buf, inner, x + 3, y, theme, &cancel);
    cursor
}

/// What is to be known about a plan's orders, in lines of `room` columns: whom
/// somebody wants cancelled, who is not on the screen, which they are.
fn about(app: &App, plan: &Plan, room: usize) -> Vec<(String, Style)> {
    let theme = app.settings.theme;
    let line = |count: usize, words: &str| format!("{:>6}  {words}", grouped(count));
    let keys: Vec<_> = plan.rows.iter().map(|row| &row.key).collect();
    let mut lines = Vec::new();
    let asked = keys.iter().filter(|key| app.is_asked(key)).count();
    if asked > 0 {
        lines.push((line(asked, strings::asked_of(asked)), theme.warning()));
    }
    // What was shipped has left the list: to undo that needs no word of it.
    let hidden: Vec<_> = match plan.aim {
        Aim::Step | Aim::Ask => keys
            .iter()
            .filter(|key| app.is_hidden(key))
            .copied()
            .collect(),
        Aim::Undo => Vec::new(),
    };
    if !hidden.is_empty() {
        let words = format!("{}: ", strings::NOT_IN_THE_LIST);
        let room = room.saturating_sub(8 + width(&words));
        let words = format!("{words}{}", strings::some_numbers(&hidden, room));
        lines.push((line(hidden.len(), &words), theme.warning()));
    }
    if hidden.len() < keys.len() {
        let words = strings::some_numbers(&keys, room.saturating_sub(8));
        lines.push((format!("{:8}{words}", ""), theme.text()));
    }
    lines
}

/// One line an order; those that need a look stand on top.
pub(super) fn draw_result(app: &App, bulk: &Bulk, screen: Rect, buf: &mut Buffer) {
    let theme = app.settings.theme;
    let wanted = u16::try_from(bulk.len())
        .unwrap_or(u16::MAX)
        .saturating_add(3);
    let height = wanted.min(screen.height.saturating_sub(2)).max(5);
    let area = centred(screen, over(screen.width, WIDEST), height);
    let inner = framed(app, area, &strings::result_title(bulk), buf);
    let tally = strings::bulk_done(bulk.tally());
    let style = match bulk.tally().failed {
        0 => theme.good(),
        _ => theme.warning(),
    };
    let mut room = usize::from(inner.width);
    if bulk.is_under_way() {
        let bar = bar(bulk.answered, bulk.len(), room / 3);
        put_right(buf, inner, inner.y, &bar, theme.accent());
        room -= room / 3 + 1;
    }
    put(buf, inner, inner.x, inner.y, &cut(&tally, room), style);
    let rows = inner.top() + 1..inner.bottom();
    let number = (bulk.lines().skip(bulk.scroll).take(rows.len()))
        .map(|line| width(&strings::number(&line.key)))
        .max();
    let number = number.unwrap_or(0).clamp(6, 16);
    for (line, y) in bulk.lines().skip(bulk.scroll).zip(rows.clone()) {
        draw_line(
            app,
            line,
            number,
            Rect {
                y,
                height: 1,
                ..inner
            },
            buf,
        );
    }
    let below = bulk.len().saturating_sub(bulk.scroll + rows.len());
    if below > 0 {
        let bottom = Rect {
            width: area.width.saturating_sub(2),
            ..area
        };
        let words = format!(" {} more ↓ ", grouped(below));
        put_right(buf, bottom, area.bottom() - 1, &words, theme.accent());
    }
}

fn draw_line(app: &App, line: &BulkLine, number: usize, area: Rect, buf: &mut Buffer) {
    let theme = app.settings.theme;
    let (sign, style) = match &line.fate {
        Fate::Waiting => ("⧗", theme.quiet()),
        Fate::Done(_) => ("✓", theme.good()),
        Fate::Unchanged => ("=", theme.quiet()),
        Fate::Refused(_) | Fate::Open(_) => ("!", theme.bad()),
        Fate::NotSent => ("–", theme.warning()),
    };
    let x = put(buf, area, area.x, area.y, sign, style);
    let words = fit(&strings::number(&line.key), number);
    let x = put(buf, area, x + 1, area.y, &words, theme.strong());
    let words = strings::fate(line);
    let room = usize::from(area.right().saturating_sub(x + 2));
    put(buf, area, x + 2, area.y, &cut(&words, room), style);
}

/// `█████░░░░░`
fn bar(done: usize, all: usize, columns: usize) -> String {
    let full = (columns * done).checked_div(all).unwrap_or(0).min(columns);
    format!("{}{}", "█".repeat(full), "░".repeat(columns - full))
}
