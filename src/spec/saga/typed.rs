//! A step as it is typed on the command line:
//! `pay=Payment.PaymentRequested,undo=Payment.RefundRequested,after=reserve+pack,optional,max_attempts=5`.

use super::compensation::Saying;
use super::mapping::{self, Way};
use super::read::read_callee;
use super::{Callee, Step, StepLimits, Told, check};
use crate::error::{Code, Error, Result};
use crate::naming::{Name, Role};
use crate::spec::{Domain, Field};

/// What may stand behind the name of a step, each behind a comma.
const FORM: &str = "NAME[=Domain.Event][,undo=Domain.Event][,after=A+B][,optional][,time_budget=TIME]\
                    [,max_attempts=N][,event=Name][,failure=Name][,none=REASON]";

impl Step {
    /// Reads a step that comes after `before` unless it says otherwise. A reason may hold commas, and goes to
    /// the end.
    ///
    /// # Errors
    /// When the text is no step, names an operation that is not there, or does not say what undoes it.
    pub fn typed(text: &str, before: Option<&Self>, domains: &[Domain]) -> Result<Self> {
        let place = || format!("--step {text}");
        read(text, before, domains).map_err(|error| error.or_at(place))
    }
}

fn read(text: &str, before: Option<&Step>, domains: &[Domain]) -> Result<Step> {
    let (text, reason) = match text.split_once(",none=") {
        Some((text, reason)) => (text, Some(reason)),
        None => (text, None),
    };
    let mut parts = text.split(',');
    let first = parts.next().unwrap_or_default();
    let (name, call) = match first.split_once('=') {
        Some((name, call)) => (name, Some(call)),
        None => (first, None),
    };
    check::step_name(name)?;
    last(reason.unwrap_or_default())?;
    let (mut undo, mut after, mut optional) = (None, None, false);
    let (mut told, mut limits) = (Told::default(), StepLimits::default());
    for part in parts {
        match part.split_once('=') {
            Some(("undo", callee)) if undo.is_none() => undo = Some(callee),
            Some(("after", names)) if after.is_none() => after = Some(names),
            Some(("event", name)) if told.event.is_none() => told.event = Some(event(name)?),
            Some(("failure", name)) if told.failure.is_none() => told.failure = Some(event(name)?),
            Some((key, text)) if !limits.has(key) && limits.take(key, text)? => {}
            None if part == "optional" && !optional => optional = true,
            _ => return Err(wrong(part)),
        }
    }
    let at = || format!("--step {name}");
    let callee = |key, text: Option<&str>| read_callee(key, text.map(|text| (text, at())), domains);
    let said = |text: Option<&'static str>| text.map(|text| (text, at()));
    let saying = Saying {
        step: name,
        call: callee("call", call)?,
        undo: callee("undo", undo)?,
        compensation: said(reason.map(|_| "none")),
        reason: reason.map(|reason| (reason, at())),
    };
    Ok(Step {
        name: name.to_owned(),
        after: match after {
            None => Step::after_by_default(before),
            Some("") => Vec::new(),
            Some(names) => names.split('+').map(str::to_owned).collect(),
        },
        compensation: saying.understood()?,
        call: saying.call.map(|(callee, _)| callee),
        optional,
        limits,
        told,
    })
}

/// Refuses a reason that swallowed what was to be said of the step.
fn last(reason: &str) -> Result<()> {
    let limits = StepLimits::keys();
    let says = |part: &&str| match part.split_once('=') {
        Some((key, _)) => {
            matches!(key, "undo" | "after" | "event" | "failure")
                || limits.iter().any(|of| of == key)
        }
        None => *part == "optional",
    };
    let Some(part) = reason.split(',').find(says) else {
        return Ok(());
    };
    let what = format!("the reason behind `none=` holds `{}`", part.escape_debug());
    Err(Error::new(Code::Usage, what)
        .help("a reason goes last: write `none=` behind everything else"))
}

/// What an event is called.
fn event(typed: &str) -> Result<String> {
    Ok(Name::parse(Role::Event, typed)?.0.type_name().to_owned())
}

fn wrong(part: &str) -> Error {
    let what = format!("`{}` says nothing of a step", part.escape_debug());
    Error::new(Code::Usage, what).help(format!("write --step '{FORM}'"))
}

/// The fields that all commands of these steps need, for a saga that names none: each once; one that two
/// commands have of other types is named after its domain.
#[must_use]
pub(crate) fn fields(steps: &[Step], domains: &[Domain]) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    for step in steps {
        if let Some(call) = &step.call {
            add(&mut fields, step, call, Way::Do, domains);
        }
        if let super::Compensation::Operation(undo) = &step.compensation {
            add(&mut fields, step, undo, Way::Undo, domains);
        }
    }
    fields
}

fn add(fields: &mut Vec<Field>, step: &Step, callee: &Callee, way: Way, domains: &[Domain]) {
    let Some((domain, operation)) = mapping::called(domains, callee) else {
        return;
    };
    for field in &operation.fields {
        let names = mapping::names(&step.name, domain, field);
        let has_one = |fields: &[Field]| {
            let found = mapping::origin(fields, &names, field, way);
            matches!(found, Some(mapping::Origin::Input(_)))
        };
        let goes_without = way == Way::Undo && mapping::origin(&[], &names, field, way).is_some();
        if field.optional || has_one(fields) || goes_without {
            continue;
        }
        let [of_step, of_domain, own] = &names;
        let is_free = |name: &&String| {
            let is_taken = fields.iter().any(|known| known.name == **name);
            !is_taken && check::is_no_column(name)
        };
        let name = [own, of_domain, of_step].into_iter().find(is_free);
        fields.push(Field {
            name: name.unwrap_or(of_step).clone(),
            ..field.clone()
        });
    }
}
