//! Parcels of an order that has left already: their carriers and tracking numbers, added and corrected.

use jiff::Timestamp;
use ordertop::order::text::{MAX_NAME_CHARS, MAX_NOTE_CHARS, clean_opt};
use ordertop::order::{Actor, MAX_SHIPMENTS, OrderStatus, Shipment, VendorOrder};
use ordertop::protocol::EventKind;

use super::entry::entry;
use super::parcel::ship;
use crate::store::{Decide, Refusal, TrackingRefusal, Verdict, Write};

/// A request to add or correct a parcel.
#[derive(Debug, Clone)]
pub struct TrackingRequest {
    /// Caller.
    pub actor: Actor,
    /// The parcel: lines, carrier, tracking number and link; the times are set here.
    pub parcel: Shipment,
    /// Tracking number of the parcel to correct; `None` adds one.
    pub replaces: Option<String>,
    /// Id of the request, for the history.
    pub request_id: Option<String>,
}

/// Decides on a parcel at `now`.
#[must_use]
pub fn track(request: TrackingRequest, now: Timestamp) -> Decide {
    Box::new(move |stored| match stored {
        None => Verdict::Refuse(Refusal::UnknownOrder),
        Some(order) => decide(order, &request, now).unwrap_or_else(Verdict::Refuse),
    })
}

/// Decides on a parcel of this order.
pub(super) fn decide(
    order: &VendorOrder,
    request: &TrackingRequest,
    now: Timestamp,
) -> Result<Verdict, Refusal> {
    let status = order.state.status;
    let left = [
        OrderStatus::Shipped,
        OrderStatus::Delivered,
        OrderStatus::Completed,
    ];
    if !left.contains(&status) {
        return Err(TrackingRefusal::NotShipped(status).into());
    }
    let parcel = clean(&request.parcel);
    if parcel.carrier.is_none() && parcel.tracking_number.is_none() && parcel.lines.is_empty() {
        return Err(TrackingRefusal::Empty.into());
    }
    let edit = match clean_opt(request.replaces.as_deref(), MAX_NAME_CHARS) {
        Some(replaced) => correct(&order.content.shipments, parcel, &replaced)?,
        None => add(&order.content.shipments, parcel)?,
    };
    let mut next = VendorOrder {
        state: order.state.touched(now),
        ..order.clone()
    };
    match edit {
        Edit::None => return Ok(Verdict::Keep),
        Edit::Set(at, parcel) => next.content.shipments[at] = parcel,
        Edit::Push(parcel) => ship(&mut next, &parcel, now)?,
    }
    let TrackingRequest {
        actor, request_id, ..
    } = request;
    let history = entry(
        &next.state,
        actor,
        "shipment",
        Some(status),
        request_id,
        now,
    );
    Ok(Verdict::Write(Box::new(Write {
        order: next,
        content_changed: true,
        kind: EventKind::Updated,
        history,
    })))
}

/// Change of an order's list of shipments.
enum Edit {
    /// None: the parcel is there.
    None,
    /// Replaces the shipment at this index.
    Set(usize, Shipment),
    /// Appends a shipment.
    Push(Shipment),
}

/// Finds out what a further parcel changes: nothing where it is known, the newest entry where that
/// has no number yet, else it is appended.
fn add(shipments: &[Shipment], parcel: Shipment) -> Result<Edit, TrackingRefusal> {
    if let Some(at) = shipments.iter().rposition(|known| is_same(known, &parcel)) {
        let known = &shipments[at];
        let mut filled = known.clone();
        if known.carrier.is_none() {
            filled.carrier.clone_from(&parcel.carrier);
        }
        // A link is derived from carrier and number: where the shop's differs, the shop's stays.
        if parcel.tracking_url.is_some() && !known.from_shop {
            filled.tracking_url = parcel.tracking_url;
        }
        return match filled == *known {
            true => Ok(Edit::None),
            false if known.from_shop => Err(TrackingRefusal::ShopsParcel(shown(known))),
            false => Ok(Edit::Set(at, filled)),
        };
    }
    if let Some(at) = shipments.iter().rposition(|known| !known.from_shop) {
        let newest = &shipments[at];
        let says_more = parcel.tracking_number.is_some() || newest.carrier.is_none();
        let same_lines = parcel.lines.is_empty() || parcel.lines == newest.lines;
        if newest.tracking_number.is_none() && says_more && same_lines {
            return Ok(Edit::Set(at, with(newest, &parcel)));
        }
    }
    if shipments.len() >= MAX_SHIPMENTS {
        return Err(TrackingRefusal::TooManyShipments);
    }
    Ok(Edit::Push(parcel))
}

