//! A parcel that leaves.

use jiff::Timestamp;
use ordertop::order::text::{MAX_NAME_CHARS, MAX_NOTE_CHARS, clean_opt};
use ordertop::order::{MAX_SHIPMENTS, Shipment, VendorOrder};

use crate::store::{Refusal, TrackingRefusal};

/// Adds a shipment and counts its lines as shipped.
pub(super) fn ship(
    order: &mut VendorOrder,
    shipment: &Shipment,
    now: Timestamp,
) -> Result<(), Refusal> {
    if order.content.shipments.len() >= MAX_SHIPMENTS {
        return Err(TrackingRefusal::TooManyShipments.into());
    }
    let text = |raw: &Option<String>| clean_opt(raw.as_deref(), MAX_NAME_CHARS);
    let lines = &mut order.content.lines;
    if shipment.lines.len() > lines.len() {
        return Err(Refusal::TooManyLines(shipment.lines.len()));
    }
    let unknown = |id: &&u64| !lines.iter().any(|line| line.id == **id);
    if let Some(id) = shipment.lines.iter().find(unknown) {
        return Err(Refusal::UnknownLine(*id));
    }
    let lines = lines.iter().map(|line| line.id);
    let lines: Vec<u64> = lines.filter(|id| shipment.lines.contains(id)).collect();
    order.content.shipments.push(Shipment {
        lines,
        carrier: text(&shipment.carrier),
        tracking_number: text(&shipment.tracking_number),
        tracking_url: clean_opt(shipment.tracking_url.as_deref(), MAX_NOTE_CHARS),
        from_shop: false,
        shipped_at: Some(now),
        delivered_at: None,
    });
    if order
        .content
        .shipments
        .iter()
        .filter(|parcel| !parcel.from_shop)
        .count()
        == 1
    {
        // Until now all that had left was the shop's to tell.
        for line in &mut order.content.lines {
            line.shop_shipped = line.shop_shipped.max(line.qty_shipped);
        }
    }
    order.content.recount_shipped();
    Ok(())
}
