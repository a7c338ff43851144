//! The command line: reads arguments, calls plan and apply, prints.
//!
//! Nothing here decides about files. Output is collected and written once, so that a closed pipe
//! is no panic. Only `interactive` and `conflicts` ask questions, and only on a terminal.

mod apply;
mod args;
mod baseline;
mod check;
mod completions;
mod conflicts;
mod doctor;
mod examples;
mod explain;
mod facts;
mod generate;
mod graph;
mod hook;
mod import;
mod interactive;
mod lint;
mod lsp;
mod man;
mod metrics;
mod new;
mod output;
mod progress;
mod prompt;
mod remove;
mod saga;
mod schemas;
mod target;
mod templates;
mod upgrade;
mod words;

pub use output::{Output, Stream};
pub use prompt::Input;
pub use schemas::{ALL as SCHEMAS, Schema};

use crate::error::{Code, Error, Exit};
use args::{Arguments, Command};
use clap::Parser;
use clap::error::ErrorKind;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// What a run knows about the process it is in.
#[derive(Debug)]
pub struct Environment {
    /// The folder the command was started in.
    pub folder: PathBuf,
    /// Whether standard output is a terminal.
    pub terminal: bool,
    /// Whether `NO_COLOR` asks for no colours.
    pub no_color: bool,
    /// Seconds since 1970, for exceptions in the source that end on a day.
    pub seconds: u64,
    /// The build folder that `CARGO_TARGET_DIR` names.
    pub target_dir: Option<PathBuf>,
    /// Where GitHub Actions collects the summary of a step, which `GITHUB_STEP_SUMMARY` names.
    pub step_summary: Option<PathBuf>,
    /// Where answers come from; `None` when there is nobody to ask.
    pub input: Option<Input>,
    /// For how long work is silent before it says on the error stream what it does; `None` when it
    /// never does.
    pub patience: Option<Duration>,
}

/// Runs a command line whose first element is the program's name.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    output.json = arguments
        .iter()
        .take_while(|one| *one != "--")
        .any(|one| one == "--json");
    let done = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => {
            output.configure(&arguments.common, environment);
            dispatch(arguments, environment, output)
        }
        Err(error) => return usage(&error, output),
    };
    match done {
        Ok(exit) => exit,
        Err(error) => {
            output.error(&error);
            error.exit()
        }
    }
}

fn dispatch(
    arguments: Arguments,
    environment: &Environment,
    output: &mut Output<'_>,
) -> crate::error::Result<Exit> {
    match arguments.command {
        None => {
            if let Some(word) = &arguments.generate.domain {
                words::refuse(word)?;
            }
            add(&arguments.generate, environment, output)
        }
        Some(Command::Generate { what }) => match what {
            Some(args::Kind::Orchestration(generate)) => add(&generate, environment, output),
            Some(args::Kind::Saga(arguments)) => saga::run(&arguments, false, environment, output),
            Some(args::Kind::Choreography(arguments)) => {
                saga::run(&arguments, true, environment, output)
            }
            Some(args::Kind::Metrics(arguments)) => metrics::run(&arguments, environment, output),
            None => add(&arguments.generate, environment, output),
        },
        Some(Command::New(new)) => new::run(&new, environment, output),
        Some(Command::Apply(apply)) => apply::run(&apply, environment, output),
        Some(Command::Plan(plan)) => apply::plan(&plan, environment, output),
        Some(Command::Check(check)) => check::run(&check, environment, output),
        Some(Command::Upgrade(arguments)) => upgrade::run(&arguments, environment, output),
        Some(Command::Import(target)) => import::run(&target, environment, output),
        Some(Command::Remove(arguments)) => remove::run(&arguments, environment, output),
        Some(Command::Lint(arguments)) => lint::run(&arguments, environment, output),
        Some(Command::Baseline { what }) => baseline::run(&what, environment, output),
        Some(Command::Lsp) => lsp::run(environment),
        Some(Command::Hook { what }) => hook::run(&what, environment, output),
        Some(Command::Rules) => {
            lint::rules(output);
            Ok(Exit::Done)
        }
        Some(Command::Explain { code: Some(code) }) => explain::run(&code, output),
        Some(Command::Explain { code: None }) => {
            explain::list(output);
            Ok(Exit::Done)
        }
        Some(Command::Eject(arguments)) => templates::eject(&arguments, environment, output),
        Some(Command::Templates { what }) => templates::run(what.as_ref(), environment, output),
        Some(Command::Doctor(target)) => doctor::run(&target, environment, output),
        Some(Command::Schema { name }) => schemas::run(name.as_deref(), output),
        Some(Command::Man { folder }) => man::run(folder.as_deref(), environment, output),
        Some(Command::Completions { shell }) => {
            completions::run(shell, output);
            Ok(Exit::Done)
        }
    }
}

/// Adds an operation; asks for it where none was named and somebody is there to answer.
fn add(
    arguments: &args::Generate,
    environment: &Environment,
    output: &mut Output<'_>,
) -> crate::error::Result<Exit> {
    match &environment.input {
        Some(input) if arguments.domain.is_none() && !output.is_silent() => {
            interactive::run(arguments, input, environment, output)
        }
        _ => generate::run(arguments, environment, output),
    }
}

/// Help and version are no errors; everything else clap refuses is.
fn usage(error: &clap::Error, output: &mut Output<'_>) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            output.line(error.to_string().trim_end());
            Exit::Done
        }
        _ => {
            let error = usage_error(&error.to_string());
            output.error(&error);
            error.exit()
        }
    }
}

/// Clap's text in the form of our own errors: the first paragraph, then its tip or the usage.
fn usage_error(text: &str) -> Error {
    let mut paragraphs = text.trim().split("\n\n").map(str::trim);
    let first = paragraphs.next().unwrap_or_default();
    let what = first.trim_start_matches("error: ");
    let what = what.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let rest: Vec<&str> = paragraphs.collect();
    let tip = rest
        .iter()
        .flat_map(|part| part.lines())
        .find_map(|line| line.trim().strip_prefix("tip: "));
    let usage = rest.iter().find_map(|part| part.strip_prefix("Usage: "));
    let help = match (tip, usage) {
        (Some(tip), _) => tip.to_owned(),
        (None, Some(usage)) => format!(
            "{} (see `orch-gen --help`)",
            usage.lines().next().unwrap_or(usage)
        ),
        (None, None) => "see `orch-gen --help`".to_owned(),
    };
    Error::new(Code::Usage, what).help(help)
}
