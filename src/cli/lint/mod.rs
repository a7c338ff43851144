//! `orch-gen lint` and `orch-gen rules`: the linter on the command line.

mod changed;
mod files;
mod forms;

use super::Environment;
use super::args::{Lint, LintFormat};
use super::facts::Facts;
use super::output::Output;
use super::target::absolute;
use crate::disk::{Entry, Read, Real};
use crate::error::{Code, Error, Exit, Result};
use crate::package::{self, Found};
use crate::plan::{Change, Plan, SCHEMA};
pub(super) use files::ReportFile;
use forms::Forms;
use orch_lint::sources::{Disk, Overlay};
use orch_lint::{Date, LintError, LintErrorKind, Options, Report, Selection};
use serde_json::json;
use std::borrow::Cow;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Lints a package or workspace, and prints the findings after they are in all files asked for.
pub(super) fn run(
    arguments: &Lint,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Exit> {
    let root = root(arguments.path.as_deref(), environment)?;
    let goals = files::goals(&arguments.output_file, environment)?;
    let options = Options {
        today: today(environment),
        rules: Selection {
            only: arguments.only.clone(),
            except: arguments.except.clone(),
            preview: arguments.preview,
        },
        allow_empty: arguments.allow_empty,
        ignore_baseline: arguments.no_baseline,
        clock: arguments.timings.then_some(clock),
    };
    let working = output.working("linting");
    let facts = Facts::of(&root, environment);
    let folder = &environment.folder;
    let report = match &arguments.since {
        _ if arguments.staged => changed::staged(&root, folder, &options, &facts)?,
        Some(revision) => changed::since(revision, &root, folder, &options, &facts)?,
        None => orch_lint::lint_with(&Disk::new(&root), &options, &facts.cache)
            .map_err(|error| refused(&error, &root))?,
    };
    drop(working);
    facts.save();
    let forms = Forms::new(&report, &root, environment);
    let contents = goals.into_iter().map(|goal| {
        let text = forms.text(goal.format, false);
        (goal.path, text)
    });
    files::write(contents)?;
    print(&forms, arguments, environment, output);
    if arguments.statistics {
        output.aside(&report.render_statistics());
    }
    output.aside(&report.render_timings());
    let code = report.exit_code();
    // The process ends here; to give back a million small pieces of memory first takes longer than all rules.
    std::mem::forget((facts, report));
    Ok(match code {
        0 => Exit::Done,
        1 => Exit::Findings,
        _ => Exit::Internal,
    })
}

/// Linting of what a plan makes of a package, while the plan is carried out.
#[must_use]
pub(super) struct Linting(Option<JoinHandle<(Linted, Facts)>>);

type Linted = std::result::Result<Report, LintError>;

impl Linting {
    /// Begins, unless nothing is written.
    pub(super) fn of(plan: &Plan, root: &Path, environment: &Environment, facts: Facts) -> Self {
        if plan.is_empty() || plan.conflicts().next().is_some() {
            return Self(None);
        }
        let options = Options {
            today: today(environment),
            ..Options::default()
        };
        let files = plan.changes.iter().flat_map(Change::steps).map(|step| {
            let text = |bytes: Cow<'_, [u8]>| String::from_utf8_lossy(&bytes).into_owned();
            (step.path, step.contents.map(text))
        });
        let tree = Overlay::new(Disk::new(root), files.collect());
        let lint = move || {
            let linted = orch_lint::lint_with(&tree, &options, &facts.cache);
            (linted, facts)
        };
        Self(Some(thread::spawn(lint)))
    }

    /// Says, after something was added to a package, whether it keeps the conventions. What is generated
    /// keeps them; what was there before may not.
    pub(super) fn report(self, output: &mut Output<'_>) {
        let Some(thread) = self.0 else {
            return;
        };
        let (linted, facts) = thread.join().unwrap_or_else(|panic| resume_unwind(panic));
        match linted {
            Ok(report) if report.findings.is_empty() => {
                let rules = orch_lint::rules::ALL.len();
                output.say(&format!("Linted by {rules} rules: no findings."));
            }
            Ok(report) => {
                let summary = report.summary();
                output.say(&format!("Linted: {summary}; `orch-gen lint` shows them."));
            }
            Err(error) => output.note(&format!("not linted: {error}")),
        }
        facts.save();
    }
}

/// Lists every rule with its first sentence.
pub(super) fn rules(output: &mut Output<'_>) {
    let rules = orch_lint::rules::ALL;
    if output.json {
        let rules: Vec<_> = rules
            .iter()
            .map(|rule| {
                json!({
                    "code": rule.code(), "name": rule.name(),
                    "severity": rule.severity().as_str(), "summary": rule.summary(),
                })
            })
            .collect();
        output.document(&json!({ "schema": SCHEMA, "kind": "rules", "rules": rules }));
        return;
    }
    let widest = rules
        .iter()
        .map(|rule| rule.name().len())
        .max()
        .unwrap_or(0);
    for rule in rules {
        let (code, name, severity) = (rule.code(), rule.name(), rule.severity().as_str());
        output.line(&format!("{code}  {name:widest$}  {severity}"));
    }
    output.say("\n`orch-gen explain <RULE>` says what a rule finds, and why.");
}

/// The folder named, else the package around, else where one stands.
pub(super) fn root(path: Option<&Path>, environment: &Environment) -> Result<PathBuf> {
    let Some(path) = path else {
        return Ok(match package::find(&Real, &environment.folder)? {
            Found::Ours(root) | Found::Foreign(root) => root,
            Found::Nothing => environment.folder.clone(),
        });
    };
    let path = absolute(environment, path);
    match Real.entry(&path) {
        Ok(Some(Entry::Folder | Entry::Link)) => Ok(path),
        _ => Err(Error::new(Code::Usage, "there is no such folder to lint")
            .at(path.display().to_string())
            .help("name the folder of a package or a workspace")),
    }
}

fn print(forms: &Forms<'_>, arguments: &Lint, environment: &Environment, output: &mut Output<'_>) {
    let format = if output.json {
        LintFormat::Json
    } else {
        arguments.format
    };
    output.text(&forms.text(format, output.style().color));
    if let (LintFormat::Github, Some(summary)) = (format, &environment.step_summary)
        && let Err(error) = files::append(summary, &forms.summary())
    {
        output.note(&format!("no summary of the job was written: {error}"));
    }
}

/// Time since it was first asked for.
fn clock() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// The day, in UTC, from days since 1970: exceptions in the source end on a day.
pub(super) fn today(environment: &Environment) -> Option<Date> {
    day(environment.seconds)
}

/// The day of a time in seconds since 1970.
pub(super) fn day(seconds: u64) -> Option<Date> {
    let days = i64::try_from(seconds / 86_400).ok()?;
    let (year, month, day) = civil(days);
    Date::new(
        u16::try_from(year).ok()?,
        u8::try_from(month).ok()?,
        u8::try_from(day).ok()?,
    )
}

/// Days since 1970 to year, month and day of the Gregorian calendar. Years are counted from March,
/// so that the leap day is the last one.
const fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let year = year_of_era + era * 400;
    if month < 10 {
        (year, month + 3, day)
    } else {
        (year + 1, month - 9, day)
    }
}

/// The error of a run that gave no report.
pub(super) fn refused(error: &LintError, root: &Path) -> Error {
    const OPTIONS: &str = "`orch-gen rules` lists the rules, `orch-gen lint --help` the options";
    let (code, help) = match error.kind() {
        LintErrorKind::Usage => (Code::Lint, OPTIONS),
        LintErrorKind::Internal => (Code::LintDefect, OPTIONS),
        LintErrorKind::Baseline => (
            Code::BaselineDamaged,
            "mend the line or take it out; what it held back is a finding again",
        ),
    };
    Error::new(code, error.to_string())
        .at(root.display().to_string())
        .help(help)
}

#[cfg(test)]
mod tests {
    use super::civil;

    #[test]
    fn days_are_dates() {
        for (days, date) in [
            (0, (1970, 1, 1)),
            (59, (1970, 3, 1)),
            (11_016, (2000, 2, 29)),
            (19_723, (2024, 1, 1)),
            (20_513, (2026, 3, 1)),
        ] {
            assert_eq!(civil(days), date);
        }
    }
}
