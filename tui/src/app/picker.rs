//! A list to pick from, narrowed by what is typed. One picker serves them all:
//! an entry carries the [`Picked`] that it stands for, and `App::picked` does
//! what it says.

use std::cmp::Reverse;

use crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ordertop::order::{OrderKey, OrderStatus, VendorId};
use tui_input::Input;

use super::typing::{SHORT, type_into};
use super::{App, Overlay};
use crate::event::Effect;
use crate::model::keymap::{Action, Chord, Context};
use crate::model::sort::Sort;
use crate::model::text::tame;
use crate::model::views::view_name;
use crate::strings;
use crate::theme::ThemeName;
use crate::view::{picker_entry_at, picker_rows};

/// A turn of the mouse's wheel, in entries.
const WHEEL: usize = 3;

/// What is picked from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PickerKind {
    /// Ways to sort.
    Sort,
    /// Vendors.
    Vendor,
    /// Saved views.
    Views,
    /// Names under which a view can be saved: what is typed is one too.
    SaveView,
    /// Statuses to bring an order to.
    Status,
    /// Everything that a key can do on the screen.
    Commands,
    /// Themes: the one under the cursor is on the screen.
    Theme,
}

impl PickerKind {
    /// The title of the list.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Sort => "Sort",
            Self::Vendor => "Vendor",
            Self::Views => "Views",
            Self::SaveView => "Save as view: type a name",
            Self::Status => "Set the status",
            Self::Commands => "Commands",
            Self::Theme => "Theme",
        }
    }
}

/// What an entry stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Picked {
    /// Sort so.
    Sort(Sort),
    /// Show one vendor's orders alone, or all.
    Vendor(Option<VendorId>),
    /// Show the saved view at this place.
    View(usize),
    /// Save what is shown under this name.
    SaveView(String),
    /// Bring the order there; as it was seen when the list was opened.
    Status {
        /// Where it goes.
        to: OrderStatus,
        /// Where it stood.
        from: OrderStatus,
        /// The version that was seen.
        version: u64,
    },
    /// Bring the marked orders there.
    MarkedStatus(OrderStatus),
    /// Do what a key does.
    Command(Action),
    /// Show one status alone, or all.
    Tab(Option<OrderStatus>),
    /// Wear this theme.
    Theme(ThemeName),
}

/// One entry.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What it is called; safe to show.
    pub label: String,
    /// More about it; found by too. Empty when there is no more.
    pub detail: String,
    /// The key that does the same from the screen.
    pub key: Option<String>,
    /// What picking it means.
    pub picked: Picked,
}

impl Entry {
    /// An entry without a key. Texts from outside are tamed here.
    #[must_use]
    pub fn new(label: &str, detail: &str, picked: Picked) -> Self {
        Self {
            label: tame(label).into_owned(),
            detail: tame(detail).into_owned(),
            key: None,
            picked,
        }
    }
}

/// The open picker.
#[derive(Debug, Clone)]
pub struct Picker {
    /// What is picked from.
    pub kind: PickerKind,
    /// What is typed.
    pub input: Input,
    /// Everything that could be picked.
    pub entries: Vec<Entry>,
    /// Places in `entries` of those that what is typed lets through, the best first.
    pub matches: Vec<usize>,
    /// Which of the matches has the cursor, from 0.
    pub chosen: usize,
    /// Which of the matches is the first on the screen.
    pub top: usize,
    /// The order that was under the cursor when it was opened: what is picked is
    /// meant for that one.
    pub about: Option<OrderKey>,
    /// How many entries it was opened with; one that stands for what is typed
    /// comes after them.
    known: usize,
}

impl Picker {
    /// A picker with every entry in sight and the cursor on `chosen`.
    #[must_use]
    pub fn new(kind: PickerKind, entries: Vec<Entry>, chosen: usize) -> Self {
        let mut picker = Self {
            kind,
            input: Input::default(),
            known: entries.len(),
            matches: Vec::new(),
            entries,
            chosen: 0,
            top: 0,
            about: None,
        };
        picker.narrow();
        picker.chosen = chosen.min(picker.matches.len().saturating_sub(1));
        picker
    }

