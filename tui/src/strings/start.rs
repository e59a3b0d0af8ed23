//! Every word of the first start.

use std::path::Path;
use std::time::Duration;

use ordertop::client::Url;
use ordertop::order::VendorId;

use crate::model::start::{Spot, Step};
use crate::model::text::tame;

/// Title of the form.
pub const TITLE: &str = "Welcome to ordertop";
/// What this is.
pub const INTRO: &str = "A live table of a shop's orders. Which server shall it show?";
/// The same where there is little room.
pub const INTRO_SHORT: &str = "Which server shall it show?";

/// A field's name.
#[must_use]
pub fn label(spot: Spot) -> &'static str {
    match spot {
        Spot::Server => "Server",
        Spot::Vendor => "Vendor",
        Spot::Token => "Token",
        Spot::Connect => "Connect",
        Spot::Demo => "Try the demo",
        Spot::Quit => "Quit",
    }
}

/// What is to be typed there, in a sentence.
#[must_use]
pub fn hint(spot: Spot) -> &'static str {
    match spot {
        Spot::Server => "Where ordertop-server listens: http:// here, https:// elsewhere.",
        Spot::Vendor => "Whose orders. Empty: every vendor's, as support sees them.",
        Spot::Token => {
            "The server's ORDERTOP_MASTER_TOKEN: ask whoever runs it. Without one it prints a token at its start."
        }
        Spot::Connect => "Tries it, keeps it, and shows the orders.",
        Spot::Demo => "A made-up marketplace inside this program: nothing to set up.",
        Spot::Quit => "Nothing is kept.",
    }
}

/// What stands in an empty field.
#[must_use]
pub fn empty(spot: Spot, token_from: Option<&str>) -> String {
    match (spot, token_from) {
        (Spot::Vendor, _) => "all vendors".into(),
        (Spot::Token, Some(from)) => format!("the one from {from}"),
        _ => String::new(),
    }
}

/// Where the answers will be kept; nowhere without a file.
#[must_use]
pub fn kept_in(file: Option<&str>) -> String {
    match file {
        Some(file) => format!(
            "Connect keeps this in {file}, and the token, readable by you alone, in the file token beside it."
        ),
        None => "There is no home folder: nothing is kept.".into(),
    }
}

/// Keys of the form, as the footer shows them: key and word.
pub const NEXT: &str = "next";
/// What Enter does on the way to the token.
pub const ENTER_NEXT: &str = "next";
/// What Enter does.
pub const ENTER_CONNECT: &str = "connect";
/// What Enter does on another button.
pub const ENTER_CHOOSE: &str = "choose";
/// What Esc does.
pub const LEAVE: &str = "quit";
/// What Esc does while something is tried.
pub const STOP: &str = "stop";

/// The address is missing.
pub const NO_SERVER: &str = "Give the server's address, such as http://127.0.0.1:8080.";
/// The token is missing.
pub const NO_TOKEN: &str =
    "A token is needed: the server's ORDERTOP_MASTER_TOKEN. Ask whoever runs it.";
/// The token is refused.
pub const WRONG_TOKEN: &str =
    "The server does not accept this token. Compare it with the server's ORDERTOP_MASTER_TOKEN.";
/// The token cannot be sent.
pub const TOKEN_CHARACTERS: &str = "It has characters that no token has: check how it was copied.";
/// A server of the old kind, and no vendor.
pub const VENDOR_NEEDED: &str =
    "This server is of the old kind and shows one vendor at a time: give the vendor's id.";

/// A vendor that is not there; `known` are those that are.
#[must_use]
pub fn unknown_vendor(id: &VendorId, known: &[&VendorId]) -> String {
    /// More are not named.
    const NAMED: usize = 8;
    let names: Vec<&str> = known.iter().take(NAMED).map(|id| id.as_str()).collect();
    match (names.join(", "), known.len()) {
        (_, 0) => format!("Vendor {id} is not on this server."),
        (names, 1..=NAMED) => format!("Vendor {id} is not on this server; there: {names}."),
        (names, count) => {
            let more = count - NAMED;
            format!("Vendor {id} is not on this server; there: {names} and {more} more.")
        }
    }
}

