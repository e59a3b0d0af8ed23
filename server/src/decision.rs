//! What a request may do to an order: the decisions that a store is handed.
//!
//! Nothing here reads a clock, a socket or a store; each function makes a
//! [`Decide`] of what the request said.

use jiff::Timestamp;
use ordertop::order::intake::{Intake, Merge};
use ordertop::order::status::{self, Permit, Reason};
use ordertop::order::text::{MAX_NAME_CHARS, MAX_NOTE_CHARS, clean_opt};
use ordertop::order::{
    Actor, HistoryEntry, MAX_NOTES, MAX_SHIPMENTS, Note, OrderState, OrderStatus, Shipment, Source,
    VendorOrder, Visibility,
};
use ordertop::protocol::EventKind;

use crate::store::{Decide, Refusal, TrackingRefusal, Verdict, Write};

mod bounded;
pub mod tracking;
pub mod undo;

pub use bounded::at_most_of_each;

use tracking::TrackingRequest;

/// A checked request to change a status.
#[derive(Debug, Clone)]
pub struct StatusRequest {
    /// Who asks.
    pub actor: Actor,
    /// The wish.
    pub to: OrderStatus,
    /// The version that the caller saw.
    pub expected_version: Option<u64>,
    /// Why.
    pub reason: Option<String>,
    /// What leaves.
    pub shipment: Option<Shipment>,
    /// The request, to find it in a log.
    pub request_id: Option<String>,
}

/// Decides on a change of status at `now`.
#[must_use]
pub fn change_status(request: StatusRequest, now: Timestamp) -> Decide {
    Box::new(move |stored| match stored {
        None => Verdict::Refuse(Refusal::UnknownOrder),
        Some(order) => step(order, &request, now).unwrap_or_else(Verdict::Refuse),
    })
}

fn step(order: &VendorOrder, request: &StatusRequest, now: Timestamp) -> Result<Verdict, Refusal> {
    let to = request.to;
    if order.state.status == to {
        return stands(order, request, now);
    }
    if request
        .expected_version
        .is_some_and(|seen| seen != order.state.version)
    {
        return Err(Refusal::VersionConflict(order.state.version));
    }
    if request.shipment.is_some() && to != OrderStatus::Shipped {
        return Err(Refusal::ShipmentWithoutShipping);
    }
    let reason = clean_opt(request.reason.as_deref(), MAX_NOTE_CHARS);
    let given = if reason.is_some() {
        Reason::Given
    } else {
        Reason::Missing
    };
    let permit = status::permit(order.state.standing(), to, &request.actor, given, now)?;
    if permit == Permit::Ask && order.state.flags.cancel_requested {
        return Ok(Verdict::Keep);
    }
    let state = order.state.after(permit, request.actor.clone(), now);
    let mut next = VendorOrder {
        state,
        ..order.clone()
    };
    let content_changed = match permit {
        Permit::Step(OrderStatus::Shipped) => match &request.shipment {
            Some(shipment) => {
                ship(&mut next, shipment, now)?;
                true
            }
            None => false,
        },
        Permit::Back(OrderStatus::Paid) => match order.state.shipped_at {
            Some(shipped_at) => unship(&mut next, shipped_at),
            None => false,
        },
        _ => false,
    };
    let ships = matches!(permit, Permit::Step(OrderStatus::Shipped));
    if let Some(previous) = next
        .state
        .previous
        .as_mut()
        .filter(|_| ships || content_changed)
    {
        previous.shipments = Some(order.content.shipments.clone());
    }
    let asked = permit == Permit::Ask;
    let history = HistoryEntry {
        at: now,
        version: next.state.version,
        actor: request.actor.clone(),
        action: if asked { "cancel_requested" } else { "status" }.to_owned(),
        from: Some(order.state.status),
        to: next.state.status,
        reason,
        request_id: request.request_id.clone(),
        forced: false,
    };
    let kind = if asked {
        EventKind::Updated
    } else {
        EventKind::Status
    };
    Ok(Verdict::Write(Box::new(Write {
        order: next,
        content_changed,
        kind,
        history,
    })))
}

