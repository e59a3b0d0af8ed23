//! The statuses of an order and the one table of who may change which.
//!
//! Server, client, help and docs all read [`TABLE`]; nothing else in ordertop
//! knows which step is allowed. The target that is reached already is no step
//! and is not asked here: it succeeds and changes nothing.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::actor::{Actor, ActorKind};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum OrderStatus {
    /// Placed, not paid.
    Pending,
    /// Paid: to be shipped.
    Paid,
    /// On its way.
    Shipped,
    /// Arrived.
    Delivered,
    /// Arrived, and the time for complaints is over.
    Completed,
    /// The buyer complains.
    Disputed,
    /// Will not happen.
    Cancelled,
    /// The money went back.
    Refunded,
}

use OrderStatus::{Cancelled, Completed, Delivered, Disputed, Paid, Pending, Refunded, Shipped};

/// What a text is when it is not a status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a status; the statuses are {list}", list = OrderStatus::list())]
pub struct UnknownStatus(pub String);

impl OrderStatus {
    /// All statuses, in the order of an order's life.
    pub const ALL: [Self; 8] = [
        Pending, Paid, Shipped, Delivered, Completed, Disputed, Cancelled, Refunded,
    ];

    /// The word for it, as the wire and the screen write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Pending => "Pending",
            Paid => "Paid",
            Shipped => "Shipped",
            Delivered => "Delivered",
            Completed => "Completed",
            Disputed => "Disputed",
            Cancelled => "Cancelled",
            Refunded => "Refunded",
        }
    }

    /// Disputed, Cancelled or Refunded: off the usual way, with a way back.
    #[must_use]
    pub fn is_exception(self) -> bool {
        matches!(self, Disputed | Cancelled | Refunded)
    }

    /// Pending, Paid or Disputed: a cancellation may still be asked for.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Pending | Paid | Disputed)
    }

    fn list() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for OrderStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| UnknownStatus(super::text::clean(text, 40)))
    }
}

/// How long a vendor may undo an own step.
pub const UNDO_WINDOW: SignedDuration = SignedDuration::from_mins(15);
/// How long after delivery an order without a dispute is complete.
pub const COMPLETION_DELAY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Whose column of the table applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The vendor whose order it is.
    Vendor,
    /// Support staff.
    Support,
    /// Services and the clock.
    System,
}

impl From<ActorKind> for Party {
    fn from(kind: ActorKind) -> Self {
        match kind {
            ActorKind::Vendor => Self::Vendor,
            ActorKind::Support => Self::Support,
            ActorKind::Service | ActorKind::Clock | ActorKind::Import => Self::System,
        }
    }
}

/// A cell of the table: whether a party may make a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// May not.
    No,
    /// May.
    Yes,
    /// May, and must say why.
    Reason,
    /// May when the order is paid at the door.
    PayOnDelivery,
    /// May only ask for it: a flag is set, the status stays.
    Ask,
    /// May not step back, but may undo an own step within [`UNDO_WINDOW`] ([`permit_undo`]).
    UndoOwn,
    /// May once [`COMPLETION_DELAY`] has passed.
    AfterDelay,
}

/// Where a transition leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// One step on, or into an exception.
    Step(OrderStatus),
    /// One step back.
    Back(OrderStatus),
    /// Back to the status that an exception set aside.
    Prior,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Transition {
    /// From any of these.
    pub from: &'static [OrderStatus],
    /// To this.
    pub to: Target,
    /// What a vendor may.
    pub vendor: Rule,
    /// What support may.
    pub support: Rule,
    /// What services and the clock may.
    pub system: Rule,
}

const fn row(from: &'static [OrderStatus], to: Target, rules: [Rule; 3]) -> Transition {
    let [vendor, support, system] = rules;
    Transition {
        from,
        to,
        vendor,
        support,
        system,
    }
}

