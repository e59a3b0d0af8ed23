//! What left, as Shopify tells it: the order's `fulfillment_status` and its list of `fulfillments`.
//! <https://shopify.dev/docs/api/admin-rest/latest/resources/fulfillment>

use std::collections::BTreeMap;

use jiff::Timestamp;
use ordertop::order::intake::MAX_INTAKE_LINES;
use ordertop::order::text::{MAX_NAME_CHARS, MAX_NOTE_CHARS, clean_opt};
use ordertop::order::{Qty, Shipment};

use super::super::field::{Field, Object};
use super::super::texts::web_address;

/// How much left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Progress {
    /// Nothing, or it was taken back.
    Nothing,
    /// Some.
    Part,
    /// All of it.
    Everything,
    /// All of it, and all of it arrived.
    Delivered,
}

impl Progress {
    /// Reads `fulfillment_status`; `arrived` is whether all that left arrived.
    pub(in super::super) fn of(word: Option<&str>, arrived: bool) -> Self {
        match word {
            // A part that arrived is no order that arrived: only all of it is.
            Some("fulfilled") if arrived => Self::Delivered,
            Some("fulfilled") => Self::Everything,
            Some("partial") => Self::Part,
            _ => Self::Nothing,
        }
    }
}

/// What left.
pub(super) struct Fulfilments {
    pub(super) progress: Progress,
    pub(super) shipments: Vec<Shipment>,
    /// When the last of it left.
    pub(super) shipped_at: Option<Timestamp>,
    /// When the last of it arrived, once all has.
    pub(super) delivered_at: Option<Timestamp>,
    /// Pieces that left, by line.
    shipped: BTreeMap<u64, Qty>,
}

impl Fulfilments {
    /// Reads what left of an order. A fulfilment that was cancelled or failed took nothing along.
    pub(super) fn read(order: &Object<'_>) -> Self {
        let mut shipments = Vec::new();
        let mut shipped = BTreeMap::<u64, Qty>::new();
        let mut all_arrived = true;
        for fulfilment in order.get("fulfillments").objects() {
            let state = fulfilment.get("status").word();
            if matches!(state.as_deref(), Some("cancelled" | "error" | "failure"))
                || shipments.len() == MAX_INTAKE_LINES
            {
                continue;
            }
            let arrived = fulfilment.get("shipment_status").word().as_deref() == Some("delivered");
            all_arrived &= arrived;
            let mut lines = Vec::new();
            for line in fulfilment.get("line_items").objects() {
                if let Some(id) = line.get("id").id() {
                    let pieces = line.get("quantity").qty().unwrap_or_default();
                    let so_far = shipped.entry(id).or_default();
                    *so_far = so_far.saturating_add(pieces);
                    lines.push(id);
                }
            }
            shipments.push(shipment(&fulfilment, lines, arrived));
        }
        let delivered = all_arrived && !shipments.is_empty();
        let word = order.get("fulfillment_status").word();
        let progress = Progress::of(word.as_deref(), delivered);
        let last =
            |time: fn(&Shipment) -> Option<Timestamp>| shipments.iter().filter_map(time).max();
        Self {
            progress,
            shipped_at: last(|shipment| shipment.shipped_at),
            delivered_at: last(|shipment| shipment.delivered_at)
                .filter(|_| progress == Progress::Delivered),
            shipments,
            shipped,
        }
    }

    /// How many pieces of a line left.
    pub(super) fn shipped(&self, line: u64) -> Qty {
        self.shipped.get(&line).copied().unwrap_or_default()
    }
}

fn shipment(fulfilment: &Object<'_>, lines: Vec<u64>, arrived: bool) -> Shipment {
    let number = fulfilment.get("tracking_number").name().or_else(|| {
        let numbers = fulfilment.get("tracking_numbers").list();
        let numbers: Vec<String> = numbers.iter().filter_map(Field::name).collect();
        clean_opt(Some(&numbers.join(", ")), MAX_NAME_CHARS)
    });
    let url = fulfilment
        .get("tracking_url")
        .clean(MAX_NOTE_CHARS)
        .or_else(|| {
            let urls = fulfilment.get("tracking_urls").list();
            urls.first()?.clean(MAX_NOTE_CHARS)
        });
    let updated_at = fulfilment.get("updated_at").time();
    Shipment {
        lines,
        carrier: fulfilment.get("tracking_company").name(),
        tracking_number: number,
        tracking_url: web_address(url),
        from_shop: true,
        shipped_at: fulfilment.get("created_at").time(),
        // The last that was heard of it is that it arrived.
        delivered_at: updated_at.filter(|_| arrived),
    }
}
