//! The orders of the screens under test.

use std::sync::Arc;

use ordertop::order::{Actor, ActorKind, HistoryEntry, Note, OrderStatus, Shipment, Visibility};
use ordertop::protocol::ListedOrder;

use crate::model::fixture::{at, listed, order_of};

/// Of every status, in several scripts and currencies.
pub(crate) fn orders() -> Vec<Arc<ListedOrder>> {
    use OrderStatus::{
        Cancelled, Completed, Delivered, Disputed, Paid, Pending, Refunded, Shipped,
    };
    vec![
        order_of(
            "10471",
            "Sofía Hernández-Villaseñor",
            Paid,
            -5_400,
            "1284.00",
            "USD",
        ),
        order_of("10474", "陳美玲", Paid, -3_600, "24800", "JPY"),
        order_of("10477", "Jürgen Müller", Paid, -900, "61.50", "EUR"),
        order_of("10480", "محمد علي", Paid, -39, "912.500", "KWD"),
        order_of("10468", "Nguyễn Thị Ánh", Disputed, -86_400, "33.00", "EUR"),
        order_of(
            "10479",
            "👩\u{200d}👩\u{200d}👧 Family & Co",
            Pending,
            -300,
            "18.20",
            "GBP",
        ),
        order_of("10466", "Ana Souza", Shipped, -7_200, "184.00", "BRL"),
        order_of("10460", "Søren Kjær", Delivered, -172_800, "449.00", "DKK"),
        order_of(
            "10401",
            "Zoë Łukasiewicz",
            Completed,
            -864_000,
            "75.90",
            "PLN",
        ),
        order_of("10455", "", Cancelled, -200_000, "12.00", "USD"),
        order_of("10431", "O'Brien", Refunded, -500_000, "58.40", "EUR"),
    ]
}

pub(crate) fn service() -> Actor {
    Actor::new(ActorKind::Service, "shop")
}

pub(crate) fn support() -> Actor {
    Actor::new(ActorKind::Support, "kim")
}

/// How an order came where it stands.
pub(super) fn history_of(order: &ListedOrder) -> Vec<HistoryEntry> {
    let entry = |version, from, to: OrderStatus| HistoryEntry {
        at: order.created_at,
        version,
        actor: service(),
        action: if version == 1 { "placed" } else { "status" }.into(),
        from,
        to,
        reason: None,
        request_id: None,
        forced: false,
    };
    let mut history = vec![entry(1, None, OrderStatus::Paid)];
    if order.status != OrderStatus::Paid {
        history.push(HistoryEntry {
            at: order.status_since.unwrap_or(order.created_at),
            actor: support(),
            reason: Some("as agreed on the phone".into()),
            ..entry(2, Some(OrderStatus::Paid), order.status)
        });
    }
    history
}

/// An order with all that an order can have: parts of the total, a refund, two
/// parcels, notes.
pub(crate) fn long_order() -> ListedOrder {
    let mut order = (*listed("10482", OrderStatus::Shipped, -90_000)).clone();
    order.customer_name = "Bartholomew Featherstonehaugh-Cholmondeley of the Upper Mill".into();
    order.customer_phone = Some("+55 11 9****-**07".into());
    order.total_amount = "184.00".into();
    let totals = order.totals.as_mut().unwrap();
    totals.items = "190.00".into();
    totals.discount = "20.00".into();
    totals.shipping = "9.90".into();
    totals.tax = "4.10".into();
    totals.refunded = "40.00".into();
    order.items[0].quantity_shipped = 1.into();
    order.items[1].product.name =
        "Linen tea towel, stone-washed, with a woven stripe along both long sides".into();
    order.flags.cancel_requested = true;
    order.status_by = Some(support());
    let parcel = |carrier: &str, number: &str, second| Shipment {
        carrier: Some(carrier.into()),
        tracking_number: Some(number.into()),
        shipped_at: Some(at(second)),
        ..Shipment::default()
    };
    order.shipments = vec![
        parcel("UPS", "1Z5R89390357567127", -80_000),
        parcel("Cousin Ana", "in the red van", -3_600),
    ];
    order.buyer_note = Some("Please ring twice: the bell is faint, and the dog is not.".into());
    let note = |by, visibility, body: &str| Note {
        at: at(-1_800),
        by,
        visibility,
        body: body.into(),
    };
    order.notes = vec![
        note(support(), Visibility::Support, "card was tried three times"),
        note(
            Actor::new(ActorKind::Vendor, "42"),
            Visibility::Vendor,
            "second parcel goes with the van, the mug was being glazed",
        ),
    ];
    order
}

/// An order whose every text wants to do something to the terminal.
pub(crate) fn hostile_order(number: &str, buyer: &str) -> ListedOrder {
    let mut order = (*order_of(number, buyer, OrderStatus::Paid, -3_000, "12.00", "EUR")).clone();
    order.items[0].product.name = format!("\u{1b}]0;owned\u{7}{buyer}");
    order.customer_email = format!("{buyer}@example.com");
    order.shipping_address = format!("{buyer}\n\u{9b}31m{buyer}");
    order.buyer_note = Some(buyer.into());
    order
}
