//! Whole imports, into a sink that merges in memory.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::bail;
use ordertop::order::intake::Merge;
use ordertop::order::{Actor, ActorKind, OrderKey, OrderStatus, VendorOrder};
use ordertop::protocol::rest::Outcome;

use super::*;

#[derive(Default)]
struct Memory {
    orders: HashMap<OrderKey, VendorOrder>,
    batches: Vec<(String, usize)>,
    /// Gives up at the batch of this number.
    fails_at: Option<usize>,
}

impl Sink for Memory {
    async fn import(&mut self, from: &str, orders: Vec<Intake>) -> anyhow::Result<Vec<RowResult>> {
        if self.fails_at == Some(self.batches.len()) {
            bail!("the disk is full");
        }
        self.batches.push((from.to_owned(), orders.len()));
        let by = Actor::new(ActorKind::Import, from);
        let merge = |intake: Intake| {
            let now = Timestamp::UNIX_EPOCH;
            let outcome = match self.orders.get(&intake.key()) {
                None => {
                    let order = intake.place(by.clone(), now);
                    self.orders.insert(intake.key(), order);
                    Outcome::Placed
                }
                Some(stored) => match intake.merge(stored, &by, now) {
                    Merge::Another => Outcome::Refused,
                    Merge::Unchanged | Merge::Stale => Outcome::Unchanged,
                    Merge::Heard(order) => {
                        self.orders.insert(intake.key(), *order);
                        Outcome::Unchanged
                    }
                    Merge::Changed { order, .. } => {
                        self.orders.insert(intake.key(), *order);
                        Outcome::Changed
                    }
                },
            };
            RowResult::new(None, None, outcome)
        };
        Ok(orders.into_iter().map(merge).collect())
    }
}

impl Memory {
    fn order(&self, number: &str) -> &VendorOrder {
        let found = self.orders.values().find(|o| o.number.as_str() == number);
        found.unwrap()
    }
}

fn args(files: &[PathBuf], extra: &[&str]) -> ImportArgs {
    #[derive(clap::Parser)]
    struct Program {
        #[command(flatten)]
        import: ImportArgs,
    }
    let files = files.iter().map(|path| path.to_str().unwrap());
    let words = ["import", "--vendor", "42"].into_iter().chain(files);
    let program: Program = clap::Parser::parse_from(words.chain(extra.iter().copied()));
    program.import
}

async fn import(args: &ImportArgs, sink: &mut Memory) -> (Summary, String) {
    let mut out = Vec::new();
    let summary = run(args, Timestamp::UNIX_EPOCH, sink, &mut out).await;
    (summary.unwrap(), String::from_utf8(out).unwrap())
}

fn shops(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/samples/shops")
        .join(name)
}

fn made(name: &str) -> PathBuf {
    shops("made").join(name)
}

/// A file in a folder that goes when it is dropped.
fn file(text: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.json");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn placement(number: usize) -> String {
    format!(
        r#"{{"order_number":"A-{number}","currency":"EUR","lines":[{{"sku":"M","unit_price":"5"}}]}}"#
    )
}

#[tokio::test]
async fn the_shops_bodies_come_out_right_in_any_order_and_twice() {
    let mut files: Vec<PathBuf> = [
        "woocommerce/order_completed.docs.json",
        "woocommerce/order_partial_refunds.docs.json",
        "woocommerce/order_processing.docs.json",
        "shopify/orders_create.2026-04.json",
    ]
    .map(shops)
    .into();
    for _ in 0..2 {
        let mut sink = Memory::default();
        let (summary, _) = import(&args(&files, &[]), &mut sink).await;
        assert_eq!(summary.new, 3);
        assert_eq!((summary.refused, summary.exit_code()), (0, 0));
        let woo = sink.order("727");
        assert_eq!(woo.state.status, OrderStatus::Shipped);
        assert_eq!(woo.content.totals.total, 2935);
        let refunds = sink.order("723");
        assert_eq!(refunds.state.status, OrderStatus::Shipped);
        assert_eq!(refunds.content.totals.refunded, 1900);
        let shopify = sink.order("9999");
        assert_eq!(shopify.state.status, OrderStatus::Cancelled);
        assert!(shopify.state.flags.test);
        assert_eq!(shopify.content.totals.total, 40495);
        let (again, _) = import(&args(&files, &[]), &mut sink).await;
        assert_eq!((again.unchanged, again.new, again.changed), (4, 0, 0));
        files.reverse();
    }
}

