//! One order: where it stands, who bought it, what, and who did what when.

use jiff::Timestamp;
use ordertop::order::{ActorKind, OrderStatus, Qty, Shipment, Visibility};
use ordertop::protocol::ListedOrder;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::paint::{focused, frame, put_right};
use crate::app::{App, Load, Pane};
use crate::model::carrier::tracking_link;
use crate::model::row::Row;
use crate::model::text::{cut, fit_right, tame, tame_long, width, wrap};
use crate::strings;
use crate::theme::{Theme, glyph};

/// The name of what was bought goes on for so many lines.
const MOST_NAME_LINES: usize = 3;

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = app.settings.theme;
    let title = match app.current() {
        Some(row) if app.many_vendors() => {
            let vendor = app.vendor_name(&row.key.vendor);
            format!("{} · {vendor}", strings::number(&row.key))
        }
        Some(row) => strings::number(&row.key),
        None => String::new(),
    };
    let inner = frame(buf, area, &title, focused(app, Pane::Order), theme);
    let inner = Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        ..inner
    };
    let size = (usize::from(inner.width), usize::from(inner.height));
    let lines = order_lines(app, size);
    let more = lines.len().saturating_sub(usize::from(inner.height));
    let scroll = app.details.scroll.min(more);
    for (line, y) in lines.iter().skip(scroll).zip(inner.top()..inner.bottom()) {
        buf.set_line(inner.x, y, line, inner.width);
    }
    if more > scroll {
        let below = format!(" {} more ↓ ", more - scroll);
        let bottom = Rect {
            width: area.width.saturating_sub(2),
            ..area
        };
        put_right(buf, bottom, area.bottom() - 1, &below, theme.quiet());
    }
}

/// Everything about the order under the cursor, in lines for a pane of so many
/// columns and rows.
#[must_use]
pub fn order_lines(app: &App, (columns, rows): (usize, usize)) -> Vec<Line<'static>> {
    let theme = app.settings.theme;
    let Some(row) = app.current() else {
        return vec![Line::styled(strings::NO_ORDER_CHOSEN, theme.quiet())];
    };
    // The list's row is the newest; the detail call adds to it.
    let more = match &app.details.order {
        Load::Here(order) if app.details.key.as_ref() == Some(&row.key) => Some(&**order),
        _ => None,
    };
    let mut page = Page {
        lines: Vec::new(),
        columns,
        theme,
    };
    path(app, row, &mut page);
    page.lines.push(Line::default());
    let order = row.listed();
    buyer(&order, &mut page);
    items(&order, &mut page);
    shipments(app, &order, &mut page);
    if let Some(more) = more {
        notes(app, more, &mut page);
    }
    history(app, &mut page);
    // The heads tell the parts apart too: gaps are for where there is room.
    if page.lines.len() > rows {
        page.lines.retain(|line| line.width() > 0);
    }
    page.lines
}

/// Lines of a page, and how wide it is.
struct Page {
    lines: Vec<Line<'static>>,
    columns: usize,
    theme: Theme,
}

impl Page {
    fn head(&mut self, words: &str) {
        let rule = "─".repeat(self.columns.saturating_sub(width(words) + 1));
        self.lines.push(Line::from(vec![
            Span::styled(format!("{words} "), self.theme.strong()),
            Span::styled(rule, self.theme.quiet()),
        ]));
    }

    /// What goes on in the next line stands as far in as it began.
    fn text(&mut self, words: &str, style: Style) {
        let indent = words.len() - words.trim_start_matches(' ').len();
        let room = self.columns.saturating_sub(indent).max(1);
        for line in wrap(&tame(words.trim_start_matches(' ')), room) {
            let line = format!("{:indent$}{line}", "");
            self.lines.push(Line::styled(line, style));
        }
    }

    /// So many of something, and what they come to. A long name goes on below itself.
    fn item(&mut self, quantity: Qty, name: &str, total: &str) {
        let before = format!("{quantity} × ");
        let indent = " ".repeat(width(&before));
        let room = self
            .columns
            .saturating_sub(width(&before) + width(total) + 2);
        let mut names = wrap(name, room.max(1));
        let style = self.theme.text();
        if names.len() > MOST_NAME_LINES {
            let rest = names.split_off(MOST_NAME_LINES - 1).join(" ");
            names.push(cut(&rest, room).into_owned());
        }
        let mut names = names.into_iter();
        let first = names.next().unwrap_or_default();
        self.pair(&format!("{before}{first}"), total, style, style);
        for more in names {
            self.lines
                .push(Line::styled(format!("{indent}{more}"), style));
        }
    }

    /// Words on the left, cut where they must be, and words on the right.
    fn pair(&mut self, left: &str, right: &str, style: Style, right_style: Style) {
        let room = self.columns.saturating_sub(width(right) + 2);
        let left = cut(left, room).into_owned();
        let right = fit_right(right, self.columns.saturating_sub(width(&left)));
        self.lines.push(Line::from(vec![
            Span::styled(left, style),
            Span::styled(right, right_style),
        ]));
    }

