//! Changes: read, decide, compare and set; asked again when somebody else was
//! quicker.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use ordertop::order::{OrderId, OrderNumber, VendorId};
use ordertop::protocol::{Mark, Position};

use super::commit::{Row, Said, token};
use super::once::{self, Place, Remembering};
use super::read::Seen;
use super::shared::Shared;
use super::sources::Sources;
use crate::store::fact::Fact;
use crate::store::{
    Change, ChangeOutcome, Decide, Once, Refusal, StoreError, Target, VendorEvent, Verdict, Write,
};

/// How often a change is decided anew before it is given up.
const MAX_ATTEMPTS: u32 = 40;
/// Vendors of one request whose changes are committed at once.
const VENDORS_AT_ONCE: usize = 16;

/// Changes orders of any vendors: each vendor's in one commit.
pub(super) async fn change_all(
    shared: &Shared,
    changes: Vec<(Target, Decide)>,
    once: Option<Once>,
) -> Result<(Vec<Change>, Vec<Arc<VendorEvent>>), StoreError> {
    if let Some(once) = &once {
        once::claim(shared, once).await?;
    }
    let count = changes.len();
    let mut vendors: Vec<OfVendor> = Vec::new();
    let mut places = HashMap::new();
    for (at, (target, decide)) in changes.into_iter().enumerate() {
        let key = &target.key;
        let place = *places.entry(key.vendor.clone()).or_insert_with(|| {
            vendors.push(OfVendor {
                vendor: key.vendor.clone(),
                changes: Vec::new(),
                targets: Vec::new(),
                at: Vec::new(),
            });
            vendors.len() - 1
        });
        vendors[place].changes.push((key.number.clone(), decide));
        vendors[place].targets.push(target);
        vendors[place].at.push(at);
    }
    let alone = vendors.len() == 1;
    let once = once.as_ref();
    let working = vendors.into_iter().map(|of_vendor| async move {
        let done = change_vendor(shared, &of_vendor, once).await;
        (of_vendor, done)
    });
    let mut working = futures_util::stream::iter(working).buffered(VENDORS_AT_ONCE);
    let mut results: Vec<Option<Change>> = (0..count).map(|_| None).collect();
    let mut written_any = false;
    let mut events = Vec::new();
    let mut lost = None;
    while let Some((of_vendor, done)) = working.next().await {
        match done {
            Ok((changes, new)) => {
                written_any = true;
                events.extend(new);
                for (at, change) in of_vendor.at.into_iter().zip(changes) {
                    results[at] = Some(change);
                }
            }
            Err(error) if alone => return Err(error),
            // What may be done outweighs what is not.
            Err(error) if !matches!(lost, Some(StoreError::Unanswered(_))) => lost = Some(error),
            Err(_) => {}
        }
    }
    match lost {
        // Nothing went: the caller may hear that.
        Some(error) if !written_any => return Err(error),
        Some(error) => tracing::error!(%error, "some vendors' changes of a request were not done"),
        None => {}
    }
    // Rows of vendors that could not be reached say so, each for itself.
    let results = results.into_iter().map(|change| {
        change.unwrap_or_else(|| {
            let away = ChangeOutcome::Refused(Refusal::StoreUnavailable);
            Change::new(away, None, None)
        })
    });
    Ok((results.collect(), events))
}

struct OfVendor {
    vendor: VendorId,
    changes: Vec<(OrderNumber, Decide)>,
    /// The order that each change is about.
    targets: Vec<Target>,
    /// Where each stands among the request's changes.
    at: Vec<usize>,
}

/// The answers, and the events that were made.
type Done = (Vec<Change>, Vec<Arc<VendorEvent>>);

