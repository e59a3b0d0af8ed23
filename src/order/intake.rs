//! Orders that come from elsewhere: a shop's body is a snapshot that is merged,
//! never a command.
//!
//! The channel owns payment, cancellation, refund and lines; for fulfilment the
//! furthest state wins. A change that the status table would refuse is applied
//! all the same, and recorded as forced.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::actor::{Actor, ActorKind};
use super::content::{OrderContent, Property};
use super::digest::digest;
use super::id::{OrderKey, OrderNumber, VendorId};
use super::source::Source;
use super::state::{Flags, Heard, OrderState};
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
    /// Whether nothing tells when the order was placed: `content.placed_at` is then when it was read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undated: bool,
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
    fn of(self, status: OrderStatus) -> Option<Timestamp> {
        match status {
            OrderStatus::Paid => self.paid_at,
            OrderStatus::Shipped => self.shipped_at,
            OrderStatus::Delivered => self.delivered_at,
            OrderStatus::Completed => self.completed_at,
            OrderStatus::Cancelled => self.cancelled_at,
            OrderStatus::Pending | OrderStatus::Disputed | OrderStatus::Refunded => None,
        }
    }

    /// Sets each moment that is known; those that are not stay as `state` has them.
    fn fill(self, state: &mut OrderState) {
        state.paid_at = self.paid_at.or(state.paid_at);
        state.shipped_at = self.shipped_at.or(state.shipped_at);
        state.delivered_at = self.delivered_at.or(state.delivered_at);
        state.completed_at = self.completed_at.or(state.completed_at);
        if state.status == OrderStatus::Cancelled {
            state.cancelled_at = self.cancelled_at.or(state.cancelled_at);
        }
    }

    /// Sets the moments that `state` lacks: what was done here happened when it was done here.
    fn complete(self, state: &mut OrderState) {
        state.paid_at = state.paid_at.or(self.paid_at);
        state.shipped_at = state.shipped_at.or(self.shipped_at);
        state.delivered_at = state.delivered_at.or(self.delivered_at);
        state.completed_at = state.completed_at.or(self.completed_at);
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
    /// The stored order is another one, whose number is the same.
    Another,
    /// Nothing new in it.
    Unchanged,
    /// It is older than what is stored.
    Stale,
    /// Nothing that anyone sees, but what the source said last is to be remembered: the order with that, at the same
    /// version.
    Heard(Box<VendorOrder>),
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

    /// The source that the order is known by; `None` for an order without an id of a shop, which is known by its
    /// number alone.
    #[must_use]
    pub fn identity(&self) -> Option<&Source> {
        identity(&self.content)
    }

    /// The order that this makes where there is none yet. The store gives the id.
    #[must_use]
    pub fn place(&self, by: Actor, now: Timestamp) -> VendorOrder {
        let mut content = self.content.clone();
        if let Some(source) = &mut content.source {
            source.modified_at = None;
        }
        for line in &mut content.lines {
            line.shop_shipped = line.qty_shipped;
        }
        VendorOrder {
            id: OrderId::default(),
            vendor_id: self.vendor_id.clone(),
            number: self.number.clone(),
            state: OrderState {
                version: 1,
                updated_at: now,
                ..self.state(&by, now)
            },
            content,
        }
    }

    /// The state as the body alone tells it. Version and `updated_at` are the caller's to set.
    fn state(&self, by: &Actor, now: Timestamp) -> OrderState {
        let mut state = OrderState::placed(self.status, self.flags, self.teller(by), now);
        if self.content.source.is_some() {
            // A moment that the shop did not tell is unknown; it is not the import's.
            state.paid_at = None;
            state.shipped_at = None;
            state.delivered_at = None;
            state.completed_at = None;
            state.cancelled_at = None;
        }
        self.moments.fill(&mut state);
        state.status_since = self.since(now);
        if self.status.is_exception() {
            state.prior = self.prior.into_iter().collect();
        }
        state.heard = self
            .content
            .source
            .is_some()
            .then(|| Box::new(self.heard()));
        state
    }

    /// Since when the order has had its status: that status's own moment, else the times of the body. An order waits
    /// for payment or shipment since it was placed; into another status it came at the shop's last change at the
    /// latest.
    fn since(&self, now: Timestamp) -> Timestamp {
        if let Some(moment) = self.moments.of(self.status) {
            return moment;
        }
        let placed_at = self.content.placed_at;
        let Some(source) = &self.content.source else {
            // It waits for its payment since the buyer placed it, whenever we hear of it.
            return if self.status == OrderStatus::Pending {
                placed_at.min(now)
            } else {
                now
            };
        };
        match self.status {
            OrderStatus::Pending | OrderStatus::Paid => placed_at,
            _ => source.modified_at.unwrap_or(placed_at),
        }
    }

    /// Who brought the order where it stands: the shop, whichever file its body came in.
    fn teller(&self, by: &Actor) -> Actor {
        match &self.content.source {
            Some(source) if by.kind == ActorKind::Import => {
                Actor::new(ActorKind::Import, source.label())
            }
            _ => by.clone(),
        }
    }

    /// This body as if it had told when the order was placed.
    fn placed_at(&self, time: Timestamp) -> Self {
        let mut dated = self.clone();
        dated.content.placed_at = time;
        dated
    }

    /// What is remembered of this body; when it was read is no part of it.
    fn heard(&self) -> Heard {
        let mut said = match self.undated {
            true => self.placed_at(Timestamp::UNIX_EPOCH),
            false => self.clone(),
        };
        let source = said.content.source.as_mut();
        let modified_at = source.and_then(|source| {
            source.name = None;
            source.modified_at.take()
        });
        Heard {
            modified_at,
            digest: digest(&said),
            status: self.status,
        }
    }

    /// Merges this snapshot into what is stored.
    ///
    /// The newest body of a source counts, by the time at which the source changed the order. Of two bodies of the same
    /// time it is the one with the later status in [`OrderStatus::ALL`], then the one with the larger digest: so the
    /// order that bodies come in does not matter. Bodies without a time count as they come.
    #[must_use]
    pub fn merge(&self, stored: &VendorOrder, by: &Actor, now: Timestamp) -> Merge {
        let same = match (self.identity(), identity(&stored.content)) {
            (Some(theirs), Some(ours)) => theirs.is_same_order(ours),
            (None, None) => true,
            _ => false,
        };
        if !same {
            return Merge::Another;
        }
        // The same placing again, from the same file, say: what has happened to the order since is not its business.
        if self.content.placed_as.is_some() && self.content.placed_as == stored.content.placed_as {
            return Merge::Unchanged;
        }
        let heard = self.heard();
        let dated;
        let body = if self.undated {
            dated = self.placed_at(stored.content.placed_at);
            &dated
        } else {
            self
        };
        match stored.state.heard.as_deref() {
            Some(last) if heard == *last => return Merge::Unchanged,
            Some(last) if is_older(&heard, last) => return Merge::Stale,
            Some(_) => {}
            // Stored by a version that remembered the time alone.
            None => {
                let time = |content: &OrderContent| content.source.as_ref()?.modified_at;
                if time(&self.content) < time(&stored.content) {
                    return Merge::Stale;
                }
            }
        }
        let content = body.merged_content(stored);
        let (mut state, forced) = body.merged_state(&stored.state, by, now);
        state.heard = self.content.source.is_some().then(|| Box::new(heard));
        let unseen = OrderState {
            heard: stored.state.heard.clone(),
            version: stored.state.version,
            updated_at: stored.state.updated_at,
            ..state.clone()
        };
        let changed = unseen != stored.state || content != stored.content;
        if !changed {
            state.version = stored.state.version;
            state.updated_at = stored.state.updated_at;
        }
        let order = Box::new(VendorOrder {
            state,
            content,
            ..stored.clone()
        });
        match changed {
            true => Merge::Changed { order, forced },
            false if order.state == stored.state => Merge::Unchanged,
            false => Merge::Heard(order),
        }
    }

    /// The state after this body, one version on, and whether the status table would have refused the step. An undo
    /// of a step that was made here leads to where the order would stand without it.
    fn merged_state(&self, stored: &OrderState, by: &Actor, now: Timestamp) -> (OrderState, bool) {
        let (mut state, forced) = self.next_state(stored, by, now);
        let without = stored.before_the_step();
        if let Some(without) = without.filter(|_| state.previous.is_some()) {
            let (without, _) = self.next_state(&without, by, now);
            state.undo_to(&without);
        }
        (state, forced)
    }

    fn next_state(&self, stored: &OrderState, by: &Actor, now: Timestamp) -> (OrderState, bool) {
        let status = self.merged_status(stored);
        let moved = status != stored.status;
        let asked = status::permit(stored.standing(), status, by, Reason::Given, now);
        let forced = moved && asked.is_err();
        let cancel_requested =
            |state: &OrderState| stored.flags.cancel_requested && state.status.is_open();
        let mut state = if is_the_shops(stored) && status == self.status {
            // Nothing was done here: the order stands as the newest body tells, whatever came before.
            OrderState {
                version: stored.version + 1,
                updated_at: now,
                ..self.state(by, now)
            }
        } else if moved {
            let step = asked.unwrap_or(Permit::Step(status));
            let mut state = stored.after(step, self.teller(by), now);
            // The step is the shop's: nobody here may undo it.
            state.previous = None;
            state.status_since = self.moments.of(status).unwrap_or_else(|| self.since(now));
            self.moments.fill(&mut state);
            state
        } else {
            let mut state = stored.touched(now);
            self.moments.complete(&mut state);
            state
        };
        state.flags = Flags {
            cancel_requested: cancel_requested(&state),
            ..self.flags
        };
        (state, forced)
    }

    /// The channel's content, with what is ours kept: notes, the digest of the placing, and parcels that were entered
    /// here. A parcel that both know is one, and stays ours.
    fn merged_content(&self, stored: &VendorOrder) -> OrderContent {
        let ours = &stored.content;
        let mut content = self.content.clone();
        content.notes.clone_from(&ours.notes);
        content.placed_as.clone_from(&ours.placed_as);
        if let Some(source) = &mut content.source {
            source.modified_at = None;
            if let Some(before) = &ours.source {
                source.name = source.name.take().or_else(|| before.name.clone());
                source.shop = source.shop.take().or_else(|| before.shop.clone());
            }
            source.number =
                Some(self.number.to_string()).filter(|number| number != stored.number.as_str());
        }
        let entered_here = ours.shipments.iter().filter(|parcel| !parcel.from_shop);
        let mut parcels: Vec<_> = entered_here.cloned().collect();
        // Stored by a version that did not mark the shop's parcels.
        if stored.state.heard.is_none() {
            parcels.retain(|ours| {
                !content
                    .shipments
                    .iter()
                    .any(|theirs| theirs.is_same_parcel(ours))
            });
        }
        let known = parcels.len();
        for theirs in std::mem::take(&mut content.shipments) {
            if !parcels[..known]
                .iter()
                .any(|ours| ours.is_same_parcel(&theirs))
            {
                parcels.push(theirs);
            }
        }
        content.shipments = parcels;
        for line in &mut content.lines {
            line.shop_shipped = line.qty_shipped;
        }
        content.recount_shipped();
        content
    }

    fn merged_status(&self, stored: &OrderState) -> OrderStatus {
        let (ours, theirs) = (stored.status, self.status);
        if is_the_shops(stored) {
            return theirs;
        }
        if stored
            .heard
            .as_ref()
            .is_some_and(|last| last.status == theirs)
        {
            // The shop says what it said before: what was done here since stands.
            return ours;
        }
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

/// The source that an order is known by.
fn identity(content: &OrderContent) -> Option<&Source> {
    let source = content.source.as_ref()?;
    source.order_id.is_some().then_some(source)
}

/// Whether the order stands where its shop brought it, and nobody here moved it since.
fn is_the_shops(state: &OrderState) -> bool {
    let said = state.heard.as_ref().map(|last| last.status);
    state.status_by.kind == ActorKind::Import && said == Some(state.status)
}

/// Whether one body is older than another.
fn is_older(body: &Heard, than: &Heard) -> bool {
    if body.modified_at.is_none() && than.modified_at.is_none() {
        return false;
    }
    let order = |heard: &Heard| (heard.modified_at, heard.status);
    (order(body), &body.digest) < (order(than), &than.digest)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::placement::Placement;
    use crate::order::{Qty, Shipment};
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
            Merge::Unchanged | Merge::Stale | Merge::Heard(_) => None,
            Merge::Another => panic!("the same order"),
        }
    }

    /// A body of a shop that changed the order at that second.
    fn body(status: OrderStatus, second: i64) -> Intake {
        let mut order = intake(status);
        order.content.source = Some(Source {
            channel: "woocommerce".into(),
            name: None,
            shop: Some("a.example".into()),
            order_id: Some("11".into()),
            number: None,
            url: None,
            status_raw: None,
            modified_at: Some(at(second)),
        });
        order
    }

    fn changed(merge: Merge) -> VendorOrder {
        match merge {
            Merge::Changed { order, .. } => *order,
            other => panic!("not changed: {other:?}"),
        }
    }

    /// Takes a body as a store does.
    fn take(stored: Option<VendorOrder>, body: &Intake, second: i64) -> VendorOrder {
        let Some(stored) = stored else {
            return body.place(import(), at(second));
        };
        match body.merge(&stored, &import(), at(second)) {
            Merge::Another => panic!("the same order"),
            Merge::Unchanged | Merge::Stale => stored,
            Merge::Heard(order) | Merge::Changed { order, .. } => *order,
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
    fn what_was_done_here_stands_until_the_shop_says_something_new() {
        let vendor = Actor::new(ActorKind::Vendor, "42");
        let support = Actor::new(ActorKind::Support, "kim");
        let first = body(Paid, 10);
        let step = |by: &Actor, to| {
            let mut order = first.place(import(), at(20));
            order.state = order.state.after(Permit::Step(to), by.clone(), at(30));
            order
        };
        let (shipped, cancelled) = (step(&vendor, Shipped), step(&support, Cancelled));
        for stored in [&shipped, &cancelled] {
            assert_eq!(
                first.merge(stored, &import(), at(40)),
                Merge::Unchanged,
                "the same words"
            );
            let touched = take(Some(stored.clone()), &body(Paid, 11), 40);
            assert_eq!(touched.state.status, stored.state.status, "a touched date");
            assert_eq!(touched.state.version, stored.state.version);
            let mut renamed = body(Paid, 12);
            renamed.content.lines[0].title = "Big mug".into();
            let renamed = changed(renamed.merge(stored, &import(), at(41)));
            assert_eq!(renamed.state.status, stored.state.status, "another title");
        }
        let done = changed(body(Shipped, 13).merge(&cancelled, &import(), at(42)));
        assert_eq!(done.state.status, Shipped, "the shop shipped it after all");
        let refunded = changed(body(Refunded, 13).merge(&shipped, &import(), at(42)));
        assert_eq!(
            (refunded.state.status, &*refunded.state.prior),
            (Refunded, &[Shipped][..])
        );
        assert_eq!(
            refunded.state.shipped_at,
            Some(at(30)),
            "our parcel left when it left"
        );
        assert_eq!(
            refunded.state.previous, None,
            "a shop's step is nobody's to undo"
        );
    }

    #[test]
    fn a_late_body_changes_nothing_though_the_newest_changed_nothing_either() {
        let order = take(None, &body(Paid, 10), 100);
        let order = take(Some(order), &body(Paid, 12), 101);
        assert_eq!(order.state.version, 1);
        assert_eq!(
            body(Cancelled, 11).merge(&order, &import(), at(102)),
            Merge::Stale
        );
    }

    #[test]
    fn an_order_of_another_shop_is_never_merged() {
        let stored = body(Paid, 10).place(import(), at(1));
        let mut stranger = body(Paid, 20);
        stranger.content.source.as_mut().unwrap().order_id = Some("12".into());
        assert_eq!(stranger.merge(&stored, &import(), at(2)), Merge::Another);
        let placed_here = intake(Paid).place(Actor::new(ActorKind::Service, "api"), at(1));
        assert_eq!(
            body(Paid, 20).merge(&placed_here, &import(), at(2)),
            Merge::Another
        );
        assert_eq!(
            intake(Paid).merge(&stored, &import(), at(2)),
            Merge::Another
        );
    }

    #[test]
    fn a_new_number_of_the_shop_stands_beside_ours() {
        let stored = body(Paid, 10).place(import(), at(1));
        let mut renumbered = body(Paid, 11);
        renumbered.number = OrderNumber::new("2026-7").unwrap();
        let order = changed(renumbered.merge(&stored, &import(), at(2)));
        assert_eq!(order.number.as_str(), "7");
        let number = |order: &VendorOrder| order.content.source.clone().unwrap().number;
        assert_eq!(number(&order).as_deref(), Some("2026-7"));
        let back = changed(body(Paid, 12).merge(&order, &import(), at(3)));
        assert_eq!(number(&back), None);
    }

    #[test]
    fn parcels_entered_here_stay_and_one_that_both_know_is_one() {
        let parcel = |number: &str, carrier: &str, from_shop| Shipment {
            tracking_number: Some(number.into()),
            carrier: Some(carrier.into()),
            from_shop,
            ..Shipment::default()
        };
        let mut stored = body(Paid, 10).place(import(), at(1));
        stored.content.shipments = vec![parcel("JJD 1", "DHL", false)];
        let mut news = body(Shipped, 11);
        news.content.shipments = vec![parcel("jjd1", "dhl", true), parcel("1Z9", "UPS", true)];
        news.content.lines[0].qty_shipped = Qty::ONE;
        let order = changed(news.merge(&stored, &import(), at(2)));
        let numbers = |order: &VendorOrder| -> Vec<_> {
            let shipments = order.content.shipments.iter();
            shipments
                .map(|s| (s.tracking_number.clone().unwrap(), s.from_shop))
                .collect()
        };
        assert_eq!(
            numbers(&order),
            [("JJD 1".into(), false), ("1Z9".into(), true)]
        );
        assert_eq!(
            order.content.lines[0].qty_shipped,
            Qty::whole(2),
            "our parcel holds all"
        );
        let order = changed(body(Shipped, 12).merge(&order, &import(), at(3)));
        assert_eq!(
            numbers(&order),
            [("JJD 1".into(), false)],
            "the shop took its own back"
        );
    }

    #[test]
    fn an_order_without_a_date_keeps_the_one_that_it_has() {
        let undated = |status, read_at| {
            let mut body = body(status, 10);
            body.undated = true;
            body.content.placed_at = at(read_at);
            body
        };
        let stored = undated(Paid, 100).place(import(), at(100));
        assert_eq!(stored.content.placed_at, at(100));
        let again = undated(Paid, 200).merge(&stored, &import(), at(200));
        assert_eq!(again, Merge::Unchanged);
        let mut renamed = undated(Paid, 300);
        renamed.content.lines[0].title = "Cup".into();
        renamed.content.source.as_mut().unwrap().modified_at = Some(at(11));
        let renamed = changed(renamed.merge(&stored, &import(), at(300)));
        assert_eq!(renamed.content.lines[0].title, "Cup");
        assert_eq!(renamed.content.placed_at, at(100));
        assert_eq!(renamed.state.status_since, at(100));
        let dated = body(Shipped, 12).merge(&renamed, &import(), at(400));
        assert_eq!(
            changed(dated).content.placed_at,
            intake(Paid).content.placed_at
        );
    }

    #[test]
    fn what_the_shop_did_not_tell_stays_unknown() {
        let old = |status| body(status, 1_551_434_400).place(import(), at(1_800_000_000));
        let placed_at = intake(Paid).content.placed_at;
        for status in OrderStatus::ALL {
            let state = old(status).state;
            let moments = [
                state.paid_at,
                state.shipped_at,
                state.delivered_at,
                state.completed_at,
                state.cancelled_at,
            ];
            assert_eq!(moments, [None; 5], "{status}");
            let waiting = [Pending, Paid].contains(&status);
            let since = if waiting {
                placed_at
            } else {
                at(1_551_434_400)
            };
            assert_eq!(state.status_since, since, "{status}");
        }
        let mut paid = body(Paid, 10);
        paid.moments.paid_at = Some(at(5));
        let state = paid.place(import(), at(9)).state;
        assert_eq!((state.paid_at, state.status_since), (Some(at(5)), at(5)));
    }

    mod whatever_way_bodies_come {
        use super::*;
        use proptest::prelude::*;

        fn bodies() -> impl Strategy<Value = Vec<Intake>> {
            let moment = || proptest::option::of((0_i64..5).prop_map(at));
            // Two fulfilments may share a number, or have none and differ in their lines alone.
            let parcel = (proptest::option::of("[12]"), 1_u64..3);
            let parcels = proptest::collection::vec(parcel, 0..3);
            let one = (
                0_usize..8,
                proptest::option::of(0_usize..8),
                0_i64..4,
                "[ab]",
                0_u32..3,
                (moment(), moment(), moment()),
                parcels,
            );
            let made = one.prop_map(
                |(status, prior, second, title, shipped, moments, parcels)| {
                    let mut order = body(OrderStatus::ALL[status], second);
                    order.prior = prior.map(|prior| OrderStatus::ALL[prior]);
                    order.content.lines[0].title = title;
                    order.content.lines[0].qty_shipped = Qty::whole(shipped);
                    (order.moments.paid_at, order.moments.shipped_at) = (moments.0, moments.1);
                    order.moments.cancelled_at = moments.2;
                    let parcels = parcels.into_iter().map(|(number, line)| Shipment {
                        tracking_number: number,
                        lines: vec![line],
                        from_shop: true,
                        ..Shipment::default()
                    });
                    order.content.shipments = parcels.collect();
                    order
                },
            );
            proptest::collection::vec(made, 1..6)
        }

        /// What does not count how often or when something was taken.
        fn told(order: VendorOrder) -> VendorOrder {
            let state = OrderState {
                version: 0,
                updated_at: at(0),
                ..order.state
            };
            VendorOrder { state, ..order }
        }

        /// Ships the order as the vendor does, where it may; whether it did.
        fn ship(order: &mut VendorOrder, second: i64) -> bool {
            let vendor = Actor::new(ActorKind::Vendor, "42");
            let standing = order.state.standing();
            let Ok(step @ Permit::Step(Shipped)) =
                status::permit(standing, Shipped, &vendor, Reason::Missing, at(second))
            else {
                return false;
            };
            order.state = order.state.after(step, vendor, at(second));
            let before = order.content.shipments.clone();
            order.state.previous.as_mut().unwrap().shipments = Some(before);
            order.content.shipments.push(Shipment {
                tracking_number: Some("MINE".into()),
                ..Shipment::default()
            });
            order.content.recount_shipped();
            true
        }

        fn undo(order: &mut VendorOrder, second: i64) {
            let vendor = Actor::new(ActorKind::Vendor, "42");
            let previous = order.state.previous.clone().unwrap();
            let permit = Permit::Undo(previous.status);
            order.state = order.state.after(permit, vendor, at(second));
            order.content.restore_shipments(previous.shipments.unwrap());
        }

        proptest! {
            /// What a shop tells between a step and its undo is not lost with the step.
            #[test]
            fn an_undo_leads_to_where_the_order_would_stand_without_the_step(
                before in bodies(), after in bodies(),
            ) {
                let mut newest = before[0].clone();
                newest.status = Paid;
                let before = before.iter().fold(None, |order, body| Some(take(order, body, 20)));
                let mut without = take(before, &newest, 25);
                let mut stepped = without.clone();
                if !ship(&mut stepped, 30) {
                    return Ok(());
                }
                for body in &after {
                    stepped = take(Some(stepped), body, 40);
                    without = take(Some(without), body, 40);
                    if stepped.state.previous.is_none() {
                        // The shop brought it where it stands: nobody here may undo that.
                        return Ok(());
                    }
                }
                undo(&mut stepped, 50);
                prop_assert_eq!(told(stepped), told(without));
            }

            /// Bodies that were lost on the way may come late, twice or never: the newest decides.
            #[test]
            fn the_order_ends_equal_in_every_field(
                (bodies, ways) in bodies().prop_flat_map(|bodies| {
                    let ways = proptest::collection::vec(0..bodies.len(), 0..12);
                    (Just(bodies), ways)
                })
            ) {
                let newest = bodies.iter().max_by(|a, b| {
                    let (a, b) = (a.heard(), b.heard());
                    (a.modified_at, a.status, a.digest).cmp(&(b.modified_at, b.status, b.digest))
                });
                let newest = newest.expect("at least one body");
                let alone = told(take(None, newest, 50));
                let mut order = None;
                for (n, way) in ways.into_iter().enumerate() {
                    order = Some(take(order, &bodies[way], 50 + n as i64));
                }
                let mut order = take(order, newest, 90);
                prop_assert_eq!(told(order.clone()), alone.clone());
                for body in &bodies {
                    order = take(Some(order), body, 91);
                }
                prop_assert_eq!(told(order), alone);
            }
        }
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
}
