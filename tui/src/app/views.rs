//! Saved views: picked, and saved under a name.

use super::App;
use super::picker::{Entry, Picked, PickerKind};
use crate::event::Effect;
use crate::model::keymap::Action;
use crate::model::text::tame;
use crate::model::views::SavedView;
use crate::strings;

impl App {
    /// Opens the saved views.
    pub(super) fn pick_view(&mut self) {
        if self.views.is_empty() {
            let save = self.key_of(Action::SaveView);
            return self.say(strings::no_views(&save));
        }
        let entry = |(at, view): (usize, &SavedView)| {
            Entry::new(&view.name, &strings::view_detail(view), Picked::View(at))
        };
        let entries = self.views.iter().enumerate().map(entry).collect();
        let now = self.view_now("");
        let same = |view: &SavedView| view.filter == now.filter && view.tab == now.tab;
        let chosen = self.views.iter().position(same).unwrap_or(0);
        self.pick(PickerKind::Views, entries, chosen);
    }

    /// Asks under which name what is shown is saved.
    pub(super) fn pick_view_name(&mut self) {
        if self.find.error.is_some() {
            return self.say(strings::view_is_wrong(&self.key_of(Action::Find)));
        }
        let entry = |view: &SavedView| {
            let picked = Picked::SaveView(view.name.clone());
            Entry::new(&view.name, strings::VIEW_REPLACED, picked)
        };
        let entries = self.views.iter().map(entry).collect();
        self.pick(PickerKind::SaveView, entries, 0);
    }

    /// Shows a saved view.
    pub(super) fn show_view(&mut self, at: usize) {
        let Some(view) = self.views.get(at).cloned() else {
            return;
        };
        self.filter = tui_input::Input::new(tame(&view.filter).into_owned());
        self.filter_typed();
        self.orders.set_sort(view.sorting);
        if self.many_vendors() {
            self.orders.set_vendor(view.vendor);
        }
        self.set_tab(view.tab);
        self.move_to(0);
        self.say(strings::view_shown(&view.name));
    }

    /// Saves what is shown under a name, in place of what had that name.
    pub(super) fn save_view(&mut self, name: &str, effects: &mut Vec<Effect>) {
        let view = self.view_now(name);
        match self.views.iter_mut().find(|known| known.name == name) {
            Some(known) => *known = view.clone(),
            None => self.views.push(view.clone()),
        }
        effects.push(Effect::SaveView(Box::new(view)));
    }

    /// A view was written, or could not be.
    pub(super) fn view_saved(&mut self, name: &str, result: Result<(), String>) {
        match result {
            Ok(()) => self.say(strings::view_saved(name)),
            Err(why) => self.say(strings::view_not_saved(name, &why)),
        }
    }

    /// What is shown, as a view.
    fn view_now(&self, name: &str) -> SavedView {
        SavedView {
            name: name.to_owned(),
            filter: self.filter.value().trim().to_owned(),
            sorting: self.orders.sorting(),
            tab: self.orders.tab(),
            vendor: self.orders.vendor().cloned(),
        }
    }
}
