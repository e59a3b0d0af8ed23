//! UTF-8, byte by byte.

/// How many bytes follow the first one of a UTF-8 character.
pub(super) fn continuation(first: u8) -> u8 {
    match first {
        0xc2..=0xdf => 1,
        0xe0..=0xef => 2,
        0xf0..=0xf4 => 3,
        _ => 0,
    }
}
