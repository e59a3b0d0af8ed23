//! The question before a step: what will happen, to which order, and what goes
//! with it. It holds the order's key and the version that was seen, so that the
//! answer means the order that was under the cursor when the key was pressed.

use ordertop::order::{OrderKey, OrderStatus, Shipment};
use ordertop::protocol::rest::StatusChange;
use tui_input::Input;

use super::typing::{LONG, SHORT};
use crate::model::carrier::{Form, form, tracking_link};
use crate::model::step::{Aim, FieldKind};

/// One input.
#[derive(Debug, Clone)]
pub struct Field {
    /// Which text.
    pub kind: FieldKind,
    /// As typed so far.
    pub input: Input,
}

/// The question.
#[derive(Debug, Clone)]
pub struct Dialog {
    /// Which order.
    pub key: OrderKey,
    /// The version that was seen.
    pub version: u64,
    /// Where it stands.
    pub from: OrderStatus,
    /// Where it goes.
    pub to: OrderStatus,
    /// What kind of change it is.
    pub aim: Aim,
    /// The texts that may or must go with it.
    pub fields: Vec<Field>,
    /// Where the keys go: 0 is the button, then the fields.
    pub focus: usize,
    /// Whether it was confirmed while the reason was blank.
    pub reason_missed: bool,
    /// Whether it may not be sent without a reason; else one that is asked for
    /// may stay blank.
    reason_needed: bool,
}

impl Dialog {
    /// Asks about a step. It opens on its button, or on the reason that it needs.
    #[must_use]
    pub fn new(
        key: OrderKey,
        version: u64,
        from: OrderStatus,
        to: OrderStatus,
        reason: bool,
    ) -> Self {
        let mut kinds = Vec::new();
        if reason {
            kinds.push(FieldKind::Reason);
        }
        if to == OrderStatus::Shipped {
            kinds.extend([FieldKind::Carrier, FieldKind::Tracking]);
        }
        let field = |kind| Field {
            kind,
            input: Input::default(),
        };
        Self {
            key,
            version,
            from,
            to,
            aim: Aim::Step,
            fields: kinds.into_iter().map(field).collect(),
            focus: usize::from(reason),
            reason_missed: false,
            reason_needed: reason,
        }
    }

    /// Asks whether to ask support to cancel it. It opens on the reason, which may
    /// stay blank: whoever wants a cancellation begins to say why, and no letter
    /// of that may confirm.
    #[must_use]
    pub fn ask(key: OrderKey, version: u64, from: OrderStatus, to: OrderStatus) -> Self {
        let mut dialog = Self::new(key, version, from, to, true);
        (dialog.aim, dialog.reason_needed) = (Aim::Ask, false);
        dialog
    }

    /// Asks whether to undo an own step. Nothing is shipped by it.
    #[must_use]
    pub fn undo(key: OrderKey, version: u64, from: OrderStatus, to: OrderStatus) -> Self {
        let mut dialog = Self::new(key, version, from, to, false);
        dialog.aim = Aim::Undo;
        dialog.fields.clear();
        dialog
    }

    /// Asks for a reason too, if it needs one, and begins with it. Who asks support
    /// may say why in any case.
    pub fn need_reason(&mut self, needed: bool) {
        self.reason_needed = needed;
        let needed = needed || self.aim == Aim::Ask;
        let reason = Self::new(self.key.clone(), 0, self.from, self.to, needed);
        let kept = |field: &Field| field.kind == FieldKind::Reason;
        self.fields.retain(|field| !kept(field));
        self.fields
            .splice(0..0, reason.fields.into_iter().filter(kept));
        self.focus = usize::from(needed);
    }

    /// Gives the keys to the text that a character on the button begins: the tracking
    /// number, which is begun anew, or the reason, which is gone on with. Says whether
    /// there is one.
    pub fn begin_text(&mut self) -> bool {
        let at = |kind| self.fields.iter().position(|field| field.kind == kind);
        if let Some(tracking) = at(FieldKind::Tracking) {
            self.focus = tracking + 1;
            self.fields[tracking].input.reset();
        } else if let Some(reason) = at(FieldKind::Reason) {
            self.focus = reason + 1;
        }
        self.focus > 0
    }

    /// Leaves out the texts that a server of the old kind would drop.
    pub fn take_status_alone(&mut self) {
        self.fields.clear();
        self.focus = 0;
    }

