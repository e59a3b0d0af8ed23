//! `ordertop set`.

use std::cell::Cell;
use std::io::{self, Read as _};
use std::time::Duration;

use clap::{Arg, Args, Command};
use futures_util::{StreamExt as _, stream};
use ordertop::client::{RequestError, Rest};
use ordertop::order::text::{MAX_NAME_CHARS, clean};
use ordertop::order::{OrderNumber, OrderStatus, Shipment, VendorId};
use ordertop::protocol::ListedOrder;
use ordertop::protocol::rest::{StatusChange, StatusChanged};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::output::{Output, OutputArgs, Tint};
use super::{ConnectArgs, Exit, Failure, exit, say, words};
use crate::config::did_you_mean;
use crate::model::carrier::tracking_link;
use crate::model::text::tame;

/// How many orders are under way at once.
const AT_ONCE: usize = 4;
/// After so long without an answer somebody who looks on is told that it is waited for.
const SILENCE: Duration = Duration::from_secs(3);
/// Where numbers are read from stdin.
const STDIN: &str = "-";
/// The most that is read of numbers from stdin, in bytes: a hundred thousand of them.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

const USAGE: &str = "ordertop set [OPTIONS] <NUMBER>... <STATUS>";

const EXAMPLES: &str = "\
Examples:
  ordertop set A-1001 shipped --vendor 42 --carrier DHL --tracking JJD000123
  ordertop set A-1001 A-1002 A-1003 delivered
      several; a result for each, in their order
  ordertop list --status paid --json --limit 0 | jq -r .order_number | ordertop set - shipped
      numbers from stdin, one a line
  ordertop set A-1001 cancelled --reason 'sold out' --expect-version 4
      only if nobody changed it since you saw version 4

An order that stands there already is left as it is, and that is a success: the
same line may be run again. Carrier and tracking that a Shipped one does not have
are added to it. An --expect-version that is not its own is refused: exit code 4.
A server that is away is waited for; when it stays away for as long as one order
is tried, the orders after that are not sent. With --json each line is
{order_number, vendor_id, result, status, version, code, error}; result is changed,
unchanged, requested (a vendor may only ask for it), refused, failed or not_sent.";

