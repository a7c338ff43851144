//! How much the linter sees: conventions are broken in generated packages, one at a time, by programs.
//!
//! ```text
//!   originals   packages with every value of every option; nothing is found in them
//!   operators   programs that break one convention each
//!   score       which of the mutants are found, by the rule that was broken
//!   engines     the same findings, whoever asks
//! ```
//!
//! `cargo nextest run --test mutants --no-capture` shows the recall of each rule.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(
    clippy::print_stderr,
    reason = "the recall of each rule is what the suite is for"
)]

mod engines;
mod operator;
mod operators;
mod originals;
mod package;
#[expect(dead_code, reason = "the rows here are written down")]
#[path = "../../crates/xtask/src/test/matrix/pairwise.rs"]
mod pairwise;
mod score;
#[expect(dead_code, reason = "rows are shown by those who make all of them")]
#[path = "../../crates/xtask/src/test/matrix/table.rs"]
mod table;

use std::collections::BTreeSet;

use orch_lint::Cache;
use orch_lint::rules;

use self::score::{Mutant, Recall};

/// Hundredths of the mutants that have to be found.
const RECALL: usize = 95;
/// Fewer mutants say nothing.
const MUTANTS: usize = 200;

/// Rules that nothing in a generated package can break.
const UNBREAKABLE: &[(&str, &str)] = &[];

/// Operators whose mutants are all missed, and why that is left so.
const MISSES: &[(&str, &str)] = &[
    (
        "a gateway that is told no key, behind an Arc or with a key of the business",
        "the provider may know the payment by the command's own key, and what an `Arc` hands on says \
         nothing of keys: both are counted as undecided",
    ),
    (
        "a unique key in small letters",
        "a key of the owner and an expression is found as no key at all: ORC102 instead of ORC103",
    ),
];

/// A finding in what the generator wrote would teach people to look away.
#[test]
fn nothing_is_found_in_the_originals() {
    let cache = Cache::new();
    for original in originals::all() {
        let report = score::lint(&original, &cache);
        let found = report.render_concise();
        assert!(report.findings.is_empty(), "{}:\n{found}", original.name);
        assert!(report.orchestrators > 0, "{}", original.name);
    }
}

/// A rule that no mutant breaks could stop working, and nobody would see it here.
#[test]
fn every_rule_is_broken_by_an_operator() {
    let broken: BTreeSet<&str> = operators::all().iter().map(|of| of.code).collect();
    for rule in rules::ALL {
        let is_listed = UNBREAKABLE.iter().any(|(code, _)| *code == rule.code());
        assert!(broken.contains(rule.code()) != is_listed, "{}", rule.code());
    }
}

/// A broken convention that is not found is one that people believe to hold.
#[test]
fn broken_conventions_are_found() {
    let operators = operators::all();
    let mutants = score::mutants(&originals::all(), &operators);
    let table = score::table(&mutants);
    eprintln!("{table}");
    let mut wrong = Vec::new();
    for operator in &operators {
        let of_it =
            |of: &&Mutant| (of.operator.code, of.operator.name) == (operator.code, operator.name);
        let recall = Recall::of(mutants.iter().filter(of_it));
        let is_listed = MISSES.iter().any(|(name, _)| *name == operator.name);
        let wanted = if is_listed { 0 } else { recall.applied };
        if recall.applied == 0 {
            wrong.push(format!("{}: applies nowhere", operator.name));
        } else if recall.killed != wanted {
            let Recall { killed, applied } = recall;
            wrong.push(format!(
                "{}: {killed} of {applied} are found, and not {wanted}",
                operator.name
            ));
        }
    }
    let all = Recall::of(mutants.iter());
    assert!(wrong.is_empty(), "{table}\n{}", wrong.join("\n"));
    assert!(
        all.applied >= MUTANTS,
        "{table}\nonly {} mutants",
        all.applied
    );
    assert!(
        all.percent() >= RECALL,
        "{table}\nonly {} % are found",
        all.percent()
    );
}