    /// The field that has the keys.
    #[must_use]
    pub fn field(&self) -> Option<&Field> {
        self.fields.get(self.focus.checked_sub(1)?)
    }

    /// The input that has the keys, and how many characters it takes.
    pub fn input(&mut self) -> Option<(&mut Input, usize)> {
        let field = self.fields.get_mut(self.focus.checked_sub(1)?)?;
        let most = match field.kind {
            FieldKind::Reason => LONG,
            FieldKind::Carrier | FieldKind::Tracking => SHORT,
        };
        Some((&mut field.input, most))
    }

    /// Moves the keys on by `step`, in a circle.
    pub fn move_focus(&mut self, step: usize) {
        self.focus = (self.focus + step) % (self.fields.len() + 1);
    }

    /// What was typed there; `None` when blank.
    #[must_use]
    pub fn text(&self, kind: FieldKind) -> Option<String> {
        let field = self.fields.iter().find(|field| field.kind == kind)?;
        let text = field.input.value().trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Who carries it, while nobody said so: guessed from the tracking number.
    #[must_use]
    pub fn guess(&self) -> Option<&'static str> {
        if self.text(FieldKind::Carrier).is_some() {
            return None;
        }
        match form(&self.text(FieldKind::Tracking)?) {
            Form::Of(carrier) | Form::Mistyped(carrier) => Some(carrier.name),
            Form::Unknown => None,
        }
    }

    /// Whose number has a check digit that does not fit.
    #[must_use]
    pub fn mistyped(&self) -> Option<&'static str> {
        match form(&self.text(FieldKind::Tracking)?) {
            Form::Mistyped(carrier) => Some(carrier.name),
            Form::Of(_) | Form::Unknown => None,
        }
    }

    /// Where the parcel can be followed.
    #[must_use]
    pub fn link(&self) -> Option<String> {
        let number = self.text(FieldKind::Tracking)?;
        tracking_link(&self.carrier()?, &number)
    }

    fn carrier(&self) -> Option<String> {
        let typed = self.text(FieldKind::Carrier);
        typed.or_else(|| self.guess().map(str::to_owned))
    }

    /// Asks the same about the order as it stands now; what was typed stays.
    pub fn renew(&mut self, version: u64, from: OrderStatus, reason: bool) {
        (self.version, self.from) = (version, from);
        let typed = self.text(FieldKind::Reason);
        self.need_reason(reason);
        if let (Some(typed), Some(field)) = (typed, self.fields.first_mut())
            && field.kind == FieldKind::Reason
        {
            field.input = Input::new(typed);
        }
        // A reason that may stay blank keeps the keys: it may go on being typed.
        if !self.lacks_reason() && self.aim != Aim::Ask {
            self.focus = 0;
        }
    }

    /// Whether there is a reason that may stay blank.
    #[must_use]
    pub fn reason_is_optional(&self) -> bool {
        !self.reason_needed
    }

    /// Whether the step ships the order.
    #[must_use]
    pub fn ships(&self) -> bool {
        (self.fields.iter()).any(|field| field.kind == FieldKind::Tracking)
    }

    /// Whether Enter sends nothing because words are missing: those that are needed, or
    /// those that are being asked for in the text that has the keys.
    #[must_use]
    pub fn wants_words(&self) -> bool {
        let kind = self.field().map(|field| field.kind);
        let asked = self.aim == Aim::Ask && kind == Some(FieldKind::Reason);
        self.lacks_reason() || asked && self.text(FieldKind::Reason).is_none()
    }

    /// Whether a reason is needed and missing.
    #[must_use]
    pub fn lacks_reason(&self) -> bool {
        self.reason_needed && self.text(FieldKind::Reason).is_none()
    }

    /// What to send.
    #[must_use]
    pub fn change(&self) -> StatusChange {
        let carrier = self.carrier();
        let tracking_number = self.text(FieldKind::Tracking);
        let shipment = (carrier.is_some() || tracking_number.is_some()).then(|| Shipment {
            carrier,
            tracking_number,
            tracking_url: self.link(),
            ..Shipment::default()
        });
        StatusChange {
            status: Some(self.to.as_str().to_owned()),
            // A server that does not count versions cannot compare them.
            expected_version: (self.version > 0).then_some(self.version),
            reason: self.text(FieldKind::Reason),
            shipment,
            undo: self.aim == Aim::Undo,
        }
    }
}
