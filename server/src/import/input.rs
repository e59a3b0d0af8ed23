//! The files of an import: opened, waited for, decoded, and told apart by how they begin.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, IsTerminal, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use encoding_rs_io::DecodeReaderBytesBuilder;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;

/// Bytes that are looked at to find out what a file is.
const HEAD_BYTES: usize = 4096;

/// A file that is open.
pub(super) struct Input {
    /// As it is reported.
    pub(super) name: String,
    /// As the history names it.
    pub(super) from: String,
    /// How many bytes it has, where that is known.
    pub(super) bytes: Option<u64>,
    source: Source,
}

enum Source {
    File(File),
    /// A named pipe, which is opened without waiting for its writer.
    Pipe(File),
    Stdin(io::Stdin),
}

impl Input {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self {
                name: "-".into(),
                from: "standard input".into(),
                bytes: None,
                source: Source::Stdin(io::stdin()),
            });
        }
        let name = path.display().to_string();
        let failed = || format!("cannot open {name}");
        let is_pipe = std::fs::metadata(path)
            .with_context(failed)?
            .file_type()
            .is_fifo();
        let mut options = File::options();
        options.read(true);
        if is_pipe {
            options.custom_flags(OFlags::NONBLOCK.bits().cast_signed());
        }
        let file = options.open(path).with_context(failed)?;
        let about = file
            .metadata()
            .with_context(|| format!("cannot read {name}"))?;
        if about.is_dir() {
            bail!("cannot read {name}: it is a folder; name the files in it");
        }
        let from = path.file_name().map(OsStr::to_string_lossy);
        Ok(Self {
            from: from.unwrap_or_default().into_owned(),
            bytes: about.is_file().then_some(about.len()),
            source: if is_pipe {
                Source::Pipe(file)
            } else {
                Source::File(file)
            },
            name,
        })
    }

    /// The file's bytes. A pipe that is silent for `limit` is an error; without a limit it is waited for.
    pub(super) fn reader(self, limit: Option<Duration>) -> io::Result<Box<dyn Read + Send>> {
        let patient = |pipe| {
            Box::new(PipeReader {
                pipe,
                from: self.from.clone(),
                limit,
                bytes: 0,
            })
        };
        Ok(match self.source {
            Source::File(file) => Box::new(file),
            Source::Pipe(file) => patient(file),
            Source::Stdin(stdin) if stdin.is_terminal() => Box::new(stdin),
            // Not through `Stdin`, whose buffer would hide from `poll` what came already.
            Source::Stdin(stdin) => patient(File::from(stdin.as_fd().try_clone_to_owned()?)),
        })
    }
}

/// A pipe that may be silent only for so long.
struct PipeReader {
    pipe: File,
    from: String,
    limit: Option<Duration>,
    /// Bytes that came.
    bytes: u64,
}

impl Read for PipeReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !has_byte(self.pipe.as_fd(), self.limit)? {
            let seconds = self.limit.unwrap_or_default().as_secs();
            let from = &self.from;
            let what = match self.bytes {
                0 => {
                    format!("nothing came from {from} for {seconds} s: does anything write to it?")
                }
                bytes => format!(
                    "nothing more came from {from} for {seconds} s, after {bytes} bytes: does its writer hang?"
                ),
            };
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("{what} (--wait SECONDS waits longer, --wait 0 for ever)"),
            ));
        }
        let read = self.pipe.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

