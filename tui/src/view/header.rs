//! The first three lines: name and connection, statuses, filter and counts.

use ordertop::order::OrderStatus;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::figures;
use super::paint::{columns, put, put_right};
use crate::app::App;
use crate::model::keymap::{Action, Chord, Context};
use crate::model::text::{cut, grouped, short_count, tame, width};
use crate::strings::{self, Health};
use crate::theme::glyph;

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = app.settings.theme;
    let area = draw_waiting(app, area, buf);
    let vendor = app.settings.vendor.as_ref();
    let rate = app.events_per_second();
    let (mut health, mut forms) = strings::indicator(&app.connection, vendor, app.now, rate);
    let mut style = match health {
        Health::Good => theme.good(),
        Health::Fair => theme.warning(),
        Health::Bad => theme.bad(),
    };
    if app.settings.replay {
        // How the server stood then is no news: that it is then, is.
        forms = strings::replaying(app.now, &app.settings.time_zone, &forms);
        (health, style) = (Health::Good, theme.warning());
    }
    let style = style.patch(theme.strong());
    let title = title(app);
    // The name alone says more than a name and half of an id.
    let short = title.split(" · ").next().unwrap_or_default();
    let room = usize::from(area.width).saturating_sub(2);
    // While all is well the title has its room too; else how it stands matters
    // more. Before the words of the indicator are shortened, title and name go.
    let marks = marks(app);
    let marked = match width(&marks) {
        0 => 0,
        wide => wide + 2,
    };
    let name = width(strings::NAME) + 2 + marked;
    let titled = |most: usize| match health {
        Health::Good => name + 2 + width(&title).min(most),
        Health::Fair | Health::Bad => name,
    };
    // What is late matters more than how fast the server answers, or why it is polled.
    let wanted = figures::Wanted::of(app);
    let (late, urgent) = match health {
        Health::Good => (wanted.late, wanted.late + wanted.due),
        Health::Fair => (wanted.late, wanted.late),
        Health::Bad => (0, 0),
    };
    let named = |form: &&String| app.settings.replay || form.starts_with(strings::REALTIME);
    let beside =
        |left: usize| (forms.iter().filter(named)).find(|form| left + steady_width(form) <= room);
    let form = beside(titled(GOOD_TITLE) + urgent)
        .or_else(|| beside(titled(GOOD_TITLE) + late))
        .or_else(|| beside(titled(width(short).min(MIN_TITLE)) + late))
        .or_else(|| beside(name + late))
        .or_else(|| beside(name))
        .or_else(|| beside(name - marked))
        .or_else(|| beside(0))
        .or_else(|| forms.iter().find(|form| steady_width(form) <= room))
        .or(forms.last());
    let form = form.map_or("", String::as_str);
    let inside = Rect {
        width: area.width - 1,
        ..area
    };
    put_right(buf, inside, area.y, form, style);
    let left = room.saturating_sub(steady_width(form) + 2);
    if left < width(strings::NAME) {
        return;
    }
    let left = Rect {
        width: u16::try_from(left + 1).unwrap_or(u16::MAX),
        ..area
    };
    let accent = theme.accent().patch(theme.strong());
    let mut x = put(buf, left, 1, area.y, strings::NAME, accent);
    let room = |x: u16| usize::from(left.width.saturating_sub(x + 2));
    let titled = room(x).saturating_sub(marked);
    // A long name is cut where something else wants the room.
    let beside_all = titled.saturating_sub(wanted.late + wanted.due + wanted.hours);
    let beside_late = titled.saturating_sub(wanted.late);
    let titled = match width(&title) <= beside_all {
        true => titled,
        false => beside_all.max(GOOD_TITLE.min(beside_late)),
    };
    if titled >= width(short).min(MIN_TITLE) {
        let words = match width(&title) <= titled {
            true => &title,
            false => short,
        };
        x = put(
            buf,
            left,
            x + 2,
            area.y,
            &cut(words, titled),
            theme.strong(),
        );
    }
    if marked > 0 && room(x) + 2 >= marked {
        let style = theme.warning().patch(theme.strong());
        x = put(buf, left, x + 2, area.y, &marks, style);
    }
    figures::draw(app, left, x, buf);
}

