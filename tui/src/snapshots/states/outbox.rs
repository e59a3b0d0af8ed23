//! What waits for the server.

use super::super::{Stage, State};
use super::connection::offline;
use super::{Size, after, state};
use crate::event::Event;
use crate::fixture::{at, waiting};
use crate::outbox::Contents;

pub(super) const STATES: &[State] = &[
    state("outbox_empty", |size| {
        let mut stage = after(size, "");
        stage.link(offline());
        stage.keys("Q");
        stage
    }),
    state("changes_wait", |size| cut_off(size, "")),
    state("outbox", |size| cut_off(size, "Q")),
    state("outbox_asked", |size| cut_off(size, "Qjx")),
];

/// Nothing answers; of three changes one is old, and one may be done already.
fn cut_off(size: Size, keys: &str) -> Stage {
    let mut stage = after(size, "");
    stage.link(offline());
    let [mut shipped, mut held, mut lost] =
        ["10471", "10480", "10477"].map(|number| waiting(number, 1));
    shipped.change.reason = Some("buyer rang\u{1b}[2J".into());
    held.at = at(-200_000);
    held.change.expected_version = None;
    lost.sent = true;
    let contents = Contents {
        waiting: vec![shipped, held, lost],
        damaged: 0,
    };
    stage.app.update(Event::Outbox(Ok(contents)));
    stage.keys(keys);
    stage
}
