//! How findings are shown, and that they keep their identity.

use orch_lint::sources::{Content, Memory, SourceTree};
use orch_lint::{Report, explain};

use crate::project::{billing, report};

const ORCH: &str = "src/payment/orchestrator.rs";

fn broken(edit: impl Fn(String) -> String) -> Report {
    let mut tree: Memory = billing();
    let Some(Content::Text(text)) = tree.read(ORCH) else {
        panic!("no orchestrator");
    };
    tree.insert(
        ORCH,
        edit(text.replace("Outcome::Unknown { .. } =>", "_ =>")),
    );
    report(&tree)
}

#[test]
fn a_finding_shows_its_source() {
    let text = broken(|text| text).render_full(false);
    assert_eq!(
        text,
        "\
error[ORC302]: outcome-catch-all: this arm decides about every other `Outcome`
  --> src/payment/orchestrator.rs:48:9
   |
48 |         _ => \"unknown\",
   |         ^
   = help: name the remaining variants, so that a new one is a compile error
           here
   = fix: name the remaining variants (`--fix --unsafe-fixes`)

1 error in 15 files (1 orchestrator)
1 fixable with `--fix --unsafe-fixes`
"
    );
    assert!(text.lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn one_line_per_finding() {
    assert_eq!(
        broken(|text| text).render_concise(),
        "src/payment/orchestrator.rs:48:9: error ORC302 outcome-catch-all: this arm decides about every other `Outcome`\n\
         1 error in 15 files (1 orchestrator)\n\
         1 fixable with `--fix --unsafe-fixes`\n"
    );
}

/// What could not be decided is counted in every summary, and listed when asked for.
#[test]
fn undecided_questions_are_shown() {
    let report = broken(|text| {
        text.replace(
            "    gateway: G,",
            "    gateway: G,\n    audit: company::Audit,",
        )
    });
    assert!(
        report.summary().ends_with("; 1 undecided"),
        "{}",
        report.summary()
    );
    assert_eq!(
        report.render_unknowns(),
        "src/payment/orchestrator.rs:11:12: undecided ORC003: `PaymentOrchestrator.audit` may reach \
         a database: cannot look into the fields of `company::Audit`\n"
    );
}

#[test]
fn colour_only_when_asked_for() {
    let report = broken(|text| text);
    assert!(!report.render_full(false).contains('\x1b'));
    assert!(
        report
            .render_full(true)
            .contains("\x1b[1;31merror[ORC302]\x1b[0m")
    );
}

#[test]
fn json_has_a_version_and_bytes() {
    let report = broken(|text| text);
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(json["summary"]["errors"], 1);
    assert_eq!(json["summary"]["exitCode"], 1);
    let finding = &json["findings"][0];
    assert_eq!(finding["code"], "ORC302");
    assert_eq!(
        (&finding["line"], &finding["column"]),
        (&48.into(), &9.into())
    );
    assert_eq!(
        (&finding["endLine"], &finding["endColumn"]),
        (&48.into(), &10.into())
    );
    let bytes = finding["byteEnd"].as_u64().unwrap() - finding["byteStart"].as_u64().unwrap();
    assert_eq!(bytes, 1);
    assert_eq!(finding["fingerprint"].as_str().unwrap().len(), 32);
}

/// A baseline and a code host recognise a finding that moved.
#[test]
fn a_fingerprint_survives_a_move_and_tells_equals_apart() {
    let one = broken(|text| text).findings;
    let moved = broken(|text| text.replacen('\n', &"\n// a line\n".repeat(100), 1)).findings;
    assert_ne!(one[0].start, moved[0].start);
    assert_eq!(one[0].fingerprint, moved[0].fingerprint);
    let arm = "        _ => \"unknown\",\n    }\n";
    let again = "    match outcome { Outcome::Ok { .. } => \"\", _ => \"\" }\n";
    let twice = broken(|text| text.replace(arm, &format!("{arm};\n{again}"))).findings;
    assert_eq!(twice.len(), 2);
    assert_ne!(twice[0].fingerprint, twice[1].fingerprint);
}

/// Columns are characters, also behind letters of more than one byte; long lines are cropped.
#[test]
fn places_are_in_characters_and_lines_fit() {
    let long = format!("        /* {} é */ _ =>", "ö".repeat(120));
    let report = broken(|text| text.replace("        _ =>", &long));
    let finding = &report.findings[0];
    assert_eq!(finding.start.column, 8 + 3 + 120 + 2 + 4 + 1);
    let text = report.render_full(false);
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    let lines: Vec<&str> = text.lines().collect();
    let caret = lines[4].chars().position(|c| c == '^').unwrap();
    assert_eq!(lines[3].chars().nth(caret), Some('_'), "{text}");
}

#[test]
fn rules_are_explained_by_code_and_name() {
    let text = explain("orc002").unwrap();
    assert!(text.starts_with("# ORC002 txn-in-execute (error)\n\n## What it does\n"));
    assert_eq!(explain("txn-in-execute"), Some(text));
    assert_eq!(explain("ORC000"), None);
}
