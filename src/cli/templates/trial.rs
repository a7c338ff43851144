//! `orch-gen templates test`: what a package's own templates make, for all kinds of packages.
//!
//! Every fixture is rendered and parsed. What came of own templates is formatted, and the fixtures
//! that show each of them are compiled with their tests, in the build folder of the package.

use crate::apply::Session;
use crate::cli::Environment;
use crate::cli::args::TemplatesTest;
use crate::cli::output::Output;
use crate::cli::target;
use crate::components::{self, Owned, Shapes};
use crate::disk::{Real, Tree};
use crate::error::{Code, Error, Exit, Result};
use crate::model::PackageModel;
use crate::plan::{SCHEMA, Step};
use crate::templates::{self, Own, Templates, fixtures};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output as Ended, Stdio};

/// Where fixtures are built, below the package's root: a folder that git leaves alone.
const FOLDER: &str = "target/orch-gen/templates";
/// Lines of a compiler that are shown.
const LINES: usize = 40;

/// A fixture with what was made of it.
struct Made {
    package: PackageModel,
    files: Vec<Owned>,
}

/// Tests the package's own templates; exit code 1 when one of them makes something wrong.
pub(super) fn run(
    arguments: &TemplatesTest,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Exit> {
    let place = target::existing(&Real, &arguments.target, environment)?;
    let texts = templates::read(Tree::new(&Real, &place.root))?;
    let mut problems = Vec::new();
    let made = match Own::new(&texts) {
        Ok(None) => return Ok(none(output)),
        Ok(own) => render(&Templates::with(own), &mut problems)?,
        Err(error) => {
            problems.push(error);
            Vec::new()
        }
    };
    let working = output.working("compiling fixtures");
    let folder = place.root.join(FOLDER);
    for made in chosen(&made) {
        // Who has mended one problem tests again; another fixture would say the same.
        if problems.is_empty() && !arguments.no_build {
            problems = built(made, &folder)?;
        }
    }
    drop(working);
    let exit = if problems.is_empty() {
        Exit::Done
    } else {
        Exit::Findings
    };
    let paths: Vec<&String> = texts.keys().collect();
    if output.json {
        let problems: Vec<_> = problems
            .iter()
            .map(|one| json!({ "at": one.place(), "message": one.what() }))
            .collect();
        output.document(&json!({
            "schema": SCHEMA, "kind": "templates-test", "templates": paths, "problems": problems,
        }));
        return Ok(exit);
    }
    for problem in &problems {
        output.error(problem);
    }
    if exit == Exit::Done {
        let many = if paths.len() == 1 {
            "1 template"
        } else {
            &format!("{} templates", paths.len())
        };
        output.say(&format!("{many} of your own: what they make is in order"));
    }
    Ok(exit)
}

fn none(output: &mut Output<'_>) -> Exit {
    if output.json {
        output.document(&json!({
            "schema": SCHEMA, "kind": "templates-test", "templates": [], "problems": [],
        }));
    }
    output.say("the package has no templates of its own; `orch-gen eject TEMPLATE` takes one in");
    Exit::Done
}

/// Renders every fixture; a template that fails is named once.
fn render(templates: &Templates, problems: &mut Vec<Error>) -> Result<Vec<Made>> {
    let (mut all, shapes) = (Vec::new(), Shapes::default());
    for package in fixtures::packages()? {
        match components::render(components::ALL, &package, templates) {
            Ok((_, files)) => {
                problems.extend(
                    files
                        .iter()
                        .filter_map(|owned| owned.file.check(&shapes).err()),
                );
                all.push(Made { package, files });
            }
            Err(error) => problems.push(error),
        }
    }
    let mut seen = BTreeSet::new();
    problems.retain(|one| seen.insert(one.place().map(str::to_owned)));
    Ok(all)
}

/// The first fixtures that between them show every own template; those inside another package's
/// manifest cannot be built alone.
fn chosen(made: &[Made]) -> Vec<&Made> {
    let mut shown = BTreeSet::new();
    let mut is_new = |made: &&Made| {
        let before = shown.len();
        shown.extend(made.own().filter_map(|owned| owned.file.own_template()));
        shown.len() > before
    };
    let alone = made.iter().filter(|made| made.has("Cargo.toml"));
    alone.filter(|made| is_new(made)).collect()
}

impl Made {
    fn has(&self, path: &str) -> bool {
        self.files.iter().any(|owned| owned.file.path() == path)
    }

    /// The files that own templates made.
    fn own(&self) -> impl Iterator<Item = &Owned> {
        self.files
            .iter()
            .filter(|owned| owned.file.own_template().is_some())
    }
}

/// Writes a fixture and lets rustfmt and the compiler look at it.
fn built(made: &Made, below: &Path) -> Result<Vec<Error>> {
    let folder = below.join(&made.package.name);
    let steps: Vec<Step> = made
        .files
        .iter()
        .map(|owned| step(owned, &folder))
        .collect::<Result<_>>()?;
    Session::open(&Real, &folder)?.restore(&steps)?;
    let own = made.own().map(|owned| owned.file.path());
    let rust: Vec<PathBuf> = own
        .filter(|path| path.ends_with(".rs"))
        .map(|path| folder.join(path))
        .collect();
    let mut problems = Vec::new();
    if !rust.is_empty() {
        let mut rustfmt = Command::new("rustfmt");
        let ended = run_in(
            &folder,
            rustfmt.args(["--edition", "2024", "--check"]).args(&rust),
        )?;
        problems.extend(failure(
            &ended.stdout,
            &ended,
            "rustfmt would write it in another way",
            made,
        ));
    }
    let mut cargo = Command::new("cargo");
    let cargo = cargo
        .args(["check", "--tests", "--quiet"])
        .env("CARGO_TARGET_DIR", below.join("build"));
    let ended = run_in(&folder, cargo)?;
    problems.extend(failure(&ended.stderr, &ended, "it does not compile", made));
    Ok(problems)
}

/// The write that puts a file of a fixture in its place, whatever an earlier test left there.
fn step(owned: &Owned, folder: &Path) -> Result<Step> {
    let before = Tree::new(&Real, folder).read(owned.file.path())?;
    let text = owned.file.contents().to_owned();
    Ok(Step::write(
        owned.file.path().to_owned(),
        before.as_deref(),
        text,
    ))
}

fn run_in(folder: &Path, command: &mut Command) -> Result<Ended> {
    let program = command.get_program().to_string_lossy().into_owned();
    let ended = command.current_dir(folder).stdin(Stdio::null()).output();
    ended.map_err(|error| {
        Error::new(Code::Io, format!("`{program}` does not run: {error}"))
            .help("install Rust with rustup, or test with `--no-build`")
    })
}

fn failure(said: &[u8], ended: &Ended, what: &str, made: &Made) -> Option<Error> {
    if ended.status.success() {
        return None;
    }
    let text = String::from_utf8_lossy(said);
    let lines: Vec<&str> = text.lines().take(LINES).collect();
    Some(
        Error::new(Code::OwnTemplate, format!("{what}:\n{}", lines.join("\n")))
            .at(format!("{FOLDER}/{}", made.package.name))
            .help("mend the template; `orch-gen templates diff` shows what you changed"),
    )
}