/// That nothing can be changed, unread notifications, and why nothing rings:
/// `read-only !3 muted 42m`.
fn marks(app: &App) -> String {
    let silence = app.alerts.silence(app.now, &app.settings.time_zone);
    let marks = strings::marks(app.notices.unread(), silence, app.now);
    match (app.settings.read_only, marks.is_empty()) {
        (false, _) => marks,
        (true, true) => strings::READ_ONLY_MARK.to_owned(),
        (true, false) => format!("{} {marks}", strings::READ_ONLY_MARK),
    }
}

/// How many changes wait, on the right. Gives the room beside it.
fn draw_waiting(app: &App, area: Rect, buf: &mut Buffer) -> Rect {
    let mark = strings::waiting_mark(app.outbox().list().len());
    if mark.is_empty() {
        return area;
    }
    let inside = Rect {
        width: area.width - 1,
        ..area
    };
    let style = app.settings.theme.changed();
    let x = put_right(buf, inside, area.y, &mark, style);
    Rect {
        width: x.saturating_sub(area.x + 1).max(1),
        ..area
    }
}

/// The columns of a text whose numbers change by the second: a number counts as
/// three signs, so that nothing beside it moves, whether it is 0, 0.2 or 312.
fn steady_width(text: &str) -> usize {
    let runs = text.split(|c: char| !(c.is_ascii_digit() || c == '.'));
    let numbers = runs.filter(|run| run.contains(|c: char| c.is_ascii_digit()));
    let short = |run: &str| 3_usize.saturating_sub(run.len());
    width(text) + numbers.map(short).sum::<usize>()
}

