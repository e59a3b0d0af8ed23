//! Keeps what was answered: server and vendor in `ordertop.toml`, the token in a
//! file of its own beside it.

use std::io;
use std::path::{Path, PathBuf};

use super::form::Answers;
use crate::config::{edit, set, write_token};
use crate::strings::start as words;

/// The token's file, beside the configuration.
const TOKEN_FILE: &str = "token";

/// The answers could not be kept.
#[derive(Debug, thiserror::Error)]
#[error("{file} cannot be written ({reason})")]
pub(super) struct NotWritten {
    /// Which file, as people write it.
    file: String,
    /// The system's words.
    reason: String,
}

/// Writes both files. The token comes first: a configuration never names a
/// token that is not there.
///
/// # Errors
/// Which file cannot be written, and why.
pub(super) fn write(file: &Path, answers: &Answers) -> Result<(), NotWritten> {
    if answers.token_typed {
        let token = token_beside(file);
        write_token(&token, &answers.credentials.master_token).map_err(not_written(&token))?;
    }
    edit(file, |toml| {
        let toml = toml.as_table_mut();
        set(toml, "server", answers.server.as_str());
        match &answers.vendor {
            Some(vendor) => set(toml, "vendor", vendor.as_str()),
            None => {
                toml.remove("vendor");
            }
        }
        if answers.token_typed {
            set(toml, "token_file", TOKEN_FILE);
        }
    })
    .map_err(not_written(file))
}

/// A link to a configuration elsewhere: the token is beside what people named,
/// as a relative `token_file` is.
fn token_beside(file: &Path) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(TOKEN_FILE)
}

fn not_written(file: &Path) -> impl Fn(io::Error) -> NotWritten {
    move |error| {
        let home = etcetera::home_dir().ok();
        let reason = error.to_string();
        let reason = reason.split(" (os error").next().unwrap_or_default();
        // The temporary file's name would tell nobody anything.
        let reason = reason.split(" at path ").next().unwrap_or_default();
        NotWritten {
            file: words::path(file, home.as_deref()),
            reason: reason.to_lowercase(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, read_token};
    use ordertop::client::{Credentials, Url};

    fn answers(vendor: Option<&str>) -> Answers {
        Answers {
            server: "https://orders.example.com/shop".into(),
            url: Url::parse("https://orders.example.com/shop").unwrap(),
            vendor: vendor.map(|id| id.parse().unwrap()),
            credentials: Credentials {
                master_token: "s3cret".into(),
            },
            token_typed: true,
        }
    }

    #[test]
    fn both_files_are_written_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/ordertop/ordertop.toml");
        write(&file, &answers(Some("42"))).unwrap();
        let config = Config::read_file(&file).unwrap();
        assert_eq!(
            config.server.unwrap().value.as_str(),
            "https://orders.example.com/shop"
        );
        assert_eq!(config.vendor.unwrap().value.as_str(), "42");
        let token = config.token_file.unwrap().value;
        assert_eq!(token, file.with_file_name("token"));
        assert_eq!(read_token(&token).unwrap(), "s3cret");
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains("s3cret"), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&token), 0o600);
            assert_eq!(mode(file.parent().unwrap()), 0o700);
        }
    }

    #[test]
    fn what_people_wrote_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ordertop.toml");
        let before =
            "# mine\npoll = 60 # slow\nvendor = \"7\"\n\n# keys\n[keys]\nnext-step = \"f2\"\n";
        std::fs::write(&file, before).unwrap();
        write(&file, &answers(None)).unwrap();
        let after = std::fs::read_to_string(&file).unwrap();
        for kept in [
            "# mine\npoll = 60 # slow\n",
            "# keys\n[keys]\nnext-step = \"f2\"\n",
        ] {
            assert!(after.contains(kept), "{after}");
        }
        let config = Config::read_file(&file).unwrap();
        assert!(config.vendor.is_none() && config.server.is_some());
        let mut again = answers(Some("8"));
        again.token_typed = false;
        std::fs::remove_file(folder.path().join("token")).unwrap();
        write(&file, &again).unwrap();
        assert!(
            !folder.path().join("token").exists(),
            "it is from elsewhere"
        );
        assert_eq!(
            Config::read_file(&file)
                .unwrap()
                .vendor
                .unwrap()
                .value
                .as_str(),
            "8"
        );
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let blocked = folder.path().join("file");
        std::fs::write(&blocked, "").unwrap();
        let file = blocked.join("ordertop.toml");
        let refused = write(&file, &answers(None)).unwrap_err().to_string();
        assert!(
            refused.contains("file/token cannot be written ("),
            "{refused}"
        );
        assert!(!refused.contains("os error"), "{refused}");
        // A file that is no TOML is left alone.
        let file = folder.path().join("ordertop.toml");
        std::fs::write(&file, "no [ toml").unwrap();
        assert!(write(&file, &answers(None)).is_err());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "no [ toml");
    }
}
