//! What a key or a press of the mouse acts upon is what was under the cursor, or
//! marked, when it went down; where a question lies between, what it was opened
//! for. What others do acts upon nothing.

use std::collections::HashSet;

use ordertop::order::OrderKey;
use proptest::prelude::*;

use super::world::{World, row_key};
use crate::app::picker::Picked;
use crate::app::question::Question;
use crate::app::{App, Overlay};
use crate::event::Effect;
use crate::model::step::Aim;
use crate::model::text::tame;

/// What an action may be meant for, before something happens.
#[derive(Debug)]
pub(super) struct Meant {
    cursor: Option<OrderKey>,
    marked: HashSet<OrderKey>,
    /// What is open is about these.
    open: HashSet<OrderKey>,
    picks: bool,
    /// A key is held that acts when time passes, or when something else happens.
    pub(super) held: bool,
    /// The link of the order under the cursor.
    link: Option<String>,
}

/// The orders that what lies over the screen is about.
fn subject(app: &App) -> HashSet<OrderKey> {
    match &app.overlay {
        Overlay::Dialog(dialog) => HashSet::from([dialog.key.clone()]),
        Overlay::Track(track) => HashSet::from([track.key.clone()]),
        Overlay::Note(note) => HashSet::from([note.key.clone()]),
        Overlay::Plan(plan) => plan.rows.iter().map(|row| row.key.clone()).collect(),
        Overlay::Question(Question::Print(keys)) => keys.iter().cloned().collect(),
        Overlay::Picker(picker) => {
            let one = |picked: &Picked| matches!(picked, Picked::Status { .. });
            let one = picker.entries.iter().any(|entry| one(&entry.picked));
            picker.about.iter().filter(|_| one).cloned().collect()
        }
        _ => HashSet::new(),
    }
}

impl Meant {
    pub(super) fn now(world: &World) -> Self {
        let app = &world.stage.app;
        let link = app
            .current()
            .and_then(|row| app.tracking_link(&row.listed()));
        Self {
            cursor: app.cursor.clone(),
            marked: world.marked(),
            open: subject(app),
            picks: matches!(app.overlay, Overlay::Picker(_)),
            held: app.held_until().is_some(),
            link: link.map(|link| tame(&link).into_owned()),
        }
    }

    /// The order that an action on one is meant for.
    fn one(&self) -> HashSet<OrderKey> {
        match self.marked.len() {
            1 => self.marked.clone(),
            _ => self.cursor.iter().cloned().collect(),
        }
    }

    /// What came of a key, the mouse or pasted text.
    pub(super) fn of_ours(&self, world: &mut World) -> Result<(), TestCaseError> {
        self.opened(world)?;
        for effect in std::mem::take(&mut world.effects) {
            let told = format!("{effect:?}");
            let meant = match effect {
                Effect::ChangeStatus { key, .. }
                | Effect::Keep { key, .. }
                | Effect::Track { key, .. }
                | Effect::KeepTracking { key, .. }
                | Effect::AddNote { key, .. } => self.open == HashSet::from([key]),
                Effect::ChangeStatuses { rows, .. } => {
                    self.open == rows.iter().map(row_key).collect()
                }
                Effect::Print(slip) => {
                    let asked = self.open.contains(&slip.key);
                    let one = self.one() == HashSet::from([slip.key.clone()]);
                    (asked || one) && slip.order.order_number == slip.key.number
                }
                Effect::Copy(text) => self.link.as_ref() == Some(&text),
                _ => true,
            };
            prop_assert!(meant, "{:?} asked for {}", self, told);
        }
        Ok(())
    }

    /// A question that was opened, or took the place of another one.
    fn opened(&self, world: &World) -> Result<(), TestCaseError> {
        let app = &world.stage.app;
        let open = subject(app);
        if open.is_empty() || open == self.open && !self.picks {
            return Ok(());
        }
        let meant = match &app.overlay {
            // The last own change, wherever the cursor is.
            Overlay::Dialog(dialog) if dialog.aim == Aim::Undo => open.is_subset(&world.sent),
            Overlay::Plan(plan) if plan.aim == Aim::Undo => open.is_subset(&world.sent),
            Overlay::Plan(_) | Overlay::Question(_) => open.is_subset(&self.marked),
            Overlay::Note(_) => open.iter().eq(&self.cursor),
            _ if self.picks && !self.open.is_empty() => open == self.open,
            _ => open == self.one(),
        };
        prop_assert!(meant, "{:?} was asked about {:?}", self, open);
        Ok(())
    }

    /// What came of anything else: what is open stays about its orders, but that
    /// the answer to a step may ask about its order again.
    pub(super) fn of_theirs(&self, world: &mut World) -> Result<(), TestCaseError> {
        let open = subject(&world.stage.app);
        let again = self.open.is_empty() && open.is_subset(&world.sent);
        let same = open.is_empty() || open == self.open || again;
        prop_assert!(same, "{:?} is about {:?} now", self, open);
        for effect in std::mem::take(&mut world.effects) {
            let acts = matches!(
                effect,
                Effect::ChangeStatus { .. }
                    | Effect::ChangeStatuses { .. }
                    | Effect::Keep { .. }
                    | Effect::AddNote { .. }
                    | Effect::Track { .. }
                    | Effect::KeepTracking { .. }
                    | Effect::Print(_)
                    | Effect::Copy(_)
                    | Effect::DropKept { .. }
                    | Effect::SaveView(_)
                    | Effect::Quit
            );
            prop_assert!(!acts, "nobody asked for {:?}", effect);
        }
        Ok(())
    }
}
