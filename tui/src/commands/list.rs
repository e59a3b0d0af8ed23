//! `ordertop list`.

use std::collections::HashMap;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ordertop::client::rest::ListQuery;
use ordertop::clock::{Clock as _, SystemClock};
use ordertop::order::{OrderStatus, VendorId};
use ordertop::protocol::{ListedOrder, MAX_ORDERS, PackedOrder};

use super::output::{Output, OutputArgs, Tint};
use super::table::{self, Cell, Column};
use super::{ConnectArgs, Exit, Failure, json, say, words};
use crate::model::filter::Filter;
use crate::model::row::{Row, fold_vendor};
use crate::model::sort::{Sort, Sorting};
use crate::model::text::{grouped, tame};
use crate::strings;

/// How many orders are listed unless told otherwise: some screens full.
const LIMIT: usize = 100;

const EXAMPLES: &str = "\
Examples:
  ordertop list --vendor 42 --status paid --sort urgency
      what vendor 42 has to ship, the most urgent on top
  ordertop list --status paid,shipped --limit 20
      the newest of every vendor
  ordertop list --filter 'souza total>100 age<2h' --limit 0
      all of which every term holds; a word alone may stand in number, buyer,
      items, status or vendor
  ordertop list --status paid --json --limit 0 | jq -r .order_number
      for a script; each line is an order as docs/PROTOCOL.md has it";

/// Which orders to list, and how.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ListArgs {
    /// Only these statuses, by comma
    #[arg(long, value_name = "STATUS", value_delimiter = ',', ignore_case = true, value_parser = words::status_parser())]
    status: Vec<OrderStatus>,
    /// Only orders that fit, as / in the screen: words, or status:paid total>100 age<2h
    #[arg(long, short, value_name = "TEXT")]
    filter: Option<String>,
    /// How many at most; 0 for all
    #[arg(long, short = 'n', value_name = "N", default_value_t = LIMIT)]
    limit: usize,
    /// What stands on top; all but newest read every order that matches first
    #[arg(long, value_enum, default_value_t)]
    sort: By,
    /// The other way round
    #[arg(long)]
    reverse: bool,
    #[command(flatten)]
    pub(super) connect: ConnectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// How a list is sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum By {
    /// The newest first
    #[default]
    Newest,
    /// Late and next due first, then to be shipped, the oldest on top
    Urgency,
    /// By number, 9 before 10
    Number,
    /// By the buyer's name
    Buyer,
    /// The largest first, each currency by itself
    Total,
    /// By vendor, the newest of each first
    Vendor,
    /// In the order of an order's life
    Status,
    /// What has stood longest where it stands first
    #[value(alias = "age")]
    Since,
    /// The next to be shipped first
    #[value(name = "ship-by")]
    Due,
}

impl From<By> for Sort {
    fn from(by: By) -> Self {
        match by {
            By::Urgency => Self::Urgency,
            By::Newest => Self::Newest,
            By::Number => Self::Number,
            By::Buyer => Self::Buyer,
            By::Total => Self::Total,
            By::Vendor => Self::Vendor,
            By::Status => Self::Status,
            By::Since => Self::Since,
            By::Due => Self::ShipBy,
        }
    }
}

