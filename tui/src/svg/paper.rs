//! The colours of a picture.

use ratatui::style::Color;

use crate::theme::ThemeName;

/// What a terminal itself would bring: the ground, the ink on it, and the
/// sixteen colours.
#[derive(Debug, Clone, Copy)]
pub struct Paper {
    pub(super) ground: &'static str,
    pub(super) ink: &'static str,
    /// Around the whole, for pages of nearly the same colour.
    pub(super) edge: &'static str,
    sixteen: [&'static str; 16],
}

const DARK: Paper = Paper {
    ground: "#16181d",
    ink: "#d4d7dd",
    edge: "#3a3f4b",
    sixteen: [
        "#1e2127", "#e06c75", "#98c379", "#d8b36a", "#61afef", "#c678dd", "#56b6c2", "#d4d7dd",
        "#7f848e", "#f28b93", "#b5dd94", "#f0cd84", "#8cc8ff", "#dda0f0", "#7fd6e0", "#ffffff",
    ],
};

const LIGHT: Paper = Paper {
    ground: "#ffffff",
    ink: "#24292f",
    edge: "#d0d7de",
    sixteen: [
        "#24292f", "#b3261e", "#1a7f37", "#8f5a00", "#0a58ca", "#85369a", "#00736f", "#6e7781",
        "#57606a", "#c9372c", "#2a8f47", "#9a6700", "#2f6feb", "#9b4fb0", "#11878a", "#8c959f",
    ],
};

impl Paper {
    /// The paper that a theme is made for.
    #[must_use]
    pub fn of(theme: ThemeName) -> Self {
        match theme {
            ThemeName::Light => LIGHT,
            // These two bring a ground of their own.
            ThemeName::Ember => Self {
                ground: "#1d1a17",
                ink: "#ebdbb2",
                ..DARK
            },
            ThemeName::Contrast => Self {
                ground: "#000000",
                ink: "#ffffff",
                ..DARK
            },
            ThemeName::Auto | ThemeName::Dark | ThemeName::Terminal | ThemeName::Ascii => DARK,
        }
    }

    /// `None` is the terminal's own colour.
    pub(super) fn colour(&self, color: Color) -> Option<String> {
        let sixteen = |i: usize| Some(self.sixteen[i].to_owned());
        match color {
            Color::Reset => None,
            Color::Black => sixteen(0),
            Color::Red => sixteen(1),
            Color::Green => sixteen(2),
            Color::Yellow => sixteen(3),
            Color::Blue => sixteen(4),
            Color::Magenta => sixteen(5),
            Color::Cyan => sixteen(6),
            Color::Gray => sixteen(7),
            Color::DarkGray => sixteen(8),
            Color::LightRed => sixteen(9),
            Color::LightGreen => sixteen(10),
            Color::LightYellow => sixteen(11),
            Color::LightBlue => sixteen(12),
            Color::LightMagenta => sixteen(13),
            Color::LightCyan => sixteen(14),
            Color::White => sixteen(15),
            Color::Rgb(r, g, b) => Some(format!("#{r:02x}{g:02x}{b:02x}")),
            Color::Indexed(i) => Some(self.indexed(i)),
        }
    }

    /// The 256 colours of xterm: sixteen, a cube of six steps, and greys.
    fn indexed(&self, i: u8) -> String {
        match i {
            0..16 => self.sixteen[usize::from(i)].to_owned(),
            16..232 => {
                let step = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
                let i = i - 16;
                let (r, g, b) = (step(i / 36), step(i / 6 % 6), step(i % 6));
                format!("#{r:02x}{g:02x}{b:02x}")
            }
            232.. => {
                let grey = 8 + 10 * (i - 232);
                format!("#{grey:02x}{grey:02x}{grey:02x}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_the_256_is_a_colour() {
        let of = |i| Paper::of(ThemeName::Dark).indexed(i);
        assert_eq!(of(9), DARK.sixteen[9]);
        assert_eq!(
            (&*of(16), &*of(231), &*of(255)),
            ("#000000", "#ffffff", "#eeeeee")
        );
    }
}
