//! Slots: what the adapter of a gateway fills from the fields of a command.
//!
//! A field fills a slot by its type and its name. A required slot is filled by a required field only:
//! a charge without a source is no charge. What is missing is said before anything is written.

use super::{Domain, Field, GatewayKind, Operation, Type};
use crate::error::{Code, Error, Result};
use crate::naming;

/// One thing that a call needs, or may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// What adapters call it.
    pub name: &'static str,
    /// Names of fields that fill it; earlier ones come first.
    accepted: &'static [&'static str],
    form: Form,
    required: bool,
    /// The field to add, as a person would type it.
    example: &'static str,
}

/// The type that a field must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `string` or `text`.
    Text,
    /// `money`; the only field of this type needs no particular name.
    Money,
    /// `u64`.
    Size,
    /// 64 lower-case hexadecimal digits.
    Sha256,
}

const STRIPE_CHARGE: &[Slot] = &[
    required("amount", &["amount"], Form::Money, "amount:money:min=0.01"),
    required(
        "source",
        &["source", "payment_method", "token", "customer"],
        Form::Text,
        "source:string:max=255",
    ),
];

const STRIPE_REFUND: &[Slot] = &[
    required(
        "charge",
        &["charge", "charge_id", "payment_id", "payment_ref"],
        Form::Text,
        "charge:string:max=255",
    ),
    optional("amount", &["amount"], Form::Money, "amount:money?:min=0.01"),
];

const S3: &[Slot] = &[
    required(
        "object_key",
        &["object_key"],
        Form::Text,
        "object_key:string:max=1024",
    ),
    required(
        "content_type",
        &["content_type"],
        Form::Text,
        "content_type:string:max=127",
    ),
    required("size", &["size"], Form::Size, "size:u64:min=1"),
    required(
        "sha256",
        &["sha256"],
        Form::Sha256,
        "sha256:string:pattern=[0-9a-f]{64}",
    ),
];

const SMTP: &[Slot] = &[
    required(
        "to",
        &["recipient", "to", "email"],
        Form::Text,
        "to:string:max=320",
    ),
    required(
        "subject",
        &["subject", "title", "template"],
        Form::Text,
        "subject:string:max=200",
    ),
    required("body", &["body"], Form::Text, "body:text:max=4096"),
];

const TWILIO: &[Slot] = &[
    required(
        "to",
        &["recipient", "to", "phone"],
        Form::Text,
        "to:string:max=64",
    ),
    required(
        "body",
        &["body", "text", "message"],
        Form::Text,
        "body:text:max=1600",
    ),
];

const FCM: &[Slot] = &[
    required(
        "token",
        &["recipient", "device_token", "token"],
        Form::Text,
        "device_token:string:max=1024",
    ),
    optional("title", &["title"], Form::Text, "title:string:max=200"),
    required("body", &["body"], Form::Text, "body:text:max=3000"),
];

const fn required(
    name: &'static str,
    accepted: &'static [&'static str],
    form: Form,
    example: &'static str,
) -> Slot {
    Slot {
        name,
        accepted,
        form,
        required: true,
        example,
    }
}

const fn optional(
    name: &'static str,
    accepted: &'static [&'static str],
    form: Form,
    example: &'static str,
) -> Slot {
    Slot {
        required: false,
        ..required(name, accepted, form, example)
    }
}

impl Operation {
    /// Whether the call gives back what an earlier one took: `RefundRequested`, and also
    /// `PartialRefundConfirmed`.
    #[must_use]
    pub fn is_refund(&self) -> bool {
        // The event's short name: the operation may have the long one, where that is taken.
        naming::operation_names(&self.event)
            .first()
            .is_some_and(|name| name.type_name().ends_with("Refund"))
    }

