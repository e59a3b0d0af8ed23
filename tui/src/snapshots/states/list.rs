//! The list of orders.

use std::sync::Arc;

use crossterm::event::KeyCode;
use jiff::SignedDuration;
use ordertop::order::{OrderStatus, VendorId};
use ordertop::protocol::{EventKind, ListedOrder};

use super::super::orders::{hostile_order, orders, service, support};
use super::super::{Stage, State};
use super::connection::{hint, polling};
use super::{Size, after, state};
use crate::model::fixture::{at, listed, order_of, vendor};

pub(super) const STATES: &[State] = &[
    state("shop", |size| {
        let mut stage = Stage::shop(size);
        stage.wait(1);
        let new = order_of(
            "10482",
            "Li Wei 李偉",
            OrderStatus::Paid,
            121,
            "184.00",
            "USD",
        );
        stage.event(EventKind::Created, &new, service());
        let name = "Sofía Hernández-Villaseñor";
        let shipped = order_of("10471", name, OrderStatus::Shipped, 121, "1284.00", "USD");
        stage.event(EventKind::Status, &shipped, support());
        stage.press(KeyCode::Down);
        stage.rest();
        stage
    }),
    state("all_vendors", all_vendors),
    state("one_vendor_of_all", |size| {
        let mut stage = all_vendors(size);
        stage.keys("Vblue");
        stage.press(KeyCode::Enter);
        stage.wait(10);
        stage
    }),
    state("ship_by", to_ship_by),
    state("late_while_polled", |size| {
        let mut stage = to_ship_by(size);
        stage.link(polling(false));
        stage
    }),
    state("flags", flagged),
    state("late_under_a_long_name", |size| {
        let mut stage = Stage::new(size);
        stage.live();
        let name = "The Very Long Named Household Goods and Garden Company of Upper Mill";
        stage.vendors_named(&[("42", name)]);
        let due = |(i, hours): (i64, i64)| {
            let mut order =
                (*listed(&(10_480 + i).to_string(), OrderStatus::Paid, -60 * i)).clone();
            order.ship_by = at(120).checked_add(SignedDuration::from_hours(hours)).ok();
            Arc::new(order)
        };
        stage.snapshot((0..4).zip([-30, -2, 1, 90]).map(due).collect());
        // Something happens now and then.
        let order = stage.app.orders.at(3).unwrap().listed();
        stage.event(EventKind::Updated, &order, support());
        stage.rest();
        stage
    }),
    state("many_currencies_of_today", |size| {
        let mut stage = Stage::new(size);
        stage.live();
        stage.vendors();
        let codes = ["EUR", "USD", "GBP", "JPY", "PLN", "DKK", "BRL", "KWD"];
        let order = |(i, code): (usize, &&str)| {
            let number = (10_480 + i).to_string();
            let placed = -60 * i64::try_from(i).unwrap();
            order_of(
                &number,
                "Ana Souza",
                OrderStatus::Paid,
                placed,
                "1184.00",
                code,
            )
        };
        stage.snapshot(codes.iter().enumerate().map(order).collect());
        stage.rest();
        stage
    }),
    state("longest_in_its_status", |size| {
        let mut stage = Stage::shop(size);
        stage.rest();
        stage.keys("olongest");
        stage.press(KeyCode::Enter);
        stage.wait(5);
        stage
    }),
    state("wide_numbers_of_all_vendors", |size| {
        let mut stage = Stage::with(size, |settings| settings.vendor = None);
        stage.live();
        stage.vendors_named(&[("42", "Acme Housewares"), ("7", "Blue Door Ceramics")]);
        let wide = |i: i64| {
            let number = format!("AC-2026-11-{i:05}");
            let mut order = (*order_of(
                &number,
                "Sofía Hernández-Villaseñor",
                OrderStatus::Paid,
                -900 * i,
                "12345678.00",
                "USD",
            ))
            .clone();
            order.ship_by = at(120).checked_add(SignedDuration::from_hours(20 - i)).ok();
            Arc::new(order)
        };
        stage.snapshot((0..3).map(wide).collect());
        let other = VendorId::new("7").unwrap();
        let order = ListedOrder {
            vendor_id: Some(other.clone()),
            ..(*listed("B-118", OrderStatus::Paid, 118)).clone()
        };
        stage.snapshot_of(other, &[order.into()]);
        stage.rest();
        stage
    }),
    state("many_orders_scrolled", |size| {
        let mut stage = Stage::new(size);
        stage.live();
        stage.vendors();
        let statuses = OrderStatus::ALL;
        let order = |i: usize| {
            listed(
                &format!("{}", 20_000 + i),
                statuses[i % statuses.len()],
                -(i as i64) * 40,
            )
        };
        stage.snapshot((0..150).map(order).collect());
        for _ in 0..3 {
            stage.press(KeyCode::PageDown);
        }
        stage.rest();
        stage
    }),
    state("new_above", |size| {
        let mut stage = many(size, 60);
        stage.press(KeyCode::End);
        arrive(&mut stage, 7);
        stage
    }),
    state("new_in_another_status", |size| {
        let mut stage = after(size, "3");
        arrive(&mut stage, 2);
        stage
    }),
    state("held", |size| {
        let mut stage = after(size, "jp");
        let order = stage.app.orders.at(0).unwrap().listed();
        let mut shipped = (*order).clone();
        shipped.status = OrderStatus::Shipped;
        stage.event(EventKind::Status, &shipped, support());
        let new = listed("10482", OrderStatus::Paid, -100_000);
        stage.event(EventKind::Created, &new, service());
        stage.wait(5);
        stage
    }),
    state("marks", |size| after(size, " vjj")),
    state("empty_status", |size| {
        let mut stage = Stage::new(size);
        stage.live();
        stage.vendors();
        stage.snapshot(vec![listed("10482", OrderStatus::Paid, 0)]);
        stage.keys("6");
        stage
    }),
    state("read_only", |size| {
        let mut stage = Stage::with(size, |settings| settings.read_only = true);
        fill(&mut stage);
        stage.rest();
        stage
    }),
    state("read_only_after_a_key", |size| {
        let mut stage = Stage::with(size, |settings| settings.read_only = true);
        fill(&mut stage);
        stage.rest();
        stage.keys("s");
        stage
    }),
    state("demo", |size| {
        let mut stage = Stage::with(size, |settings| {
            settings.hint = Some(hint());
            settings.vendor = None;
        });
        fill(&mut stage);
        stage.rest();
        stage
    }),
    state("hostile_texts", |size| {
        let mut stage = Stage::with(size, |settings| {
            settings.title = Some("\u{1b}[31mred\u{202e}der".into())
        });
        stage.live();
        stage.vendors_named(&[("42", "Ac\u{202e}me\u{1b}]52;c;\u{7}")]);
        let long = "Wolfeschlegelsteinhausenbergerdorff ".repeat(280);
        let texts = [
            "\u{1b}[2J\u{1b}[31mred\u{1b}]0;title\u{7}",
            "\u{202e}gnp.exe\u{202c} \u{2066}inside\u{2069}",
            "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字",
            "Z\u{0350}\u{0351}\u{0352}\u{0353}\u{0354}\u{0355}a\u{0356}\u{0357}l\u{0358}g\u{0359}o\u{200b}\u{200d}\u{feff}",
            "👩\u{200d}👩\u{200d}👧\u{200d}👦🏳\u{fe0f}\u{200d}🌈",
            "tab\there\nand there\r\u{8}",
            long.as_str(),
        ];
        let orders = texts
            .iter()
            .enumerate()
            .map(|(i, text)| Arc::new(hostile_order(&format!("1048{i}"), text)));
        stage.snapshot(orders.collect());
        let newest = hostile_order(&"9".repeat(64), &long);
        stage.event(EventKind::Created, &newest, service());
        stage.press(KeyCode::Home);
        stage.rest();
        stage
    }),
];

