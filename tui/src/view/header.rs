//! The first three lines: name and connection, statuses, filter and counts.

use ordertop::order::OrderStatus;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{columns, put, put_right};
use crate::app::App;
use crate::strings::{self, Health};
use crate::text::{cut, grouped, short_count, tame, width};
use crate::theme::glyph;

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = app.settings.theme;
    let (health, forms) = strings::indicator(&app.connection, app.now, app.events_per_second());
    let style = match health {
        Health::Good => theme.good(),
        Health::Fair => theme.warning(),
        Health::Bad => theme.bad(),
    };
    let style = style.patch(theme.strong());
    let title = title(app);
    let name = width(strings::NAME);
    let room = usize::from(area.width).saturating_sub(2);
    // The longest form that leaves room for the name. While all is well the
    // title has its room too; else how it stands matters more.
    let title_room = match health {
        Health::Good => 2 + width(&title).min(24),
        Health::Fair | Health::Bad => 0,
    };
    let beside = |left: usize| forms.iter().find(|form| left + 2 + width(form) <= room);
    let form = match beside(name + title_room)
        .or_else(|| beside(name))
        .or(forms.last())
    {
        Some(form) => form.as_str(),
        None => "",
    };
    let start = put_right(
        buf,
        Rect {
            width: area.width - 1,
            ..area
        },
        area.y,
        form,
        style,
    );
    let left = Rect {
        width: start.saturating_sub(1),
        ..area
    };
    let x = put(
        buf,
        left,
        1,
        area.y,
        strings::NAME,
        theme.accent().patch(theme.strong()),
    );
    if left.width > x + 6 {
        put(buf, left, x + 2, area.y, &title, theme.strong());
    }
}

fn title(app: &App) -> String {
    if let Some(title) = &app.settings.title {
        return title.clone();
    }
    match &app.settings.vendor {
        None => strings::ALL_VENDORS.into(),
        Some(vendor) => {
            let name = app.vendor_name(vendor);
            if name == vendor.as_str() {
                format!("vendor {name}")
            } else {
                format!("{name} · vendor {vendor}")
            }
        }
    }
}

/// How much of a tab's name there is room for.
#[derive(Clone, Copy)]
enum Names {
    Full,
    Short,
    Glyph,
    Tight,
}

/// From the widest form to the narrowest, with the columns between two tabs.
const FORMS: [(Names, u16); 7] = [
    (Names::Full, 3),
    (Names::Full, 2),
    (Names::Short, 3),
    (Names::Short, 2),
    (Names::Glyph, 3),
    (Names::Glyph, 2),
    (Names::Tight, 1),
];

fn tab_label(app: &App, tab: Option<OrderStatus>, digit: usize, names: Names) -> String {
    let active = app.orders.tab() == tab;
    let count = match tab {
        None => app.orders.total(),
        Some(status) => app.orders.count(status),
    };
    let count = match names {
        Names::Full if count < 100_000 => grouped(count),
        _ => short_count(count),
    };
    let word = tab.map_or("All", OrderStatus::as_str);
    match (names, tab) {
        (Names::Full, _) => format!("{digit} {word} {count}"),
        (Names::Tight, None) => format!("{digit} {count}"),
        (Names::Tight, Some(status)) => format!("{digit}{}{count}", glyph(status)),
        _ if active => format!("{digit} {word} {count}"),
        (_, None) => format!("{digit} {word} {count}"),
        (Names::Short, Some(status)) => {
            format!("{digit} {} {count}", strings::short_status(status))
        }
        (Names::Glyph, Some(status)) => format!("{digit} {} {count}", glyph(status)),
    }
}

/// The tabs that fit, with their first columns.
fn tabs(app: &App) -> Vec<(u16, Option<OrderStatus>, String)> {
    let all = || {
        std::iter::once(None)
            .chain(OrderStatus::ALL.map(Some))
            .enumerate()
    };
    let labels = |names| -> Vec<_> {
        all()
            .map(|(digit, tab)| (tab, tab_label(app, tab, digit, names)))
            .collect()
    };
    let fits = |(names, gap): &(Names, u16)| {
        let wide: u16 = (labels(*names).iter())
            .map(|(_, label)| columns(label) + gap)
            .sum();
        wide <= app.size.0 + gap - 2
    };
    let (names, gap) = FORMS.into_iter().find(fits).unwrap_or((Names::Tight, 1));
    let mut x = 1;
    labels(names)
        .into_iter()
        .map(|(tab, label)| {
            let at = x;
            x += columns(&label) + gap;
            (at, tab, label)
        })
        .collect()
}