    /// The entry under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&Entry> {
        self.entries.get(*self.matches.get(self.chosen)?)
    }

    /// Looks for what is typed in labels and details; the best match comes first,
    /// equal ones stay in their order.
    pub fn narrow(&mut self) {
        let typed = self.input.value().trim();
        self.entries.truncate(self.known);
        let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut found: Vec<(usize, u32)> = Vec::new();
        for (at, entry) in self.entries.iter().enumerate() {
            let text = format!("{} {}", entry.label, entry.detail);
            if let Some(score) = pattern.score(Utf32Str::new(&text, &mut buffer), &mut matcher) {
                found.push((at, score));
            }
        }
        found.sort_by_key(|(_, score)| Reverse(*score));
        self.matches = found.into_iter().map(|(at, _)| at).collect();
        if self.kind == PickerKind::SaveView {
            self.offer_typed(&view_name(typed));
        }
        (self.chosen, self.top) = (0, 0);
    }

    /// Puts what is typed on top, as a name; one that is there already comes first itself.
    fn offer_typed(&mut self, name: &str) {
        if name.is_empty() {
            return;
        }
        let same = |at: &usize| self.entries[*at].label == name;
        let at = (0..self.entries.len()).find(same).unwrap_or_else(|| {
            let picked = Picked::SaveView(name.to_owned());
            self.entries
                .push(Entry::new(name, strings::VIEW_NEW, picked));
            self.entries.len() - 1
        });
        self.matches.retain(|other| *other != at);
        self.matches.insert(0, at);
    }

    /// Moves the cursor, and the window of `rows` entries with it.
    fn move_to(&mut self, at: usize, rows: usize) {
        self.chosen = at.min(self.matches.len().saturating_sub(1));
        self.keep_in_sight(rows);
    }

    fn keep_in_sight(&mut self, rows: usize) {
        let first = (self.chosen + 1).saturating_sub(rows);
        self.top = self.top.clamp(first, self.chosen.max(first));
    }
}

impl App {
    /// Opens a picker; the cursor stands on its entry `chosen`.
    pub(super) fn pick(&mut self, kind: PickerKind, entries: Vec<Entry>, chosen: usize) {
        let mut picker = Picker::new(kind, entries, chosen);
        picker.about.clone_from(&self.cursor);
        self.open_picker(picker);
    }

    /// Opens a picker that is about an order, wherever the cursor is.
    pub(super) fn pick_about(
        &mut self,
        about: Option<OrderKey>,
        kind: PickerKind,
        entries: Vec<Entry>,
    ) {
        let mut picker = Picker::new(kind, entries, 0);
        picker.about = about;
        self.open_picker(picker);
    }

    fn open_picker(&mut self, picker: Picker) {
        self.overlay = Overlay::Picker(Box::new(picker));
        self.settle_picker();
    }

    /// Keeps the picker's cursor in sight: the terminal may have another size now.
    pub(super) fn settle_picker(&mut self) {
        let rows = picker_rows(self);
        if let Overlay::Picker(picker) = &mut self.overlay {
            picker.keep_in_sight(rows.max(1));
        }
    }

    pub(super) fn picker_key(
        &mut self,
        action: Option<Action>,
        key: KeyEvent,
        effects: &mut Vec<Effect>,
    ) {
        let rows = picker_rows(self).max(1);
        let Overlay::Picker(picker) = &mut self.overlay else {
            return;
        };
        let (at, last) = (picker.chosen, picker.matches.len().saturating_sub(1));
        match action {
            Some(Action::Cancel) => self.overlay = Overlay::None,
            Some(Action::Confirm) => self.pick_chosen(effects),
            // In a circle: the last is as near as the first.
            Some(Action::Up) => picker.move_to(at.checked_sub(1).unwrap_or(last), rows),
            Some(Action::Down) if at == last => picker.move_to(0, rows),
            Some(Action::Down) => picker.move_to(at + 1, rows),
            Some(Action::PageUp) => picker.move_to(at.saturating_sub(rows), rows),
            Some(Action::PageDown) => picker.move_to(at + rows, rows),
            _ => {
                let before = picker.input.value().to_owned();
                type_into(&mut picker.input, key, SHORT);
                if picker.input.value() != before {
                    picker.narrow();
                }
            }
        }
    }

    pub(super) fn picker_mouse(&mut self, mouse: MouseEvent, effects: &mut Vec<Effect>) {
        let rows = picker_rows(self).max(1);
        let entry = picker_entry_at(self, mouse.column, mouse.row);
        let Overlay::Picker(picker) = &mut self.overlay else {
            return;
        };
        match (mouse.kind, entry) {
            (MouseEventKind::ScrollUp, _) => {
                picker.move_to(picker.chosen.saturating_sub(WHEEL), rows);
            }
            (MouseEventKind::ScrollDown, _) => picker.move_to(picker.chosen + WHEEL, rows),
            (MouseEventKind::Down(MouseButton::Left), Some(at)) => {
                picker.move_to(at, rows);
                self.pick_chosen(effects);
            }
            _ => {}
        }
    }

    fn pick_chosen(&mut self, effects: &mut Vec<Effect>) {
        let Overlay::Picker(picker) = &mut self.overlay else {
            return;
        };
        let Some(entry) = picker.current() else {
            return;
        };
        // Nobody typed the name of what would be replaced: it is typed for them first.
        if picker.kind == PickerKind::SaveView && picker.input.value().trim().is_empty() {
            picker.input = entry.label.clone().into();
            picker.narrow();
            return;
        }
        let (picked, about) = (entry.picked.clone(), picker.about.clone());
        self.overlay = Overlay::None;
        self.picked(picked, about, effects);
    }