#[tokio::test]
async fn each_row_is_reported_where_it_stands() {
    let lines = format!("{}\nnonsense\n{{}}\n{}\n", placement(1), placement(1));
    let (_folder, path) = file(lines);
    let mut sink = Memory::default();
    let (summary, out) = import(&args(std::slice::from_ref(&path), &[]), &mut sink).await;
    let name = path.display();
    let expected = [
        format!("new        A-1           {name}:1"),
        format!(
            "refused    -             {name}:2: not JSON: a word that is neither true, false nor null: texts need quotes (column 2)"
        ),
        format!(
            "refused    -             {name}:3: this is an empty object, but a WooCommerce order"
        ),
        format!("unchanged  A-1           {name}:4"),
        "4 rows: 1 new, 0 changed, 1 unchanged, 2 refused".to_owned(),
    ];
    let said: Vec<&str> = out.lines().collect();
    assert_eq!(said.len(), expected.len(), "{out}");
    for (said, expected) in said.iter().zip(&expected) {
        assert!(said.starts_with(expected.as_str()), "{said}");
    }
    assert_eq!(summary.exit_code(), 1);
    assert_eq!(sink.batches, [("orders.json".to_owned(), 2)]);
}

#[tokio::test]
async fn rows_are_json_for_scripts_and_few_for_the_quiet() {
    let (_folder, path) = file(format!("[{},{{}}]", placement(1)));
    let files = [path];
    let (_, out) = import(&args(&files, &["--json"]), &mut Memory::default()).await;
    let rows: Vec<serde_json::Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (&rows[0]["index"], &rows[0]["result"]),
        (&0.into(), &"placed".into())
    );
    assert_eq!(rows[0]["order_number"], "A-1");
    assert_eq!(
        (&rows[1]["index"], &rows[1]["code"]),
        (&1.into(), &"unknown_kind".into())
    );
    let (_, out) = import(&args(&files, &["--quiet"]), &mut Memory::default()).await;
    assert_eq!(out.lines().count(), 2, "{out}");
    assert!(out.starts_with("refused"), "{out}");
}

#[tokio::test]
async fn batches_are_bounded() {
    let lines: Vec<String> = (0..MAX_BATCH + 1).map(placement).collect();
    let (_folder, path) = file(lines.join("\n"));
    let mut sink = Memory::default();
    let (summary, _) = import(&args(&[path], &["-q"]), &mut sink).await;
    assert_eq!(summary.new, MAX_BATCH as u64 + 1);
    let sizes: Vec<usize> = sink.batches.iter().map(|(_, orders)| *orders).collect();
    assert_eq!(sizes, [MAX_BATCH, 1]);
    let big = placement(1).replace(
        r#""lines":["#,
        &format!(r#""buyer_note":"{}","lines":["#, "ü".repeat(2_000)),
    );
    let lines: Vec<String> = (0..200)
        .map(|n| big.replace("A-1", &format!("B-{n}")))
        .collect();
    let (_folder, path) = file(lines.join("\n"));
    let mut sink = Memory::default();
    import(&args(&[path], &["-q"]), &mut sink).await;
    assert_eq!(
        sink.batches.iter().map(|(_, orders)| orders).sum::<usize>(),
        200
    );
    assert!(sink.batches.len() > 1, "800 kB do not go at once");
}

#[tokio::test]
async fn a_missing_file_stops_the_import_before_its_first_row() {
    let (folder, path) = file(placement(1));
    let mut sink = Memory::default();
    let args = args(&[path, folder.path().join("none.json")], &[]);
    let error = run(&args, Timestamp::UNIX_EPOCH, &mut sink, &mut Vec::new())
        .await
        .unwrap_err();
    assert!(error.to_string().starts_with("cannot open "), "{error}");
    assert!(sink.orders.is_empty());
}

#[tokio::test]
async fn a_sink_that_gives_up_ends_the_import_and_says_how_far_it_came() {
    let lines: Vec<String> = (0..MAX_BATCH + 1).map(placement).collect();
    let (_folder, path) = file(lines.join("\n"));
    let mut sink = Memory {
        fails_at: Some(1),
        ..Memory::default()
    };
    let args = args(&[path], &["-q"]);
    let error = run(&args, Timestamp::UNIX_EPOCH, &mut sink, &mut Vec::new())
        .await
        .unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "the import stopped after 500 rows: 500 new, 0 changed, 0 unchanged, 0 refused; \
         run it again to go on: the disk is full"
    );
}