fn title(app: &App) -> String {
    if let Some(title) = &app.settings.title {
        // A record brings its own.
        return tame(title).into_owned();
    }
    match app.settings.vendor.as_ref().or(app.orders.vendor()) {
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

/// A vendor's name is cut so far beside the counts.
const LONGEST_VENDOR: usize = 20;

/// The fewest columns of a filter that is typed.
const MIN_INPUT: usize = 16;

/// From so many columns on there is room for what today brought.
const WIDE: u16 = 120;

/// Most titles fit into this many columns.
const GOOD_TITLE: usize = 24;

/// A title is cut so far before it goes.
const MIN_TITLE: usize = 10;

/// How much of a tab's name there is room for.
#[derive(Clone, Copy)]
enum Names {
    Full,
    Short,
    Glyph,
    Tight,
}

/// Columns of the longest short name.
const LONGEST_SHORT: usize = 5;

/// From the widest form to the narrowest, with the columns between two tabs.
const FORMS: [(Names, u16); 6] = [
    (Names::Full, 3),
    (Names::Short, 3),
    (Names::Short, 2),
    (Names::Glyph, 3),
    (Names::Glyph, 2),
    (Names::Tight, 1),
];

fn tab_label(app: &App, tab: Option<OrderStatus>, key: &str, names: Names) -> String {
    let count = count(app, tab);
    let word = match (names, tab) {
        (Names::Tight, None) => return format!("{key} {count}"),
        (Names::Tight, Some(status)) => return format!("{key}{}{count}", glyph(status)),
        (_, None) => "All",
        (Names::Full, Some(status)) => status.as_str(),
        (Names::Short, Some(status)) => strings::short_status(status),
        // The active one has its name in any case.
        (_, Some(status)) if app.orders.tab() == tab => strings::short_status(status),
        (Names::Glyph, Some(status)) => glyph(status),
    };
    match key {
        "" => format!("{word} {count}"),
        key => format!("{key} {word} {count}"),
    }
}

/// The keys of the tabs in their order; none for a tab that has no key.
fn tab_keys(app: &App) -> [String; 1 + OrderStatus::ALL.len()] {
    let keymap = &app.settings.keymap;
    let mut keys = keymap.keys(Context::Screen, Action::Tab).iter();
    std::array::from_fn(|_| keys.next().map_or_else(String::new, Chord::to_string))
}

fn count(app: &App, tab: Option<OrderStatus>) -> String {
    let count = match tab {
        None => app.orders.in_scope(),
        Some(status) => app.orders.count(status),
    };
    match count {
        ..100_000 => grouped(count),
        _ => short_count(count),
    }
}

/// The columns that the tabs take at most, whichever is active, and with room
/// for counts that grow: the form should not change under the eye.
fn tabs_width(app: &App, keys: &[String], names: Names, gap: u16) -> usize {
    let digits = match names {
        Names::Full | Names::Short => 3,
        Names::Glyph => 2,
        Names::Tight => 1,
    };
    let mut sum = 0;
    for (tab, key) in all_tabs().zip(keys) {
        let number = width(&count(app, tab)).max(digits);
        // The word, and the blanks around it.
        let label = match (names, tab) {
            (Names::Tight, _) => 1,
            (_, None) => 2 + "All".len(),
            (Names::Full, Some(status)) => 2 + status.as_str().len(),
            (Names::Short, Some(status)) => 2 + strings::short_status(status).len(),
            (Names::Glyph, _) => 2 + 1,
        };
        sum += width(key) + label + number + usize::from(gap);
    }
    let active = match names {
        Names::Glyph => LONGEST_SHORT - 1,
        _ => 0,
    };
    sum - usize::from(gap) + active
}

/// A tab of the line.
struct Tab {
    x: u16,
    status: Option<OrderStatus>,
    label: String,
    /// New orders there that were not on the screen yet: ` +7`.
    new: String,
}

impl Tab {
    fn columns(&self) -> u16 {
        columns(&self.label) + columns(&self.new)
    }
}

fn all_tabs() -> impl Iterator<Item = Option<OrderStatus>> {
    std::iter::once(None).chain(OrderStatus::ALL.map(Some))
}

/// The tabs that fit, with their first columns.
fn tabs(app: &App) -> Vec<Tab> {
    let room = usize::from(app.size.0).saturating_sub(2);
    let form = |keys: &[String]| {
        let fits = |(names, gap): &(Names, u16)| tabs_width(app, keys, *names, *gap) <= room;
        FORMS.into_iter().find(fits)
    };
    let mut keys = tab_keys(app);
    let (names, gap) = form(&keys).unwrap_or_else(|| {
        // Keys with long names give way to what they show.
        if keys.iter().any(|key| width(key) > 1) {
            keys = Default::default();
        }
        form(&keys).unwrap_or((Names::Tight, 1))
    });
    let mut tabs: Vec<Tab> = (all_tabs().zip(&keys))
        .map(|(status, key)| Tab {
            x: 0,
            status,
            label: tab_label(app, status, key, names),
            new: String::new(),
        })
        .collect();
    // What is new takes the room that is left: it makes no name shorter.
    let gaps = usize::from(gap) * tabs.len().saturating_sub(1);
    let used: usize = tabs.iter().map(|tab| width(&tab.label)).sum();
    let mut spare = room.saturating_sub(used + gaps);
    for (status, count) in app.unseen_by_status() {
        let new = format!(" +{}", grouped(count));
        let tab = tabs.iter_mut().find(|tab| tab.status == Some(status));
        if let Some(tab) = tab.filter(|_| count > 0 && width(&new) <= spare) {
            spare -= width(&new);
            tab.new = new;
        }
    }
    let mut x = 1;
    for tab in &mut tabs {
        tab.x = x;
        x += tab.columns() + gap;
    }
    tabs
}

/// The tab at a column of the tabs' line.
#[must_use]
pub fn tab_at(app: &App, column: u16) -> Option<Option<OrderStatus>> {
    tabs(app)
        .into_iter()
        .find(|tab| (tab.x..tab.x + tab.columns()).contains(&column))
        .map(|tab| tab.status)
}

pub(super) fn draw_tabs(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = app.settings.theme;
    let mut end = area.x;
    for (i, tab) in tabs(app).into_iter().enumerate() {
        if i > 0 && tab.x >= end + 3 {
            put(buf, area, end + 1, area.y, "│", theme.quiet());
        }
        let empty = tab
            .status
            .is_some_and(|status| app.orders.count(status) == 0);
        let style = if app.orders.tab() == tab.status {
            theme.cursor()
        } else if empty {
            theme.quiet()
        } else {
            theme.text()
        };
        end = put(buf, area, tab.x, area.y, &tab.label, style);
        end = put(buf, area, end, area.y, &tab.new, theme.fresh());
    }
}

/// Gives the place of the text cursor while the filter is typed.
pub(super) fn draw_find(app: &App, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = app.settings.theme;
    let [hint, short_hint] = strings::filter_hint(&app.key_of(Action::Find));
    let filtered = app.typing || !app.filter.value().is_empty();
    // What is typed keeps its room; the facts get shorter.
    let input = match filtered {
        true => 2 + MIN_INPUT,
        false => width(&short_hint),
    };
    let room = usize::from(area.width).saturating_sub(2);
    let (good, forms) = facts(app);
    let beside = |input: usize| move |form: &&String| input + 2 + width(form) <= room;
    // What filters can say is worth a currency or two.
    let form = (forms.iter().take(good))
        .find(beside(width(&hint)))
        .or_else(|| forms.iter().find(beside(input)))
        .or(forms.last());
    let inside = Rect {
        width: area.width - 1,
        ..area
    };
    let form = form.map_or("", String::as_str);
    let facts = cut(form, room.saturating_sub(input + 2));
    let start = put_right(buf, inside, area.y, &facts, theme.quiet());
    let told = unseen(app);
    if !told.is_empty() && facts.ends_with(&told) {
        put_right(buf, inside, area.y, &told, theme.fresh());
    }
    let left = Rect {
        width: start.saturating_sub(2),
        ..area
    };
    let value = app.filter.value();
    if !app.typing && value.is_empty() {
        let long = columns(&hint) < left.width;
        let hint = if long { hint } else { short_hint };
        put(buf, left, 1, area.y, &hint, theme.quiet());
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
    if app.find.error.is_some() {
        put(buf, left, 1, area.y, "/", theme.bad().patch(theme.strong()));
    }
    if app.typing {
        super::find::draw(app, Rect { x, ..area }, scroll, room, buf);
    }
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

fn unseen(app: &App) -> String {
    let unseen = app.unseen();
    strings::unseen(unseen.above, unseen.below, unseen.hidden)
}

/// What there is to know about the list, the longest form first; and how many of the
/// first forms say so much that the hint beside them may have its room too.
fn facts(app: &App) -> (usize, Vec<String>) {
    let (shown, total) = (app.orders.shown(), app.orders.in_scope());
    let counts = if shown == total {
        strings::orders(total)
    } else {
        format!("{} of {}", grouped(shown), grouped(total))
    };
    let loading = match app.loading {
        // Where the list is empty, its middle says so.
        Some(loading) if app.orders.total() > 0 => {
            format!(
                "{} · ",
                strings::loading(loading.received, loading.total).to_lowercase()
            )
        }
        _ => String::new(),
    };
    let told = match unseen(app) {
        told if told.is_empty() => told,
        told => format!(" · {told}"),
    };
    let sort = strings::sorting(app.orders.sorting());
    let held = match app.orders.held() {
        Some(changes) => format!("{} · ", strings::held(changes)),
        None => String::new(),
    };
    let vendor = match app.orders.vendor() {
        Some(vendor) => format!("{} · ", cut(app.vendor_name(vendor), LONGEST_VENDOR)),
        None => String::new(),
    };
    let counts = match app.marked() {
        0 => counts,
        marked => {
            let marked = strings::marked_and_hidden(marked, app.hidden_marks());
            format!("{marked} · {counts}")
        }
    };
    // A filter needs the room more, and so does a narrow screen.
    let roomy = app.size.0 >= WIDE && !app.typing && app.filter.value().is_empty();
    let revenue = match roomy {
        true => strings::revenue(&app.figures.revenue),
        false => Vec::new(),
    };
    let good = revenue.len().saturating_sub(1).max(revenue.len().min(1));
    let mut forms: Vec<_> = (revenue.iter())
        .map(|some| format!("{some} · {loading}{held}{vendor}{counts} · {sort}{told}"))
        .collect();
    forms.extend([
        format!("{loading}{held}{vendor}{counts} · {sort}{told}"),
        format!("{held}{vendor}{counts} · {sort}{told}"),
        format!("{held}{vendor}{counts}{told}"),
        format!("{held}{counts}{told}"),
        format!("{counts}{told}"),
        counts,
    ]);
    (good, forms)
}
