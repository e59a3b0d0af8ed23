//! What must hold at the end, whatever broke.

use std::collections::{HashMap, HashSet};
use std::fmt;

use ordertop::protocol::Position;
use ordertop::protocol::message::OrderEvent;
use tokio::time::Instant;

use super::reader::{Entry, Reader, Told};
use super::truth::{Row, Truth, Vendor};
use super::writer::{Answered, Ledger, Update};

/// What a fault may do.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// Clients may have fetched a snapshot again.
    pub(crate) snapshots: bool,
    /// What was answered between these moments may be lost.
    pub(crate) lost: Option<(Instant, Instant)>,
}

/// The figures of a run.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub(crate) answered: usize,
    /// Updates that were never answered, and how many of them were done.
    pub(crate) unanswered: usize,
    pub(crate) unanswered_done: usize,
    /// Answered on a further try.
    pub(crate) answered_again: usize,
    /// Answered updates that a failover lost.
    pub(crate) lost: usize,
    /// Events that the clients applied, together.
    pub(crate) applied: usize,
    /// Events among them that a failover lost.
    pub(crate) applied_and_lost: usize,
    /// Snapshots after the first, all clients together.
    pub(crate) snapshots: usize,
}

impl Summary {
    /// Every fifth client slept for too long, one of each vendor and two of all:
    /// each fetched a snapshot of whom it follows once, or twice where its poll and
    /// its socket found it out at the same time.
    pub(crate) fn assert_sleepers_fetched(&self) {
        let slept = super::vendors().len() + 2 * super::vendors().len();
        let snapshots = self.snapshots;
        assert!(
            (slept..=2 * slept).contains(&snapshots),
            "{snapshots} of {slept} who slept"
        );
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "ledger: {} updates answered ({} on a further try), {} not ({} of them done), {} lost; \
             50 clients applied {} events ({} of a lost history), {} fetched a snapshot again",
            self.answered,
            self.answered_again,
            self.unanswered,
            self.unanswered_done,
            self.lost,
            self.applied,
            self.applied_and_lost,
            self.snapshots,
        )
    }
}

/// Checks everything; panics with what does not hold.
pub(super) fn all(
    truth: &Truth,
    ledger: &Ledger,
    readers: &[Reader],
    expected: &Expected,
) -> Summary {
    let updates = ledger.lock();
    let mut summary = Summary::default();
    for vendor in truth.0.values() {
        chain(vendor);
    }
    updates_are_done_once(truth, &updates, expected, &mut summary);
    for reader in readers {
        let journal = reader.journal();
        for (id, told) in &journal.vendors {
            applied(id, &truth.0[id], told, &updates, expected, &mut summary);
        }
    }
    summary
}

/// The store's own: offsets without a gap, each event after the one before it,
/// each version of an order one row of its history and one event.
fn chain(vendor: &Vendor) {
    let mut last = vendor.began.clone();
    let mut seen = HashSet::new();
    for event in vendor.log.values() {
        follows_on(&last, event);
        last = event.position.clone();
        let key = (event.order_number.to_string(), event.version);
        assert!(seen.insert(key), "one version, two events: {event:?}");
        let row = vendor.histories[event.order_number.as_str()]
            .iter()
            .find(|row| row.version == event.version)
            .unwrap_or_else(|| panic!("no history tells of {event:?}"));
        let status = event.status.map(|status| status.to_string());
        assert_eq!(status.as_ref(), Some(&row.to), "{event:?}");
    }
    for (number, (version, status)) in &vendor.orders {
        let rows = &vendor.histories[number];
        let versions: Vec<_> = rows.iter().map(|row| row.version).collect();
        assert_eq!(versions, (1..=*version).collect::<Vec<_>>(), "{number}");
        assert_eq!(rows.last().map(|row| &row.to), Some(status), "{number}");
        // The first version is from before the first update.
        let told = seen.iter().filter(|(of, _)| of == number).count() as u64;
        assert_eq!(told, version - 1, "{number}: an event for each change");
    }
}

fn follows_on(last: &Position, event: &OrderEvent) {
    assert_eq!(
        event.offset,
        last.offset + 1,
        "no gap after {last}: {event:?}"
    );
    assert_eq!(event.after, last.mark, "it names the one before: {event:?}");
}

