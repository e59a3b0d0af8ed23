//! The note that is being written.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use ordertop::order::Visibility;

use super::header::after_columns;
use super::paint::{blank, centred, frame, over, put};
use super::press::{Press, Presses, keys_to_press};
use crate::app::App;
use crate::app::note::{NoteDialog, READERS, TEXT};
use crate::app::typing::LONG;
use crate::model::keymap::{Action, Context};
use crate::strings;

/// Widest that it gets.
const WIDEST: u16 = 76;

/// Gives the place of the text cursor.
pub(super) fn draw(
    app: &App,
    note: &NoteDialog,
    screen: Rect,
    buf: &mut Buffer,
    presses: &mut Presses,
) -> Option<Position> {
    let theme = app.settings.theme;
    let wide = over(screen.width, WIDEST);
    let area = centred(screen, wide, 5);
    blank(buf, area);
    let inner = frame(buf, area, &strings::note_title(&note.key), true, theme);
    let inner = Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        ..inner
    };
    let room = usize::from(inner.width.saturating_sub(1));
    let scroll = note.input.visual_scroll(room);
    let value = note.input.value();
    if value.is_empty() {
        let (hint, style) = match note.missed {
            true => (strings::NOTE_MISSED, theme.bad()),
            false => (strings::NOTE_HINT, theme.quiet()),
        };
        put(buf, inner, inner.x, inner.y, hint, style);
    } else {
        let words = after_columns(value, scroll);
        put(buf, inner, inner.x, inner.y, &words, theme.strong());
    }
    let key = |action| app.settings.keymap.first(Context::Field, action);
    let readers = strings::note_readers(
        note.visibility,
        app.many_vendors(),
        note.choosing,
        &key(Action::NextField),
    );
    let style = match note.visibility {
        // It cannot be taken back.
        Visibility::Vendor if app.many_vendors() => theme.warning(),
        _ => theme.accent(),
    };
    let style = match note.choosing {
        true => style.patch(theme.strong()),
        false => style,
    };
    let x = put(buf, inner, inner.x, inner.y + 1, &readers, style);
    if let Some(room) = strings::note_room(value.chars().count(), LONG) {
        put(buf, inner, x + 2, inner.y + 1, &room, theme.warning());
    }
    presses.note_line(inner, inner.y, Press::Field(TEXT));
    if app.many_vendors() {
        presses.note(inner.x, x, inner.y + 1, Press::Field(READERS));
    }
    let keys = [
        (Action::Confirm, strings::NOTE_ADD),
        (Action::Cancel, strings::DIALOG_CANCEL),
    ];
    keys_to_press(app, buf, inner, inner.x, inner.y + 2, &keys, presses);
    if note.choosing {
        return None;
    }
    let at = note.input.visual_cursor().saturating_sub(scroll).min(room);
    Some(Position::new(
        inner.x + u16::try_from(at).unwrap_or(0),
        inner.y,
    ))
}
