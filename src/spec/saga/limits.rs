//! How often and for how long the operations of a step are tried, where the step says so itself.

use super::{Callee, Compensation, Saga, Step, TimeBudget};
use crate::error::{Code, Error, Result};
use crate::spec::reader::Source;
use std::fmt;
use toml_edit::{Table, value};

/// The most attempts: a step that is tried more often waits for something else.
const MAX_ATTEMPTS: u32 = 1_000;

/// For how long a saga begins steps that says nothing of it, in seconds: the runtime's own limit.
const RUNTIME_BUDGET: u64 = 3_600;

/// What the keys of the operation that undoes a step begin with.
const UNDO: &str = "undo_";

/// The limits of one operation of a step; what is `None` is as its orchestrator's policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Attempts before giving up.
    pub max_attempts: Option<u32>,
    /// The first pause between two attempts; each further one is twice as long.
    pub backoff_base: Option<TimeBudget>,
    /// The longest pause.
    pub backoff_cap: Option<TimeBudget>,
    /// From when it begins to the last moment at which an attempt may start.
    pub time_budget: Option<TimeBudget>,
}

/// The limits of a step, and of what undoes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StepLimits {
    /// Of the operation that the step is.
    pub does: Limits,
    /// Of the operation that undoes it.
    pub undoes: Limits,
}

impl Limits {
    /// Its keys, without what those of a compensation begin with.
    const KEYS: [&str; 4] = ["max_attempts", "backoff_base", "backoff_cap", "time_budget"];

    /// Whether nothing is said.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// What was said, each with its key.
    pub(crate) fn said(&self) -> impl Iterator<Item = (&'static str, String)> {
        let times = [self.backoff_base, self.backoff_cap, self.time_budget];
        let texts = times.map(|time| time.map(|time| time.to_string()));
        let attempts = self.max_attempts.map(|attempts| attempts.to_string());
        let all = Self::KEYS
            .into_iter()
            .zip([attempts].into_iter().chain(texts));
        all.filter_map(|(key, text)| Some((key, text?)))
    }

    /// Takes what a key says; whether it is one of these.
    fn take(&mut self, key: &str, shown: &str, text: &str) -> Result<bool> {
        let time = || TimeBudget::of(shown, text).map(Some);
        match key {
            "max_attempts" => self.max_attempts = Some(attempts(shown, text)?),
            "backoff_base" => self.backoff_base = time()?,
            "backoff_cap" => self.backoff_cap = time()?,
            "time_budget" => self.time_budget = time()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl fmt::Display for Limits {
    /// `5 attempts, 5s to 5m apart, for 2m`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attempts = self.max_attempts.map(|attempts| match attempts {
            1 => "1 attempt".to_owned(),
            many => format!("{many} attempts"),
        });
        let apart = match (self.backoff_base, self.backoff_cap) {
            (Some(base), Some(cap)) => Some(format!("{base} to {cap} apart")),
            (Some(base), None) => Some(format!("{base} and more apart")),
            (None, Some(cap)) => Some(format!("at most {cap} apart")),
            (None, None) => None,
        };
        let budget = self.time_budget.map(|budget| format!("for {budget}"));
        let said: Vec<String> = [attempts, apart, budget].into_iter().flatten().collect();
        f.write_str(&said.join(", "))
    }
}

impl StepLimits {
    /// The keys of a step that are about limits.
    pub(super) fn keys() -> Vec<String> {
        let does = Limits::KEYS.iter().map(|key| (*key).to_owned());
        let undoes = Limits::KEYS.iter().map(|key| format!("{UNDO}{key}"));
        does.chain(undoes).collect()
    }

    /// Takes what a key says; whether it is about limits.
    pub(super) fn take(&mut self, key: &str, text: &str) -> Result<bool> {
        match key.strip_prefix(UNDO) {
            Some(own) => self.undoes.take(own, key, text),
            None => self.does.take(key, key, text),
        }
    }

    /// Whether a key was said before.
    pub(super) fn has(&self, key: &str) -> bool {
        let (limits, own) = match key.strip_prefix(UNDO) {
            Some(own) => (&self.undoes, own),
            None => (&self.does, key),
        };
        limits.said().any(|(said, _)| said == own)
    }

    /// Reads them from a step of `orch.toml`.
    pub(super) fn read(source: &Source<'_>, table: &Table) -> Result<Self> {
        let mut limits = Self::default();
        for key in Self::keys() {
            let Some(item) = table.get(&key) else {
                continue;
            };
            let said = match (key.ends_with("max_attempts"), item.as_integer()) {
                (true, Some(number)) => Some((number.to_string(), source.place(item))),
                (true, None) => {
                    let wrong = source.wrong(item, &key, "a whole number");
                    return Err(wrong.help(format!("write `{key} = 5`")));
                }
                (false, _) => source
                    .text(table, &key)?
                    .map(|(text, at)| (text.to_owned(), at)),
            };
            if let Some((text, at)) = said {
                limits.take(&key, &text).map_err(|error| error.at(at))?;
            }
        }
        Ok(limits)
    }

