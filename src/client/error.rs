//! Why a request came to nothing, in words for a person.

use std::error::Error as StdError;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::order::{Actor, VendorId, text};
use crate::protocol::ListedOrder;
use crate::protocol::rest::ErrorBody;

/// The code of an order that is not there, as an ordertop server gives it.
const UNKNOWN_ORDER: &str = "unknown_order";
/// Longest sentence of a server's that is passed on, in characters.
const MAX_MESSAGE_CHARS: usize = 500;

/// Why a request came to nothing. Texts that came from a server are clean:
/// they hold no control characters.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RequestError {
    /// No connection came about, or it broke.
    #[error("{server} cannot be reached: {reason}")]
    Unreachable {
        /// Host and port.
        server: String,
        /// The system's words: `connection refused`.
        reason: String,
    },
    /// No answer in time.
    #[error("{server} did not answer within {} s", after.as_secs())]
    Timeout {
        /// Host and port.
        server: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// The server understood and said no.
    #[error("{message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The stable code; empty where the server gives none.
        code: String,
        /// The server's sentence.
        message: String,
    },
    /// Something else than an ordertop server, or the old system, stands at the address.
    #[error("{server} {found}")]
    Foreign {
        /// Host and port, and the proxy before them.
        server: String,
        /// The HTTP status.
        status: u16,
        /// What was found there: `answers 404 Not Found with a web page: this is not an ordertop server`.
        found: String,
    },
    /// The order is at another version than the request expected.
    #[error("{}", conflict(changed_by.as_ref()))]
    VersionConflict {
        /// The order as it is now.
        order: Option<Box<ListedOrder>>,
        /// Who changed it last.
        changed_by: Option<Actor>,
        /// When that was.
        changed_at: Option<Timestamp>,
    },
    /// The server, or the store behind it, is away for now (502, 503, 504), or
    /// asks for patience (429).
    #[error("{message}")]
    Away {
        /// The HTTP status.
        status: u16,
        /// The server's sentence.
        message: String,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// The answer was longer than a client takes.
    #[error("the server's answer is longer than {limit_bytes} bytes: ask for less at once")]
    TooLong {
        /// The limit.
        limit_bytes: usize,
    },
    /// The answer is not what the protocol says.
    #[error("the server's answer cannot be read ({reason}): is this an ordertop server?")]
    Unreadable {
        /// What is wrong with it.
        reason: String,
    },
    /// The request names another vendor than the one that the client acts as.
    #[error("this order is vendor {named}'s, but you act as vendor {acting}")]
    AnotherVendor {
        /// In the request.
        named: VendorId,
        /// In the client.
        acting: VendorId,
    },
    /// A server of the old kind, and no vendor is named.
    #[error("{}", super::legacy::NAME_A_VENDOR)]
    VendorNeeded,
    /// A server of the old kind, which cannot keep what it was to be sent. Nothing was sent.
    #[error("this server keeps no {what}: it is one of the old kind")]
    NotKept {
        /// What it cannot keep: `notes`.
        what: &'static str,
    },
    /// The server's address is none that can be asked.
    #[error("`{server}` is no server address: give one such as http://127.0.0.1:8080")]
    Address {
        /// As given.
        server: String,
    },
    /// The token cannot stand in a header.
    #[error("the master token has characters that no header may carry: check how it was copied")]
    Token,
    /// The idempotency key cannot stand in a header.
    #[error("the idempotency key has characters that no header may carry")]
    IdempotencyKey,
    /// This machine's TLS or resolver could not be set up.
    #[error("the network could not be set up: {reason}")]
    Setup {
        /// Why.
        reason: String,
    },
}

fn conflict(by: Option<&Actor>) -> String {
    match by {
        Some(by) => format!("the order was changed meanwhile by {by}: look again"),
        None => "the order was changed meanwhile: look again".to_owned(),
    }
}

