//! `ordertop status`.

use clap::Args;
use ordertop::client::rest::ListQuery;
use ordertop::client::{RequestError, Rest};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::output::{Output, OutputArgs};
use super::{ConnectArgs, Exit, Failure, exit};
use crate::model::address::without_password;
use crate::model::text::tame;

const EXAMPLES: &str = "\
Examples:
  ordertop status --server https://orders.example.com --vendor 42
  ordertop status --json | jq .round_trip_ms
  until ordertop status; do sleep 5; done
      ends with 0 once the server can commit and lets you in

With --json: {server, reachable, round_trip_ms, ready, kind, legacy, authorized, error,
status}; `kind` is ordertop, old (the back office that it replaces), other (something
else answers there, exit code 5) or null; `status` is the server's own, null from
another.";

/// Which server.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct StatusArgs {
    #[command(flatten)]
    pub(super) connect: ConnectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Says how the server is.
///
/// # Errors
/// When the token is not set, or stdout fails. That the server is not well is
/// told, and by the exit code.
pub(super) async fn run(args: StatusArgs) -> Result<Exit, Failure> {
    let rest = args.connect.rest()?;
    let mut out = Output::new(args.output);
    let asked = Instant::now();
    let page = rest.status().await;
    let round_trip_ms = asked.elapsed().as_secs_f64() * 1_000.0;
    let (page, reached) = match page {
        Ok(page) => (page.filter(is_ours), Ok(())),
        // A server of the old kind has no such page.
        Err(
            RequestError::Refused { .. }
            | RequestError::Foreign { .. }
            | RequestError::Unreadable { .. },
        ) => (None, Ok(())),
        Err(error) => (None, Err(error)),
    };
    let let_in = match &reached {
        Ok(()) => look(&rest, &args.connect).await,
        Err(error) => Err(error.clone()),
    };
    let kind = match &page {
        Some(_) => Some(Kind::Ordertop),
        None if reached.is_ok() => Kind::of_list(&let_in),
        None => None,
    };
    let ready = match &page {
        Some(page) => page["ready"] == true,
        None => let_in.is_ok(),
    };
    let ended = match &let_in {
        _ if kind == Some(Kind::Other) => Exit::Unreachable,
        Err(error) => exit::of_request(error),
        Ok(()) if !ready => Exit::Unreachable,
        Ok(()) => Exit::Done,
    };
    let round_trip_ms = reached
        .is_ok()
        .then(|| (round_trip_ms * 10.0).round() / 10.0);
    let credentials = args.connect.credentials();
    let error = let_in.as_ref().err();
    let error = error.map(|error| tame(&exit::of_server(error, &credentials)).into_owned());
    let told = json!({
        "server": without_password(&args.connect.server).as_str(), "reachable": reached.is_ok(),
        "round_trip_ms": round_trip_ms, "ready": ready, "kind": kind.map(Kind::name),
        "legacy": kind == Some(Kind::Old), "authorized": let_in.is_ok(), "error": error,
        "status": page,
    });
    if out.json {
        out.object(&told)?;
    } else {
        for (name, value) in people(&told) {
            out.line(&format!("{name:12}{value}"))?;
        }
    }
    out.flush()?;
    Ok(ended)
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// An ordertop server.
    Ordertop,
    /// The back office that it replaces (docs/OLD_SERVER.md).
    Old,
    /// Neither: a wrong address, a proxy's page.
    Other,
}

impl Kind {
    /// Who answers the list so and has no page about itself. The old server gives the
    /// list, or says in its own words who is not let in.
    fn of_list(list: &Result<(), RequestError>) -> Option<Self> {
        match list {
            Ok(()) | Err(RequestError::VendorNeeded) => Some(Self::Old),
            Err(error @ RequestError::Refused { status, .. }) => Some(
                match matches!(status, 400 | 401 | 403) && error.has_words() {
                    true => Self::Old,
                    false => Self::Other,
                },
            ),
            Err(
                RequestError::Foreign { .. }
                | RequestError::Unreadable { .. }
                | RequestError::TooLong { .. },
            ) => Some(Self::Other),
            // It went away meanwhile.
            Err(_) => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ordertop => "ordertop",
            Self::Old => "old",
            Self::Other => "other",
        }
    }
}

/// Whether a page is the summary of an ordertop server.
fn is_ours(page: &Value) -> bool {
    page["ready"].is_boolean() && page["name"].is_string()
}

/// Whether the credentials do: the shortest list, which both kinds of server have.
async fn look(rest: &Rest, connect: &ConnectArgs) -> Result<(), RequestError> {
    let query = ListQuery {
        limit: Some(1),
        ..ListQuery::default()
    };
    match &connect.vendor {
        Some(vendor) => rest.orders(vendor, &query).await,
        None => rest.orders_of_all(&query).await,
    }
    .map(drop)
}

/// The same in words, a name and a value a line.
fn people(told: &Value) -> Vec<(&'static str, String)> {
    let text = |value: &Value| match value {
        Value::String(text) => tame(text).into_owned(),
        Value::Null => "unknown".to_owned(),
        other => tame(&other.to_string()).into_owned(),
    };
    let page = &told["status"];
    let mut lines = vec![("server", text(&told["server"]))];
    let reach = match told["round_trip_ms"].as_f64() {
        Some(ms) => format!("yes, {ms} ms"),
        None => format!("no: {}", text(&told["error"])),
    };
    lines.push(("reachable", reach));
    if told["reachable"] != true {
        return lines;
    }
    let kind = match told["kind"].as_str() {
        Some("ordertop") if page["version"].is_null() => text(&page["name"]),
        Some("ordertop") => format!("{} {}", text(&page["name"]), text(&page["version"])),
        Some("old") => "an old one: no positions, no notes, no history".to_owned(),
        Some(_) => {
            let why = text(&told["error"]);
            lines.push(("kind", format!("something else answers here: {why}")));
            return lines;
        }
        None => "unknown".to_owned(),
    };
    lines.push(("kind", kind));
    let ready = match (told["ready"] == true, &page["reason"]) {
        (true, _) => "yes".to_owned(),
        (false, Value::String(why)) => format!("no: {}", tame(why)),
        (false, _) => "no".to_owned(),
    };
    lines.push(("ready", ready));
    let let_in = match told["authorized"] == true {
        true => "yes".to_owned(),
        false => format!("no: {}", text(&told["error"])),
    };
    lines.push(("lets you in", let_in));
    if let Value::Object(store) = &page["store"] {
        let part = |name: &str| store.get(name).map_or_else(|| "?".to_owned(), &text);
        let counted = |one: &str| match part(&format!("{one}s")) {
            count if count == "1" => format!("1 {one}"),
            count => format!("{count} {one}s"),
        };
        lines.push((
            "store",
            format!(
                "{}: {}, {}, {}",
                part("kind"),
                counted("vendor"),
                counted("order"),
                counted("event")
            ),
        ));
    }
    if !page.is_null() {
        lines.push(("followers", text(&page["followers"])));
        lines.push(("up for", format!("{} s", text(&page["uptime_s"]))));
    }
    lines
}