/// Finds out what a correction of the parcel with the number `replaced` changes.
fn correct(
    shipments: &[Shipment],
    parcel: Shipment,
    replaced: &str,
) -> Result<Edit, TrackingRefusal> {
    let has_number =
        |known: &&Shipment| same_text(known.tracking_number.as_deref(), Some(replaced));
    let ours = shipments
        .iter()
        .rposition(|known| !known.from_shop && has_number(&known));
    let Some(at) = ours else {
        // Sent again after it was done, perhaps: the parcel is there under its new number.
        let done = parcel.tracking_number.is_some()
            && shipments
                .iter()
                .any(|known| with(known, &parcel) == *known && is_same(known, &parcel));
        if done {
            return Ok(Edit::None);
        }
        return Err(match shipments.iter().find(has_number) {
            Some(shops) => TrackingRefusal::ShopsParcel(shown(shops)),
            None => TrackingRefusal::UnknownParcel(replaced.to_owned()),
        });
    };
    let known = &shipments[at];
    let moved = parcel.tracking_number.is_some()
        && !same_text(
            parcel.tracking_number.as_deref(),
            known.tracking_number.as_deref(),
        );
    let mut corrected = with(known, &parcel);
    if moved && parcel.tracking_url.is_none() {
        // The link led to the number that was wrong.
        corrected.tracking_url = None;
    }
    let mut others = shipments.iter().enumerate().filter(|(n, _)| *n != at);
    if moved && others.any(|(_, other)| is_same(other, &corrected)) {
        return Err(TrackingRefusal::ParcelTaken(shown(&corrected)));
    }
    if corrected == *known {
        return Ok(Edit::None);
    }
    Ok(Edit::Set(at, corrected))
}

/// The shipment with what the parcel says in place of its own.
fn with(known: &Shipment, parcel: &Shipment) -> Shipment {
    let or_known = |said: &Option<String>, known: &Option<String>| said.clone().or(known.clone());
    Shipment {
        carrier: or_known(&parcel.carrier, &known.carrier),
        tracking_number: or_known(&parcel.tracking_number, &known.tracking_number),
        tracking_url: or_known(&parcel.tracking_url, &known.tracking_url),
        ..known.clone()
    }
}

/// Whether both are one parcel: by number, and by carrier where both name one. A parcel without a
/// number is known by its carrier and lines.
fn is_same(known: &Shipment, parcel: &Shipment) -> bool {
    let same_carrier = match (&known.carrier, &parcel.carrier) {
        (Some(known), Some(said)) => known.eq_ignore_ascii_case(said),
        _ => true,
    };
    let same_lines = parcel.lines.is_empty() || known.lines == parcel.lines;
    match &parcel.tracking_number {
        Some(_) => {
            same_carrier
                && same_text(
                    known.tracking_number.as_deref(),
                    parcel.tracking_number.as_deref(),
                )
        }
        None => same_carrier && same_lines && known.carrier.is_some() == parcel.carrier.is_some(),
    }
}

fn same_text(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        (None, None) => true,
        _ => false,
    }
}

fn shown(parcel: &Shipment) -> String {
    let name = parcel.tracking_number.as_ref().or(parcel.carrier.as_ref());
    name.cloned().unwrap_or_default()
}

fn clean(parcel: &Shipment) -> Shipment {
    let text = |raw: &Option<String>, max| clean_opt(raw.as_deref(), max);
    Shipment {
        lines: parcel.lines.clone(),
        carrier: text(&parcel.carrier, MAX_NAME_CHARS),
        tracking_number: text(&parcel.tracking_number, MAX_NAME_CHARS),
        tracking_url: text(&parcel.tracking_url, MAX_NOTE_CHARS),
        ..Shipment::default()
    }
}

#[cfg(test)]
mod tests;
