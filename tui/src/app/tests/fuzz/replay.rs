//! What was recorded plays to the same screen.

use std::fs::File;
use std::io::BufReader;

use crossterm::event::{KeyCode, KeyModifiers};
use ordertop::client::ConnectionState;
use ordertop::order::OrderStatus;
use ordertop::protocol::EventKind;
use proptest::prelude::*;
use tempfile::TempDir;

use super::happening::{Happening, bought_by, happening, numbered, theirs};
use super::{World, harmless};
use crate::app::Settings;
use crate::event::Event;
use crate::model::fixture::listed;
use crate::record::mask::Mask;
use crate::record::{Player, Recorder};
use crate::snapshots::{Stage, orders, service};
use crate::theme::{Palette, Theme};

/// The end of what was played.
fn played(folder: &TempDir, world: &mut World) -> Stage {
    world.recorder.take().unwrap().finish().unwrap();
    let file = File::open(folder.path().join("record")).unwrap();
    let settings = |clock| Settings {
        // As a stage begins.
        theme: Theme::new(Palette::Colours),
        ..Settings::new(clock)
    };
    let mut player = Player::new(BufReader::new(file), settings).unwrap();
    while player.next_at().is_some() {
        player.step().unwrap();
    }
    Stage {
        clock: world.stage.clock.clone(),
        app: player.app,
    }
}

/// A shop whose record begins now.
fn recorded(folder: &TempDir, all: bool, mask: Mask) -> World {
    let mut world = World::new(|settings| {
        settings.print_command = Some(vec!["lp".into()]);
        if all {
            settings.vendor = None;
        }
    });
    let mut recorder = Recorder::create(&folder.path().join("record"), mask).unwrap();
    recorder.start(&world.stage.app.settings, None).unwrap();
    world.recorder = Some(recorder);
    world.update(Event::Resize(100, 30));
    world.link(ConnectionState::Live { degraded: false });
    world.snapshot(false, orders());
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_record_plays_to_the_same_last_frame(
        happenings in proptest::collection::vec(happening(), 1..50),
        all in any::<bool>(),
        offline in proptest::bool::weighted(0.3),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut world = recorded(&folder, all, Mask::open());
        if offline {
            world.offline();
        }
        for happening in happenings {
            happening.happen(&mut world);
        }
        // The last moment is one that the record knows.
        world.update(Event::Resize(120, 30));
        let replayed = played(&folder, &mut world);
        let (shown, again) = (world.stage.screen(), replayed.screen());
        prop_assert!(shown == again, "{shown}\n--- played:\n{again}");
        prop_assert!(world.stage.draw() == replayed.draw(), "the styles differ: {shown}");
    }

    /// Under the mask every order stands where it stood, and no text of a buyer is left.
    #[test]
    fn a_masked_record_has_the_same_orders_and_none_of_the_texts(
        happenings in proptest::collection::vec(prop_oneof![
            2 => theirs(),
            1 => "[jkgG vA*]".prop_map(|keys| Happening::Key(
                KeyCode::Char(keys.chars().next().unwrap()),
                KeyModifiers::NONE,
            )),
        ], 1..50),
        all in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut world = recorded(&folder, all, Mask::default());
        let secret = "Zacharias-Quincey";
        for happening in happenings {
            if let Happening::Order(whose, n, status, second, ..) = happening {
                let order = listed(&numbered(n), OrderStatus::ALL[status], second);
                let order = world.of(whose, &order);
                world.event(EventKind::Status, bought_by(&order, secret), service());
            } else {
                happening.happen(&mut world);
            }
        }
        world.update(Event::Resize(120, 30));
        let replayed = played(&folder, &mut world);
        let (app, again) = (&world.stage.app, &replayed.app);
        prop_assert_eq!(app.orders.keys(), again.orders.keys());
        prop_assert_eq!((&app.cursor, app.top, app.focus), (&again.cursor, again.top, again.focus));
        for key in app.orders.keys() {
            prop_assert_eq!(app.is_marked(&key), again.is_marked(&key));
            let status = |app: &crate::app::App| app.orders.get(&key).map(|row| row.status());
            prop_assert_eq!(status(app), status(again));
        }
        harmless::screen(&replayed)?;
        let written = std::fs::read_to_string(folder.path().join("record")).unwrap();
        prop_assert!(!written.contains(secret), "{}", written);
        prop_assert!(!written.contains("Müller"), "{}", written);
    }
}
