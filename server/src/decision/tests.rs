//! Steps, notes, placings and imports, decided one by one.

use jiff::Timestamp;
use ordertop::order::placement::Placement;
use ordertop::order::{
    Actor, ActorKind, MAX_NOTES, OrderStatus, Qty, Shipment, VendorOrder, Visibility,
};
use ordertop::protocol::EventKind;

use super::*;
use crate::store::{Refusal, Verdict, Write};

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
