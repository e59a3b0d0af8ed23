//! A bound on how often one request changes one and the same order.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ordertop::order::OrderKey;
use ordertop::protocol::MAX_CHANGES_OF_ORDER;

use crate::store::{Decide, Refusal, Verdict};

/// Lets the decisions of one request change each order at most [`MAX_CHANGES_OF_ORDER`] times: every
/// change writes an event, and perhaps all of a long order's lines. What changes nothing is not counted.
pub fn at_most_of_each<'a>(decisions: impl Iterator<Item = (&'a OrderKey, &'a mut Decide)>) {
    let mut orders: HashMap<&OrderKey, Vec<&mut Decide>> = HashMap::new();
    for (key, decide) in decisions {
        orders.entry(key).or_default().push(decide);
    }
    let may_reach = |count: usize| count as u64 > MAX_CHANGES_OF_ORDER;
    for decisions in orders.into_values().filter(|of| may_reach(of.len())) {
        // The version that the first one saw; all are asked in their order, perhaps more than once.
        let began = Arc::new(AtomicU64::new(0));
        for (place, decide) in decisions.into_iter().enumerate() {
            let inner = std::mem::replace(decide, Box::new(|_| Verdict::Keep));
            let began = began.clone();
            *decide = Box::new(move |stored| {
                let version = stored.map_or(0, |order| order.state.version);
                if place == 0 {
                    began.store(version, Ordering::Relaxed);
                }
                let made = version.saturating_sub(began.load(Ordering::Relaxed));
                match inner(stored) {
                    Verdict::Write(_) if made >= MAX_CHANGES_OF_ORDER => {
                        Verdict::Refuse(Refusal::TooManyChanges)
                    }
                    verdict => verdict,
                }
            });
        }
    }
}
