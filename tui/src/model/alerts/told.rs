//! What was told already, so that nothing rings twice: not after a reconnect,
//! not after a restart.

use std::collections::{HashSet, VecDeque};

use ordertop::order::OrderKey;

use super::kind::Kind;
use crate::model::digest;

/// How many are remembered; the oldest goes first.
const REMEMBERED: usize = 2_000;

/// Digests of what was told: 8 bytes each, the same in every version of the program.
#[derive(Debug, Default)]
pub struct Told {
    known: HashSet<u64>,
    oldest_first: VecDeque<u64>,
}

impl Told {
    /// Says whether this is told for the first time, and remembers it. `nth`
    /// tells two alerts of one kind about one order apart, such as by version.
    pub fn first(&mut self, kind: Kind, key: &OrderKey, nth: u64) -> bool {
        let parts = [
            kind.as_str().as_bytes(),
            key.vendor.as_str().as_bytes(),
            key.number.as_str().as_bytes(),
            &nth.to_le_bytes(),
        ];
        self.remember(digest::of_parts(parts))
    }

    /// The digests, the oldest first, for the next run.
    pub fn digests(&self) -> impl Iterator<Item = u64> {
        self.oldest_first.iter().copied()
    }

    /// Takes back what the run before told.
    pub fn restore(&mut self, digests: impl IntoIterator<Item = u64>) {
        for digest in digests {
            self.remember(digest);
        }
    }

    fn remember(&mut self, digest: u64) -> bool {
        if !self.known.insert(digest) {
            return false;
        }
        self.oldest_first.push_back(digest);
        if self.oldest_first.len() > REMEMBERED
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::{listed, vendor};
    use ordertop::order::OrderStatus;

    #[test]
    fn each_thing_is_told_once_over_restarts_too() {
        let key = |number: &str| listed(number, OrderStatus::Paid, 0).key(&vendor());
        let mut told = Told::default();
        assert!(told.first(Kind::NewOrder, &key("1"), 0));
        assert!(!told.first(Kind::NewOrder, &key("1"), 0));
        assert!(told.first(Kind::Dispute, &key("1"), 3));
        assert!(told.first(Kind::Dispute, &key("1"), 5));
        let mut next = Told::default();
        next.restore(told.digests());
        assert!(!next.first(Kind::NewOrder, &key("1"), 0));
        for i in 0..REMEMBERED {
            assert!(next.first(Kind::NewOrder, &key(&format!("N{i}")), 0));
        }
        assert_eq!(next.digests().count(), REMEMBERED);
        assert_eq!(next.known.len(), REMEMBERED);
    }
}
