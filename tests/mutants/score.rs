//! Which mutants the linter finds.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use orch_lint::{Cache, Date, Options, Report, Selection};

use crate::operator::Operator;
use crate::package::Package;

/// What became of one mutant.
#[derive(Debug, Clone)]
pub(crate) struct Mutant {
    pub(crate) operator: Operator,
    pub(crate) package: &'static str,
    pub(crate) is_killed: bool,
    /// What was found in it, for who looks why it was missed.
    pub(crate) found: String,
}

/// All rules, those that still prove themselves too, on a day after every exception that has ended.
pub(crate) fn options() -> Options {
    Options {
        today: Some(Date::new(2026, 1, 1).unwrap()),
        rules: Selection {
            preview: true,
            ..Selection::default()
        },
        ..Options::default()
    }
}

/// Lints a package; files that were seen before are not parsed again.
pub(crate) fn lint(package: &Package, cache: &Cache) -> Report {
    orch_lint::lint_with(&package.sources(), &options(), cache).unwrap()
}

/// Packages that each operator breaks: enough that every operator meets every kind of option with some
/// other, and few enough to wait for.
const EACH: usize = 3;

/// The mutants of one operator; the next one begins with another package.
fn broken(at: usize, operator: Operator, originals: &[Package]) -> Vec<Package> {
    let (before, from) = originals.split_at(at % originals.len());
    let packages = from.iter().chain(before);
    packages
        .filter_map(|of| operator.mutant(of))
        .take(EACH)
        .collect()
}

/// Breaks packages in every way.
pub(crate) fn mutants(originals: &[Package], operators: &[Operator]) -> Vec<Mutant> {
    let cache = Cache::new();
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Relaxed);
                    let Some(operator) = operators.get(at) else {
                        break;
                    };
                    let broken = broken(at, *operator, originals);
                    let judged = broken
                        .iter()
                        .map(|of| judged(*operator, of, &lint(of, &cache)));
                    let judged: Vec<Mutant> = judged.collect();
                    done.lock().unwrap().insert(at, judged);
                }
            });
        }
    });
    done.into_inner().unwrap().into_values().flatten().collect()
}

/// Whether the rule that was broken says so, where it was broken.
fn judged(operator: Operator, package: &Package, report: &Report) -> Mutant {
    let shows_in = operator.shows_in.map(|file| package.say(file));
    let is_there = |path: &str| {
        let also = shows_in.as_ref();
        package.is_changed(path)
            || also.is_some_and(|file| path.ends_with(file) || path.starts_with(file))
    };
    // A chain names the items on the way: `PayGateway.audit → Journal.db: PgPool`.
    let is_named = |step: &orch_lint::Link| {
        let names = step
            .name
            .split(|of: char| !of.is_alphanumeric() && of != '_');
        names
            .into_iter()
            .any(|name| !name.is_empty() && package.declares(name))
    };
    let is_it = |of: &orch_lint::Finding| {
        of.code == operator.code && (is_there(&of.path) || of.chain.iter().any(is_named))
    };
    Mutant {
        operator,
        package: package.name,
        is_killed: report.findings.iter().any(is_it),
        found: report.render_concise(),
    }
}

/// How many mutants there are, and how many of them are found.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Recall {
    pub(crate) killed: usize,
    pub(crate) applied: usize,
}

impl Recall {
    pub(crate) fn of<'a>(mutants: impl Iterator<Item = &'a Mutant>) -> Self {
        let mut recall = Recall::default();
        for mutant in mutants {
            recall.applied += 1;
            recall.killed += usize::from(mutant.is_killed);
        }
        recall
    }

    /// In hundredths, rounded down.
    pub(crate) fn percent(self) -> usize {
        self.killed * 100 / self.applied.max(1)
    }
}

/// A line for each rule, and the names of the mutants that are missed.
pub(crate) fn table(mutants: &[Mutant]) -> String {
    let mut shown = String::from("rule     mutants  found  recall\n");
    let mut codes: Vec<&str> = mutants.iter().map(|of| of.operator.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let mut line = |name: &str, recall: Recall| {
        let Recall { killed, applied } = recall;
        let percent = recall.percent();
        writeln!(shown, "{name:<8} {applied:>7} {killed:>6} {percent:>5} %").unwrap();
    };
    for code in codes {
        line(
            code,
            Recall::of(mutants.iter().filter(|of| of.operator.code == code)),
        );
    }
    line("all", Recall::of(mutants.iter()));
    for mutant in mutants.iter().filter(|of| !of.is_killed) {
        let Mutant {
            operator,
            package,
            found,
            ..
        } = mutant;
        writeln!(
            shown,
            "missed: {} {} in {package}; found:\n{found}",
            operator.code, operator.name
        )
        .unwrap();
    }
    shown
}