/// A number, status, total and how many lines of each order, by number.
fn told(sink: &Memory) -> Vec<(String, String, String, usize)> {
    let mut told: Vec<_> = sink
        .orders
        .values()
        .map(|order| {
            let content = &order.content;
            let total = ordertop::order::Money::new(content.totals.total, content.currency);
            (
                order.number.to_string(),
                order.state.status.to_string(),
                format!("{total} {}", content.currency),
                content.lines.len(),
            )
        })
        .collect();
    told.sort();
    told
}

fn line(number: &str, status: &str, total: &str, lines: usize) -> (String, String, String, usize) {
    (number.into(), status.into(), total.into(), lines)
}

#[tokio::test]
async fn shopifys_csv_of_orders_is_read() {
    let mut sink = Memory::default();
    let (summary, out) = import(&args(&[made("shopify-orders-export.csv")], &[]), &mut sink).await;
    assert_eq!((summary.new, summary.with_warnings), (2, 0), "{out}");
    assert_eq!(
        told(&sink),
        [
            line("1010", "Paid", "29.90 EUR", 2),
            line("1011", "Refunded", "5.00 EUR", 1)
        ]
    );
    let mug = &sink.order("1010").content;
    assert_eq!(mug.buyer_note.as_deref(), Some("Please ring, twice"));
    assert_eq!(mug.ship_to.postcode.as_deref(), Some("10115"));
    assert_eq!(mug.lines[0].qty.to_string(), "2");
    assert_eq!(mug.totals.shipping, 490);
    assert_eq!(
        mug.source.as_ref().unwrap().order_id.as_deref(),
        Some("5500001")
    );
    assert_eq!(
        sink.order("1010").state.paid_at,
        "2026-05-01T08:00:00Z".parse().ok()
    );
    assert_eq!(sink.order("1011").content.totals.refunded, 500);
    let (again, _) = import(&args(&[made("shopify-orders-export.csv")], &[]), &mut sink).await;
    assert_eq!((again.unchanged, again.changed), (2, 0));
}

const MAP: &str = "order_number=Order Number,status=Order Status,placed_at=Order Date,first_name=First Name (Billing),\
     last_name=Last Name (Billing),email=Email (Billing),title=Item Name,qty=Quantity,unit_price=Item Cost,sku=SKU,\
     total=Order Total Amount,currency=Currency";

#[tokio::test]
async fn a_csv_is_read_by_its_header_or_by_a_map_in_any_encoding() {
    let text = std::fs::read_to_string(made("woo-export-plugin.csv")).unwrap();
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (_a, utf16) = file(wide);
    let (_b, plain) = file(
        text.trim_start_matches('\u{feff}')
            .replace("Example", "Exämple")
            .replace(';', "\t"),
    );
    let spreadsheet = text
        .trim_start_matches('\u{feff}')
        .replace("Dana", "Zo\u{eb}");
    let (_c, windows) = file(encoding_rs::WINDOWS_1252.encode(&spreadsheet).0);
    for path in [made("woo-export-plugin.csv"), utf16, plain, windows] {
        for extra in [&["--map", MAP][..], &[]] {
            let mut sink = Memory::default();
            let (summary, out) = import(&args(std::slice::from_ref(&path), extra), &mut sink).await;
            assert_eq!(summary.new, 1, "{out}");
            assert_eq!(told(&sink), [line("501", "Paid", "104.00 EUR", 2)], "{out}");
            let content = &sink.order("501").content;
            assert_eq!(content.lines[1].unit_price, 500);
            let name = content.buyer.name.as_deref().unwrap();
            assert!(
                ["Dana Example", "Dana Exämple", "Zoë Example"].contains(&name),
                "{name}"
            );
        }
    }
    let (_d, map) = file(MAP.replace(',', "\n"));
    let mut sink = Memory::default();
    let extra = [
        "--map",
        map.to_str().unwrap(),
        "--prefix",
        "W-",
        "--source",
        "outlet",
    ];
    import(&args(&[made("woo-export-plugin.csv")], &extra), &mut sink).await;
    let source = sink.order("W-501").content.source.clone().unwrap();
    assert_eq!(
        (source.name.as_deref(), source.order_id.as_deref()),
        (Some("outlet"), Some("501"))
    );
}

