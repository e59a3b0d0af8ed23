//! Changing an order's status.

use std::sync::Arc;

use bytes::Buf;
use futures_util::Stream;
use http::StatusCode;
use ordertop::order::status::UndoRefusal;
use ordertop::order::{OrderKey, OrderStatus, VendorOrder};
use ordertop::protocol::ListedOrder;
use ordertop::protocol::rest::{
    CANCELLATION_REQUESTED, STATUS_UPDATED, StatusChange, StatusChanged,
};

use crate::caller::Caller;
use crate::decision::undo::{UndoRequest, undo};
use crate::decision::{self, StatusRequest};
use crate::idempotency;
use crate::reply::{self, ApiError, not_a_choice};
use crate::request;
use crate::request::{Answer, Incoming};
use crate::state::AppState;
use crate::store::{Change, ChangeOutcome, Decide, Refusal, StoreError, TrackingRefusal};

/// `POST /api/orders/{number}/update-status/`.
pub(super) async fn update(
    number: String,
    incoming: Incoming,
    body: impl Stream<Item = Result<impl Buf, warp::Error>>,
) -> Answer {
    let state = &incoming.state;
    let caller = Caller::of_seed_call(state, &incoming.headers).await?;
    let body = request::read_json_or_form(state, &incoming.headers, body).await?;
    let once = idempotency::once(&incoming, &caller, &body)?;
    let wish: StatusChange = request::parse_object(&body)?;
    let key = caller.order_key(state, incoming.vendor(), &number).await?;
    let (to, decide) = decide(state, &caller, wish, incoming.request_id())?;
    let change = state.store.change(key.clone(), decide, once).await?;
    match answer(change, to, &caller) {
        Ok(answer) => Ok(reply::json(StatusCode::OK, &answer)),
        Err(refused) => Err(named(refused, state, &key).await),
    }
}

/// A conflict with who made the order's last change, which may be none of its status.
async fn named(refused: ApiError, state: &AppState, key: &OrderKey) -> ApiError {
    let ApiError::VersionConflict {
        order,
        changed_by,
        changed_at,
    } = refused
    else {
        return refused;
    };
    let history = state.store.history(key).await.unwrap_or_default();
    let last = history
        .into_iter()
        .find(|entry| entry.version == order.version);
    ApiError::VersionConflict {
        changed_by: last.map_or(changed_by, |entry| entry.actor),
        order,
        changed_at,
    }
}

/// Makes a decision of the wish.
pub(super) fn decide(
    state: &AppState,
    caller: &Caller,
    wish: StatusChange,
    request_id: Option<String>,
) -> Result<(Option<OrderStatus>, Decide), ApiError> {
    let to = wish.status.as_deref().map(|to| {
        to.parse::<OrderStatus>()
            .map_err(|_| not_a_choice(&ordertop::order::text::clean(to, 40)))
    });
    let to = to.transpose()?;
    if wish.undo {
        if wish.shipment.is_some() {
            let error = "an undo takes no shipment: leave `shipment` out";
            return Err(ApiError::bad("shipment_without_shipping", error.to_owned()));
        }
        let request = UndoRequest {
            actor: caller.actor(),
            to,
            expected_version: wish.expected_version,
            reason: wish.reason,
            request_id,
        };
        return Ok((to, undo(request, state.now())));
    }
    let Some(to) = to else {
        return Err(ApiError::Status("This field is required.".to_owned()));
    };
    let wish = StatusRequest {
        actor: caller.actor(),
        to,
        expected_version: wish.expected_version,
        reason: wish.reason,
        shipment: wish.shipment,
        request_id,
    };
    Ok((Some(to), decision::change_status(wish, state.now())))
}

/// Tells what became of it.
fn answer(
    change: Change,
    to: Option<OrderStatus>,
    caller: &Caller,
) -> Result<StatusChanged, ApiError> {
    let changed = change.outcome == ChangeOutcome::Written;
    let position = change.position.clone();
    let order = taken(change, caller)?;
    let new_status = order.state.status;
    // A vendor who may only ask sees the status stand. An answer that is given again may
    // show the order as it is now, in any status.
    let asked = to == Some(OrderStatus::Cancelled) && new_status != OrderStatus::Cancelled;
    let sentence = if asked && matches!(caller, Caller::Vendor(_)) {
        CANCELLATION_REQUESTED
    } else {
        STATUS_UPDATED
    };
    Ok(StatusChanged {
        status: sentence.to_owned(),
        new_status,
        changed,
        position,
        order: Some(ListedOrder::new(&order, caller.view())),
    })
}

