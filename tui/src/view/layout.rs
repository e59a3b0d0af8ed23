//! What stands where at which size. Update and view ask the same function.

use ratatui::layout::Rect;

use crate::app::App;

/// Columns and rows without which nothing is shown.
pub const MIN_SIZE: (u16, u16) = (40, 8);
/// Columns and rows that are drawn at most; the rest of a larger terminal stays
/// empty. A size can be anything (`stty cols 65535`), and each cell costs memory.
const MAX_SIZE: (u16, u16) = (1_000, 500);
/// From this many columns on, list and order stand side by side.
const SIDE_BY_SIDE: u16 = 120;
/// From this many rows on, they stand one above the other.
const STACKED: u16 = 40;

/// What stands where.
#[derive(Debug, Clone, Copy)]
pub struct Areas {
    /// The whole screen.
    pub whole: Rect,
    /// Name and connection.
    pub header: Rect,
    /// Statuses.
    pub tabs: Rect,
    /// Filter and counts.
    pub find: Rect,
    /// The alarm, while one is on.
    pub alarm: Option<Rect>,
    /// The text to be copied.
    pub hint: Option<Rect>,
    /// The list, its frame included.
    pub orders: Option<Rect>,
    /// One order, its frame included.
    pub order: Option<Rect>,
    /// Notifications, their frame included where there is one.
    pub notices: Option<Rect>,
    /// Keys.
    pub footer: Rect,
    /// Whether there is room for the list's column heads.
    pub heads: bool,
}

impl Areas {
    /// The list's rows, without frame and heads.
    #[must_use]
    pub fn rows(&self) -> Rect {
        let Some(area) = self.orders else {
            return Rect::default();
        };
        let heads = u16::from(self.heads);
        Rect::new(
            area.x + 1,
            area.y + 1 + heads,
            area.width.saturating_sub(2),
            area.height.saturating_sub(2 + heads),
        )
    }
}

impl Areas {
    /// What a dialog is centred over: the list where the order stands beside it,
    /// for the address is what one looks at before shipping. An alarm that comes while
    /// it is open does not push it down: what is above the list belongs to it.
    #[must_use]
    pub fn dialog(&self) -> Rect {
        match (self.orders, self.order) {
            (Some(orders), Some(order)) if order.x > orders.x => Rect {
                y: self.find.bottom(),
                height: orders.bottom() - self.find.bottom(),
                ..orders
            },
            _ => self.whole,
        }
    }
}

/// What is drawn of a terminal of that size.
#[must_use]
pub fn drawn((columns, rows): (u16, u16)) -> (u16, u16) {
    (columns.min(MAX_SIZE.0), rows.min(MAX_SIZE.1))
}

/// Whether list and order are on the screen together.
#[must_use]
pub fn shows_both((width, height): (u16, u16)) -> bool {
    width >= SIDE_BY_SIDE || height >= STACKED
}

/// What stands where; `None` when the terminal is too small.
#[must_use]
pub fn areas(app: &App) -> Option<Areas> {
    let (width, height) = app.size;
    if width < MIN_SIZE.0 || height < MIN_SIZE.1 {
        return None;
    }
    let line = |y| Rect::new(0, y, width, 1);
    let (mut top, mut bottom) = (3, height - 1);

    // A small screen has no line to spare: the alarm takes the statuses' line.
    let alarm = (app.alerts.alarm.count() > 0).then(|| match height {
        ..12 => line(1),
        _ => {
            top += 1;
            line(3)
        }
    });

    let notices_height = match height {
        // An order that was opened needs the rows more.
        ..30 if app.order_open => 0,
        ..14 => 0,
        14..18 => 1,
        18..22 => 4,
        22..28 => 5,
        28..40 => 6,
        _ => 8,
    };
    let notices = (notices_height > 0).then(|| {
        bottom -= notices_height;
        Rect::new(0, bottom, width, notices_height)
    });

    let wanted = super::hint::height(app, width);
    let hint = (wanted > 0 && !app.order_open && bottom - top >= wanted + 8).then(|| {
        let area = Rect::new(0, top, width, wanted);
        top += wanted;
        area
    });

    let body = Rect::new(0, top, width, bottom - top);
    let (orders, order) = if app.order_open {
        (None, Some(body))
    } else if width >= SIDE_BY_SIDE {
        let left = (width / 5 * 3).min(width - 48);
        (
            Some(Rect {
                width: left,
                ..body
            }),
            Some(Rect {
                x: left,
                width: width - left,
                ..body
            }),
        )
    } else if height >= STACKED {
        let upper = body.height / 2;
        (
            Some(Rect {
                height: upper,
                ..body
            }),
            Some(Rect {
                y: body.y + upper,
                height: body.height - upper,
                ..body
            }),
        )
    } else {
        (Some(body), None)
    };
    Some(Areas {
        whole: Rect::new(0, 0, width, height),
        header: line(0),
        tabs: line(1),
        find: line(2),
        alarm,
        hint,
        orders,
        order,
        notices,
        footer: line(height - 1),
        heads: height >= 12,
    })
}
