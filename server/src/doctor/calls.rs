//! The server's calls: alive, ready, status, token, vendor, polls.

use std::io::Result;

use jiff::Timestamp;
use ordertop::clock::{Clock, SystemClock};
use reqwest::header::IF_NONE_MATCH;

use super::deadline::{Deadline, ms};
use super::report::{Report, skipped};
use super::server::{Answered, Server, Whose};
use super::socket;
use crate::Secret;
use crate::caller::VENDOR_HEADER;
use crate::config::TOKEN_VARIABLE;
use crate::finding::Finding;
use crate::store::StoreUrl;

/// How far two clocks may be apart before people wonder.
const CLOCKS_APART_S: i64 = 5;

/// Asks the server everything, its socket too.
pub(super) async fn check(server: &Server, clock: Deadline, report: &mut Report<'_>) -> Result<()> {
    report.add(&address(server))?;
    let alive = alive(server, clock).await;
    report.add(&alive)?;
    if alive.is_bad() {
        for about in [
            "ready", "status", "clock", "token", "vendor", "socket", "origin", "polling",
        ] {
            report.add(&skipped(about, "the server"))?;
        }
        return Ok(());
    }
    let ready = ready(server, clock).await;
    report.add(&ready)?;
    for finding in status(server, clock).await {
        report.add(&finding)?;
    }
    let token = token(server, clock).await;
    report.add(&token)?;
    let Some((secret, _)) = server.token.as_ref().filter(|_| !token.is_bad()) else {
        for about in ["vendor", "socket", "origin", "polling"] {
            report.add(&skipped(about, "the token"))?;
        }
        return Ok(());
    };
    let secret = secret.reveal();
    let vendor = vendor(server, secret, clock).await;
    report.add(&vendor)?;
    if vendor.is_bad() {
        for about in ["socket", "origin", "polling"] {
            report.add(&skipped(about, "the vendor"))?;
        }
        return Ok(());
    }
    for finding in socket::check(server, secret, clock).await {
        report.add(&finding)?;
    }
    report.add(&polling(server, secret, clock).await)
}

fn address(server: &Server) -> Finding {
    let (named, url) = ("server", &server.url);
    let local = match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if url.scheme() == "http" && !local {
        let remedy = "put a proxy with TLS in front (docs/SEVERAL-SERVERS.md) and use https://";
        let url = server.route.name_in(url.to_string());
        let says = format!("{url}: token and orders travel in the clear");
        return Finding::warn(named, says, remedy);
    }
    Finding::ok(named, server.route.name_in(url.to_string()))
}

async fn alive(server: &Server, clock: Deadline) -> Finding {
    const ABOUT: &str = "alive";
    match Answered::to(server, server.get("/livez"), clock).await {
        Ok(answer) if answer.status == 200 && answer.text("status") == "alive" => {
            Finding::ok(ABOUT, format!("it answers in {}", ms(answer.took)))
        }
        Ok(answer) => not_alive(answer.status),
        Err(reason) if reason.contains("certificate") => Finding::fail(
            ABOUT,
            reason,
            "renew or complete the proxy's certificate (with its chain, for this name), or add its root to \
             this machine's: clients refuse it as this does",
        ),
        Err(reason) => Finding::fail(
            ABOUT,
            reason,
            "start it (`ordertop-server serve`), or name it with --server; then check --listen and the \
             firewall",
        ),
    }
}

/// Who answered instead of the server: a proxy, or a stranger.
fn not_alive(status: u16) -> Finding {
    let says = format!("/livez was answered {status}, not by an ordertop-server");
    let remedy = match status {
        502..=504 => {
            "a proxy listens there, and no server behind it is ready: look at each server by its own \
             address (--server http://HOST:PORT), and at the store"
        }
        _ => "check --server: another program listens there",
    };
    Finding::fail("alive", says, remedy)
}

