//! A key as it is pressed, and as people write it.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key and what is held with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chord {
    /// Which key.
    pub code: KeyCode,
    /// Ctrl, Alt and, with keys that are no characters, Shift.
    pub modifiers: KeyModifiers,
}

pub(super) const fn key(code: KeyCode) -> Chord {
    Chord {
        code,
        modifiers: KeyModifiers::NONE,
    }
}

pub(super) const fn ch(c: char) -> Chord {
    key(KeyCode::Char(c))
}

pub(super) const fn ctrl(c: char) -> Chord {
    Chord {
        code: KeyCode::Char(c),
        modifiers: KeyModifiers::CONTROL,
    }
}

/// Names of keys that the configuration may use, beside single characters.
const NAMES: [(&str, KeyCode); 17] = [
    ("space", KeyCode::Char(' ')),
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("minus", KeyCode::Char('-')),
];

impl Chord {
    /// What was pressed, in the one form in which the table holds it: Shift is
    /// in a character already, and in `BackTab`.
    #[must_use]
    pub fn pressed(event: KeyEvent) -> Self {
        Self::new(event.code, event.modifiers)
    }

    fn new(code: KeyCode, modifiers: KeyModifiers) -> Self {
        let (mut code, mut modifiers) = (code, modifiers);
        match code {
            KeyCode::Tab if modifiers.contains(KeyModifiers::SHIFT) => code = KeyCode::BackTab,
            KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => {
                code = KeyCode::Char(c.to_ascii_lowercase());
            }
            _ => {}
        }
        if matches!(code, KeyCode::Char(_) | KeyCode::BackTab) {
            modifiers -= KeyModifiers::SHIFT;
        }
        Self { code, modifiers }
    }

    /// The same without Shift, which most tables do not tell apart.
    pub(super) fn without_shift(mut self) -> Self {
        self.modifiers -= KeyModifiers::SHIFT;
        self
    }

    /// Whether pressing it types a character.
    #[must_use]
    pub fn types(self) -> bool {
        matches!(self.code, KeyCode::Char(_)) && self.modifiers == KeyModifiers::NONE
    }

    /// Reads a key as the configuration writes it: `s`, `G`, `ctrl-b`,
    /// `alt-enter`, `f2`, `space`.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub fn parse(written: &str) -> Result<Self, String> {
        let mut letters = written.chars();
        if let (Some(c), None) = (letters.next(), letters.next()) {
            return match c {
                ' ' => Ok(ch(' ')),
                c if c.is_control() || c.is_whitespace() => Err("no key".into()),
                c => Ok(ch(c)),
            };
        }
        let refused = |why: String| Err(format!("\"{written}\" is no key{why}"));
        if written.contains('+') && !written.ends_with('+') {
            return refused(format!(": write \"{}\"", written.replace('+', "-")));
        }
        let Ok(parsed) = crokey::parse(written) else {
            return refused(match near(written) {
                Some(near) => format!(": did you mean \"{near}\"?"),
                None => ": keys are written s, G, ctrl-b, alt-x, shift-up, f1 to f24, space, enter"
                    .into(),
            });
        };
        if !parsed.is_ansi_compatible() {
            return refused(": a binding is one key, with ctrl-, alt- or shift- before it".into());
        }
        let (code, modifiers) = (*parsed.codes.first(), parsed.modifiers);
        if modifiers.contains(KeyModifiers::SUPER) {
            return refused(": terminals do not tell of cmd-".into());
        }
        let held = modifiers.contains(KeyModifiers::CONTROL);
        if let (KeyCode::Char(c), true) = (code, held) {
            let same = match c.to_ascii_lowercase() {
                'i' => Some("tab"),
                'm' => Some("enter"),
                '[' => Some("esc"),
                _ => None,
            };
            if let Some(same) = same {
                return refused(format!(" of its own: terminals send it as {same}"));
            }
            if modifiers.contains(KeyModifiers::SHIFT) {
                let plain = format!("ctrl-{}", c.to_ascii_lowercase());
                return refused(format!(" of its own: terminals send it as {plain}"));
            }
        }
        Ok(Self::new(code, modifiers))
    }

    /// As the configuration writes it: what [`Chord::parse`] reads.
    #[must_use]
    pub fn written(self) -> String {
        let named = NAMES.iter().find(|(_, code)| *code == self.code);
        let key = match (self.code, named) {
            (KeyCode::Char('-'), _) if self.modifiers.is_empty() => "-".to_owned(),
            (_, Some((name, _))) => (*name).to_owned(),
            (KeyCode::Char(c), None) => c.to_string(),
            (KeyCode::F(n), None) => format!("f{n}"),
            (other, None) => format!("{other:?}").to_lowercase(),
        };
        let mut held = String::new();
        for (modifier, name) in [
            (KeyModifiers::CONTROL, "ctrl-"),
            (KeyModifiers::ALT, "alt-"),
            (KeyModifiers::SHIFT, "shift-"),
        ] {
            if self.modifiers.contains(modifier) {
                held.push_str(name);
            }
        }
        held + &key
    }
}