/// Lists orders.
///
/// # Errors
/// When the server does not answer or stdout fails.
pub(super) async fn run(args: ListArgs) -> Result<Exit, Failure> {
    let rest = args.connect.rest()?;
    let mut out = Output::new(args.output);
    let limit = if args.limit == 0 {
        usize::MAX
    } else {
        args.limit
    };
    let filter = Filter::parse(args.filter.as_deref().unwrap_or_default())
        .map_err(|wrong| Failure::Usage(format!("--filter: {wrong}")))?;
    let now = SystemClock.now();
    let sorting = Sorting {
        by: args.sort.into(),
        reversed: args.reverse,
    };
    // The server lists the newest first: no more pages than needed.
    let enough = if args.sort == By::Newest && !args.reverse {
        limit
    } else {
        usize::MAX
    };
    let query = ListQuery {
        limit: Some(if filter.is_empty() {
            enough.min(MAX_ORDERS)
        } else {
            MAX_ORDERS
        }),
        statuses: args.status.clone(),
        ..ListQuery::default()
    };
    let mut page = match &args.connect.vendor {
        Some(vendor) => rest.orders(vendor, &query).await?,
        None => rest.orders_of_all(&query).await?,
    };
    // Vendors are sorted and found by their names, as on the screen.
    let named = args.sort == By::Vendor || !filter.is_empty();
    let names: HashMap<_, _> = match named && args.connect.vendor.is_none() {
        true => (rest.vendors().await?.into_iter())
            .map(|vendor| (vendor.id, tame(&vendor.name).into_owned()))
            .collect(),
        false => HashMap::new(),
    };
    let mut rows: Vec<Row> = Vec::new();
    let more = loop {
        for order in page.orders {
            // A server of the old kind does not choose.
            let chosen = args.status.is_empty() || args.status.contains(&order.status);
            let row = chosen.then(|| row(&args.connect, &names, &order)).flatten();
            rows.extend(row.filter(|row| filter.matches(row, now)));
        }
        match page.next {
            Some(_) if rows.len() >= enough => break true,
            Some(next) => page = rest.orders_next(&next).await?,
            None => break false,
        }
    };
    rows.sort_by(|a, b| sorting.compare(a, b));
    let more = more || rows.len() > limit;
    rows.truncate(limit);
    if out.json {
        for row in &rows {
            out.object(&json::order(&row.listed()))?;
        }
    } else if rows.is_empty() {
        say("no order matches");
    } else {
        let vendors = args.connect.vendor.is_none();
        people(&mut out, &rows, vendors, sorting.by, now)?;
        if more {
            say(&format!(
                "{} shown, there are more: --limit 0 shows all",
                grouped(rows.len())
            ));
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// The row of an order; `None` of one that says not whose it is.
fn row(
    connect: &ConnectArgs,
    names: &HashMap<VendorId, String>,
    order: &ListedOrder,
) -> Option<Row> {
    let vendor = order.vendor_id.as_ref().or(connect.vendor.as_ref())?;
    let key = order.key(vendor);
    let vendor = fold_vendor(&key.vendor, names.get(vendor).map_or("", String::as_str));
    Some(Row::new(key, Arc::new(PackedOrder::new(order)), vendor))
}

/// A table, with a column for the vendor where there are several.
fn people(
    out: &mut Output,
    rows: &[Row],
    vendors: bool,
    by: Sort,
    now: Timestamp,
) -> Result<(), Failure> {
    let zone = TimeZone::system();
    let age = match by {
        Sort::Since => "SINCE",
        _ => "AGE",
    };
    // A number that is cut is another number; whose it is and where it stands stay too.
    let mut columns = vec![
        Column::new("NUMBER"),
        Column::new("STATUS"),
        Column::new(age).leaves(1),
        Column::new("TOTAL").leaves(2),
        Column::new("PLACED").leaves(4),
        Column::new("BUYER").least(12).leaves(3),
        Column::new("ITEMS").least(12).leaves(5),
    ];
    if vendors {
        columns.insert(1, Column::new("VENDOR").least(6));
    }
    let cells = |row: &Row| {
        let order = row.listed();
        let status = order.status;
        let mut cells = vec![
            Cell::new(tame(row.key.number.as_str())),
            Cell::new(status.as_str()).tint(Tint::Status(status)),
            Cell::new(strings::last_column(row, by, now)),
            Cell::new(row.total()).right(),
            Cell::new(words::moment(order.created_at, &zone)),
            Cell::new(tame(&order.customer_name)),
            Cell::new(strings::items(&order)),
        ];
        if vendors {
            cells.insert(1, Cell::new(row.key.vendor.as_str()));
        }
        cells
    };
    let rows: Vec<_> = rows.iter().map(cells).collect();
    table::write(out, &columns, &rows)
}
