//! Reads a table of the file key by key. What is asked for is what is known:
//! [`Section::finish`] names every other key, so that no list of names can
//! differ from what is read.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::{Mistake, did_you_mean};

/// The text and what was found wrong in it so far.
#[derive(Debug)]
pub(super) struct Reader<'t> {
    text: &'t str,
    mistakes: RefCell<Vec<Mistake>>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            mistakes: RefCell::default(),
        }
    }

    pub(super) fn mistake(&self, at: &Range<usize>, words: impl Into<String>) {
        let mistake = Mistake::at(self.text, at.start, words.into());
        self.mistakes.borrow_mut().push(mistake);
    }

    /// The line of a place, from 1.
    pub(super) fn line(&self, at: &Range<usize>) -> usize {
        Mistake::at(self.text, at.start, String::new()).line
    }

    /// From top to bottom.
    pub(super) fn into_mistakes(self) -> Vec<Mistake> {
        let mut mistakes = self.mistakes.into_inner();
        mistakes.sort_by_key(|mistake| (mistake.line, mistake.column));
        mistakes.dedup();
        mistakes
    }
}

/// A value and where it stands.
#[derive(Debug)]
pub(super) struct Found<T> {
    pub(super) value: T,
    pub(super) at: Range<usize>,
}

/// A table that is being read.
#[derive(Debug)]
pub(super) struct Section<'r, 't> {
    pub(super) reader: &'r Reader<'t>,
    /// As it stands in brackets; empty for the top.
    name: String,
    table: &'r DeTable<'t>,
    known: Vec<String>,
    /// Dealt with already.
    passed: Vec<&'r str>,
}

impl<'r, 't> Section<'r, 't> {
    pub(super) fn top(reader: &'r Reader<'t>, table: &'r DeTable<'t>) -> Self {
        Self {
            reader,
            name: String::new(),
            table,
            known: Vec::new(),
            passed: Vec::new(),
        }
    }

    /// A key and the value that it has, if it is there; the key is known from now on.
    pub(super) fn value(&mut self, key: &str) -> Option<&'r Spanned<DeValue<'t>>> {
        self.known.push(key.to_owned());
        let found = self.table.iter().find(|(name, _)| name.get_ref() == key);
        found.map(|(_, value)| value)
    }

    /// Whether a key has a table.
    pub(super) fn is_table(&self, key: &str) -> bool {
        let value = self.table.iter().find(|(name, _)| name.get_ref() == key);
        value.is_some_and(|(_, value)| matches!(value.get_ref(), DeValue::Table(_)))
    }

    /// Whether a key is there and has been asked for.
    pub(super) fn has_read(&self, key: &str) -> bool {
        self.known.iter().any(|known| known == key) && self.table.contains_key(key)
    }

