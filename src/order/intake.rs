//! Orders that come from elsewhere: a shop's body is a snapshot that is merged,
//! never a command.
//!
//! The channel owns payment, cancellation, refund and lines; for fulfilment the
//! furthest state wins. A change that the status table would refuse is applied
//! all the same, and recorded as forced.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::content::{OrderContent, Property};
use super::id::{OrderKey, OrderNumber, VendorId};
use super::state::{Actor, Flags, OrderState};
use super::status::{self, OrderStatus, Permit, Reason};
use super::text::{MAX_NAME_CHARS, MAX_NOTE_CHARS, strip};
use super::{OrderId, VendorOrder};

/// A checked and cleaned order from outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intake {
    /// Whose order.
    pub vendor_id: VendorId,
    /// Its number.
    pub number: OrderNumber,
    /// Where it stands.
    pub status: OrderStatus,
    /// Marks.
    #[serde(default)]
    pub flags: Flags,
    /// The status that Disputed, Cancelled or Refunded set aside: the furthest that the body itself proves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior: Option<OrderStatus>,
    /// When it came through its statuses, where known.
    #[serde(default)]
    pub moments: Moments,
    /// What was bought.
    pub content: OrderContent,
}

/// When an order came through its statuses, as its channel tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Moments {
    /// When it was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    /// When it was shipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipped_at: Option<Timestamp>,
    /// When it was delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// When it was completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// When it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
}

impl Moments {
    fn fill(self, state: &mut OrderState) {
        let set = |known: Option<Timestamp>, time: &mut Option<Timestamp>| {
            if known.is_some() {
                *time = known;
            }
        };
        set(self.paid_at, &mut state.paid_at);
        set(self.shipped_at, &mut state.shipped_at);
        set(self.delivered_at, &mut state.delivered_at);
        set(self.completed_at, &mut state.completed_at);
        set(self.cancelled_at, &mut state.cancelled_at);
        let since = match state.status {
            OrderStatus::Paid => self.paid_at,
            OrderStatus::Shipped => self.shipped_at,
            OrderStatus::Delivered => self.delivered_at,
            OrderStatus::Completed => self.completed_at,
            OrderStatus::Cancelled => self.cancelled_at,
            OrderStatus::Pending | OrderStatus::Disputed | OrderStatus::Refunded => None,
        };
        if let Some(since) = since {
            state.status_since = since;
        }
    }
}

/// Why an intake that comes over the wire is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// No lines are fine for a shop's order, too many are not.
    #[error("an order has at most {MAX_INTAKE_LINES} lines, this one has {0}")]
    Lines(usize),
    /// Shipments and notes are bounded like lines.
    #[error("an order has at most {MAX_INTAKE_LINES} shipments and as many notes")]
    Entries,
}

/// Most lines of an order from a shop.
pub const MAX_INTAKE_LINES: usize = 5_000;

/// What merging a snapshot into a stored order comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Merge {
    /// Nothing new in it.
    Unchanged,
    /// It is older than what is stored.
    Stale,
    /// The order as it is to be stored, one version on.
    Changed {
        /// The order.
        order: Box<VendorOrder>,
        /// Whether the status table would have refused the step.
        forced: bool,
    },
}

impl Intake {
    /// Vendor and number.
    #[must_use]
    pub fn key(&self) -> OrderKey {
        OrderKey {
            vendor: self.vendor_id.clone(),
            number: self.number.clone(),
        }
    }