/// The whole table; columns: vendor, support, service and clock.
pub const TABLE: &[Transition] = {
    use Rule::{AfterDelay, Ask, No, PayOnDelivery, Reason, UndoOwn, Yes};
    use Target::{Back, Prior, Step};
    &[
        row(&[Pending], Step(Paid), [No, Reason, Yes]),
        row(&[Pending], Step(Shipped), [PayOnDelivery, Reason, Yes]),
        row(&[Pending], Step(Cancelled), [No, Reason, Yes]),
        row(&[Paid], Step(Shipped), [Yes, Yes, Yes]),
        row(&[Paid], Step(Cancelled), [Ask, Reason, Yes]),
        row(&[Shipped], Back(Paid), [UndoOwn, Reason, No]),
        row(&[Shipped], Step(Delivered), [Yes, Yes, Yes]),
        row(&[Delivered], Back(Shipped), [UndoOwn, Reason, No]),
        row(&[Delivered], Step(Completed), [No, No, AfterDelay]),
        row(
            &[Paid, Shipped, Delivered, Completed],
            Step(Disputed),
            [No, Reason, Yes],
        ),
        row(&[Disputed], Prior, [No, Reason, Yes]),
        row(&[Disputed], Step(Refunded), [No, Reason, Yes]),
        row(&[Disputed], Step(Cancelled), [No, Reason, Yes]),
        row(
            &[Paid, Shipped, Delivered, Completed],
            Step(Refunded),
            [No, Reason, Yes],
        ),
        row(&[Cancelled, Refunded], Prior, [No, Reason, Yes]),
    ]
};

/// What the table needs to know of an order.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// Where it stands.
    pub status: OrderStatus,
    /// What an exception set aside.
    pub prior: Option<OrderStatus>,
    /// Since when it stands there.
    pub since: Timestamp,
    /// Who brought it there.
    pub by: &'a Actor,
    /// Whether it is paid at the door.
    pub pay_on_delivery: bool,
    /// The status that the newest step came from; `None` when it cannot be undone.
    pub came_from: Option<OrderStatus>,
}

/// What the table permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// A step on, or into an exception.
    Step(OrderStatus),
    /// A step back, as a decision of its own.
    Back(OrderStatus),
    /// The newest step is taken back: everything that it changed is as before.
    Undo(OrderStatus),
    /// Back from an exception.
    Restore(OrderStatus),
    /// No step: the wish is recorded (flag `cancel_requested`).
    Ask,
}

/// Why a transition is refused. The texts for a vendor are the seed's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The table has no such transition for this party.
    #[error("{}", not_allowed(*.from, *.to, *.party))]
    NotAllowed {
        /// Where the order stands.
        from: OrderStatus,
        /// Where it was to go.
        to: OrderStatus,
        /// For whom.
        party: Party,
    },
    /// The transition needs a reason.
    #[error("a change from {from} to {to} needs a reason: send \"reason\"")]
    ReasonRequired {
        /// Where the order stands.
        from: OrderStatus,
        /// Where it was to go.
        to: OrderStatus,
    },
    /// It is too soon.
    #[error("an order is complete 7 days after its delivery: not before {until}")]
    TooSoon {
        /// The first moment at which it may.
        until: Timestamp,
    },
}

fn not_allowed(from: OrderStatus, to: OrderStatus, party: Party) -> String {
    match (party, to) {
        (Party::Vendor, Shipped) => "Order must be paid before marking as shipped".into(),
        (Party::Vendor, Delivered) => "Order must be shipped before marking as delivered".into(),
        (Party::Vendor, other) => not_a_choice(other.as_str()),
        (Party::Support | Party::System, _) => {
            format!("an order cannot go from {from} to {to}")
        }
    }
}

/// The seed's words for a status that may not be set.
#[must_use]
pub fn not_a_choice(status: &str) -> String {
    format!("\"{status}\" is not a valid choice.")
}

/// Whether a reason was given with a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It was.
    Given,
    /// It was not.
    Missing,
}

