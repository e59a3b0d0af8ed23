//! The states of the screen, in groups. Each is reached by what happens to a
//! program that has just started.

mod acting;
mod bulk;
mod connection;
mod find;
mod list;
mod looks;
mod notices;
mod order;
mod outbox;
mod pickers;
mod replay;

use crossterm::event::KeyCode;

use super::{Stage, State};

/// What a stage is made for.
type Size = (u16, u16);

/// An entry of the table.
const fn state(name: &'static str, stage: fn(Size) -> Stage) -> State {
    State { name, stage }
}

pub(super) fn all() -> impl Iterator<Item = &'static State> {
    [
        connection::STATES,
        list::STATES,
        order::STATES,
        notices::STATES,
        find::STATES,
        pickers::STATES,
        acting::STATES,
        bulk::STATES,
        outbox::STATES,
        looks::STATES,
        replay::STATES,
    ]
    .into_iter()
    .flatten()
}

/// Whether the state is about colours and signs.
pub(super) fn is_of_looks(state: &State) -> bool {
    looks::STATES.iter().any(|of| of.name == state.name)
}

/// The shop, its cursor resting, after some keys.
fn after(size: Size, keys: &str) -> Stage {
    let mut stage = Stage::shop(size);
    stage.rest();
    stage.keys(keys);
    stage
}

/// The same, and Enter.
fn entered(size: Size, keys: &str) -> Stage {
    let mut stage = after(size, keys);
    stage.press(KeyCode::Enter);
    stage
}
