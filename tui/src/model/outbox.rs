//! A change that waits on disk for the server, and what came of it. `docs/OUTBOX.md` has the file's format.

use jiff::{SignedDuration, Timestamp};
use ordertop::client::RequestError;
use ordertop::order::{OrderKey, OrderNumber, OrderStatus, VendorId};
use ordertop::protocol::rest::{
    NewNote, StatusChange, StatusChanged, TrackingChange, TrackingChanged,
};
use serde::{Deserialize, Serialize};

use super::step::Aim;

/// How many changes wait at most; a further one is refused and said to be.
pub const MAX_WAITING: usize = 1_000;

/// For how long a change is sent without asking where nothing but its key keeps
/// it from being done twice: a server remembers keys for 24 hours, of which one
/// is left for clocks that differ.
pub const KEY_TRUSTED: SignedDuration = SignedDuration::from_hours(23);

/// A change that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its `Idempotency-Key`.
    pub id: String,
    /// When it was made.
    pub at: Timestamp,
    /// Whose order.
    pub vendor: VendorId,
    /// Which order.
    pub number: OrderNumber,
    /// Whether it was sent before it was written down, so that it may be done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sent: bool,
    /// What to send: the same bytes each time, or the server takes the key for
    /// another request's.
    #[serde(flatten)]
    pub work: Work,
}

/// What a change that waits does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Work {
    /// It brings the order to another status.
    Step {
        /// Where it is to go.
        to: OrderStatus,
        /// What to send.
        change: StatusChange,
    },
    /// It adds a note.
    Note {
        /// What to send.
        note: NewNote,
    },
    /// It adds or corrects a parcel of an order that has left.
    Tracking {
        /// What to send.
        tracking: TrackingChange,
    },
}

impl Entry {
    /// What the order is known by.
    #[must_use]
    pub fn key(&self) -> OrderKey {
        OrderKey {
            vendor: self.vendor.clone(),
            number: self.number.clone(),
        }
    }

    /// Where it brings the order; nowhere by a note or a parcel.
    #[must_use]
    pub fn to(&self) -> Option<OrderStatus> {
        match self.work {
            Work::Step { to, .. } => Some(to),
            Work::Note { .. } | Work::Tracking { .. } => None,
        }
    }

    /// The version at which the order must be still for it to be done.
    #[must_use]
    pub fn version(&self) -> Option<u64> {
        match &self.work {
            Work::Step { change, .. } => change.expected_version,
            Work::Note { .. } | Work::Tracking { .. } => None,
        }
    }

    /// Whether somebody should look at it before it is sent: the server may have
    /// forgotten its key, and it names no version that would stop it from being
    /// done a second time.
    #[must_use]
    pub fn is_stale(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.at).abs();
        self.version().is_none() && age > KEY_TRUSTED
    }
}

/// What became of a change that waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The server did it, now or before.
    Done,
    /// The server said no.
    Refused,
    /// The user took it back.
    Deleted,
}

/// What came of sending a change that waits.
#[derive(Debug, Clone)]
pub enum Sent {
    /// It was sent.
    Answered {
        /// What came of it; where that settles it, it is struck out.
        result: Result<Box<StatusChanged>, RequestError>,
        /// Why it could not be struck out, so that the file holds it still.
        unstruck: Option<String>,
    },
    /// It was sent, and is a parcel.
    TrackingAnswered {
        /// What came of it; where that settles it, it is struck out.
        result: Result<Box<TrackingChanged>, RequestError>,
        /// Why it could not be struck out, so that the file holds it still.
        unstruck: Option<String>,
    },
    /// It was sent, and is a note.
    NoteAnswered {
        /// What came of it; where that settles it, it is struck out.
        result: Result<(), RequestError>,
        /// Why it could not be struck out, so that the file holds it still.
        unstruck: Option<String>,
    },
    /// Another program is sending.
    Busy,
    /// Another program settled it.
    Gone,
    /// The outbox failed; nothing was sent.
    Failed(String),
}

