//! Reading an export that may be cut, changed, or written by a stranger.

use std::collections::HashSet;
use std::io::{self, BufRead, Read};

use ordertop::order::VendorId;
use ordertop::order::text::{MAX_NAME_CHARS, clean, strip};
use ordertop::protocol::rest::Vendor;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::{Counts, End, FORMAT, Header, Line, MAX_LINE_BYTES, VERSION, check, hex};
use crate::store::KeptOrder;

/// Longest header, in bytes: what is no export should be known as such soon.
const MAX_HEADER_BYTES: usize = 64 * 1024;

/// Why an input is no export that we can read.
#[derive(Debug, thiserror::Error)]
pub enum NoExport {
    /// Nothing in it.
    #[error("the input is empty: whatever was to write the export wrote nothing")]
    Empty,
    /// Something else.
    #[error(
        "this is no export of ordertop-server ({0}): to bring in a shop's orders, name the files and say whose they are with --vendor"
    )]
    Other(String),
    /// Of a version to come.
    #[error(
        "this export has format version {0}, and this ordertop-server reads up to {VERSION}: import it with the ordertop-server that wrote it, or a newer one"
    )]
    Newer(u32),
    /// It cannot be read.
    #[error(transparent)]
    Input(#[from] io::Error),
}

/// What comes next in an export.
#[derive(Debug)]
pub enum Item {
    /// A vendor.
    Vendor(Vendor),
    /// An order that passed its check.
    Order {
        /// The order.
        kept: Box<KeptOrder>,
        /// How long its line is.
        bytes: usize,
    },
    /// A line that is none of these; the next one may be.
    Refused(String),
    /// No more: whole, or what is wrong with it.
    End(Result<(), Flaw>),
}

/// What is wrong with an export as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It does not reach its end.
    #[error("the export is cut after line {0}: its last line, which counts the others, is missing")]
    Cut(u64),
    /// It counts something else than what came.
    #[error("the export is not whole: it counts {said}, but {read} came")]
    Counts {
        /// In the last line.
        said: Counts,
        /// As read.
        read: Counts,
    },
    /// Not the bytes that were written.
    #[error("the export was changed after it was written: its digest is another")]
    Digest,
    /// Two exports in one file, say.
    #[error("the export goes on after its last line, at line {0}: what follows was not read")]
    MoreFollows(u64),
}

/// Reads an export line by line.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    header: Header,
    digest: Sha256,
    counts: Counts,
    /// Those that came so far: an order's vendor is one of them.
    vendors: HashSet<VendorId>,
    /// The line that was read last, from 1, and its bytes.
    at: u64,
    line: Vec<u8>,
    pub(super) max_line_bytes: usize,
}

/// How a line ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Whole,
    TooLong,
    /// The input ends in it.
    Cut,
    /// The input ended before it.
    NoMore,
}

