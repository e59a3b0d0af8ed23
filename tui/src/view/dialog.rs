//! The question before a step.

use ordertop::order::OrderStatus;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::header::after_columns;
use super::paint::{blank, frame, over, put, steady};
use super::press::{Press, Presses, keys_to_press};
use crate::app::App;
use crate::app::acting::Still;
use crate::app::dialog::Dialog;
use crate::model::keymap::{Action, Context};
use crate::model::step::{Aim, FieldKind};
use crate::model::text::cut;
use crate::strings;
use crate::theme::glyph;

/// Widest that it gets.
const WIDEST: u16 = 76;
/// Columns of the inputs' names.
const NAMES: u16 = 17;

/// Gives the place of the text cursor while an input has the keys.
pub(super) fn draw(
    app: &App,
    dialog: &Dialog,
    screen: Rect,
    buf: &mut Buffer,
    presses: &mut Presses,
) -> Option<Position> {
    let theme = app.settings.theme;
    let row = app.orders.get(&dialog.key);
    let still = app.still(dialog);
    let changed = row.is_none() || still != Still::AsSeen;
    let fields = u16::try_from(dialog.fields.len()).unwrap_or(0);
    let asked = app.asked(&dialog.key);
    let flags = row.map_or(String::new(), |row| strings::flags_before_step(row.flags()));
    let bare = app.connection.legacy && dialog.to == OrderStatus::Shipped;
    let notes = u16::from(changed)
        + u16::from(bare)
        + u16::from(asked.is_some())
        + u16::from(!flags.is_empty())
        + u16::from(missed(app, dialog).is_some());
    // Frame, order, step, a gap, inputs, notes, buttons; gaps go where rows are few.
    let roomy = screen.height >= 12 + fields;
    let gap = u16::from(roomy);
    // Kept free for the link, so that nothing moves while a number is typed.
    let link = gap * u16::from(dialog.ships());
    let height = 2 + 2 + gap + fields + link + gap * u16::from(fields > 0) + notes + 1;
    // Notes come while it is open: it grows downwards, and stays where it is.
    let area = steady(screen, over(screen.width, WIDEST), height - notes, height);
    blank(buf, area);
    let title = strings::step_title(
        dialog.aim,
        dialog.to,
        &super::paint::order_name(app, &dialog.key),
    );
    let inner = frame(buf, area, &title, true, theme);
    let inner = Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        ..inner
    };
    let mut y = inner.y;
    let who = row.map_or(String::new(), |row| {
        let amount = row.total();
        let buyer = match row.buyer() {
            unknown if unknown.is_empty() => strings::NO_BUYER.into(),
            buyer => buyer,
        };
        format!("{buyer}  ·  {amount}")
    });
    // Where rows are few the title says enough: what must be known needs the room.
    if inner.height >= 3 + fields + notes {
        put(buf, inner, inner.x, y, &who, theme.strong());
        y += 1;
    }
    let from = format!("{} {}", glyph(dialog.from), dialog.from);
    let x = put(buf, inner, inner.x, y, &from, theme.status(dialog.from));
    let x = put(buf, inner, x, y, "  ─▶  ", theme.quiet());
    // Who asks changes nothing yet.
    let (to, until) = match dialog.aim {
        Aim::Ask => (dialog.from, strings::UNTIL_SUPPORT_DECIDES),
        Aim::Step | Aim::Undo => (dialog.to, ""),
    };
    let words = format!("{} {to}", glyph(to));
    let x = put(
        buf,
        inner,
        x,
        y,
        &words,
        theme.status(to).patch(theme.strong()),
    );
    put(buf, inner, x, y, until, theme.text());
    y += 1 + gap;
    let mut cursor = None;
    for (i, field) in dialog.fields.iter().enumerate() {
        let has_keys = dialog.focus == i + 1;
        presses.note_line(inner, y, Press::Field(i + 1));
        let style = if has_keys { theme.key() } else { theme.text() };
        put(buf, inner, inner.x, y, strings::field(field.kind), style);
        let x = inner.x + NAMES.min(inner.width / 2);
        let room = usize::from(inner.right().saturating_sub(x + 1));
        let scroll = field.input.visual_scroll(room);
        let value = field.input.value();
        if value.is_empty() && !has_keys {
            put(buf, inner, x, y, &hint(dialog, field.kind), theme.quiet());
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
                put(buf, inner, x, y, &hint(dialog, field.kind), theme.quiet());
            }
        }
        y += 1;
    }
    if link > 0 {
        if let Some(carrier) = dialog.mistyped() {
            let words = strings::mistyped(carrier);
            put(buf, inner, inner.x, y, &words, theme.warning());
        } else if let Some(url) = dialog.link() {
            put(buf, inner, inner.x, y, &url, theme.accent());
        }
        y += 1;
    }
    if fields > 0 {
        y += gap;
    }
    if let Some(words) = missed(app, dialog) {
        put(buf, inner, inner.x, y, &words, theme.bad());
        y += 1;
    }
    if bare {
        put(
            buf,
            inner,
            inner.x,
            y,
            strings::NO_PARCEL_ON_LEGACY,
            theme.quiet(),
        );
        y += 1;
    }
    if !flags.is_empty() {
        put(buf, inner, inner.x, y, &flags, theme.warning());
        y += 1;
    }
    if let Some(asked) = asked {
        let words = strings::asked(&asked, app.now);
        let words = cut(&words, usize::from(inner.width));
        put(buf, inner, inner.x, y, &words, theme.warning());
        y += 1;
    }
    if changed {
        let words = match (row, still) {
            (None, _) | (_, Still::AsSeen) => strings::CHANGED_MEANWHILE.to_owned(),
            (Some(row), Still::There) => strings::is_already(row),
            (Some(row), Still::Open) => {
                let confirm = app.settings.keymap.first(app.context(), Action::Confirm);
                strings::changed_since(row, dialog.from, app.now, &confirm)
            }
            (Some(row), Still::Closed) => strings::changed_since_closed(row, app.now),
        };
        put(buf, inner, inner.x, y, &words, theme.warning());
        y += 1;
    }
    let y = y.min(inner.bottom().saturating_sub(1));
    buttons(app, dialog, inner, y, buf, presses);
    cursor
}

