//! A parcel that is being added or corrected.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use tui_input::Input;

use super::header::after_columns;
use super::paint::{blank, centred, frame, over, put};
use super::press::{Press, Presses, keys_to_press};
use crate::app::App;
use crate::app::track::{CARRIER, NUMBER, PARCEL, TrackDialog};
use crate::model::keymap::{Action, Context};
use crate::model::step::FieldKind;
use crate::strings;

/// Widest that it gets.
const WIDEST: u16 = 76;
/// Columns of the inputs' names.
const NAMES: u16 = 17;
/// Most parcels that are listed: the newest.
const LISTED: usize = 4;

/// Gives the place of the text cursor while an input has the keys.
pub(super) fn draw(
    app: &App,
    track: &TrackDialog,
    screen: Rect,
    buf: &mut Buffer,
    presses: &mut Presses,
) -> Option<Position> {
    let theme = app.settings.theme;
    // Frame, choice, carrier, number, link or word, buttons; the list where there is room.
    let room = usize::from(screen.height.saturating_sub(7));
    let listed = track.parcels.len().min(LISTED).min(room);
    let height = 7 + u16::try_from(listed).unwrap_or(0);
    let area = centred(screen, over(screen.width, WIDEST), height);
    blank(buf, area);
    let title = strings::track_title(&super::paint::order_name(app, &track.key));
    let inner = frame(buf, area, &title, true, theme);
    let inner = Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        ..inner
    };
    let mut y = inner.y;
    for parcel in &track.parcels[track.parcels.len() - listed..] {
        put(
            buf,
            inner,
            inner.x,
            y,
            &strings::parcel(parcel),
            theme.quiet(),
        );
        y += 1;
    }
    let x = inner.x + NAMES.min(inner.width / 2);
    let name = |focus, words: &str, y, buf: &mut Buffer, presses: &mut Presses| {
        presses.note_line(inner, y, Press::Field(focus));
        let style = match track.focus == focus {
            true => theme.key(),
            false => theme.text(),
        };
        put(buf, inner, inner.x, y, words, style);
    };
    if track.has_choice() {
        name(PARCEL, strings::PARCEL, y, buf, presses);
    } else {
        put(buf, inner, inner.x, y, strings::PARCEL, theme.text());
    }
    put(
        buf,
        inner,
        x,
        y,
        &strings::parcel_choice(
            track.corrected(),
            track.fills_in().is_some(),
            track.has_choice(),
        ),
        theme.accent(),
    );
    let carrier = match track.guess() {
        Some(carrier) => strings::guessed(carrier),
        None => strings::field_hint(FieldKind::Carrier).to_owned(),
    };
    let mut cursor = None;
    for (focus, kind, input, hint) in [
        (CARRIER, FieldKind::Carrier, &track.carrier, &*carrier),
        (
            NUMBER,
            FieldKind::Tracking,
            &track.number,
            strings::NUMBER_HINT,
        ),
    ] {
        y += 1;
        name(focus, strings::field(kind), y, buf, presses);
        let at = value(app, inner, x, y, input, hint, buf);
        cursor = cursor.or((track.focus == focus).then_some(at));
    }
    y += 1;
    if track.missed && track.is_blank() {
        put(buf, inner, inner.x, y, strings::PARCEL_BLANK, theme.bad());
    } else if let Some(carrier) = track.mistyped() {
        put(
            buf,
            inner,
            inner.x,
            y,
            &strings::mistyped(carrier),
            theme.warning(),
        );
    } else if let Some(link) = track.link() {
        put(buf, inner, inner.x, y, &link, theme.accent());
    }
    buttons(
        app,
        track,
        inner,
        inner.bottom().saturating_sub(1),
        buf,
        presses,
    );
    cursor
}

/// Draws what was typed, or a hint. Gives the place of the text cursor in it.
fn value(
    app: &App,
    inner: Rect,
    x: u16,
    y: u16,
    input: &Input,
    hint: &str,
    buf: &mut Buffer,
) -> Position {
    let theme = app.settings.theme;
    let room = usize::from(inner.right().saturating_sub(x + 1));
    let scroll = input.visual_scroll(room);
    match input.value() {
        "" => put(buf, inner, x, y, hint, theme.quiet()),
        text => put(
            buf,
            inner,
            x,
            y,
            &after_columns(text, scroll),
            theme.strong(),
        ),
    };
    let at = input.visual_cursor().saturating_sub(scroll).min(room);
    Position::new(x + u16::try_from(at).unwrap_or(0), y)
}

fn buttons(
    app: &App,
    track: &TrackDialog,
    inner: Rect,
    y: u16,
    buf: &mut Buffer,
    presses: &mut Presses,
) {
    let theme = app.settings.theme;
    let keymap = &app.settings.keymap;
    let button = format!(
        "  {}  ",
        strings::track_button(track.corrects.is_some(), track.fills_in().is_some())
    );
    let (style, confirm) = match track.focus {
        0 => (
            theme.cursor(),
            keymap.label(Context::Dialog, Action::Confirm),
        ),
        _ => {
            let (first, second) = (
                keymap.first(Context::Field, Action::Confirm),
                keymap.first(Context::Dialog, Action::Confirm),
            );
            (theme.strong(), strings::twice(&first, &second))
        }
    };
    let x = put(buf, inner, inner.x, y, &button, style) + 1;
    let x = put(buf, inner, x, y, &confirm, theme.key());
    presses.note(inner.x, x, y, Press::Key(Action::Confirm));
    let next = match track.has_choice() {
        true => "parcel, carrier",
        false => "carrier",
    };
    let keys = [
        (Action::Cancel, strings::DIALOG_CANCEL),
        (Action::NextField, next),
    ];
    keys_to_press(app, buf, inner, x + 3, y, &keys, presses);
}
