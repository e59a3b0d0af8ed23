//! What waits for the server.

use crossterm::event::KeyCode;

use super::super::{Stage, State};
use super::connection::offline;
use super::{Size, after, state};
use crate::event::{Effect, Event};
use crate::model::fixture::{at, noted, step_of, waiting, waiting_for};
use crate::model::outbox::Contents;

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
    state("bulk_kept", bulk_kept),
];

/// Everything in the list, shipped while nothing answers; one finds no room.
fn bulk_kept(size: Size) -> Stage {
    let mut stage = after(size, "");
    let read = Event::Outbox(Ok(Contents::default()));
    stage.app.update(read);
    stage.link(offline());
    stage.keys("As");
    let effects = stage.press(KeyCode::Enter);
    let rows = effects.into_iter().find_map(|effect| match effect {
        Effect::KeepMany { ticket, rows } => Some((ticket, rows)),
        _ => None,
    });
    let (ticket, rows) = rows.unwrap();
    let kept = rows.iter().skip(1);
    let kept = kept.map(|row| waiting_for(&row.order_number, 1, &row.change));
    stage.app.update(Event::ManyKept {
        ticket,
        first: 0,
        unanswered: None,
        result: Ok(kept.collect()),
    });
    stage
}

/// Nothing answers; of three steps one is old, and one may be done already; and a note.
fn cut_off(size: Size, keys: &str) -> Stage {
    let mut stage = after(size, "");
    stage.link(offline());
    let [mut shipped, mut held, mut lost] =
        ["10471", "10480", "10477"].map(|number| waiting(number, 1));
    step_of(&mut shipped).reason = Some("buyer rang\u{1b}[2J".into());
    held.at = at(-200_000);
    step_of(&mut held).expected_version = None;
    lost.sent = true;
    let contents = Contents {
        waiting: vec![shipped, held, lost, noted("10471")],
        damaged: 0,
    };
    stage.app.update(Event::Outbox(Ok(contents)));
    stage.keys(keys);
    stage
}
