//! What may reach a terminal, or a picture of one.

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::alerts::osc::Channel;
use crate::model::alerts::{Notification, NotifyBy, Signal};
use crate::model::text;
use crate::snapshots::Stage;
use crate::svg::{self, Paper};
use crate::terminal::paint;
use crate::theme::ThemeName;
use crate::view;

/// What could steer a terminal or deceive the eye.
fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Draws into a buffer of the terminal's size: a cell outside of it would panic.
pub(super) fn screen(stage: &Stage) -> Result<Buffer, TestCaseError> {
    let (columns, rows) = stage.app.size;
    let mut frame = Buffer::empty(Rect::new(0, 0, columns, rows));
    let cursor = view::draw(&stage.app, &mut frame);
    if let Some(cursor) = cursor {
        prop_assert!(
            cursor.x < columns && cursor.y < rows,
            "{cursor} in {columns}x{rows}"
        );
    }
    for cell in &frame.content {
        let symbol = cell.symbol();
        prop_assert_eq!(text::tame(symbol), symbol);
        prop_assert!(symbol.chars().count() <= 64, "{:?}", symbol);
    }
    Ok(frame)
}

/// What goes to the terminal for the next frame: beside text there is nothing but
/// where it stands and how it looks (`ESC [ … H`, `ESC [ … m`).
pub(super) fn painted(shown: &Buffer, next: &Buffer) -> Result<(), TestCaseError> {
    let mut before = shown.clone();
    if shown.area != next.area {
        before = Buffer::empty(next.area);
    }
    let mut written = Vec::new();
    paint(&mut written, &before, next).unwrap();
    let written = String::from_utf8(written).unwrap();
    let mut parts = written.split('\u{1b}');
    let first = parts.next().unwrap_or_default();
    prop_assert!(!first.contains(steers), "{:?}", first);
    for part in parts {
        let numbers = |c: char| c.is_ascii_digit() || matches!(c, ';' | ':');
        let text = (part.strip_prefix('['))
            .map(|part| part.trim_start_matches(numbers))
            .and_then(|part| part.strip_prefix(['H', 'm']));
        prop_assert!(
            text.is_some_and(|text| !text.contains(steers)),
            "ESC {:?}",
            part
        );
    }
    Ok(())
}

/// What goes into the clipboard is pasted elsewhere, into a shell perhaps.
pub(super) fn copied(text: &str) {
    assert!(!text.contains(steers), "{text:?}");
}

/// A picture of it is one, whatever stands in it.
pub(super) fn picture(frame: &Buffer) -> Result<(), TestCaseError> {
    let drawn = svg::draw(frame, &Paper::of(ThemeName::Dark));
    prop_assert!(!drawn.chars().any(|c| c.is_control() && c != '\n'));
    for tag in drawn.split('<').skip(1) {
        let known = [
            "svg ", "rect ", "g ", "text ", "path ", "/text>", "/g>", "/svg>",
        ];
        prop_assert!(known.iter().any(|known| tag.starts_with(known)), "<{tag}");
        prop_assert_eq!(tag.matches('>').count(), 1, "<{}", tag);
    }
    for entity in drawn.split('&').skip(1) {
        let known = ["amp;", "lt;", "gt;", "quot;"];
        prop_assert!(
            known.iter().any(|known| entity.starts_with(known)),
            "&{entity}"
        );
    }
    Ok(())
}

/// The bytes of an alert have the controls of an empty one, and no more.
pub(super) fn signal(signal: &Signal) {
    let empty = Signal {
        notification: signal.notification.as_ref().map(|_| Notification {
            title: String::new(),
            body: String::new(),
        }),
        ..signal.clone()
    };
    for by in [NotifyBy::Osc9, NotifyBy::Osc777, NotifyBy::Osc99] {
        for around in ["", "TMUX", "STY"] {
            let controls = |signal: &Signal| {
                let variable = |name: &str| (name == around).then(|| "1".to_owned());
                let bytes = Channel::new(by, variable).bytes(signal);
                let written = String::from_utf8(bytes).unwrap();
                written.chars().filter(|c| c.is_control()).count()
            };
            assert_eq!(controls(&empty), controls(signal), "{signal:?}");
        }
    }
    for alert in &signal.commands {
        for (name, value) in alert.variables() {
            assert!(!value.contains(steers), "{name}");
        }
    }
}
