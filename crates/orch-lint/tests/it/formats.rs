//! Formats of others, as their readers see them.

use std::time::Duration;

use boon::{Compiler, Schemas};
use orch_lint::sources::Memory;
use orch_lint::{Applicability, Finding, Fix, Link, Options, Report, Selection, lint_sources};
use serde::Deserialize;
use serde_json::Value;

use crate::cases::MANIFEST;

/// Every character that has a meaning in a URI, an attribute, a command or a table.
const HOSTILE: &str = "src/a b/100%25,#?x='&'<é>|`.rs";

/// A project with findings, an exception, undecided questions, and a file that does not parse.
fn report() -> Report {
    let tree = Memory::from([
        ("Cargo.toml", MANIFEST),
        (
            "src/lib.rs",
            "//! Case.\n#[path = \"a b/100%25,#?x='&'<é>|`.rs\"]\npub mod hostile;\nmod broken;\n",
        ),
        (
            HOSTILE,
            "pub struct Pay {\n    pool: company::Pool,\n}\n\
             impl orch_runtime::Orchestrator for Pay {\n    fn execute(&self) -> Result<\n        bool, ()> { true }\n}\n\
             // orch: allow(missing-docs) it is only a case\n\
             pub struct Other;\n\
             fn f(o: orch_runtime::Outcome) { match o { _ /* é */ => {} } }\n\
             fn g() {} // orch: allow(ORC302) for nothing\n\
             pub struct Charge {\n    audit: Audit,\n}\n\
             impl orch_runtime::Orchestrator for Charge {\n    async fn execute(&self) { settle() }\n}\n\
             fn settle() { std::thread::sleep(LONG); }\n\
             struct Audit { /* é */ pool: sqlx::PgPool }\n",
        ),
        ("src/broken.rs", "fn (\n"),
    ]);
    let mut report = lint_sources(&tree, &Options::default()).expect("a report");
    // Beside a file that does not parse no fix is safe.
    let mut fixes = report.findings.iter_mut().filter_map(|of| of.fix.as_mut());
    fixes.next().expect("a fix").applicability = Applicability::Safe;
    report
}

#[test]
fn the_case_is_hostile_enough() {
    let report = report();
    assert!(report.findings.iter().any(|of| of.path == HOSTILE));
    assert!(report.findings.iter().any(|of| of.start.line < of.end.line));
    assert!(report.findings.iter().any(|of| of.path == "src/broken.rs"));
    let chains = report.findings.iter().map(|of| of.chain.len());
    assert_eq!(chains.filter(|steps| *steps > 2).count(), 2);
    let mut elsewhere = report.findings.iter().flat_map(Finding::elsewhere);
    assert!(elsewhere.any(|(_, site)| site.path == HOSTILE));
    assert!(!report.unknowns.is_empty(), "{}", report.render_full(false));
    assert_eq!(report.suppressed.get("ORC803"), Some(&1));
    assert!(
        report.fixable(Applicability::Safe) > 0,
        "{}",
        report.render_full(false)
    );
    assert!(report.fixable(Applicability::Unsafe) > 0);
}

/// A code host refuses a log that does not follow the schema, and says little about why.
#[test]
fn sarif_follows_its_schema() {
    let text = include_str!("../schemas/sarif-2.1.0.json");
    let schema: Value = serde_json::from_str(text).unwrap();
    let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
    compiler.enable_format_assertions();
    compiler.add_resource("urn:sarif", schema).unwrap();
    let index = compiler.compile("urn:sarif", &mut schemas).unwrap();
    for report in [report(), report().below("services/a b"), Report::default()] {
        let log: Value = serde_json::from_str(&report.to_sarif()).unwrap();
        if let Err(error) = schemas.validate(&log, index) {
            panic!("{error:#}\n{log:#}");
        }
    }
    let mut wrong: Value = serde_json::from_str(&report().to_sarif()).unwrap();
    wrong["runs"][0]["results"][0]["level"] = "fatal".into();
    assert!(schemas.validate(&wrong, index).is_err());
}