/// The order as it is now, unless the change was refused.
pub(super) fn taken(change: Change, caller: &Caller) -> Result<Arc<VendorOrder>, ApiError> {
    match (change.outcome, change.order) {
        (ChangeOutcome::Refused(Refusal::VersionConflict(_)), Some(order)) => {
            Err(ApiError::VersionConflict {
                changed_by: order.state.status_by.clone(),
                changed_at: order.state.updated_at,
                order: Box::new(ListedOrder::new(&order, caller.view())),
            })
        }
        (ChangeOutcome::Refused(refusal), _) => Err(refused(&refusal, caller)),
        (ChangeOutcome::Written | ChangeOutcome::Kept, order) => {
            order.ok_or(ApiError::UnknownOrder)
        }
    }
}

/// A refusal as an error; a vendor reads the seed's form.
pub(super) fn refused(refusal: &Refusal, caller: &Caller) -> ApiError {
    let sentence = refusal.to_string();
    match refusal {
        Refusal::UnknownOrder => ApiError::UnknownOrder,
        Refusal::UnknownVendor(id) => ApiError::UnknownVendor(id.to_string()),
        Refusal::NumberTaken | Refusal::NumberOfAnother { .. } => ApiError::Conflict {
            code: "number_taken",
            error: sentence,
        },
        Refusal::TooManyChanges => ApiError::Conflict {
            code: "too_many_changes",
            error: sentence,
        },
        Refusal::TooManyNotes => ApiError::Conflict {
            code: "too_many_notes",
            error: sentence,
        },
        Refusal::VersionConflict(_) => ApiError::Conflict {
            code: "version_conflict",
            error: sentence,
        },
        Refusal::UnknownLine(_) | Refusal::TooManyLines(_) => {
            ApiError::bad("unknown_line", sentence)
        }
        Refusal::StoreUnavailable => {
            ApiError::Unavailable(StoreError::Unanswered("one vendor's part of it".into()))
        }
        Refusal::ShipmentWithoutShipping => ApiError::bad("shipment_without_shipping", sentence),
        Refusal::Tracking(refusal) => tracking_refused(refusal, sentence),
        Refusal::AmbiguousSource(_) => ApiError::Conflict {
            code: "ambiguous_source",
            error: sentence,
        },
        Refusal::Undo(refusal) => ApiError::bad(
            match refusal {
                UndoRefusal::NothingToUndo => "nothing_to_undo",
                UndoRefusal::AnothersStep => "anothers_step",
                UndoRefusal::LeadsElsewhere(_) => "undo_leads_elsewhere",
                UndoRefusal::TooLate => "undo_too_late",
            },
            sentence,
        ),
        Refusal::Status(_) if matches!(caller, Caller::Vendor(_)) => ApiError::Status(sentence),
        Refusal::Status(ordertop::order::status::Refusal::ReasonRequired { .. }) => {
            ApiError::bad("reason_required", sentence)
        }
        Refusal::Status(_) => ApiError::bad("transition_refused", sentence),
    }
}

fn tracking_refused(refusal: &TrackingRefusal, error: String) -> ApiError {
    let conflict = |code, error| ApiError::Conflict { code, error };
    match refusal {
        TrackingRefusal::NotShipped(_) => ApiError::bad("not_shipped", error),
        TrackingRefusal::Empty => ApiError::bad("empty_shipment", error),
        TrackingRefusal::UnknownParcel(_) => ApiError::UnknownParcel(error),
        TrackingRefusal::ShopsParcel(_) => conflict("shops_parcel", error),
        TrackingRefusal::ParcelTaken(_) => conflict("parcel_taken", error),
        TrackingRefusal::TooManyShipments => conflict("too_many_shipments", error),
    }
}
