//! The question before a step.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::header::after_columns;
use super::{blank, frame, put};
use crate::app::App;
use crate::app::dialog::{Dialog, FieldKind};
use crate::strings;
use crate::text::width;
use crate::theme::glyph;

/// Columns of the inputs' names.
const NAMES: u16 = 17;

/// Gives the place of the text cursor while an input has the keys.
pub(super) fn draw(app: &App, dialog: &Dialog, screen: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = app.settings.theme;
    let row = app.orders.get(&dialog.key);
    let there = row.filter(|_| app.is_there(dialog));
    let changed = row.is_none_or(|row| row.version() != dialog.version);
    let fields = u16::try_from(dialog.fields.len()).unwrap_or(0);
    let notes = u16::from(changed) + u16::from(dialog.reason_missed && dialog.lacks_reason());
    // Frame, order, step, a gap, inputs, notes, buttons; gaps go where rows are few.
    let roomy = screen.height >= 12 + fields;
    let gap = u16::from(roomy);
    let height =
        (2 + 2 + gap + fields + gap * u16::from(fields > 0) + notes + 1).min(screen.height);
    let wide = screen.width.saturating_sub(2).min(64);
    let area = Rect::new(
        screen.x + (screen.width - wide) / 2,
        screen.y + (screen.height - height) / 2,
        wide,
        height,
    );
    blank(buf, area);
    let title = strings::step_title(dialog.to, &dialog.key);
    let inner = frame(buf, area, &title, true, theme);
    let inner = Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        ..inner
    };
    let mut y = inner.y;
    let mut who = row.map_or(String::new(), |row| {
        let amount = row.total();
        let buyer = if row.buyer.is_empty() {
            strings::NO_BUYER
        } else {
            &row.buyer
        };
        format!("{buyer}  ·  {amount}")
    });
    if app.many_vendors() {
        who.push_str(&format!("  ·  {}", app.vendor_name(&dialog.key.vendor)));
    }
    put(buf, inner, inner.x, y, &who, theme.strong());
    y += 1;
    let from = format!("{} {}", glyph(dialog.from), dialog.from);
    let x = put(buf, inner, inner.x, y, &from, theme.status(dialog.from));
    let x = put(buf, inner, x, y, "  ─▶  ", theme.quiet());
    let to = format!("{} {}", glyph(dialog.to), dialog.to);
    put(
        buf,
        inner,
        x,
        y,
        &to,
        theme.status(dialog.to).patch(theme.strong()),
    );
    y += 1 + gap;
    let mut cursor = None;
    for (i, field) in dialog.fields.iter().enumerate() {
        let has_keys = dialog.focus == i + 1;
        let style = if has_keys { theme.key() } else { theme.text() };
        put(buf, inner, inner.x, y, strings::field(field.kind), style);
        let x = inner.x + NAMES.min(inner.width / 2);
        let room = usize::from(inner.right().saturating_sub(x + 1));
        let scroll = field.input.visual_scroll(room);
        let value = field.input.value();
        if value.is_empty() && !has_keys {
            put(
                buf,
                inner,
                x,
                y,
                strings::field_hint(field.kind),
                theme.quiet(),
            );
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
        if has_keys {
            let at = field.input.visual_cursor().saturating_sub(scroll).min(room);
            cursor = Some(Position::new(x + u16::try_from(at).unwrap_or(0), y));
            if value.is_empty() {
                put(
                    buf,
                    inner,
                    x,
                    y,
                    strings::field_hint(field.kind),
                    theme.quiet(),
                );
            }
        }
        y += 1;
    }
    if fields > 0 {
        y += gap;
    }
    if dialog.reason_missed && dialog.lacks_reason() {
        put(buf, inner, inner.x, y, strings::REASON_NEEDED, theme.bad());
        y += 1;
    }
    if changed {
        let words = match there {
            Some(row) => strings::is_already(row),
            None => strings::CHANGED_MEANWHILE.to_owned(),
        };
        put(buf, inner, inner.x, y, &words, theme.warning());
        y += 1;
    }
    let y = y.min(inner.bottom().saturating_sub(1));
    buttons(app, dialog, inner, y, buf);
    cursor
}

fn buttons(app: &App, dialog: &Dialog, inner: Rect, y: u16, buf: &mut Buffer) {
    let theme = app.settings.theme;
    let button = format!("  {}  ", strings::step_button(dialog.to));
    let on_button = dialog.focus == 0;
    let there = app.is_there(dialog);
    let style = if there {
        theme.quiet()
    } else if on_button {
        theme.cursor()
    } else {
        theme.strong()
    };
    let x = put(buf, inner, inner.x, y, &button, style);
    let keys = match (there, on_button) {
        (true, _) => "",
        (false, true) => "Enter y",
        (false, false) => "Enter",
    };
    let x = put(buf, inner, x + 1, y, keys, theme.key());
    let x = put(buf, inner, x + 3, y, strings::DIALOG_CANCEL, theme.quiet());
    if !dialog.fields.is_empty() {
        let next = match dialog.fields.first().map(|field| field.kind) {
            Some(FieldKind::Reason) if dialog.fields.len() == 1 => "Tab  reason",
            Some(FieldKind::Reason) => "Tab  fields",
            _ => "Tab  carrier, tracking",
        };
        if width(next) + 3 <= usize::from(inner.right().saturating_sub(x)) {
            put(buf, inner, x + 3, y, next, theme.quiet());
        }
    }
}
