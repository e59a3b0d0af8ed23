//! Anything that can happen, in any order, at any size, with texts that mean
//! harm: the screen stays whole, nothing of them reaches the terminal, and cursor
//! and marks stay on their orders.

pub(crate) mod happening;
mod harmless;
mod replay;
mod world;

use crossterm::event::{KeyEvent, KeyModifiers};
use ordertop::client::ConnectionState;
use proptest::prelude::*;

use self::happening::{Happening, happening, hostile, theirs};
use self::world::World;
use crate::keymap::{Action, Context};
use crate::snapshots::orders;

/// A shop, live, with some orders.
fn shop(all: bool, title: Option<String>) -> World {
    let mut world = World::new(|settings| {
        settings.title = title;
        settings.print_command = Some(vec!["lp".into()]);
        settings.alerts.alarm = true;
        settings.alerts.command = Some("notify".into());
        if all {
            settings.vendor = None;
        }
    });
    world.link(ConnectionState::Live { degraded: false });
    world.snapshot(orders());
    world
}

/// Whether a key may change the marks. Enter and the mouse may mean any command.
fn may_mark(world: &World, happening: &Happening) -> bool {
    let Happening::Key(code, held) = happening else {
        return !matches!(happening, Happening::Paste(_));
    };
    let app = &world.stage.app;
    let key = KeyEvent::new(*code, *held);
    let Some(action) = app.settings.keymap.action(app.context(), key) else {
        return false;
    };
    matches!(
        action,
        Action::Mark
            | Action::MarkRange
            | Action::MarkAll
            | Action::InvertMarks
            // The end of a range marks it; Esc takes marks away.
            | Action::NextStep
            | Action::SetStatus
            | Action::Back
            | Action::Confirm
    ) || app.context() != Context::Screen && held.contains(KeyModifiers::CONTROL)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_happens_the_screen_is_whole_and_cursor_and_marks_keep_their_orders(
        happenings in proptest::collection::vec(happening(), 1..60),
        all in any::<bool>(),
        title in proptest::option::of(hostile()),
    ) {
        let mut world = shop(all, title);
        harmless::screen(&world.stage)?;
        for happening in happenings {
            let told = format!("{happening:?}");
            let ours = happening.is_ours();
            // A range that is being drawn follows the cursor.
            let may_mark = ours && (may_mark(&world, &happening) || world.stage.app.draws_range());
            let answers = matches!(happening, Happening::Answer(..));
            let app = &world.stage.app;
            // An order that an own step takes away leaves the cursor to the next one.
            let before = (app.cursor.clone())
                .filter(|key| app.steered && !app.in_flight.contains_key(key));
            let marked = world.marks();
            happening.happen(&mut world);
            let app = &world.stage.app;
            if let Some(before) = before.filter(|_| !ours)
                && app.orders.index_of(&before).is_some()
            {
                prop_assert_eq!(app.cursor.as_ref(), Some(&before), "after {}", told);
            }
            if !may_mark {
                let there = |key: &_| app.orders.get(key).is_some();
                let kept: Vec<_> = marked.into_iter().filter(there).collect();
                let now = world.marks();
                // An action on many orders takes the marks of those that it changed.
                let same = now == kept || answers && now.iter().all(|key| kept.contains(key));
                prop_assert!(same, "marks {:?}, then {:?} after {}", kept, now, told);
            }
            if let Some(rebuilt) = world.stage.app.orders.rebuilt() {
                prop_assert_eq!(world.stage.app.orders.keys(), rebuilt, "after {}", told);
            }
            harmless::screen(&world.stage)?;
        }
        harmless::picture(&harmless::screen(&world.stage)?)?;
    }

    /// Nobody touches anything: the cursor that was put there, the marks and a
    /// range's beginning stay, whatever the others do.
    #[test]
    fn what_others_do_moves_neither_cursor_nor_marks(
        keys in "[j ]{1,12}",
        happenings in proptest::collection::vec(theirs(), 1..60),
    ) {
        let mut world = shop(false, None);
        world.stage.keys(&keys);
        let cursor = world.stage.app.cursor.clone().unwrap();
        let marked = world.marks();
        for happening in happenings {
            let told = format!("{happening:?}");
            happening.happen(&mut world);
            let app = &world.stage.app;
            if app.orders.index_of(&cursor).is_none() {
                break;
            }
            prop_assert_eq!(app.cursor.as_ref(), Some(&cursor), "after {}", told);
            let there = |key: &_| app.orders.get(key).is_some();
            prop_assert!(world.marks().iter().all(|key| marked.contains(key)), "after {}", told);
            let lost = marked.iter().filter(|key| there(key)).find(|key| !app.is_marked(key));
            // One that went and came again is another order.
            prop_assert!(lost.is_none() || told.starts_with("Snapshot") || told.starts_with("Order"), "after {}", told);
        }
    }
}
