//! `ordertop-server import`: orders from files, read, checked, and handed to a
//! [`Sink`] in batches.
//!
//! 1. Every file is opened before the first row is read, so that a mistyped
//!    name costs nothing.
//! 2. A file is decoded and told apart by how it begins (`input`). Its rows are
//!    read one at a time (`rows`), mapped by [`crate::intake`], and gathered
//!    until [`MAX_BATCH`] orders or [`MAX_BATCH_BYTES`] are together.
//! 3. The sink merges a batch, in its order, and answers a result a row.
//! 4. Each row is reported, in the file's order, and counted.
//!
//! An import is a merge and can be run again: what is there already comes out
//! unchanged. So a run that broke off is finished by running it again.

mod args;
mod input;
mod report;
mod rows;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::io::{self, Write};
use std::time::Duration;

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use ordertop::order::intake::Intake;
use ordertop::protocol::rest::RowResult;

pub use self::args::ImportArgs;
use self::input::Input;
pub use self::report::Summary;
use self::report::{Fate, Report, RowReport, Style};
use self::rows::{Content, Place, Rows};
use crate::archive;
use crate::intake::{self, ColumnMap, Form, Settings, Warnings, read_row};

/// Most orders that are handed over at once.
pub const MAX_BATCH: usize = 500;
/// Most bytes of orders, as JSON, that are handed over at once; well below what
/// a server takes in one body. One order alone may be more.
pub const MAX_BATCH_BYTES: usize = 512 * 1024;

/// Where orders go: a store, or a server that holds one.
pub trait Sink {
    /// Merges orders, at most [`MAX_BATCH`], one after the other (two may be
    /// the same order), and answers a result for each, in their order. `from`
    /// is the file's name, for the history.
    ///
    /// # Errors
    /// When nothing more can be taken: the import ends. An order that is
    /// refused is no error but [`Refused`](ordertop::protocol::rest::Outcome::Refused).
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
    let vendor = args.vendor.clone();
    let vendor = vendor.context("say whose orders these are, with --vendor")?;
    let style = match (args.json, args.quiet) {
        (true, _) => Style::Json,
        (false, true) => Style::Quiet,
        (false, false) => Style::People,
    };
    let settings = Settings {
        currency: args.currency,
        source: args.source.clone(),
        prefix: args.prefix.clone().unwrap_or_default(),
        ..Settings::new(vendor, now)
    };
    let map = args.column_map()?;
    let inputs: Vec<Input> = args
        .files
        .iter()
        .map(|path| Input::open(path))
        .collect::<anyhow::Result<_>>()?;
    let bar = progress_bar(&inputs);
    let mut run = Run {
        settings,
        map,
        limit: (args.wait > 0).then(|| Duration::from_secs(args.wait)),
        dry: args.dry_run.then_some(Dry { shown: false }),
        sink,
        report: Report::new(style, out),
        bar,
    };
    for input in inputs {
        run.file(input).await?;
    }
    run.bar.finish_and_clear();
    Ok(run.report.end()?)
}

/// A bar on standard error, drawn when that is a terminal.
fn progress_bar(files: &[Input]) -> ProgressBar {
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
    /// What is left out of the order that is in the batch; or what is said about a row that is no order.
    row: Result<Warnings, Box<RowReport>>,
}

/// Rows that go together.
#[derive(Default)]
struct Batch {
    rows: Vec<Waiting>,
    orders: Vec<Intake>,
    bytes: usize,
}

/// An import that keeps nothing.
struct Dry {
    /// Whether an order was shown as it was mapped.
    shown: bool,
}

struct Run<'a, S, W> {
    settings: Settings,
    map: Option<ColumnMap>,
    /// How long a pipe may be silent.
    limit: Option<Duration>,
    dry: Option<Dry>,
    sink: &'a mut S,
    report: Report<'a, W>,
    bar: ProgressBar,
}

/// The names of a file, for the report and for the history.
struct Names {
    name: String,
    from: String,
}

