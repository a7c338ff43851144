//! `[[saga]]` and `[[saga.step]]`: reading them.

use super::compensation::{Said, Saying};
use super::{Callee, Compensation, Saga, Step, StepLimits, TimeBudget, Told, Way};
use super::{check, limits, mapping, tells};
use crate::error::{Code, Error, Result};
use crate::naming::{self, Role};
use crate::spec::document::{read_fields, read_name, table_place};
use crate::spec::reader::Source;
use crate::spec::{Domain, Field};
use toml_edit::Table;

/// A step, and where it says what.
struct Placed {
    step: Step,
    /// Where its name is.
    name_at: String,
    /// Where `after` begins, or the step where it has none.
    after_at: String,
    /// Where the step is.
    place: String,
    /// Where each name in `after` is.
    each_after_at: Vec<String>,
    /// Where `call` and `undo` are, or the step.
    call_at: String,
    undo_at: String,
}

impl Placed {
    /// Every field of its commands has to come from somewhere.
    fn check_fields(&self, input: &[Field], domains: &[Domain]) -> Result<()> {
        let Step {
            name,
            call,
            compensation,
            ..
        } = &self.step;
        if let Some(call) = call {
            mapping::check(input, name, call, Way::Do, domains)
                .map_err(|error| error.at(&self.call_at))?;
        }
        match compensation {
            Compensation::Operation(undo) => mapping::check(input, name, undo, Way::Undo, domains)
                .map_err(|error| error.at(&self.undo_at)),
            Compensation::Code | Compensation::None(_) => Ok(()),
        }
    }
}

/// The sagas of a file whose domains are known.
pub(in crate::spec) fn read(
    source: &Source<'_>,
    root: &Table,
    domains: &[Domain],
) -> Result<Vec<Saga>> {
    let mut sagas = Vec::new();
    for table in source.tables(root, "saga")? {
        let saga = read_saga(source, table, &sagas, domains)?;
        sagas.push(saga);
    }
    Ok(sagas)
}

fn read_saga(
    source: &Source<'_>,
    table: &Table,
    earlier: &[Saga],
    domains: &[Domain],
) -> Result<Saga> {
    let keys = [
        "name",
        "fields",
        "time_budget",
        "choreography",
        "tells",
        "step",
    ];
    source.known(table, "[[saga]]", &keys)?;
    let place = table_place(source, table);
    let (typed, at) = source.required(table, &place, "name")?;
    let name = read_name(Role::Saga, typed, &at)?;
    check::distinct(earlier, domains, &name).map_err(|error| error.at(at))?;
    let fields = read_fields(source, table, &place)?;
    let time_budget = match source.text(table, "time_budget")? {
        None => None,
        Some((text, at)) => Some(TimeBudget::parse(text).map_err(|error| error.at(at))?),
    };
    check::columns(&fields).map_err(|error| error.at(&place))?;
    let choreography = source.flag(table, "choreography")?;
    let told = tells::of_input(source, table, &fields)?;
    let tables = source.tables(table, "step")?;
    check::count(&name, tables.len()).map_err(|error| error.at(&place))?;
    let mut steps: Vec<Placed> = Vec::new();
    for table in tables {
        let before = steps.last().map(|placed| &placed.step);
        let placed = read_step(source, table, before, domains)?;
        placed.check_fields(&fields, domains)?;
        limits::check(&placed.step, time_budget).map_err(|error| error.at(&placed.place))?;
        if steps
            .iter()
            .any(|other| other.step.name == placed.step.name)
        {
            let what = format!("the step `{}` is there twice", placed.step.name);
            let error = Error::new(Code::NameClash, what).at(placed.name_at);
            return Err(error.help("rename one of them"));
        }
        steps.push(placed);
    }
    let saga = Saga {
        name,
        fields,
        time_budget,
        choreography,
        tells: told,
        steps: in_order(steps)?,
    };
    check::events(&saga).map_err(|error| error.at(&place))?;
    limits::distinct(earlier, &saga).map_err(|error| error.at(&place))?;
    tells::check(&saga).map_err(|error| error.at(&place))?;
    Ok(saga)
}

/// The steps, once it is known that they can be put into an order.
fn in_order(placed: Vec<Placed>) -> Result<Vec<Step>> {
    let steps: Vec<Step> = placed.iter().map(|placed| placed.step.clone()).collect();
    for Placed {
        step,
        each_after_at,
        ..
    } in &placed
    {
        for (at, place) in each_after_at.iter().enumerate() {
            check::after(&steps, step, at).map_err(|error| error.at(place))?;
        }
    }
    check::no_cycle(&steps).map_err(|(step, error)| error.at(&placed[step].after_at))?;
    Ok(steps)
}

/// The keys of a step, without those of its limits.
const KEYS: [&str; 10] = [
    "name",
    "after",
    "call",
    "undo",
    "compensation",
    "reason",
    "optional",
    "event",
    "failure",
    "tells",
];

