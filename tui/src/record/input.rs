//! Keys and the mouse in a record, by names of their own.

use crossterm::event::{
    KeyCode, KeyEvent, KeyEventKind, KeyEventState, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};
use serde::{Deserialize, Serialize};

/// A key that was pressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// A character, or the key's name.
    pub key: String,
    /// Shift 1, Ctrl 2, Alt 4, and what few terminals tell of: as crossterm counts.
    #[serde(default)]
    pub held: u8,
    /// It was let go: some terminals tell of that too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub released: bool,
}

impl Key {
    /// The key of an event.
    #[must_use]
    pub fn of(key: KeyEvent) -> Self {
        Self {
            key: name(key.code),
            held: key.modifiers.bits(),
            released: key.kind == KeyEventKind::Release,
        }
    }

    /// The event again; `None` when no key is called so.
    #[must_use]
    pub fn event(&self) -> Option<KeyEvent> {
        Some(KeyEvent {
            code: code(&self.key)?,
            modifiers: KeyModifiers::from_bits_truncate(self.held),
            kind: match self.released {
                true => KeyEventKind::Release,
                false => KeyEventKind::Press,
            },
            state: KeyEventState::NONE,
        })
    }
}

/// What the mouse did, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mouse {
    /// What it did.
    pub did: Did,
    /// From 0.
    pub column: u16,
    /// From 0.
    pub row: u16,
}

/// What the mouse did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each says it itself")]
pub enum Did {
    Press,
    Release,
    Drag,
    ScrollUp,
    ScrollDown,
    /// What the screen makes nothing of: other buttons, the pointer.
    Other,
}

impl Mouse {
    /// What happened in an event.
    #[must_use]
    pub fn of(mouse: MouseEvent) -> Self {
        Self {
            did: match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => Did::Press,
                MouseEventKind::Up(MouseButton::Left) => Did::Release,
                MouseEventKind::Drag(MouseButton::Left) => Did::Drag,
                MouseEventKind::ScrollUp => Did::ScrollUp,
                MouseEventKind::ScrollDown => Did::ScrollDown,
                MouseEventKind::Down(_)
                | MouseEventKind::Up(_)
                | MouseEventKind::Drag(_)
                | MouseEventKind::Moved
                | MouseEventKind::ScrollLeft
                | MouseEventKind::ScrollRight => Did::Other,
            },
            column: mouse.column,
            row: mouse.row,
        }
    }

    /// The event again.
    #[must_use]
    pub fn event(self) -> MouseEvent {
        MouseEvent {
            kind: match self.did {
                Did::Press => MouseEventKind::Down(MouseButton::Left),
                Did::Release => MouseEventKind::Up(MouseButton::Left),
                Did::Drag => MouseEventKind::Drag(MouseButton::Left),
                Did::ScrollUp => MouseEventKind::ScrollUp,
                Did::ScrollDown => MouseEventKind::ScrollDown,
                Did::Other => MouseEventKind::Moved,
            },
            column: self.column,
            row: self.row,
            modifiers: KeyModifiers::NONE,
        }
    }
}

/// Keys that are no character, by name.
const NAMED: [(&str, KeyCode); 22] = [
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("BackTab", KeyCode::BackTab),
    ("Backspace", KeyCode::Backspace),
    ("Delete", KeyCode::Delete),
    ("Insert", KeyCode::Insert),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PageUp", KeyCode::PageUp),
    ("PageDown", KeyCode::PageDown),
    ("CapsLock", KeyCode::CapsLock),
    ("ScrollLock", KeyCode::ScrollLock),
    ("NumLock", KeyCode::NumLock),
    ("PrintScreen", KeyCode::PrintScreen),
    ("Pause", KeyCode::Pause),
    ("Menu", KeyCode::Menu),
    ("KeypadBegin", KeyCode::KeypadBegin),
];

/// A key that has no name here, and is bound to nothing: it takes the footer's
/// word away as any key does.
const OTHER: &str = "Other";

fn name(code: KeyCode) -> String {
    match code {
        KeyCode::Char(c) => c.to_string(),
        KeyCode::F(n) => format!("F{n}"),
        code => (NAMED.iter().find(|(_, named)| *named == code))
            .map_or(OTHER, |(name, _)| name)
            .to_owned(),
    }
}

fn code(name: &str) -> Option<KeyCode> {
    let mut chars = name.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return Some(KeyCode::Char(c));
    }
    if let Some(n) = name.strip_prefix('F').and_then(|n| n.parse().ok()) {
        return Some(KeyCode::F(n));
    }
    if name == OTHER {
        return Some(KeyCode::Null);
    }
    let named = NAMED.iter().find(|(known, _)| *known == name);
    named.map(|(_, code)| *code)
}

#[cfg(test)]
mod tests {
    use crossterm::event::{MediaKeyCode, ModifierKeyCode};

    use super::*;

    #[test]
    fn every_key_comes_back() {
        let codes = NAMED.iter().map(|(_, code)| *code);
        let more = [
            KeyCode::Char('s'),
            KeyCode::Char('陳'),
            KeyCode::F(1),
            KeyCode::F(12),
            KeyCode::Null,
        ];
        for code in codes.chain(more) {
            let key = KeyEvent::new(code, KeyModifiers::SHIFT | KeyModifiers::SUPER);
            assert_eq!(Key::of(key).event(), Some(key));
        }
        let key = |name: &str| Key {
            key: name.into(),
            held: 0,
            released: false,
        };
        assert_eq!(key("Hyperspace").event(), None);
    }

    #[test]
    fn a_key_without_a_name_is_a_key_all_the_same() {
        for code in [
            KeyCode::Media(MediaKeyCode::Play),
            KeyCode::Modifier(ModifierKeyCode::LeftShift),
        ] {
            let played = Key::of(KeyEvent::from(code)).event();
            assert_eq!(played, Some(KeyEvent::from(KeyCode::Null)));
        }
    }

    #[test]
    fn a_key_that_is_let_go_is_not_pressed_again() {
        let mut up = KeyEvent::from(KeyCode::Char('s'));
        up.kind = KeyEventKind::Release;
        assert_eq!(Key::of(up).event(), Some(up));
    }
}
