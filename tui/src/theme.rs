//! Colours and styles by meaning. Only the sixteen colours of the terminal's
//! own palette are used, so that dark and light backgrounds both read well;
//! whatever a colour says, a word or a glyph says too.

use ordertop::order::OrderStatus;
use ratatui::style::{Color, Modifier, Style};

/// Whether colours are used. Bold, dim and reverse always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Palette {
    /// The terminal's sixteen colours.
    Colours,
    /// None: <https://no-color.org>.
    Plain,
}

/// Styles by meaning.
#[derive(Debug, Clone, Copy)]
pub struct Theme {
    palette: Palette,
}

impl Theme {
    /// The theme of a palette.
    #[must_use]
    pub fn new(palette: Palette) -> Self {
        Self { palette }
    }

    fn fg(self, color: Color) -> Style {
        match self.palette {
            Palette::Colours => Style::new().fg(color),
            Palette::Plain => Style::new(),
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
        Style::new().add_modifier(Modifier::DIM)
    }

    /// The program's name and the frame that has the keys.
    #[must_use]
    pub fn accent(self) -> Style {
        self.fg(Color::Cyan)
    }

    /// All is well.
    #[must_use]
    pub fn good(self) -> Style {
        self.fg(Color::Green)
    }

    /// Look at this.
    #[must_use]
    pub fn warning(self) -> Style {
        self.fg(Color::Yellow)
    }

    /// Something went wrong.
    #[must_use]
    pub fn bad(self) -> Style {
        self.fg(Color::Red)
    }

    /// The row under the cursor: reversed, without the row's own colours.
    #[must_use]
    pub fn cursor(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD)
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
            OrderStatus::Shipped => self.fg(Color::Blue),
            OrderStatus::Delivered => self.fg(Color::Cyan),
            OrderStatus::Completed => self.quiet(),
            OrderStatus::Disputed => self.bad().add_modifier(Modifier::BOLD),
            OrderStatus::Cancelled | OrderStatus::Refunded => {
                self.fg(Color::Magenta).add_modifier(Modifier::DIM)
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
