//! The half of the loop that asks by REST: polls, snapshots, names, and what an
//! old server leaves out of its frames.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::error::RequestError;
use super::event::ClientEvent;
use super::legacy::Tick;
use super::line::{Line, due};
use super::live::Stage;
use super::polls::Done;
use super::run::Run;
use super::snapshot::{self, Progress};
use super::socket::Break;
use crate::order::VendorId;
use crate::protocol::rest::VendorEvents;
use crate::replica::{Change, Snapshot};

/// Most snapshots that are fetched at once.
const MAX_FETCHES: usize = 4;
/// A poll that brought events is followed by the next at once, so many times.
const MAX_ROUNDS: u32 = 50;
/// Events that were missing while polling are asked for again after this time.
const RECOVER_AFTER: Duration = Duration::from_secs(1);
/// The list of an old server that could not be had, while its socket lives, is
/// asked for again after this time.
const LIST_AGAIN_AFTER: Duration = Duration::from_secs(5);

impl Run {
    /// Polls: for the events since the positions held or, where there is none,
    /// for the snapshot.
    pub(crate) fn poll(&mut self) {
        self.polls.due = self.poll_after();
        let one = match &self.vendor {
            None => None,
            Some(vendor) => match self.book.position(vendor) {
                Some(position) => Some((vendor.clone(), position.clone())),
                None => {
                    let next = self.book.fetch(&vendor.clone());
                    self.fetches.waiting.extend(next.fetch());
                    self.start_fetches();
                    return;
                }
            },
        };
        let positions = self.book.positions();
        let rest = self.rest.clone();
        self.polls.running = true;
        self.work.spawn(async move {
            let start = Instant::now();
            let answer = snapshot::events(&rest, one, positions).await;
            Done::Polled(start.elapsed(), answer)
        });
    }

    /// Something that took time has ended.
    pub(crate) async fn done(&mut self, done: Done) {
        let mut changes = Vec::new();
        match done {
            Done::Closed => {}
            Done::Opened(opened) => self.opened(opened).await,
            Done::Polled(took, answer) => self.polled(took, answer, &mut changes).await,
            Done::Fetched(vendor, asked, snapshot) => {
                self.fetches.running -= 1;
                self.fetched(vendor, asked, snapshot, &mut changes);
            }
            Done::Named(vendors) => {
                self.names.asking = false;
                match vendors {
                    Ok(vendors) => {
                        let named = vendors.into_iter().map(|vendor| (vendor.id, vendor.name));
                        self.names.by_vendor.extend(named);
                        self.tell_vendors().await;
                    }
                    // Ids do without names; the next greeting asks again.
                    Err(error) => tracing::debug!(%error, "vendors have no names yet"),
                }
            }
            Done::LookedUp(key, asked, order) => {
                self.looked_up(&key, asked, order, &mut changes);
            }
        }
        self.tell_changes(changes).await;
        let changed = self.book.history_changed();
        if !changed.is_empty() {
            self.tell(ClientEvent::HistoryChanged(changed)).await;
        }
    }

    async fn polled(
        &mut self,
        took: Duration,
        answer: Result<BTreeMap<VendorId, VendorEvents>, RequestError>,
        changes: &mut Vec<Change>,
    ) {
        self.polls.running = false;
        let vendors = match answer {
            Ok(vendors) => vendors,
            Err(error) => return self.poll_failed(&error),
        };
        self.round_trip = Some(took);
        let busy = vendors.values().any(|vendor| !vendor.events.is_empty());
        // While the socket lives a new vendor may be told before this answer is read.
        if self.vendor.is_none() && !self.is_live() {
            self.forget_all_but(|vendor| vendors.contains_key(vendor))
                .await;
        }
        for (vendor, events) in vendors {
            let next = self.book.polled(&vendor, events, changes);
            self.fetches.waiting.extend(next.fetch());
        }
        self.start_fetches();
        self.poll_answered();
        self.tell_vendors().await;
        // An answer may hold only a part; an empty one says that it was all.
        if busy && !self.is_live() && self.polls.rounds < MAX_ROUNDS {
            self.polls.rounds += 1;
            self.polls.due = due(&*self.clock, Duration::ZERO);
        } else {
            self.polls.rounds = 0;
        }
    }

