//! `orch-gen baseline`: findings that are known are left for later, each by itself.
//!
//! What a line means and which finding it holds back is the linter's; here is who asks, and the
//! only place that writes the file. `lint` never does.

pub(super) mod args;

use self::args::{Create, Kind};
use super::Environment;
use super::facts::Facts;
use super::lint::{refused, root, today};
use super::output::Output;
use crate::disk::{self, Entry as There, Read, Real, Write};
use crate::error::{Code, Error, Exit, Result};
use crate::plan::SCHEMA;
use orch_lint::baseline::{Baseline, Entry, Judgement};
use orch_lint::sources::Disk;
use orch_lint::{Finding, Options, Selection};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Writes a baseline, makes it smaller, or looks at it.
pub(super) fn run(what: &Kind, environment: &Environment, output: &mut Output<'_>) -> Result<Exit> {
    match what {
        Kind::Create(arguments) => create(arguments, environment, output),
        Kind::Prune(place) => {
            let root = root(place.path.as_deref(), environment)?;
            prune(&root, environment, output)
        }
        Kind::Check(arguments) => {
            let root = root(arguments.place.path.as_deref(), environment)?;
            check(&root, arguments.frozen, environment, output)
        }
    }
}

fn create(arguments: &Create, environment: &Environment, output: &mut Output<'_>) -> Result<Exit> {
    let root = root(arguments.place.path.as_deref(), environment)?;
    allow_exceptions(&arguments.only)?;
    let _held = hold(&root)?;
    let mut baseline = read(&root)?.unwrap_or_default();
    if !baseline.entries().is_empty() && arguments.only.is_empty() {
        let what = "there is a baseline already, and what came since is not added to it";
        return Err(Error::new(Code::BaselineExists, what)
            .at(root.join(Baseline::FILE).display().to_string())
            .help(
                "`--only RULE` adds the findings of one rule; `orch-gen baseline prune` takes out \
                 what is gone",
            ));
    }
    let rules = Selection::only(&arguments.only);
    let findings = lint(&root, rules, environment, output)?;
    let judgement = baseline.judge(&findings, &Disk::new(&root));
    let news = findings.iter().enumerate();
    let news = news.filter(|(at, _)| !judgement.holds(*at));
    let added = baseline.add(news.map(|(_, finding)| finding), &arguments.reason);
    if !added.is_empty() {
        write(&root, &baseline)?;
    }
    if output.json {
        let document = document("create", &baseline, !added.is_empty(), &added, None);
        output.document(&document);
        return Ok(Exit::Done);
    }
    for entry in &added {
        output.line(&format!("added {}", shown(entry)));
    }
    let (count, file) = (added.len(), Baseline::FILE);
    output.say(&match count {
        0 => "nothing to write down".to_owned(),
        1 => format!("1 finding was added to {file}"),
        count => format!("{count} findings were added to {file}"),
    });
    Ok(Exit::Done)
}

fn prune(root: &Path, environment: &Environment, output: &mut Output<'_>) -> Result<Exit> {
    let _held = hold(root)?;
    let (baseline, judgement) = judged(root, environment, output)?;
    let pruned = baseline.pruned(&judgement);
    let changes = !judgement.stale.is_empty() || !judgement.moved.is_empty();
    if changes {
        write(root, &pruned)?;
    }
    if output.json {
        output.document(&document("prune", &pruned, changes, &[], Some(&judgement)));
        return Ok(Exit::Done);
    }
    list(&judgement, ["removed", "moved"], output);
    let left = pruned.entries().len();
    output.say(&match changes {
        true => format!("{} has {}", Baseline::FILE, entries(left)),
        false => format!("nothing to take out; {} left", entries(left)),
    });
    Ok(Exit::Done)
}

fn check(
    root: &Path,
    frozen: bool,
    environment: &Environment,
    output: &mut Output<'_>,
) -> Result<Exit> {
    let (baseline, judgement) = judged(root, environment, output)?;
    let exit = match judgement.is_exact() || !frozen {
        true => Exit::Done,
        false => Exit::Findings,
    };
    if output.json {
        output.document(&document("check", &baseline, false, &[], Some(&judgement)));
        return Ok(exit);
    }
    list(&judgement, ["stale", "moved"], output);
    let known = baseline.entries().len();
    if judgement.is_exact() {
        output.say(&format!(
            "{} in the baseline, all of them found",
            entries(known)
        ));
    } else if judgement.stale.is_empty() && judgement.moved.is_empty() {
        output.say("take these lines out, or use the version that knows their rules");
    } else {
        output.say("`orch-gen baseline prune` puts the file right");
    }
    Ok(exit)
}

/// The baseline of a folder, held against what is found there.
fn judged(
    root: &Path,
    environment: &Environment,
    output: &Output<'_>,
) -> Result<(Baseline, Judgement)> {
    let baseline = read(root)?.unwrap_or_default();
    let findings = lint(root, Selection::default(), environment, output)?;
    let judgement = baseline.judge(&findings, &Disk::new(root));
    Ok((baseline, judgement))
}

