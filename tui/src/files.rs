//! Files that are replaced as a whole or not at all: written under another name,
//! brought to the disk, moved into place. Whoever reads meanwhile, or after the
//! power was cut, finds the file before or the file after.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

/// Puts a file with these bytes into its place, for its owner alone (mode 0600).
/// Folders that are missing are made.
///
/// # Errors
/// When it cannot be written; the file before stays whole, and nothing else is left.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    put(path, bytes, None)
}

/// The same for a file that is the user's own: one that is there keeps its
/// permissions, and a link stays one: what it leads to is replaced.
///
/// # Errors
/// As of [`replace`].
pub(crate) fn replace_keeping(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::canonicalize(path) {
        Ok(path) => {
            let permissions = fs::metadata(&path)?.permissions();
            put(&path, bytes, Some(permissions))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => put(path, bytes, None),
        Err(error) => Err(error),
    }
}

fn put(path: &Path, bytes: &[u8], permissions: Option<Permissions>) -> io::Result<()> {
    let folder = make_folder(path)?;
    // It has mode 0600 from its first moment, and is removed when it is not persisted.
    let mut file = tempfile::NamedTempFile::new_in(&folder)?;
    file.write_all(bytes)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_folder(&folder)
}

/// Makes the folder of a file, for its owner alone (mode 0700) where it is new.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn make_folder(file: &Path) -> io::Result<PathBuf> {
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&folder)?;
    Ok(folder)
}

/// Brings the names in a folder to the disk: a new one is there once its folder is.
///
/// # Errors
/// When the folder cannot be read, or the disk fails.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Moves a file away, under a name that no other file has: `name.aside`, else
/// `name.aside-2` and on. Gives the name.
///
/// # Errors
/// When it cannot be moved.
pub(crate) fn set_aside(path: &Path, aside: &str) -> io::Result<PathBuf> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{aside}"));
    let free = free(Path::new(&name))?;
    fs::rename(path, &free)?;
    Ok(free)
}

/// Copies a file to where no other is: `aside`, else `aside-2` and on. It is on
/// the disk when this returns.
///
/// # Errors
/// When it cannot be copied.
pub(crate) fn copy_aside(path: &Path, aside: &Path) -> io::Result<()> {
    let free = free(aside)?;
    fs::copy(path, &free)?;
    // The new name comes to the disk with the next one in its folder.
    fs::OpenOptions::new().write(true).open(&free)?.sync_all()
}

/// `path`, or where there is a file `path-2` and on.
fn free(path: &Path) -> io::Result<PathBuf> {
    let named = |count: u32| {
        let mut name = path.as_os_str().to_owned();
        if count > 1 {
            name.push(format!("-{count}"));
        }
        PathBuf::from(name)
    };
    let free = (1..=MAX_ASIDE).map(named).find(|name| !name.exists());
    free.ok_or_else(|| io::ErrorKind::AlreadyExists.into())
}

/// Where the program keeps what it writes for itself: `$XDG_STATE_HOME/ordertop`,
/// which is `~/.local/state/ordertop` unless that is set; `None` without a home.
pub(crate) fn state_folder() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    let state = base.state_dir().unwrap_or_else(|| base.data_dir());
    Some(state.join("ordertop"))
}

/// So many files are set aside beside each other.
const MAX_ASIDE: u32 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    fn mode(path: &Path) -> u32 {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/file");
        for text in ["one", "two"] {
            replace(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        #[cfg(unix)]
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        // What is no file cannot be replaced, and stays.
        assert!(replace(path.parent().unwrap(), b"x").is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
    }

    #[cfg(unix)]
    #[test]
    fn a_users_file_keeps_its_mode_and_its_link() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        replace_keeping(&file, b"one").unwrap();
        assert_eq!(mode(&file), 0o600);
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        replace_keeping(&link, b"two").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "two");
        assert_eq!(mode(&file), 0o644);
    }

    #[test]
    fn what_is_set_aside_takes_no_others_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        let mut names = Vec::new();
        for text in ["one", "two", "three"] {
            fs::write(&path, text).unwrap();
            let aside = set_aside(&path, "broken").unwrap();
            assert_eq!(fs::read_to_string(&aside).unwrap(), text);
            names.push(aside.file_name().unwrap().to_str().unwrap().to_owned());
        }
        assert_eq!(
            names,
            ["a.json.broken", "a.json.broken-2", "a.json.broken-3"]
        );
        assert!(set_aside(&path, "broken").is_err());
    }
}
