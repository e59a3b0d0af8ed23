//! Lists to pick from, and the help.

use crossterm::event::KeyCode;
use ordertop::order::OrderStatus;

use super::super::orders::orders;
use super::super::{Stage, State};
use super::connection::hint;
use super::list::all_vendors;
use super::{Size, after, state};
use crate::model::sort::Sort;
use crate::model::views::SavedView;

pub(super) const STATES: &[State] = &[
    state("help", |size| after(size, "?")),
    state("help_scrolled", |size| {
        let mut stage = after(size, "?");
        stage.press(KeyCode::PageDown);
        stage
    }),
    state("help_of_a_demo_at_its_end", |size| {
        let mut stage = Stage::with(size, |settings| settings.hint = Some(hint()));
        stage.live();
        stage.keys("?");
        stage.press(KeyCode::End);
        stage
    }),
    state("help_looked_through", |size| after(size, "?/order mark")),
    state("pick_sort", |size| after(size, "o")),
    state("pick_command", |size| after(size, ":")),
    state("pick_command_typed", |size| after(size, ":dismiss")),
    state("pick_nothing", |size| after(size, ":zzzz")),
    state("pick_theme", |size| after(size, "T")),
    state("pick_status", |size| after(size, "S")),
    state("pick_vendor", |size| {
        let mut stage = all_vendors(size);
        stage.keys("V");
        stage
    }),
    state("pick_view", |size| with_views(size, "F")),
    state("save_view", |size| with_views(size, "2W")),
    state("save_view_typed", |size| with_views(size, "2Wla")),
    state("save_first_view", |size| after(size, "W")),
    state("no_views", |size| after(size, "F")),
];

fn with_views(size: Size, keys: &str) -> Stage {
    let view = |name: &str, filter: &str| SavedView {
        name: name.into(),
        filter: filter.into(),
        sorting: Sort::Total.into(),
        tab: Some(OrderStatus::Paid),
        vendor: None,
    };
    let mut stage = Stage::with(size, |settings| {
        settings.views = vec![
            view("large and paid", "total>100"),
            view("late", "due:late"),
        ];
    });
    stage.live();
    stage.vendors();
    stage.snapshot(orders());
    stage.rest();
    stage.keys(keys);
    stage
}
