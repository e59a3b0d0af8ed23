//! `ordertop-server import`: orders from files, read, checked, and handed to a
//! [`Sink`] in batches.
//!
//! 1. Every file is opened before the first row is read, so that a mistyped
//!    name costs nothing.
//! 2. Rows are read one at a time (`rows`), mapped by [`crate::intake`], and
//!    gathered until [`MAX_BATCH`] orders or [`MAX_BATCH_BYTES`] are together.
//! 3. The sink merges a batch, in its order, and answers a result a row.
//! 4. Each row is reported, in the file's order, and counted.
//!
//! An import is a merge and can be run again: what is there already comes out
//! unchanged. So a run that broke off is finished by running it again.

mod report;
mod rows;
#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::fs::File;
use std::future::Future;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use ordertop::order::VendorId;
use ordertop::order::intake::Intake;
use ordertop::protocol::rest::{Outcome, RowResult};

pub use self::report::Summary;
use self::report::{Report, Style};
use self::rows::{Place, Rows};
use crate::archive;
use crate::intake::read_row;

/// Most orders that are handed over at once.
pub const MAX_BATCH: usize = 500;
/// Most bytes of orders, as JSON, that are handed over at once; well below what
/// a server takes in one body. One order alone may be more.
pub const MAX_BATCH_BYTES: usize = 512 * 1024;

/// What to import.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
With --vendor each row is reported as new, changed, unchanged or refused (with the reason), as FILE:LINE or \
FILE[INDEX]. Exit code: 0 when every row was taken, 1 when some were refused or the run broke off, 2 for wrong usage.

Without --vendor what is read is an export. Orders that are missing are written with their histories, those that are \
there are compared and left, so an import that broke off is run again. No server may have the file open. Exit code: 0 \
when the store holds everything as it was exported, 1 when not, and standard error says why.