impl<R: BufRead> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// When this is no export, or a newer one.
    pub fn new(input: R) -> Result<Self, NoExport> {
        let header = Header {
            format: String::new(),
            version: 0,
            at: jiff::Timestamp::UNIX_EPOCH,
            store: String::new(),
            orders: 0,
        };
        let mut reader = Self {
            input,
            header,
            digest: Sha256::new(),
            counts: Counts::default(),
            vendors: HashSet::new(),
            at: 0,
            line: Vec::new(),
            max_line_bytes: MAX_LINE_BYTES,
        };
        if reader.read_line(MAX_HEADER_BYTES)? == Ended::NoMore {
            return Err(NoExport::Empty);
        }
        reader.header = header_of(&reader.line)?;
        reader.digest.update(&reader.line);
        Ok(reader)
    }

    /// The first line.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What was read so far, whether it was taken or not.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The number of the line that was read last, from 1.
    #[must_use]
    pub fn at(&self) -> u64 {
        self.at
    }

    /// The next line; nothing comes after [`Item::End`].
    ///
    /// # Errors
    /// When the input cannot be read.
    pub fn next_item(&mut self) -> io::Result<Item> {
        let ended = self.read_line(self.max_line_bytes)?;
        if ended == Ended::NoMore {
            return Ok(Item::End(Err(Flaw::Cut(self.at))));
        }
        if ended == Ended::TooLong {
            self.skip_line()?;
            return Ok(Item::Refused(format!(
                "it is longer than {} bytes",
                self.max_line_bytes
            )));
        }
        let parsed: Result<Line, String> = parse(&self.line);
        if let Ok(Line {
            end: Some(end),
            vendor: None,
            order: None,
            history: None,
        }) = parsed
        {
            return Ok(Item::End(self.end(&end)?));
        }
        if ended == Ended::Cut {
            // Half a line is no fault of its own.
            return Ok(Item::End(Err(Flaw::Cut(self.at - 1))));
        }
        self.digest.update(&self.line);
        Ok(match parsed {
            Ok(line) => self.item(line),
            Err(why) => Item::Refused(why),
        })
    }

    fn item(&mut self, line: Line) -> Item {
        match line {
            Line {
                vendor: Some(vendor),
                order: None,
                history: None,
                end: None,
            } => self.vendor(vendor),
            Line {
                order: Some(order),
                history: Some(history),
                vendor: None,
                end: None,
            } => self.order(KeptOrder { order, history }),
            _ => Item::Refused("it is no vendor, no order with its history, and no end".into()),
        }
    }

    fn vendor(&mut self, vendor: Vendor) -> Item {
        self.counts.vendors += 1;
        if strip(&vendor.name, MAX_NAME_CHARS) != vendor.name {
            let why = "`vendor.name` is too long, or has characters that do not print";
            return Item::Refused(why.into());
        }
        self.vendors.insert(vendor.id.clone());
        Item::Vendor(vendor)
    }

    fn order(&mut self, kept: KeptOrder) -> Item {
        self.counts.orders += 1;
        self.counts.history += kept.history.len() as u64;
        let vendor = &kept.order.vendor_id;
        if !self.vendors.contains(vendor) {
            return Item::Refused(format!("no line before it names the vendor {vendor}"));
        }
        match check(&kept) {
            Ok(()) => Item::Order {
                kept: Box::new(kept),
                bytes: self.line.len(),
            },
            Err(fault) => Item::Refused(format!("order {}: {fault}", kept.order.number)),
        }
    }

    fn end(&mut self, end: &End) -> io::Result<Result<(), Flaw>> {
        let digest = hex(&std::mem::take(&mut self.digest).finalize());
        let at = self.at;
        if !self.input.fill_buf()?.is_empty() {
            return Ok(Err(Flaw::MoreFollows(at + 1)));
        }
        if end.counts != self.counts {
            return Ok(Err(Flaw::Counts {
                said: end.counts,
                read: self.counts,
            }));
        }
        if !end.sha256.eq_ignore_ascii_case(&digest) {
            return Ok(Err(Flaw::Digest));
        }
        Ok(Ok(()))
    }

    /// Reads a line with its end into `self.line`; of one that is too long, the
    /// beginning.
    fn read_line(&mut self, max_bytes: usize) -> io::Result<Ended> {
        self.line.clear();
        let limit = max_bytes as u64 + 1;
        let read = (&mut self.input)
            .take(limit)
            .read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(Ended::NoMore);
        }
        self.at += 1;
        if self.line.ends_with(b"\n") {
            return Ok(Ended::Whole);
        }
        if read <= max_bytes {
            return Ok(Ended::Cut);
        }
        Ok(Ended::TooLong)
    }

    /// Passes over the rest of a line that is too long.
    fn skip_line(&mut self) -> io::Result<()> {
        self.digest.update(&self.line);
        loop {
            let waiting = self.input.fill_buf()?;
            let end = waiting.iter().position(|byte| *byte == b'\n');
            let passed = end.map_or(waiting.len(), |end| end + 1);
            self.digest.update(&waiting[..passed]);
            self.input.consume(passed);
            if end.is_some() || passed == 0 {
                return Ok(());
            }
        }
    }
}

/// What every version of the header says.
#[derive(Deserialize)]
struct AnyHeader {
    format: String,
    version: u32,
}

fn header_of(line: &[u8]) -> Result<Header, NoExport> {
    let any: AnyHeader = parse_noting(line, &mut |_| {})
        .map_err(|_| NoExport::Other("its first line is not the header of one".into()))?;
    if any.format != FORMAT || any.version == 0 {
        let format = clean(&any.format, 40);
        return Err(NoExport::Other(format!("its format is `{format}`")));
    }
    if any.version > VERSION {
        return Err(NoExport::Newer(any.version));
    }
    parse(line).map_err(NoExport::Other)
}

/// Reads one line, every field of it: one that we do not know would be lost. The reason of a
/// failure is fit for a terminal.
fn parse<T: DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    let mut unknown = None;
    let value = parse_noting(line, &mut |path| {
        unknown.get_or_insert(path);
    })?;
    match unknown {
        None => Ok(value),
        Some(path) => {
            let why = format!(
                "`{path}` is no field that this ordertop-server knows: import it with the ordertop-server that \
                 wrote it, or a newer one"
            );
            Err(say(&why))
        }
    }
}

/// Reads one line and tells the paths of fields that `T` does not have.
fn parse_noting<T: DeserializeOwned>(
    line: &[u8],
    unknown: &mut dyn FnMut(String),
) -> Result<T, String> {
    let mut json = serde_json::Deserializer::from_slice(line);
    let mut note = |path: serde_ignored::Path<'_>| {
        // An optional value is a `?` of its own.
        let path = path.to_string();
        let names: Vec<&str> = path.split('.').filter(|name| *name != "?").collect();
        unknown(names.join("."));
    };
    let noting = serde_ignored::Deserializer::new(&mut json, &mut note);
    let value = serde_path_to_error::deserialize(noting).map_err(|error| {
        let path = error.path().to_string();
        let why = match path.as_str() {
            "." => error.inner().to_string(),
            path => format!("`{path}`: {}", error.inner()),
        };
        say(&why)
    })?;
    json.end().map_err(|error| say(&error.to_string()))?;
    Ok(value)
}

/// Fit for a terminal, and without the parser's own "line 1": the caller knows
/// which line of the export it is.
fn say(why: &str) -> String {
    clean(why, 400).replace(" at line 1 column ", " at column ")
}