impl RequestError {
    /// Whether the server refuses these credentials or this vendor, so that
    /// trying again soon is of no use.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::VendorNeeded
                | Self::Refused {
                    status: 401 | 403 | 404,
                    ..
                }
        )
    }

    /// Whether a change that ended so may have been made all the same: it was
    /// sent, more than once perhaps, and no answer said what came of it.
    #[must_use]
    pub fn leaves_open(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Timeout { .. }
                | Self::TooLong { .. }
                | Self::Unreadable { .. }
                | Self::Away {
                    status: 502..=504,
                    ..
                }
                | Self::Refused { status: 500.., .. }
        )
    }

    /// Whether a refusal came with words of the server's own, and not with a status
    /// alone or somebody's page.
    #[must_use]
    pub fn has_words(&self) -> bool {
        match self {
            Self::Refused {
                status, message, ..
            } => *message != bare_sentence(*status),
            _ => false,
        }
    }

    /// Whether there is no such page, in no words of ours: so says a server of
    /// the old kind to a call that it does not know, and so do others.
    #[must_use]
    pub fn is_unknown_call(&self) -> bool {
        match self {
            Self::Refused { status, code, .. } => matches!(status, 404 | 405) && code.is_empty(),
            Self::Foreign { status, .. } => matches!(status, 404 | 405),
            _ => false,
        }
    }

    /// The error in an answer's status, `Retry-After` and body. Knows the
    /// seed's shapes: `{"status":["…"]}`, `{"detail":"…"}`, `{"error":"…"}`.
    pub(crate) fn from_answer(status: u16, retry_after: Option<Duration>, body: &[u8]) -> Self {
        let known = serde_json::from_slice::<ErrorBody>(body).ok();
        let (code, said) = match &known {
            Some(known) => (known.code.clone(), Some(known.error.clone())),
            None => (String::new(), seed_sentence(body)),
        };
        let message = text::clean(&said.unwrap_or_default(), MAX_MESSAGE_CHARS);
        let message = if message.is_empty() {
            bare_sentence(status)
        } else {
            message
        };
        if let Some(absent) = absent_from_old(status, &message, !code.is_empty()) {
            return absent;
        }
        match (status, code.as_str(), known) {
            (
                _,
                "ambiguous_order",
                Some(ErrorBody {
                    vendors: Some(vendors),
                    ..
                }),
            ) => Self::Refused {
                status,
                code,
                message: several(&vendors),
            },
            (409, "version_conflict", Some(known)) => Self::VersionConflict {
                order: known.order.map(Box::new),
                changed_by: known.changed_by,
                changed_at: known.changed_at,
            },
            (429 | 502..=504, _, _) => Self::Away {
                status,
                message,
                retry_after,
            },
            _ => Self::Refused {
                status,
                code,
                message,
            },
        }
    }
}

/// What the old system says of an order that is not there or another vendor's, which it refuses with a
/// 500, a 400 or a 403; ours answers 404 to all of them.
fn absent_from_old(status: u16, message: &str, coded: bool) -> Option<RequestError> {
    const SAID: [(u16, &str); 4] = [
        (500, "Order matching query does not exist"),
        (404, "No Order matches the given query"),
        (400, "You don't have access to this order"),
        (403, "You do not have access to this order"),
    ];
    let absent = SAID
        .iter()
        .any(|(its, words)| *its == status && message.starts_with(words));
    (absent && !coded).then(|| RequestError::Refused {
        status: 404,
        code: UNKNOWN_ORDER.to_owned(),
        message: message.to_owned(),
    })
}

/// Whose an order may be, in words that fit whoever asked.
fn several(vendors: &[VendorId]) -> String {
    /// More are not named.
    const NAMED: usize = 20;
    let mut names: Vec<&str> = vendors.iter().take(NAMED).map(VendorId::as_str).collect();
    if vendors.len() > NAMED {
        names.push("others");
    }
    let names = match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!(": {} and {last}", rest.join(", ")),
        _ => String::new(),
    };
    format!("several vendors have an order of this number{names}")
}

/// The first sentence in one of the seed's error bodies.
fn seed_sentence(body: &[u8]) -> Option<String> {
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
        return None;
    };
    fields.into_iter().find_map(|(field, value)| {
        let said = match value {
            Value::String(said) => said,
            Value::Array(said) => said.into_iter().find_map(|one| match one {
                Value::String(said) => Some(said),
                _ => None,
            })?,
            _ => return None,
        };
        Some(match field.as_str() {
            "status" | "detail" | "error" | "non_field_errors" => said,
            _ => format!("{field}: {said}"),
        })
    })
}

/// What a status means where the body says nothing a person could read.
fn bare_sentence(status: u16) -> String {
    format!("the server answered {}", status_words(status))
}

