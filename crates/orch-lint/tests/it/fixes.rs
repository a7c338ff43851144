//! Fixes: what they take away, and that they leave a project that parses.

use std::collections::BTreeSet;

use orch_lint::sources::{Content, Memory, SourceTree};
use orch_lint::{
    Applicability, Finding, LintError, Mended, Options, Report, Selection, lint_sources, mend,
    rules,
};

use crate::cases::{Case, Expect, MANIFEST, read};

/// The rules of which some findings have a fix that a person looks at.
const WITH_UNSAFE_FIXES: [&str; 14] = [
    "ORC001", "ORC006", "ORC205", "ORC206", "ORC302", "ORC402", "ORC403", "ORC404", "ORC405",
    "ORC501", "ORC503", "ORC602", "ORC604", "ORC605",
];

pub(crate) fn options(codes: &[&str]) -> Options {
    Options {
        rules: Selection::only(codes.iter().copied()),
        allow_empty: true,
        ..Options::default()
    }
}

pub(crate) fn mended(tree: &dyn SourceTree, options: &Options, allowed: Applicability) -> Mended {
    let lint = |tree: &dyn SourceTree| -> Result<Report, LintError> { lint_sources(tree, options) };
    mend(tree, allowed, &|_| true, &lint).expect("a result")
}

pub(crate) fn written(tree: &Memory, mended: &Mended) -> Memory {
    let mut tree = tree.clone();
    for file in &mended.files {
        tree.insert(file.path.as_str(), file.after.as_str());
    }
    tree
}

