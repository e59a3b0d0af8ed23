//! Colours by meaning, and the themes that are tables of them.

use clap::ValueEnum;
use ratatui::style::Color;

/// What a colour says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Ordinary text.
    Text,
    /// What lies behind everything.
    Background,
    /// What may be overlooked.
    Quiet,
    /// The program itself: its name, keys, the frame that has the keys.
    Accent,
    /// All is well; paid.
    Good,
    /// Look at this; pending.
    Warning,
    /// Something went wrong; late; disputed.
    Bad,
    /// On its way: shipped.
    Moving,
    /// Arrived: delivered.
    Arrived,
    /// Came to nothing: cancelled, refunded.
    Ended,
    /// Behind the row under the cursor.
    Cursor,
    /// The text of that row.
    CursorText,
}

impl Meaning {
    /// All of them, as they stand in a theme's table.
    pub const ALL: [Self; 12] = [
        Self::Text,
        Self::Background,
        Self::Quiet,
        Self::Accent,
        Self::Good,
        Self::Warning,
        Self::Bad,
        Self::Moving,
        Self::Arrived,
        Self::Ended,
        Self::Cursor,
        Self::CursorText,
    ];

    /// As the configuration writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Background => "background",
            Self::Quiet => "quiet",
            Self::Accent => "accent",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
            Self::Moving => "moving",
            Self::Arrived => "arrived",
            Self::Ended => "ended",
            Self::Cursor => "cursor",
            Self::CursorText => "cursor_text",
        }
    }
}

/// A theme's name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ThemeName {
    /// Light or dark, as the terminal's background is
    #[default]
    Auto,
    /// For light backgrounds
    Light,
    /// For dark backgrounds, cool
    Dark,
    /// For dark backgrounds, warm
    Ember,
    /// White and strong colours on black
    Contrast,
    /// The terminal's own sixteen colours
    Terminal,
    /// The terminal's own sixteen colours, and no character beyond ASCII
    Ascii,
}

impl ThemeName {
    /// As the configuration writes it: `ember`.
    #[must_use]
    pub fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// How many colours the terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None are wanted: <https://no-color.org>.
    None,
    /// The terminal's own sixteen.
    Sixteen,
    /// The cube of 256.
    Cube,
    /// Red, green and blue in 256 steps each.
    True,
}

/// One colour for each [`Meaning`]; `None` is the terminal's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colours([Option<Color>; 12]);

impl Colours {
    /// The table of a theme; [`ThemeName::Auto`] is not one yet and gives the
    /// terminal's own sixteen.
    #[must_use]
    pub fn of(name: ThemeName, depth: Depth) -> Self {
        let table = match name {
            ThemeName::Light => &LIGHT,
            ThemeName::Dark => &DARK,
            ThemeName::Ember => &EMBER,
            ThemeName::Contrast => &CONTRAST,
            ThemeName::Auto | ThemeName::Terminal | ThemeName::Ascii => &TERMINAL,
        };
        let mut colours = [None; 12];
        for (place, (exact, plain)) in colours.iter_mut().zip(table) {
            *place = match depth {
                Depth::None => None,
                // Where there are sixteen, the theme itself says which.
                Depth::Sixteen => plain.map(Color::Indexed).map(named),
                Depth::Cube | Depth::True => match exact {
                    Some(rgb) => Some(rgb_at(*rgb, depth)),
                    None => plain.map(Color::Indexed).map(named),
                },
            };
        }
        Self(colours)
    }

    /// With another colour for one meaning, as near as the terminal comes to it.
    #[must_use]
    pub fn with(mut self, meaning: Meaning, colour: Color, depth: Depth) -> Self {
        self.0[meaning as usize] = match (colour, depth) {
            (_, Depth::None) | (Color::Reset, _) => None,
            (Color::Rgb(r, g, b), depth) => Some(rgb_at((r, g, b), depth)),
            (Color::Indexed(n), Depth::Sixteen) if n >= 16 => Some(nearest_of_sixteen(rgb_of(n))),
            (other, _) => Some(other),
        };
        self
    }

    /// The colour of a meaning.
    #[must_use]
    pub fn get(&self, meaning: Meaning) -> Option<Color> {
        self.0[meaning as usize]
    }
}