fn fill(stage: &mut Stage) {
    stage.live();
    stage.vendors();
    stage.snapshot(orders());
}

/// Orders with a time to ship by: late, due, and later.
fn to_ship_by(size: Size) -> Stage {
    let mut stage = Stage::new(size);
    stage.live();
    stage.vendors();
    let by = [-7_200, -60, 1_800, 14_000, 90_000, 864_000];
    let due = |(i, second): (usize, &i64)| {
        let number = format!("1048{i}");
        let mut order = (*listed(&number, OrderStatus::Paid, -60 * second.abs() / 90)).clone();
        order.ship_by = at(120).checked_add(SignedDuration::from_secs(*second)).ok();
        Arc::new(order)
    };
    stage.snapshot(by.iter().enumerate().map(due).collect());
    stage.rest();
    stage
}

/// Orders that one does not ship unawares.
pub(super) fn flagged(size: Size) -> Stage {
    let mut stage = Stage::new(size);
    stage.live();
    stage.vendors();
    let mut orders = orders();
    for (at, order) in orders.iter_mut().enumerate() {
        let mut flagged = (**order).clone();
        flagged.flags.on_hold = matches!(at, 0 | 3);
        flagged.flags.test = matches!(at, 1 | 3);
        flagged.flags.pay_on_delivery = matches!(at, 5 | 6);
        *order = Arc::new(flagged);
    }
    stage.snapshot(orders);
    stage.rest();
    stage
}

/// So many orders of the last days, all of them to be shipped.
fn many(size: Size, count: i64) -> Stage {
    let mut stage = Stage::new(size);
    stage.live();
    stage.vendors();
    let order = |i: i64| listed(&(20_000 + i).to_string(), OrderStatus::Paid, -600 * i);
    stage.snapshot((0..count).map(order).collect());
    stage.rest();
    stage
}

/// New orders that are the most urgent.
fn arrive(stage: &mut Stage, count: i64) {
    for i in 0..count {
        let number = (10_482 + i).to_string();
        let mut new =
            (*order_of(&number, "Li Wei", OrderStatus::Paid, 119, "184.00", "USD")).clone();
        new.ship_by = Some(at(600));
        stage.event(EventKind::Created, &new, service());
    }
    stage.wait(1);
}

/// Orders of two vendors in one list.
pub(super) fn all_vendors(size: Size) -> Stage {
    let mut stage = Stage::with(size, |settings| settings.vendor = None);
    stage.live();
    stage.vendors_named(&[("42", "Acme"), ("7", "Blue Door Ceramics")]);
    let other = VendorId::new("7").unwrap();
    let (mut acme, mut blue) = (Vec::new(), Vec::new());
    for (i, order) in orders().into_iter().enumerate() {
        if i % 3 == 1 {
            let order = ListedOrder {
                vendor_id: Some(other.clone()),
                ..(*order).clone()
            };
            blue.push(Arc::new(order));
        } else {
            acme.push(order);
        }
    }
    stage.snapshot_of(vendor(), &acme);
    stage.snapshot_of(other.clone(), &blue);
    let new = ListedOrder {
        vendor_id: Some(other),
        ..(*listed("B-118", OrderStatus::Paid, 118)).clone()
    };
    stage.event(EventKind::Created, &new, service());
    stage.rest();
    stage
}
