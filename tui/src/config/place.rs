//! Where the configuration file is.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

/// Names the file; the flag `--config` goes first.
pub const CONFIG_VARIABLE: &str = "ORDERTOP_CONFIG";

/// Where the file is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Which file.
    pub path: PathBuf,
    /// Whether somebody named it: then it must be there.
    pub named: bool,
}

impl Place {
    /// The file that was named, by flag or [`CONFIG_VARIABLE`], else
    /// `ordertop/ordertop.toml` in the folder for configurations
    /// (`$XDG_CONFIG_HOME`, else `~/.config`; `%APPDATA%` on Windows). `None`
    /// where there is no home folder.
    #[must_use]
    pub fn find(named: Option<&Path>) -> Option<Self> {
        if let Some(path) = named {
            let path = path.to_path_buf();
            return Some(Self { path, named: true });
        }
        let folder = etcetera::choose_base_strategy().ok()?.config_dir();
        Some(Self {
            path: folder.join("ordertop").join("ordertop.toml"),
            named: false,
        })
    }
}

/// A path as it is written in the file: `~/` is the home folder, and what is
/// relative is so to the file's own folder, not to where the program was started.
pub(super) fn beside(file: &Path, written: &str) -> PathBuf {
    if let Some(rest) = written.strip_prefix("~/")
        && let Ok(home) = etcetera::home_dir()
    {
        return home.join(rest);
    }
    file.parent().unwrap_or(Path::new("")).join(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_file_goes_first() {
        let named = Place::find(Some(Path::new("mine.toml"))).unwrap();
        assert_eq!(named.path, Path::new("mine.toml"));
        assert!(named.named);
        let usual = Place::find(None).unwrap();
        assert!(usual.path.ends_with("ordertop/ordertop.toml") && !usual.named);
    }

    #[test]
    fn paths_are_beside_the_file() {
        let file = Path::new("/etc/ordertop/ordertop.toml");
        assert_eq!(beside(file, "token"), Path::new("/etc/ordertop/token"));
        assert_eq!(beside(file, "/run/token"), Path::new("/run/token"));
        assert!(!beside(file, "~/token").starts_with("/etc"));
    }
}
