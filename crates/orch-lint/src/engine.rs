//! A run, from sources to report.
//!
//! ```text
//!   manifest ─▶ settings ─▶ load ─▶ model ─▶ rules ─▶ exceptions ─▶ baseline ─▶ report
//!                              └─▶ sql ───────┘
//! ```

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::baseline::{self, Known};
use crate::exceptions;
use crate::finding::{Finding, Link, Site, Unknown, fingerprint};
use crate::fix::Source;
use crate::gaps::{self, Judged};
use crate::load::{Loaded, Parse, load};
use crate::lock;
use crate::manifest::{self, Package};
use crate::model::calls::Calls;
use crate::model::{Function, Workspace};
use crate::options::{Chosen, LintError, Options};
use crate::report::Report;
use crate::rules::{self, Check, Rule, Violation};
use crate::settings::{Levels, Settings};
use crate::sources::SourceTree;
use crate::sql::{self, Migrations};
use crate::threads;
use crate::timing::Stopwatch;

/// Lints a tree of sources.
pub(crate) fn run(
    tree: &dyn SourceTree,
    options: &Options,
    parse: &Parse<'_>,
) -> Result<Report, LintError> {
    let chosen = options.rules.resolve()?;
    deep(|| run_here(tree, options, parse, &chosen))?
}

/// Works on a thread with a stack that is deep enough for any file.
pub(crate) fn deep<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, LintError> {
    let contained = || catch_unwind(AssertUnwindSafe(work));
    let done = threads::deep(contained).map_err(|error| LintError::internal(error.to_string()))?;
    done.map_err(|_| LintError::internal("the linter panicked; this is a bug in it"))
}

fn run_here(
    tree: &dyn SourceTree,
    options: &Options,
    parse: &Parse<'_>,
    chosen: &Chosen,
) -> Result<Report, LintError> {
    let mut watch = Stopwatch::start(options.clock);
    let packages = packages(tree)?;
    let settings = Settings::read(tree, &packages)?;
    let levels = Levels::new(&settings, chosen);
    watch.lap("manifests");
    let known = match options.ignore_baseline {
        true => Known::default(),
        false => Known::of(tree)?,
    };
    let loaded = load(tree, parse, &packages);
    watch.lap("read and parse");
    let (migrations, workspace) = pictures(tree, &packages, &loaded, &mut watch);
    let running = levels.running();
    let functions = functions(&workspace, running.len(), &mut watch);
    let calls = Calls::new(&workspace, &functions);
    let run = |rule: &&'static Rule| Check::run(rule, &workspace, &calls, &migrations, options);
    let found = match options.clock {
        Some(_) => one_by_one(&running, run, &mut watch),
        None => threads::map(&running, rules_alone(&functions), run),
    };
    let (mut violations, mut unknowns) = together(found);
    let over_budget = levels.over_budget(&unknowns);
    unknowns.retain(|of| {
        rules::find(of.code).is_some_and(|rule| levels.severity(rule, &of.path).is_some())
    });
    violations.retain_mut(|of| levels.apply(of));
    order(&mut violations);
    let found = by_rule(&violations);
    let complaints = exceptions::apply(&mut violations, &loaded, &migrations, options, &levels);
    let suppressed = difference(found, &by_rule(&violations));
    let failures = gaps::failures(&loaded, &migrations);
    let about_the_run = complaints.into_iter().chain(failures).chain(over_budget);
    violations.extend(about_the_run.filter_map(|mut of| levels.apply(&mut of).then_some(of)));
    let unparsed = gaps::unparsed(&loaded, &migrations);
    if !unparsed.is_empty() {
        violations
            .iter_mut()
            .for_each(exceptions::leave_to_a_person);
    }
    watch.lap("exceptions");
    let files = texts(&loaded, &migrations, &settings);
    let mut findings = finish(violations, &files, &loaded);
    let baselined = known.hold_back(tree, &mut findings);
    watch.lap("findings");
    Ok(Report {
        findings,
        baselined,
        unknowns,
        rules: levels.shown(),
        suppressed,
        timings: watch.timings,
        files: loaded.files.iter().filter(|file| file.reached).count() + migrations.files.len(),
        orchestrators: workspace.orchestrators().len(),
        sagas: workspace.sagas(),
        commands: workspace.commands().len(),
        operations: workspace.operations().len(),
        unparsed,
    })
}

/// With so many files, migrations are replayed while the model is built.
const MANY_FILES: usize = 32;

/// What migrations build, and what sources declare. Locks are compared by the way.
fn pictures<'l>(
    tree: &dyn SourceTree,
    packages: &'l [Package],
    loaded: &'l Loaded,
    watch: &mut Stopwatch,
) -> (Migrations, Workspace<'l>) {
    let read = || {
        loaded.set_locks(lock::compare(tree, packages, loaded));
        sql::replay(tree, loaded, packages)
    };
    if loaded.files.len() >= MANY_FILES && !watch.is_running() {
        return threads::both(read, || Workspace::build(loaded, packages));
    }
    let migrations = read();
    watch.lap("migrations");
    (migrations, Workspace::build(loaded, packages))
}

/// The functions of a project; and what names what is found, before several rules ask for it at once.
fn functions<'l>(
    workspace: &Workspace<'l>,
    rules: usize,
    watch: &mut Stopwatch,
) -> Vec<Function<'l>> {
    // What gives up here gives up again in each rule that asks, and is told of there.
    let names = || _ = catch_unwind(AssertUnwindSafe(|| workspace.find_references()));
    if rules > 1 && !watch.is_running() {
        return threads::both(|| workspace.functions(), names).0;
    }
    let functions = workspace.functions();
    watch.lap("model");
    if watch.is_running() {
        names();
        watch.lap("references");
    }
    functions
}