/// Asks the table: may `actor` bring an order of this standing to `to` at `now`?
///
/// # Errors
/// The refusal, when the table says no.
pub fn permit(
    order: Standing<'_>,
    to: OrderStatus,
    actor: &Actor,
    reason: Reason,
    now: Timestamp,
) -> Result<Permit, Refusal> {
    let party = Party::from(actor.kind);
    let refused = Refusal::NotAllowed {
        from: order.status,
        to,
        party,
    };
    let (rule, permit) = TABLE
        .iter()
        .filter(|row| row.from.contains(&order.status))
        .find_map(|row| {
            let permit = match row.to {
                Target::Step(target) if target == to => Permit::Step(to),
                Target::Back(target) if target == to => Permit::Back(to),
                Target::Prior if order.prior == Some(to) => Permit::Restore(to),
                _ => return None,
            };
            let rule = match party {
                Party::Vendor => row.vendor,
                Party::Support => row.support,
                Party::System => row.system,
            };
            Some((rule, permit))
        })
        .ok_or_else(|| refused.clone())?;
    match rule {
        Rule::No => Err(refused),
        Rule::Yes => Ok(permit),
        Rule::Reason if reason == Reason::Given => Ok(permit),
        Rule::Reason => Err(Refusal::ReasonRequired {
            from: order.status,
            to,
        }),
        Rule::PayOnDelivery if order.pay_on_delivery => Ok(permit),
        Rule::PayOnDelivery => Err(refused),
        Rule::Ask => Ok(Permit::Ask),
        Rule::UndoOwn => Err(refused),
        Rule::AfterDelay => {
            let until = order
                .since
                .saturating_add(COMPLETION_DELAY)
                .unwrap_or(Timestamp::MAX);
            if now >= until {
                Ok(permit)
            } else {
                Err(Refusal::TooSoon { until })
            }
        }
    }
}

/// Whether `actor` may take back the newest step of an order of this standing at `now`. A step can be undone by the
/// one who made it, within [`UNDO_WINDOW`], as long as no other step came after it.
///
/// # Errors
/// Why the step cannot be undone.
pub fn permit_undo(
    order: Standing<'_>,
    actor: &Actor,
    now: Timestamp,
) -> Result<Permit, UndoRefusal> {
    let people = matches!(Party::from(actor.kind), Party::Vendor | Party::Support);
    let to = order.came_from.filter(|_| people);
    let to = to.ok_or(UndoRefusal::NothingToUndo)?;
    if order.by != actor {
        return Err(UndoRefusal::AnothersStep);
    }
    if now.duration_since(order.since) > UNDO_WINDOW {
        return Err(UndoRefusal::TooLate);
    }
    Ok(Permit::Undo(to))
}

/// Why a step cannot be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum UndoRefusal {
    /// No step that could be undone is the newest.
    #[error("there is no step to undo")]
    NothingToUndo,
    /// The newest step is somebody else's.
    #[error("the newest step was made by somebody else: only its author may undo it")]
    AnothersStep,
    /// The newest step came from another status than the one that is asked for.
    #[error("the newest step came from {0}: an undo leads back there alone")]
    LeadsElsewhere(OrderStatus),
    /// The time for it is over.
    #[error("a step can be undone for {} minutes, which are over", UNDO_WINDOW.as_mins())]
    TooLate,
}