/// A key that is a key, and is written nearly so.
fn near(written: &str) -> Option<String> {
    /// What may be held.
    const HELD: [&str; 3] = ["ctrl", "alt", "shift"];
    let lower = written.to_lowercase();
    let mut parts = lower.split('-').rev();
    let key = parts.next().and_then(|key| match key.chars().count() {
        0 => None,
        // A character is itself.
        1 => Some(key),
        _ => nearest(key, NAMES.iter().map(|(name, _)| *name)),
    })?;
    let held: Option<Vec<&str>> = parts.map(|held| nearest(held, HELD.into_iter())).collect();
    let mut held = held?;
    held.reverse();
    let near = (held.iter().copied().chain([key]))
        .collect::<Vec<_>>()
        .join("-");
    (near != lower && Chord::parse(&near).is_ok()).then_some(near)
}

/// The known name that is nearest, if it is near: one letter of three may be wrong.
fn nearest<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = known
        .map(|name| (strsim::osa_distance(written, name), name))
        .filter(|(distance, name)| *distance <= name.chars().count() / 3);
    near.min().map(|(_, name)| name)
}

impl fmt::Display for Chord {
    /// As people read it: `Ctrl-B`, `↑`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.modifiers;
        let key = match self.code {
            KeyCode::Char(' ') => "Space".into(),
            KeyCode::Char(c) if held.contains(KeyModifiers::CONTROL) => {
                c.to_uppercase().to_string()
            }
            KeyCode::Char(c) => c.to_string(),
            KeyCode::Up => "↑".into(),
            KeyCode::Down => "↓".into(),
            KeyCode::Left => "←".into(),
            KeyCode::Right => "→".into(),
            KeyCode::PageUp => "PgUp".into(),
            KeyCode::PageDown => "PgDn".into(),
            KeyCode::BackTab => "Shift-Tab".into(),
            KeyCode::F(n) => format!("F{n}"),
            other => format!("{other:?}"),
        };
        for (modifier, name) in [
            (KeyModifiers::CONTROL, "Ctrl-"),
            (KeyModifiers::ALT, "Alt-"),
            (KeyModifiers::SHIFT, "Shift-"),
        ] {
            if held.contains(modifier) {
                f.write_str(name)?;
            }
        }
        f.write_str(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        for written in [
            "s",
            "G",
            "é",
            "-",
            "/",
            "ctrl-b",
            "alt-x",
            "alt-X",
            "f2",
            "F12",
            "space",
            "ctrl-space",
            "enter",
            "alt-enter",
            "shift-up",
            "backtab",
            "pagedown",
            "ctrl-alt-k",
            "ctrl--",
        ] {
            let chord = Chord::parse(written).unwrap();
            assert_eq!(Chord::parse(&chord.written()), Ok(chord), "{written}");
        }
        assert_eq!(Chord::parse("shift-g"), Ok(ch('G')));
        assert_eq!(Chord::parse(" "), Ok(ch(' ')));
        assert_eq!(Chord::parse("shift-tab"), Ok(key(KeyCode::BackTab)));
    }

    #[test]
    fn what_no_terminal_sends_is_named() {
        for (written, why) in [
            ("ctrl-i", "send it as tab"),
            ("ctrl-m", "send it as enter"),
            ("ctrl-shift-x", "send it as ctrl-x"),
            ("cmd-q", "do not tell of cmd-"),
            ("a-b", "is one key"),
            ("ctrl+x", "write \"ctrl-x\""),
            ("pgup", "did you mean \"pageup\"?"),
            ("ctrl-entr", "did you mean \"ctrl-enter\"?"),
            ("frobnicate", "keys are written"),
            ("", "no key: keys are written"),
            ("crtl-x", "did you mean \"ctrl-x\"?"),
            ("super-esc", "no key: keys are written"),
            ("ctrl-", "no key: keys are written"),
            ("f0", "no key: keys are written"),
            ("f99", "no key: keys are written"),
        ] {
            let refused = Chord::parse(written).unwrap_err();
            assert!(refused.contains(why), "{written}: {refused}");
            if let Some((_, meant)) = refused.split_once("did you mean \"") {
                let meant = meant.trim_end_matches("\"?");
                assert!(Chord::parse(meant).is_ok() && meant != written, "{refused}");
            }
        }
    }
}
