//! `orch-gen lint` and `orch-gen rules`: the linter on the command line.

pub(super) mod args;
mod beside;
mod changed;
mod day;
mod files;
mod fix;
mod forms;
mod listing;
pub(super) mod owners;
mod planned;
mod settings;
mod watch;

use super::Environment;
use super::facts::Facts;
use super::output::Output;
use super::target::absolute;
use crate::disk::{Entry, Read, Real};
use crate::error::{Code, Error, Exit, Result};
use crate::package::{self, Found};
use args::{Lint, LintFormat};
use beside::Next;
pub(super) use day::{day, today};
pub(super) use files::ReportFile;
use fix::Fixed;
use forms::Forms;
pub(super) use listing::rules;
use orch_lint::sources::Disk;
use orch_lint::{LintError, LintErrorKind, Options, Report, Selection};
pub(super) use planned::Linting;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Lints a package or workspace, and prints the findings after they are in all files asked for.
pub(super) fn run(
    arguments: &Lint,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Exit> {
    let root = root(arguments.path.as_deref(), environment)?;
    if arguments.verify_config {
        return settings::verify(&root, output);
    }
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
    if arguments.unsafe_fixes && !arguments.fix && !arguments.diff {
        return Err(Error::new(
            Code::Usage,
            "`--unsafe-fixes` says which fixes are applied, not that",
        )
        .help("add `--fix`, or `--diff` to see them first"));
    }
    let facts = Facts::of(&root, environment);
    let run = Run {
        arguments,
        environment,
        root: &root,
        options: &options,
        facts: &facts,
    };
    if arguments.diff {
        let exit = fix::diff(arguments, &root, &options, &facts, output);
        facts.save();
        return exit;
    }
    if arguments.watch {
        output.note("files are watched; Ctrl-C ends that");
        return run.again_and_again(&goals, output);
    }
    let done = match arguments.beside.is_empty() {
        true => run.once(&goals, output),
        false => run.beside(&goals, output),
    };
    // The process ends here; to give back a million small pieces of memory first takes longer than all rules.
    mem::forget(facts);
    done
}

/// What is linted, and how.
struct Run<'r> {
    arguments: &'r Lint,
    environment: &'r Environment,
    root: &'r Path,
    options: &'r Options,
    facts: &'r Facts,
}

impl Run<'_> {
    /// Lints, mends where that was asked for, writes reports to files and prints one.
    fn once(&self, goals: &[ReportFile], output: &mut Output<'_>) -> Result<Exit> {
        let working = output.working("linting");
        let Fixed {
            report,
            said,
            defects,
        } = self.lint(output)?;
        drop(working);
        self.tell(&report, goals, output)?;
        if !said.is_empty() {
            self.say(&said, output);
        }
        Ok(match defects {
            true => Exit::Internal,
            false => exit(&report),
        })
    }

    /// Lints while another program runs, and prints what both find.
    fn beside(&self, goals: &[ReportFile], output: &mut Output<'_>) -> Result<Exit> {
        let mut linted = Exit::Done;
        let job = self.job();
        let ended_well = beside::run(
            &self.arguments.beside,
            &self.environment.folder,
            || job.report(),
            |next| {
                match next {
                    Next::Line(line) => output.bytes(&line),
                    Next::Linted(report) => {
                        let report = report?;
                        self.tell(&report, goals, output)?;
                        linted = exit(&report);
                    }
                }
                Ok(output.flush().is_ok())
            },
        )?;
        Ok(match linted {
            Exit::Done if !ended_well => Exit::Findings,
            linted => linted,
        })
    }

    /// Writes reports to files, and prints one.
    fn tell(&self, report: &Report, goals: &[ReportFile], output: &mut Output<'_>) -> Result<()> {
        self.facts.save();
        let forms = Forms::new(report, self.root, self.environment);
        let contents = goals.iter().map(|goal| {
            let text = forms.text(goal.format, false);
            (goal.path.clone(), text)
        });
        files::write(contents)?;
        print(&forms, self.arguments, self.environment, output);
        if self.arguments.show_unknown {
            output.aside(&report.render_unknowns());
        }
        if self.arguments.statistics {
            output.aside(&report.render_statistics());
        }
        output.aside(&report.render_timings());
        Ok(())
    }

    /// Lints whenever a file changes. An error that was there from the start ends it; one that an unfinished
    /// edit brought is said, and the next edit may take it away.
    fn again_and_again(&self, goals: &[ReportFile], output: &mut Output<'_>) -> Result<Exit> {
        let mut linted = false;
        watch::watch(self.root, || {
            match self.once(goals, output) {
                Err(error) if linted => output.error(&error),
                done => _ = done?,
            }
            linted = true;
            Ok(output.flush().is_ok())
        })?;
        Ok(Exit::Done)
    }

    fn lint(&self, output: &mut Output<'_>) -> Result<Fixed> {
        let (root, options, facts) = (self.root, self.options, self.facts);
        if self.arguments.fix {
            return fix::fix(self.arguments, root, options, facts, output);
        }
        Ok(Fixed {
            report: self.job().report()?,
            said: String::new(),
            defects: false,
        })
    }

    fn job(&self) -> Job<'_> {
        Job {
            arguments: self.arguments,
            folder: &self.environment.folder,
            root: self.root,
            options: self.options,
            facts: self.facts,
        }
    }

    /// Beside a document for programs, a sentence for people is a note.
    fn say(&self, what: &str, output: &mut Output<'_>) {
        match self.arguments.format {
            LintFormat::Full | LintFormat::Concise => output.say(what),
            _ => output.note(what),
        }
    }
}

/// What gives a report. It can be done by another thread.
struct Job<'r> {
    arguments: &'r Lint,
    folder: &'r Path,
    root: &'r Path,
    options: &'r Options,
    facts: &'r Facts,
}

impl Job<'_> {
    fn report(&self) -> Result<Report> {
        let (root, folder, options, facts) = (self.root, self.folder, self.options, self.facts);
        match &self.arguments.since {
            _ if self.arguments.staged => changed::staged(root, folder, options, facts),
            Some(revision) => changed::since(revision, root, folder, options, facts),
            None => orch_lint::lint_with(&Disk::new(root), options, &facts.cache)
                .map_err(|error| refused(&error, root)),
        }
    }
}

fn exit(report: &Report) -> Exit {
    match report.exit_code() {
        0 => Exit::Done,
        1 => Exit::Findings,
        _ => Exit::Internal,
    }
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

/// The error of a run that gave no report.
pub(super) fn refused(error: &LintError, root: &Path) -> Error {
    const OPTIONS: &str = "`orch-gen rules` lists the rules, `orch-gen lint --help` the options";
    if let Some(refusal) = crate::spec::lint::refusal(error.problems()) {
        return refusal;
    }
    let (code, help) = match error.kind() {
        LintErrorKind::Usage => (Code::Lint, OPTIONS),
        LintErrorKind::Settings => (Code::LintSettings, OPTIONS),
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
