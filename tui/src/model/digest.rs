//! FNV-1a of 64 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>): short, the
//! same in every version of the program, and no protection against anybody who
//! wants two texts to have one digest.

/// The digest of these bytes.
pub(crate) fn of(bytes: &[u8]) -> u64 {
    chain(bytes)
}

/// The digest of several parts, with a byte behind each that no text has: what
/// moves from one part to the next makes a difference.
pub(crate) fn of_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u64 {
    chain((parts.into_iter()).flat_map(|part| part.iter().chain(&[0xff])))
}

fn chain<'a>(bytes: impl IntoIterator<Item = &'a u8>) -> u64 {
    (bytes.into_iter()).fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_never_changes() {
        // The test vectors of the authors' page.
        assert_eq!(of(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(of(b"foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(of_parts([]), of(b""));
        assert_eq!(of_parts([&b"ab"[..], b"c"]), of(b"ab\xffc\xff"));
        assert_ne!(of_parts([&b"ab"[..], b"c"]), of_parts([&b"a"[..], b"bc"]));
    }
}