/// Which orders, and what to make of them.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, override_usage = USAGE)]
pub struct SetArgs {
    /// Numbers of orders, and last the new status
    // One list: flags may stand anywhere between.
    #[arg(value_name = "NUMBER", required = true, num_args = 1..)]
    given: Vec<String>,
    /// Why; support's changes off the usual way need one
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Shipped: who carries it
    #[arg(long, value_name = "NAME")]
    carrier: Option<String>,
    /// Shipped: the carrier's number
    #[arg(long, value_name = "NUMBER")]
    tracking: Option<String>,
    /// Shipped: where a person can follow it; known carriers have a link without
    #[arg(long, value_name = "URL")]
    tracking_url: Option<String>,
    /// Refuse when the order is at another version by now; for one order
    #[arg(long, value_name = "N")]
    expect_version: Option<u64>,
    #[command(flatten)]
    pub(super) connect: ConnectArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// The command with its words told apart, for help and manual.
pub(crate) fn as_shown(set: Command) -> Command {
    let numbers = "Numbers of orders; - reads them from stdin, one a line";
    let status = Arg::new("status").required(true).value_name("STATUS");
    set.mut_arg("given", |given| given.help(numbers)).arg(
        status
            .help("The new status")
            .value_parser(words::status_parser()),
    )
}

/// The command with what its words may be, for completions: nobody knows which word
/// is the last.
pub(super) fn as_completed(set: Command) -> Command {
    set.mut_arg("given", |given| given.value_parser(words::status_parser()))
}

/// Changes the status of orders.
///
/// # Errors
/// When the command line does not go together, or stdin fails. What became of each
/// order is told in its row.
pub(super) async fn run(args: SetArgs) -> Result<Exit, Failure> {
    let (numbers, status) = read(&args.given, io::stdin)?;
    if args.expect_version.is_some() && numbers.len() != 1 {
        return Err(Failure::Usage(
            "--expect-version goes with one order: each has a version of its own".to_owned(),
        ));
    }
    let wish = Wish {
        status: Some(status),
        change: change(&args, status),
        credentials: args.connect.credentials(),
    };
    make(numbers, &wish, &args.connect, args.output).await
}

/// Changes orders, some at once, and tells of each in its row.
///
/// # Errors
/// When there is no server to ask.
pub(super) async fn make(
    numbers: Vec<OrderNumber>,
    wish: &Wish,
    connect: &ConnectArgs,
    output: OutputArgs,
) -> Result<Exit, Failure> {
    let rest = connect.rest()?;
    let mut out = Output::new(output);
    let stop = Stop::default();
    let (rest, change) = (&rest, &wish.change);
    let send = async |number: &OrderNumber| one(rest, connect, number, change).await;
    let send = &send;
    let stop = &stop;
    let rows = stream::iter(numbers).map(|number| async move {
        let done = stop.unless_away(async || send(&number).await).await;
        (number, done)
    });
    let mut rows = rows.buffered(AT_ONCE);
    let mut ended = Ended::default();
    let mut waited = false;
    loop {
        let row = match timeout(SILENCE, rows.next()).await {
            Ok(row) => row,
            Err(_) => {
                if !std::mem::replace(&mut waited, true) {
                    say("no answer yet: it is tried again for a while, and done once");
                }
                rows.next().await
            }
        };
        let Some((number, done)) = row else { break };
        waited &= matches!(&done, Err(failure) if is_away(failure));
        let row = Row::of(&number, wish, done);
        // Each is done and cannot be taken back: it is told at once.
        if ended.unheard.is_none() {
            match row.write(&mut out).and_then(|()| out.flush()) {
                // A list of changes is not left half done because nobody reads on.
                Ok(()) | Err(Failure::ReaderGone) => {}
                Err(failure) => {
                    // What cannot be told is not begun.
                    stop.now();
                    ended.unheard = Some(failure);
                    row.say();
                }
            }
        } else {
            row.say();
        }
        ended.count(&row);
    }
    Ok(ended.told())
}

/// When no more orders are sent.
#[derive(Debug, Default)]
struct Stop {
    stopped: Cell<bool>,
    /// How many orders the server answered for.
    answered: Cell<usize>,
}

impl Stop {
    /// No more from here on.
    fn now(&self) {
        self.stopped.set(true);
    }

    /// Sends an order, unless the server has been away for as long as another one was
    /// tried.
    async fn unless_away<T>(
        &self,
        send: impl AsyncFnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if self.stopped.get() {
            return Err(Failure::NotSent);
        }
        let before = self.answered.get();
        let done = send().await;
        match &done {
            Err(failure) if is_away(failure) => {
                if self.answered.get() == before {
                    self.now();
                }
            }
            _ => self.answered.set(self.answered.get() + 1),
        }
        done
    }
}

/// Whether nobody was there to answer.
fn is_away(failure: &Failure) -> bool {
    match failure {
        // It is there and asks for patience.
        Failure::Request(RequestError::Away { status: 429, .. }) => false,
        Failure::Request(error) => exit::of_request(error) == Exit::Unreachable,
        Failure::NotSent => true,
        _ => false,
    }
}

/// How all of it ended.
#[derive(Debug, Default)]
struct Ended {
    exit: Option<Exit>,
    done: usize,
    failed: usize,
    not_sent: usize,
    /// Why stdout could not be written.
    unheard: Option<Failure>,
}

impl Ended {
    fn count(&mut self, row: &Row) {
        match row.exit {
            Exit::Done => self.done += 1,
            _ if row.result == NOT_SENT => self.not_sent += 1,
            _ => self.failed += 1,
        }
        self.exit = match (self.exit, row.exit) {
            (exit, Exit::Done) => exit,
            (None, exit) => Some(exit),
            (Some(one), other) if one == other => Some(one),
            _ => Some(Exit::Failed),
        };
    }

