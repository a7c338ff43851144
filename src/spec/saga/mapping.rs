//! Where the fields of a step's command come from.

use super::Callee;
use crate::error::{Code, Error, Result};
use crate::spec::{Domain, Field, Operation, Type};

/// Room for the key of a step: the saga's name, the step's and the number of a compensation.
const KEY_ROOM: u64 = 100;

/// Where one field of a command comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The field of the saga at this position.
    Input(usize),
    /// The provider's name for what is undone.
    Reference,
    /// The step's own key: text that nothing else is known of.
    Key,
    /// Nowhere; it may be left out.
    Nothing,
}

/// Which of a step's two commands is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// What the step does.
    Do,
    /// What takes it back.
    Undo,
}

/// An operation that a step names, with its domain.
pub(crate) fn called<'d>(
    domains: &'d [Domain],
    callee: &Callee,
) -> Option<(&'d Domain, &'d Operation)> {
    let domain = domains.iter().find(|domain| domain.name == callee.domain)?;
    let mut operations = domain.operations.iter();
    let operation = operations.find(|operation| operation.event == callee.event)?;
    Some((domain, operation))
}

/// The names that a field of a saga may have to go into `field` of a step's command, the one that is meant
/// most closely first.
pub(crate) fn names(step: &str, domain: &Domain, field: &Field) -> [String; 3] {
    let (domain, field) = (domain.name.module(), &field.name);
    [
        format!("{step}_{field}"),
        format!("{domain}_{field}"),
        field.clone(),
    ]
}

/// Where `field` of the command comes from; `None` when nothing can be said of it.
pub(crate) fn origin(input: &[Field], names: &[String], field: &Field, way: Way) -> Option<Origin> {
    let fits =
        |given: &Field| is_one_type(&given.ty, &field.ty) && (!given.optional || field.optional);
    let mut found = names.iter().filter_map(|name| {
        let at = input.iter().position(|given| given.name == *name)?;
        fits(&input[at]).then_some(Origin::Input(at))
    });
    if let Some(origin) = found.next() {
        return Some(origin);
    }
    match way {
        _ if field.optional => Some(Origin::Nothing),
        Way::Undo if is_roomy_text(field) => Some(Origin::Reference),
        Way::Do if is_roomy_text(field) => Some(Origin::Key),
        _ => None,
    }
}

/// Refuses a step of which a field would have no value.
pub(super) fn check(
    input: &[Field],
    step: &str,
    callee: &Callee,
    way: Way,
    domains: &[Domain],
) -> Result<()> {
    let Some((domain, operation)) = called(domains, callee) else {
        return Ok(());
    };
    let is_missing =
        |field: &&Field| origin(input, &names(step, domain, field), field, way).is_none();
    let Some(field) = operation.fields.iter().find(is_missing) else {
        return Ok(());
    };
    let name = &field.name;
    let what =
        format!("the step `{step}` asks for {callee}, and no field of the saga gives `{name}`");
    let near = input.iter().find(|given| given.name == *name);
    let help = match near {
        Some(near) => format!(
            "\"{near}\" is another kind of value: make it \"{field}\", or add \"{step}_{field}\""
        ),
        None => format!("add \"{field}\" to the saga's `fields`"),
    };
    Err(Error::new(Code::SagaField, what).help(help))
}

/// Whether a value of the one type is one of the other.
fn is_one_type(given: &Type, wanted: &Type) -> bool {
    match (given, wanted) {
        (Type::Enum(given), Type::Enum(wanted)) => given.iter().all(|one| wanted.contains(one)),
        (Type::List(given), Type::List(wanted)) if matches!(**given, Type::Enum(_)) => {
            is_one_type(given, wanted)
        }
        _ => given == wanted || (given.is_text() && wanted.is_text()),
    }
}

/// Whether any text of the length of a key or a reference will do.
fn is_roomy_text(field: &Field) -> bool {
    let constraints = &field.constraints;
    let max = constraints.max.as_deref().map(str::parse::<u64>);
    let is_roomy = max.is_none_or(|max| max.is_ok_and(|max| max >= KEY_ROOM));
    let min = constraints.min.as_deref().map(str::parse::<u64>);
    let is_long = min.is_none_or(|min| min.is_ok_and(|min| min <= 1));
    field.ty.is_text() && constraints.pattern.is_none() && is_roomy && is_long
}