/// Decides on a change to the status that the order has already: it may bring a parcel.
fn stands(
    order: &VendorOrder,
    request: &StatusRequest,
    now: Timestamp,
) -> Result<Verdict, Refusal> {
    let nothing = Shipment::default();
    let Some(parcel) = request.shipment.as_ref().filter(|said| **said != nothing) else {
        return Ok(Verdict::Keep);
    };
    if request.to != OrderStatus::Shipped {
        return Err(Refusal::ShipmentWithoutShipping);
    }
    let adding = TrackingRequest {
        actor: request.actor.clone(),
        parcel: parcel.clone(),
        replaces: None,
        request_id: request.request_id.clone(),
    };
    let verdict = tracking::decide(order, &adding, now)?;
    let version = order.state.version;
    match (&verdict, request.expected_version) {
        // The same request sent again finds its own parcel: no conflict.
        (Verdict::Write(_), Some(seen)) if seen != version => {
            Err(Refusal::VersionConflict(version))
        }
        _ => Ok(verdict),
    }
}

/// Takes back the parcels that were entered here from `shipped_at` on. Answers whether there were any.
fn unship(order: &mut VendorOrder, shipped_at: Timestamp) -> bool {
    let content = &mut order.content;
    let before = content.shipments.len();
    content
        .shipments
        .retain(|parcel| parcel.from_shop || parcel.shipped_at.is_none_or(|at| at < shipped_at));
    if content.shipments.len() == before {
        return false;
    }
    content.recount_shipped();
    true
}

/// Adds a shipment and counts its lines as shipped.
fn ship(order: &mut VendorOrder, shipment: &Shipment, now: Timestamp) -> Result<(), Refusal> {
    if order.content.shipments.len() >= MAX_SHIPMENTS {
        return Err(TrackingRefusal::TooManyShipments.into());
    }
    let text = |raw: &Option<String>| clean_opt(raw.as_deref(), MAX_NAME_CHARS);
    let lines = &mut order.content.lines;
    if shipment.lines.len() > lines.len() {
        return Err(Refusal::TooManyLines(shipment.lines.len()));
    }
    let unknown = |id: &&u64| !lines.iter().any(|line| line.id == **id);
    if let Some(id) = shipment.lines.iter().find(unknown) {
        return Err(Refusal::UnknownLine(*id));
    }
    let lines = lines.iter().map(|line| line.id);
    let lines: Vec<u64> = lines.filter(|id| shipment.lines.contains(id)).collect();
    order.content.shipments.push(Shipment {
        lines,
        carrier: text(&shipment.carrier),
        tracking_number: text(&shipment.tracking_number),
        tracking_url: clean_opt(shipment.tracking_url.as_deref(), MAX_NOTE_CHARS),
        from_shop: false,
        shipped_at: Some(now),
        delivered_at: None,
    });
    if order
        .content
        .shipments
        .iter()
        .filter(|parcel| !parcel.from_shop)
        .count()
        == 1
    {
        // Until now all that had left was the shop's to tell.
        for line in &mut order.content.lines {
            line.shop_shipped = line.shop_shipped.max(line.qty_shipped);
        }
    }
    order.content.recount_shipped();
    Ok(())
}

/// A checked request to add a note.
#[derive(Debug, Clone)]
pub struct NoteRequest {
    /// Who writes it.
    pub actor: Actor,
    /// Who may read it.
    pub visibility: Visibility,
    /// The words, clean.
    pub body: String,
    /// The request, to find it in a log.
    pub request_id: Option<String>,
}

/// Decides on a note, written at `now`: the newest of the order's.
#[must_use]
pub fn add_note(request: NoteRequest, now: Timestamp) -> Decide {
    Box::new(move |stored| {
        let Some(order) = stored else {
            return Verdict::Refuse(Refusal::UnknownOrder);
        };
        if order.content.notes.len() >= MAX_NOTES {
            return Verdict::Refuse(Refusal::TooManyNotes);
        }
        let NoteRequest {
            actor,
            visibility,
            body,
            request_id,
        } = &request;
        let mut next = VendorOrder {
            state: order.state.touched(now),
            ..order.clone()
        };
        next.content.notes.push(Note {
            at: now,
            by: actor.clone(),
            visibility: *visibility,
            body: body.clone(),
        });
        let from = Some(order.state.status);
        // A vendor reads the history of its orders: never the words.
        let history = entry(&next.state, actor, "note", from, request_id, now);
        Verdict::Write(Box::new(Write {
            order: next,
            content_changed: true,
            kind: EventKind::Updated,
            history,
        }))
    })
}

