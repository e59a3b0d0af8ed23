//! What no order can do without: its number, its currency, its lines, when it was placed.

use jiff::Timestamp;
use ordertop::order::placement::MAX_LINES;
use ordertop::order::text::{MAX_NAME_CHARS, clean_opt};
use ordertop::order::{Currency, OrderNumber};

use super::field::{Field, Object};
use super::refusal::Refusal;
use super::settings::Settings;

/// The number of an order in the first of the fields that is there; refused when it is no order number.
pub(super) fn order_number<const N: usize>(fields: [Field<'_>; N]) -> Result<OrderNumber, Refusal> {
    for field in &fields {
        if let Some(text) = field.needed_text()? {
            let text = text.trim();
            let number = OrderNumber::new(text.strip_prefix('#').unwrap_or(text));
            return number.map_err(|source| Refusal::Number {
                field: field.path(),
                source,
            });
        }
    }
    match fields.first() {
        Some(field) => Err(field.missing()),
        None => Err(Refusal::Missing {
            field: "number".into(),
        }),
    }
}

/// The shop's id of an order, which is needed where it is there at all.
pub(super) fn shops_id(field: &Field<'_>) -> Result<Option<String>, Refusal> {
    Ok(clean_opt(field.needed_text()?.as_deref(), MAX_NAME_CHARS))
}

/// The currency of an order; one that ISO 4217 does not name keeps the decimals of `amount`. `fallback` is the
/// declared one, for bodies that name none.
pub(super) fn currency(
    field: &Field<'_>,
    amount: &Field<'_>,
    fallback: Option<Currency>,
) -> Result<Currency, Refusal> {
    let Some(code) = field.needed_text()? else {
        return fallback.ok_or(Refusal::NoCurrency);
    };
    let amount = amount.text_if_any().unwrap_or_default();
    let seen = amount.split_once('.').map_or(0, |(_, part)| part.len());
    let seen = u8::try_from(seen).unwrap_or(u8::MAX);
    Currency::with_decimals(code.trim(), seen).map_err(|source| Refusal::Currency {
        field: field.path(),
        source,
    })
}

/// The objects of the lines of an order, bounded.
pub(super) fn line_objects<'a>(field: &Field<'a>) -> Result<Vec<Object<'a>>, Refusal> {
    let lines = field.objects();
    if lines.len() > MAX_LINES {
        return Err(Refusal::Lines {
            field: field.path(),
            lines: lines.len(),
        });
    }
    Ok(lines)
}

/// When an order was placed, and whether that is unknown: then it is the time of the import, with a warning about the
/// `field` that should say it.
pub(super) fn placed_at(
    found: Option<Timestamp>,
    field: &Field<'_>,
    settings: &Settings,
) -> (Timestamp, bool) {
    if found.is_none() {
        field.warn("no time of the order can be read: the time of the import is taken".into());
    }
    (found.unwrap_or(settings.now), found.is_none())
}
