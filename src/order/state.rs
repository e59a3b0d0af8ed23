//! What every step of an order changes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::content::Shipment;
use super::status::{OrderStatus, Permit, Standing};

fn unset(flag: &bool) -> bool {
    !*flag
}

/// Marks on an order; on the wire only those that are set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a mark of its own, any may be set"
)]
pub struct Flags {
    /// Not a real sale: rings nothing.
    #[serde(skip_serializing_if = "unset")]
    pub test: bool,
    /// The shop holds it back.
    #[serde(skip_serializing_if = "unset")]
    pub on_hold: bool,
    /// Paid at the door: a vendor may ship it while Pending.
    #[serde(skip_serializing_if = "unset")]
    pub pay_on_delivery: bool,
    /// The vendor asks support to cancel it.
    #[serde(skip_serializing_if = "unset")]
    pub cancel_requested: bool,
    /// The shop deleted it.
    #[serde(skip_serializing_if = "unset")]
    pub source_deleted: bool,
}

impl Flags {
    /// Whether no mark is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What every step of an order changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderState {
    /// Counts the changes of this order, from 1: its placing.
    pub version: u64,
    /// Where it stands.
    pub status: OrderStatus,
    /// The statuses that Disputed, Cancelled or Refunded set aside, newest
    /// last: the way back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prior: Vec<OrderStatus>,
    /// When it came to this status.
    pub status_since: Timestamp,
    /// Who brought it there.
    pub status_by: Actor,
    /// Marks.
    #[serde(default, skip_serializing_if = "Flags::is_empty")]
    pub flags: Flags,
    /// When anything about it last changed.
    pub updated_at: Timestamp,
    /// When it was paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    /// When it was shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_at: Option<Timestamp>,
    /// When it was delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// When it was completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// When it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
    /// What the newest step came from: where its undo leads back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Box<Previous>>,
    /// What the order's source said last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<Box<Heard>>,
}

/// What a step changes of a state, as it was before the step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    /// The status.
    pub status: OrderStatus,
    /// What exceptions had set aside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prior: Vec<OrderStatus>,
    /// When the order had come to the status.
    pub status_since: Timestamp,
    /// Who had brought it there.
    pub status_by: Actor,
    /// Whether the vendor had asked for a cancellation.
    #[serde(default, skip_serializing_if = "unset")]
    pub cancel_requested: bool,
    /// When it had been paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    /// When it had been shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_at: Option<Timestamp>,
    /// When it had been delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// When it had been completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// When it had been cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
    /// The parcels, where the step adds some or takes some away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipments: Option<Vec<Shipment>>,
}

/// What an order's source said last: the newest of its bodies that were taken, whether or not they changed anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// When the source had last changed the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified_at: Option<Timestamp>,
    /// A digest of the body as it was understood, without that time.
    pub digest: String,
    /// The status in it.
    pub status: OrderStatus,
}

impl OrderState {
    /// The state of an order that `by` placed at `now`.
    #[must_use]
    pub fn placed(status: OrderStatus, flags: Flags, by: Actor, now: Timestamp) -> Self {
        let mut state = Self {
            version: 1,
            status: OrderStatus::Pending,
            prior: Vec::new(),
            status_since: now,
            status_by: by,
            flags,
            updated_at: now,
            paid_at: None,
            shipped_at: None,
            delivered_at: None,
            completed_at: None,
            cancelled_at: None,
            previous: None,
            heard: None,
        };
        state.enter(status, now);
        state
    }