    /// Those of some keys that are there; they are not offered to anyone who
    /// mistyped another.
    pub(super) fn all_named(&mut self, names: &[&str]) -> Vec<Found<&'r str>> {
        let keys = self.table.iter().map(|(name, _)| Found {
            value: name.get_ref().as_ref(),
            at: name.span(),
        });
        let found: Vec<_> = keys.filter(|key| names.contains(&key.value)).collect();
        self.passed.extend(found.iter().map(|key| key.value));
        found
    }

    /// Every key that is there, with its place and value, where the user
    /// chooses the names.
    pub(super) fn all(&mut self) -> Vec<(Found<&'r str>, &'r Spanned<DeValue<'t>>)> {
        let key = |name: &'r Spanned<Cow<'t, str>>| Found {
            value: name.get_ref().as_ref(),
            at: name.span(),
        };
        let all = self.table.iter();
        all.map(|(name, value)| (key(name), value)).collect()
    }

    /// A table that was found by [`Section::all`].
    pub(super) fn inner(reader: &'r Reader<'t>, name: String, table: &'r DeTable<'t>) -> Self {
        Self {
            name,
            ..Self::top(reader, table)
        }
    }

    /// True or false.
    pub(super) fn flag(&mut self, key: &str) -> Option<Found<bool>> {
        let value = self.value(key)?;
        let at = value.span();
        match value.get_ref().as_bool() {
            Some(value) => Some(Found { value, at }),
            None => {
                self.wrong_kind(key, "true or false", value);
                None
            }
        }
    }

    /// A text.
    pub(super) fn text(&mut self, key: &str) -> Option<Found<&'r str>> {
        let value = self.value(key)?;
        let at = value.span();
        match value.get_ref().as_str() {
            Some(text) => Some(Found { value: text, at }),
            None => {
                self.wrong_kind(key, "a text in quotes", value);
                None
            }
        }
    }

    /// A text that reads as something; `Err` of `read` says what is allowed.
    pub(super) fn read<T>(
        &mut self,
        key: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Found<T>> {
        let Found { value, at } = self.text(key)?;
        match read(value) {
            Ok(value) => Some(Found { value, at }),
            Err(why) => {
                self.reader
                    .mistake(&at, format!("{key} = {value:?}: {why}"));
                None
            }
        }
    }

    /// A whole number in a range.
    pub(super) fn whole(
        &mut self,
        key: &str,
        range: RangeInclusive<u64>,
        unit: &str,
    ) -> Option<Found<u64>> {
        let value = self.value(key)?;
        let at = value.span();
        let allowed = format!("{} to {} {unit}", range.start(), range.end());
        let Some(number) = value.get_ref().as_integer() else {
            self.wrong_kind(key, &format!("a whole number, {allowed}"), value);
            return None;
        };
        let parsed = i64::from_str_radix(number.as_str(), number.radix()).ok();
        match parsed.and_then(|number| u64::try_from(number).ok()) {
            Some(number) if range.contains(&number) => Some(Found { value: number, at }),
            _ => {
                let words = format!("{key} = {number} is out of range: {allowed}");
                self.reader.mistake(&at, words);
                None
            }
        }
    }

    /// One of some words.
    pub(super) fn choice<T: Copy>(&mut self, key: &str, words: &[(&str, T)]) -> Option<Found<T>> {
        let Found { value, at } = self.text(key)?;
        let found = words.iter().find(|(word, _)| *word == value);
        if let Some((_, chosen)) = found {
            return Some(Found { value: *chosen, at });
        }
        let hint = did_you_mean(value, words.iter().map(|(word, _)| *word));
        (self.reader).mistake(&at, format!("unknown {key} \"{value}\"{hint}"));
        None
    }

    /// A table inside this one.
    pub(super) fn section(&mut self, key: &str) -> Option<Section<'r, 't>> {
        let value = self.value(key)?;
        let name = match self.name.as_str() {
            "" => key.to_owned(),
            parent => format!("{parent}.{key}"),
        };
        let DeValue::Table(table) = value.get_ref() else {
            self.wrong_kind(key, &format!("a section, [{name}]"), value);
            return None;
        };
        Some(Section {
            reader: self.reader,
            name,
            table,
            known: Vec::new(),
            passed: Vec::new(),
        })
    }

    fn wrong_kind(&self, key: &str, wanted: &str, value: &Spanned<DeValue<'t>>) {
        let is = kind(value.get_ref());
        let words = format!("{key} is {is}, not {wanted}");
        self.reader.mistake(&value.span(), words);
    }

    /// Names the keys that nobody asked for.
    pub(super) fn finish(self) {
        for (name, _) in self.table {
            let key = name.get_ref().as_ref();
            if self.passed.contains(&key) || self.known.iter().any(|known| known == key) {
                continue;
            }
            let place = match self.name.as_str() {
                "" => String::new(),
                section => format!(" in [{section}]"),
            };
            let hint = did_you_mean(key, self.known.iter().map(String::as_str));
            let words = format!("unknown key \"{key}\"{place}{hint}");
            self.reader.mistake(&name.span(), words);
        }
    }
}

/// What a value is, in words.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}
