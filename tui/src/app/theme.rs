//! Themes: picked with the screen itself as the preview.
//!
//! What always holds after an update: the screen has the theme under the
//! picker's cursor while themes are picked from, else the one that is worn.

use clap::ValueEnum;

use super::picker::{Entry, Picked, PickerKind};
use super::{App, Overlay};
use crate::event::Effect;
use crate::strings;
use crate::theme::ThemeName;

impl App {
    /// Opens the themes.
    pub(super) fn pick_theme(&mut self) {
        let names = ThemeName::value_variants();
        let entry = |name: &ThemeName| {
            Entry::new(
                &name.name(),
                strings::theme_detail(*name),
                Picked::Theme(*name),
            )
        };
        let worn = self.settings.themes.worn();
        let chosen = names.iter().position(|name| *name == worn).unwrap_or(0);
        let entries = names.iter().map(entry).collect();
        self.pick(PickerKind::Theme, entries, chosen);
    }

    /// Wears a theme from now on.
    pub(super) fn wear(&mut self, name: ThemeName, effects: &mut Vec<Effect>) {
        self.settings.themes.wear(name);
        effects.push(Effect::KeepTheme(name));
    }

    /// A theme's name was written, or could not be.
    pub(super) fn theme_kept(&mut self, name: ThemeName, result: Result<(), String>) {
        self.say(match result {
            Ok(()) => strings::theme_kept(name),
            Err(why) => strings::theme_not_kept(name, &why),
        });
    }

    pub(super) fn follow_theme(&mut self) {
        let tried_on = match &self.overlay {
            Overlay::Picker(picker) if picker.kind == PickerKind::Theme => picker.current(),
            _ => None,
        };
        let shown = match tried_on.map(|entry| &entry.picked) {
            Some(Picked::Theme(name)) => *name,
            _ => self.settings.themes.worn(),
        };
        if shown != self.theme_shown {
            self.theme_shown = shown;
            self.settings.theme = self.settings.themes.theme(shown);
        }
    }
}
