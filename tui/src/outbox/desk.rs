//! The outbox's work beside the screen's loop: files in blocking tasks,
//! sending in tasks of its own. What came of it goes to the loop as an [`Event`],
//! in the order in which it went to the disk.

mod bulk;
mod note;
mod tracking;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ordertop::client::{Client, RequestError, new_idempotency_key};
use ordertop::clock::Clock;
use ordertop::order::{OrderKey, OrderStatus};
use ordertop::protocol::rest::{StatusChange, StatusChanged, TrackingChanged};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::{OutboxError, Store};
use crate::beat::Beat;
use crate::event::Event;
use crate::model::outbox::{Entry, Outcome, Sent, Work, settled_by};
use crate::strings;

/// How often to look whether another program changed the file, in beats.
const LOOK: u32 = 2;

/// Sends changes and keeps those that got no answer. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Desk {
    /// `None` where changes are not kept.
    store: Option<Store>,
    client: Arc<Client>,
    clock: Arc<dyn Clock>,
    beat: Beat,
    answers: mpsc::Sender<Event>,
    /// Held from a change of the file to the event that tells of it, so that the
    /// loop hears of both in one order.
    line: Arc<tokio::sync::Mutex<()>>,
    /// What this program sends now: then the right to send is its own.
    sending: Arc<Mutex<Option<String>>>,
    /// Changes that were sent and are neither answered nor kept, by the ticket of
    /// their request; of a bulk action also those that follow.
    open: Arc<Mutex<HashMap<u64, Vec<Entry>>>>,
}

impl Desk {
    /// A desk that tells `answers` what happens. Looks into `store` from now on,
    /// until nobody listens.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    #[must_use]
    pub fn new(
        store: Option<Store>,
        client: Arc<Client>,
        clock: Arc<dyn Clock>,
        answers: mpsc::Sender<Event>,
        beat: Beat,
    ) -> Self {
        let desk = Self {
            store,
            client,
            clock,
            beat,
            answers,
            line: Arc::default(),
            sending: Arc::default(),
            open: Arc::default(),
        };
        if let Some(store) = desk.store.clone() {
            tokio::spawn(desk.clone().look(store));
        }
        desk
    }

    /// Tells what waits, now and whenever the file changed.
    async fn look(self, store: Store) {
        let mut clock = self.beat.every(LOOK);
        let mut seen = None;
        loop {
            tokio::select! {
                () = self.answers.closed() => return,
                _ = clock.tick() => {}
            }
            // Asking for a file's length and date is not worth another thread's wake-up.
            if seen.as_ref() == Some(&store.stamp()) {
                continue;
            }
            let line = self.line.lock().await;
            // The stamp first: what is written in between is seen the next time.
            let read = blocking(&store, |store| Ok((store.stamp(), store.read()))).await;
            let (stamp, read) = match read {
                Ok((stamp, read)) => (stamp, read.map_err(|error| error.to_string())),
                Err(error) => (None, Err(error)),
            };
            if seen.as_ref() != Some(&stamp) {
                seen = Some(stamp);
                if self.answers.send(Event::Outbox(read)).await.is_err() {
                    return;
                }
            }
            drop(line);
        }
    }

    /// Sends a step. Gives what the user should read when the screen is gone
    /// before the answer.
    pub async fn change(self, key: OrderKey, ticket: u64, change: StatusChange) -> Option<String> {
        let to = change.status.as_deref().and_then(|to| to.parse().ok());
        let work = Work::Step {
            to: to.unwrap_or(OrderStatus::Pending),
            change: change.clone(),
        };
        let entry = self.entry(&key, true, work);
        self.open().insert(ticket, vec![entry.clone()]);
        let result = (self.client)
            .change_status_with(&key, &change, &entry.id)
            .await;
        let refused = result
            .as_ref()
            .err()
            .map(|error| format!("{}: {}", strings::number(&key), strings::sentence(error)));
        let known = match result {
            Err(error) if error.leaves_open() && self.store.is_some() => {
                self.keep(key, ticket, Some(error), entry).await
            }
            result => {
                let result = result.map(Box::new);
                self.tell(Event::StatusAnswer {
                    key,
                    ticket,
                    result,
                })
                .await
            }
        };
        self.open().remove(&ticket);
        if known { None } else { refused }
    }

