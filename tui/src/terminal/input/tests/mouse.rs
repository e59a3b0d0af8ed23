//! Reports of the mouse and of the focus.

use std::time::Duration;

use crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::{Decoded, Line};

#[test]
fn the_mouse_and_the_focus_are_told_in_every_form() {
    let at = |kind, column, row| {
        Decoded::Event(Event::Mouse(MouseEvent {
            kind,
            column,
            row,
            modifiers: KeyModifiers::NONE,
        }))
    };
    let left = MouseButton::Left;
    for (bytes, wanted) in [
        (&b"\x1b[<0;5;7M"[..], at(MouseEventKind::Down(left), 4, 6)),
        (b"\x1b[<0;5;7m", at(MouseEventKind::Up(left), 4, 6)),
        (b"\x1b[<64;120;30M", at(MouseEventKind::ScrollUp, 119, 29)),
        (b"\x1b[<65;1;1M", at(MouseEventKind::ScrollDown, 0, 0)),
        (b"\x1b[32;5;7M", at(MouseEventKind::Down(left), 4, 6)),
        (b"\x1b[M %\'", at(MouseEventKind::Down(left), 4, 6)),
        (b"\x1b[M \xe9\xff", at(MouseEventKind::Down(left), 200, 222)),
        (b"\x1b[I", Decoded::Event(Event::FocusGained)),
        (b"\x1b[O", Decoded::Event(Event::FocusLost)),
    ] {
        for cut in 0..bytes.len() {
            let mut line = Line::new();
            let told = line.feed_cut(bytes, cut);
            assert_eq!(
                told,
                std::slice::from_ref(&wanted),
                "{bytes:?} cut at {cut}"
            );
            line.is_alive("a report of the mouse");
        }
    }
    // No place has the number 0.
    for bytes in [
        &b"\x1b[<0;0;1M"[..],
        b"\x1b[<0;1;0M",
        b"\x1b[32;0;0M",
        b"\x1b[<M",
    ] {
        assert_eq!(Line::new().feed(Duration::ZERO, bytes), [], "{bytes:?}");
    }
}
