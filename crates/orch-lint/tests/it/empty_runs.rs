//! Runs that check nothing, and those that only look like it.

use orch_lint::sources::Memory;
use orch_lint::{Options, Report, lint_sources};

const MANIFEST: &str = "\
[package]
name = 'shop'
edition = '2024'
[dependencies]
orch-runtime = '0.1'
";

fn report(tree: &Memory) -> Report {
    lint_sources(tree, &Options::default()).expect("a report")
}

/// No orchestrator: a run that checked nothing is an error, unless it is allowed.
#[test]
fn an_empty_run_is_an_error() {
    let tree = Memory::from([("Cargo.toml", MANIFEST), ("src/lib.rs", "//! Nothing.\n")]);
    let found = report(&tree);
    assert_eq!((found.findings[0].code, found.exit_code()), ("ORC901", 1));
    let allowed = Options {
        allow_empty: true,
        ..Options::default()
    };
    assert_eq!(
        lint_sources(&tree, &allowed).expect("a report").exit_code(),
        0
    );
}

/// A package whose sagas do their own work calls no provider, and its conventions are checked all the same.
#[test]
fn a_saga_alone_is_no_empty_run() {
    const PLAN: &str = "\
//! Orders.
use orch_runtime::saga::{Compensation, StepPlan, Weight};
/// The steps.
pub const PLAN: &[StepPlan] = &[StepPlan {
    name: \"pay\",
    after: &[],
    compensation: Compensation::None(COMPENSATION),
    weight: Weight::Required,
}];
";
    let lint = |reason: &str| {
        let plan = PLAN.replace("COMPENSATION", reason);
        report(&Memory::from([
            ("Cargo.toml", MANIFEST),
            ("src/lib.rs", plan.as_str()),
        ]))
    };
    let sound = lint("\"a question leaves nothing behind\"");
    assert_eq!(
        sound.render_full(false),
        "no findings in 1 file (0 orchestrators, 1 saga)\n"
    );
    assert!(!sound.is_vacuous());
    assert_eq!(lint("\"\"").findings[0].code, "ORC401");
}