/// A status with the words of its specification: `404 Not Found`.
pub(crate) fn status_words(status: u16) -> String {
    let known = http::StatusCode::from_u16(status).ok();
    match known.and_then(|status| status.canonical_reason()) {
        Some(words) => format!("{status} {words}"),
        None => status.to_string(),
    }
}

/// The words of the innermost cause, without the system's number:
/// `connection refused`.
pub(crate) fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let words = cause.to_string();
    let words = words
        .split_once(" (os error")
        .map_or(&*words, |(said, _)| said);
    let mut letters = words.chars();
    let lowered: String = match letters.next() {
        // `Connection refused` begins a sentence, `DNS` does not.
        Some(first) if letters.clone().next().is_some_and(char::is_lowercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => words.to_owned(),
    };
    text::clean(&lowered, MAX_MESSAGE_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> RequestError {
        RequestError::from_answer(status, None, body.as_bytes())
    }

    #[test]
    fn every_shape_of_an_error_becomes_a_sentence() {
        let table = [
            (
                400,
                r#"{"status":["Order must be paid before marking as shipped"]}"#,
                "Order must be paid before marking as shipped",
            ),
            (
                401,
                r#"{"detail":"Invalid vendor ID"}"#,
                "Invalid vendor ID",
            ),
            (
                404,
                r#"{"error":"no such order","code":"not_found"}"#,
                "no such order",
            ),
            (400, r#"{"limit":["too large"]}"#, "limit: too large"),
            (
                502,
                "<html>bad gateway</html>",
                "the server answered 502 Bad Gateway",
            ),
            (418, "[]", "the server answered 418 I'm a teapot"),
            (799, "", "the server answered 799"),
            (400, "{\"error\":\"a\\u001b[2Jb\"}", "ab"),
        ];
        for (status, body, sentence) in table {
            assert_eq!(answer(status, body).to_string(), sentence, "{body}");
            let own = !sentence.starts_with("the server answered");
            assert_eq!(answer(status, body).has_words(), own, "{body}");
        }
    }

    #[test]
    fn an_order_that_the_old_system_does_not_give_is_unknown_and_not_its_failure() {
        let table = [
            (
                500,
                r#"{"error":"Order matching query does not exist."}"#,
                true,
            ),
            (
                404,
                r#"{"detail":"No Order matches the given query."}"#,
                true,
            ),
            (
                400,
                r#"{"status":["You don't have access to this order"]}"#,
                true,
            ),
            (
                403,
                r#"{"error":"You do not have access to this order"}"#,
                true,
            ),
            (500, r#"{"error":"JSON parse error"}"#, false),
            (
                403,
                r#"{"error":"You do not have access to this order","code":"forbidden"}"#,
                false,
            ),
        ];
        for (status, body, unknown) in table {
            let error = answer(status, body);
            let code = matches!(&error, RequestError::Refused { status: 404, code, .. } if code == UNKNOWN_ORDER);
            assert_eq!(code, unknown, "{body}");
            assert_eq!(error.leaves_open(), status == 500 && !unknown, "{body}");
        }
    }

    #[test]
    fn a_conflict_names_who_was_first() {
        let body = r#"{"error":"…","code":"version_conflict","changed_by":{"kind":"support","id":"kim"},"changed_at":"2026-11-23T17:00:00Z"}"#;
        let error = answer(409, body);
        assert_eq!(
            error.to_string(),
            "the order was changed meanwhile by support kim: look again"
        );
        assert!(matches!(
            error,
            RequestError::VersionConflict {
                order: None,
                changed_at: Some(_),
                ..
            }
        ));
        assert!(answer(404, "").is_refusal() && !answer(400, "").is_refusal());
    }

    #[test]
    fn a_number_of_several_vendors_names_them() {
        let body = r#"{"error":"…","code":"ambiguous_order","vendors":["7","42","kumo"]}"#;
        assert_eq!(
            answer(409, body).to_string(),
            "several vendors have an order of this number: 7, 42 and kumo"
        );
    }

    #[test]
    fn only_an_answer_that_says_no_settles_a_change() {
        for status in [400, 401, 404, 409, 429] {
            assert!(!answer(status, "").leaves_open(), "{status}");
        }
        for status in [500, 502, 503, 504] {
            assert!(answer(status, "").leaves_open(), "{status}");
        }
    }

    #[test]
    fn the_innermost_cause_is_what_a_person_reads() {
        let io = std::io::Error::from_raw_os_error(111);
        assert_eq!(innermost(&io), "connection refused");
    }
}