    /// Writes a step down that was not sent.
    pub async fn keep_unsent(
        self,
        key: OrderKey,
        ticket: u64,
        to: OrderStatus,
        change: StatusChange,
    ) -> Option<String> {
        let entry = self.entry(&key, false, Work::Step { to, change });
        let lost = strings::not_kept_at_the_end(&key);
        let known = self.keep(key, ticket, None, entry).await;
        (!known).then_some(lost)
    }

    /// Whether it is on disk, or the screen was told that it is not.
    async fn keep(
        &self,
        key: OrderKey,
        ticket: u64,
        unanswered: Option<RequestError>,
        entry: Entry,
    ) -> bool {
        self.write_down(entry, |result| Event::Kept {
            key,
            ticket,
            unanswered,
            result,
        })
        .await
    }

    /// Writes a change down and tells what came of it. Whether it is on disk, or
    /// the screen was told that it is not.
    async fn write_down(
        &self,
        entry: Entry,
        told: impl FnOnce(Result<Box<Entry>, String>) -> Event,
    ) -> bool {
        let line = self.line.lock().await;
        let kept = match &self.store {
            Some(store) => {
                let written = entry.clone();
                blocking(store, move |store| store.queue(&written)).await
            }
            None => Err(strings::NO_OUTBOX.to_owned()),
        };
        let on_disk = kept.is_ok();
        let told = told(kept.map(|()| Box::new(entry)));
        let heard = self.tell(told).await;
        drop(line);
        on_disk || heard
    }

    /// Sends a change that waits, unless another program does or did.
    pub async fn send(self, entry: Entry, ticket: u64) {
        let id = entry.id.clone();
        let Some(store) = self.store.clone() else {
            return;
        };
        let line = self.line.lock().await;
        let mine = entry.id.clone();
        let ready = blocking(&store, move |store| {
            let turn = store.turn()?;
            // Read under the right to send: who had it before may have settled this one.
            Ok((turn, store.waits(&mine)?))
        });
        let turn = match ready.await {
            Ok((Some(turn), true)) => turn,
            Ok((None, true)) => return self.sent(id, ticket, Sent::Busy).await,
            Ok((_, false)) => return self.sent(id, ticket, Sent::Gone).await,
            Err(why) => return self.sent(id, ticket, Sent::Failed(why)).await,
        };
        *self.sending() = Some(id.clone());
        drop(line);
        let key = entry.key();
        let answer = match &entry.work {
            Work::Step { change, .. } => {
                let sent = self.client.change_status_with(&key, change, &id);
                Answer::Step(sent.await.map(Box::new))
            }
            Work::Note { note } => {
                let sent = self.client.add_note_with(&key, note, &id);
                Answer::Note(sent.await.map(drop))
            }
            Work::Tracking { tracking } => {
                let sent = self.client.change_tracking_with(&key, tracking, &id);
                Answer::Tracking(sent.await.map(Box::new))
            }
        };
        let line = self.line.lock().await;
        let unstruck = match answer.outcome() {
            Some(outcome) => self.strike(&store, &id, outcome).await.err(),
            None => {
                // It waits all the same, whether or not this can be written.
                let _ = self.note_sent(&store, entry).await;
                None
            }
        };
        *self.sending() = None;
        drop(turn);
        let sent = match answer {
            Answer::Step(result) => Sent::Answered { result, unstruck },
            Answer::Note(result) => Sent::NoteAnswered { result, unstruck },
            Answer::Tracking(result) => Sent::TrackingAnswered { result, unstruck },
        };
        self.sent(id, ticket, sent).await;
        drop(line);
    }

    async fn sent(&self, id: String, ticket: u64, sent: Sent) {
        self.tell(Event::KeptSent { id, ticket, sent }).await;
    }