    fn fetched(
        &mut self,
        vendor: VendorId,
        asked: Tick,
        snapshot: Result<Snapshot, RequestError>,
        changes: &mut Vec<Change>,
    ) {
        let stage = match &self.line {
            Line::Up(live) => Some(live.stage),
            _ => None,
        };
        let snapshot = match snapshot {
            Ok(list) if list.position.is_none() && stage == Some(Stage::Welcomed) => {
                Err(RequestError::Unreadable {
                    reason: "its list has no ETag, does a proxy take it away".to_owned(),
                })
            }
            other => other,
        };
        match snapshot {
            Ok(list) if list.position.is_none() => {
                self.listed(&vendor, asked, list.orders, changes);
                self.poll_answered();
                if stage == Some(Stage::Listing) {
                    self.list_legacy(&vendor);
                }
                self.start_fetches();
            }
            Ok(snapshot) => {
                self.counts();
                let next = self.book.fetched(&vendor, snapshot, changes);
                self.poll_answered();
                if self.act(next).is_err() {
                    if self.is_live() {
                        self.broken(Break::new("events were missing"));
                    } else {
                        let soon = due(&*self.clock, RECOVER_AFTER);
                        self.polls.bring_forward(soon);
                    }
                }
                self.start_fetches();
            }
            Err(error) => {
                // The others would fail alike: the next welcome or poll asks
                // for them all again.
                self.book.fetch_failed(&vendor);
                for vendor in std::mem::take(&mut self.fetches.waiting) {
                    self.book.fetch_failed(&vendor);
                }
                match stage {
                    // Its frames still come; how old the list is, is shown.
                    Some(Stage::Legacy) if !error.is_refusal() => {
                        tracing::debug!(%error, "the list could not be had");
                        let soon = due(&*self.clock, LIST_AGAIN_AFTER);
                        self.polls.bring_forward(soon);
                    }
                    Some(Stage::Welcomed | Stage::Legacy) => self.broken(Break::from(&error)),
                    Some(Stage::Listing) => {
                        self.poll_failed(&error);
                        self.broken(Break::from(&error));
                    }
                    Some(Stage::Greeting(_)) | None => self.poll_failed(&error),
                }
            }
        }
    }

    fn poll_answered(&mut self) {
        if !self.is_live() {
            self.polls.outcome = Some(Ok(()));
            self.polls.failing_since = None;
            self.ask_names();
        }
        self.fresh();
    }

    pub(crate) fn poll_failed(&mut self, error: &RequestError) {
        tracing::debug!(%error, "poll failed");
        self.polls.rounds = 0;
        self.legacy |= matches!(error, RequestError::VendorNeeded);
        if !self.is_live() {
            let now = self.clock.now();
            self.polls.failing_since.get_or_insert(now);
            self.polls.outcome = Some(Err(Break::from(error)));
        } else if error.is_refusal() && !self.legacy {
            // The socket was let in before the vendor went or the token changed,
            // and what it shows is nobody's any more: a new one is told why.
            self.broken(Break::from(error));
        }
    }

    /// Starts fetching what is to be fetched, a few at a time.
    pub(crate) fn start_fetches(&mut self) {
        while self.fetches.running < MAX_FETCHES {
            let Some(vendor) = self.fetches.waiting.pop_front() else {
                return;
            };
            // All vendors of a server from which nothing was fetched yet.
            let mut everything = false;
            if self.fetches.running == 0 {
                everything = self.vendor.is_none() && self.book.positions().is_empty();
                self.fetches.counts.reset();
            }
            self.fetches.running += 1;
            self.fetches.counts.begin(self.fetches.waiting.len());
            let asked = self.look_ups.tick();
            let rest = self.rest.clone();
            // The list of an old server that is asked for again brings what changed and nothing
            // else, so that nothing would say that it is there.
            let repeats = self.legacy && self.book.is_loaded(&vendor);
            let progress = Progress {
                counts: Arc::clone(&self.fetches.counts),
                out: (!repeats).then(|| self.told.to.clone()),
            };
            self.work.spawn(async move {
                let asked_all = async {
                    if everything {
                        progress.ask_everything(&rest).await;
                    }
                };
                let fetch = snapshot::snapshot(&rest, &vendor, &progress);
                let (snapshot, ()) = tokio::join!(fetch, asked_all);
                Done::Fetched(vendor, asked, snapshot)
            });
        }
    }

    /// Asks for the vendors' names, while there is one without.
    pub(crate) fn ask_names(&mut self) {
        let mut followed = self.vendor.iter().chain(self.book.vendors());
        let all = followed.all(|vendor| self.names.by_vendor.contains_key(vendor));
        if !all && !self.names.asking && !self.legacy {
            self.names.asking = true;
            let rest = self.rest.clone();
            self.work
                .spawn(async move { Done::Named(rest.vendors().await) });
        }
    }
}