    /// What the status table needs to know.
    #[must_use]
    pub fn standing(&self) -> Standing<'_> {
        Standing {
            status: self.status,
            prior: self.prior.last().copied(),
            since: self.status_since,
            by: &self.status_by,
            pay_on_delivery: self.flags.pay_on_delivery,
            came_from: self.previous.as_ref().map(|previous| previous.status),
        }
    }

    /// The state after a step that the table permitted; one version on.
    #[must_use]
    pub fn after(&self, permit: Permit, by: Actor, now: Timestamp) -> Self {
        let mut next = self.touched(now);
        let to = match permit {
            Permit::Ask => {
                next.flags.cancel_requested = true;
                // The wish is newer than the step: what is taken back is the newest alone.
                next.previous = None;
                return next;
            }
            Permit::Undo(_) => {
                if let Some(previous) = next.previous.take() {
                    next.go_back(*previous);
                }
                return next;
            }
            Permit::Step(to) => {
                if to.is_exception() {
                    next.prior.push(self.status);
                } else {
                    // Coming back from a dispute that followed a shipment, say:
                    // what was set aside before that stays no way back.
                    next.prior.clear();
                }
                to
            }
            Permit::Restore(to) => {
                next.prior.pop();
                to
            }
            Permit::Back(to) => {
                match self.status {
                    OrderStatus::Shipped => next.shipped_at = None,
                    OrderStatus::Delivered => next.delivered_at = None,
                    _ => {}
                }
                to
            }
        };
        next.previous = Some(Box::new(self.as_previous()));
        next.enter(to, now);
        next.status_since = now;
        next.status_by = by;
        next
    }

    fn as_previous(&self) -> Previous {
        Previous {
            status: self.status,
            prior: self.prior.clone(),
            status_since: self.status_since,
            status_by: self.status_by.clone(),
            cancel_requested: self.flags.cancel_requested,
            paid_at: self.paid_at,
            shipped_at: self.shipped_at,
            delivered_at: self.delivered_at,
            completed_at: self.completed_at,
            cancelled_at: self.cancelled_at,
            shipments: None,
        }
    }

    /// The state that an undo of the newest step would lead to, with this version; `None` where there is nothing to
    /// undo.
    pub(super) fn before_the_step(&self) -> Option<Self> {
        let mut state = self.clone();
        let previous = state.previous.take()?;
        state.go_back(*previous);
        Some(state)
    }

    /// Makes an undo of the newest step lead to that state; to none where the order would stand there anyway.
    pub(super) fn undo_to(&mut self, state: &Self) {
        let before = self.previous.take();
        if state.status != self.status {
            let shipments = before.and_then(|previous| previous.shipments);
            self.previous = Some(Box::new(Previous {
                shipments,
                ..state.as_previous()
            }));
        }
    }

    fn go_back(&mut self, previous: Previous) {
        let Previous {
            status,
            prior,
            status_since,
            status_by,
            cancel_requested,
            paid_at,
            shipped_at,
            delivered_at,
            completed_at,
            cancelled_at,
            // The content's.
            shipments: _,
        } = previous;
        self.status = status;
        self.prior = prior;
        self.status_since = status_since;
        self.status_by = status_by;
        self.flags.cancel_requested = cancel_requested;
        self.paid_at = paid_at;
        self.shipped_at = shipped_at;
        self.delivered_at = delivered_at;
        self.completed_at = completed_at;
        self.cancelled_at = cancelled_at;
    }

    /// The state after a change of the order's content alone, a note's say; one
    /// version on.
    #[must_use]
    pub fn touched(&self, now: Timestamp) -> Self {
        Self {
            version: self.version + 1,
            updated_at: now,
            ..self.clone()
        }
    }

    /// Sets the status and the time of it, unless that time is known already.
    fn enter(&mut self, status: OrderStatus, at: Timestamp) {
        if self.status == OrderStatus::Cancelled {
            self.cancelled_at = None;
        }
        self.status = status;
        // Whoever moves it on has decided about what was asked.
        self.flags.cancel_requested &= status.is_open();
        let time = match status {
            OrderStatus::Pending | OrderStatus::Disputed | OrderStatus::Refunded => return,
            OrderStatus::Paid => &mut self.paid_at,
            OrderStatus::Shipped => &mut self.shipped_at,
            OrderStatus::Delivered => &mut self.delivered_at,
            OrderStatus::Completed => &mut self.completed_at,
            OrderStatus::Cancelled => &mut self.cancelled_at,
        };
        time.get_or_insert(at);
    }
}