    /// Strikes out a change that the user does not want any more.
    pub async fn drop_kept(self, id: String) {
        let Some(store) = self.store.clone() else {
            return;
        };
        let line = self.line.lock().await;
        let result = self.drop_in_turn(&store, &id).await;
        self.tell(Event::KeptDropped { id, result }).await;
        drop(line);
    }

    /// Strikes it out under the right to send, which is held until it is off the
    /// disk: else it could be read as waiting in between, and sent.
    async fn drop_in_turn(&self, store: &Store, id: &str) -> Result<(), String> {
        let sending = self.sending().clone();
        match sending {
            Some(sending) if sending == id => return Err(strings::BEING_SENT.to_owned()),
            // The right is held for another change; this one is not sent before
            // the line is free again.
            Some(_) => return self.strike(store, id, Outcome::Deleted).await,
            None => {}
        }
        let Some(turn) = blocking(store, Store::turn).await? else {
            return Err(strings::ANOTHER_SENDS.to_owned());
        };
        let struck = self.strike(store, id, Outcome::Deleted).await;
        drop(turn);
        struck
    }

    /// Writes down that it was sent, for whoever wants to delete it later.
    async fn note_sent(&self, store: &Store, entry: Entry) -> Result<(), String> {
        if entry.sent {
            return Ok(());
        }
        blocking(store, move |store| store.mark_sent(&entry)).await
    }

    async fn strike(&self, store: &Store, id: &str, outcome: Outcome) -> Result<(), String> {
        let (id, now) = (id.to_owned(), self.clock.now());
        blocking(store, move |store| store.settle(&id, outcome, now))
            .await
            .map(drop)
    }

    /// Writes down what was sent and is not answered: nobody waits for it any
    /// more. How many of them could not be kept.
    pub async fn keep_unanswered(&self) -> usize {
        let open: Vec<Entry> = self.open().drain().flat_map(|(_, open)| open).collect();
        let all = open.len();
        let Some(store) = &self.store else {
            return all;
        };
        let kept = blocking(store, move |store| store.queue_all(&open));
        all - kept.await.unwrap_or(0)
    }

    /// How many requests with changes were sent and are neither answered nor kept.
    #[must_use]
    pub fn unanswered(&self) -> usize {
        self.open().len()
    }

    /// How many changes wait on disk.
    pub async fn waiting(&self) -> usize {
        let Some(store) = &self.store else {
            return 0;
        };
        let read = blocking(store, |store| Ok(store.read()?.waiting.len()));
        read.await.unwrap_or(0)
    }

    fn entry(&self, key: &OrderKey, sent: bool, work: Work) -> Entry {
        Entry {
            id: new_idempotency_key(),
            at: self.clock.now(),
            vendor: key.vendor.clone(),
            number: key.number.clone(),
            sent,
            work,
        }
    }

    fn sending(&self) -> MutexGuard<'_, Option<String>> {
        self.sending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> MutexGuard<'_, HashMap<u64, Vec<Entry>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// False when nobody listens any more.
    async fn tell(&self, event: Event) -> bool {
        self.answers.send(event).await.is_ok()
    }
}

/// What the server said to a change that waited.
enum Answer {
    Step(Result<Box<StatusChanged>, RequestError>),
    Note(Result<(), RequestError>),
    Tracking(Result<Box<TrackingChanged>, RequestError>),
}

impl Answer {
    fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Step(result) => settled_by(result),
            Self::Note(result) => settled_by(result),
            Self::Tracking(result) => settled_by(result),
        }
    }
}

/// Runs what blocks where it holds up nobody.
async fn blocking<T: Send + 'static>(
    store: &Store,
    work: impl FnOnce(&Store) -> Result<T, OutboxError> + Send + 'static,
) -> Result<T, String> {
    let store = store.clone();
    match spawn_blocking(move || work(&store)).await {
        Ok(done) => done.map_err(|error| error.to_string()),
        Err(stopped) => Err(stopped.to_string()),
    }
}

#[cfg(test)]
mod tests;