/// Decides on a new order: placed, or there already with the same content.
#[must_use]
pub fn place(intake: Intake, actor: Actor, request_id: Option<String>, now: Timestamp) -> Decide {
    Box::new(move |stored| match stored {
        Some(order) if order.content.placed_as == intake.content.placed_as => Verdict::Keep,
        Some(_) => Verdict::Refuse(Refusal::NumberTaken),
        None => {
            let order = intake.place(actor.clone(), now);
            let history = entry(&order.state, &actor, "placed", None, &request_id, now);
            Verdict::Write(Box::new(Write {
                order,
                content_changed: true,
                kind: EventKind::Created,
                history,
            }))
        }
    })
}

/// Decides on a snapshot from a shop: new, merged, or nothing new in it.
#[must_use]
pub fn import(intake: Intake, actor: Actor, request_id: Option<String>, now: Timestamp) -> Decide {
    Box::new(move |stored| {
        let Some(stored) = stored else {
            let order = intake.place(actor.clone(), now);
            let history = entry(&order.state, &actor, "imported", None, &request_id, now);
            let kind = EventKind::Created;
            return Verdict::Write(Box::new(Write {
                order,
                content_changed: true,
                kind,
                history,
            }));
        };
        match intake.merge(stored, &actor, now) {
            Merge::Another => Verdict::Refuse(Refusal::NumberOfAnother {
                number: stored.number.clone(),
                holder: whose(stored.content.source.as_ref()),
                comer: whose(intake.content.source.as_ref()),
            }),
            Merge::Unchanged | Merge::Stale => Verdict::Keep,
            Merge::Heard(order) => Verdict::Remember(order),
            Merge::Changed { order, forced } => {
                let from = stored.state.status;
                let mut history = entry(
                    &order.state,
                    &actor,
                    "imported",
                    Some(from),
                    &request_id,
                    now,
                );
                history.forced = forced;
                let kind = if from == order.state.status {
                    EventKind::Updated
                } else {
                    EventKind::Status
                };
                Verdict::Write(Box::new(Write {
                    content_changed: order.content != stored.content,
                    order: *order,
                    kind,
                    history,
                }))
            }
        }
    })
}

/// An order's origin in words.
fn whose(source: Option<&Source>) -> String {
    source.map_or_else(
        || "an order that was placed here".to_owned(),
        Source::describe,
    )
}

