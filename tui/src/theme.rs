//! Colours, styles and signs by meaning. Whatever a colour says, a word or a
//! glyph says too.
//!
//! | module | what it holds |
//! |---|---|
//! | `colours` | the themes, as tables of meanings |
//! | `glyphs` | the program's signs in ASCII |
//! | `detect` | what this terminal can show |

mod colours;
mod detect;
mod glyphs;

use jiff::SignedDuration;
use ordertop::order::OrderStatus;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

pub use colours::{Colours, Depth, Meaning, ThemeName, read_colour};
pub use detect::Background;
pub(crate) use detect::fitting;
pub use glyphs::Glyphs;

/// An order that is to leave within this time is soon due.
const SOON: SignedDuration = SignedDuration::from_hours(4);

/// Whether colours are used. Bold, dim and reverse always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Palette {
    /// The terminal's sixteen colours.
    Colours,
    /// None: <https://no-color.org>.
    Plain,
}

/// The looks that somebody asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looks {
    /// Which theme.
    pub name: ThemeName,
    /// Which signs; `None` for those that the terminal can show.
    pub glyphs: Option<Glyphs>,
    /// Other colours than the theme's.
    pub colours: Vec<(Meaning, Color)>,
}

/// The looks that were asked for, and what this terminal can show of them.
#[derive(Debug, Clone)]
pub struct Themes {
    looks: Looks,
    depth: Depth,
    can_show: Glyphs,
    /// Where it is known.
    background: Option<Background>,
}

impl Default for Themes {
    /// The usual looks on a terminal of sixteen colours.
    fn default() -> Self {
        Self::new(Looks::default(), Depth::Sixteen, Glyphs::Unicode, None)
    }
}

impl Themes {
    /// The looks on a terminal of so many colours, which can show these signs.
    #[must_use]
    pub fn new(
        looks: Looks,
        depth: Depth,
        can_show: Glyphs,
        background: Option<Background>,
    ) -> Self {
        Self {
            looks,
            depth,
            can_show,
            background,
        }
    }

    /// The theme that is worn.
    #[must_use]
    pub fn worn(&self) -> ThemeName {
        self.looks.name
    }

    /// Wears another theme; single colours and signs that were asked for stay.
    pub fn wear(&mut self, name: ThemeName) {
        self.looks.name = name;
    }

    /// A theme as this terminal shows it.
    #[must_use]
    pub fn theme(&self, name: ThemeName) -> Theme {
        let name = match (name, self.background) {
            (ThemeName::Auto, Some(Background::Light)) => ThemeName::Light,
            (ThemeName::Auto, Some(Background::Dark)) => ThemeName::Dark,
            (named, _) => named,
        };
        let looks = Looks {
            name,
            ..self.looks.clone()
        };
        Theme::of(&looks, self.depth, self.can_show)
    }
}

/// Styles by meaning.
#[derive(Debug, Clone, Copy)]
pub struct Theme {
    colours: Colours,
    glyphs: Glyphs,
}

impl Theme {
    /// The terminal's own colours, or none.
    #[must_use]
    pub fn new(palette: Palette) -> Self {
        let depth = match palette {
            Palette::Colours => Depth::Sixteen,
            Palette::Plain => Depth::None,
        };
        Self::of(&Looks::default(), depth, Glyphs::Unicode)
    }

    /// The looks on a terminal of so many colours, which can show these signs.
    #[must_use]
    pub fn of(looks: &Looks, depth: Depth, can_show: Glyphs) -> Self {
        let mut colours = Colours::of(looks.name, depth);
        for (meaning, colour) in &looks.colours {
            colours = colours.with(*meaning, *colour, depth);
        }
        let glyphs = match (looks.glyphs, looks.name, can_show) {
            (None, _, Glyphs::AsciiOnly) => Glyphs::AsciiOnly,
            (None, ThemeName::Ascii, _) => Glyphs::Ascii,
            (None, _, can_show) => can_show,
            (Some(glyphs), _, _) => glyphs,
        };
        Self { colours, glyphs }
    }

