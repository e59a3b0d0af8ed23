//! How the subscriber looks after itself: its connection, its pulse, quiet vendors, and
//! those that nobody follows any more.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ordertop::order::VendorId;
use ordertop::protocol::Position;
use tokio::time::Instant;

use super::{CHANNELS_AT_ONCE, COMPARED, COMPARED_IN_CLUSTER, Done, PAGE, SWEEP_EVERY, Task};
use crate::store::redis::commits::Commits;
use crate::store::redis::connection::{Connection, Pushed};
use crate::store::redis::keys::{self, VendorKeys};
use crate::store::redis::pulse::Pulse;
use crate::store::redis::shared::Counters;
use crate::store::{News, StoreError};

impl Task {
    pub(super) fn connect(&mut self, after: Duration) {
        if std::mem::replace(&mut self.connecting, true) {
            return;
        }
        self.generation += 1;
        self.ears = None;
        self.heard.begin();
        let generation = self.generation;
        let (push, overflowed) = (self.push.clone(), self.overflowed.clone());
        let pushed: Pushed = Arc::new(move |info| {
            if push.try_send((generation, info)).is_err() {
                overflowed.fetch_add(1, Ordering::Relaxed);
            }
        });
        let shared = self.shared.clone();
        let mut channels = self.heard.channels();
        channels.push(keys::NEW_VENDORS.to_owned());
        self.work.spawn(async move {
            tokio::time::sleep(after).await;
            let connecting = async {
                let mut ears = shared.link.connector().connect(Some(pushed)).await?;
                ears.subscribe(&channels).await?;
                Ok(ears)
            };
            let connected: redis::RedisResult<Connection> = connecting.await;
            Done::Connected(generation, connected.map_err(|error| error.to_string()))
        });
    }

    /// Messages do not come: the connection is made anew.
    pub(super) fn deaf(&mut self, why: &str) {
        if !self.connecting {
            tracing::warn!("{why}: connecting anew");
            self.connect(Duration::ZERO);
        }
    }

    pub(super) fn tick(&mut self) {
        self.ticks = self.ticks.wrapping_add(1);
        let now = Instant::now();
        self.take_pulse();
        if self.ears.is_some() && self.heard.is_deaf(now) {
            Counters::add(&self.counters().pubsub_silent);
            self.deaf("published messages do not arrive");
        }
        let overflowed = self.overflowed.load(Ordering::Relaxed);
        let lost_some = overflowed != self.overflowed_seen;
        self.overflowed_seen = overflowed;
        if lost_some {
            self.look_at_all();
        } else {
            self.look_at_quiet();
        }
        self.read_commits();
        if self.ticks.is_multiple_of(SWEEP_EVERY) {
            self.sweep();
        }
    }

    /// Writes to Redis, and publishes a probe to ourselves.
    pub(super) fn take_pulse(&mut self) {
        if !std::mem::replace(&mut self.pulsing, true) {
            let shared = self.shared.clone();
            let probe = self.heard.next_probe();
            self.work
                .spawn(async move { Done::Pulse(Pulse::take(&shared, probe).await) });
        }
    }

    /// Says how it is, for those who ask whether the server is ready.
    pub(super) fn tell_health(&self) {
        let health = match (&self.away, self.heard.is_settled()) {
            (Some(reason), _) => Err(reason.clone()),
            (None, false) => Err("what is published on Redis does not arrive".to_owned()),
            (None, true) => Ok(()),
        };
        self.shared.set_health(health);
    }

    /// Compares where every vendor stands here with what Redis says.
    pub(super) fn look_at_all(&mut self) {
        let all = self.tracks.everyone();
        self.look(&all);
    }

    /// The same for some of those of whom nothing was heard for long.
    fn look_at_quiet(&mut self) {
        let most = if self.shared.is_cluster() {
            COMPARED_IN_CLUSTER
        } else {
            COMPARED
        };
        let quiet = self.tracks.quiet(most, Instant::now());
        self.look(&quiet);
    }