/// What to do about a reason that was blank when the dialog was confirmed.
fn missed(app: &App, dialog: &Dialog) -> Option<String> {
    let blank = dialog.reason_missed && dialog.text(FieldKind::Reason).is_none();
    blank.then(|| match dialog.reason_is_optional() {
        true => {
            let next = app.settings.keymap.first(Context::Field, Action::NextField);
            strings::reason_wanted(&next)
        }
        false => strings::REASON_NEEDED.to_owned(),
    })
}

/// What stands in an empty input.
fn hint(dialog: &Dialog, kind: FieldKind) -> String {
    match dialog.guess().filter(|_| kind == FieldKind::Carrier) {
        Some(carrier) => strings::guessed(carrier),
        None if kind == FieldKind::Reason && dialog.reason_is_optional() => {
            strings::REASON_FOR_SUPPORT.to_owned()
        }
        None => strings::field_hint(kind).to_owned(),
    }
}

fn buttons(
    app: &App,
    dialog: &Dialog,
    inner: Rect,
    y: u16,
    buf: &mut Buffer,
    presses: &mut Presses,
) {
    let theme = app.settings.theme;
    let button = format!("  {}  ", strings::dialog_button(dialog.aim, dialog.to));
    let on_button = dialog.focus == 0;
    let off = matches!(app.still(dialog), Still::There | Still::Closed);
    let style = if off {
        theme.quiet()
    } else if on_button {
        theme.cursor()
    } else {
        theme.strong()
    };
    let x = put(buf, inner, inner.x, y, &button, style) + 1;
    let cancel = (Action::Cancel, strings::DIALOG_CANCEL);
    if off {
        return keys_to_press(app, buf, inner, x + 1, y, &[cancel], presses);
    }
    let keymap = &app.settings.keymap;
    let confirm = match dialog.focus > 0 && dialog.ships() {
        // The first one goes to the button.
        true => strings::twice(
            &keymap.first(Context::Field, Action::Confirm),
            &keymap.first(Context::Dialog, Action::Confirm),
        ),
        false => keymap.label(app.context(), Action::Confirm),
    };
    let x = put(buf, inner, x, y, &confirm, theme.key());
    presses.note(inner.x, x, y, Press::Key(Action::Confirm));
    let next = match &dialog.fields[..] {
        [] => return keys_to_press(app, buf, inner, x + 3, y, &[cancel], presses),
        [only] if only.kind == FieldKind::Reason => "reason",
        [first, ..] if first.kind == FieldKind::Reason => "fields",
        _ => "carrier, tracking",
    };
    let keys = [cancel, (Action::NextField, next)];
    keys_to_press(app, buf, inner, x + 3, y, &keys, presses);
}