async fn ready(server: &Server, clock: Deadline) -> Finding {
    const ABOUT: &str = "ready";
    match Answered::to(server, server.get_known("/readyz"), clock).await {
        Ok(answer) if answer.status == 200 => {
            Finding::ok(ABOUT, format!("it commits, in {}", ms(answer.took)))
        }
        Ok(answer) if answer.text("status") == "draining" => Finding::warn(
            ABOUT,
            "it is stopping: a balancer sends it nobody any more",
            "look again when it is back",
        ),
        Ok(answer) => Finding::fail(
            ABOUT,
            format!("{}: {}", answer.status, answer.text("reason")),
            "mend its store: see the checks of the store here, run on the server's machine with its --store",
        ),
        Err(reason) => Finding::fail(ABOUT, reason, "its store does not answer: see its log"),
    }
}

async fn status(server: &Server, clock: Deadline) -> Vec<Finding> {
    const ABOUT: &str = "status";
    let answer = match Answered::to(server, server.get_known("/status"), clock).await {
        Ok(answer) if answer.status == 200 => answer,
        Ok(answer) => {
            let says = format!(
                "/status was answered {}: {}",
                answer.status,
                answer.text("error")
            );
            return vec![Finding::skip(ABOUT, says)];
        }
        Err(reason) => return vec![Finding::skip(ABOUT, reason)],
    };
    if answer.body.get("store").is_none() {
        let says = format!("it tells of itself only with a right token ({TOKEN_VARIABLE})");
        return vec![Finding::skip(ABOUT, says), clocks(&answer)];
    }
    let kind = answer.body["store"]["kind"].as_str().unwrap_or("?");
    let cut_off = &answer.body["slow_consumers_cut_off"];
    let says = format!(
        "version {}, up {} s, store {kind}, {} sockets, {cut_off} slow ones cut off",
        answer.text("version"),
        answer.body["uptime_s"],
        answer.body["followers"],
    );
    let on_redis = matches!(server.store, StoreUrl::Redis(_));
    let state = if answer.body["store"].is_null() {
        // Whose store it is cannot be known now; `ready` has failed and says why.
        Finding::skip(ABOUT, format!("{says}: its store is away"))
    } else if on_redis && !kind.starts_with("redis") {
        let remedy =
            "start it with --store redis://… (ORDERTOP_STORE), or name the server that has it";
        Finding::warn(
            ABOUT,
            format!("{says}: not the Redis that was named"),
            remedy,
        )
    } else if cut_off.as_u64().is_some_and(|n| n > 0) {
        let remedy = "nothing is lost, they come back; when it goes on, look at those clients' network: they \
             read slower than their orders move";
        Finding::warn(ABOUT, says, remedy)
    } else {
        Finding::ok(ABOUT, says)
    };
    vec![state, clocks(&answer)]
}

/// The server's clock, as read half way between question and answer.
fn clocks(answer: &Answered) -> Finding {
    const ABOUT: &str = "clock";
    let Ok(theirs) = answer.text("server_time").parse::<Timestamp>() else {
        return Finding::skip(ABOUT, "the server does not say its time");
    };
    let ours = SystemClock.now();
    let apart_ms = ours.as_millisecond() - theirs.as_millisecond();
    let apart_ms = apart_ms - i64::try_from(answer.took.as_millis() / 2).unwrap_or(0);
    let says = format!("the server's is {apart_ms:+} ms from this machine's, to half a round trip");
    if apart_ms.abs() <= CLOCKS_APART_S * 1_000 {
        return Finding::ok(ABOUT, says);
    }
    let remedy = "set both by NTP (`timedatectl set-ntp true`): ages and `placed_at` look wrong otherwise; no \
         order is lost by it";
    Finding::warn(ABOUT, says, remedy)
}

