//! Changes of many orders: sent some hundred at once, so that the screen can say
//! how far it is, and kept when nothing answers.

use ordertop::client::RequestError;
use ordertop::order::OrderKey;
use ordertop::protocol::rest::{BulkChange, BulkRow};

use super::{Desk, blocking};
use crate::event::Event;
use crate::model::outbox::{Entry, Work};
use crate::strings;

/// So many orders go into one request: a fraction of what a server takes, and a
/// fraction of a second of its time.
const AT_ONCE: usize = 200;

impl Desk {
    /// Sends `rows` in their order until one request fails. Where that leaves open
    /// what became of its rows, they and those after them are kept. Gives what to
    /// say when nobody listens any more: the user has left.
    pub async fn change_many(self, ticket: u64, rows: Vec<BulkRow>) -> Option<String> {
        self.open().insert(ticket, self.entries(&rows));
        let (mut sent, mut unheard) = (0, None);
        for orders in rows.chunks(AT_ONCE) {
            self.on_their_way(ticket, orders.len());
            let bulk = BulkChange {
                orders: orders.to_vec(),
            };
            let result = self.client.change_statuses(&bulk).await;
            let failed = result.as_ref().err().map(strings::sentence);
            let broke_off = |why: &str| strings::bulk_broke_off(rows.len() - sent, rows.len(), why);
            let heard = match result {
                Err(error) if error.leaves_open() && self.store.is_some() => {
                    let not = broke_off(failed.as_deref().unwrap_or_default());
                    let unanswered = Some((orders.len(), error));
                    let left = self.open().get(&ticket).cloned().unwrap_or_default();
                    let known = self.keep_many(ticket, sent, unanswered, left).await;
                    self.open().remove(&ticket);
                    return (!known).then_some(not);
                }
                result => {
                    let answer = Event::BulkAnswer {
                        ticket,
                        first: sent,
                        count: orders.len(),
                        result,
                    };
                    self.tell(answer).await
                }
            };
            if let Some(why) = failed {
                self.open().remove(&ticket);
                return (!heard).then(|| broke_off(&why));
            }
            self.answered(ticket, orders.len());
            sent += orders.len();
            if !heard {
                unheard = Some(strings::bulk_left(sent));
            }
        }
        self.open().remove(&ticket);
        unheard
    }

    /// Writes changes of many orders down that were not sent.
    pub async fn keep_many_unsent(self, ticket: u64, rows: Vec<BulkRow>) -> Option<String> {
        let entries = self.entries(&rows);
        let known = self.keep_many(ticket, 0, None, entries).await;
        (!known).then(|| strings::bulk_not_kept(rows.len()))
    }

    /// Whether all are on disk, or the screen was told which are.
    async fn keep_many(
        &self,
        ticket: u64,
        first: usize,
        unanswered: Option<(usize, RequestError)>,
        mut entries: Vec<Entry>,
    ) -> bool {
        let line = self.line.lock().await;
        let all = entries.len();
        // Sent under their own keys they are new to the server: what is perhaps
        // done must not be done again, and its version alone keeps it from that.
        entries.retain(|entry| !entry.sent || entry.version().is_some());
        let kept = match &self.store {
            Some(store) => {
                let written = blocking(store, move |store| {
                    entries.truncate(store.queue_all(&entries)?);
                    Ok(entries)
                });
                written.await
            }
            None => Err(strings::NO_OUTBOX.to_owned()),
        };
        let on_disk = kept.as_ref().is_ok_and(|kept| kept.len() == all);
        let told = self
            .tell(Event::ManyKept {
                ticket,
                first,
                unanswered,
                result: kept,
            })
            .await;
        drop(line);
        on_disk || told
    }

    /// What to keep of `rows`, each under a key of its own: one request may hold
    /// some that are done and some that are not.
    pub(super) fn entries(&self, rows: &[BulkRow]) -> Vec<Entry> {
        let entry = |row: &BulkRow| {
            let key = OrderKey {
                vendor: row.vendor_id.as_deref()?.parse().ok()?,
                number: row.order_number.parse().ok()?,
            };
            let to = row.change.status.as_deref()?.parse().ok()?;
            let change = row.change.clone();
            Some(self.entry(&key, false, Work::Step { to, change }))
        };
        // The screen names them all in full.
        rows.iter().filter_map(entry).collect()
    }

    /// The next so many go out: they may be done from now on.
    pub(super) fn on_their_way(&self, ticket: u64, count: usize) {
        if let Some(open) = self.open().get_mut(&ticket) {
            open.iter_mut()
                .take(count)
                .for_each(|entry| entry.sent = true);
        }
    }

    pub(super) fn answered(&self, ticket: u64, count: usize) {
        if let Some(open) = self.open().get_mut(&ticket) {
            open.drain(..count.min(open.len()));
        }
    }
}