    fn gap(&mut self) {
        self.lines.push(Line::default());
    }
}

/// `✓ Paid ─▶ ○ Shipped ─▶ ○ Delivered`: what is done, and what comes.
fn path(app: &App, row: &Row, page: &mut Page) {
    use OrderStatus::{Completed, Delivered, Paid, Pending, Shipped};
    let theme = page.theme;
    let status = row.status();
    let mut spans = Vec::new();
    // Three steps fit; what is long done goes first.
    let unpaid = row.flags().pay_on_delivery && row.listed().paid_at.is_none();
    let way = match status {
        // It is paid at the door, if at all.
        Pending | Shipped | Delivered if unpaid => [Pending, Shipped, Delivered],
        Pending => [Pending, Paid, Shipped],
        Completed => [Shipped, Delivered, Completed],
        _ => [Paid, Shipped, Delivered],
    };
    if status.is_exception() {
        spans.push(Span::styled(
            format!("{} {status}", glyph(status)),
            theme.status(status),
        ));
        if let Some(prior) = row.listed().prior_status {
            spans.push(Span::styled(format!("  was {prior}"), theme.quiet()));
        }
    } else {
        for (i, step) in way.into_iter().enumerate() {
            if i > 0 {
                spans.push(Span::styled(" ─▶ ", theme.quiet()));
            }
            let (sign, style) = match step.cmp(&status) {
                std::cmp::Ordering::Less => ("✓", theme.good()),
                std::cmp::Ordering::Equal => {
                    (glyph(step), theme.status(step).patch(theme.strong()))
                }
                std::cmp::Ordering::Greater => ("○", theme.quiet()),
            };
            spans.push(Span::styled(format!("{sign} {step}"), style));
        }
    }
    page.lines.push(Line::from(spans));
    let since = strings::age(row.since(), app.now);
    let by = (row.listed().status_by.as_ref())
        .map(|by| match by.kind {
            ActorKind::Import => ", imported".to_owned(),
            _ => format!(", by {}", strings::actor(by)),
        })
        .unwrap_or_default();
    let words = match app.on_its_way(&row.key) {
        Some(to) if app.waits(&row.key) => strings::waits_for_server(to, app.is_wish(&row.key, to)),
        Some(to) => format!("⧗ on its way to {to}"),
        None => format!("{status} for {since}{by}"),
    };
    let placed = row.created_at();
    let placed = strings::placed(&time(app, placed), placed, app.now);
    // In one line where they fit.
    let both = format!("{words} · {placed}");
    match width(&both) <= page.columns {
        true => page.text(&both, theme.quiet()),
        false => [words, placed]
            .iter()
            .for_each(|words| page.text(words, theme.quiet())),
    }
    let notes = app.outbox().notes(&row.key);
    if notes > 0 {
        page.text(&strings::notes_wait(notes), theme.changed());
    }
    let parcels = app.outbox().parcels(&row.key);
    if parcels > 0 {
        page.text(&strings::parcels_wait(parcels), theme.changed());
    }
    if let Some(number) = &row.listed().shop_number {
        page.text(&strings::shop_number(number), theme.quiet());
    }
    let flags = strings::flags(row.flags());
    if !flags.is_empty() {
        page.text(&format!("! {}", flags.join(" · ")), theme.warning());
    }
}

fn buyer(order: &ListedOrder, page: &mut Page) {
    let theme = page.theme;
    page.head(strings::BUYER);
    let name = tame(&order.customer_name);
    if name.is_empty() {
        page.text(strings::NO_BUYER, theme.quiet());
    } else {
        page.text(&name, theme.text());
    }
    let phone = order.customer_phone.as_deref().unwrap_or_default();
    let contact: Vec<_> = [order.customer_email.as_str(), phone]
        .into_iter()
        .filter(|text| !text.is_empty())
        .map(tame)
        .collect();
    if !contact.is_empty() {
        page.text(&contact.join("  "), theme.quiet());
    }
    if !order.shipping_address.is_empty() {
        page.gap();
        page.head(strings::SHIP_TO);
        page.text(&order.shipping_address, theme.text());
    }
}