    /// The intake as it may be trusted, though another program made it: texts
    /// clean (their entities are decoded already), lists bounded.
    ///
    /// # Errors
    /// When a list is too long.
    pub fn distrusted(mut self) -> Result<Self, IntakeError> {
        let content = &mut self.content;
        if content.lines.len() > MAX_INTAKE_LINES {
            return Err(IntakeError::Lines(content.lines.len()));
        }
        if content.shipments.len().max(content.notes.len()) > MAX_INTAKE_LINES {
            return Err(IntakeError::Entries);
        }
        let name = |text: &mut String| *text = strip(text, MAX_NAME_CHARS);
        let note = |text: &mut String| *text = strip(text, MAX_NOTE_CHARS);
        // Blank is none, as it is for whoever cleans on entry.
        let cut = |text: &mut Option<String>, max_chars| {
            *text = text
                .take()
                .map(|text| strip(&text, max_chars))
                .filter(|text| !text.is_empty());
        };
        let opt_name = |text: &mut Option<String>| cut(text, MAX_NAME_CHARS);
        let opt_note = |text: &mut Option<String>| cut(text, MAX_NOTE_CHARS);
        let OrderContent {
            group,
            source,
            payment_state,
            lines,
            shipments,
            buyer,
            ship_to,
            buyer_note,
            notes,
            placed_as,
            attributes,
            // Neither texts nor lists.
            placed_at: _,
            ship_by: _,
            currency: _,
            totals: _,
        } = content;
        let people = [&mut buyer.name, &mut buyer.email, &mut buyer.phone];
        let address = [
            &mut ship_to.name,
            &mut ship_to.line1,
            &mut ship_to.line2,
            &mut ship_to.city,
            &mut ship_to.region,
            &mut ship_to.postcode,
            &mut ship_to.country,
        ];
        let own = [group, payment_state, placed_as];
        people
            .into_iter()
            .chain(address)
            .chain(own)
            .for_each(opt_name);
        opt_note(buyer_note);
        for line in lines {
            name(&mut line.sku);
            name(&mut line.title);
            opt_name(&mut line.variant);
            clean_properties(&mut line.properties);
        }
        clean_properties(attributes);
        for shipment in shipments {
            shipment.lines.truncate(MAX_INTAKE_LINES);
            opt_name(&mut shipment.carrier);
            opt_name(&mut shipment.tracking_number);
            opt_note(&mut shipment.tracking_url);
        }
        for entry in notes {
            note(&mut entry.body);
            name(&mut entry.by.id);
        }
        if let Some(source) = source {
            name(&mut source.channel);
            opt_name(&mut source.name);
            opt_name(&mut source.number);
            opt_name(&mut source.shop);
            opt_name(&mut source.order_id);
            opt_name(&mut source.status_raw);
            opt_note(&mut source.url);
        }
        Ok(self)
    }

    /// The order that this makes where there is none yet. The store gives the id.
    #[must_use]
    pub fn place(&self, by: Actor, now: Timestamp) -> VendorOrder {
        let mut state = OrderState::placed(self.status, self.flags, by, now);
        if state.status == OrderStatus::Pending {
            // It waits for its payment since the buyer placed it, whenever we hear of it.
            state.status_since = self.content.placed_at.min(now);
        }
        self.moments.fill(&mut state);
        VendorOrder {
            id: OrderId::default(),
            vendor_id: self.vendor_id.clone(),
            number: self.number.clone(),
            state,
            content: self.content.clone(),
        }
    }

    /// Merges this snapshot into what is stored.
    #[must_use]
    pub fn merge(&self, stored: &VendorOrder, by: &Actor, now: Timestamp) -> Merge {
        let modified = |content: &OrderContent| content.source.as_ref()?.modified_at;
        if modified(&self.content) < modified(&stored.content) {
            return Merge::Stale;
        }
        // The same placing again, from the same file, say: what has happened to
        // the order since is not its business.
        if self.content.placed_as.is_some() && self.content.placed_as == stored.content.placed_as {
            return Merge::Unchanged;
        }
        let content = self.merged_content(&stored.content);
        let status = self.merged_status(&stored.state);
        let flags = Flags {
            cancel_requested: stored.state.flags.cancel_requested,
            ..self.flags
        };
        let moved = status != stored.state.status;
        if !moved && flags == stored.state.flags && same_but_for_modified(&content, &stored.content)
        {
            return Merge::Unchanged;
        }
        let asked = status::permit(stored.state.standing(), status, by, Reason::Given, now);
        let forced = moved && asked.is_err();
        let mut state = if moved {
            stored
                .state
                .after(asked.unwrap_or(Permit::Step(status)), by.clone(), now)
        } else {
            OrderState {
                version: stored.state.version + 1,
                updated_at: now,
                ..stored.state.clone()
            }
        };
        state.flags = Flags {
            cancel_requested: state.flags.cancel_requested,
            ..flags
        };
        if moved {
            self.moments.fill(&mut state);
        }
        let order = Box::new(VendorOrder {
            state,
            content,
            ..stored.clone()
        });
        Merge::Changed { order, forced }
    }

