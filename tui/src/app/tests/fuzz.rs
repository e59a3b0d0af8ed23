//! Anything that can happen, in any order, at any size, with texts that mean
//! harm: the screen stays whole, nothing of them reaches the terminal, cursor and
//! marks stay on their orders, and what is done is done to those.

pub(crate) mod happening;
mod harmless;
mod meant;
mod replay;
mod world;

use std::collections::HashMap;

use crossterm::event::{KeyEvent, KeyModifiers};
use ordertop::client::ConnectionState;
use ordertop::order::{OrderKey, OrderStatus};
use proptest::prelude::*;

use self::happening::{Happening, happening, hostile, theirs};
use self::meant::Meant;
use self::world::World;
use crate::model::keymap::{Action, Context};
use crate::snapshots::orders;

/// A shop, live, with some orders.
fn shop(all: bool, legacy: bool, title: Option<String>) -> World {
    let mut world = World::new(|settings| {
        settings.title = title;
        settings.print_command = Some(vec!["lp".into()]);
        settings.alerts.alarm = true;
        settings.alerts.command = Some("notify".into());
        if all {
            settings.vendor = None;
        }
    });
    if legacy {
        world = world.of_the_old_kind();
    }
    world.link(ConnectionState::Live { degraded: false });
    world.snapshot(false, orders());
    if all {
        world.snapshot(true, orders());
    }
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

/// The cursor and the marks, those of a range that is being drawn too, before
/// something happens.
struct Before {
    cursor: Option<OrderKey>,
    /// Where an own step brings the order under the cursor.
    step: Option<OrderStatus>,
    /// Whether somebody put the cursor there.
    steered: bool,
    marks: Vec<OrderKey>,
    /// Orders whose steps are not answered yet, with their requests.
    under_way: HashMap<OrderKey, u64>,
}

impl Before {
    fn now(world: &World) -> Self {
        let app = &world.stage.app;
        let cursor = app.cursor.clone();
        let step = cursor.as_ref().and_then(|key| app.in_flight.get(key));
        Self {
            step: step.map(|step| step.to),
            cursor,
            steered: app.steered,
            marks: world.marks(),
            under_way: (app.in_flight.iter())
                .map(|(key, step)| (key.clone(), step.ticket))
                .collect(),
        }
    }

    /// Others let the cursor be where it is, but for an order that an own step
    /// takes away: the next one has it then.
    fn keeps_the_cursor(&self, world: &World, told: &str) -> Result<(), TestCaseError> {
        let app = &world.stage.app;
        let Some(cursor) = self.cursor.as_ref().filter(|_| self.steered) else {
            return Ok(());
        };
        let status = app.orders.get(cursor).map(|row| row.status());
        let own = self.step.is_some() && self.step == status;
        if app.orders.index_of(cursor).is_some() && !own {
            prop_assert_eq!(app.cursor.as_ref(), Some(cursor), "after {}", told);
        }
        Ok(())
    }

    /// Others take no mark from an order that is there, and give none; an order
    /// whose own step was answered is marked no more.
    fn keeps_the_marks(&self, world: &World, told: &str) -> Result<(), TestCaseError> {
        let app = &world.stage.app;
        let now = world.marks();
        for key in &now {
            prop_assert!(self.marks.contains(key), "{} is marked after {}", key, told);
        }
        for key in &self.marks {
            let before = self.under_way.get(key);
            let answered = before.is_some_and(|ticket| {
                // One that waits now may be sent again at once.
                (app.in_flight.get(key)).is_none_or(|step| step.ticket != *ticket)
            });
            let lost = !now.contains(key) && app.orders.get(key).is_some();
            prop_assert!(!lost || answered, "{} is not marked after {}", key, told);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_happens_the_screen_is_whole_and_cursor_and_marks_keep_their_orders(
        happenings in proptest::collection::vec(happening(), 1..60),
        all in any::<bool>(),
        legacy in proptest::bool::weighted(0.2),
        title in proptest::option::of(hostile()),
        offline in proptest::bool::weighted(0.3),
    ) {
        let mut world = shop(all, legacy, title);
        if offline {
            world.offline();
        }
        world.look()?;
        world.effects.clear();
        for happening in happenings.into_iter().flat_map(Happening::parts) {
            let told = format!("{happening:?}");
            let ours = happening.is_ours();
            // A range that is being drawn follows the cursor.
            let draws = world.stage.app.draws_range();
            let may_mark = ours && (draws || may_mark(&world, &happening));
            let before = Before::now(&world);
            let meant = Meant::now(&world);
            happening.happen(&mut world);
            if ours || meant.held {
                meant.of_ours(&mut world)?;
            } else {
                meant.of_theirs(&mut world)?;
                before.keeps_the_cursor(&world, &told)?;
            }
            if !may_mark {
                before.keeps_the_marks(&world, &told)?;
            }
            if let Some(rebuilt) = world.stage.app.orders.rebuilt() {
                prop_assert_eq!(world.stage.app.orders.keys(), rebuilt, "after {}", told);
            }
            world.look()?;
        }
        harmless::picture(&harmless::screen(&world.stage)?)?;
    }

    /// Nobody touches anything: the cursor that was put there, the marks and a
    /// range's beginning stay, whatever the others do.
    #[test]
    fn what_others_do_moves_neither_cursor_nor_marks(
        keys in "[j v]{1,12}",
        happenings in proptest::collection::vec(theirs(), 1..60),
        all in any::<bool>(),
    ) {
        let mut world = shop(all, false, None);
        world.stage.keys(&keys);
        let cursor = world.stage.app.cursor.clone().unwrap();
        for happening in happenings {
            let told = format!("{happening:?}");
            let before = Before::now(&world);
            happening.happen(&mut world);
            if world.stage.app.orders.index_of(&cursor).is_none() {
                break;
            }
            prop_assert_eq!(world.stage.app.cursor.as_ref(), Some(&cursor), "after {}", told);
            before.keeps_the_marks(&world, &told)?;
        }
    }
}