/// One line of an order's history: who did what when. Append-only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// When.
    pub at: Timestamp,
    /// The version that this change made.
    pub version: u64,
    /// Who.
    pub actor: Actor,
    /// What: `placed`, `status`, `undo`, `cancel_requested`, `note`, `shipment`, `imported`.
    pub action: String,
    /// The status before; `None` for the placing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<OrderStatus>,
    /// The status after.
    pub to: OrderStatus,
    /// Why, in the actor's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The request that brought it, to find it in a log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Whether the shop's word was taken against the table.
    #[serde(default, skip_serializing_if = "unset")]
    pub forced: bool,
}

#[cfg(test)]
mod tests {
    use super::super::actor::ActorKind;
    use super::*;
    use OrderStatus::{Cancelled, Disputed, Paid, Refunded, Shipped};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn support() -> Actor {
        Actor::new(ActorKind::Support, "kim")
    }

    #[test]
    fn exceptions_remember_the_way_back() {
        let order = OrderState::placed(Paid, Flags::default(), support(), at(0))
            .after(Permit::Step(Shipped), support(), at(1))
            .after(Permit::Step(Disputed), support(), at(2))
            .after(Permit::Step(Refunded), support(), at(3));
        assert_eq!(order.prior, [Shipped, Disputed]);
        assert_eq!(order.version, 4);
        let back = order.after(Permit::Restore(Disputed), support(), at(4));
        assert_eq!(back.prior, [Shipped]);
        let back = back.after(Permit::Restore(Shipped), support(), at(5));
        assert_eq!((back.status, back.prior.len()), (Shipped, 0));
        assert_eq!(
            back.shipped_at,
            Some(at(1)),
            "the goods left when they left"
        );
    }

    #[test]
    fn a_step_back_takes_its_time_back() {
        let shipped = OrderState::placed(Paid, Flags::default(), support(), at(0)).after(
            Permit::Step(Shipped),
            support(),
            at(1),
        );
        let back = shipped.after(Permit::Back(Paid), support(), at(2));
        assert_eq!((back.shipped_at, back.paid_at), (None, Some(at(0))));
        assert_eq!(back.status_since, at(2));
    }

    #[test]
    fn an_undo_restores_what_was_before_to_the_letter() {
        let vendor = Actor::new(ActorKind::Vendor, "42");
        let door = Flags {
            pay_on_delivery: true,
            ..Flags::default()
        };
        let pending = OrderState::placed(OrderStatus::Pending, door, support(), at(0));
        let asked = OrderState::placed(Paid, Flags::default(), support(), at(0)).after(
            Permit::Ask,
            vendor.clone(),
            at(1),
        );
        let disputed = asked.after(Permit::Step(Disputed), support(), at(2));
        let steps = [
            (pending, Permit::Step(Shipped)),
            (asked.clone(), Permit::Step(Shipped)),
            (asked, Permit::Step(Cancelled)),
            (disputed.clone(), Permit::Step(Refunded)),
            (disputed.clone(), Permit::Restore(Paid)),
        ];
        for (before, step) in steps {
            let after = before.after(step, vendor.clone(), at(5));
            let noted = after.touched(at(6));
            let undone = noted.after(Permit::Undo(before.status), vendor.clone(), at(7));
            let expected = OrderState {
                version: before.version + 3,
                updated_at: at(7),
                previous: None,
                ..before
            };
            assert_eq!(undone, expected, "{step:?}");
        }
    }

    #[test]
    fn asking_leaves_the_status_and_cancelling_answers_it() {
        let paid = OrderState::placed(Paid, Flags::default(), support(), at(0));
        let asked = paid.after(Permit::Ask, support(), at(1));
        assert_eq!(
            (asked.status, asked.status_since, asked.version),
            (Paid, at(0), 2)
        );
        assert!(asked.flags.cancel_requested);
        let cancelled = asked.after(Permit::Step(Cancelled), support(), at(2));
        assert!(!cancelled.flags.cancel_requested);
        assert_eq!(cancelled.cancelled_at, Some(at(2)));
        let restored = cancelled.after(Permit::Restore(Paid), support(), at(3));
        assert_eq!(restored.cancelled_at, None);
    }
}
