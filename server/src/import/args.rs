//! The command line of `ordertop-server import`.

use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use ordertop::order::text::is_unprintable;
use ordertop::order::{Currency, OrderNumber, VendorId};

use crate::intake::ColumnMap;

/// Longest source name, in characters.
const MAX_SOURCE_CHARS: usize = 64;
/// Longest file with a column map, in bytes.
const MAX_MAP_BYTES: u64 = 64 * 1024;

/// What to import.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
With --vendor each row is reported as new, changed, unchanged, skipped (what is no order yet, such as a draft) or \
refused (with the reason), as FILE:LINE or FILE[INDEX]. A field that an order can do without and that cannot be read \
is left out: `new, with 2 warnings`, and below it which and why. Exit code: 0 when every row was taken or skipped, 1 \
when some were refused, a file holds no orders or the run broke off, 2 for wrong usage.

Without --vendor what is read is an export. Orders that are missing are written with their histories, those that are \
there are compared and left, so an import that broke off is run again. No server may have the file open. Exit code: 0 \
when the store holds everything as it was exported, 1 when not, and standard error says why.

Examples:
  ordertop-server import orders.jsonl --vendor 42
  ordertop-server import woocommerce/*.json shopify/*.json --vendor 42 --quiet
  curl -s -u KEY:SECRET https://shop.example/wp-json/wc/v3/orders | ordertop-server import - --vendor 42
  ordertop-server import orders_export.csv --vendor 42 --source my-shopify           # the CSV of Shopify's admin
  ordertop-server import sales.csv --vendor 42 --currency EUR --dry-run \\
    --map 'order_number=No,placed_at=Day,status=State,title=Article,qty=Pieces,unit_price=Price,total=Sum'
  ordertop-server import old-orders.json --vendor 42 --currency EUR                  # the old back office's list or dump
  ordertop-server export --store old.db | ordertop-server import --store new.db      # move a store
  ordertop-server import backup.jsonl --store new.db                                 # bring an export back")]
pub struct ImportArgs {
    /// Files to read; `-` is standard input
    ///
    /// A file holds orders in JSON (a list, values one after the other, an order a line, one order, or a list under
    /// `orders`) or a CSV. Known by their fields: WooCommerce orders and Shopify orders, as their REST calls and
    /// webhooks give them; ordertop's own, as POST /api/orders/ takes them; the list and the database dump (Django's
    /// dumpdata) of the old back office. Known by its header: the CSV of orders that Shopify's admin exports, and those
    /// of WooCommerce's export plugins; any other is read with --map.
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
    /// Name of the shop they come from, the same at every import
    ///
    /// An order is known by its source and the source's own id of it. Two shops of one kind need two names; a shop that
    /// was imported without one goes on without one. 1 to 64 visible characters.
    #[arg(long, value_name = "NAME", requires = "vendor", value_parser = source_name)]
    pub source: Option<String>,
    /// Text before all order numbers, where another shop uses the same ones
    #[arg(long, value_name = "TEXT", requires = "vendor", value_parser = number_prefix)]
    pub prefix: Option<String>,
    /// Currency of orders that name none, such as EUR
    #[arg(long, value_name = "CODE", requires = "vendor", value_parser = |code: &str| Currency::new(code))]
    pub currency: Option<Currency>,
    /// Which column of a CSV is which field: a file, or `field=column,…`
    ///
    /// Fields: order_number, id, status, placed_at, modified_at, paid_at, shipped_at, currency, payment_method; total,
    /// discount, shipping, fees, tips, gift_cards, tax, refunded; name or first_name and last_name, email, phone, note;
    /// ship_to.name, address, ship_to.line2, city, region, postcode, country; sku, title, variant, qty, unit_price,
    /// lines.total; carrier, tracking_number. order_number and title or sku are needed. The order's own fields are taken
    /// from its first line that has them; its lines stand together. In a file there is one `field=column` a line.
    ///
    /// Two settings: `decimal=comma` or `decimal=point` (comma is assumed where `;` stands between the cells), and
    /// `date=%d/%m/%Y %H:%M` for dates that are not written as 2026-05-01 10:00 or 01.05.2026 10:00.
    #[arg(long, value_name = "MAP", requires = "vendor")]
    pub map: Option<String>,
    /// Store nothing: show the first order as it is mapped, and report what would be refused
    #[arg(long, visible_alias = "preview", requires = "vendor")]
    pub dry_run: bool,
    /// Seconds that a pipe may be silent; 0 waits for ever
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub wait: u64,
    /// One JSON object a row on standard output, and no summary; of an export, one object in all
    #[arg(long)]
    pub json: bool,
    /// Report only what was refused, and the summary
    #[arg(long, short, conflicts_with = "json")]
    pub quiet: bool,
}

impl ImportArgs {
    /// The column map of `--map`: the text itself, or the file of that name.
    pub(super) fn column_map(&self) -> anyhow::Result<Option<ColumnMap>> {
        let Some(given) = &self.map else {
            return Ok(None);
        };
        let from_file = |text: Vec<u8>| String::from_utf8_lossy(&text).into_owned() + "\n";
        let text = match fs::metadata(given) {
            Err(_) if given.contains('=') => given.clone(),
            Ok(about) if about.len() > MAX_MAP_BYTES => {
                anyhow::bail!("the column map {given} is longer than {MAX_MAP_BYTES} bytes")
            }
            _ => {
                let text = fs::read(given);
                from_file(text.with_context(|| format!("cannot read the column map {given}"))?)
            }
        };
        Ok(Some(ColumnMap::parse(&text)?))
    }
}

fn source_name(name: &str) -> Result<String, String> {
    let chars = name.chars().count();
    let visible = !name.chars().any(is_unprintable) && name.trim() == name;
    if visible && (1..=MAX_SOURCE_CHARS).contains(&chars) {
        return Ok(name.to_owned());
    }
    Err(format!(
        "a source name is 1 to {MAX_SOURCE_CHARS} visible characters, without blanks at its ends"
    ))
}

fn number_prefix(prefix: &str) -> Result<String, String> {
    match OrderNumber::new(&format!("{prefix}1")) {
        Ok(_) if !prefix.is_empty() => Ok(prefix.to_owned()),
        _ => Err("a prefix is 1 to 63 printable characters and does not begin with a blank".into()),
    }
}
