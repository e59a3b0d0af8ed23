//! What came back of what the screen asked for, in a record: from the server, and
//! from this machine.

use ordertop::client::RequestError;
use ordertop::protocol::rest::{StatusChanged, TrackingChanged};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::failure::Failure;
use super::mask::Mask;
use crate::model::outbox::{Contents, Entry, Sent};

/// What a request brought.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The body.
    Here(Value),
    /// Why there is none.
    Failed(Failure),
}

impl Answer {
    /// The answer, masked.
    pub fn of<T: Serialize>(result: &Result<T, RequestError>, mask: &mut Mask) -> Self {
        match result {
            Ok(body) => Self::Here(mask.body(body)),
            Err(error) => Self::Failed(Failure::of(error, mask)),
        }
    }

    /// The result again.
    ///
    /// # Errors
    /// When its body cannot be read.
    pub fn result<T: DeserializeOwned>(self) -> Result<Result<T, RequestError>, serde_json::Error> {
        Ok(match self {
            Self::Here(body) => Ok(serde_json::from_value(body)?),
            Self::Failed(failure) => Err(failure.error()?),
        })
    }
}

/// What this machine did: its disk, or a program of the user's.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// What it brought, if anything.
    Here(Value),
    /// Why not.
    Failed(String),
}

impl Done {
    /// What the disk did. Its own words stay, as the server's do.
    pub fn by_the_disk<T: Serialize>(result: &Result<T, String>, mask: &mut Mask) -> Self {
        match result {
            Ok(body) => Self::Here(mask.body(body)),
            Err(why) => Self::Failed(why.clone()),
        }
    }

    /// What a program of the user's did: it may have said again what it was told
    /// of buyers, so the form of its words is left.
    pub fn by_a_program(result: &Result<(), String>, mask: &Mask) -> Self {
        match result {
            Ok(()) => Self::Here(Value::Null),
            Err(why) => Self::Failed(mask.typed(why)),
        }
    }

    /// The result again.
    ///
    /// # Errors
    /// When what it brought cannot be read.
    pub fn result<T: DeserializeOwned>(self) -> Result<Result<T, String>, serde_json::Error> {
        Ok(match self {
            Self::Here(body) => Ok(serde_json::from_value(body)?),
            Self::Failed(why) => Err(why),
        })
    }
}

/// What waits on disk, as [`Contents`].
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Waiting {
    waiting: Vec<Entry>,
    damaged: usize,
}

impl From<&Contents> for Waiting {
    fn from(contents: &Contents) -> Self {
        Self {
            waiting: contents.waiting.clone(),
            damaged: contents.damaged,
        }
    }
}

impl From<Waiting> for Contents {
    fn from(read: Waiting) -> Self {
        Self {
            waiting: read.waiting,
            damaged: read.damaged,
        }
    }
}

/// What came of sending a change that waits, as [`Sent`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "as in Sent")]
pub enum Sending {
    Answered {
        answer: Answer,
        #[serde(default)]
        unstruck: Option<String>,
    },
    NoteAnswered {
        answer: Answer,
        #[serde(default)]
        unstruck: Option<String>,
    },
    TrackingAnswered {
        answer: Answer,
        #[serde(default)]
        unstruck: Option<String>,
    },
    Busy,
    Gone,
    Failed(String),
}

impl Sending {
    /// What came of it, masked.
    pub fn of(sent: &Sent, mask: &mut Mask) -> Self {
        match sent {
            Sent::Answered { result, unstruck } => Self::Answered {
                answer: Answer::of(result, mask),
                unstruck: unstruck.clone(),
            },
            Sent::NoteAnswered { result, unstruck } => Self::NoteAnswered {
                answer: Answer::of(result, mask),
                unstruck: unstruck.clone(),
            },
            Sent::TrackingAnswered { result, unstruck } => Self::TrackingAnswered {
                answer: Answer::of(result, mask),
                unstruck: unstruck.clone(),
            },
            Sent::Busy => Self::Busy,
            Sent::Gone => Self::Gone,
            Sent::Failed(why) => Self::Failed(why.clone()),
        }
    }

    /// The same again.
    ///
    /// # Errors
    /// When the answer cannot be read.
    pub fn sent(self) -> Result<Sent, serde_json::Error> {
        Ok(match self {
            Self::Answered { answer, unstruck } => Sent::Answered {
                result: answer.result::<StatusChanged>()?.map(Box::new),
                unstruck,
            },
            Self::NoteAnswered { answer, unstruck } => Sent::NoteAnswered {
                result: answer.result()?,
                unstruck,
            },
            Self::TrackingAnswered { answer, unstruck } => Sent::TrackingAnswered {
                result: answer.result::<TrackingChanged>()?.map(Box::new),
                unstruck,
            },
            Self::Busy => Sent::Busy,
            Self::Gone => Sent::Gone,
            Self::Failed(why) => Sent::Failed(why),
        })
    }
}