/// Cargo's messages as a reader that knows nothing of ours declares them.
#[derive(Debug, Deserialize)]
struct Message {
    reason: String,
    #[serde(rename = "package_id")]
    _package: String,
    #[serde(rename = "target")]
    _target: Target,
    message: Diagnostic,
}

#[derive(Debug, Deserialize)]
struct Target {
    #[serde(rename = "name")]
    _name: String,
    #[serde(rename = "kind")]
    _kind: Vec<String>,
    #[serde(rename = "crate_types")]
    _types: Vec<String>,
    #[serde(rename = "src_path")]
    _path: String,
    #[serde(rename = "edition")]
    _edition: String,
}

#[derive(Debug, Deserialize)]
struct Diagnostic {
    #[serde(rename = "message")]
    _message: String,
    code: Option<Code>,
    level: Level,
    spans: Vec<Span>,
    children: Vec<Diagnostic>,
    rendered: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Code {
    code: String,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Level {
    Error,
    Warning,
    Help,
    Note,
}

#[derive(Debug, Deserialize)]
struct Span {
    file_name: String,
    byte_start: u32,
    byte_end: u32,
    line_start: usize,
    line_end: usize,
    column_start: usize,
    column_end: usize,
    is_primary: bool,
    text: Vec<Line>,
    suggested_replacement: Option<String>,
    suggestion_applicability: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Line {
    text: String,
    highlight_start: usize,
    highlight_end: usize,
}

/// Of a line that it cannot read an editor shows nothing.
#[test]
fn an_editor_reads_every_finding_as_one_of_the_compiler() {
    let report = report();
    let text = report.to_rustc_json();
    let lines = text.lines();
    let messages: Vec<Message> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(messages.len(), report.findings.len());
    for (of, message) in report.findings.iter().zip(&messages) {
        assert_eq!(message.reason, "compiler-message");
        let diagnostic = &message.message;
        let code = diagnostic.code.as_ref().unwrap();
        assert_eq!(code.code.split_once("::"), Some(("orch", of.code)));
        assert!(diagnostic.rendered.as_ref().unwrap().contains(of.code));
        let [span] = diagnostic.spans.as_slice() else {
            panic!("{diagnostic:?}");
        };
        assert!(span.is_primary && span.file_name == of.path);
        assert_eq!((span.byte_start, span.byte_end), as_u32(&of.bytes));
        assert!(span.line_start >= 1 && span.column_start >= 1);
        assert!((span.line_start, span.column_start) <= (span.line_end, span.column_end));
        for line in &span.text {
            assert!(line.highlight_start <= line.highlight_end);
            assert!(
                line.highlight_end <= line.text.chars().count() + 1,
                "{line:?}"
            );
        }
        let (help, fix) = (of.help.is_some(), of.fix.as_ref());
        let children = diagnostic.children.iter();
        let (notes, children): (Vec<_>, Vec<_>) =
            children.partition(|child| child.level == Level::Note);
        leads_through(&notes, of);
        let children = children.into_iter();
        let (fixes, helps): (Vec<_>, Vec<_>) = children.partition(|child| !child.spans.is_empty());
        assert_eq!(
            (helps.len(), fixes.len()),
            (help.into(), fix.into_iter().count())
        );
        for (child, fix) in fixes.iter().zip(fix) {
            suggests(&child.spans, fix);
        }
    }
}

/// An editor goes to the place of each step, in whatever file that is.
fn leads_through(notes: &[&Diagnostic], of: &Finding) {
    assert_eq!(notes.len(), of.elsewhere().count());
    for (note, (_, site)) in notes.iter().zip(of.elsewhere()) {
        let [span] = note.spans.as_slice() else {
            panic!("{note:?}");
        };
        assert!(span.is_primary && span.file_name == site.path);
        assert_eq!((span.byte_start, span.byte_end), as_u32(&site.bytes));
        let line = &span.text[0];
        assert_eq!(line.highlight_start, span.column_start);
        assert_eq!(line.highlight_end, span.column_end);
    }
}

/// An editor replaces exactly what is between the places that it is told.
fn suggests(spans: &[Span], fix: &Fix) {
    assert_eq!(spans.len(), fix.edits.len());
    for (span, edit) in spans.iter().zip(&fix.edits) {
        assert_eq!((span.byte_start, span.byte_end), as_u32(&edit.bytes));
        assert_eq!(span.suggested_replacement.as_ref(), Some(&edit.replacement));
        let applicability = match fix.applicability {
            Applicability::Safe => "MachineApplicable",
            Applicability::Unsafe => "MaybeIncorrect",
        };
        assert_eq!(
            span.suggestion_applicability.as_deref(),
            Some(applicability)
        );
        assert!(span.is_primary && !span.text.is_empty());
        let (first, last) = (&span.text[0], &span.text[span.text.len() - 1]);
        assert_eq!(first.highlight_start, span.column_start);
        assert_eq!(last.highlight_end, span.column_end);
        assert_eq!(span.text.len(), span.line_end - span.line_start + 1);
    }
}

fn as_u32(bytes: &std::ops::Range<usize>) -> (u32, u32) {
    let narrow = |byte| u32::try_from(byte).expect("a small file");
    (narrow(bytes.start), narrow(bytes.end))
}

/// A code host recognises a finding by its fingerprint; two with one are shown as one.
#[test]
fn every_finding_of_gitlab_has_its_own_fingerprint() {
    let found: Vec<Value> = serde_json::from_str(&report().to_gitlab()).unwrap();
    let mut prints: Vec<&str> = found
        .iter()
        .map(|of| of["fingerprint"].as_str().unwrap())
        .collect();
    let count = prints.len();
    prints.sort_unstable();
    prints.dedup();
    assert!(count > 1 && prints.len() == count, "{prints:?}");
}

#[test]
fn junit_has_a_suite_for_every_rule_and_a_failure_for_every_finding() {
    let report = report();
    let text = report.to_junit();
    assert_eq!(text.matches("<testsuite ").count(), report.rules.len());
    assert_eq!(text.matches("<failure ").count(), report.findings.len());
    assert_eq!(text.matches("<skipped ").count(), report.unknowns.len());
}

/// Findings of a package inside of a repository are shown where the code host has the file.
#[test]
fn paths_can_be_seen_from_further_up() {
    let (here, above) = (report(), report().below("services/pay/"));
    for (near, far) in here.findings.iter().zip(&above.findings) {
        assert_eq!(far.path, format!("services/pay/{}", near.path));
        assert_eq!(far.fingerprint, near.fingerprint);
        for (near, far) in near.chain.iter().zip(&far.chain) {
            let site = |of: &Link| of.site.as_ref().map(|site| site.path.clone());
            assert_eq!(
                site(far),
                site(near).map(|path| format!("services/pay/{path}"))
            );
        }
    }
    assert_eq!(report().below("").findings, here.findings);
}

/// Each question to this clock is a second later.
fn ticking() -> Duration {
    use std::sync::atomic::{AtomicU64, Ordering};
    static SECONDS: AtomicU64 = AtomicU64::new(0);
    Duration::from_secs(SECONDS.fetch_add(1, Ordering::Relaxed))
}

#[test]
fn parts_are_measured_only_with_a_clock() {
    let tree = Memory::from([("Cargo.toml", MANIFEST), ("src/lib.rs", "//! Nothing.\n")]);
    let timings = |clock| {
        let options = Options {
            clock,
            rules: Selection {
                preview: true,
                ..Selection::default()
            },
            ..Options::default()
        };
        lint_sources(&tree, &options).unwrap().timings
    };
    assert_eq!(timings(None), []);
    let measured = timings(Some(ticking));
    let parts: Vec<&str> = measured.iter().map(|timing| timing.part).collect();
    assert_eq!(
        parts[..4],
        ["manifests", "read and parse", "migrations", "model"]
    );
    assert!(
        orch_lint::rules::ALL
            .iter()
            .all(|rule| parts.contains(&rule.code()))
    );
    assert!(
        measured
            .iter()
            .all(|timing| timing.took == Duration::from_secs(1))
    );
}