#[tokio::test]
async fn the_old_servers_list_and_dump_are_read() {
    let mut sink = Memory::default();
    let extra = ["--currency", "EUR"];
    let (_, out) = import(&args(&[made("old-list.json")], &extra), &mut sink).await;
    assert_eq!(
        told(&sink),
        [
            line("ORD-00000001", "Delivered", "15.00 EUR", 1),
            line("ORD-00000004", "Paid", "5.00 EUR", 1)
        ],
        "{out}"
    );
    let mut sink = Memory::default();
    let (summary, out) = import(&args(&[made("old-dump.json")], &extra), &mut sink).await;
    assert_eq!(
        (summary.new, summary.skipped, summary.with_warnings),
        (2, 1, 0),
        "{out}"
    );
    assert_eq!(
        told(&sink),
        [
            line("ORD-00000004", "Paid", "5.00 EUR", 1),
            line("ORD-00000005", "Delivered", "10.00 EUR", 1)
        ]
    );
    let order = sink.order("ORD-00000004");
    assert_eq!(order.content.buyer.name.as_deref(), Some("Ana Souza"));
    assert_eq!(
        order.content.buyer.email.as_deref(),
        Some("ana.souza@example.com")
    );
    assert!(out.contains("an order of other vendors than 42"), "{out}");
}

#[tokio::test]
async fn what_was_left_out_and_what_is_no_order_is_said() {
    let files = [
        made("odd-phone-false.json"),
        made("draft.json"),
        made("shopify-wrapped.json"),
    ];
    let (summary, out) = import(&args(&files, &[]), &mut Memory::default()).await;
    assert_eq!(
        (summary.new, summary.skipped, summary.exit_code()),
        (3, 1, 0)
    );
    let said: Vec<&str> = out.lines().collect();
    assert!(
        said[0].starts_with("new, with 1 warning  35            "),
        "{out}"
    );
    assert_eq!(
        said[1].trim(),
        "`billing.phone`: `false` is not a text: left out"
    );
    assert!(said[2].starts_with("skipped    41            "), "{out}");
    assert!(
        said[2].ends_with(": a WooCommerce draft (`checkout-draft`): no order yet"),
        "{out}"
    );
    assert!(said[4].contains("shopify-wrapped.json[1]"), "{out}");
    assert_eq!(
        said[5],
        "4 rows: 3 new, 0 changed, 0 unchanged, 0 refused, 1 skipped; 1 with warnings"
    );
    let (_, out) = import(&args(&files, &["--json"]), &mut Memory::default()).await;
    let rows: Vec<serde_json::Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        rows[0]["warnings"][0],
        "`billing.phone`: `false` is not a text: left out"
    );
    assert_eq!(
        (&rows[1]["result"], &rows[2]["result"]),
        (&"skipped".into(), &"placed".into())
    );
    assert_eq!(rows[2].get("warnings"), None);
}

#[tokio::test]
async fn a_file_without_orders_is_called_what_it_is_and_the_others_are_taken() {
    let table: [(&[u8], &str); 5] = [
        (b"", "the file is empty"),
        (b"<!doctype html><html>", "this is a web page"),
        (b"\x1f\x8b\x08", "this is a gzip file"),
        (b"a,b\n1,2\n", "this is a CSV file without the columns"),
        (b"hello", "this is text that is neither JSON nor CSV"),
    ];
    let (_good, good) = file(placement(1));
    for (bytes, words) in table {
        let (_bad, bad) = file(bytes);
        let mut sink = Memory::default();
        let (summary, out) = import(&args(&[bad, good.clone()], &[]), &mut sink).await;
        assert_eq!(
            (summary.refused, summary.new, summary.exit_code()),
            (1, 1, 1),
            "{out}"
        );
        assert!(out.contains(words), "{out}");
    }
}

#[tokio::test]
async fn a_dry_run_keeps_nothing_and_shows_the_first_order() {
    let mut sink = Memory::default();
    let (summary, out) = import(
        &args(&[made("woo-export-plugin.csv")], &["--dry-run"]),
        &mut sink,
    )
    .await;
    assert!(sink.orders.is_empty() && sink.batches.is_empty());
    assert_eq!(summary.read, 1);
    assert!(out.contains("\"title\": \"Teapot\""), "{out}");
    assert!(out.ends_with("1 row: 1 read, 0 refused\n"), "{out}");
}
