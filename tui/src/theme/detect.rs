//! Which looks fit this terminal: how many colours it has, whether it can show
//! more than ASCII, whether its background is light.

use std::io::{self, IsTerminal};
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};

use super::{Depth, Glyphs, Looks, ThemeName, Themes};

/// How long the terminal's answer about its background is waited for: less than
/// anyone notices at the start.
const ASK: Duration = Duration::from_millis(50);
/// Longest answer, in keys, that is taken for one.
const LONGEST_ANSWER: usize = 40;

/// What lies behind the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Background {
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// The looks that were asked for, as this terminal can show them. The answer
/// that came too late, if one may come, is to be kept from the keys. The terminal
/// is asked for its background only where the theme depends on it.
#[must_use]
pub fn fitting(looks: &Looks) -> (Themes, LateAnswer) {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (depth, glyphs) = (depth(&variable), glyphs(&variable));
    let mut late = LateAnswer::default();
    let mut background = None;
    // Sixteen colours are the terminal's own, which fit its background.
    if depth >= Depth::Cube {
        background = named_background(&variable);
        if background.is_none() && looks.name == ThemeName::Auto {
            background = ask(&mut late);
        }
    }
    (Themes::new(looks.clone(), depth, glyphs, background), late)
}

type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Full colour only where the terminal says that it has it.
fn depth(variable: Variables<'_>) -> Depth {
    let term = variable("TERM").unwrap_or_default();
    let colours = variable("COLORTERM").unwrap_or_default();
    if variable("NO_COLOR").is_some() {
        Depth::None
    } else if matches!(colours.as_str(), "truecolor" | "24bit") {
        Depth::True
    } else if term.contains("256color") {
        Depth::Cube
    } else {
        Depth::Sixteen
    }
}

/// ASCII where the locale names another encoding than UTF-8; Linux's own
/// console has few signs in its font.
fn glyphs(variable: Variables<'_>) -> Glyphs {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(variable);
    let utf8 = locale.is_none_or(|locale| {
        let locale = locale.to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    });
    if !utf8 {
        Glyphs::AsciiOnly
    } else if variable("TERM").as_deref() == Some("linux") {
        Glyphs::Ascii
    } else {
        Glyphs::Unicode
    }
}

/// Some terminals say it at the start: `COLORFGBG=15;0`.
fn named_background(variable: Variables<'_>) -> Option<Background> {
    let named = variable("COLORFGBG")?;
    let background: u8 = named.rsplit(';').next()?.parse().ok()?;
    Some(match background {
        7 | 15 => Background::Light,
        _ => Background::Dark,
    })
}

fn ask(late: &mut LateAnswer) -> Option<Background> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return None;
    }
    let mut options = QueryOptions::default();
    options.timeout = ASK;
    let answer = theme_mode(options);
    late.expected = if answer.is_err() { 2 } else { 0 };
    Some(match answer.ok()? {
        ThemeMode::Light => Background::Light,
        ThemeMode::Dark => Background::Dark,
    })
}

/// An answer of the terminal that came after nobody waited for it any more: it
/// reads like keys (`Alt-]`, `1`, `1`, `;`, `r` …) and must not act as some.
#[derive(Debug, Default)]
pub struct LateAnswer {
    /// How many may still come.
    expected: usize,
    /// How many keys of one were taken so far.
    taken: Option<usize>,
}

impl LateAnswer {
    /// Whether this key is a part of such an answer.
    pub fn takes(&mut self, key: &KeyEvent) -> bool {
        if self.expected == 0 {
            return false;
        }
        let held = |modifiers, c| key.modifiers == modifiers && key.code == KeyCode::Char(c);
        let Some(taken) = self.taken else {
            let begins = held(KeyModifiers::ALT, ']');
            self.taken = begins.then_some(1);
            return begins;
        };
        let ends = held(KeyModifiers::ALT, '\\') || held(KeyModifiers::CONTROL, 'g');
        if ends || taken >= LONGEST_ANSWER {
            self.expected -= 1;
            self.taken = None;
        } else {
            self.taken = Some(taken + 1);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_what_can_be_shown() {
        let of = |pairs: &'static [(&str, &str)]| {
            move |name: &str| {
                let found = pairs.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            }
        };
        let xterm = of(&[("TERM", "xterm-256color"), ("LANG", "de_DE.UTF-8")]);
        assert_eq!(depth(&xterm), Depth::Cube);
        assert_eq!(glyphs(&xterm), Glyphs::Unicode);
        assert_eq!(depth(&of(&[("COLORTERM", "truecolor")])), Depth::True);
        let none = of(&[("COLORTERM", "truecolor"), ("NO_COLOR", "1")]);
        assert_eq!(depth(&none), Depth::None);
        let console = of(&[("TERM", "linux"), ("LANG", "C.utf8")]);
        assert_eq!(depth(&console), Depth::Sixteen);
        assert_eq!(glyphs(&console), Glyphs::Ascii);
        let latin = of(&[("LC_ALL", "de_DE.ISO-8859-1"), ("LANG", "de_DE.UTF-8")]);
        assert_eq!(glyphs(&latin), Glyphs::AsciiOnly);
        let light = named_background(&of(&[("COLORFGBG", "0;default;15")]));
        assert!(matches!(light, Some(Background::Light)));
    }

    #[test]
    fn a_late_answer_is_no_keys() {
        let key = |c, held| KeyEvent::new(KeyCode::Char(c), held);
        let mut late = LateAnswer {
            expected: 2,
            taken: None,
        };
        assert!(!late.takes(&key('r', KeyModifiers::NONE)));
        for _ in 0..2 {
            assert!(late.takes(&key(']', KeyModifiers::ALT)));
            for c in "11;rgb:ffff/ffff/ffff".chars() {
                assert!(late.takes(&key(c, KeyModifiers::NONE)));
            }
            assert!(late.takes(&key('\\', KeyModifiers::ALT)));
        }
        assert!(!late.takes(&key(']', KeyModifiers::ALT)));
        assert!(!LateAnswer::default().takes(&key(']', KeyModifiers::ALT)));
    }
}
