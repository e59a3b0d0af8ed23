//! Those who change orders and note what they were answered.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use ordertop::protocol::Position;
use reqwest::Method;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::support::{Answer, Caller, TOKEN};

/// Before an update is asked for again.
const AGAIN_AFTER: Duration = Duration::from_millis(80);
/// For one answer: a stalled connection is given up.
const ANSWER_IN: Duration = Duration::from_secs(3);
/// For an update, all its tries together.
const IN_THE_END: Duration = Duration::from_secs(60);

/// Everything that the writers asked for.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Vec<Update>>);

/// One update, which a writer asked for once or, until it was answered, again.
#[derive(Debug, Clone)]
pub(super) struct Update {
    /// Its `Idempotency-Key` and, so that its trace can be found, its reason.
    pub(super) id: String,
    pub(super) vendor: usize,
    pub(super) number: String,
    pub(super) status: &'static str,
    pub(super) tries: u32,
    pub(super) answer: Option<Answered>,
    /// It was refused where nothing is to be refused.
    refused: Option<String>,
}

/// What an update was answered.
#[derive(Debug, Clone)]
pub(super) struct Answered {
    pub(super) at: Instant,
    /// `false`: the order had that status already.
    pub(super) changed: bool,
    pub(super) version: u64,
    /// The event that it made, where it changed something.
    pub(super) position: Position,
}

impl Ledger {
    pub(super) fn lock(&self) -> MutexGuard<'_, Vec<Update>> {
        self.0.lock().expect("no writer panics with it")
    }

    /// How many updates were answered.
    pub(super) fn answered(&self) -> usize {
        let updates = self.lock();
        updates.iter().filter(|one| one.answer.is_some()).count()
    }

    /// How often updates were asked for.
    pub(super) fn tries(&self) -> u32 {
        self.lock().iter().map(|one| one.tries).sum()
    }

    pub(super) fn was_refused(&self) -> bool {
        self.lock().iter().any(|one| one.refused.is_some())
    }
}

/// Changes orders until told to stop. Each writer has an order of every vendor,
/// which it shares with one other: one ships it, the other takes it back. So an
/// update that was done twice would show, as the other's came between.
pub(super) async fn write(
    writer: usize,
    ways: Vec<String>,
    pause: Duration,
    ledger: std::sync::Arc<Ledger>,
    stop: watch::Receiver<bool>,
) {
    // Some never ask again: what they were not answered may be done or not.
    let persists = writer % 4 != 3;
    let ways: Vec<_> = ways
        .iter()
        .map(|way| Caller::anonymous(way).token(TOKEN))
        .collect();
    for n in 0_usize.. {
        if *stop.borrow() {
            return;
        }
        let vendor = (writer + n) % super::VENDORS;
        let update = Update {
            id: format!("w{writer}-{n}"),
            vendor,
            number: format!("A-{}", writer % super::ORDERS_A_VENDOR),
            status: ["Shipped", "Paid"][writer / super::ORDERS_A_VENDOR % 2],
            tries: 0,
            answer: None,
            refused: None,
        };
        let row = {
            let mut updates = ledger.lock();
            updates.push(update.clone());
            updates.len() - 1
        };
        let give_up = Instant::now() + IN_THE_END;
        for way in ways.iter().cycle().skip(writer) {
            ledger.lock()[row].tries += 1;
            match ask(way, &update).await {
                Ok(answered) => {
                    ledger.lock()[row].answer = Some(answered);
                    break;
                }
                Err(Failed::Refused(why)) => {
                    ledger.lock()[row].refused = Some(why);
                    return;
                }
                Err(Failed::Unanswered) if !persists => break,
                Err(Failed::Unanswered) => {
                    assert!(Instant::now() < give_up, "never answered: {update:?}");
                }
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
        tokio::time::sleep(pause).await;
    }
}

enum Failed {
    /// It may be done or not, and may be asked for again.
    Unanswered,
    /// The server said no.
    Refused(String),
}

async fn ask(way: &Caller, update: &Update) -> Result<Answered, Failed> {
    let path = format!("/api/orders/{}/update-status/", update.number);
    let caller = way.clone().vendor(&format!("v{}", update.vendor));
    let undo = update.status == "Paid";
    let change = json!({"status": update.status, "undo": undo, "reason": update.id});
    let request = caller.request(Method::POST, &path).json(&change);
    let request = request.header("Idempotency-Key", &update.id);
    let answer = match Answer::try_to(request.timeout(ANSWER_IN)).await {
        Ok(answer) if answer.status == 200 => answer.json(),
        Ok(answer) if matches!(answer.status, 429 | 500..) => return Err(Failed::Unanswered),
        Ok(other) => return Err(Failed::Refused(format!("{other:?}"))),
        Err(_) => return Err(Failed::Unanswered),
    };
    let text = |field: &serde_json::Value| field.as_str().unwrap_or_default().to_owned();
    Ok(Answered {
        at: Instant::now(),
        changed: answer["changed"] == true,
        version: answer["order"]["version"].as_u64().expect("a version"),
        position: text(&answer["position"]).parse().expect("a position"),
    })
}