    /// The last step of a frame: what has no colour of its own gets the
    /// theme's, and the signs become those that can be shown.
    pub fn finish(self, buf: &mut Buffer) {
        let text = self.colours.get(Meaning::Text);
        let background = self.colours.get(Meaning::Background);
        if text.is_some() || background.is_some() {
            for cell in &mut buf.content {
                if let (Color::Reset, Some(text)) = (cell.fg, text) {
                    cell.fg = text;
                }
                if let (Color::Reset, Some(background)) = (cell.bg, background) {
                    cell.bg = background;
                }
            }
        }
        self.glyphs.apply(buf);
    }

    fn fg(self, meaning: Meaning) -> Style {
        match self.colours.get(meaning) {
            Some(colour) => Style::new().fg(colour),
            None => Style::new(),
        }
    }

    /// Dim, where the theme has no colour that says so.
    fn dim(self) -> Style {
        match self.colours.get(Meaning::Quiet) {
            Some(_) => Style::new(),
            None => Style::new().add_modifier(Modifier::DIM),
        }
    }

    /// Ordinary text.
    #[must_use]
    pub fn text(self) -> Style {
        Style::new()
    }

    /// What matters most on its line.
    #[must_use]
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What may be overlooked.
    #[must_use]
    pub fn quiet(self) -> Style {
        self.fg(Meaning::Quiet).patch(self.dim())
    }

    /// The program's name and the frame that has the keys.
    #[must_use]
    pub fn accent(self) -> Style {
        self.fg(Meaning::Accent)
    }

    /// All is well.
    #[must_use]
    pub fn good(self) -> Style {
        self.fg(Meaning::Good)
    }

    /// Look at this.
    #[must_use]
    pub fn warning(self) -> Style {
        self.fg(Meaning::Warning)
    }

    /// Something went wrong.
    #[must_use]
    pub fn bad(self) -> Style {
        self.fg(Meaning::Bad)
    }

    /// The row under the cursor: reversed, without the row's own colours.
    #[must_use]
    pub fn cursor(self) -> Style {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        match (
            self.colours.get(Meaning::Cursor),
            self.colours.get(Meaning::CursorText),
        ) {
            (Some(behind), Some(text)) => bold.fg(text).bg(behind),
            _ => bold.add_modifier(Modifier::REVERSED),
        }
    }

    /// The time that an order has left: late, soon, or `None` while there is
    /// plenty.
    #[must_use]
    pub fn due(self, left: Option<SignedDuration>) -> Option<Style> {
        let left = left?;
        if left < SignedDuration::ZERO {
            Some(self.bad())
        } else {
            (left < SOON).then(|| self.warning())
        }
    }

    /// The frame of a pane.
    #[must_use]
    pub fn frame(self, focused: bool) -> Style {
        if focused { self.accent() } else { self.quiet() }
    }

    /// The title of a pane.
    #[must_use]
    pub fn title(self, focused: bool) -> Style {
        if focused {
            self.accent().add_modifier(Modifier::BOLD)
        } else {
            self.strong()
        }
    }

    /// A key in footer and help.
    #[must_use]
    pub fn key(self) -> Style {
        self.accent().add_modifier(Modifier::BOLD)
    }

    /// An order that came a moment ago.
    #[must_use]
    pub fn fresh(self) -> Style {
        self.good().add_modifier(Modifier::BOLD)
    }

    /// An order that changed a moment ago.
    #[must_use]
    pub fn changed(self) -> Style {
        self.warning().add_modifier(Modifier::BOLD)
    }

    /// A status.
    #[must_use]
    pub fn status(self, status: OrderStatus) -> Style {
        match status {
            OrderStatus::Pending => self.warning(),
            OrderStatus::Paid => self.good().add_modifier(Modifier::BOLD),
            OrderStatus::Shipped => self.fg(Meaning::Moving),
            OrderStatus::Delivered => self.fg(Meaning::Arrived),
            OrderStatus::Completed => self.quiet(),
            OrderStatus::Disputed => self.bad().add_modifier(Modifier::BOLD),
            OrderStatus::Cancelled | OrderStatus::Refunded => {
                self.fg(Meaning::Ended).patch(self.dim())
            }
        }
    }
}

/// One column wide in every font; the word stands beside it where there is room.
#[must_use]
pub fn glyph(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Pending => "○",
        OrderStatus::Paid => "●",
        OrderStatus::Shipped => "▲",
        OrderStatus::Delivered => "✓",
        OrderStatus::Completed => "◆",
        OrderStatus::Disputed => "!",
        OrderStatus::Cancelled => "×",
        OrderStatus::Refunded => "↺",
    }
}
