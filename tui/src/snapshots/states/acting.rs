//! Steps of one order, and notes.

use crossterm::event::KeyCode;
use ordertop::client::RequestError;
use ordertop::order::{Actor, ActorKind, OrderStatus};
use ordertop::protocol::{EventKind, ListedOrder, rest::StatusChanged};

use super::super::orders::{orders, support};
use super::super::{Stage, State};
use super::list::flagged;
use super::{Size, after, entered, state};
use crate::event::{Effect, Event};
use crate::model::fixture::{listed, vendor};

pub(super) const STATES: &[State] = &[
    state("ship", |size| after(size, "s")),
    state("ship_a_held_one", |size| {
        let mut stage = flagged(size);
        stage.keys("s");
        stage
    }),
    state("ship_with_a_number", |size| {
        tracking(size, "1Z5R89390357567127")
    }),
    state("ship_scanned", |size| {
        let mut stage = after(size, "s");
        stage.scan("1Z5R89390357567127\n");
        stage
    }),
    state("ship_with_a_wrong_number", |size| {
        tracking(size, "1Z5R89390357567128")
    }),
    state("ship_meanwhile_shipped", |size| {
        let mut stage = after(size, "s");
        let order = now(&stage, OrderStatus::Shipped);
        stage.event(EventKind::Status, &order, support());
        stage
    }),
    state("no_step_said_at_length", |size| {
        let mut stage = after(size, "");
        stage.press(KeyCode::End);
        stage.keys("s");
        stage.app.say(
            "no next step for #AC-10402, Delivered: it completes by itself, 7 days after delivery",
        );
        stage
    }),
    state("step_on_its_way", |size| entered(size, "s")),
    state("step_done_and_undo_offered", |size| {
        let mut stage = after(size, "s");
        let mut order = now(&stage, OrderStatus::Shipped);
        order.status_by = Some(Actor::new(ActorKind::Vendor, "42"));
        let done = StatusChanged {
            status: String::new(),
            new_status: order.status,
            changed: true,
            position: None,
            order: Some(order),
        };
        answered(&mut stage, Ok(done));
        stage.wait(5);
        stage
    }),
    state("step_refused", |size| {
        let mut stage = after(size, "s");
        let refused = RequestError::Refused {
            status: 400,
            code: "not_paid".into(),
            message: "Order must be paid before marking as shipped\u{1b}[2J".into(),
        };
        answered(&mut stage, Err(refused));
        stage
    }),
    state("conflict", |size| {
        let mut stage = after(size, "s");
        let conflict = RequestError::VersionConflict {
            order: Some(Box::new(now(&stage, OrderStatus::Paid))),
            changed_by: Some(support()),
            changed_at: Some(crate::model::fixture::at(116)),
        };
        answered(&mut stage, Err(conflict));
        stage
    }),
    state("ask_to_cancel", |size| {
        let mut stage = entered(size, "Scancel");
        stage.keys("buyer asked by phone");
        stage
    }),
    state("ask_to_cancel_without_words", |size| {
        let mut stage = entered(size, "Scancel");
        stage.press(KeyCode::Enter);
        stage
    }),
    state("asked_to_cancel", |size| {
        let mut stage = as_support(size);
        stage.keys("j");
        ask_for(&mut stage, "10471");
        stage.wait(3);
        stage
    }),
    state("ship_meanwhile_asked_to_cancel", |size| {
        let mut stage = as_support(size);
        stage.keys("s");
        ask_for(&mut stage, "10471");
        stage.wait(3);
        stage
    }),
    state("dispute_with_a_reason", |size| {
        reason(
            size,
            "Box arrived wet; 漢字 too, and the buyer has sent seven pictures of it",
        )
    }),
    state("reason_missed", |size| {
        let mut stage = reason(size, "");
        stage.press(KeyCode::Enter);
        stage
    }),
    state("track", |size| left(size, "t")),
    state("track_corrected", |size| {
        let mut stage = left(size, "t");
        stage.press(KeyCode::BackTab);
        stage.press(KeyCode::BackTab);
        stage.keys(" ");
        stage
    }),
    state("track_missed", |size| {
        let mut stage = left(size, "t");
        stage.press(KeyCode::Enter);
        stage
    }),
    state("note", |size| after(size, "c")),
    state("note_missed", |size| entered(size, "c")),
    state("note_typed", |size| {
        after(
            size,
            "cLi Wei asked for a gift box; 漢字 too, and a very long wish that goes on",
        )
    }),
];

/// Somebody else at the shop asks support to cancel an order.
pub(super) fn ask_for(stage: &mut Stage, number: &str) {
    let key = listed(number, OrderStatus::Paid, 0).key(&vendor());
    let mut order = (*stage.app.orders.get(&key).unwrap().listed()).clone();
    order.flags.cancel_requested = true;
    order.updated_at = stage.app.now;
    let by = Actor::new(ActorKind::Vendor, "42");
    stage.event(EventKind::Updated, &order, by);
}

fn tracking(size: Size, number: &str) -> Stage {
    let mut stage = after(size, "s");
    stage.press(KeyCode::Tab);
    stage.press(KeyCode::Tab);
    stage.keys(number);
    stage
}

/// The cursor is on an order that has left in two parcels, of which the shop told one.
fn left(size: Size, keys: &str) -> Stage {
    let mut stage = Stage::shop(size);
    let mut order = (*listed("10466", OrderStatus::Shipped, -5_400)).clone();
    let parcel = |carrier: &str, number: &str, from_shop| ordertop::order::Shipment {
        carrier: Some(carrier.into()),
        tracking_number: Some(number.into()),
        from_shop,
        ..Default::default()
    };
    order.shipments = vec![
        parcel("UPS", "1Z999AA10123456784", true),
        parcel("DHL", "JJD000390007", false),
    ];
    stage.event(EventKind::Updated, &order, support());
    stage.app.go_to(&order.key(&vendor()));
    stage.rest();
    stage.wait(5);
    stage.keys(keys);
    stage
}

fn as_support(size: Size) -> Stage {
    let mut stage = Stage::with(size, |settings| settings.vendor = None);
    stage.live();
    stage.vendors();
    stage.snapshot(orders());
    stage.rest();
    stage
}

/// Support calls the order under the cursor disputed.
fn reason(size: Size, words: &str) -> Stage {
    let mut stage = as_support(size);
    stage.keys("Sdisputed");
    stage.press(KeyCode::Enter);
    // The reason is needed: its input has the keys from the start.
    stage.keys(words);
    stage
}

/// The order under the cursor, as somebody else made it.
fn now(stage: &Stage, status: OrderStatus) -> ListedOrder {
    let mut order = (*stage.app.current().unwrap().listed()).clone();
    order.status = status;
    order.version += 1;
    order.status_since = Some(stage.app.now);
    order.status_by = Some(support());
    order
}

/// Confirms the open dialog, and has the server answer.
fn answered(stage: &mut Stage, result: Result<StatusChanged, RequestError>) {
    let effects = stage.press(KeyCode::Enter);
    let sent = effects.iter().find_map(|effect| match effect {
        Effect::ChangeStatus { key, ticket, .. } => Some((key.clone(), *ticket)),
        _ => None,
    });
    let (key, ticket) = sent.unwrap();
    let result = result.map(Box::new);
    stage.app.update(Event::StatusAnswer {
        key,
        ticket,
        result,
    });
}
