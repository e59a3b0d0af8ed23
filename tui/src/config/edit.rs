//! Changes the configuration file for the program: what people wrote, comments
//! and order too, stays as it is.

use std::io;
use std::path::Path;

use toml_edit::{DocumentMut, Item, TableLike, Value};

use crate::files;

/// Changes a file, which need not be there yet, in one step: it is replaced as a
/// whole or not at all. Folders that are missing are made for their owner alone.
///
/// # Errors
/// When the file cannot be read or written, or is no TOML.
pub(crate) fn edit(path: &Path, change: impl FnOnce(&mut DocumentMut)) -> io::Result<()> {
    let before = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let mut document: DocumentMut = before.parse().map_err(io::Error::other)?;
    change(&mut document);
    files::replace_keeping(path, document.to_string().as_bytes())
}

/// Sets a key of a table; what is written behind its value, such as a comment, stays.
pub(crate) fn set(table: &mut dyn TableLike, key: &str, value: impl Into<Value>) {
    let mut value = value.into();
    if let Some(before) = table.get(key).and_then(Item::as_value) {
        *value.decor_mut() = before.decor().clone();
    }
    table.insert(key, Item::Value(value));
}