/// The next step of an order's usual life that `actor` may make, and whether
/// it needs a reason; `None` when there is none.
#[must_use]
pub fn next_step(
    order: Standing<'_>,
    actor: &Actor,
    now: Timestamp,
) -> Option<(OrderStatus, Reason)> {
    let forward = match order.status {
        Pending => [Some(Shipped), Some(Paid)],
        Paid => [Some(Shipped), None],
        Shipped => [Some(Delivered), None],
        _ => [None, None],
    };
    // Support would ship an unpaid order only on purpose: its next step is Paid,
    // unless the buyer pays at the door.
    let skip_unpaid = order.status == Pending && !order.pay_on_delivery;
    forward
        .into_iter()
        .flatten()
        .filter(|to| !(skip_unpaid && *to == Shipped))
        .find_map(|to| match permit(order, to, actor, Reason::Missing, now) {
            Ok(Permit::Ask) => None,
            Ok(_) => Some((to, Reason::Missing)),
            Err(Refusal::ReasonRequired { .. }) => Some((to, Reason::Given)),
            Err(_) => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn actor(kind: ActorKind) -> Actor {
        Actor::new(kind, "7")
    }

    /// What the table of `ORDERS.md` says, pair by pair, written out again by
    /// hand: `-` no, `y` yes, `R` with a reason, `p` when paid at the door,
    /// `a` ask only, `u` undo of an own change in time, `w` after a week,
    /// `b` back to its prior status (with the party's own rule in front).
    const EXPECTED: [(&str, [[&str; 8]; 3]); 8] = [
        //            Pend Paid Ship Deliv Compl Disp Canc Refd
        (
            "Pending",
            [
                ["", "-", "p", "-", "-", "-", "-", "-"],
                ["", "R", "R", "-", "-", "-", "R", "-"],
                ["", "y", "y", "-", "-", "-", "y", "-"],
            ],
        ),
        (
            "Paid",
            [
                ["-", "", "y", "-", "-", "-", "a", "-"],
                ["-", "", "y", "-", "-", "R", "R", "R"],
                ["-", "", "y", "-", "-", "y", "y", "y"],
            ],
        ),
        (
            "Shipped",
            [
                ["-", "u", "", "y", "-", "-", "-", "-"],
                ["-", "R", "", "y", "-", "R", "-", "R"],
                ["-", "-", "", "y", "-", "y", "-", "y"],
            ],
        ),
        (
            "Delivered",
            [
                ["-", "-", "u", "", "-", "-", "-", "-"],
                ["-", "-", "R", "", "-", "R", "-", "R"],
                ["-", "-", "-", "", "w", "y", "-", "y"],
            ],
        ),
        (
            "Completed",
            [
                ["-", "-", "-", "-", "", "-", "-", "-"],
                ["-", "-", "-", "-", "", "R", "-", "R"],
                ["-", "-", "-", "-", "", "y", "-", "y"],
            ],
        ),
        (
            "Disputed",
            [
                ["-", "-", "-", "-", "-", "", "-", "-"],
                ["bR", "bR", "bR", "bR", "bR", "", "R", "R"],
                ["by", "by", "by", "by", "by", "", "y", "y"],
            ],
        ),
        (
            "Cancelled",
            [
                ["-", "-", "-", "-", "-", "-", "", "-"],
                ["bR", "bR", "bR", "bR", "bR", "bR", "", "bR"],
                ["by", "by", "by", "by", "by", "by", "", "by"],
            ],
        ),
        (
            "Refunded",
            [
                ["-", "-", "-", "-", "-", "-", "-", ""],
                ["bR", "bR", "bR", "bR", "bR", "bR", "bR", ""],
                ["by", "by", "by", "by", "by", "by", "by", ""],
            ],
        ),
    ];

    #[test]
    fn every_pair_of_the_table_is_as_written() {
        let kinds = [ActorKind::Vendor, ActorKind::Support, ActorKind::Service];
        for (from, by_party) in EXPECTED {
            let from: OrderStatus = from.parse().unwrap();
            for (kind, cells) in kinds.into_iter().zip(by_party) {
                for (to, cell) in OrderStatus::ALL.into_iter().zip(cells) {
                    if from != to {
                        check_cell(from, to, kind, cell);
                    }
                }
            }
        }
    }

    fn check_cell(from: OrderStatus, to: OrderStatus, kind: ActorKind, cell: &str) {
        let (me, other) = (actor(kind), Actor::new(kind, "8"));
        let plain = Standing {
            status: from,
            prior: None,
            since: at(0),
            by: &other,
            pay_on_delivery: false,
            came_from: Some(to),
        };
        let ask = |order, reason, now| permit(order, to, &me, reason, now);
        let (missing, given) = (Reason::Missing, Reason::Given);
        let late = at(8 * 24 * 3600);
        let place = format!("{from} to {to} for {kind:?}");
        let refused = |r: Result<Permit, Refusal>| matches!(r, Err(Refusal::NotAllowed { .. }));
        let (order, cell) = match cell.strip_prefix('b') {
            Some(rule) => {
                assert!(
                    refused(ask(plain, given, late)),
                    "{place} without a prior status"
                );
                (
                    Standing {
                        prior: Some(to),
                        ..plain
                    },
                    rule,
                )
            }
            None => (plain, cell),
        };
        match cell {
            "-" => {
                let generous = Standing {
                    by: &me,
                    pay_on_delivery: true,
                    ..order
                };
                assert!(refused(ask(generous, given, at(1))), "{place}");
                assert!(refused(ask(generous, given, late)), "{place}");
            }
            "y" => assert!(ask(order, missing, at(1)).is_ok(), "{place}"),
            "R" => {
                let needs = Err(Refusal::ReasonRequired { from, to });
                assert_eq!(ask(order, missing, at(1)), needs, "{place}");
                assert!(ask(order, given, at(1)).is_ok(), "{place}");
            }
            "p" => {
                assert!(refused(ask(order, given, at(1))), "{place}");
                let at_the_door = Standing {
                    pay_on_delivery: true,
                    ..order
                };
                assert!(ask(at_the_door, missing, at(1)).is_ok(), "{place}");
            }
            "a" => assert_eq!(ask(order, missing, at(1)), Ok(Permit::Ask), "{place}"),
            "u" => {
                let own = Standing { by: &me, ..order };
                assert!(refused(ask(own, given, at(1))), "{place}: not by itself");
                let undo = |order, now| permit_undo(order, &me, now);
                assert_eq!(undo(own, at(900)), Ok(Permit::Undo(to)), "{place}");
                assert_eq!(undo(own, at(901)), Err(UndoRefusal::TooLate), "{place}");
                assert_eq!(
                    undo(order, at(1)),
                    Err(UndoRefusal::AnothersStep),
                    "{place}"
                );
                let settled = Standing {
                    came_from: None,
                    ..own
                };
                assert_eq!(
                    undo(settled, at(1)),
                    Err(UndoRefusal::NothingToUndo),
                    "{place}"
                );
            }
            "w" => {
                let week = 7 * 24 * 3600;
                assert!(ask(order, missing, at(week)).is_ok(), "{place}");
                let soon = ask(order, given, at(week - 1));
                assert_eq!(soon, Err(Refusal::TooSoon { until: at(week) }), "{place}");
            }
            other => panic!("unknown cell {other}"),
        }
    }

    #[test]
    fn a_vendor_reads_the_seeds_words() {
        let table = [
            (
                Pending,
                Shipped,
                "Order must be paid before marking as shipped",
            ),
            (
                Paid,
                Delivered,
                "Order must be shipped before marking as delivered",
            ),
            (Pending, Paid, "\"Paid\" is not a valid choice."),
            (Shipped, Refunded, "\"Refunded\" is not a valid choice."),
        ];
        let me = actor(ActorKind::Vendor);
        for (status, to, words) in table {
            let by = actor(ActorKind::Service);
            let order = Standing {
                status,
                prior: None,
                since: at(0),
                by: &by,
                pay_on_delivery: false,
                came_from: None,
            };
            let refusal = permit(order, to, &me, Reason::Missing, at(1)).unwrap_err();
            assert_eq!(refusal.to_string(), words);
        }
    }

    #[test]
    fn next_steps_lead_forward() {
        let (vendor, support) = (actor(ActorKind::Vendor), actor(ActorKind::Support));
        let by = actor(ActorKind::Service);
        let order = |status, pay_on_delivery| Standing {
            status,
            prior: None,
            since: at(0),
            by: &by,
            pay_on_delivery,
            came_from: None,
        };
        let table = [
            (Pending, false, None, Some((Paid, Reason::Given))),
            (
                Pending,
                true,
                Some((Shipped, Reason::Missing)),
                Some((Shipped, Reason::Given)),
            ),
            (
                Paid,
                false,
                Some((Shipped, Reason::Missing)),
                Some((Shipped, Reason::Missing)),
            ),
            (
                Shipped,
                false,
                Some((Delivered, Reason::Missing)),
                Some((Delivered, Reason::Missing)),
            ),
            (Delivered, false, None, None),
            (Cancelled, false, None, None),
        ];
        for (status, at_the_door, for_vendor, for_support) in table {
            assert_eq!(
                next_step(order(status, at_the_door), &vendor, at(1)),
                for_vendor,
                "{status}"
            );
            assert_eq!(
                next_step(order(status, at_the_door), &support, at(1)),
                for_support,
                "{status}"
            );
        }
    }

    #[test]
    fn statuses_read_as_they_write() {
        for status in OrderStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert!("shipped".parse::<OrderStatus>().is_err());
    }
}
