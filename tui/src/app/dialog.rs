//! The question before a step: what will happen, to which order, and what goes
//! with it. It holds the order's key and the version that was seen, so that the
//! answer means the order that was under the cursor when the key was pressed.

use ordertop::order::{OrderKey, OrderStatus, Shipment};
use ordertop::protocol::rest::StatusChange;
use tui_input::Input;

/// A text that goes with the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Who carries it.
    Carrier,
    /// The carrier's number.
    Tracking,
    /// Why.
    Reason,
}

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
    /// The texts that may or must go with it.
    pub fields: Vec<Field>,
    /// Where the keys go: 0 is the button, then the fields.
    pub focus: usize,
    /// Whether it was confirmed without the reason that it needs.
    pub reason_missed: bool,
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
            fields: kinds.into_iter().map(field).collect(),
            focus: usize::from(reason),
            reason_missed: false,
        }
    }

    /// The field that has the keys.
    #[must_use]
    pub fn field(&self) -> Option<&Field> {
        self.fields.get(self.focus.checked_sub(1)?)
    }

    /// The input that has the keys.
    pub fn input(&mut self) -> Option<&mut Input> {
        let field = self.fields.get_mut(self.focus.checked_sub(1)?)?;
        Some(&mut field.input)
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

    /// Whether a reason is needed and missing.
    #[must_use]
    pub fn lacks_reason(&self) -> bool {
        let needed = (self.fields.iter()).any(|field| field.kind == FieldKind::Reason);
        needed && self.text(FieldKind::Reason).is_none()
    }

    /// What to send.
    #[must_use]
    pub fn change(&self) -> StatusChange {
        let carrier = self.text(FieldKind::Carrier);
        let tracking_number = self.text(FieldKind::Tracking);
        let shipment = (carrier.is_some() || tracking_number.is_some()).then(|| Shipment {
            carrier,
            tracking_number,
            ..Shipment::default()
        });
        StatusChange {
            status: Some(self.to.as_str().to_owned()),
            // A server that does not count versions cannot compare them.
            expected_version: (self.version > 0).then_some(self.version),
            reason: self.text(FieldKind::Reason),
            shipment,
        }
    }
}
