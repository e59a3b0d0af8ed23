use jiff::Timestamp;
use ordertop::order::placement::Placement;
use ordertop::order::status::UndoRefusal;
use ordertop::order::{
    Actor, ActorKind, Flags, OrderState, OrderStatus, Shipment, VendorOrder, Visibility,
};

use super::{UndoRequest, undo};
use crate::decision::{NoteRequest, StatusRequest, add_note, change_status};
use crate::store::{Decide, Refusal, Verdict};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn vendor() -> Actor {
    Actor::new(ActorKind::Vendor, "42")
}

fn support() -> Actor {
    Actor::new(ActorKind::Support, "kim")
}

fn placed(status: &str, pay_on_delivery: bool) -> VendorOrder {
    let order: Placement = serde_json::from_str(
        r#"{"vendor_id":"42","order_number":"A-1","currency":"EUR","lines":[
            {"sku":"MUG","qty":2,"unit_price":"5"},{"sku":"TEE","qty":1,"unit_price":"9"}]}"#,
    )
    .unwrap();
    let flags = Flags {
        pay_on_delivery,
        ..Flags::default()
    };
    let order = Placement {
        status: Some(status.into()),
        flags,
        ..order
    };
    let intake = order.check(None, at(0)).unwrap();
    intake.place(Actor::new(ActorKind::Service, "api"), at(0))
}

fn written(order: &VendorOrder, decide: &Decide) -> VendorOrder {
    match decide(Some(order)) {
        Verdict::Write(write) => write.order,
        other => panic!("not written: {other:?}"),
    }
}

fn step(actor: &Actor, to: OrderStatus, shipment: Option<Shipment>, second: i64) -> Decide {
    let request = StatusRequest {
        actor: actor.clone(),
        to,
        expected_version: None,
        reason: (actor.kind == ActorKind::Support).then(|| "as the buyer says".into()),
        shipment,
        request_id: None,
    };
    change_status(request, at(second))
}

fn undoing(actor: &Actor, to: Option<OrderStatus>, second: i64) -> Decide {
    let request = UndoRequest {
        actor: actor.clone(),
        to,
        expected_version: None,
        reason: None,
        request_id: None,
    };
    undo(request, at(second))
}

fn parcel() -> Shipment {
    Shipment {
        lines: vec![1],
        tracking_number: Some("JJD1".into()),
        ..Shipment::default()
    }
}

/// The order as it was, with the changes counted and nothing left to undo.
fn back_at(before: &VendorOrder, now: &VendorOrder) -> VendorOrder {
    VendorOrder {
        state: OrderState {
            version: now.state.version,
            updated_at: now.state.updated_at,
            previous: None,
            ..before.state.clone()
        },
        ..before.clone()
    }
}

#[test]
fn an_undo_restores_what_was_before_to_the_letter() {
    use OrderStatus::{Cancelled, Delivered, Disputed, Paid, Shipped};
    let paid = placed("Paid", false);
    let shipped = written(&paid, &step(&support(), Shipped, Some(parcel()), 1));
    let table = [
        (placed("Pending", true), vendor(), Shipped, Some(parcel())),
        (paid.clone(), vendor(), Shipped, Some(parcel())),
        (paid.clone(), vendor(), Shipped, None),
        (paid, support(), Cancelled, None),
        (shipped.clone(), vendor(), Delivered, None),
        (shipped, support(), Disputed, None),
    ];
    let parcelled = table[4].0.clone();
    let mut part_shipped = placed("Paid", false);
    part_shipped.state.shipped_at = Some(at(-9));
    part_shipped.content.shipments = vec![Shipment {
        lines: vec![2],
        from_shop: true,
        shipped_at: Some(at(-9)),
        ..Shipment::default()
    }];
    part_shipped.content.lines[1].shop_shipped = 1.into();
    part_shipped.content.recount_shipped();
    let table = table.into_iter().chain([
        (part_shipped.clone(), vendor(), Shipped, Some(parcel())),
        (part_shipped, vendor(), Shipped, None),
        // Support steps back with a reason: the parcels come back with the undo.
        (parcelled, support(), Paid, None),
    ]);
    for (before, actor, to, shipment) in table {
        let after = written(&before, &step(&actor, to, shipment, 10));
        let undone = written(&after, &undoing(&actor, None, 20));
        assert_eq!(undone, back_at(&before, &undone), "{to}");
        assert_eq!(undone.state.version, before.state.version + 2);
        let again = undoing(&actor, None, 21)(Some(&undone));
        let nothing = Refusal::Undo(UndoRefusal::NothingToUndo);
        assert!(
            matches!(again, Verdict::Refuse(refusal) if refusal == nothing),
            "{to}"
        );
    }
}

#[test]
fn the_newest_step_alone_is_undone_by_its_author_in_time() {
    use OrderStatus::{Delivered, Paid, Shipped};
    let shipped = written(
        &placed("Paid", false),
        &step(&support(), Shipped, Some(parcel()), 1),
    );
    let refused = |order: &VendorOrder, decide: Decide| match decide(Some(order)) {
        Verdict::Refuse(Refusal::Undo(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    };
    let anothers = refused(&shipped, undoing(&vendor(), None, 2));
    assert_eq!(anothers, UndoRefusal::AnothersStep);
    let late = refused(&shipped, undoing(&support(), None, 902));
    assert_eq!(late, UndoRefusal::TooLate);
    let elsewhere = refused(&shipped, undoing(&support(), Some(Delivered), 2));
    assert_eq!(elsewhere, UndoRefusal::LeadsElsewhere(Paid));

    // Delivered by the vendor, taken back: support's parcel is still on its way, and stays.
    let delivered = written(&shipped, &step(&vendor(), Delivered, None, 3));
    let back = written(&delivered, &undoing(&vendor(), Some(Shipped), 4));
    assert_eq!(back.content.shipments, shipped.content.shipments);
    let nothing = refused(&back, undoing(&vendor(), Some(Paid), 5));
    assert_eq!(nothing, UndoRefusal::NothingToUndo);
    let stands = undoing(&vendor(), Some(Shipped), 5)(Some(&back));
    assert!(matches!(stands, Verdict::Keep), "sent twice, done once");
}

#[test]
fn without_undo_a_vendor_steps_back_nowhere() {
    use OrderStatus::{Delivered, Paid, Shipped};
    let shipped = written(&placed("Pending", true), &step(&vendor(), Shipped, None, 1));
    let delivered = written(&shipped, &step(&vendor(), Delivered, None, 2));
    for (order, to, words) in [
        (&shipped, Paid, "\"Paid\" is not a valid choice."),
        (
            &delivered,
            Shipped,
            "Order must be paid before marking as shipped",
        ),
    ] {
        match step(&vendor(), to, None, 3)(Some(order)) {
            Verdict::Refuse(refusal) => assert_eq!(refusal.to_string(), words),
            other => panic!("{to}: {other:?}"),
        }
    }
}

#[test]
fn a_note_between_does_not_hinder_an_undo() {
    let before = placed("Paid", false);
    let shipped = written(&before, &step(&vendor(), OrderStatus::Shipped, None, 1));
    let note = NoteRequest {
        actor: support(),
        visibility: Visibility::Vendor,
        body: "Buyer called".into(),
        request_id: None,
    };
    let noted = written(&shipped, &add_note(note, at(2)));
    let undone = written(&noted, &undoing(&vendor(), None, 3));
    assert_eq!(undone.state.status, OrderStatus::Paid);
    assert_eq!(undone.state.status_since, before.state.status_since);
    assert_eq!(undone.content.notes.len(), 1);
}