/// The tab at a column of the tabs' line.
#[must_use]
pub fn tab_at(app: &App, column: u16) -> Option<Option<OrderStatus>> {
    tabs(app)
        .into_iter()
        .find(|(x, _, label)| (*x..x + columns(label)).contains(&column))
        .map(|(_, tab, _)| tab)
}

pub(super) fn draw_tabs(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = app.settings.theme;
    let mut end = area.x;
    for (i, (x, tab, label)) in tabs(app).into_iter().enumerate() {
        if i > 0 && x >= end + 3 {
            put(buf, area, end + 1, area.y, "│", theme.quiet());
        }
        let empty = tab.is_some_and(|status| app.orders.count(status) == 0);
        let style = if app.orders.tab() == tab {
            theme.cursor()
        } else if empty {
            theme.quiet()
        } else {
            theme.text()
        };
        end = put(buf, area, x, area.y, &label, style);
    }
}

/// Gives the place of the text cursor while the filter is typed.
pub(super) fn draw_find(app: &App, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = app.settings.theme;
    let facts = facts(app);
    let room = usize::from(area.width).saturating_sub(2);
    let start = put_right(
        buf,
        Rect {
            width: area.width - 1,
            ..area
        },
        area.y,
        &cut(&facts, room),
        theme.quiet(),
    );
    let unseen = app.unseen();
    let told = strings::unseen(unseen.above, unseen.below, unseen.hidden);
    if !told.is_empty() {
        put_right(
            buf,
            Rect {
                width: area.width - 1,
                ..area
            },
            area.y,
            &cut(&told, room),
            theme.fresh(),
        );
    }
    let left = Rect {
        width: start.saturating_sub(2),
        ..area
    };
    let value = app.filter.value();
    if !app.typing && value.is_empty() {
        let long = columns(strings::FILTER_HINT) < left.width;
        let hint = if long {
            strings::FILTER_HINT
        } else {
            strings::FILTER_HINT_SHORT
        };
        put(buf, left, 1, area.y, hint, theme.quiet());
        return None;
    }
    let x = put(buf, left, 1, area.y, "/ ", theme.key());
    let room = usize::from(left.right().saturating_sub(x));
    let scroll = app.filter.visual_scroll(room.saturating_sub(1));
    let style = if app.typing {
        theme.strong()
    } else {
        theme.accent().patch(theme.strong())
    };
    put(buf, left, x, area.y, &after_columns(value, scroll), style);
    app.typing.then(|| {
        let cursor = app.filter.visual_cursor().saturating_sub(scroll);
        let cursor = u16::try_from(cursor.min(room)).unwrap_or(u16::MAX);
        Position::new((x + cursor).min(area.right() - 1), area.y)
    })
}

/// `text` without its first columns.
pub(super) fn after_columns(text: &str, skip: usize) -> String {
    use unicode_segmentation::UnicodeSegmentation;
    let mut used = 0;
    tame(text)
        .graphemes(true)
        .skip_while(|cluster| {
            let skipped = used < skip;
            used += width(cluster);
            skipped
        })
        .collect()
}

fn facts(app: &App) -> String {
    let (shown, total) = (app.orders.shown(), app.orders.total());
    let counts = if shown == total {
        format!("{} orders", grouped(total))
    } else {
        format!("{} of {}", grouped(shown), grouped(total))
    };
    let loading = match app.loading {
        Some(received) if app.loaded || received > 0 => {
            format!("{} {} · ", strings::LOADING, grouped(received))
        }
        _ => String::new(),
    };
    let unseen = app.unseen();
    let told = strings::unseen(unseen.above, unseen.below, unseen.hidden);
    let sort = strings::sort(app.orders.sort());
    let gap = if told.is_empty() { "" } else { " · " };
    format!("{loading}{counts} · {sort}{gap}{told}")
}