type Rgb = (u8, u8, u8);
/// In full colour, and the number among the terminal's own sixteen.
type Table = [(Option<Rgb>, Option<u8>); 12];

const fn hex(rgb: u32) -> Option<Rgb> {
    Some(((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8))
}

// In the order of [`Meaning::ALL`].
const TERMINAL: Table = [
    (None, None),
    (None, None),
    (None, None),
    (None, Some(6)),
    (None, Some(2)),
    (None, Some(3)),
    (None, Some(1)),
    (None, Some(4)),
    (None, Some(6)),
    (None, Some(5)),
    (None, None),
    (None, None),
];

const DARK: Table = [
    (None, None),
    (None, None),
    (hex(0x99_a2_b5), Some(8)),
    (hex(0x7c_c4_ff), Some(14)),
    (hex(0x8f_d4_8a), Some(10)),
    (hex(0xf0_c6_74), Some(11)),
    (hex(0xff_7b_7b), Some(9)),
    (hex(0x82_a8_ff), Some(12)),
    (hex(0x70_d6_c8), Some(14)),
    (hex(0xc7_9b_d8), Some(13)),
    (hex(0x2f_4b_73), Some(4)),
    (hex(0xff_ff_ff), Some(15)),
];

const EMBER: Table = [
    (hex(0xeb_db_b2), None),
    (hex(0x1d_1a_17), None),
    (hex(0xa0_92_80), Some(8)),
    (hex(0xfe_9f_45), Some(11)),
    (hex(0xb8_c4_4a), Some(10)),
    (hex(0xf5_cb_5c), Some(11)),
    (hex(0xff_6e_57), Some(9)),
    (hex(0x8f_b8_c2), Some(12)),
    (hex(0x8e_c0_7c), Some(14)),
    (hex(0xd3_8a_a8), Some(13)),
    (hex(0x57_43_2d), Some(3)),
    (hex(0xff_f3_d6), Some(0)),
];

const LIGHT: Table = [
    (None, None),
    (None, None),
    (hex(0x5c_63_70), Some(8)),
    (hex(0x00_5f_af), Some(4)),
    (hex(0x14_6e_2c), Some(2)),
    (hex(0x8f_5a_00), Some(3)),
    (hex(0xc0_1c_28), Some(1)),
    (hex(0x2e_4a_c2), Some(4)),
    (hex(0x00_73_70), Some(6)),
    (hex(0x85_36_97), Some(5)),
    (hex(0xcf_e3_ff), Some(4)),
    (hex(0x10_1a_2c), Some(15)),
];

const CONTRAST: Table = [
    (hex(0xff_ff_ff), Some(15)),
    (hex(0x00_00_00), Some(0)),
    (hex(0xd0_d0_d0), Some(7)),
    (hex(0x00_ff_ff), Some(14)),
    (hex(0x40_ff_40), Some(10)),
    (hex(0xff_ff_00), Some(11)),
    (hex(0xff_70_70), Some(9)),
    (hex(0x90_c8_ff), Some(12)),
    (hex(0x00_ff_d0), Some(14)),
    (hex(0xff_9c_ff), Some(13)),
    (hex(0xff_ff_00), Some(11)),
    (hex(0x00_00_00), Some(0)),
];

/// Reads a colour: `#88c0d0`, a name of the sixteen such as `red` or
/// `bright-blue`, a number up to 255, or `default` for the terminal's own.
///
/// # Errors
/// What is allowed.
pub fn read_colour(written: &str) -> Result<Color, String> {
    let known = |at: &usize| SIXTEEN[*at].0 == written;
    if let Some(at) = (0..16).find(known) {
        return Ok(named(Color::Indexed(u8::try_from(at).unwrap_or(0))));
    }
    if written == "default" {
        return Ok(Color::Reset);
    }
    if let Ok(number) = written.parse::<u8>() {
        return Ok(named(Color::Indexed(number)));
    }
    let digits = written.strip_prefix('#').filter(|hex| hex.len() == 6);
    let number = digits.and_then(|hex| u32::from_str_radix(hex, 16).ok());
    match number.and_then(hex) {
        Some((r, g, b)) => Ok(Color::Rgb(r, g, b)),
        None => Err(
            "give #rrggbb, a number from 0 to 255, default, or a name such as red or bright-blue"
                .into(),
        ),
    }
}

/// The sixteen colours: name, and how xterm shows it.
const SIXTEEN: [(&str, Rgb); 16] = [
    ("black", (0, 0, 0)),
    ("red", (205, 0, 0)),
    ("green", (0, 205, 0)),
    ("yellow", (205, 205, 0)),
    ("blue", (0, 0, 238)),
    ("magenta", (205, 0, 205)),
    ("cyan", (0, 205, 205)),
    ("white", (229, 229, 229)),
    ("bright-black", (127, 127, 127)),
    ("bright-red", (255, 0, 0)),
    ("bright-green", (0, 255, 0)),
    ("bright-yellow", (255, 255, 0)),
    ("bright-blue", (92, 92, 255)),
    ("bright-magenta", (255, 0, 255)),
    ("bright-cyan", (0, 255, 255)),
    ("bright-white", (255, 255, 255)),
];

/// The first sixteen have sequences of their own that every terminal knows.
fn named(colour: Color) -> Color {
    const NAMED: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    match colour {
        Color::Indexed(n) if n < 16 => NAMED[usize::from(n)],
        other => other,
    }
}

fn rgb_at(rgb: Rgb, depth: Depth) -> Color {
    match depth {
        Depth::None => Color::Reset,
        Depth::Sixteen => nearest_of_sixteen(rgb),
        Depth::Cube => (16..=255_u8)
            .min_by_key(|n| distance(rgb, rgb_of(*n)))
            .map_or(Color::Reset, Color::Indexed),
        Depth::True => Color::Rgb(rgb.0, rgb.1, rgb.2),
    }
}

fn nearest_of_sixteen(rgb: Rgb) -> Color {
    let near = (0..16_u8).min_by_key(|n| distance(rgb, SIXTEEN[usize::from(*n)].1));
    named(Color::Indexed(near.unwrap_or(7)))
}

/// How xterm shows a number of its 256: sixteen, a cube of six steps, greys.
fn rgb_of(n: u8) -> Rgb {
    let step = |i: u8| if i == 0 { 0 } else { 55 + 40 * i };
    match n {
        0..16 => SIXTEEN[usize::from(n)].1,
        16..232 => {
            let n = n - 16;
            (step(n / 36), step(n / 6 % 6), step(n % 6))
        }
        232.. => {
            let grey = 8 + 10 * (n - 232);
            (grey, grey, grey)
        }
    }
}

fn distance(a: Rgb, b: Rgb) -> u32 {
    let part = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    // The eye tells greens apart best, blues worst.
    2 * part(a.0, b.0) + 4 * part(a.1, b.1) + 3 * part(a.2, b.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_theme_tells_good_from_bad_at_every_depth() {
        for name in ThemeName::value_variants() {
            for depth in [Depth::Sixteen, Depth::Cube, Depth::True] {
                let colours = Colours::of(*name, depth);
                let of = |meaning| colours.get(meaning);
                let told = [
                    Meaning::Good,
                    Meaning::Warning,
                    Meaning::Bad,
                    Meaning::Moving,
                ];
                for (i, a) in told.iter().enumerate() {
                    assert!(of(*a).is_some(), "{name:?} {depth:?} {a:?}");
                    for b in &told[i + 1..] {
                        assert_ne!(of(*a), of(*b), "{name:?} {depth:?} {a:?} {b:?}");
                    }
                }
                assert_eq!(
                    of(Meaning::Cursor).is_some(),
                    of(Meaning::CursorText).is_some(),
                    "{name:?}: a cursor's colour needs its text's"
                );
                let rgb = |colour| matches!(colour, Some(Color::Rgb(..)));
                let any = Meaning::ALL.iter().any(|meaning| rgb(of(*meaning)));
                assert!(depth == Depth::True || !any, "{name:?} {depth:?}");
            }
            let none = Colours::of(*name, Depth::None);
            assert!(
                Meaning::ALL
                    .iter()
                    .all(|meaning| none.get(*meaning).is_none())
            );
        }
        for (at, meaning) in Meaning::ALL.iter().enumerate() {
            assert_eq!(*meaning as usize, at);
        }
    }

    /// Relative luminance and contrast: WCAG 2.2, definitions.
    fn contrast(a: Rgb, b: Rgb) -> f64 {
        let part = |byte: u8| match f64::from(byte) / 255.0 {
            low if low <= 0.04045 => low / 12.92,
            high => ((high + 0.055) / 1.055).powf(2.4),
        };
        let luminance =
            |(r, g, b): Rgb| 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b) + 0.05;
        let (a, b) = (luminance(a), luminance(b));
        a.max(b) / a.min(b)
    }

    #[test]
    fn every_text_can_be_read() {
        // Terminals' own backgrounds, where the theme leaves them: from black to
        // Nord's, and from white to a light grey.
        let dark: &[Rgb] = &[
            (0, 0, 0),
            (0x1e, 0x1e, 0x1e),
            (0x28, 0x2c, 0x34),
            (0x2e, 0x34, 0x40),
        ];
        let light: &[Rgb] = &[
            (255, 255, 255),
            (0xfd, 0xf6, 0xe3),
            (0xef, 0xf1, 0xf5),
            (0xee, 0xee, 0xee),
        ];
        let themes = [
            (ThemeName::Light, light, 4.5),
            (ThemeName::Dark, dark, 4.5),
            (ThemeName::Ember, dark, 4.5),
            (ThemeName::Contrast, dark, 7.0),
        ];
        assert!((contrast((0, 0, 0), (255, 255, 255)) - 21.0).abs() < 0.01);
        let rgb = |colour: Option<Color>| match colour? {
            Color::Rgb(r, g, b) => Some((r, g, b)),
            Color::Indexed(n) => Some(rgb_of(n)),
            other => panic!("{other:?}"),
        };
        for (name, own, least) in themes {
            for depth in [Depth::True, Depth::Cube] {
                let colours = Colours::of(name, depth);
                let of = |meaning| rgb(colours.get(meaning));
                let theirs = of(Meaning::Background);
                let behind = theirs.as_ref().map_or(own, std::slice::from_ref);
                let under_cursor = (of(Meaning::CursorText), of(Meaning::Cursor));
                let (Some(text), Some(cursor)) = under_cursor else {
                    panic!("{name:?} has no cursor")
                };
                let mut pairs = vec![(Meaning::CursorText, text, cursor)];
                for meaning in Meaning::ALL {
                    let is_text = !matches!(
                        meaning,
                        Meaning::Background | Meaning::Cursor | Meaning::CursorText
                    );
                    let text = of(meaning).filter(|_| is_text);
                    let on = |text| behind.iter().map(move |behind| (meaning, text, *behind));
                    pairs.extend(text.into_iter().flat_map(on));
                }
                for (meaning, text, behind) in pairs {
                    let reached = contrast(text, behind);
                    assert!(
                        reached >= least,
                        "{name:?} {depth:?} {meaning:?} on {behind:02x?}: {reached:.2}"
                    );
                }
            }
        }
    }

    #[test]
    fn colours_are_read_and_come_as_near_as_the_terminal_can() {
        assert_eq!(read_colour("#88c0d0"), Ok(Color::Rgb(0x88, 0xc0, 0xd0)));
        assert_eq!(read_colour("bright-blue"), Ok(Color::LightBlue));
        assert_eq!(read_colour("208"), Ok(Color::Indexed(208)));
        assert_eq!(read_colour("default"), Ok(Color::Reset));
        assert!(read_colour("#88c0d").unwrap_err().contains("#rrggbb"));
        let base = Colours::of(ThemeName::Terminal, Depth::Sixteen);
        let red = Color::Rgb(250, 10, 10);
        let at = |depth| base.with(Meaning::Accent, red, depth).get(Meaning::Accent);
        assert_eq!(at(Depth::True), Some(red));
        assert_eq!(at(Depth::Cube), Some(Color::Indexed(196)));
        assert_eq!(at(Depth::Sixteen), Some(Color::LightRed));
        assert_eq!(at(Depth::None), None);
    }
}