/// Whether an answer says for good what became of a change; otherwise it waits on.
#[must_use]
pub fn settled_by<T>(result: &Result<T, RequestError>) -> Option<Outcome> {
    let error = match result {
        Ok(_) => return Some(Outcome::Done),
        Err(error) => error,
    };
    match error {
        RequestError::VersionConflict { .. } | RequestError::NotKept { .. } => {
            Some(Outcome::Refused)
        }
        // Credentials can be mended, and a page that is not there says nothing of an order:
        // something else may answer at the server's address for now.
        RequestError::Refused {
            status: 401 | 403, ..
        } => None,
        RequestError::Refused {
            status: 404 | 405,
            code,
            ..
        } if code.is_empty() => None,
        // What else has no code of the server's is another one's word, a proxy's say.
        RequestError::Refused { status, code, .. }
            if matches!(status, 400 | 409) || (401..=499).contains(status) && !code.is_empty() =>
        {
            Some(Outcome::Refused)
        }
        _ => None,
    }
}

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Contents {
    /// Changes that wait, the oldest first.
    pub waiting: Vec<Entry>,
    /// Lines whose checksum does not fit.
    pub damaged: usize,
}

/// A change that waits.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// As it is on disk.
    pub entry: Entry,
    /// Why the last try came to nothing.
    pub error: Option<String>,
    /// Not sent by itself any more: somebody must look at it.
    pub held: bool,
    /// What it was meant as, where this run knows.
    pub(crate) aim: Aim,
    /// Where its order stood, where this run knows.
    pub(crate) from: Option<OrderStatus>,
    /// The user said to send it, stale or not.
    pub(crate) released: bool,
    pub(crate) tries: u32,
    pub(crate) next_at: Option<Timestamp>,
}

impl Waiting {
    pub(crate) fn new(entry: Entry, aim: Aim, from: Option<OrderStatus>) -> Self {
        Self {
            entry,
            aim,
            from,
            error: None,
            held: false,
            released: false,
            tries: 0,
            next_at: None,
        }
    }

    /// Whether somebody must decide about it first.
    #[must_use]
    pub fn needs_decision(&self, now: Timestamp) -> bool {
        !self.released && (self.held || self.entry.is_stale(now))
    }

    /// Whether it may have been done already.
    #[must_use]
    pub fn may_be_done(&self) -> bool {
        self.entry.sent || self.tries > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::{at, step_of, waiting};

    fn refused(status: u16, code: &str) -> Result<(), RequestError> {
        Err(RequestError::Refused {
            status,
            code: code.into(),
            message: "no".into(),
        })
    }

    #[test]
    fn only_a_server_that_speaks_of_the_order_settles_a_change() {
        assert_eq!(settled_by(&Ok::<(), RequestError>(())), Some(Outcome::Done));
        let table = [
            (400, "", Some(Outcome::Refused)),
            (404, "not_found", Some(Outcome::Refused)),
            (409, "key_reused", Some(Outcome::Refused)),
            (404, "", None),
            (407, "", None),
            (408, "", None),
            (413, "", None),
            (451, "", None),
            (401, "", None),
            (403, "forbidden", None),
            (500, "", None),
            (301, "", None),
        ];
        for (status, code, outcome) in table {
            assert_eq!(
                settled_by(&refused(status, code)),
                outcome,
                "{status} {code}"
            );
        }
        let conflict = RequestError::VersionConflict {
            order: None,
            changed_by: None,
            changed_at: None,
        };
        assert_eq!(settled_by(&Err::<(), _>(conflict)), Some(Outcome::Refused));
        let asks_patience = RequestError::Away {
            status: 429,
            message: String::new(),
            retry_after: None,
        };
        assert_eq!(settled_by(&Err::<(), _>(asks_patience)), None);
    }

    #[test]
    fn without_a_version_a_change_is_trusted_while_its_key_is_remembered() {
        let day = 24 * 3_600;
        let mut entry = waiting("A-1", 1);
        assert!(!entry.is_stale(at(120 + 30 * day)), "its version keeps it");
        *step_of(&mut entry) = StatusChange::default();
        assert!(!entry.is_stale(at(120 + 3_600)));
        assert!(entry.is_stale(at(120 + day)) && entry.is_stale(at(120 - day)));
    }
}
