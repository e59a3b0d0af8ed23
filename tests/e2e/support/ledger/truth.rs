//! What the store holds in the end, read by REST.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use ordertop::protocol::Position;
use ordertop::protocol::message::{OrderEvent, ServerMessage};
use serde_json::Value;
use tokio::time::Instant;

use super::reader::{Entry, Journal, Orders, Reader};
use crate::support::{Caller, TOKEN};

/// What the store holds once all is quiet.
pub(super) struct Truth(pub(super) BTreeMap<String, Vendor>);

/// What the store holds of one vendor.
pub(super) struct Vendor {
    pub(super) orders: Orders,
    /// Every event after the first update, by offset.
    pub(super) log: BTreeMap<u64, OrderEvent>,
    /// By order, what its history says: version, status, reason.
    pub(super) histories: HashMap<String, Vec<Row>>,
    /// Where the stream stood before the first update.
    pub(super) began: Position,
}

pub(super) struct Row {
    pub(super) version: u64,
    pub(super) to: String,
    pub(super) reason: Option<String>,
}

impl Truth {
    /// Reads the store, once every client equals it.
    pub(super) async fn read(
        url: &str,
        began: &[Position],
        readers: &[Reader],
        patience: Duration,
    ) -> Self {
        let support = Caller::anonymous(url).token(TOKEN);
        let mut vendors = BTreeMap::new();
        for (id, began) in super::vendors().into_iter().zip(began) {
            let caller = support.clone().vendor(&id);
            let orders = equal(&caller, &id, readers, patience).await;
            let mut histories = HashMap::new();
            for number in orders.keys() {
                histories.insert(number.clone(), history(&caller, number).await);
            }
            let log = match events(&caller, began).await {
                Some(log) => log,
                // Trimmed: one who followed all the time has it.
                None => witness(&id, readers),
            };
            let vendor = Vendor {
                orders,
                log,
                histories,
                began: began.clone(),
            };
            vendors.insert(id, vendor);
        }
        Self(vendors)
    }
}

/// The vendor's orders, once every client that follows it has the same.
async fn equal(caller: &Caller, id: &str, readers: &[Reader], patience: Duration) -> Orders {
    let deadline = Instant::now() + patience;
    loop {
        let list = caller.get("/api/orders/vendor/?limit=1000").await;
        let orders: Option<Orders> = (list.status == 200).then(|| {
            let list = list.json();
            let rows = list.as_array().expect("an array").iter();
            rows.map(|row| {
                let state = (
                    row["version"].as_u64().expect("a version"),
                    text(&row["status"]),
                );
                (text(&row["order_number"]), state)
            })
            .collect()
        });
        let differs = |reader: &&Reader| {
            let journal = reader.journal();
            follows(&journal, id)
                && journal.vendors.get(id).map(|told| &told.orders) != orders.as_ref()
        };
        let different: Vec<_> = readers.iter().filter(differs).collect();
        match orders {
            Some(orders) if different.is_empty() => return orders,
            orders => assert!(
                Instant::now() < deadline,
                "{} clients differ from the store in {patience:?}: {id} is {orders:?}, \
                 the first has {:?}: {:?}",
                different.len(),
                different.first().map(|one| one
                    .journal()
                    .vendors
                    .get(id)
                    .map(|told| told.orders.clone())),
                different
            ),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn follows(journal: &Journal, id: &str) -> bool {
    journal.vendor.is_none_or(|n| format!("v{n}") == id)
}

fn text(field: &Value) -> String {
    field.as_str().unwrap_or_default().to_owned()
}

async fn history(caller: &Caller, number: &str) -> Vec<Row> {
    let history = caller.get(&format!("/api/orders/{number}/history/")).await;
    let history = history.expect(200);
    let rows = history["history"].as_array().expect("rows").iter();
    rows.map(|row| Row {
        version: row["version"].as_u64().expect("a version"),
        to: text(&row["to"]),
        reason: row["reason"].as_str().map(ToOwned::to_owned),
    })
    .collect()
}

/// Every event after `since`; `None` where the store has no longer all of them.
async fn events(caller: &Caller, since: &Position) -> Option<BTreeMap<u64, OrderEvent>> {
    let mut log = BTreeMap::new();
    let mut position = since.to_string();
    loop {
        let path = format!("/api/orders/vendor/events/?since={position}");
        let answer = caller.get(&path).await;
        if answer.status == 410 {
            return None;
        }
        let page = answer.expect(200);
        let more = page["events"].as_array().expect("events");
        if more.is_empty() {
            return Some(log);
        }
        for event in more {
            let frame: ServerMessage = serde_json::from_value(event.clone()).expect("an event");
            let event = frame.order_event().expect("an order's event").clone();
            log.insert(event.offset, event);
        }
        position = text(&page["position"]);
    }
}

fn witness(id: &str, readers: &[Reader]) -> BTreeMap<u64, OrderEvent> {
    let of_one = |reader: &Reader| {
        let journal = reader.journal();
        let told = journal.vendors.get(id)?;
        if told.snapshots_again() > 0 {
            return None;
        }
        let events = told.entries.iter().filter_map(|entry| match entry {
            Entry::Event(event) => Some((event.offset, OrderEvent::clone(event))),
            Entry::Snapshot | Entry::HistoryChanged => None,
        });
        Some(events.collect())
    };
    let mut all = readers.iter().filter_map(of_one);
    all.next().expect("one who followed all the time")
}