async fn token(server: &Server, clock: Deadline) -> Finding {
    const ABOUT: &str = "token";
    const PATH: &str = "/api/vendors/";
    let Some((token, whose)) = &server.token else {
        let says = format!("{TOKEN_VARIABLE} is not set");
        let remedy =
            format!("export {TOKEN_VARIABLE} as the server has it, to check what callers need");
        return Finding::skip(ABOUT, says).with_remedy(remedy);
    };
    let wrong = Secret::random();
    match Answered::to(server, server.get_as(PATH, wrong.reveal()), clock).await {
        Ok(answer) if answer.status == 200 => {
            let remedy = "something in front adds a token to every request: take that away at once";
            return Finding::fail(ABOUT, "a wrong token is let in", remedy);
        }
        _ => {}
    }
    match Answered::to(server, server.get_as(PATH, token.reveal()), clock).await {
        Ok(answer) if answer.status == 200 => match whose {
            Whose::Callers => Finding::ok(ABOUT, "it is taken, and a wrong one is refused"),
            Whose::Lock => Finding::ok(
                ABOUT,
                format!("{TOKEN_VARIABLE} is not set: its owner was let in by the store's lock"),
            ),
        },
        Ok(answer) if answer.status == 401 => Finding::fail(
            ABOUT,
            "401: it is not this server's",
            format!("set {TOKEN_VARIABLE} to what the server was started with; copy it whole"),
        ),
        Ok(answer) => Finding::fail(
            ABOUT,
            format!(
                "{PATH} was answered {}: {}",
                answer.status,
                answer.text("error")
            ),
            "mend what is not ready first; behind a proxy, check that it passes X-Master-Token on",
        ),
        Err(reason) => Finding::fail(ABOUT, reason, "see the server's log"),
    }
}

async fn vendor(server: &Server, token: &str, clock: Deadline) -> Finding {
    const ABOUT: &str = "vendor";
    let Some(id) = &server.vendor else {
        return Finding::skip(ABOUT, "name one with --vendor to check it");
    };
    let known = match Answered::to(server, server.get_as("/api/vendors/", token), clock).await {
        Ok(answer) => answer.body,
        Err(reason) => return Finding::fail(ABOUT, reason, "see the server's log"),
    };
    let known = known.as_array().map_or(&[][..], Vec::as_slice);
    match known.iter().find(|vendor| vendor["id"] == id.as_str()) {
        Some(vendor) => {
            let name = vendor["name"].as_str().unwrap_or("?");
            Finding::ok(ABOUT, format!("{id} ({name}) is there"))
        }
        None => {
            let remedy = format!("check the id, or add it: `ordertop-server vendor add {id}`");
            let says = format!("{id} is none of the {} vendors there", known.len());
            Finding::fail(ABOUT, says, remedy)
        }
    }
}

/// That a poll costs next to nothing, and how seldom there is one.
async fn polling(server: &Server, token: &str, clock: Deadline) -> Finding {
    const ABOUT: &str = "polling";
    const REDUCED: &str =
        "ordertop polls every 30 s while its socket is down, and every 5 min while it lives";
    let Some(vendor) = &server.vendor else {
        return Finding::skip(ABOUT, "name a vendor with --vendor to check it");
    };
    let list = || {
        server
            .get_as("/api/orders/vendor/", token)
            .query(&[("limit", "1")])
            .header(VENDOR_HEADER, vendor.as_str())
    };
    let first = match Answered::to(server, list(), clock).await {
        Ok(answer) if answer.status == 200 => answer,
        Ok(answer) => {
            let says = format!("the list was answered {}", answer.status);
            return Finding::fail(ABOUT, says, "see the server's log");
        }
        Err(reason) => return Finding::fail(ABOUT, reason, "see the server's log"),
    };
    let Some(etag) = first.etag else {
        let remedy = "let the proxy between pass ETag and If-None-Match: each poll is a whole list otherwise";
        return Finding::warn(ABOUT, "the list has no ETag", remedy);
    };
    match Answered::to(server, list().header(IF_NONE_MATCH, etag), clock).await {
        Ok(answer) if answer.status == 304 => Finding::ok(
            ABOUT,
            format!(
                "an unchanged list is a 304 in {}; {REDUCED}",
                ms(answer.took)
            ),
        ),
        // An order moved between the two.
        Ok(answer) if answer.status == 200 => {
            Finding::ok(ABOUT, format!("the list is moving; {REDUCED}"))
        }
        Ok(answer) => {
            let says = format!("a poll was answered {}", answer.status);
            Finding::warn(ABOUT, says, "see the server's log")
        }
        Err(reason) => Finding::warn(ABOUT, reason, "see the server's log"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_without_a_ready_server_is_not_called_a_stranger() {
        for (status, names) in [(503, "a proxy"), (502, "a proxy"), (404, "another program")] {
            let finding = not_alive(status);
            assert!(finding.is_bad() && finding.says.contains(&status.to_string()));
            assert!(finding.remedy.expect("a remedy").contains(names));
        }
    }
}
