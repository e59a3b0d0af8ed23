//! Tables of parcels: what is there, what is said, what comes of it.

use ordertop::order::placement::Placement;
use ordertop::order::{ActorKind, Flags, OrderState};

use super::*;
use crate::decision::{StatusRequest, change_status};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn support() -> Actor {
    Actor::new(ActorKind::Support, "kim")
}

/// A parcel written as `carrier number`, `-` for what it does not say.
fn parcel(text: &str) -> Shipment {
    let (carrier, number) = text.split_once(' ').unwrap();
    let said = |text: &str| (text != "-").then(|| text.to_owned());
    Shipment {
        carrier: said(carrier),
        tracking_number: said(number),
        ..Shipment::default()
    }
}

fn written(shipment: &Shipment) -> String {
    let text = |said: &Option<String>| said.clone().unwrap_or_else(|| "-".to_owned());
    format!(
        "{} {}",
        text(&shipment.carrier),
        text(&shipment.tracking_number)
    )
}

fn order(status: OrderStatus, shipments: Vec<Shipment>) -> VendorOrder {
    let placed: Placement = serde_json::from_str(
        r#"{"vendor_id":"42","order_number":"A-1","status":"Paid","currency":"EUR","lines":[
            {"sku":"MUG","qty":2,"unit_price":"5"},{"sku":"TEE","qty":1,"unit_price":"9"}]}"#,
    )
    .unwrap();
    let mut order = placed.check(None, at(0)).unwrap().place(support(), at(0));
    order.state = OrderState::placed(status, Flags::default(), support(), at(0));
    order.content.shipments = shipments;
    order
}

fn shipped(parcels: &[&str]) -> VendorOrder {
    let shipments = parcels.iter().map(|text| {
        let ours = text.strip_prefix("shop ");
        let mut shipment = parcel(ours.unwrap_or(text));
        shipment.from_shop = ours.is_some();
        shipment
    });
    order(OrderStatus::Shipped, shipments.collect())
}

fn ask(order: &VendorOrder, said: Shipment, replaces: Option<&str>) -> Verdict {
    let request = TrackingRequest {
        actor: support(),
        parcel: said,
        replaces: replaces.map(ToOwned::to_owned),
        request_id: None,
    };
    track(request, at(9))(Some(order))
}

/// What came of it: the parcels after, `kept`, or the refusal's name.
fn outcome(verdict: Verdict) -> String {
    match verdict {
        Verdict::Keep | Verdict::Remember(_) => "kept".to_owned(),
        Verdict::Write(write) => {
            let shipments = write.order.content.shipments.iter();
            shipments.map(written).collect::<Vec<_>>().join(", ")
        }
        Verdict::Refuse(Refusal::Tracking(refusal)) => {
            let name = format!("{refusal:?}");
            name.split('(').next().unwrap().to_owned()
        }
        Verdict::Refuse(other) => panic!("{other}"),
    }
}

#[test]
fn a_parcel_is_filled_in_added_or_known() {
    let table: &[(&[&str], &str, &str)] = &[
        (&[], "DHL 1", "DHL 1"),
        (&[], "DHL -", "DHL -"),
        (&["DHL -"], "DHL 1", "DHL 1"),
        (&["DHL -"], "UPS 1", "UPS 1"),
        (&["DHL -"], "- 1", "DHL 1"),
        (&["- -"], "DHL -", "DHL -"),
        (&["DHL -"], "UPS -", "DHL -, UPS -"),
        (&["DHL 1"], "DHL 2", "DHL 1, DHL 2"),
        (&["DHL 1"], "UPS 1", "DHL 1, UPS 1"),
        // Known already, in whatever case.
        (&["DHL 1"], "DHL 1", "kept"),
        (&["DHL a1"], "dhl A1", "kept"),
        (&["DHL 1"], "- 1", "kept"),
        (&["DHL 1"], "DHL -", "kept"),
        (&["- 1"], "DHL 1", "DHL 1"),
        (&["DHL 1", "UPS 2"], "DHL 1", "kept"),
        // Only the newest waits for its number.
        (&["DHL -", "UPS 2"], "DHL 1", "DHL -, UPS 2, DHL 1"),
        // The shop's parcels count as known and are never filled in.
        (&["shop DHL 1"], "DHL 1", "kept"),
        (&["shop - 1"], "DHL 1", "ShopsParcel"),
        (&["shop DHL -"], "DHL 1", "DHL -, DHL 1"),
        (&["DHL -", "shop UPS 2"], "DHL 1", "DHL 1, UPS 2"),
        (&[], "- -", "Empty"),
    ];
    for (known, said, right) in table {
        let verdict = ask(&shipped(known), parcel(said), None);
        assert_eq!(outcome(verdict), *right, "{known:?} and {said}");
    }
}