pub(crate) fn bad_cases(rule: &str) -> Vec<Case> {
    let path = format!("{}/tests/fixtures/{rule}.txt", env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let cases = read(&table).into_iter();
    cases.filter(|case| case.expect == Expect::Bad).collect()
}

/// Rules that find what a fix of another one leaves: a pause in a loop of `execute` is one retry more, and was
/// a blocked worker before.
const FOUND_THEN: [(&str, &str); 1] = [("ORC006", "ORC504")];

/// What all rules but one find.
fn others(code: &str, tree: &dyn SourceTree) -> BTreeSet<String> {
    let options = Options {
        rules: Selection {
            preview: true,
            ..Selection::default()
        },
        allow_empty: true,
        ..Options::default()
    };
    let report = lint_sources(tree, &options).expect("a report");
    let is_other = |of: &&Finding| of.code != code && !FOUND_THEN.contains(&(code, of.code));
    let findings = report.findings.iter().filter(is_other);
    let said = findings.map(|of| format!("{} {} {}", of.code, of.item, of.message));
    said.collect()
}

/// A project with the line ends of Windows.
fn with_crlf(case: &Case) -> Memory {
    let mut tree = case.project();
    for (path, text) in &case.files {
        tree.insert(path.as_str(), text.replace('\n', "\r\n"));
    }
    tree
}

/// What is wrong with the fixes of a case, and how many there are.
fn judge(code: &str, case: &Case) -> (usize, Option<String>) {
    let options = options(&[code, "ORC906"]);
    let tree = case.project();
    let before = lint_sources(&tree, &options).expect("a report");
    let fixable = before.findings.iter().filter(|of| of.fix.is_some()).count();
    let mended = mended(&tree, &options, Applicability::Unsafe);
    let after = written(&tree, &mended);
    let again = self::mended(&after, &options, Applicability::Unsafe);
    let is_right = mended.defects.is_empty()
        && mended.fixed == fixable
        && mended.report.unparsed.is_empty()
        && mended.report.findings.len() == before.findings.len() - fixable
        && again.fixed == 0
        && again.files.is_empty()
        && again.report.findings == mended.report.findings;
    let texts: Vec<&str> = mended.files.iter().map(|of| of.after.as_str()).collect();
    let is_right = is_right && (fixable == 0 || brings_nothing(code, case, &tree, &after, &texts));
    let wrong = (!is_right).then(|| {
        let left = mended.report.render_full(false);
        format!("{code} {}:\n{}\n{left}", case.title, texts.join("\n"))
    });
    (fixable, wrong)
}

/// Whether no other rule finds more than before, and line ends stay what they are.
fn brings_nothing(
    code: &str,
    case: &Case,
    before: &Memory,
    after: &Memory,
    texts: &[&str],
) -> bool {
    let options = options(&[code, "ORC906"]);
    let windows = mended(&with_crlf(case), &options, Applicability::Unsafe);
    let windows: Vec<&str> = windows.files.iter().map(|of| of.after.as_str()).collect();
    let expected: Vec<String> = texts.iter().map(|of| of.replace('\n', "\r\n")).collect();
    windows == expected && others(code, after).is_subset(&others(code, before))
}

/// A fix that leaves its finding makes people apply it for ever; one that breaks the file is worse.
#[test]
fn a_fix_takes_exactly_its_finding_away_and_the_file_still_parses() {
    let (mut wrong, mut with_fixes) = (Vec::new(), Vec::new());
    for rule in rules::ALL.iter().filter(|rule| rule.allows_exceptions()) {
        let judged = bad_cases(rule.name());
        let judged: Vec<_> = judged.iter().map(|case| judge(rule.code(), case)).collect();
        if judged.iter().any(|(fixable, _)| *fixable > 0) {
            with_fixes.push(rule.code());
        }
        wrong.extend(judged.into_iter().filter_map(|(_, wrong)| wrong));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(with_fixes, WITH_UNSAFE_FIXES);
}

/// Nothing of what these rules say may be changed unseen.
#[test]
fn what_changes_a_program_is_never_safe() {
    for code in WITH_UNSAFE_FIXES {
        for case in bad_cases(rules::find(code).expect("a rule").name()) {
            let mended = mended(&case.project(), &options(&[code]), Applicability::Safe);
            assert!(mended.files.is_empty(), "{code} {}", case.title);
        }
    }
}

/// The bodies of functions before and after all fixes of a rule.
pub(crate) fn fixed(code: &str, text: &str) -> String {
    let tree = Memory::from([("Cargo.toml", MANIFEST), ("src/lib.rs", text)]);
    let mended = mended(&tree, &options(&[code]), Applicability::Unsafe);
    assert!(mended.defects.is_empty(), "{text}");
    match written(&tree, &mended).read("src/lib.rs") {
        Some(Content::Text(text)) => text,
        other => panic!("{other:?}"),
    }
}

/// What a guard or a number leaves over is still the catch-all's business.
#[test]
fn a_catch_all_becomes_the_variants_that_are_left() {
    let around = |arms: &str| {
        format!(
            "use orch_runtime::{{GatewayError, Outcome}};\nfn f(o: Outcome, r: Result<u8, GatewayError>) {{ match {arms} }}"
        )
    };
    for (before, after) in [
        (
            "o { Outcome::Ok { .. } => a(), _ => b() }",
            "o { Outcome::Ok { .. } => a(), Outcome::Retry { .. } | Outcome::Fail { .. } | Outcome::Unknown { .. } => b() }",
        ),
        (
            "o { Outcome::Ok { .. } | Outcome::Retry { .. } => a(), Outcome::Fail { code: 1, .. } => c(), rest => { warn!(?rest); b() } }",
            "o { Outcome::Ok { .. } | Outcome::Retry { .. } => a(), Outcome::Fail { code: 1, .. } => c(), rest @ (Outcome::Fail { .. } | Outcome::Unknown { .. }) => { warn!(?rest); b() } }",
        ),
        (
            "o { Outcome::Ok { .. } if g => a(), Outcome::Retry { .. } | Outcome::Fail { .. } | Outcome::Unknown { .. } => c(), x => { warn!(?x); b() } }",
            "o { Outcome::Ok { .. } if g => a(), Outcome::Retry { .. } | Outcome::Fail { .. } | Outcome::Unknown { .. } => c(), x @ Outcome::Ok { .. } => { warn!(?x); b() } }",
        ),
        (
            "r { Ok(n) => a(n), Err(GatewayError::Refused { .. }) => c(), Err(_) => b() }",
            "r { Ok(n) => a(n), Err(GatewayError::Refused { .. }) => c(), Err(GatewayError::Unavailable { .. } | GatewayError::NoAnswer { .. }) => b() }",
        ),
        // What is left of the `Result` cannot be written down in one pattern.
        (
            "r { Err(GatewayError::Refused { .. }) => c(), _ => b() }",
            "r { Err(GatewayError::Refused { .. }) => c(), _ => b() }",
        ),
    ] {
        assert_eq!(fixed("ORC302", &around(before)), around(after));
    }
    // A name that is not imported would be a variable that takes everything.
    let bare = "use orch_runtime::Outcome::{Ok, Retry};\nfn f(o: orch_runtime::Outcome) { match o { Ok { .. } => a(), _ => b() } }";
    assert_eq!(fixed("ORC302", bare), bare);
}

#[test]
fn a_blocking_call_is_awaited_where_that_is_possible() {
    let around = |body: &str| {
        format!(
            "use orch_runtime::{{Orchestrator, Outcome}};\nstruct Pay;\nimpl Orchestrator for Pay {{ async fn execute(&self) -> Outcome {{ {body} }} }}"
        )
    };
    for (before, after) in [
        (
            "std::thread::sleep(PAUSE);",
            "tokio::time::sleep(PAUSE).await;",
        ),
        (
            "use std::fs; let a = fs::read_to_string(\"a\")?.len();",
            "use std::fs; let a = tokio::fs::read_to_string(\"a\").await?.len();",
        ),
        (
            "let c = || async { std::fs::read(\"a\") };",
            "let c = || async { tokio::fs::read(\"a\").await };",
        ),
        // Not in a closure, not in a macro, and not with another type as result.
        ("let c = || std::fs::read(\"a\");", ""),
        ("join!(std::fs::read(\"a\"));", ""),
        ("let f = std::fs::File::open(\"a\");", ""),
        ("let f = std::fs::read_dir(\"a\");", ""),
        ("let all = paths.map(std::fs::read);", ""),
        ("mod tokio {} std::thread::sleep(PAUSE);", ""),
    ] {
        let after = if after.is_empty() { before } else { after };
        assert_eq!(fixed("ORC006", &around(before)), around(after));
    }
}

#[test]
fn a_client_gets_a_timeout_where_it_is_built() {
    let around = |body: &str| format!("fn f() {{ {body} }}");
    let timeout = ".timeout(std::time::Duration::from_secs(30))";
    for (before, after) in [
        (
            "let c = reqwest::Client::new();",
            format!("let c = reqwest::Client::builder(){timeout}.build().expect(\"a client\");"),
        ),
        (
            "CLIENT.get_or_init(reqwest::Client::new);",
            format!(
                "CLIENT.get_or_init(|| reqwest::Client::builder(){timeout}.build().expect(\"a client\"));"
            ),
        ),
        (
            "let c = reqwest::Client::builder().no_proxy().build()?;",
            format!("let c = reqwest::Client::builder().no_proxy(){timeout}.build()?;"),
        ),
        (
            "let c = reqwest::Client::builder().read_timeout(LIMIT).build()?;",
            "let c = reqwest::Client::builder().read_timeout(LIMIT)\
             .connect_timeout(std::time::Duration::from_secs(5)).build()?;"
                .to_owned(),
        ),
    ] {
        assert_eq!(fixed("ORC501", &around(before)), around(&after));
    }
}

#[test]
fn a_command_is_closed() {
    let around =
        |body: &str| format!("use orch_runtime::Command;\n{body}\nimpl Command for Pay {{}}\n");
    for (code, before, after) in [
        (
            "ORC604",
            "struct Pay { /// A.\n pub(in crate::a) a: u8, pub b: u8 }",
            "struct Pay { /// A.\n a: u8, b: u8 }",
        ),
        (
            "ORC604",
            "struct Pay(pub (u8, u8), pub(crate) u8);",
            "struct Pay((u8, u8), u8);",
        ),
        (
            "ORC605",
            "#[derive(Debug, Default, Clone)]\nstruct Pay { a: u8 }",
            "#[derive(Debug, Clone)]\nstruct Pay { a: u8 }",
        ),
        (
            "ORC605",
            "#[derive(Debug, Default)]\nstruct Pay { a: u8 }",
            "#[derive(Debug)]\nstruct Pay { a: u8 }",
        ),
        (
            "ORC605",
            "#[derive(Default)]\n// Why.\nstruct Pay { a: u8 }",
            "// Why.\nstruct Pay { a: u8 }",
        ),
    ] {
        assert_eq!(fixed(code, &around(before)), around(after), "{code}");
    }
}

/// Byte order marks and line ends are somebody's decision.
#[test]
fn an_exception_that_is_not_needed_goes_and_nothing_else() {
    let project = |text: &str| Memory::from([("Cargo.toml", MANIFEST), ("src/lib.rs", text)]);
    for (before, after) in [
        ("// orch: allow(ORC302) why\nfn f() {}\n", "fn f() {}\n"),
        (
            "\u{feff}// orch: allow(ORC302) why\r\nfn f() {}\r\n",
            "\u{feff}fn f() {}\r\n",
        ),
        ("fn f() {} // orch: allow(ORC302) why\r\n", "fn f() {}\r\n"),
        (
            "fn f() {}\n    // orch: allow(ORC302, until = 2099-01-01) why",
            "fn f() {}\n",
        ),
        (
            "// orch: allow(ORC302, ORC604) why\nfn f() {}\n",
            "fn f() {}\n",
        ),
        (
            "fn f(o: orch_runtime::Outcome) {\n    match o {\n        orch_runtime::Outcome::Ok { .. } => {}\n        // orch: allow(ORC604, outcome-catch-all, until = 2099-01-01) why\n        _ => {}\n    }\n}\n",
            "fn f(o: orch_runtime::Outcome) {\n    match o {\n        orch_runtime::Outcome::Ok { .. } => {}\n        // orch: allow(outcome-catch-all, until = 2099-01-01) why\n        _ => {}\n    }\n}\n",
        ),
    ] {
        let tree = project(before);
        let options = options(&["ORC302", "ORC604", "ORC902"]);
        let found = lint_sources(&tree, &options).expect("a report").findings;
        let mended = mended(&tree, &options, Applicability::Safe);
        assert_eq!(mended.fixed, found.len());
        assert_eq!(mended.files[0].after, after);
        assert!(mended.report.findings.is_empty());
    }
    // The reason goes on, and would be left alone.
    let long = "// orch: allow(ORC302) because of what\n// the provider says\nfn f() {}\n";
    let mended = mended(
        &project(long),
        &options(&["ORC302", "ORC902"]),
        Applicability::Safe,
    );
    assert!(mended.files.is_empty() && mended.report.findings.len() == 1);
}

#[test]
fn a_migration_is_rid_of_an_exception_too() {
    let before = "create table a (\n  -- orch: allow(ORC102) why\n  b text -- it is text\n);\n";
    let mut tree = Memory::from([("Cargo.toml", MANIFEST), ("src/lib.rs", "")]);
    tree.insert("migrations/1.sql", before);
    let mended = mended(&tree, &options(&["ORC102", "ORC902"]), Applicability::Safe);
    assert_eq!(mended.fixed, 1);
    let after = before.replace("  -- orch: allow(ORC102) why\n", "");
    assert_eq!(mended.files[0].after, after);
}

/// A finding that cannot be seen today may be why the exception is there.
#[test]
fn no_exception_is_taken_out_unseen_while_a_file_does_not_parse() {
    let text = "mod broken;\n// orch: allow(ORC302) why\nfn f() {}\n";
    let tree = Memory::from([
        ("Cargo.toml", MANIFEST),
        ("src/lib.rs", text),
        ("src/broken.rs", "fn ("),
    ]);
    let options = options(&["ORC302", "ORC902"]);
    assert!(
        mended(&tree, &options, Applicability::Safe)
            .files
            .is_empty()
    );
    assert_eq!(mended(&tree, &options, Applicability::Unsafe).fixed, 1);
}

/// An editor offers the comment for every finding; one that holds nothing back would be a finding more.
#[test]
fn a_comment_that_is_offered_holds_its_finding_back() {
    let mut offered = 0;
    for rule in rules::ALL.iter().filter(|rule| rule.allows_exceptions()) {
        let options = options(&[rule.code(), "ORC902", "ORC903", "ORC906"]);
        for case in bad_cases(rule.name()) {
            let mut tree = case.project();
            let lint = |tree: &Memory| lint_sources(tree, &options).expect("a report");
            let mut report = lint(&tree);
            // A lock has no comments of people.
            if report.findings.iter().any(|of| of.path == "orch.lock") {
                continue;
            }
            for _ in 0..report.findings.len() {
                let Some(finding) = report.findings.first() else {
                    break;
                };
                write_exception(&mut tree, finding);
                offered += 1;
                report = lint(&tree);
            }
            let left = report.render_full(false);
            assert!(report.findings.is_empty(), "{}: {left}", rule.code());
        }
    }
    assert!(offered > 150, "{offered}");
}

fn write_exception(tree: &mut Memory, finding: &Finding) {
    let Some(Content::Text(mut text)) = tree.read(&finding.path) else {
        panic!("no {}", finding.path);
    };
    let edit = finding.suppression(&text, "a  case\nof a test");
    let edit = edit.unwrap_or_else(|| panic!("no place: {finding:?}\n{text}"));
    assert!(edit.replacement.contains("a case of a test"));
    text.replace_range(edit.bytes, &edit.replacement);
    tree.insert(finding.path.as_str(), text);
}

#[test]
fn an_exception_is_written_with_the_line_ends_of_its_file() {
    let text = "fn f(o: orch_runtime::Outcome) {\r\n    match o { orch_runtime::Outcome::Ok { .. } => {}, _ => {} }\r\n}\r\n";
    let tree = Memory::from([("Cargo.toml", MANIFEST), ("src/lib.rs", text)]);
    let report = lint_sources(&tree, &options(&["ORC302"])).expect("a report");
    let edit = report.findings[0]
        .suppression(text, "why")
        .expect("an edit");
    assert_eq!(edit.replacement, "    // orch: allow(ORC302) why\r\n");
    assert_eq!((edit.start.line, edit.start.column), (2, 1));
}

#[test]
fn an_exception_without_a_reason_is_not_written() {
    let tree = bad_cases("outcome-catch-all")[0].project();
    let report = lint_sources(&tree, &options(&["ORC302"])).expect("a report");
    let Some(Content::Text(text)) = tree.read("src/lib.rs") else {
        panic!("no text");
    };
    assert_eq!(report.findings[0].suppression(&text, " - "), None);
}