    /// Says what was left, and how it ended.
    fn told(self) -> Exit {
        let counts = format!(
            "{} done, {} failed, {} not sent",
            self.done, self.failed, self.not_sent
        );
        if let Some(why) = self.unheard.as_ref().and_then(|why| why.sentence("")) {
            say(&format!("{why}: {counts}"));
            return Exit::Failed;
        }
        if self.not_sent > 0 {
            say(&format!("the server stayed away: {counts}"));
        }
        self.exit.unwrap_or(Exit::Done)
    }
}

/// The orders and the status that the words of the command line say.
fn read<R: io::Read>(
    given: &[String],
    stdin: impl Fn() -> R,
) -> Result<(Vec<OrderNumber>, OrderStatus), Failure> {
    let (last, numbers) = given
        .split_last()
        .ok_or_else(|| Failure::Usage(USAGE.to_owned()))?;
    let Some(status) = words::status_named(last) else {
        let hint = did_you_mean(last, words::typed_statuses());
        return Err(Failure::Usage(format!(
            "the last word is the new status, and `{}` is none{hint}",
            escaped(last)
        )));
    };
    if numbers.is_empty() {
        return Err(Failure::Usage(format!(
            "no order is named before the status: {USAGE}"
        )));
    }
    Ok((numbers_of(numbers, stdin)?, status))
}

/// The orders that words name; `-` reads them from stdin.
pub(super) fn numbers_of<R: io::Read>(
    words: &[String],
    stdin: impl Fn() -> R,
) -> Result<Vec<OrderNumber>, Failure> {
    let mut orders = Vec::new();
    for text in words {
        if text == STDIN {
            lines(stdin(), &mut orders)?;
        } else {
            let number = OrderNumber::new(text).map_err(|error| {
                Failure::Usage(format!("`{}` is no order number: {error}", escaped(text)))
            })?;
            orders.push(number);
        }
    }
    Ok(orders)
}

/// The numbers of a text, one a line.
fn lines(from: impl io::Read, orders: &mut Vec<OrderNumber>) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    let read = from.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::Io {
        what: "stdin".to_owned(),
        error,
    })?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Failure::Usage(format!(
            "stdin is longer than {MAX_BYTES} bytes: give fewer numbers at once"
        )));
    }
    // Some programs begin a text with this mark.
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    for (line, text) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        let wrong = |text: &str, why: &str| {
            Failure::Usage(format!(
                "stdin, line {line}: `{}` is no order number: {why}",
                escaped(text)
            ))
        };
        let text = std::str::from_utf8(text)
            .map_err(|_| wrong(&String::from_utf8_lossy(text), "it is not UTF-8"))?
            .trim();
        if !text.is_empty() {
            let number = OrderNumber::new(text).map_err(|error| wrong(text, &error.to_string()))?;
            orders.push(number);
        }
    }
    Ok(())
}

