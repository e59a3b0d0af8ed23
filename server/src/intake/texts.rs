//! Texts that are made of several fields, or are a part of one.

use ordertop::order::text::{MAX_NAME_CHARS, clean, clean_opt};

use super::field::Field;

/// The parts that are there, joined.
pub(super) fn joined<const N: usize>(parts: [Option<String>; N], between: &str) -> Option<String> {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| clean(&parts.join(between), MAX_NAME_CHARS))
}

/// The first of the fields that holds a name.
pub(super) fn first_name<const N: usize>(fields: [Field<'_>; N]) -> Option<String> {
    fields.iter().find_map(Field::name)
}

/// The host of a web address, with its port where one is named.
pub(super) fn host(address: &str) -> Option<String> {
    let address: http::Uri = address.parse().ok()?;
    let authority = address.authority()?.as_str();
    // Credentials in an address are nobody's business.
    let host = authority.rsplit('@').next()?;
    clean_opt(Some(host), MAX_NAME_CHARS)
}

/// A web address that a person may open.
pub(super) fn web_address(text: Option<String>) -> Option<String> {
    text.filter(|text| text.starts_with("https://") || text.starts_with("http://"))
}
