//! Which looks fit this terminal: how many colours it has, whether it can show
//! more than ASCII, whether its background is light.

use super::{Depth, Glyphs, Looks, ThemeName, Themes};

/// What lies behind the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Background {
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// The looks that were asked for, as this terminal can show them; `ask` asks it for its
/// background, and is called only where the theme depends on that.
pub(crate) async fn fitting(
    looks: &Looks,
    ask: impl AsyncFnOnce() -> Option<Background>,
) -> Themes {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (depth, glyphs) = (depth(&variable), glyphs(&variable));
    let mut background = None;
    // Sixteen colours are the terminal's own, which fit its background.
    if depth >= Depth::Cube {
        background = named_background(&variable);
        if background.is_none() && looks.name == ThemeName::Auto {
            background = ask().await;
        }
    }
    Themes::new(looks.clone(), depth, glyphs, background)
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
}
