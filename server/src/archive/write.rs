//! Writing an export.

use std::io::{self, Write};

use ordertop::protocol::rest::Vendor;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Counts, End, Header, hex};
use crate::store::KeptOrder;

/// Writes the lines of an export, counts them and keeps their digest.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    digest: Sha256,
    counts: Counts,
    /// The line that is being made; kept for its memory.
    line: Vec<u8>,
}

#[derive(Serialize)]
struct VendorLine<'a> {
    vendor: &'a Vendor,
}

#[derive(Serialize)]
struct EndLine<'a> {
    end: &'a End,
}

impl<W: Write> Writer<W> {
    /// Begins with the header.
    ///
    /// # Errors
    /// When `out` takes no more.
    pub fn new(out: W, header: &Header) -> io::Result<Self> {
        let mut writer = Self {
            out,
            digest: Sha256::new(),
            counts: Counts::default(),
            line: Vec::new(),
        };
        writer.line(header)?;
        Ok(writer)
    }

    /// A vendor; its orders come after it.
    ///
    /// # Errors
    /// When `out` takes no more.
    pub fn vendor(&mut self, vendor: &Vendor) -> io::Result<()> {
        self.counts.vendors += 1;
        self.line(&VendorLine { vendor })
    }

    /// An order.
    ///
    /// # Errors
    /// When `out` takes no more.
    pub fn order(&mut self, kept: &KeptOrder) -> io::Result<()> {
        self.counts.orders += 1;
        self.counts.history += kept.history.len() as u64;
        self.line(kept)
    }

    /// The last line; hands back what was written to.
    ///
    /// # Errors
    /// When `out` takes no more.
    pub fn end(mut self) -> io::Result<(W, Counts)> {
        let end = End {
            counts: self.counts,
            sha256: hex(&self.digest.clone().finalize()),
        };
        self.line(&EndLine { end: &end })?;
        self.out.flush()?;
        Ok((self.out, self.counts))
    }

    fn line(&mut self, value: &impl Serialize) -> io::Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, value)?;
        self.line.push(b'\n');
        self.digest.update(&self.line);
        self.out.write_all(&self.line)
    }
}