    /// Writes them into a step of `orch.toml`.
    pub(super) fn write(&self, table: &mut Table) {
        for (prefix, limits) in [("", &self.does), (UNDO, &self.undoes)] {
            for (key, text) in limits.said() {
                let written = match (key, limits.max_attempts) {
                    ("max_attempts", Some(attempts)) => value(i64::from(attempts)),
                    _ => value(text),
                };
                table.insert(&format!("{prefix}{key}"), written);
            }
        }
    }
}

fn attempts(shown: &str, text: &str) -> Result<u32> {
    let number = text.parse().ok();
    number
        .filter(|number| (1..=MAX_ATTEMPTS).contains(number))
        .ok_or_else(|| {
            let what = format!("`{shown}` cannot be `{}`", text.escape_debug());
            let help = format!("write a whole number from 1 to {MAX_ATTEMPTS}, such as 5");
            Error::new(Code::SpecValue, what).help(help)
        })
}

/// Refuses limits that cannot be kept.
pub(super) fn check(step: &Step, saga_budget: Option<TimeBudget>) -> Result<()> {
    let (name, limits) = (&step.name, &step.limits);
    let refused = |what: String, help: String| Err(Error::new(Code::SpecValue, what).help(help));
    let is_undone = matches!(step.compensation, Compensation::Operation(_));
    for (prefix, limits, is_there, why, help) in [
        (
            "",
            &limits.does,
            step.call.is_some(),
            "it works in our own database, in one commit",
            "take it out, or name an operation with `call`",
        ),
        (
            UNDO,
            &limits.undoes,
            is_undone,
            "no operation undoes it",
            "take it out, or name an operation with `undo`",
        ),
    ] {
        if let Some((said, _)) = limits.said().next().filter(|_| !is_there) {
            let what = format!("the step `{name}` has `{prefix}{said}`, and {why}");
            return refused(what, help.to_owned());
        }
        if let (Some(base), Some(cap)) = (limits.backoff_base, limits.backoff_cap)
            && base.seconds() > cap.seconds()
        {
            let what = format!(
                "the step `{name}` has `{prefix}backoff_base = \"{base}\"`, longer than its \
                 `{prefix}backoff_cap = \"{cap}\"`"
            );
            return refused(
                what,
                "the first pause is the shortest one: swap them".to_owned(),
            );
        }
    }
    let longest = saga_budget.map_or(RUNTIME_BUDGET, TimeBudget::seconds);
    match limits.does.time_budget {
        Some(own) if own.seconds() > longest => {
            let longest = saga_budget.map_or_else(|| "1h".to_owned(), |budget| budget.to_string());
            let what = format!(
                "the step `{name}` has `time_budget = \"{own}\"`, and its saga begins steps for {longest} only"
            );
            let help = format!("give the step less, or the saga `time_budget = \"{own}\"` or more");
            refused(what, help)
        }
        _ => Ok(()),
    }
}

/// The name of a step and its domain are all that an operation says of it: two sagas cannot give both to steps of
/// other limits.
pub(super) fn distinct(earlier: &[Saga], saga: &Saga) -> Result<()> {
    let others = earlier.iter().flat_map(|other| {
        let steps = other.steps.iter();
        steps.map(move |step| (other, step))
    });
    for (other, theirs) in others {
        let Some(ours) = saga.steps.iter().find(|step| step.name == theirs.name) else {
            continue;
        };
        for (a, b) in parts(theirs).into_iter().zip(parts(ours)) {
            let ((Some(callee), limits), (Some(called), own)) = (a, b) else {
                continue;
            };
            if callee.domain == called.domain && limits != own {
                let what = format!(
                    "the step `{}` of `{}` and that of `{}` ask `{}` with other limits",
                    ours.name,
                    other.name.type_name(),
                    saga.name.type_name(),
                    called.domain.type_name(),
                );
                let help = "give both the same limits, or one of the two steps another name";
                return Err(Error::new(Code::NameClash, what).help(help));
            }
        }
    }
    Ok(())
}

/// The operations of a step, each with its limits.
fn parts(step: &Step) -> [(Option<&Callee>, Limits); 2] {
    let undo = match &step.compensation {
        Compensation::Operation(undo) => Some(undo),
        Compensation::Code | Compensation::None(_) => None,
    };
    [
        (step.call.as_ref(), step.limits.does),
        (undo, step.limits.undoes),
    ]
}