async fn change_vendor(
    shared: &Shared,
    of_vendor: &OfVendor,
    asked_once: Option<&Once>,
) -> Result<Done, StoreError> {
    let OfVendor {
        vendor,
        changes,
        targets,
        ..
    } = of_vendor;
    for attempt in 0..MAX_ATTEMPTS {
        let sources = shared.sources(vendor, targets).await?;
        let named = changes.iter().map(|(number, _)| number);
        let mut numbers: Vec<OrderNumber> = named.chain(sources.all()).cloned().collect();
        numbers.sort();
        numbers.dedup();
        let seen = shared.look(vendor, &numbers).await?;
        let Some(head) = seen.head.clone() else {
            return refuse_unknown(shared, vendor, changes, asked_once, seen.now_ms).await;
        };
        let (now_ms, newest) = (seen.now_ms, head.position.offset);
        let mut decided = decide(shared, of_vendor, sources, seen, head.position).await?;
        if decided.rows.is_empty() && asked_once.is_none() {
            shared.wait_for_replicas(vendor).await?;
            return Ok((decided.changes, Vec::new()));
        }
        let remembering = asked_once.map(|once| Remembering::new(once, vendor, decided.places()));
        let remembering = remembering.transpose()?;
        let said = shared.commit(vendor, &decided.rows, remembering, now_ms, newest);
        match said.await? {
            Said::Written(before) => {
                let events = decided.written(vendor, before);
                return Ok((decided.changes, events));
            }
            Said::Changed => wait_a_little(attempt).await,
            Said::Remembered(text) => {
                shared.wait_for_replicas(vendor).await?;
                let again = once::recall(shared, vendor, changes, asked_once, &text);
                return Ok((again.await?, Vec::new()));
            }
            Said::NoVendor => {
                return refuse_unknown(shared, vendor, changes, asked_once, now_ms).await;
            }
            Said::Late => return Err(late()),
        }
    }
    let busy = "the order is changed by too many at once: try again";
    Err(StoreError::Failed(busy.into()))
}

/// Refuses the changes of a vendor that does not exist. With a key that answer is
/// remembered as any other: the vendor may exist when the request comes again.
async fn refuse_unknown(
    shared: &Shared,
    vendor: &VendorId,
    changes: &[(OrderNumber, Decide)],
    asked_once: Option<&Once>,
    now_ms: i64,
) -> Result<Done, StoreError> {
    let refused = ChangeOutcome::Refused(Refusal::UnknownVendor(vendor.clone()));
    let refused = vec![Change::new(refused, None, None); changes.len()];
    let Some(once) = asked_once else {
        return Ok((refused, Vec::new()));
    };
    let outcomes = refused.iter().map(|change| (change, None)).collect();
    let remembering = Remembering::new(once, vendor, outcomes)?;
    let said = shared.commit(vendor, &[], Some(remembering), now_ms, 0);
    let changes = match said.await? {
        Said::Remembered(text) => once::recall(shared, vendor, changes, asked_once, &text).await?,
        Said::Late => return Err(late()),
        Said::Written(_) | Said::Changed | Said::NoVendor => refused,
    };
    shared.wait_for_replicas(vendor).await?;
    Ok((changes, Vec::new()))
}

fn late() -> StoreError {
    StoreError::Failed("Redis took too long to take the change: it was not done".into())
}

/// Who lost comes again after the winner, not with it.
async fn wait_a_little(attempt: u32) {
    if attempt > 0 {
        let most = Duration::from_millis(u64::from(attempt.min(20)));
        tokio::time::sleep(most.mul_f64(rand::random())).await;
    }
}

/// What was decided upon one vendor's orders.
struct Decided {
    /// An answer for each change; positions of written ones are filled in later.
    changes: Vec<Change>,
    rows: Vec<Row>,
}

