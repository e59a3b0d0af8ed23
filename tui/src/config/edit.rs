//! Changes the configuration file for the program: what people wrote, comments
//! and order too, stays as it is.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, TableLike, Value};

/// Changes a file, which need not be there yet, in one step: it is replaced as a
/// whole or not at all. Folders that are missing are made for their owner alone.
///
/// # Errors
/// When the file cannot be read or written, or is no TOML.
pub(crate) fn edit(path: &Path, change: impl FnOnce(&mut DocumentMut)) -> io::Result<()> {
    // A link stays one: what it leads to is replaced.
    let path = match std::fs::canonicalize(path) {
        Ok(path) => path,
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_path_buf(),
        Err(error) => return Err(error),
    };
    let before = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let mut document: DocumentMut = before.parse().map_err(io::Error::other)?;
    change(&mut document);
    let folder = make_folder(&path)?;
    let mut file = tempfile::NamedTempFile::new_in(&folder)?;
    file.write_all(document.to_string().as_bytes())?;
    if let Ok(metadata) = std::fs::metadata(&path) {
        file.as_file().set_permissions(metadata.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(&path)?;
    Ok(())
}

/// Sets a key of a table; what is written behind its value, such as a comment, stays.
pub(crate) fn set(table: &mut dyn TableLike, key: &str, value: impl Into<Value>) {
    let mut value = value.into();
    if let Some(before) = table.get(key).and_then(Item::as_value) {
        *value.decor_mut() = before.decor().clone();
    }
    table.insert(key, Item::Value(value));
}

/// Makes the folder of a file, for its owner alone where it is new.
pub(super) fn make_folder(file: &Path) -> io::Result<PathBuf> {
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&folder)?;
    Ok(folder)
}
