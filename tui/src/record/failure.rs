//! Why a request came to nothing, in a record: what the screen does about it
//! depends on the kind, not on the words alone.

use std::time::Duration;

use jiff::Timestamp;
use ordertop::client::RequestError;
use ordertop::order::Actor;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::mask::Mask;
use crate::strings;

/// As [`RequestError`]; `Other` are kinds that are told by their words alone.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "as in RequestError")]
pub enum Failure {
    Unreachable {
        server: String,
        reason: String,
    },
    Timeout {
        server: String,
        after_ms: u64,
    },
    Refused {
        status: u16,
        code: String,
        message: String,
    },
    Foreign {
        server: String,
        status: u16,
        found: String,
    },
    VersionConflict {
        order: Option<Value>,
        changed_by: Option<Actor>,
        changed_at: Option<Timestamp>,
    },
    Away {
        status: u16,
        message: String,
        retry_after_ms: Option<u64>,
    },
    TooLong {
        limit_bytes: usize,
    },
    Unreadable {
        reason: String,
    },
    Other {
        message: String,
    },
}

impl Failure {
    /// The failure, its order masked.
    #[must_use]
    pub fn of(error: &RequestError, mask: &mut Mask) -> Self {
        match error.clone() {
            RequestError::Unreachable { server, reason } => Self::Unreachable { server, reason },
            RequestError::Timeout { server, after } => Self::Timeout {
                server,
                after_ms: millis(after),
            },
            RequestError::Refused {
                status,
                code,
                message,
            } => Self::Refused {
                status,
                code,
                message,
            },
            RequestError::Foreign {
                server,
                status,
                found,
            } => Self::Foreign {
                server,
                status,
                found,
            },
            RequestError::VersionConflict {
                order,
                changed_by,
                changed_at,
            } => Self::VersionConflict {
                order: order.map(|order| mask.body(&order)),
                changed_by,
                changed_at,
            },
            RequestError::Away {
                status,
                message,
                retry_after,
            } => Self::Away {
                status,
                message,
                retry_after_ms: retry_after.map(millis),
            },
            RequestError::TooLong { limit_bytes } => Self::TooLong { limit_bytes },
            RequestError::Unreadable { reason } => Self::Unreadable { reason },
            other => Self::Other {
                message: strings::sentence(&other),
            },
        }
    }

    /// The error again.
    ///
    /// # Errors
    /// When its order cannot be read.
    pub fn error(self) -> Result<RequestError, serde_json::Error> {
        Ok(match self {
            Self::Unreachable { server, reason } => RequestError::Unreachable { server, reason },
            Self::Timeout { server, after_ms } => RequestError::Timeout {
                server,
                after: Duration::from_millis(after_ms),
            },
            Self::Refused {
                status,
                code,
                message,
            } => RequestError::Refused {
                status,
                code,
                message,
            },
            Self::Foreign {
                server,
                status,
                found,
            } => RequestError::Foreign {
                server,
                status,
                found,
            },
            Self::VersionConflict {
                order,
                changed_by,
                changed_at,
            } => RequestError::VersionConflict {
                order: order.map(serde_json::from_value).transpose()?,
                changed_by,
                changed_at,
            },
            Self::Away {
                status,
                message,
                retry_after_ms,
            } => RequestError::Away {
                status,
                message,
                retry_after: retry_after_ms.map(Duration::from_millis),
            },
            Self::TooLong { limit_bytes } => RequestError::TooLong { limit_bytes },
            Self::Unreadable { reason } => RequestError::Unreadable { reason },
            Self::Other { message } => RequestError::Refused {
                status: 0,
                code: String::new(),
                message,
            },
        })
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