fn items(order: &ListedOrder, page: &mut Page) {
    let theme = page.theme;
    page.gap();
    page.head(strings::ITEMS);
    for item in &order.items {
        let shipped = if item.quantity_shipped.is_zero() {
            String::new()
        } else {
            format!(" ({} shipped)", item.quantity_shipped)
        };
        let title = tame(&item.product.name);
        let total = strings::amount(order, &item.total_price);
        page.item(item.quantity, &format!("{title}{shipped}"), &total);
        let variant = item.product.variant.as_deref().unwrap_or_default();
        let mut about: Vec<String> = [variant, &item.product.sku]
            .into_iter()
            .filter(|text| !text.is_empty())
            .map(|text| tame(text).into_owned())
            .collect();
        if item.quantity != Qty::ONE {
            about.push(format!("{} each", strings::amount(order, &item.unit_price)));
        }
        if !about.is_empty() {
            page.text(&format!("    {}", about.join(" · ")), theme.quiet());
        }
        for property in &item.product.properties {
            let words = format!("    {}: {}", tame(&property.name), tame(&property.value));
            page.text(&words, theme.text());
        }
    }
    if let Some(totals) = &order.totals {
        let told: Vec<_> = strings::totals(totals)
            .into_iter()
            .filter(|(_, part)| worth(part))
            .collect();
        if told.len() > 1 {
            for (name, part) in told {
                let amount = strings::amount(order, &part);
                page.pair(name, &amount, theme.quiet(), theme.quiet());
            }
        }
    }
    let total = strings::amount(order, &order.total_amount);
    page.pair(strings::TOTAL, &total, theme.strong(), theme.strong());
    let refunded = order.totals.as_ref().map(|totals| &totals.refunded);
    if let Some(refunded) = refunded.filter(|refunded| worth(refunded)) {
        let amount = strings::amount(order, &strings::less(refunded));
        page.pair(strings::REFUNDED, &amount, theme.warning(), theme.warning());
    }
}

/// Whether it is anything at all.
fn worth(amount: &str) -> bool {
    amount.bytes().any(|b| (b'1'..=b'9').contains(&b))
}

fn shipments(app: &App, order: &ListedOrder, page: &mut Page) {
    if order.shipments.is_empty() {
        return;
    }
    page.gap();
    page.head(strings::SHIPMENTS);
    for shipment in &order.shipments {
        let Shipment {
            carrier,
            tracking_number,
            tracking_url,
            shipped_at,
            from_shop,
            ..
        } = shipment;
        let from = from_shop.then_some(strings::FROM_SHOP);
        let words: Vec<_> = [carrier, tracking_number]
            .into_iter()
            .flatten()
            .map(|text| tame(text))
            .chain(from.map(Into::into))
            .collect();
        let words = if words.is_empty() {
            "—".to_owned()
        } else {
            words.join("  ")
        };
        let when = shipped_at.map(|at| time(app, at)).unwrap_or_default();
        page.pair(&words, &when, page.theme.text(), page.theme.quiet());
        let made = || tracking_link(carrier.as_deref()?, tracking_number.as_deref()?);
        if let Some(url) = tracking_url.clone().or_else(made) {
            page.text(&url, page.theme.quiet());
        }
    }
}

fn notes(app: &App, order: &ListedOrder, page: &mut Page) {
    let buyer = order.buyer_note.as_deref().unwrap_or_default();
    if buyer.is_empty() && order.notes.is_empty() && order.attributes.is_empty() {
        return;
    }
    page.gap();
    page.head(strings::NOTES);
    if !buyer.is_empty() {
        page.text(&format!("buyer: {buyer}"), page.theme.text());
    }
    for attribute in &order.attributes {
        let words = format!("{}: {}", tame(&attribute.name), tame(&attribute.value));
        page.text(&words, page.theme.text());
    }
    for note in &order.notes {
        let by = strings::actor(&note.by);
        let internal = match note.visibility {
            Visibility::Support => " · internal",
            Visibility::Vendor => "",
        };
        let (by, quiet) = (format!("{by}{internal}"), page.theme.quiet());
        page.pair(&by, &time(app, note.at), quiet, quiet);
        page.text(&format!("  {}", tame_long(&note.body)), page.theme.text());
    }
}

fn history(app: &App, page: &mut Page) {
    let theme = page.theme;
    page.gap();
    page.head(strings::HISTORY);
    match &app.details.history {
        Load::Waiting => page.text(strings::LOADING, theme.quiet()),
        Load::Failed(_) if app.connection.legacy => page.text(strings::NO_HISTORY, theme.quiet()),
        Load::Failed(why) => page.text(&format!("! {why}"), theme.bad()),
        Load::Here(entries) => {
            for entry in entries.iter().rev() {
                let what = strings::history_action(&entry.action, entry.from, entry.to);
                let forced = if entry.forced { " (forced)" } else { "" };
                let by = match entry.actor.kind {
                    // The action says so.
                    ActorKind::Import => String::new(),
                    _ => format!("  by {}", strings::actor(&entry.actor)),
                };
                let left = format!("{what}{forced}{by}");
                page.pair(&left, &time(app, entry.at), theme.text(), theme.quiet());
                if let Some(reason) = &entry.reason {
                    page.text(&format!("    “{}”", tame_long(reason)), theme.quiet());
                }
            }
        }
    }
}

/// A moment as the one who looks reads it: the hour today, else the day too.
pub(super) fn time(app: &App, at: Timestamp) -> String {
    let zone = app.settings.time_zone.clone();
    let (then, now) = (
        at.to_zoned_datetime(zone.clone()),
        app.now.to_zoned_datetime(zone),
    );
    if then.date() == now.date() {
        then.strftime("%H:%M").to_string()
    } else if then.year() == now.year() {
        then.strftime("%d %b %H:%M").to_string()
    } else {
        then.strftime("%d %b %Y").to_string()
    }
}
