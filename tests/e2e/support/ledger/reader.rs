//! Those who follow, and note all that they apply.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use ordertop::client::{ClientEvent, ConnectionState};
use ordertop::protocol::message::OrderEvent;
use ordertop::replica::Change;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::support::{TOKEN, follow};

/// A live client and what it told.
pub(crate) struct Reader {
    journal: Arc<Mutex<Journal>>,
    noting: JoinHandle<()>,
}

/// What a client told so far.
#[derive(Default)]
pub(super) struct Journal {
    state: Option<ConnectionState>,
    /// How often it was told that the store is away.
    degraded: usize,
    /// The vendor that it follows; `None` for all.
    pub(super) vendor: Option<usize>,
    pub(super) vendors: BTreeMap<String, Told>,
}

/// What a client told of one vendor.
#[derive(Default)]
pub(super) struct Told {
    /// All that came, in its order.
    pub(super) entries: Vec<Entry>,
    /// Where each order stands by it: version and status.
    pub(super) orders: Orders,
}

/// Version and status of each order.
pub(super) type Orders = BTreeMap<String, (u64, String)>;

pub(super) enum Entry {
    Snapshot,
    Event(Arc<OrderEvent>),
    /// It said that the history is another one.
    HistoryChanged,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Snapshot => f.write_str("snapshot"),
            Self::HistoryChanged => f.write_str("history changed"),
            Self::Event(event) => write!(f, "{}", event.position),
        }
    }
}

impl Told {
    /// Snapshots after the first event. Before it there may be two: one by a poll
    /// and one by the socket, when both were asked for at once.
    pub(super) fn snapshots_again(&self) -> usize {
        let entries = self.entries.iter();
        let since = entries.skip_while(|entry| matches!(entry, Entry::Snapshot));
        since
            .filter(|entry| matches!(entry, Entry::Snapshot))
            .count()
    }

    fn take(&mut self, change: Change) {
        match change {
            Change::Snapshot { orders, .. } => {
                self.entries.push(Entry::Snapshot);
                self.orders.clear();
                orders.iter().for_each(|order| self.note(order));
            }
            Change::Event { event, order, .. } => {
                self.note(&order.expect("nothing is erased here"));
                self.entries.push(Entry::Event(event));
            }
            Change::Order { key, .. } => panic!("nobody asked for {key:?}"),
        }
    }

    fn note(&mut self, order: &ordertop::protocol::PackedOrder) {
        let state = (order.version, order.status.to_string());
        self.orders.insert(order.order_number.to_string(), state);
    }
}

impl Reader {
    /// Follows the vendor with this number, or all, at `url`.
    pub(super) fn follow(url: &str, vendor: Option<usize>) -> Self {
        let id = vendor.map(|n| format!("v{n}"));
        let (_, events) = follow(url, TOKEN, id.as_deref());
        let journal = Arc::new(Mutex::new(Journal {
            vendor,
            ..Journal::default()
        }));
        let noting = tokio::spawn(note(events, journal.clone()));
        Self { journal, noting }
    }

    pub(super) fn journal(&self) -> MutexGuard<'_, Journal> {
        let journal = self.journal.lock();
        journal.expect("what a client told can be noted")
    }

    pub(crate) fn is_live(&self) -> bool {
        matches!(self.journal().state, Some(ConnectionState::Live { .. }))
    }

    /// How often this client heard that the store is away.
    pub(crate) fn degraded(&self) -> usize {
        self.journal().degraded
    }

    pub(super) fn is_live_and_loaded(&self) -> bool {
        let vendors = match self.journal().vendor {
            Some(_) => 1,
            None => super::VENDORS,
        };
        self.is_live() && self.journal().vendors.len() == vendors
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.noting.abort();
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let journal = self.journal();
        let told = |told: &Told| (told.entries.len(), told.snapshots_again());
        let told: Vec<_> = journal.vendors.iter().map(|(v, t)| (v, told(t))).collect();
        write!(
            f,
            "{:?} {:?}, entries and later snapshots {told:?}",
            journal.vendor, journal.state
        )
    }
}

async fn note(mut events: mpsc::Receiver<ClientEvent>, journal: Arc<Mutex<Journal>>) {
    while let Some(event) = events.recv().await {
        let mut journal = journal.lock().expect("no check panics with it");
        match event {
            ClientEvent::Connection(connection) => {
                let away = ConnectionState::Live { degraded: true };
                if connection.state == away && journal.state.as_ref() != Some(&away) {
                    journal.degraded += 1;
                }
                journal.state = Some(connection.state);
            }
            ClientEvent::Changes(changes) => {
                for change in changes {
                    let vendor = match &change {
                        Change::Snapshot { vendor, .. } => vendor,
                        Change::Event { event, .. } => &event.vendor_id,
                        Change::Order { key, .. } => &key.vendor,
                    };
                    let told = journal.vendors.entry(vendor.to_string()).or_default();
                    told.take(change);
                }
            }
            ClientEvent::HistoryChanged(vendors) => {
                for vendor in vendors {
                    let told = journal.vendors.entry(vendor.to_string()).or_default();
                    told.entries.push(Entry::HistoryChanged);
                }
            }
            ClientEvent::Vendors(_) | ClientEvent::Loading { .. } => {}
        }
    }
}