/// Host and port of an address.
#[must_use]
pub fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// No connection came about. `reason` is the system's or the library's.
#[must_use]
pub fn unreachable(host: &str, reason: &str, secure: bool) -> String {
    let said = reason.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let (name, _) = host.rsplit_once(':').unwrap_or((host, ""));
    if has(&["proxy"]) {
        return format!("{host} cannot be reached: {}.", tame(reason));
    }
    if has(&["refused"]) {
        return format!(
            "Nothing listens at {host}: is the server running? `ordertop-server serve` starts one."
        );
    }
    if has(&[
        "lookup",
        "dns",
        "name or service",
        "resolve",
        "no such host",
    ]) {
        return format!("No machine is called {name}: check how it is written.");
    }
    if secure && has(&["not speak tls", "corrupt message", "wrong version"]) {
        return format!("{host} speaks no TLS: try http://{host}.");
    }
    if has(&["certificate"]) {
        return format!("The certificate of {host} is not trusted here: {reason}.");
    }
    if has(&["tls", "handshake"]) {
        return format!("No secure connection with {host}: {reason}.");
    }
    format!("{host} cannot be reached: {reason}.")
}

/// Nothing was answered in time.
#[must_use]
pub fn silent(host: &str, after: Duration) -> String {
    let seconds = after.as_secs();
    format!(
        "{host} did not answer within {seconds} s: is the address right, is a firewall between?"
    )
}

/// A server of ours that is not well.
#[must_use]
pub fn away(host: &str, said: &str) -> String {
    format!(
        "{host} answers, but is not well: {}. Try again in a moment.",
        said.trim_end_matches('.')
    )
}

/// Something else answers.
#[must_use]
pub fn not_ours(host: &str) -> String {
    format!("{host} answers, but not as an ordertop server: check address, port and path.")
}

/// Something else than an ordertop server answers; what it is.
#[must_use]
pub fn foreign(host: &str, found: &str) -> String {
    format!("{host} {}.", tame(found))
}

/// The files could not be written; what to do then.
#[must_use]
pub fn not_saved(why: &str) -> String {
    format!("It works, but could not be kept: {why}. Connect again goes on without.")
}

/// How far a trial is: what is done, and what is under way.
#[must_use]
pub fn steps(step: Step, host: &str) -> (Option<String>, String) {
    match step {
        Step::Reaching => (None, format!("asking {host} …")),
        Step::LettingIn(took) => {
            let ms = took.as_millis();
            (
                Some(format!("{host} answers, {ms} ms")),
                "trying token and vendor …".into(),
            )
        }
    }
}

/// While the files are written.
pub const SAVING: &str = "keeping it …";
/// While the demo is made ready.
pub const DEMO: &str = "making a marketplace up …";

/// It was kept.
#[must_use]
pub fn saved(file: &str) -> String {
    format!("kept in {file}, the token beside it")
}

/// It was not kept.
pub const NOT_KEPT: &str = "connected; nothing was kept: the next start asks again";

/// A typed token was kept, and another one goes before it.
#[must_use]
pub fn shadowed(file: &str, from: &str) -> String {
    format!("kept in {file}; {from} goes before the token there")
}

/// A path as people write it: their home is `~`.
#[must_use]
pub fn path(path: &Path, home: Option<&Path>) -> String {
    let within = home.and_then(|home| path.strip_prefix(home).ok());
    let written = match within {
        Some(rest) => Path::new("~").join(rest),
        None => path.to_path_buf(),
    };
    tame(&written.display().to_string()).into_owned()
}

/// Without a terminal nothing can be asked: how to say it all at once.
#[must_use]
pub fn how_to(file: Option<&str>) -> String {
    let file = file.unwrap_or("ordertop.toml");
    format!(
        "no server is given: name it with --server URL, ORDERTOP_SERVER or server = \"URL\" in {file}, and its token with \
         ORDERTOP_MASTER_TOKEN, --token-file FILE or token_file = \"FILE\" there; on a terminal, `ordertop` alone asks for both, \
         and `ordertop demo` needs neither"
    )
}
