//! The first line of a record: what the screen started with, so that a replay
//! starts with the same. The token is no part of it, nor is any command.

use jiff::tz::TimeZone;
use ordertop::order::VendorId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::mask::{Mask, form};
use crate::app::{Hint, Settings};
use crate::model::alerts::AlertSettings;
use crate::model::kept::Kept;
use crate::model::keymap::{Chord, Keymap};
use crate::model::sort::Sort;
use crate::model::views::SavedView;

/// The form of a record. A reader refuses a newer one. 2 has the clock's ticks and
/// the frames in it, and a long snapshot in several lines.
pub const FORM: u32 = 2;

/// What a screen started with. Records of older programs end after `time_zone`:
/// then the rest is as usual.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// [`FORM`].
    pub form: u32,
    /// The program's version.
    pub program: String,
    /// Whose orders; `None` for all.
    pub vendor: Option<VendorId>,
    /// What stands beside the program's name.
    pub title: Option<String>,
    /// How the list is sorted: its place among all ways.
    pub sort: usize,
    /// The time zone's IANA name.
    pub time_zone: Option<String>,
    /// Whether nothing might be changed.
    #[serde(default)]
    pub read_only: bool,
    /// Whether there was a command to print with.
    #[serde(default)]
    pub prints: bool,
    /// Keys that were not the usual ones.
    #[serde(default)]
    pub keys: Vec<Keys>,
    /// The saved views.
    #[serde(default)]
    pub views: Vec<SavedView>,
    /// What rings when, as [`AlertSettings`].
    #[serde(default)]
    pub alerts: Option<Value>,
    /// The line to try: its title and its form.
    #[serde(default)]
    pub hint: Option<(String, String)>,
    /// What the run before left, as [`Kept`].
    #[serde(default)]
    pub restored: Option<Value>,
}

/// The keys of an action, all as the configuration writes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// Where.
    pub context: String,
    /// What they do.
    pub action: String,
    /// Any of these.
    pub keys: Vec<String>,
}

impl Start {
    /// What a screen with these settings starts with, after it took back what
    /// the run before left.
    #[must_use]
    pub fn of(settings: &Settings, restored: Option<&Kept>, mask: &mut Mask) -> Self {
        let sort = Sort::ALL.iter().position(|sort| *sort == settings.sort);
        let alerts = AlertSettings {
            // It is the user's own business, and a replay runs none.
            command: None,
            shell: false,
            ..settings.alerts.clone()
        };
        let restored = restored.map(|kept| Kept {
            notices: (kept.notices.iter())
                .map(|notice| mask.body(notice))
                .collect(),
            ..kept.clone()
        });
        // The demo's line to try has its token in it.
        let hint = (settings.hint.as_ref()).map(|hint| (hint.title.clone(), form(&hint.text)));
        Self {
            form: FORM,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            vendor: settings.vendor.clone(),
            title: settings.title.clone(),
            sort: sort.unwrap_or_default(),
            time_zone: settings.time_zone.iana_name().map(str::to_owned),
            read_only: settings.read_only,
            prints: settings.print_command.is_some(),
            keys: unusual(&settings.keymap),
            views: settings.views.clone(),
            alerts: serde_json::to_value(alerts).ok(),
            hint,
            restored: restored.and_then(|kept| serde_json::to_value(kept).ok()),
        }
    }

    /// Gives the settings of a replay what was written down, and what the run
    /// before left.
    pub(super) fn apply(self, settings: &mut Settings) -> Option<Kept> {
        settings.vendor = self.vendor;
        settings.title = self.title;
        settings.sort = Sort::ALL.get(self.sort).copied().unwrap_or_default();
        settings.time_zone = (self.time_zone)
            .and_then(|name| TimeZone::get(&name).ok())
            .unwrap_or(TimeZone::UTC);
        settings.read_only = self.read_only;
        // Nobody runs it.
        settings.print_command = self.prints.then(Vec::new);
        for keys in &self.keys {
            keys.bind(&mut settings.keymap);
        }
        settings.views = self.views;
        settings.alerts = (self.alerts)
            .and_then(|alerts| serde_json::from_value(alerts).ok())
            .unwrap_or_default();
        settings.hint = self.hint.map(|(title, text)| Hint { title, text });
        serde_json::from_value(self.restored?).ok()
    }
}

impl Keys {
    /// What is of a newer program's table is left out.
    fn bind(&self, keymap: &mut Keymap) {
        let line = (keymap.bindings().iter())
            .find(|line| line.context.name() == self.context && line.action.name() == self.action);
        let Some((context, action)) = line.map(|line| (line.context, line.action)) else {
            return;
        };
        let keys = self.keys.iter().filter_map(|key| Chord::parse(key).ok());
        keymap.rebind(context, action, keys.collect());
    }
}

/// The lines that are not as they are usually.
fn unusual(keymap: &Keymap) -> Vec<Keys> {
    let usual = Keymap::default();
    let lines = keymap.bindings().iter();
    lines
        .filter(|line| usual.keys(line.context, line.action) != line.keys)
        .map(|line| Keys {
            context: line.context.name(),
            action: line.action.name(),
            keys: line.keys.iter().map(|key| key.written()).collect(),
        })
        .collect()
}
