//! `[keys]`: other keys for actions. `next-step = ["s", "f2"]` stands for the
//! screen, a table such as `[keys.dialog]` for another place; an empty list
//! takes an action's keys away. `find` is the name of a place and of an action:
//! a table is the place, keys are the action's.
//!
//! What always holds afterwards: one key means one thing in one place, and
//! every place can be left.

use std::collections::HashMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use super::section::{Reader, Section, kind};
use crate::model::keymap::{Action, Chord, Context, Keymap};

/// Where the keys of an action were given.
type Places = HashMap<(Context, Action), Range<usize>>;

/// Changes the table as the section says.
pub(super) fn read(mut section: Section<'_, '_>, keymap: &mut Keymap) {
    let reader = section.reader;
    let usual = Keymap::default();
    let mut places = Places::new();
    for context in usual.contexts() {
        let name = context.name();
        let is_action = || {
            usual
                .bindings()
                .iter()
                .any(|line| line.action.name() == name)
        };
        if context != Context::Screen
            && (section.is_table(&name) || !is_action())
            && let Some(inner) = section.section(&name)
        {
            read_context(inner, context, &usual, keymap, &mut places);
        }
    }
    if let Some(inner) = section.section(&Context::Screen.name()) {
        read_context(inner, Context::Screen, &usual, keymap, &mut places);
    }
    read_context(section, Context::Screen, &usual, keymap, &mut places);
    name_conflicts(reader, keymap, &places);
    name_dead_ends(reader, keymap, &places);
}

fn read_context(
    mut section: Section<'_, '_>,
    context: Context,
    usual: &Keymap,
    keymap: &mut Keymap,
    places: &mut Places,
) {
    let reader = section.reader;
    let lines = usual.bindings().iter();
    let own: Vec<_> = lines.filter(|line| line.context == context).collect();
    // Where nothing types a character in the usual table, characters are text.
    let takes_text = !own
        .iter()
        .any(|line| line.keys.iter().any(|key| key.types()));
    for line in own {
        let name = line.action.name();
        if section.has_read(&name) {
            continue;
        }
        let Some(value) = section.value(&name) else {
            continue;
        };
        let Some(keys) = read_keys(reader, value, takes_text) else {
            continue;
        };
        let at = value.span();
        if let Some(other) = places.insert((context, line.action), at.clone()) {
            let (first, second) = match other.start < at.start {
                true => (other, at),
                false => (at, other),
            };
            let words = format!(
                "{name} has its keys in line {} already",
                reader.line(&first)
            );
            reader.mistake(&second, words);
        }
        keymap.rebind(context, line.action, keys);
    }
    section.finish();
}

/// A key or a list of keys; `None` when one of them is a mistake.
fn read_keys(
    reader: &Reader<'_>,
    value: &Spanned<DeValue<'_>>,
    takes_text: bool,
) -> Option<Vec<Chord>> {
    let one = |value: &Spanned<DeValue<'_>>| {
        let Some(written) = value.get_ref().as_str() else {
            let words = format!(
                "a key is a text such as \"s\", not {}",
                kind(value.get_ref())
            );
            reader.mistake(&value.span(), words);
            return None;
        };
        match Chord::parse(written) {
            Ok(key) if takes_text && key.types() => {
                let words =
                    format!("\"{written}\" is typed into the text here: hold ctrl- or alt-");
                reader.mistake(&value.span(), words);
                None
            }
            Ok(key) => Some(key),
            Err(why) => {
                reader.mistake(&value.span(), why);
                None
            }
        }
    };
    match value.get_ref() {
        DeValue::Array(list) => {
            let keys: Vec<_> = list.iter().map(one).collect();
            keys.into_iter().collect()
        }
        _ => one(value).map(|key| vec![key]),
    }
}

/// One key with two meanings in one place: said at the line that brought it in.
fn name_conflicts(reader: &Reader<'_>, keymap: &Keymap, places: &Places) {
    let mut taken: HashMap<(Context, Chord), Action> = HashMap::new();
    for line in keymap.bindings() {
        for key in &line.keys {
            let Some(other) = taken.insert((line.context, *key), line.action) else {
                continue;
            };
            let (mine, its) = (
                places.get(&(line.context, line.action)),
                places.get(&(line.context, other)),
            );
            // The later line of the file, or the only one.
            let mine_is_later = match (mine, its) {
                (Some(mine), Some(its)) => mine.start >= its.start,
                (mine, _) => mine.is_some(),
            };
            let (at, other) = match mine_is_later {
                true => (mine, other),
                false => (its, line.action),
            };
            let Some(at) = at else { continue };
            let (key, other) = (key.written(), other.name());
            let words = if mine.is_some() && its.is_some() && mine != its {
                let earlier = if mine_is_later { its } else { mine };
                let line = earlier.map_or(0, |at| reader.line(at));
                format!("\"{key}\" is the key of {other} already, in line {line}")
            } else if mine == its {
                format!("\"{key}\" stands here twice")
            } else {
                format!(
                    "\"{key}\" is the key of {other}: give {other} another one, or none with {other} = []"
                )
            };
            reader.mistake(at, words);
        }
    }
}

/// A place that cannot be left any more.
fn name_dead_ends(reader: &Reader<'_>, keymap: &Keymap, places: &Places) {
    for context in keymap.contexts() {
        let ways: &[Action] = match context {
            Context::Screen => &[Action::Quit],
            _ => &[Action::Cancel, Action::Back],
        };
        let has = |action: &Action| !keymap.keys(context, *action).is_empty();
        if ways.iter().any(has) {
            continue;
        }
        // Only what the file took away is the file's mistake.
        let at = ways
            .iter()
            .find_map(|action| places.get(&(context, *action)));
        if let Some(at) = at {
            let words = match context {
                Context::Screen => "no key is left to leave the program: give quit one".to_owned(),
                _ => format!("no key is left to leave the {}", context.name()),
            };
            reader.mistake(at, words);
        }
    }
}
