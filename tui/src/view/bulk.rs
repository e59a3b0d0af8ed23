//! The question before an action on many orders, and what became of each.

use ordertop::order::OrderKey;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::header::after_columns;
use super::paint::{blank, centred, frame, over, put, put_right};
use super::press::{Press, Presses, keys_to_press};
use crate::app::App;
use crate::app::bulk::{Bulk, Plan};
use crate::model::bulk::{BulkLine, Fate};
use crate::model::keymap::Action;
use crate::model::step::{Aim, FieldKind};
use crate::model::text::{cut, fit, grouped, width};
use crate::strings;
use crate::theme::glyph;

/// Widest that both get.
const WIDEST: u16 = 76;
/// Number and vendor are cut so far before what became of the order.
const MOST_NAME: usize = 24;
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
    presses: &mut Presses,
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
    let inside = usize::from(wide.saturating_sub(4));
    lines.extend(about(app, plan, inside));
    for (why, keys) in &plan.left_out {
        let keys: Vec<_> = keys.iter().collect();
        // Why is told in full where some of the names give way, but not all.
        let room = inside.saturating_sub(8 + width(&strings::left_out("", why)));
        let name = |key: &OrderKey| super::paint::order_name(app, key);
        let names = strings::some_orders(&keys, room.max(inside / 4), name);
        let words = strings::left_out(&names, why);
        lines.push((
            format!("{:>6}  {words}", grouped(keys.len())),
            theme.quiet(),
        ));
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
    // What is to be known about its orders comes while it is open.
    let steady = plan.steps().len() + plan.left_out.len() + 1;
    let steady = u16::try_from(steady)
        .unwrap_or(u16::MAX)
        .saturating_add(3 + reason);
    let area = super::paint::steady(screen, wide, steady.min(height), height);
    let inner = framed(
        app,
        area,
        &strings::plan_title(plan.aim, plan.target(), plan.rows.len()),
        buf,
    );
    let mut y = inner.y;
    for (words, style) in lines {
        put(buf, inner, inner.x, y, &words, style);
        y += 1;
    }
    let mut cursor = None;
    if reason > 0 {
        presses.note_line(inner, y, Press::Field(1));
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
    let button = format!(
        "  {}  ",
        strings::plan_button(plan.aim, plan.target(), plan.rows.len())
    );
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
    if !plan.rows.is_empty() {
        presses.note(inner.x, x, y, Press::Key(Action::Confirm));
    }
    let cancel = [(Action::Cancel, strings::DIALOG_CANCEL)];
    keys_to_press(app, buf, inner, x + 3, y, &cancel, presses);
    cursor
}

/// How many, what about them, and the first of them: `     2  on hold: #10471, #10474`.
fn counted(app: &App, keys: &[&OrderKey], words: &str, room: usize) -> String {
    let words = format!("{:>6}  {words}: ", grouped(keys.len()));
    let room = room.saturating_sub(width(&words));
    let named = strings::some_orders(keys, room, |key| super::paint::order_name(app, key));
    words + &named
}

/// What is to be known about a plan's orders, in lines of `room` columns: which
/// changed, which somebody wants cancelled, which are of a kind that one does not ship
/// unawares, which are not on the screen, which they are.
fn about(app: &App, plan: &Plan, room: usize) -> Vec<(String, Style)> {
    let theme = app.settings.theme;
    let keys: Vec<_> = plan.rows.iter().map(|row| &row.key).collect();
    let mut lines = Vec::new();
    let changed = plan.changed(&app.orders);
    if !changed.is_empty() {
        let words = counted(app, &changed, strings::CHANGED_SINCE, room);
        lines.push((words, theme.warning()));
    }
    let asked: Vec<_> = (keys.iter().copied())
        .filter(|key| app.is_asked(key))
        .collect();
    if !asked.is_empty() {
        let words = counted(app, &asked, strings::asked_of(asked.len()), room);
        lines.push((words, theme.warning()));
    }
    for (flag, words) in strings::FLAGS_BEFORE_STEP {
        let has = |key: &&OrderKey| app.orders.get(key).is_some_and(|row| flag(row.flags()));
        let these: Vec<_> = keys.iter().copied().filter(has).collect();
        if !these.is_empty() {
            lines.push((counted(app, &these, words, room), theme.warning()));
        }
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
        let words = counted(app, &hidden, strings::NOT_IN_THE_LIST, room);
        lines.push((words, theme.warning()));
    }
    if hidden.len() < keys.len() {
        let name = |key: &OrderKey| super::paint::order_name(app, key);
        let words = strings::some_orders(&keys, room.saturating_sub(8), name);
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
    let inner = framed(
        app,
        area,
        &strings::result_title(bulk.answered, bulk.len()),
        buf,
    );
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
        .map(|line| width(&super::paint::order_name(app, &line.key)))
        .max();
    let number = number.unwrap_or(0).clamp(6, MOST_NAME);
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
        Fate::Kept => ("⧗", theme.changed()),
        Fate::Done(_) => ("✓", theme.good()),
        Fate::Unchanged => ("=", theme.quiet()),
        Fate::Refused(_) | Fate::Open(_) => ("!", theme.bad()),
        Fate::NotSent => ("–", theme.warning()),
    };
    let x = put(buf, area, area.x, area.y, sign, style);
    let words = fit(&super::paint::order_name(app, &line.key), number);
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
