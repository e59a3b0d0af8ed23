//! Tries a server, a token and a vendor with the calls that the screen makes, and
//! finds the field that is wrong.

use std::time::Duration;

use ordertop::client::rest::ListQuery;
use ordertop::client::{RequestError, Rest};
use ordertop::order::VendorId;
use tokio::time::{Instant, timeout};

use super::form::{Answers, Fault};
use crate::model::start::{Spot, Step};
use crate::strings::start as words;

/// How long a trial may take in all. A person waits for it.
const PATIENCE: Duration = Duration::from_secs(10);
/// Hears how far a trial is.
type Tell<'a> = &'a (dyn Fn(Step) + Send + Sync);

/// Tries the answers; `tell` hears how far it is.
///
/// # Errors
/// What is wrong, with which field, and what to do.
pub(super) async fn check(answers: &Answers, tell: Tell<'_>) -> Result<(), Fault> {
    let trial = timeout(PATIENCE, trial(answers, tell));
    trial.await.unwrap_or_else(|_| {
        let words = words::silent(&host(answers), PATIENCE);
        Err(Fault::new(Spot::Server, &words))
    })
}

async fn trial(answers: &Answers, tell: Tell<'_>) -> Result<(), Fault> {
    let reached = |error: &RequestError| not_reached(answers, error);
    let rest = Rest::new(&answers.url, &answers.credentials).map_err(|error| reached(&error))?;
    tell(Step::Reaching);
    let asked = Instant::now();
    match rest.status().await {
        // That there is no such page, or another one, says little yet.
        Ok(_)
        | Err(
            RequestError::Refused { .. }
            | RequestError::Foreign { .. }
            | RequestError::Unreadable { .. },
        ) => {}
        Err(error) => return Err(reached(&error)),
    }
    tell(Step::LettingIn(asked.elapsed()));
    match rest.vendors().await {
        Ok(vendors) => match &answers.vendor {
            Some(id) if !vendors.iter().any(|vendor| vendor.id == *id) => {
                let known: Vec<_> = vendors.iter().map(|vendor| &vendor.id).collect();
                Err(Fault::new(Spot::Vendor, &words::unknown_vendor(id, &known)))
            }
            _ => Ok(()),
        },
        Err(RequestError::Refused {
            status: 401 | 403, ..
        }) => Err(Fault::new(Spot::Token, words::WRONG_TOKEN)),
        // A server of the old kind does not know the call.
        Err(error) if error.is_unknown_call() => old_kind(answers, rest).await,
        Err(error) => Err(reached(&error)),
    }
}

