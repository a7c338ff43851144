//! What has to hold between a saga and what is beside it, and between its steps.

use super::{MAX_STEPS, Saga, Step, order};
use crate::error::{Code, Error, Result};
use crate::naming::{self, Name};
use crate::spec::{Domain, Field};

/// The longest name of a saga: with it, the longest name of an index has the 63 characters that PostgreSQL
/// keeps of one.
const MAX_SAGA: usize = 29;

/// The longest name of a step, short enough for a column and a key.
const MAX_NAME: usize = 40;

/// No saga may have the module or the tables of a domain, as it is or was named, or of another saga.
pub(super) fn distinct(earlier: &[Saga], domains: &[Domain], name: &Name) -> Result<()> {
    let (typed, tables) = (name.type_name(), format!("{}_saga", name.module()));
    let clash =
        |what: String| Err(Error::new(Code::NameClash, what).help("give the saga another name"));
    if let Some(other) = earlier.iter().find(|saga| saga.name.collides_with(name)) {
        let other = other.name.type_name();
        return clash(if typed == other {
            format!("the saga `{typed}` is there twice")
        } else {
            format!("the sagas `{other}` and `{typed}` differ only by case")
        });
    }
    for domain in domains {
        let other = domain.name.type_name();
        let is_one_migration = domain.stored().module() == tables;
        if domain.name.collides_with(name) {
            return clash(format!(
                "the domain `{other}` and the saga `{typed}` would be one module"
            ));
        }
        let inbox = format!("{}_callbacks", domain.stored().module());
        let is_inbox = domain.callbacks && inbox == name.module();
        if is_inbox || is_one_migration || domain.stored().collides_with(name) {
            return clash(format!(
                "the domain `{other}` and the saga `{typed}` would have one migration"
            ));
        }
    }
    if name.module().len() > MAX_SAGA {
        let what = format!(
            "`{}` is too long for a saga: its tables need at most {MAX_SAGA} characters",
            name.module()
        );
        return Err(Error::new(Code::NameForm, what).help("use a shorter name"));
    }
    Ok(())
}

/// Events that every saga has.
const EVENTS: &[&str] = &[
    "CompensationCompleted",
    "CompensationDue",
    "CompensationFailed",
    "CompensationInitiated",
    "CompensationStepCompleted",
];

/// Handlers take events by their names: no two are called the same.
pub(super) fn events(saga: &Saga) -> Result<()> {
    if !saga.choreography {
        return Ok(());
    }
    let own = ["Initiated", "Stopped", "Completed", "Failed"];
    let own = own.map(|end| format!("{}{end}", saga.name.type_name()));
    let common = EVENTS.iter().map(|name| (*name).to_owned());
    let mut taken: Vec<String> = own.into_iter().chain(common).collect();
    for step in &saga.steps {
        for name in [step.event(), step.failure(), step.in_doubt()] {
            if taken.contains(&name) {
                let what = format!(
                    "the step `{}` would tell `{name}`, and so does another",
                    step.name
                );
                let help = "name its events with `event = \"…\"` and `failure = \"…\"`";
                return Err(Error::new(Code::NameClash, what).help(help));
            }
            taken.push(name);
        }
    }
    Ok(())
}

/// Columns that every saga has.
const COLUMNS: &[&str] = &[
    "deadline_at",
    "error_message",
    "look_at",
    "pattern",
    "saga_plan",
    "status",
    "stop",
    "transaction_id",
    "version",
];

/// Whether a field of a saga may have this name.
pub(super) fn is_no_column(name: &str) -> bool {
    !COLUMNS.contains(&name)
}

/// The fields of a saga are columns of its table.
pub(super) fn columns(fields: &[Field]) -> Result<()> {
    let taken = fields.iter().find(|field| !is_no_column(field.stored()));
    let Some(field) = taken else {
        return Ok(());
    };
    let name = &field.name;
    let what = format!("the field `{name}` of a saga: its table has a column of this name");
    Err(Error::new(Code::NameReserved, what).help(format!("try `order_{name}`")))
}