    /// Reads the log of commits from where it was read to, while anybody is followed.
    pub(super) fn read_commits(&mut self) {
        if self.shared.commit_log().is_none() || self.reading_commits {
            return;
        }
        if self.tracks.vendors().next().is_none() {
            self.commits = None;
            self.untold.clear();
            return;
        }
        self.reading_commits = true;
        let (shared, place) = (self.shared.clone(), self.commits.clone());
        self.work
            .spawn(async move { Done::Commits(shared.commits(place).await) });
    }

    /// What was read of the log. A commit that was not told of at the last look either is
    /// read from its stream.
    pub(super) fn committed(&mut self, commits: Result<Commits, StoreError>) {
        self.reading_commits = false;
        // Asked again at the next tick.
        let Ok(commits) = commits else { return };
        for (vendor, there) in std::mem::take(&mut self.untold) {
            if self.tracks.hinted(&vendor, &there) {
                Counters::add(&self.counters().gaps_repaired);
                self.read(vendor);
            }
        }
        let tracks = &self.tracks;
        let untold = commits.newest.into_iter();
        self.untold = untold
            .filter(|(vendor, there)| tracks.is_behind(vendor, there))
            .collect();
        self.commits = Some(commits.place);
        if !commits.unbroken {
            self.look_at_all();
        }
        if commits.more {
            self.read_commits();
        }
    }

    fn look(&mut self, vendors: &[(VendorId, Position)]) {
        for batch in vendors.chunks(CHANNELS_AT_ONCE) {
            let (batch, shared) = (batch.to_vec(), self.shared.clone());
            self.work.spawn(async move {
                let vendors: Vec<_> = batch.iter().map(|(vendor, _)| vendor.clone()).collect();
                Done::Looked(batch, shared.positions(&vendors).await)
            });
        }
    }

    pub(super) fn read_gaps(&mut self) {
        for (vendor, _) in self.tracks.due_gaps(Instant::now()) {
            Counters::add(&self.counters().gaps_repaired);
            self.read(vendor);
        }
    }

    /// Reads a vendor's stream from where it stands here.
    pub(super) fn read(&mut self, vendor: VendorId) {
        let Some(since) = self.tracks.head(&vendor).cloned() else {
            return;
        };
        let shared = self.shared.clone();
        self.work.spawn(async move {
            let replay = shared.events(&vendor, &since, None, PAGE).await;
            Done::Read(vendor, replay)
        });
    }

    /// Lets go of vendors that nobody follows, and finds those that nobody told of.
    pub(super) fn sweep(&mut self) {
        if !self.watches.give_up_all() {
            self.ask_vendors(Some(self.known.len()));
            return;
        }
        self.known.clear();
        let unwanted: Vec<_> = self
            .tracks
            .vendors()
            .filter(|vendor| !self.waiting.contains_key(*vendor) && self.watches.give_up(vendor))
            .cloned()
            .collect();
        if unwanted.is_empty() {
            return;
        }
        let channels: Vec<_> = unwanted.iter().map(|v| VendorKeys(v).channel()).collect();
        for vendor in &unwanted {
            self.tracks.end(vendor);
        }
        if let Some(mut ears) = self.ears.clone() {
            self.leaving = true;
            self.work.spawn(async move {
                // Messages that come all the same are ignored.
                let _ = ears.unsubscribe(&channels).await;
                Done::Left
            });
        }
    }

    pub(super) fn pulse(&mut self, pulse: Pulse) {
        self.pulsing = false;
        self.heard.sent(&pulse);
        match pulse.written {
            Err(reason) => {
                if self.away.is_none() {
                    Counters::add(&self.counters().away);
                    self.tracks.tell(News::Away(reason.clone()));
                }
                self.away = Some(reason);
            }
            Ok(()) => {
                if self.away.take().is_some() {
                    self.look_at_all();
                    self.tracks.tell(News::Back);
                }
            }
        }
        if self.ears.is_some() && self.heard.is_untried() {
            self.take_pulse();
        }
        self.tell_health();
    }
}
