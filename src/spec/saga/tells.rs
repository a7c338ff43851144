//! What the events of a saga carry beside what the runtime has them say: `tells`.
//!
//! What an event carries leaves the database, on a bus in clear. So each field is named, and none of them is a
//! `secret` one.

use super::Saga;
use super::read::{Placements, read_list};
use crate::error::{Code, Error, Result};
use crate::naming;
use crate::spec::Field;
use crate::spec::document::table_place;
use crate::spec::reader::Source;
use toml_edit::Table;

/// The longest name of a field that an event carries.
const MAX_NAME: usize = 40;

/// What the runtime has events say: the envelope's fields, and those of its own payloads.
const RESERVED: [&str; 18] = [
    "again",
    "aggregateId",
    "compensatedSteps",
    "compensationType",
    "completedAt",
    "errorCode",
    "eventId",
    "eventType",
    "failedStep",
    "failureReason",
    "originalFailedStep",
    "reason",
    "result",
    "step",
    "steps",
    "timestamp",
    "transactionId",
    "version",
];

/// The fields of its input that the events of a saga carry.
pub(super) fn of_input(
    source: &Source<'_>,
    table: &Table,
    fields: &[Field],
) -> Result<Vec<String>> {
    let example = ("a list of fields", "tells = [\"order_id\"]");
    let named = read(source, table, example)?;
    for (name, at) in &named {
        let refused = |what: String, help: String| {
            let error = Error::new(Code::SagaField, what).at(at);
            Err(error.help(help))
        };
        let Some(field) = fields.iter().find(|field| field.name == *name) else {
            let what = format!(
                "the events of the saga shall tell `{}`, and its input has no such field",
                name.escape_debug()
            );
            let known: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
            let help = match naming::nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", known.join(", ")),
            };
            return refused(what, help);
        };
        if field.constraints.secret {
            let what = format!("the events of the saga shall tell `{name}`, which is secret");
            let help = "events travel in clear: take it out of `tells`";
            return refused(what, help.to_owned());
        }
    }
    Ok(named.into_iter().map(|(name, _)| name).collect())
}

/// The fields of its result that the events of a step carry.
pub(super) fn of_step(source: &Source<'_>, table: &Table) -> Result<Vec<String>> {
    let example = (
        "a list of fields of its result",
        "tells = [\"userBalance\"]",
    );
    let named = read(source, table, example)?;
    for (name, at) in &named {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(is_letter)
            && name.len() <= MAX_NAME;
        if !is_name {
            let shown: String = name.chars().take(MAX_NAME).collect();
            let what = format!("`{}` cannot be a field of an event", shown.escape_debug());
            let help = format!("at most {MAX_NAME} letters, digits and `_`, such as `userBalance`");
            return Err(Error::new(Code::NameForm, what).at(at).help(help));
        }
    }
    Ok(named.into_iter().map(|(name, _)| name).collect())
}

fn read(source: &Source<'_>, table: &Table, example: (&str, &str)) -> Result<Placements> {
    let place = table_place(source, table);
    let list = read_list(source, table, ("tells", example), &place)?;
    Ok(list.unwrap_or_default())
}

/// No event carries two fields of one name: the completion of a saga carries what all its steps tell.
pub(super) fn check(saga: &Saga) -> Result<()> {
    let of_input = saga.tells.iter().filter_map(|name| {
        let field = saga.fields.iter().find(|field| field.name == *name)?;
        Some(naming::camel_of(field.stored()))
    });
    let of_steps = saga.steps.iter().flat_map(|step| step.told.tells.clone());
    let mut taken: Vec<String> = Vec::new();
    for name in of_input.chain(of_steps) {
        if RESERVED.contains(&name.as_str()) {
            let what = format!("`tells` names `{name}`, which events have already");
            let help = "give the field of the input or of the result another name";
            return Err(Error::new(Code::NameReserved, what).help(help));
        }
        if taken.contains(&name) {
            let what = format!("the events of the saga would tell `{name}` twice");
            let help = "the last event carries what all steps tell: rename one of the fields";
            return Err(Error::new(Code::NameClash, what).help(help));
        }
        taken.push(name);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::RESERVED;

    /// The texts of a list of a source file.
    fn listed<'t>(text: &'t str, list: &str) -> Vec<&'t str> {
        let (_, list) = text.split_once(list).unwrap();
        let (list, _) = list.split_once("];").unwrap();
        let (_, list) = list.split_once("= [").unwrap();
        list.split('"').skip(1).step_by(2).collect()
    }

    /// What is accepted here and refused there is a service that does not start.
    #[test]
    fn the_runtime_refuses_the_same_fields() {
        let names = include_str!("../../../crates/orch-runtime/src/saga/choreography/names.rs");
        let envelope = include_str!("../../../crates/orch-runtime/src/events/envelope.rs");
        let mut refused = listed(names, "const OWN:");
        refused.extend(listed(envelope, "const RESERVED:"));
        refused.sort_unstable();
        assert_eq!(refused, RESERVED);
    }
}