/// What was given, so that it can be found again: nothing is taken out, what does not
/// print is written as an escape.
fn escaped(text: &str) -> String {
    /// More is not shown, in characters.
    const SHOWN: usize = 80;
    let mut shown = String::new();
    for c in text.chars().take(SHOWN) {
        match c {
            '\'' | '"' | '\\' => shown.push(c),
            c => shown.extend(c.escape_debug()),
        }
    }
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

fn change(args: &SetArgs, status: OrderStatus) -> StatusChange {
    // As the screen does; no carrier is guessed where nobody sees the guess.
    let link = || tracking_link(args.carrier.as_deref()?, args.tracking.as_deref()?);
    let shipment = Shipment {
        carrier: args.carrier.clone(),
        tracking_number: args.tracking.clone(),
        tracking_url: args.tracking_url.clone().or_else(link),
        ..Shipment::default()
    };
    StatusChange {
        status: Some(status.to_string()),
        expected_version: args.expect_version,
        reason: args.reason.clone(),
        shipment: (shipment != Shipment::default()).then_some(shipment),
        undo: false,
    }
}

async fn one(
    rest: &Rest,
    connect: &ConnectArgs,
    number: &OrderNumber,
    change: &StatusChange,
) -> Result<(VendorId, StatusChanged), Failure> {
    let key = connect.key_to_change(rest, number).await?;
    let changed = rest.change_status(&key, change).await?;
    Ok((key.vendor, changed))
}

/// What every order is to become.
pub(super) struct Wish {
    /// The status; `None` for the one that an undo leads back to.
    pub(super) status: Option<OrderStatus>,
    /// What to send.
    pub(super) change: StatusChange,
    /// What to look at when nobody is let in.
    pub(super) credentials: String,
}

impl Wish {
    /// What of it was left undone of an order that stood there already: its code and a
    /// sentence.
    fn left_undone(&self, order: &ListedOrder) -> Option<(&'static str, String)> {
        let other = |seen: &u64| *seen != order.version;
        if self.change.expected_version.as_ref().is_some_and(other) {
            let words = "the order was changed meanwhile, and stands there already: look again";
            return Some(("version_conflict", words.to_owned()));
        }
        let parcel = self.change.shipment.as_ref()?;
        if order.shipments.iter().any(|there| is_in(parcel, there)) {
            return None;
        }
        let words = format!(
            "carrier and tracking were not sent on: the order is {} already, and stays as it is",
            order.status
        );
        Some(("already_shipped", words))
    }
}

/// Whether a parcel says what a kept one says already.
fn is_in(given: &Shipment, kept: &Shipment) -> bool {
    let same = |given: &Option<String>, kept: &Option<String>| {
        // Kept as the server cleans it.
        let given = given.as_deref().map(|text| clean(text, MAX_NAME_CHARS));
        given.is_none_or(|given| {
            given.is_empty()
                || kept
                    .as_deref()
                    .is_some_and(|kept| kept.eq_ignore_ascii_case(&given))
        })
    };
    // The link is made of the two, unless it is all there is.
    let link = given.carrier.is_some() || same(&given.tracking_url, &kept.tracking_url);
    same(&given.carrier, &kept.carrier)
        && same(&given.tracking_number, &kept.tracking_number)
        && link
}

/// The result of an order that nobody was asked about.
const NOT_SENT: &str = "not_sent";

/// What became of one order.
struct Row {
    number: String,
    vendor: Option<VendorId>,
    result: &'static str,
    status: Option<OrderStatus>,
    version: Option<u64>,
    code: Option<String>,
    error: Option<String>,
    /// It was changed although support is asked to cancel it.
    asked: bool,
    exit: Exit,
}

impl Row {
    fn of(
        number: &OrderNumber,
        wish: &Wish,
        done: Result<(VendorId, StatusChanged), Failure>,
    ) -> Self {
        let number = number.as_str().to_owned();
        match done {
            Ok((vendor, changed)) => {
                let as_wished = wish
                    .status
                    .is_none_or(|status| changed.new_status == status);
                let result = match as_wished {
                    // A server of the old kind refuses what would change nothing.
                    true if changed.changed || changed.order.is_none() => "changed",
                    true => "unchanged",
                    false => "requested",
                };
                let left = match &changed.order {
                    Some(order) if result == "unchanged" => wish.left_undone(order),
                    _ => None,
                };
                let (code, error) = left.unzip();
                Self {
                    number,
                    vendor: Some(vendor),
                    result: match code {
                        Some("version_conflict") => "refused",
                        _ => result,
                    },
                    status: Some(changed.new_status),
                    asked: as_wished && is_asked(changed.order.as_ref()),
                    version: changed.order.map(|order| order.version),
                    exit: match code {
                        Some(_) => Exit::Refused,
                        None => Exit::Done,
                    },
                    code: code.map(str::to_owned),
                    error,
                }
            }
            Err(failure) => {
                let exit = failure.exit();
                let now = match &failure {
                    Failure::Request(RequestError::VersionConflict { order, .. }) => order.clone(),
                    _ => None,
                };
                Self {
                    number,
                    vendor: None,
                    result: match exit {
                        Exit::Refused | Exit::NotFound | Exit::Unauthorized => "refused",
                        _ if matches!(failure, Failure::NotSent) => NOT_SENT,
                        _ => "failed",
                    },
                    status: now.as_ref().map(|order| order.status),
                    version: now.as_ref().map(|order| order.version),
                    code: Some(code(&failure, exit)),
                    error: failure.sentence(&wish.credentials),
                    asked: false,
                    exit,
                }
            }
        }
    }

    fn write(&self, out: &mut Output) -> Result<(), Failure> {
        if out.json {
            let row: Value = json!({
                "order_number": self.number, "vendor_id": self.vendor, "result": self.result,
                "status": self.status, "version": self.version, "code": self.code,
                "error": self.error,
            });
            return out.object(&row);
        }
        let number = tame(&self.number);
        if let Some(error) = &self.error {
            say(&format!("{number}: {error}"));
            return Ok(());
        }
        let mut line = format!("{number}  ");
        if let Some(status) = self.status {
            out.tinted(&mut line, status.as_str(), Tint::Status(status));
        }
        line.push_str("  ");
        line.push_str(self.result);
        out.line(&line)?;
        if self.asked {
            say(&format!("{number}: its vendor has asked to cancel it"));
        }
        Ok(())
    }

    /// The same on stderr, where stdout takes no more.
    fn say(&self) {
        let status = self.status.map_or("?", OrderStatus::as_str);
        let said = match &self.error {
            Some(error) => error.clone(),
            None => format!("{status}, {}", self.result),
        };
        say(&format!("{}: {said}", tame(&self.number)));
    }
}

/// Whether support is asked to cancel it. A cancelled order is not any more.
fn is_asked(order: Option<&ListedOrder>) -> bool {
    order.is_some_and(|order| order.flags.cancel_requested)
}

/// The server's stable code, or ours for what no server said.
fn code(failure: &Failure, exit: Exit) -> String {
    match failure {
        Failure::Request(RequestError::VersionConflict { .. }) => "version_conflict".to_owned(),
        Failure::Request(RequestError::Refused { code, .. }) if !code.is_empty() => code.clone(),
        _ if is_away(failure) => "unreachable".to_owned(),
        Failure::Request(RequestError::Away { .. }) => "unreachable".to_owned(),
        _ if exit == Exit::Refused => "status_refused".to_owned(),
        _ if exit == Exit::NotFound => "unknown_order".to_owned(),
        _ if exit == Exit::Unauthorized => "unauthorized".to_owned(),
        _ => "failed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::{listed, vendor};

    fn wish(status: OrderStatus) -> Wish {
        Wish {
            status: Some(status),
            change: StatusChange::default(),
            credentials: String::new(),
        }
    }

    fn answer(order: ListedOrder, changed: bool) -> Result<(VendorId, StatusChanged), Failure> {
        let changed = StatusChanged {
            status: String::new(),
            new_status: order.status,
            changed,
            position: None,
            order: Some(order),
        };
        Ok((vendor(), changed))
    }

    fn row(to: OrderStatus, now: OrderStatus, asked: bool) -> Row {
        let mut order = (*listed("A-1", now, 0)).clone();
        order.flags.cancel_requested = asked;
        let number = order.order_number.clone();
        Row::of(&number, &wish(to), answer(order, true))
    }

    #[test]
    fn a_step_of_what_is_to_be_cancelled_is_told_and_the_wish_itself_is_not() {
        use OrderStatus::{Cancelled, Paid, Shipped};
        assert!(row(Shipped, Shipped, true).asked);
        assert!(!row(Shipped, Shipped, false).asked);
        // Whoever asks knows.
        let wish = row(Cancelled, Paid, true);
        assert!(!wish.asked && wish.result == "requested");
    }

    #[test]
    fn what_an_order_that_stands_there_does_not_take_is_refused() {
        let parcel = |carrier: &str, number: &str| Shipment {
            carrier: Some(carrier.to_owned()),
            tracking_number: Some(number.to_owned()),
            ..Shipment::default()
        };
        let mut order = (*listed("A-1", OrderStatus::Shipped, 0)).clone();
        order.shipments = vec![parcel("DHL", "JJD1")];
        let row = |shipment, expected_version| {
            let change = StatusChange {
                shipment,
                expected_version,
                ..StatusChange::default()
            };
            let wish = Wish {
                change,
                ..wish(OrderStatus::Shipped)
            };
            Row::of(&order.order_number, &wish, answer(order.clone(), false))
        };
        let told = |row: Row| (row.result, row.exit, row.code);
        let fine = || ("unchanged", Exit::Done, None);
        assert_eq!(told(row(None, None)), fine());
        assert_eq!(told(row(Some(parcel(" DHL ", "JJD1")), None)), fine());
        let (result, exit, code) = told(row(Some(parcel("DHL", "JJD2")), None));
        assert_eq!((result, exit), ("unchanged", Exit::Refused));
        assert_eq!(code.as_deref(), Some("already_shipped"));
        assert_eq!(told(row(None, Some(order.version))), fine());
        let (result, exit, code) = told(row(None, Some(order.version + 1)));
        assert_eq!((result, exit), ("refused", Exit::Refused));
        assert_eq!(code.as_deref(), Some("version_conflict"));
    }

    /// What the words say, with this text on stdin.
    fn said(words: &[&str], stdin: &[u8]) -> Result<(Vec<String>, OrderStatus), String> {
        let given: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let (numbers, status) = read(&given, || stdin).map_err(|failure| {
            assert_eq!(failure.exit(), Exit::Usage, "{failure}");
            failure.to_string()
        })?;
        let numbers = numbers.iter().map(|number| number.as_str().to_owned());
        Ok((numbers.collect(), status))
    }

    #[test]
    fn the_last_word_is_the_status_and_the_others_are_numbers() {
        let (numbers, status) = said(&["A-1", "-", "sHIPPed"], b"").unwrap();
        assert_eq!(
            (numbers, status),
            (vec!["A-1".to_owned()], OrderStatus::Shipped)
        );
        let near = said(&["A-1", "shiped"], b"").unwrap_err();
        assert!(near.contains("did you mean \"shipped\"?"), "{near}");
        let far = said(&["shipped", "A-1"], b"").unwrap_err();
        assert!(
            far.contains("the last word") && far.contains("pending, paid"),
            "{far}"
        );
        assert!(said(&["shipped"], b"").unwrap_err().contains("no order"));
    }

    #[test]
    fn numbers_of_stdin_are_read_line_by_line_and_a_bad_one_is_named() {
        let text = "\u{feff}A-1\r\n\n  A-2\nA-3".as_bytes();
        let (numbers, _) = said(&["-", "paid"], text).unwrap();
        assert_eq!(numbers, ["A-1", "A-2", "A-3"]);
        let bad = said(&["-", "paid"], b"A-1\n\nA\x1b[2J-2\n").unwrap_err();
        assert!(bad.starts_with("stdin, line 3: `A\\u{1b}[2J-2`"), "{bad}");
        let bytes = said(&["-", "paid"], b"A-1\nA\xff\n").unwrap_err();
        assert!(
            bytes.starts_with("stdin, line 2: ") && bytes.contains("UTF-8"),
            "{bytes}"
        );
        let flood = vec![b'x'; usize::try_from(MAX_BYTES).unwrap() + 1];
        assert!(
            said(&["-", "paid"], &flood)
                .unwrap_err()
                .contains("longer than")
        );
    }

    #[tokio::test(start_paused = true)]
    async fn orders_after_a_server_that_stayed_away_are_not_sent() {
        let away = || {
            Failure::from(RequestError::Unreachable {
                server: "h:1".to_owned(),
                reason: "connection refused".to_owned(),
            })
        };
        // As long as a change is tried; the server answers for one of the first.
        let ended = async |answers: usize| {
            let stop = Stop::default();
            let stop = &stop;
            let rows = stream::iter(0..10).map(|n| async move {
                let send = async || {
                    tokio::time::sleep(Duration::from_secs(15)).await;
                    if n == answers { Ok(()) } else { Err(away()) }
                };
                stop.unless_away(send).await
            });
            let ended: Vec<_> = rows.buffered(AT_ONCE).collect().await;
            let not_sent = |row: &Result<(), Failure>| matches!(row, Err(Failure::NotSent));
            ended.iter().filter(|row| not_sent(row)).count()
        };
        assert_eq!(ended(99).await, 10 - AT_ONCE);
        // It was there while the others were tried: those may have met a bad moment.
        assert!(ended(0).await < 10 - AT_ONCE);
    }
}