/// Whether there is a byte to read, or the end, within a time.
fn has_byte(fd: BorrowedFd<'_>, limit: Option<Duration>) -> io::Result<bool> {
    let limit = limit.map(|limit| Timespec {
        tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: limit.subsec_nanos().into(),
    });
    loop {
        let mut fds = [PollFd::new(&fd, PollFlags::IN)];
        match poll(&mut fds, limit.as_ref()) {
            Ok(ready) => return Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// What a file is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    Json,
    Csv,
    /// Not a byte, or blanks alone.
    Empty,
    /// Something else, by its name.
    Other(&'static str),
}

/// A file's text in UTF-8, and what it is. `mapped` is whether the operator said that it is a CSV.
pub(super) fn decode(
    mut input: Box<dyn Read + Send>,
    mapped: bool,
) -> io::Result<(FileKind, Box<dyn BufRead + Send>)> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let mut buffer = [0; HEAD_BYTES];
    let mut ended = false;
    while !ended && head.len() < HEAD_BYTES && !(head.len() > 4 && head.contains(&b'\n')) {
        let room = HEAD_BYTES - head.len();
        match input.read(&mut buffer[..room]) {
            Ok(0) => ended = true,
            Ok(read) => head.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let wide = utf16(&head);
    let kind = match wide {
        None => kind(&head, ended, mapped),
        Some(encoding) => kind(encoding.decode(&head).0.as_bytes(), ended, mapped),
    };
    let whole = Cursor::new(head).chain(input);
    let text: Box<dyn BufRead + Send> = match wide {
        None => Box::new(BufReader::new(whole)),
        Some(encoding) => {
            let mut builder = DecodeReaderBytesBuilder::new();
            let decoded = builder
                .encoding(Some(encoding))
                .bom_override(true)
                .build(whole);
            Box::new(BufReader::new(decoded))
        }
    };
    Ok((kind, text))
}

/// UTF-16, by its mark or by the zeros beside its first character.
fn utf16(head: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    match head {
        [0xff, 0xfe, ..] => Some(encoding_rs::UTF_16LE),
        [0xfe, 0xff, ..] => Some(encoding_rs::UTF_16BE),
        [1..=255, 0, 1..=255, 0, ..] => Some(encoding_rs::UTF_16LE),
        [0, 1..=255, 0, 1..=255, ..] => Some(encoding_rs::UTF_16BE),
        _ => None,
    }
}

/// Files that are no text, by how they begin.
const BINARY: &[(&[u8], &str)] = &[
    (
        b"\x1f\x8b",
        "a gzip file: unpack it first (`gunzip -c FILE | ordertop-server import - …`)",
    ),
    (
        b"PK\x03\x04",
        "a zip or Excel file: unpack it, or save the table as CSV",
    ),
    (
        b"\xd0\xcf\x11\xe0",
        "an old Excel or Word file: save the table as CSV",
    ),
    (b"\x28\xb5\x2f\xfd", "a zstd file: unpack it first"),
    (b"\xfd7zXZ", "an xz file: unpack it first"),
    (b"BZh", "a bzip2 file: unpack it first"),
    (b"%PDF", "a PDF: orders are read from JSON and CSV"),
    (
        b"SQLite format 3",
        "an SQLite database: orders are read from JSON and CSV",
    ),
];

fn kind(head: &[u8], ended: bool, mapped: bool) -> FileKind {
    if let Some((_, name)) = BINARY.iter().find(|(magic, _)| head.starts_with(magic)) {
        return FileKind::Other(name);
    }
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let lower = text.to_lowercase();
    let first_line = text.lines().next().unwrap_or_default();
    match text.bytes().next() {
        None if ended => FileKind::Empty,
        None | Some(0x1e) => FileKind::Json,
        Some(b'{' | b'[') if !mapped || begins_as_json(text) => FileKind::Json,
        Some(b'<') if lower.contains("<!doctype html") || lower.contains("<html") => {
            FileKind::Other("a web page: the address did not give orders, or asked for a login")
        }
        Some(b'<') if !mapped || lower.starts_with("<?xml") => {
            FileKind::Other("XML: orders are read from JSON and CSV")
        }
        _ if text.contains('\0') => {
            FileKind::Other("a binary file: orders are read from JSON and CSV")
        }
        _ if mapped => FileKind::Csv,
        // JSON lines of which the first are broken, or a value that is no order.
        _ if text.lines().any(begins_as_json)
            || serde_json::from_str::<serde_json::Value>(text).is_ok() =>
        {
            FileKind::Json
        }
        _ if first_line.contains([',', ';', '\t', '|']) => FileKind::Csv,
        _ => FileKind::Other("text that is neither JSON nor CSV"),
    }
}

/// Whether a text begins as an object or a list of objects. A cell of a CSV may begin with `{` too, but its quotation
/// marks are doubled.
fn begins_as_json(text: &str) -> bool {
    let inner = |open: char| text.strip_prefix(open).map(str::trim_start);
    match (inner('{'), inner('[')) {
        (Some(rest), _) => match rest.strip_prefix('"') {
            Some(name) => !name.is_empty() && !name.starts_with('"'),
            None => rest.is_empty() || rest.starts_with('}'),
        },
        (None, Some(rest)) => rest.is_empty() || rest.starts_with(['{', ']']),
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn sniffed(bytes: &[u8]) -> FileKind {
        decode(Box::new(Cursor::new(bytes.to_vec())), false)
            .unwrap()
            .0
    }

    #[test]
    fn a_file_is_told_by_how_it_begins() {
        use FileKind::{Csv, Empty, Json};
        let table: [(&[u8], FileKind); 12] = [
            (b"", Empty),
            (b" \n\n", Empty),
            (b"\xef\xbb\xbf\n", Empty),
            (b" [", Json),
            (b"\xef\xbb\xbf{}", Json),
            (b"nonsense\n{}\n", Json),
            (b"7\n", Json),
            (b"null", Json),
            (b"a;b\n1;2\n", Csv),
            (b"\xff\xfea\0;\0b\0\n\0", Csv),
            (b"a\0;\0b\0\n\0", Csv),
            (b"\0[\0]", Json),
        ];
        for (bytes, kind) in table {
            assert_eq!(sniffed(bytes), kind, "{bytes:?}");
        }
        let table: [(&[u8], &str); 6] = [
            (b"\x1f\x8b\x08\0", "a gzip file"),
            (b"PK\x03\x04xx", "a zip or Excel file"),
            (b"<!DOCTYPE html><title>Log in</title>", "a web page"),
            (b"<?xml version=\"1.0\"?><orders/>", "XML"),
            (b"hello", "text that is neither"),
            (b"a,b\0\0\0", "a binary file"),
        ];
        for (bytes, words) in table {
            let FileKind::Other(name) = sniffed(bytes) else {
                panic!("{bytes:?}");
            };
            assert!(name.starts_with(words), "{name}");
        }
    }

    #[test]
    fn a_map_says_that_a_file_is_a_csv() {
        use FileKind::{Csv, Empty, Json, Other};
        let web_page = "a web page: the address did not give orders, or asked for a login";
        let table: [(&str, FileKind, FileKind); 13] = [
            ("No,What\n1,\"a\n{gift}\"\n", Csv, Csv),
            ("No,What\n1,\"a\n{\"\"gift\"\":1}\"\n", Csv, Csv),
            ("No,What\n1,\"a\n{\"\n", Csv, Csv),
            ("No,What\n1,Mug\n{}\n", Json, Csv),
            ("No\n7\n", Other("text that is neither JSON nor CSV"), Csv),
            ("7\n8\n", Other("text that is neither JSON nor CSV"), Csv),
            ("[No],What\n1,Mug\n", Json, Csv),
            ("{No},What\n1,Mug\n", Json, Csv),
            (
                "<No>,What\n",
                Other("XML: orders are read from JSON and CSV"),
                Csv,
            ),
            ("{\n  \"a\": 1\n}", Json, Json),
            ("[ {\"a\":1}]", Json, Json),
            ("\n", Empty, Empty),
            ("<html>", Other(web_page), Other(web_page)),
        ];
        for (text, alone, mapped) in table {
            let kind = |is_mapped| kind(text.as_bytes(), true, is_mapped);
            assert_eq!((kind(false), kind(true)), (alone, mapped), "{text}");
        }
    }

    #[test]
    fn utf_16_becomes_utf_8() {
        for bytes in [
            b"\xff\xfe[\0\xe9\0]\0".to_vec(),
            b"\xfe\xff\0[\0\xe9\0]".to_vec(),
        ] {
            let (_, mut text) = decode(Box::new(Cursor::new(bytes)), false).unwrap();
            let mut read = String::new();
            text.read_to_string(&mut read).unwrap();
            assert_eq!(read, "[é]");
        }
    }

    #[test]
    fn a_pipe_is_waited_for_only_so_long() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orders");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        let opened = |limit| Input::open(&path).unwrap().reader(Some(limit)).unwrap();
        let mut text = String::new();
        let error = opened(Duration::ZERO).read_to_string(&mut text);
        let error = error.unwrap_err().to_string();
        let start = "nothing came from orders for 0 s";
        assert!(error.starts_with(start), "{error}");

        // One that has a writer is read to its end, however long the bytes take.
        let mut reader = opened(Duration::from_secs(60));
        let to = path.clone();
        let writer = std::thread::spawn(move || std::fs::write(to, "[]").unwrap());
        reader.read_to_string(&mut text).unwrap();
        writer.join().unwrap();
        assert_eq!(text, "[]");

        // One whose writer falls silent is not.
        let mut reader = opened(Duration::from_millis(50));
        let mut writer = File::options().write(true).open(&path).unwrap();
        writer.write_all(b"[{").unwrap();
        let error = reader.read_to_string(&mut text).unwrap_err().to_string();
        let start = "nothing more came from orders for 0 s, after 2 bytes";
        assert!(error.starts_with(start), "{error}");
    }
}