/// The same for a server of the old kind, which has the list alone and asks for
/// a vendor.
async fn old_kind(answers: &Answers, rest: Rest) -> Result<(), Fault> {
    let list = match &answers.vendor {
        Some(vendor) => {
            let rest = rest.acting_as(vendor.clone());
            rest.orders(vendor, &ListQuery::default()).await
        }
        None => rest.orders_of_all(&ListQuery::default()).await,
    };
    let error = match list {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    Err(match (&error, &answers.vendor) {
        (
            RequestError::Refused {
                status: 401 | 403,
                message,
                ..
            },
            vendor,
        ) => refused_by_old(message, vendor.as_ref()),
        (RequestError::Refused { .. } | RequestError::Unreadable { .. }, _) => {
            Fault::new(Spot::Server, &words::not_ours(&host(answers)))
        }
        _ => not_reached(answers, &error),
    })
}

fn refused_by_old(message: &str, vendor: Option<&VendorId>) -> Fault {
    let said = message.to_lowercase();
    match vendor {
        None if said.contains("x-vendor-id") => Fault::new(Spot::Vendor, words::VENDOR_NEEDED),
        Some(id) if said.contains("invalid vendor") => {
            Fault::new(Spot::Vendor, &words::unknown_vendor(id, &[]))
        }
        _ => Fault::new(Spot::Token, words::WRONG_TOKEN),
    }
}

/// Nothing answered, or not as a server of ours does.
fn not_reached(answers: &Answers, error: &RequestError) -> Fault {
    let host = host(answers);
    let secure = answers.url.scheme() == "https";
    let words = match error {
        RequestError::Token => return Fault::new(Spot::Token, words::TOKEN_CHARACTERS),
        RequestError::Unreachable { reason, .. } => words::unreachable(&host, reason, secure),
        RequestError::Timeout { after, .. } => words::silent(&host, *after),
        RequestError::Away { message, .. } => words::away(&host, message),
        RequestError::Foreign { found, .. } => words::foreign(&host, found),
        RequestError::Refused {
            status: 500..,
            message,
            ..
        } => words::away(&host, message),
        RequestError::Refused { .. }
        | RequestError::Unreadable { .. }
        | RequestError::TooLong { .. } => words::not_ours(&host),
        other => other.to_string(),
    };
    Fault::new(Spot::Server, &words)
}

/// Host and port, as messages name the server.
fn host(answers: &Answers) -> String {
    words::host(&answers.url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ordertop::client::{Credentials, Url};

    fn answers(server: &str) -> Answers {
        Answers {
            server: server.to_owned(),
            url: Url::parse(server).unwrap(),
            vendor: None,
            credentials: Credentials {
                master_token: "t".into(),
            },
            token_typed: true,
        }
    }

    #[test]
    fn each_failure_says_what_to_do() {
        let unreachable = |reason: &str| RequestError::Unreachable {
            server: String::new(),
            reason: reason.into(),
        };
        let refused = |status, code: &str, message: &str| RequestError::Refused {
            status,
            code: code.into(),
            message: message.into(),
        };
        let unreadable = RequestError::Unreadable {
            reason: "expected value".into(),
        };
        let timeout = RequestError::Timeout {
            server: String::new(),
            after: Duration::from_secs(5),
        };
        let table = [
            (
                "http://a:1",
                unreachable("connection refused"),
                "ordertop-server serve",
            ),
            (
                "http://a:1",
                unreachable("failed to lookup address information: Name or service not known"),
                "No machine is called a",
            ),
            (
                "https://a:1",
                unreachable("it does not speak TLS: is its address http:// and not https://?"),
                "try http://a:1",
            ),
            (
                "http://a:1",
                unreachable("connection refused (through the proxy http://p:3128)"),
                "proxy http://p:3128",
            ),
            (
                "https://a:1",
                unreachable("invalid peer certificate: UnknownIssuer"),
                "certificate",
            ),
            (
                "http://a:1",
                unreachable("no route to host"),
                "no route to host",
            ),
            ("http://a:1", timeout, "within 5 s"),
            (
                "http://a:1",
                RequestError::Foreign {
                    server: String::new(),
                    status: 302,
                    found: "answers with a redirect to TLS: give https://a".into(),
                },
                "a:1 answers with a redirect to TLS: give https://a",
            ),
            (
                "http://a:1",
                refused(400, "", "bad"),
                "not as an ordertop server",
            ),
            ("http://a:1", unreadable, "not as an ordertop server"),
            ("http://a:1", refused(500, "", "broken\u{1b}[2J"), "broken"),
        ];
        for (server, error, words) in table {
            let fault = not_reached(&answers(server), &error);
            assert_eq!(fault.at, Spot::Server);
            assert!(fault.words.contains(words), "{}", fault.words);
            assert!(!fault.words.contains('\u{1b}'));
        }
        assert_eq!(
            not_reached(&answers("http://a"), &RequestError::Token).at,
            Spot::Token
        );
    }

    #[test]
    fn the_old_servers_words_lead_to_the_field() {
        let id = VendorId::new("42").unwrap();
        let needed = "Vendor authentication required. Please provide X-Vendor-ID header.";
        assert_eq!(refused_by_old(needed, None).at, Spot::Vendor);
        assert_eq!(
            refused_by_old("Invalid vendor ID", Some(&id)).at,
            Spot::Vendor
        );
        assert_eq!(
            refused_by_old("Invalid master token", Some(&id)).at,
            Spot::Token
        );
    }
}