/// Everything that is found, also what is in the baseline.
fn lint(
    root: &Path,
    rules: Selection,
    environment: &Environment,
    output: &Output<'_>,
) -> Result<Vec<Finding>> {
    let options = Options {
        today: today(environment),
        rules,
        allow_empty: true,
        ignore_baseline: true,
        ..Options::default()
    };
    let working = output.working("linting");
    let facts = Facts::of(root, environment);
    let report = orch_lint::lint_with(&Disk::new(root), &options, &facts.cache)
        .map_err(|error| refused(&error, root))?;
    drop(working);
    facts.save();
    if !report.unparsed.is_empty() {
        let what = "not every file could be read and parsed, so what is gone cannot be told";
        return Err(Error::new(Code::NotAllLinted, what)
            .at(root.display().to_string())
            .help("`orch-gen lint` names the files"));
    }
    Ok(report.findings)
}

/// Refuses rules whose findings are never in a baseline.
fn allow_exceptions(only: &[String]) -> Result<()> {
    let mut named = only.iter().filter_map(|name| orch_lint::rules::find(name));
    match named.find(|rule| !rule.allows_exceptions()) {
        None => Ok(()),
        Some(rule) => {
            let what = format!(
                "{} allows no exceptions, so it is in no baseline",
                rule.code()
            );
            let help = format!("`orch-gen explain {}` says what to do", rule.code());
            Err(Error::new(Code::Lint, what).at("--only").help(help))
        }
    }
}

fn read(root: &Path) -> Result<Option<Baseline>> {
    Baseline::of(&Disk::new(root)).map_err(|error| refused(&error, root))
}

/// Keeps other runs from writing until it is dropped.
fn hold(root: &Path) -> Result<Box<dyn disk::Hold>> {
    let held = Real.hold(root);
    let held = held.map_err(|error| disk::refused("lock", root, &error))?;
    held.ok_or_else(|| {
        Error::new(Code::Busy, "another run is writing to this folder")
            .at(root.display().to_string())
            .help("run the command again when it has ended")
    })
}

/// Puts a new file in the place of the old one in one instant: a reader sees one or the other.
fn write(root: &Path, baseline: &Baseline) -> Result<()> {
    let path = root.join(Baseline::FILE);
    let old = Real.entry(&path);
    let old = old.map_err(|error| disk::refused("look at", &path, &error))?;
    if !matches!(old, None | Some(There::File)) {
        return Err(Error::new(Code::Occupied, "the baseline is not a file")
            .at(path.display().to_string())
            .help("move away what is there, such as a link or a folder"));
    }
    let beside: PathBuf = root.join(format!(".{}.{}", Baseline::FILE, std::process::id()));
    let put = || {
        Real.create_file(&beside, baseline.render().as_bytes())?;
        if old.is_some() {
            Real.copy_mode(&path, &beside)?;
        }
        Real.sync(&beside)?;
        Real.rename(&beside, &path)?;
        Real.sync(root)
    };
    put().map_err(|error| {
        let _ = Real.remove_file(&beside);
        disk::refused("write", &path, &error)
    })
}

/// What is not as it is written down, one line each.
fn list(judgement: &Judgement, [stale, moved]: [&str; 2], output: &mut Output<'_>) {
    for entry in &judgement.stale {
        output.line(&format!("{stale} {}", shown(entry)));
    }
    for of in &judgement.moved {
        let to = of.to.path.escape_debug();
        output.line(&format!("{moved} {} -> {to}", shown(&of.from)));
    }
    for entry in &judgement.ineffective {
        let why = entry.ineffective().unwrap_or_default();
        output.line(&format!("ineffective {}: {why}", shown(entry)));
    }
}

fn shown(entry: &Entry) -> String {
    let (path, item) = (entry.path.escape_debug(), entry.item.escape_debug());
    format!("{} {path} {item}", entry.code)
        .trim_end()
        .to_owned()
}

fn entries(count: usize) -> String {
    match count {
        1 => "1 entry".to_owned(),
        count => format!("{count} entries"),
    }
}

fn document(
    action: &str,
    baseline: &Baseline,
    written: bool,
    added: &[Entry],
    judgement: Option<&Judgement>,
) -> Value {
    let all = |entries: &[Entry]| entries.iter().map(value).collect::<Vec<_>>();
    let nothing = Judgement::default();
    let judgement = judgement.unwrap_or(&nothing);
    let moved = judgement.moved.iter();
    let moved = moved.map(|of| json!({ "from": value(&of.from), "to": value(&of.to) }));
    let ineffective = judgement.ineffective.iter().map(|entry| {
        let mut document = value(entry);
        document["why"] = json!(entry.ineffective().unwrap_or_default());
        document
    });
    json!({
        "schema": SCHEMA,
        "kind": "baseline",
        "action": action,
        "path": Baseline::FILE,
        "written": written,
        "entries": baseline.entries().len(),
        "added": all(added),
        "moved": moved.collect::<Vec<_>>(),
        "stale": all(&judgement.stale),
        "ineffective": ineffective.collect::<Vec<_>>(),
    })
}

fn value(entry: &Entry) -> Value {
    json!({
        "code": entry.code,
        "fingerprint": entry.fingerprint,
        "path": entry.path,
        "item": entry.item,
        "reason": entry.reason,
    })
}
