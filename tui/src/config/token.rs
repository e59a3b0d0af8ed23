//! The token, in a file of its own that nobody else may read. It never stands
//! in the configuration: that is shown to colleagues and kept in repositories.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::files;

/// Longest file that is read, in bytes.
const MAX_BYTES: u64 = 4096;

/// The token could not be had from its file.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// It is not there, or may not be read.
    #[error("the token's file {} cannot be read: {reason}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// The system's words.
        reason: io::Error,
    },
    /// Others may read it.
    #[error(
        "the token's file {} is open to others (mode {mode:o}): chmod 600 {}",
        path.display(),
        path.display()
    )]
    Open {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It holds no token.
    #[error("the token's file {} {what}: it holds the token alone, in one line", path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// What it is instead.
        what: &'static str,
    },
}

/// Reads the token from its file.
///
/// # Errors
/// When the file cannot be read, others may read it, or it is not one line.
pub fn read_token(path: &Path) -> Result<String, TokenFileError> {
    let unreadable = |reason| TokenFileError::Unreadable {
        path: path.to_path_buf(),
        reason,
    };
    let content = |what| TokenFileError::Content {
        path: path.to_path_buf(),
        what,
    };
    let about = std::fs::metadata(path).map_err(unreadable)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = about.permissions().mode() & 0o777;
        if about.is_file() && mode & 0o077 != 0 {
            let path = path.to_path_buf();
            return Err(TokenFileError::Open { path, mode });
        }
    }
    let mut bytes = Vec::new();
    // Not all that can be read has a length: a pipe, a device.
    let mut file = std::fs::File::open(path)
        .map_err(unreadable)?
        .take(MAX_BYTES + 1);
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(content("is too long"));
    }
    let text = text(&bytes).map_err(content)?;
    let token = text.trim();
    if token.is_empty() {
        return Err(content("is empty"));
    }
    if token.contains(char::is_control) {
        return Err(content("has several lines"));
    }
    Ok(token.to_owned())
}

/// The text of a file in UTF-8, or in UTF-16 with a byte order mark, as editors and shells on
/// Windows write it; the mark is taken away.
fn text(bytes: &[u8]) -> Result<String, &'static str> {
    const NOT_TEXT: &str = "is not UTF-8 text";
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (units, rest) = bytes.as_chunks::<2>();
        let text: Result<String, _> = char::decode_utf16(units.iter().copied().map(unit)).collect();
        text.ok().filter(|_| rest.is_empty()).ok_or(NOT_TEXT)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ if bytes.contains(&0) => Err("is UTF-16 without a byte order mark, or no text"),
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => {
            let text = String::from_utf8(rest.to_vec());
            text.map_err(|_| NOT_TEXT)
        }
    }
}

/// Writes the token into a file that only its owner may read, in one step: a
/// half-written one is never seen.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_token(path: &Path, token: &str) -> io::Result<()> {
    files::replace(path, format!("{token}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_others_may_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/token");
        write_token(&path, "s3cret").unwrap();
        assert_eq!(read_token(&path).unwrap(), "s3cret");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let open = std::fs::Permissions::from_mode(0o640);
            std::fs::set_permissions(&path, open).unwrap();
            let refused = read_token(&path).unwrap_err().to_string();
            assert!(refused.contains("mode 640"), "{refused}");
            assert!(refused.contains("chmod 600"), "{refused}");
        }
    }

    #[test]
    fn a_file_of_a_windows_editor_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let utf16 = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
            let units = "\u{feff}s3cret\r\n".encode_utf16();
            units.flat_map(unit).collect()
        };
        let table = [
            b"s3cret\r\n".to_vec(),
            b"\xef\xbb\xbfs3cret\r\n".to_vec(),
            utf16(u16::to_le_bytes),
            utf16(u16::to_be_bytes),
        ];
        for bytes in table {
            files::replace(&path, &bytes).unwrap();
            assert_eq!(read_token(&path).unwrap(), "s3cret", "{bytes:x?}");
        }
    }

    #[test]
    fn what_is_no_token_is_named_without_showing_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        for (text, what) in [(" \n", "is empty"), ("a\nb\n", "several lines")] {
            files::replace(&path, text.as_bytes()).unwrap();
            let refused = read_token(&path).unwrap_err().to_string();
            assert!(refused.contains(what), "{refused}");
        }
        let binary: [(&[u8], _); 3] = [
            (b"s\0e\0", "UTF-16 without"),
            (b"\xff\xfes", "is not UTF-8"),
            (b"s\xe9cret", "is not UTF-8"),
        ];
        for (bytes, what) in binary {
            files::replace(&path, bytes).unwrap();
            let refused = read_token(&path).unwrap_err().to_string();
            assert!(refused.contains(what), "{refused}");
        }
        #[cfg(unix)]
        {
            let endless = read_token(Path::new("/dev/zero")).unwrap_err();
            assert!(endless.to_string().contains("is too long"), "{endless}");
        }
        let gone = folder.path().join("gone");
        assert!(read_token(&gone).unwrap_err().to_string().contains("gone"));
    }
}
