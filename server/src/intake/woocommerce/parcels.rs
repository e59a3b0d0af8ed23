//! Parcels that WooCommerce's own extension "Shipment Tracking", and Advanced Shipment Tracking after it, keep in the
//! order's `meta_data` under `_wc_shipment_tracking_items`: a list, an object with numbers for names, or the JSON of
//! either as a text.
//! <https://woocommerce.com/document/shipment-tracking/>

use jiff::Timestamp;
use ordertop::order::Shipment;
use ordertop::order::intake::MAX_INTAKE_LINES;
use ordertop::order::text::MAX_NOTE_CHARS;
use serde_json::value::RawValue;

use super::super::field::{Field, Object};
use super::super::texts::web_address;

const KEY: &str = "_wc_shipment_tracking_items";

/// Carriers whose names are not their keys with capital letters.
const CARRIERS: &[(&str, &str)] = &[
    ("dhl", "DHL"),
    ("dhl-de", "DHL"),
    ("dhl-germany", "DHL"),
    ("dhl-parcel", "DHL Parcel"),
    ("dhl-express", "DHL Express"),
    ("dhl-ecommerce", "DHL eCommerce"),
    ("ups", "UPS"),
    ("usps", "USPS"),
    ("fedex", "FedEx"),
    ("dpd", "DPD"),
    ("dpd-de", "DPD"),
    ("dpd-uk", "DPD"),
    ("gls", "GLS"),
    ("tnt", "TNT"),
    ("postnl", "PostNL"),
    ("bpost", "bpost"),
    ("inpost", "InPost"),
];

/// Reads the parcels of an order.
pub(super) fn read(order: &Object<'_>) -> Vec<Shipment> {
    let mut parcels = Vec::new();
    for meta in order.get("meta_data").objects() {
        if meta.get("key").text_if_any().as_deref() != Some(KEY) {
            continue;
        }
        let value = meta.get("value");
        match value.text_if_any() {
            None => parcels.extend(value.objects().iter().filter_map(parcel)),
            Some(text) => match serde_json::from_str::<Box<RawValue>>(&text) {
                Ok(inner) => value.within(&inner, |list| {
                    parcels.extend(list.objects().iter().filter_map(parcel));
                }),
                Err(_) => value.leave_out("a list of parcels"),
            },
        }
    }
    parcels.truncate(MAX_INTAKE_LINES);
    parcels
}

/// A parcel; `None` where neither number nor address says which.
fn parcel(item: &Object<'_>) -> Option<Shipment> {
    let tracking_number = item.get("tracking_number").name();
    let url = item.get("custom_tracking_link").clean(MAX_NOTE_CHARS);
    let tracking_url = web_address(url);
    if tracking_number.is_none() && tracking_url.is_none() {
        return None;
    }
    let custom = item.get("custom_tracking_provider").name();
    let formatted = item.get("formatted_tracking_provider").name();
    let known = || Some(carrier(&item.get("tracking_provider").name()?));
    Some(Shipment {
        lines: Vec::new(),
        carrier: custom.or(formatted).or_else(known),
        tracking_number,
        tracking_url,
        from_shop: true,
        shipped_at: shipped_at(&item.get("date_shipped")),
        delivered_at: None,
    })
}

/// Seconds since 1970, or a date.
fn shipped_at(field: &Field<'_>) -> Option<Timestamp> {
    let seconds = field.text_if_any()?.trim().parse::<i64>();
    match seconds {
        Ok(0) => None,
        Ok(seconds) => {
            let time = Timestamp::from_second(seconds).ok();
            if time.is_none() {
                field.leave_out("a time");
            }
            time
        }
        Err(_) => field.time(),
    }
}

/// A carrier's name of the key that the extension keeps: `dhl`, `royal-mail`.
fn carrier(key: &str) -> String {
    let slug = key.trim().to_lowercase().replace([' ', '_'], "-");
    if let Some((_, name)) = CARRIERS.iter().find(|(known, _)| *known == slug) {
        return (*name).to_owned();
    }
    let is_a_key = key == key.to_lowercase();
    if !is_a_key {
        return key.to_owned();
    }
    let capital = |word: &str| {
        let mut chars = word.chars();
        let first = chars.next().map(|first| first.to_uppercase().to_string());
        first.unwrap_or_default() + chars.as_str()
    };
    let words: Vec<String> = slug.split('-').map(capital).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carriers_have_their_names() {
        let table = [
            ("dhl", "DHL"),
            ("royal-mail", "Royal Mail"),
            ("deutsche-post", "Deutsche Post"),
            ("FedEx", "FedEx"),
            ("fedex", "FedEx"),
            ("Österreichische Post", "Österreichische Post"),
            ("", ""),
        ];
        for (key, name) in table {
            assert_eq!(carrier(key), name);
        }
    }
}
