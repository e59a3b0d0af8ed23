//! A change of status.

use jiff::Timestamp;
use ordertop::order::status::{self, Permit, Reason};
use ordertop::order::text::{MAX_NOTE_CHARS, clean_opt};
use ordertop::order::{Actor, HistoryEntry, OrderStatus, Shipment, VendorOrder};
use ordertop::protocol::EventKind;

use super::parcel::ship;
use super::tracking::{self, TrackingRequest};
use crate::store::{Decide, Refusal, Verdict, Write};

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

pub(super) fn step(
    order: &VendorOrder,
    request: &StatusRequest,
    now: Timestamp,
) -> Result<Verdict, Refusal> {
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
pub(super) fn stands(
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
pub(super) fn unship(order: &mut VendorOrder, shipped_at: Timestamp) -> bool {
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