Examples:
  ordertop-server import orders.jsonl --vendor 42
  ordertop-server import woocommerce/*.json shopify/*.json --vendor 42 --quiet
  curl -s -u KEY:SECRET https://shop.example/wp-json/wc/v3/orders | ordertop-server import - --vendor 42
  ordertop-server export --store old.db | ordertop-server import --store new.db      # move a store
  ordertop-server import backup.jsonl --store new.db                                 # bring an export back")]
pub struct ImportArgs {
    /// Files to read; `-` is standard input
    ///
    /// A file holds a JSON array of orders, JSON lines (an order a line), or one order. Three
    /// kinds of order are known by their fields: WooCommerce orders and Shopify orders, as their
    /// REST calls and webhooks give them, and ordertop's own, as POST /api/orders/ takes them.
    ///
    /// Orders are merged: what is older than the stored order changes nothing, and the same file
    /// can be imported twice.
    ///
    /// Without --vendor: one file that `ordertop-server export` wrote; standard input when none is
    /// named.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The vendor whose orders these are; created where it does not exist yet
    #[arg(long, value_name = "ID", requires = "files")]
    pub vendor: Option<VendorId>,
    /// One JSON object a row on standard output, and no summary; of an export, one object in all
    #[arg(long)]
    pub json: bool,
    /// Report only what was refused, and the summary
    #[arg(long, short, conflicts_with = "json")]
    pub quiet: bool,
}

/// Where orders go: a store, or a server that holds one.
pub trait Sink {
    /// Merges orders, at most [`MAX_BATCH`], one after the other (two may be
    /// the same order), and answers a result for each, in their order. `from`
    /// is the file's name, for the history.
    ///
    /// # Errors
    /// When nothing more can be taken: the import ends. An order that is
    /// refused is no error but [`Outcome::Refused`].
    fn import(
        &mut self,
        from: &str,
        orders: Vec<Intake>,
    ) -> impl Future<Output = anyhow::Result<Vec<RowResult>>> + Send;
}

/// Imports the files of `args` into `sink` and reports to `out`. `now` stands in
/// for what a row does not date.
///
/// Files are read on the calling task, which they block: this is for a program
/// that does nothing else.
///
/// # Errors
/// When a file cannot be read, or the sink or `out` takes no more. What was
/// reported until then is stored.
pub async fn run<S: Sink>(
    args: &ImportArgs,
    now: Timestamp,
    sink: &mut S,
    out: &mut impl Write,
) -> anyhow::Result<Summary> {
    let vendor = args.vendor.as_ref();
    let vendor = vendor.context("say whose orders these are, with --vendor")?;
    let style = match (args.json, args.quiet) {
        (true, _) => Style::Json,
        (false, true) => Style::Quiet,
        (false, false) => Style::People,
    };
    let files: Vec<Source> = args
        .files
        .iter()
        .map(|path| Source::open(path))
        .collect::<anyhow::Result<_>>()?;
    let bar = progress_bar(&files);
    let mut run = Run {
        vendor,
        now,
        sink,
        report: Report::new(style, out),
        bar,
    };
    for file in files {
        run.file(file).await?;
    }
    run.bar.finish_and_clear();
    Ok(run.report.end()?)
}

/// A file that is open.
struct Source {
    /// As it is reported.
    name: String,
    /// As the history names it.
    from: String,
    /// How many bytes it has, where that is known.
    bytes: Option<u64>,
    input: Box<dyn Read + Send>,
}

impl Source {
    fn open(path: &Path) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self {
                name: "-".into(),
                from: "standard input".into(),
                bytes: None,
                input: Box::new(io::stdin()),
            });
        }
        let name = path.display().to_string();
        let file = File::open(path).with_context(|| format!("cannot open {name}"))?;
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
            input: Box::new(file),
            name,
        })
    }
}

/// A bar on standard error, drawn when that is a terminal.
fn progress_bar(files: &[Source]) -> ProgressBar {
    let bytes: Option<u64> = files.iter().map(|file| file.bytes).sum();
    let bar = ProgressBar::with_draw_target(bytes, ProgressDrawTarget::stderr());
    let template = match bytes {
        Some(_) => "{bar:40} {bytes} of {total_bytes}, {eta} left",
        None => "{spinner} {bytes}, {elapsed}",
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// A row that waits for its batch.
struct Waiting {
    place: Place,
    /// The result, when the row never became an order.
    refused: Option<RowResult>,
}

/// Rows that go together.
#[derive(Default)]
struct Batch {
    rows: Vec<Waiting>,
    orders: Vec<Intake>,
    bytes: usize,
}

struct Run<'a, S, W> {
    vendor: &'a VendorId,
    now: Timestamp,
    sink: &'a mut S,
    report: Report<'a, W>,
    bar: ProgressBar,
}

impl<S: Sink, W: Write> Run<'_, S, W> {
    async fn file(&mut self, file: Source) -> anyhow::Result<()> {
        let Source {
            name, from, input, ..
        } = file;
        let input: Box<dyn BufRead + Send> = Box::new(BufReader::new(self.bar.wrap_read(input)));
        let mut rows = Rows::new(input);
        let mut batch = Batch::default();
        while let Some(row) = rows
            .next()
            .with_context(|| format!("failed to read {name}"))?
        {
            if let (Place::Line(1) | Place::Whole, Ok(json)) = (row.place, &row.json) {
                ensure!(
                    !archive::is_header(json.get()),
                    "{name} is an export of ordertop-server, which says itself whose orders it holds: \
                     bring it in without --vendor"
                );
            }
            let read = match &row.json {
                Ok(json) => read_row(json, self.vendor, self.now).map_err(|error| {
                    self.refused(error.order_number.clone(), error.code(), &error)
                }),
                Err(why) => Err(self.refused(None, "not_json", why)),
            };
            let place = row.place;
            match read {
                Ok(order) => {
                    let bytes = json_bytes(&order);
                    if batch.orders.len() == MAX_BATCH || batch.bytes + bytes > MAX_BATCH_BYTES {
                        self.hand_over(&name, &from, std::mem::take(&mut batch))
                            .await?;
                    }
                    batch.bytes += bytes;
                    batch.orders.push(order);
                    let refused = None;
                    batch.rows.push(Waiting { place, refused });
                }
                Err(refused) => {
                    let refused = Some(refused);
                    batch.rows.push(Waiting { place, refused });
                    // A file of nothing but refusals must not gather for ever.
                    if batch.rows.len() >= 2 * MAX_BATCH {
                        self.hand_over(&name, &from, std::mem::take(&mut batch))
                            .await?;
                    }
                }
            }
        }
        self.hand_over(&name, &from, batch).await
    }

    fn refused(&self, order_number: Option<String>, code: &str, why: &impl ToString) -> RowResult {
        RowResult {
            code: Some(code.to_owned()),
            error: Some(why.to_string()),
            ..RowResult::new(
                Some(self.vendor.to_string()),
                order_number,
                Outcome::Refused,
            )
        }
    }

    async fn hand_over(&mut self, name: &str, from: &str, batch: Batch) -> anyhow::Result<()> {
        let sent = batch.orders.len();
        let numbers: Vec<String> = batch
            .orders
            .iter()
            .map(|order| order.number.to_string())
            .collect();
        let results = match sent {
            0 => Vec::new(),
            _ => self
                .sink
                .import(from, batch.orders)
                .await
                .with_context(|| {
                    format!(
                        "the import stopped after {}; run it again to go on",
                        self.report.summary
                    )
                })?,
        };
        ensure!(
            results.len() == sent,
            "the store answered {} rows of {sent}",
            results.len()
        );
        let mut results = results.into_iter().zip(numbers);
        let report = &mut self.report;
        self.bar.suspend(|| {
            for row in batch.rows {
                let mut result = match row.refused {
                    Some(refused) => refused,
                    None => match results.next() {
                        Some((mut result, number)) => {
                            result.order_number.get_or_insert(number);
                            result
                        }
                        None => continue,
                    },
                };
                // The whole order is the server's courtesy, not the report's.
                result.order = None;
                report.row(name, row.place, &result)?;
            }
            io::Result::Ok(())
        })?;
        Ok(())
    }
}

/// How long the order is on its way to a server.
fn json_bytes(order: &Intake) -> usize {
    serde_json::to_vec(order).map_or(0, |json| json.len())
}
