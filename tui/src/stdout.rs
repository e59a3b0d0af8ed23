//! What is written to stdout when there is no screen on it.

use std::io::{self, Write};

/// Writes all of it and hands it on. Gives false when nobody reads any more, as in
/// `ordertop keys | head`: whoever reads no further knows enough.
///
/// # Errors
/// When it cannot be written for another reason.
pub fn write(text: &str) -> io::Result<bool> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes());
    heard(written.and_then(|()| stdout.flush()))
}

/// Whether what was written had a reader.
fn heard(written: io::Result<()>) -> io::Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_who_left_is_no_failure() {
        let failed = |kind: io::ErrorKind| heard(Err(kind.into())).map_err(|error| error.kind());
        assert_eq!(heard(Ok(())).ok(), Some(true));
        assert_eq!(failed(io::ErrorKind::BrokenPipe), Ok(false));
        let full = io::ErrorKind::StorageFull;
        assert_eq!(failed(full), Err(full));
    }
}
