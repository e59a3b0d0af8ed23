//! What the screen costs with a hundred thousand orders, without terminal and
//! network: `cargo bench -p ordertop-tui --bench screen`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ordertop::client::ClientEvent;
use ordertop::clock::SystemClock;
use ordertop::order::{OrderStatus, VendorId};
use ordertop::protocol::{EventKind, ListedOrder, PackedOrder};
use ordertop::replica::Change;
use ordertop_tui::app::{App, Settings};
use ordertop_tui::event::Event;
use ordertop_tui::model::sort::Sort;
use ordertop_tui::record::{Recorder, mask::Mask};
use ordertop_tui::view;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::json;

const ORDERS: u64 = 100_000;
const SIZE: (u16, u16) = (120, 30);

fn order(n: u64, version: u64, status: OrderStatus) -> ListedOrder {
    let buyers = ["Ana Souza", "Jürgen Müller", "陳美玲", "Sofía Hernández"];
    let second = 1_795_000_000 + (n * 7_919 % ORDERS) as i64;
    let second = jiff::Timestamp::from_second(second).unwrap_or_default();
    let order = json!({
        "id": n, "order_number": format!("ORD-{n:08}"), "status": status, "version": version,
        "total_amount": format!("{}.{:02}", n % 900, n % 100), "currency": "EUR", "vendor_id": "42",
        "customer_name": buyers[n as usize % buyers.len()], "customer_email": "an*****@example.com",
        "shipping_address": "Rua Augusta 1200, 01304-001, São Paulo, BR",
        "created_at": second, "updated_at": second,
        "items": [{"id": 1, "product": {"id": 1, "name": "Stoneware mug", "sku": format!("MUG-{}", n % 500), "price": "72.00"},
            "quantity": 2, "unit_price": "72.00", "total_price": "144.00"}],
    });
    serde_json::from_value(order).expect("an order")
}

/// An app that shows this many orders.
fn app() -> App {
    let mut app = App::new(Settings::new(Arc::new(SystemClock)));
    app.update(Event::Resize(SIZE.0, SIZE.1));
    tell(&mut app, vec![snapshot()]);
    app
}

/// All of them, as the live client tells them.
fn snapshot() -> Change {
    let orders = (0..ORDERS).map(|n| order(n, 1, OrderStatus::ALL[n as usize % 8]));
    Change::Snapshot {
        vendor: VendorId::new("42").expect("a vendor"),
        orders: orders
            .map(|order| Arc::new(PackedOrder::new(&order)))
            .collect(),
    }
}

fn tell(app: &mut App, changes: Vec<Change>) {
    app.update(Event::Client(ClientEvent::Changes(changes)));
}

fn press(app: &mut App, keys: &str) {
    for key in keys.chars() {
        let code = match key {
            '\r' => KeyCode::Enter,
            '\x1b' => KeyCode::Esc,
            key => KeyCode::Char(key),
        };
        app.update(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }
}

/// A change of the order's status, as the live client tells it.
fn event(n: u64, version: u64) -> Change {
    let status = OrderStatus::ALL[((n + version) % 8) as usize];
    let order = order(n, version, status);
    let packed = Arc::new(PackedOrder::new(&order));
    let event = json!({
        "order_number": order.order_number, "vendor_id": "42", "timestamp": "2026-11-23T17:00:00Z",
        "offset": 1, "position": "1:a", "after": "b", "version": version, "status": status,
        "previous_status": "Paid", "actor": {"kind": "service", "id": "shop"}, "order": order,
    });
    Change::Event {
        kind: EventKind::Status,
        event: Arc::new(serde_json::from_value(event).expect("an event")),
        order: Some(packed),
    }
}

fn screen(c: &mut Criterion) {
    let mut app = app();
    let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
    let mut group = c.benchmark_group("100,000 orders");
    group.bench_function("a frame", |b| {
        b.iter(|| view::draw(black_box(&app), &mut buffer));
    });
    let mut down = false;
    group.bench_function("a key and its frame", |b| {
        b.iter(|| {
            down = !down;
            press(&mut app, if down { "j" } else { "k" });
            view::draw(&app, &mut buffer);
        });
    });
    group.sample_size(20);
    group.bench_function("a filter typed and cleared", |b| {
        b.iter(|| press(&mut app, "/souza mug-7\r\x1b"));
    });
    group.bench_function("a filter cleared", |b| {
        b.iter_custom(|times| {
            let clear = |_| {
                press(&mut app, "/souza mug-7\r");
                let began = Instant::now();
                press(&mut app, "\x1b");
                began.elapsed()
            };
            (0..times).map(clear).sum()
        });
    });
    // Esc takes the range, or the marks, away again.
    for (marks, keys) in [
        ("one mark", "g "),
        ("a range over all orders", "gvG"),
        ("all orders marked", "A"),
    ] {
        press(&mut app, keys);
        group.bench_function(format!("a frame with {marks}"), |b| {
            b.iter(|| view::draw(black_box(&app), &mut buffer));
        });
        group.bench_function(format!("a key and its frame with {marks}"), |b| {
            b.iter(|| {
                down = !down;
                press(&mut app, if down { "k" } else { "j" });
                view::draw(&app, &mut buffer);
            });
        });
        press(&mut app, "\x1bg");
    }
    group.bench_function("another order of the list", |b| {
        b.iter(|| {
            let by = match app.orders.sorting().by {
                Sort::Urgency => Sort::Newest,
                _ => Sort::Urgency,
            };
            app.orders.set_sort(by);
        });
    });
    let mut version = 1;
    group.bench_function("1,000 changes taken in, 10 at a time", |b| {
        let changes = || {
            version += 1;
            (0..1_000)
                .map(|n| event(n * 97 % ORDERS, version))
                .collect()
        };
        let take = |mut all: Vec<Change>| {
            while !all.is_empty() {
                let rest = all.split_off(all.len().min(10));
                tell(&mut app, std::mem::replace(&mut all, rest));
            }
        };
        b.iter_batched(changes, take, BatchSize::LargeInput);
    });
    group.finish();
}

/// What a record costs: the screen hands over what happens, a thread writes it.
fn record(c: &mut Criterion) {
    let app = App::new(Settings::new(Arc::new(SystemClock)));
    let snapshot = Event::Client(ClientEvent::Changes(vec![snapshot()]));
    let mut group = c.benchmark_group("a record of 100,000 orders");
    group.sample_size(10);
    for (what, written) in [("handed over", false), ("written", true)] {
        group.bench_function(what, |b| {
            b.iter_custom(|times| (0..times).map(|_| recorded(&app, &snapshot, written)).sum());
        });
    }
    group.finish();
}

/// How long it takes until the screen can go on, or until all is in the file.
fn recorded(app: &App, event: &Event, written: bool) -> Duration {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("record.jsonl");
    let mut recorder = Recorder::create(&file, Mask::default()).expect("a record");
    recorder.start(&app.settings, None).expect("a first line");
    let began = Instant::now();
    recorder.happens(app, event).expect("a record");
    let handed_over = began.elapsed();
    recorder.finish().expect("a record");
    match written {
        true => began.elapsed(),
        false => handed_over,
    }
}

criterion_group!(benches, screen, record);
criterion_main!(benches);
