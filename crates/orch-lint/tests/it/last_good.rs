//! What is known of a project while somebody types in one of its files.

use orch_lint::sources::{Content, Memory, SourceTree};
use orch_lint::{Cache, Options, Report, lint_with};

use crate::project::billing;

const ORCH: &str = "src/payment/orchestrator.rs";
const GATEWAY: &str = "src/payment/gateway.rs";

fn text(tree: &Memory, path: &str) -> String {
    match tree.read(path) {
        Some(Content::Text(text)) => text,
        other => panic!("{path}: {other:?}"),
    }
}

fn lint(tree: &Memory, cache: &Cache) -> Report {
    lint_with(tree, &Options::default(), cache).expect("a report")
}

fn found(report: &Report) -> Vec<(&str, &str)> {
    let found = report.findings.iter();
    found.map(|of| (of.code, of.path.as_str())).collect()
}

/// A project whose orchestrator reaches a database through a type of the gateway's file.
fn reaching() -> Memory {
    let mut tree = billing();
    let audit = "\n/// Notes.\n#[derive(Debug)]\npub struct Audit {\n    name: String,\n    rows: orch_runtime::SqliteStore,\n}\n";
    tree.insert(GATEWAY, text(&tree, GATEWAY) + audit);
    let field = "    gateway: G,\n    audit: super::gateway::Audit,";
    tree.insert(
        ORCH,
        text(&tree, ORCH).replacen("    gateway: G,", field, 1),
    );
    tree
}

/// A half-typed line in one file must not hide what is wrong in another.
#[test]
fn a_finding_stays_while_the_file_it_depends_on_is_edited() {
    let cache = Cache::new().with_last_good();
    let mut tree = reaching();
    assert_eq!(found(&lint(&tree, &cache)), [("ORC003", ORCH)]);
    tree.insert(GATEWAY, text(&tree, GATEWAY) + "\nimpl Audit { pub fn");
    let report = lint(&tree, &cache);
    assert_eq!(found(&report), [("ORC906", GATEWAY), ("ORC003", ORCH)]);
    assert_eq!(report.stale, [GATEWAY]);
    assert_eq!(report.exit_code(), 3);
    assert!(
        report
            .summary()
            .ends_with("; 1 file judged by an older state")
    );
}

/// A domain without a Finalizer stays one while any other file is edited.
#[test]
fn an_absence_stays_proven_while_a_file_is_edited() {
    let cache = Cache::new().with_last_good();
    let mut tree = billing();
    let module = "src/payment/mod.rs";
    let without = text(&tree, module).replace("        .with(PaymentFinalizer::new(engine))\n", "");
    tree.insert(module, without);
    assert_eq!(found(&lint(&tree, &cache)), [("ORC203", ORCH)]);
    tree.insert(GATEWAY, "//! The provider.\nuse std::");
    assert_eq!(
        found(&lint(&tree, &cache)),
        [("ORC906", GATEWAY), ("ORC203", ORCH)]
    );
}

/// The places of findings in the edited file would be those of another text.
#[test]
fn nothing_is_found_in_the_edited_file_itself() {
    let cache = Cache::new().with_last_good();
    let mut tree = reaching();
    lint(&tree, &cache);
    tree.insert(ORCH, format!("fn half( {}", text(&tree, ORCH)));
    assert_eq!(found(&lint(&tree, &cache)), [("ORC906", ORCH)]);
    tree.insert(ORCH, text(&tree, ORCH).replace("fn half( ", ""));
    let mended = lint(&tree, &cache);
    assert_eq!(found(&mended), [("ORC003", ORCH)]);
    assert!(mended.stale.is_empty());
}

/// A run on the command line gives the same whatever ran before it.
#[test]
fn nothing_is_remembered_unless_it_is_asked_for() {
    let cache = Cache::new();
    let mut tree = reaching();
    lint(&tree, &cache);
    tree.insert(GATEWAY, text(&tree, GATEWAY) + "\nimpl Audit { pub fn");
    let report = lint(&tree, &cache);
    assert_eq!(found(&report), [("ORC906", GATEWAY)]);
    assert!(report.stale.is_empty());
}
