//! Exceptions: what they hold back, and what is wrong with them.

use orch_lint::sources::Memory;
use orch_lint::{Options, Selection, lint_sources};

use crate::cases::MANIFEST;

/// Codes found in a library with this text, on this day.
fn codes(text: &str, today: &str) -> Vec<&'static str> {
    let options = Options {
        today: Some(today.parse().expect("a date")),
        allow_empty: true,
        rules: Selection::only(["ORC302", "ORC901", "ORC902", "ORC903", "ORC904", "ORC906"]),
        ..Options::default()
    };
    let tree = Memory::from([("Cargo.toml", MANIFEST), ("src/lib.rs", text)]);
    let report = lint_sources(&tree, &options).expect("a report");
    report.findings.iter().map(|finding| finding.code).collect()
}

fn around(comment: &str, arm: &str) -> String {
    format!(
        "use orch_runtime::Outcome;\nfn f(o: Outcome) -> u8 {{\n    match o {{\n        Outcome::Ok {{ .. }} => 1,\n        {comment}\n        {arm}\n    }}\n}}\n"
    )
}

#[test]
fn a_reasoned_exception_holds_its_finding_back() {
    let day = "2026-06-01";
    assert_eq!(codes(&around("", "_ => 2,"), day), ["ORC302"]);
    let above = around(
        "// orch: allow(ORC302) the provider knows two answers",
        "_ => 2,",
    );
    assert_eq!(codes(&above, day), [] as [&str; 0]);
    let behind = around("", "_ => 2, // orch: allow(outcome-catch-all) two answers");
    assert_eq!(codes(&behind, day), [] as [&str; 0]);
    let on_item = around("", "_ => 2,").replace("fn f", "// orch: allow(ORC302) two answers\nfn f");
    assert_eq!(codes(&on_item, day), [] as [&str; 0]);
    let until = around(
        "// orch: allow(ORC302, until = 2026-06-01) two answers",
        "_ => 2,",
    );
    assert_eq!(codes(&until, day), [] as [&str; 0]);
}

#[test]
fn an_exception_that_is_not_right_changes_nothing() {
    for comment in [
        "// orch: allow(ORC302)",
        "// orch: allow(ORC302, until = 2026-05-31)",
        "// orch: allow(ORC302, until = later) no date",
        "// orch: allow(ORC777) no such rule",
        "// orch: allow(*) everything",
        "// orch: allow everything",
    ] {
        assert_eq!(
            codes(&around(comment, "_ => 2,"), "2026-06-01"),
            ["ORC903", "ORC302"],
            "{comment}"
        );
    }
}

/// Somebody promised a day; what is allowed until then is found again on the next one, with the reason.
#[test]
fn an_exception_ends_after_its_last_day() {
    let comment = "// orch: allow(ORC302, until = 2026-05-31) the provider changes in May";
    let text = around(comment, "_ => 2,");
    assert_eq!(codes(&text, "2026-05-31"), [] as [&str; 0]);
    assert_eq!(codes(&text, "2026-06-01"), ["ORC904", "ORC302"]);
    let sql = "-- orch: allow(ORC102, until = 2026-05-31) filled by one writer\nselect 1;\n";
    let mut tree = Memory::from([("Cargo.toml", MANIFEST), ("src/lib.rs", "//! A.\n")]);
    tree.insert("migrations/0001_a.sql", sql);
    let options = Options {
        today: Some("2026-06-01".parse().expect("a date")),
        allow_empty: true,
        ..Options::default()
    };
    let report = lint_sources(&tree, &options).expect("a report");
    let found: Vec<_> = report
        .findings
        .iter()
        .map(|of| (of.code, of.message.as_str()))
        .collect();
    assert_eq!(found, [("ORC904", "this exception ended on 2026-05-31")]);
}

#[test]
fn an_exception_for_nothing_is_found() {
    let day = "2026-06-01";
    let elsewhere = around(
        "// orch: allow(ORC302) two answers",
        "Outcome::Retry { .. } => 3,\n        _ => 2,",
    );
    assert_eq!(codes(&elsewhere, day), ["ORC902", "ORC302"]);
    let other_rule = around("// orch: allow(ORC302, ORC901) two answers", "_ => 2,");
    assert_eq!(
        codes(&other_rule, day),
        ["ORC903", "ORC302"],
        "rules about runs allow none"
    );
    let in_a_string = "const A: &str = \"// orch: allow(ORC302) text\";";
    assert_eq!(codes(in_a_string, day), [] as [&str; 0]);
    let in_docs = "/// // orch: allow(ORC302) text\nfn f() {}";
    assert_eq!(codes(in_docs, day), [] as [&str; 0]);
}

/// Lines are lines of one file.
#[test]
fn an_exception_covers_its_own_file_only() {
    let allowed = around("", "_ => 2, // orch: allow(ORC302) two answers");
    let broken = around("", "_ => 2,");
    let mut tree = Memory::from([("Cargo.toml", MANIFEST), ("src/lib.rs", "mod a; mod b;")]);
    tree.insert("src/a.rs", allowed);
    tree.insert("src/b.rs", broken);
    let options = Options {
        rules: Selection::only(["ORC302", "ORC902"]),
        ..Options::default()
    };
    let report = lint_sources(&tree, &options).expect("a report");
    let found: Vec<_> = report
        .findings
        .iter()
        .map(|of| (of.code, of.path.as_str()))
        .collect();
    assert_eq!(found, [("ORC302", "src/b.rs")]);
}

/// A rule that does not run says nothing about its exceptions.
#[test]
fn an_exception_of_a_rule_that_does_not_run_is_left_alone() {
    let text = around("// orch: allow(ORC002) for a rule that is off", "_ => 2,");
    assert_eq!(codes(&text, "2026-06-01"), ["ORC302"]);
}

/// Migrations have comments of their own kind.
#[test]
fn sql_has_exceptions_too() {
    let entity = "use orch_runtime::*; struct P { idem_key: IdemKey } impl Entity for P { const TABLE: &'static str = \"p_operations\"; }";
    let mut tree = Memory::from([("Cargo.toml", MANIFEST), ("src/lib.rs", entity)]);
    let options = Options {
        rules: Selection::only(["ORC102", "ORC902"]),
        ..Options::default()
    };
    let mut found = |sql: &str| {
        tree.insert("migrations/1_p.sql", sql);
        let report = lint_sources(&tree, &options).unwrap();
        report
            .findings
            .iter()
            .map(|finding| finding.code)
            .collect::<Vec<_>>()
    };
    let table = "create table p_operations (\n  idem_key text);\n";
    assert_eq!(found(table), ["ORC102"]);
    let allowed = format!("-- orch: allow(ORC102) filled by one writer\n{table}");
    assert_eq!(found(&allowed), [] as [&str; 0]);
    let elsewhere = format!("{table}-- orch: allow(ORC102) filled by one writer\nselect 1;\n");
    assert_eq!(found(&elsewhere), ["ORC102", "ORC902"]);
}