    /// The channel's content, with what is ours kept: notes, the digest of the
    /// placing, shipments and shipped quantities that it does not know.
    fn merged_content(&self, stored: &OrderContent) -> OrderContent {
        let mut content = self.content.clone();
        content.notes.clone_from(&stored.notes);
        content.placed_as.clone_from(&stored.placed_as);
        if content.shipments.is_empty() {
            content.shipments.clone_from(&stored.shipments);
        }
        for line in &mut content.lines {
            if let Some(ours) = stored.lines.iter().find(|ours| ours.id == line.id) {
                line.qty_shipped = line.qty_shipped.max(ours.qty_shipped).min(line.qty);
            }
        }
        content
    }

    fn merged_status(&self, stored: &OrderState) -> OrderStatus {
        let (ours, theirs) = (stored.status, self.status);
        // How far an order has come; payment (0 and 1) is the channel's to say.
        let rank = |status| match status {
            OrderStatus::Pending => Some(0),
            OrderStatus::Paid => Some(1),
            OrderStatus::Shipped => Some(2),
            OrderStatus::Delivered => Some(3),
            OrderStatus::Completed => Some(4),
            OrderStatus::Disputed | OrderStatus::Cancelled | OrderStatus::Refunded => None,
        };
        match (rank(ours), rank(theirs)) {
            (_, None) => theirs,
            (Some(our_rank), Some(their_rank)) if our_rank >= 2 && our_rank > their_rank => ours,
            (None, Some(_)) if ours == OrderStatus::Disputed => ours,
            (None, Some(their_rank)) => match stored.prior.last().copied() {
                // No longer cancelled: what had left already is still on its way.
                Some(prior) if rank(prior).is_some_and(|r| r >= 2 && r > their_rank) => prior,
                _ => theirs,
            },
            (Some(_), Some(_)) => theirs,
        }
    }
}

/// Most named values of a line or an order.
pub const MAX_PROPERTIES: usize = 100;

/// Cleans names and values, and cuts a list that is too long.
fn clean_properties(properties: &mut Vec<Property>) {
    properties.truncate(MAX_PROPERTIES);
    for property in properties {
        property.name = strip(&property.name, MAX_NAME_CHARS);
        property.value = strip(&property.value, MAX_NOTE_CHARS);
    }
}