#[test]
fn a_correction_finds_its_parcel_by_number() {
    let table: &[(&[&str], &str, &str, &str)] = &[
        (&["DHL 1"], "1", "DHL 2", "DHL 2"),
        (&["DHL 1"], "1", "- 2", "DHL 2"),
        (&["DHL 1"], "1", "UPS -", "UPS 1"),
        (&["DHL a1"], "A1", "DHL A1", "DHL A1"),
        (&["DHL 1"], "1", "DHL 1", "kept"),
        (&["DHL 1", "UPS 2"], "1", "DHL 3", "DHL 3, UPS 2"),
        (&["DHL 1"], "7", "DHL 2", "UnknownParcel"),
        (&["DHL -"], "7", "DHL 2", "UnknownParcel"),
        // Sent again after it was done.
        (&["DHL 2"], "1", "DHL 2", "kept"),
        (&["DHL 1", "DHL 2"], "1", "DHL 2", "ParcelTaken"),
        (&["shop DHL 1"], "1", "DHL 2", "ShopsParcel"),
        (&["shop DHL 1", "UPS 1"], "1", "UPS 2", "DHL 1, UPS 2"),
        (&["DHL 1"], "1", "- -", "Empty"),
    ];
    for (known, replaces, said, right) in table {
        let verdict = ask(&shipped(known), parcel(said), Some(replaces));
        assert_eq!(outcome(verdict), *right, "{known:?}, {replaces} by {said}");
    }
}

#[test]
fn parcels_belong_to_orders_that_left() {
    use OrderStatus::{
        Cancelled, Completed, Delivered, Disputed, Paid, Pending, Refunded, Shipped,
    };
    for status in [
        Pending, Paid, Shipped, Delivered, Completed, Disputed, Cancelled, Refunded,
    ] {
        let verdict = ask(&order(status, Vec::new()), parcel("DHL 1"), None);
        let right = match status {
            Shipped | Delivered | Completed => "DHL 1",
            _ => "NotShipped",
        };
        assert_eq!(outcome(verdict), right, "{status}");
    }
}

#[test]
fn a_link_goes_with_its_number() {
    let link = |text: &str, url: &str| Shipment {
        tracking_url: Some(url.to_owned()),
        ..parcel(text)
    };
    let known = order(OrderStatus::Shipped, vec![link("DHL 1", "https://d/1")]);
    let after = |said, replaces| match ask(&known, said, replaces) {
        Verdict::Write(write) => write.order.content.shipments[0].tracking_url.clone(),
        other => panic!("{other:?}"),
    };
    let linked = Some("https://d/2".to_owned());
    assert_eq!(after(link("DHL 1", "https://d/2"), None), linked);
    assert_eq!(after(link("DHL 2", "https://d/2"), Some("1")), linked);
    assert_eq!(after(parcel("DHL 2"), Some("1")), None);
}

#[test]
fn a_parcel_is_one_change_of_content_and_counts_its_lines() {
    let known = order(OrderStatus::Delivered, Vec::new());
    let said = Shipment {
        lines: vec![1],
        ..parcel("DHL 1\u{1b}[31m")
    };
    let Verdict::Write(write) = ask(&known, said, None) else {
        panic!("not written");
    };
    assert!(write.content_changed);
    assert_eq!(write.kind, EventKind::Updated);
    assert_eq!(write.history.action, "shipment");
    assert_eq!(write.order.state.status, OrderStatus::Delivered);
    assert_eq!(write.order.state.version, known.state.version + 1);
    let content = &write.order.content;
    assert_eq!(written(&content.shipments[0]), "DHL 1");
    assert_eq!(content.shipments[0].shipped_at, Some(at(9)));
    assert_eq!(content.lines[0].qty_shipped, content.lines[0].qty);
    assert_ne!(content.lines[1].qty_shipped, content.lines[1].qty);
}

#[test]
fn an_order_holds_a_hundred_shipments() {
    let numbers = (1..=MAX_SHIPMENTS).map(|n| parcel(&format!("DHL {n}")));
    let full = order(OrderStatus::Shipped, numbers.collect());
    let more = ask(&full, parcel("DHL new"), None);
    assert_eq!(outcome(more), "TooManyShipments");
    assert_eq!(outcome(ask(&full, parcel("DHL 7"), None)), "kept");
}

#[test]
fn a_parcel_sent_with_a_status_that_stands_is_not_lost() {
    let wish = |to, shipment: Option<Shipment>, expected_version| StatusRequest {
        actor: support(),
        to,
        expected_version,
        reason: None,
        shipment,
        request_id: None,
    };
    let known = shipped(&["DHL 1"]);
    let asked = |to, said: &str, version| {
        let wish = wish(to, Some(parcel(said)), version);
        change_status(wish, at(9))(Some(&known))
    };
    let stands = OrderStatus::Shipped;
    assert_eq!(outcome(asked(stands, "DHL 2", None)), "DHL 1, DHL 2");
    assert_eq!(outcome(asked(stands, "DHL 1", None)), "kept");
    assert_eq!(outcome(asked(stands, "DHL 1", Some(99))), "kept");
    let stale = asked(stands, "DHL 2", Some(99));
    assert!(matches!(
        stale,
        Verdict::Refuse(Refusal::VersionConflict(_))
    ));
    let nothing = wish(stands, Some(Shipment::default()), None);
    assert_eq!(outcome(change_status(nothing, at(9))(Some(&known))), "kept");

    let delivered = order(OrderStatus::Delivered, Vec::new());
    let odd = wish(OrderStatus::Delivered, Some(parcel("DHL 1")), None);
    let verdict = change_status(odd, at(9))(Some(&delivered));
    assert!(matches!(
        verdict,
        Verdict::Refuse(Refusal::ShipmentWithoutShipping)
    ));
}