fn read_step(
    source: &Source<'_>,
    table: &Table,
    before: Option<&Step>,
    domains: &[Domain],
) -> Result<Placed> {
    let limits = StepLimits::keys();
    let keys = KEYS.into_iter().chain(limits.iter().map(String::as_str));
    source.known(table, "[[saga.step]]", &keys.collect::<Vec<_>>())?;
    let place = table_place(source, table);
    let (name, name_at) = source.required(table, &place, "name")?;
    check::step_name(name).map_err(|error| error.at(&name_at))?;
    let (after, each_after_at) = match read_after(source, table, &place)? {
        Some(after) => after.into_iter().unzip(),
        None => (Step::after_by_default(before), Vec::new()),
    };
    let after_at = table.get("after").map(|item| source.place(item));
    let callee = |key, said| read_callee(key, said, domains);
    let saying = Saying {
        step: name,
        call: callee("call", source.text(table, "call")?)?,
        undo: callee("undo", source.text(table, "undo")?)?,
        compensation: source.text(table, "compensation")?,
        reason: source.text(table, "reason")?,
    };
    let at = |said: &Option<(Callee, String)>| said.as_ref().map(|(_, at)| at.clone());
    let (call_at, undo_at) = (at(&saying.call), at(&saying.undo));
    let step = Step {
        name: name.to_owned(),
        after,
        compensation: saying.understood()?,
        call: saying.call.map(|(callee, _)| callee),
        optional: source.flag(table, "optional")?,
        limits: StepLimits::read(source, table)?,
        told: Told {
            event: read_event(source, table, "event")?,
            failure: read_event(source, table, "failure")?,
            tells: tells::of_step(source, table)?,
        },
    };
    Ok(Placed {
        step,
        name_at,
        call_at: call_at.unwrap_or_else(|| place.clone()),
        undo_at: undo_at.unwrap_or_else(|| place.clone()),
        after_at: after_at.unwrap_or_else(|| place.clone()),
        place,
        each_after_at,
    })
}

/// What an event is called, in `PascalCase`.
fn read_event(source: &Source<'_>, table: &Table, key: &str) -> Result<Option<String>> {
    let Some((typed, at)) = source.text(table, key)? else {
        return Ok(None);
    };
    Ok(Some(
        read_name(Role::Event, typed, &at)?.type_name().to_owned(),
    ))
}

impl Step {
    /// What a step comes after that says nothing about it: the one before it.
    pub(super) fn after_by_default(before: Option<&Self>) -> Vec<String> {
        before.map(|step| step.name.clone()).into_iter().collect()
    }
}

/// The names in `after`, each with its place.
fn read_after(source: &Source<'_>, table: &Table, place: &str) -> Result<Option<Placements>> {
    let wanted = ("a list of steps", "after = [\"reserve_inventory\"]");
    read_list(source, table, ("after", wanted), place)
}

/// Names, each with its place.
pub(super) type Placements = Vec<(String, String)>;

/// The names in a list, if there is one; `key` with what it holds and how that is written.
pub(super) fn read_list(
    source: &Source<'_>,
    table: &Table,
    (key, (what, example)): (&str, (&str, &str)),
    place: &str,
) -> Result<Option<Placements>> {
    let Some(item) = table.get(key) else {
        return Ok(None);
    };
    let wrong = |item: &toml_edit::Item| {
        let wrong = source.wrong(item, key, what);
        wrong.help(format!("write `{example}`"))
    };
    let array = item.as_array().ok_or_else(|| wrong(item))?;
    let named = array.iter().map(|value| {
        let at = value.span().map(|span| source.line(span.start));
        let at = at.unwrap_or_else(|| place.to_owned());
        let Some(name) = value.as_str() else {
            return Err(wrong(&toml_edit::Item::Value(value.clone())).at(at));
        };
        Ok((name.to_owned(), at))
    });
    named.collect::<Result<_>>().map(Some)
}

/// An operation that a step names, and where.
pub(super) fn read_callee(
    key: &str,
    said: Said<'_>,
    domains: &[Domain],
) -> Result<Option<(Callee, String)>> {
    let Some((text, at)) = said else {
        return Ok(None);
    };
    let callees = domains.iter().flat_map(|domain| {
        let operations = domain.operations.iter();
        operations.map(|operation| Callee {
            domain: domain.name.clone(),
            event: operation.event.clone(),
        })
    });
    let mut known: Vec<(String, Callee)> =
        callees.map(|callee| (callee.to_string(), callee)).collect();
    if let Some(found) = known.iter().position(|(name, _)| name == text) {
        return Ok(Some((known.swap_remove(found).1, at)));
    }
    let shown = text.escape_debug();
    let what = match text.split('.').count() {
        2 => format!("`{key}` names the operation `{shown}`, and there is no such one"),
        _ => format!("`{key}` is `{shown}`, and has to be `Domain.Event` of an operation"),
    };
    let names = known.iter().map(|(name, _)| name.as_str());
    let help = match naming::nearest(text, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "add a `[[domain.operation]]` for it, or name one that is there".to_owned(),
    };
    Err(Error::new(Code::SagaCall, what).at(at).help(help))
}