fn entry(
    state: &OrderState,
    actor: &Actor,
    action: &str,
    from: Option<OrderStatus>,
    request_id: &Option<String>,
    now: Timestamp,
) -> HistoryEntry {
    HistoryEntry {
        at: now,
        version: state.version,
        actor: actor.clone(),
        action: action.to_owned(),
        from,
        to: state.status,
        reason: None,
        request_id: request_id.clone(),
        forced: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ordertop::order::ActorKind;
    use ordertop::order::Qty;
    use ordertop::order::placement::Placement;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn vendor() -> Actor {
        Actor::new(ActorKind::Vendor, "42")
    }

    fn paid() -> VendorOrder {
        let order: Placement = serde_json::from_str(
            r#"{"vendor_id":"42","order_number":"A-1","status":"Paid","currency":"EUR","lines":[
                {"sku":"MUG","qty":2,"unit_price":"5"},{"sku":"TEE","qty":1,"unit_price":"9"}]}"#,
        )
        .unwrap();
        let intake = order.check(None, at(0)).unwrap();
        intake.place(Actor::new(ActorKind::Service, "api"), at(0))
    }

    fn wish(to: OrderStatus) -> StatusRequest {
        StatusRequest {
            actor: vendor(),
            to,
            expected_version: None,
            reason: None,
            shipment: None,
            request_id: None,
        }
    }

    fn written(order: &VendorOrder, wish: StatusRequest, second: i64) -> Write {
        match change_status(wish, at(second))(Some(order)) {
            Verdict::Write(write) => *write,
            other => panic!("not written: {other:?}"),
        }
    }

    #[test]
    fn shipping_without_a_shipment_writes_no_content() {
        let write = written(&paid(), wish(OrderStatus::Shipped), 1);
        assert!(!write.content_changed);
        assert_eq!(write.kind, EventKind::Status);
        assert_eq!(write.history.from, Some(OrderStatus::Paid));
        assert_eq!(write.order.state.version, 2);
    }

    #[test]
    fn a_shipment_counts_its_lines_and_a_step_back_takes_it_back() {
        let shipment = Shipment {
            lines: vec![1],
            tracking_number: Some("1Z\u{1b}[31m9".to_owned()),
            ..Shipment::default()
        };
        let ship = StatusRequest {
            shipment: Some(shipment),
            ..wish(OrderStatus::Shipped)
        };
        let shipped = written(&paid(), ship, 1);
        assert!(shipped.content_changed);
        let content = &shipped.order.content;
        let counts: Vec<_> = content.lines.iter().map(|line| line.qty_shipped).collect();
        assert_eq!(counts, [Qty::whole(2), Qty::ZERO]);
        assert_eq!(content.shipments[0].lines, [1]);
        assert_eq!(content.shipments[0].tracking_number.as_deref(), Some("1Z9"));

        let back = StatusRequest {
            actor: Actor::new(ActorKind::Support, "kim"),
            reason: Some("the wrong parcel".into()),
            ..wish(OrderStatus::Paid)
        };
        let back = written(&shipped.order, back, 2);
        assert!(back.order.content.shipments.is_empty());
        assert!(back.order.content.lines[0].qty_shipped.is_zero());
    }

    #[test]
    fn a_shipment_of_an_unknown_line_is_refused() {
        let ship = StatusRequest {
            shipment: Some(Shipment {
                lines: vec![1, 99],
                ..Shipment::default()
            }),
            ..wish(OrderStatus::Shipped)
        };
        let verdict = change_status(ship, at(1))(Some(&paid()));
        assert!(matches!(verdict, Verdict::Refuse(Refusal::UnknownLine(99))));
    }

    #[test]
    fn a_shipment_goes_with_shipping_alone() {
        let shipped = written(&paid(), wish(OrderStatus::Shipped), 1).order;
        let odd = StatusRequest {
            shipment: Some(Shipment::default()),
            ..wish(OrderStatus::Delivered)
        };
        let verdict = change_status(odd, at(2))(Some(&shipped));
        assert!(matches!(
            verdict,
            Verdict::Refuse(Refusal::ShipmentWithoutShipping)
        ));
    }

    #[test]
    fn a_vendor_asks_for_a_cancellation_once() {
        let asked = written(&paid(), wish(OrderStatus::Cancelled), 1);
        assert_eq!(asked.kind, EventKind::Updated);
        assert_eq!(asked.order.state.status, OrderStatus::Paid);
        assert_eq!(asked.history.action, "cancel_requested");
        let again = change_status(wish(OrderStatus::Cancelled), at(2))(Some(&asked.order));
        assert!(matches!(again, Verdict::Keep));
    }

    #[test]
    fn a_note_leaves_the_status_alone_and_its_words_out_of_the_history() {
        let request = NoteRequest {
            actor: vendor(),
            visibility: Visibility::Vendor,
            body: "leave it at the door".to_owned(),
            request_id: None,
        };
        let mut order = paid();
        let since = order.state.status_since;
        for n in 1..=MAX_NOTES {
            let Verdict::Write(write) = add_note(request.clone(), at(9))(Some(&order)) else {
                panic!("note {n} is not written");
            };
            assert!(write.content_changed);
            assert_eq!(write.kind, EventKind::Updated);
            assert_eq!(write.history.version, order.state.version + 1);
            assert!(!format!("{:?}", write.history).contains("door"));
            order = write.order;
        }
        assert_eq!(order.state.status_since, since);
        assert_eq!(order.state.updated_at, at(9));
        let verdict = add_note(request.clone(), at(9))(Some(&order));
        assert!(matches!(verdict, Verdict::Refuse(Refusal::TooManyNotes)));
        let verdict = add_note(request, at(9))(None);
        assert!(matches!(verdict, Verdict::Refuse(Refusal::UnknownOrder)));
    }

    #[test]
    fn a_stale_version_is_refused_unless_all_is_as_wished() {
        let stale = |to| StatusRequest {
            expected_version: Some(7),
            ..wish(to)
        };
        let order = paid();
        let refused = change_status(stale(OrderStatus::Shipped), at(1))(Some(&order));
        assert!(matches!(
            refused,
            Verdict::Refuse(Refusal::VersionConflict(1))
        ));
        let kept = change_status(stale(OrderStatus::Paid), at(1))(Some(&order));
        assert!(matches!(kept, Verdict::Keep));
    }
}