/// Runs rules so that each can be measured.
fn one_by_one(
    rules: &[&'static Rule],
    run: impl Fn(&&'static Rule) -> Judged,
    watch: &mut Stopwatch,
) -> Vec<Judged> {
    let measured = rules.iter().map(|rule| {
        let judged = run(rule);
        watch.lap(rule.code());
        judged
    });
    measured.collect()
}

/// How many rules one thread runs alone: all, where starting another one takes longer than they do.
fn rules_alone(functions: &[Function<'_>]) -> usize {
    const FEW: usize = 200;
    if functions.len() < FEW { usize::MAX } else { 0 }
}

/// What all rules found, and what they could not decide: each once, in one order.
fn together(judged: Vec<Judged>) -> (Vec<Violation>, Vec<Unknown>) {
    let (violations, unknowns): (Vec<_>, Vec<_>) = judged.into_iter().unzip();
    let mut unknowns: Vec<Unknown> = unknowns.into_iter().flatten().collect();
    unknowns.sort();
    unknowns.dedup();
    (violations.into_iter().flatten().collect(), unknowns)
}

fn packages(tree: &dyn SourceTree) -> Result<Vec<Package>, LintError> {
    let packages = manifest::packages(tree).map_err(LintError::usage)?;
    match packages.is_empty() {
        true => Err(LintError::usage(
            "Cargo.toml names no package and no member",
        )),
        false => Ok(packages),
    }
}

/// The text of each file a finding may point into.
fn texts<'t>(
    loaded: &'t Loaded,
    migrations: &'t Migrations,
    settings: &'t Settings,
) -> HashMap<String, &'t str> {
    let rust = loaded.files.iter().map(|file| (&file.path, &file.text));
    let sql = migrations.files.iter().map(|file| (&file.path, &file.text));
    let sources = rust
        .chain(sql)
        .map(|(path, text)| (path.clone(), text.as_str()));
    let behind = loaded.locks().behind.iter();
    let locks = behind.map(|of| (of.lock.clone(), of.text.as_str()));
    sources.chain(settings.texts()).chain(locks).collect()
}

/// How many violations there are of each rule, by its code.
fn by_rule(violations: &[Violation]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for violation in violations {
        *counts.entry(violation.rule.code()).or_default() += 1;
    }
    counts
}

/// What is in the first counts and not in the second.
fn difference(
    mut counts: BTreeMap<&'static str, usize>,
    left: &BTreeMap<&'static str, usize>,
) -> BTreeMap<&'static str, usize> {
    for (code, count) in &mut counts {
        *count -= left.get(code).copied().unwrap_or(0);
    }
    counts.retain(|_, count| *count > 0);
    counts
}

/// Sorts, and drops repetitions.
fn order(violations: &mut Vec<Violation>) {
    violations.sort_by(|a, b| {
        let key = |of: &Violation| (of.at.path.clone(), of.at.span, of.rule.code());
        key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
    });
    violations.dedup_by(|a, b| {
        a.rule.code() == b.rule.code()
            && a.at.path == b.at.path
            && a.at.span == b.at.span
            && a.message == b.message
    });
}

/// Puts violations in order, and adds bytes and fingerprints.
fn finish(
    mut violations: Vec<Violation>,
    files: &HashMap<String, &str>,
    loaded: &Loaded,
) -> Vec<Finding> {
    order(&mut violations);
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut sources: HashMap<String, Source<'_>> = HashMap::new();
    let mut findings = Vec::with_capacity(violations.len());
    let text = |path: &String| files.get(path).copied().unwrap_or("");
    for mut violation in violations {
        let steps = std::mem::take(&mut violation.chain).into_iter();
        let chain = steps.map(|step| Link {
            name: step.name,
            site: step.place.map(|(file, span)| {
                let path = &loaded.files[file.0].path;
                let source = sources.entry(path.clone());
                Site::new(
                    path,
                    span,
                    source.or_insert_with(|| Source::new(text(path))),
                )
            }),
        });
        let chain = chain.collect();
        let path = &violation.at.path;
        let source = sources.entry(path.clone());
        let source = source.or_insert_with(|| Source::new(text(path)));
        findings.push(finding(violation, chain, source, &mut seen));
    }
    findings
}

fn finding(
    violation: Violation,
    chain: Vec<Link>,
    source: &Source<'_>,
    seen: &mut HashMap<String, usize>,
) -> Finding {
    let site = Site::new(&violation.at.path, violation.at.span, source);
    let token: String = source.text[site.bytes.clone()]
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let parts = [
        violation.rule.code(),
        &violation.at.path,
        &violation.at.item,
        &token,
    ];
    let ordinal = seen.entry(parts.join("\0")).or_insert(0);
    let number = *ordinal;
    *ordinal += 1;
    let fingerprint = fingerprint(parts, number);
    let kin = baseline::kin(parts[0], parts[2], &token);
    Finding {
        code: violation.rule.code(),
        name: violation.rule.name(),
        severity: violation.severity,
        message: violation.message,
        help: violation.help,
        chain,
        path: site.path,
        start: site.start,
        end: site.end,
        bytes: site.bytes,
        item: violation.at.item,
        fingerprint,
        fix: violation.fix.and_then(|fix| fix.make(source)),
        kin,
        text: token,
        ordinal: number,
        source_line: site.source_line,
    }
}
