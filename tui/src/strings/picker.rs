//! The words of the lists to pick from.

use ordertop::order::{OrderStatus, VendorId};

use super::and_keys;
use crate::model::sort::{Sort, Sorting};
use crate::model::text::{grouped, tame};
use crate::model::views::SavedView;
use crate::theme::ThemeName;

/// Nothing matches what is typed.
pub const NOTHING_TO_PICK: &str = "nothing matches";

/// No view is there whose name could be picked.
pub const TYPE_A_NAME: &str = "no view is saved yet: type a name for this one";

/// Showing one status alone, or all, as a command.
#[must_use]
pub fn show_tab(tab: Option<OrderStatus>) -> String {
    match tab {
        None => "show every status".into(),
        Some(status) => format!("show {status} alone"),
    }
}

/// What the way to sort that is chosen does when it is picked again.
pub const SORT_AGAIN: &str = "now; again turns it round";
/// Picking a vendor where there is one.
pub const ONE_VENDOR: &str = "this screen shows one vendor's orders";

/// A view of that name is there.
pub const VIEW_REPLACED: &str = "is replaced";
/// No view of that name is there.
pub const VIEW_NEW: &str = "a new view";

/// What a theme is for.
#[must_use]
pub fn theme_detail(name: ThemeName) -> &'static str {
    match name {
        ThemeName::Auto => "light or dark, as the terminal's background is",
        ThemeName::Light => "for light backgrounds",
        ThemeName::Dark => "for dark backgrounds, cool",
        ThemeName::Ember => "for dark backgrounds, warm",
        ThemeName::Contrast => "white and strong colours on black",
        ThemeName::Terminal => "the terminal's own sixteen colours",
        ThemeName::Ascii => "the same, and no sign beyond ASCII",
    }
}

/// A theme was kept.
#[must_use]
pub fn theme_kept(name: ThemeName) -> String {
    format!("theme {}: kept in ordertop.toml", name.name())
}

/// A theme could not be kept.
#[must_use]
pub fn theme_not_kept(name: ThemeName, why: &str) -> String {
    let name = name.name();
    format!("theme {name} until you leave, but not kept: {}", tame(why))
}

/// There is nowhere to save to.
pub const NO_CONFIG_FILE: &str = "there is no configuration file";

/// Before what could stand where the filter's cursor is.
#[must_use]
pub fn candidates(next_field: &str) -> String {
    match next_field {
        "" => String::new(),
        key => format!("{key}:"),
    }
}

/// A filter with a mistake is no view.
#[must_use]
pub fn view_is_wrong(find: &str) -> String {
    and_keys("the filter has a mistake", ": ", &[(find, "mends it")])
}

/// There are no saved views.
#[must_use]
pub fn no_views(save: &str) -> String {
    and_keys(
        "there are no saved views",
        ": ",
        &[(save, "saves what is shown as one")],
    )
}

/// What a view shows: `due:late total>100 · Ship-by ↑ · Paid`.
#[must_use]
pub fn view_detail(view: &SavedView) -> String {
    let mut parts = Vec::new();
    if !view.filter.is_empty() {
        parts.push(view.filter.clone());
    }
    parts.push(sorting(view.sorting));
    parts.extend(view.tab.map(|tab| tab.to_string()));
    parts.extend(
        view.vendor
            .as_ref()
            .map(|vendor| format!("vendor {vendor}")),
    );
    parts.join(" · ")
}

/// A view is shown.
#[must_use]
pub fn view_shown(name: &str) -> String {
    format!("view: {}", tame(name))
}

/// A view was saved.
#[must_use]
pub fn view_saved(name: &str) -> String {
    format!("saved as {}", tame(name))
}

/// A view could not be saved.
#[must_use]
pub fn view_not_saved(name: &str, why: &str) -> String {
    format!(
        "{} is kept until you leave, but not saved: {}",
        tame(name),
        tame(why)
    )
}

const LONGEST_IN_STATUS: &str = "longest in its status";

/// A way to sort in a few words.
#[must_use]
pub fn sort_label(sort: Sort) -> &'static str {
    match sort {
        Sort::Since => LONGEST_IN_STATUS,
        other => other.name(),
    }
}

/// How the list is sorted and which way round: `by urgency`, `Ship-by ↑`.
#[must_use]
pub fn sorting(sorting: Sorting) -> String {
    match (sorting.by, sorting.reversed) {
        (Sort::Urgency, false) => "by urgency".into(),
        (Sort::Urgency, true) => "least urgent first".into(),
        (Sort::Newest, false) => "newest first".into(),
        (Sort::Newest, true) => "oldest first".into(),
        (Sort::Since, false) => LONGEST_IN_STATUS.into(),
        (Sort::Since, true) => "shortest in its status".into(),
        (by, _) => {
            let name = by.name();
            let (first, rest) = name.split_at(1);
            format!("{}{rest} {}", first.to_uppercase(), direction(sorting))
        }
    }
}

/// Whether what is sorted by grows downwards: `↑` is the smallest on top.
#[must_use]
pub fn direction(sorting: Sorting) -> &'static str {
    // The largest total and the longest time stand on top at first; the newest
    // order is the one of the least age.
    let falling = matches!(sorting.by, Sort::Total | Sort::Since);
    if falling == sorting.reversed {
        "↑"
    } else {
        "↓"
    }
}

/// The sort order was changed.
#[must_use]
pub fn sorted_by(to: Sorting) -> String {
    match to.reversed {
        false => format!("sorted by {}: {}", sort_label(to.by), sort_detail(to.by)),
        true => format!("sorted by {}, the other way round", sort_label(to.by)),
    }
}

/// More about a vendor.
#[must_use]
pub fn vendor_detail(vendor: &VendorId, orders: usize) -> String {
    let orders = match orders {
        1 => "1 order".to_owned(),
        count => format!("{} orders", grouped(count)),
    };
    format!("vendor {vendor} · {orders}")
}

/// The list was held, or let go after so many changes.
#[must_use]
pub fn hold_turned(changes: Option<usize>, key: &str) -> String {
    match changes {
        None => match key {
            "" => "held: no row moves until the list is let go".into(),
            key => format!("held: no row moves until {key} lets the list go"),
        },
        Some(0) => "let go: nothing changed meanwhile".into(),
        Some(changes) => format!("let go: {}", changed(changes)),
    }
}

/// What waits while the list is held: `12 changes held`.
#[must_use]
pub fn held(changes: usize) -> String {
    format!("{} held", changed(changes))
}

fn changed(changes: usize) -> String {
    match changes {
        1 => "1 change".into(),
        count => format!("{} changes", grouped(count)),
    }
}

/// More about a way to sort.
#[must_use]
pub fn sort_detail(sort: Sort) -> &'static str {
    match sort {
        Sort::Urgency => "late and due first, then Paid, the longest on top",
        Sort::Newest => "the newest on top",
        Sort::Number => "as people count, 9 before 10",
        Sort::Buyer => "the buyer's name",
        Sort::Total => "the largest on top, each currency by itself",
        Sort::Vendor => "the vendor's name",
        Sort::Status => "in the order of an order's life",
        Sort::Since => "the time since its last step, not its age",
        Sort::ShipBy => "the next to be shipped on top",
    }
}
