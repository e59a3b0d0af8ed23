//! The log of all vendors' commits, from which a server learns what no message told it: it
//! asks for what was committed since, not for each vendor that it follows.

use std::collections::HashMap;

use ordertop::order::VendorId;
use ordertop::protocol::Position;

use super::keys;
use super::rows::{Entry, position, unreadable};
use super::shared::Shared;
use crate::store::StoreError;

/// Commits that are read at a time.
const PAGE: usize = 10_000;

/// A place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Before the first commit of a log that was empty.
    Start,
    /// At this entry.
    At(Entry),
}

/// What was read of the log.
#[derive(Debug)]
pub(super) struct Commits {
    /// Whether the log went on from the place that was known. Else it was trimmed beyond that,
    /// or is another one, as after a failover.
    pub(super) unbroken: bool,
    /// The newest commit of each vendor that had one.
    pub(super) newest: HashMap<VendorId, Position>,
    /// Where to go on.
    pub(super) place: Place,
    /// Whether there is more to be read at once.
    pub(super) more: bool,
}

impl Shared {
    /// What was committed after `place`; without one only where the log ends now.
    pub(super) async fn commits(&self, place: Option<Place>) -> Result<Commits, StoreError> {
        let Some(place) = place else {
            return self.end_of_commits().await;
        };
        let mut command = redis::cmd("XRANGE");
        command.arg(keys::COMMITS);
        command.arg(match &place {
            Place::Start => "-",
            Place::At((id, _)) => id,
        });
        command.arg("+").arg("COUNT").arg(PAGE);
        let entries: Vec<Entry> = self.ask(&command).await?;
        let more = entries.len() == PAGE;
        // The entry itself comes first, and proves that it is the same log.
        let unbroken = match &place {
            Place::Start => true,
            Place::At(at) => entries.first() == Some(at),
        };
        if !unbroken {
            return self.end_of_commits().await;
        }
        let mut newest = HashMap::new();
        for (_, fields) in &entries {
            let values: Vec<&str> = fields.chunks(2).map(|pair| pair[1].as_str()).collect();
            let [vendor, offset, mark] = values[..] else {
                return Err(unreadable("the log of commits"));
            };
            let vendor = VendorId::new(vendor).map_err(|_| unreadable("a vendor's id"))?;
            newest.insert(vendor, position(offset, mark)?);
        }
        Ok(Commits {
            unbroken,
            newest,
            place: entries.into_iter().next_back().map_or(place, Place::At),
            more,
        })
    }

    /// The place of the newest commit.
    async fn end_of_commits(&self) -> Result<Commits, StoreError> {
        let mut command = redis::cmd("XREVRANGE");
        command.arg(keys::COMMITS).arg("+").arg("-");
        command.arg("COUNT").arg(1);
        let newest: Vec<Entry> = self.ask(&command).await?;
        Ok(Commits {
            unbroken: false,
            newest: HashMap::new(),
            place: newest.into_iter().next().map_or(Place::Start, Place::At),
            more: false,
        })
    }
}
