//! The words of the lists to pick from.

use ordertop::order::OrderStatus;

use crate::app::picker::PickerKind;
use crate::app::row::Sort;

/// Nothing matches what is typed.
pub const NOTHING_TO_PICK: &str = "nothing matches";

/// The title of a list to pick from.
#[must_use]
pub fn picker_title(kind: PickerKind) -> &'static str {
    match kind {
        PickerKind::Sort => "Sort",
        PickerKind::Commands => "Commands",
    }
}

/// Showing one status alone, or all, as a command.
#[must_use]
pub fn show_tab(tab: Option<OrderStatus>) -> String {
    match tab {
        None => "show every status".into(),
        Some(status) => format!("show {status} alone"),
    }
}

/// More about a way to sort.
#[must_use]
pub fn sort_detail(sort: Sort) -> &'static str {
    match sort {
        Sort::Urgency => "late and due first, then Paid, the oldest on top",
        Sort::Newest => "the newest on top",
        Sort::Number => "as people count: 9 before 10",
        Sort::Buyer => "the buyer's name",
        Sort::Total => "the largest on top, each currency by itself",
    }
}