impl<S: Sink, W: Write> Run<'_, S, W> {
    async fn file(&mut self, input: Input) -> anyhow::Result<()> {
        let names = Names {
            name: input.name.clone(),
            from: input.from.clone(),
        };
        let failed = || format!("failed to read {}", names.name);
        let reader = input.reader(self.limit).with_context(failed)?;
        let reader = Box::new(self.bar.wrap_read(reader));
        let (kind, text) = input::decode(reader, self.map.is_some()).with_context(failed)?;
        let vendor = self.settings.vendor.as_str();
        let mut rows = Rows::open(kind, text, self.map.as_ref(), vendor).with_context(failed)?;
        let mut batch = Batch::default();
        let ended = loop {
            let row = match rows.next().with_context(failed) {
                Ok(Some(row)) => row,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            };
            if let (Place::Line(1) | Place::Whole, Content::Json(json)) = (row.place, &row.content)
            {
                ensure!(
                    !archive::is_header(json.get()),
                    "{} is an export of ordertop-server, which says itself whose orders it holds: \
                     bring it in without --vendor",
                    names.name
                );
            }
            let place = row.place;
            match self.read(row, &rows.form) {
                Ok((order, warnings)) => {
                    let bytes = json_bytes(&order);
                    if batch.orders.len() == MAX_BATCH || batch.bytes + bytes > MAX_BATCH_BYTES {
                        self.hand_over(&names, std::mem::take(&mut batch)).await?;
                    }
                    batch.bytes += bytes;
                    batch.orders.push(order);
                    let row = Ok(warnings);
                    batch.rows.push(Waiting { place, row });
                }
                Err(report) => {
                    let row = Err(report);
                    batch.rows.push(Waiting { place, row });
                    // A file of nothing but refusals must not gather for ever.
                    if batch.rows.len() >= 2 * MAX_BATCH {
                        self.hand_over(&names, std::mem::take(&mut batch)).await?;
                    }
                }
            }
        };
        // The orders before the place where a file cannot be read any more are whole.
        self.hand_over(&names, batch).await?;
        ended
    }

    /// The order of a row, with what was left out of it; or what is said about a row that has none to be kept.
    fn read(&self, row: rows::Row, form: &Form) -> Result<(Intake, Warnings), Box<RowReport>> {
        let refused = |order_number, code: &str, why: String| {
            Box::new(RowReport {
                vendor_id: Some(self.settings.vendor.to_string()),
                code: Some(code.to_owned()),
                error: Some(why),
                ..RowReport::new(Fate::Refused, order_number)
            })
        };
        let skipped = |order_number, what| {
            Box::new(RowReport {
                what: Some(what),
                ..RowReport::new(Fate::Skipped, order_number)
            })
        };
        let json = match row.content {
            Content::Json(json) => json,
            Content::Refused { code, why } => return Err(refused(None, code, why)),
            Content::Skipped { order_number, what } => return Err(skipped(order_number, what)),
        };
        match read_row(&json, form, &self.settings) {
            Ok(intake::Row::Order {
                intake,
                mut warnings,
            }) => {
                if let Some(note) = row.note {
                    warnings.add(note.to_owned());
                }
                Ok((*intake, warnings))
            }
            Ok(intake::Row::Skipped { order_number, what }) => Err(skipped(order_number, what)),
            Err(error) => {
                let (code, why) = (error.code(), error.to_string());
                Err(refused(error.order_number, code, why))
            }
        }
    }

    async fn hand_over(&mut self, names: &Names, batch: Batch) -> anyhow::Result<()> {
        let sent = batch.orders.len();
        let numbers: Vec<String> = batch
            .orders
            .iter()
            .map(|order| order.number.to_string())
            .collect();
        if let Some(dry) = &mut self.dry {
            if let Some(order) = batch.orders.first().filter(|_| !dry.shown) {
                dry.shown = true;
                let report = &mut self.report;
                self.bar.suspend(|| report.mapped(order))?;
            }
            let read = numbers
                .into_iter()
                .map(|number| RowReport::new(Fate::Read, Some(number)));
            return self.say(names, batch.rows, read.collect());
        }
        let results = match sent {
            0 => Vec::new(),
            _ => self
                .sink
                .import(&names.from, batch.orders)
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
        let reports = results
            .into_iter()
            .zip(numbers)
            .map(|(mut result, number)| {
                result.order_number.get_or_insert(number);
                RowReport::of(result, Warnings::default())
            });
        self.say(names, batch.rows, reports.collect())
    }

    /// Reports rows; `orders` is what became of those among them that are orders.
    fn say(
        &mut self,
        names: &Names,
        rows: Vec<Waiting>,
        orders: Vec<RowReport>,
    ) -> anyhow::Result<()> {
        let mut orders = orders.into_iter();
        let report = &mut self.report;
        self.bar.suspend(|| {
            for Waiting { place, row } in rows {
                let said = match row {
                    Err(said) => Some(*said),
                    Ok(warnings) => orders.next().map(|order| RowReport { warnings, ..order }),
                };
                if let Some(said) = said {
                    report.row(&names.name, place, &said)?;
                }
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
