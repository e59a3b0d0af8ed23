//! A record that was played to its end: the one that the README shows.

use std::io::BufReader;

use ordertop::clock::ManualClock;

use super::super::{Stage, State};
use super::{Size, state};
use crate::app::Settings;
use crate::event::Event;
use crate::record::Player;
use crate::theme::{Palette, Theme};

pub(super) const STATES: &[State] = &[
    state("replay", |size| played(size, false)),
    state("replay_on_a_terminal", |size| played(size, true)),
];

fn played((columns, rows): Size, replay: bool) -> Stage {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/screen.jsonl");
    let record = BufReader::new(std::fs::File::open(file).unwrap());
    let settings = |clock| Settings {
        theme: Theme::new(Palette::Colours),
        replay,
        ..Settings::new(clock)
    };
    let mut player = Player::new(record, settings).unwrap();
    while player.next_at().is_some() {
        player.step().unwrap();
    }
    let clock = ManualClock::new(player.now());
    let mut app = player.app;
    app.update(Event::Resize(columns, rows));
    Stage { app, clock }
}