/// A step's name is a function's name as it is.
pub(super) fn step_name(typed: &str) -> Result<()> {
    let refused = |code, why: &str| {
        let shown: String = typed.chars().take(MAX_NAME).collect();
        let what = format!("`{}` cannot be a step name: {why}", shown.escape_debug());
        Err(Error::new(code, what))
    };
    if !is_snake_case(typed) {
        let help = match naming::snake_of(typed) {
            snake if is_snake_case(&snake) && is_free(&snake) => format!("write `{snake}`"),
            _ => "lower-case letters, digits and `_`, such as `reserve_inventory`".to_owned(),
        };
        return refused(Code::NameForm, "it is not snake_case").map_err(|error| error.help(help));
    }
    if typed.len() > MAX_NAME {
        let why = format!("it has {} characters, {MAX_NAME} are allowed", typed.len());
        return refused(Code::NameForm, &why).map_err(|error| error.help("use a shorter name"));
    }
    let reserved = [
        (naming::is_keyword(typed), "it is a Rust keyword"),
        (
            naming::is_device(typed),
            "it is a device on Windows, where no file can have this name",
        ),
    ];
    if let Some((_, why)) = reserved.iter().find(|(is_reserved, _)| *is_reserved) {
        let help = format!("try `{typed}_order`");
        return refused(Code::NameReserved, why).map_err(|error| error.help(help));
    }
    Ok(())
}

fn is_snake_case(name: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.split('_').all(is_word)
}

fn is_free(name: &str) -> bool {
    name.len() <= MAX_NAME && !naming::is_keyword(name)
}

/// The number of a saga's steps.
pub(super) fn count(saga: &Name, steps: usize) -> Result<()> {
    let saga = saga.type_name();
    let (what, help) = match steps {
        0 => (
            format!("the saga `{saga}` has no step"),
            "add a `[[saga.step]]` or take the saga out",
        ),
        1..=MAX_STEPS => return Ok(()),
        many => (
            format!("the saga `{saga}` has {many} steps, more than {MAX_STEPS}"),
            "make a saga of some of them",
        ),
    };
    Err(Error::new(Code::SagaOrder, what).help(help))
}

/// One name in `after`, of a step that names `earlier` before it.
pub(super) fn after(steps: &[Step], step: &Step, at: usize) -> Result<()> {
    let (name, other) = (&step.name, &step.after[at]);
    if other == name {
        let what = format!("the step `{name}` comes after itself");
        let help = "take it out; `after = []` begins at once";
        return Err(Error::new(Code::SagaOrder, what).help(help));
    }
    if step.after[..at].contains(other) {
        let what = format!("`after` of the step `{name}` names `{other}` twice");
        return Err(Error::new(Code::SagaOrder, what).help("keep one of them"));
    }
    if steps.iter().any(|known| known.name == *other) {
        return Ok(());
    }
    let what = format!(
        "the step `{name}` comes after `{}`, and there is no such step",
        other.escape_debug()
    );
    let known = steps.iter().map(|step| step.name.as_str());
    let known: Vec<&str> = known.filter(|known| known != name).collect();
    let help = match naming::nearest(other, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "it is the only step: take `after` out".to_owned(),
        None => format!("there are: {}", known.join(", ")),
    };
    Err(Error::new(Code::SagaOrder, what).help(help))
}

/// No steps may wait for each other. Beside the error: the step whose `after` it begins with.
pub(super) fn no_cycle(steps: &[Step]) -> std::result::Result<(), (usize, Error)> {
    let (_, left) = order::levels(steps);
    let way = order::cycle(steps, &left);
    let Some(first) = way.first() else {
        return Ok(());
    };
    let names: Vec<&str> = way.iter().map(|step| steps[*step].name.as_str()).collect();
    let what = format!("steps wait for each other: {}", names.join(" after "));
    let help =
        "take one of these `after` out; a step without `after` comes after the one before it";
    Err((*first, Error::new(Code::SagaOrder, what).help(help)))
}
