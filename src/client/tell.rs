//! What the loop tells the one who started it, and when it is worth telling.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::event::{ClientEvent, Connection};
use super::line::Line;
use super::run::Run;
use super::state::Facts;
use crate::protocol::rest::Vendor;
use crate::replica::Change;

/// The age of the data is told at most this often while nothing else changes.
const TELL_AGE_EVERY: Duration = Duration::from_secs(1);

/// A wait for the receiver that is longer made the client deaf to the socket.
const DEAF_AFTER: Duration = Duration::from_secs(1);

impl Run {
    /// The data is whole as of now, if nothing is being fetched.
    pub(crate) fn fresh(&mut self) {
        let away = matches!(&self.line, Line::Up(live) if live.degraded);
        if !away && !self.book.is_incomplete() {
            self.fresh_at = Some(self.clock.now());
        }
    }

    pub(crate) async fn tell_changes(&mut self, changes: Vec<Change>) {
        if !changes.is_empty() {
            self.tell(ClientEvent::Changes(changes)).await;
        }
    }

    /// The vendors, if they are others than were told.
    pub(crate) async fn tell_vendors(&mut self) {
        let followed = self.vendor.iter().chain(self.book.vendors());
        let ids: BTreeSet<_> = followed.cloned().collect();
        let vendors: Vec<_> = ids
            .into_iter()
            .map(|id| Vendor {
                name: self.names.by_vendor.get(&id).cloned().unwrap_or_default(),
                id,
            })
            .collect();
        if self.told.vendors.as_ref() != Some(&vendors) {
            self.told.vendors = Some(vendors.clone());
            self.tell(ClientEvent::Vendors(vendors)).await;
        }
    }

    pub(crate) async fn tell_connection(&mut self) {
        let facts = Facts {
            realtime: self.realtime,
            live: match &self.line {
                Line::Up(live) if live.is_up() => Some(live.degraded),
                _ => None,
            },
            down: self.down.clone(),
            poll: self.polls.outcome.clone(),
            failing_since: self.polls.failing_since,
            poll_at: self.polls.due.stamp,
            socket_at: match &self.line {
                Line::Idle(due) => due.map(|due| due.stamp),
                // Told as it was, so that an attempt alone is no news.
                Line::Connecting(_, due) => Some(due.stamp),
                Line::Up(_) => None,
            },
            every: self.every,
        };
        let connection = Connection {
            state: facts.state(),
            fresh_at: self.fresh_at,
            round_trip: self.round_trip,
            legacy: self.legacy,
        };
        let now = Instant::now();
        if let Some((told, at)) = &self.told.connection {
            let only_age = Connection {
                fresh_at: told.fresh_at,
                ..connection.clone()
            } == *told;
            let next_at = *at + TELL_AGE_EVERY;
            if only_age && told.fresh_at == connection.fresh_at {
                return;
            }
            if only_age && told.fresh_at.is_some() && now < next_at {
                self.told.age_at = Some(next_at);
                return;
            }
        }
        self.told.age_at = None;
        self.told.connection = Some((connection.clone(), now));
        self.tell(ClientEvent::Connection(connection)).await;
    }

    /// Waits for room: a slow receiver stops the reading, and recovery repairs
    /// what the server then closes.
    pub(crate) async fn tell(&mut self, event: ClientEvent) {
        let start = Instant::now();
        // Nobody listens any more: the loop sees it next.
        let _ = self.told.to.send(event).await;
        let end = Instant::now();
        if let Line::Up(live) = &mut self.line
            && end - start > DEAF_AFTER
        {
            // Its silence was ours: what it said meanwhile was not read.
            live.was_deaf(end);
        }
    }
}
