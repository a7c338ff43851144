//! Every rule on its table of good and bad snippets.

use orch_lint::{Date, Finding, Options, Selection, Severity, lint_sources, rules};

use crate::cases::{Case, Expect, read};

fn table(rule: &str) -> String {
    let path = format!("{}/tests/fixtures/{rule}.txt", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The rules about the run itself, which judge what the others have to do with: these run as well.
const ABOUT_THE_RUN: [&str; 6] = ["ORC901", "ORC902", "ORC903", "ORC904", "ORC905", "ORC906"];

/// The report on a case, as text to compare.
fn seen(code: &str, case: &Case) -> (Vec<String>, usize, String) {
    let options = Options {
        rules: match ABOUT_THE_RUN.contains(&code) {
            true => Selection::default(),
            false => Selection::only([code, "ORC906"]),
        },
        allow_empty: code != "ORC901",
        today: Date::new(2026, 6, 15),
        ..Options::default()
    };
    let report = lint_sources(&case.project(), &options).expect("a report");
    // A file that cannot be read hides what a case is about.
    let hides = |of: &Finding| of.code == "ORC906" && of.severity == Severity::Error;
    let found = report
        .findings
        .iter()
        .filter(|of| of.code == code || hides(of))
        .map(|of| format!("{} {:?}", of.path, of.bytes));
    let mut found: Vec<String> = found.collect();
    found.sort();
    (found, report.unknowns.len(), report.render_full(false))
}

fn failure(code: &str, case: &Case) -> Option<String> {
    let (found, unknowns, text) = seen(code, case);
    let mut wanted: Vec<String> = case
        .marked()
        .iter()
        .map(|(path, bytes)| format!("{path} {bytes:?}"))
        .collect();
    wanted.sort();
    let fits = match case.expect {
        Expect::Good => {
            let decided = unknowns == 0 || ABOUT_THE_RUN.contains(&code);
            found.is_empty() && decided && wanted.is_empty()
        }
        Expect::Bad => found == wanted && !found.is_empty(),
        Expect::Unknown => found.is_empty() && unknowns > 0,
    };
    (!fits).then(|| {
        format!(
            "{code} {:?} {}: wanted {wanted:?}, found {found:?}\n{text}",
            case.expect, case.title
        )
    })
}

/// Each case gives exactly what it is marked with.
#[test]
fn every_case_gives_exactly_what_is_marked() {
    let mut failures = Vec::new();
    for rule in rules::ALL {
        let cases = read(&table(rule.name()));
        failures.extend(cases.iter().filter_map(|case| failure(rule.code(), case)));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A rule that is an error is proven by at least ten cases on either side.
#[test]
fn error_rules_have_enough_cases() {
    for rule in rules::ALL {
        let cases = read(&table(rule.name()));
        let count = |expect| cases.iter().filter(|case| case.expect == expect).count();
        let wanted = if rule.severity() == Severity::Error {
            10
        } else {
            5
        };
        assert!(
            count(Expect::Good) >= wanted,
            "{}: {}",
            rule.name(),
            count(Expect::Good)
        );
        assert!(
            count(Expect::Bad) >= wanted,
            "{}: {}",
            rule.name(),
            count(Expect::Bad)
        );
    }
}

/// The registry is what the documentation, the command line and the tests iterate.
#[test]
fn the_registry_is_in_order() {
    let mut codes: Vec<&str> = rules::ALL.iter().map(|rule| rule.code()).collect();
    let listed = codes.clone();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes, listed, "codes are unique and sorted");
    for rule in rules::ALL {
        for heading in ["## What it does\n", "## Why is this bad?\n", "## Example\n"] {
            assert!(rule.docs().contains(heading), "{} {heading}", rule.code());
        }
        let is_kebab = |c: char| c.is_ascii_lowercase() || c == '-';
        assert!(rule.name().chars().all(is_kebab), "{}", rule.name());
        let file = rule.name().replace('-', "_");
        let path = format!("{}/src/rules/{file}.rs", env!("CARGO_MANIFEST_DIR"));
        let source =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(
            source.contains(&format!("code: \"{}\"", rule.code())),
            "{path}"
        );
        assert!(orch_lint::explain(rule.code()) == orch_lint::explain(rule.name()));
        assert!(!rule.summary().is_empty(), "{}", rule.code());
    }
}