    /// The slots of its call through a gateway of this kind.
    #[must_use]
    pub fn slots(&self, gateway: GatewayKind) -> &'static [Slot] {
        match gateway {
            GatewayKind::Http => &[],
            GatewayKind::Stripe if self.is_refund() => STRIPE_REFUND,
            GatewayKind::Stripe => STRIPE_CHARGE,
            GatewayKind::S3 => S3,
            GatewayKind::Smtp => SMTP,
            GatewayKind::Twilio => TWILIO,
            GatewayKind::Fcm => FCM,
        }
    }

    /// Whether its fields fill every required slot.
    #[must_use]
    pub fn fits(&self, gateway: GatewayKind) -> bool {
        self.slots(gateway)
            .iter()
            .all(|slot| !slot.required || slot.field_of(&self.fields).is_some())
    }
}

impl Slot {
    /// The position of the field that fills it.
    #[must_use]
    pub fn field_of(&self, fields: &[Field]) -> Option<usize> {
        let by_name = |name: &&str| {
            fields
                .iter()
                .position(|field| field.name == **name && self.takes(field))
        };
        self.accepted
            .iter()
            .find_map(by_name)
            .or_else(|| self.only_money(fields))
    }

    fn takes(&self, field: &Field) -> bool {
        let is_there = !self.required || !field.optional;
        is_there && self.form.is_of(field)
    }

    fn only_money(&self, fields: &[Field]) -> Option<usize> {
        let mut all = (0..fields.len()).filter(|at| fields[*at].ty == Type::Money);
        let (first, second) = (all.next()?, all.next());
        let fills = self.form == Form::Money && second.is_none() && self.takes(&fields[first]);
        fills.then_some(first)
    }

    /// Why no field fills it.
    fn missing(&self, gateway: GatewayKind, operation: &Operation) -> Error {
        let event = operation.event.type_name();
        let (gateway, name) = (gateway.keyword(), self.name);
        let accepted = self.accepted.iter();
        let near = accepted
            .filter_map(|name| operation.fields.iter().find(|field| field.name == **name))
            .next();
        let what = match near {
            Some(field) if self.form.is_of(field) => format!(
                "the gateway {gateway} needs `{name}`, and the field `{}` of {event} may be left out",
                field.name
            ),
            Some(field) => format!(
                "the gateway {gateway} needs `{name}`, and the field `{field}` of {event} cannot be it"
            ),
            None => format!("the gateway {gateway} needs `{name}`, and no field of {event} is it"),
        };
        let verb = if near.is_some() { "write" } else { "add" };
        let others: Vec<_> = self
            .accepted
            .iter()
            .filter(|other| !self.example.starts_with(&format!("{other}:")))
            .copied()
            .collect();
        let help = if others.is_empty() {
            format!("{verb} `{}`", self.example)
        } else {
            format!(
                "{verb} `{}`; other names that fill it: {}",
                self.example,
                others.join(", ")
            )
        };
        Error::new(Code::GatewaySlot, what).help(help)
    }
}

impl Form {
    fn is_of(self, field: &Field) -> bool {
        match self {
            Self::Text => field.ty.is_text(),
            Self::Money => field.ty == Type::Money,
            Self::Size => field.ty == Type::U64,
            Self::Sha256 => {
                let pattern = field.constraints.pattern.as_ref();
                field.ty.is_text()
                    && pattern.is_some_and(|pattern| pattern.text() == "[0-9a-f]{64}")
            }
        }
    }
}

/// Every required slot of a domain's gateway is filled, and callbacks are asked only of a provider
/// that has some.
pub(super) fn check(domain: &Domain) -> Result<()> {
    let gateway = domain.gateway;
    for operation in &domain.operations {
        let empty = operation
            .slots(gateway)
            .iter()
            .find(|slot| slot.required && slot.field_of(&operation.fields).is_none());
        if let Some(slot) = empty {
            return Err(slot.missing(gateway, operation));
        }
    }
    if domain.callbacks && !gateway.has_callbacks() {
        let what = format!(
            "a provider behind the gateway {} reports nothing by callbacks",
            gateway.keyword()
        );
        return Err(Error::new(Code::SpecValue, what).help("leave `callbacks` out"));
    }
    Ok(())
}