/// Shows each order to its decision; a later one sees what an earlier one did.
async fn decide(
    shared: &Shared,
    of_vendor: &OfVendor,
    mut sources: Sources,
    mut seen: Seen,
    head: Position,
) -> Result<Decided, StoreError> {
    let OfVendor {
        vendor,
        changes,
        targets,
        ..
    } = of_vendor;
    let mut decided = Decided {
        changes: Vec::with_capacity(changes.len()),
        rows: Vec::new(),
    };
    for (at, ((number, decide), target)) in changes.iter().zip(targets).enumerate() {
        let number = match sources.choose(target, &seen) {
            Ok(chosen) => chosen.unwrap_or_else(|| number.clone()),
            Err(refusal) => {
                let refused = ChangeOutcome::Refused(refusal);
                let change = Change::new(refused, None, Some(head.clone()));
                decided.changes.push(change);
                continue;
            }
        };
        let stored = seen.orders.get(&number);
        let unwritten = |outcome| {
            let order = stored.map(|(order, _)| order.clone());
            Change::new(outcome, order, Some(head.clone()))
        };
        let change = match decide(stored.map(|(order, _)| &**order)) {
            Verdict::Keep => unwritten(ChangeOutcome::Kept),
            Verdict::Refuse(refusal) => unwritten(ChangeOutcome::Refused(refusal)),
            Verdict::Remember(order) => {
                let order = Arc::new(*order);
                if let Some((before, revision)) = stored.cloned() {
                    decided
                        .rows
                        .push(Row::remember(at, order.clone(), &before, revision));
                    seen.orders.insert(number, (order.clone(), revision));
                }
                Change::new(ChangeOutcome::Kept, Some(order), Some(head.clone()))
            }
            Verdict::Write(write) => {
                let Write {
                    mut order,
                    content_changed,
                    kind,
                    history,
                } = *write;
                let revision = match stored {
                    None => {
                        order.id = OrderId(shared.next_order_id().await?);
                        1
                    }
                    Some((_, revision)) => revision + u64::from(content_changed),
                };
                let order = Arc::new(order);
                // Only what was looked up can be compared and set.
                let source = target.source.as_ref().and_then(|_| sources.add(&order));
                decided.rows.push(Row {
                    change: at,
                    order: order.clone(),
                    seen: stored.map_or_else(|| "0".to_owned(), |(order, _)| token(&order.state)),
                    revision,
                    content_changed: content_changed || stored.is_none(),
                    mark: Mark::from_random(rand::random()),
                    fact: Some(Fact {
                        kind,
                        entry: history,
                    }),
                    source: source.unwrap_or_default(),
                });
                seen.orders.insert(number, (order.clone(), revision));
                Change::new(ChangeOutcome::Written, Some(order), None)
            }
        };
        debug_assert!(change.order.as_ref().is_none_or(|o| o.vendor_id == *vendor));
        decided.changes.push(change);
    }
    Ok(decided)
}

impl Decided {
    /// Fills in where the written ones came to be, after `before`, and makes
    /// their events.
    fn written(&mut self, vendor: &VendorId, before: Position) -> Vec<Arc<VendorEvent>> {
        let mut last = before;
        let rows = std::mem::take(&mut self.rows).into_iter();
        let events = rows.filter_map(|row| {
            let fact = row.fact?;
            let position = Position {
                offset: last.offset + 1,
                mark: row.mark,
            };
            let after = std::mem::replace(&mut last, position.clone()).mark;
            self.changes[row.change].position = Some(position.clone());
            Some(Arc::new(VendorEvent {
                vendor: vendor.clone(),
                event: fact.event(position, after, row.order),
            }))
        });
        events.collect()
    }

    /// Each change with its place among the written ones, where it is one of them.
    fn places(&self) -> Vec<(&Change, Option<Place>)> {
        let mut places: Vec<_> = self.changes.iter().map(|change| (change, None)).collect();
        let events = self.rows.iter().filter(|row| row.fact.is_some());
        for (n, row) in events.enumerate() {
            let version = row.order.state.version;
            places[row.change].1 = Some(Place(n as u64 + 1, row.mark.clone(), version));
        }
        places
    }
}