/// Whether two contents say the same; a shop touches its own date without
/// changing anything that anyone sees.
fn same_but_for_modified(a: &OrderContent, b: &OrderContent) -> bool {
    let mut a = a.clone();
    if let (Some(a), Some(b)) = (&mut a.source, &b.source) {
        a.modified_at = b.modified_at;
    }
    a == *b
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::ActorKind;
    use crate::order::placement::Placement;
    use OrderStatus::{Cancelled, Delivered, Disputed, Paid, Pending, Refunded, Shipped};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn import() -> Actor {
        Actor::new(ActorKind::Import, "orders.json")
    }

    fn intake(status: OrderStatus) -> Intake {
        let placement: Placement = serde_json::from_str(
            r#"{"vendor_id":"42","order_number":"7","currency":"EUR","placed_at":"2026-01-01T00:00:00Z",
                "lines":[{"sku":"MUG","qty":2,"unit_price":"5"}]}"#,
        )
        .unwrap();
        let mut intake = placement.check(None, at(0)).unwrap();
        intake.status = status;
        // A shop's body is no placing.
        intake.content.placed_as = None;
        intake
    }

    fn merged(stored: &VendorOrder, status: OrderStatus) -> Option<(OrderStatus, bool)> {
        match intake(status).merge(stored, &import(), at(9)) {
            Merge::Changed { order, forced } => Some((order.state.status, forced)),
            Merge::Unchanged | Merge::Stale => None,
        }
    }

    #[test]
    fn what_another_program_made_is_cleaned_and_bounded() {
        let mut order = intake(Paid);
        order.content.lines[0].title = "x\u{1b}[2J &amp; y".into();
        order.content.buyer.name = Some("pay\u{202e}cod".into());
        let clean = order.clone().distrusted().unwrap();
        assert_eq!(
            clean.content.lines[0].title, "x &amp; y",
            "decoded once, and not again"
        );
        assert_eq!(clean.content.buyer.name.as_deref(), Some("paycod"));
        order.content.buyer.name = Some("\u{200b} ".into());
        let blank = order.clone().distrusted().unwrap();
        assert_eq!(blank.content.buyer.name, None);
        let line = order.content.lines[0].clone();
        order.content.lines = vec![line; MAX_INTAKE_LINES + 1];
        assert_eq!(
            order.distrusted(),
            Err(IntakeError::Lines(MAX_INTAKE_LINES + 1))
        );
    }

    #[test]
    fn a_pending_order_waits_since_it_was_placed() {
        let order = intake(Pending).place(import(), at(1_800_000_000));
        assert_eq!(order.state.status_since, order.content.placed_at);
        assert_eq!(order.state.updated_at, at(1_800_000_000));
    }

    #[test]
    fn the_channel_owns_payment_and_the_furthest_fulfilment_wins() {
        let table = [
            (Pending, Paid, Some((Paid, false))),
            (Paid, Pending, Some((Pending, true))),
            (Paid, Paid, None),
            (Paid, Shipped, Some((Shipped, false))),
            (Shipped, Paid, None),
            (Delivered, Shipped, None),
            (Shipped, Cancelled, Some((Cancelled, true))),
            (Shipped, Refunded, Some((Refunded, false))),
            (Pending, Delivered, Some((Delivered, true))),
            (Disputed, Paid, None),
            (Cancelled, Paid, Some((Paid, true))),
        ];
        for (ours, theirs, expected) in table {
            let stored = intake(ours).place(import(), at(1));
            assert_eq!(merged(&stored, theirs), expected, "{ours} and {theirs}");
        }
    }

    #[test]
    fn a_cancellation_taken_back_finds_the_goods_on_their_way() {
        let mut stored = intake(Shipped).place(import(), at(1));
        stored.state = stored.state.after(Permit::Step(Cancelled), import(), at(2));
        assert_eq!(merged(&stored, Paid), Some((Shipped, false)));
    }

    #[test]
    fn merging_twice_changes_nothing() {
        let stored = intake(Paid).place(import(), at(1));
        let mut newer = intake(Paid);
        newer.content.lines[0].title = "Big mug".into();
        let Merge::Changed {
            order,
            forced: false,
        } = newer.merge(&stored, &import(), at(2))
        else {
            panic!("a new title is a change");
        };
        assert_eq!(order.state.version, 2);
        assert_eq!(newer.merge(&order, &import(), at(3)), Merge::Unchanged);
    }

    #[test]
    fn the_same_placing_again_does_not_undo_what_happened_since() {
        let mut placed = intake(Pending);
        placed.content.placed_as = Some("digest".into());
        let mut stored = placed.place(import(), at(1));
        stored.state = stored.state.after(Permit::Step(Paid), import(), at(2));
        assert_eq!(placed.merge(&stored, &import(), at(3)), Merge::Unchanged);
    }

    #[test]
    fn an_older_body_is_stale_and_a_touched_date_is_no_change() {
        let dated = |second| {
            let mut order = intake(Paid);
            order.content.source = Some(crate::order::Source {
                channel: "woocommerce".into(),
                name: None,
                shop: None,
                order_id: None,
                number: None,
                url: None,
                status_raw: None,
                modified_at: Some(at(second)),
            });
            order
        };
        let stored = dated(100).place(import(), at(1));
        assert_eq!(dated(99).merge(&stored, &import(), at(2)), Merge::Stale);
        assert_eq!(
            dated(101).merge(&stored, &import(), at(2)),
            Merge::Unchanged
        );
    }
}