/// Each answered update is in its order's history once, as it was answered, and
/// its event where the answer said; each row of a history is an update.
fn updates_are_done_once(
    truth: &Truth,
    updates: &[Update],
    expected: &Expected,
    summary: &mut Summary,
) {
    let mut done: HashMap<&str, (&str, &str, &Row)> = HashMap::new();
    for (id, vendor) in &truth.0 {
        for (number, rows) in &vendor.histories {
            for row in rows {
                let Some(reason) = &row.reason else {
                    assert_eq!(row.version, 1, "{number}: a change that nobody asked for");
                    continue;
                };
                let twice = done.insert(reason, (id, number, row));
                assert!(twice.is_none(), "{reason} was done twice");
            }
        }
    }
    for update in updates {
        let id = format!("v{}", update.vendor);
        let row = done.remove(update.id.as_str());
        if let Some((vendor, number, row)) = row {
            let place = (vendor, number, row.to.as_str());
            assert_eq!(place, (id.as_str(), update.number.as_str(), update.status));
        }
        let Some(answer) = &update.answer else {
            summary.unanswered += 1;
            summary.unanswered_done += usize::from(row.is_some());
            continue;
        };
        summary.answered += 1;
        summary.answered_again += usize::from(update.tries > 1);
        let holds = is_as_answered(&truth.0[&id], update, answer, row.map(|(_, _, row)| row));
        if let Err(why) = holds {
            let window = expected.lost;
            let exempt = window.is_some_and(|(from, to)| (from..=to).contains(&answer.at));
            assert!(exempt, "{why}: {update:?}");
            summary.lost += 1;
        }
    }
    assert!(
        done.is_empty(),
        "invented: {:?}",
        done.keys().collect::<Vec<_>>()
    );
}

fn is_as_answered(
    vendor: &Vendor,
    update: &Update,
    answer: &Answered,
    row: Option<&Row>,
) -> Result<(), &'static str> {
    let Some(row) = row else {
        return if answer.changed {
            Err("it was answered and is not there")
        } else {
            Ok(())
        };
    };
    if !answer.changed {
        return Err("it was answered that nothing was done");
    }
    if row.version != answer.version {
        return Err("it was done as another version");
    }
    let event = vendor.log.get(&answer.position.offset);
    let same = event.is_some_and(|event| {
        event.position == answer.position
            && event.order_number.as_str() == update.number
            && event.version == answer.version
    });
    if same {
        Ok(())
    } else {
        Err("its event is not where it was answered to be")
    }
}

/// What a client applied of one vendor: the store's events, each once, in order
/// and without a gap, but where a snapshot stands between. Who was told what a
/// failover then lost has fetched a snapshot, and said why.
fn applied(
    id: &str,
    vendor: &Vendor,
    told: &Told,
    updates: &[Update],
    expected: &Expected,
    summary: &mut Summary,
) {
    let again = told.snapshots_again();
    summary.snapshots += again;
    assert!(
        again == 0 || expected.snapshots,
        "{id}: a needless snapshot: {:?}",
        told.entries
    );
    assert!(
        matches!(told.entries.first(), Some(Entry::Snapshot)),
        "{id}: a snapshot comes first"
    );
    let mut last = Some(vendor.began.clone());
    // Events since the last snapshot which the store does not have.
    let mut lost = 0;
    let mut owes_a_word = false;
    for (n, entry) in told.entries.iter().enumerate() {
        let event = match entry {
            Entry::Event(event) => event,
            Entry::Snapshot => {
                owes_a_word |= lost > 0;
                lost = 0;
                if n > 0 {
                    last = None;
                }
                continue;
            }
            Entry::HistoryChanged => {
                assert!(expected.lost.is_some(), "{id}: nothing was lost");
                owes_a_word = false;
                continue;
            }
        };
        summary.applied += 1;
        if let Some(last) = &last {
            follows_on(last, event);
        }
        last = Some(event.position.clone());
        let stored = vendor.log.get(&event.offset);
        let is_stored = stored.is_some_and(|stored| stored.position == event.position);
        if is_stored {
            let told =
                |event: &OrderEvent| (event.order_number.clone(), event.version, event.status);
            assert_eq!(stored.map(told), Some(told(event)), "{id}");
            continue;
        }
        lost += 1;
        summary.applied_and_lost += 1;
        let status = event.status.map(|status| status.to_string());
        let asked = updates.iter().any(|update| {
            update.number == event.order_number.as_str() && Some(update.status) == status.as_deref()
        });
        assert!(
            expected.lost.is_some() && asked,
            "{id}: an event that the store does not have: {event:?}"
        );
    }
    assert_eq!(lost, 0, "{id}: a lost history, and no snapshot after it");
    assert!(
        !owes_a_word,
        "{id}: a lost history, and no word of it: {:?}",
        told.entries
    );
    let head = vendor.log.values().next_back();
    let head = head.map_or(&vendor.began, |event| &event.position);
    assert!(
        last.as_ref().is_none_or(|last| last == head),
        "{id}: at {last:?}, the store at {head}"
    );
}