    /// Does what was picked. `about` was under the cursor when the picker opened.
    fn picked(&mut self, picked: Picked, about: Option<OrderKey>, effects: &mut Vec<Effect>) {
        match picked {
            Picked::Sort(sort) => self.sort_by(sort),
            Picked::Tab(tab) => self.set_tab(tab),
            Picked::Vendor(vendor) => self.set_vendor(vendor),
            Picked::Theme(name) => self.wear(name, effects),
            Picked::View(at) => self.show_view(at),
            Picked::SaveView(name) => self.save_view(&name, effects),
            Picked::MarkedStatus(to) => self.plan_marked(Some(to)),
            Picked::Status { to, from, version } => match about {
                Some(key) => self.ask_status(&key, to, from, version),
                None => self.say(strings::NO_ORDER),
            },
            Picked::Command(action) => {
                if let Some(about) = about.filter(|about| self.cursor.as_ref() != Some(about)) {
                    // Whatever it was, it was not meant for the order that came
                    // under the cursor meanwhile.
                    return self.say(match self.orders.get(&about) {
                        Some(row) => strings::left_the_list(row),
                        None => strings::order_is_gone(&about),
                    });
                }
                self.screen_key(action, None, effects);
            }
        }
    }

    /// Opens the ways to sort.
    pub(super) fn pick_sort(&mut self) {
        let now = self.orders.sort();
        let entry = |sort| {
            let detail = match sort == now {
                true => strings::SORT_AGAIN,
                false => strings::sort_detail(sort),
            };
            Entry::new(strings::sort_label(sort), detail, Picked::Sort(sort))
        };
        let entries = Sort::ALL.map(entry).into();
        let chosen = Sort::ALL.iter().position(|sort| *sort == now).unwrap_or(0);
        self.pick(PickerKind::Sort, entries, chosen);
    }

    /// Opens the vendors, where there are several.
    pub(super) fn pick_vendor(&mut self) {
        if !self.many_vendors() {
            return self.say(strings::ONE_VENDOR);
        }
        let counts = self.orders.by_vendor();
        let all = Entry::new(strings::ALL_VENDORS, "", Picked::Vendor(None));
        let mut entries = vec![all];
        for (vendor, name) in &self.vendors {
            let count = counts.get(vendor).copied().unwrap_or_default();
            let detail = strings::vendor_detail(vendor, count);
            let name = if name.is_empty() {
                vendor.as_str()
            } else {
                name
            };
            entries.push(Entry::new(
                name,
                &detail,
                Picked::Vendor(Some(vendor.clone())),
            ));
        }
        let now = Picked::Vendor(self.orders.vendor().cloned());
        let chosen = entries.iter().position(|entry| entry.picked == now);
        self.pick(PickerKind::Vendor, entries, chosen.unwrap_or(0));
    }

    /// Opens everything that a key can do on the screen: the table of the help.
    pub(super) fn pick_command(&mut self) {
        let keymap = &self.settings.keymap;
        let mut entries = Vec::new();
        let bindings = keymap.bindings().iter();
        for binding in bindings.filter(|binding| binding.context == Context::Screen) {
            match binding.action {
                Action::Commands => {}
                Action::Tab => {
                    let all = std::iter::once(None).chain(OrderStatus::ALL.map(Some));
                    // As the keys stand there: the first is for all.
                    let mut keys = binding.keys.iter();
                    for tab in all {
                        let words = strings::show_tab(tab);
                        entries.push(Entry {
                            key: keys.next().map(Chord::to_string),
                            ..Entry::new(&words, "", Picked::Tab(tab))
                        });
                    }
                }
                action => {
                    let label = strings::action_help(action);
                    entries.push(Entry {
                        key: Some(keymap.label(Context::Screen, action)),
                        ..Entry::new(label, "", Picked::Command(action))
                    });
                }
            }
        }
        self.pick(PickerKind::Commands, entries, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picker(labels: &[&str]) -> Picker {
        let entry = |label: &&str| Entry::new(label, "", Picked::Sort(Sort::Newest));
        Picker::new(PickerKind::Sort, labels.iter().map(entry).collect(), 0)
    }

    fn found(picker: &mut Picker, typed: &str) -> Vec<String> {
        picker.input = typed.into();
        picker.narrow();
        let label = |at: &usize| picker.entries[*at].label.clone();
        picker.matches.iter().map(label).collect()
    }

    #[test]
    fn what_is_typed_narrows_and_the_best_match_comes_first() {
        let mut picker = picker(&["by urgency", "newest first", "by number", "largest total"]);
        assert_eq!(found(&mut picker, "").len(), 4);
        assert_eq!(found(&mut picker, "num"), ["by number"]);
        assert_eq!(found(&mut picker, "TOTAL larg"), ["largest total"]);
        assert_eq!(found(&mut picker, "nwst"), ["newest first"]);
        assert!(found(&mut picker, "xyz").is_empty() && picker.current().is_none());
    }

    #[test]
    fn the_window_follows_the_cursor() {
        let labels: Vec<String> = (0..50).map(|n| format!("entry {n}")).collect();
        let mut picker = picker(&labels.iter().map(String::as_str).collect::<Vec<_>>());
        picker.move_to(30, 10);
        assert_eq!((picker.chosen, picker.top), (30, 21));
        picker.move_to(500, 10);
        assert_eq!((picker.chosen, picker.top), (49, 40));
        picker.move_to(0, 10);
        assert_eq!((picker.chosen, picker.top), (0, 0));
    }
}
