//! Fields as templates see them.

use super::{Column, Invalid, sample};
use crate::naming;
use crate::spec::{Field, Pattern, Type};

/// One field of a command.
#[derive(Debug, Clone)]
pub struct FieldModel {
    /// `order_id`: the identifier.
    pub name: String,
    /// `orderId`: the key in requests.
    pub json: String,
    /// `order_id`: its name in the tables, which is the first one that it had.
    pub stored: String,
    /// Its type in the spec.
    pub ty: Type,
    /// `String` or `Option<String>`: the type in Rust.
    pub rust_type: String,
    /// `String`: the type in Rust without `Option`.
    pub inner_type: String,
    /// `&str` or `Option<&str>`: what its getter returns.
    pub getter_type: String,
    /// `PaymentChannel`: the generated type when it is an enum or a list of one.
    pub enum_name: String,
    /// The variants of that enum.
    pub variants: Vec<Variant>,
    /// Whether it may be left out.
    pub optional: bool,
    /// Whether it is never shown, logged or stored in the clear.
    pub secret: bool,
    /// Least length, count or value.
    pub min: Option<String>,
    /// Greatest length, count or value.
    pub max: Option<String>,
    /// The form of the whole text.
    pub pattern: Option<Pattern>,
    /// Its typed columns.
    pub columns: Vec<Column>,
    /// A value that is accepted, as JSON.
    pub sample_json: String,
    /// Another value that is accepted, as JSON; the same one where there is only one.
    pub other_json: String,
    /// Values that are refused.
    pub invalid: Vec<Invalid>,
}

/// A variant of a generated enum.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Variant {
    /// `Push`: the variant in Rust.
    pub name: String,
    /// `push`: the value on the wire and in SQL.
    pub wire: String,
}

/// The longest `string` when it does not say so itself.
const STRING_MAX: &str = "255";

/// Numbers that are nobody's, in E.164 form.
pub(super) const NUMBERS: [&str; 2] = ["+15551234567", "+15557654321"];
/// Addresses that are nobody's.
pub(super) const ADDRESSES: [&str; 2] = ["ann@example.com", "bob@example.com"];

impl FieldModel {
    pub(super) fn new(operation: &str, field: &Field) -> Self {
        let enum_name = format!("{operation}{}", naming::pascal_of(&field.name));
        let inner_type = field.ty.rust(&enum_name);
        let optional = |ty: String| {
            if field.optional {
                format!("Option<{ty}>")
            } else {
                ty
            }
        };
        let (min, max) = limits(field);
        let limited = sample::Limited {
            field,
            min: min.as_deref(),
            max: max.as_deref(),
        };
        Self {
            name: field.name.clone(),
            json: naming::camel_of(&field.name),
            stored: field.stored().to_owned(),
            rust_type: optional(inner_type.clone()),
            getter_type: optional(field.ty.borrowed(&enum_name)),
            inner_type,
            variants: field
                .ty
                .variants()
                .iter()
                .map(|wire| Variant::new(wire))
                .collect(),
            enum_name,
            optional: field.optional,
            secret: field.constraints.secret,
            pattern: field.constraints.pattern.clone(),
            columns: Column::of(field),
            sample_json: limited.sample(1),
            other_json: limited.sample(2),
            invalid: limited.invalid(),
            ty: field.ty.clone(),
            min,
            max,
        }
    }

    /// Takes these texts of one length for its samples, where its limits allow them.
    pub(super) fn sample_as(&mut self, samples: [&str; 2]) {
        let limit =
            |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<usize>().ok());
        let is_long_enough = limit(&self.max).is_none_or(|max| max >= samples[0].len());
        let is_short_enough = limit(&self.min).is_none_or(|min| min <= samples[0].len());
        if self.pattern.is_none() && is_long_enough && is_short_enough {
            let [sample, other] = samples.map(|text| format!("\"{text}\""));
            (self.sample_json, self.other_json) = (sample, other);
        }
    }

    /// Whether it had another name.
    #[must_use]
    pub fn is_renamed(&self) -> bool {
        self.stored != self.name
    }

    /// `orderId`: the key in payloads and towards the provider.
    #[must_use]
    pub fn stored_json(&self) -> String {
        naming::camel_of(&self.stored)
    }

    /// `OrderId`.
    #[must_use]
    pub fn pascal(&self) -> String {
        naming::pascal_of(&self.name)
    }

    /// `order id`, for prose.
    #[must_use]
    pub fn prose(&self) -> String {
        self.name.replace('_', " ")
    }

    /// Whether its getter copies the value.
    #[must_use]
    pub const fn is_copy(&self) -> bool {
        self.ty.is_copy()
    }

    /// Whether it is a `string` or a `text`.
    #[must_use]
    pub const fn is_text(&self) -> bool {
        self.ty.is_text()
    }

    /// Whether it is an integer.
    #[must_use]
    pub const fn is_integer(&self) -> bool {
        self.ty.is_integer()
    }

    /// Whether it is a decimal number.
    #[must_use]
    pub fn is_decimal(&self) -> bool {
        self.ty == Type::Decimal
    }

    /// Whether it is an amount of money.
    #[must_use]
    pub fn is_money(&self) -> bool {
        self.ty == Type::Money
    }

    /// Whether it is a JSON value.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.ty == Type::Json
    }

    /// Whether it is bytes.
    #[must_use]
    pub fn is_bytes(&self) -> bool {
        self.ty == Type::Bytes
    }

    /// Whether it is a list.
    #[must_use]
    pub const fn is_list(&self) -> bool {
        matches!(self.ty, Type::List(_))
    }

    /// Whether it has a generated enum.
    #[must_use]
    pub const fn is_enum(&self) -> bool {
        !self.variants.is_empty()
    }

    /// Whether anything beyond the type is checked.
    #[must_use]
    pub const fn is_checked(&self) -> bool {
        self.min.is_some() || self.max.is_some() || self.pattern.is_some()
    }

    /// The name to import from the runtime.
    #[must_use]
    pub fn runtime_import(&self) -> Option<&'static str> {
        self.ty.runtime_import()
    }

    pub(super) fn can_be_business_key(&self) -> bool {
        !self.optional && !self.secret && (self.ty == Type::String || self.ty == Type::Uuid)
    }
}

impl Variant {
    fn new(wire: &str) -> Self {
        Self {
            name: naming::pascal_of(wire),
            wire: wire.to_owned(),
        }
    }
}

/// The limits with those that a `string` has without saying so: 1 to 255 characters.
fn limits(field: &Field) -> (Option<String>, Option<String>) {
    let constraints = &field.constraints;
    let implied = field.ty == Type::String && constraints.pattern.is_none();
    let or = |limit: &Option<String>, default: &str| {
        limit
            .clone()
            .or_else(|| implied.then(|| default.to_owned()))
    };
    let max = or(&constraints.max, STRING_MAX);
    (or(&constraints.min, "1"), max)
}
