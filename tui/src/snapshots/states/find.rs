//! The filter.

use crossterm::event::KeyCode;

use super::super::{Stage, State};
use super::{Size, after, entered, state};

pub(super) const STATES: &[State] = &[
    state("filter_begun", |size| after(size, "/")),
    state("filter_completed", |size| completed(size, "")),
    state("filter_wrong", |size| completed(size, " age<2y")),
    state("filter_wrong_name", |size| after(size, "/totl>100")),
    state("filter_long_and_wrong", |size| {
        let more = format!(" age<2y{}", " filler".repeat(12));
        completed(size, &more)
    }),
    state("filter_applied", |size| {
        entered(size, "/status:paid total>100")
    }),
    state("filter_words", |size| after(size, "/müller")),
    state("no_match", |size| entered(size, "/müllerzzz")),
    state("no_match_while_typed", |size| after(size, "/müllerzzz")),
];

/// One of several values taken with Tab.
fn completed(size: Size, more: &str) -> Stage {
    let mut stage = after(size, "/status:p");
    stage.press(KeyCode::Tab);
    stage.press(KeyCode::Tab);
    stage.keys(more);
    stage
}
